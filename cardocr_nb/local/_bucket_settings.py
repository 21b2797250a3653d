"""What is switched on for each bucket, and its queue: kept in the store, all on until changed."""

from __future__ import annotations

import threading
import time
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from cardocr_nb.wire._queue_update import Notify

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardocr_nb.local._bucket import Bucket
    from cardocr_nb.local._store import Store


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """Switches and queue of one bucket.

    Attributes
    ----------
    ci : str
        ``on`` or ``off``: whether Cloud Infinite is bound.
    ai : bool
        Whether asynchronous recognition is on.
    since : float
        When it was switched on, Unix seconds.
    queue_id, queue_name, queue_state : str
    notify : Notify
        Where callbacks go for jobs that name no address of their own.
    updated : float
        When the queue was changed last, Unix seconds.
    """

    ci: str
    ai: bool
    since: float
    queue_id: str
    queue_name: str
    queue_state: str
    notify: Notify
    updated: float


class Settings:
    """Settings of all buckets.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()

    def of(self, bucket: Bucket) -> BucketSettings:
        """Give the settings of a bucket; they are written down when they are asked for first."""
        rows = self._store.rows(
            "SELECT ci, ai, since, queue_id, queue_name, queue_state, url, notify, type, event, format, updated"
            " FROM buckets WHERE name = ?",
            (bucket.name,),
        )
        if not rows:
            now = time.time()
            fresh = BucketSettings(
                "on", True, now, bucket.queue_id, f"queue-ai-process-{bucket.name}", "Active", Notify(), now
            )
            self._write(bucket, fresh, "INSERT OR IGNORE")
            return self.of(bucket)
        ci, ai, since, queue_id, queue_name, queue_state, *notify, updated = rows[0]
        return BucketSettings(ci, bool(ai), since, queue_id, queue_name, queue_state, Notify(*notify), updated)

    def change(self, bucket: Bucket, new: Callable[[BucketSettings], BucketSettings]) -> BucketSettings:
        """Change the settings of a bucket and give them."""
        with self._lock:
            changed = replace(new(self.of(bucket)), updated=time.time())
            self._write(bucket, changed, "INSERT OR REPLACE")
        return changed

    def _write(self, bucket: Bucket, it: BucketSettings, how: str) -> None:
        with self._store.writing() as db:
            db.execute(
                f"{how} INTO buckets (name, ci, ai, since, queue_id, queue_name, queue_state,"
                " url, notify, type, event, format, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    bucket.name,
                    it.ci,
                    it.ai,
                    it.since,
                    it.queue_id,
                    it.queue_name,
                    it.queue_state,
                    *astuple(it.notify),
                    it.updated,
                ),
            )
