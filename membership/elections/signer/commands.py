"""``rostra signer``."""

import os
import sys

import click


@click.command()
def signer() -> None:
    """The process that signs credentials, the only one that reads an election's signing key.

    Give it a user of its own. One for a newsroom.
    """
    # In place of this program, which has everything in it.
    os.execv(sys.executable, [sys.executable, "-m", "membership.elections.signer"])


COMMANDS = (signer,)
