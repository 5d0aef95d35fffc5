"""Pages for people: acting from one's own server, and what we read of others."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from commons import outbound, web
from commons.accounts import Account
from commons.db import database
from commons.language import N_
from commons.refusal import Refused
from federation import actors, follows, posts, reactions, vocabulary, webfinger
from federation.forms import InteractForm
from federation.models import Actor, Follow, Post, Reaction

pages = Blueprint("federation_pages", __name__)

INTENTS = {"follow": "Follow", "reply": "Create", "boost": "Announce", "like": "Like"}
SHOWN = 40


@pages.post("/interact")
def interact() -> ResponseReturnValue:
    """Lead a reader to her own server, to follow, reply or boost from there.

    Her name is looked up and forgotten; it is posted, so that it stands in no log.
    """
    form = InteractForm(request.form)
    if not form.validate():
        return _helpless(form, None), 422
    try:
        account = webfinger.ask(form.handle.data)
    except Refused as refusal:
        return _helpless(form, refusal), 422
    except outbound.Unreachable:
        return _helpless(form, Refused(N_("Your server did not answer."))), 422
    address = account.address(INTENTS[form.do.data], _target(form))
    if address is None:
        return _helpless(form, Refused(N_("Your server does not say how to do this from here."))), 422
    return redirect(address, 303)


def _helpless(form: InteractForm, refusal: Refused | None) -> str:
    """A page that still helps: what to search for at home."""
    if refusal is not None:
        form.refuse(refusal)
    with database().reading() as session:
        story = posts.by_uri(session, form.object.data or "") is not None
    return render_template(
        "federation/interact.html", form=form, mention=_mention(_target(form)), story=story
    )


def _target(form: InteractForm) -> str:
    """What she acts on. Who presses "Follow" below a story follows its author."""
    address = form.object.data or ""
    with database().reading() as session:
        post = posts.by_uri(session, address) if form.do.data == "follow" else None
        return address if post is None else post.author.uri


def _mention(target: str) -> str:
    with database().reading() as session:
        found = actors.known(session, target)
        return found.mention if found is not None and found.local else target


@pages.get("/authorize_interaction")
@web.signed_in
def confirm() -> str:
    """For those of ours whom another site sent home: what is it that she wants to act on?"""
    web.undo()  # nothing holds the database while another server thinks
    found = _look_up(request.args.get("uri", ""))
    ours = _mine(web.session())
    if isinstance(found, actors.RemoteActor):
        theirs = actors.known(web.session(), found.uri)
        following = theirs is not None and follows.between(web.session(), ours, theirs) is not None
        return render_template(
            "federation/confirm.html", ours=ours, actor=found, following=following, target=found.uri
        )
    return render_template("federation/confirm.html", ours=ours, actor=None, post=found, target=found["id"])


@pages.post("/authorize_interaction")
@web.signed_in
def act() -> ResponseReturnValue:
    """Follow, stop following, like, boost or answer, as one of ours."""
    target, deed = request.form.get("uri", ""), request.form.get("do", "")
    text = request.form.get("text", "").strip()
    web.undo()  # nothing holds the database while another server thinks
    found = _look_up(target)
    author = found if isinstance(found, actors.RemoteActor) else _author(found)
    session = web.session()
    ours = _mine(session)
    theirs = actors.store(session, author)
    if isinstance(found, actors.RemoteActor):
        change = follows.stop if deed == "unfollow" else follows.ask
        change(session, ours, theirs)
    else:
        post = posts.receive(session, theirs, found)
        if post is None:
            raise Refused(N_("This was deleted."), status=410)
        _do(session, ours, post, deed, text)
    return redirect("/from-others", 303)


def _do(session: Session, ours: Actor, post: Post, deed: str, text: str) -> None:
    if deed == "reply":
        if not text or len(text) > 5000:
            raise Refused(N_("An answer has 1 to 5000 characters."))
        posts.reply(session, ours, post, text)
    elif deed in ("like", "boost"):
        reactions.react(session, ours, post, "Like" if deed == "like" else "Announce")
    else:
        raise Refused(N_("Choose what to do."), status=400)


def _mine(session: Session) -> Actor:
    account: Account | None = web.account()
    found = actors.of(session, account) if account is not None else None
    if found is None:
        raise Refused(N_("Your account has no public name to act under."), status=403)
    return found


def _look_up(target: str) -> actors.RemoteActor | vocabulary.Object:
    """The actor or post at an address or a name of another server."""
    try:
        if not target.startswith(("https://", "http://")):
            target = webfinger.ask(target).actor or ""
        value = actors.fetch_document(target, outbound.Budget(4))
    except outbound.Unreachable as error:
        raise Refused(N_("What you want to act on could not be fetched.")) from error
    if vocabulary.kind_of(value, vocabulary.ACTOR_KINDS):
        return actors.read(value)
    if not vocabulary.kind_of(value, vocabulary.POST_KINDS) or not vocabulary.is_public(value):
        raise Refused(N_("There is nothing public to act on."))
    return value


def _author(value: vocabulary.Object) -> actors.RemoteActor:
    uri = next(iter(vocabulary.ids_of(value.get("attributedTo"))), "")
    if not vocabulary.same_origin(uri, vocabulary.text_of(value.get("id"))):
        raise Refused(N_("The object is somebody else's."), status=403)
    try:
        return actors.fetch(uri)
    except outbound.Unreachable as error:
        raise Refused(N_("What you want to act on could not be fetched.")) from error


@pages.get("/from-others")
def from_others() -> Response:
    """The newest posts of those whom our people follow."""
    session = web.session()
    followed = (
        select(Follow.followed_id).join(Follow.follower).where(Actor.local, Follow.accepted_at.is_not(None))
    )
    boosted = select(Reaction.post_id).where(Reaction.kind == "Announce", Reaction.actor_id.in_(followed))
    wanted = (
        select(Post)
        .where(Post.local.is_(False), Post.gone_at.is_(None), Post.in_reply_to.is_(None))
        .where(Post.author_id.in_(followed) | Post.id.in_(boosted))
        .order_by(Post.received_at.desc())
        .options(joinedload(Post.author))
        .limit(SHOWN)
    )
    found = list(session.scalars(wanted))
    people = list(
        session.scalars(
            select(Actor)
            .join(Follow, Follow.followed_id == Actor.id)
            .where(
                Follow.follower_id.in_(select(Actor.id).where(Actor.local)), Follow.accepted_at.is_not(None)
            )
            .distinct()
            .order_by(Actor.name)
        )
    )
    return web.public(
        render_template("federation/from_others.html", posts=found, followed=people, host=_host), seconds=5
    )


def _host(address: str) -> str:
    return urlsplit(address).netloc
