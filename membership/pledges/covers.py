"""Whose year somebody else paid for, and until when."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from membership.money.models import Party
from membership.money.periods import months_after
from membership.pledges.models import Cover

YEAR = 12


def add(session: Session, party: Party, kind: str, cause_id: str, today: date) -> Cover:
    """A year for ``party``, from today or from the day after the year she has already."""
    last = until(session, party)
    starts = max(today, last) if last is not None else today
    cover = Cover(
        party_id=party.id,
        kind=kind,
        cause_id=cause_id,
        starts_on=starts,
        ends_on=months_after(starts, YEAR),
    )
    session.add(cover)
    session.flush()
    return cover


def until(session: Session, party: Party) -> date | None:
    """The first day that nobody has paid for her; None if nobody ever did."""
    return session.scalar(select(func.max(Cover.ends_on)).where(Cover.party_id == party.id))
