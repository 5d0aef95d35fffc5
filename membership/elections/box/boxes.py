"""The boxes of all elections, each in a folder of its own below ``box/``, which nobody else may enter."""

import json
import os
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commons.language import N_
from commons.refusal import Refused
from membership.elections.ballot_box import BallotBox
from membership.elections.protocol import manifest as manifests
from membership.elections.protocol.manifest import Manifest

SLUG = re.compile("[a-z0-9][a-z0-9-]{0,99}")


class Boxes(Mapping[str, BallotBox]):
    """The open boxes by slug. A box is there from its key on, and open once it has its manifest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_at_a_time = threading.Lock()
        self._by_slug: dict[str, BallotBox] = {}
        self._by_id: dict[uuid.UUID, BallotBox] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for found in sorted(folder.glob("*/manifest.json")):
            self._take_in(uuid.UUID(found.parent.name))

    def __getitem__(self, slug: str) -> BallotBox:
        return self._by_slug[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._by_slug))

    def __len__(self) -> int:
        return len(self._by_slug)

    def of(self, election_id: uuid.UUID) -> BallotBox:
        """The open box of an election; Refused (404) where there is none."""
        if election_id not in self._by_id:
            raise Refused(N_("There is no open ballot box for this election."), status=404)
        return self._by_id[election_id]

    def make_key(self, election_id: uuid.UUID) -> bytes:
        """The public half of the key that signs receipts, made at the first call."""
        folder = self._folder / str(election_id)
        with self._one_at_a_time:
            folder.mkdir(exist_ok=True, mode=0o700)
            if not (folder / "key").exists():
                _write(folder / "key", Ed25519PrivateKey.generate().private_bytes_raw())
        return self._key(election_id).public_key().public_bytes_raw()

    def open(self, election_id: uuid.UUID, slug: str, document: bytes) -> None:
        """Opens the box for a manifest, as its canonical bytes. Again: nothing more.

        Refused for what is no manifest or not of this box's key, and (409) for another one than before
        or a slug that is in use.
        """
        found = manifests.read(json.loads(document))
        if found.box_key != self.make_key(election_id):
            raise Refused(N_("This key is not the ballot box's of this election."))
        with self._one_at_a_time:
            self._open(election_id, slug, found)

    def _open(self, election_id: uuid.UUID, slug: str, found: Manifest) -> None:
        known = self._by_id.get(election_id)
        if known is not None and (known.manifest.hash, self._by_slug.get(slug)) != (found.hash, known):
            raise Refused(N_("The ballot box of this election is open with another manifest."), status=409)
        if known is None:
            if not SLUG.fullmatch(slug) or slug in self._by_slug:
                raise Refused(N_("This name cannot be used for a ballot box."), status=409)
            folder = self._folder / str(election_id)
            _write(folder / "slug", slug.encode())
            _write(folder / "manifest.json", found.canonical())
            self._take_in(election_id)

    def _take_in(self, election_id: uuid.UUID) -> None:
        folder = self._folder / str(election_id)
        found = manifests.read(json.loads((folder / "manifest.json").read_bytes()))
        box = BallotBox(folder / "box.sqlite", found, self._key(election_id))
        self._by_id[election_id] = box
        self._by_slug[(folder / "slug").read_text()] = box

    def _key(self, election_id: uuid.UUID) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes((self._folder / str(election_id) / "key").read_bytes())


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, for this user's eyes."""
    draft = path.with_name(f".{path.name}")
    with suppress(FileNotFoundError):
        draft.unlink()
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(draft, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
