"""Deleting what no law keeps any more. How long it keeps what, the statutes say (``voucher_years``).

Years are counted from the end of the calendar year (AO section 147 paragraph 4). The postings stay for
good: they name nobody.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from commons import limits
from commons.accounts import Account
from commons.clock import now
from commons.db import database, rows_changed
from membership.books import forgetting
from membership.desk import erasure
from membership.desk.models import Erasure
from membership.members import statutes
from membership.money import parties
from membership.money.models import Party, PartyData, PostingLine
from membership.payments import receipts
from membership.payments.models import BankLine, BankLinePayer
from membership.payments.transfers import UNMATCHED
from membership.pledges import pledges
from membership.pledges.models import Pledge


def forget_due() -> int:
    """Timer job: forget some of what is over. Returns how many things; 0 once nothing is left."""
    with database().transaction() as session:
        today = statutes.today(now())
        first_kept = date(today.year - statutes.at(session, today).voucher_years, 1, 1)
        begins = statutes.last_moment(first_kept - timedelta(days=1))
        return (
            _closed(session)
            + _payers(session, first_kept)
            + forgetting.before(session, begins, limits.DUE_AT_ONCE)
            + _givers(session, begins)
        )


def _closed(session: Session) -> int:
    """Who closed the account by another way than the desk is forgotten here as well."""
    left = (
        select(Account)
        .join(Party, Party.account_id == Account.id)
        .where(Account.closed_at.is_not(None), ~exists().where(Erasure.party_id == Party.id))
        .limit(limits.DUE_AT_ONCE)
    )
    accounts = session.scalars(left).unique().all()
    for account in accounts:
        erasure.forget_money(session, account)
    return len(accounts)


def _payers(session: Session, day: date) -> int:
    """Whom the bank named beside a line that found its place."""
    old = (
        select(BankLine.id)
        .where(BankLine.booked_on < day, BankLine.state != UNMATCHED)
        .where(exists().where(BankLinePayer.line_id == BankLine.id))
        .limit(limits.DUE_AT_ONCE)
    )
    return rows_changed(session.execute(delete(BankLinePayer).where(BankLinePayer.line_id.in_(old))))


def _givers(session: Session, moment: datetime) -> int:
    """Who gave or was paid without an account, and has not moved money since ``moment``."""
    last = select(func.max(PostingLine.on)).where(PostingLine.party_id == Party.id).scalar_subquery()
    living = exists().where(Pledge.party_id == Party.id, Pledge.state.not_in(pledges.OVER))
    old = (
        select(Party)
        .join(PartyData, PartyData.party_id == Party.id)
        .where(Party.account_id.is_(None), Party.created_at < moment, ~living)
        .where(last.is_(None) | (last < moment.date()))
        .limit(limits.DUE_AT_ONCE)
    )
    found = session.scalars(old).unique().all()
    for party in found:
        receipts.erase(session, party)
        parties.erase(session, party)
    return len(found)
