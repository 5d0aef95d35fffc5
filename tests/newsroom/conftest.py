"""A founded newsroom with its people, for the tests of this room."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from commons import accounts, powers, sessions, web
from commons.accounts import Account
from commons.db import Database
from commons.powers import Power
from federation import actors, keys
from newsroom import desk, sections
from newsroom.drafts import Draft
from newsroom.models import Article
from tests.services import applications, key_pairs

DRAFT = Draft(
    title="The last ferry",
    summary="Merrenport stops its night ferry. 3,000 people crossed on it.",
    body="The **last** ferry left at midnight.\n\nNobody waved.",
    section="harbour",
    tags=("ferry", "harbour"),
)


@dataclass(frozen=True)
class Cast:
    """Who works here. ``maria`` may publish, ``lena`` edit, ``jon`` and ``ada`` write, ``rolf`` nothing."""

    maria: Account
    lena: Account
    jon: Account
    ada: Account
    rolf: Account


@pytest.fixture
def same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actors share one key of each kind: a new RSA key takes a tenth of a second."""
    monkeypatch.setattr(keys, "generate", key_pairs.once)


@pytest.fixture
def cast(db: Database, same_keys: None) -> Cast:
    """The newsroom is founded, has the section ``harbour``, and five people have accounts."""
    with db.transaction() as session:
        actors.found_newsroom(session)
        sections.create(session, "harbour", "River and Harbour")
        return Cast(
            maria=_person(session, "maria", "Maria Petrova", Power.PUBLISH),
            lena=_person(session, "lena", "Lena Brand", Power.EDIT),
            jon=_person(session, "jon", "Jon Okafor", Power.WRITE),
            ada=_person(session, "ada", "Ada Weiss", Power.WRITE),
            rolf=_person(session, "rolf", "Rolf Reader", None),
        )


def _person(session: Session, handle: str, name: str, power: Power | None) -> Account:
    account = accounts.create(
        session, email=f"{handle}@example.org", name=name, password="correct horse battery"
    )
    actors.create_local(session, kind="Person", handle=handle, name=name, account=account)
    if power is not None:
        powers.grant(session, account, [power], reason="founding")
    return account


@pytest.fixture
def draft() -> Draft:
    return DRAFT


Publish = Callable[..., Article]


@pytest.fixture
def put_out(db: Database, cast: Cast) -> Publish:
    """``put_out(title="…", by=account)``: a published story."""

    def publish(by: Account = cast.maria, **changes: object) -> Article:
        with db.transaction() as session:
            article = desk.start(session, by, replace(DRAFT, **changes))  # type: ignore[arg-type]
            return desk.publish(session, article.id, cast.maria)

    return publish


@pytest.fixture
def app(cast: Cast) -> web.App:
    return applications.shared()


@pytest.fixture
def reader(app: web.App) -> FlaskClient:
    """Somebody's browser, not signed in."""
    return app.test_client()


SignIn = Callable[[Account], FlaskClient]


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


@pytest.fixture
def queries(db: Database) -> Iterator[list[str]]:
    """Every statement that the database is asked, as it is asked; clear it before what is counted."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    event.remove(db.engine, "before_cursor_execute", note)
