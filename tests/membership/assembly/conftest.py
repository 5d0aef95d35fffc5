"""A newsroom with officers, and members who have a vote."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from commons import clock
from commons.accounts import Account
from commons.db import Database
from membership.elections.protocol.manifest import LEAST_ROLL
from membership.members.models import Membership
from tests.membership.members.conftest import Join, account_of, app, join, officers

__all__ = ["app", "join", "officers"]

LONG_AGO = timedelta(days=100)
Voter = Callable[[str], Account]


@pytest.fixture
def voter(db: Database, join: Join) -> Voter:
    """``voter("ada")``: the account of a member who has a vote."""

    def made(name: str) -> Account:
        membership = join(name)
        with db.transaction() as session:
            session.execute(
                update(Membership)
                .where(Membership.id == membership.id)
                .values(joined_at=clock.now() - LONG_AGO)
            )
        return account_of(db, membership)

    return made


@pytest.fixture
def electorate(voter: Voter) -> list[Account]:
    """As many members with a vote as an election needs."""
    return [voter(f"member{number}") for number in range(LEAST_ROLL)]
