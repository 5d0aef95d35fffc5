"""The tables of payments.

A ``Charge`` is one attempt to get one amount; whatever must follow is a state and a ``due_at``.
Amounts are integer minor units. What identifies a person stands beside receipts and bank lines,
so that it can be erased.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from commons.clock import now
from commons.db import Base, new_id
from membership.money.models import Party


class Mandate(Base):
    """A party's leave to charge it without asking again. Only an ``active`` one may be used."""

    __tablename__ = "mandate"
    __table_args__ = (UniqueConstraint("provider", "reference"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token: Mapped[str] = mapped_column(unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    provider: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    customer: Mapped[str | None]
    reference: Mapped[str | None]
    kind: Mapped[str] = mapped_column(default="")
    page_id: Mapped[str | None] = mapped_column(unique=True)
    pages: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime] = mapped_column(default=now)
    active_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str] = mapped_column(default="")
    detached_at: Mapped[datetime | None]
    party: Mapped[Party] = relationship()


class Charge(Base):
    """One attempt to get ``amount`` for one purpose and period.

    ``received`` is what came in for it, ``refunded`` and ``lost`` (to disputes) what went back;
    refunds are reserved there before they are sent. ``account`` and the two ids beside it say
    what the ledger credits. ``version`` counts what happened, ``heard`` how much of it the
    room that asked for the charge has taken in.
    """

    __tablename__ = "charge"
    __table_args__ = (
        UniqueConstraint("provider", "reference"),
        UniqueConstraint("purpose", "purpose_id", "period", "attempt"),
        Index(
            "uq_charge_live",
            "purpose",
            "purpose_id",
            "period",
            unique=True,
            sqlite_where=text("state IN ('open', 'pending', 'paid')"),
            postgresql_where=text("state IN ('open', 'pending', 'paid')"),
        ),
        Index("ix_charge_due", "provider", "state", "due_at"),
        Index(
            "ix_charge_news",
            "purpose",
            sqlite_where=text("version > heard"),
            postgresql_where=text("version > heard"),
        ),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("received >= 0", name="received_positive"),
        CheckConstraint(
            "refunded >= 0 AND lost >= 0 AND refunded + lost <= received", name="back_at_most_in"
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token: Mapped[str] = mapped_column(unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    provider: Mapped[str]
    mandate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("mandate.id"), index=True)
    purpose: Mapped[str]
    purpose_id: Mapped[uuid.UUID]
    period: Mapped[str] = mapped_column(default="")
    attempt: Mapped[int] = mapped_column(default=1)
    key: Mapped[str] = mapped_column(unique=True)
    words: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    account: Mapped[str]
    campaign_id: Mapped[uuid.UUID | None]
    story_id: Mapped[uuid.UUID | None]
    pay_by: Mapped[datetime | None]
    state: Mapped[str]
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    lost: Mapped[int] = mapped_column(BigInteger, default=0)
    reference: Mapped[str | None]
    page_id: Mapped[str | None] = mapped_column(unique=True)
    pages: Mapped[int] = mapped_column(default=1)
    method: Mapped[str] = mapped_column(default="")
    failure: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=0)
    heard: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(default=now)
    paid_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    party: Mapped[Party] = relationship()
    mandate: Mapped[Mandate | None] = relationship()


class Refund(Base):
    """Money on its way back. Asked for by one person and approved by another, unless it is owed.

    It goes back from a charge, from a bank line that nobody could place, or from a party's credit.
    """

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("provider", "reference"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("asked_by_id <> approved_by_id", name="two_people"),
        CheckConstraint("charge_id IS NULL OR line_id IS NULL", name="one_source"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    charge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("charge.id"), index=True)
    line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("bank_line.id"), unique=True)
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"), index=True)
    provider: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    asked_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    approved_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    reference: Mapped[str | None]
    failure: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    charge: Mapped[Charge | None] = relationship()


class Dispute(Base):
    """A payer's bank took money back, until ``won`` or ``lost``."""

    __tablename__ = "dispute"
    __table_args__ = (UniqueConstraint("provider", "reference"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    charge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("charge.id"), index=True)
    provider: Mapped[str]
    reference: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]
    charge: Mapped[Charge] = relationship()


class ProviderEvent(Base):
    """What a provider told us, once: only where to look. ``reason`` says why one had no effect."""

    __tablename__ = "provider_event"
    __table_args__ = (Index("ix_provider_event_state_due_at", "state", "due_at"),)

    provider: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    made_at: Mapped[datetime]
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(default=now)
    tries: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]


class Looked(Base):
    """Up to when a provider's own list was compared with ours."""

    __tablename__ = "looked"

    provider: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class BankFile(Base):
    """A statement that was imported; the same bytes are never imported twice."""

    __tablename__ = "bank_file"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    sha256: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    imported_at: Mapped[datetime] = mapped_column(default=now)


class BankLine(Base):
    """One entry of the bank's statement. ``amount`` is signed: positive came in.

    ``entry`` is the bank's own reference, or a fingerprint with a count, so that an overlapping
    statement adds nothing and two payments that look alike stay two. Of money that left, ``sent_as`` is
    what we called the transfer (its end-to-end id) or the file it was in; ``pays`` what it paid, once.
    """

    __tablename__ = "bank_line"
    __table_args__ = (
        UniqueConstraint("iban", "entry"),
        UniqueConstraint("pays_kind", "pays_id"),
        Index("ix_bank_line_state", "state", "booked_on"),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bank_file.id"), index=True)
    position: Mapped[int]
    iban: Mapped[str]
    entry: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    booked_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="")
    sent_as: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str]
    charge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("charge.id"), index=True)
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"), index=True)
    pays_kind: Mapped[str | None]
    pays_id: Mapped[uuid.UUID | None]
    payer: Mapped["BankLinePayer | None"] = relationship(cascade="all, delete-orphan")
    charge: Mapped[Charge | None] = relationship()


class BankLinePayer(Base):
    """Who paid a line, in the bank's words; may be erased."""

    __tablename__ = "bank_line_payer"

    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bank_line.id"), primary_key=True)
    name: Mapped[str]
    iban: Mapped[str]
    text: Mapped[str]


class Receipt(Base):
    """A numbered receipt. ``body`` is frozen; each carries the hash of the one before."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("cause", "cause_id"), {"info": {"append_only": True}})

    serial: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[uuid.UUID] = mapped_column(unique=True, default=new_id)
    number: Mapped[str] = mapped_column(unique=True)
    token: Mapped[str] = mapped_column(unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    cause: Mapped[str]
    cause_id: Mapped[uuid.UUID]
    issued_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str] = mapped_column(unique=True)
    person: Mapped["ReceiptPerson | None"] = relationship(cascade="all, delete-orphan")


class ReceiptPerson(Base):
    """For whom a receipt was made out, as it was then; its hash is in the receipt. May be erased."""

    __tablename__ = "receipt_person"

    serial: Mapped[int] = mapped_column(ForeignKey("receipt.serial"), primary_key=True)
    salt: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
