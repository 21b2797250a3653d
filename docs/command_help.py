"""Write the help of each command as a page."""

from pathlib import Path

import click

from cardocr_nb._cli._main import cardocr


def write_help(path: Path) -> None:
    """Write the help texts of `cardocr` and its commands."""
    parts = []
    with click.Context(cardocr, info_name="cardocr", max_content_width=100, terminal_width=100) as root:
        for name, command in cardocr.commands.items():
            with click.Context(
                command, parent=root, info_name=name, max_content_width=100, terminal_width=100
            ) as context:
                parts.append(f"## cardocr {name}\n\n```text\n{command.get_help(context)}\n```\n")
    text = "\n".join(parts)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
