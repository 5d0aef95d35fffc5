"""``rostra account``: people with a public name. ``rostra deliveries``: what has got where."""

import json
import sys

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits, powers
from commons.clock import iso
from commons.commands import Roof
from commons.db import database
from commons.powers import Power
from commons.refusal import Refused
from federation import blocks, people
from federation.models import Activity, Delivery, Post

Row = dict[str, str | int | None]


@click.command()
@click.argument("address", required=False)
@click.option("--json", "as_json", is_flag=True, help="A list of objects, for programs.")
def deliveries(address: str | None, as_json: bool) -> None:
    """Every delivery, or those about the story (or activity) at ADDRESS."""
    with database().reading() as session:
        rows = _rows(session, address)
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        status = row["last_status"] or "-"
        click.echo(
            f"{row['state']:8} {row['tries']:>3} {status:>4} {row['next_try'] or '-':20} {row['inbox']}"
        )
    click.echo(f"{sum(row['state'] == 'sent' for row in rows)} of {len(rows)} sent")


def _rows(session: Session, address: str | None) -> list[Row]:
    wanted = select(Delivery, Activity.uri).join(Delivery.activity).order_by(Delivery.id)
    if address is not None:
        about = session.scalar(select(Post.uri).where((Post.uri == address) | (Post.url == address)))
        condition = Activity.uri == address if about is None else Delivery.object_uri == about
        wanted = wanted.where(condition)
        if about is None and session.scalar(select(Activity.id).where(Activity.uri == address)) is None:
            raise Refused(f"There is no story or activity at {address}.")
    return [
        {
            "activity": uri,
            "inbox": row.inbox,
            "host": row.host,
            "state": row.state,
            "tries": row.tries,
            "last_status": row.last_status,
            "next_try": iso(row.next_try) if row.state == "due" else None,
        }
        for row, uri in session.execute(wanted)
    ]


@click.group()
def account() -> None:
    """People who can sign in."""


@account.command("create")
@click.argument("handle")
@click.option("--email", required=True)
@click.option("--name", default="", help="As it stands above her stories; the handle if left out.")
@click.option("--power", "granted", multiple=True, type=click.Choice([power.value for power in Power]))
def create_account(handle: str, email: str, name: str, granted: tuple[str, ...]) -> None:
    """A person with a public name, HANDLE. The password is read from standard input.

    Granting by command is the founding period's way; once a board sits, to edit and to publish come from
    its seats and appointments only. Each grant stands in the public minutes.
    """
    password = sys.stdin.readline(limits.PASSWORD_CHARS[1] + 2).rstrip("\r\n")
    with database().transaction() as session:
        person = people.create(session, handle=handle, name=name or handle, email=email, password=password)
        source = powers.FOUNDING if powers.founding(session) else powers.COMMAND
        wanted = [Power(power) for power in granted]
        powers.grant(session, person.account, wanted, source=source, reason="granted by command")
        address = person.actor.uri
    click.echo(address)


@account.command("close")
@click.argument("handle")
@click.pass_obj
def close_account(roof: Roof, handle: str) -> None:
    """End the account of HANDLE for good: its data is erased, and every server it ever reached is told."""
    with database().transaction() as session:
        actor = people.close(session, handle, by=None)
        if actor.account_id is not None:
            roof.before_closing(session, actor.account_id)
        address = actor.uri
    click.echo(address)


@click.group()
def block() -> None:
    """Hosts with which this newsroom does not speak."""


@block.command("add")
@click.argument("host")
@click.option("--reason", required=True, help="It stands in the public minutes.")
def add_block(host: str, reason: str) -> None:
    """Take nothing from HOST and what is below it, and send nothing there but deletions."""
    with database().transaction() as session:
        host = blocks.add(session, host, reason)
    click.echo(host)


@block.command("remove")
@click.argument("host")
@click.option("--reason", required=True, help="It stands in the public minutes.")
def remove_block(host: str, reason: str) -> None:
    """Speak with HOST again."""
    with database().transaction() as session:
        host = blocks.remove(session, host, reason)
    click.echo(host)


@block.command("list")
def list_blocks() -> None:
    """Each host, since when and why."""
    with database().reading() as session:
        for each in blocks.listed(session):
            click.echo(f"{iso(each.created_at)} {each.host} {each.reason}")


COMMANDS: tuple[click.Command, ...] = (account, block, deliveries)
