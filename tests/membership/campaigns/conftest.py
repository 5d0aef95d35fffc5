"""A newsroom that asks its readers: officers, campaigns, and readers who pledge."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from commons import clock
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.powers import Power
from membership.campaigns import campaigns, choices, closing
from membership.campaigns.campaigns import Plan
from membership.campaigns.models import Campaign
from membership.money import parties
from membership.pledges import settling
from membership.pledges.models import Pledge
from tests.membership.pledges.conftest import (
    app,
    eur,
    guest,
    house,
    person,
    reader,
    wait,
)

__all__ = ["app", "house", "reader", "wait"]

ZONE = "Europe/Berlin"
Open = Callable[..., Campaign]


@dataclass(frozen=True)
class Officers:
    """``tom`` and ``tina`` keep the books, ``edith`` publishes, ``jon`` writes."""

    tom: Account
    tina: Account
    edith: Account
    jon: Account


@pytest.fixture
def officers(db: Database, house: Config) -> Officers:
    with db.transaction() as session:
        return Officers(
            tom=person(session, "tom", Power.BOOKS),
            tina=person(session, "tina", Power.BOOKS),
            edith=person(session, "edith", Power.PUBLISH),
            jon=person(session, "jon", Power.WRITE),
        )


def plan(kind: str = "campaign", **changes: Any) -> Plan:
    """A campaign for 30 euros that ends in ten days, by the clock of Berlin."""
    ends = (clock.now() + timedelta(days=10)).astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
    made = Plan(
        kind=kind,
        title="A second reporter at the harbour",
        summary="So that somebody looks.",
        text="First part.\n\nSecond part.",
        scheme="all_or_nothing",
        goal_money=eur(3000),
        ends=ends,
        zone=ZONE,
    )
    return replace(made, **changes)


@pytest.fixture
def opened(db: Database, officers: Officers) -> Open:
    """``opened("pitch", goal_people=3)``: a campaign that takes pledges."""

    def open_(kind: str = "campaign", **changes: Any) -> Campaign:
        with db.transaction() as session:
            by = officers.tom if kind == "campaign" else officers.jon
            return campaigns.open_(session, plan(kind, **changes), by=by)

    return open_


def pledged(db: Database, campaign: Campaign, amount: int = 1000, name: str = "", **more: Any) -> Pledge:
    """A pledge of somebody new."""
    with db.transaction() as session:
        found = session.get_one(Campaign, campaign.id)
        name = name or f"reader{len(session.scalars(select(Pledge.id)).all())}"
        return campaigns.join(
            session,
            guest(session, name),
            found,
            eur(amount),
            provider="bank",
            once=more.pop("once", name + str(clock.now())),
            **more,
        )


def pledged_as(db: Database, campaign: Campaign, account: Account, amount: int = 1000) -> Pledge:
    with db.transaction() as session:
        found = session.get_one(Campaign, campaign.id)
        party = parties.of(session, account)
        return campaigns.join(session, party, found, eur(amount), provider="bank", once=str(clock.now()))


def now(db: Database, campaign: Campaign) -> Campaign:
    """The campaign as it stands now."""
    with db.reading() as session:
        return session.get_one(Campaign, campaign.id)


def work() -> None:
    """Run the jobs of campaigns and pledges until nothing is left to do."""
    for _round in range(10):
        done = [
            closing.close_due(),
            closing.collect_due(),
            settling.settle_due(),
            closing.give_back_due(),
            choices.choices_due(),
            closing.release_due(),
        ]
        if not any(done):
            return
    raise AssertionError("the jobs never came to rest")
