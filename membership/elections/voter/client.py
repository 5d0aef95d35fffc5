"""What the voter's client asks of a ballot box, and the file in which it keeps a ballot.

Nothing but the blinded value, the sealed ballot and look-ups of whole lists ever leaves this machine.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from commons import outbound, strict_json
from commons.limits import ELECTION_PACKAGE, ELECTION_PACKAGE_VALUES, MEDIA_SECONDS
from commons.outbound import Answer, Unreachable
from commons.refusal import Refused
from membership.elections.protocol import receipt
from membership.elections.protocol.board import NOTHING, Entry, leaf
from membership.elections.protocol.manifest import HEX, Manifest, read
from membership.elections.protocol.package_json import entry

ADDRESS = re.compile(r"/(?:elections|ballot-box)/([a-z0-9-]+)/?")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Place:
    """One election at its ballot box: ``box`` is the address under which all of it is."""

    box: str
    slug: str
    manifest: Manifest

    @property
    def draw_address(self) -> str:
        """Where a member has her blinded value signed; the manifest's id is the election's page."""
        return f"{self.manifest.id}/draw"


def find(address: str, wanted: bytes | None = None) -> Place:
    """The election at an address of its page or of its ballot page.

    Refused where there is none, and where its manifest has another hash than ``wanted``.
    """
    parts = urlsplit(address)
    found = ADDRESS.fullmatch(parts.path)
    if found is None:
        raise Refused("This is no address of an election, such as https://news.example/elections/board.")
    slug = found.group(1)
    answer = _get(f"{parts.scheme}://{parts.netloc}/ballot-box/{slug}/manifest.json")
    manifest = read(strict_json.loads_object(answer.body))
    if wanted is not None and manifest.hash != wanted:
        raise Refused("The manifest there is not the one whose hash was given. Do not vote; tell others.")
    return Place(answer.url.removesuffix("manifest.json"), slug, manifest)


def cast(place: Place, envelope: bytes) -> "Slip":
    """Casts ``envelope``. Refused as the ballot box refuses, and where its receipt is not valid."""
    body = json.dumps({"envelope": envelope.hex()}).encode()
    request = outbound.prepare(
        "POST", f"{place.box}ballots", {"Content-Type": JSON, "Accept": JSON}, body, own_host=True
    )
    answer = _reached(lambda: outbound.exchange(request, cap=ELECTION_PACKAGE, seconds=MEDIA_SECONDS))
    told = strict_json.loads_object(answer.body)
    if answer.status == 409:
        raise Refused(
            "With this credential another ballot was cast before, and that one counts. Its code is %(code)s.",
            code=str(told.get("code")),
        )
    if answer.status != 200:
        raise Refused("The ballot box refused: %(why)s", why=str(told.get("error")))
    slip = _bytes(told.get("receipt"))
    if not receipt.holds(place.manifest, envelope, slip):
        raise Refused("The answer is no valid receipt. Your ballot is kept in the file; send it again.")
    return Slip(place.manifest.hash, envelope, slip)


def _bytes(value: object) -> bytes:
    return bytes.fromhex(value) if isinstance(value, str) and HEX.fullmatch(value) else b""


def board(place: Place) -> list[Entry]:
    """All that was published so far. Refused where an entry does not follow from the one before."""
    answer = _get(f"{place.box}board.json")
    told = strict_json.loads(answer.body, nodes=ELECTION_PACKAGE_VALUES)
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise Refused("The board is misshapen.")
    found, before = [], NOTHING
    for each in told:
        shown = entry(place.manifest.hash, each)
        if shown.previous != before or shown.root.hex() != each.get("root"):
            raise Refused("Board entry %(number)s does not follow from those before it.", number=shown.number)
        found.append(shown)
        before = shown.root
    return found


def _reached(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except Unreachable as error:
        raise Refused("The ballot box cannot be reached: %(why)s.", why=str(error)) from error


def _get(address: str) -> Answer:
    answer = _reached(
        lambda: outbound.fetch(
            address, accept=JSON, cap=ELECTION_PACKAGE, seconds=MEDIA_SECONDS, own_host=True
        )
    )
    if answer.status != 200:
        raise Refused("%(address)s answered %(code)s.", address=address, code=answer.status)
    return answer


@dataclass(frozen=True, slots=True)
class Slip:
    """What a voter keeps: her sealed ballot, and the box's receipt once there is one."""

    manifest_hash: bytes
    envelope: bytes
    receipt: bytes | None = None

    @property
    def code(self) -> str:
        return receipt.code(self.envelope)

    def listed(self, entries: list[Entry]) -> Entry | None:
        """The board entry that lists the ballot."""
        return next((each for each in entries if leaf(self.envelope) in each.added), None)

    def write(self, path: Path) -> None:
        """Into a file for this user's eyes, whole or not at all; the ballot page reads it too."""
        lines = ["Receipt of a secret ballot. Keep it to yourself.", f"manifest: {self.manifest_hash.hex()}"]
        lines += [f"code: {self.code}"]
        lines += [f"receipt: {self.receipt.hex()}"] if self.receipt else []
        lines += [f"envelope: {self.envelope.hex()}"]
        draft = path.with_name(f".{path.name}.draft")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)


def read_slip(path: Path) -> Slip:
    """The ballot kept in a file of this client or of the ballot page. Refused for any other file."""
    try:
        text = path.read_text()
        lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        slip = lines.get("receipt")
        return Slip(
            bytes.fromhex(lines["manifest"]),
            bytes.fromhex(lines["envelope"]),
            None if slip is None else bytes.fromhex(slip),
        )
    except (KeyError, ValueError):
        raise Refused("%(file)s holds no ballot.", file=path.name) from None
