"""A story published in one newsroom is read, answered and seen corrected in another."""

import json
import time
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, expect

from tests.services.instance import ACTIVITY_JSON, PASSWORD, Instance, until
from tests.services.visitor import Visitor

SECONDS = 30  # until a story must have arrived; it takes one or two


def shows(newsroom: Instance, address: str, *texts: str) -> None:
    """Wait until a public page shows all of this."""
    until(
        lambda: all(text in newsroom.page(address) for text in texts),
        SECONDS,
        lambda: f"{texts} not in {newsroom.page(address)}\n{newsroom.log()}",
    )


def followers(newsroom: Instance, handle: str) -> int:
    """How many follow one of the newsroom's actors, as everybody may read."""
    return int(json.loads(newsroom.get(f"/@{handle}/followers", ACTIVITY_JSON)[1])["totalItems"])


def sent(newsroom: Instance, story: str) -> str:
    """The last line of ``rostra deliveries``: how many of how many."""
    return newsroom.rostra("deliveries", story).splitlines()[-1]


def everything_is_addressed(newsroom: Instance) -> bool:
    """Whether each activity has its delivery rows: what has none now goes to nobody."""
    with newsroom.database() as database, database.engine.connect() as connection:
        waiting = connection.exec_driver_sql("SELECT count(*) FROM activity WHERE fanned_out_at IS NULL")
        return waiting.scalar() == 0


# By hand


def test_a_reader_follows_reads_answers_and_leaves_by_hand(
    lantern: Instance, gazette: Instance, browser: Browser
) -> None:
    with browser.new_context() as hers, browser.new_context() as his:
        maria, jon = hers.new_page(), his.new_page()
        follow_from_home(jon, lantern, gazette)
        shows(gazette, "/from-others", "The Lantern")
        assert followers(lantern, "newsroom") == 1

        story = write(maria, lantern, "The river is rising")
        shows(gazette, "/from-others", "The river is rising", "The river is rising, in short.")

        answer_from_home(jon, lantern, gazette, story, "We see it here, too.")
        act(jon, gazette, address_of(jon, story), "Like")
        act(jon, gazette, address_of(jon, story), "Boost")
        shows(lantern, story, "We see it here, too.", f"@jon@{gazette.host}", "1 like ·", "1 boost<")

        correct(maria, lantern, story, "The river is falling", "It was read upside down.")
        shows(gazette, "/from-others", "The river is falling", "edited")
        assert "The river is rising" not in gazette.page("/from-others")

        act(jon, gazette, lantern.actor(), "Stop following")
        until(lambda: followers(lantern, "newsroom") == 0)
        write(maria, lantern, "Nobody hears of this")
        until(lambda: everything_is_addressed(lantern))
        assert "Nobody hears of this" not in gazette.page("/from-others")
        assert "The Lantern" not in gazette.page("/from-others")


def sign_in(page: Page, handle: str) -> None:
    """Fill the form that one was led to."""
    page.get_by_label("E-mail address").fill(f"{handle}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def follow_from_home(page: Page, lantern: Instance, gazette: Instance) -> None:
    """Say on the newsroom's page where one is at home, and follow from there."""
    page.goto(lantern.actor())
    page.get_by_label("Your name in the fediverse").fill(f"jon@{gazette.host}")
    page.get_by_role("button", name="Follow").click()
    sign_in(page, "jon")
    expect(page.get_by_role("heading", name="Follow The Lantern?")).to_be_visible()
    page.get_by_role("button", name="Follow as Jon").click()
    page.wait_for_url("**/from-others")


def write(page: Page, newsroom: Instance, title: str) -> str:
    """Write and publish in the studio; the address of the story's page."""
    page.goto(f"{newsroom.origin}/studio/new")
    if page.url.startswith(f"{newsroom.origin}/sign-in"):
        sign_in(page, "maria")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Summary").fill(f"{title}, in short.")
    page.get_by_label("Text, in Markdown").fill("It is a **lot** of water.")
    page.get_by_role("button", name="Save, then publish").click()
    page.get_by_role("button", name="Publish now").click()
    address = page.get_by_role("link", name="Read it").get_attribute("href")
    assert address is not None
    return newsroom.origin + address


def answer_from_home(page: Page, lantern: Instance, gazette: Instance, story: str, text: str) -> None:
    """Say on the story's page where one is at home, and answer from there."""
    page.goto(story)
    page.get_by_label("Your name in the fediverse").fill(f"jon@{gazette.host}")
    page.get_by_role("button", name="Reply").click()
    page.get_by_label("Your answer, in public").fill(text)
    page.get_by_role("button", name="Reply").click()
    page.wait_for_url("**/from-others")


def address_of(page: Page, story: str) -> str:
    """The ActivityPub id that a story's page names."""
    page.goto(story)
    link = page.locator('link[rel="alternate"][type="application/activity+json"]')
    return link.get_attribute("href") or ""


def act(page: Page, gazette: Instance, target: str, button: str) -> None:
    """Press a button for what stands at an address of another server."""
    page.goto(f"{gazette.origin}/authorize_interaction?{urlencode({'uri': target})}")
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/from-others")


def correct(page: Page, newsroom: Instance, story: str, title: str, note: str) -> None:
    """Publish a correction in the studio."""
    page.goto(f"{newsroom.origin}/studio")
    page.get_by_role("link", name="The river is rising").click()
    page.get_by_role("link", name="Correct…").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Summary").fill(f"{title}, in short.")
    page.get_by_label("What readers are told").fill(note)
    page.get_by_role("button", name="Publish the correction").click()
    expect(page.get_by_text(note)).to_be_visible()


# By command, and as a program fills the forms


def test_what_is_published_by_command_arrives_within_seconds_and_no_more_after_leaving(
    lantern: Instance, gazette: Instance
) -> None:
    lena = Visitor(gazette).sign_in("lena")
    form = f"/authorize_interaction?{urlencode({'uri': lantern.actor('maria')})}"
    assert lena.post(form, {"uri": lantern.actor("maria"), "do": "follow"}) == (303, "/from-others")
    until(lambda: followers(lantern, "maria") == 1)
    shows(gazette, "/from-others", f"@maria@{lantern.host}")

    story = lantern.publish("The bridge is open", by="maria")
    started = time.monotonic()
    shows(gazette, "/from-others", "The bridge is open", "The bridge is open, in short.")
    print(f"arrived {time.monotonic() - started:.1f} s after it was published")
    assert sent(lantern, story) == "1 of 1 sent"

    assert lena.post(form, {"uri": lantern.actor("maria"), "do": "unfollow"}) == (303, "/from-others")
    until(lambda: followers(lantern, "maria") == 0)
    unheard = lantern.publish("Nobody is told of this", by="maria")
    until(lambda: everything_is_addressed(lantern))
    assert sent(lantern, unheard) == "0 of 0 sent"
    assert "Nobody is told of this" not in gazette.page("/from-others")


def test_who_is_not_signed_in_or_sends_no_token_follows_nobody(lantern: Instance, gazette: Instance) -> None:
    before = followers(lantern, "maria")
    wanted = {"uri": lantern.actor("maria"), "do": "follow"}

    assert Visitor(gazette).post("/authorize_interaction", wanted, token=False)[0] == 401
    jon = Visitor(gazette).sign_in("jon")
    assert jon.post("/authorize_interaction", wanted, token=False)[0] == 403

    assert followers(lantern, "maria") == before
