"""The same service, embedded: folders as buckets, a job table in SQLite, a real OCR engine; no account, no network.

How a call goes::

    transport (this process) ─┐
                              ├▶ service ─┬▶ job_calls ─▶ jobs ─▶ worker ─▶ engine
    http/ (over HTTP) ────────┘           ├▶ object_calls ─▶ bucket      │ ended
                                          └▶ admin_calls ─▶ settings     ▼
                                                                     callbacks ─▶ reach

``service`` dispatches, the three ``…_calls`` answer in the vendor's words (``refusal``). ``bucket`` is a folder with
objects (``listing`` pages them), ``root`` a folder of buckets. ``jobs`` and ``settings`` stand in one SQLite file, the
``store``. ``reach`` is the limit on addresses that are called, ``faults`` what goes wrong on request, ``stub`` an engine
for load tests.
"""
