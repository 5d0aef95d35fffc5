"""The services that every other test stands on."""

import pytest
from playwright.sync_api import Page
from sqlalchemy import inspect, make_url, select, text
from sqlalchemy.orm import Session

from commons import accounts, migrations
from commons.accounts import Account
from commons.config import Config
from commons.config import settings as current_settings
from commons.db import Database, connect, dialect_of
from commons.db import database as current_database
from tests.services import browser

left_open: list[Session] = []


def test_a_test_has_a_migrated_database_of_its_own(settings: Config, db: Database) -> None:
    assert current_settings() is settings
    assert current_database() is db
    assert db.engine.url == make_url(settings.database_url)
    migrations.require_current(db.engine)
    with db.transaction() as session:
        session.execute(text("CREATE TABLE left_by_a_test (id INTEGER)"))


def test_no_test_sees_what_another_left(db: Database) -> None:
    assert not inspect(db.engine).has_table("left_by_a_test")


def test_a_test_leaves_rows_and_a_connection(settings: Config, db: Database) -> None:
    with db.transaction() as session:
        accounts.create(session, email="left@example.org", name="Left", password=None)
    unfinished = Database(settings.database_url).session(writes=True)
    accounts.create(unfinished, email="unfinished@example.org", name="Unfinished", password=None)
    left_open.append(unfinished)


def test_no_test_sees_the_rows_of_another(db: Database) -> None:
    with db.transaction() as session:
        assert session.scalars(select(Account)).all() == []
        accounts.create(session, email="left@example.org", name="Left", password=None)
    while left_open:
        left_open.pop().invalidate()


@pytest.mark.one_database
def test_where_one_database_is_enough_it_is_sqlite(db: Database, long: bool) -> None:
    assert long or dialect_of(db.session(writes=False)) == "sqlite"


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    engine = connect(empty_database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_browser_shows_a_page_and_axe_finds_a_picture_without_words(page: Page) -> None:
    html = "<html lang=en><title>T</title><main><h1>H</h1><img src=x></main></html>"
    no_scripts = {"Content-Type": "text/html", "Content-Security-Policy": "default-src 'none'"}
    page.route("http://news.test/", lambda route: route.fulfill(body=html, headers=no_scripts))
    page.goto("http://news.test/")
    assert page.get_by_role("heading").inner_text() == "H"
    assert browser.axe_violations(page) == ["image-alt: img"]
