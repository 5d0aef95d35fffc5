"""The officers' pages: calling an election, and what each of its steps asks of them."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from commons import limits, powers, web
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.forms import Form
from commons.language import wall
from commons.powers import Power
from commons.refusal import Refused
from membership.elections import (
    announcements,
    calls,
    candidacies,
    credentials,
    objections,
    outcomes,
    shown,
    timetable,
)
from membership.elections.models import Election
from membership.elections.office.forms import FORMS, AnswerForm, CallForm
from membership.elections.protocol.words import words
from membership.elections.timetable import Step

pages = Blueprint("election_office", __name__)

STEPS = "key, rehearsal, lot, announce, count, certify, postpone, void"
Verb = Callable[[Election, Any], object]


@pages.get("/elections/office")
@web.signed_in
def index() -> str:
    """All elections, and the way to call another."""
    _officer()
    return _page("office_index.html", every=shown.every(web.session(), limits.ROWS_SHOWN))


@pages.route("/elections/office/call", methods=["GET", "POST"])
@web.signed_in
def call() -> ResponseReturnValue:
    """Call an election or a vote."""
    officer, form = _officer(), CallForm(request.form)
    if request.method == "GET" or not form.validate():
        return _call_page(form), 422 if form.errors else 200
    try:
        made = calls.call(
            web.session(),
            kind=form.kind.data,
            title=form.title.data,
            question=form.question.data or "",
            options=form.answers(),
            seats=form.seats.data,
            rule=form.rule.data or None,
            vote_ends=form.vote_ends(),
            by=officer,
        )
        return redirect(_office(made), 303)
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _call_page(form), refused.status


def _call_page(form: CallForm) -> str:
    session = web.session()
    earliest = {kind: calls.earliest_end(session, kind) for kind in ("board", "question")}
    seats = calls.seats_up(session, calls.fixed_now(session))
    return _page("office_call.html", form=form, earliest=earliest, seats=seats)


@pages.get("/elections/office/<slug>")
@web.signed_in
def one(slug: str) -> str:
    """One election: what is to be done now, and what was done."""
    _officer()
    return _one(calls.find(web.session(), slug), {})


@pages.post(f"/elections/office/<slug>/<any({STEPS}):step>")
@web.signed_in
def act(slug: str, step: str) -> ResponseReturnValue:
    """One of the officers' acts; refused, the page says why beside its form."""
    officer = _officer()
    election, form = calls.find(web.session(), slug), FORMS[step](request.form)
    if not form.validate():
        return _one(election, {step: form}), 422
    try:
        _verbs(officer)[step](election, form)
        return redirect(_office(election), 303)
    except Refused as refused:
        return _again(slug, step, form, refused)


@pages.post("/elections/office/<slug>/objections/<uuid:objection_id>")
@web.signed_in
def answer(slug: str, objection_id: uuid.UUID) -> ResponseReturnValue:
    """Answer an objection, and put right what was wrong."""
    officer = _officer()
    election, form = calls.find(web.session(), slug), AnswerForm(request.form)
    place = str(objection_id)
    if not form.validate():
        return _one(election, {place: form}), 422
    try:
        objections.answer(
            web.session(),
            objection_id,
            upheld=form.upheld.data == "yes",
            answer=form.answer.data,
            correct=form.correct(),
            by=officer,
        )
        return redirect(_office(election), 303)
    except Refused as refused:
        return _again(slug, place, form, refused)


def _verbs(by: Account) -> Mapping[str, Verb]:
    session = web.session()
    return {
        "key": lambda found, form: announcements.set_tally_key(session, found, form.key(), by=by),
        "rehearsal": lambda found, form: announcements.rehearse(session, found, form.words.data, by=by),
        "lot": lambda found, form: announcements.set_lot(session, found, form.lot.data, by=by),
        "announce": lambda found, form: announcements.announce(session, found, by=by),
        "count": lambda found, form: outcomes.count(session, found, form.key.data, form.value.data, by=by),
        "certify": lambda found, form: _certify(found, by),
        "postpone": lambda found, form: calls.postpone(
            session, found, form.by_time(), by=by, reason=form.why.data
        ),
        "void": lambda found, form: calls.void(session, found, by=by, reason=form.reason.data),
    }


def _certify(election: Election, by: Account) -> None:
    outcomes.certify(web.session(), election, by=by)
    # A recall ends the seat with this transaction, and not when a job comes by.
    current_app.extensions["rostra.certified"](web.session(), election)


def _again(slug: str, place: str, form: Form, refused: Refused) -> ResponseReturnValue:
    """The page once more. A tally key that was pasted is not written back into it."""
    web.undo()
    if "key" in form:
        form.key.data = ""
    form.refuse(refused)
    return _one(calls.find(web.session(), slug), {place: form}), refused.status


def _one(election: Election, sent: Mapping[str, Form]) -> str:
    """The page, with the forms that were ``sent`` as they came."""
    session = web.session()
    step = timetable.step(election, db_now(session))
    found = objections.unanswered(session, election)
    ahead = election.manifest is None and step != Step.VOID
    return _page(
        "office_one.html",
        election=election,
        shown=shown.show(session, election),
        step=step,
        ahead=ahead,
        missing=announcements.missing(session, election) if ahead else [],
        standing=candidacies.standing(session, election),
        people=[
            (each, candidacies.supporters(session, each)) for each in candidacies.shown(session, election)
        ],
        objections=[(each, sent.get(str(each.id)) or AnswerForm()) for each in found],
        answered=objections.answered(session, election),
        forms={name: sent.get(name) or make() for name, make in FORMS.items()},
        wrong=[form for form in sent.values() if form.errors],
        printed=_printed(election),
        waits=election.counted_by_id is not None and step == Step.COUNTING,
    )


def _printed(election: Election) -> tuple[str, str] | None:
    """H in hex and as words."""
    if election.manifest is None:
        return None
    found = credentials.manifest_of(election).hash
    return found.hex(), words(found)


def _office(election: Election) -> str:
    return f"/elections/office/{election.slug}"


def _page(template: str, **values: object) -> str:
    return render_template(f"membership/elections/{template}", wall=wall, zone=settings().timezone, **values)


def _officer() -> Account:
    """Who is signed in, if she holds elections; 403 otherwise."""
    account = web.account()
    powers.require(web.session(), account, Power.ELECTIONS)
    assert account is not None
    return account
