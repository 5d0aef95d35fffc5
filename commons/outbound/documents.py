"""Getting one document: redirects by hand, one deadline, one budget."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import pycurl
import requests

from commons import limits
from commons.config import Config, settings
from commons.outbound.message import Answer, prepare
from commons.outbound.transfer import Transfer
from commons.outbound.unreachable import Unreachable

Sign = Callable[[requests.PreparedRequest], None]
REDIRECTS = {301, 302, 303, 307, 308}


@dataclass
class Budget:
    """How many more requests the handling of one activity may send."""

    left: int = limits.FETCHES_PER_ACTIVITY

    def spend(self) -> None:
        if self.left <= 0:
            raise Unreachable("budget")
        self.left -= 1


def fetch(
    url: str,
    *,
    accept: str,
    sign: Sign | None = None,
    cap: int = limits.DOCUMENT_BODY,
    seconds: float = limits.DOCUMENT_SECONDS,
    budget: Budget | None = None,
    own_host: bool = False,
) -> Answer:
    """GET ``url``, following at most two redirects, to https unless both are http.

    Every hop is checked, charged to ``budget`` and signed anew by ``sign``, which may also refuse a
    host by raising; no header of an earlier hop goes with it. ``cap`` is bytes of decoded body per
    hop, ``seconds`` is for everything together. Raises ``Unreachable``; a status such as 404 is an Answer.
    """
    deadline = time.monotonic() + seconds
    seen: set[str] = set()
    for _hop in range(limits.REDIRECTS + 1):
        request = prepare("GET", url, {"Accept": accept}, own_host=own_host)
        assert request.url is not None
        if request.url in seen:
            raise Unreachable("redirect", "in a circle")
        seen.add(request.url)
        if budget is not None:
            budget.spend()
        if sign is not None:
            sign(request)
        answer = exchange(request, cap=cap, seconds=deadline - time.monotonic())
        if answer.status not in REDIRECTS or "location" not in answer.headers:
            return answer
        url = _target(answer)
    raise Unreachable("redirect", "too many")


def exchange(request: requests.PreparedRequest, *, cap: int, seconds: float) -> Answer:
    """Send one request of ``prepare``; a redirect is just an answer. Raises ``Unreachable``."""
    if seconds <= 0:
        raise Unreachable("timeout")
    transfer = _lines.transfer(settings())
    transfer.load(request)
    transfer.bound(cap, seconds)
    try:
        transfer.curl.perform()
    except pycurl.error as error:
        outcome = transfer.outcome(*error.args)
    else:
        outcome = transfer.outcome()
    if isinstance(outcome, Unreachable):
        raise outcome
    return outcome


def _target(answer: Answer) -> str:
    try:
        url = urljoin(answer.url, answer.headers["location"])
    except ValueError as error:
        raise Unreachable("redirect", "to no address") from error
    if answer.url.startswith("https:") and not url.lower().startswith("https:"):
        raise Unreachable("redirect", "away from https")
    return url


class _Lines(threading.local):
    """Each thread's handle: libcurl allows one thread at a time, and it keeps connections and CAs warm."""

    def __init__(self) -> None:
        self._transfer: Transfer | None = None
        self._config: Config | None = None

    def transfer(self, config: Config) -> Transfer:
        if self._transfer is None or self._config is not config:
            self.hang_up()
            self._transfer, self._config = Transfer(config), config
        return self._transfer

    def hang_up(self) -> None:
        if self._transfer is not None:
            self._transfer.close()
            self._transfer = None


_lines = _Lines()


def hang_up() -> None:
    """Close this thread's connections."""
    _lines.hang_up()


# Two processes on one TLS connection would garble it.
os.register_at_fork(before=hang_up)
