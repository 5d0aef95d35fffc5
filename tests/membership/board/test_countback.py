"""Countback: the same papers counted again for a seat that fell vacant."""

from dataclasses import replace
from typing import Any

import pytest

from commons.refusal import Refused
from membership.board.countback import Papers, countback, papers_of, seed
from membership.elections.tally import RULES, Count, Election, count

from ..elections.cases import CASES, ballots, case_name, election
from ..elections.protocol.world import counted, written

A, B, C, D, E = range(1, 6)
NOBODY: frozenset[int] = frozenset()
SEVERAL_SEATS = [case for case in CASES if ballots(case).seats > 1 and case["rule"] in ("scottish-stv",)]


def papers(*rows: tuple[int, str], rule: str = "scottish-stv", withdrawn: str = "") -> Papers:
    made = election(*rows, seats=1, withdrawn=withdrawn)
    return Papers(rule, made.candidates, made.papers, made.withdrawn, "lot seed")


def names(found: Count, which: tuple[int, ...]) -> str:
    return "".join(found.name(number) for number in which)


def test_the_papers_of_who_left_go_to_their_next_choices() -> None:
    """Three seats: A, B and D sit. Whoever voted for A wanted C next."""
    cast = papers((40, "AC"), (30, "B"), (25, "D"), (12, "C"), (20, "E"))
    found = countback(cast, A, frozenset({B, D}), NOBODY)
    assert found.winner == C
    assert found.count is not None
    # 127 papers and three seats: a quota of 32; C has 52 at once.
    assert found.count.figure(found.count.quota or 0) == "32.00000"
    assert found.count.stages[0].totals == {B: 3_000_000, C: 5_200_000, D: 2_500_000, E: 2_000_000}


def test_who_sits_is_never_excluded_though_she_has_the_fewest_votes() -> None:
    cast = papers((40, "AD"), (4, "BC"), (30, "CD"), (29, "DC"), (9, "ED"))
    found = countback(cast, A, frozenset({B, C}), NOBODY)
    assert found.count is not None
    excluded = "".join(names(found.count, stage.excluded) for stage in found.count.stages)
    assert "B" not in excluded
    assert set(found.count.elected) == {B, C, D}
    assert found.winner == D


def test_the_first_to_reach_the_quota_wins_though_others_reach_it_too() -> None:
    """Both D and E reach the quota at once, and only one seat is vacant: more votes win it."""
    cast = papers((1, "A"), (2, "B"), (50, "D"), (49, "E"))
    found = countback(cast, A, frozenset({B}), NOBODY)
    assert found.winner == 3  # D, since C stands on no paper and so not in this election
    assert found.count is not None
    assert len(found.count.elected) == 2


def test_who_cannot_sit_is_passed_over_as_if_withdrawn() -> None:
    cast = papers((40, "ACD"), (30, "B"), (20, "D"), (12, "C"))
    assert countback(cast, A, frozenset({B}), NOBODY).winner == C
    assert countback(cast, A, frozenset({B}), frozenset({C})).winner == D


def test_nobody_wins_where_no_paper_names_anybody_else() -> None:
    cast = papers((40, "A"), (30, "B"), (20, "AB"))
    assert countback(cast, A, frozenset({B}), NOBODY).winner is None
    assert countback(cast, A, frozenset({B}), NOBODY).count is None


def test_who_withdrew_before_the_first_count_does_not_come_back() -> None:
    cast = papers((40, "AC"), (30, "B"), (20, "D"), withdrawn="C")
    assert countback(cast, A, frozenset({B}), NOBODY).winner == D


def test_a_tie_is_decided_by_a_lot_that_anybody_can_draw_again() -> None:
    cast = papers((10, "AC"), (10, "AD"), (30, "B"))
    found = countback(cast, A, frozenset({B}), NOBODY)
    assert found == countback(cast, A, frozenset({B}), NOBODY)
    assert found.count is not None
    assert found.count.ties[0].decided_by == "lot"
    assert found.count.seed == seed(cast, A) != cast.lot_seed
    # Another seed may decide otherwise: the lot does come from it.
    winners = {
        countback(replace(cast, lot_seed=str(other)), A, frozenset({B}), NOBODY).winner for other in range(20)
    }
    assert winners == {C, D}


@pytest.mark.parametrize("rule", ["approval", "plurality"])
def test_where_votes_do_not_move_the_next_highest_wins(rule: str) -> None:
    cast = papers((40, "A"), (30, "B"), (20, "C"), (25, "D"), rule=rule)
    found = countback(cast, A, frozenset({B}), NOBODY)
    assert found.winner == D
    assert found.count is not None
    assert found.count.seats == 1


@pytest.mark.parametrize("rule", ["irv", "schulze-winning-votes"])
def test_a_single_seat_is_counted_without_who_left(rule: str) -> None:
    cast = papers((40, "AC"), (35, "B"), (12, "C"), rule=rule)
    assert countback(cast, A, NOBODY, NOBODY).winner == C


@pytest.mark.parametrize("rule", ["scottish-stv", "meek-prf-9dp"])
@pytest.mark.parametrize("case", SEVERAL_SEATS, ids=case_name)
def test_in_real_elections_somebody_new_wins_and_all_who_sit_keep_their_seats(
    case: dict[str, Any], rule: str
) -> None:
    cast = ballots(case)
    first = count(cast, rule, "seed").elected
    again = Papers(rule, cast.candidates, cast.papers, cast.withdrawn, "seed")
    for left in first:
        sitting = frozenset(first) - {left}
        found = countback(again, left, sitting, NOBODY)
        assert found.count is not None
        assert set(found.count.elected) == sitting | {found.winner}
        assert found.winner not in {*first, *cast.withdrawn}
        if rule == "scottish-stv":
            valid = found.count.valid * 100_000
            assert all(sum(s.totals.values()) + s.exhausted == valid for s in found.count.stages)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_guarding_nobody_changes_no_count(rule: str) -> None:
    made = election((40, "AC"), (30, "B"), (20, "D"), (12, "CD"))
    assert count(replace(made, guarded=NOBODY), rule, "s") == count(made, rule, "s")


@pytest.mark.parametrize("guarded", [{A, B}, {9}, {C}])
def test_as_many_guarded_as_seats_or_one_who_does_not_stand_are_refused(guarded: set[int]) -> None:
    with pytest.raises(Refused, match="can be guarded"):
        Election(("A", "B", "C"), 2, {b"\1": 1}, frozenset({C}), guarded=frozenset(guarded))


def test_the_papers_are_read_from_a_public_package() -> None:
    """Seven ballots, one of them blank; A and B sit, B leaves."""
    package = counted().package()
    cast = papers_of(written(package))
    assert cast.candidates == ("Ada", "Ben", "Cho", "Dee")
    assert sum(cast.rankings.values()) == 7
    assert cast.lot_seed == package["lot_seed"]
    elected = [cast.candidates.index(name) + 1 for name in package["result"]["elected"]]
    found = countback(cast, elected[1], frozenset({elected[0]}), NOBODY)
    assert found.winner not in elected and found.winner is not None
