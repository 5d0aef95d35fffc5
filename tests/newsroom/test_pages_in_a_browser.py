"""The pages as a browser shows them: readable by everyone, narrow or wide, light or dark."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from commons import sessions, web
from commons.config import Config
from commons.db import Database
from newsroom import desk
from newsroom.drafts import Credit, Draft, Source
from newsroom.models import Article
from tests.services import pages
from tests.services.browser import axe_violations
from tests.services.pages import at_a_free_port

from .conftest import Cast

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Put = Callable[..., Article]


@pytest.fixture
def settings(settings: Config) -> Config:
    """The usual settings at a free port: a browser asks for the port it is told."""
    return at_a_free_port(settings)


@pytest.fixture
def served(app: web.App, settings: Config) -> Iterator[str]:
    """The newsroom's address, while it is served."""
    with pages.served(app, settings.origin) as origin:
        yield origin


@pytest.fixture
def context(browser: Browser, db: Database, cast: Cast, served: str) -> Iterator[BrowserContext]:
    """A browser in which Maria is signed in."""
    with db.transaction() as session:
        token = sessions.start(session, cast.maria)
    with browser.new_context() as signed_in:
        signed_in.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])
        yield signed_in


@pytest.fixture
def paths(db: Database, cast: Cast, draft: Draft, put_out: Put) -> list[str]:
    """Every page of this room, with something on it."""
    rich = replace(
        draft,
        body="## Where it goes\n\n| Pier | Boats |\n|---|--:|\n| One | 3 |\n\n> We counted.\n\n- one\n- two",
        authors=(Credit("maria"), Credit("jon", "data")),
        sources=(Source("Timetable", "https://example.org/t"), Source("A sailor", "", "protected")),
        method="We asked.",
        content_warning="Drowning",
    )
    story = put_out(**{**vars(rich), "title": "Every ferry", "slug": "every"}).id
    gone = put_out(slug="gone").id
    with db.transaction() as session:
        desk.correct(
            session,
            story,
            cast.maria,
            replace(rich, title="Every ferry", slug="every", body="New."),
            note="All.",
        )
        desk.retract(session, gone, cast.maria, "It never left.")
        unfinished = desk.start(session, cast.maria, rich).id
        desk.save(session, unfinished, cast.maria, replace(rich, body="Shorter."), 1)
    at, out = f"/studio/stories/{unfinished}", f"/studio/stories/{story}"
    return [
        *("/", "/archive", "/harbour", "/@maria", "/@newsroom"),
        *("/harbour/every", "/harbour/every/changes", "/harbour/gone", "/harbour/gone/retracted"),
        *("/studio", "/studio/new", at, f"{at}/edit", f"{at}/revisions?before=1&after=2", f"{at}/picture"),
        *(f"{at}/publish", out, f"{out}/correct", f"{out}/retract"),
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])
def test_every_page_can_be_read_by_everyone(
    context: BrowserContext, served: str, paths: list[str], scheme: str, width: int
) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    for path in paths:
        answer = page.goto(served + path)
        assert answer is not None
        assert answer.status == 200, path
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_text_is_shown_while_it_is_written_and_kept_by_the_button(
    context: BrowserContext, served: str, db: Database
) -> None:
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{served}/studio/new")
    page.fill("#title", "The night boat")
    page.fill("#body", "It **never** left.")
    page.wait_for_selector("#preview strong")
    assert page.inner_html("#preview").strip() == "<p>It <strong>never</strong> left.</p>"
    page.click("button[value=edit]")
    page.wait_for_url("**/edit?saved=1")
    assert page.input_value("#body") == "It **never** left."
    assert wrong == []


def test_a_reader_without_a_script_sees_every_word(page: Page, served: str, put_out: Put) -> None:
    put_out()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}/harbour/the-last-ferry")
    assert "Nobody waved." in page.inner_text("main")
    assert page.context.cookies() == []
    assert all(url.startswith(served + "/") for url in asked)
    assert page.locator("script:not([type='application/ld+json'])").count() == 0
