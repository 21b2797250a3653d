"""The service in the cloud: HTTPS, the request signature, credentials, and a check of what is not switched on.

`CloudTransport` moves requests, `Credentials` say who asks. ``cloud.signing`` signs each request, ``cloud.doctor``
finds out, without costs, what keeps a submission from being accepted.
"""

from cardocr_nb.cloud._credentials import Credentials
from cardocr_nb.cloud._https_transport import CloudTransport

__all__ = ["CloudTransport", "Credentials"]
