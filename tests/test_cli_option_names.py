"""Messages on the command line name options, not arguments of Python functions."""

import ast
import re
from pathlib import Path

import pytest

import cardocr_nb
from cardocr_nb._cli._main import cardocr, main
from cardocr_nb._cli._option_names import in_options

_PACKAGE = Path(cardocr_nb.__file__).parent
_COMMANDS = tuple(cardocr.commands)
_REACHED = {
    "run": ("_batch", "_ledger", "errors.py", "_client/_objects.py", "cloud/_doctor.py", "cloud/_https_transport.py"),
    "flatten": ("frame/_batch_reader.py",),
    "report": ("report/_truth_results.py",),
    "redact": ("privacy/_coverage.py", "privacy/_portrait.py"),
}
_PYTHON = re.compile(r"\b[a-z]+(?:_[a-z]+)*=(?!=)|\b(?:client|cards\.cardocr|cardocr_nb)\.\w+|\brun\(")


def _messages(path):
    """Strings with a space that a module contains, without docstrings and SQL, values of f-strings as ``5``."""
    tree = ast.parse(path.read_text("utf-8"))
    docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    parts = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        text = None
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(v.value) if isinstance(v, ast.Constant) else "5" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (docs | parts):
            text = node.value
        if text and " " in text and not re.search(r"\b(SELECT|UPDATE|INSERT|PRAGMA)\b|=NULL|=\?", text):
            yield text


@pytest.mark.parametrize("command", _REACHED)
def test_no_message_that_a_command_can_print_names_an_argument_of_python(command):
    files = [
        file
        for part in _REACHED[command]
        for file in ([_PACKAGE / part] if part.endswith(".py") else sorted((_PACKAGE / part).rglob("*.py")))
    ]
    found = [m for file in files for m in _messages(file)]
    assert len(found) > 1
    shown = [in_options(m, cardocr.commands[command], _COMMANDS) for m in found]
    assert not [m for m in shown if _PYTHON.search(m)]


@pytest.mark.parametrize(
    ("command", "message", "shown"),
    [
        ("run", "run again with unknown='submit'", "run again with --unknown submit"),
        ("run", "max_calls is reached", "--max-calls is reached"),
        ("run", "not ended after job_timeout=60 s", "not ended after --job-timeout 60 s"),
        ("evaluate", "it has key, card_type, text", "it has key, card_type, text"),
        ("redact", "pass card_type='IDCard' or", "pass --card-type IDCard or"),
        ("evaluate", 'Name the groups, groups="folder", or', "Name the groups, --groups folder, or"),
        ("report", "see df.cardocr.check() for which", "see cardocr check for which"),
        ("report", "the file a_max_calls=1.jpg", "the file a_max_calls=1.jpg"),
    ],
)
def test_an_argument_becomes_the_option_of_the_command(command, message, shown):
    assert in_options(message, cardocr.commands[command], _COMMANDS) == shown


def test_unreadable_responses_are_kept_by_an_option(tmp_path, capsys):
    (tmp_path / "a.xml").write_text("<Response>")
    assert main(["flatten", str(tmp_path / "a.xml"), "-o", str(tmp_path / "a.csv")]) == 1
    printed = capsys.readouterr().err
    assert "--keep-unreadable" in printed
    assert "errors=" not in printed


def test_a_missing_ledger_names_the_command_that_makes_one(tmp_path, capsys):
    assert (
        main(["run", "data/cards/id/0001.jpg", "--card-type", "IDCard", "--estimate", "--ledger", str(tmp_path)]) != 0
    )
    assert "ledger=" not in capsys.readouterr().err
