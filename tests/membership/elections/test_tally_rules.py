"""Small elections that can be followed by hand, and what no rule counts."""

import pytest

from commons.refusal import Refused
from membership.elections.tally import RULES, Election, count, ranking
from membership.elections.tally.record import decimal, plain
from tests.membership.elections.cases import election


def test_approval_gives_every_marked_candidate_one_vote() -> None:
    result = count(election((3, "ABC"), (2, "CB"), (1, "A"), seats=2), "approval", "")
    assert result.stages[0].totals == {1: 4, 2: 5, 3: 5}
    assert set(result.elected) == {2, 3}
    assert (len(result.stages), result.quota, result.stages[0].action) == (1, None, "count")


def test_approval_does_not_ask_for_an_order() -> None:
    shared = Election(("A", "B", "C"), 1, {(b"\x01\x02",): 3, b"\x03": 2, (b"\x01\x03",): 1})
    assert count(shared, "approval", "").stages[0].totals == {1: 4, 2: 3, 3: 3}


def test_plurality_counts_first_choices_for_one_seat() -> None:
    result = count(election((4, "AB"), (3, "BA"), (3, "CB")), "plurality", "")
    assert result.stages[0].totals == {1: 4, 2: 3, 3: 3} and result.elected == (1,)


def test_plurality_counts_as_many_choices_as_there_are_seats() -> None:
    result = count(election((4, "ABC"), (3, "BCA"), (2, "CAB"), seats=2), "plurality", "")
    assert result.stages[0].totals == {1: 6, 2: 7, 3: 5} and result.elected == (2, 1)


def test_schulze_puts_the_unranked_below_the_ranked_and_level_with_each_other() -> None:
    result = count(election((1, "AB"), (1, "C")), "schulze-winning-votes", "")
    assert result.pairwise == {(1, 2): 1, (1, 3): 1, (2, 1): 0, (2, 3): 1, (3, 1): 1, (3, 2): 1}


def test_schulze_strength_is_the_votes_for_the_winner_not_the_margin() -> None:
    # B beats A 5:3, A beats C 5:4, C beats B 4:2. The weakest win has 4 votes, C over B, so B wins;
    # by margins it would be A over C, 1, and C would win.
    result = count(election((3, "CB"), (2, "BA"), (3, "A"), (1, "C")), "schulze-winning-votes", "")
    pairs = result.pairwise or {}
    assert [(pairs[pair], pairs[pair[::-1]]) for pair in [(2, 1), (1, 3), (3, 2)]] == [(5, 3), (5, 4), (4, 2)]
    assert result.elected == (2,)


def test_scottish_values_are_cut_on_every_paper() -> None:
    # A: 7 papers, quota 4, surplus 3; 3/7 = 0.42857|14. Six papers give 2.57142, one names nobody.
    result = count(election((6, "AB"), (1, "A"), (2, "B"), (2, "C"), seats=2), "scottish-stv", "")
    assert result.quota == 400000
    assert result.stages[1].totals == {1: 400000, 2: 200000 + 6 * 42857, 3: 200000}
    assert result.stages[1].exhausted == 300000 - 6 * 42857


def test_last_seats_are_filled_without_moving_surpluses_that_wait() -> None:
    result = count(election((9, "AB"), (1, "B"), (1, "C"), seats=3), "scottish-stv", "")
    assert len(result.stages) == 1 and set(result.elected) == {1, 2, 3}


@pytest.mark.parametrize("rule", RULES)
def test_an_uncontested_election_elects_everyone(rule: str) -> None:
    seats = 1 if rule in ("irv", "schulze-winning-votes") else 4
    papers = election((2, "A")) if seats == 1 else election((2, "AB"), (1, "B"), seats=seats)
    result = count(papers, rule, "")
    assert set(result.elected) == ({1} if seats == 1 else {1, 2})
    assert result.stages and not result.ties


@pytest.mark.parametrize("rule", ["scottish-stv", "meek-prf-9dp", "irv", "plurality"])
def test_a_rule_of_strict_order_refuses_shared_ranks(rule: str) -> None:
    shared = Election(("A", "B", "C"), 1, {(b"\x01\x02", b"\x03"): 1})
    with pytest.raises(Refused, match="ranks two candidates equally"):
        count(shared, rule, "")


def test_a_rank_shared_with_a_withdrawn_candidate_is_not_shared() -> None:
    papers = Election(("A", "B", "C"), 1, {(b"\x01\x02", b"\x03"): 1}, frozenset({2}))
    assert count(papers, "scottish-stv", "").elected == (1,)


@pytest.mark.parametrize("rule", ["irv", "schulze-winning-votes"])
def test_a_rule_for_one_seat_refuses_more(rule: str) -> None:
    with pytest.raises(Refused, match="fills one seat, and the election has 2"):
        count(election((1, "AB"), seats=2), rule, "")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("papers", [{}, {b"": 3}, {b"\x02": 3}])
def test_an_election_without_a_vote_is_refused(rule: str, papers: dict[bytes, int]) -> None:
    with pytest.raises(Refused, match="nothing to count"):
        count(Election(("A", "B"), 1, papers, frozenset({2})), rule, "")


@pytest.mark.parametrize(
    ("names", "seats", "withdrawn", "fault"),
    [
        ((), 1, set(), "between 1 and 255 candidates"),
        (tuple(map(str, range(256))), 1, set(), "between 1 and 255 candidates"),
        (("A",), 256, set(), "between 1 and 255 seats"),
        (("A",), 0, set(), "between 1 and 255 seats"),
        (("A", ""), 1, set(), "needs a name"),
        (("A", "B", "A"), 1, set(), "have the name “A”"),
        (("A", "B"), 1, {3}, "does not exist"),
        (("A", "B"), 1, {1, 2}, "All candidates are withdrawn"),
    ],
)
def test_an_election_that_cannot_be_one_is_refused(
    names: tuple[str, ...], seats: int, withdrawn: set[int], fault: str
) -> None:
    with pytest.raises(Refused, match=fault):
        Election(names, seats, {}, frozenset(withdrawn))


@pytest.mark.parametrize(
    ("ranks", "fault"),
    [
        ([[0]], "no candidate 0"),
        ([[1], [4]], "no candidate 4"),
        ([[1, 2], [1]], "Candidate 1 is ranked twice"),
    ],
)
def test_a_ranking_that_cannot_be_one_is_refused(ranks: list[list[int]], fault: str) -> None:
    with pytest.raises(Refused, match=fault):
        ranking(ranks, 3)


def test_figures_are_exact_decimals() -> None:
    assert (decimal(1988880, 5), decimal(7, 0), decimal(5, 5)) == ("19.88880", "7", "0.00005")
    assert (plain(1988880, 5), plain(3400000, 5), plain(100, 0)) == ("19.8888", "34", "100")
