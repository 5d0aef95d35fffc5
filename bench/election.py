"""10,000 members draw credentials, cast and are counted: ``./dev bench election``.

Held to: from the release of the tally key to a package that was counted, checked and kept, and
``rostra election verify`` of it as anybody runs that, each take less than a minute. Credentials and casts
a second are reported: the signer and the ballot box are processes of their own, asked by two more.
``--members N`` changes the size.
"""

import json
import secrets
import subprocess
import sys
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import insert

from bench.parts import house
from commons import clock, config, db, doors
from commons.config import Config
from commons.db import database, new_id
from commons.refusal import Refused
from commons.supervisor import module
from membership.elections import ballots, box_door, counting, draws, signing
from membership.elections.box import INNER, OUTER
from membership.elections.box.boxes import Boxes
from membership.elections.credentials import published_files
from membership.elections.models import ISSUING, Election, RollEntry
from membership.elections.protocol import envelope, standalone
from membership.elections.protocol.board import tree_root
from membership.elections.protocol.credential import Credential, fresh_seed
from membership.elections.protocol.manifest import Manifest, read, signer_field
from membership.elections.protocol.roll import SALT, member_leaf, sorted_roll
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.signer import DOOR
from membership.members.models import Membership
from membership.money.models import Party

MEMBERS, CANDIDATES, SEATS = 10_000, 20, 7
EPOCHS = 24
PROCESSES = 2
MOST_SECONDS = 60
SLUG = "benchmark"
TIME = "%Y-%m-%dT%H:%M:%SZ"


def main(arguments: list[str]) -> int:
    parser = ArgumentParser()
    parser.add_argument("--members", type=int, default=MEMBERS)
    members = parser.parse_args(arguments).members
    with house.newsroom() as laid_out:
        return 0 if hold(laid_out, members) else 1


def hold(laid_out: Config, members: int) -> bool:
    """The whole election; whether it was counted and verified in time."""
    with (
        keeper("signer", DOOR, laid_out),
        keeper("box", INNER, laid_out),
        two_askers(laid_out) as askers,
    ):
        called = call(members)
        mine = [Credential.from_seed(fresh_seed(), called.manifest) for _ in range(members)]
        with measured("credentials drawn", members):
            answers = list(askers.map(draw, called.draws(mine), chunksize=25))
        sealed = seal(mine, answers)
        with measured(f"ballots cast, {EPOCHS} board entries", members):
            for some in portions(sealed, EPOCHS):
                list(askers.map(cast, some, chunksize=25))
                box_door.publish(called.election_id, ())
    close(laid_out, called)
    file = laid_out.data / "package.json"
    with keeper("box", INNER, laid_out), measured("opened, counted, checked and kept") as counted:
        count(called, file)
    with measured(f"rostra election verify, {file.stat().st_size / 1e6:.1f} MB") as verified:
        check = [sys.executable, "-m", "wsgi", "election", "verify", str(file)]
        subprocess.run(check, check=True, stdout=subprocess.DEVNULL)
    return counted() < MOST_SECONDS and verified() < MOST_SECONDS


@contextmanager
def keeper(name: str, door: str, laid_out: Config) -> Iterator[None]:
    """Signer or ballot box, as they run in production."""
    process = module(f"membership.elections.{name}", ROSTRA_DATA=str(laid_out.data))()
    try:
        while not there(door, laid_out):
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def there(door: str, laid_out: Config) -> bool:
    try:
        doors.ask(doors.path(laid_out.data, door), "GET", "/")
    except Refused:
        return False
    return True


@dataclass
class Called:
    """The election, its members in the order of the register, and the officers' key."""

    election_id: uuid.UUID
    members: list[uuid.UUID]
    roll: tuple[bytes, ...]
    manifest: Manifest
    tally_secret: bytes

    def draws(self, mine: Sequence[Credential]) -> list[tuple[uuid.UUID, uuid.UUID, bytes]]:
        return [
            (self.election_id, member, each.blinded) for member, each in zip(self.members, mine, strict=True)
        ]


def call(members: int) -> Called:
    """Enrols, freezes the roll and opens both issuing and voting at once, so that no clock is waited for."""
    election_id, (tally_secret, tally_key) = new_id(), fresh_tally_key()
    parties, memberships = ([new_id() for _ in range(members)] for _ in range(2))
    salts = [secrets.token_bytes(SALT) for _ in range(members)]
    leaves = [member_leaf(number, salt) for number, salt in enumerate(salts, 1)]
    roll = sorted_roll(leaves)
    manifest = read(fields(election_id, roll, tally_key))
    with database().transaction() as session:
        session.execute(insert(Party), [{"id": each} for each in parties])
        owners = zip(memberships, parties, strict=True)
        session.execute(insert(Membership), [{"id": each, "party_id": party} for each, party in owners])
        election = Election(id=election_id, slug=SLUG, title="Benchmark", state=ISSUING)
        election.manifest, election.verifier = manifest.canonical(), standalone.text()
        session.add(election)
        session.flush()
        rows = zip(memberships, salts, leaves, strict=True)
        session.execute(
            insert(RollEntry),
            [
                {
                    "election_id": election_id,
                    "membership_id": member,
                    "number": number,
                    "salt": salt,
                    "leaf": leaf,
                }
                for number, (member, salt, leaf) in enumerate(rows, 1)
            ],
        )
    box_door.open_box(election_id, SLUG, manifest.canonical())
    return Called(election_id, memberships, roll, manifest, tally_secret)


def fields(election_id: uuid.UUID, roll: tuple[bytes, ...], tally_key: bytes) -> dict[str, object]:
    opens, ends = ((clock.now() + timedelta(days=days)).strftime(TIME) for days in (-1, 1))
    return {
        "format": "rostra-election-1",
        "rule_version": 1,
        "id": SLUG,
        "title": "Benchmark",
        "kind": "board",
        "question": "",
        "rule": "scottish-stv",
        "seats": SEATS,
        "candidates": [f"Candidate {number}" for number in range(1, CANDIDATES + 1)],
        "ranks": CANDIDATES,
        "reopens": 0,
        "each": False,
        "quorum_percent": 10,
        "majority_percent": 50,
        "issue_opens": opens,
        "issue_ends": ends,
        "vote_opens": opens,
        "vote_ends": ends,
        "complaint_hours": 1,
        "publish_min": 10,
        "roll": {"size": len(roll), "root": tree_root(roll).hex()},
        "signers": signer_field(signing.make_key(election_id)),
        "tally": "single",
        "tally_key": tally_key.hex(),
        "box_key": box_door.make_key(election_id).hex(),
        "lot": "a public value",
        "files": {name: digest.hex() for name, digest in published_files().items()},
        "couriers": [],
        "witnesses": [],
        "server_assisted": False,
    }


def seal(mine: Sequence[Credential], answers: Sequence[bytes]) -> list[bytes]:
    """Everybody's envelope, with a ranking by chance."""
    chance, numbers = Random(2026), range(1, CANDIDATES + 1)
    return [
        envelope.make(each, each.token(answer), chance.sample(numbers, chance.randrange(CANDIDATES)))
        for each, answer in zip(mine, answers, strict=True)
    ]


def portions(sealed: list[bytes], count: int) -> Iterator[list[bytes]]:
    each = -(-len(sealed) // count)
    for start in range(0, len(sealed), each):
        yield sealed[start : start + each]


@contextmanager
def two_askers(laid_out: Config) -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, initializer=settle, initargs=(laid_out,)) as pool:
        list(pool.map(str, range(PROCESSES)))  # both are there
        yield pool


def settle(laid_out: Config) -> None:
    config.use(laid_out)
    db.use(None)


def draw(sent: tuple[uuid.UUID, uuid.UUID, bytes]) -> bytes:
    return draws.draw(*sent)


def cast(sealed: bytes) -> bytes:
    """As the web process passes it on."""
    body = json.dumps({"envelope": sealed.hex()}).encode()
    door = doors.path(config.settings().data, OUTER)
    headers = {"Content-Type": "application/json"}
    said = doors.ask(door, "POST", f"/ballot-box/{SLUG}/ballots", body, headers)
    assert said.status == 200, said.body
    return said.body


def close(laid_out: Config, called: Called) -> None:
    """Both last lists, with a clock that is moved past the end of complaints."""
    box = Boxes(laid_out.data / "box")[SLUG]
    clock.shift = timedelta(days=2)
    ballots.close(box, called.roll)
    clock.shift = timedelta(days=3)
    ballots.finish(box, called.roll)


def count(called: Called, file: Path) -> None:
    with database().transaction() as session:
        election = session.get_one(Election, called.election_id)
        counting.count(session, election, called.tally_secret, "a public value")
        assert election.package is not None
        file.write_bytes(election.package)


@contextmanager
def measured(what: str, many: int | None = None) -> Iterator[Callable[[], float]]:
    """Prints how long it took, and how many a second; gives the seconds afterwards."""
    start = time.perf_counter()
    ends: list[float] = []
    yield lambda: ends[0] - start
    ends.append(time.perf_counter())
    seconds = ends[0] - start
    rate = f", {many / seconds:,.0f} a second" if many else ""
    print(f"{what}: {seconds:.1f} s{rate}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
