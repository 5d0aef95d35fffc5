"""10,000 members draw credentials, cast and are counted: ``./dev bench election``.

Held to: from the release of the tally key to a package that was checked, and checking it again as
anybody does, each take less than a minute. Credentials and casts a second are reported, on two
processes. ``--members N`` changes the size.
"""

import secrets
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commons import clock
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.credentials import published_files
from membership.elections.protocol import envelope, standalone
from membership.elections.protocol.blind_rsa import SigningKey
from membership.elections.protocol.board import tree_root
from membership.elections.protocol.credential import Credential, fresh_seed
from membership.elections.protocol.manifest import Manifest, canonical, read, signer_field
from membership.elections.protocol.package import derive
from membership.elections.protocol.roll import SALT, member_leaf, sorted_roll
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.protocol.verify import verify

MEMBERS, CANDIDATES, SEATS = 10_000, 20, 7
EPOCHS = 24
PROCESSES = 2
MOST_SECONDS = 60


def main(arguments: list[str]) -> int:
    parser = ArgumentParser()
    parser.add_argument("--members", type=int, default=MEMBERS)
    members = parser.parse_args(arguments).members
    with TemporaryDirectory() as folder:
        return 0 if election(Path(folder), members) else 1


def election(folder: Path, members: int) -> bool:
    signer, box_key = SigningKey.fresh(), Ed25519PrivateKey.generate()
    tally_secret, tally_key = fresh_tally_key()
    roll = sorted_roll(member_leaf(number, secrets.token_bytes(SALT)) for number in range(members))
    manifest = read(fields(roll, signer, tally_key, box_key))
    clock.shift = manifest.times.vote_opens - clock.now()
    envelopes = vote(signer, manifest, members)
    box = cast(folder / "box.sqlite", manifest, box_key, envelopes)
    clock.shift = manifest.times.vote_ends + timedelta(hours=2) - clock.now()
    ballots.close(box, roll)
    ballots.finish(box, roll)
    with measured("opened, counted, packaged and checked") as counted:
        sources = ballots.sources(box, roll, roll, tally_secret, "a public value", standalone.text())
        package = canonical(derive(sources))
        verify(package, manifest.hash, sources.board[-1].root)
    with measured(f"checked again, {len(package) / 1e6:.1f} MB") as checked:
        verify(package)
    return counted() < MOST_SECONDS and checked() < MOST_SECONDS


def fields(
    roll: tuple[bytes, ...], signer: SigningKey, tally_key: bytes, box_key: Ed25519PrivateKey
) -> dict[str, object]:
    return {
        "format": "rostra-election-1",
        "rule_version": 1,
        "id": "benchmark",
        "title": "Benchmark",
        "rule": "scottish-stv",
        "seats": SEATS,
        "candidates": [f"Candidate {number}" for number in range(1, CANDIDATES + 1)],
        "ranks": CANDIDATES,
        "issue_opens": "2026-11-01T08:00:00Z",
        "issue_ends": "2026-11-08T08:00:00Z",
        "vote_opens": "2026-11-08T08:00:00Z",
        "vote_ends": "2026-11-15T08:00:00Z",
        "complaint_hours": 1,
        "publish_min": 10,
        "roll": {"size": len(roll), "root": tree_root(roll).hex()},
        "signers": signer_field(signer.public),
        "tally": "single",
        "tally_key": tally_key.hex(),
        "box_key": box_key.public_key().public_bytes_raw().hex(),
        "lot": "a public value",
        "files": {name: digest.hex() for name, digest in published_files().items()},
        "couriers": [],
        "witnesses": [],
        "server_assisted": False,
    }


def vote(signer: SigningKey, manifest: Manifest, members: int) -> list[bytes]:
    """Everybody's envelope; only the signer's work is measured."""
    mine = [Credential.from_seed(fresh_seed(), manifest) for _ in range(members)]
    with measured("credentials signed", members):
        answers = on_all_cores(signer.sign, [each.blinded for each in mine])
    chance, numbers = Random(2026), range(1, CANDIDATES + 1)
    return [
        envelope.make(each, each.token(answer), chance.sample(numbers, chance.randrange(CANDIDATES)))
        for each, answer in zip(mine, answers, strict=True)
    ]


def on_all_cores(call: Callable[[bytes], bytes], values: Iterable[bytes]) -> list[bytes]:
    with ProcessPoolExecutor(PROCESSES) as pool:
        return list(pool.map(call, values, chunksize=25))


def cast(path: Path, manifest: Manifest, key: Ed25519PrivateKey, envelopes: list[bytes]) -> BallotBox:
    """One box process, as in production, publishing now and then; both are measured together."""
    box = BallotBox(path, manifest, key)
    each = -(-len(envelopes) // EPOCHS)
    with measured(f"ballots cast, {EPOCHS} board entries", len(envelopes)):
        for start in range(0, len(envelopes), each):
            for sent in envelopes[start : start + each]:
                ballots.cast(box, sent)
            ballots.publish(box)
    return box


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
