"""Dicts to ActivityStreams and back; pure. The only file that spells ``@context``."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from commons import limits
from commons.clock import iso

Object = dict[str, Any]

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
# Takahē and PieFed write the short forms; we read all three and write the full one.
PUBLIC_SPELLINGS = {PUBLIC, "as:Public", "Public"}
ACTIVITY_JSON = "application/activity+json"
LD_PROFILE = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
ACCEPT = f"{ACTIVITY_JSON}, {LD_PROFILE}"
ACTOR_KINDS = {"Application", "Group", "Organization", "Person", "Service"}
POST_KINDS = {"Article", "Note", "Page", "Question", "Audio", "Video", "Image", "Event"}

CONTEXT = [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/v1",
    "https://www.w3.org/ns/did/v1",  # defines assertionMethod
    "https://w3id.org/security/multikey/v1",
    {
        "sensitive": "as:sensitive",
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "Hashtag": "as:Hashtag",
        "toot": "http://joinmastodon.org/ns#",
        "blurhash": "toot:blurhash",
        "discoverable": "toot:discoverable",
        "indexable": "toot:indexable",
        "featured": {"@id": "toot:featured", "@type": "@id"},
        "dcterms": "http://purl.org/dc/terms/",
        "subject": "dcterms:subject",
        "webfinger": {"@id": "https://purl.archive.org/socialweb/webfinger#webfinger"},
        "lemmy": "https://join-lemmy.org/ns#",
        "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
        "schema": "http://schema.org/",
        "contributors": {"@id": "schema:contributor", "@type": "@id"},
    },
]
PLAIN_CONTEXT = "https://www.w3.org/ns/activitystreams"


def document(value: Object) -> bytes:
    """The bytes that are signed, sent and served: compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class PictureRef:
    """A picture as others see it: an address and what it shows."""

    url: str
    media_type: str
    width: int
    height: int
    alt: str
    blurhash: str


@dataclass(frozen=True)
class ArticleFields:
    """What an ``Article`` says; addresses are whole URLs, ``html`` is clean."""

    id: str
    url: str
    author: str
    title: str
    summary: str
    html: str
    language: str
    published: datetime
    updated: datetime | None
    to_groups: list[str]
    followers: str
    audience: str | None
    hashtags: list[tuple[str, str]]
    mentions: list[tuple[str, str]]
    contributors: list[str]
    warning: str
    picture: PictureRef | None
    reply_policy: str = "replies"


def article(of: ArticleFields) -> Object:
    """An ``Article`` that Mastodon, GoToSocial, Misskey and Lemmy read (FEP-b2b8).

    ``attributedTo`` is one string: arrays break Lemmy, Misskey and Pixelfed. Co-authors are
    mentions, and ``contributors`` for those that know the word.
    """
    value: Object = {
        "@context": CONTEXT,
        "id": of.id,
        "type": "Article",
        "attributedTo": of.author,
        "to": [PUBLIC],
        "cc": [of.followers, *of.to_groups],
        "name": of.title,
        "summary": of.summary,
        "content": of.html,
        "mediaType": "text/html",
        "summaryMap": {of.language: of.summary},
        "url": of.url,
        "published": iso(of.published),
        "attachment": [],
        "tag": [_hashtag(*tag) for tag in of.hashtags] + [_mention(*who) for who in of.mentions],
        "replies": f"{of.id}/replies",
        "sensitive": bool(of.warning),
        "preview": {"type": "Note", "content": _preview(of)},
    }
    if of.updated is not None:
        value["updated"] = iso(of.updated)
    if of.audience:
        value["audience"] = of.audience
    if of.contributors:
        value["contributors"] = of.contributors
    if of.warning:
        value["subject"] = of.warning
    if of.picture is not None:
        value["image"] = _image(of.picture)
        value["attachment"] = [_image(of.picture)]
    return value


def _preview(of: ArticleFields) -> str:
    title = of.title.replace("&", "&amp;").replace("<", "&lt;")
    return f'<p><strong>{title}</strong></p>{of.summary}<p><a href="{of.url}">{of.url}</a></p>'


def _image(picture: PictureRef) -> Object:
    return {
        "type": "Image",
        "mediaType": picture.media_type,
        "url": picture.url,
        "width": picture.width,
        "height": picture.height,
        "name": picture.alt,
        "summary": picture.alt,
        "blurhash": picture.blurhash,
    }


def _hashtag(name: str, href: str) -> Object:
    return {"type": "Hashtag", "name": f"#{name}", "href": href}


def _mention(name: str, href: str) -> Object:
    return {"type": "Mention", "name": name, "href": href}


def note(
    *,
    id: str,
    author: str,
    content: str,
    published: datetime,
    in_reply_to: str | None,
    to: list[str],
    cc: list[str],
    mentions: list[tuple[str, str]] | None = None,
    updated: datetime | None = None,
    url: str | None = None,
    language: str | None = None,
    links: list[Object] | None = None,
) -> Object:
    """A ``Note``; ``content`` is clean HTML, ``url`` its readable page if that is not its id."""
    value: Object = {
        "@context": PLAIN_CONTEXT,
        "id": id,
        "type": "Note",
        "attributedTo": author,
        "to": to,
        "cc": cc,
        "content": content,
        "url": url or id,
        "published": iso(published),
        "tag": [_mention(*who) for who in mentions or []],
    }
    if language:
        value["contentMap"] = {language: content}
    if links:
        value["attachment"] = links
    if in_reply_to:
        value["inReplyTo"] = in_reply_to
    if updated is not None:
        value["updated"] = iso(updated)
    return value


def payment_link(name: str, href: str) -> Object:
    """A ``Link`` to where one can pay (FEP-0ea0)."""
    return {"type": "Link", "name": name, "href": href, "rel": ["payment"]}


def activity(
    kind: str, *, id: str, actor: str, object: Object | str, to: list[str], cc: list[str], published: datetime
) -> Object:
    """An activity around ``object``; an embedded object lends its context."""
    context: Any = PLAIN_CONTEXT
    if isinstance(object, dict):
        object = dict(object)
        context = object.pop("@context", PLAIN_CONTEXT)
    value: Object = {
        "@context": context,
        "id": id,
        "type": kind,
        "actor": actor,
        "object": object,
        "published": iso(published),
    }
    if to:
        value["to"] = to
    if cc:
        value["cc"] = cc
    if kind == "Update" and isinstance(object, dict) and "updated" in object:
        value["updated"] = object["updated"]
    return value


def tombstone(uri: str, kind: str, deleted: datetime) -> Object:
    return {
        "@context": PLAIN_CONTEXT,
        "id": uri,
        "type": "Tombstone",
        "formerType": kind,
        "deleted": iso(deleted),
    }


def collection(uri: str, total: int, first: str | None = None, items: list[Any] | None = None) -> Object:
    """An ``OrderedCollection``: with its items, with a first page, or only a count."""
    value: Object = {"@context": PLAIN_CONTEXT, "id": uri, "type": "OrderedCollection", "totalItems": total}
    if first is not None:
        value["first"] = first
    if items is not None:
        value["orderedItems"] = items
    return value


def page(uri: str, part_of: str, items: list[Any], following: str | None) -> Object:
    value: Object = {
        "@context": CONTEXT,
        "id": uri,
        "type": "OrderedCollectionPage",
        "partOf": part_of,
        "orderedItems": items,
    }
    if following is not None:
        value["next"] = following
    return value


@dataclass(frozen=True)
class ActorFields:
    """What one of our actors says of itself."""

    uri: str
    kind: str
    handle: str
    name: str
    summary: str
    url: str
    inbox: str
    shared_inbox: str
    published: datetime
    rsa_key: tuple[str, str]
    ed25519_key: tuple[str, str]
    webfinger: str
    icon: str | None = None
    extra: Object = field(default_factory=dict)


def actor(of: ActorFields) -> Object:
    """An actor with both its keys: ``publicKey`` for all, ``assertionMethod`` by FEP-521a."""
    value: Object = {
        "@context": CONTEXT,
        "id": of.uri,
        "type": of.kind,
        "preferredUsername": of.handle,
        "name": of.name,
        "summary": of.summary,
        "url": of.url,
        "inbox": of.inbox,
        "outbox": f"{of.uri}/outbox",
        "followers": f"{of.uri}/followers",
        "following": f"{of.uri}/following",
        "featured": f"{of.uri}/featured",
        "endpoints": {"sharedInbox": of.shared_inbox},
        "published": iso(of.published),
        "discoverable": True,
        "indexable": True,
        "manuallyApprovesFollowers": False,
        "webfinger": of.webfinger,
        "publicKey": {"id": of.rsa_key[0], "owner": of.uri, "publicKeyPem": of.rsa_key[1]},
        "assertionMethod": [
            {
                "id": of.ed25519_key[0],
                "type": "Multikey",
                "controller": of.uri,
                "publicKeyMultibase": of.ed25519_key[1],
            }
        ],
        **of.extra,
    }
    if of.icon:
        value["icon"] = {"type": "Image", "url": of.icon}
    return value


# Reading what others wrote


def id_of(value: object) -> str | None:
    """The id of an object given as an address or embedded."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else None


def ids_of(value: object) -> list[str]:
    """The ids of one object or of a list of them."""
    values = value if isinstance(value, list) else [value]
    return [found for found in map(id_of, values) if found]


def kind_of(value: Object, known: Collection[str]) -> str:
    """The type of an object: the first of several that is in ``known``; empty where none is."""
    kinds = value.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if isinstance(kind, str) and kind in known:
            return kind
    return ""


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def language_of(value: Object) -> str | None:
    """The first language of ``contentMap``, as Mastodon reads it."""
    content_map = value.get("contentMap")
    if isinstance(content_map, dict) and content_map:
        code = next(iter(content_map))
        return code if isinstance(code, str) and len(code) <= 35 else None
    return None


def url_of(value: Object) -> str | None:
    """The readable page of an object: a string, a ``Link``, or the first HTML one of several."""
    for candidate in _links(value.get("url")):
        return candidate
    return None


def _links(value: object) -> Iterator[str]:
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict) and entry.get("mediaType", "text/html") == "text/html":
            yield from [entry["href"]] if isinstance(entry.get("href"), str) else []


def is_public(value: Object) -> bool:
    """Whether ``to`` or ``cc`` names the public, in any spelling."""
    return any(name in PUBLIC_SPELLINGS for key in ("to", "cc") for name in ids_of(value.get(key)))


def moment_of(value: object) -> datetime | None:
    """A time with a zone, between the years 2000 and 2100; anything else is None."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and 2000 <= moment.year <= 2100 else None


def origin_of(uri: str) -> str:
    """Scheme, host and port: what must be equal for one address to speak for another. Empty: no address."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.lower()}" if parts.scheme and parts.netloc else ""


def same_origin(*uris: str) -> bool:
    origins = {origin_of(uri) for uri in uris}
    return len(origins) == 1 and "" not in origins


def is_short(uri: str) -> bool:
    """Whether an id of another server is of a length that every database can look up."""
    return len(uri.encode()) <= limits.ID_BYTES


def public_keys(value: Object) -> Iterator[tuple[str, str, str]]:
    """``(key id, owner, PEM)`` of each ``publicKey`` in an actor document, ten at most."""
    found = value.get("publicKey")
    for key in found[:10] if isinstance(found, list) else [found]:
        if isinstance(key, dict) and isinstance(key.get("publicKeyPem"), str):
            yield text_of(key.get("id")), text_of(key.get("owner")), key["publicKeyPem"]
