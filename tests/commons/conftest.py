"""The probe site and a browser on it."""

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from commons import accounts, web
from commons.accounts import Account
from commons.db import Database
from tests.commons import site


@pytest.fixture
def app(db: Database) -> web.App:
    return site.build()


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost nothing, for tests that are not about their cost."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", cheap)
    monkeypatch.setattr(accounts, "_nobody", cheap.hash("nobody"))


@pytest.fixture
def client(app: web.App, cheap_passwords: None) -> FlaskClient:
    """A browser without cookies."""
    site.bells.clear()
    return app.test_client()


@pytest.fixture
def ada(db: Database, cheap_passwords: None) -> Account:
    with db.transaction() as session:
        return accounts.create(session, email=site.EMAIL, name="Ada Lovelace", password=site.PASSWORD)


@pytest.fixture
def signed_in(client: FlaskClient, ada: Account) -> FlaskClient:
    """A browser in which Ada is signed in."""
    response = client.post("/sign-in", data={"email": site.EMAIL, "password": site.PASSWORD})
    assert response.status_code == 303
    return client
