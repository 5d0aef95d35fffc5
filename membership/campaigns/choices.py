"""After the desk declined a pitch each funder chooses: her money back, or given to another pitch that runs.

Her silence means back.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.db import database, new_id, rows_changed
from commons.language import N_
from commons.refusal import Refused
from membership.campaigns import campaigns, closing
from membership.campaigns.models import Campaign, Choice
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.payments import charges
from membership.pledges import letters, pledges
from membership.pledges.models import Pledge

REFUND, REASSIGN = "refund", "reassign"
HELD = campaigns.HELD_IN[campaigns.PITCH]


def choose(session: Session, pledge: Pledge, choice: str, to: Campaign | None = None) -> Choice:
    """What a funder wants done with her money; she may change her mind until it is done."""
    pitch = session.get(Campaign, pledge.campaign_id) if pledge.campaign_id else None
    if pitch is None or pitch.state != "declined" or pledge.state != "fulfilled":
        raise Refused(N_("There is nothing to choose for this pledge."), status=409)
    if choice == REASSIGN:
        if to is None or to.kind != campaigns.PITCH or to.id == pitch.id:
            raise Refused(N_("Choose another pitch."))
        campaigns.hold_open(session, to)
    made = session.get(Choice, pledge.id)
    if made is None:
        made = Choice(pledge_id=pledge.id, campaign_id=pitch.id, choice=choice)
        session.add(made)
    if made.done_at is not None:
        raise Refused(N_("This was done already."), status=409)
    made.choice, made.to_campaign_id = choice, to.id if to is not None and choice == REASSIGN else None
    session.flush()
    return made


def choices_due() -> int:
    """Job: release promises to declined pitches, ask their funders, and do what they chose."""
    with database().transaction() as session:
        return _ask(session) + _silent(session) + _do(session)


def _ask(session: Session) -> int:
    """Release what was not paid; write once to those who paid."""
    rows = session.execute(
        select(Pledge, Campaign)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(
            Campaign.state == "declined",
            (Pledge.state.in_(("promised", "charging")))
            | ((Pledge.state == "fulfilled") & Pledge.asked_at.is_(None)),
        )
        .limit(limits.DUE_AT_ONCE)
    ).all()
    for pledge, pitch in rows:
        if pledge.state == "fulfilled":
            pledge.asked_at = db_now(session)
            letters.write(session, pledge, "pitch_declined", title=pitch.title, until=pitch.choices_until)
        else:
            closing.release(session, pledge, pitch)
    session.flush()
    return len(rows)


def _silent(session: Session) -> int:
    """Who said nothing in time gets her money back."""
    silent = session.scalars(
        select(Pledge)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .outerjoin(Choice, Choice.pledge_id == Pledge.id)
        .where(
            Campaign.state == "declined",
            Campaign.choices_until <= db_now(session),
            Pledge.state == "fulfilled",
            Choice.pledge_id.is_(None),
        )
        .limit(limits.DUE_AT_ONCE)
    ).all()
    session.add_all(
        Choice(pledge_id=pledge.id, campaign_id=pledge.campaign_id, choice=REFUND) for pledge in silent
    )
    session.flush()
    return len(silent)


def _do(session: Session) -> int:
    waiting = session.scalars(select(Choice).where(Choice.done_at.is_(None)).limit(limits.DUE_AT_ONCE)).all()
    return sum(_do_one(session, choice) for choice in waiting)


def _do_one(session: Session, choice: Choice) -> bool:
    claimed = session.execute(
        update(Choice)
        .where(Choice.pledge_id == choice.pledge_id, Choice.done_at.is_(None))
        .values(done_at=db_now(session))
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(claimed):
        return False
    pledge = session.get_one(Pledge, choice.pledge_id)
    to = session.get(Campaign, choice.to_campaign_id) if choice.to_campaign_id else None
    if to is not None and _takes(session, to):
        _reassign(session, pledge, to)
    else:
        closing.refund(session, pledge, N_("The desk declined the pitch."))
    session.refresh(choice)
    return True


def _takes(session: Session, to: Campaign) -> bool:
    try:
        campaigns.hold_open(session, to)
    except Refused:
        return False
    return True


def _reassign(session: Session, pledge: Pledge, to: Campaign) -> None:
    """Move what is left of a payment to another pitch, in the books and on the pledge."""
    charge = closing.charge_of(session, pledge)
    if charge is None:
        return
    charge = charges.lock(session, charge)
    money = Money(charge.received - charge.refunded - charge.lost, charge.currency)
    if money.amount > 0:
        ledger.post(
            session,
            kind="pitch_reassigned",
            lines=[
                Line(HELD, money, campaign_id=charge.campaign_id, party_id=pledge.party_id),
                Line(HELD, -money, campaign_id=to.id, party_id=pledge.party_id),
            ],
            cause=("pledge", new_id()),
        )
    charge.campaign_id, charge.account = to.id, HELD
    pledges.note(session, pledge, "reassigned", pledges.PAYER, to=to.slug)
    pledge.campaign_id, pledge.reward_id = to.id, None
    session.flush()
