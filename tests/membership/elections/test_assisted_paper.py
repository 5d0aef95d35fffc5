"""A ballot filled in by plain forms: every press, and what is not taken."""

import pytest

from commons.config import Config
from commons.refusal import Refused
from membership.elections.assisted import paper as papers
from membership.elections.assisted.paper import Paper
from membership.elections.protocol.manifest import read
from tests.membership.elections.protocol.world import fields

MANIFEST = read(fields(ranks=3))
FRESH = Paper(MANIFEST, (2, 4, 1, 3))


@pytest.fixture(autouse=True)
def _language(settings: Config) -> None:
    """English, as the usual settings have it."""


def pressed(paper: Paper, *presses: tuple[str, int]) -> tuple[Paper, str]:
    told = ""
    for act, candidate in presses:
        paper, told = papers.press(paper, act, candidate)
    return paper, told


def test_names_are_ranked_moved_and_taken_off_and_stay_where_they_are() -> None:
    paper, told = pressed(FRESH, ("rank", 1), ("rank", 3), ("rank", 2))
    assert (paper.ranking, paper.left, paper.full) == ((1, 3, 2), (4,), True)
    assert told == "Ben is number 3. On your ballot: 3. Not on it: 1."
    paper, told = pressed(paper, ("up", 2), ("down", 1))
    assert (paper.ranking, told) == ((2, 1, 3), "Ada is number 2. On your ballot: 3. Not on it: 1.")
    paper, told = pressed(paper, ("out", 1))
    assert (paper.ranking, told) == (
        (2, 3),
        "Ada is no longer on your ballot. On your ballot: 2. Not on it: 2.",
    )
    assert paper.shown == FRESH.shown


def test_put_in_order_moves_the_ranked_up() -> None:
    paper, _told = pressed(FRESH, ("rank", 3), ("rank", 1))
    paper, told = papers.in_order(paper)
    assert paper.shown == (3, 1, 2, 4) and told.startswith("The names are in your order now.")


def test_a_press_without_use_changes_nothing_and_says_why() -> None:
    paper, _told = pressed(FRESH, ("rank", 1), ("rank", 3), ("rank", 2))
    for act, candidate, why in (
        ("rank", 4, "A ballot of this election holds at most 3 names."),
        ("up", 1, "Ada is number 1 already."),
        ("down", 2, "Ben is last of those you ranked already."),
    ):
        assert papers.press(paper, act, candidate) == (paper, why)


@pytest.mark.parametrize(
    ("act", "candidate"), [("rank", 1), ("out", 3), ("up", 3), ("down", 3), ("steal", 1), ("", 1)]
)
def test_a_press_that_no_page_offers_is_refused(act: str, candidate: int) -> None:
    paper, _told = pressed(FRESH, ("rank", 1))
    with pytest.raises(Refused):
        papers.press(paper, act, candidate)


def test_a_paper_is_read_as_it_was_sent() -> None:
    assert papers.read(MANIFEST, "2 4 1 3", "3 1") == Paper(MANIFEST, (2, 4, 1, 3), (3, 1))
    assert papers.read(MANIFEST, "1 2 3 4", "").ranking == ()


@pytest.mark.parametrize(
    ("shown", "ranking"),
    [
        ("1 2 3", ""),
        ("1 2 3 3", ""),
        ("1 2 3 5", ""),
        ("1 2 3 4", "1 1"),
        ("1 2 3 4", "5"),
        ("1 2 3 4", "0"),
        ("1 2 3 4", "1 2 3 4"),
        ("1 2 3 4", "-1"),
        ("1 2 3 4", "one"),
        ("1 2 3 ٤", ""),
        ("1 2 3 4", "9" * 5000),
    ],
)
def test_what_no_page_of_ours_sends_is_refused(shown: str, ranking: str) -> None:
    with pytest.raises(Refused):
        papers.read(MANIFEST, shown, ranking)


@pytest.mark.parametrize(("rule", "ranks", "numbered"), [("approval", 4, False), ("plurality", 1, False)])
def test_where_there_is_no_order_a_name_is_chosen(rule: str, ranks: int, numbered: bool) -> None:
    paper, told = pressed(Paper(read(fields(rule=rule, ranks=ranks)), (1, 2, 3, 4)), ("rank", 1))
    assert paper.numbered is numbered and told.startswith("Ada is chosen.")
