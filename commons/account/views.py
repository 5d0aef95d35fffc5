"""One's own account: where one is signed in, password and passkeys."""

import uuid

from flask import Blueprint, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import PasswordField, StringField

from commons import accounts, ceremonies, limits, passkeys, proof, sessions, web
from commons.accounts import Account
from commons.ceremonies import Purpose
from commons.forms import Form, at_most, needed, storable
from commons.language import N_, _
from commons.refusal import Refused
from commons.sign_in import prove_password, signed_in

pages = Blueprint("account", __name__)


class FirstPasswordForm(Form):
    new = PasswordField(N_("New password"), [needed(), at_most(limits.PASSWORD_CHARS[1])])


class PasswordForm(Form):
    current = PasswordField(N_("Password until now"), [needed(), at_most(limits.PASSWORD_CHARS[1])])
    new = PasswordField(N_("New password"), [needed(), at_most(limits.PASSWORD_CHARS[1])])


class NameForm(Form):
    name = StringField(N_("Name"), [needed(), at_most(limits.PASSKEY_NAME_CHARS), storable])


@pages.get("/account")
@web.signed_in
def overview() -> ResponseReturnValue:
    """Where one is signed in, one's passkeys, and the form for a new password."""
    return _page(_password_form())


# The password


@pages.post("/account/first-password")
@web.signed_in
def first_password() -> ResponseReturnValue:
    """Set a password where there is none yet; other sign-ins end. Who has a passkey shows it first."""
    form, account = FirstPasswordForm(request.form), web.me()
    if account.personal is None or account.personal.password_hash is not None:
        raise Refused(N_("You have a password already."), status=409)
    if not _may_add():
        return _to_proof()
    if not form.validate():
        return _page(form, 422)
    try:
        return _set_password(account, form.new.data)
    except Refused as refusal:
        web.undo()
        form.refuse(refusal)
        return _page(form, refusal.status)


@pages.post("/account/password")
@web.signed_in
def change_password() -> ResponseReturnValue:
    """Set a new password: every sign-in ends, and this browser gets a new one."""
    form = PasswordForm(request.form)
    if not form.validate():
        return _page(form, 422)
    try:
        account = web.me()
        email = account.personal.email if account.personal is not None else ""
        web.undo()  # nobody waits for our write lock while the password is checked
        prove_password(email, form.current.data)
        return _set_password(account, form.new.data)
    except Refused as refusal:
        web.undo()
        form.refuse(refusal)
        return _page(form, refusal.status)


def _set_password(account: Account, password: str) -> ResponseReturnValue:
    found = web.sign_in()
    with_passkey = found is not None and found.with_passkey
    accounts.change_password(web.session(), account, password)
    sessions.end_all(web.session(), account)
    return signed_in(account, "/account", proved=True, with_passkey=with_passkey)


# Sign-ins


@pages.post("/account/sign-ins")
@web.signed_in
def end_sign_in() -> ResponseReturnValue:
    """End one sign-in of one's own."""
    for each in sessions.of(web.session(), web.me()):
        if each.token_hash == request.form.get("sign_in"):
            web.session().delete(each)
            return redirect("/account", 303)
    raise Refused(N_("This sign-in has ended already."), status=404)


# Passkeys


@pages.get("/account/passkeys/new")
@web.signed_in
def new_passkey() -> ResponseReturnValue:
    """The form for one more passkey; who has a password or a passkey shows it first."""
    if not _may_add():
        return _to_proof()
    _require_addable()
    return _new_page(NameForm(name=_("My device")))


@pages.post("/account/passkeys/ask")
@web.signed_in
def ask_for_passkey() -> ResponseReturnValue:
    """What the browser needs to have a passkey made."""
    _require_addable()
    return jsonify(ceremonies.ask_for_new(web.session(), Purpose.ADD, web.me()))


@pages.post("/account/passkeys/new")
@web.signed_in
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey that was made; this browser has shown it thereby, and other sign-ins end."""
    form = NameForm(request.form)
    _require_addable()
    account_id, answer = web.me().id, request.form.get("answer", "")
    web.undo()  # the challenge is spent in a transaction of its own
    try:
        if not form.validate():
            return _new_page(form, 422)
        key = ceremonies.made(answer, Purpose.ADD, account_id)
        account = web.session().get_one(Account, account_id)
        passkeys.add(web.session(), account, key, form.name.data)
        sessions.end_all(web.session(), account)
        return signed_in(account, "/account", proved=True, with_passkey=True)
    except Refused as refusal:
        web.undo()
        form.refuse(refusal)
        return _new_page(form, refusal.status)


@pages.post("/account/passkeys/<uuid:passkey_id>/name")
@web.signed_in
def rename_passkey(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Give one of one's passkeys another name."""
    passkeys.rename(web.session(), web.me(), passkey_id, request.form.get("name", ""))
    return redirect("/account#passkeys", 303)


@pages.post("/account/passkeys/<uuid:passkey_id>/remove")
@web.freshly_proved
def remove_passkey(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Forget one of one's passkeys; whoever came in with it is out, and this browser gets a new sign-in."""
    found, account = web.sign_in(), web.me()
    assert found is not None
    passkeys.require_change(web.session(), account, found)
    passkeys.remove(web.session(), account, passkey_id)
    with_passkey = found.with_passkey
    sessions.end_all(web.session(), account)
    return signed_in(account, "/account#passkeys", proved=True, with_passkey=with_passkey)


def _may_add() -> bool:
    """Whether a password or passkey may be added: after a fresh proof, or where there is nothing to show."""
    return proof.fresh(web.session(), web.sign_in()) or not passkeys.can_prove(web.session(), web.me())


def _require_addable() -> None:
    found = web.sign_in()
    assert found is not None
    passkeys.require_change(web.session(), web.me(), found)
    if not _may_add():
        proof.require(web.session(), found)


def _to_proof() -> ResponseReturnValue:
    target = request.path if request.method == "GET" else "/account"
    return redirect(f"/prove?next={target}", 303)


def _password_form() -> PasswordForm | FirstPasswordForm:
    personal = web.me().personal
    return FirstPasswordForm() if personal is not None and personal.password_hash is None else PasswordForm()


def _page(form: PasswordForm | FirstPasswordForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "commons/account.html",
        form=form,
        here=web.sign_in(),
        sign_ins=sessions.of(web.session(), web.me()),
        passkeys=passkeys.of(web.session(), web.me()),
        passkeys_possible=ceremonies.possible(),
    )
    return page, status


def _new_page(form: NameForm, status: int = 200) -> ResponseReturnValue:
    return render_template("commons/new_passkey.html", form=form, possible=ceremonies.possible()), status
