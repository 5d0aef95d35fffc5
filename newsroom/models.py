"""The tables of the newsroom. A published article has a Post, which federation keeps."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from commons.clock import now
from commons.db import Base, new_id
from federation.models import Actor


class Section(Base):
    """A part of the paper, with a ``Group`` actor to follow."""

    __tablename__ = "section"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[Actor] = relationship()


class Picture(Base):
    """An uploaded picture, re-encoded, with what a reader is owed about it."""

    __tablename__ = "picture"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str]
    small_key: Mapped[str]
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    blurhash: Mapped[str]
    alt: Mapped[str]
    credit: Mapped[str]
    licence: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Article(Base):
    """A story: its current text is the newest revision, its public text the published one."""

    __tablename__ = "article"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'published', 'retracted')", name="state"),
        Index("ix_article_state_published_at", "state", "published_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    section_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("section.id"), index=True)
    state: Mapped[str] = mapped_column(default="draft")
    slug: Mapped[str]
    post_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("post.id"), unique=True)
    draft_number: Mapped[int] = mapped_column(default=0)
    published_number: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    published_at: Mapped[datetime | None]
    section: Mapped[Section | None] = relationship()
    bylines: Mapped[list["Byline"]] = relationship(order_by="Byline.position", cascade="all, delete-orphan")


class Revision(Base):
    """One saved text of an article. Never changed; a new save is a new row."""

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("article_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    article_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("article.id"))
    number: Mapped[int]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    title: Mapped[str]
    summary: Mapped[str]
    body: Mapped[str]
    html: Mapped[str]
    language: Mapped[str]
    tags: Mapped[list[Any]]
    sources: Mapped[list[Any]]
    method: Mapped[str] = mapped_column(default="")
    content_warning: Mapped[str] = mapped_column(default="")
    picture_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("picture.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    picture: Mapped[Picture | None] = relationship()


class Byline(Base):
    """Who made the story, in order, and what each did."""

    __tablename__ = "byline"
    __table_args__ = (UniqueConstraint("article_id", "actor_id", "role"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    article_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("article.id"))
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"), index=True)
    role: Mapped[str]
    position: Mapped[int]
    actor: Mapped[Actor] = relationship()


class Tag(Base):
    """A word under which a published story is found; ``name`` is folded, as it stands in addresses."""

    __tablename__ = "tag"

    name: Mapped[str] = mapped_column(primary_key=True)
    article_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("article.id"), primary_key=True)


class PageAddress(Base):
    """A path that leads, or once led, to an article: ``/section/slug``. Never given to another."""

    __tablename__ = "page_address"

    path: Mapped[str] = mapped_column(primary_key=True)
    article_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("article.id"), index=True)
    current: Mapped[bool]


class Correction(Base):
    """A change to a published story that readers are told about. Append-only."""

    __tablename__ = "correction"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    article_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("article.id"), index=True)
    kind: Mapped[str]
    note: Mapped[str]
    before_number: Mapped[int]
    after_number: Mapped[int]
    by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
