"""How far a campaign has got: what was collected, by the ledger, and what is promised, by the pledges."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.orm import Session

from commons import limits
from membership.campaigns.campaigns import EARNED_IN, HELD_IN, KEEP_IT_ALL
from membership.campaigns.models import Campaign
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.models import PartyData
from membership.payments.models import Mandate
from membership.payments.providers import PROVIDERS
from membership.pledges.models import Pledge

PROMISED, PAID = ("promised", "charging"), ("fulfilled",)


@dataclass(frozen=True)
class Progress:
    """``collected`` is ours, ``promised`` is not yet; ``people`` counts those behind both."""

    collected: Money
    promised: Money
    people: int
    goal_money: Money
    goal_people: int

    @property
    def money(self) -> Money:
        return self.collected + self.promised

    @property
    def reached(self) -> bool:
        """Whether both goals are met: exactly is enough."""
        return reached(self.money, self.people, self)

    @property
    def percent(self) -> int:
        """Of the goal in money, rounded down; 100 means that it is met."""
        return self.money.amount * 100 // self.goal_money.amount

    @property
    def shown(self) -> bool:
        """Whether sums may be shown: not while so few pledged that a sum tells what one of them gave."""
        return self.people == 0 or self.people >= limits.SMALL_CELL


def reached(money: Money, people: int, goals: "Progress") -> bool:
    return goals.goal_money <= money and people >= goals.goal_people


def progress(session: Session, campaign: Campaign) -> Progress:
    """As of now."""
    deferred = campaign.scheme != KEEP_IT_ALL and campaign.round == 1
    states = (*PAID, *PROMISED) if deferred else PAID
    return Progress(
        collected=collected(session, campaign),
        promised=_promised(session, campaign) if deferred else Money(0, campaign.currency),
        people=people(session, campaign, states),
        goal_money=goal_money(campaign),
        goal_people=campaign.goal_people,
    )


def goal_money(campaign: Campaign) -> Money:
    """The goal of the round that runs."""
    second = campaign.second_goal if campaign.round == 2 else None
    return Money(second or campaign.goal_money, campaign.currency)


def collected(session: Session, campaign: Campaign) -> Money:
    """What the ledger says came in for the campaign and did not go back."""
    accounts = (HELD_IN[campaign.kind], EARNED_IN[campaign.kind])
    total = sum(
        ledger.balance(session, account, campaign.currency, campaign_id=campaign.id) for account in accounts
    )
    return Money(-total, campaign.currency)


def people(session: Session, campaign: Campaign, states: tuple[str, ...] = PAID) -> int:
    """How many pledged. Whoever uses one e-mail address is one person, with or without an account."""
    who = func.coalesce(PartyData.email, cast(Pledge.party_id, String))
    counted = (
        select(func.count(func.distinct(who)))
        .select_from(Pledge)
        .outerjoin(PartyData, PartyData.party_id == Pledge.party_id)
        .where(Pledge.campaign_id == campaign.id, Pledge.state.in_(states), _chargeable())
    )
    return session.scalar(counted) or 0


def _promised(session: Session, campaign: Campaign) -> Money:
    total = session.scalar(
        select(func.coalesce(func.sum(Pledge.amount), 0)).where(
            Pledge.campaign_id == campaign.id, Pledge.state.in_(PROMISED), _chargeable()
        )
    )
    return Money(int(total or 0), campaign.currency)


def _chargeable() -> ColumnElement[bool]:
    """Paid, or by a provider without mandates, or with a mandate that can be used."""
    with_mandates = [name for name, provider in PROVIDERS.items() if provider.takes_mandates]
    signed = (
        select(Mandate.id)
        .where(
            Mandate.party_id == Pledge.party_id,
            Mandate.provider == Pledge.provider,
            Mandate.state == "active",
        )
        .exists()
    )
    return or_(Pledge.state.in_(PAID), Pledge.provider.not_in(with_mandates), signed)
