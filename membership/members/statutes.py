"""What the statutes fix, as settings: defaults here, changes as dated rows. Pure but for ``at``.

A newsroom changes one with ``rostra statute NAME VALUE --from DAY --decided-in TEXT``; nothing that was
begun under the older value changes. Which values a country's law allows, ask a lawyer: the
defaults are those of a German co-operative (GenG sections 7, 15, 65, 73), read from secondary texts.
"""

import calendar
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import minutes
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from membership.members.models import StatuteChange

HIGHEST = 1_000_000


@dataclass(frozen=True)
class Statutes:
    """What holds on one day. Money is in minor units of the newsroom's currency.

    ``share_price``: what one share costs, the same for everybody.
    ``shares_least``, ``shares_most``: how many a member takes at least, and at most.
    ``paid_in_percent``: how much of the price must be there before a share can be approved.
    ``admits_itself``: 1 if the first payment admits a member, 0 if the board or treasurer does.
    ``notice_months``: how long before one leaves notice must be given.
    ``to_year_end``: 1 if one leaves only at the end of a financial year, 0 if on any day.
    ``year_end_month``: the last month of the financial year.
    ``payout_months``: within how many months after leaving a share is paid back.
    ``vote_after_days``: how long one must be a member before one votes.
    ``keep_years``: how many years the register keeps who left, counted from the end of that year.
    ``voucher_years``: how many years receipts keep their names, counted likewise (AO section 147).
    ``reserve_percent``: how much of a surplus at least goes into the indivisible reserve before members
    are given any of it back.
    """

    share_price: int = 1_000
    shares_least: int = 1
    shares_most: int = 100
    paid_in_percent: int = 10
    admits_itself: int = 1
    notice_months: int = 3
    to_year_end: int = 1
    year_end_month: int = 12
    payout_months: int = 6
    vote_after_days: int = 30
    keep_years: int = 3
    voucher_years: int = 8
    reserve_percent: int = 20


NAMES = tuple(field.name for field in fields(Statutes))
# What makes no sense below or above; everything else is 0 to HIGHEST.
BOUNDS = {
    "share_price": (1, 100_000_000),
    "shares_least": (1, 1_000),
    "shares_most": (1, 1_000_000),
    "paid_in_percent": (0, 100),
    "admits_itself": (0, 1),
    "notice_months": (0, 60),
    "to_year_end": (0, 1),
    "year_end_month": (1, 12),
    "payout_months": (0, 60),
    "vote_after_days": (0, 365),
    "keep_years": (0, 100),
    "voucher_years": (0, 100),
    "reserve_percent": (0, 100),
}


def at(session: Session, day: date) -> Statutes:
    """The statutes as they hold on ``day``."""
    changes = session.scalars(
        select(StatuteChange)
        .where(StatuteChange.valid_from <= day)
        .order_by(StatuteChange.valid_from, StatuteChange.at, StatuteChange.id)
    )
    return Statutes(**{change.name: change.value for change in changes})


def change(session: Session, name: str, value: int, valid_from: date, decided_in: str) -> StatuteChange:
    """Fix ``name`` anew from a day on. Refuses an unknown name, a value out of bounds, no decision."""
    if name not in NAMES:
        raise Refused(
            N_("There is no statute %(name)s. There are: %(names)s."), name=name, names=", ".join(NAMES)
        )
    least, most = BOUNDS[name]
    if not least <= value <= most:
        raise Refused(N_("%(name)s must be from %(least)s to %(most)s."), name=name, least=least, most=most)
    if not decided_in.strip():
        raise Refused(N_("Say where this was decided, such as the minutes of the assembly."))
    made = StatuteChange(name=name, value=value, valid_from=valid_from, decided_in=decided_in.strip())
    session.add(made)
    session.flush()
    minutes.write(
        session,
        public={"power": "statutes", "verb": "change the statutes", "on": f"{settings().origin}/members"},
        private={"reason": f"{name} = {value} from {valid_from}: {made.decided_in}"},
    )
    return made


def today(moment: datetime) -> date:
    """The calendar day of ``moment`` in the newsroom's zone."""
    return moment.astimezone(ZoneInfo(settings().timezone)).date()


def last_moment(day: date) -> datetime:
    """The instant at which ``day`` is over, in the newsroom's zone."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(settings().timezone))


def leaves_on(given: date, statutes: Statutes) -> date:
    """The last day of a membership of which notice is given on the day ``given``."""
    earliest = months_after(given, statutes.notice_months)
    return year_end(earliest, statutes) if statutes.to_year_end else earliest


def year_end(day: date, statutes: Statutes) -> date:
    """The last day of the financial year in which ``day`` lies."""
    year = day.year if day.month <= statutes.year_end_month else day.year + 1
    return date(year, statutes.year_end_month, calendar.monthrange(year, statutes.year_end_month)[1])


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
