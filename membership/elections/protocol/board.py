"""The public board: which sealed ballots there are, hour by hour, so that none can vanish unseen.

At fixed hours the box publishes the whole sorted list of leaves. Each such `Entry` holds the root
of a Merkle tree over them (RFC 6962 section 2.1) and the hash of the entry before; its own hash is
the **root** that goes out to followers. Whoever kept one root can tell whether the history that is
shown later is the same up to there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import pairwise
from typing import Literal, TypeAlias

import rfc8785

from commons.refusal import Refused

Kind: TypeAlias = Literal["epoch", "closed", "final"]
HASH = 32
NOTHING = bytes(HASH)  # what the first entry follows


def leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over hashes of leaves."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else sha256().digest()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from leaf ``index`` to the root (RFC 6962 section 2.1.1)."""
    proof, level = [], list(leaves)
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            proof.append(level[beside])
        level, index = _above(level), index // 2
    return proof


def included(node: bytes, index: int, size: int, proof: Iterable[bytes], root: bytes) -> bool:
    """Whether ``proof`` leads from leaf ``index`` of ``size`` leaves to ``root``."""
    if not 0 <= index < size:
        return False
    rest = list(proof)
    while size > 1:
        if index ^ 1 < size:
            if not rest:
                return False
            beside = rest.pop(0)
            node = _node(beside, node) if index % 2 else _node(node, beside)
        index, size = index // 2, (size + 1) // 2
    return node == root and not rest


def _above(level: list[bytes]) -> list[bytes]:
    """One level higher; a node without a neighbour rises as it is."""
    pairs = [_node(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
    return pairs + level[len(level) - len(level) % 2 :]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is published at one hour. ``tree`` and ``size`` are of all leaves so far, not of ``added`` alone.

    ``withdrawn`` are candidates by number, ``assisted`` is how many ballots the server helped to
    make. ``issued`` and ``issued_root`` are how many credentials were drawn and the root over
    ``issued.txt``; they stand from the close on.
    """

    election: bytes  # the manifest's hash
    number: int  # from 1
    kind: Kind
    added: tuple[bytes, ...]
    size: int
    tree: bytes
    previous: bytes
    withdrawn: tuple[int, ...] = ()
    assisted: int = 0
    issued: int | None = None
    issued_root: bytes | None = None

    @property
    def root(self) -> bytes:
        """The hash that is posted: it covers this entry and all before it."""
        told = self.as_json() | {"election": self.election.hex()}
        del told["added"]  # the tree covers them
        return sha256(rfc8785.dumps(told)).digest()  # type: ignore[arg-type]

    def as_json(self) -> dict[str, object]:
        return {
            "number": self.number,
            "kind": self.kind,
            "added": [each.hex() for each in self.added],
            "size": self.size,
            "tree": self.tree.hex(),
            "previous": self.previous.hex(),
            "withdrawn": list(self.withdrawn),
            "assisted": self.assisted,
            "issued": self.issued,
            "issued_root": None if self.issued_root is None else self.issued_root.hex(),
        }


def next_entry(
    election: bytes,
    entries: Sequence[Entry],
    leaves: Iterable[bytes],
    *,
    kind: Kind = "epoch",
    withdrawn: tuple[int, ...] = (),
    assisted: int = 0,
    issued: Sequence[bytes] | None = None,
) -> Entry:
    """The entry that publishes ``leaves`` (all there are) after ``entries``; ``issued`` are the sorted
    leaves of those who drew a credential, from the close on.

    Raises Refused when a leaf that was published is missing.
    """
    now, before = set(leaves), {each for entry in entries for each in entry.added}
    if not before <= now:
        raise Refused("A ballot that was published is missing from the board.")
    return Entry(
        election=election,
        number=len(entries) + 1,
        kind=kind,
        added=tuple(sorted(now - before)),
        size=len(now),
        tree=tree_root(sorted(now)),
        previous=entries[-1].root if entries else NOTHING,
        withdrawn=withdrawn,
        assisted=assisted,
        issued=None if issued is None else len(issued),
        issued_root=None if issued is None else tree_root(issued),
    )


def check_history(election: bytes, entries: Sequence[Entry]) -> None:
    """Raises Refused, naming the first entry that does not follow from those before it."""
    known: set[bytes] = set()
    for place, entry in enumerate(entries):
        known.update(entry.added)
        right = replace(
            next_entry(election, entries[:place], known, kind=entry.kind),
            withdrawn=entry.withdrawn,
            assisted=entry.assisted,
            issued=entry.issued,
            issued_root=entry.issued_root,
        )
        if right != entry:
            raise Refused("Board entry %(number)s does not follow from those before it.", number=place + 1)
    _check_kinds(entries)


def _check_kinds(entries: Sequence[Entry]) -> None:
    if [entry.kind for entry in entries] != ["epoch"] * (len(entries) - 2) + ["closed", "final"]:
        raise Refused("The board does not end in a provisional and a final list.")
    for entry in entries:
        open_still = entry.kind == "epoch"
        if open_still != (entry.issued is None) or open_still != (entry.issued_root is None):
            raise Refused("Board entry %(number)s has a wrong list of credentials.", number=entry.number)
    for earlier, later in pairwise(entries):
        if not set(earlier.withdrawn) <= set(later.withdrawn) or earlier.assisted > later.assisted:
            raise Refused("Board entry %(number)s takes something back.", number=later.number)
    if entries[-2].issued_root != entries[-1].issued_root or entries[-2].issued != entries[-1].issued:
        raise Refused("The list of credentials changed after the close.")
