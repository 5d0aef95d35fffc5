"""The signing keys of elections, each in a file that the signer alone may read.

A key that is destroyed leaves its name behind, so that no other one is ever made for that election.
"""

import os
import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from commons.language import N_
from commons.refusal import Refused
from membership.elections.protocol.blind_rsa import PublicKey
from membership.elections.protocol.signing_key import SigningKey

GONE = b"destroyed\n"


@dataclass(frozen=True)
class Keys:
    """The keys in ``folder``, which nobody else may enter. ``fresh`` makes one."""

    folder: Path
    fresh: Callable[[], SigningKey] = field(default=SigningKey.fresh)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def make(self, election_id: uuid.UUID) -> PublicKey:
        """The public half of the election's key, which is made at the first call. Refused (410) if it
        was destroyed."""
        path = self._path(election_id)
        if not path.exists():
            self._write(path, self.fresh().pem())
        return self._read(path).public

    def public(self, election_id: uuid.UUID) -> PublicKey:
        """The public half of a key that was made. Refused (404, 410) without one."""
        return self._read(self._path(election_id)).public

    def sign(self, election_id: uuid.UUID, blinded: bytes) -> bytes:
        """BlindSign; the same for the same number. Refused (404, 410) without a key, (400) for what is
        no blinded number."""
        return self._read(self._path(election_id)).sign(blinded)

    def destroy(self, election_id: uuid.UUID) -> None:
        """Nothing more is ever signed in this election. Again: the same.

        The file is written over before it goes; a disk that keeps old blocks, and a backup, may keep it.
        """
        path = self._path(election_id)
        with suppress(FileNotFoundError), path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        self._write(path, GONE, instead=True)

    def _path(self, election_id: uuid.UUID) -> Path:
        return self.folder / f"{election_id}.pem"

    def _write(self, path: Path, data: bytes, *, instead: bool = False) -> None:
        """Whole or not at all; where two write at once, the first stays unless ``instead``."""
        handle, draft = tempfile.mkstemp(dir=self.folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if instead:
                os.rename(draft, path)
            else:
                with suppress(FileExistsError):
                    os.link(draft, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self, path: Path) -> SigningKey:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise Refused(N_("There is no signing key for this election."), status=404) from None
        if data == GONE:
            raise Refused(N_("The signing key of this election is destroyed."), status=410)
        return _parsed(data)


@lru_cache(2)
def _parsed(pem: bytes) -> SigningKey:
    """Parsing checks the primes, which takes longer than signing."""
    return SigningKey.from_pem(pem)
