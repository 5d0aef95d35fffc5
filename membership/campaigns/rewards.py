"""Rewards with a limited number of places. A place is free again when its pledge fails or is refunded."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.campaigns.models import Campaign, Reward
from membership.money.currencies import Money, show
from membership.pledges.models import Pledge

HOLDING = ("promised", "charging", "fulfilled")


def every(session: Session, campaign: Campaign) -> list[tuple[Reward, int | None]]:
    """The rewards from the smallest on, each with how many places are free (None: enough for all)."""
    found = session.scalars(select(Reward).where(Reward.campaign_id == campaign.id).order_by(Reward.least))
    return [(reward, _free(session, reward)) for reward in found]


def check(session: Session, campaign: Campaign, reward_id: uuid.UUID, money: Money) -> Reward:
    """The reward, if ``money`` is enough for it and a place is free. The caller holds the campaign's row."""
    reward = session.get(Reward, reward_id)
    if reward is None or reward.campaign_id != campaign.id:
        raise Refused(N_("There is no such reward."), status=404)
    least = Money(reward.least, campaign.currency)
    if money < least:
        raise Refused(N_("This reward begins at %(least)s."), least=show(least))
    if _free(session, reward) == 0:
        raise Refused(N_("Every place of this reward is taken."), status=409)
    return reward


def _free(session: Session, reward: Reward) -> int | None:
    if reward.places is None:
        return None
    taken = session.scalar(
        select(func.count()).where(
            Pledge.reward_id == reward.id,
            Pledge.state.in_(HOLDING),
            Pledge.amount - Pledge.returned >= reward.least,
        )
    )
    return max(reward.places - (taken or 0), 0)
