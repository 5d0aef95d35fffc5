"""The page that looks a code up in the published ballots: downloaded whole, searched by the script."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from commons import web
from membership.elections import addresses
from membership.elections.draw import drawing
from membership.elections.models import CERTIFIED, COUNTED

pages = Blueprint("check_receipt", __name__)


@pages.get("/elections/<slug>/check")
def check(slug: str) -> ResponseReturnValue:
    """The same for everybody; which code is looked for never leaves the browser."""
    election = drawing.find(web.session(), slug)
    page = render_template(
        "membership/elections/check.html",
        election=election,
        counted=election.state in (COUNTED, CERTIFIED),
        ballot_page=addresses.ballot_page(slug),
    )
    return web.public(page)
