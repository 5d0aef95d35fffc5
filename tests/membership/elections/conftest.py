"""The clock of an election, and one in the database."""

import pytest

from commons.db import Database
from tests.membership.elections.clocks import Hands
from tests.membership.elections.registrar import MEMBERS, Registrar, announced, enrol


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """Moves the clock to a moment of an election; it goes back by itself."""
    return Hands(monkeypatch)


@pytest.fixture
def registrar(db: Database, hands: Hands) -> Registrar:
    return announced(db, enrol(db, MEMBERS), hands)
