"""The services that every other test stands on."""

from playwright.sync_api import Page
from sqlalchemy import inspect, make_url, text

from commons import migrations
from commons.config import Config
from commons.config import settings as current_settings
from commons.db import Database, connect
from commons.db import database as current_database
from tests.services import browser


def test_a_test_has_a_migrated_database_of_its_own(settings: Config, db: Database) -> None:
    assert current_settings() is settings
    assert current_database() is db
    assert db.engine.url == make_url(settings.database_url)
    migrations.require_current(db.engine)
    with db.transaction() as session:
        session.execute(text("CREATE TABLE left_by_a_test (id INTEGER)"))


def test_no_test_sees_what_another_left(db: Database) -> None:
    assert not inspect(db.engine).has_table("left_by_a_test")


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
