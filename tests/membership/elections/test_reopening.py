"""Re-opening nominations for several seats: it takes seats one after the other, and they stay vacant."""

from collections.abc import Mapping

import pytest

from membership.elections.tally import Election, Ranking, count
from membership.elections.tally.reopening import expanded

NAMES = ("Ada", "Ben", "Cho", "Re-open nominations")


def elected(papers: Mapping[Ranking, int], seats: int = 3, reopens: int = 4) -> list[str]:
    found = count(Election(NAMES, seats, papers, reopens=reopens), "scottish-stv", "seed")
    for stage in found.stages:
        votes = sum(stage.totals.values()) + stage.exhausted
        assert votes == found.valid * 10**5, "votes are conserved at every stage"
    return found.names(found.elected)


def test_its_surplus_and_later_votes_go_to_a_further_one() -> None:
    # Quota of 100 papers and 3 seats: 26. It has 60: two seats, and the rest helps a third one.
    papers: dict[Ranking, int] = {bytes([4]): 60, bytes([1]): 27, bytes([2, 4]): 13}
    assert elected(papers) == ["Re-open nominations", "Ada", "Re-open nominations (2)"]
    # Two quotas and 18 papers; Ben's 12 come later and make it a third seat.
    papers = {bytes([4]): 70, bytes([1]): 18, bytes([2, 4]): 12}
    copies = ["Re-open nominations", "Re-open nominations (2)", "Re-open nominations (3)"]
    assert elected(papers) == copies


def test_below_the_quota_it_is_excluded_like_anybody_and_its_papers_move_on() -> None:
    papers: dict[Ranking, int] = {bytes([4, 3]): 10, bytes([1]): 40, bytes([2]): 30, bytes([3]): 20}
    assert elected(papers) == ["Ada", "Ben", "Cho"]


@pytest.mark.parametrize("seats", [2, 3])
def test_every_paper_names_the_copies_next_to_it(seats: int) -> None:
    found = expanded(Election(NAMES, seats, {bytes([1, 4, 2]): 5}, reopens=4))
    assert dict(found.papers) == {bytes([1, 4, *range(5, 4 + seats), 2]): 5}
    assert found.candidates[4:] == tuple(f"Re-open nominations ({n})" for n in range(2, seats + 1))


def test_without_it_nothing_changes() -> None:
    papers: dict[Ranking, int] = {bytes([4, 3]): 10, bytes([1]): 40, bytes([2]): 30, bytes([3]): 20}
    plain = Election(NAMES, 3, papers)
    assert expanded(plain) is plain
