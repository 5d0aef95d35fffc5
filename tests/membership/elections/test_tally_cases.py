"""Every election of the data counts as the councils and independent counters counted it."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from membership.elections.tally import RULES, Count, count
from tests.membership.elections.cases import CASES, FOLDER, ballots, case_name, expected

SCOTTISH = [case for case in CASES if case["rule"] == "scottish-stv" and case["expected_stage_figures"]]
MEEK = [case for case in CASES if case["rule"] == "meek-prf-9dp"]
IRV = [case for case in CASES if case["rule"] == "irv"]
NAMED = {"first": 0, "final two": -1}
SCHULZE = [case for case in CASES if case["rule"] == "schulze-winning-votes"]


def counted(case: dict[str, Any]) -> Count:
    return count(ballots(case), case["rule"], seed="a public seed")


def numbers(figures: dict[int, int], places: int) -> dict[str, Decimal]:
    return {str(candidate): Decimal(votes).scaleb(-places) for candidate, votes in figures.items()}


def decimals(figures: dict[str, Any]) -> dict[str, Decimal]:
    return {candidate: Decimal(votes) for candidate, votes in figures.items()}


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_the_files_are_those_that_were_checked(case: dict[str, Any]) -> None:
    assert sha256((FOLDER / case["file"]).read_bytes()).hexdigest() == case["sha256"]
    assert sha256((FOLDER / case["expected"]).read_bytes()).hexdigest() == case["expected_sha256"]


def test_every_rule_with_published_counts_is_covered() -> None:
    assert len(SCOTTISH) + len(MEEK) + len(IRV) + len(SCHULZE) + 1 == len(CASES) == 24
    assert {case["rule"] for case in CASES} == RULES.keys() - {"approval", "plurality"}


@pytest.mark.parametrize("case", [c for c in CASES if c["expected_winners"]], ids=case_name)
def test_the_winners_are_the_right_ones(case: dict[str, Any]) -> None:
    result, right = counted(case), expected(case)
    assert sorted(result.elected) == sorted(right["winners"])
    assert {result.name(c) for c in result.elected} == set(case["expected_winners"])
    assert result.seats == right["seats"]
    if case["file"] != "burlington_2009_mayor.abif":  # its expectation counts the BLT's papers
        assert result.valid == right["valid_ballots"]
    assert not [tie for tie in result.ties if tie.decided_by == "lot"]


@pytest.mark.parametrize("case", SCOTTISH, ids=case_name)
def test_scottish_counts_match_stage_for_stage(case: dict[str, Any]) -> None:
    result, right = counted(case), expected(case)
    assert Decimal(result.as_json()["quota"]) == Decimal(right["quota"])
    assert len(result.stages) == len(right["stages"])
    for stage, figures in zip(result.stages, right["stages"], strict=True):
        assert (stage.number, stage.action, stage.candidate) == (
            figures["stage"],
            figures["action"],
            figures["candidate"],
        )
        assert numbers(stage.totals, 5) == decimals(figures["totals"])
        assert Decimal(stage.exhausted).scaleb(-5) == Decimal(figures["non_transferable"])
        reached = [e for e in right["elected_in_order"] if e["stage"] == stage.number]
        assert sorted(stage.elected) == sorted(e["candidate"] for e in reached)
        for seated in reached:
            assert Decimal(stage.totals[seated["candidate"]]).scaleb(-5) == Decimal(seated["votes_then"])
    assert [
        {"stage_after": tie.stage, "tied": list(tie.tied)}
        for tie in result.ties
        if tie.decided_by == "earlier stage"
    ] == [{"stage_after": t["stage_after"], "tied": t["tied"]} for t in right["earlier_stage_tiebreaks"]]


@pytest.mark.parametrize("case", MEEK, ids=case_name)
def test_meek_counts_match_to_the_last_place_in_every_round(case: dict[str, Any]) -> None:
    result, right = counted(case), expected(case)
    assert len(result.stages) == len(right["stages"])
    for stage, figures in zip(result.stages, right["stages"], strict=True):
        assert stage.number == figures["round"]
        assert stage.quota is not None and stage.keep is not None
        assert Decimal(stage.quota).scaleb(-9) == Decimal(figures["quota"])
        assert numbers(stage.totals, 9) == decimals(figures["totals"])
        assert numbers(stage.keep, 9) == decimals(figures["keep_factors"])
    assert {(c, stage.number) for stage in result.stages for c in stage.elected} == {
        (e["candidate"], e["round"]) for e in right["elected_in_order"]
    }
    assert [(c, stage.number) for stage in result.stages for c in stage.excluded] == [
        (e["candidate"], e["round"]) for e in right["excluded_in_order"]
    ]


@pytest.mark.parametrize("case", IRV, ids=case_name)
def test_instant_runoff_matches_every_stage_published(case: dict[str, Any]) -> None:
    result, right = counted(case), expected(case)
    for figures in right["stages"]:
        stage = result.stages[NAMED[figures["stage"]] if figures["stage"] in NAMED else figures["stage"] - 1]
        assert {str(c): votes for c, votes in stage.totals.items() if votes} == figures["totals"]
        assert stage.exhausted == figures.get("non_transferable", stage.exhausted)


@pytest.mark.parametrize("case", SCHULZE, ids=case_name)
def test_schulze_counts_every_pair(case: dict[str, Any]) -> None:
    result, right = counted(case), expected(case)
    assert result.pairwise is not None
    assert {f"{a}>{b}": votes for (a, b), votes in result.pairwise.items()} == right["pairwise"]
    if "ranking" in right:
        figures = result.stages[0].totals
        assert sorted(figures, key=lambda c: -figures[c]) == right["ranking"]


def test_an_unresolved_tie_gives_one_of_the_listed_outcomes_and_says_so() -> None:
    case = next(case for case in CASES if not case["expected_winners"])
    right = expected(case)
    assert right["must_report_lot"]
    seen = set()
    for seed in ("one", "two", "three", "four", "five"):
        result = count(ballots(case), case["rule"], seed)
        lot, back = result.ties
        outcome = next(o for o in right["outcomes_by_lot"] if o["first_excluded_of_tie"] == lot.chosen)
        assert (lot.stage, list(lot.tied), lot.decided_by, lot.seed) == (
            outcome["tie"][0]["at"],
            outcome["tie"][0]["tied"],
            "lot",
            seed,
        )
        assert (back.decided_by, back.seed) == ("earlier stage", None)
        assert list(result.elected) == outcome["elected_in_order"]
        assert [c for stage in result.stages for c in stage.excluded] == outcome["excluded"]
        seen.add(lot.chosen)
    assert seen == {3, 4}
