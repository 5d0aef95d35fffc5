"""Signer and ballot box as processes of their own: what each can reach, and what is left of a ballot."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import psutil
import pytest

from commons import clock, doors
from commons.config import Config, use
from commons.processes import die_with_parent
from commons.refusal import Refused
from membership.elections import box_door, signing
from membership.elections.ballots import AlreadyCast
from membership.elections.box import INNER, OUTER
from membership.elections.box.boxes import Boxes
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.manifest import Manifest, read, signer_field
from membership.elections.signer import DOOR
from membership.elections.signer.keys import Keys
from tests.membership.elections.protocol.world import fields, numbered, signer
from tests.services.instance import free_port, tree, until

ELECTION = uuid.UUID(int=7)
TIME = "%Y-%m-%dT%H:%M:%SZ"
# What a process that only keeps has no use for: it would be one more way to what it keeps.
FOREIGN = ("sqlalchemy", "sqlite3", "redis", "rq", "pycurl", "requests", "federation", "newsroom")


@contextmanager
def process(module: str, data: Path, *arguments: str, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A keeper with nothing of this process's settings; its output goes to ``data``/log."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROSTRA_")}
    with (data / "log").open("ab") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=inherited | {"ROSTRA_DATA": str(data)} | more,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
    try:
        yield running
    finally:
        for each in tree(running.pid):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        running.wait()


def wait_for(data: Path, door: str) -> None:
    def answers() -> bool:
        try:
            doors.ask(doors.path(data, door), "GET", "/")
            return True
        except Refused:
            return False

    until(answers, 30, (data / "log").read_text)


# --- The signer -------------------------------------------------------------------------


def test_the_signer_keeps_its_keys_to_itself_signs_alike_after_a_kill_and_destroys_for_good(
    settings: Config,
) -> None:
    data = settings.data
    with process("membership.elections.signer", data):
        wait_for(data, DOOR)
        public = signing.make_key(ELECTION)
        blinded = (public.n // 3).to_bytes(public.size)
        answer = signing.sign(ELECTION, blinded)
        assert pow(int.from_bytes(answer), public.e, public.n) == int.from_bytes(blinded)
    with pytest.raises(Refused) as away:
        signing.sign(ELECTION, blinded)
    assert away.value.status == 503
    with process("membership.elections.signer", data) as running:
        wait_for(data, DOOR)
        assert signing.make_key(ELECTION) == public and signing.sign(ELECTION, blinded) == answer
        for wrong in (b"", bytes(public.size), blinded[:-1], blinded + b"x"):
            with pytest.raises(Refused):
                signing.sign(ELECTION, wrong)
        with pytest.raises(Refused) as unknown:
            signing.sign(uuid.UUID(int=8), blinded)
        assert unknown.value.status == 404
        kept = data / "signer" / f"{ELECTION}.pem"
        assert (
            stat.S_IMODE(kept.parent.stat().st_mode) == 0o700 and stat.S_IMODE(kept.stat().st_mode) == 0o600
        )
        assert stat.S_IMODE(doors.path(data, DOOR).stat().st_mode) & 0o007 == 0
        for _again in range(2):
            signing.destroy(ELECTION)
        assert b"PRIVATE" not in kept.read_bytes() and len(list(kept.parent.iterdir())) == 1
        for call in (lambda: signing.sign(ELECTION, blinded), lambda: signing.make_key(ELECTION)):
            with pytest.raises(Refused, match="destroyed"):
                call()
        running.send_signal(signal.SIGTERM)
        assert running.wait(15) == 0
    assert not (data / "secrets").exists() and not (data / "rostra.sqlite").exists()
    assert (data / "log").read_text() == ""


@pytest.mark.parametrize("module", ["signer", "box"])
def test_a_keeper_has_little_in_it(module: str) -> None:
    code = f"import sys, membership.elections.{module}.__main__ as m; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    needed = {"signer": set(), "box": {"sqlite3", "sqlalchemy"}}  # the clock has another half
    assert not set(FOREIGN).difference(needed[module]).intersection(loaded)


def test_two_who_make_a_key_at_once_get_the_same(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "signer", signer)
    other = Keys(tmp_path / "signer", lambda: pytest.fail("made twice"))
    assert keys.make(ELECTION) == other.make(ELECTION) == signer().public


# --- The ballot box ----------------------------------------------------------------------


@dataclass
class Opened:
    """A box process with an election in which voting is open, reached as the registrar and as a voter."""

    data: Path
    port: int
    manifest: Manifest

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ballot(self, member: int, ranking: list[int]) -> bytes:
        credential = Credential.from_seed(numbered("seed", member, 16), self.manifest)
        return envelope.make(credential, credential.token(signer().sign(credential.blinded)), ranking)

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(self.origin + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def cast(self, sent: bytes, **headers: str) -> tuple[int, bytes]:
        body = json.dumps({"envelope": sent.hex()}).encode()
        return self.ask("/ballot-box/board/ballots", body, **{"Content-Type": "application/json"} | headers)


def open_manifest(key: bytes) -> Manifest:
    moments = {"issue_opens": -2, "issue_ends": -1, "vote_opens": -1, "vote_ends": 1}
    times = {name: (clock.now() + timedelta(days=days)).strftime(TIME) for name, days in moments.items()}
    return read(fields(box_key=key.hex(), signers=signer_field(signer().public), **times))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("box")


@contextmanager
def box_process(data: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    with process(
        "membership.elections.box", data, f"127.0.0.1:{port}", SECRET_KEY="", ROSTRA_NAME="R"
    ) as running:
        wait_for(data, INNER)
        yield running


@pytest.fixture(scope="module")
def box(folder: Path) -> Iterator[Opened]:
    port = free_port()
    with box_process(folder, port):
        made = Opened(folder, port, open_manifest(Boxes(folder / "box").make_key(ELECTION)))
        target = f"/boxes/{ELECTION}/board"
        assert doors.ask(doors.path(folder, INNER), "PUT", target, made.manifest.canonical()).status == 200
        yield made


@pytest.fixture
def opened(box: Opened, settings: Config) -> Opened:
    """The same, and the registrar in this process looks where its doors are."""
    use(replace(settings, data=box.data))
    return box


def test_the_inner_door_is_at_one_socket_only(opened: Opened) -> None:
    inside = [f"/keys/{ELECTION}", f"/boxes/{ELECTION}/board", f"/boxes/{ELECTION}/envelopes"]
    for path in inside:
        assert opened.ask(path)[0] == 404
        assert doors.ask(doors.path(opened.data, OUTER), "GET", path).status == 404
        for name in ("Host", "X-Forwarded-Host"):
            assert opened.ask(path, **{name: str(doors.path(opened.data, INNER))})[0] == 404
    assert doors.ask(doors.path(opened.data, INNER), "GET", inside[1]).status == 200
    assert doors.ask(doors.path(opened.data, INNER), "GET", "/ballot-box/board/manifest.json").status == 404
    for door in (OUTER, INNER):
        assert stat.S_IMODE(doors.path(opened.data, door).stat().st_mode) & 0o007 == 0
    assert stat.S_IMODE((opened.data / "box").stat().st_mode) == 0o700


def test_the_registrar_asks_and_the_voter_casts(opened: Opened) -> None:
    assert box_door.make_key(ELECTION) == opened.manifest.box_key
    box_door.open_box(ELECTION, "board", opened.manifest.canonical())
    assert opened.ask("/ballot-box/board/manifest.json") == (200, opened.manifest.canonical())
    sent = opened.ballot(1, [1, 2])
    status, answer = opened.cast(sent)
    assert status == 200 and receipt.holds(
        opened.manifest, sent, bytes.fromhex(json.loads(answer)["receipt"])
    )
    entry = box_door.publish(ELECTION, ())
    assert entry.size >= 1 and box_door.board(ELECTION)[-1] == entry
    assert box_door.standing(ELECTION) == box_door.Standing(0, None)
    with pytest.raises(Refused, match="before the list is final"):
        box_door.sources(
            ELECTION, opened.manifest, roll=(), issued=(), tally_secret=b"", lot_value="", verifier=""
        )
    with pytest.raises(Refused, match="still open"):
        box_door.close(ELECTION, (), ())
    with pytest.raises(AlreadyCast) as twice:
        box_door.assisted_cast(ELECTION, opened.ballot(1, [3]))
    assert twice.value.code == receipt.code(sent)
    with pytest.raises(Refused) as unknown:
        box_door.board(uuid.UUID(int=9))
    assert unknown.value.status == 404


def test_a_box_is_opened_once_with_the_manifest_of_its_key_and_a_name_of_its_own(opened: Opened) -> None:
    other = fields(**dict(opened.manifest.document) | {"title": "Another"})
    with pytest.raises(Refused) as changed:
        box_door.open_box(ELECTION, "board", read(other).canonical())
    with pytest.raises(Refused) as named:
        box_door.open_box(ELECTION, "other-name", opened.manifest.canonical())
    second = uuid.UUID(int=10)
    with pytest.raises(Refused, match="not the ballot box's"):
        box_door.open_box(second, "second", opened.manifest.canonical())
    own = read(other | {"box_key": box_door.make_key(second).hex()}).canonical()
    refused = []
    for slug in ("board", "Board", "ballot.js", "a" * 101):
        with pytest.raises(Refused) as wrong:
            box_door.open_box(second, slug, own)
        refused.append(wrong.value.status)
    assert (changed.value.status, named.value.status) == (409, 409) and set(refused) <= {404, 409}


def test_nothing_of_who_cast_is_in_any_log_or_file(opened: Opened) -> None:
    known = {
        "User-Agent": "Peculiar/1.0",
        "Referer": "https://peculiar.example/",
        "X-Forwarded-For": "203.0.113.77",
    }
    assert opened.cast(opened.ballot(3, [1]), **known)[0] == 200
    assert opened.cast(b"nonsense", **known)[0] == 400
    assert opened.cast(opened.ballot(4, [1]), Cookie="rostra=1")[0] == 400
    with socket.create_connection(("127.0.0.1", opened.port), 10) as line:
        line.sendall(b"This is not even HTTP.\r\n\r\n")
        assert b" 400 " in line.recv(4096)
    for file in opened.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(trace in content for trace in (b"eculiar", b"203.0.113.77", b"127.0.0.1")), file
    assert (opened.data / "log").read_bytes() == b""


def test_a_box_that_is_killed_comes_back_with_every_ballot_and_the_same_receipts(
    folder: Path, long: bool
) -> None:
    data, port = folder.parent / "killed", free_port()
    data.mkdir()
    made = Opened(data, port, open_manifest(Boxes(data / "box").make_key(ELECTION)))
    Boxes(data / "box").open(ELECTION, "board", made.manifest.canonical())
    sent = [made.ballot(member, [1]) for member in range(1, 12 if long else 4)]
    acknowledged: dict[bytes, bytes] = {}
    for each in sent:
        with box_process(data, port):
            for earlier, answer in acknowledged.items():
                assert made.cast(earlier) == (200, answer)
            status, acknowledged[each] = made.cast(each)
            assert status == 200
    assert sorted(Boxes(data / "box")["board"].envelopes()) == sorted(sent)
