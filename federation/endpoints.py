"""Answers for machines: actors, inboxes, outboxes, stories, discovery.

An address that has a page too (``/@handle``, ``/stories/…``) answers ActivityPub only to those
who ask for it and not for HTML, so that a cache never gives one to who wanted the other.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import limits, web
from commons.config import settings
from commons.db import database
from commons.refusal import Refused
from federation import actors, follows, inbox, outbox, posts, rates, vocabulary, webfinger
from federation.messages import Message
from federation.models import Activity, Actor, Post

machine = Blueprint("federation", __name__)

PAGE = 20
VERSION = "0.1.0"

# The roof puts here what is shown to people at these addresses.
Profile = Callable[[Session, Actor], str]
StoryAddress = Callable[[Session, uuid.UUID], str | None]


def wants_activity() -> bool:
    """Whether the asker wants ActivityPub, and not a page."""
    accepted = request.accept_mimetypes
    kinds = {kind.lower() for kind in accepted.values()}
    return not kinds & {"text/html", "application/xhtml+xml"} and any(
        kind.startswith(("application/activity+json", "application/ld+json")) for kind in kinds
    )


def _activity(body: bytes, status: int = 200) -> Response:
    response = Response(body, status, content_type=vocabulary.ACTIVITY_JSON)
    response.vary.add("Accept")
    return web.public(response) if status == 200 else response


def _json(value: Any, content_type: str) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return web.public(Response(body, content_type=content_type), seconds=3600)


def _page(response: Any) -> Response:
    answer = current_app.make_response(response)
    answer.vary.add("Accept")
    return answer


# Discovery


@machine.get("/.well-known/webfinger")
def webfinger_() -> Response:
    resource = request.args.get("resource", "")
    if not resource:
        abort(400)
    actor = webfinger.find(web.session(), resource)
    if actor is None:
        abort(404)
    if actor.gone_at is not None:
        abort(410)
    response = _json(webfinger.descriptor(actor), webfinger.JRD)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@machine.get("/.well-known/host-meta")
def host_meta() -> Response:
    template = f"{settings().origin}/.well-known/webfinger?resource={{uri}}"
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">'
        f'<Link rel="lrdd" type="{webfinger.JRD}" template="{template}"/></XRD>\n'
    )
    return web.public(Response(body, content_type="application/xrd+xml"), seconds=3600)


@machine.get("/.well-known/nodeinfo")
def nodeinfo_links() -> Response:
    link = {
        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.1",
        "href": f"{settings().origin}/nodeinfo/2.1",
    }
    return _json({"links": [link]}, "application/json")


@machine.get("/nodeinfo/2.1")
def nodeinfo() -> Response:
    """NodeInfo 2.1; counts of what is public anyway (FEP-f1d5)."""
    session = web.session()
    people = session.scalar(
        select(func.count()).where(Actor.local, Actor.kind == "Person", Actor.gone_at.is_(None))
    )
    stories = session.scalar(select(func.count()).where(Post.local, Post.gone_at.is_(None)))
    value = {
        "version": "2.1",
        "software": {"name": "rostra", "version": VERSION},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": ["atom1.0"]},
        "openRegistrations": False,
        "usage": {"users": {"total": people or 0}, "localPosts": stories or 0},
        "metadata": {"nodeName": settings().name},
    }
    profile = "http://nodeinfo.diaspora.software/ns/schema/2.1#"
    return _json(value, f'application/json; profile="{profile}"')


# Actors


@machine.get("/actor")
def instance_actor() -> Response:
    return _activity(actors.document(actors.instance(web.session())))


@machine.get("/@<handle>")
def actor(handle: str) -> Response:
    """The actor's document, or its page."""
    found = _local(handle)
    if found.gone_at is not None:
        if not wants_activity():
            abort(410)
        return _activity(vocabulary.document(vocabulary.tombstone(found.uri, found.kind, found.gone_at)), 410)
    if handle != found.handle:
        return _page(redirect(found.uri, 301))
    if wants_activity():
        return _activity(actors.document(found))
    profile: Profile = current_app.extensions["rostra.pages"]["profile"]
    response = web.public(_page(profile(web.session(), found)))
    response.headers["Link"] = f'<{found.uri}>; rel="alternate"; type="{vocabulary.ACTIVITY_JSON}"'
    return response


def _local(handle: str) -> Actor:
    found = actors.local(web.session(), handle)
    if found is None or found.kind == "Application":
        abort(404)
    return found


def _living(handle: str) -> Actor:
    found = actors.instance(web.session()) if handle == "" else _local(handle)
    if found.gone_at is not None:
        abort(410)
    return found


@machine.get("/actor/outbox", defaults={"handle": ""})
@machine.get("/@<handle>/outbox")
def outbox_(handle: str) -> Response:
    """What the actor did in public, paged, newest first."""
    session, owner = web.session(), _living(handle)
    uri = f"{owner.uri}/outbox"
    if "page" not in request.args:
        total = outbox.count_public(session, owner)
        return _activity(vocabulary.document(vocabulary.collection(uri, total, first=f"{uri}?page=1")))
    before = _uuid(request.args["before"]) if "before" in request.args else None
    done = outbox.public_activities(session, owner, before, PAGE)
    following = f"{uri}?page=1&before={done[-1].id}" if len(done) == PAGE else None
    items = [json.loads(activity.document) for activity in done]
    for item in items:
        item.pop("@context", None)
    here = f"{uri}?{request.query_string.decode('ascii', 'ignore')}"
    return _activity(vocabulary.document(vocabulary.page(here, uri, items, following)))


@machine.get("/actor/followers", defaults={"handle": ""})
@machine.get("/@<handle>/followers")
def followers(handle: str) -> Response:
    """How many; who they are is nobody's business."""
    owner = _living(handle)
    total = follows.count(web.session(), owner)
    return _activity(vocabulary.document(vocabulary.collection(f"{owner.uri}/followers", total)))


@machine.get("/actor/following", defaults={"handle": ""})
@machine.get("/@<handle>/following")
def following(handle: str) -> Response:
    owner = _living(handle)
    total = follows.count_followed(web.session(), owner)
    return _activity(vocabulary.document(vocabulary.collection(f"{owner.uri}/following", total)))


@machine.get("/actor/featured", defaults={"handle": ""})
@machine.get("/@<handle>/featured")
def featured(handle: str) -> Response:
    """The newest stories of an author, for servers that show a profile before its first delivery."""
    session, owner = web.session(), _living(handle)
    items = [post.uri for post in posts.of_author(session, owner, 5) if post.kind == "Article"]
    return _activity(
        vocabulary.document(vocabulary.collection(f"{owner.uri}/featured", len(items), items=items))
    )


# Stories and activities


@machine.get("/stories/<uuid:story_id>")
def story(story_id: uuid.UUID) -> Response:
    """The bytes that were posted; a person is led to the page."""
    session = web.session()
    post = session.get(Post, story_id)
    if post is None or not post.local or post.document is None:
        abort(404)
    if wants_activity():
        return _activity(post.document, 410 if post.gone_at else 200)
    if post.gone_at is not None:
        abort(410)
    address: StoryAddress = current_app.extensions["rostra.pages"]["story"]
    return _page(redirect(address(session, story_id) or _readable(post), 302))


def _readable(post: Post) -> str:
    """The page of a notice of ours; an answer of ours stands among those of others."""
    return post.url if post.url != post.uri else f"{settings().origin}/from-others#{post.id}"


@machine.get("/stories/<uuid:story_id>/replies")
def replies(story_id: uuid.UUID) -> Response:
    session = web.session()
    post = session.get(Post, story_id)
    if post is None or not post.local:
        abort(404)
    if post.gone_at is not None:
        abort(410)
    items = [reply.uri for reply in posts.replies_to(session, post) if reply.in_reply_to_id == post.id]
    return _activity(
        vocabulary.document(vocabulary.collection(f"{post.uri}/replies", len(items), items=items[:PAGE]))
    )


@machine.get("/activities/<uuid:activity_id>")
def activity(activity_id: uuid.UUID) -> Response:
    """A public activity of ours; private ones (an Accept) are as if they were not there."""
    found = web.session().get(Activity, activity_id)
    if found is None or not found.public:
        abort(404)
    if outbox.is_withdrawn(web.session(), found):
        abort(410)
    return _activity(found.document)


# The inbox


@machine.post("/inbox")
@machine.post("/actor/inbox")
def shared_inbox() -> Response:
    return _receive()


@machine.post("/@<handle>/inbox")
def personal_inbox(handle: str) -> Response:
    with database().reading() as session:
        found = actors.local(session, handle)
    if found is None:
        abort(404)
    if found.gone_at is not None:
        abort(410)
    return _receive()


def _receive() -> Response:
    network = web.network()
    rates.refused.require(network)
    try:
        _accept()
    except Refused as refusal:
        if refusal.status in (400, 401, 403, 415):
            rates.refused.count(network)
        raise
    return Response(status=202)


def _accept() -> None:
    # A body of no stated length is cut at this in silence: one byte more, so that it is seen to be too long.
    request.max_content_length = limits.INBOX_BODY + 1
    if request.mimetype not in inbox.MEDIA_TYPES:
        raise Refused("This inbox reads application/activity+json.", status=415)
    inbox.accept(
        Message(
            method=request.method,
            target=request.environ.get("RAW_URI") or request.full_path.rstrip("?"),
            headers=tuple(request.headers.items()),
            body=request.get_data(),
        )
    )


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        abort(400)
