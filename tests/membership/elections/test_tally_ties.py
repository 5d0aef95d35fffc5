"""Ties: the law's rule first, then a lot that anybody can draw again, always said."""

from membership.elections.tally import Count, Election, Tie, count
from membership.elections.tally.lots import Lots
from tests.membership.elections.cases import election


def told(result: Count) -> list[str]:
    """Every sentence of the count, in English."""
    return [
        sentence.message
        % {k: ", ".join(v) if isinstance(v, tuple) else v for k, v in sentence.values.items()}
        for stage in result.stages
        for sentence in stage.sentences
    ]


def test_lots_are_the_documented_hashes() -> None:
    # sha256("rostra,0") = 4fb595d6…f185, "rostra,1" = 43dafaeb…38d8 and so on, modulo 7 and 2
    sevens, twos = Lots("rostra"), Lots("rostra")
    assert [sevens.draw(7) for _ in range(6)] == [5, 1, 4, 0, 0, 2]
    assert [twos.draw(2) for _ in range(6)] == [1, 0, 1, 1, 1, 1]
    first = 0x4FB595D6158C2C027BA247347D19CC38FCD649D00CA5CE04F98CB82F7957F185
    assert Lots("rostra").draw(2**256) == first


def test_lots_above_the_last_full_multiple_are_thrown_away() -> None:
    # Of "rostra,0" to "rostra,5", the hashes 2, 3 and 5 are not below 2**255 + 1.
    n = 2**255 + 1
    short, all_of_them = Lots("rostra"), Lots("rostra")
    drawn = [all_of_them.draw(2**256) for _ in range(6)]
    assert [short.draw(n) for _ in range(3)] == [drawn[0], drawn[1], drawn[4]]


def test_every_candidate_of_a_lot_can_be_drawn() -> None:
    drawn = [Lots(f"seed {number}").draw(3) for number in range(300)]
    assert {drawn.count(n) > 70 for n in range(3)} == {True}


def test_an_exclusion_tie_goes_by_the_latest_stage_that_differs() -> None:
    # D is out first and brings C up to B: at stage 2 both have 5, at stage 1 C had fewer.
    result = count(election((9, "A"), (5, "B"), (3, "C"), (2, "DC")), "irv", "seed")
    assert result.stages[2].excluded == (3,)
    assert result.ties == (Tie(2, (2, 3), "earlier stage", 3),)
    assert "B, C have the same number of votes. At stage 1 the fewest had: C." in told(result)


def test_a_surplus_tie_goes_by_the_latest_stage_that_differs() -> None:
    # Half of each of A's papers takes B from 7 to 12, where C was from the start.
    papers = election((10, "AB"), (10, "A"), (7, "B"), (12, "C"), (5, "D"), (4, "E"), seats=4)
    result = count(papers, "scottish-stv", "seed")
    assert [stage.candidate for stage in result.stages if stage.action == "surplus"][:2] == [1, 3]
    assert result.ties[0] == Tie(2, (2, 3), "earlier stage", 3)
    assert "B, C have the same number of votes. At stage 1 the most had: C." in told(result)


def test_equal_surpluses_throughout_are_moved_in_the_order_of_a_lot() -> None:
    papers = election((10, "AC"), (10, "BD"), (2, "C"), (3, "D"), (4, "E"), seats=3)
    orders = set()
    for seed in ("1", "2", "3", "4", "5", "6"):
        result = count(papers, "scottish-stv", seed)
        moved = [stage.candidate for stage in result.stages if stage.action == "surplus"]
        assert result.ties[0] == Tie(1, (1, 2), "lot", moved[0] or 0, seed)
        assert f"A, B cannot be told apart by votes. Decided by lot: {'AB'[moved[0] - 1]}." in told(result)
        orders.add(tuple(moved))
    assert orders == {(1, 2), (2, 1)}


def test_three_equals_are_narrowed_by_earlier_stages_one_after_the_other() -> None:
    # Three have 5 at stage 3; at stage 2 C and D had fewer than B, at stage 1 D fewer than C.
    papers = election((12, "A"), (5, "B"), (4, "C"), (3, "D"), (1, "EC"), (1, "ED"), (1, "FD"))
    result = count(papers, "irv", "seed")
    assert result.ties == (Tie(3, (2, 3, 4), "earlier stage", 4),)
    assert "B, C, D have the same number of votes. At stage 2 the fewest had: C, D." in told(result)
    assert "C, D have the same number of votes. At stage 1 the fewest had: D." in told(result)


def test_only_those_whom_no_stage_tells_apart_are_in_the_lot() -> None:
    papers = election((10, "A"), (4, "B"), (3, "C"), (3, "D"), (1, "EC"), (1, "ED"))
    result = count(papers, "irv", "seed")
    assert (result.ties[0].tied, result.ties[0].decided_by) == ((3, 4), "lot")
    assert "B, C, D have the same number of votes. At stage 1 the fewest had: C, D." in told(result)


def test_the_same_seed_decides_alike_and_the_record_names_it() -> None:
    papers = election((3, "A"), (3, "B"), (3, "C"))
    for rule in ("scottish-stv", "meek-prf-9dp", "irv", "schulze-winning-votes", "approval", "plurality"):
        results = [count(papers, rule, "drand round 5") for _ in range(2)]
        assert results[0] == results[1]
        lots = [tie for tie in results[0].ties if tie.decided_by == "lot"]
        assert lots and {tie.seed for tie in lots} == {"drand round 5"}
        assert sum("Decided by lot" in sentence for sentence in told(results[0])) == len(lots)
        winners = {count(papers, rule, str(number)).elected for number in range(30)}
        assert winners == {(1,), (2,), (3,)}


def test_only_the_last_seats_are_drawn_by_lot() -> None:
    papers = election((5, "A"), (3, "B"), (3, "C"), (3, "D"), seats=3)
    result = count(papers, "approval", "seed")
    assert result.elected[0] == 1
    assert [tie.tied for tie in result.ties][0] == (2, 3, 4)
    assert [tie.chosen for tie in result.ties] == list(result.elected[1:])
    assert not count(election((5, "A"), (3, "B"), (3, "C"), (2, "D"), seats=3), "approval", "").ties


def test_meek_ties_are_those_within_the_surplus_that_is_left() -> None:
    result = count(election((3, "A"), (3, "B"), (5, "C"), (9, "D")), "meek-prf-9dp", "seed")
    assert result.ties[0].tied == (1, 2) and result.ties[0].stage == 1
    assert result.stages[0].excluded == (result.ties[0].chosen,)


def test_a_count_without_ties_reports_none() -> None:
    assert count(election((5, "A"), (3, "B"), (2, "C")), "scottish-stv", "seed").ties == ()


def test_equal_candidates_who_are_all_elected_need_no_lot() -> None:
    both = Election(("A", "B"), 2, {b"\x01": 4, b"\x02": 4})
    for rule in ("scottish-stv", "meek-prf-9dp", "approval", "plurality"):
        result = count(both, rule, "seed")
        assert set(result.elected) == {1, 2} and not result.ties
