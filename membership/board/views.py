"""The board in public, and the petitions by which members recall somebody from it."""

import uuid

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from commons import powers, web
from commons.refusal import Refused
from commons.views import DEEDS, POWERS
from membership.board import meetings, overview, petitions, seats, vacancies
from membership.board.forms import ATTENDED, DEPUTED, PetitionForm
from membership.elections import results
from membership.elections.models import Election

pages = Blueprint("board", __name__)


@pages.get("/board")
def board() -> Response:
    """Who sits, since and until when, by which count, attendance, decisions, and every use of a power."""
    session = web.session()
    return web.public(
        render_template(
            "membership/board/board.html",
            founding=powers.founding(session),
            founders=overview.founders(session),
            sitting=overview.sitting(session),
            to_come=overview.to_come(session),
            former=overview.former(session),
            vacancies=overview.vacancies(session),
            met=overview.met(session),
            recalls=overview.recalls(session, petitions.live(session)),
            recalled=overview.recalls(session, petitions.closed(session)),
            uses=list(overview.uses(session)),
            fixed=seats.fixed_now(session),
            deeds=DEEDS,
            powers=POWERS,
            deputed=DEPUTED,
        )
    )


@pages.get("/board/meetings/<uuid:meeting_id>")
def meeting(meeting_id: uuid.UUID) -> Response:
    """One meeting: who was there and what was decided."""
    session = web.session()
    found = meetings.find(session, meeting_id)
    return web.public(
        render_template(
            "membership/board/meeting.html",
            meeting=found,
            attendance=meetings.attendance(session, found),
            decisions=meetings.decisions(session, found),
            attended=ATTENDED,
        )
    )


@pages.get("/board/countbacks/<uuid:offer_id>")
def countback(offer_id: uuid.UUID) -> Response:
    """The count by which a vacant seat was offered, stage by stage, made again for this page."""
    session = web.session()
    offer = vacancies.find_offer(session, offer_id)
    left = seats.find(session, offer.seat_id)
    found = vacancies.recount(session, offer)
    assert found.count is not None
    return web.public(
        render_template(
            "membership/board/countback.html",
            offer=offer,
            left=left,
            election=session.get_one(Election, left.election_id),
            guarded=[found.count.name(number) for number in offer.record["sitting"]],
            passed_over=[found.count.name(number) for number in offer.record["others"]],
            count=found.count,
            rule=results.rule_name(found.count.rule),
            stages=results.stages(found.count),
        )
    )


# Recall


@pages.get("/board/petitions")
@web.signed_in
def petitions_() -> ResponseReturnValue:
    """What members may sign, and the form to begin a petition."""
    return _petitions_page(PetitionForm().offer(seats.sitting(web.session())))


@pages.post("/board/petitions")
@web.signed_in
def open_petition() -> ResponseReturnValue:
    """Begin a petition; who begins it signs it."""
    session, me = web.session(), web.me()
    form = PetitionForm(request.form).offer(seats.sitting(session))
    if not form.validate():
        return _petitions_page(form, 422)
    try:
        petitions.open_(session, uuid.UUID(form.seat.data), form.reason.data, by=me)
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _petitions_page(form, refused.status)
    return redirect("/board/petitions", 303)


@pages.post("/board/petitions/<uuid:petition_id>/sign")
@web.signed_in
def sign(petition_id: uuid.UUID) -> ResponseReturnValue:
    """Sign a petition, once."""
    petitions.sign(web.session(), petition_id, by=web.me())
    return redirect("/board/petitions", 303)


def _petitions_page(form: PetitionForm, status: int = 200) -> ResponseReturnValue:
    session, me = web.session(), web.me()
    page = render_template(
        "membership/board/petitions.html",
        recalls=overview.recalls(session, petitions.live(session)),
        signed=petitions.signed_by(session, me),
        form=form,
        votes=petitions.has_vote(session, me),
        fixed=seats.fixed_now(session),
    )
    return page, status
