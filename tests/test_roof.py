"""The whole application: what must hold for every route that is plugged in."""

import uuid

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule, UUIDConverter

import wsgi
from commons import accounts, csrf, powers, sessions, web
from commons.db import Database
from commons.powers import Power
from federation import actors

# Forms that act for nobody who is signed in.
WITHOUT_ACCOUNT = {
    "recovery.ask",
    "recovery.ask_for_passkey",
    "recovery.come_in",
    "recovery.come_in_with_passkey",
    "recovery.object_",
    "sign_in.ask_for_passkey",
    "sign_in.enter_with_passkey",
    "sign_in.enter",
    "sign_in.open_link",
    "federation_pages.interact",
    "desk.stop_erasure",
    "endings.cancel",
    "endings.withdraw",
    "givers.ask",
    "givers.forget",
}


@pytest.fixture
def client(db: Database) -> FlaskClient:
    """A browser on the real application, in which somebody who may do everything is signed in."""
    with db.transaction() as session:
        actors.found_newsroom(session)
        account = accounts.create(
            session, email="ada@news.example", name="Ada", password="correct horse battery"
        )
        powers.grant(session, account, [Power.PUBLISH, Power.MODERATE], reason="founding")
        token = sessions.start(session, account)
    browser = wsgi.create_app().test_client()
    browser.set_cookie(web.cookie_name(), token, domain="127.0.0.1")
    return browser


def fitting(converter: BaseConverter) -> object:
    """A value that the converter of a route takes."""
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return {UUIDConverter: uuid.UUID(int=1), IntegerConverter: 1}.get(type(converter), "x")


def unsafe(client: FlaskClient) -> list[tuple[str, str, Rule]]:
    """Every unsafe method of every page, with an address that fits it."""
    machines = {blueprint.name for blueprint in wsgi.MACHINES}
    found = []
    with client.application.test_request_context():
        adapter = client.application.create_url_adapter(None)
        assert adapter is not None
        for rule in client.application.url_map.iter_rules():
            if rule.endpoint.split(".")[0] in machines:
                continue
            values = {name: fitting(rule._converters[name]) for name in rule.arguments}
            address = adapter.build(rule.endpoint, values)
            found += [(method, address, rule) for method in (rule.methods or set()) - csrf.SAFE_METHODS]
    return found


def test_the_search_finds_the_unsafe_routes(client: FlaskClient) -> None:
    endpoints = {rule.endpoint for _method, _address, rule in unsafe(client)}
    assert {"sign_in.enter", "sign_in.leave", "account.change_password", "studio.new"} <= endpoints
    assert endpoints >= WITHOUT_ACCOUNT


def test_no_unsafe_route_takes_a_form_of_another_site(client: FlaskClient) -> None:
    for method, address, _rule in unsafe(client):
        response = client.open(address, method=method, headers={"Origin": "https://evil.example"})
        assert response.status_code == 403, address
        response = client.open(address, method=method, headers={"Sec-Fetch-Site": "cross-site"})
        assert response.status_code == 403, address


def test_every_unsafe_route_that_acts_for_an_account_asks_for_its_token(client: FlaskClient) -> None:
    for method, address, rule in unsafe(client):
        if rule.endpoint not in WITHOUT_ACCOUNT:
            response = client.open(address, method=method, data={csrf.FIELD: "old"})
            assert response.status_code == 403, address


def test_what_is_read_without_an_account_sets_no_cookie(client: FlaskClient) -> None:
    reader = client.application.test_client()
    for address in (
        "/",
        "/archive",
        "/from-others",
        "/@newsroom",
        "/sign-in",
        "/sign-in/recover",
        "/feed.atom",
        "/feed.json",
        "/nothing",
    ):
        response = reader.get(address)
        assert response.status_code == (404 if address == "/nothing" else 200), address
        assert "Set-Cookie" not in response.headers, address
