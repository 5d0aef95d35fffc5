"""``rostra payments …``: for whoever runs the server."""

import click

from membership.payments import reconciliation


@click.group()
def payments() -> None:
    """Payments by providers."""


@payments.command()
def reconcile() -> None:
    """Compare with the providers' own lists now."""
    reconciliation.reconcile()
    click.echo("compared")


COMMANDS = (payments,)
