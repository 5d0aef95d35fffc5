"""A newsroom with fifty followers (and two dead ones), whose processes are about to be killed."""

import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from commons import minutes
from federation import actors
from federation.models import Activity, Actor, Delivery, Post
from newsroom.charter import DRAFT, PUBLISHED
from newsroom.models import Article
from tests.services import sink as sinks
from tests.services.instance import Instance, until
from tests.services.visitor import Visitor

AUTHORS = 30  # the first so many inboxes follow the author, the last so many the newsroom
FOLLOWERS = 50
DEAD = ("http://127.0.0.252:1/inbox", "http://127.0.0.253:1/inbox")  # nobody has ever answered there
DRAIN_SECONDS = 90
ANSWER_SECONDS = 0.01  # long enough that a kill finds deliveries under way


@dataclass
class House:
    """``ledger`` holds each story whose button was pressed, and whether she heard that it is out.
    ``queue`` is the queue server, where it is not the newsroom's own.
    """

    newsroom: Instance
    sink: sinks.Sink
    queue: "subprocess.Popen[bytes] | None" = None
    ledger: dict[str, bool] = field(default_factory=dict)

    @property
    def inboxes(self) -> list[str]:
        return self.sink.inboxes(FOLLOWERS)

    def settle_in(self) -> None:
        """An author, and her followers and the newsroom's; some are both."""
        self.newsroom.hire("maria")
        with self.newsroom.database() as database, database.transaction() as session:
            sinks.follow(session, _ours(session, "maria"), [*DEAD, *self.inboxes[:AUTHORS]])
            sinks.follow(session, _ours(session, "newsroom"), self.inboxes[-AUTHORS:])
        self.author = Visitor(self.newsroom).sign_in("maria")

    def draft(self, title: str) -> str:
        """A story that waits to be published: the page with the button."""
        return self.author.draft(title)

    def press(self, page: str) -> bool:
        """Press the button; whether an answer came back, which the ledger keeps."""
        story = self.newsroom.origin + page.removeprefix("/studio").removesuffix("/publish")
        self.ledger[story] = False
        try:
            status, _where = self.author.post(page, {})
            self.ledger[story] = status == 303
        except (OSError, HTTPException, AssertionError):
            pass  # whoever answers was killed: nobody was told anything
        return self.ledger[story]

    @contextmanager
    def pressing(self, page: str) -> Iterator[None]:
        """Press the button meanwhile."""
        thread = threading.Thread(target=self.press, args=(page,))
        thread.start()
        yield
        thread.join()

    def publish(self, title: str) -> str:
        """Publish with nobody being killed meanwhile; the story's id."""
        assert self.press(self.draft(title)), self.newsroom.log()
        return list(self.ledger)[-1]

    # What must hold in the end

    def drain(self) -> None:
        """Wait until every inbox has what is out, as it must."""
        until(lambda: not self._missing(), DRAIN_SECONDS, lambda: f"{self._missing()}\n{self.newsroom.log()}")

    def audit(self) -> None:
        """Nothing lost, nothing halved, one effect for each reader, every chain and page whole."""
        with self.newsroom.database() as database, database.reading() as session:
            for story, acknowledged in self.ledger.items():
                self._check_story(session, story, acknowledged)
            assert set(session.scalars(_unsent())) == set(DEAD)
            assert minutes.verify(session) is None
            if session.get_bind().dialect.name == "sqlite":
                assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        for number, inbox in enumerate(self.inboxes):
            kind = "Create" if number < AUTHORS else "Announce"
            assert self.sink.effects(inbox) == {f"{kind} {story}": 1 for story in self.out}

    @property
    def out(self) -> list[str]:
        """The stories that are published, whether or not their author was told."""
        with self.newsroom.database() as database, database.reading() as session:
            return list(session.scalars(select(Post.uri).where(Post.local).order_by(Post.uri)))

    def _check_story(self, session: Session, story: str, acknowledged: bool) -> None:
        post = session.scalar(select(Post).where(Post.uri == story))
        article = session.scalars(select(Article).where(Article.id == _id(story))).one()
        done = sorted(session.scalars(select(Activity.kind).where(Activity.object_uri == story)))
        if post is None:
            assert not acknowledged, f"{story} was acknowledged and is lost"
            assert (article.state, article.post_id, done) == (DRAFT, None, [])
            return
        assert (article.state, article.post_id, done) == (PUBLISHED, post.id, ["Announce", "Create"])
        for activity in session.scalars(select(Activity).where(Activity.object_uri == story)):
            assert self.sink.bodies(activity.uri) == {activity.document}

    def _missing(self) -> dict[str, set[str]]:
        """By activity, the inboxes that still wait for it."""
        with self.newsroom.database() as database, database.reading() as session:
            rows = session.execute(select(Activity.uri, Activity.kind)).all()
            left = set(session.scalars(_unsent())) - set(DEAD)
        wanted = {uri: self._meant(kind) - self.sink.got(uri) for uri, kind in rows}
        unwritten = {"rows not yet written": left}
        return {uri: inboxes for uri, inboxes in (wanted | unwritten).items() if inboxes}

    def _meant(self, kind: str) -> set[str]:
        meant = {"Create": self.inboxes[:AUTHORS], "Announce": self.inboxes[AUTHORS:]}
        return set(meant.get(kind, ()))


def _unsent() -> Select[str]:
    return select(Delivery.inbox).where(Delivery.state != "sent")


def _ours(session: Session, handle: str) -> Actor:
    found = actors.local(session, handle)
    assert found is not None
    return found


def _id(story: str) -> uuid.UUID:
    return uuid.UUID(story.rpartition("/")[2])
