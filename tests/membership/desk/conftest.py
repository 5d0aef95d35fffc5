"""The same people as for members, and a newsroom that can be paid."""

import re
from dataclasses import replace

import html5lib
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commons import config
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from federation import actors
from membership.members.models import Membership
from membership.money import parties
from membership.money.currencies import Money
from membership.payments import charges
from membership.pledges import pledges, renewals, settling
from membership.pledges.pledges import Wish

from ..members.conftest import Join, app, at, join, officers  # noqa: F401


@pytest.fixture
def settings(settings: Config) -> Config:
    """A newsroom with a bank account."""
    paid = replace(settings, iban="DE89370400440532013000", account_holder="Merrenport News eG")
    config.use(paid)
    return paid


def valid(answer: TestResponse, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    html5lib.HTMLParser(strict=True).parse(answer.text)
    return answer.text


def press(browser: FlaskClient, path: str, page: str = "/desk", **fields: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert token is not None
    return browser.post(path, data={"csrf_token": token[1], **fields})


@pytest.fixture
def ada(db: Database, join: Join) -> Membership:  # noqa: F811
    """A member with a paid pledge, a receipt and a public face."""
    made = join("ada", pays=0)
    with db.transaction() as session:
        account = session.get_one(Account, made.party.account_id)
        actors.create_local(session, kind="Person", handle="ada", name="Ada", account=account)
        party = parties.of(session, account)
        wish = Wish(Money(1500, "EUR"), "monthly", "bank", "once-ada")
        pledge = pledges.promise(session, party, wish)
        charge = renewals.start(session, pledges.instalments(session, pledge)[0])
        assert charge is not None
        charges.settled(session, charge)
    settling.settle_due()
    return made
