"""The clock of an election, who keeps its keys and ballots, and one in the database."""

from collections.abc import Iterator

import pytest

from commons.config import Config
from commons.db import Database
from commons.powers import Power
from federation import actors, keys
from tests.membership.elections import keepers as keeping
from tests.membership.elections.clocks import Hands
from tests.membership.elections.club import NAMES, Club
from tests.membership.elections.club import enrol as enrol_one
from tests.membership.elections.keepers import Keepers
from tests.membership.elections.registrar import MEMBERS, Registrar, announced, enrol
from tests.services import key_pairs

from ..conftest import person


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """Moves the clock to a moment of an election; it goes back by itself."""
    return Hands(monkeypatch)


@pytest.fixture
def keepers(settings: Config) -> Iterator[Keepers]:
    """Signer and ballot box behind their doors in the test's folder."""
    with keeping.running(settings.data) as found:
        yield found


@pytest.fixture
def club(db: Database, hands: Hands, keepers: Keepers, monkeypatch: pytest.MonkeyPatch) -> Club:
    """Twelve members with a vote, one who joined yesterday, and two officers."""
    monkeypatch.setattr(keys, "generate", key_pairs.once)
    with db.transaction() as session:
        actors.found_newsroom(session)
        people = {name: enrol_one(session, name, number) for number, name in enumerate(NAMES, 1)}
        people["new"] = enrol_one(session, "new", len(NAMES) + 1, days=1)
        eli, ola = (person(session, name, Power.ELECTIONS) for name in ("eli", "ola"))
    accounts = {name: account for name, (account, _membership) in people.items()}
    memberships = {name: membership for name, (_account, membership) in people.items()}
    return Club(db, hands, keepers, eli, ola, accounts, memberships)


@pytest.fixture
def registrar(db: Database, hands: Hands, keepers: Keepers) -> Registrar:
    return announced(db, enrol(db, MEMBERS), hands, keepers)
