"""``rostra count`` and ``rostra election``: counting and checking need no database."""

import json
import secrets
import sys
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy import select

from commons.clock import db_now
from commons.db import database
from commons.limits import ELECTION_PACKAGE, ELECTION_TEXT_CHARS
from commons.refusal import Refused
from membership.elections import reviews, timetable
from membership.elections.ballot_files import read_file
from membership.elections.count_text import count_text
from membership.elections.counting import package_of
from membership.elections.models import Election
from membership.elections.protocol.package import parts
from membership.elections.protocol.rehearsal import answered
from membership.elections.protocol.sealing import checked_secret, fresh_tally_key
from membership.elections.protocol.shares import join, split
from membership.elections.protocol.verify import summary, verify
from membership.elections.tally import RULES, count
from membership.elections.tally import Election as Tallied


def _seed(_context: click.Context, _option: click.Parameter, seed: str | None) -> str:
    if seed is None:
        return secrets.token_hex(16)
    if len(seed) > ELECTION_TEXT_CHARS or not seed.isprintable():
        raise click.BadParameter(f"A seed is printable text of at most {ELECTION_TEXT_CHARS} characters.")
    return seed


@click.command("count")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--rule", type=click.Choice(list(RULES)), default="scottish-stv", show_default=True)
@click.option(
    "--seed", metavar="TEXT", callback=_seed, help="Lots are drawn from it; without it from a fresh one."
)
@click.option(
    "--reopens",
    type=click.IntRange(min=1),
    metavar="N",
    help="Candidate N stands for re-opening nominations and may take several seats (scottish-stv).",
)
@click.option("--json", "as_json", is_flag=True, help="Every stage and tie, for programs.")
def count_command(file: Path, rule: str, seed: str, reopens: int | None, as_json: bool) -> None:
    """Count an election FILE (BLT or ABIF), stage by stage."""
    try:
        election = read_file(file)
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be read: {error.strerror}.") from None
    if reopens is not None:
        election = _reopening(election, rule, reopens)
    result = count(election, rule, seed)
    if as_json:
        click.echo(json.dumps(result.as_json(), indent=1))
    else:
        click.echo(count_text(result, election.title), nl=False)


def _reopening(election: Tallied, rule: str, reopens: int) -> Tallied:
    if rule != "scottish-stv" or reopens > len(election.candidates):
        raise click.BadParameter("--reopens names a candidate of a count by scottish-stv.")
    return replace(election, reopens=reopens)


def _hash(_context: click.Context, option: click.Parameter, value: str | None) -> bytes | None:
    if value is None:
        return None
    try:
        found = bytes.fromhex(value)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise click.BadParameter("A hash is 64 hexadecimal digits.")
    return found


@click.group("election")
def election_group() -> None:
    """Elections: their public packages."""


@election_group.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--manifest-hash", metavar="H", callback=_hash, help="The manifest's hash as announced.")
@click.option("--root", metavar="R", callback=_hash, help="A root of the board as it was posted.")
def verify_command(file: Path, manifest_hash: bytes | None, root: bytes | None) -> None:
    """Check the public package in FILE: every signature, every number, the count, every file."""
    try:
        with file.open("rb") as opened:
            data = opened.read(ELECTION_PACKAGE + 1)
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be read: {error.strerror}.") from None
    if len(data) > ELECTION_PACKAGE:
        raise Refused("The package has more than %(most)s bytes.", most=ELECTION_PACKAGE)
    verdict = verify(data, manifest_hash, root, _Steps())
    for line in summary(verdict):
        click.echo(line)


class _Steps:
    """Progress on a terminal's standard error, a line that is written over; silent elsewhere."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, done: int, of: int) -> None:
        percent = 100 * done // of
        if percent != self._shown and sys.stderr.isatty():
            click.echo(f"\r{percent} %", nl=percent == 100, err=True)
        self._shown = percent


@election_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_command(as_json: bool) -> None:
    """The elections, the newest first."""
    with database().reading() as session:
        found = session.scalars(select(Election).order_by(Election.called_at.desc(), Election.slug)).all()
        moment = db_now(session)
    states = [(each, timetable.phase(each, moment)) for each in found]
    if as_json:
        shown = [{"slug": each.slug, "title": each.title, "state": state} for each, state in states]
        click.echo(json.dumps(shown, indent=1))
        return
    for each, state in states:
        click.echo(f"{each.slug}  {state}  {each.title}")


@election_group.command("package")
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Its parts go there too.")
def package_command(slug: str, file: Path, folder: Path | None) -> None:
    """Write the public package of the counted election SLUG to FILE."""
    with database().reading() as session:
        data = package_of(session, slug)
    try:
        file.write_bytes(data)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in parts(json.loads(data)).items():
                (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise click.BadParameter(f"{error.filename} cannot be written: {error.strerror}.") from None


@election_group.group("key")
def key_group() -> None:
    """The officers' tally key. On a machine without network."""


@key_group.command("make")
def make_key_command() -> None:
    """Make a tally key: the public half for the manifest, and three shares for paper."""
    secret, public = fresh_tally_key()
    click.echo(f"Public key, for the manifest:\n{public.hex()}")
    for number, share in enumerate(split(secret), 1):
        click.echo(f"\nShare {number} of 3; any two give the key back:\n{share}")


@key_group.command("join")
@click.argument("public", metavar="PUBLIC-KEY", callback=_hash)
def join_key_command(public: bytes) -> None:
    """Read two or three shares from standard input, a line each; print the key if it is PUBLIC-KEY's."""
    click.echo(checked_secret(_shares(), public).hex())


@key_group.command("rehearse")
@click.argument("public", metavar="PUBLIC-KEY", callback=_hash)
@click.argument("dummy", metavar="DUMMY")
def rehearse_key_command(public: bytes, dummy: str) -> None:
    """Open the DUMMY of the officers' page with two or three shares from standard input; print its words."""
    secret = checked_secret(_shares(), public)
    try:
        sealed = bytes.fromhex(dummy)
    except ValueError:
        raise click.BadParameter("A dummy is a row of hexadecimal digits.") from None
    click.echo(answered(sealed, secret))


def _shares() -> bytes:
    return join([line for line in sys.stdin.read().splitlines() if line.strip()])


@election_group.command("reviewed")
@click.option("--by", required=True, metavar="TEXT", help="Who made the review.")
@click.option("--at", required=True, metavar="URL", help="Where the report stands.")
def reviewed_command(by: str, at: str) -> None:
    """Record an outside review of the voting protocol: pages stop calling it experimental."""
    with database().transaction() as session:
        made = reviews.record(session, by, at)
    click.echo(f"Recorded: {made.by}, {made.address}")


COMMANDS = (count_command, election_group)
