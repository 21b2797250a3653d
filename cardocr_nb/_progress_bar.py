"""When a progress bar is shown: on a terminal and in a notebook, not in a log file, where each step would be a further copy."""

from __future__ import annotations

import sys

from tqdm.auto import tqdm


def is_hidden(progress: bool = True) -> bool:
    """Whether a bar is hidden: the caller wants none, or stderr is a file or a pipe.

    Parameters
    ----------
    progress : bool, default True

    Examples
    --------
    >>> is_hidden(progress=False)
    True
    """
    in_notebook = any(kind.__module__ == "tqdm.notebook" for kind in tqdm.__mro__)
    return not progress or not (in_notebook or (sys.stderr is not None and sys.stderr.isatty()))
