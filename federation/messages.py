"""An HTTP request as both signature dialects see it, going out and coming in."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from commons import limits
from commons.clock import now
from commons.config import settings
from commons.refusal import Refused


class BadSignature(Refused):
    """A request that is not proved: 401, or 400 where the proof cannot even be read.

    The reason is an answer to a server, so it is not translated.
    """

    def __init__(self, reason: str, status: int = 401, **values: object) -> None:
        super().__init__(reason, status, **values)


class Request(Protocol):
    """A request that will be sent as it is, like the one that ``commons.outbound`` prepares.

    ``method`` is in capitals, ``url`` absolute and normal; ``headers`` has a Host.
    """

    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> MutableMapping[str, str]: ...
    @property
    def body(self) -> bytes | None: ...


@dataclass(frozen=True)
class Message:
    """A request that came in. ``target`` is path and query, as on the request line."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @cached_property
    def fields(self) -> dict[str, list[str]]:
        """The value of each header line, by the name in lower case."""
        lines: dict[str, list[str]] = {}
        for name, value in self.headers:
            lines.setdefault(name.lower(), []).append(value.strip(" \t"))
        return lines

    def only(self, name: str) -> str:
        """The value of the one header line called ``name``; ``BadSignature`` if none or several."""
        values = self.fields.get(name, [])
        if len(values) != 1:
            raise BadSignature("Exactly one %(name)s header is needed.", name=name)
        return values[0]

    @property
    def needs_digest(self) -> bool:
        """Whether the signature has to say something about the body."""
        return bool(self.body) or self.method not in ("GET", "HEAD")


def content_type_of(request: Request) -> dict[str, str]:
    """``{"content-type": …}``, or nothing where the request does not say."""
    value = request.headers.get("Content-Type")
    return {"content-type": value} if value else {}


def require_own_host(message: Message) -> None:
    """Refuse a request for another server, or with a target that reads as one after our origin.

    Forwarded hosts do not count.
    """
    if message.only("host").lower() != settings().host:
        raise BadSignature("This request is for another host.")
    if not message.target.startswith("/") or "#" in message.target:
        raise BadSignature("This request has no path here.", 400)


def require_fresh(signed_at: float, expires: float | None = None) -> None:
    """Refuse a signature from too long ago, from the future, or past ``expires``.

    Times are seconds since 1970 UTC.
    """
    present = now().timestamp()
    if signed_at < present - limits.SIGNATURE_AGE or signed_at > present + limits.SIGNATURE_AHEAD:
        raise BadSignature("The signature is too old, or its clock is wrong.")
    if expires is not None and expires < present:
        raise BadSignature("The signature has expired.")
