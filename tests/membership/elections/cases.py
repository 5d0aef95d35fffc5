"""The ballots of known elections and what counting them must give."""

import json
from pathlib import Path
from typing import Any

from membership.elections.ballot_files import read_file
from membership.elections.tally import Election

FOLDER = Path(__file__).parents[2] / "data" / "elections"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text())["elections"]


def case_name(case: dict[str, Any]) -> str:
    return f"{case['id']}-{case['rule']}"


def ballots(case: dict[str, Any]) -> Election:
    return read_file(FOLDER / case["file"])


def expected(case: dict[str, Any]) -> dict[str, Any]:
    return json.loads((FOLDER / case["expected"]).read_text())


def election(*papers: tuple[int, str], seats: int = 1, withdrawn: str = "") -> Election:
    """An election among A, B, C …: ``(4, "ABC")`` are four papers that rank A, B and C."""
    names = sorted(set("".join(ranking for _, ranking in papers)) | set(withdrawn))
    number = {name: place for place, name in enumerate(names, 1)}
    return Election(
        tuple(names),
        seats,
        {bytes(number[name] for name in ranking): how_many for how_many, ranking in papers},
        frozenset(number[name] for name in withdrawn),
    )
