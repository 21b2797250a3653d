"""The vendor's JavaScript SDKs, which ``make sdks`` installs in a cache folder."""

import os
import shutil
from pathlib import Path

import pytest

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
MODULES = _CACHE / "cardocr_nb/sdks/node_modules"


def require_sdk(name):
    """Return the folder of an SDK; skip the test without Node, and fail in CI."""
    folder = MODULES / name
    node = shutil.which("node")
    if node is not None and folder.is_dir():
        return folder
    reason = "Node is not installed" if node is None else f"{name} is not in {MODULES}; run 'make sdks'"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
