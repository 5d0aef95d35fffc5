"""The tables of promises to pay. Events are only added; what is due is a row with a state."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from commons.clock import now
from commons.db import Base, new_id

RUNNING = "rhythm <> 'once' AND purpose = 'support' AND state IN ('promised', 'active', 'late', 'paused')"


class Pledge(Base):
    """What a party promised: how much, how often, and for what.

    ``purpose`` is ``support``, ``campaign`` (then ``campaign_id`` and the ledger's ``account``), ``gift``
    or ``seats`` (then ``quantity``). ``returned`` of what was paid went back. ``once`` is the form's own
    token: sending a form twice makes one pledge. One party has at most one running pledge of support.
    Money that comes after ``pay_by`` is credit. ``asked_at``: when the payer was asked what to do with
    her money after a pitch was declined.
    """

    __tablename__ = "pledge"
    __table_args__ = (
        Index(
            "uq_pledge_running",
            "party_id",
            unique=True,
            sqlite_where=text(RUNNING),
            postgresql_where=text(RUNNING),
        ),
        Index("ix_pledge_campaign_id_state", "campaign_id", "state"),
        Index("ix_pledge_party_id", "party_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("rhythm IN ('once', 'monthly', 'yearly')", name="rhythm"),
        CheckConstraint("purpose IN ('support', 'campaign', 'gift', 'seats')", name="purpose"),
        CheckConstraint(
            "state IN ('promised', 'charging', 'active', 'late', 'paused', 'fulfilled', 'failed', 'stopped',"
            " 'lapsed', 'withdrawn', 'released', 'refunded')",
            name="state",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(unique=True)
    once: Mapped[str] = mapped_column(unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    purpose: Mapped[str]
    quantity: Mapped[int] = mapped_column(default=1)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    returned: Mapped[int] = mapped_column(BigInteger, default=0)
    rhythm: Mapped[str]
    state: Mapped[str] = mapped_column(default="promised")
    provider: Mapped[str]
    account: Mapped[str] = mapped_column(default="")
    campaign_id: Mapped[uuid.UUID | None]
    reward_id: Mapped[uuid.UUID | None]
    pay_by: Mapped[datetime | None]
    anchor: Mapped[date]
    months_asked: Mapped[int] = mapped_column(default=0)
    next_on: Mapped[date | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]


class PledgeEvent(Base):
    """What happened to a pledge, only added to, and who did it: the ``payer`` or the ``clock``."""

    __tablename__ = "pledge_event"
    __table_args__ = (UniqueConstraint("pledge_id", "seq"), {"info": {"append_only": True}})

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    pledge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge.id"))
    seq: Mapped[int]
    kind: Mapped[str]
    by: Mapped[str]
    values: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=now)


class Instalment(Base):
    """One payment that a pledge asks for. ``period`` is the day it is for; each is asked for once.

    ``due`` waits for ``next_try``; ``charging`` waits for its charge to be paid or to fail.
    """

    __tablename__ = "instalment"
    __table_args__ = (
        UniqueConstraint("pledge_id", "period"),
        Index("ix_instalment_state_next_try", "state", "next_try"),
        CheckConstraint("state IN ('due', 'charging', 'paid', 'failed', 'dropped')", name="state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    pledge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge.id"))
    period: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default="due")
    tries: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[datetime] = mapped_column(default=now)
    first_failed_at: Mapped[datetime | None]
    charge_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    paid_at: Mapped[datetime | None]
    pledge: Mapped[Pledge] = relationship()


class Gift(Base):
    """A year given to somebody else: whoever has the code may take it, once."""

    __tablename__ = "gift"
    __table_args__ = (UniqueConstraint("pledge_id", "ordinal"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    pledge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge.id"))
    ordinal: Mapped[int]
    code_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    redeemed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    void_at: Mapped[datetime | None]


class SeatsPaid(Base):
    """Seats that a payment put into the pot. Nothing links them to those who take them."""

    __tablename__ = "seats_paid"

    instalment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("instalment.id"), primary_key=True)
    seats: Mapped[int]
    price: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    paid_at: Mapped[datetime] = mapped_column(default=now)


class SeatTaken(Base):
    """The seat with this running number, taken from the pot; one for each party and year."""

    __tablename__ = "seat_taken"
    __table_args__ = (UniqueConstraint("party_id", "year"),)

    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    year: Mapped[int]
    taken_at: Mapped[datetime] = mapped_column(default=now)


class Cover(Base):
    """A year of a party that somebody else paid for: by a ``gift`` or a ``seat`` from the pot."""

    __tablename__ = "cover"
    __table_args__ = (UniqueConstraint("kind", "cause_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    kind: Mapped[str]
    cause_id: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class Withdrawal(Base):
    """A consumer's declaration that she withdraws from a contract, as it came in.

    ``party_id`` is a party of its own with the name and address given, for nobody proved who wrote;
    ``pledge_id`` is empty where it names no pledge that we know: a treasurer then looks at it.
    """

    __tablename__ = "withdrawal"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    once: Mapped[str] = mapped_column(unique=True)
    received_at: Mapped[datetime] = mapped_column(default=now)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    contract: Mapped[str]
    pledge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("pledge.id"), index=True)
    state: Mapped[str]


class Cancellation(Base):
    """Somebody's declaration that she cancels what she pays regularly, as it came in.

    As with a withdrawal, ``party_id`` is a party of its own, and without ``pledge_id`` a treasurer looks
    at it. ``ends_on``: the day that was named; None for as soon as possible.
    """

    __tablename__ = "cancellation"
    __table_args__ = (
        CheckConstraint("kind IN ('ordinary', 'important')", name="kind"),
        CheckConstraint("state IN ('effective', 'planned', 'open', 'done')", name="state"),
        Index("ix_cancellation_state", "state", "ends_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    once: Mapped[str] = mapped_column(unique=True)
    received_at: Mapped[datetime] = mapped_column(default=now)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    contract: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    ends_on: Mapped[date | None]
    pledge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("pledge.id"), index=True)
    state: Mapped[str]
