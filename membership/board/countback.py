"""Countback: the published ballots of an election counted again, to fill a seat that fell vacant. Pure.

Whoever left is withdrawn, as is everybody who cannot or will not sit. Where votes move (``scottish-stv``,
``meek-prf-9dp``) those who sit are guarded: never excluded, and seated in any case. As many seats are
counted as are taken, and this one. Where votes do not move, those who sit are passed over, and one
seat is counted.

Rounding is that of the rule itself, from the first stage on: nothing is taken over from the first count.
The quota is reckoned anew from the papers that still name somebody who stands. Laws on countback leave
this open; it is our choice. Lots come from SHA-256 of the first count's seed, ``,countback,`` and the
number of the candidate who left.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from membership.elections.protocol import manifest as manifests
from membership.elections.protocol import package_json
from membership.elections.tally import Count, Election, Ranking, count

MOVES = frozenset({"scottish-stv", "meek-prf-9dp"})


@dataclass(frozen=True, slots=True)
class Papers:
    """What a published package holds for another count. ``withdrawn`` were so at the first one.

    ``empty`` is re-opening of nominations where it won a seat: that seat stays empty until the next election.
    """

    rule: str
    candidates: tuple[str, ...]
    rankings: Mapping[Ranking, int]
    withdrawn: frozenset[int]
    lot_seed: str
    empty: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Countback:
    """Who takes the vacant seat (None if nobody can), and the count that says so."""

    winner: int | None
    count: Count | None


def papers_of(package: bytes) -> Papers:
    """The papers in a public package, as they were counted. Refused where it is no sound package."""
    document: dict[str, Any] = package_json.load(package)
    manifest = manifests.read(document["manifest"])
    rankings: Counter[Ranking] = Counter(
        bytes(ballot["ranking"]) for ballot in document["ballots"] if ballot["ranking"] is not None
    )
    elected = document["result"]["elected"] if document["result"] else []
    reopened = manifest.reopens and manifest.candidates[manifest.reopens - 1] in elected
    return Papers(
        rule=manifest.rule,
        candidates=manifest.candidates,
        rankings=rankings,
        withdrawn=frozenset(document["board"][-1]["withdrawn"]),
        lot_seed=document["lot_seed"],
        empty=frozenset({manifest.reopens}) if reopened else frozenset(),
    )


def countback(papers: Papers, left: int, sitting: frozenset[int], others: frozenset[int]) -> Countback:
    """Counts again without ``left`` and ``others`` (who cannot or will not sit), for ``left``'s seat.

    Candidates are numbered as in the manifest. Nobody wins where nobody is left on any paper.
    """
    sitting |= papers.empty
    gone = (papers.withdrawn | others | {left}) - sitting
    if not _anybody(papers, gone | sitting):
        return Countback(None, None)
    moves = papers.rule in MOVES
    election = Election(
        candidates=papers.candidates,
        seats=len(sitting) + 1 if moves else 1,
        papers=papers.rankings,
        withdrawn=gone if moves else gone | sitting,
        guarded=sitting if moves else frozenset(),
    )
    counted = count(election, papers.rule, seed(papers, left))
    return Countback(next(c for c in counted.elected if c not in sitting), counted)


def seed(papers: Papers, left: int) -> str:
    """The seed of the lots of this count."""
    return sha256(f"{papers.lot_seed},countback,{left}".encode()).hexdigest()


def _anybody(papers: Papers, out: frozenset[int]) -> bool:
    """Whether a paper names somebody who could take the seat."""
    return any(set(ranking) - out for ranking in papers.rankings if isinstance(ranking, bytes))
