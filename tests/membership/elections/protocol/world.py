"""An election in memory: members, a signer, a ballot box's keys, and the package of what they did."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from membership.elections.protocol import envelope, standalone
from membership.elections.protocol.board import Entry, leaf, next_entry, tree_root
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.manifest import Manifest, read, signer_field
from membership.elections.protocol.package import Sources, derive
from membership.elections.protocol.roll import member_leaf, sorted_roll
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.protocol.signing_key import SigningKey

SCRIPT = Path(__file__).parents[4] / "static" / "ballot.js"
PAGE_SCRIPTS = ("ballot-page.js", "ballot-paper.js", "ballot-receipt.js")
NAMES = ["Ada", "Ben", "Cho", "Dee"]
Package = dict[str, Any]


@cache
def signer(number: int = 0) -> SigningKey:
    """One of a few keys that all tests share, since making one takes a while."""
    return SigningKey.fresh()


def numbered(name: str, number: int, size: int = 32) -> bytes:
    """Bytes that are the same in every run."""
    return sha256(f"{name} {number}".encode()).digest()[:size]


def fields(**changes: object) -> dict[str, Any]:
    """A manifest as JSON that `read` takes."""
    return {
        "format": "rostra-election-1",
        "rule_version": 1,
        "id": "https://rostra.example/elections/board-2026",
        "kind": "board",
        "title": "Board 2026",
        "question": "",
        "rule": "scottish-stv",
        "seats": 2,
        "candidates": list(NAMES),
        "reopens": 0,
        "each": False,
        "ranks": 4,
        "quorum_percent": 10,
        "majority_percent": 50,
        "issue_opens": "2026-11-01T08:00:00Z",
        "issue_ends": "2026-11-08T08:00:00Z",
        "vote_opens": "2026-11-08T08:00:00Z",
        "vote_ends": "2026-11-15T08:00:00Z",
        "complaint_hours": 72,
        "publish_min": 5,
        "roll": {"size": 12, "root": "00" * 32},
        "signers": signer_field(signer().public),
        "tally": "single",
        "tally_key": "11" * 32,
        "box_key": "22" * 32,
        "lot": "drand round 12345",
        "files": {
            SCRIPT.name: sha256(SCRIPT.read_bytes()).hexdigest(),
            **{name: sha256(SCRIPT.with_name(name).read_bytes()).hexdigest() for name in PAGE_SCRIPTS},
            "verify.py": sha256(standalone.text().encode()).hexdigest(),
        },
        "couriers": [],
        "witnesses": [],
        "server_assisted": False,
    } | changes


@dataclass
class World:
    """What all parties hold together. ``members`` are on the roll; whoever votes draws first."""

    manifest: Manifest
    tally_secret: bytes
    box: Ed25519PrivateKey
    roll: dict[int, bytes]  # a member's leaf
    issued: set[bytes] = field(default_factory=set)
    envelopes: list[bytes] = field(default_factory=list)
    board: list[Entry] = field(default_factory=list)

    def draw(self, member: int) -> tuple[Credential, bytes]:
        """The member's credential and token, from a seed of her own."""
        credential = Credential.from_seed(numbered("seed", member, 16), self.manifest)
        self.issued.add(self.roll[member])
        return credential, credential.token(signer().sign(credential.blinded))

    def vote(self, member: int, ranking: Sequence[int]) -> bytes:
        made = envelope.make(*self.draw(member), ranking)
        self.envelopes.append(made)
        return made

    def publish(self, **more: Any) -> Entry:
        entry = next_entry(self.manifest.hash, self.board, map(leaf, self.envelopes), **more)
        self.board.append(entry)
        return entry

    def close(self, **more: Any) -> None:
        for kind in ("closed", "final"):
            self.publish(kind=kind, issued=sorted(self.issued), **more)

    def sources(self) -> Sources:
        return Sources(
            manifest=self.manifest,
            roll=sorted_roll(self.roll.values()),
            issued=tuple(sorted(self.issued)),
            board=tuple(self.board),
            envelopes=tuple(sorted(self.envelopes, key=leaf)),
            tally_secret=self.tally_secret,
            lot_value="abc123",
            verifier=standalone.text(),
        )

    def package(self) -> Package:
        """A copy that a test may spoil."""
        return copy.deepcopy(derive(self.sources()))


def world(members: int = 12, **changes: object) -> World:
    roll = {number: member_leaf(number, numbered("salt", number)) for number in range(1, members + 1)}
    secret, public = fresh_tally_key()
    box = Ed25519PrivateKey.generate()
    manifest = read(
        fields(
            roll={"size": members, "root": tree_root(sorted_roll(roll.values())).hex()},
            tally_key=public.hex(),
            box_key=box.public_key().public_bytes_raw().hex(),
            **changes,
        )
    )
    return World(manifest, secret, box, roll)


@cache
def counted() -> World:
    """An election of 12 members: eight drew, seven voted, one of them blank, over two epochs."""
    made = world()
    rankings: dict[int, list[int]] = {1: [1, 2], 2: [1, 2, 3], 3: [2, 1], 4: [3], 5: [4, 3, 2, 1], 6: []}
    for member, ranking in rankings.items():
        made.vote(member, ranking)
        if member in (2, 5):
            made.publish()
    made.draw(7)
    made.vote(8, [1])
    made.close()
    return made


def written(package: Package) -> bytes:
    return rfc8785.dumps(package)
