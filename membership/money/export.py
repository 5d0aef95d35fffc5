"""The books as files for others: beancount and CSV. No party, no memo, nothing that names anybody."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any, TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from membership.money.currencies import Money, decimal_text
from membership.money.faults import STEP
from membership.money.models import Balance, LedgerAccount, Posting, PostingLine

COLUMNS = (
    "posting",
    "date",
    "kind",
    "cause",
    "reverses",
    "account",
    "amount",
    "currency",
    "campaign",
    "story",
)
# Beancount knows five kinds of accounts; what is restricted is owed until it is spent as promised.
_ROOTS = {"restricted": "Liabilities:Restricted"}


def write_csv(session: Session, file: TextIO) -> None:
    """A row for each line; amounts in whole currency units with a point."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow((*COLUMNS, "hash"))
    for row in _rows(session):
        amount = decimal_text(Money(row.amount, row.currency))
        place = (row.account, amount, row.currency, row.campaign_id, row.story_id)
        writer.writerow((row.id, row.on, row.kind, row.cause_kind, row.reverses, *place, row.hash))


def write_beancount(session: Session, title: str, currency: str, file: TextIO) -> None:
    """Every posting as a transaction, and at the end a balance assertion for every account."""
    file.write(f'option "title" {_quoted(title)}\noption "operating_currency" "{currency}"\n\n')
    for name, kept_in, since in _opened(session):
        file.write(f"{since} open {beancount_name(name)} {kept_in}\n")
    for _, lines in groupby(_rows(session), key=lambda row: row.id):
        file.write(_transaction(list(lines)))
    last = session.scalar(select(func.max(Posting.on)))
    if last is not None:
        file.write("\n")
        for name, amount, kept_in in _balances(session):
            held = decimal_text(Money(amount, kept_in))
            file.write(f"{last + timedelta(days=1)} balance {beancount_name(name)} {held} {kept_in}\n")


def beancount_name(account: str) -> str:
    """``expenses:payment-fees`` as ``Expenses:Payment-Fees``."""
    root, _, rest = account.partition(":")
    return ":".join((_ROOTS.get(root, root.title()), *(part.title() for part in rest.split(":"))))


def _transaction(rows: list[Any]) -> str:
    first = rows[0]
    lines = [f'\n{first.on} * "{first.kind}"', f'  posting: "{first.id}"', f'  cause: "{first.cause_kind}"']
    if first.reverses is not None:
        lines.append(f'  reverses: "{first.reverses}"')
    lines.append(f'  hash: "{first.hash}"')
    for row in rows:
        amount = decimal_text(Money(row.amount, row.currency))
        lines.append(f"  {beancount_name(row.account)}  {amount} {row.currency}")
        for name, key in (("campaign", row.campaign_id), ("story", row.story_id)):
            if key is not None:
                lines.append(f'    {name}: "{key}"')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _rows(session: Session) -> Iterator[Any]:
    return iter(
        session.execute(
            select(
                Posting.id,
                Posting.on,
                Posting.kind,
                Posting.cause_kind,
                Posting.reverses,
                Posting.hash,
                PostingLine.account,
                PostingLine.amount,
                PostingLine.currency,
                PostingLine.campaign_id,
                PostingLine.story_id,
            )
            .join(PostingLine, PostingLine.posting_id == Posting.id)
            .order_by(Posting.id, PostingLine.position)
            .execution_options(yield_per=STEP)
        )
    )


def _opened(session: Session) -> Iterator[Any]:
    """Every account with its currency and the date of its first line."""
    return iter(
        session.execute(
            select(LedgerAccount.name, LedgerAccount.currency, func.min(PostingLine.on))
            .join(PostingLine, PostingLine.account == LedgerAccount.name)
            .group_by(LedgerAccount.name, LedgerAccount.currency)
            .order_by(LedgerAccount.name)
        )
    )


def _balances(session: Session) -> Iterator[Any]:
    return iter(
        session.execute(
            select(Balance.account, Balance.amount, LedgerAccount.currency)
            .join(LedgerAccount, LedgerAccount.name == Balance.account)
            .where(Balance.dimension == "all")
            .order_by(Balance.account)
        )
    )
