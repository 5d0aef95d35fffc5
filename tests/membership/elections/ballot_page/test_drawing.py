"""Drawing a credential on one visit, and coming back with it on another."""

from membership.elections.protocol.credential import Credential
from membership.elections.protocol.manifest import Manifest
from membership.elections.protocol.words import seed_from, seed_words
from tests.membership.elections.ballot_page.booth import NEWSROOM, Booth, everything_kept
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import numbered, signer


def test_a_credential_is_drawn_kept_on_this_device_and_used_on_another_day(
    booth: Booth, manifest: Manifest, hands: Hands
) -> None:
    hands.move_to(manifest.times.issue_opens)
    asked = booth.newsroom_stand_in()
    words = booth.draw()
    assert booth.page.url == booth.address  # the answer does not stay in the address
    assert len(asked) == 1 and seed_from(words).hex() not in asked[0]
    assert f"words: {words}\n" in booth.save("credential-file").read_text()
    booth.page.check("#keep")
    hands.move_to(manifest.times.vote_opens)
    booth.open()
    booth.press("Fill in my ballot")
    booth.step("rank")
    booth.cast("Gus", "Ada Weiss")
    assert booth.in_the_box() == [["Gus", "Ada Weiss"]]
    assert booth.page.evaluate("localStorage.length") == 0


def test_without_the_tick_nothing_is_kept(booth: Booth, manifest: Manifest, hands: Hands) -> None:
    hands.move_to(manifest.times.issue_opens)
    booth.newsroom_stand_in()
    booth.draw()
    assert not booth.page.is_checked("#keep") and everything_kept(booth.page) == []
    booth.page.check("#keep")
    booth.press("Back to the beginning")
    assert len(everything_kept(booth.page)) == 1
    booth.press("Remove it from this device")
    assert everything_kept(booth.page) == []


def test_the_way_on_opens_only_when_the_words_are_written_down(
    booth: Booth, manifest: Manifest, hands: Hands
) -> None:
    hands.move_to(manifest.times.issue_opens)
    booth.open()
    booth.press("Draw my credential")
    booth.step("twelve")
    link = booth.page.locator("#sign")
    assert not booth.page.is_checked("#written")
    assert (link.get_attribute("href"), link.get_attribute("aria-disabled")) == (None, "true")
    booth.page.check("#written")
    assert (link.get_attribute("href") or "").startswith(f"{NEWSROOM}/elections/board/draw?blinded=")


def test_words_stay_the_same_until_they_are_signed_and_are_gone_then(
    booth: Booth, manifest: Manifest, hands: Hands
) -> None:
    hands.move_to(manifest.times.issue_opens)
    booth.newsroom_stand_in()
    booth.open()
    booth.press("Draw my credential")
    booth.step("twelve")
    written = " ".join(booth.page.locator("#seed li").all_inner_texts())
    assert booth.draw() == written  # as somebody does who came back without an answer
    # Who sits down at this device next sees nothing of hers.
    booth.press("Back to the beginning")
    booth.press("Draw my credential")
    booth.step("twelve")
    assert " ".join(booth.page.locator("#seed li").all_inner_texts()) != written


def test_twelve_words_alone_fetch_the_signature_again(booth: Booth) -> None:
    """Another device, with only the paper at hand: the newsroom gives the same answer."""
    booth.newsroom_stand_in()
    booth.open()
    booth.press("Fill in my ballot")
    booth.page.fill("#typed", seed_words(numbered("paper", 1, 16)))
    booth.press("Go on")
    booth.press("Fetch the signature")
    booth.page.click("text=back")
    booth.step("drawn")
    booth.press("Fill in my ballot")
    booth.step("rank")


def test_an_answer_that_comes_back_to_another_tab_waits_for_the_words(
    booth: Booth, manifest: Manifest
) -> None:
    seed = numbered("moved", 1, 16)
    answer = signer().sign(Credential.from_seed(seed, manifest).blinded)
    booth.open(f"#answer={answer.hex()}")
    booth.step("enter")
    assert "does not fit" in booth.text("enter-problem") and booth.page.url == booth.address
    booth.page.fill("#typed", seed_words(seed))
    booth.press("Go on")
    booth.step("drawn")


def test_what_is_no_credential_of_this_election_is_refused(booth: Booth, manifest: Manifest) -> None:
    words = seed_words(numbered("slip", 1, 16))
    slip = words[:-4] + ("baba" if words[-4:] != "baba" else "babi")
    other, forged = booth.folder / "other.txt", booth.folder / "forged.txt"
    other.write_text(f"manifest: {'00' * 32}\nwords: {words}\nanswer: {'00' * 384}\n")
    forged.write_text(f"manifest: {manifest.hash.hex()}\nwords: {words}\nanswer: {'11' * 384}\n")
    booth.open()
    booth.press("Fill in my ballot")
    for typed, said in (("one two", "no twelve words"), (slip, "not as it was written")):
        booth.page.fill("#typed", typed)
        booth.press("Go on")
        booth.page.wait_for_selector(f"#enter-problem:has-text('{said}')")
    for file, said in ((other, "another election"), (forged, "does not fit")):
        booth.page.set_input_files("#credential", file)
        booth.page.wait_for_selector(f"#enter-problem:has-text('{said}')")
