"""The ballot box's own file: envelopes by the hash of their bytes, with nothing that tells when or who.

It is SQLite whatever the newsroom's database is, and no part of its backups. Rows are ordered by
leaf hash (``WITHOUT ROWID``), deleted pages are overwritten, and the file is written anew for each
board entry, so that it does not keep the order of arrival. No column holds an address, or the time of a
ballot: ``complaints_end`` follows from when the provisional list was published, which everybody saw, and
``assisted`` is the number that the board publishes. There is no write-ahead log, which would keep the
order too.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commons.language import N_
from commons.refusal import Refused
from membership.elections.protocol.board import Entry
from membership.elections.protocol.manifest import Manifest, canonical
from membership.elections.protocol.package_json import entry

TABLES = """
CREATE TABLE IF NOT EXISTS election (
    hash BLOB PRIMARY KEY,
    closed INTEGER NOT NULL DEFAULT 0,
    assisted INTEGER NOT NULL DEFAULT 0,
    complaints_end INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ballot (
    leaf BLOB PRIMARY KEY, key BLOB NOT NULL UNIQUE, envelope BLOB NOT NULL, receipt BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
"""
WAIT_SECONDS = 30


class BallotBox:
    """One election's box: its file, its manifest, and the key that signs receipts.

    Refused when the file is another election's or the key is not the manifest's.
    """

    def __init__(self, path: Path, manifest: Manifest, key: Ed25519PrivateKey) -> None:
        if key.public_key().public_bytes_raw() != manifest.box_key:
            raise Refused(N_("This key is not the ballot box's of this election."))
        self.path, self.manifest, self.key = path, manifest, key
        with closing(self._connect()) as store:
            store.executescript(TABLES)
        with self.transaction() as store:
            store.execute(
                "INSERT INTO election (hash) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM election)",
                (manifest.hash,),
            )
            if store.execute("SELECT hash FROM election").fetchall() != [(manifest.hash,)]:
                raise Refused(N_("This ballot box is another election's."))

    def _connect(self) -> sqlite3.Connection:
        store = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)
        store.execute("PRAGMA journal_mode=DELETE")
        # EXTRA also waits for the folder, without which a power cut could undo an acknowledged ballot.
        store.execute("PRAGMA synchronous=EXTRA")
        store.execute("PRAGMA secure_delete=ON")
        return store

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The store with its write lock; what is done in it lasts from the end on, or is undone."""
        with closing(self._connect()) as store:
            store.execute("BEGIN IMMEDIATE")
            try:
                yield store
            except BaseException:
                store.execute("ROLLBACK")
                raise
            store.execute("COMMIT")

    def rewrite(self) -> None:
        """Lays the file out anew, so that no page tells when it was filled."""
        with closing(self._connect()) as store:
            store.execute("VACUUM")

    def envelopes(self) -> tuple[bytes, ...]:
        """All of them, in the order of their leaves."""
        with self.transaction() as store:
            found = store.execute("SELECT envelope FROM ballot ORDER BY leaf").fetchall()
        return tuple(envelope for (envelope,) in found)


def entries(store: sqlite3.Connection, manifest: Manifest) -> tuple[Entry, ...]:
    """What the board has shown so far."""
    found = store.execute("SELECT document FROM entry ORDER BY number").fetchall()
    return tuple(entry(manifest.hash, json.loads(document)) for (document,) in found)


def add_entry(store: sqlite3.Connection, new: Entry) -> None:
    store.execute("INSERT INTO entry VALUES (?, ?)", (new.number, canonical(new.as_json()).decode()))
