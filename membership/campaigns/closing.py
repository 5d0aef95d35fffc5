"""The jobs that bring a campaign to an honest end.

Each looks at rows with a state and does a bounded number of them in one transaction, so a job that is killed
goes on where it was. A campaign has succeeded when the money is there, not when it was promised: a card that
fails makes it ``short``, and then two people of the books decide, or the money goes back.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.db import database, new_id
from commons.language import N_
from membership.campaigns import campaigns, progress
from membership.campaigns.models import Campaign, Decision
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Balance
from membership.payments import charges, refunds
from membership.payments.models import Charge
from membership.pledges import letters, pledges, renewals
from membership.pledges.models import Instalment, Pledge

# Nothing is kept of what was pledged to a campaign in these.
GIVEN_BACK = ("missed", "cancelled", "returned")


def close_due() -> int:
    """Job: close what has reached its end. The deadline held without it; this only says so."""
    with database().transaction() as session:
        due = session.scalars(
            select(Campaign)
            .where(Campaign.state == "open", Campaign.closes_at <= db_now(session))
            .limit(limits.DUE_AT_ONCE)
        )
        return sum(close(session, campaign) for campaign in due)


def close(session: Session, campaign: Campaign) -> bool:
    """Freeze the result, once, and say what follows from it."""
    if not campaigns.shift(session, campaign, ("open",), "collecting"):
        return False
    found = progress.progress(session, campaign)
    result = {
        "money": found.money.amount,
        "people": found.people,
        "reached": found.reached,
        "at": campaign.closes_at.isoformat(),
    }
    if campaign.round == 2:
        campaign.result = {**(campaign.result or {}), "second": result}
        campaign.state = "succeeded"
    else:
        campaign.result = result
        campaign.state = _after_first(campaign, found.reached)
    session.flush()
    return True


def _after_first(campaign: Campaign, reached: bool) -> str:
    if campaign.scheme == campaigns.KEEP_IT_ALL:
        return "succeeded" if reached else "ended"
    return "collecting" if reached else "missed"


# Collecting


def collect_due() -> int:
    """Job: ask for what was promised to campaigns that reached their goal, and see what came."""
    with database().transaction() as session:
        collecting = list(session.scalars(select(Campaign).where(Campaign.state == "collecting")))
        return sum(_collect(session, campaign) for campaign in collecting)


def _collect(session: Session, campaign: Campaign) -> int:
    promised = list(
        session.scalars(
            select(Pledge)
            .where(Pledge.campaign_id == campaign.id, Pledge.state == "promised")
            .order_by(Pledge.id)
            .limit(limits.DUE_AT_ONCE)
        )
    )
    today = pledges.today_here(session)
    for pledge in promised:
        if pledges.shift(session, pledge, frozenset({"promised"}), state="charging"):
            instalment = pledges.ask(session, pledge, today)
            charge = renewals.start(session, instalment)
            pledges.note(session, pledge, "charging", pledges.CLOCK)
            if charge is not None and charge.mandate_id is None:
                letters.write(session, pledge, "campaign_pay", pay=charges.page(charge), title=campaign.title)
    return len(promised) or _settle(session, campaign)


def _settle(session: Session, campaign: Campaign) -> bool:
    """Whether the campaign has come to an end: enough is collected, or nothing more will come."""
    got = progress.progress(session, campaign)
    paid = progress.people(session, campaign)
    if progress.reached(got.collected, paid, got):
        return succeed(session, campaign, ("collecting",))
    if _waiting(session, campaign):
        return False
    until = db_now(session) + timedelta(days=limits.CHOICE_DAYS)
    return campaigns.shift(session, campaign, ("collecting",), "short", choices_until=until)


def _waiting(session: Session, campaign: Campaign) -> bool:
    """Whether something may still come."""
    found = session.scalar(
        select(Pledge.id)
        .where(Pledge.campaign_id == campaign.id, Pledge.state.in_(("promised", "charging")))
        .limit(1)
    )
    return found is not None


def succeed(session: Session, campaign: Campaign, states: tuple[str, ...]) -> bool:
    """The money is there, or its lack is waived. With two rounds the second begins."""
    second = campaign.second_closes_at if campaign.round == 1 else None
    if second is not None and second > db_now(session):
        return campaigns.shift(session, campaign, states, "open", round=2, closes_at=second)
    return campaigns.shift(session, campaign, states, "succeeded")


# Giving back


def give_back_due() -> int:
    """Job: release what was promised to campaigns that failed, and send back what was paid for them."""
    with database().transaction() as session:
        _give_up_short(session)
        rows = session.execute(
            select(Pledge, Campaign)
            .join(Campaign, Campaign.id == Pledge.campaign_id)
            .where(Campaign.state.in_(GIVEN_BACK), Pledge.state.in_(("promised", "charging", "fulfilled")))
            .order_by(Pledge.id)
            .limit(limits.DUE_AT_ONCE)
        ).all()
        return sum(_give_back(session, pledge, campaign) for pledge, campaign in rows)


def _give_up_short(session: Session) -> None:
    """Nobody waived what was missing: the money goes back."""
    over = select(Campaign).where(Campaign.state == "short", Campaign.choices_until <= db_now(session))
    for campaign in session.scalars(over):
        campaigns.shift(session, campaign, ("short",), "returned")


def _give_back(session: Session, pledge: Pledge, campaign: Campaign) -> bool:
    if pledge.state == "fulfilled":
        return refund(session, pledge, N_("The campaign failed."))
    return release(session, pledge, campaign)


def release(session: Session, pledge: Pledge, campaign: Campaign) -> bool:
    """A promise is over without a payment."""
    over: dict[str, Any] = {"state": "released", "ended_at": db_now(session)}
    pledges.drop_waiting(session, pledge)
    if not pledges.shift(session, pledge, frozenset({"promised", "charging"}), **over):
        return False
    pledges.note(session, pledge, "released", pledges.CLOCK)
    letters.write(session, pledge, "campaign_released", title=campaign.title, state=campaign.state)
    return True


def refund(session: Session, pledge: Pledge, reason: str) -> bool:
    """Send back all that is left of what a pledge paid. The refund's news will say that it arrived."""
    charge = charge_of(session, pledge)
    if charge is None:
        return False
    left = charge.received - charge.refunded - charge.lost
    if left > 0:
        refunds.owe(session, charge, Money(left, charge.currency), reason)
    pledges.shift(session, pledge, frozenset({"fulfilled"}), state="refunded")
    pledges.note(session, pledge, "refund owed", pledges.CLOCK, amount=left)
    return True


def charge_of(session: Session, pledge: Pledge) -> Charge | None:
    """The charge with which a single pledge was paid."""
    paid = select(Instalment.charge_id).where(Instalment.pledge_id == pledge.id, Instalment.state == "paid")
    charge_id = session.scalar(paid)
    return session.get(Charge, charge_id) if charge_id is not None else None


# The ledger


def release_due() -> int:
    """Job: what was held for campaigns that ended well is income from now on.

    A pitch's money stays restricted until its story is out.
    """
    with database().transaction() as session:
        held = select(Balance.key).where(
            Balance.dimension == "campaign",
            Balance.account.in_(campaigns.HELD_IN.values()),
            Balance.amount != 0,
        )
        ended = select(Campaign).where(Campaign.id.in_(held), Campaign.state.in_(("succeeded", "ended")))
        return sum(release_money(session, campaign) for campaign in session.scalars(ended))


def release_money(session: Session, campaign: Campaign) -> bool:
    """What is held for a campaign that ended well becomes income; False while it must stay, or is none."""
    if campaign.kind == campaigns.PITCH and not _story_is_out(session, campaign):
        return False
    held, earned = campaigns.HELD_IN[campaign.kind], campaigns.EARNED_IN[campaign.kind]
    ledger.hold_pen(session)
    amount = ledger.balance(session, held, campaign.currency, campaign_id=campaign.id)
    if amount == 0:
        return False
    money = Money(amount, campaign.currency)
    ledger.post(
        session,
        kind="campaign_money_released",
        lines=[
            Line(held, -money, campaign_id=campaign.id),
            Line(earned, money, campaign_id=campaign.id, story_id=campaign.story_id),
        ],
        cause=("campaign_release", new_id()),
    )
    charges.move(session, campaign.id, held, earned)
    return True


def _story_is_out(session: Session, campaign: Campaign) -> bool:
    decision = session.get(Decision, campaign.id)
    return decision is not None and decision.verdict == "accepted" and campaign.story_id is not None
