"""A newsroom with members, and the boards they elected: certified elections as counting leaves them."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from commons import clock, config, csrf, sessions, web
from commons.accounts import Account
from commons.db import Database
from membership.board import seats
from membership.board.models import Seat
from membership.elections.models import BOARD, CERTIFIED, Candidacy, Election
from membership.members.models import Membership

from ..members.conftest import (
    Join,
    Officers,
    account_of,
    app,
    at,
    join,
    officers,
    person,
)

__all__ = ["Join", "Officers", "account_of", "app", "at", "join", "officers", "person"]

People = dict[str, Membership]
Elect = Callable[..., Election]


@pytest.fixture
def people(join: Join) -> People:
    """Members by name: ``ada`` to ``gus``."""
    return {name: join(name) for name in ("ada", "ben", "cho", "dee", "eve", "fay", "gus")}


@pytest.fixture
def elect(db: Database, people: People) -> Elect:
    """``elect("ada", "ben")``: a certified election that these won, in this order, and seated."""

    def elected(*names: str, seated: bool = True, **columns: object) -> Election:
        with db.transaction() as session:
            made = certify(session, [people[name] for name in names], **columns)
        if seated:
            seats.seat_due()
        return made

    return elected


def certify(
    session: Session, winners: Sequence[Membership], others: Sequence[Membership] = (), **columns: object
) -> Election:
    """A certified election of the board, as counting leaves it behind."""
    number = len(session.scalars(select(Election.id)).all()) + 1
    made = Election(
        slug=f"board-{number}",
        title=f"Board {number}",
        kind=BOARD,
        state=CERTIFIED,
        seats=len(winners),
        certified_at=clock.now(),
        **columns,
    )
    session.add(made)
    session.flush()
    standing = sorted([*winners, *others], key=name_of)
    candidacies = {
        each.id: Candidacy(election_id=made.id, membership_id=each.id, name=name_of(each), number=place)
        for place, each in enumerate(standing, 1)
    }
    session.add_all(candidacies.values())
    session.flush()
    made.outcome = outcome([candidacies[each.id].number for each in winners])
    return made


def outcome(elected: Sequence[int | None] = (), carried: bool | None = None) -> dict[str, object]:
    """What counting writes on an election's row."""
    return {
        "elected": list(elected),
        "turnout": 12,
        "quorum_reached": True,
        "carried": carried,
        "vacant": 0,
    }


def name_of(membership: Membership) -> str:
    assert membership.party.data is not None
    return membership.party.data.name


def sitting(db: Database, when: datetime | None = None) -> list[str]:
    """The names of who sits, in order."""
    with db.reading() as session:
        return [seat.name for seat in seats.sitting(session, when)]


def seat_of(db: Database, name: str) -> Seat:
    """The latest seat of that name."""
    with db.reading() as session:
        latest = select(Seat).where(Seat.name == name).order_by(Seat.starts_at.desc()).limit(1)
        return session.scalars(latest).one()


def account(db: Database, people: People, name: str) -> Account:
    return account_of(db, people[name])


def post(client: FlaskClient, db: Database, path: str, **data: object) -> TestResponse:
    """A form as this browser's page sends it."""
    cookie = client.get_cookie(web.cookie_name(), domain="127.0.0.1")
    assert cookie is not None
    token = csrf.token(config.settings().secret_key, sessions.hash_of(cookie.value))
    return client.post(path, data={csrf.FIELD: token, **data})


NOWHERE = uuid.UUID(int=1)
