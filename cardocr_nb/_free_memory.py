"""The memory that this process may still take."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath


def free_memory(root: Path = Path("/")) -> int | None:
    """Return the least of what the system, the control groups and the limit of the process leave.

    Parameters
    ----------
    root : Path, default ``/``
        Folder of ``proc`` and ``sys``.

    Returns
    -------
    int or None
        Bytes; None where the system does not say it, as on Windows and macOS.
    """
    free: list[int] = []
    with suppress(OSError, ValueError):
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        free += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    with suppress(OSError, ValueError):
        free += _left_in_groups(root)
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            used = int((root / "proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
            free.append(limit - used)
    return max(0, min(free)) if free else None


def _left_in_groups(root: Path) -> list[int]:
    """Bytes that are left in each control group with a limit, as containers have; files of the page cache are given back.

    The kernel's documentation names the files: admin-guide/cgroup-v2 and cgroup-v1/memory.
    """
    left = []
    for line in (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            base, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            base = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        path = PurePosixPath(group.lstrip("/"))
        # A container sees its group as the root; the path is the name outside.
        for folder in dict.fromkeys(base / part for part in (path, *path.parents)):
            with suppress(OSError, ValueError):
                limit = int((folder / names[0]).read_text(encoding="ascii"))  # "max" is none
                used = int((folder / names[1]).read_text(encoding="ascii"))
                with suppress(OSError, ValueError):
                    statistics = (folder / "memory.stat").read_text(encoding="ascii").split()
                    used -= int(statistics[statistics.index(names[2]) + 1])
                left.append(limit - max(0, used))
    return left
