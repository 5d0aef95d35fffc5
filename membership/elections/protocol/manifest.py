"""The manifest: everything about one election that must be fixed before the first credential is drawn.

It is JSON in the one form of RFC 8785; its SHA-256, called H, goes into every credential, ballot
and board entry. So two voters with different manifests cannot stand on the same board, and nothing
in it can change once issuing has opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import rfc8785

from commons.limits import ELECTION_QUESTION_CHARS, ELECTION_TEXT_CHARS
from commons.refusal import Refused
from membership.elections.protocol.blind_rsa import BITS, EXPONENT, PublicKey
from membership.elections.tally import RULES
from membership.elections.tally.election import MOST_CANDIDATES

FORMAT = "rostra-election-1"
ROLE = "registrar"
LEAST_ROLL = 10
LEAST_PUBLISHED = 5
MOST_COMPLAINT_HOURS = 30 * 24
# In the package and on the cast page, byte for byte.
FILES = ("ballot.js", "ballot-page.js", "ballot-paper.js", "ballot-receipt.js", "verify.py")
# What a later version may allow and this one does not.
ONLY: Mapping[str, object] = {
    "format": FORMAT,
    "rule_version": 1,
    "tally": "single",
    "couriers": [],
    "witnesses": [],
}
FIELDS = frozenset(ONLY) | {
    "id",
    "kind",
    "title",
    "question",
    "rule",
    "seats",
    "candidates",
    "reopens",
    "each",
    "ranks",
    "quorum_percent",
    "majority_percent",
    "issue_opens",
    "issue_ends",
    "vote_opens",
    "vote_ends",
    "complaint_hours",
    "publish_min",
    "roll",
    "signers",
    "tally_key",
    "box_key",
    "lot",
    "files",
    "server_assisted",
}
KINDS = ("board", "question")
HEX = re.compile(r"(?:[0-9a-f]{2})*")
TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Times:
    """Opening is included, the end is not."""

    issue_opens: datetime
    issue_ends: datetime
    vote_opens: datetime
    vote_ends: datetime


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read and found sound. ``hash`` is H; ``document`` what it is the hash of.

    ``reopens`` is the number of the candidate that stands for re-opening nominations, 0 if there is none.
    ``each``: who is marked on more than half of the papers is elected, nobody else (no more candidates
    than seats). Of a question with two answers the first is carried by ``majority_percent``.
    """

    document: Mapping[str, object]
    hash: bytes
    id: str
    kind: str
    title: str
    question: str
    rule: str
    seats: int
    candidates: tuple[str, ...]
    reopens: int
    each: bool
    quorum_percent: int
    majority_percent: int
    ranks: int  # the most that one ballot may rank
    times: Times
    complaint_hours: int
    publish_min: int
    roll_size: int
    roll_root: bytes
    signer: PublicKey
    tally_key: bytes
    box_key: bytes
    lot: str
    files: Mapping[str, bytes]  # SHA-256 by name
    assisted_cap: int

    @property
    def takes_seats(self) -> int:
        """``reopens`` where it can take several seats, else 0."""
        return self.reopens if self.seats > 1 and not self.each else 0

    def canonical(self) -> bytes:
        return canonical(self.document)


def canonical(document: object) -> bytes:
    """``document`` as RFC 8785 writes it. Raises Refused for what has no such form."""
    try:
        return rfc8785.dumps(document)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, ValueError):
        raise Refused("This is not JSON of the interoperable kind.") from None


def read(document: object) -> Manifest:
    """The manifest in parsed JSON.

    Raises Refused for anything missing, unknown or out of bounds, and for each thing that is kept
    for a later version of the protocol.
    """
    if not isinstance(document, dict):
        raise Refused("A manifest is a JSON object.")
    _check_fields(document, FIELDS, "manifest")
    for name, value in ONLY.items():
        if document[name] != value or type(document[name]) is not type(value):
            raise Refused(
                "This version of the protocol has %(name)s = %(value)s only.", name=name, value=str(value)
            )
    fields = _Fields(document)
    candidates = _candidates(document["candidates"])
    times, assisted = _times(fields), _assisted(document)
    _check_reopening(document)
    if assisted and times.issue_ends <= times.vote_opens:
        raise Refused("A server can assist only where credentials are still drawn while voting is open.")
    roll = _fields(document, "roll", {"size", "root"})
    return Manifest(
        document=document,
        hash=sha256(canonical(document)).digest(),
        id=fields.text("id"),
        kind=_kind(document["kind"]),
        title=fields.text("title"),
        question=fields.text("question", least=0, most=ELECTION_QUESTION_CHARS),
        rule=_rule(document["rule"]),
        seats=fields.number("seats", 1, MOST_CANDIDATES),
        candidates=candidates,
        reopens=fields.number("reopens", 0, len(candidates)),
        each=_each(document),
        quorum_percent=fields.number("quorum_percent", 0, 100),
        majority_percent=fields.number("majority_percent", 50, 100),
        ranks=fields.number("ranks", 1, len(candidates)),
        times=times,
        complaint_hours=fields.number("complaint_hours", 1, MOST_COMPLAINT_HOURS),
        publish_min=fields.number("publish_min", LEAST_PUBLISHED),
        roll_size=roll.number("size", LEAST_ROLL),
        roll_root=roll.hex("root", 32),
        signer=_signer(document["signers"]),
        tally_key=fields.hex("tally_key", 32),
        box_key=fields.hex("box_key", 32),
        lot=fields.text("lot"),
        files=_files(document),
        assisted_cap=assisted,
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    """An object whose fields are asked for by kind; a wrong one is Refused by name."""

    document: Mapping[str, object]

    def text(self, name: str, least: int = 1, most: int = ELECTION_TEXT_CHARS) -> str:
        value = self.document[name]
        if not isinstance(value, str) or not least <= len(value) <= most or not value.isprintable():
            raise Refused(
                "%(name)s must be a printable text of at most %(most)s characters.", name=name, most=most
            )
        return value

    def number(self, name: str, least: int, most: int = 10**9) -> int:
        value = self.document[name]
        if type(value) is not int or not least <= value <= most:
            raise Refused(
                "%(name)s must be a whole number from %(least)s to %(most)s.",
                name=name,
                least=least,
                most=most,
            )
        return value

    def hex(self, name: str, size: int) -> bytes:
        value = self.document[name]
        if not isinstance(value, str) or not HEX.fullmatch(value) or len(value) != 2 * size:
            raise Refused(
                "%(name)s must be %(size)s bytes in small hexadecimal digits.", name=name, size=size
            )
        return bytes.fromhex(value)

    def time(self, name: str) -> datetime:
        value = self.document[name]
        try:
            moment = datetime.strptime(value, TIME).replace(tzinfo=UTC) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.strftime(TIME) != value:
            raise Refused("%(name)s must be a time like 2026-11-24T08:00:00Z.", name=name)
        return moment


def _fields(document: Mapping[str, object], name: str, allowed: set[str]) -> _Fields:
    value = document[name]
    if not isinstance(value, dict):
        raise Refused("%(name)s must be an object.", name=name)
    _check_fields(value, allowed, name)
    return _Fields(value)


def _check_fields(document: Mapping[str, object], allowed: frozenset[str] | set[str], where: str) -> None:
    for name in sorted(allowed - set(document)):
        raise Refused("%(where)s lacks %(name)s.", where=where, name=name)
    for name in sorted(set(document) - allowed):
        raise Refused("%(where)s has an unknown field, %(name)s.", where=where, name=name)


def _kind(kind: object) -> str:
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refused("The kind of the election is unknown.")
    return kind


def _each(document: Mapping[str, object]) -> bool:
    each = document["each"]
    if not isinstance(each, bool) or (each and document["rule"] != "approval"):
        raise Refused("Each candidate is voted on alone by marking, and else not.")
    return each


def _check_reopening(document: Mapping[str, object]) -> None:
    """Only one rule says what becomes of a choice that takes several seats."""
    several = document["reopens"] != 0 and document["seats"] != 1 and document["each"] is False
    if several and document["rule"] != "scottish-stv":
        raise Refused("Nominations for several seats are re-opened by scottish-stv only.")


def _rule(rule: object) -> str:
    if not isinstance(rule, str) or rule not in RULES:
        raise Refused("The rule of the count is unknown.")
    return rule


def _candidates(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_CANDIDATES:
        raise Refused("An election needs between 1 and %(most)s candidates.", most=MOST_CANDIDATES)
    found = tuple(_Fields({"candidate": name}).text("candidate") for name in names)
    if len(set(found)) != len(found):
        raise Refused("Two candidates have the same name.")
    return found


def _times(fields: _Fields) -> Times:
    times = Times(*(fields.time(name) for name in ("issue_opens", "issue_ends", "vote_opens", "vote_ends")))
    if not times.issue_opens < times.issue_ends <= times.vote_ends:
        raise Refused("Credentials must be drawn in a span of time that ends before voting does.")
    if not times.issue_opens <= times.vote_opens < times.vote_ends:
        raise Refused("Voting must take a span of time and not begin before credentials are drawn.")
    return times


def _signer(signers: object) -> PublicKey:
    if not isinstance(signers, list) or len(signers) != 1:
        raise Refused("This version of the protocol has exactly one signer.")
    signer = _fields({"signer": signers[0]}, "signer", {"role", "modulus", "exponent"})
    n = int.from_bytes(signer.hex("modulus", BITS // 8))
    if signer.document["role"] != ROLE or signer.number("exponent", EXPONENT, EXPONENT) != EXPONENT:
        raise Refused("The signer of this version is the registrar.")
    if n.bit_length() != BITS or n % 2 == 0:
        raise Refused("The signer's key must have %(bits)s bits.", bits=BITS)
    return PublicKey(n)


def _files(document: Mapping[str, object]) -> Mapping[str, bytes]:
    files = _fields(document, "files", set(FILES))
    return {name: files.hex(name, 32) for name in FILES}


def _assisted(document: Mapping[str, object]) -> int:
    """The most ballots that the server may help to make."""
    if document["server_assisted"] is False:
        return 0
    return _fields(document, "server_assisted", {"cap"}).number("cap", 1)


def signer_field(key: PublicKey) -> list[dict[str, object]]:
    """How a manifest names its one signer."""
    return [{"role": ROLE, "modulus": key.n.to_bytes(key.size).hex(), "exponent": key.e}]
