"""Reading the sources back out of a package, which anybody may have written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from commons import strict_json
from commons.limits import ELECTION_PACKAGE_VALUES
from commons.refusal import Refused
from membership.elections.protocol import manifest
from membership.elections.protocol.board import HASH, Entry, Kind
from membership.elections.protocol.manifest import HEX
from membership.elections.protocol.package import Sources

KINDS = frozenset({"epoch", "closed", "final"})


def load(data: bytes) -> dict[str, object]:
    """The JSON object in ``data``. Raises Refused if it is not strict JSON."""
    return strict_json.loads_object(data, nodes=ELECTION_PACKAGE_VALUES)


def sources(package: Mapping[str, object]) -> Sources:
    """What the package claims to be made of. Raises Refused where a part is missing or misshapen."""
    reader = _Reader(package, "")
    found = manifest.read(package.get("manifest"))
    return Sources(
        manifest=found,
        roll=reader.hashes("roll"),
        issued=reader.hashes("issued"),
        board=tuple(_entry(found.hash, each) for each in reader.readers("board")),
        envelopes=tuple(reader.bytes_of(each, "envelopes") for each in reader.values("envelopes")),
        tally_secret=reader.hex("tally_secret"),
        lot_value=reader.text("lot_value"),
        verifier=_Reader(reader.below("files"), "files.").text("verify.py"),
    )


def entry(election: bytes, document: Mapping[str, object]) -> Entry:
    """A board entry from its JSON; ``election`` is the manifest's hash. Refused where it is misshapen."""
    return _entry(election, _Reader(document, ""))


def _entry(election: bytes, fields: "_Reader") -> Entry:
    kind = fields.text("kind")
    if kind not in KINDS:
        raise Refused("%(name)s of the package is misshapen.", name=fields.where + "kind")
    return Entry(
        election=election,
        number=fields.number("number"),
        kind=cast(Kind, kind),
        added=fields.hashes("added"),
        size=fields.number("size"),
        tree=fields.hex("tree", HASH),
        previous=fields.hex("previous", HASH),
        withdrawn=tuple(cast(list[int], fields.values("withdrawn", int))),
        assisted=fields.number("assisted"),
        issued=fields.number("issued") if fields.fields.get("issued") is not None else None,
        issued_root=fields.hex("issued_root", HASH) if fields.fields.get("issued_root") is not None else None,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """An object of the package, asked field by field; what is misshapen is Refused by its path."""

    fields: Mapping[str, object]
    where: str

    def bad(self, name: str) -> Refused:
        return Refused("%(name)s of the package is misshapen.", name=self.where + name)

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise self.bad(name)
        return value

    def number(self, name: str) -> int:
        value = self.fields.get(name)
        if type(value) is not int or value < 0:
            raise self.bad(name)
        return value

    def values(self, name: str, kind: type = object) -> list[object]:
        value = self.fields.get(name)
        if not isinstance(value, list) or not all(isinstance(each, kind) for each in value):
            raise self.bad(name)
        return value

    def below(self, name: str) -> Mapping[str, object]:
        value = self.fields.get(name)
        if not isinstance(value, dict):
            raise self.bad(name)
        return value

    def readers(self, name: str) -> list["_Reader"]:
        found = cast("list[dict[str, object]]", self.values(name, dict))
        return [_Reader(each, f"{self.where}{name}[{place}].") for place, each in enumerate(found)]

    def hex(self, name: str, size: int | None = None) -> bytes:
        return self.bytes_of(self.fields.get(name), name, size)

    def hashes(self, name: str) -> tuple[bytes, ...]:
        return tuple(self.bytes_of(each, name, HASH) for each in self.values(name))

    def bytes_of(self, value: object, name: str, size: int | None = None) -> bytes:
        if not isinstance(value, str) or not HEX.fullmatch(value):
            raise self.bad(name)
        found = bytes.fromhex(value)
        if size is not None and len(found) != size:
            raise self.bad(name)
        return found
