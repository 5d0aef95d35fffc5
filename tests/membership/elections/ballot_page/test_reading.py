"""Every step of the page can be read and pressed by everyone: narrow or wide, light or dark."""

import pytest
from playwright.sync_api import Browser

from tests.membership.elections.ballot_page.booth import Booth
from tests.membership.elections.clocks import Hands
from tests.services.browser import axe_violations

SMALL_TARGETS = """() => [...document.querySelectorAll("button, .button, input, summary")]
  .filter((it) => it.checkVisibility() && it.type !== "checkbox" && it.getBoundingClientRect().height < 43.9)
  .map((it) => it.outerHTML.slice(0, 60))"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])
def test_every_step_can_be_read_by_everyone(
    browser: Browser, booth: Booth, hands: Hands, scheme: str, width: int
) -> None:
    found: list[str] = []
    page, times = booth.page, booth.made.manifest.times
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    booth.newsroom_stand_in()

    def look(step: str) -> None:
        booth.step(step)
        found.extend(f"{step}: {each}" for each in axe_violations(page))
        found.extend(f"{step}: {each} is small" for each in page.evaluate(SMALL_TARGETS))
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{step} is wider than {width}")

    page.goto(booth.address.removesuffix("board/"))
    found.extend(axe_violations(page))
    hands.move_to(times.issue_opens)
    booth.open()
    look("start")
    booth.press("Draw my credential")
    look("twelve")
    booth.draw()
    look("drawn")
    hands.move_to(times.vote_opens)
    booth.open()
    look("start")
    booth.press("Fill in my ballot")
    look("enter")
    booth.page.set_input_files("#credential", booth.credential_file(scheme))
    look("rank")
    booth.rank("Dee", "Benjamin Oyelaran-Fitzgerald")
    look("rank")
    booth.press("Review my ballot")
    look("review")
    page.route("**/ballots", lambda route: route.abort(), times=1)
    booth.press("Cast this ballot")
    look("unsure")
    booth.press("Send it again")
    look("receipt")
    file = booth.save("receipt-file")
    booth.press("Done: clear this tab")
    booth.press("Check my receipt")
    booth.check(file)
    look("check")
    assert found == []
