"""Promising to pay, and changing one's mind. Each change is an event that stays."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import rows_changed
from commons.language import N_
from commons.refusal import Refused
from membership.money.currencies import Money, positive, show
from membership.money.models import Party, PartyData
from membership.money.periods import local_day, months_after
from membership.payments import charges
from membership.payments.models import Charge
from membership.pledges import meaning, periods, prices
from membership.pledges.models import RUNNING, Instalment, Pledge, PledgeEvent

PAYER, CLOCK = "payer", "clock"
# Read aloud without doubt: no I, L, O, U, 0 or 1.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_CHARS = 10

# What may be done to a recurring pledge, and in which states.
CHANGES: Mapping[str, frozenset[str]] = {
    "change": frozenset({"promised", "active", "late", "paused"}),
    "pause": frozenset({"promised", "active", "late"}),
    "resume": frozenset({"paused"}),
    "stop": frozenset({"promised", "active", "late", "paused"}),
}
# Nothing more comes of a pledge in these.
OVER = frozenset({"fulfilled", "failed", "stopped", "lapsed", "withdrawn", "released", "refunded"})


@dataclass(frozen=True)
class Wish:
    """What somebody wants to promise. ``once`` is the form's token; ``deferred``: paid only on success."""

    money: Money
    rhythm: str
    provider: str
    once: str
    purpose: str = meaning.SUPPORT
    quantity: int = 1
    account: str = ""
    campaign_id: uuid.UUID | None = None
    reward_id: uuid.UUID | None = None
    deferred: bool = False
    pay_by: datetime | None = None


def promise(session: Session, party: Party, wish: Wish) -> Pledge:
    """A new pledge, with the first payment it asks for. A form sent twice promises once.

    Refuses an amount that we do not take, and a second running pledge of support (409).
    """
    found = by_once(session, wish.once)
    if found is not None:
        return found
    _check(wish)
    today = today_here(session)
    pledge = Pledge(
        number=_new_number(),
        once=wish.once,
        party_id=party.id,
        purpose=wish.purpose,
        quantity=wish.quantity,
        amount=wish.money.amount,
        currency=wish.money.currency,
        rhythm=wish.rhythm,
        provider=wish.provider,
        account=wish.account,
        campaign_id=wish.campaign_id,
        reward_id=wish.reward_id,
        pay_by=wish.pay_by,
        anchor=today,
    )
    try:
        with session.begin_nested():
            session.add(pledge)
    except IntegrityError as error:
        raise Refused(N_("You have a running pledge already. You can change it."), status=409) from error
    note(session, pledge, "promised", PAYER, amount=pledge.amount, rhythm=pledge.rhythm)
    if not wish.deferred:
        ask(session, pledge, today)
    return pledge


def _check(wish: Wish) -> None:
    if wish.rhythm not in periods.RHYTHMS or wish.purpose not in meaning.PURPOSES:
        raise ValueError(f"{wish.rhythm} {wish.purpose}")
    if wish.purpose != meaning.SUPPORT and wish.rhythm != periods.ONCE:
        raise Refused(N_("This can only be paid once."))
    if wish.money.currency != settings().currency:
        raise Refused(N_("We take %(currency)s only."), currency=settings().currency)
    if not prices.acceptable(positive(wish.money)):
        least, most = (prices.whole(units, wish.money.currency) for units in (prices.LEAST, prices.MOST))
        raise Refused(N_("We take from %(least)s to %(most)s here."), least=show(least), most=show(most))


def ask(session: Session, pledge: Pledge, today: date) -> Instalment:
    """Ask for the next payment: for the day that is due, or the only one."""
    step = periods.MONTHS.get(pledge.rhythm)
    due = pledge.next_on or today
    instalment = Instalment(
        pledge_id=pledge.id,
        period=due.isoformat() if step else periods.ONCE,
        amount=pledge.amount,
        currency=pledge.currency,
        next_try=db_now(session),
    )
    session.add(instalment)
    if step:
        pledge.months_asked += step
        pledge.next_on = months_after(pledge.anchor, pledge.months_asked)
    session.flush()
    return instalment


def change(session: Session, pledge: Pledge, money: Money, rhythm: str, *, by: str = PAYER) -> None:
    """Another amount or rhythm from the next payment on; what was asked for stays as it was."""
    if rhythm not in periods.MONTHS:
        raise Refused(N_("Choose monthly or yearly."))
    _check(Wish(money, rhythm, pledge.provider, ""))
    before = {"amount": pledge.amount, "rhythm": pledge.rhythm}
    move(session, pledge, "change", amount=money.amount, rhythm=rhythm)
    note(session, pledge, "changed", by, before=before, amount=money.amount, rhythm=rhythm)


def pause(session: Session, pledge: Pledge, *, by: str = PAYER) -> None:
    """Nothing is asked for until it goes on; a payment that is under way is not called back."""
    drop_waiting(session, pledge)
    move(session, pledge, "pause", state="paused")
    note(session, pledge, "paused", by)


def resume(session: Session, pledge: Pledge, *, by: str = PAYER) -> None:
    """Go on at the next day of the old rhythm that is not past; what was paused is not asked for."""
    today = today_here(session)
    months = periods.months_until(
        pledge.anchor, pledge.months_asked, periods.MONTHS.get(pledge.rhythm, 1), today
    )
    next_on = months_after(pledge.anchor, months)
    move(session, pledge, "resume", state="active", months_asked=months, next_on=next_on)
    note(session, pledge, "resumed", by)


def stop(session: Session, pledge: Pledge, *, by: str = PAYER) -> None:
    """Nothing is asked for any more."""
    drop_waiting(session, pledge)
    move(session, pledge, "stop", state="stopped", next_on=None, ended_at=db_now(session))
    note(session, pledge, "stopped", by)


def move(session: Session, pledge: Pledge, what: str, **values: Any) -> None:
    """Change a recurring pledge if it is in a state for ``what``; whoever comes second is refused."""
    if pledge.rhythm == periods.ONCE:
        raise Refused(N_("A single payment cannot be changed."))
    if not shift(session, pledge, CHANGES[what], **values):
        raise Refused(N_("This cannot be done to the pledge any more."), status=409)


def shift(session: Session, pledge: Pledge, states: frozenset[str], **values: Any) -> bool:
    """Write ``values`` if the pledge is in one of ``states`` at this moment, and hold its row."""
    held = update(Pledge).where(Pledge.id == pledge.id, Pledge.state.in_(states)).values(**values)
    changed = rows_changed(session.execute(held.execution_options(synchronize_session=False)))
    session.refresh(pledge)
    return bool(changed)


def drop_waiting(session: Session, pledge: Pledge) -> None:
    """Do not ask again for what was not paid yet. What a provider is charging right now goes on.

    Comes before a change of the pledge: rows are held in the order charge, instalment, pledge.
    """
    waiting = select(Instalment).where(
        Instalment.pledge_id == pledge.id, Instalment.state.in_(("due", "charging"))
    )
    for instalment in session.scalars(waiting):
        charge = session.get(Charge, instalment.charge_id) if instalment.state == "charging" else None
        if charge is None or (not _being_charged(charge) and charges.cancel(session, charge)):
            instalment.state = "dropped"
    session.flush()


def _being_charged(charge: Charge) -> bool:
    return charge.mandate_id is not None and charge.state == charges.PENDING


def note(session: Session, pledge: Pledge, kind: str, by: str, **values: Any) -> None:
    """Add an event. The caller holds the pledge's row, so numbers do not collide."""
    last = session.scalar(select(func.max(PledgeEvent.seq)).where(PledgeEvent.pledge_id == pledge.id))
    session.add(PledgeEvent(pledge_id=pledge.id, seq=(last or 0) + 1, kind=kind, by=by, values=values))
    session.flush()


def today_here(session: Session) -> date:
    """The day it is in the newsroom's zone."""
    return local_day(db_now(session), settings().timezone)


# Finding


def by_once(session: Session, once: str) -> Pledge | None:
    return session.scalar(select(Pledge).where(Pledge.once == once))


def by_number(session: Session, number: str) -> Pledge | None:
    """The pledge of that number, however it was typed."""
    plain = "".join(character for character in number.upper() if character in ALPHABET)
    return session.scalar(select(Pledge).where(Pledge.number == plain))


def of_account(session: Session, account: Account) -> list[Pledge]:
    """The pledges of an account, newest first."""
    hers = select(Party.id).where(Party.account_id == account.id)
    return list(session.scalars(select(Pledge).where(Pledge.party_id.in_(hers)).order_by(Pledge.id.desc())))


def of_party(session: Session, party: Party) -> list[Pledge]:
    """The pledges of a party, newest first."""
    return list(session.scalars(select(Pledge).where(Pledge.party_id == party.id).order_by(Pledge.id.desc())))


def events(session: Session, pledge: Pledge) -> list[PledgeEvent]:
    wanted = select(PledgeEvent).where(PledgeEvent.pledge_id == pledge.id).order_by(PledgeEvent.seq)
    return list(session.scalars(wanted))


def instalments(session: Session, pledge: Pledge) -> list[Instalment]:
    """What the pledge asked for, newest first."""
    wanted = select(Instalment).where(Instalment.pledge_id == pledge.id).order_by(Instalment.id.desc())
    return list(session.scalars(wanted))


def doubles(session: Session) -> list[tuple[str, int]]:
    """E-mail addresses behind several running pledges of support, with how many: somebody may pay twice."""
    running = func.count(Pledge.id)
    return [
        (email, number)
        for email, number in session.execute(
            select(PartyData.email, running)
            .join(Pledge, Pledge.party_id == PartyData.party_id)
            .where(text(RUNNING))
            .group_by(PartyData.email)
            .having(running > 1)
            .order_by(PartyData.email)
        )
    ]


def money_of(pledge: Pledge | Instalment) -> Money:
    return Money(pledge.amount, pledge.currency)


def _new_number() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_CHARS))
