"""Signing in and out, the list of one's sign-ins, and a new password."""

import threading
import uuid
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import EmailField, PasswordField

from commons import accounts, limits, sessions, sign_in_links, web
from commons.accounts import Account
from commons.db import database
from commons.forms import Form, at_most, needed, storable
from commons.language import N_
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


class FirstPasswordForm(Form):
    new = PasswordField(N_("New password"), [needed(), at_most(limits.PASSWORD_CHARS[1])])


class PasswordForm(Form):
    current = PasswordField(N_("Password until now"), [needed(), at_most(limits.PASSWORD_CHARS[1])])
    new = PasswordField(N_("New password"), [needed(), at_most(limits.PASSWORD_CHARS[1])])


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
            account_id = _prove(form.email.data, form.password.data)
            return signed_in(web.session().get_one(Account, account_id), target)
        except Refused as refusal:
            web.undo()
            form.refuse(refusal)
            return _sign_in_page(form, target, refusal.status)
    return _sign_in_page(form, target, 422)


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


@pages.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Sign out of this browser."""
    found = web.sign_in()
    if found is not None:
        web.session().delete(found)
    response = current_app.make_response(redirect("/", 303))
    web.clear_cookie(response)
    return response


@pages.get("/account")
@web.signed_in
def overview() -> ResponseReturnValue:
    """Where one is signed in, and the form for a new password."""
    personal = _me().personal
    without = personal is not None and personal.password_hash is None
    return _account_page(FirstPasswordForm() if without else PasswordForm())


@pages.post("/account/first-password")
@web.signed_in
def first_password() -> ResponseReturnValue:
    """Set a password where there is none yet; other sign-ins end."""
    form, account = FirstPasswordForm(request.form), _me()
    if account.personal is None or account.personal.password_hash is not None:
        raise Refused(N_("You have a password already."), status=409)
    if not form.validate():
        return _account_page(form, 422)
    try:
        accounts.change_password(web.session(), account, form.new.data)
        sessions.end_all(web.session(), account)
        return signed_in(account, "/account")
    except Refused as refusal:
        web.undo()
        form.refuse(refusal)
        return _account_page(form, refusal.status)


@pages.post("/account/sign-ins")
@web.signed_in
def end_sign_in() -> ResponseReturnValue:
    """End one sign-in of one's own."""
    account = _me()
    for each in sessions.of(web.session(), account):
        if each.token_hash == request.form.get("sign_in"):
            web.session().delete(each)
            return redirect("/account", 303)
    raise Refused(N_("This sign-in has ended already."), status=404)


@pages.post("/account/password")
@web.signed_in
def change_password() -> ResponseReturnValue:
    """Set a new password: every sign-in ends, and this browser gets a new one."""
    form = PasswordForm(request.form)
    if not form.validate():
        return _account_page(form, 422)
    try:
        account = _me()
        email = account.personal.email if account.personal is not None else ""
        web.undo()  # nobody waits for our write lock while the password is checked
        _prove(email, form.current.data)
        accounts.change_password(web.session(), account, form.new.data)
        sessions.end_all(web.session(), account)
        return signed_in(account, "/account")
    except Refused as refusal:
        web.undo()
        form.refuse(refusal)
        return _account_page(form, refusal.status)


def _prove(email: str, password: str) -> uuid.UUID:
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


def signed_in(account: Account, target: str) -> Response:
    """Lead on to ``target``, or home, with a new token; the one that this browser came with ends."""
    old = request.cookies.get(web.cookie_name())
    if old:
        sessions.end(web.session(), old)
    response = current_app.make_response(redirect(target or web.home(account), 303))
    web.set_cookie(response, sessions.start(web.session(), account))
    return response


def own_path(target: str | None) -> str:
    """``target`` if it is a path here, else nothing. Browsers read ``\\`` as ``/``."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return ""
    if any(ord(character) < 33 or ord(character) == 127 for character in target):
        return ""
    return target if not urlsplit(target).netloc else ""


def _me() -> Account:
    account = web.account()
    assert account is not None
    return account


def _sign_in_page(form: SignInForm, target: str, status: int = 200) -> ResponseReturnValue:
    return render_template("commons/sign_in.html", form=form, target=target), status


def _account_page(form: PasswordForm | FirstPasswordForm, status: int = 200) -> ResponseReturnValue:
    here = web.sign_in()
    listed = sessions.of(web.session(), _me())
    return render_template("commons/account.html", form=form, sign_ins=listed, here=here), status
