"""``cardocr doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardocr_nb._cli._cloud_arguments import add_cloud, endpoint

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    doctor = commands.add_parser("doctor", help="see whether the cloud service is ready; costs nothing")
    add_cloud(doctor)
    doctor.set_defaults(command=_doctor)


def _doctor(given: argparse.Namespace) -> int:
    from cardocr_nb.cloud import CloudTransport
    from cardocr_nb.cloud._doctor import doctor, ready, render

    with CloudTransport.from_env(bucket=given.bucket, region=given.region, **endpoint(given)) as transport:
        findings = doctor(transport)
    print(render(findings))
    return 0 if ready(findings) else 1
