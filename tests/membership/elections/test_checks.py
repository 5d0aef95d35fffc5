"""Whoever changes what was counted, behind the newsroom's back, is found by the daily look."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from commons import limits
from commons.refusal import Refused
from membership.elections import checks, looks
from membership.elections.models import Election, ElectionFile, ElectionRoot, Issuance, RollEntry
from tests.membership.elections.club import NAMES, Club
from tests.services import applications

Spoil = Callable[[Session, Election], object]


@pytest.fixture
def counted(club: Club) -> Election:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    return club.whole(election, {name: [1, 2] for name in NAMES[:10]})


def in_package(change: Callable[[dict[str, Any]], object]) -> Spoil:
    def spoil(_session: Session, election: Election) -> None:
        package = json.loads(election.package or b"")
        change(package)
        election.package = json.dumps(package).encode()

    return spoil


def in_row(**values: object) -> Spoil:
    return lambda session, election: session.execute(
        update(Election).where(Election.id == election.id).values(**values)
    )


def of_files(statement: Any) -> Spoil:
    return lambda session, election: session.execute(statement.where(ElectionFile.election_id == election.id))


def another_winner(_session: Session, election: Election) -> None:
    election.outcome = (election.outcome or {}) | {"names": ["Cho", "Ben"]}


def another_manifest(_session: Session, election: Election) -> None:
    election.manifest = (election.manifest or b"").replace(b'"Board 2026"', b'"Board 2027"')


def no_more_drawn(session: Session, election: Election) -> None:
    first = select(Issuance.membership_id).where(Issuance.election_id == election.id).limit(1)
    session.execute(delete(Issuance).where(Issuance.membership_id == first.scalar_subquery()))


EDITED, DELETED = b"\x11" * 32, "is on the board, but not in the package"
SPOILED: dict[str, tuple[Spoil, str]] = {
    "a ballot edited": (in_package(lambda p: p["envelopes"].__setitem__(3, p["envelopes"][2])), "Ballot "),
    "a ballot deleted": (in_package(lambda p: p["envelopes"].pop()), DELETED),
    "a ballot added": (in_package(lambda p: p["envelopes"].append("00" * 597)), "not on the board"),
    "ballots reordered": (in_package(lambda p: p["envelopes"].reverse()), "not sorted"),
    "a ranking edited": (in_package(lambda p: p["ballots"][0].update(ranking=[3])), "/ballots/0/ranking"),
    "the history rewritten": (in_package(lambda p: p["board"].pop(0)), "does not follow"),
    "the package gone": (in_row(package=b""), "JSON"),
    "the winner edited": (another_winner, "differ: outcome"),
    "the ballots' file edited": (in_row(blt="1 1"), "differ: ballots"),
    "another seed": (in_row(lot_seed="00" * 32), "differ: seed of lots"),
    "the manifest edited": (another_manifest, "manifest is not the one"),
    "a download edited": (of_files(update(ElectionFile).values(content=b"x")), "differ: files"),
    "a download deleted": (
        of_files(delete(ElectionFile).where(ElectionFile.name == "roll.txt")),
        "differ: files",
    ),
    "a root edited": (
        lambda session, election: session.execute(
            update(ElectionRoot)
            .where(ElectionRoot.election_id == election.id, ElectionRoot.kind == "closed")
            .values(root=EDITED)
        ),
        "differ: roots",
    ),
    "all roots edited": (
        lambda session, election: session.execute(update(ElectionRoot).values(root=EDITED)),
        "root that was given",
    ),
    "roots deleted": (lambda session, election: session.execute(delete(ElectionRoot)), "roots of the board"),
    "the roll edited": (
        lambda session, election: session.execute(
            update(RollEntry).where(RollEntry.number == 1).values(leaf=EDITED)
        ),
        "differ: roll",
    ),
    "a drawn credential deleted": (no_more_drawn, "differ: list of credentials"),
}


def test_every_change_behind_the_newsrooms_back_is_named(club: Club, counted: Election) -> None:
    with club.db.reading() as session:
        assert checks.fault(session, session.get_one(Election, counted.id)) is None
    for name, (spoil, said) in SPOILED.items():
        with club.db.session(writes=True) as session:
            found = session.get_one(Election, counted.id)
            spoil(session, found)
            session.flush()
            session.expire_all()
            told = checks.fault(session, session.get_one(Election, counted.id))
            session.rollback()
        assert told is not None and said in told, (name, told)


def test_once_a_day_each_is_checked_and_its_pages_say_not_verified_until_it_is_right_again(
    club: Club, counted: Election
) -> None:
    reader, page = applications.shared().test_client(), f"/elections/{counted.slug}"
    assert (checks.run_due(), checks.run_due()) == (1, 0)
    assert "Not verified" not in reader.get(page).text and looks.counted() == "as they were counted"
    with club.db.transaction() as session:
        found = session.get_one(Election, counted.id)
        right = found.outcome
        another_winner(session, found)
    day = timedelta(seconds=limits.ELECTION_CHECK_SECONDS)
    club.hands.move_to(club.hands_now() + day)
    assert (checks.run_due(), checks.run_due()) == (1, 0)
    for path in (page, f"{page}/certificate"):
        told = reader.get(path).text
        assert "Not verified" in told and "differ: outcome" in told
    with pytest.raises(Refused, match=f"not as they were counted: {counted.slug}"):
        looks.counted()
    with club.db.transaction() as session:
        session.get_one(Election, counted.id).outcome = right
    club.hands.move_to(club.hands_now() + day)
    assert checks.run_due() == 1
    assert "Not verified" not in reader.get(page).text and looks.counted() == "as they were counted"


def test_what_was_not_published_is_not_checked(club: Club) -> None:
    club.call()
    assert checks.run_due() == 0
