"""``rostra box``."""

import os
import sys

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Without it only the web process is answered.")
def box(host: str, port: int | None) -> None:
    """The ballot box: takes ballots, without session, cookie or log. One for a newsroom.

    Give it a user of its own, and with --port a host name and certificate of its own at your proxy.
    """
    listen = [f"{host}:{port}"] if port else []
    # In place of this program, which has everything in it.
    os.execv(sys.executable, [sys.executable, "-m", "membership.elections.box", *listen])


COMMANDS = (box,)
