"""The tables of membership. A membership is neither an account nor money: it belongs to a party.

Events are only added. What a membership or a share is on any day is read from them.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from commons.clock import now
from commons.db import Base, new_id
from membership.money.models import Party

APPLIED, ACTIVE, LEAVING, ENDED, DECLINED = "applied", "active", "leaving", "ended", "declined"
READER, WORKER, SUPPORTER = "reader", "worker", "supporter"
LIVE = "state IN ('applied', 'active', 'leaving')"


class Membership(Base):
    """One party's membership, from its application to its end. A party has at most one that lives.

    ``joined_at`` and ``ended_at`` bound the time in which it counts; ``ended_at`` lies ahead while
    it is ``leaving``. ``number`` is its number in the register, from admission on.
    """

    __tablename__ = "membership"
    __table_args__ = (
        Index(
            "uq_membership_live",
            "party_id",
            unique=True,
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
        CheckConstraint("class IN ('reader', 'worker', 'supporter')", name="class"),
        CheckConstraint("state IN ('applied', 'active', 'leaving', 'ended', 'declined')", name="state"),
        CheckConstraint("state <> 'active' OR (joined_at IS NOT NULL AND number IS NOT NULL)", name="joined"),
        CheckConstraint("state <> 'leaving' OR ended_at IS NOT NULL", name="leaving"),
        Index("ix_membership_state_ended_at", "state", "ended_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    number: Mapped[int | None] = mapped_column(unique=True)
    class_: Mapped[str] = mapped_column("class", default=READER)
    state: Mapped[str] = mapped_column(default=APPLIED)
    applied_at: Mapped[datetime] = mapped_column(default=now)
    joined_at: Mapped[datetime | None]
    notice_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    party: Mapped[Party] = relationship(lazy="joined")


class MembershipEvent(Base):
    """What happened to a membership: ``apply``, ``admit``, ``decline``, ``class``, ``notice``, ``end``."""

    __tablename__ = "membership_event"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), index=True)
    kind: Mapped[str]
    class_: Mapped[str] = mapped_column("class")
    note: Mapped[str] = mapped_column(default="")
    effective_at: Mapped[datetime]
    at: Mapped[datetime] = mapped_column(default=now)
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))


class ShareEvent(Base):
    """One line of the share register. ``lot`` is a block of shares; it keeps its name when it changes hands.

    ``amount`` is money in minor units: the price of one share for ``subscribe``, what was paid in or out
    for ``pay`` and ``payout``, and what was called back for ``unpay``. ``other_id`` is the other side of
    a transfer.
    """

    __tablename__ = "share_event"
    __table_args__ = (
        Index(
            "uq_share_event_payment",
            "cause_kind",
            "cause_id",
            "lot",
            unique=True,
            sqlite_where=text("kind = 'pay'"),
            postgresql_where=text("kind = 'pay'"),
        ),
        CheckConstraint("shares >= 0", name="shares"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint(
            "kind IN ('subscribe', 'pay', 'unpay', 'approve', 'decline', 'give', 'take', 'notice', 'end',"
            " 'payout')",
            name="kind",
        ),
        Index("ix_share_event_membership_id_effective_on", "membership_id", "effective_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"))
    lot: Mapped[uuid.UUID] = mapped_column(index=True)
    kind: Mapped[str]
    shares: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str]
    effective_on: Mapped[date]
    at: Mapped[datetime] = mapped_column(default=now)
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    other_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("membership.id"))
    cause_kind: Mapped[str | None]
    cause_id: Mapped[uuid.UUID | None]


class RegisterEntry(Base):
    """Who a member was, for the register alone, after the person's data was erased.

    The law keeps name and address; the IBAN is where her share is paid back.
    """

    __tablename__ = "register_entry"

    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    name: Mapped[str]
    address: Mapped[str]
    iban: Mapped[str] = mapped_column(default="")
    keep_until: Mapped[date]


class AdoptedAccounts(Base):
    """The accounts of a financial year were adopted: only now may shares that ended in it be paid back."""

    __tablename__ = "adopted_accounts"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    adopted_on: Mapped[date]
    decided_in: Mapped[str]
    by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=now)


class PayoutProposal(Base):
    """Somebody wants a share paid back; a second person approves it, and then it is gone."""

    __tablename__ = "share_payout_proposal"

    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=now)


class StatuteChange(Base):
    """One setting of the statutes, from a day on. See ``statutes.Statutes``."""

    __tablename__ = "statute_change"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    value: Mapped[int]
    valid_from: Mapped[date]
    decided_in: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
