"""The tables of what is spent, planned and shared out.

Amounts are integer minor units. What names a person or a supplier stands in ``ExpenseDetail``
and in the files, beside what the books need. A campaign and a story are ids only.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from commons.clock import now
from commons.db import Base, new_id
from membership.money.models import Party

ASKED, CHECKED, APPROVED, ORDERED, PAID = "asked", "checked", "approved", "ordered", "paid"
REJECTED, WITHDRAWN = "rejected", "withdrawn"
PROPOSED, BOOKED = "proposed", "booked"


class Expense(Base):
    """An invoice or an outlay, from the day it is handed in until it is paid.

    Two treasurers sign: the first says what it is (``checked``), the second lets it into the books
    (``approved``). Neither is who is paid (``payee_account_id``), and the second is not who handed it in.
    ``account`` is an expense account of the chart; ``tax`` the part of ``amount`` that is reclaimed.
    """

    __tablename__ = "expense"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("tax >= 0 AND tax < amount", name="tax_within"),
        CheckConstraint("checked_by_id <> approved_by_id", name="two_people"),
        CheckConstraint("approved_by_id <> asked_by_id", name="not_who_asked"),
        CheckConstraint(
            "checked_by_id <> payee_account_id AND approved_by_id <> payee_account_id", name="never_ones_own"
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'ordered', 'paid')"
            " OR (checked_by_id IS NOT NULL AND approved_by_id IS NOT NULL)",
            name="signed_twice",
        ),
        Index("ix_expense_state", "state", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    payee_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    checked_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    approved_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    tax: Mapped[int] = mapped_column(BigInteger, default=0)
    account: Mapped[str]
    story_id: Mapped[uuid.UUID | None]
    dated: Mapped[date] = mapped_column(Date)
    document: Mapped[str]
    state: Mapped[str] = mapped_column(default=ASKED)
    made_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]
    paid_on: Mapped[date | None] = mapped_column(Date)
    party: Mapped[Party] = relationship()
    detail: Mapped["ExpenseDetail"] = relationship(cascade="all, delete-orphan", lazy="joined")


class ExpenseDetail(Base):
    """What an expense says in words: for whom, what for, where to pay it, and why it was rejected."""

    __tablename__ = "expense_detail"

    expense_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expense.id"), primary_key=True)
    payee: Mapped[str]
    iban: Mapped[str]
    words: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    rejected_why: Mapped[str] = mapped_column(default="")


class ExpenseNumber(Base):
    """An invoice number of a payee, once: the same invoice is not paid twice. Freed by a rejection."""

    __tablename__ = "expense_number"

    iban: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    expense_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expense.id"), unique=True)


class PaymentFile(Base):
    """Transfers handed to the bank together (ISO 20022 pain.001), as the bytes under ``document``."""

    __tablename__ = "payment_file"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    message_id: Mapped[str] = mapped_column(unique=True)
    document: Mapped[str]
    count: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default=ORDERED, index=True)
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]


class PaymentOrder(Base):
    """One transfer of a file: an expense, a refund of patronage or of a payment. Each is in one living
    file at most.
    """

    __tablename__ = "payment_order"
    __table_args__ = (
        Index(
            "uq_payment_order_live",
            "kind",
            "cause_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_file.id"), index=True)
    kind: Mapped[str]
    cause_id: Mapped[uuid.UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    live: Mapped[bool] = mapped_column(default=True)
    paid_on: Mapped[date | None] = mapped_column(Date)


class Voucher(Base):
    """Income or a cost with no reader's payment and no invoice behind it: a grant, a sale, a fee of the bank.

    ``account`` is what was earned or spent; ``against`` where the money is: the bank (then ``line_id`` says
    in which line of its statement), cash, or still owed. A cost is signed by two. ``words`` name nobody.
    ``dated`` is also the day on which the tax arises; ``rate`` is its rate in basis points, None where the
    document has several or none.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("tax >= 0 AND tax < amount", name="tax_within"),
        CheckConstraint("asked_by_id <> approved_by_id", name="two_people"),
        CheckConstraint("state IN ('checked', 'booked', 'rejected')", name="state"),
        CheckConstraint(
            "state <> 'booked' OR account NOT LIKE 'expenses:%' OR approved_by_id IS NOT NULL",
            name="costs_signed_twice",
        ),
        CheckConstraint("against <> 'assets:bank' OR line_id IS NOT NULL", name="bank_by_line"),
        Index("ix_voucher_state", "state", "id"),
        Index(
            "uq_voucher_line",
            "line_id",
            unique=True,
            sqlite_where=text("state <> 'rejected'"),
            postgresql_where=text("state <> 'rejected'"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account: Mapped[str]
    against: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger, default=0)
    rate: Mapped[int | None]
    currency: Mapped[str]
    story_id: Mapped[uuid.UUID | None]
    dated: Mapped[date] = mapped_column(Date)
    words: Mapped[str]
    document: Mapped[str]
    line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("bank_line.id"))
    state: Mapped[str] = mapped_column(default=CHECKED)
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    approved_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]


class Plan(Base):
    """The budget of an account: so much a month from ``month`` (``2026-11``) until the next plan for it."""

    __tablename__ = "plan"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    account: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]


class Surplus(Base):
    """What is to be done with the surplus of a financial year, as a minute says; two people.

    ``reserve`` can never be shared out again; ``refund`` goes to members by what they contributed.
    """

    __tablename__ = "surplus"
    __table_args__ = (
        CheckConstraint("reserve >= 0 AND refund >= 0 AND reserve + refund > 0", name="amounts"),
        CheckConstraint("proposed_by_id <> approved_by_id", name="two_people"),
        CheckConstraint("state <> 'approved' OR approved_by_id IS NOT NULL", name="approved"),
        Index(
            "uq_surplus_live",
            "year",
            unique=True,
            sqlite_where=text("state IN ('proposed', 'approved')"),
            postgresql_where=text("state IN ('proposed', 'approved')"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    year: Mapped[int]
    minute: Mapped[int] = mapped_column(ForeignKey("minute.number"))
    currency: Mapped[str]
    surplus: Mapped[int] = mapped_column(BigInteger)
    reserve: Mapped[int] = mapped_column(BigInteger)
    refund: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default=PROPOSED)
    proposed_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    approved_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]


class Allotment(Base):
    """A member's part of a patronage refund, and what she wants done with it.

    ``choice``: ``""`` not yet, ``pay`` by transfer, ``credit`` for her next contributions, ``waive``
    to the newsroom. ``weight`` is what she contributed in the year. ``payee`` and ``iban`` are where
    a transfer goes, and erasable.
    """

    __tablename__ = "allotment"
    __table_args__ = (
        UniqueConstraint("surplus_id", "party_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("choice IN ('', 'pay', 'credit', 'waive')", name="choice"),
        Index("ix_allotment_choice", "choice", "state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    surplus_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("surplus.id"), index=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    weight: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    choice: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=PROPOSED)
    payee: Mapped[str] = mapped_column(default="")
    iban: Mapped[str] = mapped_column(default="")
    surplus: Mapped[Surplus] = relationship()
    party: Mapped[Party] = relationship()
