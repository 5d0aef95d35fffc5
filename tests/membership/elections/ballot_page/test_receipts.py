"""A receipt is found on the published lists, or leads to a complaint."""

from pathlib import Path

import pytest

from membership.elections import ballots
from membership.elections.protocol.manifest import Manifest
from tests.membership.elections.ballot_page.booth import Booth, everything_kept
from tests.membership.elections.clocks import Hands

UNKNOWN = "AAAA-BBBB-CCCC-DDDD-EEEE"


def cast_and_save(booth: Booth) -> Path:
    booth.enter("checker")
    booth.cast("Dee")
    file = booth.save("receipt-file")
    assert "Dee" not in file.read_text()
    booth.press("Done: clear this tab")
    assert everything_kept(booth.page) == []
    booth.press("Check my receipt")
    return file


def test_a_receipt_is_found_on_the_lists_and_a_wrong_code_is_not(
    booth: Booth, manifest: Manifest, hands: Hands
) -> None:
    file = cast_and_save(booth)
    (code,) = booth.codes()
    assert "Not on a published list yet" in booth.check(file)
    assert "No list is published yet" in booth.look_up(code)
    root = ballots.publish(booth.box).root.hex()
    assert "published list number 1" in booth.check(file)
    assert root in booth.text("found-root")
    assert "published list number 1" in booth.look_up(code.lower())
    assert "Not on a published list yet" in booth.look_up(UNKNOWN)
    assert "neither a receipt nor a code" in booth.look_up("AAAA")
    hands.move_to(manifest.times.vote_ends)
    ballots.close(booth.box, ())
    assert "on no published list" in booth.look_up(UNKNOWN)
    assert "published list number 1" in booth.check(file)


def test_a_receipt_that_the_box_did_not_sign_proves_nothing(booth: Booth) -> None:
    file = cast_and_save(booth)
    text = file.read_text()
    place = text.index("receipt: ") + len("receipt: ")
    file.write_text(text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :])
    assert "not the ballot box's" in booth.check(file)


def test_a_ballot_that_was_dropped_is_complained_about_without_a_name(
    booth: Booth, manifest: Manifest, hands: Hands
) -> None:
    file = cast_and_save(booth)
    dropped = booth.box.envelopes()
    with booth.box.transaction() as store:
        store.execute("DELETE FROM ballot")
    hands.move_to(manifest.times.vote_ends)
    ballots.close(booth.box, ())
    booth.open()
    assert "Voting is closed" in booth.text("start")
    booth.press("Check my receipt")
    assert "missing from the provisional list" in booth.check(file)
    booth.press("Complain without a name")
    booth.page.wait_for_selector("#found:has-text('The ballot was added')")
    assert booth.box.envelopes() == dropped


@pytest.mark.parametrize(("dropped", "said"), [(False, "is on the final list"), (True, "proves it")])
def test_after_the_final_list_a_receipt_says_counted_or_proves_that_a_ballot_is_missing(
    booth: Booth, manifest: Manifest, hands: Hands, dropped: bool, said: str
) -> None:
    file = cast_and_save(booth)
    if dropped:
        with booth.box.transaction() as store:
            store.execute("DELETE FROM ballot")
    hands.move_to(manifest.times.vote_ends)
    ballots.close(booth.box, ())
    end = ballots.complaints_end(booth.box)
    assert end is not None
    hands.move_to(end)
    ballots.finish(booth.box, ())
    assert said in booth.check(file)
    assert booth.page.locator("#complain").is_hidden()
