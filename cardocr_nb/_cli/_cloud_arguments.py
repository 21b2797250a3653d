"""The arguments that say which cloud bucket is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_cloud(parser: argparse.ArgumentParser) -> None:
    """Add ``--bucket``, ``--region`` and ``--endpoint``."""
    cloud = parser.add_argument_group("cloud", "credentials come from the environment: see the README")
    cloud.add_argument("--bucket", help="<name>-<appid>; default COS_BUCKET")
    cloud.add_argument("--region", help="such as ap-chongqing; default COS_REGION")
    cloud.add_argument("--endpoint", metavar="URL", help="another address than the vendor's")


def endpoint(given: argparse.Namespace) -> dict[str, str]:
    """Give the address as keyword argument, when one was given."""
    return {"endpoint": given.endpoint} if given.endpoint else {}
