"""``make bench``: every measurement, each in a process of its own so that memory is its own too.

Figures are ratios measured in the same run: machines are shared, and a time alone says little.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main():
    wanted = sys.argv[1:]
    code = 0
    for script in sorted(FOLDER.glob("bench_*.py")):
        if wanted and script.stem.removeprefix("bench_") not in wanted:
            continue
        print(f"\n== {script.stem.removeprefix('bench_')}", flush=True)
        code |= subprocess.run([sys.executable, str(script)], check=False).returncode  # noqa: S603 - this interpreter
    return code


if __name__ == "__main__":
    sys.exit(main())
