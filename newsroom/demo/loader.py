"""The demo newsroom: loaded through the same verbs as a real one, and thrown away whole."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import append_only, clock, powers, storage
from commons.accounts import Account
from commons.config import LOOPBACK, settings
from commons.db import Base, Database, ring_after_commit
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from federation import actors, people
from federation.models import Actor
from newsroom import desk, filing, sections
from newsroom.demo import cast, pictures
from newsroom.demo.cast import Player
from newsroom.demo.models import Demo
from newsroom.story_file import StoryFile

NEWSROOM, NEIGHBOUR = "newsroom", "neighbour"
HOURS_BETWEEN = 31
FOUNDED_DAYS_AGO = 430

Scene = tuple[datetime, Callable[[], None]]
"""When something happens, and what."""
Room = Callable[[Session], Iterator[Scene]]


def found(session: Session) -> Demo | None:
    """The mark of a demo, if this database holds one."""
    return session.scalar(select(Demo))


def load(database: Database, part: str, other: str | None, rooms: Sequence[Room] = ()) -> None:
    """Load the newsroom or its neighbour; refused on any database that holds something of its own.

    ``rooms`` tell what else happens in the newsroom. All scenes are played in the order of time. Some
    commit in between; what was begun and not finished is thrown away at the next call.
    """
    with database.reading() as session:
        begun = found(session)
    if begun is not None and begun.finished_at is None:
        purge(database)
        with database.transaction() as session:
            actors.found_newsroom(session)
    with database.session(writes=True) as session:
        _play(session, part, other, rooms)
        session.commit()
        ring_after_commit(session)


def _play(session: Session, part: str, other: str | None, rooms: Sequence[Room]) -> None:
    _require_playground(session)
    demo = Demo(part=part, other=other)
    session.add(demo)
    with _at(clock.now() - timedelta(days=FOUNDED_DAYS_AGO)):
        _people(session, part)
    if part == NEWSROOM:
        told = [_stories(session), *(room(session) for room in rooms)]
        for moment, play in heapq.merge(*told, key=lambda scene: scene[0]):
            with _at(moment):
                play()
    session.merge(demo).finished_at = clock.now()


def _people(session: Session, part: str) -> None:
    """Who is there, before the first story."""
    script = cast.script() if part == NEWSROOM else cast.script()["neighbour"]
    paper = actors.newsroom(session)
    paper.summary, paper.created_at = script["description"], clock.now()
    session.flush()
    for section in script.get("sections", ()):
        sections.create(session, section["slug"], section["name"], section["description"])
    for player in [*cast.journalists(), *cast.owners()] if part == NEWSROOM else cast.readers():
        _player(session, player)


def _stories(session: Session) -> Iterator[Scene]:
    told = cast.stories()
    newest = clock.now() - timedelta(hours=2)
    with pictures.ahead(pictures.PAINTERS) as painted:
        for age, (_slug, story) in reversed(list(enumerate(reversed(told)))):
            yield newest - timedelta(hours=age * HOURS_BETWEEN), partial(_publish, session, story, painted)


def _publish(session: Session, story: StoryFile, painted: filing.Pictures) -> None:
    author = _account(session, story.authors[0].handle)
    editor = _account(session, next(it.handle for it in cast.journalists() if "publish" in it.powers))
    article = desk.start(session, author, filing.draft_of(session, story, painted))
    desk.publish(session, article.id, editor)


@contextmanager
def _at(moment: datetime) -> Iterator[None]:
    """Do something as if it were ``moment``: a paper of one hour has no archive to look at."""
    before = clock.shift
    clock.shift += moment - clock.now()
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
            append_only.empty(session.connection(), table)
