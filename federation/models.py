"""The tables of the middle floor: who speaks, what was said, and what is still to be sent.

Rows that must lead to something (``Received``, ``Activity``, ``Delivery``) carry a state;
work on them is claimed by a lease with a token and finished only by who holds the token.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from commons.clock import now
from commons.db import Base, new_id


class Actor(Base):
    """Someone on the fediverse: ours (``local``) or another server's."""

    __tablename__ = "actor"
    __table_args__ = (
        Index(
            "uq_actor_local_handle",
            "handle",
            unique=True,
            sqlite_where=text("local"),
            postgresql_where=text("local"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    uri: Mapped[str] = mapped_column(unique=True)
    local: Mapped[bool]
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"), unique=True)
    kind: Mapped[str]
    handle: Mapped[str]
    host: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    url: Mapped[str]
    icon: Mapped[str | None]
    inbox: Mapped[str]
    shared_inbox: Mapped[str | None]
    followers: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    fetched_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    keys: Mapped[list["Key"]] = relationship(back_populates="actor", cascade="all, delete-orphan")

    @property
    def mention(self) -> str:
        """``@handle@host``"""
        return f"@{self.handle}@{self.host}"


class Key(Base):
    """A public key of an actor; for our own, with the private key wrapped."""

    __tablename__ = "key"

    uri: Mapped[str] = mapped_column(primary_key=True)
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"), index=True)
    kind: Mapped[str]
    public: Mapped[str]
    private: Mapped[str | None]
    fetched_at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[Actor] = relationship(back_populates="keys")


class Follow(Base):
    """``follower`` wants, or has, what ``followed`` publishes. ``accepted_at`` makes it real."""

    __tablename__ = "follow"
    __table_args__ = (
        UniqueConstraint("follower_id", "followed_id"),
        Index("ix_follow_followed_id_accepted_at", "followed_id", "accepted_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    follower_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"))
    followed_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"))
    uri: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    accepted_at: Mapped[datetime | None]
    follower: Mapped[Actor] = relationship(foreign_keys=[follower_id])
    followed: Mapped[Actor] = relationship(foreign_keys=[followed_id])


class Post(Base):
    """Something said in public: a story of ours as it was published, or a note of another's.

    ``document`` holds the exact bytes that we serve at ``uri`` and sent to everyone.
    """

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_in_reply_to_id_published_at", "in_reply_to_id", "published_at"),
        Index("ix_post_author_id_published_at", "author_id", "published_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    uri: Mapped[str] = mapped_column(unique=True)
    local: Mapped[bool]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"))
    kind: Mapped[str]
    url: Mapped[str]
    name: Mapped[str | None]
    summary: Mapped[str | None]
    content: Mapped[str] = mapped_column(default="")
    language: Mapped[str | None]
    in_reply_to: Mapped[str | None] = mapped_column(index=True)
    in_reply_to_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("post.id"))
    document: Mapped[bytes | None]
    published_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(default=now)
    gone_at: Mapped[datetime | None]
    author: Mapped[Actor] = relationship()


class Reaction(Base):
    """A like or a boost (``kind`` is ``Like`` or ``Announce``): one of a kind for each actor and post."""

    __tablename__ = "reaction"
    __table_args__ = (UniqueConstraint("post_id", "actor_id", "kind"), Index("ix_reaction_uri", "uri"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    post_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("post.id"))
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"))
    kind: Mapped[str]
    uri: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[Actor] = relationship()
    post: Mapped[Post] = relationship()


class Grave(Base):
    """An address that was deleted, so that what arrives late does not bring it back."""

    __tablename__ = "grave"

    uri: Mapped[str] = mapped_column(primary_key=True)
    actor_uri: Mapped[str]
    dug_at: Mapped[datetime] = mapped_column(default=now)


class Block(Base):
    """A host (with its port, where it is not the default) with which we do not speak."""

    __tablename__ = "block"

    host: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Received(Base):
    """An activity that came in, verified; its meaning is applied by a worker, once."""

    __tablename__ = "received"
    __table_args__ = (
        UniqueConstraint("actor_uri", "uri"),
        Index("ix_received_state_next_try", "state", "next_try"),
        CheckConstraint("state IN ('due', 'done', 'ignored', 'failed')", name="state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    actor_uri: Mapped[str]
    uri: Mapped[str]
    kind: Mapped[str]
    body: Mapped[bytes]
    received_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[str] = mapped_column(default="due")
    outcome: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[datetime] = mapped_column(default=now)
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]


class Activity(Base):
    """Something an actor of ours did; exactly these bytes go to every inbox.

    ``audience`` says whom: ``{"followers": [actor ids], "but_not": [actor ids], "inboxes": [addresses],
    "reached": the address of an object, for everyone who was sent anything about it,
    "reached_by": an actor id, for everyone who was sent anything by it or about what it said}``.
    ``fanned_out_at`` is empty until there is a delivery row for each inbox.
    """

    __tablename__ = "activity"
    __table_args__ = (
        Index(
            "ix_activity_waiting",
            "created_at",
            sqlite_where=text("fanned_out_at IS NULL"),
            postgresql_where=text("fanned_out_at IS NULL"),
        ),
        Index("ix_activity_actor_id_created_at", "actor_id", "created_at"),
        Index("ix_activity_object_uri", "object_uri"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    uri: Mapped[str] = mapped_column(unique=True)
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"))
    kind: Mapped[str]
    object_uri: Mapped[str]
    document: Mapped[bytes]
    audience: Mapped[dict[str, Any]]
    public: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)
    fanned_out_at: Mapped[datetime | None]
    actor: Mapped[Actor] = relationship()


class Delivery(Base):
    """One activity to one inbox. ``due`` includes what waits to be tried again.

    ``recheck`` asks for a look at who is behind an inbox that answered 410.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("activity_id", "inbox"),
        Index(
            "ix_delivery_due",
            "next_try",
            "id",
            sqlite_where=text("state = 'due'"),
            postgresql_where=text("state = 'due'"),
        ),
        Index(
            "ix_delivery_recheck",
            "recheck",
            sqlite_where=text("recheck"),
            postgresql_where=text("recheck"),
        ),
        Index("ix_delivery_object_uri_inbox", "object_uri", "inbox"),
        CheckConstraint("state IN ('due', 'sent', 'failed', 'gave_up')", name="state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("activity.id"))
    inbox: Mapped[str]
    host: Mapped[str] = mapped_column(index=True)
    object_uri: Mapped[str]
    state: Mapped[str] = mapped_column(default="due")
    tries: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[datetime] = mapped_column(default=now)
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    recheck: Mapped[bool] = mapped_column(default=False)
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    activity: Mapped[Activity] = relationship()


class Peer(Base):
    """What we know of another host: how it wants signatures, and whether it answers."""

    __tablename__ = "peer"

    host: Mapped[str] = mapped_column(primary_key=True)
    dialect: Mapped[str] = mapped_column(default="cavage")
    fails: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[datetime | None]
    failing_days: Mapped[int] = mapped_column(default=0)
    last_failing_day: Mapped[date | None]
    last_ok: Mapped[datetime | None]
