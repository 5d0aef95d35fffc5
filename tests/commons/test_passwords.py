"""How a password is kept. Elsewhere in the tests its hash costs nothing."""

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from commons import accounts
from commons.db import Database
from tests.commons import site


@pytest.fixture
def dear(real_hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost what they cost outside the tests."""
    monkeypatch.setattr(accounts, "_hasher", real_hasher)
    monkeypatch.setattr(accounts, "_nobody", real_hasher.hash("nobody"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_password_is_kept_as_owasp_asks_and_found_right_or_wrong(db: Database, dear: None) -> None:
    with db.transaction() as session:
        ada = accounts.create(session, email=site.EMAIL, name="Ada", password=site.PASSWORD)
    assert ada.personal is not None and ada.personal.password_hash is not None

    kept = extract_parameters(ada.personal.password_hash)
    assert kept.type is Type.ID
    assert (kept.memory_cost, kept.time_cost, kept.parallelism) == (19 * 1024, 2, 1)
    assert accounts.password_matches(ada, site.PASSWORD)
    assert not accounts.password_matches(ada, site.PASSWORD + "!")
    assert not accounts.password_matches(None, site.PASSWORD)
