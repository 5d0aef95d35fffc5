"""Pages of the way back in: to ask, to object, to come in again; and the officers' page."""

import uuid

from flask import Blueprint, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import EmailField, PasswordField, TextAreaField

from commons import accounts, ceremonies, limits, passkeys, powers, web
from commons.ceremonies import Purpose
from commons.forms import Form, at_most, needed, storable
from commons.language import N_, _
from commons.recovery import recoveries
from commons.refusal import Refused
from commons.sign_in import EmptyForm, signed_in

pages = Blueprint("recovery", __name__)


class AskForm(Form):
    email = EmailField(N_("E-mail address"), [needed(), at_most(limits.EMAIL_CHARS), storable])
    words = TextAreaField(
        N_("What two officers should know"), [needed(), at_most(limits.RECOVERY_TEXT_CHARS), storable]
    )


class NewPasswordForm(Form):
    new = PasswordField(N_("New password"), [needed(), at_most(limits.PASSWORD_CHARS[1])])


@pages.route("/sign-in/recover", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Ask to be let in again. The answer is the same whether or not the address has an account."""
    form = AskForm(request.form)
    asked = request.method == "POST" and form.validate()
    status = 422 if form.errors else 200
    if asked:
        try:
            recoveries.ask(web.session(), form.email.data, form.words.data, web.network())
        except Refused as refusal:
            web.undo()
            form.refuse(refusal)
            asked, status = False, refusal.status
    return render_template("commons/recover.html", form=form, asked=asked), status


@pages.route("/sign-in/recover/<uuid:recovery_id>/object/<token>", methods=["GET", "POST"])
def object_(recovery_id: uuid.UUID, token: str) -> ResponseReturnValue:
    """The owner says no; only the button does it, so that a mail scanner that looks does not."""
    if request.method == "POST":
        recoveries.object_(web.session(), recovery_id, token)
    return render_template("commons/recovery_objection.html", done=request.method == "POST")


@pages.route("/sign-in/recover/<token>", methods=["GET", "POST"])
def come_in(token: str) -> ResponseReturnValue:
    """What the last letter leads to: a new password or passkey. Looking does not use the link up."""
    form = NewPasswordForm(request.form)
    if request.method == "GET" or not form.validate():
        return _come_in_page(form, token, 422 if form.errors else 200)
    try:
        account = recoveries.spend(web.session(), token)
        accounts.change_password(web.session(), account, form.new.data)
        return signed_in(account, "", proved=True)
    except Refused as refusal:
        web.undo()
        form.refuse(refusal)
        return _come_in_page(form, token, refusal.status)


@pages.post("/sign-in/recover/<token>/ask")
def ask_for_passkey(token: str) -> ResponseReturnValue:
    """What the browser needs to have a passkey made for the account behind the link."""
    account = recoveries.behind(web.session(), token)
    return jsonify(ceremonies.ask_for_new(web.session(), Purpose.RECOVER, account))


@pages.post("/sign-in/recover/<token>/passkey")
def come_in_with_passkey(token: str) -> ResponseReturnValue:
    """Keep the passkey that was made, and come in with it."""
    account_id = recoveries.behind(web.session(), token).id
    web.undo()  # the challenge is spent in a transaction of its own
    try:
        key = ceremonies.made(request.form.get("answer", ""), Purpose.RECOVER, account_id)
        account = recoveries.spend(web.session(), token)
        passkeys.add(web.session(), account, key, _("My device"))
        return signed_in(account, "", proved=True, with_passkey=True)
    except Refused as refusal:
        web.undo()
        form = EmptyForm()
        form.refuse(refusal)
        return _come_in_page(form, token, refusal.status)


@pages.get("/recoveries")
@web.signed_in
def desk() -> ResponseReturnValue:
    """For officers: who asks to be let in again, and by how many that is confirmed."""
    powers.require(web.session(), web.me(), recoveries.office(web.session(), web.me()))
    waiting = recoveries.waiting(web.session())
    return render_template("commons/recoveries.html", waiting=waiting, me=web.me(), needed=recoveries.NEEDED)


@pages.post("/recoveries/<uuid:recovery_id>/confirm")
@web.freshly_proved
def confirm(recovery_id: uuid.UUID) -> ResponseReturnValue:
    """An officer knows who is asking."""
    recoveries.confirm(web.session(), recovery_id, web.me())
    return redirect("/recoveries", 303)


@pages.post("/recoveries/<uuid:recovery_id>/decline")
@web.freshly_proved
def decline(recovery_id: uuid.UUID) -> ResponseReturnValue:
    """An officer knows that this is somebody else."""
    recoveries.decline(web.session(), recovery_id, web.me())
    return redirect("/recoveries", 303)


def _come_in_page(form: Form, token: str, status: int = 200) -> ResponseReturnValue:
    recoveries.behind(web.session(), token)
    page = render_template(
        "commons/come_in.html", form=form, token=token, passkeys_possible=ceremonies.possible()
    )
    return page, status
