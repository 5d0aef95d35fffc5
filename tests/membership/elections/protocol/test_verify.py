"""A package is checked down to its last value, and a whole rewrite by what was kept outside."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from commons.refusal import Refused
from membership.elections.ballot_files import read_abif, read_blt
from membership.elections.commands import election_group
from membership.elections.protocol import envelope, standalone
from membership.elections.protocol.board import leaf, next_entry
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.package import derive, lot_seed, parts
from membership.elections.protocol.verify import difference, summary, verify
from membership.elections.tally import count
from tests.membership.elections.protocol.world import (
    Package,
    World,
    counted,
    numbered,
    signer,
    world,
    written,
)


@pytest.fixture
def package() -> Package:
    return counted().package()


def refused(package: Package, **outside: bytes) -> str:
    with pytest.raises(Refused) as fault:
        verify(json.dumps(package).encode(), **outside)
    return str(fault.value)


# --- A sound one -------------------------------------------------------------------------


def test_a_sound_package_is_confirmed_with_its_numbers_and_its_limits() -> None:
    made = counted()
    data = written(made.package())
    lines = summary(verify(data))
    assert lines[0] == "Board 2026: the package is sound."
    assert lines[2] == f"Elected: {', '.join(made.package()['result']['elected'])}"
    assert lines[1] == "assisted: 0; blank: 1; cast: 7; invalid: 0; issued: 8; roll: 12"
    assert any("could have written all of it anew" in line for line in lines)
    assert not any("Forged ballots are at most" in line for line in lines)


def test_what_is_told_depends_on_what_was_given_from_outside() -> None:
    made, data = counted(), written(counted().package())
    told = {
        name: "\n".join(summary(verify(data, *outside)))
        for name, outside in {
            "manifest": (made.manifest.hash, None),
            "early": (made.manifest.hash, made.board[0].root),
            "final": (None, made.board[-1].root),
        }.items()
    }
    assert "No root was given" in told["manifest"]
    assert "board entry 1 of 4" in told["early"]
    assert "are the ones that were posted" in told["final"]
    assert ["Forged ballots are at most" in told[name] for name in ("manifest", "early", "final")] == [
        False,
        False,
        True,
    ]


def test_progress_goes_to_the_end_two_steps_a_ballot() -> None:
    heard: list[tuple[int, int]] = []
    verify(written(counted().package()), progress=lambda done, of: heard.append((done, of)))
    assert heard == [(step, 14) for step in range(1, 15)]


AGAIN = """
import sys
from hashlib import sha256
import rfc8785
from membership.elections.protocol.package import derive
from membership.elections.protocol.package_json import load, sources

with open(sys.argv[1], "rb") as file:
    print(sha256(rfc8785.dumps(derive(sources(load(file.read()))))).hexdigest())
"""


def test_the_same_sources_give_the_same_bytes(file: Path, tmp_path: Path) -> None:
    """In another process too, whose sets and dictionaries have another order."""
    assert written(counted().package()) == written(counted().package())
    for hash_seed in ("1", "2"):
        done = run([sys.executable, "-c", AGAIN, str(file)], tmp_path, PYTHONHASHSEED=hash_seed)
        assert done.stdout.split() == [sha256(file.read_bytes()).hexdigest()], done.stderr


def test_the_files_are_what_other_programs_count(package: Package) -> None:
    files, seed = package["files"], package["lot_seed"]
    for election in (
        read_blt(files["ballots.blt"].splitlines()),
        read_abif(files["ballots.abif"].splitlines()),
    ):
        assert count(election, "scottish-stv", seed).as_json() == package["result"]
    assert json.loads(files["result.json"]) == package["result"]
    assert files["ballots.csv"].count("\n") == 8 and ",,Ada,Ben\n" in files["ballots.csv"]
    sums = dict(line.split("  ")[::-1] for line in parts(package)["SHA256SUMS"].splitlines())
    assert sums == {name: sha256(text.encode()).hexdigest() for name, text in files.items()}
    assert seed == lot_seed(counted().board[-1].root, "abc123")


# --- Everything that can be changed ---------------------------------------------------------


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, (dict, list)) and value:
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(below, (*path, key))
    else:
        yield path


def changed(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return "x"
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    return ["x"]


def test_a_change_of_any_value_is_found(package: Package) -> None:
    paths = list(leaves(package))
    assert len(paths) > 200 and verify(written(package))
    for path in paths:
        spoiled = copy.deepcopy(package)
        place = spoiled
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = changed(place[path[-1]])
        assert refused(spoiled), path


def test_a_value_taken_away_or_added_is_found(package: Package) -> None:
    for above in {path[:depth] for path in leaves(package) for depth in range(1, len(path))}:
        for more in (True, False):
            spoiled = copy.deepcopy(package)
            place = spoiled
            for key in above:
                place = place[key]
            if isinstance(place, dict):
                place.update(extra="x") if more else place.popitem()
            else:
                place.append(place[-1]) if more else place.pop()
            assert refused(spoiled), above


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"a":1,"a":2}', b'{"manifest": NaN}'])
def test_what_is_no_package_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        verify(data)


def test_difference_names_the_place_and_tells_kinds_apart() -> None:
    assert difference({"a": [1, {"b/c": 2}]}, {"a": [1, {"b/c": 3}]}) == "/a/1/b~1c"
    assert difference([1], [1, 2]) == "/1" and difference([1], [1]) is None
    assert difference(1, 1.0) == "" and difference(True, 1) == ""


# --- Ballots -----------------------------------------------------------------------------


def test_an_altered_ballot_is_named(package: Package) -> None:
    made = counted()
    package["envelopes"][3] = package["envelopes"][3][:-2] + "ff"
    gone, new = leaf(made.sources().envelopes[3]), leaf(bytes.fromhex(package["envelopes"][3]))
    assert refused(package).split()[1] == min(gone, new).hex()


def test_ballots_in_another_order_or_twice_are_found(package: Package) -> None:
    package["envelopes"].reverse()
    assert "not sorted" in refused(package)
    package["envelopes"] = sorted(package["envelopes"], key=lambda each: leaf(bytes.fromhex(each)))
    package["envelopes"].append(package["envelopes"][-1])
    assert "holds an entry twice" in refused(package)


def test_a_removed_ballot_is_named(package: Package) -> None:
    gone = leaf(bytes.fromhex(package["envelopes"].pop(2))).hex()
    assert refused(package) == f"Ballot {gone} is on the board, but not in the package."


def test_an_added_ballot_is_named(package: Package) -> None:
    made = counted()
    more = envelope.make(*made.draw(7), [1])
    package["envelopes"] = [each.hex() for each in sorted([*made.envelopes, more], key=leaf)]
    assert refused(package) == f"Ballot {leaf(more).hex()} is in the package, but not on the board."


def spoil(change: Callable[[World], None], **more: Any) -> str:
    """The fault of an election whose servers did ``change`` before they closed it."""
    made = world(**more)
    for member in range(1, 7):
        made.vote(member, [1])
    change(made)
    made.close()
    return refused(derive(made.sources()))


def test_a_ballot_whose_token_is_forged_is_named_although_the_board_has_it() -> None:
    def forge(made: World) -> None:
        credential, token = made.draw(7)
        made.envelopes.append(envelope.make(credential, token[::-1], [2]))

    assert "no valid credential" in spoil(forge)


def test_two_ballots_of_one_key_are_found() -> None:
    def twice(made: World) -> None:
        made.draw(7), made.vote(1, [2])

    assert "has voted already" in spoil(twice)


def test_more_ballots_than_credentials_are_found() -> None:
    assert "More ballots were cast" in spoil(lambda made: made.issued.pop() and None)


def test_a_credential_for_somebody_off_the_roll_is_found() -> None:
    assert "not on the roll" in spoil(lambda made: made.issued.add(numbered("stranger", 1)))


def test_ballots_invented_for_abstainers_need_a_higher_number_issued_in_which_each_finds_herself() -> None:
    made = world()
    for member in range(1, 7):
        made.vote(member, [1])
    issued = len(made.issued)
    for abstainer in (9, 10):
        made.vote(abstainer, [2])
    made.close()
    assert verify(written(derive(made.sources()))).package["numbers"]["issued"] == issued + 2  # type: ignore[index]
    assert made.roll[9] in made.sources().issued
    hidden = replace(made.sources(), issued=tuple(sorted(made.issued - {made.roll[9]})))
    assert "list of credentials is not the one on the board" in refused(derive(hidden))


def test_more_assistance_than_the_manifest_allows_is_found() -> None:
    made = world(server_assisted={"cap": 2}, issue_ends="2026-11-14T08:00:00Z")
    for member in range(1, 7):
        made.vote(member, [1])
    made.close(assisted=2)
    assert verify(written(derive(made.sources()))).package["numbers"]["assisted"] == 2  # type: ignore[index]
    made.board.clear()
    made.close(assisted=3)
    assert "more ballots than the manifest allows" in refused(derive(made.sources()))


def test_a_withdrawn_candidate_is_passed_over_and_must_exist() -> None:
    made = world()
    for member in range(1, 7):
        made.vote(member, [1, 2])
    made.close(withdrawn=(1,))
    found = verify(written(derive(made.sources()))).package
    assert "Ada" not in found["result"]["elected"] and found["numbers"]["invalid"] == 0  # type: ignore[index]
    made.board.clear()
    made.close(withdrawn=(1,))
    spoiled = derive(made.sources())
    made.board.clear()
    made.close(withdrawn=(5,))
    spoiled["board"] = [entry.as_json() for entry in made.board]
    assert "does not exist" in refused(spoiled)


def test_ballots_that_cannot_be_counted_are_listed_and_do_not_stop_the_count() -> None:
    made = world()
    for member in range(1, 7):
        made.vote(member, [1])
    credential, token = made.draw(7)
    elsewhere = envelope.read(made.envelopes[0], made.manifest)
    stolen = replace(elsewhere, key=credential.key, prefix=credential.prefix, token=token)
    signature = credential.private.sign(envelope.LABEL + stolen.body)
    made.envelopes.append(replace(stolen, signature=signature).encoded())
    made.close()
    found: Any = verify(written(derive(made.sources()))).package
    assert (found["numbers"]["cast"], found["numbers"]["invalid"]) == (7, 1)
    assert [each["invalid"] for each in found["ballots"] if each["ranking"] is None] == [
        "It does not open with the tally key."
    ]


def test_an_election_of_blank_ballots_has_no_result_and_a_sound_package() -> None:
    made = world()
    for member in range(1, 7):
        made.vote(member, [])
    made.close()
    verdict = verify(written(derive(made.sources())))
    assert verdict.package["result"] is None and "nobody" in summary(verdict)[2]


def test_too_few_ballots_are_not_published() -> None:
    made = world()
    for member in range(1, 5):
        made.vote(member, [1])
    made.close()
    with pytest.raises(Refused, match="Too few"):
        derive(made.sources())


def test_a_wrong_tally_key_is_refused(package: Package) -> None:
    package["tally_secret"] = world().tally_secret.hex()
    assert "tally key" in refused(package)


# --- Written anew as a whole ---------------------------------------------------------------


def rewritten() -> World:
    """What an operator with every key of the servers can make of the counted election: the same
    manifest and roll, other ballots, all signed."""
    true = counted()
    made = World(true.manifest, true.tally_secret, true.box, true.roll)
    for member in range(1, 8):
        credential = Credential.from_seed(numbered("forged", member, 16), made.manifest)
        made.issued.add(made.roll[member])
        made.envelopes.append(
            envelope.make(credential, credential.token(signer().sign(credential.blinded)), [4])
        )
    made.close()
    return made


def test_a_whole_rewrite_fits_together_and_says_so_but_not_to_a_root_from_outside() -> None:
    forged = written(derive(rewritten().sources()))
    assert "could have written all of it anew" in "\n".join(summary(verify(forged)))
    for entry in counted().board:
        with pytest.raises(Refused, match="root that was given"):
            verify(forged, root=entry.root)


def test_another_manifest_is_found_by_its_hash() -> None:
    other = world(title="Board 2027")
    for member in range(1, 7):
        other.vote(member, [1])
    other.close()
    with pytest.raises(Refused, match="manifest is not the one"):
        verify(written(derive(other.sources())), manifest_hash=counted().manifest.hash)


def test_a_board_that_goes_on_after_a_saved_root_must_go_on_from_it() -> None:
    made = counted()
    fork = next_entry(made.manifest.hash, made.board[:1], [*made.board[0].added, numbered("late", 1)])
    with pytest.raises(Refused, match="root that was given"):
        verify(written(made.package()), root=fork.root)


# --- The commands ------------------------------------------------------------------------


def rostra(*arguments: str) -> Result:
    return CliRunner().invoke(election_group, ["verify", *arguments])


@pytest.fixture
def file(tmp_path: Path, package: Package) -> Path:
    path = tmp_path / "board.json"
    path.write_bytes(written(package))
    return path


def test_rostra_election_verify_confirms_and_takes_what_was_kept_outside(file: Path) -> None:
    made = counted()
    done = rostra(str(file), "--manifest-hash", made.manifest.hash.hex(), "--root", made.board[-1].root.hex())
    assert (done.exit_code, done.stderr) == (0, "") and "are the ones that were posted" in done.stdout


@pytest.mark.parametrize("option", ["--manifest-hash", "--root"])
def test_rostra_election_verify_refuses_other_outside_values(file: Path, option: str) -> None:
    assert isinstance(rostra(str(file), option, "ab" * 32).exception, Refused)
    for wrong in ("ab", "x" * 64):
        done = rostra(str(file), option, wrong)
        assert done.exit_code == 2 and "64 hexadecimal digits" in done.stderr


def test_wrong_use_ends_with_2(tmp_path: Path) -> None:
    assert rostra(str(tmp_path / "none.json")).exit_code == 2
    assert rostra(str(tmp_path)).exit_code == 2


def run(command: list[str], tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    where = {"PYTHONPATH": str(Path(__file__).parents[4]), "ROSTRA_DATA": str(tmp_path / "none")} | more
    return subprocess.run(command, capture_output=True, text=True, env=where, cwd=tmp_path, check=False)


def test_rostra_verifies_without_a_database_and_ends_with_1_at_the_first_fault(
    file: Path, package: Package, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", "import wsgi; wsgi.main()", "election", "verify", str(file)]
    done = run(command, tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and not (tmp_path / "none").exists()
    package["result"]["elected"][0] = "Dee"
    file.write_bytes(written(package))
    done = run(command, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "/result/elected/0 of the package is not what follows from the ballots.\n"


def test_the_stand_alone_checker_gives_the_same_answers(file: Path, package: Package, tmp_path: Path) -> None:
    alone = tmp_path / "verify.py"
    alone.write_text(package["files"]["verify.py"])
    root = counted().board[-1].root.hex()
    # -I: without the folder and the environment, so that nothing of the newsroom can be imported from there.
    command = [sys.executable, "-I", str(alone), str(file)]
    done = run([*command, "--root", root], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == summary(verify(file.read_bytes(), root=bytes.fromhex(root)))
    assert run([*command, "--root", "ab" * 32], tmp_path).returncode == 1
    package["ballots"][0]["code"] = "x"
    file.write_bytes(written(package))
    done = run(command, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "/ballots/0/code of the package is not what follows from the ballots.\n"


def test_the_stand_alone_checker_needs_python_and_cryptography_only(tmp_path: Path) -> None:
    alone = tmp_path / "verify.py"
    alone.write_text(
        standalone.text().replace(
            'if __name__ == "__main__":\n    main()\n',
            "load()\nprint(*{n.split('.')[0] for n in sys.modules} - sys.stdlib_module_names, sep='\\n')\n",
        )
    )
    done = run([sys.executable, "-I", str(alone)], tmp_path)
    assert done.returncode == 0, done.stderr
    allowed = {"__main__", "commons", "membership", "rfc8785", "cryptography", "_cffi_backend", "_openssl"}
    foreign = {name for name in done.stdout.split() if not name.startswith(("__editable__", "_distutils"))}
    assert foreign - allowed == set()
