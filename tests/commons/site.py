"""A small site on the same glue as the real one: sign-in, and pages that probe it."""

from collections.abc import Sequence

from flask import Blueprint, Response, render_template_string, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import accounts, endpoints, powers, sign_in, web
from commons.account import views as account_views
from commons.accounts import Account
from commons.db import after_commit, database
from commons.recovery import views as recovery_views
from commons.refusal import Refused

EMAIL = "ada@news.example"
PASSWORD = "correct horse battery"
bells: list[str] = []


def probes() -> Blueprint:
    """Pages for people."""
    pages = Blueprint("probe", __name__)

    @pages.get("/")
    def front() -> Response:
        return web.public(
            render_template_string("{% extends 'base.html' %}{% block main %}Front{% endblock %}")
        )

    @pages.get("/private")
    @web.signed_in
    def private() -> str:
        return render_template_string("{{ csrf_field() }}")

    @pages.route("/fresh", methods=["GET", "POST"])
    @web.freshly_proved
    def fresh() -> str:
        return render_template_string("{{ csrf_field() }}")

    @pages.get("/careless")
    def careless() -> Response:
        """Public, says the view; but it looked who is signed in."""
        return web.public(f"for {web.account()}")

    @pages.get("/leads-away")
    def leads_away() -> Response:
        box = (
            "{% import 'macros.html' as parts %}{{ parts.follow_box('@a@b.example', 'https://b.example/1') }}"
        )
        return web.public(render_template_string(box))

    @pages.post("/write")
    @web.signed_in
    def write() -> ResponseReturnValue:
        return _write(request.form.get("name", "x"), int(request.form.get("status", "200")))

    @pages.post("/open")
    def open_() -> ResponseReturnValue:
        return _write(request.form.get("name", "x"), int(request.form.get("status", "200")))

    @pages.post("/upload")
    @web.takes_upload
    def upload() -> str:
        return str(len(request.files["file"].read()))

    @pages.get("/refused")
    def refused() -> str:
        raise Refused("There is no such file.", status=404)

    @pages.get("/power")
    def power() -> str:
        powers.require(web.session(), web.account(), powers.Power.WRITE)
        return "yes"

    @pages.get("/broken")
    def broken() -> str:
        raise RuntimeError("the inner workings")

    return pages


def programs() -> Blueprint:
    """Answers for machines."""
    machine = Blueprint("machine", __name__)

    @machine.post("/machine")
    def take() -> str:
        return f"{web.account()}"

    @machine.get("/machine/refused")
    def refused() -> str:
        raise Refused("There is no such file.", status=410)

    return machine


def _write(name: str, status: int) -> ResponseReturnValue:
    email = f"{name}@written.example"
    accounts.create(web.session(), email=email, name=name, password=PASSWORD)
    after_commit(web.session(), lambda: bells.append(name))
    return "written", status


def build() -> web.App:
    app = web.App("wsgi")
    web.install(
        app,
        pages=[sign_in.pages, account_views.pages, recovery_views.pages, probes()],
        machines=[endpoints.machine, programs()],
        sections=_sections,
        desk=[("/private", "Studio", None)],
    )
    app.jinja_env.globals["founders_power"] = lambda: False
    return app


def _sections(session: Session) -> Sequence[object]:
    session.scalar(select(func.count()).select_from(Account))
    return []


def written(name: str) -> bool:
    with database().reading() as session:
        return accounts.by_email(session, f"{name}@written.example") is not None
