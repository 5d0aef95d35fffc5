"""Signing in, by password, passkey or a link in a letter; showing once more that it is you; signing out."""

import threading
import uuid
from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import EmailField, PasswordField

from commons import accounts, ceremonies, limits, passkeys, proof, sessions, sign_in_links, web
from commons.accounts import Account
from commons.ceremonies import Purpose
from commons.db import database
from commons.forms import Form, at_most, needed, storable
from commons.language import N_
from commons.page_parts import own_path
from commons.refusal import Refused

pages = Blueprint("sign_in", __name__)

WRONG = N_("Address and password do not fit.")
# Each password costs 19 MiB and a core for a while: more at once would be a way to tire the server.
_hashing = threading.BoundedSemaphore(limits.PASSWORDS_AT_ONCE)


class SignInForm(Form):
    email = EmailField(N_("E-mail address"), [needed(), at_most(limits.EMAIL_CHARS), storable])
    password = PasswordField(N_("Password"), [needed(), at_most(limits.PASSWORD_CHARS[1])])


class LinkForm(Form):
    email = EmailField(N_("E-mail address"), [needed(), at_most(limits.EMAIL_CHARS), storable])


class ProofForm(Form):
    password = PasswordField(N_("Password"), [needed(), at_most(limits.PASSWORD_CHARS[1])])


class EmptyForm(Form):
    """A form whose only field a device fills in."""


@pages.route("/sign-in", methods=["GET", "POST"])
def enter() -> ResponseReturnValue:
    """Sign in. Who is signed in already is led on."""
    form = SignInForm(request.form)
    target = own_path(request.values.get("next"))
    if request.method == "GET":
        known = web.account()
        if known is not None and "again" not in request.args:
            return redirect(target or web.home(known), 303)
        return _sign_in_page(form, target)
    if form.validate():
        try:
            return _signed_in_as(prove_password(form.email.data, form.password.data), target)
        except Refused as refusal:
            web.undo()
            form.refuse(refusal)
            return _sign_in_page(form, target, refusal.status)
    return _sign_in_page(form, target, 422)


@pages.post("/sign-in/passkey/ask")
def ask_for_passkey() -> ResponseReturnValue:
    """What the browser needs to have anybody's passkey shown."""
    return jsonify(ceremonies.ask_to_show(web.session(), Purpose.SIGN_IN, None))


@pages.post("/sign-in/passkey")
def enter_with_passkey() -> ResponseReturnValue:
    """Sign in with the passkey that the browser shows."""
    target = own_path(request.form.get("next"))
    try:
        account_id = ceremonies.shown(request.form.get("answer", ""), Purpose.SIGN_IN, None)
        return _signed_in_as(account_id, target, with_passkey=True)
    except Refused as refusal:
        form = SignInForm()
        form.refuse(refusal)
        return _sign_in_page(form, target, refusal.status)


@pages.route("/sign-in/link", methods=["GET", "POST"])
def link() -> ResponseReturnValue:
    """Ask for a link by mail. The answer is the same whether or not the address has an account."""
    form = LinkForm(request.form)
    sent = request.method == "POST" and form.validate()
    if sent:
        try:
            sign_in_links.ask(web.session(), form.email.data, web.network())
        except Refused as refusal:
            web.undo()
            form.refuse(refusal)
            return render_template("commons/sign_in_link.html", form=form, sent=False), refusal.status
    return render_template("commons/sign_in_link.html", form=form, sent=sent), 422 if form.errors else 200


@pages.route("/sign-in/link/<token>", methods=["GET", "POST"])
def open_link(token: str) -> ResponseReturnValue:
    """What the letter leads to. Only the button signs in: a mail scanner that looks does not use it up."""
    if request.method == "GET":
        return render_template("commons/open_link.html", token=token)
    return signed_in(sign_in_links.spend(web.session(), token), "")


@pages.route("/prove", methods=["GET", "POST"])
@web.signed_in
def prove() -> ResponseReturnValue:
    """Show the password once more, and be led back. Who has none yet is told to set one first."""
    form = ProofForm(request.form)
    if request.method == "GET":
        return _prove_page(form)
    if not form.validate():
        return _prove_page(form, 422)
    personal = web.me().personal
    email = personal.email if personal is not None else ""
    web.undo()  # nobody waits for our write lock while the password is checked
    return _proved(lambda: prove_password(email, form.password.data), form, with_passkey=False)


@pages.post("/prove/passkey/ask")
@web.signed_in
def ask_for_proof() -> ResponseReturnValue:
    """What the browser needs to have one of one's own passkeys shown."""
    return jsonify(ceremonies.ask_to_show(web.session(), Purpose.PROVE, web.me()))


@pages.post("/prove/passkey")
@web.signed_in
def prove_with_passkey() -> ResponseReturnValue:
    """Show the passkey once more, and be led back."""
    account_id, answer = web.me().id, request.form.get("answer", "")
    web.undo()
    return _proved(
        lambda: ceremonies.shown(answer, Purpose.PROVE, account_id), EmptyForm(), with_passkey=True
    )


@pages.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Sign out of this browser."""
    found = web.sign_in()
    if found is not None:
        web.session().delete(found)
    response = current_app.make_response(redirect("/", 303))
    web.clear_cookie(response)
    return response


def prove_password(email: str, password: str) -> uuid.UUID:
    """Whose address and password these are; refuses wrong ones, and whoever tries too often.

    The try is counted, for good, before the password is looked at. An address
    that nobody has takes the same time and gets the same answer.
    """
    keys = sessions.throttle_keys(email, web.network())
    with database().transaction() as session:
        sessions.check_throttle(session, keys)
        tries = sessions.count_try(session, keys)
    with database().reading() as session:
        account = accounts.by_email(session, email)
    with _hashing:
        right = accounts.password_matches(account, password)
    if account is None or not right:
        raise Refused(WRONG)
    with database().transaction() as session:
        sessions.forgive(session, tries)
    return account.id


def signed_in(account: Account, target: str, *, proved: bool = False, with_passkey: bool = False) -> Response:
    """Lead on to ``target``, or home, with a new token; the one that this browser came with ends.

    ``proved``: by a password or passkey that was just shown.
    """
    old = request.cookies.get(web.cookie_name())
    if old:
        sessions.end(web.session(), old)
    response = current_app.make_response(redirect(target or web.home(account), 303))
    token = sessions.start(web.session(), account, proved=proved, with_passkey=with_passkey)
    web.set_cookie(response, token)
    return response


def _signed_in_as(account_id: uuid.UUID, target: str, *, with_passkey: bool = False) -> Response:
    account = web.session().get_one(Account, account_id)
    return signed_in(account, target, proved=True, with_passkey=with_passkey)


def _proved(show: Callable[[], object], form: Form, *, with_passkey: bool) -> ResponseReturnValue:
    """Have something shown; note it for this browser and lead back, or say why it was refused."""
    try:
        show()
    except Refused as refusal:
        web.undo()
        form.refuse(refusal)
        return _prove_page(form, refusal.status)
    found = web.sign_in()
    assert found is not None
    proof.note(web.session(), found, with_passkey=with_passkey)
    return redirect(own_path(request.form.get("next")) or web.home(web.me()), 303)


def _sign_in_page(form: SignInForm, target: str, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "commons/sign_in.html", form=form, target=target, passkeys_possible=ceremonies.possible()
    )
    return page, status


def _prove_page(form: Form, status: int = 200) -> ResponseReturnValue:
    account = web.me()
    page = render_template(
        "commons/prove.html",
        form=form,
        target=own_path(request.values.get("next")),
        password=account.personal is not None and account.personal.password_hash is not None,
        passkey=passkeys.has_one(web.session(), account),
        passkeys_possible=ceremonies.possible(),
    )
    return page, status
