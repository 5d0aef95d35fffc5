"""Counts a plain BLT file with another library: ``ranked_votes.py LIBRARY FILE SEATS``.

Runs in the benchmark's own environment and prints one JSON object: seconds for making the
library's ballots and for its count, peak memory in MiB, and whom it elects.
"""

import importlib
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path


def rankings(path: Path) -> Counter[tuple[int, ...]]:
    """The papers of a file with one ballot a line, each of weight 1."""
    with path.open() as file:
        next(file)
        lines = Counter(line for line in file if line.startswith("1 "))
    return Counter({tuple(map(int, line.split()[1:-1])): number for line, number in lines.items()})


def pyrankvote(papers: Counter[tuple[int, ...]], seats: int) -> tuple[float, list[int]]:
    library = importlib.import_module("pyrankvote")
    candidates = {n: library.Candidate(str(n)) for n in sorted({n for paper in papers for n in paper})}
    ballots = [
        library.Ballot([candidates[n] for n in paper])
        for paper, number in papers.items()
        for _ in range(number)
    ]
    made = time.perf_counter()
    result = library.single_transferable_vote(list(candidates.values()), ballots, seats)
    return made, sorted(int(winner.name) for winner in result.get_winners())


def pref_voting(papers: Counter[tuple[int, ...]], seats: int) -> tuple[float, list[int]]:
    profiles = importlib.import_module("pref_voting.profiles_with_ties")
    methods = importlib.import_module("pref_voting.proportional_methods")
    profile = profiles.ProfileWithTies(
        [{candidate: rank for rank, candidate in enumerate(paper, 1)} for paper in papers],
        rcounts=list(papers.values()),
        candidates=sorted({n for paper in papers for n in paper}),
    )
    made = time.perf_counter()
    return made, [int(winner) for winner in methods.stv_scottish(profile, num_seats=seats)]


def main(library: str, file: str, seats: str) -> None:
    papers = rankings(Path(file))
    start = time.perf_counter()
    made, elected = {"pyrankvote": pyrankvote, "pref_voting": pref_voting}[library](papers, int(seats))
    answer = {
        "making": made - start,
        "counting": time.perf_counter() - made,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "elected": elected,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
