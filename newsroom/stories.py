"""Published stories as pages and feeds read them: few queries, however many stories."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session, contains_eager, defer, joinedload, selectinload

from commons import limits, storage
from federation.models import Actor
from newsroom import addresses
from newsroom.charter import PUBLISHED
from newsroom.models import Article, Byline, Correction, Picture, Revision, Section, Tag


@dataclass(frozen=True)
class Maker:
    """Who took part in a story, and in which roles."""

    name: str
    url: str
    mention: str
    roles: tuple[str, ...]
    picture: str | None


@dataclass(frozen=True)
class Image:
    """A file to show; sizes in pixels."""

    url: str
    width: int
    height: int


def _portrait(actor: Actor) -> str | None:
    """The picture of one of ours, where it is kept here: no page of ours shows one from elsewhere."""
    return actor.icon if actor.icon and actor.icon.startswith(storage.address()) else None


@dataclass(frozen=True)
class Story:
    """An article with the text that the public reads (on a card: without body and HTML)."""

    article: Article
    revision: Revision

    @property
    def people(self) -> list[Maker]:
        """Everybody in the byline once, in order."""
        roles: dict[uuid.UUID, list[str]] = {}
        for byline in self.article.bylines:
            roles.setdefault(byline.actor_id, []).append(byline.role)
        who = {byline.actor_id: byline.actor for byline in self.article.bylines}
        return [
            Maker(who[id_].name, who[id_].url, who[id_].mention, tuple(done), _portrait(who[id_]))
            for id_, done in roles.items()
        ]

    @property
    def section(self) -> Section | None:
        return self.article.section

    @property
    def image(self) -> Image | None:
        """The lead picture as large as it is kept."""
        picture = self.revision.picture
        return Image(storage.url(picture.key), picture.width, picture.height) if picture is not None else None

    @property
    def thumbnail(self) -> Image | None:
        """The lead picture for a card."""
        picture = self.revision.picture
        if picture is None:
            return None
        widest, highest = limits.SMALL_PICTURE
        scale = min(1, widest / picture.width, highest / picture.height)
        return Image(
            storage.url(picture.small_key), round(picture.width * scale), round(picture.height * scale)
        )

    @property
    def path(self) -> str:
        return addresses.path_of(self.article)

    @property
    def url(self) -> str:
        return addresses.url_of(self.article)

    @property
    def id(self) -> str:
        return addresses.id_of(self.article.id)

    @property
    def picture(self) -> Picture | None:
        return self.revision.picture

    @property
    def published_at(self) -> datetime:
        moment = self.article.published_at
        assert moment is not None
        return moment


_Rows = Select[Article, Revision]


def _published() -> _Rows:
    """Every story that was put out, with its public revision; retracted ones too."""
    return (
        select(Article, Revision)
        .join(Revision, (Revision.article_id == Article.id) & (Revision.number == Article.published_number))
        .outerjoin(Article.section)
        .options(
            contains_eager(Article.section),
            selectinload(Article.bylines).joinedload(Byline.actor),
            joinedload(Revision.picture),
        )
    )


def _listed() -> _Rows:
    """Stories for lists: those that stand, newest first, without their text."""
    return (
        _published()
        .where(Article.state == PUBLISHED)
        .order_by(Article.published_at.desc(), Article.id.desc())
        .options(defer(Revision.body), defer(Revision.html))
    )


def _all(session: Session, rows: _Rows) -> list[Story]:
    return [Story(article, revision) for article, revision in session.execute(rows)]


def one(session: Session, article_id: uuid.UUID) -> Story | None:
    """The story with its text, if it was ever published; look at ``article.state``."""
    return next(iter(_all(session, _published().where(Article.id == article_id))), None)


def newest(
    session: Session,
    count: int,
    *,
    section: Section | None = None,
    author_id: uuid.UUID | None = None,
    tag: str | None = None,
    before: uuid.UUID | None = None,
) -> list[Story]:
    """The newest stories, of a section, an author or under a tag, older than the story ``before``."""
    rows = _listed()
    if section is not None:
        rows = rows.where(Article.section_id == section.id)
    if author_id is not None:
        rows = rows.where(Article.id.in_(select(Byline.article_id).where(Byline.actor_id == author_id)))
    if tag is not None:
        rows = rows.where(Article.id.in_(select(Tag.article_id).where(Tag.name == tag)))
    last = session.get(Article, before) if before is not None else None
    if last is not None and last.published_at is not None:
        rows = rows.where(tuple_(Article.published_at, Article.id) < (last.published_at, last.id))
    return _all(session, rows.limit(count))


def full(session: Session, count: int, section: Section | None = None) -> list[Story]:
    """The newest stories with their texts, for feeds."""
    rows = (
        _published()
        .where(Article.state == PUBLISHED)
        .order_by(Article.published_at.desc(), Article.id.desc())
    )
    if section is not None:
        rows = rows.where(Article.section_id == section.id)
    return _all(session, rows.limit(count))


def by_section(
    session: Session, each: int, but_not: Iterable[uuid.UUID] = ()
) -> dict[uuid.UUID | None, list[Story]]:
    """The newest ``each`` stories of every section (key None: of no section), without those ``but_not``."""
    place = func.row_number().over(
        partition_by=Article.section_id, order_by=(Article.published_at.desc(), Article.id.desc())
    )
    numbered = (
        select(Article.id, place.label("place"))
        .where(Article.state == PUBLISHED, Article.id.not_in(list(but_not)))
        .subquery()
    )
    found: dict[uuid.UUID | None, list[Story]] = {}
    chosen = select(numbered.c.id).where(numbered.c.place <= each)
    for story in _all(session, _listed().where(Article.id.in_(chosen))):
        found.setdefault(story.article.section_id, []).append(story)
    return found


def corrections(session: Session, article_id: uuid.UUID) -> list[Correction]:
    """What readers were told of later changes, in order."""
    return list(
        session.scalars(
            select(Correction)
            .where(Correction.article_id == article_id)
            .order_by(Correction.created_at, Correction.id)
        )
    )


def numbered(session: Session, article_id: uuid.UUID, numbers: Sequence[int]) -> dict[int, Revision]:
    """Some revisions of a story by their numbers."""
    found = session.scalars(
        select(Revision).where(Revision.article_id == article_id, Revision.number.in_(numbers))
    )
    return {revision.number: revision for revision in found}


def revision(session: Session, article: Article, number: int) -> Revision | None:
    return session.scalar(
        select(Revision)
        .where(Revision.article_id == article.id, Revision.number == number)
        .options(joinedload(Revision.picture))
    )


def revisions(session: Session, article: Article) -> list[Revision]:
    """Every saved text, newest first, without the text itself."""
    return list(
        session.scalars(
            select(Revision)
            .where(Revision.article_id == article.id)
            .order_by(Revision.number.desc())
            .options(defer(Revision.body), defer(Revision.html))
        )
    )


def on_desk(session: Session, owner_id: uuid.UUID | None, count: int) -> list[tuple[Article, str]]:
    """Stories in work with their titles, last changed first; ``owner_id`` None: everybody's."""
    rows = (
        select(Article, Revision.title)
        .join(Revision, (Revision.article_id == Article.id) & (Revision.number == Article.draft_number))
        .options(joinedload(Article.section), selectinload(Article.bylines).joinedload(Byline.actor))
        .order_by(Article.changed_at.desc())
        .limit(count)
    )
    if owner_id is not None:
        rows = rows.where(Article.owner_id == owner_id)
    return [(article, title) for article, title in session.execute(rows)]


def map_of_site(session: Session, count: int) -> list[tuple[str, datetime]]:
    """Page and last change of the newest stories, for the sitemap."""
    rows = (
        select(Article)
        .where(Article.state == PUBLISHED)
        .order_by(Article.published_at.desc())
        .limit(count)
        .options(joinedload(Article.section))
    )
    return [(addresses.url_of(article), article.changed_at) for article in session.scalars(rows)]
