"""A founded newsroom with its officers, and people who become members."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from commons import clock, web
from commons.accounts import Account
from commons.db import Database
from commons.powers import Power
from federation import actors, keys
from membership.members import members
from membership.members.models import Membership
from membership.money import parties
from membership.money.currencies import Money
from tests.services import applications, key_pairs

from ..conftest import SignIn, person  # noqa: F401

CONSENT = "I want to become a co-owner."
Join = Callable[..., Membership]
At = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Officers:
    """``tom`` and ``tina`` keep the books, ``edith`` edits, ``mo`` moderates, ``eli`` holds elections."""

    tom: Account
    tina: Account
    edith: Account
    mo: Account
    eli: Account


@pytest.fixture
def officers(db: Database, monkeypatch: pytest.MonkeyPatch) -> Officers:
    monkeypatch.setattr(keys, "generate", key_pairs.once)
    with db.transaction() as session:
        actors.found_newsroom(session)
        return Officers(
            tom=person(session, "tom", Power.BOOKS),
            tina=person(session, "tina", Power.BOOKS),
            edith=person(session, "edith", Power.PUBLISH),
            mo=person(session, "mo", Power.MODERATE),
            eli=person(session, "eli", Power.ELECTIONS),
        )


@pytest.fixture
def join(db: Database, officers: Officers) -> Join:
    """``join("ada", pays=1000, shares=1)``: an application, and what was paid, in minor units."""

    def joined(name: str, pays: int = 1000, shares: int | None = None) -> Membership:
        with db.transaction() as session:
            party = parties.of(session, person(session, name))
            made = members.apply(session, party, consent=CONSENT, number_of_shares=shares)
            if pays:
                pay(session, made, pays)
            assert made.party is party
            return made

    return joined


def pay(session: Session, membership: Membership, amount: int, cause: uuid.UUID | None = None) -> int:
    """A payment that stands on ``income:pledges``; returns what went into shares."""
    return members.paid(
        session,
        membership.party,
        Money(amount, "EUR"),
        from_account="income:pledges",
        cause=("charge", cause or uuid.uuid4()),
    ).amount


def account_of(db: Database, membership: Membership) -> Account:
    with db.reading() as session:
        return session.get_one(Account, membership.party.account_id)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """``at(2027, 3, 31)``: it is noon of that day."""

    def move(year: int, month: int, day: int) -> None:
        monkeypatch.setattr(clock, "shift", clock.shift * 0)
        wanted = datetime(year, month, day, 12, tzinfo=UTC)
        monkeypatch.setattr(clock, "shift", wanted - clock.now())

    return move


@pytest.fixture
def app(officers: Officers) -> web.App:
    return applications.shared()


def paid_and_left(db: Database, join: Join, at: At) -> tuple[Membership, uuid.UUID]:
    """Ada, who paid for one share of ten euros and left; and the cause of her payment."""
    at(2026, 8, 1)
    ada, cause = join("ada", pays=0), uuid.uuid4()
    with db.transaction() as session:
        pay(session, session.get_one(Membership, ada.id), 1000, cause)
    leave(db, ada, at)
    return ada, cause


def leave(db: Database, member: Membership, at: At) -> None:
    """Notice given in September, and the year over."""
    at(2026, 9, 1)
    with db.transaction() as session:
        members.give_notice(session, session.get_one(Membership, member.id), by=None)
    at(2027, 1, 2)
    members.end_due()
