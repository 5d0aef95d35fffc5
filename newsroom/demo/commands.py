"""``rostra demo``: a living newsroom and its small neighbour, on this machine."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from commons import config, doors, supervisor
from commons.commands import Roof
from commons.config import child_environment, settings
from commons.db import database
from commons.processes import die_with_parent
from commons.supervisor import Child, Supervisor, rostra
from newsroom.demo import cast, loader, neighbour


@click.group()
def demo() -> None:
    """A demo newsroom, loaded into an empty database and thrown away whole."""


@demo.command("load")
@click.option("--part", type=click.Choice([loader.NEWSROOM, loader.NEIGHBOUR]), default=loader.NEWSROOM)
@click.option("--other", help="Where the other newsroom of the demo is.")
@click.pass_obj
def load(roof: Roof, part: str, other: str | None) -> None:
    """Load twelve stories, the people who wrote them, and a year of those who own and pay for them."""
    _have_account()
    loader.load(database(), part, other, roof.demo)
    click.echo(f"loaded the demo {part}")


@demo.command("purge")
def purge() -> None:
    """Throw the demo away: every table is emptied."""
    loader.purge(database())
    click.echo("the demo is gone")


@demo.command("meet", hidden=True)
@click.argument("origin")
def meet(origin: str) -> None:
    """In the neighbour: follow the newsroom at ORIGIN and answer its stories."""
    neighbour.meet(origin)


@demo.command("run")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65534))
def run(port: int) -> None:
    """The demo newsroom at PORT and its neighbour at PORT + 1, until Ctrl-C."""
    here, there = _newsroom(port), _neighbour(port)
    with supervisor.lock(_folder(port)):
        # Known before minutes are spent on loading.
        doors.require_free("localhost", port)
        doors.require_free("127.0.0.1", port + 1)
        for surroundings, part, other in ((here, loader.NEWSROOM, there), (there, loader.NEIGHBOUR, here)):
            _once(surroundings, part, other["ROSTRA_ORIGIN"])
        children = [
            Child("newsroom", rostra("serve", "--host", "localhost", "--port", str(port), **here)),
            Child("neighbour", rostra("serve", "--port", str(port + 1), **there)),
        ]
        Supervisor(children).run(lambda: _introduce(here, there))


def _have_account() -> None:
    """Without a bank account nobody pays; a newsroom that has set none gets the demo's."""
    bank = cast.script()["bank"]
    if not settings().iban:
        config.use(replace(settings(), iban=bank["iban"], account_holder=bank["holder"]))


def _newsroom(port: int) -> dict[str, str]:
    script = cast.script()
    bank = {"ROSTRA_IBAN": script["bank"]["iban"], "ROSTRA_ACCOUNT_HOLDER": script["bank"]["holder"]}
    # The same port by its other name is another origin to a browser, as an own host would be.
    box = {"ROSTRA_CAST_ORIGIN": f"http://127.0.0.1:{port}"}
    return _surroundings(script, f"http://localhost:{port}", _folder(port) / "newsroom") | bank | box


def _neighbour(port: int) -> dict[str, str]:
    script = cast.script()["neighbour"]
    return _surroundings(script, f"http://127.0.0.1:{port + 1}", _folder(port) / "neighbour")


def _folder(port: int) -> Path:
    return settings().data / f"demo-{port}"


def _surroundings(script: dict[str, Any], origin: str, data: Path) -> dict[str, str]:
    return {
        "ROSTRA_ORIGIN": origin,
        "ROSTRA_CAST_ORIGIN": "",
        "ROSTRA_DATA": str(data),
        "ROSTRA_NAME": script["name"],
        "ROSTRA_HANDLE": script["handle"],
        "ROSTRA_LANGUAGE": script["language"],
        "ROSTRA_PRIVATE_PEERS": "1",
        "ROSTRA_TIMEZONE": cast.script()["timezone"],
        # Each part has a database and a queue of its own.
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }


def _once(surroundings: dict[str, str], part: str, other: str) -> None:
    """Load a part, unless it was loaded by an earlier run."""
    marker = Path(surroundings["ROSTRA_DATA"]) / config.ORIGIN_FILE
    if marker.exists():
        return
    click.echo(f"Loading the demo {part} …")
    _call(surroundings, "upgrade")
    _call(surroundings, "demo", "load", "--part", part, "--other", other)
    marker.write_text(surroundings["ROSTRA_ORIGIN"] + "\n")


def _call(surroundings: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wsgi", *arguments],
        env=child_environment(**surroundings),
        stdout=subprocess.DEVNULL,
        process_group=0,  # Ctrl-C is answered here
        preexec_fn=partial(die_with_parent, os.getpid()),
        check=False,
    )
    if done.returncode:
        sys.exit(done.returncode)


def _introduce(here: dict[str, str], there: dict[str, str]) -> None:
    """Have the neighbour meet the newsroom, and tell the person at the terminal where everything is."""
    _call(there, "demo", "meet", here["ROSTRA_ORIGIN"])
    editor = cast.journalists()[0]
    others = ", ".join(player.email for player in cast.journalists()[1:])
    treasurers, officers, moderators = (
        ", ".join(player.email for player in cast.owners() if power in player.powers)
        for power in ("books", "elections", "moderate")
    )
    members = ", ".join(player.email for player in cast.owners() if not player.powers)
    reader = cast.readers()[0]
    click.echo(
        f"""
  {here["ROSTRA_NAME"]}   {here["ROSTRA_ORIGIN"]}
    the studio: {here["ROSTRA_ORIGIN"]}/studio
    who may publish: {editor.email}    who may write: {others}
    the treasury: {here["ROSTRA_ORIGIN"]}/treasury
    who keeps the books: {treasurers}
    the vote that is open: {here["ROSTRA_ORIGIN"]}/elections
    who holds elections: {officers}    who moderates: {moderators}
    a member's desk: {here["ROSTRA_ORIGIN"]}/desk
    a member: {members}
  {there["ROSTRA_NAME"]}   {there["ROSTRA_ORIGIN"]}
    where a story arrives: {there["ROSTRA_ORIGIN"]}/from-others
    its people: {reader.email} and others
  The password of everybody: {cast.PASSWORD}
  Ctrl-C stops all of it.
"""
    )


COMMANDS = (demo,)
