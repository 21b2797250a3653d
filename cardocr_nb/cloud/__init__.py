"""The service in the cloud: HTTPS, the request signature, credentials, and a check of the account.

`CloudTransport` carries requests and `Credentials` sign them. `CosAuth` is the signature as an authentication of
``requests``. `doctor` checks every switch and permission that a submission needs, without costs; it returns a list of
`Finding`, `render` formats them, `ready` reduces them to a bool.
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.cloud._credentials import Credentials
from cardocr_nb.cloud._doctor import Finding, doctor, ready, render
from cardocr_nb.cloud._https_transport import CloudTransport
from cardocr_nb.cloud._signing import CosAuth

__all__ = ["CloudTransport", "CosAuth", "Credentials", "Finding", "doctor", "ready", "render"]

guard_public(__all__, __name__)
