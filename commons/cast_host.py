"""The ballot box's addresses behind the web process: passed on without session, log, cookie or name.

It stands in front of the application, which never sees such a request. Nothing of who asks is passed
on: no address, no browser, no referrer.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from commons import doors, language
from commons.config import Config, host_of
from commons.doors import Said
from commons.language import N_
from commons.refusal import Refused

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
PREFIX = "/ballot-box"
DOOR = "ballot-box"
METHODS = ("GET", "HEAD", "POST")
# An envelope of the longest ranking and its receipt, in hexadecimal digits, have 2,000 bytes.
MOST_BYTES = 8 * 1024
PASSED_ON = ("Accept-Encoding", "Content-Type")
NOTHING_ELSE = N_("Here is the ballot box and nothing else.")
OF_THE_CONNECTION = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}


class CastHost:
    """Answers for the ballot box, and leaves everything else to ``application``.

    Where the ballot box has a host of its own, that host shows nothing else, and the newsroom's own host
    leads there.
    """

    def __init__(self, application: Application, config: Config) -> None:
        self._application = application
        self._door = doors.path(config.data, DOOR)
        self._origin = config.ballot_origin
        self._cast_host = host_of(self._origin)
        self._own_host = config.host

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        answer = self._answer(request)
        return (answer or self._application)(environ, start_response)

    def _answer(self, request: Request) -> Response | None:
        """None for what is the application's."""
        inside = request.path == PREFIX or request.path.startswith(f"{PREFIX}/")
        if request.host == self._cast_host and inside:
            return self._pass_on(request)
        if request.host == self._own_host:
            return _led(self._origin + quote(request.path)) if inside else None
        if request.host == self._cast_host:
            return _led(f"{PREFIX}/") if request.path == "/" else _told(NOTHING_ELSE, 404)
        return None

    def _pass_on(self, request: Request) -> Response:
        if request.path == PREFIX:
            return _led(f"{PREFIX}/")
        if request.method not in METHODS:
            return _told(N_("This cannot be done here."), 405)
        named = request.headers.get("Cookie") or request.headers.get("Authorization")
        if request.method == "POST" and named:
            # So that no client ever learns to send one with a ballot.
            return _told(N_("A ballot must not carry a name."), 400)
        length = request.content_length or 0
        if length > MOST_BYTES:
            return _told(N_("This is too long."), 413)
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        body = request.stream.read(length)
        try:
            said = doors.ask(self._door, request.method, quote(request.path), body, headers)
        except Refused:
            return _told(N_("The ballot box does not answer at the moment. Please try again."), 503)
        return _given_back(said)


def _given_back(said: Said) -> Response:
    answer = Response(said.body, said.status)
    answer.headers.clear()
    for name, value in said.headers:
        if name.lower() not in OF_THE_CONNECTION:
            answer.headers.add(name, value)
    return answer


def _led(address: str) -> Response:
    return Response(status=303, headers=_quiet({"Location": address}))


def _told(sentence: str, status: int) -> Response:
    language.speak(None)
    return Response(
        f"{language._(sentence)}\n", status, content_type="text/plain; charset=utf-8", headers=_quiet({})
    )


def _quiet(more: Mapping[str, str]) -> dict[str, str]:
    return {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", **more}
