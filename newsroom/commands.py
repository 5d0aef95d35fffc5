"""``rostra section …`` and ``rostra story …``: the desk from a terminal."""

from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy.orm import Session

from commons import limits
from commons.accounts import Account
from commons.db import database
from commons.language import N_
from commons.refusal import Refused
from federation import actors
from newsroom import addresses, desk, filing, sections, story_file
from newsroom.story_file import StoryFile
from newsroom.wire import CORRECTION_KINDS

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def section() -> None:
    """The parts of the paper."""


@section.command("create")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--description", default="")
def create_section(slug: str, name: str, description: str) -> None:
    """Make a section at /SLUG, with a Group actor to follow."""
    with database().transaction() as session:
        actor = sections.create(session, slug, name, description).actor.uri
    click.echo(actor)


@click.group()
def story() -> None:
    """Stories: publish, correct, retract."""


@story.command("publish")
@click.argument("file", type=_FILE)
@click.option("--by", "handle", required=True, metavar="HANDLE")
def publish(file: Path, handle: str) -> None:
    """Publish the story in FILE; prints its ActivityPub id."""
    written = _read(file)
    with database().transaction() as session:
        by = _account(session, handle)
        article = desk.start(session, by, filing.draft_of(session, written, _beside(file)))
        desk.publish(session, article.id, by)
        address = addresses.id_of(article.id)
    click.echo(address)


@story.command("correct")
@click.argument("address")
@click.argument("file", type=_FILE)
@click.option("--by", "handle", required=True, metavar="HANDLE")
@click.option("--note", required=True, help="What readers are told.")
@click.option("--kind", type=click.Choice(list(CORRECTION_KINDS)), default="correction")
def correct(address: str, file: Path, handle: str, note: str, kind: str) -> None:
    """Replace the story at ADDRESS by what is in FILE, and say so."""
    written = _read(file)
    with database().transaction() as session:
        by, article_id = _account(session, handle), addresses.find(session, address)
        draft = filing.draft_of(session, written, _beside(file))
        desk.correct(session, article_id, by, draft, note=note, kind=kind)


@story.command("retract")
@click.argument("address")
@click.option("--by", "handle", required=True, metavar="HANDLE")
@click.option("--reason", required=True, help="What readers are told.")
def retract(address: str, handle: str, reason: str) -> None:
    """Take the story at ADDRESS back; its page says why."""
    with database().transaction() as session:
        desk.retract(session, addresses.find(session, address), _account(session, handle), reason)


COMMANDS: Sequence[click.Command] = (section, story)


def _read(file: Path) -> StoryFile:
    if file.stat().st_size > limits.FORM_BODY:
        raise Refused(N_("The file %(file)s is too large."), file=file.name)
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refused(N_("The file %(file)s is not written in UTF-8."), file=file.name) from error
    return story_file.parse(text)


def _account(session: Session, handle: str) -> Account:
    actor = actors.local(session, handle.removeprefix("@"))
    if actor is None or actor.account_id is None:
        raise Refused(N_("Nobody here has the handle %(handle)s."), handle=handle)
    return session.get_one(Account, actor.account_id)


def _beside(file: Path) -> filing.Pictures:
    """The pictures that lie beside a story file, by name."""

    def read(name: str) -> bytes | None:
        picture = file.parent / name
        if not picture.is_file():
            return None
        if picture.stat().st_size > limits.UPLOAD_BODY:
            raise Refused(N_("The file %(file)s is too large."), file=name)
        return picture.read_bytes()

    return read
