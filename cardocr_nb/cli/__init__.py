"""The command ``cardocr``: the main ways of use without a notebook, a module for each command."""

from cardocr_nb.cli.main import main

__all__ = ["main"]
