"""The words under which stories are found, here and on other servers: ``#water``, ``/tags/water``."""

from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.orm import Session

from federation.posts import fold_tag
from newsroom.models import Article, Tag


def settle(session: Session, article: Article, words: Iterable[str]) -> None:
    """Let the story be found under these words and no others."""
    session.execute(delete(Tag).where(Tag.article_id == article.id))
    session.add_all(Tag(name=name, article_id=article.id) for name in {fold_tag(word) for word in words})
    session.flush()
