"""The pages on which members propose, stand, support and ask. Everybody may read them."""

import uuid

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from commons import web
from commons.clock import db_now
from commons.forms import Form
from commons.language import N_, wall
from commons.refusal import Refused
from membership.elections import calls, candidacies, timetable
from membership.elections.candidates.forms import AnswerForm, AskForm, ProposeForm, StandForm
from membership.elections.models import Candidacy, Election
from membership.elections.timetable import Step
from membership.members import members

pages = Blueprint("candidates", __name__)


@pages.get("/elections/<slug>/candidates")
def every(slug: str) -> str:
    """Who stands so far, and the ways to stand, to propose and to support."""
    return _every(calls.find(web.session(), slug), ProposeForm())


@pages.post("/elections/<slug>/candidates")
@web.signed_in
def propose(slug: str) -> ResponseReturnValue:
    """Propose a member; she gets a letter."""
    election, form = calls.find(web.session(), slug), ProposeForm(request.form)
    if not form.validate():
        return _every(election, form), 422
    try:
        candidacies.nominate(web.session(), election, form.number.data, by=web.me())
        return redirect(f"/elections/{slug}/candidates?proposed=1", 303)
    except Refused as refused:
        return _every(_undone(slug, form, refused), form), refused.status


@pages.route("/elections/<slug>/nominate", methods=["GET", "POST"])
@web.signed_in
def stand(slug: str) -> ResponseReturnValue:
    """Agree to stand, or stand of oneself; change what one says of oneself."""
    session, form = web.session(), StandForm(request.form)
    election = calls.find(session, slug)
    if request.method == "GET":
        hers = _hers(election)
        said = {"statement": hers.statement, "disclosures": hers.disclosures} if hers is not None else {}
        return _stand(election, StandForm(data=said))
    if not form.validate():
        return _stand(election, form), 422
    try:
        made = candidacies.stand(
            session,
            election,
            statement=form.statement.data,
            disclosures=form.disclosures.data or "",
            by=web.me(),
        )
        return redirect(f"/elections/{slug}/candidates/{made.id}", 303)
    except Refused as refused:
        return _stand(_undone(slug, form, refused), form), refused.status


@pages.post("/elections/<slug>/nominate/<any(decline, withdraw):step>")
@web.signed_in
def leave(slug: str, step: str) -> ResponseReturnValue:
    """Do not stand, or no longer."""
    verb = candidacies.decline if step == "decline" else candidacies.withdraw
    verb(web.session(), calls.find(web.session(), slug), by=web.me())
    return redirect(f"/elections/{slug}/candidates", 303)


@pages.get("/elections/<slug>/candidates/<uuid:candidacy_id>")
def card(slug: str, candidacy_id: uuid.UUID) -> str:
    """What a candidate says of herself, who supports her, and her answers."""
    return _card(slug, candidacy_id, {})


@pages.post("/elections/<slug>/candidates/<uuid:candidacy_id>/support")
@web.signed_in
def support(slug: str, candidacy_id: uuid.UUID) -> ResponseReturnValue:
    """Support a candidate."""
    _candidacy(slug, candidacy_id)
    candidacies.second(web.session(), candidacy_id, by=web.me())
    return redirect(f"/elections/{slug}/candidates/{candidacy_id}", 303)


@pages.post("/elections/<slug>/candidates/<uuid:candidacy_id>/questions")
@web.signed_in
def ask(slug: str, candidacy_id: uuid.UUID) -> ResponseReturnValue:
    """Ask a candidate something."""
    _candidacy(slug, candidacy_id)
    form = AskForm(request.form)
    if not form.validate():
        return _card(slug, candidacy_id, {"ask": form}), 422
    try:
        candidacies.ask(web.session(), candidacy_id, form.question.data, by=web.me())
        return redirect(f"/elections/{slug}/candidates/{candidacy_id}#questions", 303)
    except Refused as refused:
        _undone(slug, form, refused)
        return _card(slug, candidacy_id, {"ask": form}), refused.status


@pages.post("/elections/<slug>/candidates/<uuid:candidacy_id>/questions/<uuid:question_id>")
@web.signed_in
def answer(slug: str, candidacy_id: uuid.UUID, question_id: uuid.UUID) -> ResponseReturnValue:
    """Answer a question to oneself."""
    _candidacy(slug, candidacy_id)
    form, place = AnswerForm(request.form), str(question_id)
    if not form.validate():
        return _card(slug, candidacy_id, {place: form}), 422
    try:
        candidacies.answer(web.session(), question_id, form.answer.data, by=web.me())
        return redirect(f"/elections/{slug}/candidates/{candidacy_id}#questions", 303)
    except Refused as refused:
        _undone(slug, form, refused)
        return _card(slug, candidacy_id, {place: form}), refused.status


def _every(election: Election, form: ProposeForm) -> str:
    session = web.session()
    found = candidacies.shown(session, election)
    people = [
        (each, candidacies.supporters(session, each)) for each in found if each.membership_id is not None
    ]
    return _page("candidates.html", election, form=form, people=people, hers=_hers(election))


def _stand(election: Election, form: StandForm) -> str:
    return _page("candidate_stand.html", election, form=form, hers=_hers(election))


def _card(slug: str, candidacy_id: uuid.UUID, sent: dict[str, Form]) -> str:
    session = web.session()
    election, found = _candidacy(slug, candidacy_id)
    asked = candidacies.questions(session, found)
    hers = _hers(election)
    return _page(
        "candidate.html",
        election,
        candidate=found,
        hers=hers,
        mine=hers is not None and hers.id == found.id,
        supporters=candidacies.supporters(session, found),
        supported=candidacies.supports(session, found, members.of(session, web.account())),
        questions=[
            (each, sent.get(str(each.id)) or AnswerForm(data={"answer": each.answer})) for each in asked
        ],
        form=sent.get("ask") or AskForm(),
        wrong=[form for form in sent.values() if form.errors],
    )


def _candidacy(slug: str, candidacy_id: uuid.UUID) -> tuple[Election, Candidacy]:
    """A candidate of that election who agreed to stand; 404 otherwise, and for whoever only is proposed."""
    election, found = calls.find(web.session(), slug), candidacies.find(web.session(), candidacy_id)
    if found.election_id != election.id or found.consented_at is None or found.membership_id is None:
        raise Refused(N_("There is no such candidate."), status=404)
    return election, found


def _hers(election: Election) -> Candidacy | None:
    """The candidacy of the member who is signed in, agreed to or not."""
    mine = members.of(web.session(), web.account())
    return candidacies.of(web.session(), election, mine) if mine is not None else None


def _undone(slug: str, form: Form, refused: Refused) -> Election:
    web.undo()
    form.refuse(refused)
    return calls.find(web.session(), slug)


def _page(template: str, election: Election, **values: object) -> str:
    session, account = web.session(), web.account()
    step = timetable.step(election, db_now(session))
    return render_template(
        f"membership/elections/{template}",
        election=election,
        nominating=step == Step.NOMINATIONS and election.kind == "board",
        asking=timetable.phase(election, db_now(session)) in ("nominations", "issuing", "voting"),
        withdrawing=step not in (Step.COMPLAINTS, Step.COUNTING, Step.COUNTED, Step.CERTIFIED, Step.VOID),
        member=members.is_member(session, account),
        signed_in=account is not None,
        wall=wall,
        **values,
    )
