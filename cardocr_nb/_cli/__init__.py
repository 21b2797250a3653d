"""The command ``cardocr``: the main ways of use without a notebook, a module for each command."""

from cardocr_nb._cli._main import main

__all__ = ["main"]
