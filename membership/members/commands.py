"""``rostra statute``: what the statutes fix."""

from dataclasses import asdict
from datetime import date, datetime

import click

from commons.clock import now
from commons.db import database
from membership.members import statutes


@click.command()
@click.argument("name", required=False)
@click.argument("value", required=False, type=int)
@click.option(
    "--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]), help="From then on (default: today)."
)
@click.option("--decided-in", default="", help="Where it was decided, such as the minutes of the assembly.")
def statute(name: str | None, value: int | None, valid_from: datetime | None, decided_in: str) -> None:
    """Show what the statutes fix, or fix one thing anew from a day on."""
    today = statutes.today(now())
    if name is None:
        with database().reading() as session:
            for key, fixed in asdict(statutes.at(session, today)).items():
                click.echo(f"{key} {fixed}")
        return
    if value is None:
        raise click.UsageError("Say the value too.")
    day: date = valid_from.date() if valid_from is not None else today
    with database().transaction() as session:
        statutes.change(session, name, value, day, decided_in)
    click.echo(f"{name} {value} from {day}")


COMMANDS = (statute,)
