"""What must hold for every election, whatever the votes."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from membership.elections.tally import RULES, Count, Election, Ranking, count, ranking
from membership.elections.tally.record import Stage

STV = ["scottish-stv", "meek-prf-9dp", "irv"]
STRICT = [*STV, "plurality"]
ONE_SEAT = {"irv", "schulze-winning-votes"}
NAMES = "ABCDEFG"
unhurried = settings(deadline=None)  # a busy machine is no fault of the count


@st.composite
def elections(draw: st.DrawFn, rule: str) -> Election:
    candidates = draw(st.integers(2, len(NAMES)))
    seats = 1 if rule in ONE_SEAT else draw(st.integers(1, candidates))
    order = st.permutations(range(1, candidates + 1))
    length = st.integers(1, candidates)
    papers: dict[Ranking, int] = {}
    for _ in range(draw(st.integers(1, 12))):
        chosen: Sequence[int] = draw(order)[: draw(length)]
        shared = rule not in STRICT and draw(st.booleans())
        ranks = [chosen[:2], *([c] for c in chosen[2:])] if shared else [[c] for c in chosen]
        paper = ranking(ranks, candidates)
        papers[paper] = papers.get(paper, 0) + draw(st.integers(1, 30))
    withdrawn = draw(st.frozensets(st.integers(1, candidates), max_size=candidates - 1))
    if not any(set(paper if isinstance(paper, bytes) else b"".join(paper)) - withdrawn for paper in papers):
        withdrawn = frozenset()
    return Election(tuple(NAMES[:candidates]), seats, papers, withdrawn)


def by_name(result: Count) -> list[dict[str, object]]:
    """The stages without what depends on the candidates' numbers."""
    return [
        {
            "action": stage.action,
            "totals": {result.name(c): votes for c, votes in stage.totals.items()},
            "exhausted": stage.exhausted,
            "quota": stage.quota,
            "elected": {result.name(c) for c in stage.elected},
            "excluded": {result.name(c) for c in stage.excluded},
        }
        for stage in result.stages
    ]


def needs_lot(result: Count) -> bool:
    return any(tie.decided_by == "lot" for tie in result.ties)


def for_each_rule(rules: Sequence[str]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return pytest.mark.parametrize("rule", rules)


@for_each_rule(list(RULES))
@unhurried
@given(data=st.data())
def test_the_order_of_ballots_does_not_matter(rule: str, data: st.DataObject) -> None:
    election = data.draw(elections(rule))
    shuffled = data.draw(st.permutations(list(election.papers.items())))
    other = Election(election.candidates, election.seats, dict(shuffled), election.withdrawn)
    assert count(other, rule, "seed") == count(election, rule, "seed")


@for_each_rule(list(RULES))
@unhurried
@given(data=st.data())
def test_the_numbering_of_candidates_does_not_matter_unless_a_lot_is_drawn(
    rule: str, data: st.DataObject
) -> None:
    election = data.draw(elections(rule))
    place = data.draw(st.permutations(range(1, len(election.candidates) + 1)))
    new = dict(enumerate(place, 1))
    names = [""] * len(new)
    for old, number in new.items():
        names[number - 1] = election.name(old)
    papers = {renumbered(paper, new): number for paper, number in election.papers.items()}
    withdrawn = frozenset(new[c] for c in election.withdrawn)
    result = count(election, rule, "seed")
    other = count(Election(tuple(names), election.seats, papers, withdrawn), rule, "seed")
    assert needs_lot(other) == needs_lot(result)
    if not needs_lot(result):
        assert by_name(other) == by_name(result)


def renumbered(paper: Ranking, new: dict[int, int]) -> Ranking:
    if isinstance(paper, bytes):
        return bytes(new[c] for c in paper)
    return tuple(bytes(sorted(new[c] for c in rank)) for rank in paper)


@for_each_rule(STV)
@unhurried
@given(data=st.data())
def test_votes_are_conserved_at_every_stage(rule: str, data: st.DataObject) -> None:
    result = count(data.draw(elections(rule)), rule, "seed")
    for stage in result.stages:
        assert sum(stage.totals.values()) + stage.exhausted == result.valid * 10**result.places
        assert min([*stage.totals.values(), stage.exhausted]) >= 0


@unhurried
@given(data=st.data())
def test_exhausted_votes_never_come_back(data: st.DataObject) -> None:
    for rule in ("scottish-stv", "irv"):
        exhausted = [s.exhausted for s in count(data.draw(elections(rule)), rule, "seed").stages]
        assert exhausted == sorted(exhausted)


@for_each_rule(list(RULES))
@unhurried
@given(data=st.data(), blanks=st.integers(1, 1000))
def test_blank_papers_change_nothing(rule: str, data: st.DataObject, blanks: int) -> None:
    election = data.draw(elections(rule))
    papers = {**election.papers, b"": blanks}
    with_blanks = Election(election.candidates, election.seats, papers, election.withdrawn)
    result, other = count(election, rule, "seed"), count(with_blanks, rule, "seed")
    assert other.blank == result.blank + blanks
    assert (other.as_json(), other.stages) == (result.as_json(), result.stages)


@for_each_rule(list(RULES))
@unhurried
@given(data=st.data())
def test_a_withdrawn_candidate_counts_as_if_never_named(rule: str, data: st.DataObject) -> None:
    election = data.draw(elections(rule))
    papers: dict[Ranking, int] = {}
    for paper, number in election.papers.items():
        ranks = [{c} for c in paper] if isinstance(paper, bytes) else [set(rank) for rank in paper]
        kept = ranking([rank - election.withdrawn for rank in ranks], len(election.candidates))
        papers[kept] = papers.get(kept, 0) + number
    other = Election(election.candidates, election.seats, papers, election.withdrawn)
    assert count(other, rule, "seed").as_json() == count(election, rule, "seed").as_json()


@for_each_rule(list(RULES))
@unhurried
@given(data=st.data())
def test_as_many_are_elected_as_there_are_seats_and_candidates_for(rule: str, data: st.DataObject) -> None:
    election = data.draw(elections(rule))
    result = count(election, rule, "seed")
    assert len(set(result.elected)) == len(result.elected) == min(election.seats, len(election.standing))
    assert not set(result.elected) & election.withdrawn
    assert list(result.elected) == [c for stage in result.stages for c in stage.elected]
    excluded = [c for stage in result.stages for c in stage.excluded]
    assert len(set(excluded)) == len(excluded) and not set(excluded) & set(result.elected)


@for_each_rule(["scottish-stv", "irv"])
@unhurried
@given(data=st.data())
def test_whoever_is_excluded_had_the_fewest_votes(rule: str, data: st.DataObject) -> None:
    result = count(data.draw(elections(rule)), rule, "seed")
    out: set[int] = set()
    seated: set[int] = set()
    before: Stage | None = None
    for stage in result.stages:
        if before and stage.action == "exclude":
            left = {c: votes for c, votes in before.totals.items() if c not in out | seated}
            assert left[stage.excluded[0]] == min(left.values())
        out.update(stage.excluded)
        seated.update(stage.elected)
        before = stage


@unhurried
@given(data=st.data())
def test_nobody_gains_after_reaching_the_scottish_quota(data: st.DataObject) -> None:
    result = count(data.draw(elections("scottish-stv")), "scottish-stv", "seed")
    for earlier, later in zip(result.stages, result.stages[1:], strict=False):
        for stage in result.stages[: earlier.number]:
            assert all(later.totals[c] <= earlier.totals[c] for c in stage.elected)


@unhurried
@given(data=st.data())
def test_instant_runoff_elects_whom_scottish_stv_elects_for_one_seat(data: st.DataObject) -> None:
    election = data.draw(elections("irv"))
    runoff, scottish = count(election, "irv", "seed"), count(election, "scottish-stv", "seed")
    if not needs_lot(runoff) and not needs_lot(scottish):
        assert runoff.elected == scottish.elected


@unhurried
@given(data=st.data())
def test_schulze_elects_whoever_beats_everyone(data: st.DataObject) -> None:
    election = data.draw(elections("schulze-winning-votes"))
    result = count(election, "schulze-winning-votes", "seed")
    pairs = result.pairwise or {}
    for candidate in election.standing:
        if all(pairs[candidate, o] > pairs[o, candidate] for o in election.standing if o != candidate):
            assert result.elected == (candidate,)
