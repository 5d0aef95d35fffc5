"""Browsers of officers, candidates and members at the newsroom."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commons import csrf, sessions, web
from commons.accounts import Account
from commons.config import settings as current
from commons.db import Database
from tests.membership.elections.club import Club
from tests.services import applications


class Visitor:
    """Somebody who signs in for each thing she does: weeks pass in between."""

    def __init__(self, app: web.App, db: Database, account: Account) -> None:
        self._app, self._db, self._account = app, db, account

    def get(self, path: str) -> TestResponse:
        return self._signed_in()[0].get(path)

    def post(self, path: str, **fields: object) -> TestResponse:
        client, token = self._signed_in()
        secret = csrf.token(current().secret_key, sessions.hash_of(token))
        return client.post(path, data={csrf.FIELD: secret, **fields})

    def _signed_in(self) -> tuple[FlaskClient, str]:
        with self._db.transaction() as session:
            token = sessions.start(session, self._account, proved=True, with_passkey=True)
        client = self._app.test_client()
        client.set_cookie(web.cookie_name(), token, domain="127.0.0.1")
        return client, token


Visit = Callable[[Account], Visitor]


@pytest.fixture
def visit(club: Club) -> Visit:
    """``visit(club.eli)``: somebody at a browser."""
    app = applications.shared()
    return lambda account: Visitor(app, club.db, account)
