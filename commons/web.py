"""The glue to Flask: one request is one transaction, and what holds for every answer.

A reader gets no cookie, and a page that does not ask who is signed in is the same for
everyone. Whoever asks ``account()`` in a request that changes something must have sent
the form's token, so nothing can act for an account without it.
"""

import functools
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_compress import Compress
from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy import update
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix

from commons import (
    csrf,
    error_words,
    headers,
    language,
    limits,
    page_parts,
    powers,
    proof,
    sessions,
    templates,
)
from commons.accounts import Account
from commons.cast_host import CastHost
from commons.clock import db_now, now
from commons.config import settings
from commons.db import database, ring_after_commit
from commons.language import _
from commons.powers import Power
from commons.refusal import Refused
from commons.sessions import SignIn
from commons.web_settings import flask_settings, network_of, page_limiter

log = logging.getLogger(__name__)

View = Callable[..., ResponseReturnValue]
DeskLink = tuple[str, str, Power | None]


class App(Flask):
    """A Flask application in which one request is one transaction."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Let the view answer, then commit, unless its answer is an error (status 400 or above)."""
        response = self.make_response(super().dispatch_request())
        if response.status_code < 400:
            _commit()
        return response


# What views use


def session() -> Session:
    """This request's database session: it reads, or for an unsafe method writes and then commits."""
    if "session" not in g:
        g.session = database().session(writes=_unsafe())
    found: Session = g.session
    return found


def account() -> Account | None:
    """Who is signed in. Asking makes the answer private: it is not stored by anybody."""
    found = sign_in()
    return found.account if found is not None else None


def me() -> Account:
    """Who is signed in; 403 for nobody."""
    return account() or abort(403)


def sign_in() -> SignIn | None:
    """The sign-in of this browser; in an unsafe request 403 without its CSRF token."""
    if "sign_in" not in g:
        g.sign_in = _find_sign_in()
    found: SignIn | None = g.sign_in
    return found


def signed_in(view: View) -> View:
    """Only for those who are signed in: others are led to the sign-in page, and back here after it."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if account() is not None:
            return view(*args, **kwargs)
        if _unsafe():
            abort(401)
        return redirect(url_for("sign_in.enter", next=request.full_path.rstrip("?")), 303)

    return guarded


def signed_in_lately(view: View) -> View:
    """Like ``signed_in``; who signed in more than ``limits.LATELY_SECONDS`` ago proves it once more."""

    @signed_in
    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        found = sign_in()
        assert found is not None
        if now() - found.created_at <= timedelta(seconds=limits.LATELY_SECONDS):
            return view(*args, **kwargs)
        return redirect(url_for("sign_in.enter", next=request.path, again=1), 303)

    return guarded


def freshly_proved(view: View) -> View:
    """Like ``signed_in``; who showed no password or passkey lately shows one first, and is led back here.

    A form that comes too late leads back to the page it stands on, and is sent again from there.
    """

    @signed_in
    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        found = sign_in()
        assert found is not None
        if proof.fresh(session(), found):
            return view(*args, **kwargs)
        came_from = page_parts.path_on(settings().origin, request.referrer)
        return redirect(
            url_for("sign_in.prove", next=came_from if _unsafe() else request.full_path.rstrip("?")), 303
        )

    return guarded


def takes_upload(view: View) -> View:
    """Let the form of this view carry a picture: ``limits.UPLOAD_BODY`` more than other forms."""
    view.takes_upload = True  # type: ignore[attr-defined]
    return view


def public(response: ResponseReturnValue, seconds: int = 60) -> Response:
    """The same for everyone, and cacheable: with a strong ETag, and compressed."""
    answer = current_app.make_response(response)
    answer.cache_control.public = True
    answer.cache_control.max_age = seconds
    answer.cache_control.stale_while_revalidate = 10 * seconds
    return answer


def home(account: Account) -> str:
    """Where ``account`` arrives: the first page of the desk that it may open."""
    may = powers.usable(session(), account)
    desk: Sequence[DeskLink] = current_app.extensions["rostra"]["desk"]
    return next((url for url, _name, power in desk if power is None or power in may), "/")


def words(refusal: Refused) -> str:
    """Why something was refused, in the language spoken now."""
    return _(refusal.reason, **refusal.values)


def undo() -> None:
    """Take back what this request wrote, before a form is shown again; the next use begins afresh."""
    if "session" in g:
        asleep = powers.asleep(session())
        session().rollback()
        session().info.clear()
        powers.put_to_sleep(session(), asleep)


def network() -> str:
    """The network a request comes from, under which it is counted."""
    return network_of(request.remote_addr or "")


def cookie_name() -> str:
    """``__Host-`` binds the cookie to this host and https; plain http on loopback has no such thing."""
    return "__Host-rostra" if settings().https else "rostra"


def set_cookie(response: Response, token: str) -> None:
    response.set_cookie(
        cookie_name(),
        token,
        max_age=limits.SESSION_ABSOLUTE,
        secure=settings().https,
        httponly=True,
        samesite="Lax",
    )


def clear_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), secure=settings().https, httponly=True, samesite="Lax")


def _desk_links() -> list[dict[str, str]]:
    may = powers.usable(session(), account())
    desk: Sequence[DeskLink] = current_app.extensions["rostra"]["desk"]
    open_to = {url: name for url, name, power in desk if power is None or power in may}
    return [{"url": url, "name": _(name)} for url, name in open_to.items()]


# What the roof plugs in


def install(
    app: App,
    *,
    pages: Iterable[Blueprint],
    machines: Iterable[Blueprint],
    sections: Callable[[Session], Sequence[object]],
    desk: Sequence[DeskLink],
) -> None:
    """Make ``app`` ours.

    ``pages`` are for people, ``machines`` for programs: these have no sign-in, no check of where a
    form came from and no page limit, and refuse in JSON. ``sections`` gives the masthead's links
    (each with slug and name); ``desk`` those of the signed-in: path, message id, and the power one needs
    to see it. One arrives at the first that fits.
    """
    _configure(app)
    app.extensions["rostra"] = {"machines": frozenset(blueprint.name for blueprint in machines), "desk": desk}
    app.jinja_env.globals["sections"] = lambda: sections(session())
    app.jinja_env.globals["desk_links"] = _desk_links
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Refused, _refused)
    for error in (OperationalError, InterfaceError, TimeoutError):
        app.register_error_handler(error, _database_away)
    limiter = page_limiter(network, settings().rate_limits)
    limiter.init_app(app)
    for blueprint in pages:
        app.register_blueprint(blueprint)
    for blueprint in machines:
        app.register_blueprint(blueprint)
        limiter.exempt(blueprint)


def _configure(app: App) -> None:
    app.config.update(flask_settings(settings()))
    app.extensions["compress"] = Compress(app)
    app.wsgi_app = CastHost(app.wsgi_app, settings())  # type: ignore[method-assign]
    proxies = settings().proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    _prepare_templates(app.jinja_env)


def _prepare_templates(environment: Environment) -> None:
    templates.prepare(environment)
    environment.filters.update(page_parts.FILTERS)
    environment.globals.update(
        page_parts.GLOBALS,
        account=account,
        allow_form_redirects=_allow_form_redirects,
        csrf_field=csrf_field,
        lacks_passkey=_lacks_passkey,
    )


def _lacks_passkey() -> bool:
    """Whether powers are held that this browser, which showed no passkey, cannot use."""
    return powers.asleep(session()) and bool(powers.held(session(), account()))


def csrf_field() -> Markup:
    """The hidden field that every form for the signed-in carries."""
    found = sign_in()
    if found is None:
        return Markup()
    token = csrf.token(settings().secret_key, found.token_hash)
    return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, token)


def _allow_form_redirects() -> str:
    g.forms_lead_away = True
    return ""


# A request, from its beginning to its end


def _begin() -> None:
    language.speak(None)
    if request.host != settings().host and request.endpoint not in page_parts.HEALTH:
        abort(400)
    if "\0" in request.path or b"%00" in request.query_string:
        abort(400)  # PostgreSQL takes no NUL, not even to look for
    if _for_machines():
        return
    if getattr(current_app.view_functions.get(request.endpoint or ""), "takes_upload", False):
        request.max_content_length = limits.FORM_BODY + limits.UPLOAD_BODY
    if _unsafe() and not csrf.comes_from(settings().origin, dict(request.headers)):
        abort(403)


def _finish(response: Response) -> Response:
    """Headers, and for public answers the ETag and compression."""
    private = "sign_in" in g or "Set-Cookie" in response.headers
    if private or not response.headers.get("Cache-Control"):
        response.headers["Cache-Control"] = "no-store"
    elif response.cache_control.public and response.status_code == 200:
        response = _as_public(response)
    protection = headers.security(
        https=settings().https,
        media_origin=settings().media_origin,
        private_peers=settings().private_peers,
        forms_lead_away=g.get("forms_lead_away", False),
    )
    for name, value in protection.items():
        response.headers.setdefault(name, value)
    return response


def _as_public(response: Response) -> Response:
    if request.endpoint == "static":
        response.direct_passthrough = False
        response.make_sequence()
        response.close()
    if response.is_streamed:
        return response
    response.add_etag()
    compressed: Response = current_app.extensions["compress"].after_request(response)
    compressed.make_conditional(request)
    compressed.headers.pop("Date", None)  # the server writes it
    return compressed


def _commit() -> None:
    if "session" in g and _unsafe():
        session().commit()
        ring_after_commit(session())


def _end(_error: BaseException | None) -> None:
    if "session" in g:
        session().close()
    if "in_use" in g:
        _note_use(g.in_use)


def _note_use(token_hash: str) -> None:
    """Note, at most once a minute, that the sign-in is in use."""
    try:
        with database().transaction() as writing:
            used = update(SignIn).where(SignIn.token_hash == token_hash)
            writing.execute(used.values(seen_at=db_now(writing)))
    except OperationalError:
        log.warning("the sign-in could not be marked as used")


def _find_sign_in() -> SignIn | None:
    token = request.cookies.get(cookie_name())
    if not token or _for_machines():
        return None
    found = sessions.find(session(), token)
    if found is not None and _unsafe():
        sent = request.form.get(csrf.FIELD, "")
        if not csrf.matches(settings().secret_key, found.token_hash, sent):
            abort(403)
    if found is not None:
        powers.put_to_sleep(session(), not (found.with_passkey or settings().loopback))
    if found is not None and now() - found.seen_at > timedelta(seconds=limits.SEEN_SECONDS):
        g.in_use = found.token_hash
    return found


def _unsafe() -> bool:
    return request.method not in csrf.SAFE_METHODS


def _for_machines() -> bool:
    return request.blueprint in current_app.extensions["rostra"]["machines"]


# When something is wrong


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    response = _error(error.code)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.valid_methods or [])
    if error.code == 429:
        response.headers["Retry-After"] = str(limits.PAGES_WINDOW)
    return response


def _refused(refusal: Refused) -> Response:
    response = _error(refusal.status, words(refusal))
    if refusal.status in (429, 503):
        seconds = refusal.values.get("seconds", limits.PAGES_WINDOW if refusal.status == 429 else 30)
        response.headers["Retry-After"] = str(seconds)
    return response


def _database_away(error: Exception) -> Response:
    """Locked for too long, full or unreachable: whoever asked may come again."""
    log.error("the database did not answer: %s", error)
    return _refused(Refused(error_words.ERRORS[503][1], status=503))


def _error(status: int, sentence: str = "") -> Response:
    """The answer to what went wrong: a page, or JSON for programs (an actor's address serves both)."""
    if status < 500:
        undo()
    heading, usual = error_words.ERRORS.get(status, error_words.ERRORS[400 if status < 500 else 500])
    sentence = sentence or _(usual)
    if _for_machines() and "text/html" not in request.headers.get("Accept", ""):
        response = jsonify(error=sentence)
    else:
        page = render_template("errors/error.html", status=status, heading=_(heading), sentence=sentence)
        response = current_app.make_response(page)
    response.status_code = status
    return response
