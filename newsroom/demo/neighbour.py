"""How the neighbour newsroom comes to know the demo newsroom: over HTTP, as any server would."""

import time
from collections.abc import Callable
from itertools import cycle
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import outbound
from commons.db import database
from commons.language import N_
from commons.refusal import Refused
from federation import actors, follows, posts, reactions, vocabulary, webfinger
from federation.models import Actor, Follow, Post
from newsroom.demo import cast

PATIENCE_SECONDS = 300
Found = TypeVar("Found")


def meet(origin: str) -> bool:
    """Once both answer, follow the newsroom at ``origin``, read it and reply; False if that was done."""
    # Whoever is followed asks back for our keys: by then we must answer.
    _patiently(webfinger.look_at_ourselves)
    newsroom = _patiently(lambda: actors.fetch(f"{origin}/@{cast.script()['handle']}"))
    with database().reading() as session:
        if session.scalar(select(Follow.id).limit(1)) is not None:
            return False
    announced = _read(f"{newsroom.uri}/outbox?page=1")
    authors = {uri: actors.fetch(uri) for uri in {_author(story) for story in announced.values()}}
    with database().transaction() as session:
        paper = _follow(session, newsroom, authors)
        known = {uri: actors.store(session, author) for uri, author in authors.items()}
        for activity, story in announced.items():
            post = posts.receive(session, known[_author(story)], story)
            if post is not None:
                reactions.add(session, post, paper, "Announce", activity)
        _answer(session)
    return True


def _patiently(ask: Callable[[], Found]) -> Found:
    """What ``ask`` gives, once both newsrooms have started."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except (outbound.Unreachable, Refused) as error:
            if time.monotonic() > deadline:
                raise Refused(N_("The demo newsroom did not start.")) from error
            time.sleep(0.3)


def _read(outbox: str) -> dict[str, vocabulary.Object]:
    """The stories that a newsroom announced, by the id of the announcement, the oldest first."""
    page = actors.fetch_document(outbox, outbound.Budget(3))
    announced = {it["id"]: it["object"] for it in reversed(page["orderedItems"]) if it["type"] == "Announce"}
    return {activity: actors.fetch_document(uri, outbound.Budget(2)) for activity, uri in announced.items()}


def _author(story: vocabulary.Object) -> str:
    return vocabulary.ids_of(story["attributedTo"])[0]


def _follow(session: Session, newsroom: actors.RemoteActor, authors: dict[str, actors.RemoteActor]) -> Actor:
    paper = actors.store(session, newsroom)
    for player in cast.readers():
        follows.ask(session, _ours(session, player.handle), paper)
    first = _ours(session, cast.readers()[0].handle)
    follows.ask(session, first, actors.store(session, next(iter(authors.values()))))
    return paper


def _answer(session: Session) -> None:
    """The replies of the script; and each story is liked by one neighbour and boosted by the next."""
    stories = list(session.scalars(select(Post).where(Post.local.is_(False)).order_by(Post.published_at)))
    for reply in cast.replies():
        story = next(it for it in stories if it.url.endswith(f"/{reply.story}"))
        posts.reply(session, _ours(session, reply.handle), story, reply.text)
    handles = cycle(player.handle for player in cast.readers())
    for number, (story, handle) in enumerate(zip(stories, handles, strict=False)):
        reactions.react(session, _ours(session, handle), story, "Like" if number % 3 else "Announce")


def _ours(session: Session, handle: str) -> Actor:
    found = actors.local(session, handle)
    assert found is not None
    return found
