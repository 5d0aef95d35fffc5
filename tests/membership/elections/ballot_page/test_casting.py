"""Casting: kept before it is sent, sent again unchanged, and nothing about the voter on the wire."""

import pytest
from playwright.sync_api import BrowserContext, Request, Route

from tests.membership.elections.ballot_page.booth import NINE, Booth, everything_kept


def test_after_a_lost_answer_the_same_envelope_is_sent_again(booth: Booth) -> None:
    sent: list[str] = []

    def lose_first(route: Route) -> None:
        sent.append(route.request.post_data or "")
        if len(sent) == 1:
            route.fetch()  # it arrives, and the answer is lost
            route.abort()
        else:
            route.continue_()

    booth.page.route("**/ballots", lose_first)
    booth.enter("lost")
    booth.cast("Dee", ends_at="unsure")
    assert "may have arrived or not" in booth.text("unsure-reason")
    booth.page.reload()  # the tab remembers
    booth.step("unsure")
    booth.press("Send it again")
    booth.step("receipt")
    assert len(sent) == 2 and len(set(sent)) == 1
    assert booth.in_the_box() == [["Dee"]] and [booth.text("code")] == booth.codes()


def test_a_second_ballot_shows_the_receipt_of_the_first(booth: Booth) -> None:
    for name, told in (("Dee", "is in the ballot box"), ("Eve", "a ballot was cast before")):
        booth.enter("twice")
        booth.cast(name)
        assert told in booth.text("receipt-told")
        assert [booth.text("code")] == booth.codes()
        booth.press("Done: clear this tab")
    assert booth.in_the_box() == [["Dee"]]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, {"error": "Voting is closed."}, "not taken at this time"),
        (503, {"error": "Service Unavailable"}, "cannot answer just now"),
        (400, {"error": "no"}, "did not take"),
        (200, {"receipt": "00" * 64, "code": "A"}, "no valid receipt"),
    ],
)
def test_whatever_the_box_answers_is_told(booth: Booth, status: int, body: dict[str, str], said: str) -> None:
    booth.page.route("**/ballots", lambda route: route.fulfill(status=status, json=body))
    booth.enter("told")
    booth.cast(ends_at="unsure")
    assert said in booth.text("unsure-reason")


def test_every_ranking_has_the_same_length_on_the_wire_and_carries_no_name(
    booth: Booth, context: BrowserContext
) -> None:
    posts: list[Request] = []
    booth.page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    booth.page.route("**/ballots", lambda route: route.fulfill(status=503, json={}))
    for number, names in enumerate(([], ["Dee"], NINE)):
        booth.enter(f"length {number}")
        booth.rank(*names)
        # As where the newsroom has no other host for its ballot box, and the voter is signed in.
        context.add_cookies([{"name": "rostra", "value": "somebody", "url": booth.address}])
        booth.cast(ends_at="unsure")
        booth.page.evaluate("sessionStorage.clear()")
        context.clear_cookies()
    assert len({len(request.post_data or "") for request in posts}) == 1 and len(posts) == 3
    for request in posts:
        assert not {"cookie", "authorization", "referer"} & set(request.all_headers())


def test_the_ranking_is_kept_nowhere(booth: Booth) -> None:
    booth.enter("private")
    booth.rank("Dee", "Gus")
    booth.press("Review my ballot")
    assert everything_kept(booth.page) == [] and booth.page.url == booth.address
    booth.press("Cast this ballot")
    booth.step("receipt")
    (kept,) = everything_kept(booth.page)
    assert "Dee" not in kept and "ranking" not in kept
    assert "Dee" not in booth.page.inner_html("#page")
