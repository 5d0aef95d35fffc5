"""Counting 1,000,000 ballots, 20 candidates, 7 seats by Scottish STV: ``./dev bench count``.

Held to: reading and counting take at most twice what reading alone takes, and at most 500 MiB.
pyrankvote and pref_voting count the same ballots in the same run, in an environment of their own;
the product never uses them. ``--ours`` leaves them out.
"""

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.parts import environment
from membership.elections.ballot_files import read_file
from membership.elections.tally import count

HERE = Path(__file__).parent
BALLOTS, CANDIDATES, SEATS = 1_000_000, 20, 7
RUNS = 3
MOST_TIMES_READING, MOST_MIB = 2, 500
LOCK = HERE / "requirements.lock"
PEERS = ("pyrankvote", "pref_voting")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--measure"]:
        print(json.dumps(measure(Path(arguments[1]))))
        return 0
    with TemporaryDirectory() as folder:
        file = Path(folder) / "election.blt"
        write_election(file)
        within = report_ours(file)
        python = None if "--ours" in arguments else environment.python("bench-count", LOCK)
        if python is None and "--ours" not in arguments:
            print("They could not be installed, so ours stands alone.")
        if python:
            for library in PEERS:
                report_peer(python, library, file)
    return 0 if within else 1


# --- The election -----------------------------------------------------------------------


def write_election(file: Path) -> None:
    """Always the same ballots, one a line, with almost half a million different rankings."""
    names = [f'"Candidate {number}"' for number in range(1, CANDIDATES + 1)]
    lines = chain([f"{CANDIDATES} {SEATS}"], rankings(), ["0", *names, '"Benchmark"'])
    with file.open("w") as written:
        written.writelines(f"{line}\n" for line in lines)


def rankings() -> Iterator[str]:
    chance = random.Random(2011)
    liked = list(range(1, CANDIDATES + 1))
    chance.shuffle(liked)
    weights = [1 / (place + 3) for place in range(CANDIDATES)]
    for _ in range(BALLOTS):
        named = 1 + min(CANDIDATES - 1, int(chance.expovariate(1 / 6)))
        choices = dict.fromkeys(chance.choices(liked, weights, k=named))
        yield f"1 {' '.join(map(str, choices))} 0"


# --- Ours -------------------------------------------------------------------------------


def measure(file: Path) -> dict[str, object]:
    """One reading and one count in this process."""
    start = time.perf_counter()
    election = read_file(file)
    read = time.perf_counter()
    result = count(election, "scottish-stv", seed="benchmark")
    return {
        "reading": read - start,
        "counting": time.perf_counter() - read,
        "mib": peak_mib(),
        "rankings": len(election.papers),
        "stages": len(result.stages),
        "elected": sorted(result.elected),
    }


def peak_mib() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def report_ours(file: Path) -> bool:
    """Prints the best of some runs, each in a fresh process, and whether it is within the limits."""
    runs = [ask(sys.executable, "-m", "bench.count", "--measure", file) for _ in range(RUNS)]
    best = min(runs, key=lambda run: run["reading"] + run["counting"])
    times = (best["reading"] + best["counting"]) / best["reading"]
    mib = max(run["mib"] for run in runs)
    print(
        f"{BALLOTS:,} ballots, {CANDIDATES} candidates, {SEATS} seats, "
        f"{best['rankings']:,} different rankings"
    )
    print_row("rostra", best["reading"], best["counting"], mib, best["elected"])
    print(f"  reading and counting: {times:.2f} times reading alone (at most {MOST_TIMES_READING})")
    print(f"  memory: {mib} MiB (at most {MOST_MIB})", flush=True)
    return times <= MOST_TIMES_READING and mib <= MOST_MIB


def print_row(name: str, first: float, counting: float, mib: int, elected: list[int]) -> None:
    seats = " ".join(map(str, elected))
    print(
        f"  {name:12} {first:6.2f} s to read or make them  {counting:6.2f} s to count"
        f"  {mib:>5} MiB  elects {seats}",
        flush=True,
    )


# --- The others ---------------------------------------------------------------------------


def report_peer(python: Path, library: str, file: Path) -> None:
    try:
        answer = ask(python, HERE / "peers" / "ranked_votes.py", library, file, str(SEATS))
    except subprocess.CalledProcessError as error:
        print(f"  {library}: did not finish (exit {error.returncode})")
        return
    print_row(library, answer["making"], answer["counting"], answer["mib"], answer["elected"])


def ask(*command: str | Path) -> dict:
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE.parent)
    return json.loads(answer.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
