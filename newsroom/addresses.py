"""The readable addresses of stories: ``/section/slug``. One given once leads to its story for ever."""

import uuid
from itertools import count
from urllib.parse import urlsplit

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from newsroom.models import Article, PageAddress
from newsroom.sections import NO_SECTION

STORIES = "/stories/"


def path_of(article: Article) -> str:
    """Where the story stands: ``/harbour/the-last-ferry``."""
    return f"/{article.section.slug if article.section else NO_SECTION}/{article.slug}"


def url_of(article: Article) -> str:
    return settings().origin + path_of(article)


def id_of(article_id: uuid.UUID) -> str:
    """The ActivityPub id of a story. It never changes."""
    return f"{settings().origin}{STORIES}{article_id}"


def settle(session: Session, article: Article, wanted: str) -> None:
    """Give ``article`` the address of the slug ``wanted`` in its section, or the next free one beside it.

    Its earlier addresses go on leading to it. The primary key decides who was first.
    """
    for number in count(1):
        article.slug = wanted if number == 1 else f"{wanted[: limits.SLUG_CHARS - 7].rstrip('-')}-{number}"
        if _take(session, article):
            return


def _take(session: Session, article: Article) -> bool:
    path = path_of(article)
    try:
        with session.begin_nested():
            session.execute(insert(PageAddress).values(path=path, article_id=article.id, current=True))
    except IntegrityError:
        if leads_to(session, path) != article.id:
            return False
    its_own = update(PageAddress).where(PageAddress.article_id == article.id)
    session.execute(its_own.values(current=PageAddress.path == path))
    return True


def leads_to(session: Session, path: str) -> uuid.UUID | None:
    """The story to which ``path`` leads, or once led."""
    return session.scalar(select(PageAddress.article_id).where(PageAddress.path == path))


def find(session: Session, address: str) -> uuid.UUID:
    """The id of the story that ``address`` means: its ActivityPub id, its page, or the path of either."""
    origin = settings().origin
    if address.startswith(("http://", "https://")) and not address.startswith(origin + "/"):
        raise Refused(N_("%(address)s is not an address of this newsroom."), status=404, address=address)
    path = urlsplit(address).path.rstrip("/")
    found = _from_id(path.removeprefix(STORIES)) if path.startswith(STORIES) else leads_to(session, path)
    if found is None or session.get(Article, found) is None:
        raise Refused(N_("There is no story at %(address)s."), status=404, address=address)
    return found


def _from_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
