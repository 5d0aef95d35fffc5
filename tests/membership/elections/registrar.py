"""An election in the database, announced, with all who take part in it."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from commons.db import Database, new_id
from membership.elections import box_door, credentials, draws, rolls, signing
from membership.elections.ballot_box import BallotBox
from membership.elections.models import Election, Issuance
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.manifest import Manifest, signer_field
from membership.elections.protocol.sealing import fresh_tally_key
from membership.members.models import Membership
from membership.money.models import Party
from tests.membership.elections.clocks import Hands
from tests.membership.elections.keepers import Keepers
from tests.membership.elections.protocol.world import fields, numbered

MEMBERS = 12


@dataclass
class Registrar:
    """An announced election in the database, its open box, and the officers' key."""

    db: Database
    election_id: uuid.UUID
    members: list[uuid.UUID]
    manifest: Manifest
    box: BallotBox
    tally_secret: bytes

    def issue(self, member: uuid.UUID, blinded: bytes) -> bytes:
        return draws.draw(self.election_id, member, blinded)

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


def announced(
    db: Database, members: list[uuid.UUID], hands: Hands, keepers: Keepers, **changes: object
) -> Registrar:
    tally_secret, tally_key = fresh_tally_key()
    with db.transaction() as session:
        election = Election(id=new_id(), slug="board", title="Board 2026")
        session.add(election)
        session.flush()
        size, root = rolls.freeze(session, election, members)
        document = fields(
            roll={"size": size, "root": root.hex()},
            tally_key=tally_key.hex(),
            signers=signer_field(signing.make_key(election.id)),
            box_key=box_door.make_key(election.id).hex(),
            **changes,
        )
        manifest = credentials.announce(session, election, document)
    box_door.open_box(election.id, election.slug, manifest.canonical())
    hands.move_to(manifest.times.issue_opens)
    box = keepers.boxes.of(election.id)
    return Registrar(db, election.id, members, manifest, box, tally_secret)
