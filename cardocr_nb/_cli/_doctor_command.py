"""``cardocr doctor``."""

from __future__ import annotations

from typing import Any

import click

from cardocr_nb._cli._console import echo
from cardocr_nb._cli._parameters import cloud_arguments, cloud_options


@click.command()
@cloud_options
def doctor(**cloud: Any) -> int:
    """Check whether the cloud service is ready; costs nothing.

    Credentials come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.
    """
    from cardocr_nb.cloud import CloudTransport
    from cardocr_nb.cloud._doctor import doctor as examine
    from cardocr_nb.cloud._doctor import ready, render

    with CloudTransport.from_env(**cloud_arguments(**cloud)) as transport:
        findings = examine(transport)
    echo(render(findings))
    return 0 if ready(findings) else 1
