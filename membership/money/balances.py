"""What stands on an account: read from rows that every posting keeps up, so it costs the same for ever."""

import uuid
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.money.chart import CHART, Dimension
from membership.money.models import Balance, DayTotal, LedgerAccount, MonthTotal, PostingLine
from membership.money.periods import month_of

# The key of a balance that names nobody.
NOBODY = uuid.UUID(int=0)


def balance(
    session: Session,
    account: str,
    currency: str,
    *,
    party_id: uuid.UUID | None = None,
    campaign_id: uuid.UUID | None = None,
    story_id: uuid.UUID | None = None,
    until: date | None = None,
) -> int:
    """Minor units on ``account``, debit above zero: all, or what names the party, campaign and story;
    now, or at the end of the booking day ``until``. Refuses another currency than the account's.
    """
    if account not in CHART:
        raise Refused(N_("There is no account %(account)s."), account=account)
    kept = session.scalar(select(LedgerAccount.currency).where(LedgerAccount.name == account))
    if kept is not None and kept != currency:
        raise Refused(N_("The account %(account)s is kept in %(currency)s."), account=account, currency=kept)
    named = _named(party_id, campaign_id, story_id)
    if until is None and len(named) <= 1:
        dimension, key = named[0] if named else ("all", NOBODY)
        return kept_amount(session, account, dimension, key)
    if until is not None and not named:
        return _at_end_of(session, account, until)
    wanted = select(func.coalesce(func.sum(PostingLine.amount), 0)).where(PostingLine.account == account)
    columns = {
        "party": PostingLine.party_id,
        "campaign": PostingLine.campaign_id,
        "story": PostingLine.story_id,
    }
    for dimension, key in named:
        wanted = wanted.where(columns[dimension] == key)
    if until is not None:
        wanted = wanted.where(PostingLine.on <= until)
    return int(session.scalar(wanted) or 0)


def _named(
    party_id: uuid.UUID | None, campaign_id: uuid.UUID | None, story_id: uuid.UUID | None
) -> list[tuple[Dimension, uuid.UUID]]:
    given: tuple[tuple[Dimension, uuid.UUID | None], ...] = (
        ("party", party_id),
        ("campaign", campaign_id),
        ("story", story_id),
    )
    return [(dimension, key) for dimension, key in given if key is not None]


def kept_amount(session: Session, account: str, dimension: Dimension, key: uuid.UUID) -> int:
    wanted = select(Balance.amount).where(
        Balance.account == account, Balance.dimension == dimension, Balance.key == key
    )
    return session.scalar(wanted) or 0


def _at_end_of(session: Session, account: str, day: date) -> int:
    """The months before from their totals, the last one from its days."""
    before = select(func.coalesce(func.sum(MonthTotal.debit - MonthTotal.credit), 0)).where(
        MonthTotal.account == account, MonthTotal.month < month_of(day)
    )
    within = select(func.coalesce(func.sum(DayTotal.debit - DayTotal.credit), 0)).where(
        DayTotal.account == account, DayTotal.on >= day.replace(day=1), DayTotal.on <= day
    )
    return int(session.scalar(before) or 0) + int(session.scalar(within) or 0)
