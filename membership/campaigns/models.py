"""The tables of campaigns and pitches. Who pledged stands in the floor below, not here."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from commons.clock import now
from commons.db import Base, new_id


class Campaign(Base):
    """A goal in money and in people, until an instant derived from a named zone.

    A pitch is a campaign for one story (``kind``). ``touched`` counts the pledges that were taken: the
    statement that raises it also holds the row and the deadline. ``result`` is written once, at the end.
    ``closes_at`` is the end of the round that runs; ``second_closes_at`` and ``second_goal`` are for
    two rounds.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        Index("ix_campaign_state_closes_at", "state", "closes_at"),
        CheckConstraint("kind IN ('campaign', 'pitch')", name="kind"),
        CheckConstraint("scheme IN ('all_or_nothing', 'keep_it_all', 'two_rounds')", name="scheme"),
        CheckConstraint("goal_money > 0 AND goal_people >= 0", name="goal"),
        CheckConstraint(
            "state IN ('open', 'collecting', 'short', 'succeeded', 'ended', 'missed', 'cancelled',"
            " 'declined', 'returned')",
            name="state",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str]
    text: Mapped[str]
    language: Mapped[str]
    scheme: Mapped[str]
    currency: Mapped[str]
    goal_money: Mapped[int] = mapped_column(BigInteger)
    goal_people: Mapped[int] = mapped_column(default=0)
    zone: Mapped[str]
    closes_at: Mapped[datetime]
    second_goal: Mapped[int | None] = mapped_column(BigInteger)
    second_closes_at: Mapped[datetime | None]
    round: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(default="open")
    touched: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None]
    opened_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]
    choices_until: Mapped[datetime | None]
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("actor.id"), unique=True)
    post_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("post.id"))
    told_at: Mapped[datetime | None]
    told: Mapped[str] = mapped_column(default="")
    story_id: Mapped[uuid.UUID | None] = mapped_column(index=True)


class Stretch(Base):
    """What more money than the goal would make possible."""

    __tablename__ = "stretch"
    __table_args__ = (UniqueConstraint("campaign_id", "amount"), CheckConstraint("amount > 0", name="amount"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str]


class Reward(Base):
    """A thank-you from ``least`` on; ``places`` is empty where there are enough for all."""

    __tablename__ = "reward"
    __table_args__ = (
        CheckConstraint("least > 0", name="least"),
        CheckConstraint("places > 0", name="places"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), index=True)
    title: Mapped[str]
    least: Mapped[int] = mapped_column(BigInteger)
    places: Mapped[int | None]


class News(Base):
    """Something told to those who follow a campaign."""

    __tablename__ = "campaign_news"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), index=True)
    title: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
    post_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("post.id"))


class Decision(Base):
    """What the desk said to a pitch, on its merit: one word for each pitch, and why."""

    __tablename__ = "pitch_decision"
    __table_args__ = (CheckConstraint("verdict IN ('accepted', 'declined')", name="verdict"),)

    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    verdict: Mapped[str]
    reason: Mapped[str]
    by_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=now)


class Waiver(Base):
    """Two people of the books let a campaign go on with less than its goal; one proposes, one agrees."""

    __tablename__ = "campaign_waiver"

    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    reason: Mapped[str]
    proposed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    agreed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    agreed_at: Mapped[datetime | None]


class Choice(Base):
    """What a funder of a declined pitch wants: her money back, or given to another pitch.

    Without a word from her by ``choices_until`` of the campaign, it is paid back.
    """

    __tablename__ = "funder_choice"
    __table_args__ = (
        Index("ix_funder_choice_campaign_id_done_at", "campaign_id", "done_at"),
        CheckConstraint("choice IN ('refund', 'reassign')", name="choice"),
    )

    pledge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge.id"), primary_key=True)
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    choice: Mapped[str]
    to_campaign_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("campaign.id"))
    chosen_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]
