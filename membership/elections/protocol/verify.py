"""Checking a package: every signature, every number, the count, and every file in it.

A package can only show that it fits together. Whoever holds all keys of the servers could write
another one as a whole, so what matters is told from outside: the manifest's hash as it was
announced, and a root of the board as a follower's server or a voter kept it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from commons.refusal import Refused
from membership.elections.protocol import envelope as envelopes
from membership.elections.protocol.board import Entry, check_history, leaf, tree_root
from membership.elections.protocol.package import Progress, Sources, derive
from membership.elections.protocol.package_json import load, sources
from membership.elections.protocol.roll import check_roll, check_sorted
from membership.elections.tally.words import N_, Sentence, say

WHOLE_REWRITE = N_(
    "Checked against itself only. Whoever holds the keys of the servers could have written all of it "
    "anew: another manifest, other credentials and ballots, another result. Give the manifest's hash as "
    "it was announced and a root as it was posted."
)
ROOT_UNKNOWN = N_(
    "No root was given from outside: whoever holds the signing key could have replaced ballots, the list "
    "of credentials and the history of the board."
)
ROOT_EARLY = N_(
    "The root given is that of board entry %(number)s of %(of)s: the history is the same up to there. "
    "What was added later could have been replaced as a whole."
)
BOUND = N_(
    "The final root given from outside covers manifest, credentials and ballots: they are the ones that "
    "were posted."
)
FORGERY = N_(
    "%(issued)s credentials were drawn and %(cast)s ballots cast. Forged ballots are at most the number "
    "drawn minus the genuine ones cast; every member can look for her own entry in issued.txt."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A package that is sound. ``told`` says what that proves and what it does not."""

    package: Mapping[str, object]
    sources: Sources
    told: tuple[Sentence, ...]


def verify(
    data: bytes,
    manifest_hash: bytes | None = None,
    root: bytes | None = None,
    progress: Progress = lambda done, of: None,
) -> Verdict:
    """Checks the package in ``data``. Raises Refused with the first fault.

    ``manifest_hash`` and ``root`` come from outside; the root may be that of any board entry.
    ``progress`` hears how many of how many steps are done, two steps a ballot.
    """
    package = load(data)
    found = sources(package)
    bound = _check_outside(found, manifest_hash, root)
    _check_lists(found)
    _check_envelopes(found, progress)
    ballots = len(found.envelopes)
    right = derive(found, lambda done, of: progress(ballots + done, ballots + of))
    place = difference(package, right)
    if place is not None:
        raise Refused("%(place)s of the package is not what follows from the ballots.", place=place or "/")
    return Verdict(package, found, _told(found, manifest_hash, bound))


def _check_outside(found: Sources, manifest_hash: bytes | None, root: bytes | None) -> Entry | None:
    """The board entry whose root was given."""
    if manifest_hash is not None and found.manifest.hash != manifest_hash:
        raise Refused("The manifest is not the one whose hash was given.")
    if not found.board:
        raise Refused("The package has no board.")
    if root is None:
        return None
    for entry in found.board:
        if entry.root == root:
            return entry
    raise Refused("The root that was given is not in the history of this board.")


def _check_lists(found: Sources) -> None:
    manifest, final = found.manifest, found.board[-1]
    check_roll(found.roll, manifest.roll_size, manifest.roll_root)
    check_sorted(found.issued, "issued")
    if not set(found.issued) <= set(found.roll):
        raise Refused("A credential was issued to somebody who is not on the roll.")
    check_history(manifest.hash, found.board)
    if (final.issued, final.issued_root) != (len(found.issued), tree_root(found.issued)):
        raise Refused("The list of credentials is not the one on the board.")
    if not set(final.withdrawn) <= set(range(1, len(manifest.candidates) + 1)):
        raise Refused("A candidate who does not exist cannot be withdrawn.")
    if final.assisted > min(manifest.assisted_cap, len(found.envelopes)):
        raise Refused("The server helped with more ballots than the manifest allows.")
    if sha256(found.verifier.encode(errors="surrogatepass")).digest() != manifest.files["verify.py"]:
        raise Refused("verify.py is not the one in the manifest.")


def _check_envelopes(found: Sources, progress: Progress) -> None:
    leaves = [leaf(data) for data in found.envelopes]
    _check_on_board(leaves, {each for entry in found.board for each in entry.added})
    check_sorted(tuple(leaves), "envelopes")
    if len(leaves) > len(found.issued):
        raise Refused("More ballots were cast than credentials issued.")
    keys: set[bytes] = set()
    for place, data in enumerate(found.envelopes):
        try:
            key = envelopes.read(data, found.manifest).key
        except Refused as fault:
            raise Refused("Ballot %(leaf)s: %(fault)s", leaf=leaves[place].hex(), fault=fault) from None
        if key in keys:
            raise Refused("Ballot %(leaf)s: this key has voted already.", leaf=leaves[place].hex())
        keys.add(key)
        progress(place + 1, 2 * len(leaves))


def _check_on_board(leaves: list[bytes], on_board: set[bytes]) -> None:
    for each in sorted(on_board.symmetric_difference(leaves)):
        if each in on_board:
            raise Refused("Ballot %(leaf)s is on the board, but not in the package.", leaf=each.hex())
        raise Refused("Ballot %(leaf)s is in the package, but not on the board.", leaf=each.hex())


def difference(found: object, right: object, path: str = "") -> str | None:
    """The path (RFC 6901) of the first value that differs, in kind or in value; None if none does."""
    if type(found) is not type(right):
        return path
    if isinstance(found, dict) and isinstance(right, dict):
        for name in sorted(found.keys() | right.keys()):
            below = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in found or name not in right:
                return below
            if (place := difference(found[name], right[name], below)) is not None:
                return place
        return None
    if isinstance(found, list) and isinstance(right, list):
        for number, (one, other) in enumerate(zip(found, right, strict=False)):
            if (place := difference(one, other, f"{path}/{number}")) is not None:
                return place
        return None if len(found) == len(right) else f"{path}/{min(len(found), len(right))}"
    return None if found == right else path


def _told(found: Sources, manifest_hash: bytes | None, bound: Entry | None) -> tuple[Sentence, ...]:
    """What the values from outside prove. A root covers the manifest's hash too."""
    if bound is None:
        return (say(WHOLE_REWRITE if manifest_hash is None else ROOT_UNKNOWN),)
    if bound.number < len(found.board):
        return (say(ROOT_EARLY, number=bound.number, of=len(found.board)),)
    return say(BOUND), say(FORGERY, issued=len(found.issued), cast=len(found.envelopes))


def summary(verdict: Verdict) -> list[str]:
    """The verdict in English lines, for a terminal: numbers, who is elected, what is proved."""
    numbers, outcome = verdict.package["numbers"], verdict.package["outcome"]
    assert isinstance(numbers, dict) and isinstance(outcome, dict)
    return [
        f"{verdict.sources.manifest.title}: the package is sound.",
        "; ".join(f"{name}: {number}" for name, number in numbers.items()),
        *_outcome_told(outcome),
        f"Manifest: {verdict.package['manifest_hash']}",
        f"Root: {verdict.package['root']}",
        *(sentence.message % sentence.values for sentence in verdict.told),
    ]


def _outcome_told(outcome: Mapping[str, Any]) -> list[str]:
    lines = [] if outcome["quorum_reached"] else [N_("The quorum was missed.")]
    if outcome["carried"] is not None:
        verdict = N_("Carried") if outcome["carried"] else N_("Not carried")
        return [*lines, f"{verdict}: {outcome['yes']} of {outcome['valid']} valid ballots for it"]
    vacant = [f"Vacant seats: {outcome['vacant']}"] if outcome["vacant"] else []
    return [*lines, f"Elected: {', '.join(outcome['names']) or 'nobody'}", *vacant]
