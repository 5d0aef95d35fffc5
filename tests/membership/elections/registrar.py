"""An election in the database, announced, with all who take part in it."""

import uuid
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from commons.db import Database, new_id
from membership.elections import credentials, rolls
from membership.elections.models import Election, Issuance
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.manifest import Manifest
from membership.elections.protocol.sealing import fresh_tally_key
from membership.members.models import Membership
from membership.money.models import Party
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import fields, numbered, signer

MEMBERS = 12


@dataclass
class Registrar:
    """An announced election in the database, and the keys outside it."""

    db: Database
    election_id: uuid.UUID
    members: list[uuid.UUID]
    manifest: Manifest
    box_key: Ed25519PrivateKey
    tally_secret: bytes

    def issue(self, member: uuid.UUID, blinded: bytes) -> bytes:
        with self.db.transaction() as session:
            election = session.get_one(Election, self.election_id)
            return credentials.issue(session, election, member, blinded, signer().sign)

    def drawn(self) -> int:
        with self.db.reading() as session:
            return len(session.scalars(select(Issuance)).all())

    def blinded(self, name: str) -> bytes:
        return Credential.from_seed(numbered(name, 1, 16), self.manifest).blinded


def enrol(db: Database, many: int) -> list[uuid.UUID]:
    with db.transaction() as session:
        found = []
        for _number in range(many):
            party = Party(id=new_id())
            session.add(party)
            session.flush()
            membership = Membership(party_id=party.id)
            session.add(membership)
            session.flush()
            found.append(membership.id)
        return found


def announced(db: Database, members: list[uuid.UUID], hands: Hands) -> Registrar:
    box_key = Ed25519PrivateKey.generate()
    tally_secret, tally_key = fresh_tally_key()
    with db.transaction() as session:
        election = Election(id=new_id(), slug="board", title="Board 2026")
        session.add(election)
        session.flush()
        size, root = rolls.freeze(session, election, members)
        document = fields(
            roll={"size": size, "root": root.hex()},
            tally_key=tally_key.hex(),
            box_key=box_key.public_key().public_bytes_raw().hex(),
        )
        manifest = credentials.announce(session, election, document)
    hands.move_to(manifest.times.issue_opens)
    return Registrar(db, election.id, members, manifest, box_key, tally_secret)
