"""The page on the newsroom's own origin where a blinded value is signed. It never sees words or ballots."""

import re

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from commons import web
from commons.language import N_
from commons.refusal import Refused
from membership.elections import addresses, draws
from membership.elections.credentials import manifest_of
from membership.elections.draw import drawing
from membership.elections.protocol.blind_rsa import BITS
from membership.elections.protocol.mark import mark
from membership.elections.protocol.words import words

pages = Blueprint("draw", __name__)

BLINDED = re.compile(rf"[0-9a-f]{{{BITS // 4}}}")


@pages.get("/elections/<slug>/draw")
@web.freshly_proved
def ask(slug: str) -> ResponseReturnValue:
    """What will happen, and the button. Without a blinded value: where to get one."""
    election = drawing.find(web.session(), slug)
    blinded = request.args.get("blinded", "")
    sent = BLINDED.fullmatch(blinded)
    page = render_template(
        "membership/elections/draw.html",
        election=election,
        standing=drawing.standing(web.session(), election, web.me()),
        blinded=blinded if sent else "",
        mark=mark(bytes.fromhex(blinded)) if sent else "",
        ballot_page=addresses.ballot_page(slug),
    )
    return page


@pages.post("/elections/<slug>/draw")
@web.freshly_proved
def draw(slug: str) -> ResponseReturnValue:
    """The signed answer, in a link back to the ballot page: after its "#", which no browser sends."""
    election = drawing.find(web.session(), slug)
    blinded = request.form.get("blinded", "")
    if not BLINDED.fullmatch(blinded):
        raise Refused(N_("This is not what a ballot page sends. Begin again there."), status=400)
    election_id, member = election.id, drawing.member(web.session(), web.me())
    web.undo()  # the draw has transactions of its own
    answer = draws.draw(election_id, member, bytes.fromhex(blinded))
    return render_template(
        "membership/elections/drawn.html",
        election=election,
        hash_words=words(manifest_of(election).hash),
        answer=answer.hex(),
        back=f"{addresses.ballot_page(slug)}#answer={answer.hex()}",
    )
