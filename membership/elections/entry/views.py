"""The page of a member's own entry on the roll. Nobody else gets to see it."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField

from commons import limits, web
from commons.clock import db_now
from commons.forms import Form, at_most, needed, storable
from commons.language import N_, wall
from commons.refusal import Refused
from membership.elections import calls, objections, rolls, timetable
from membership.elections.models import Election, Issuance, RollEntry
from membership.elections.timetable import Step
from membership.members import members

pages = Blueprint("election_entry", __name__)


class ObjectionForm(Form):
    """What a member says is wrong with the roll."""

    text = TextAreaField(
        N_("What is wrong with the roll?"),
        [needed(), at_most(limits.OBJECTION_CHARS), storable],
        render_kw={"rows": 5},
    )


@pages.get("/elections/<slug>/entry")
@web.signed_in
def mine(slug: str) -> str:
    """One's entry with salt and proof, whether a credential was drawn for it, and one's objections."""
    return _page(calls.find(web.session(), slug), ObjectionForm())


@pages.post("/elections/<slug>/entry")
@web.signed_in
def object_to(slug: str) -> ResponseReturnValue:
    """Object to the roll."""
    election, form = calls.find(web.session(), slug), ObjectionForm(request.form)
    if not form.validate():
        return _page(election, form), 422
    try:
        objections.make(web.session(), election, form.text.data, by=web.me())
        return redirect(f"/elections/{slug}/entry", 303)
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _page(calls.find(web.session(), slug), form), refused.status


def _page(election: Election, form: ObjectionForm) -> str:
    session = web.session()
    membership = members.of(session, web.me())
    key = (election.id, membership.id) if membership is not None else None
    on_roll = key is not None and session.get(RollEntry, key) is not None
    step = timetable.step(election, db_now(session))
    return render_template(
        "membership/elections/entry.html",
        election=election,
        form=form,
        entry=rolls.own_entry(session, election, membership.id) if on_roll and membership else None,
        drawn=key is not None and session.get(Issuance, key) is not None,
        frozen=election.roll_size is not None,
        objecting=election.roll_size is not None and step == Step.OBJECTIONS and membership is not None,
        objections=objections.of(session, election, membership) if membership is not None else [],
        published=election.package is not None,
        wall=wall,
    )
