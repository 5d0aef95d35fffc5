"""From the roll to the manifest: the officers' tally key, its rehearsal, and the announcement.

Announcing again after something failed half-way gives the same manifest: everything in it is kept before the
ballot box hears of it, or made at the first call only.
"""

from html import escape

from sqlalchemy.orm import Session

from commons import clock, powers
from commons.accounts import Account
from commons.clock import db_now, iso
from commons.config import settings
from commons.db import new_id
from commons.language import N_, catalogue
from commons.limits import ELECTION_TEXT_CHARS
from commons.powers import Power
from commons.refusal import Refused
from federation import actors, posts
from federation.posts import Notice
from membership.elections import (
    box_door,
    calls,
    candidacies,
    credentials,
    objections,
    signing,
    timetable,
)
from membership.elections.models import BOARD, Candidacy, Election
from membership.elections.protocol import rehearsal
from membership.elections.protocol.manifest import Manifest, signer_field
from membership.elections.protocol.words import words
from membership.elections.timetable import Step
from membership.members import members

REOPEN = N_("Re-open nominations")
NONE_OF_THEM = N_("None of them: re-open nominations")
MARKS, ONE_MARK = "approval", "plurality"


def set_tally_key(session: Session, election: Election, public: bytes, *, by: Account) -> None:
    """The public half of the officers' key, which seals a dummy for the rehearsal. Until it is announced."""
    calls.act(session, election, by, "set the tally key")
    _open_still(election)
    election.challenge, election.challenge_hash = rehearsal.challenge(public)
    election.tally_key, election.rehearsed_at = public, None


def rehearse(session: Session, election: Election, answer: str, *, by: Account) -> None:
    """The words that were in the dummy: the officers can open what is sealed. Refused for other words."""
    calls.act(session, election, by, "rehearse the tally key")
    _open_still(election)
    if election.challenge_hash is None:
        raise Refused(N_("There is no tally key yet."), status=409)
    if rehearsal.answer_hash(answer) != election.challenge_hash:
        raise Refused(N_("These are not the words in the dummy."))
    election.rehearsed_at = db_now(session)


def set_lot(session: Session, election: Election, lot: str, *, by: Account) -> None:
    """Which public value will decide lots, drawn by somebody else after the close. Until it is announced."""
    calls.act(session, election, by, "name the source of lots")
    _open_still(election)
    lot = " ".join(lot.split())
    if not lot or len(lot) > ELECTION_TEXT_CHARS or not lot.isprintable():
        raise Refused(N_("Say which public value will be drawn for lots."))
    election.lot = lot


def missing(session: Session, election: Election) -> list[str]:
    """What still has to be done before it can be announced, as message ids."""
    moment, times = db_now(session), timetable.of(election)
    wanting = [
        (moment < times.objections_end, N_("The time for objections to the roll is not over.")),
        (moment >= times.issue_opens, N_("It is too late for this timetable. Postpone the election first.")),
        (election.roll_size is None, N_("The roll is not frozen yet.")),
        (bool(objections.unanswered(session, election)), N_("An objection to the roll is not answered.")),
        (election.tally_key is None, N_("There is no tally key yet.")),
        (election.rehearsed_at is None, N_("The tally key was not rehearsed.")),
        (not election.lot, N_("Say which public value will be drawn for lots.")),
        (not candidacies.standing(session, election), N_("Nobody stands.")),
        (_officer_stands(session, election), N_("A candidate is an officer of elections.")),
    ]
    return [words for lacks, words in wanting if lacks]


def announce(session: Session, election: Election, *, by: Account) -> Manifest:
    """Fix the manifest for good, open the ballot box for it, and post its hash.

    Refused (409) while anything of `missing` is, and (503) while signer or box do not answer, or the clocks
    differ by which it opens and closes.
    """
    calls.act(session, election, by, "announce an election")
    _open_still(election)
    lacks = missing(session, election)
    if lacks:
        raise Refused(lacks[0], status=409)
    clock.require_agreement(session, box_door.clock())
    _number(session, election)
    manifest = credentials.announce(session, election, document(session, election))
    election.announced_at = db_now(session)
    session.flush()
    box_door.open_box(election.id, election.slug, manifest.canonical())
    posts.notify(session, _notice(session, election, manifest))
    return manifest


def document(session: Session, election: Election) -> dict[str, object]:
    """The manifest as JSON. Its keys are made at the first call."""
    times = timetable.of(election)
    choices = _on_ballot(session, election)
    reopens = next((each.number for each in choices if each.reopens), 0)
    assert election.tally_key is not None and election.roll_root is not None
    return {
        "format": "rostra-election-1",
        "rule_version": 1,
        "id": calls.address(election),
        "kind": election.kind,
        "title": election.title,
        "question": election.question,
        "rule": election.rule,
        "seats": election.seats,
        "candidates": [each.name for each in choices],
        "reopens": reopens,
        "each": election.each,
        "ranks": 1 if election.rule == ONE_MARK else len(choices),
        "quorum_percent": election.quorum_percent,
        "majority_percent": election.majority_percent,
        "issue_opens": iso(times.issue_opens),
        "issue_ends": iso(times.issue_ends),
        "vote_opens": iso(times.vote_opens),
        "vote_ends": iso(times.vote_ends),
        "complaint_hours": election.complaint_hours,
        "publish_min": election.publish_min,
        "roll": {"size": election.roll_size, "root": election.roll_root.hex()},
        "signers": signer_field(signing.make_key(election.id)),
        "tally": "single",
        "tally_key": election.tally_key.hex(),
        "box_key": box_door.make_key(election.id).hex(),
        "lot": election.lot,
        "files": {name: digest.hex() for name, digest in credentials.published_files().items()},
        "couriers": [],
        "witnesses": [],
        "server_assisted": {"cap": election.assisted_cap} if election.assisted_cap else False,
    }


def _number(session: Session, election: Election) -> None:
    """Number who stands. With no more of them than seats each is voted on alone; see ``manifest``."""
    found = candidacies.standing(session, election)
    people = [each for each in found if not each.reopens]
    election.each = election.kind == BOARD and len(people) <= election.seats
    if election.each:
        election.rule = MARKS
    choices = people
    if election.each or election.ron:
        choices = [*people, _reopening(session, election, found)]
    for number, each in enumerate(choices, 1):
        each.number = number
    session.flush()


def _reopening(session: Session, election: Election, found: list[Candidacy]) -> Candidacy:
    """The choice that stands for no person, in the newsroom's language."""
    told = catalogue(settings().language).gettext(NONE_OF_THEM if election.each else REOPEN)
    before = next((each for each in found if each.reopens), None)
    made = before or Candidacy(election_id=election.id, reopens=True, consented_at=db_now(session))
    made.name = told
    session.add(made)
    session.flush()
    return made


def _on_ballot(session: Session, election: Election) -> list[Candidacy]:
    return [each for each in candidacies.shown(session, election) if each.number is not None]


def _officer_stands(session: Session, election: Election) -> bool:
    people = [each.membership_id for each in candidacies.standing(session, election)]
    return any(
        Power.ELECTIONS in powers.held(session, members.account_of(session, each))
        for each in people
        if each is not None
    )


def _open_still(election: Election) -> None:
    if election.manifest is not None:
        raise Refused(N_("The manifest of this election is announced and cannot change."), status=409)
    if election.state == Step.VOID:
        raise Refused(N_("This election is over."), status=409)


def _notice(session: Session, election: Election, manifest: Manifest) -> Notice:
    """The announcement as followers get it: with the hash, so that thousands of servers hold a dated copy."""
    actor, page = actors.newsroom(session), calls.address(election)
    say = catalogue(settings().language).gettext
    parts = [
        f"<strong>{escape(election.title)}</strong>",
        escape(say(N_("The election is announced. The hash of its manifest, H:"))),
        f"<code>{manifest.hash.hex()}</code>",
        escape(words(manifest.hash)),
        f'<a href="{escape(page)}">{escape(page)}</a>',
    ]
    return Notice(
        id=new_id(),
        author=actor,
        groups=[],
        html="".join(f"<p>{part}</p>" for part in parts),
        language=settings().language,
        url=page,
        published_at=db_now(session),
    )
