"""``cardocr serve``."""

from __future__ import annotations

import click


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> int:
    """Serve the embedded service over HTTP, for any client of the cloud's."""
    from cardocr_nb.local.http._server import main

    return main(arguments)
