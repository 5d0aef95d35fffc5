"""What the page says before, while and after, to which browser, in which language, and how large it is."""

import gzip
import json
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Response

from commons import config
from commons.config import Config
from commons.language import catalogue
from membership.elections.ballot_page.sentences import SENTENCES
from membership.elections.protocol.manifest import Manifest
from tests.membership.elections.ballot_page.booth import NINE, Booth

PAGE_BUDGET = 14 * 1024


def test_other_rules_than_the_announced_ones_stop_the_voter(booth: Booth, manifest: Manifest) -> None:
    booth.open(f"#manifest={'00' * 32}")
    booth.page.wait_for_selector("#trouble:has-text('Do not vote here')")
    assert booth.page.locator("#page button:visible").count() == 0
    booth.open(f"#manifest={manifest.hash.hex()}")
    booth.step("start")
    booth.page.click("summary")
    assert "the link you followed names" in booth.text("hash-link")


@pytest.mark.parametrize("lacks", ["Ed25519", "X25519"])
def test_a_browser_that_cannot_is_told_other_ways(booth: Booth, context: BrowserContext, lacks: str) -> None:
    context.add_init_script(
        f"""const made = crypto.subtle.generateKey;
        crypto.subtle.generateKey = function (name, ...rest) {{
          return name === "{lacks}" ? Promise.reject(new Error("unknown")) : made.call(this, name, ...rest);
        }};"""
    )
    booth.open()
    booth.step("unfit")
    assert "rostra vote http://localhost:9/elections/board" in booth.text("ways")
    assert booth.page.locator("#page button:visible").count() == 0


def test_without_javascript_the_page_says_how_to_vote(browser: Browser, booth: Booth) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(booth.address)
        text = page.inner_text("main")
    assert "This page needs JavaScript" in text and "rostra vote" in text
    assert all(name in text for name in NINE)


def test_the_page_speaks_the_newsrooms_language(house: Config, booth: Booth) -> None:
    config.use(replace(house, language="de"))
    booth.open()
    assert booth.page.get_attribute("html", "lang") == "de"
    spoken = json.loads(booth.page.text_content("#sentences") or "")
    german = catalogue("de")
    assert spoken == {name: german.ugettext(sentence) for name, sentence in SENTENCES.items()}


def test_the_page_stays_within_its_budget(booth: Booth) -> None:
    """HTML and styles for nine candidates, compressed; every answer says that it is compressed."""
    sizes: dict[str, int] = {}

    def note(answer: Response) -> None:
        if answer.url.endswith((".css", "/")):
            assert answer.headers["content-encoding"] == "gzip"
            sizes[answer.url] = len(gzip.compress(answer.body()))

    booth.page.on("response", note)
    booth.page.goto(booth.address, wait_until="networkidle")
    assert len(sizes) == 3 and sum(sizes.values()) <= PAGE_BUDGET, sizes
