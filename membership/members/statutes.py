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
    ``assembly_notice_days``: how long before a meeting members must be told (GenG section 46).
    ``motion_supporters``: how many members must want a motion before it is put to the vote.

    Elections:
    ``supporters_vote``: 1 if members of the class ``supporter`` vote, 0 if not.
    ``board_seats``: how many sit on the board. ``term_months``: for how long.
    ``staggered``: 1 if the terms of one half end when those of the other are half over.
    ``nomination_days``, ``objection_days``, ``issue_days``, ``vote_days``: how long candidates are named,
    the roll is open to objections, credentials are drawn, and voting lasts.
    ``seconders``: how many members must support a candidate.
    ``complaint_hours``: how long after the close a ballot that is missing can be shown.
    ``quorum_percent``: which part of the roll must vote; if fewer do, one repeats it once without.
    ``board_ron``: 1 if re-opening nominations is a choice also where several seats are filled.
    ``reopen_days``: for how long nominations are opened again when nobody stands.
    ``countback``: 1 if the published ballots fill a seat that falls vacant.
    ``cooption_months``: for how long the board may fill one by itself at most.
    ``petition_percent``: which part of the members must sign before one votes on a recall.
    ``recall_majority_percent``, ``recall_quorum_percent``: of those votes, and of the roll.
    ``motion_majority_percent``, ``motion_quorum_percent``: the same for motions.
    ``statutes_majority_percent``: the majority that changes these statutes.
    ``assisted_cap``: how many ballots the server may help to make; 0 for none.
    ``publish_min``: with fewer ballots than that, two officers count and no ballot is published.
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
    assembly_notice_days: int = 14
    motion_supporters: int = 3
    supporters_vote: int = 1
    board_seats: int = 7
    term_months: int = 24
    staggered: int = 0
    nomination_days: int = 14
    seconders: int = 2
    objection_days: int = 7
    issue_days: int = 7
    vote_days: int = 7
    complaint_hours: int = 72
    quorum_percent: int = 10
    board_ron: int = 0
    reopen_days: int = 7
    countback: int = 1
    cooption_months: int = 6
    petition_percent: int = 10
    recall_majority_percent: int = 67
    recall_quorum_percent: int = 20
    motion_majority_percent: int = 50
    motion_quorum_percent: int = 10
    statutes_majority_percent: int = 75
    assisted_cap: int = 0
    publish_min: int = 10


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
    "assembly_notice_days": (1, 365),
    "motion_supporters": (1, 1_000),
    "supporters_vote": (0, 1),
    "board_seats": (1, 50),
    "term_months": (1, 120),
    "staggered": (0, 1),
    "nomination_days": (1, 365),
    "seconders": (0, 100),
    "objection_days": (1, 60),
    "issue_days": (1, 60),
    "vote_days": (1, 60),
    "complaint_hours": (1, 720),
    "quorum_percent": (0, 100),
    "board_ron": (0, 1),
    "reopen_days": (1, 60),
    "countback": (0, 1),
    "cooption_months": (0, 120),
    "petition_percent": (1, 100),
    "recall_majority_percent": (50, 100),
    "recall_quorum_percent": (0, 100),
    "motion_majority_percent": (50, 100),
    "motion_quorum_percent": (0, 100),
    "statutes_majority_percent": (50, 100),
    "assisted_cap": (0, 1_000),
    "publish_min": (5, 1_000),
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
    check(name, value)
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


def check(name: str, value: int) -> None:
    """Refuses an unknown name and a value out of bounds."""
    if name not in NAMES:
        raise Refused(
            N_("There is no statute %(name)s. There are: %(names)s."), name=name, names=", ".join(NAMES)
        )
    least, most = BOUNDS[name]
    if not least <= value <= most:
        raise Refused(N_("%(name)s must be from %(least)s to %(most)s."), name=name, least=least, most=most)


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
