"""The newsroom's pages for voters: an election in which drawing and voting overlap, members with accounts."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from commons import accounts, csrf, sessions, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from federation import actors, keys
from membership.members.models import Membership
from tests.membership.elections.clocks import Hands
from tests.membership.elections.keepers import Keepers
from tests.membership.elections.registrar import MEMBERS, Registrar, announced, enrol
from tests.services import applications, key_pairs

CAP = 2
Browser = Callable[..., "Voter"]


class Voter:
    """Somebody's browser at the newsroom, without JavaScript."""

    def __init__(self, client: FlaskClient, token: str, settings: Config) -> None:
        self.client = client
        self._csrf = csrf.token(settings.secret_key, sessions.hash_of(token))

    def get(self, path: str) -> tuple[int, str]:
        answer = self.client.get(path)
        return answer.status_code, answer.get_data(as_text=True)

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        answer = self.client.post(path, data={csrf.FIELD: self._csrf, **fields})
        return answer.status_code, answer.get_data(as_text=True)


@pytest.fixture
def allowed() -> bool:
    """Whether the manifest allows the server to make ballots."""
    return True


@pytest.fixture
def election(
    db: Database, hands: Hands, keepers: Keepers, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> Registrar:
    """While drawing and voting are both open; the server may make two ballots, if any."""
    monkeypatch.setattr(keys, "generate", key_pairs.once)
    with db.transaction() as session:
        actors.found_newsroom(session)
    overlap = {"issue_ends": "2026-11-14T08:00:00Z", "server_assisted": {"cap": CAP} if allowed else False}
    found = announced(db, enrol(db, MEMBERS), hands, keepers, **overlap)
    hands.move_to(found.manifest.times.vote_opens)
    return found


@pytest.fixture
def account_of(db: Database, election: Registrar) -> Callable[[int], Account]:
    """The account of the member with that place on the roll, from 0; -1: somebody who is no member."""

    def found(place: int) -> Account:
        with db.transaction() as session:
            name = f"Voter {place}"
            email = f"voter{place}@example.org"
            account = accounts.by_email(session, email) or accounts.create(
                session, email=email, name=name, password=None
            )
            if place >= 0:
                session.get_one(Membership, election.members[place]).party.account_id = account.id
            return account

    return found


@pytest.fixture
def browser_of(db: Database, settings: Config, account_of: Callable[[int], Account]) -> Browser:
    """``browser_of(0)``: a browser in which that member is signed in, and has shown lately who she is."""
    app = applications.shared()

    def sign_in(place: int, proved: bool = True) -> Voter:
        account = account_of(place)
        with db.transaction() as session:
            token = sessions.start(session, account, proved=proved)
        client = app.test_client()
        client.set_cookie(web.cookie_name(), token, domain="127.0.0.1")
        return Voter(client, token, settings)

    return sign_in
