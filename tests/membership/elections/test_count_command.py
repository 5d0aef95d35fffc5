"""``rostra count`` as operators' scripts and voters use it."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.language import speak
from commons.refusal import Refused
from membership.elections.commands import count_command
from tests.membership.elections.cases import CASES, FOLDER, expected

FIFE = str(FOLDER / "fife_2017_ward6.blt")
LOT = str(FOLDER / "edge_lot_single_seat.blt")
pytestmark = pytest.mark.usefixtures("settings")


def rostra_count(*arguments: str) -> Result:
    return CliRunner().invoke(count_command, arguments)


def test_json_has_exactly_what_the_contract_names() -> None:
    done = rostra_count(FIFE, "--rule", "scottish-stv", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    printed = json.loads(done.stdout)
    assert list(printed) == ["rule", "seats", "quota", "elected", "stages", "ties"]
    assert (printed["rule"], printed["seats"], printed["quota"]) == ("scottish-stv", 4, "1553.00000")
    assert printed["elected"] == [
        "Dave DEMPSEY (C)",
        "Lesley LAIRD (Lab)",
        "Alice MCGARRY (SNP)",
        "David John BARRATT (SNP)",
    ]
    for stage in printed["stages"]:
        assert list(stage) == ["action", "tallies", "exhausted", "elected", "excluded"]
        assert sum(map(Decimal, [*stage["tallies"].values(), stage["exhausted"]])) == 7763
    assert printed["ties"] == []


def test_scottish_stv_is_the_rule_of_the_house() -> None:
    assert (
        rostra_count(FIFE, "--json").stdout == rostra_count(FIFE, "--rule", "scottish-stv", "--json").stdout
    )


def test_json_gives_the_published_figures_by_name() -> None:
    case = next(case for case in CASES if case["id"] == "fife_2017_ward6")
    right = expected(case)
    printed = json.loads(rostra_count(FIFE, "--rule", case["rule"], "--json").stdout)
    for stage, figures in zip(printed["stages"], right["stages"], strict=True):
        assert stage["action"] == figures["action"]
        assert stage["tallies"] == {right["candidates"][c]: votes for c, votes in figures["totals"].items()}
        assert stage["exhausted"] == figures["non_transferable"]


def test_a_lot_is_reported_with_its_seed_and_can_be_drawn_again() -> None:
    fresh = json.loads(rostra_count(LOT, "--json").stdout)
    lot, back = fresh["ties"]
    assert list(lot) == ["stage", "tied", "decided_by", "seed", "chosen"]
    assert (lot["stage"], lot["tied"], lot["decided_by"]) == (1, ["Cho", "Dee"], "lot")
    assert (back["tied"], back["decided_by"], back["seed"]) == (["Ada", "Ben"], "earlier stage", None)
    assert json.loads(rostra_count(LOT, "--json", "--seed", lot["seed"]).stdout) == fresh
    assert json.loads(rostra_count(LOT, "--json").stdout)["ties"][0]["seed"] != lot["seed"]


def test_schulze_adds_every_pair_and_has_no_quota() -> None:
    done = rostra_count(str(FOLDER / "debian_2020_leader.abif"), "--rule", "schulze-winning-votes", "--json")
    printed = json.loads(done.stdout)
    assert (printed["quota"], len(printed["stages"]), printed["elected"]) == (None, 1, ["Jonathan Carter"])
    assert printed["pairwise"]["Jonathan Carter>Sruthi Chandran"] == "258"
    assert len(printed["pairwise"]) == 12


def test_the_text_says_who_is_elected_every_stage_and_the_lot() -> None:
    shown = rostra_count(LOT, "--seed", "drand 5").stdout
    assert shown.startswith("tie with no earlier stage: lot decides the seat\nScottish STV")
    assert "papers counted: 16" in shown and "quota: 9" in shown
    assert [f"\nStage {number}\n" in shown for number in range(1, 6)] == [True] * 4 + [False]
    assert "Cho, Dee cannot be told apart by votes. Decided by lot:" in shown
    assert "At stage 2 the fewest had:" in shown
    assert shown.endswith("Ties decided by lot: 1. Seed for lots: drand 5\n")


def test_the_text_gives_exact_figures_and_what_changed() -> None:
    shown = rostra_count(FIFE, "--seed", "x").stdout
    lines = [" ".join(line.replace("█", "").split()) for line in shown.splitlines()]
    assert "Dave DEMPSEY (C) 2841 elected" in lines
    assert "Dave DEMPSEY (C) 1553.00000 -1288.00000" in lines
    assert any(line.startswith("(no further choice)") for line in lines)


@pytest.mark.parametrize("rule", ["meek-prf-9dp", "irv", "schulze-winning-votes", "approval", "plurality"])
def test_the_text_of_every_rule_names_the_winner(rule: str) -> None:
    shown = rostra_count(str(FOLDER / "edge_lot_single_seat.blt"), "--rule", rule, "--seed", "1")
    winner = json.loads(rostra_count(LOT, "--rule", rule, "--seed", "1", "--json").stdout)["elected"][0]
    assert shown.exit_code == 0 and f"\nElected\n  1. {winner}" in shown.stdout


def test_the_text_is_in_the_language_spoken() -> None:
    speak("de")
    try:
        shown = rostra_count(LOT, "--seed", "1").stdout
    finally:
        speak(None)
    assert "Cho" in shown and "Decided by lot" not in shown


def test_wide_and_long_names_keep_the_columns(tmp_path: Path) -> None:
    file = tmp_path / "wide.blt"
    file.write_text(f'2 1\n2 1 0\n1 2 0\n0\n"陳大文"\n"{"x" * 60}"\n"t"\n')
    shown = rostra_count(str(file), "--rule", "plurality").stdout
    assert f"  陳大文{' ' * 34}  {'█' * 24}  2" in shown
    assert f"  {'x' * 39}…  {'█' * 12}{' ' * 12}  1\n" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-file.blt"],
        [str(FOLDER)],
        [FIFE, "--rule", "borda"],
        [FIFE, "--seed", "a\nb"],
        [FIFE, "--seed", "\udcff"],
        [FIFE, "--seed", "x" * 201],
        [],
    ],
)
def test_wrong_use_ends_with_2_and_a_sentence(arguments: list[str]) -> None:
    done = rostra_count(*arguments)
    assert done.exit_code == 2 and done.stdout == ""
    assert "Error: " in done.stderr and "Traceback" not in done.stderr


def test_a_file_that_cannot_be_counted_is_refused() -> None:
    for name, rule in [("reject_zero_seats.blt", "irv"), ("reject_equal_ranks_in_strict_rule.blt", "irv")]:
        done = rostra_count(str(FOLDER / "parser" / name), "--rule", rule)
        assert isinstance(done.exception, Refused) and done.stdout == ""


def test_rostra_counts_without_a_database_and_refuses_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import wsgi; wsgi.main()", "count"]
    where = {"PYTHONPATH": str(FOLDER.parents[2]), "ROSTRA_DATA": str(tmp_path / "none")}
    done = subprocess.run([*command, FIFE, "--json"], capture_output=True, text=True, env=where, check=False)
    assert (done.returncode, done.stderr) == (0, "") and len(json.loads(done.stdout)["elected"]) == 4
    broken = str(FOLDER / "parser" / "reject_out_of_range.blt")
    done = subprocess.run([*command, broken], capture_output=True, text=True, env=where, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Line 2: There is no candidate 4.\n"
    assert not (tmp_path / "none").exists()
