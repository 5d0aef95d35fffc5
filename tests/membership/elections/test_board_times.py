"""What the ballot box publishes and when, kept here and posted to followers."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from commons import doors
from commons.refusal import Refused
from federation import actors
from federation.models import Activity, Post
from membership.elections import ballots, box_door, credentials, draws, rolls, signing
from membership.elections.board_times import boards_due, roots_of
from membership.elections.models import CLOSED, Election, ElectionRoot, Issuance
from membership.elections.protocol import envelope
from membership.elections.protocol.board import check_history
from membership.elections.protocol.credential import Credential
from membership.elections.signer import DOOR
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import numbered
from tests.membership.elections.registrar import Registrar

HOUR, MOMENT = timedelta(hours=1), timedelta(seconds=20)


@pytest.fixture
def registrar(registrar: Registrar) -> Iterator[Registrar]:
    """The newsroom has an actor, so that there is somebody to post."""
    with registrar.db.transaction() as session:
        actors.found_newsroom(session)
    yield registrar


def roots(registrar: Registrar) -> list[ElectionRoot]:
    with registrar.db.reading() as session:
        return roots_of(session, session.get_one(Election, registrar.election_id))


def state(registrar: Registrar) -> str:
    with registrar.db.reading() as session:
        return session.get_one(Election, registrar.election_id).state


def vote(registrar: Registrar, hands: Hands, count: int) -> None:
    """So many members draw while one can, and cast once voting is open."""
    mine = [Credential.from_seed(numbered("voter", each, 16), registrar.manifest) for each in range(count)]
    tokens = [
        each.token(registrar.issue(member, each.blinded))
        for each, member in zip(mine, registrar.members, strict=False)
    ]
    hands.move_to(registrar.manifest.times.vote_opens)
    for each, token in zip(mine, tokens, strict=True):
        ballots.cast(registrar.box, envelope.make(each, token, [1]))


def test_every_hour_of_voting_has_one_entry_and_its_end_two(registrar: Registrar, hands: Hands) -> None:
    times = registrar.manifest.times
    assert boards_due() == 0
    vote(registrar, hands, 7)
    hands.move_to(times.vote_opens + HOUR - MOMENT)
    assert boards_due() == 0
    hands.move_to(times.vote_opens + HOUR)
    assert (boards_due(), boards_due()) == (1, 0)
    hands.move_to(times.vote_opens + 5 * HOUR)  # hours in which nobody worked are not made up for
    assert (boards_due(), boards_due()) == (1, 0)
    hands.move_to(times.vote_ends)
    assert (boards_due(), boards_due(), state(registrar)) == (1, 0, CLOSED)
    hands.move_to(times.vote_ends + timedelta(hours=72) - MOMENT)
    assert boards_due() == 0
    hands.move_to(times.vote_ends + timedelta(hours=72, minutes=2))
    assert (boards_due(), boards_due()) == (1, 0)
    kept = roots(registrar)
    assert [(each.kind, each.size) for each in kept] == [
        ("epoch", 7),
        ("epoch", 7),
        ("closed", 7),
        ("final", 7),
    ]
    board = box_door.board(registrar.election_id)
    assert [each.root for each in kept] == [each.root for each in board]
    check_history(registrar.manifest.hash, board)
    with registrar.db.reading() as session:
        issued = rolls.issued_leaves(session, session.get_one(Election, registrar.election_id))
    assert (board[-1].issued, len(issued)) == (7, 7)


def test_the_first_root_one_a_day_and_the_last_two_are_posted(registrar: Registrar, hands: Hands) -> None:
    times = registrar.manifest.times
    for hours in (1, 2, 24, 25, 26):
        hands.move_to(times.vote_opens + hours * HOUR)
        assert boards_due() == 1
    hands.move_to(times.vote_ends)
    boards_due()
    posted = [each.number for each in roots(registrar) if each.post_id is not None]
    assert posted == [1, 3, 6]
    with registrar.db.reading() as session:
        texts = session.scalars(
            select(Post.content).where(Post.kind == "Note").order_by(Post.published_at)
        ).all()
        sent = session.scalars(select(Activity.document).where(Activity.kind == "Create")).all()
    shown = {each.number: each.root.hex() for each in roots(registrar)}
    assert [shown[number] in text for number, text in zip(posted, texts, strict=True)] == [True] * 3
    assert "provisional list" in texts[-1] and "0 sealed ballots" in texts[-1]
    assert all(any(shown[number].encode() in document for document in sent) for number in posted)


def test_a_list_that_comes_late_moves_the_final_one(registrar: Registrar, hands: Hands) -> None:
    late = registrar.manifest.times.vote_ends + timedelta(days=5)
    hands.move_to(late)
    assert boards_due() == 1
    hands.move_to(late + timedelta(hours=72) - MOMENT)
    assert boards_due() == 0
    hands.move_to(late + timedelta(hours=72, minutes=2))
    assert boards_due() == 1 and roots(registrar)[-1].kind == "final"


def test_what_was_published_before_a_process_died_is_kept_by_the_next(
    registrar: Registrar, hands: Hands
) -> None:
    hands.move_to(registrar.manifest.times.vote_opens + HOUR)
    published = box_door.publish(registrar.election_id, ())
    assert (boards_due(), boards_due()) == (1, 0)
    assert [each.root for each in roots(registrar)] == [published.root]
    hands.move_to(registrar.manifest.times.vote_ends)
    closed = box_door.close(registrar.election_id, (), ())
    assert boards_due() == 1 and state(registrar) == CLOSED and roots(registrar)[-1].root == closed.root


def test_a_box_or_a_signer_that_is_away_stops_nothing_else(
    registrar: Registrar, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.move_to(registrar.manifest.times.vote_ends)
    real = doors.ask

    def without(door: str) -> None:
        def ask(path: object, *rest: object) -> object:
            if str(path).endswith(door):
                raise Refused("It is away.", status=503)
            return real(path, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(doors, "ask", ask)

    without("ballot-box-inside")
    assert boards_due() == 0 and roots(registrar) == []
    without(DOOR)
    assert boards_due() == 1 and roots(registrar)[0].kind == "closed"


def test_the_signing_key_is_destroyed_when_nobody_draws_any_more(registrar: Registrar, hands: Hands) -> None:
    mine = Credential.from_seed(numbered("one", 1, 16), registrar.manifest)
    answer = registrar.issue(registrar.members[0], mine.blinded)
    late = Credential.from_seed(numbered("two", 1, 16), registrar.manifest)
    with registrar.db.transaction() as session:  # the process died before it asked the signer
        election = session.get_one(Election, registrar.election_id)
        assert credentials.claim(session, election, registrar.members[1], late.blinded) is None
    hands.move_to(registrar.manifest.times.vote_opens + HOUR)
    boards_due()
    with pytest.raises(Refused, match="destroyed") as refused:
        signing.sign(registrar.election_id, mine.blinded)
    assert refused.value.status == 410
    with registrar.db.reading() as session:
        assert None not in session.scalars(select(Issuance.answer)).all()
    # Whoever drew in time still gets her answer: she may have nothing left but her twelve words.
    assert draws.draw(registrar.election_id, registrar.members[0], mine.blinded) == answer
    assert late.token(draws.draw(registrar.election_id, registrar.members[1], late.blinded))
    with pytest.raises(Refused) as refused:
        draws.draw(registrar.election_id, registrar.members[2], registrar.blinded("three"))
    assert refused.value.status == 403
