"""What a campaign lacks, waived by two people of the books: one proposes, another agrees."""

import uuid

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import powers
from commons.accounts import Account
from commons.clock import db_now
from commons.db import rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.campaigns import campaigns, closing
from membership.campaigns.models import Campaign, Waiver


def propose(session: Session, campaign: Campaign, reason: str, *, by: Account) -> Waiver:
    """Propose to go on with less than the goal."""
    if not reason.strip():
        raise Refused(N_("Say why."))
    powers.require(session, by, Power.BOOKS)
    if campaign.state != "short":
        raise Refused(N_("Nothing is missing that could be waived."), status=409)
    waiver = Waiver(campaign_id=campaign.id, reason=reason.strip(), proposed_by=by.id)
    try:
        with session.begin_nested():
            session.add(waiver)
    except IntegrityError as error:
        raise Refused(N_("This is proposed already."), status=409) from error
    powers.exercise(
        session, by, Power.BOOKS, on=campaigns.address(campaign), reason=reason, verb="propose waiver"
    )
    return waiver


def agree(session: Session, campaign: Campaign, *, by: Account) -> None:
    """Agree to what somebody else proposed; the campaign has succeeded then."""
    powers.require(session, by, Power.BOOKS)
    agreed = session.execute(
        update(Waiver)
        .where(Waiver.campaign_id == campaign.id, Waiver.agreed_by.is_(None), Waiver.proposed_by != by.id)
        .values(agreed_by=by.id, agreed_at=db_now(session))
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(agreed):
        raise Refused(N_("This needs a second person, and can be agreed to once."), status=403)
    waiver = session.get_one(Waiver, campaign.id, populate_existing=True)
    powers.exercise(
        session, by, Power.BOOKS, on=campaigns.address(campaign), reason=waiver.reason, verb="agree to waiver"
    )
    if not closing.succeed(session, campaign, ("short",)):
        raise Refused(N_("Nothing is missing that could be waived."), status=409)


def of(session: Session, campaign_id: uuid.UUID) -> Waiver | None:
    return session.get(Waiver, campaign_id)
