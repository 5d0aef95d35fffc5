"""Actors: our own, made here for good, and others', as far as we know them.

A handle is never renamed and never given again; keys are never changed by themselves,
because some peers (snac2) keep the first they saw for ever.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from commons import limits, outbound, sanitize, strict_json
from commons.accounts import Account
from commons.clock import now
from commons.config import host_of, settings
from commons.db import database, new_id, one_at_a_time
from commons.language import N_
from commons.refusal import Refused
from federation import keys, signatures, vocabulary
from federation.handles import HANDLE, RESERVED
from federation.models import Actor, Follow, Key

INSTANCE = "instance"
FOUNDING_LOCK = 0x666F756E
MAIN_KEY = "#main-key"
ED25519_KEY = "#ed25519-key"


class NotAnActor(Refused):
    """What stands at an address is not an actor that we can deal with."""

    def __init__(self, why: str) -> None:
        super().__init__(N_("This is not an actor that we can talk to: %(why)s."), status=401, why=why)


# Our own


def create_local(
    session: Session, *, kind: str, handle: str, name: str, summary: str = "", account: Account | None = None
) -> Actor:
    """A new actor of ours with its keys; refuses a reserved, malformed or used handle.

    The page of the instance is the newsroom's, which so is known from sections and campaigns, groups too.
    """
    handle = handle.lower()
    if not HANDLE.match(handle):
        raise Refused(N_("A handle is 1 to 30 letters, digits or underscores."))
    if handle in RESERVED and kind != "Application":
        raise Refused(N_("The handle %(handle)s is reserved."), handle=handle)
    origin = settings().origin
    elsewhere = select(Actor.id).where(
        Actor.local, Actor.kind == "Application", Actor.uri != f"{origin}/actor"
    )
    if session.scalar(elsewhere.limit(1)) is not None:
        raise Refused(N_("This newsroom was founded at another address; ROSTRA_ORIGIN cannot be changed."))
    uri = f"{origin}/actor" if kind == "Application" else f"{origin}/@{handle}"
    actor = Actor(
        uri=uri,
        local=True,
        account_id=account.id if account else None,
        kind=kind,
        handle=handle,
        host=settings().host,
        name=name,
        summary=summary,
        url=_newsroom_uri() if kind == "Application" else uri,
        inbox=f"{uri}/inbox",
        shared_inbox=f"{origin}/inbox",
        followers=f"{uri}/followers",
    )
    actor.keys = [
        _own_key(uri + MAIN_KEY, "rsa"),
        _own_key(uri + ED25519_KEY, "ed25519"),
    ]
    try:
        with session.begin_nested():
            session.add(actor)
    except IntegrityError as error:
        raise Refused(N_("The handle %(handle)s is taken."), status=409, handle=handle) from error
    return actor


def _own_key(uri: str, kind: keys.Kind) -> Key:
    private = keys.generate(kind)
    return Key(
        uri=uri, kind=kind, public=keys.public_pem(private.public_key()), private=keys.wrap(private, uri)
    )


def local(session: Session, handle: str) -> Actor | None:
    """Our actor of that handle, in any case; one that is gone too (look at ``gone_at``)."""
    return session.scalar(select(Actor).where(Actor.local, Actor.handle == handle.lower()))


def of(session: Session, account: Account) -> Actor | None:
    """The public face of an account, if it has one."""
    return session.scalar(select(Actor).where(Actor.account_id == account.id))


def newsroom(session: Session) -> Actor:
    """The newsroom itself, a ``Group``."""
    found = local(session, settings().handle)
    if found is None:
        raise Refused(N_("The newsroom has no actor yet. Run: rostra upgrade"), status=503)
    return found


def instance(session: Session) -> Actor:
    """The ``Application`` that signs every fetch."""
    found = local(session, INSTANCE)
    if found is None:
        raise Refused(N_("The newsroom has no actor yet. Run: rostra upgrade"), status=503)
    return found


def found_newsroom(session: Session) -> None:
    """Make the newsroom's and the instance's actors, or refuse another origin or handle than theirs."""
    one_at_a_time(session, FOUNDING_LOCK)
    existing = session.scalar(select(Actor).where(Actor.local, Actor.kind == "Application"))
    if existing is None:
        create_local(session, kind="Application", handle=INSTANCE, name=settings().name)
        create_local(session, kind="Group", handle=settings().handle, name=settings().name)
        return
    origin = existing.uri.removesuffix("/actor")
    if origin != settings().origin:
        raise Refused(
            N_("This newsroom was founded at %(origin)s; ROSTRA_ORIGIN cannot be changed."), origin=origin
        )
    if existing.url == existing.uri:
        # It names no newsroom yet: that is the first group.
        groups = select(Actor.uri).where(Actor.local, Actor.kind == "Group")
        existing.url = session.scalars(groups.order_by(Actor.created_at, Actor.id).limit(1)).one()
    if existing.url != _newsroom_uri():
        raise Refused(N_("This newsroom was founded with another handle; ROSTRA_HANDLE cannot be changed."))


def _newsroom_uri() -> str:
    return f"{settings().origin}/@{settings().handle}"


def document(actor: Actor) -> bytes:
    """The ActivityStreams document of one of our actors."""
    by_uri = {key.uri: key for key in actor.keys}
    rsa, ed25519 = by_uri[actor.uri + MAIN_KEY], by_uri[actor.uri + ED25519_KEY]
    group: dict[str, Any] = {"postingRestrictedToMods": True} if actor.kind == "Group" else {}
    return vocabulary.document(
        vocabulary.actor(
            vocabulary.ActorFields(
                uri=actor.uri,
                kind=actor.kind,
                handle=actor.handle,
                name=actor.name,
                summary=sanitize.linked_text(actor.summary) if actor.summary else "",
                url=actor.url,
                inbox=actor.inbox,
                shared_inbox=f"{settings().origin}/inbox",
                published=actor.created_at,
                rsa_key=(rsa.uri, rsa.public),
                ed25519_key=(ed25519.uri, _multikey(ed25519.public)),
                webfinger=f"{actor.handle}@{actor.host}",
                icon=actor.icon,
                extra=group,
            )
        )
    )


def _multikey(pem: str) -> str:
    key = keys.load_public(pem)
    assert isinstance(key, Ed25519PublicKey)
    return keys.multikey(key)


@dataclass(frozen=True)
class Signer:
    """With which key an actor of ours signs."""

    key_id: str
    private_key: keys.PrivateKey

    def __call__(self, request: Any, dialect: signatures.Dialect = "cavage") -> None:
        signatures.sign(request, self.key_id, self.private_key, dialect)


@lru_cache(maxsize=1024)
def signer(actor_id: uuid.UUID) -> Signer:
    """The RSA signer of an actor of ours, kept: its key never changes."""
    with database().reading() as session:
        actor = session.get_one(Actor, actor_id)
        key = session.get_one(Key, actor.uri + MAIN_KEY)
    assert key.private is not None
    return Signer(key.uri, keys.unwrap(key.private, key.uri))


@lru_cache(maxsize=1)
def _instance_id() -> uuid.UUID:
    with database().reading() as session:
        return instance(session).id


def instance_signer() -> Callable[[Any], None]:
    """Signs our fetches, since GoToSocial and secure-mode Mastodon answer no unsigned one."""
    return signer(_instance_id())


def forget_signers() -> None:
    """For tests that change databases within one process."""
    signer.cache_clear()
    _instance_id.cache_clear()


# Others'


@dataclass(frozen=True)
class RemoteActor:
    """An actor document of another server, checked, not yet stored."""

    uri: str
    kind: str
    handle: str
    name: str
    summary: str
    url: str
    icon: str | None
    inbox: str
    shared_inbox: str | None
    followers: str | None
    keys: tuple[tuple[str, keys.Kind, str], ...]


def fetch_document(uri: str, budget: outbound.Budget, cap: int = limits.DOCUMENT_BODY) -> vocabulary.Object:
    """The ActivityStreams object at ``uri``, whose id is its address.

    A document with another id is believed only after one more fetch, at that id, on the same origin.
    Raises ``outbound.Unreachable``, or ``Refused`` for what is not such a document.
    """
    value, address = _fetch_once(uri, budget, cap)
    named = vocabulary.text_of(value.get("id"))
    if named == address:
        return value
    if not named or not vocabulary.same_origin(named, address):
        raise NotAnActor(N_("its id is not its address"))
    value, address = _fetch_once(named, budget, cap)
    if value.get("id") != named or address != named:
        raise NotAnActor(N_("its id is not its address"))
    return value


def _fetch_once(uri: str, budget: outbound.Budget, cap: int) -> tuple[vocabulary.Object, str]:
    wanted = uri.partition("#")[0]
    answer = outbound.fetch(wanted, accept=vocabulary.ACCEPT, sign=instance_signer(), cap=cap, budget=budget)
    if answer.status == 410:
        raise Gone(uri)
    if answer.status != 200:
        raise outbound.Unreachable("network", f"status {answer.status}")
    if not is_activity_type(answer.content_type):
        raise NotAnActor(N_("it has another content type"))
    return strict_json.loads_object(answer.body), answer.url


def is_activity_type(content_type: tuple[str, Mapping[str, str]]) -> bool:
    """``application/activity+json``, or ``application/ld+json`` with the ActivityStreams profile."""
    media_type, parameters = content_type
    if media_type == vocabulary.ACTIVITY_JSON:
        return True
    return (
        media_type == "application/ld+json"
        and vocabulary.PLAIN_CONTEXT in parameters.get("profile", "").split()
    )


class Gone(Refused):
    """The other server says 410: what was there is deleted."""

    def __init__(self, uri: str) -> None:
        super().__init__(N_("%(uri)s is gone."), status=401, uri=uri)


def fetch(uri: str, budget: outbound.Budget | None = None) -> RemoteActor:
    """Ask another server for its actor; touches no database."""
    return read_at(uri, fetch_document(uri, budget or outbound.Budget(2), limits.ACTOR_BODY))


def read_at(uri: str, value: vocabulary.Object) -> RemoteActor:
    """Like ``read``, for what was fetched at ``uri``: a redirect may have led to somebody else."""
    found = read(value)
    if found.uri != uri:
        raise NotAnActor(N_("its id is not its address"))
    return found


def read(value: vocabulary.Object) -> RemoteActor:
    """Check an actor document: type, handle, inbox and keys, all of one origin."""
    uri = vocabulary.text_of(value.get("id"))
    handle = vocabulary.text_of(value.get("preferredUsername"))
    inbox = vocabulary.text_of(value.get("inbox"))
    kind = vocabulary.kind_of(value, vocabulary.ACTOR_KINDS)
    if not kind:
        raise NotAnActor(N_("it has another type"))
    if not vocabulary.is_short(uri):
        raise NotAnActor(N_("its id is not its address"))
    if not handle or len(handle) > limits.HANDLE_CHARS:
        raise NotAnActor(N_("it has no handle"))
    if not _is_at_home(inbox, uri):
        raise NotAnActor(N_("its inbox is elsewhere"))
    endpoints = value.get("endpoints")
    shared = vocabulary.text_of(endpoints.get("sharedInbox")) if isinstance(endpoints, dict) else ""
    icon = value.get("icon")
    url = vocabulary.url_of(value) or uri
    return RemoteActor(
        uri=uri,
        kind=kind,
        handle=sanitize.plain(handle, limits.HANDLE_CHARS),
        name=sanitize.plain(vocabulary.text_of(value.get("name")), limits.NAME_CHARS) or handle,
        summary=sanitize.remote_html(vocabulary.text_of(value.get("summary"))[: limits.SUMMARY_CHARS]),
        url=url if vocabulary.same_origin(url, uri) else uri,
        icon=vocabulary.url_of(icon) if isinstance(icon, dict) else None,
        inbox=inbox,
        shared_inbox=shared if _is_at_home(shared, uri) else None,
        followers=vocabulary.id_of(value.get("followers")),
        keys=tuple(_usable_keys(value, uri)),
    )


def _is_at_home(inbox: str, uri: str) -> bool:
    """Whether an inbox stands on the actor's own server, at an address that we speak to."""
    try:
        outbound.check_url(inbox)
    except outbound.Unreachable:
        return False
    return vocabulary.same_origin(inbox, uri) and vocabulary.is_short(inbox)


def _usable_keys(value: vocabulary.Object, owner: str) -> Iterator[tuple[str, keys.Kind, str]]:
    """The keys that are the actor's own, by its word and its origin, and of a kind that we use."""
    for key_id, named_owner, pem in vocabulary.public_keys(value):
        at_home = vocabulary.same_origin(key_id, owner) and vocabulary.is_short(key_id)
        if named_owner != owner or not at_home:
            continue
        with suppress(keys.BadKey):
            yield key_id, keys.kind_of(keys.load_public(pem)), pem


def store(session: Session, found: RemoteActor) -> Actor:
    """Insert or renew what we know of another server's actor."""
    actor = known(session, found.uri)
    if actor is None:
        actor = Actor(id=new_id(), uri=found.uri, local=False)
        session.add(actor)
    elif actor.local:
        raise NotAnActor(N_("it claims to be one of ours"))
    actor.kind, actor.handle, actor.host = found.kind, found.handle, host_of(found.uri)
    actor.name, actor.summary, actor.url, actor.icon = found.name, found.summary, found.url, found.icon
    actor.inbox, actor.shared_inbox, actor.followers = found.inbox, found.shared_inbox, found.followers
    actor.fetched_at, actor.gone_at = now(), None
    _store_keys(session, actor, found)
    session.flush()
    return actor


def _store_keys(session: Session, actor: Actor, found: RemoteActor) -> None:
    """Take over the actor's keys; one that is known as somebody else's stays hers."""
    published = {uri: (kind, public) for uri, kind, public in found.keys}
    known_keys = {key.uri: key for key in session.scalars(select(Key).where(Key.uri.in_(published)))}
    kept = []
    for uri, (kind, public) in published.items():
        key = known_keys.get(uri) or Key(uri=uri, actor_id=actor.id)
        if key.actor_id == actor.id:
            key.kind, key.public, key.fetched_at = kind, public, now()
            kept.append(key)
    actor.keys = kept


def known(session: Session, uri: str) -> Actor | None:
    """An actor that we have met, of ours or of others."""
    return session.scalar(select(Actor).where(Actor.uri == uri).options(selectinload(Actor.keys)))


def inboxes_of_followers(session: Session, followed_id: uuid.UUID) -> list[tuple[uuid.UUID, str, str | None]]:
    """``(follower id, inbox, shared inbox)`` of everyone whose follow was accepted and who is not ours."""
    rows = session.execute(
        select(Actor.id, Actor.inbox, Actor.shared_inbox)
        .join(Follow, Follow.follower_id == Actor.id)
        .where(Follow.followed_id == followed_id, Follow.accepted_at.is_not(None), Actor.gone_at.is_(None))
        .where(Actor.local.is_(False))
    )
    return [(row[0], row[1], row[2]) for row in rows]


def bury(session: Session, actor: Actor, at: datetime | None = None) -> None:
    """An actor is gone: its follows end, its handle stays taken."""
    actor.gone_at = at or now()
