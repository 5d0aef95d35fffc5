"""The probe site and a browser on it."""

import pytest
from flask.testing import FlaskClient

from commons import accounts, web
from commons.accounts import Account
from commons.db import Database
from tests.commons import site
from tests.services import applications


@pytest.fixture
def app(db: Database) -> web.App:
    return applications.shared(site.build)


@pytest.fixture
def client(app: web.App) -> FlaskClient:
    """A browser without cookies."""
    site.bells.clear()
    return app.test_client()


@pytest.fixture
def ada(db: Database) -> Account:
    with db.transaction() as session:
        return accounts.create(session, email=site.EMAIL, name="Ada Lovelace", password=site.PASSWORD)


@pytest.fixture
def signed_in(client: FlaskClient, ada: Account) -> FlaskClient:
    """A browser in which Ada is signed in."""
    response = client.post("/sign-in", data={"email": site.EMAIL, "password": site.PASSWORD})
    assert response.status_code == 303
    return client
