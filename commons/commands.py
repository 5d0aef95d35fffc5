"""``rostra serve``, ``web``, ``worker``, ``upgrade``, ``minutes``, ``letters``, ``doctor``."""

import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from commons import (
    clock,
    config,
    jobs,
    mail,
    migrations,
    minutes,
    one_machine,
    passkeys,
    supervisor,
    web_server,
)
from commons.clock import iso
from commons.config import settings
from commons.db import database
from commons.jobs import Job
from commons.language import N_
from commons.refusal import Refused

DISK_FREE = 200 * 1024 * 1024


# Something that is done as if it were another moment.
Scene = tuple[datetime, Callable[[], None]]


@dataclass(frozen=True)
class Roof:
    """What the roof hands down to the commands of the ground floor."""

    application: Callable[[], Any]
    timers: Mapping[Job, float]
    found: Callable[[Session], None]
    release: Callable[[Session], None]
    # What else the doctor looks at: a name, and what says how it is or raises what is wrong
    looks: tuple[tuple[str, Callable[[], str]], ...] = ()
    # What other rooms play in the demo newsroom: when, and what is done at that moment
    demo: Sequence[Callable[[Session], Iterator[Scene]]] = ()
    # Processes beside web and worker that keep what these must not reach: name and module
    keepers: Mapping[str, str] = field(default_factory=dict)
    # The module that is a worker, with no page in its memory
    worker: str = "worker"
    # Refuses to close an account that another room has to let go first
    before_closing: Callable[[Session, uuid.UUID], None] = lambda _session, _account_id: None


def prepare(roof: Roof) -> None:
    """Bring the schema up and see that the newsroom's own actors are there, and are ours."""
    migrations.bring_up(database().engine)
    with database().transaction() as session:
        roof.found(session)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.pass_obj
def serve(roof: Roof, host: str, port: int) -> None:
    """Web, worker and queue in one go, on one machine."""
    config.use(config.load(port=port))
    with supervisor.lock(settings().data):
        prepare(roof)
        config.keep_origin(settings())
        with database().transaction() as session:
            # Whoever held leases on this folder is dead: its work is free at once.
            roof.release(session)
        _warn()
        children = supervisor.serve(host, port, roof.keepers, roof.worker)
        database().dispose()
        click.echo(f"{settings().name} is at {settings().origin}")
        children.run()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64))
@click.pass_obj
def web(roof: Roof, host: str, port: int, processes: int) -> None:
    """The web server alone; as many processes as wanted."""
    config.use(config.load(port=port))
    _require_ready(roof)
    database().dispose()
    web_server.run(roof.application, host, port, processes)


@click.command()
@click.pass_obj
def worker(roof: Roof) -> None:
    """One worker: delivers, processes what came in, keeps the timers."""
    _require_ready(roof)
    database().dispose()
    os.execv(sys.executable, [sys.executable, "-m", roof.worker])


def _require_ready(roof: Roof) -> None:
    if database().engine.dialect.name == "sqlite":
        one_machine.hold(settings().data)
    migrations.require_current(database().engine)
    with database().transaction() as session:
        roof.found(session)


@click.command()
@click.option("--check", is_flag=True, help="Only say whether there is anything to do; exit 1 if so.")
@click.pass_obj
def upgrade(roof: Roof, check: bool) -> None:
    """Bring the database to this program's schema."""
    found, wanted = migrations.current(database().engine), migrations.head()
    if check:
        click.echo("up to date" if found == wanted else f"{found or 'empty'} -> {wanted}")
        sys.exit(0 if found == wanted else 1)
    prepare(roof)
    click.echo("up to date" if found == wanted else f"{found or 'empty'} -> {wanted}")


@click.group("minutes")
def minutes_group() -> None:
    """The public minutes of every use of a power."""


@minutes_group.command("verify")
def minutes_verify() -> None:
    """Check the chain from the first line to the last."""
    with database().reading() as session:
        fault = minutes.verify(session)
        number, head = minutes.head(session)
    if fault is not None:
        raise Refused(N_("Minute %(number)s: %(what)s"), number=fault.number, what=fault.what)
    click.echo(f"{number} minutes, head {head}")


@click.command()
@click.argument("letter_id", type=click.UUID, required=False)
def letters(letter_id: uuid.UUID | None) -> None:
    """The newest letters and whether they were sent; with LETTER_ID that letter in full.

    With a mail server only the kind and the server of the recipient are told: letters say who pays what.
    """
    kept = settings().mail_url is None
    with database().reading() as session:
        if letter_id is None:
            for letter in mail.newest(session):
                told = f"{letter.to} {letter.subject}" if kept else _outside(letter)
                click.echo(f"{letter.id} {iso(letter.made_at)} {letter.state:8} {told}")
            return
        if not kept:
            raise Refused(
                N_("Letters are read by those they are for; without a mail server they are shown here."), 403
            )
        found = session.get(mail.Letter, letter_id)
        if found is None:
            raise Refused(N_("There is no such letter."), status=404)
        click.echo(f"{found.to}\n{found.subject}\n\n{_plain(found.body)}")


def _outside(letter: mail.Letter) -> str:
    """What stands on the envelope."""
    return f"{letter.letter} at {letter.to.rpartition('@')[2]} {letter.error}".rstrip()


def _plain(text: str) -> str:
    """Text that cannot move a terminal's cursor."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


@click.command()
@click.pass_obj
def doctor(roof: Roof) -> None:
    """See whether everything is as it must be; exit 1 if not."""
    problems = 0
    for name, look in (*CHECKS, *roof.looks):
        try:
            said, fine = look(), True
        except Exception as error:  # whatever is wrong is what we are here to say
            said, fine = " ".join(str(error).split())[:200] or error.__class__.__name__, False
        problems += not fine
        click.echo(f"{'ok     ' if fine else 'WRONG  '}{name}: {said}")
    _warn()
    sys.exit(1 if problems else 0)


def _configuration() -> str:
    return f"{settings().name} at {settings().origin}, data in {settings().data}"


def _database() -> str:
    migrations.require_current(database().engine)
    return f"{database().engine.dialect.name}, schema {migrations.head()}"


def _queue() -> str:
    jobs.connection().ping()
    return "answers"


def _timers() -> str:
    with database().reading() as session:
        late = jobs.late_timers(session)
    if late:
        raise Refused("no worker is looking after: %(names)s", names=", ".join(late))
    return "a worker is at work"


def _clock() -> str:
    with database().reading() as session:
        clock.require_agreement(session)
    return "agrees with the database's"


def _disk() -> str:
    free = shutil.disk_usage(settings().data).free
    if free < DISK_FREE:
        raise Refused("only %(free)s MiB free", free=free // 2**20)
    return f"{free // 2**20} MiB free"


def _mail() -> str:
    if settings().mail_url is None:
        return "no server is set; letters are kept, and rostra letters shows them"
    mail.greet()
    return f"the server answers; letters come from {settings().mail_from}"


def _passkeys() -> str:
    """In production a power is used with a passkey only: who has none cannot do the work."""
    with database().reading() as session:
        names = [each.personal.name for each in passkeys.lacking(session) if each.personal is not None]
    if not names:
        return "whoever holds a power has one"
    if settings().loopback:
        return f"advised for {', '.join(names)}"
    raise Refused("powers sleep until these have one: %(names)s", names=", ".join(names))


def _source() -> str:
    """Users of a changed program must be offered its source (AGPL-3.0, section 13)."""
    return settings().source_url or "no address is set (ROSTRA_SOURCE_URL); whoever changes Rostra needs one"


CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("configuration", _configuration),
    ("database", _database),
    ("queue", _queue),
    ("worker", _timers),
    ("clock", _clock),
    ("disk", _disk),
    ("mail", _mail),
    ("passkeys", _passkeys),
    ("source", _source),
)


def _warn() -> None:
    if settings().private_peers:
        click.echo("Warning: ROSTRA_PRIVATE_PEERS is on: peers on private addresses are allowed.", err=True)


COMMANDS = (serve, web, worker, upgrade, minutes_group, letters, doctor)
