"""The board's tables: who sits and by what right, who acts for a seat, meetings, petitions for recall.

A seat is never changed into another: whoever fills a seat that fell vacant gets one of her own, which
``follows`` it and ends when its term would have.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commons import limits
from commons.clock import now
from commons.db import Base, new_id

COUNT, COUNTBACK, COOPTION = "count", "countback", "co-option"
TERM, RESIGNED, RECALLED, LEFT = "term", "resigned", "recalled", "left"
DUE, OFFERED, OPEN, FILLED, OVER = "due", "offered", "open", "filled", "over"
SIGNING, REACHED, CALLED, CARRIED, FAILED, LAPSED = (
    "signing",
    "reached",
    "called",
    "carried",
    "failed",
    "lapsed",
)
PRESENT, EXCUSED, ABSENT = "present", "excused", "absent"


class Seat(Base):
    """One person's seat for one term. ``account_id`` is who holds its powers, None until she took them up.

    ``ends_at`` is the end of the term; ``ended_at`` when it really ended, noted by a job or at once where
    it ended early. ``candidacy_id`` is None for who was co-opted. ``place`` is the order of election.
    """

    __tablename__ = "board_seat"
    __table_args__ = (
        UniqueConstraint("election_id", "candidacy_id"),
        CheckConstraint("how IN ('count', 'countback', 'co-option')", name="how"),
        CheckConstraint("ended_because IN ('term', 'resigned', 'recalled', 'left')", name="ended_because"),
        CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="ended"),
        Index("ix_board_seat_ends_at", "ends_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    election_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("election.id"))
    candidacy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("election_candidacy.id"))
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), index=True)
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str]
    how: Mapped[str] = mapped_column(default=COUNT)
    place: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]
    follows_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("board_seat.id"), unique=True)

    @property
    def last_moment(self) -> datetime:
        """Within the last day of the term: ``ends_at`` is the midnight after it."""
        return self.ends_at - timedelta(seconds=1)


class Deputy(Base):
    """Somebody whom a seat lets write, edit or publish, at most until its own term is over.

    ``slot`` numbers the deputies that a seat has at one time, so that the constraint is the cap.
    """

    __tablename__ = "board_deputy"
    __table_args__ = (
        Index(
            "uq_board_deputy_slot",
            "seat_id",
            "slot",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_board_deputy_account",
            "seat_id",
            "account_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("power IN ('write', 'edit', 'publish')", name="power"),
        CheckConstraint(f"slot BETWEEN 1 AND {limits.DEPUTIES_PER_SEAT}", name="slot"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    seat_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_seat.id"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    power: Mapped[str]
    slot: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def last_moment(self) -> datetime:
        """Within her last day, as for a seat."""
        return self.ends_at - timedelta(seconds=1)


class Vacancy(Base):
    """A seat that is empty before ``until``, the end of the term that was elected.

    ``due``: the ballots are to be counted again. ``offered``: somebody is asked. ``open``: no ballots can
    fill it, so the board may co-opt once, or the next election fills it. Then ``filled``, or ``over``.
    """

    __tablename__ = "board_vacancy"
    __table_args__ = (
        CheckConstraint("state IN ('due', 'offered', 'open', 'filled', 'over')", name="state"),
        Index("ix_board_vacancy_state", "state"),
    )

    seat_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_seat.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default=DUE)
    opened_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime]

    @property
    def last_moment(self) -> datetime:
        """Within the last day of the term, as for a seat."""
        return self.until - timedelta(seconds=1)


class Offer(Base):
    """A vacant seat offered to whom the countback found. ``record`` is that count, stage by stage."""

    __tablename__ = "board_offer"
    __table_args__ = (
        UniqueConstraint("seat_id", "candidacy_id"),
        Index(
            "uq_board_offer_open",
            "seat_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
        CheckConstraint("(answered_at IS NULL) = (accepted IS NULL)", name="answer"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    seat_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_vacancy.seat_id"))
    candidacy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election_candidacy.id"))
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), index=True)
    name: Mapped[str]
    record: Mapped[dict[str, Any]]
    made_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]


class Cooption(Base):
    """The board's proposal to co-opt a member into a vacant seat."""

    __tablename__ = "board_cooption"
    __table_args__ = (UniqueConstraint("seat_id", "membership_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    seat_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_vacancy.seat_id"))
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), index=True)
    name: Mapped[str]
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    consented_at: Mapped[datetime | None]


class CooptionVoice(Base):
    """A sitting member agrees to a co-option, once."""

    __tablename__ = "board_cooption_voice"

    cooption_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_cooption.id"), primary_key=True)
    seat_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_seat.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class Meeting(Base):
    """A meeting of the board, as a member of it recorded it. Rows are only added."""

    __tablename__ = "board_meeting"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    held_at: Mapped[datetime] = mapped_column(index=True)
    title: Mapped[str]
    place: Mapped[str] = mapped_column(default="")
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_seat.id"))
    recorded_at: Mapped[datetime] = mapped_column(default=now)


class Attendance(Base):
    """Whether one who sat was at a meeting."""

    __tablename__ = "board_attendance"
    __table_args__ = (CheckConstraint("attended IN ('present', 'excused', 'absent')", name="attended"),)

    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_meeting.id"), primary_key=True)
    seat_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_seat.id"), primary_key=True)
    attended: Mapped[str]


class Decision(Base):
    """What a meeting decided, with the votes. One that was recorded wrongly is followed by another."""

    __tablename__ = "board_decision"
    __table_args__ = (
        UniqueConstraint("meeting_id", "number"),
        CheckConstraint("yes >= 0 AND no >= 0 AND abstained >= 0", name="votes"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_meeting.id"))
    number: Mapped[int]
    text: Mapped[str]
    yes: Mapped[int]
    no: Mapped[int]
    abstained: Mapped[int]
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_seat.id"))
    recorded_at: Mapped[datetime] = mapped_column(default=now)


class Petition(Base):
    """Members ask to recall somebody from the board. At most one lives for a seat.

    ``signing`` until enough signed (``reached``) or ``until`` is over (``lapsed``); ``called`` while all
    members vote in ``election_id``; then ``carried`` or ``failed``.
    """

    __tablename__ = "board_petition"
    __table_args__ = (
        Index(
            "uq_board_petition_live",
            "seat_id",
            unique=True,
            sqlite_where=text("state IN ('signing', 'reached', 'called')"),
            postgresql_where=text("state IN ('signing', 'reached', 'called')"),
        ),
        CheckConstraint(
            "state IN ('signing', 'reached', 'called', 'carried', 'failed', 'lapsed')", name="state"
        ),
        CheckConstraint("state NOT IN ('called') OR election_id IS NOT NULL", name="called"),
        Index("ix_board_petition_state", "state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    seat_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_seat.id"))
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default=SIGNING)
    opened_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    election_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("election.id"))


class Signature(Base):
    """A member signed a petition: once, and without a time. Who signed is on no page."""

    __tablename__ = "board_signature"

    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("board_petition.id"), primary_key=True)
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), primary_key=True)
