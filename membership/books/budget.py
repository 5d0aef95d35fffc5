"""The budget: for each account so much a month, from a month on until it is planned anew."""

import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.books.models import Plan
from membership.money.chart import CHART
from membership.money.currencies import Money
from membership.money.periods import local_day, month_of

ACCOUNTS = tuple(account for account in CHART.values() if account.kind in ("income", "expenses"))
MONTH = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])")


def plan(session: Session, account: str, month: str, money: Money, by: Account) -> Plan:
    """Plan ``money`` a month from ``month`` (``2026-11``) on. What is past is not planned anew."""
    powers.require(session, by, Power.BOOKS)
    if account not in {each.name for each in ACCOUNTS}:
        raise Refused(N_("There is no account %(account)s."), account=account)
    if not MONTH.fullmatch(month):
        raise Refused(N_("Write the month as 2026-11."))
    if month < month_of(local_day(now(), settings().timezone)):
        raise Refused(N_("The past is not planned anew."))
    if money.amount < 0 or money.currency != settings().currency:
        raise Refused(N_("The books are kept in %(currency)s."), currency=settings().currency)
    planned = session.merge(Plan(account=account, month=month, amount=money.amount, currency=money.currency))
    session.flush()
    powers.exercise(
        session, by, Power.BOOKS, on=f"budget of {account} from {month}", reason="", verb="plan the budget"
    )
    return planned


def planned(session: Session, month: str) -> Mapping[str, int]:
    """What is planned for ``month``, by account, in minor units above zero."""
    rows = session.scalars(select(Plan).where(Plan.month <= month).order_by(Plan.month))
    return {row.account: row.amount for row in rows}


def every(session: Session) -> list[Plan]:
    """All plans, by account and month."""
    return list(session.scalars(select(Plan).order_by(Plan.account, Plan.month.desc())))
