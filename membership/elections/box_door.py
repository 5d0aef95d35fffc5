"""What the registrar asks of the ballot box, through its inner door.

Everything is Refused as the box refuses it, and (503) while it does not answer. Times are the box's.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commons import doors
from commons.config import settings
from commons.refusal import Refused
from membership.elections.ballots import AlreadyCast
from membership.elections.box import INNER
from membership.elections.protocol.board import Entry
from membership.elections.protocol.envelope import size
from membership.elections.protocol.manifest import Manifest
from membership.elections.protocol.package import Sources
from membership.elections.protocol.package_json import entry


@dataclass(frozen=True, slots=True)
class Standing:
    """``assisted`` ballots were made by the server so far; complaints are taken until ``complaints_end``,
    which is None before the provisional list is there."""

    assisted: int
    complaints_end: datetime | None


def make_key(election_id: uuid.UUID) -> bytes:
    """The public Ed25519 half of the election's receipt key, made at the first call."""
    return _ask("PUT", f"/keys/{election_id}")


def open_box(election_id: uuid.UUID, slug: str, manifest: bytes) -> None:
    """Has the box take ballots in their time; ``manifest`` in canonical form. Again: nothing more."""
    _ask("PUT", f"/boxes/{election_id}/{slug}", manifest)


def manifest_hash(election_id: uuid.UUID) -> bytes:
    """H of the manifest for which the election's box is open. Refused (404) where there is none."""
    return _ask("GET", f"/boxes/{election_id}/manifest")


def clock() -> datetime:
    """The moment by which the box opens and closes."""
    return datetime.fromisoformat(json.loads(_ask("GET", "/clock")))


def publish(election_id: uuid.UUID, withdrawn: Sequence[int]) -> Entry:
    """The board's next entry while voting is open. ``withdrawn`` are candidates by number."""
    return _entries(_post(election_id, "publish", withdrawn))[0]


def close(election_id: uuid.UUID, issued: Sequence[bytes], withdrawn: Sequence[int]) -> Entry:
    """The provisional list, once voting has ended; ``issued`` as in ``issued.txt``. Again: the same."""
    return _entries(_post(election_id, "close", withdrawn, issued))[0]


def finish(election_id: uuid.UUID, issued: Sequence[bytes], withdrawn: Sequence[int]) -> Entry:
    """The final list, once the time for complaints is over. Again: the same."""
    return _entries(_post(election_id, "finish", withdrawn, issued))[0]


def board(election_id: uuid.UUID) -> tuple[Entry, ...]:
    """All that was published so far."""
    return _entries(_ask("GET", f"/boxes/{election_id}/board"))


def standing(election_id: uuid.UUID) -> Standing:
    told = json.loads(_ask("GET", f"/boxes/{election_id}/standing"))
    ends = told["complaints_end"]
    return Standing(told["assisted"], None if ends is None else datetime.fromisoformat(ends))


def assisted(election_id: uuid.UUID) -> int:
    """How many ballots the server made so far."""
    return standing(election_id).assisted


def assisted_cast(election_id: uuid.UUID, envelope: bytes) -> bytes:
    """Casts a ballot that the server made, and counts it as such; the receipt.

    Refused (403) once the manifest's cap is reached; `AlreadyCast` as at the outer door.
    """
    return _ask("POST", f"/boxes/{election_id}/assisted", envelope)


def sources(
    election_id: uuid.UUID,
    manifest: Manifest,
    *,
    roll: tuple[bytes, ...],
    issued: tuple[bytes, ...],
    tally_secret: bytes,
    lot_value: str,
    verifier: str,
) -> Sources:
    """What the package is derived from. Refused (403) until the list is final."""
    joined, each = _ask("GET", f"/boxes/{election_id}/envelopes"), size(manifest)
    envelopes = tuple(joined[place : place + each] for place in range(0, len(joined), each))
    return Sources(manifest, roll, issued, board(election_id), envelopes, tally_secret, lot_value, verifier)


def _post(election_id: uuid.UUID, verb: str, withdrawn: Sequence[int], issued: Sequence[bytes] = ()) -> bytes:
    body = {"withdrawn": list(withdrawn), "issued": [each.hex() for each in issued]}
    headers = {"Content-Type": "application/json"}
    return _ask("POST", f"/boxes/{election_id}/{verb}", json.dumps(body).encode(), headers)


def _entries(body: bytes) -> tuple[Entry, ...]:
    told: list[dict[str, Any]] = json.loads(body)
    return tuple(entry(bytes.fromhex(each["election"]), each) for each in told)


def _ask(method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    said = doors.ask(doors.path(settings().data, INNER), method, target, body, headers or {})
    if said.status == 200:
        return said.body
    told = json.loads(said.body)
    if "receipt" in told:
        raise AlreadyCast(bytes.fromhex(told["receipt"]), told["code"])
    raise Refused(told["error"], status=said.status)
