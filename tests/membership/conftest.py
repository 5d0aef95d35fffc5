"""What every room of membership starts from: people, and a browser in which one of them is signed in."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from commons import accounts, powers, sessions, web
from commons.accounts import Account
from commons.db import Database
from commons.powers import Power

from .petra import house

__all__ = ["SignIn", "browser_of", "house", "person"]

SignIn = Callable[[Account], FlaskClient]


def person(session: Session, name: str, power: Power | None = None) -> Account:
    """An account without a password."""
    account = accounts.create(session, email=f"{name}@example.org", name=name.title(), password=None)
    if power is not None:
        powers.grant(session, account, [power], reason="founding")
    return account


@pytest.fixture
def browser_of(app: web.App, db: Database) -> SignIn:
    """``browser_of(account)``: a browser in which the account is signed in."""

    def sign_in(account: Account) -> FlaskClient:
        with db.transaction() as session:
            token = sessions.start(session, account)
        client = app.test_client()
        client.set_cookie(web.cookie_name(), token, domain="127.0.0.1")
        return client

    return sign_in
