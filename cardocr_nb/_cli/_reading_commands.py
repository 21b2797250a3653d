"""``cardocr photo-quality``, ``complete``, ``second-opinion`` and ``estimate-errors``: what the embedded engine adds to a service.

None of them prints a text of a card.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import click

from cardocr_nb._cli._console import echo, echo_message
from cardocr_nb._cli._output import Format, gate, output_options, show, unread_option
from cardocr_nb._cli._parameters import EXISTING, EXISTING_FOLDER, RATE, Word, cards_argument, table_option, yes_option
from cardocr_nb._cli._quality_commands import as_arguments
from cardocr_nb._cli._run_command import check_images
from cardocr_nb._cli._table_files import check_writable, read, write

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_IMAGES = click.option(
    "--images", type=EXISTING_FOLDER, metavar="FOLDER", help="Folder below which the keys lie. Default: column image."
)
_RESULTS = click.option(
    "--results", type=click.Path(dir_okay=False), metavar="FILE", help="File that keeps the readings, to continue."
)
_QUIET = click.option("--quiet", is_flag=True, help="Show no progress bar.")
_TRUTH = click.option("--truth", type=EXISTING, metavar="FILE", help="Decisions of a person: columns key, field, text.")
_SHARED = click.option(
    "--shared", type=click.FloatRange(0, 1, max_open=True), default=0.1, show_default=True, metavar="RATE",
    help="Largest part of a reader's errors that the other makes alike.",
)  # fmt: skip


@click.command("photo-quality")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option(
    "--min-quality", type=RATE, metavar="P", help="Exit with 3 if a photo is read whole less probably than P."
)
@_QUIET
@output_options
def photo_quality(
    *, images: tuple[str, ...], min_quality: float | None, quiet: bool, form: Format, out: Path | None
) -> int:
    """Measure photos before they are read: blur, light, size, cut edges, copies, and the probability to be read whole.

    IMAGE is a file, a folder or a pattern with *. Nothing is uploaded. Ends with 1 if a file cannot be read.
    """
    from cardocr_nb._photo_quality import photo_quality as measure

    check_images(images)
    table = measure(list(images), progress=not quiet)
    show(table, form, out)
    limit = 0.0 if min_quality is None else min_quality
    low = table[table["probability"] < limit]
    missed = gate(
        f"{image}: probability {p:.2g} is below {limit:g}: {reason if isinstance(reason, str) else 'several small faults'}"
        for image, p, reason in low[["image", "probability", "reason"]].itertuples(index=False)
    )
    return missed or int(table["code"].notna().any())


@click.command()
@cards_argument
@_IMAGES
@table_option
@_RESULTS
@_QUIET
@yes_option
def complete(*, cards: Path, images: Path | None, out: Path, results: str | None, quiet: bool) -> int:
    """Recognize on this machine the fields for which the service gave a place and no text.

    CARDS is a table of `cardocr run`. Ends with 1 if such fields are left.
    """
    from cardocr_nb.quality import summary
    from cardocr_nb.rereading import UnfinishedWarning
    from cardocr_nb.rereading import complete as complete_texts

    check_writable(out)
    with as_arguments(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnfinishedWarning)
        finished = complete_texts(read(cards), images, results=results, progress=not quiet)
    write(finished, out)
    echo(summary(finished))
    read_here, still = (finished["read_by"] == "embedded").sum(), finished["left_open"].notna().sum()
    echo_message(f"{out}: {read_here} texts read on this machine, {still} places left open")
    for warning in caught:
        warnings.showwarning(warning.message, warning.category, warning.filename, warning.lineno)
    return int(any(issubclass(warning.category, UnfinishedWarning) for warning in caught))


@click.command("second-opinion")
@cards_argument
@_IMAGES
@click.option("--n", type=click.IntRange(1), metavar="N", help="Number of cards, drawn at random. Default: all.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same cards.")
@_TRUTH
@_SHARED
@click.option("--service-corrects", is_flag=True, help="The service corrects numbers by their check digit.")
@click.option(
    "--show", "shown", type=Word(["errors", "agreement", "queue"]), default="errors", show_default=True,
    help="Estimated error rates, agreement by field, or the fields to review, worst first.",
)  # fmt: skip
@click.option("--min-agreement", type=RATE, metavar="RATE", help="Exit with 3 if fewer texts of a field are equal.")
@unread_option
@_RESULTS
@_QUIET
@output_options
def second_opinion(
    *, cards: Path, images: Path | None, n: int | None, seed: int, truth: Path | None, shared: float,
    service_corrects: bool, shown: str, min_agreement: float | None, ignore_unread: bool, results: str | None, quiet: bool, form: Format,
    out: Path | None,
) -> int:  # fmt: skip
    """Read the cards once more on this machine, and estimate how often each of the two readers is wrong."""
    from cardocr_nb.rereading import UnfinishedWarning
    from cardocr_nb.rereading import second_opinion as read_again

    with as_arguments(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnfinishedWarning)
        opinion = read_again(
            read(cards), images, n, truth=truth, shared=shared, service_corrects=service_corrects, seed=seed,
            results=results, progress=not quiet,
        )  # fmt: skip
    tables: dict[str, pd.DataFrame] = {
        "errors": opinion.errors, "agreement": opinion.agreement, "queue": opinion.queue
    }  # fmt: skip
    show(tables[shown], form, out)
    for warning in caught:
        warnings.showwarning(warning.message, warning.category, warning.filename, warning.lineno)
    if tables[shown].empty:
        echo_message("cardocr: no field has a text of either reader, so nothing can be compared", err=True)
        return 1
    if min_agreement is None:
        return 0
    low = opinion.agreement[opinion.agreement["share"] < min_agreement]
    misses = [
        f"{field}: agreement {rate:.4g} is below {min_agreement:g}"
        for field, rate in low[["field", "share"]].to_numpy()
    ]
    if not ignore_unread:
        misses += [str(warning.message) for warning in caught if issubclass(warning.category, UnfinishedWarning)]
    return gate(misses)


@click.command("estimate-errors")
@click.argument("first", metavar="FIRST", type=EXISTING)
@click.argument("second", metavar="SECOND", type=EXISTING)
@_TRUTH
@_SHARED
@click.option("--corrects", type=Word(["none", "first", "second", "both"]), default="none", show_default=True,
              help="Which reader corrects numbers by their check digit; the embedded engine does.")  # fmt: skip
@output_options
def estimate_errors(
    *, first: Path, second: Path, truth: Path | None, shared: float, corrects: str, form: Format, out: Path | None
) -> int:
    """Estimate without truth how often each of two readers of the same cards is wrong."""
    from cardocr_nb.quality import estimate_errors as estimate

    pair = (corrects in ("first", "both"), corrects in ("second", "both"))
    with as_arguments():
        table = estimate(read(first), read(second), truth, shared=shared, corrects=pair)
    show(table, form, out)
    return 0
