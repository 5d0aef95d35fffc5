"""WebFinger (RFC 7033): ours answered, others' asked.

The ``acct:`` host carries a port that is not the scheme's default, so that two newsrooms on
one machine are two hosts.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy.orm import Session

from commons import limits, outbound, strict_json
from commons.config import LOOPBACK, settings
from commons.language import N_
from commons.refusal import Refused
from federation import actors, vocabulary
from federation.models import Actor

JRD = "application/jrd+json"
SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
INTENT = "https://w3id.org/fep/3b86/"


def find(session: Session, resource: str) -> Actor | None:
    """The actor of ours that ``acct:handle@host`` or an address of ours means."""
    origin = settings().origin
    if resource.startswith("acct:"):
        handle, _, host = resource.removeprefix("acct:").lstrip("@").rpartition("@")
        return actors.local(session, handle) if host.lower() == settings().host else None
    if resource in (origin, f"{origin}/"):
        return actors.newsroom(session)
    if resource.startswith(f"{origin}/@"):
        return actors.local(session, resource.removeprefix(f"{origin}/@").rstrip("/"))
    return actors.instance(session) if resource == f"{origin}/actor" else None


def descriptor(actor: Actor) -> dict[str, Any]:
    """The JSON Resource Descriptor of an actor of ours."""
    links: list[dict[str, str]] = [
        {"rel": "self", "type": vocabulary.ACTIVITY_JSON, "href": actor.uri},
        {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": actor.url},
    ]
    if actor.kind == "Person":
        template = f"{settings().origin}/authorize_interaction?uri={{uri}}"
        links.append({"rel": SUBSCRIBE, "template": template})
    return {"subject": f"acct:{actor.handle}@{actor.host}", "aliases": [actor.uri], "links": links}


@dataclass(frozen=True)
class Account:
    """What another server says of one of its accounts."""

    mention: str
    actor: str | None
    subscribe: str | None
    intents: dict[str, str]

    def address(self, intent: str, target: str) -> str | None:
        """Where its owner confirms ``intent`` (``Follow``, ``Create`` …, FEP-3b86) on ``target``, at home."""
        template = self.intents.get(intent) or self.intents.get("Object") or self.subscribe
        if template is None:
            return None
        filled = template
        for place in ("{uri}", "{object}", "{inReplyTo}"):
            filled = filled.replace(place, quote(target, safe=""))
        return filled


def split(handle: str) -> tuple[str, str]:
    """``@name@host`` as name and host; refuses what is no such thing."""
    name, _, host = handle.strip().removeprefix("acct:").lstrip("@").partition("@")
    if not name or not host or len(handle) > limits.HANDLE_CHARS or any(c in host for c in "/?#@\\ "):
        raise Refused(N_("Write your name in the fediverse like this: @you@your.server"))
    return name, host.lower()


def ask(handle: str) -> Account:
    """Look an account up on its own server. ``outbound.Unreachable`` or ``Refused`` if that fails."""
    name, host = split(handle)
    scheme = "http" if settings().private_peers and not settings().https else "https"
    resource = quote(f"acct:{name}@{host}", safe="")
    answer = outbound.fetch(
        f"{scheme}://{host}/.well-known/webfinger?resource={resource}",
        accept=f"{JRD}, application/json",
        cap=limits.ACTOR_BODY,
        seconds=limits.WEBFINGER_SECONDS,
    )
    if answer.status != 200 or answer.content_type[0] not in (JRD, "application/json"):
        raise Refused(N_("Your server does not know this name."))
    return _read(strict_json.loads_object(answer.body), name, host, scheme)


def look_from_outside() -> str:
    """Ask our own public address for the newsroom, as another server would. ``Refused``: what is wrong."""
    if urlsplit(settings().origin).hostname in LOOPBACK:
        return "not looked at, the origin is a loopback address"
    return look_at_ourselves()


def look_at_ourselves() -> str:
    account = f"acct:{settings().handle}@{settings().host}"
    try:
        answer = outbound.fetch(
            f"{settings().origin}/.well-known/webfinger?resource={quote(account, safe='')}",
            accept=JRD,
            cap=limits.ACTOR_BODY,
            seconds=limits.WEBFINGER_SECONDS,
            own_host=True,
        )
    except outbound.Unreachable as error:
        raise Refused("%(origin)s cannot be reached: %(why)s", origin=settings().origin, why=error) from error
    if answer.status != 200 or answer.content_type[0] != JRD:
        raise Refused("answers %(code)s and no %(kind)s", code=answer.status, kind=JRD)
    value = strict_json.loads_object(answer.body)
    actor = _read(value, settings().handle, settings().host, urlsplit(settings().origin).scheme).actor
    if value.get("subject") != account or actor != f"{settings().origin}/@{settings().handle}":
        raise Refused("names another account than %(account)s", account=account)
    return f"{account} is found"


def _read(value: dict[str, Any], name: str, host: str, scheme: str) -> Account:
    actor = subscribe = None
    intents: dict[str, str] = {}
    links = value.get("links")
    for link in links[: limits.TAGS] if isinstance(links, list) else []:
        if not isinstance(link, dict) or not isinstance(link.get("rel"), str):
            continue
        template = vocabulary.text_of(link.get("template"))
        if link["rel"] == "self" and "activity" in vocabulary.text_of(link.get("type")):
            actor = vocabulary.text_of(link.get("href")) or None
        elif link["rel"] == SUBSCRIBE and _at_home(template, host, scheme):
            subscribe = template
        elif link["rel"].startswith(INTENT) and _at_home(template, host, scheme):
            intents[link["rel"].removeprefix(INTENT)] = template
    return Account(f"@{name}@{host}", actor, subscribe, intents)


def _at_home(template: str, host: str, scheme: str) -> bool:
    """Whether a template leads to the account's own host or one beneath the same name; never elsewhere."""
    authority = vocabulary.origin_of(template).removeprefix(f"{scheme}://")
    if "://" in authority or not re.fullmatch(r"[\w.:-]+", authority):
        return False
    return authority == host or authority.endswith("." + host) or host.endswith("." + authority)
