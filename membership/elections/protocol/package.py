"""The public package of a counted election: one JSON document from which anybody can check everything.

A few `Sources` are bound by the manifest's hash and the board's root. All else (opened ballots,
result, files for other programs, checksums) is derived from them by `derive`, so that checking is
deriving again and comparing: there is no value in the package that nobody looks at.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from commons.refusal import Refused
from membership.elections.ballot_files.abif import write_abif
from membership.elections.ballot_files.blt import write_blt
from membership.elections.protocol import envelope as envelopes
from membership.elections.protocol.board import Entry, leaf
from membership.elections.protocol.manifest import Manifest
from membership.elections.protocol.outcome import decide
from membership.elections.protocol.receipt import code
from membership.elections.protocol.sealing import opened, tally_secret
from membership.elections.tally import Election, Ranking, count
from membership.elections.tally.reopening import expanded

FORMAT = "rostra-election-package-1"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the count is made of. ``envelopes`` stand in the order of their leaves."""

    manifest: Manifest
    roll: tuple[bytes, ...]
    issued: tuple[bytes, ...]
    board: tuple[Entry, ...]
    envelopes: tuple[bytes, ...]
    tally_secret: bytes
    lot_value: str  # what was drawn in public after the close
    verifier: str  # the text of verify.py


@dataclass(frozen=True, slots=True)
class Ballot:
    """One opened envelope: a ranking (empty if blank), or why it is invalid."""

    leaf: bytes
    code: str
    ranking: tuple[int, ...] | None
    invalid: str | None = None

    def as_json(self) -> dict[str, object]:
        ranking = None if self.ranking is None else list(self.ranking)
        return {"leaf": self.leaf.hex(), "code": self.code, "ranking": ranking, "invalid": self.invalid}


def derive(sources: Sources, progress: Progress = lambda done, of: None) -> dict[str, object]:
    """The package as JSON. ``progress`` hears how many of the ballots are open.

    Raises Refused when fewer were cast than the manifest allows to publish, or the tally key is
    not the manifest's. That the sources are sound is for ``verify``.
    """
    manifest, final = sources.manifest, sources.board[-1]
    if len(sources.envelopes) < manifest.publish_min:
        raise Refused("Too few ballots were cast to publish them; two officers count.")
    ballots = open_all(sources, progress)
    election = papers(manifest, ballots, final.withdrawn)
    seed = lot_seed(final.root, sources.lot_value)
    result = result_of(manifest, election, seed)
    files = _files(sources, ballots, election, result)
    return {
        "format": FORMAT,
        "manifest": manifest.document,
        "manifest_hash": manifest.hash.hex(),
        "root": final.root.hex(),
        "roll": _hexes(sources.roll),
        "issued": _hexes(sources.issued),
        "board": [entry.as_json() for entry in sources.board],
        "envelopes": _hexes(sources.envelopes),
        "tally_secret": sources.tally_secret.hex(),
        "lot_value": sources.lot_value,
        "lot_seed": seed,
        "numbers": numbers(sources, ballots),
        "ballots": [ballot.as_json() for ballot in ballots],
        "result": result,
        "outcome": decide(manifest, final.withdrawn, [ballot.ranking for ballot in ballots], result),
        "files": files,
        "checksums": {name: sha256(text.encode()).hexdigest() for name, text in files.items()},
    }


def open_all(sources: Sources, progress: Progress) -> list[Ballot]:
    """Every envelope opened with the tally key, in the order of the leaves."""
    tally = tally_secret(sources.tally_secret, sources.manifest)
    found = []
    for done, data in enumerate(sources.envelopes, 1):
        envelope = envelopes.split(data, sources.manifest)
        try:
            ranking = opened(envelope.sealed, sources.manifest, envelope.key, tally)
            found.append(Ballot(leaf(data), code(data), ranking))
        except Refused as fault:
            found.append(Ballot(leaf(data), code(data), None, fault.reason))
        progress(done, len(sources.envelopes))
    return found


def papers(manifest: Manifest, ballots: Sequence[Ballot], withdrawn: Sequence[int]) -> Election:
    """What is counted. A candidate who withdrew is passed over; the ballot stays valid."""
    rankings: Counter[Ranking] = Counter()
    rankings.update(bytes(ballot.ranking) for ballot in ballots if ballot.ranking is not None)
    return Election(
        manifest.candidates,
        manifest.seats,
        rankings,
        frozenset(withdrawn),
        manifest.title,
        reopens=manifest.takes_seats,
    )


def lot_seed(root: bytes, value: str) -> str:
    """The seed of all lots: nobody knew the value while the root was open, nor the root after it."""
    return sha256(root + value.encode()).hexdigest()


def result_of(manifest: Manifest, election: Election, seed: str) -> dict[str, object] | None:
    """The count as JSON; None where no ballot names anybody who stands."""
    return count(election, manifest.rule, seed).as_json() if _anything(election) else None


def _anything(election: Election) -> bool:
    return any(set(paper) - election.withdrawn for paper in election.papers if isinstance(paper, bytes))


def numbers(sources: Sources, ballots: Sequence[Ballot]) -> dict[str, int]:
    return {
        "roll": len(sources.roll),
        "issued": len(sources.issued),
        "cast": len(ballots),
        "assisted": sources.board[-1].assisted,
        "blank": sum(ballot.ranking == () for ballot in ballots),
        "invalid": sum(ballot.ranking is None for ballot in ballots),
    }


def _files(
    sources: Sources, ballots: Sequence[Ballot], election: Election, result: Mapping[str, object] | None
) -> dict[str, str]:
    """The parts for people and other programs, by file name."""
    found = {
        "manifest.json": sources.manifest.canonical().decode(),
        "roll.txt": _lines(_hexes(sources.roll)),
        "issued.txt": _lines(_hexes(sources.issued)),
        "board.txt": _lines([entry.root.hex() for entry in sources.board]),
        "ballots.blt": write_blt(election),
        "ballots.abif": write_abif(election) if _anything(election) else "",
        "ballots.csv": _csv(sources.manifest, ballots),
        "result.json": json.dumps(result, indent=1, ensure_ascii=False) + "\n",
        "verify.py": sources.verifier,
    }
    # No other program knows the rule; with the copies written out it can at least be followed by hand.
    return found | ({"ballots-copies.blt": write_blt(expanded(election))} if election.reopens else {})


def _csv(manifest: Manifest, ballots: Sequence[Ballot]) -> str:
    """A row a ballot in the order of the leaves: code, why it is invalid, a name a rank."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["code", "invalid", *range(1, manifest.ranks + 1)])
    for ballot in ballots:
        names = [_cell(manifest.candidates[number - 1]) for number in ballot.ranking or ()]
        rows.writerow([ballot.code, ballot.invalid or "", *names])
    return text.getvalue()


def _cell(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return "'" + name if name[0] in "=+-@" else name


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _hexes(values: Sequence[bytes]) -> list[str]:
    return [value.hex() for value in values]


def parts(package: Mapping[str, object]) -> dict[str, str]:
    """The files of a verified package, with their checksums as ``sha256sum -c`` reads them."""
    files, sums = package["files"], package["checksums"]
    assert isinstance(files, dict) and isinstance(sums, dict)
    return {**files, "SHA256SUMS": _lines([f"{digest}  {name}" for name, digest in sorted(sums.items())])}
