"""Find words that this project does not use in code, docs and templates: ``python tools/check_words.py [path ...]``.

The readers of this project know pandas, HTTP and statistics, and many read English as a second language. Words with many
meanings, old words, and British spellings make them stop. Prints ``file:line: word -> better`` and exits with 1.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUFFIXES = {".py", ".md", ".html", ".toml", ".js", ".css", ".ipynb", ".rst", ".yml", ".yaml"}
# This list itself, and the words of the license, which are not ours.
LEFT_OUT = {"tools/check_words.py", "LICENSE", "CODE_OF_CONDUCT.md"}

BANNED = {
    r"stands?|standing|stood": "is, appears, contains",
    r"tells?|telling|told": "returns, reports, says",
    r"bears?|bearing": "has, supports",
    r"beside": "next to, in addition to",
    r"anew": "again, new",
    r"nobody": "no one, or name who",
    r"whatever": "name what",
    r"of which": "write two sentences",
    r"what became|what was read|what is read": "the outcome, the text",
    r"put to": "passed to, applied to",
    r"(?<![Tt]here )(?:is|are) no [a-z]+": "is not a ..., there is no ...",
    r"colour(?:s|ed)?": "color",
    r"millimetres?|centres?|centred|grey": "millimeter, center, gray",
    r"(?:recogni|normali|organi|summari|seriali|initiali|standardi|mini?mi|maximi)s(?:e|es|ed|ing|er|ation)": "-ize",
    r"behaviour|favour|neighbour(?:s|ing)?|catalogue": "behavior, favor, neighbor, catalog",
}
PATTERN = re.compile(
    "|".join(rf"(?P<w{i}>(?<![A-Za-z])(?:{words})(?![A-Za-z]))" for i, words in enumerate(BANNED)), re.IGNORECASE
)
BETTER = list(BANNED.values())


def tracked(paths: list[str]) -> list[Path]:
    """Return the text files that git tracks below the paths."""
    listed = subprocess.run(  # noqa: S603 - git with fixed options
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return [ROOT / name for name in listed if Path(name).suffix in SUFFIXES and name not in LEFT_OUT]


def findings(path: Path) -> list[str]:
    """Return one line of text for each banned word in a file."""
    if path.is_symlink() or not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        f"{path.relative_to(ROOT)}:{number}: {match[0]!r} -> {BETTER[int(match.lastgroup[1:])]}"
        for number, line in enumerate(lines, 1)
        for match in PATTERN.finditer(line)
        if match.lastgroup
    ]


def main(paths: list[str]) -> int:
    """Print every finding and return 1 if there is one."""
    found = [finding for path in tracked(paths or ["."]) for finding in findings(path)]
    print("\n".join(found) or "no banned words")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
