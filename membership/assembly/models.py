"""The tables of the assembly: meetings, motions, and who supports them. How anybody voted is not here."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from commons.clock import now
from commons.db import Base, new_id

CALLED, HELD, CANCELLED = "called", "held", "cancelled"
OPINION, STATUTE, SURPLUS = "opinion", "statute", "surplus"
PROPOSED, PUT, CARRIED, FAILED, WITHDRAWN = "proposed", "put", "carried", "failed", "withdrawn"


class Assembly(Base):
    """A meeting of the members. ``place`` is an address or a link, ``zone`` that of ``starts_at``.

    ``record`` is what was said and decided, written afterwards; ``present`` how many members were there.
    """

    __tablename__ = "assembly"
    __table_args__ = (
        CheckConstraint("state IN ('called', 'held', 'cancelled')", name="state"),
        CheckConstraint("present >= 0", name="present"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str]
    invitation: Mapped[str]
    place: Mapped[str]
    starts_at: Mapped[datetime]
    zone: Mapped[str]
    state: Mapped[str] = mapped_column(default=CALLED)
    called_at: Mapped[datetime] = mapped_column(default=now)
    record: Mapped[str] = mapped_column(default="")
    present: Mapped[int | None]
    recorded_at: Mapped[datetime | None]


class Motion(Base):
    """Something that members decide, and what follows by itself if they say yes.

    ``kind``: ``opinion`` (nothing follows by itself), ``statute`` (``statute_name`` becomes
    ``statute_value`` from ``valid_from`` on), ``surplus`` (the treasurer's proposal ``surplus_id`` is
    booked). ``proposer_id`` is the member who moved it; no page shows it. ``election_id`` is the vote,
    ``put_by_id`` the officer who called it. ``hindrance``: why a carried motion could not be carried out, or
    why the vote on one that is proposed again was void.
    """

    __tablename__ = "motion"
    __table_args__ = (
        CheckConstraint("kind IN ('opinion', 'statute', 'surplus')", name="kind"),
        CheckConstraint("state IN ('proposed', 'put', 'carried', 'failed', 'withdrawn')", name="state"),
        CheckConstraint("(kind = 'statute') = (statute_name IS NOT NULL)", name="statute"),
        CheckConstraint("(kind = 'surplus') = (surplus_id IS NOT NULL)", name="surplus"),
        CheckConstraint("state IN ('proposed', 'withdrawn') OR election_id IS NOT NULL", name="put"),
        Index(
            "uq_motion_surplus",
            "surplus_id",
            unique=True,
            sqlite_where=text("state <> 'withdrawn'"),
            postgresql_where=text("state <> 'withdrawn'"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    assembly_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("assembly.id"), index=True)
    kind: Mapped[str] = mapped_column(default=OPINION)
    title: Mapped[str]
    reasons: Mapped[str]
    proposer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"))
    statute_name: Mapped[str | None]
    statute_value: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[date | None]
    surplus_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("surplus.id"))
    state: Mapped[str] = mapped_column(default=PROPOSED)
    election_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("election.id"), unique=True)
    put_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]
    hindrance: Mapped[str] = mapped_column(default="")


class MotionSupport(Base):
    """A member who wants the motion to be voted on: once, by the key."""

    __tablename__ = "motion_support"

    motion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("motion.id"), primary_key=True)
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), primary_key=True)
