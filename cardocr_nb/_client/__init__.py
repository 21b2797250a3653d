"""The client: one call of the service a method, the same for the cloud and for the embedded service."""

from cardocr_nb._client._client import Client

__all__ = ["Client"]
