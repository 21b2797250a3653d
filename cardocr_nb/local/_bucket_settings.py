"""Switches and queue of each bucket, kept in the store; everything is on by default."""

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
        ``on`` if Cloud Infinite is bound to the bucket, else ``off``.
    ai : bool
        True if asynchronous recognition is switched on.
    since : float
        Time at which it was switched on, Unix seconds.
    queue_id, queue_name, queue_state : str
    notify : Notify
        Callback address for jobs without one of their own.
    updated : float
        Time of the last change of the queue, Unix seconds.
    """

    ci: str
    ai: bool
    since: float
    queue_id: str
    queue_name: str
    queue_state: str
    notify: Notify
    updated: float


class SettingsTable:
    """Settings of all buckets, as a table of the store.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()

    def get(self, bucket: Bucket) -> BucketSettings:
        """Return the settings of a bucket, and store the defaults if it has none yet."""
        rows = self._store.query(
            "SELECT ci, ai, since, queue_id, queue_name, queue_state, url, notify, type, event, format, updated"
            " FROM buckets WHERE name = ?",
            (bucket.name,),
        )
        if not rows:
            now = time.time()
            defaults = BucketSettings(
                "on", True, now, bucket.queue_id, f"queue-ai-process-{bucket.name}", "Active", Notify(), now
            )
            self._write(bucket, defaults, "INSERT OR IGNORE")
            return self.get(bucket)
        ci, ai, since, queue_id, queue_name, queue_state, *notify, updated = rows[0]
        return BucketSettings(ci, bool(ai), since, queue_id, queue_name, queue_state, Notify(*notify), updated)

    def update(self, bucket: Bucket, new: Callable[[BucketSettings], BucketSettings]) -> BucketSettings:
        """Change the settings of a bucket and return them."""
        with self._lock:
            changed = replace(new(self.get(bucket)), updated=time.time())
            self._write(bucket, changed, "INSERT OR REPLACE")
        return changed

    def _write(self, bucket: Bucket, settings: BucketSettings, verb: str) -> None:
        with self._store.transaction() as db:
            db.execute(
                f"{verb} INTO buckets (name, ci, ai, since, queue_id, queue_name, queue_state,"
                " url, notify, type, event, format, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    bucket.name,
                    settings.ci,
                    settings.ai,
                    settings.since,
                    settings.queue_id,
                    settings.queue_name,
                    settings.queue_state,
                    *astuple(settings.notify),
                    settings.updated,
                ),
            )
