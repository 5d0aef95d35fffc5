"""The registrar: a frozen roll, one credential a member, and nothing in the stores that links."""

import sqlite3
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from commons.db import new_id
from commons.refusal import Refused
from membership.elections import ballots, credentials, rolls
from membership.elections.models import Election, Issuance, RollEntry
from membership.elections.protocol import envelope
from membership.elections.protocol.board import included
from membership.elections.protocol.credential import Credential, fresh_seed
from membership.elections.protocol.roll import member_leaf
from membership.members.models import Membership
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import signer
from tests.membership.elections.registrar import MEMBERS, Registrar, enrol


def refusal(call: Callable[[], object]) -> int:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.status


# --- Roll and manifest ---------------------------------------------------------------------


def test_a_roll_is_frozen_once_and_needs_ten_members(registrar: Registrar) -> None:
    with registrar.db.transaction() as session:
        election = session.get_one(Election, registrar.election_id)
        assert refusal(lambda: rolls.freeze(session, election, registrar.members)) == 409
        small = Election(id=new_id(), slug="small", title="Small")
        session.add(small)
        session.flush()
        assert refusal(lambda: rolls.freeze(session, small, registrar.members[:9])) == 422
        assert refusal(lambda: rolls.freeze(session, small, registrar.members[:1] * 12)) == 422


def test_each_member_finds_herself_on_the_roll_and_strangers_do_not(registrar: Registrar) -> None:
    with registrar.db.reading() as session:
        election = session.get_one(Election, registrar.election_id)
        for member in registrar.members:
            own = rolls.own_entry(session, election, member)
            assert own.leaf == member_leaf(own.number, own.salt)
            assert included(own.leaf, own.index, MEMBERS, own.proof, registrar.manifest.roll_root)
        assert refusal(lambda: rolls.own_entry(session, election, new_id())) == 403


def test_a_manifest_with_other_files_than_ours_is_not_announced(registrar: Registrar) -> None:
    files: Any = registrar.manifest.document["files"]
    with registrar.db.transaction() as session:
        election = session.get_one(Election, registrar.election_id)
        election.manifest = None
        for name in files:
            wrong = dict(registrar.manifest.document) | {"files": files | {name: "00" * 32}}
            assert refusal(lambda document=wrong: credentials.announce(session, election, document)) == 422  # type: ignore[misc]
        session.rollback()


def test_an_announced_manifest_cannot_change_and_must_be_of_this_roll(registrar: Registrar) -> None:
    with registrar.db.transaction() as session:
        election = session.get_one(Election, registrar.election_id)
        other = dict(registrar.manifest.document) | {"title": "Another"}
        assert refusal(lambda: credentials.announce(session, election, other)) == 409
        assert credentials.manifest_of(election).hash == registrar.manifest.hash
        election.manifest = None
        wrong = dict(registrar.manifest.document) | {"roll": {"size": MEMBERS, "root": "00" * 32}}
        assert refusal(lambda: credentials.announce(session, election, wrong)) == 422
        assert refusal(lambda: credentials.manifest_of(election)) == 404
        session.rollback()


# --- Issuing ------------------------------------------------------------------------------


def test_the_same_value_gets_identical_bytes_and_another_gets_409(registrar: Registrar) -> None:
    member = registrar.members[0]
    answer = registrar.issue(member, registrar.blinded("one"))
    assert registrar.issue(member, registrar.blinded("one")) == answer
    assert refusal(lambda: registrar.issue(member, registrar.blinded("two"))) == 409
    assert registrar.drawn() == 1


def test_who_is_not_on_the_roll_draws_nothing(registrar: Registrar) -> None:
    late = enrol(registrar.db, 1)[0]
    for stranger in (late, new_id()):
        assert refusal(lambda who=stranger: registrar.issue(who, registrar.blinded("x"))) == 403  # type: ignore[misc]
    assert registrar.drawn() == 0


def test_who_left_after_the_freeze_keeps_her_right(registrar: Registrar) -> None:
    with registrar.db.transaction() as session:
        session.get_one(Membership, registrar.members[0]).state = "ended"
    assert registrar.issue(registrar.members[0], registrar.blinded("one"))


def test_credentials_are_drawn_in_their_time_only(registrar: Registrar, hands: Hands) -> None:
    times = registrar.manifest.times
    for moment in (times.issue_opens - timedelta(seconds=5), times.issue_ends):
        hands.move_to(moment)
        assert refusal(lambda: registrar.issue(registrar.members[0], registrar.blinded("one"))) == 403
    hands.move_to(times.issue_ends - timedelta(seconds=5))
    assert registrar.issue(registrar.members[0], registrar.blinded("one")) and registrar.drawn() == 1


def test_what_is_no_blinded_value_is_refused_and_leaves_the_right_to_draw(registrar: Registrar) -> None:
    n = signer().public.n
    wrong = [number.to_bytes(384) for number in (0, 1, n - 1, n, n + 5)] + [b"", b"x" * 383, b"x" * 385]
    for blinded in wrong:
        assert refusal(lambda sent=blinded: registrar.issue(registrar.members[0], sent)) == 400  # type: ignore[misc]
    assert registrar.drawn() == 0 and registrar.issue(registrar.members[0], registrar.blinded("one"))


def test_parallel_requests_of_a_member_get_one_credential(registrar: Registrar) -> None:
    values = [registrar.blinded(name) for name in ("one", "two")]

    def attempt(place: int) -> tuple[int, bytes] | None:
        member, value = place % MEMBERS, values[place // MEMBERS % 2]
        try:
            return member, registrar.issue(registrar.members[member], value)
        except Refused as refused:
            assert refused.status == 409
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = {answer for answer in pool.map(attempt, range(4 * MEMBERS)) if answer}
    assert sorted(member for member, _answer in answers) == list(range(MEMBERS))
    assert registrar.drawn() == MEMBERS


def test_certification_keeps_who_drew_and_forgets_what(registrar: Registrar) -> None:
    registrar.issue(registrar.members[0], registrar.blinded("one"))
    with registrar.db.transaction() as session:
        election = session.get_one(Election, registrar.election_id)
        credentials.forget_answers(session, election)
        issued = rolls.issued_leaves(session, election)
        entry = session.get_one(RollEntry, (election.id, registrar.members[0]))
        assert issued == (entry.leaf,)
        assert session.scalars(select(Issuance.blinded)).all() == [None]
    assert refusal(lambda: registrar.issue(registrar.members[0], registrar.blinded("one"))) == 409


# --- Linkage -----------------------------------------------------------------------------


def common(one: set[bytes], other: set[bytes]) -> set[bytes]:
    """Runs of 12 bytes that stand in values of both stores: what a matcher could join them by."""
    return runs(one) & runs(other)


def runs(dump: set[bytes]) -> set[bytes]:
    return {value[place : place + 12] for value in dump for place in range(len(value) - 11)}


def values(rows: Any) -> set[bytes]:
    found = set()
    for row in rows:
        for value in row:
            if isinstance(value, uuid.UUID):
                found.add(value.bytes)
            elif isinstance(value, (bytes, str)):
                found.add(value if isinstance(value, bytes) else value.encode())
    return found


def test_a_dump_of_both_stores_has_no_value_in_common_and_a_planted_one_is_found(
    registrar: Registrar, hands: Hands, tmp_path: Path
) -> None:
    box = registrar.box
    drawn = []
    for member in registrar.members:
        mine = Credential.from_seed(fresh_seed(), registrar.manifest)
        drawn.append((mine, mine.token(registrar.issue(member, mine.blinded))))
    hands.move_to(registrar.manifest.times.vote_opens)
    for mine, token in drawn:
        ballots.cast(box, envelope.make(mine, token, [1]))
    with registrar.db.reading() as session:
        here = values(session.execute(select(RollEntry.__table__))) | values(
            session.execute(select(Issuance.__table__))
        )
    with sqlite3.connect(box.path) as store:
        there = values(store.execute("SELECT leaf, key, envelope, receipt FROM ballot").fetchall())
    store.close()
    assert len(here) > 3 * MEMBERS and len(there) == 4 * MEMBERS
    # The manifest's hash is in every envelope and in no row of the registrar's two tables.
    assert common(here, there) == set()
    assert common(here | {drawn[3][0].prefix}, there)
