"""The demo newsroom: loaded through the same verbs as a real one, and thrown away whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import clock, powers, storage
from commons.accounts import Account
from commons.config import LOOPBACK, settings
from commons.db import Base, Database
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from federation import actors, people
from federation.models import Actor
from newsroom import desk, filing, sections
from newsroom.demo import cast, pictures
from newsroom.demo.cast import Player
from newsroom.demo.models import Demo

NEWSROOM, NEIGHBOUR = "newsroom", "neighbour"
HOURS_BETWEEN = 31


def found(session: Session) -> Demo | None:
    """The mark of a demo, if this database holds one."""
    return session.scalar(select(Demo))


def load(session: Session, part: str, other: str | None) -> None:
    """Load the newsroom or its neighbour; refused on any database that holds something of its own."""
    _require_playground(session)
    session.add(Demo(part=part, other=other))
    with _ago(hours=HOURS_BETWEEN * (len(cast.stories()) + 1)):
        _people(session, part)
    if part == NEWSROOM:
        _stories(session)


def _people(session: Session, part: str) -> None:
    """Who is there, before the first story."""
    script = cast.script() if part == NEWSROOM else cast.script()["neighbour"]
    actors.newsroom(session).summary = script["description"]
    for section in script.get("sections", ()):
        sections.create(session, section["slug"], section["name"], section["description"])
    for player in cast.journalists() if part == NEWSROOM else cast.readers():
        _player(session, player)


def _stories(session: Session) -> None:
    told = cast.stories()
    editor = _account(session, next(it.handle for it in cast.journalists() if "publish" in it.powers))
    for age, (_slug, story) in enumerate(reversed(told)):
        with _ago(hours=2 + age * HOURS_BETWEEN):
            author = _account(session, story.authors[0].handle)
            article = desk.start(session, author, filing.draft_of(session, story, pictures.picture))
            desk.publish(session, article.id, editor)


@contextmanager
def _ago(hours: float) -> Iterator[None]:
    """Do something as if it were earlier: a paper of one hour has no archive to look at."""
    before, clock.shift = clock.shift, clock.shift - timedelta(hours=hours)
    try:
        yield
    finally:
        clock.shift = before


def _player(session: Session, player: Player) -> Actor:
    person = people.create(
        session,
        handle=player.handle,
        name=player.name,
        email=player.email,
        password=cast.PASSWORD,
        bio=player.bio,
    )
    reason = "granted when the demo was loaded"
    powers.grant(session, person.account, [Power(power) for power in player.powers], reason=reason)
    person.actor.icon = storage.url(storage.put(pictures.portrait(player.handle, player.name), ".png"))
    return person.actor


def _account(session: Session, handle: str) -> Account:
    actor = actors.local(session, handle)
    assert actor is not None and actor.account_id is not None
    return session.get_one(Account, actor.account_id)


def _require_playground(session: Session) -> None:
    host = settings().origin.partition("://")[2].rpartition(":")[0] or settings().host
    if host.strip("[]") not in LOOPBACK:
        raise Refused(N_("The demo is loaded only where the newsroom's origin is a loopback address."))
    if found(session) is not None:
        raise Refused(N_("The demo is loaded already."), status=409)
    if session.scalar(select(func.count()).select_from(Account)):
        raise Refused(N_("This newsroom has people of its own; the demo is loaded into an empty one only."))


def purge(database: Database) -> None:
    """Empty every table of a demo; refused where there is none."""
    with database.reading() as session:
        if found(session) is None:
            raise Refused(N_("There is no demo here."))
    with database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
