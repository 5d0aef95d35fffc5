"""The registrar's tables: elections, who stands, their frozen rolls, and who drew a credential.

There is no table of ballots here. They are in the ballot box's own file (``ballot_box.py``), and
nothing in either of the two stores can be joined with the other.
"""

import uuid
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commons.clock import now
from commons.db import Base, new_id

CALLED, NOMINATIONS, ISSUING, VOTING = "called", "nominations", "issuing", "voting"
CLOSED, COUNTED, CERTIFIED, VOID = "closed", "counted", "certified", "void"
BOARD, QUESTION = "board", "question"


class Election(Base):
    """One election. ``manifest`` is its canonical JSON, ``verifier`` the text of ``verify.py`` whose hash
    it names; once there, they never change. ``package`` is the public one, as canonical JSON.

    ``state`` is what a job wrote last; what holds at a moment is asked of ``timetable.phase``. What the
    statutes fix for it (percents, seconders, least numbers) is kept as it was when it was called.
    ``each``: one votes yes or no on every candidate. ``reopened``: how often nominations were opened
    again. ``challenge``: a dummy sealed to the tally key, ``rehearsed_at``: when officers opened it.
    ``complaints_end`` is the ballot box's, known once it has published its provisional list.
    ``lot`` names what will be drawn in public, ``lot_value`` is what was drawn. ``outcome`` is JSON as
    ``outcomes.told`` writes it. ``checked_at`` is when ``checks`` last looked at what was counted, ``fault``
    what it found wrong, if anything.
    """

    __tablename__ = "election"
    __table_args__ = (
        CheckConstraint(
            "state IN ('called', 'nominations', 'issuing', 'voting', "
            "'closed', 'counted', 'certified', 'void')",
            name="state",
        ),
        Index("ix_election_state", "state"),
        UniqueConstraint("repeats_id", name="uq_election_repeats_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(default=BOARD, server_default=BOARD)
    question: Mapped[str] = mapped_column(default="", server_default="")
    rule: Mapped[str] = mapped_column(default="scottish-stv", server_default="scottish-stv")
    seats: Mapped[int] = mapped_column(default=1, server_default="1")
    state: Mapped[str] = mapped_column(default=CALLED)
    called_at: Mapped[datetime] = mapped_column(default=now)
    called_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    repeats_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("election.id"))
    # The timetable, and the zone in which people read it.
    zone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    nominations_end: Mapped[datetime | None]
    roll_at: Mapped[datetime | None]
    objections_end: Mapped[datetime | None]
    issue_opens: Mapped[datetime | None]
    issue_ends: Mapped[datetime | None]
    vote_opens: Mapped[datetime | None]
    vote_ends: Mapped[datetime | None]
    complaint_hours: Mapped[int] = mapped_column(default=72, server_default="72")
    complaints_end: Mapped[datetime | None]
    # What the statutes said when it was called.
    seconders: Mapped[int] = mapped_column(default=2, server_default="2")
    quorum_percent: Mapped[int] = mapped_column(default=10, server_default="10")
    majority_percent: Mapped[int] = mapped_column(default=50, server_default="50")
    ron: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    each: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    publish_min: Mapped[int] = mapped_column(default=10, server_default="10")
    assisted_cap: Mapped[int] = mapped_column(default=0, server_default="0")
    reopened: Mapped[int] = mapped_column(default=0, server_default="0")
    # Before issuing.
    roll_size: Mapped[int | None]
    roll_root: Mapped[bytes | None]
    tally_key: Mapped[bytes | None]
    challenge: Mapped[bytes | None]
    challenge_hash: Mapped[bytes | None]
    rehearsed_at: Mapped[datetime | None]
    lot: Mapped[str] = mapped_column(default="", server_default="")
    announced_at: Mapped[datetime | None]
    manifest: Mapped[bytes | None]
    verifier: Mapped[str | None] = mapped_column(deferred=True)
    # After the close.
    lot_value: Mapped[str | None]
    lot_seed: Mapped[str | None]
    blt: Mapped[str | None] = mapped_column(deferred=True)
    package: Mapped[bytes | None] = mapped_column(deferred=True)
    outcome: Mapped[dict[str, Any] | None]
    counted_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    counted_at: Mapped[datetime | None]
    certified_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    fault: Mapped[str | None]
    void_because: Mapped[str] = mapped_column(default="", server_default="")
    voided_at: Mapped[datetime | None]

    @property
    def manifest_hash(self) -> bytes:
        """H, the SHA-256 of the announced manifest; nothing before there is one."""
        return b"" if self.manifest is None else sha256(self.manifest).digest()


class Candidacy(Base):
    """Somebody who stands for a seat, or an answer to a question; a member stands once.

    ``number`` is the one in the manifest, from 1, given when it is announced. ``reopens``: it stands for
    re-opening nominations, and for no person.
    """

    __tablename__ = "election_candidacy"
    __table_args__ = (
        UniqueConstraint("election_id", "membership_id", name="uq_election_candidacy_member"),
        UniqueConstraint("election_id", "number", name="uq_election_candidacy_number"),
        UniqueConstraint("election_id", "name", name="uq_election_candidacy_name"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    election_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election.id"))
    membership_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("membership.id"), index=True)
    nominated_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("membership.id"))
    nominated_at: Mapped[datetime] = mapped_column(default=now)
    name: Mapped[str]
    statement: Mapped[str] = mapped_column(default="", server_default="")
    disclosures: Mapped[str] = mapped_column(default="", server_default="")
    consented_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    reopens: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    number: Mapped[int | None]


class Seconding(Base):
    """That a member supports a candidacy, once."""

    __tablename__ = "election_seconding"

    candidacy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election_candidacy.id"), primary_key=True)
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class CandidateQuestion(Base):
    """A member's question to a candidate, and the answer. ``place`` counts hers to this candidate."""

    __tablename__ = "election_candidate_question"
    __table_args__ = (
        UniqueConstraint(
            "candidacy_id", "membership_id", "place", name="uq_election_candidate_question_place"
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    candidacy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election_candidacy.id"))
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"))
    place: Mapped[int]
    text: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=now)
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]


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


class Objection(Base):
    """What a member says is wrong with the roll, and what officers made of it; she has one at a time."""

    __tablename__ = "election_objection"
    __table_args__ = (
        Index(
            "uq_election_objection_open",
            "election_id",
            "membership_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    election_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election.id"))
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"))
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
    upheld: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(default="", server_default="")
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))


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


class ElectionRoot(Base):
    """An entry of the ballot box's board, as this side saw it: its root, and the post that told followers.

    ``size`` ballots are on the list. Not every entry is posted: a root covers all before it.
    """

    __tablename__ = "election_root"

    election_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    size: Mapped[int]
    root: Mapped[bytes]
    published_at: Mapped[datetime]
    post_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("post.id"))


class ElectionFile(Base):
    """A file of a counted election's package, byte for byte: so nobody who fetches one waits for the whole
    package to be read."""

    __tablename__ = "election_file"

    election_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class ElectionMailing(Base):
    """One letter to all members of an election's roll or register: how far it has gone."""

    __tablename__ = "election_mailing"

    election_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("election.id"), primary_key=True)
    letter: Mapped[str] = mapped_column(primary_key=True)
    after: Mapped[uuid.UUID | None]
    done_at: Mapped[datetime | None]


class Review(Base):
    """An outside review of the voting protocol. Until there is one, every page calls it experimental."""

    __tablename__ = "election_review"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    by: Mapped[str]
    address: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(default=now)
