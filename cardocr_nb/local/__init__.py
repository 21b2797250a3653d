"""The same service, embedded: a folder as bucket, a job table in SQLite, a real OCR engine; no account, no network.

``service`` answers the calls of the wire, ``bucket`` keeps objects, ``jobs`` keeps jobs, ``worker`` reads cards with
``engine``, ``transport`` hands requests over inside this process.
"""
