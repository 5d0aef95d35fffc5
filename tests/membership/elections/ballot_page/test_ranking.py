"""Filling in a ballot: by keyboard alone, with names that stay where they are."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from commons.config import Config
from membership.elections import ballots
from membership.elections.protocol.credential import Credential, candidate_order
from membership.elections.protocol.manifest import Manifest
from tests.membership.elections.ballot_page.booth import NINE, Booth, box_of
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import numbered, world


def test_a_voter_ranks_five_of_nine_by_keyboard_alone(booth: Booth, manifest: Manifest) -> None:
    """Numbers beside the names, "Put in order", a review that says who is left, and a receipt."""
    booth.enter("keyboard")
    hers = Credential.from_seed(numbered("keyboard", 1, 16), manifest)
    order = [NINE[number - 1] for number in candidate_order(manifest, hers.key)]
    assert booth.shown() == order
    presses = 0

    def press_on(selector: str) -> None:
        nonlocal presses
        for _tab in range(80):
            booth.page.keyboard.press("Tab")
            if booth.page.evaluate("given => document.activeElement.matches(given)", selector):
                booth.page.keyboard.press("Enter")
                presses += 1
                return
        raise AssertionError(f"Tab never reaches {selector}")

    for place in (2, 4, 6, 8, 9):
        press_on(f"#paper li:nth-child({place}) button[data-act=rank]")
        assert booth.text("status").startswith(f"{order[place - 1]} is number {presses}.")
        # The keyboard's place is still in that row.
        assert booth.page.evaluate("document.activeElement.closest('li').innerText").startswith(str(presses))
    assert booth.shown() == order  # names stay still
    press_on("[data-do=sort]")
    ranked = [order[place - 1] for place in (2, 4, 6, 8, 9)]
    assert booth.shown() == [*ranked, *(name for name in order if name not in ranked)]
    press_on("[data-do=review]")
    booth.step("review")
    assert booth.page.locator("#chosen li").all_inner_texts() == ranked
    assert booth.text("left").startswith("Not ranked: 4.")
    press_on("[data-do=cast]")
    booth.step("receipt")
    assert presses == 5 + 3
    assert booth.in_the_box() == [ranked]
    assert [booth.text("code")] == booth.codes()


def test_up_down_and_off_move_numbers_not_names(booth: Booth) -> None:
    booth.enter("mover")
    before = booth.shown()
    booth.rank("Dee", "Eve", "Gus")
    booth.act("Gus", "up")
    booth.act("Dee", "down")
    assert booth.numbers() == {"Gus": "1", "Dee": "2", "Eve": "3"}
    booth.act("Gus", "out")
    assert booth.text("status") == "Gus is no longer on your ballot. On your ballot: 2. Not on it: 7."
    assert booth.shown() == before


def test_a_button_without_use_says_why_and_keeps_the_keyboards_place(booth: Booth) -> None:
    booth.enter("idle")
    booth.rank("Dee", "Eve")
    for name, act, said in (("Dee", "up", "Dee is number 1 already."), ("Eve", "down", "Eve is last")):
        button = booth.page.locator("#paper li", has_text=name).locator(f"[data-act={act}]")
        assert button.get_attribute("aria-disabled") == "true"
        booth.act(name, act)
        assert said in booth.text("status")
        assert booth.page.evaluate("document.activeElement.dataset.act") == act
    assert booth.numbers() == {"Dee": "1", "Eve": "2"}


def test_who_withdrew_cannot_be_ranked(booth: Booth) -> None:
    ballots.publish(booth.box, [NINE.index("Dee") + 1])
    booth.enter("withdrawn")
    row = booth.page.locator("#paper li", has_text="Dee")
    assert row.locator("button").count() == 0 and "withdrew" in row.inner_text()
    booth.rank("Eve")
    assert booth.text("status").endswith("Not on it: 7.")


def test_a_double_click_ranks_once(booth: Booth) -> None:
    booth.enter("double")
    booth.page.locator("#paper li").first.locator("button:visible").dblclick()
    assert "is number 1." in booth.text("status")
    assert len(booth.numbers()) == 1


def test_a_blank_ballot_is_said_to_be_blank(booth: Booth) -> None:
    booth.enter("blank")
    booth.rank("Dee")
    booth.press("Cast a blank ballot")
    assert "Your ballot is blank" in booth.text("review")
    booth.press("Cast this ballot")
    booth.step("receipt")
    assert booth.in_the_box() == [[]]


@pytest.mark.parametrize(
    ("rule", "ranks", "status"), [("approval", 9, "Dee is chosen."), ("plurality", 1, "at most 1 names")]
)
def test_where_there_is_no_order_one_chooses(
    house: Config,
    hands: Hands,
    tmp_path: Path,
    context: BrowserContext,
    rule: str,
    ranks: int,
    status: str,
) -> None:
    made = world(candidates=NINE, ranks=ranks, rule=rule)
    hands.move_to(made.manifest.times.vote_opens)
    with box_of(made, tmp_path) as (box, address):
        booth = Booth(context.new_page(), address, made, box, tmp_path)
        booth.enter("chooser")
        assert booth.page.locator("[data-do=sort], [data-act=up]").count() == 0
        booth.rank("Eve", "Dee")
        assert status in booth.text("status")
        booth.cast()
        assert booth.in_the_box() == [["Eve", "Dee"][:ranks]]
