"""The registrar's tables: elections, their frozen rolls, and who drew a credential.

There is no table of ballots here. They are in the ballot box's own file (``ballot_box.py``), and
nothing in either of the two stores can be joined with the other.
"""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from commons.clock import now
from commons.db import Base, new_id

CALLED, NOMINATIONS, ISSUING, VOTING = "called", "nominations", "issuing", "voting"
CLOSED, COUNTED, CERTIFIED, VOID = "closed", "counted", "certified", "void"


class Election(Base):
    """One election. ``manifest`` is its canonical JSON, ``verifier`` the text of ``verify.py`` whose hash
    it names; once there, they never change. ``package`` is the public one, as canonical JSON."""

    __tablename__ = "election"
    __table_args__ = (
        CheckConstraint(
            "state IN ('called', 'nominations', 'issuing', 'voting', "
            "'closed', 'counted', 'certified', 'void')",
            name="state",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    state: Mapped[str] = mapped_column(default=CALLED)
    manifest: Mapped[bytes | None]
    verifier: Mapped[str | None] = mapped_column(deferred=True)
    package: Mapped[bytes | None] = mapped_column(deferred=True)
    called_at: Mapped[datetime] = mapped_column(default=now)


class RollEntry(Base):
    """A member on the frozen roll. ``number`` counts from 1 within this roll; ``leaf`` is published."""

    __tablename__ = "election_roll_entry"
    __table_args__ = (
        UniqueConstraint("election_id", "number"),
        UniqueConstraint("election_id", "leaf", name="uq_election_roll_entry_leaf"),
    )

    election_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election.id"), primary_key=True)
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    number: Mapped[int]
    salt: Mapped[bytes]
    leaf: Mapped[bytes]


class Issuance(Base):
    """That a member drew a credential: once, and without a time.

    ``blinded`` and ``answer`` are kept so that a lost answer can be sent again, and are deleted when
    the election is certified. Neither can be recognised in any ballot.
    """

    __tablename__ = "election_issuance"

    election_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election.id"), primary_key=True)
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    blinded: Mapped[bytes | None]
    answer: Mapped[bytes | None]
