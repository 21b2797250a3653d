"""The same service, embedded: folders as buckets, a job table in SQLite, a real OCR engine; no account, no network.

`cardocr_nb.Client.local` opens it on one folder in this process, and ``cardocr serve`` opens it for other programs. The
names below are for programs that build it themselves::

    LocalTransport   passes the calls of a Client to a Service in this process
    Service          answers the calls: jobs, objects, queues and switches
    Bucket           a folder as one bucket
    BucketRoot       a folder of buckets, for a Service in which buckets can be created
    Engine           the embedded OCR engine (needs the extra ``local``)
    StubReader       a reader that returns the same fields for every image, for load tests
    FaultInjector    failures at a given rate, to test a client

How a call is answered; a private module has the name of its box::

    local_transport ─┐
                     ├▶ service ─┬▶ job_calls ─▶ job_table ─▶ worker ─▶ engine
    http/ ───────────┘           ├▶ object_calls ─▶ bucket       │ job ended
                                 └▶ admin_calls ─▶ bucket_settings
                                                                 ▼
                                                        callback_delivery ─▶ url_guard

The three ``…_calls`` answer in the vendor's words; ``service_fault`` holds the error answers. ``job_table`` and
``bucket_settings`` are tables of one SQLite file, the ``store``. ``url_guard`` decides which addresses are called.

Examples
--------
>>> import tempfile
>>> from cardocr_nb import Client
>>> from cardocr_nb.local import Bucket, LocalTransport, Service, StubReader
>>> with tempfile.TemporaryDirectory() as folder:
...     bucket = Bucket(folder, name="cards-1250000000")
...     with Client(LocalTransport(Service([bucket], StubReader()), bucket.name)) as client:
...         client.list_jobs()
[]
"""

from typing import TYPE_CHECKING

from cardocr_nb.local._bucket import Bucket
from cardocr_nb.local._bucket_root import BucketRoot
from cardocr_nb.local._fault_injection import FaultInjector
from cardocr_nb.local._local_transport import LocalTransport
from cardocr_nb.local._service import Service
from cardocr_nb.local._stub_reader import StubReader

if TYPE_CHECKING:
    from cardocr_nb.local.engine import Engine


def __getattr__(name: str) -> object:
    if name == "Engine":  # loaded on first use: onnxruntime and OpenCV take a second
        from cardocr_nb.local.engine import Engine

        return Engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Bucket", "BucketRoot", "Engine", "FaultInjector", "LocalTransport", "Service", "StubReader"]
