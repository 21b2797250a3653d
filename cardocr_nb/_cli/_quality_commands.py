"""``cardocr check``, ``evaluate``, ``compare``, ``drift`` and ``review-queue``: tables, with limits that a CI can hold.

None of them prints a text of a card.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cardocr_nb._cli._console import echo_message
from cardocr_nb._cli._output import Format, gate, junit_option, output_options, show, unread_option, write_junit
from cardocr_nb._cli._parameters import EXISTING, RATE, Word, cards_argument, groups_option
from cardocr_nb._cli._table_files import read
from cardocr_nb.errors import CardOCRError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pandas as pd

_UNREAD = ("failed", "left out", "unreadable", "under way", "not submitted", "cancelled", "unknown")
"""Outcomes of cards without a reading."""


@click.command()
@cards_argument
@click.option("--findings", is_flag=True, help="Print the fields with a failed check instead of counts.")
@click.option("--fail-on", type=Word(["error", "warning"]), help="Exit with 3 if a check of this severity fails.")
@click.option(
    "--min-passed", type=RATE, metavar="RATE", help="Exit with 3 if a check passes less often, for any field."
)
@unread_option
@junit_option
@output_options
def check(
    *, cards: Path, findings: bool, fail_on: str | None, min_passed: float | None, ignore_unread: bool, junit: Path | None,
    form: Format, out: Path | None,
) -> int:  # fmt: skip
    """Check the texts without ground truth: check digits, dates, contradictions between fields.

    Checks of severity "warning" count for --min-passed and --junit only with --fail-on warning. A limit is missed if cards
    were not read (failed, under way, unreadable), unless --ignore-unread is given.
    """
    from cardocr_nb.quality import check as run_checks
    from cardocr_nb.quality import tally

    table = read(cards)
    results = run_checks(table)
    counts = tally(results)
    failed = results.loc[~results["passed"], ["key", "field", "check", "severity", "detail"]]
    show(failed if findings else counts, form, out)
    severities = ["error", "warning"] if fail_on == "warning" else ["error"]
    judged = counts[counts["severity"].isin(severities)]
    unread = _report_unread(table)
    allowed = 1 - (1 if min_passed is None else min_passed)
    cases = [
        (
            _name(row["field"]),
            row["check"],
            f"{row['failed']} of {row['cases']} failed" if row["failed"] > allowed * row["cases"] else None,
        )
        for row in judged.to_dict("records")
    ]
    cases += [] if ignore_unread or unread is None else [("all cards", "were read", unread)]
    if junit is not None:
        write_junit(junit, "cardocr check", cases)
    if fail_on is None and min_passed is None:
        return 0
    if counts.empty:
        return gate(["no text was checked"])
    return gate(f"{field}: {name}: {message}" for field, name, message in cases if message is not None)


@click.command()
@cards_argument
@click.option("--truth", type=EXISTING, required=True, metavar="FILE", help="True texts: columns key, field, text.")
@click.option("--by", multiple=True, metavar="COLUMN", help="Evaluate each value of a column, such as card_type.")
@groups_option
@click.option("--partial", is_flag=True, help="The truth names only some fields; do not count the others as wrong.")
@click.option("--min-exact", type=RATE, metavar="RATE", help="Exit with 3 if fewer texts of a field are correct.")
@click.option("--min-cards", type=RATE, metavar="RATE", help="Exit with 3 if fewer cards are correct in all fields.")
@click.option(
    "--max-cer", type=click.FloatRange(0), metavar="RATE", help="Exit with 3 if a character error rate is higher."
)
@click.option("--lower-bound", is_flag=True, help="Hold --min-* against the lower end of the 95 % interval.")
@unread_option
@junit_option
@output_options
def evaluate(
    *, cards: Path, truth: Path, by: tuple[str, ...], groups: str | None, partial: bool, min_exact: float | None, min_cards: float | None,
    max_cer: float | None, lower_bound: bool, ignore_unread: bool, junit: Path | None, form: Format, out: Path | None,
) -> int:  # fmt: skip
    """Compare the texts with the ground truth: exact matches, character error rate, intervals.

    A limit is missed if cards of the truth are not in the table, unless --ignore-unread is given.
    """
    from cardocr_nb.quality import evaluate as run_evaluation

    table = read(cards)
    check_columns("--by", by, cards, table)
    check_columns("--groups", [groups] if groups and groups not in ("folder", "day") else [], cards, table)
    with as_arguments():
        result = run_evaluation(table, truth, by=list(by), groups=groups, complete=False if partial else None)
    show(result.fields, form, out)
    column = "low" if lower_bound else "exact"
    cases = [
        *_limits(result.fields, [*by, "field"], column, at_least=min_exact),
        *_limits(result.fields, [*by, "field"], "cer", at_most=max_cer),
        *_limits(result.cards.assign(field="whole cards"), [*by, "field"], column, at_least=min_cards),
    ]
    if absent := result.cards_without_reading:
        message = f"{absent} cards of the truth are not in the table"
        echo_message(f"cardocr: {message}", err=True)
        if not ignore_unread and any(limit is not None for limit in (min_exact, min_cards, max_cer)):
            cases.append(("all cards", "are in the table", f"{message}; --ignore-unread judges the others alone"))
    if junit is not None:
        write_junit(junit, "cardocr evaluate", cases)
    return gate(f"{name}: {message}" for name, _, message in cases if message is not None)


@click.command()
@click.argument("before", metavar="BEFORE", type=EXISTING)
@click.argument("after", metavar="AFTER", type=EXISTING)
@click.option("--truth", type=EXISTING, metavar="FILE", help="True texts: compare the accuracy, not only the texts.")
@groups_option
@click.option("--min-agreement", type=RATE, metavar="RATE", help="Exit with 3 if fewer texts of a field are equal.")
@click.option(
    "--fail-on",
    type=Word(["worse"]),
    help="With --truth: exit with 3 if AFTER is less accurate, by the 95 % interval of the difference.",
)
@unread_option
@output_options
def compare(
    *, before: Path, after: Path, truth: Path | None, groups: str | None, min_agreement: float | None,
    fail_on: str | None, ignore_unread: bool, form: Format, out: Path | None,
) -> int:  # fmt: skip
    """Compare two runs over the same images: agreement by field, and with --truth the change in accuracy.

    A limit is missed if AFTER lacks images of BEFORE, unless --ignore-unread is given.
    """
    from cardocr_nb.quality import compare as run_comparison

    if fail_on and truth is None:
        raise InvalidRequestError("--fail-on worse needs --truth")
    table = read(before)
    check_columns("--groups", [groups] if groups and groups not in ("folder", "day") else [], before, table)
    with as_arguments():
        result = run_comparison(table, read(after), truth, groups=groups)
    accuracy = result.accuracy
    show(result.fields if accuracy is None else accuracy, form, out)
    misses = [
        f"{name}: {message}"
        for name, _, message in _limits(result.fields, ["field"], "share", at_least=min_agreement, title="agreement")
        if message is not None
    ]
    if fail_on and accuracy is not None:
        if not accuracy["cases"].any():
            misses.append("no reading was judged")
        worse = accuracy[accuracy["high"] < 0].to_dict("records")
        misses += [f"{_name(row['field'])}: accuracy changed by {row['difference']:+.4g}" for row in worse]
    if result.left_only:
        message = f"{result.left_only} images of {before} are not in {after}"
        echo_message(f"cardocr: {message}", err=True)
        if not ignore_unread and (min_agreement is not None or fail_on is not None):
            misses.append(f"{message}; --ignore-unread compares the others alone")
    return gate(misses)


@click.command()
@cards_argument
@click.option(
    "--reference",
    default="10",
    show_default=True,
    metavar="DAYS|CARDS",
    help="Number of first days, or a table, to compare each day with.",
)
@click.option("--finished", is_flag=True, help="The last day is over: judge it too.")
@click.option("--fail-on", type=Word(["alarm"]), help="Exit with 3 if a field has changed.")
@output_options
def drift(*, cards: Path, reference: str, finished: bool, fail_on: str | None, form: Format, out: Path | None) -> int:  # fmt: skip
    """Find days on which unread fields, failed checks or scores have become worse than before."""
    from cardocr_nb.quality import drift as find_drift

    with as_arguments():
        table = find_drift(
            read(cards),
            int(reference) if reference.isdecimal() else read(EXISTING.convert(reference, None, None)),
            finished=finished,
        )
    show(table, form, out)
    if not fail_on:
        return 0
    alarms = table[table["alarm"].fillna(value=False)]
    return gate(f"{_name(row['field'])}: changed on {row['day']:%Y-%m-%d}" for row in alarms.to_dict("records"))


@click.command("review-queue")
@cards_argument
@click.option(
    "--budget", type=click.IntRange(0), metavar="N", help="Number of fields that can be reviewed. Default: all."
)
@click.option("--calibrator", type=EXISTING, metavar="FILE", help="Calibrator that `Calibrator.save` wrote.")
@click.option(
    "--max-errors",
    type=click.FloatRange(0),
    metavar="N",
    help="Exit with 3 if more errors are expected among the fields listed.",
)
@unread_option
@output_options
def review_queue(
    *,
    cards: Path,
    budget: int | None,
    calibrator: Path | None,
    max_errors: float | None,
    ignore_unread: bool,
    form: Format,
    out: Path | None,
) -> int:
    """List the fields that are most likely wrong, worst first, for a person to review.

    Cards without a reading (failed, left out, not ended) use up no budget; their number is printed. They miss the limit of
    errors, unless --ignore-unread is given.
    """
    from cardocr_nb.quality import Calibrator
    from cardocr_nb.quality import review_queue as make_queue

    with as_arguments():
        table = read(cards)
        queue = make_queue(table, budget=budget, calibrator=None if calibrator is None else Calibrator.load(calibrator))
    show(queue, form, out)
    unread = _report_unread(table)
    # Without a calibrator the probabilities are those of the scores, which order the queue and do not estimate.
    errors = queue["found"].fillna(queue["chance"].cumsum())
    expected = float(errors.iloc[-1]) if len(queue) else 0.0
    missed = max_errors is not None and expected > max_errors
    misses = [f"{expected:.1f} errors expected, more than {max_errors:g}"] if missed else []
    if unread is not None and max_errors is not None and not ignore_unread:
        misses.append(unread)
    return gate(misses)


def _report_unread(cards: pd.DataFrame) -> str | None:
    """Print how many cards have no reading; return a message if there are some that were not left out on purpose."""
    from cardocr_nb.quality._summary import outcomes

    counts = outcomes(cards).value_counts()
    named = {kind: f"{counts[kind]} {kind}" for kind in _UNREAD if counts.get(kind)}
    if named:
        echo_message(f"cardocr: cards without a reading: {', '.join(named.values())}", err=True)
    named.pop("left out", None)
    return (
        f"cards were not read ({', '.join(named.values())}); --ignore-unread judges the others alone" if named else None
    )


def check_columns(option: str, names: Iterable[str], cards: Path, table: pd.DataFrame) -> None:
    """Raise an error for the names of columns that a table does not have."""
    if missing := [name for name in names if name not in table]:
        raise InvalidRequestError(
            f"{option}: {cards} has no column {', '.join(missing)}; it has {', '.join(map(str, table))}"
        )


@contextmanager
def as_arguments() -> Iterator[None]:
    """Turn a ValueError of a function into an error of the command line."""
    try:
        yield
    except CardOCRError:
        raise
    except ValueError as e:
        raise InvalidRequestError(str(e)) from e


def _limits(
    table: pd.DataFrame, names: list[str], column: str, *, at_least: float | None = None, at_most: float | None = None,
    title: str | None = None,
) -> list[tuple[str, str, str | None]]:  # fmt: skip
    """Return name, column and the message of a missed limit, None if it holds, for each row."""
    cases: list[tuple[str, str, str | None]] = []
    title = title or {"low": "lower bound of exact"}.get(column, column)
    if table.empty and (at_least is not None or at_most is not None):
        return [("all fields", title, "no reading was judged")]
    for row in table.to_dict("records"):
        value, message = float(row[column]), None
        if at_least is not None and not value >= at_least:
            message = f"{title} {value:.4g} is below {at_least:g}"
        if at_most is not None and not value <= at_most:
            message = f"{title} {value:.4g} is above {at_most:g}"
        cases.append((" ".join(_name(row[name]) for name in names), title, message))
    return cases


def _name(value: object) -> str:
    return value if isinstance(value, str) else "all fields" if value != value else str(value)  # noqa: PLR0124 - NaN
