"""Tables of the ledger. Postings, lines and seals are never changed or deleted."""

import uuid
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from commons.clock import now
from commons.db import Base, new_id


class Party(Base):
    """Somebody with whom money changes hands: an opaque key that outlives the person's data."""

    __tablename__ = "party"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    data: Mapped["PartyData | None"] = relationship(back_populates="party", cascade="all, delete-orphan")


class PartyData(Base):
    """All that tells who a party is. Deleted whole at erasure."""

    __tablename__ = "party_data"

    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(default="")
    iban: Mapped[str] = mapped_column(default="")
    party: Mapped[Party] = relationship(back_populates="data")


class LedgerAccount(Base):
    """An account of the chart, opened by its first line: from then on it is kept in one currency."""

    __tablename__ = "ledger_account"
    __table_args__ = (UniqueConstraint("name", "currency"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(default=now)


class Posting(Base):
    """One event in the books: two lines or more that sum to zero in each currency.

    ``id`` is its place in the chain, counted from 1 without a gap. ``cause`` is what it was
    posted for; one cause leads to one posting of a kind. ``on`` is the booking date in the
    newsroom's zone.
    """

    __tablename__ = "posting"
    __table_args__ = (
        UniqueConstraint("cause_kind", "cause_id", "kind"),
        Index("ix_posting_on", "on"),
        {"info": {"append_only": True}},
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    cause_kind: Mapped[str]
    cause_id: Mapped[uuid.UUID]
    on: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime]
    reverses: Mapped[int | None] = mapped_column(ForeignKey("posting.id"), unique=True)
    memo_hash: Mapped[str] = mapped_column(default="")
    previous: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str]
    lines: Mapped[list["PostingLine"]] = relationship(order_by="PostingLine.position", viewonly=True)


class PostingLine(Base):
    """An amount on one account: debit positive, credit negative.

    A campaign and a story are ids only: their tables stand on higher floors.
    """

    __tablename__ = "posting_line"
    __table_args__ = (
        ForeignKeyConstraint(["account", "currency"], ["ledger_account.name", "ledger_account.currency"]),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_posting_line_account", "account", "on", "posting_id", "position"),
        Index(
            "ix_posting_line_party",
            "party_id",
            "account",
            "amount",
            sqlite_where=text("party_id IS NOT NULL"),
            postgresql_where=text("party_id IS NOT NULL"),
        ),
        Index(
            "ix_posting_line_campaign",
            "campaign_id",
            "account",
            "amount",
            sqlite_where=text("campaign_id IS NOT NULL"),
            postgresql_where=text("campaign_id IS NOT NULL"),
        ),
        Index(
            "ix_posting_line_story",
            "story_id",
            "account",
            "amount",
            sqlite_where=text("story_id IS NOT NULL"),
            postgresql_where=text("story_id IS NOT NULL"),
        ),
        {"info": {"append_only": True}, "sqlite_with_rowid": False},
    )

    posting_id: Mapped[int] = mapped_column(ForeignKey("posting.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Date)
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    campaign_id: Mapped[uuid.UUID | None]
    story_id: Mapped[uuid.UUID | None]
    memo_hash: Mapped[str] = mapped_column(default="")


class PostingMemo(Base):
    """The words of a posting (position 0) or of one of its lines: beside the chain, erasable."""

    __tablename__ = "posting_memo"

    posting_id: Mapped[int] = mapped_column(ForeignKey("posting.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    salt: Mapped[str]
    text: Mapped[str]


class ChainHead(Base):
    """The last link of a chain (``posting``, ``evidence``), so that a cut end shows."""

    __tablename__ = "chain_head"

    chain: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    hash: Mapped[str]


class Balance(Base):
    """What the lines of an account sum to, of all or by party, campaign or story.

    A copy for speed, kept in the transaction of the posting and proved by ``verify``.
    ``key`` is the party, campaign or story; the nil UUID where ``dimension`` is ``all``.
    """

    __tablename__ = "balance"
    __table_args__ = (
        CheckConstraint("dimension IN ('all', 'party', 'campaign', 'story')", name="dimension"),
        Index("ix_balance_key", "dimension", "key"),
    )

    account: Mapped[str] = mapped_column(ForeignKey("ledger_account.name"), primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class MonthTotal(Base):
    """What was debited and credited on an account in a month (``2026-11``); both from 0 up.

    A copy for speed, as ``Balance`` is; so are the totals of days.
    """

    __tablename__ = "month_total"

    account: Mapped[str] = mapped_column(ForeignKey("ledger_account.name"), primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    debit: Mapped[int] = mapped_column(BigInteger)
    credit: Mapped[int] = mapped_column(BigInteger)


class DayTotal(Base):
    """What was debited and credited on an account on a booking date."""

    __tablename__ = "day_total"

    account: Mapped[str] = mapped_column(ForeignKey("ledger_account.name"), primary_key=True)
    on: Mapped[date] = mapped_column(Date, primary_key=True)
    debit: Mapped[int] = mapped_column(BigInteger)
    credit: Mapped[int] = mapped_column(BigInteger)


class Seal(Base):
    """A closed month: the chain's head and the balances when it was closed, signed.

    ``signature`` is the instance actor's Ed25519 over ``seals.text_of``, in hexadecimal.
    """

    __tablename__ = "seal"
    __table_args__ = ({"info": {"append_only": True}},)

    month: Mapped[str] = mapped_column(primary_key=True)
    posting_id: Mapped[int]
    hash: Mapped[str]
    balances_hash: Mapped[str]
    at: Mapped[datetime]
    key_uri: Mapped[str]
    signature: Mapped[str]


class Evidence(Base):
    """That a record beside the ledger (a charge, a bank line, a receipt) was there, and what it said.

    ``digest`` is a salted hash of the facts, or empty where the record was erased as the law asks.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("kind", "record_id", "digest"),
        {"info": {"append_only": True}},
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    record_id: Mapped[uuid.UUID]
    digest: Mapped[str]
    previous: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str]


class EvidenceSalt(Base):
    """What a digest was salted with; deleted with the record that it is of."""

    __tablename__ = "evidence_salt"

    kind: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    salt: Mapped[str]


class SelfCheck(Base):
    """A night's look at all the books: the first fault, or none, and the chain's head at that moment."""

    __tablename__ = "self_check"
    __table_args__ = ({"info": {"append_only": True}},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    seconds: Mapped[int]
    number: Mapped[int]
    hash: Mapped[str]
    fault: Mapped[str] = mapped_column(default="")
