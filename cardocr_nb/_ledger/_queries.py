"""Questions that a run asks its ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LOW_QUALITY = "LowPhotoQuality"
"""Code of an image in the state ``failed`` that was left out, because its photo is not good enough to pay for."""

_NEIGHBORS = 20
"""Submissions before and after a lost one whose creation times bound its own; more than any number of threads."""


@dataclass(slots=True)
class Image:
    """One image that has to be submitted.

    Attributes
    ----------
    id : int
        Row in the ledger.
    key : str
        Name in the bucket.
    path : Path or None
        The file; None when only the key is known.
    upload : bool
        Whether the file has to be put into the bucket first.
    tries : int
        Temporary failures in this process.
    unproven : int
        Submissions in this process that got no valid answer and made no job.
    """

    id: int
    key: str
    path: Path | None
    upload: bool
    tries: int = 0
    unproven: int = 0


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job that was accepted in an earlier run and has not ended."""

    row: int
    job_id: str
    key: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class OpenSubmission:
    """A submission of an earlier run whose answer was lost."""

    row: int
    key: str
    token: str
    number: int


class LedgerQueries:
    """The reading half of `cardocr_nb._ledger.Ledger`."""

    def rows(self, sql: str, values: Sequence[object] = (), needed: Collection[str] = ()) -> list[Any]:
        """Run one statement of SQL and return its rows, see `cardocr_nb._ledger._tables.fetch`."""
        raise NotImplementedError

    def get_fact(self, name: str) -> str | None:
        """Return the value that was stored for the whole ledger under a name."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return found[0][0] if found else None

    def last_run(self) -> int:
        """Return the number of the last run, 0 before the first.

        Raises
        ------
        LedgerError
            The number in the file is not one.
        """
        found = self.rows(
            "SELECT CASE WHEN value GLOB '*[^0-9]*' THEN value ELSE CAST(value AS INTEGER) END AS run FROM facts "
            "WHERE name = 'runs'"
        )
        return int(found[0][0]) if found else 0

    def planned_images(self, run: int, after: int, limit: int) -> list[Image]:
        """Return images of a run that have to be submitted, in order, from the row after `after` on.

        Parameters
        ----------
        run : int
            Number of the run.
        after : int
            Row number.
        limit : int
            Maximum number of images.
        """
        return [
            _image(*row)
            for row in self.rows(
                "SELECT id, key, path, upload FROM images WHERE state = 'planned' AND run = ? AND id > ? "
                "ORDER BY id LIMIT ?",
                (run, after, limit),
            )
        ]

    def image(self, row: int) -> Image:
        """Return one row as an image to submit."""
        return _image(*self.rows("SELECT id, key, path, upload FROM images WHERE id = ?", (row,))[0])

    def open_jobs(self) -> list[OpenJob]:
        """Return the jobs that were accepted and have not ended."""
        return [
            OpenJob(row, job_id, key, None if created is None else datetime.fromisoformat(created))
            for row, job_id, key, created in self.rows(
                "SELECT id, job_id, coalesce(job_key, key) AS key, created FROM images WHERE state = 'sent' ORDER BY id",
                needed=("job_id",),
            )
        ]

    def open_submissions(self) -> list[OpenSubmission]:
        """Return the submissions that may or may not have been accepted."""
        return [
            OpenSubmission(*row)
            for row in self.rows(
                "SELECT id, coalesce(job_key, key) AS key, token, number FROM images "
                "WHERE state IN ('intent', 'unknown') ORDER BY id",
                needed=("token", "number"),
            )
        ]

    def has_job(self, job_id: str) -> bool:
        """Whether a job belongs to an image of this ledger."""
        return bool(self.rows("SELECT 1 FROM images WHERE job_id = ?", (job_id,)))

    def queue_id(self) -> str | None:
        """Return the queue of the job that was accepted last, or None if none is known."""
        found = self.rows(
            "SELECT queue_id FROM images WHERE number IS NOT NULL AND queue_id IS NOT NULL ORDER BY number DESC LIMIT 1"
        )
        return found[0][0] if found else None

    def callback_job_ids(self) -> set[str]:
        """Return the jobs that callbacks reported as ended."""
        return {job_id for (job_id,) in self.rows("SELECT job_id FROM callbacks")}

    def creation_bounds(self, first: int, last: int) -> tuple[datetime | None, datetime | None]:
        """Return creation times of jobs submitted before and after some submissions, by the service's clock.

        Parameters
        ----------
        first, last : int
            Numbers of the submissions.

        Returns
        -------
        datetime or None, datetime or None
            None where no job was accepted before, or not enough after.
        """
        (before,) = self.rows(
            "SELECT max(created) AS created FROM (SELECT created FROM images WHERE number < ? AND created IS NOT NULL "
            "ORDER BY number DESC LIMIT ?)",
            (first, _NEIGHBORS),
        )[0]
        (after,) = self.rows(
            "SELECT min(created) AS created FROM (SELECT created FROM images WHERE number > ? AND created IS NOT NULL "
            "ORDER BY number LIMIT ? OFFSET ?)",
            (last, _NEIGHBORS, _NEIGHBORS),
        )[0]
        return (
            None if before is None else datetime.fromisoformat(before),
            None if after is None else datetime.fromisoformat(after),
        )

    def first_intent(self, number: int) -> datetime:
        """Return when the first submission from this number on left, by this machine's clock."""
        (intended,) = self.rows(
            "SELECT min(intended) AS intended FROM images WHERE number >= ?", (number,), needed=("intended",)
        )[0]
        return datetime.fromisoformat(intended)

    def open_count(self, run: int) -> tuple[int, int]:
        """Return the number of images of a run, and of those without a final state."""
        total, left = self.rows(
            "SELECT count(*), sum(state NOT IN ('done', 'same', 'held')) FROM images WHERE run = ?", (run,)
        )[0]
        return total, left or 0

    def state_counts(self, run: int) -> dict[str, int]:
        """Return the number of images of a run in each state.

        ``done`` is split into ``read`` and ``failed``, and ``failed`` does not count those ``left out`` by their quality.
        """
        counts: dict[str, int] = {}
        for state, outcome, left_out, number in self.rows(
            "SELECT coalesce(o.state, i.state) AS state, coalesce(o.outcome, i.outcome) AS outcome, "
            "i.state = 'failed' AND coalesce(i.code, '') = ? AS left_out, count(*) FROM images i "
            "LEFT JOIN images o ON o.id = i.same_as WHERE i.run = ? GROUP BY 1, 2, 3",
            (LOW_QUALITY, run),
        ):
            name = ("read" if outcome == "Success" else "failed") if state == "done" else state
            name = "left out" if left_out else name
            counts[name] = counts.get(name, 0) + number
        return counts

    def key_is_of_other_content(self, key: str, sha256: str) -> bool:
        """Whether another file of this ledger, with other content, has a key."""
        return bool(
            self.rows(
                "SELECT 1 FROM images WHERE key = ? AND sha256 IS NOT NULL AND sha256 != ? LIMIT 1", (key, sha256)
            )
        )


def _image(row: int, key: str, path: str | None, upload: int) -> Image:
    return Image(row, key, Path(path) if path else None, bool(upload))
