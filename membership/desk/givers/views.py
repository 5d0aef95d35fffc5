"""Two pages: say the address; and, by the link of the letter, see what will be forgotten, and say so."""

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from commons import web
from commons.refusal import Refused
from membership.desk.givers import asking, erasing
from membership.desk.givers.forms import AddressForm
from membership.money import currencies
from membership.money.guards import Page
from membership.payments import credits

pages = Blueprint("givers", __name__)


@pages.route("/pledges/forget", methods=["GET", "POST"])
def ask() -> Page:
    """Have a link sent. The answer is the same for every address."""
    form = AddressForm(request.form if request.method == "POST" else None)
    if request.method == "GET":
        return _ask_page(form, 200)
    if not form.validate():
        return _ask_page(form, 422)
    try:
        asking.ask(web.session(), form.email.data, web.network())
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _ask_page(form, refused.status)
    return render_template("membership/desk/forget_asked.html", email=form.email.data)


@pages.route("/pledges/forget/<token>", methods=["GET", "POST"])
def forget(token: str) -> Page:
    """By the link: what will be done, and the button."""
    session = web.session()
    address, refused = asking.address_of(session, token), ""
    if request.method == "POST":
        try:
            return _unkept(200, done=True, until=erasing.forget(session, address))
        except Refused as error:
            web.undo()
            refused = web.words(error)
    known = erasing.look(web.session(), address)
    return _unkept(
        409 if refused else 200,
        done=False,
        refused=refused,
        known=known,
        address=address,
        path=credits.path,
        show=currencies.show,
    )


def _ask_page(form: AddressForm, status: int) -> Page:
    return render_template("membership/desk/forget.html", form=form), status


def _unkept(status: int, **values: object) -> Response:
    """The page behind the link, of which no cache keeps a copy."""
    response = make_response(render_template("membership/desk/forget_link.html", **values), status)
    response.headers["Cache-Control"] = "no-store"
    return response
