"""The embedded service over HTTP: one address for the job, object and region hosts of the vendor.

``server`` is the process, ``connection`` one connection, ``app`` one request from its head to its response. ``routing``
finds the call, ``signature_verifier`` decides whether it is allowed, ``request_body`` reads the body within limits. The
calls are answered by `cardocr_nb.local.Service`, the same as in this process.
"""

__all__: list[str] = []
