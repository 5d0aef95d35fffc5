"""Who stands: named or naming herself, agreeing, supported by members, answering their questions.

Whoever is only named stands nowhere in public until she agrees. She stands once she has agreed and enough
members support her.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import mail, powers
from commons.accounts import Account
from commons.clock import db_now
from commons.language import N_
from commons.limits import (
    CANDIDATE_DISCLOSURES_CHARS,
    CANDIDATE_STATEMENT_CHARS,
    ELECTION_QUESTION_CHARS,
    QUESTIONS_PER_CANDIDATE,
)
from commons.powers import Power
from commons.refusal import Refused
from membership.elections import calls, rolls, timetable
from membership.elections.models import BOARD, Candidacy, CandidateQuestion, Election, Seconding
from membership.elections.timetable import Step
from membership.members import members
from membership.members.models import Membership

# Naming and agreeing


def nominate(session: Session, election: Election, number: int, *, by: Account) -> Candidacy:
    """Propose the member with that number in the register; she is asked by letter whether she agrees.

    Refused outside the time for it, without a vote, and for who is named already (409).
    """
    _nominating(session, election)
    proposer = voter(session, election, by)
    proposed = members.numbered(session, number)
    _check_has_vote(session, election, proposed)
    made = _add(session, election, proposed, proposer)
    data = proposed.party.data
    if proposed.id != proposer.id and data is not None and data.email:
        mail.send(
            session,
            to=data.email,
            letter="election_nominated",
            name=data.name,
            election=election,
            address=f"{calls.address(election)}/nominate",
        )
    return made


def stand(
    session: Session, election: Election, *, statement: str, disclosures: str, by: Account
) -> Candidacy:
    """Agree to stand, or stand of oneself; again: change statement and disclosures.

    Refused for officers of elections (403), outside the time for nominations, and without a statement.
    """
    _nominating(session, election)
    membership = voter(session, election, by)
    if Power.ELECTIONS in powers.held(session, by):
        raise Refused(N_("An officer of elections cannot stand. Lay the office down first."), status=403)
    hers = of(session, election, membership)
    if hers is None:
        hers = _add(session, election, membership, membership)
    if hers.withdrawn_at is not None:
        raise Refused(N_("You withdrew; that is for good."), status=409)
    hers.statement = _text(statement, CANDIDATE_STATEMENT_CHARS, N_("Say why you stand."))
    hers.disclosures = _text(disclosures, CANDIDATE_DISCLOSURES_CHARS, None)
    if hers.consented_at is None:
        _name(session, hers, membership)
        hers.consented_at, hers.declined_at = db_now(session), None
    session.flush()
    return hers


def decline(session: Session, election: Election, *, by: Account) -> None:
    """Do not agree to stand. What was proposed is not shown to anybody."""
    hers = _hers(session, election, by)
    if hers.consented_at is not None:
        raise Refused(N_("You agreed to stand; you can withdraw."), status=409)
    hers.declined_at = db_now(session)


def withdraw(session: Session, election: Election, *, by: Account) -> None:
    """Stand no longer, until voting ends. Papers already cast pass her over; everything else stays."""
    hers = _hers(session, election, by)
    if hers.consented_at is None or hers.withdrawn_at is not None:
        raise Refused(N_("You do not stand in this election."), status=409)
    before = (Step.NOMINATIONS, Step.OBJECTIONS, Step.PREPARING, Step.ISSUING, Step.WAITING, Step.VOTING)
    if timetable.step(election, db_now(session)) not in before:
        raise Refused(N_("Voting is closed."), status=409)
    if hers.number is not None and len(_running(session, election)) < 2:
        raise Refused(N_("You are the last candidate. Ask an officer to end the election."), status=409)
    hers.withdrawn_at = db_now(session)


def _running(session: Session, election: Election) -> Sequence[Candidacy]:
    """All on the ballot who have not withdrawn, answers and re-opening included."""
    on_ballot = Candidacy.election_id == election.id, Candidacy.number.is_not(None)
    return session.scalars(select(Candidacy).where(*on_ballot, Candidacy.withdrawn_at.is_(None))).all()


def second(session: Session, candidacy_id: uuid.UUID, *, by: Account) -> None:
    """Support a candidate who agreed; as many as one likes, each once (409), oneself never."""
    candidacy = find(session, candidacy_id)
    election = session.get_one(Election, candidacy.election_id)
    _nominating(session, election)
    membership = voter(session, election, by)
    if membership.id == candidacy.membership_id:
        raise Refused(N_("You cannot support yourself."), status=403)
    if candidacy.consented_at is None or candidacy.withdrawn_at is not None:
        raise Refused(N_("This member does not stand."), status=409)
    try:
        with session.begin_nested():
            session.add(Seconding(candidacy_id=candidacy.id, membership_id=membership.id))
    except IntegrityError:
        raise Refused(N_("You support this candidate already."), status=409) from None


# Questions


def ask(session: Session, candidacy_id: uuid.UUID, text: str, *, by: Account) -> CandidateQuestion:
    """Put a question to a candidate until voting ends; each member may put a few to each."""
    candidacy = find(session, candidacy_id)
    election = session.get_one(Election, candidacy.election_id)
    membership = voter(session, election, by)
    _still_asked(session, election)
    if (
        candidacy.consented_at is None
        or candidacy.withdrawn_at is not None
        or candidacy.membership_id is None
    ):
        raise Refused(N_("This member does not stand."), status=409)
    text = _text(text, ELECTION_QUESTION_CHARS, N_("What is the question?"))
    mine = CandidateQuestion.candidacy_id == candidacy.id, CandidateQuestion.membership_id == membership.id
    place = session.scalar(select(func.count()).select_from(CandidateQuestion).where(*mine)) or 0
    if place >= QUESTIONS_PER_CANDIDATE:
        raise Refused(N_("You have asked this candidate enough."), status=409)
    made = CandidateQuestion(
        candidacy_id=candidacy.id, membership_id=membership.id, place=place + 1, text=text
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Refused(N_("Your other question came first. Ask again."), status=409) from None
    return made


def answer(session: Session, question_id: uuid.UUID, text: str, *, by: Account) -> CandidateQuestion:
    """Answer a question to oneself, until voting ends; the answer can be changed until then."""
    question = session.get(CandidateQuestion, question_id)
    if question is None:
        raise Refused(N_("There is no such question."), status=404)
    candidacy = find(session, question.candidacy_id)
    mine = members.of(session, by)
    if mine is None or mine.id != candidacy.membership_id:
        raise Refused(N_("This question is not to you."), status=403)
    _still_asked(session, session.get_one(Election, candidacy.election_id))
    question.answer = _text(text, CANDIDATE_STATEMENT_CHARS, N_("Write an answer."))
    question.answered_at = db_now(session)
    return question


def questions(session: Session, candidacy: Candidacy) -> list[CandidateQuestion]:
    """All to this candidate, oldest first."""
    to_her = select(CandidateQuestion).where(CandidateQuestion.candidacy_id == candidacy.id)
    return list(session.scalars(to_her.order_by(CandidateQuestion.asked_at, CandidateQuestion.id)))


# Who stands


def find(session: Session, candidacy_id: uuid.UUID) -> Candidacy:
    """The candidacy, or a 404."""
    found = session.get(Candidacy, candidacy_id)
    if found is None:
        raise Refused(N_("There is no such candidate."), status=404)
    return found


def of(session: Session, election: Election, membership: Membership) -> Candidacy | None:
    """The member's candidacy in this election, agreed to or not."""
    hers = Candidacy.election_id == election.id, Candidacy.membership_id == membership.id
    return session.scalar(select(Candidacy).where(*hers))


def shown(session: Session, election: Election) -> list[Candidacy]:
    """Whoever agreed to stand, those who withdrew too: on the ballot in its order, else by name."""
    agreed = select(Candidacy).where(
        Candidacy.election_id == election.id, Candidacy.consented_at.is_not(None)
    )
    return list(session.scalars(agreed.order_by(Candidacy.number, Candidacy.name)))


def standing(session: Session, election: Election) -> list[Candidacy]:
    """Who would be on the ballot now: agreed, supported enough, not withdrawn; by name."""
    return [
        each
        for each in shown(session, election)
        if each.withdrawn_at is None
        and (each.membership_id is None or supporters(session, each) >= election.seconders)
    ]


def supporters(session: Session, candidacy: Candidacy) -> int:
    found = select(func.count()).where(Seconding.candidacy_id == candidacy.id)
    return session.scalar(found) or 0


def supports(session: Session, candidacy: Candidacy, membership: Membership | None) -> bool:
    return membership is not None and session.get(Seconding, (candidacy.id, membership.id)) is not None


def withdrawn_numbers(session: Session, election: Election) -> tuple[int, ...]:
    """Who is on the ballot and withdrew, by number in the manifest."""
    gone = select(Candidacy.number).where(
        Candidacy.election_id == election.id,
        Candidacy.number.is_not(None),
        Candidacy.withdrawn_at.is_not(None),
    )
    return tuple(sorted(number for number in session.scalars(gone) if number is not None))


def voter(session: Session, election: Election, account: Account) -> Membership:
    """The account's membership, if it will have a vote in this election. Refused (403) otherwise."""
    found = members.of(session, account)
    if found is None:
        raise Refused(N_("Only members with a vote take part in an election."), status=403)
    _check_has_vote(session, election, found)
    return found


def _check_has_vote(session: Session, election: Election, membership: Membership) -> None:
    at = timetable.of(election).roll_at
    hers = select(Membership.id).where(Membership.id == membership.id, rolls.has_vote(session, at))
    if session.scalar(hers) is None:
        raise Refused(N_("Only members with a vote take part in an election."), status=403)


def _add(session: Session, election: Election, membership: Membership, proposer: Membership) -> Candidacy:
    # Nobody's name stands in the row before she agrees.
    made = Candidacy(
        election_id=election.id, membership_id=membership.id, nominated_by_id=proposer.id, name=""
    )
    made.name = str(membership.id)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Refused(N_("This member was proposed already."), status=409) from None
    return made


def _name(session: Session, candidacy: Candidacy, membership: Membership) -> None:
    """The name for the ballot; two of the same name are told apart by their numbers."""
    name = membership.party.data.name if membership.party.data is not None else ""
    line = " ".join(name.split())
    for each in (line, f"{line} ({membership.number})"):
        try:
            with session.begin_nested():
                candidacy.name = each
                session.flush()
            return
        except IntegrityError:
            session.refresh(candidacy)
    raise Refused(N_("Another candidate has this name."), status=409)


def _hers(session: Session, election: Election, account: Account) -> Candidacy:
    membership = members.of(session, account)
    found = of(session, election, membership) if membership is not None else None
    if found is None:
        raise Refused(N_("You do not stand in this election."), status=404)
    return found


def _nominating(session: Session, election: Election) -> None:
    if election.kind != BOARD:
        raise Refused(N_("Nobody stands in a vote on a question."), status=409)
    if timetable.step(election, db_now(session)) != Step.NOMINATIONS:
        raise Refused(N_("Nominations are closed."), status=403)


def _still_asked(session: Session, election: Election) -> None:
    if timetable.phase(election, db_now(session)) not in ("nominations", "issuing", "voting"):
        raise Refused(N_("The time for questions is over."), status=403)


def _text(text: str, most: int, missing: str | None) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text and missing is not None:
        raise Refused(missing)
    if len(text) > most:
        raise Refused(N_("At most %(most)s characters, please."), most=most)
    return text
