"""What is said in public: stories of ours as they were published, and replies of others.

Upstairs hands over a ``Story``; what stands in the ``Article``, how it is cut, and who gets
it is decided here. The bytes that were posted are the bytes served at the story's id.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape
from urllib.parse import quote

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from commons import limits, sanitize
from commons.clock import now
from commons.config import settings
from commons.db import new_id
from commons.language import N_
from commons.refusal import Refused
from federation import outbox, reactions, vocabulary
from federation.models import Actor, Grave, Post, Reaction
from federation.outbox import Audience, Draft
from federation.vocabulary import PUBLIC, PictureRef

__all__ = ["Notice", "PictureRef", "Story"]

REPLIES_SHOWN = 500
# The Create around the Article, and what grows when it is updated.
ENVELOPE = 2048

Cut = Callable[[str, int], str]


@dataclass(frozen=True)
class Story:
    """A story as the newsroom hands it over; ``html`` is clean, ``url`` its readable page.

    ``cut(html, bytes)`` gives a shorter text with a link to the page, for what would be too long to post.
    """

    id: uuid.UUID
    author: Actor
    groups: list[Actor]
    title: str
    summary: str
    html: str
    language: str
    url: str
    published_at: datetime
    cut: Cut
    updated_at: datetime | None = None
    tags: list[str] = field(default_factory=list)
    warning: str = ""
    picture: PictureRef | None = None
    co_authors: list[Actor] = field(default_factory=list)


def fold_tag(word: str) -> str:
    """A tag as it stands in addresses: without spaces, in one case."""
    return word.replace(" ", "").casefold()


def address(story_id: uuid.UUID) -> str:
    """The id of a story: frozen, whatever becomes of its page."""
    return f"{settings().origin}/stories/{story_id}"


def publish(session: Session, story: Story) -> Post:
    """Put a story out: ``Create`` to the author's followers, ``Announce`` to those of each group.

    Whoever follows several of them is served once.
    """
    value = _article(story)
    post = Post(
        id=story.id,
        uri=address(story.id),
        local=True,
        author_id=story.author.id,
        kind="Article",
        published_at=story.published_at,
        url=story.url,
    )
    _describe(post, story, value)
    session.add(post)
    session.flush()
    create = Draft("Create", value, to=[PUBLIC], cc=value["cc"])
    outbox.post(session, story.author, create, Audience(followers=[story.author]), about=post.uri)
    _announce(session, story.groups, post, story.author)
    return post


def _announce(session: Session, groups: list[Actor], post: Post, author: Actor) -> None:
    """``Announce`` to the followers of each group who were not served yet."""
    served = [author]
    for group in groups:
        announce = Draft("Announce", post.uri, to=[PUBLIC], cc=[f"{group.uri}/followers", author.uri])
        outbox.post(session, group, announce, Audience(followers=[group], but_not=served), about=post.uri)
        served = [*served, group]


def update(session: Session, post: Post, story: Story) -> None:
    """Send the story's new text to everyone who got it, and to those who answered or boosted it."""
    updated = _after_the_last(post, story.updated_at or now())
    story = replace(story, updated_at=updated)
    value = _article(story)
    _describe(post, story, value)
    post.updated_at = updated
    draft = Draft("Update", value, to=[PUBLIC], cc=value["cc"])
    outbox.post(session, story.author, draft, _everyone(session, post, story.author), about=post.uri)


def _after_the_last(post: Post, moment: datetime) -> datetime:
    """``moment``, or a second after the post's last change: peers drop what is not strictly newer."""
    last = (post.updated_at or post.published_at).replace(microsecond=0)
    return moment if moment.replace(microsecond=0) > last else last + timedelta(seconds=1)


def remove(session: Session, post: Post) -> None:
    """Delete a post of ours: a tombstone stands at its id, and everyone who got it is told."""
    moment = now()
    post.gone_at, post.content, post.name, post.summary = moment, "", None, None
    stone = vocabulary.tombstone(post.uri, post.kind, moment)
    post.document = vocabulary.document(stone)
    stone = {key: value for key, value in stone.items() if key != "@context"}
    draft = Draft("Delete", stone, to=[PUBLIC], cc=[f"{post.author.uri}/followers"])
    outbox.post(session, post.author, draft, _everyone(session, post, post.author), about=post.uri)


def _everyone(session: Session, post: Post, author: Actor) -> Audience:
    # Where a shared inbox is served, nobody behind it is served once more.
    inbox = func.coalesce(Actor.shared_inbox, Actor.inbox)
    answered = select(inbox).join(Post, Post.author_id == Actor.id).where(Post.in_reply_to_id == post.id)
    boosted = (
        select(inbox)
        .join(Reaction, Reaction.actor_id == Actor.id)
        .where(Reaction.post_id == post.id, Reaction.kind == "Announce")
    )
    others = Actor.local.is_(False)
    inboxes = [*session.scalars(answered.where(others)), *session.scalars(boosted.where(others))]
    return Audience(followers=[author], inboxes=inboxes, reached=post.uri)


def _describe(post: Post, story: Story, value: vocabulary.Object) -> None:
    post.url, post.name, post.summary = story.url, story.title, story.summary
    post.content, post.language = value["content"], story.language
    post.document = vocabulary.document(value)


def _article(story: Story) -> vocabulary.Object:
    """The ``Article``, cut at a block's end where its ``Create`` would exceed 60 KiB."""
    value = vocabulary.article(_fields(story, story.html))
    room = limits.POSTED_ACTIVITY - ENVELOPE
    if len(vocabulary.document(value)) <= room:
        return value
    frame = len(vocabulary.document(vocabulary.article(_fields(story, ""))))
    value = vocabulary.article(_fields(story, story.cut(story.html, room - frame)))
    if len(vocabulary.document(value)) > room:
        raise Refused(N_("The story's title, summary and names are too long to be sent."))
    return value


def _fields(story: Story, html: str) -> vocabulary.ArticleFields:
    section = story.groups[0].uri if story.groups else None
    origin = settings().origin
    return vocabulary.ArticleFields(
        id=address(story.id),
        url=story.url,
        author=story.author.uri,
        title=story.title,
        summary=f"<p>{escape(story.summary)}</p>",
        html=html,
        language=story.language,
        published=story.published_at,
        updated=story.updated_at,
        to_groups=[group.uri for group in story.groups],
        followers=f"{story.author.uri}/followers",
        audience=section,
        hashtags=[(tag.replace(" ", ""), f"{origin}/tags/{quote(fold_tag(tag))}") for tag in story.tags],
        mentions=[(who.mention, who.uri) for who in story.co_authors],
        contributors=[who.uri for who in [story.author, *story.co_authors]] if story.co_authors else [],
        warning=story.warning,
        picture=story.picture,
    )


# Notices: notes of ours that answer nobody


@dataclass(frozen=True)
class Notice:
    """A note that one of ours puts out: ``html`` is clean, ``url`` the page it is about.

    ``groups`` announce it to their followers; ``payment_links`` are (name, address) by FEP-0ea0.
    """

    id: uuid.UUID
    author: Actor
    groups: list[Actor]
    html: str
    language: str
    url: str
    published_at: datetime
    updated_at: datetime | None = None
    payment_links: list[tuple[str, str]] = field(default_factory=list)


def notify(session: Session, notice: Notice) -> Post:
    """Put a notice out: ``Create`` to its author's followers, ``Announce`` to those of each group."""
    value = _note(notice)
    post = Post(
        id=notice.id,
        uri=address(notice.id),
        local=True,
        author_id=notice.author.id,
        kind="Note",
        published_at=notice.published_at,
        url=notice.url,
        content=notice.html,
        language=notice.language,
        document=vocabulary.document(value),
    )
    session.add(post)
    session.flush()
    create = Draft("Create", value, to=[PUBLIC], cc=value["cc"])
    outbox.post(session, notice.author, create, Audience(followers=[notice.author]), about=post.uri)
    _announce(session, notice.groups, post, notice.author)
    return post


def renew(session: Session, post: Post, notice: Notice) -> None:
    """Send a notice's new text to everyone who got it."""
    updated = _after_the_last(post, notice.updated_at or now())
    value = _note(replace(notice, updated_at=updated))
    post.content, post.url, post.updated_at = notice.html, notice.url, updated
    post.document = vocabulary.document(value)
    draft = Draft("Update", value, to=[PUBLIC], cc=value["cc"])
    outbox.post(session, notice.author, draft, _everyone(session, post, notice.author), about=post.uri)


def _note(notice: Notice) -> vocabulary.Object:
    return vocabulary.note(
        id=address(notice.id),
        author=notice.author.uri,
        content=notice.html,
        published=notice.published_at,
        updated=notice.updated_at,
        in_reply_to=None,
        to=[PUBLIC],
        cc=[f"{notice.author.uri}/followers", *(group.uri for group in notice.groups)],
        url=notice.url,
        language=notice.language,
        links=[vocabulary.payment_link(*link) for link in notice.payment_links],
    )


# Notes: what others answer, and what one of ours answers


def reply(session: Session, ours: Actor, parent: Post, text: str) -> Post:
    """Have one of ours answer a post in public, in plain text."""
    post_id = new_id()
    moment = now()
    uri = f"{settings().origin}/stories/{post_id}"
    mention = f'<a href="{parent.author.uri}" class="u-url mention">{escape(parent.author.mention)}</a>'
    content = sanitize.remote_html(f"<p>{mention} {escape(text)}</p>")
    value = vocabulary.note(
        id=uri,
        author=ours.uri,
        content=content,
        published=moment,
        in_reply_to=parent.uri,
        to=[PUBLIC],
        cc=[f"{ours.uri}/followers", parent.author.uri],
        mentions=[(parent.author.mention, parent.author.uri)],
    )
    post = Post(
        id=post_id,
        uri=uri,
        local=True,
        author_id=ours.id,
        kind="Note",
        url=uri,
        content=content,
        in_reply_to=parent.uri,
        in_reply_to_id=parent.id,
        published_at=moment,
        document=vocabulary.document(value),
    )
    session.add(post)
    session.flush()
    inboxes = [] if parent.author.local else [parent.author.inbox]
    draft = Draft("Create", value, to=value["to"], cc=value["cc"])
    outbox.post(session, ours, draft, Audience(followers=[ours], inboxes=inboxes), about=uri)
    return post


def receive(session: Session, author: Actor, value: vocabulary.Object) -> Post | None:
    """Keep a public post of another server, once; None if it was deleted before it came."""
    uri = vocabulary.text_of(value.get("id"))
    if session.get(Grave, uri) is not None:
        return None
    existing = by_uri(session, uri)
    if existing is not None:
        return existing
    parent_uri = vocabulary.id_of(value.get("inReplyTo"))
    if parent_uri is not None and not vocabulary.is_short(parent_uri):
        parent_uri = None
    parent = by_uri(session, parent_uri) if parent_uri else None
    received = now()
    published = vocabulary.moment_of(value.get("published")) or received
    post = Post(
        uri=uri,
        local=False,
        author_id=author.id,
        kind=vocabulary.kind_of(value, vocabulary.POST_KINDS),
        in_reply_to=parent_uri,
        in_reply_to_id=parent.id if parent else None,
        published_at=min(published, received),
        received_at=received,
    )
    read_into(post, value)
    session.add(post)
    session.flush()
    return post


def read_into(post: Post, value: vocabulary.Object) -> None:
    """Take over what another server's post says, made safe and cut to size."""
    url = vocabulary.url_of(value) or post.uri
    name, summary = vocabulary.text_of(value.get("name")), vocabulary.text_of(value.get("summary"))
    post.url = url if vocabulary.same_origin(url, post.uri) and len(url) <= limits.URL_CHARS else post.uri
    post.name = sanitize.plain(name, limits.NAME_CHARS) or None
    post.summary = sanitize.text_of(summary, limits.SUMMARY_CHARS) or None
    post.content = sanitize.remote_html(vocabulary.text_of(value.get("content")))
    post.language = vocabulary.language_of(value)


def revise(post: Post, value: vocabulary.Object) -> bool:
    """Apply an edit of another server's post, if it is newer than what we have."""
    updated = vocabulary.moment_of(value.get("updated"))
    known = post.updated_at or post.published_at
    if post.gone_at is not None or updated is None or updated <= known:
        return False
    read_into(post, value)
    post.updated_at = min(updated, now())
    return True


def withdraw(session: Session, actor: Actor, uri: str) -> bool:
    """``actor`` deleted the post at ``uri``; whatever says so later does not bring it back."""
    post = by_uri(session, uri)
    if post is not None and (post.author_id != actor.id or post.local):
        return False
    if post is None and not (vocabulary.same_origin(actor.uri, uri) and vocabulary.is_short(uri)):
        return False
    if session.get(Grave, uri) is None:
        session.add(Grave(uri=uri, actor_uri=actor.uri))
    if post is not None:
        post.gone_at, post.content, post.name, post.summary = now(), "", None, None
    return True


def by_uri(session: Session, uri: str) -> Post | None:
    return session.scalar(select(Post).where(Post.uri == uri))


def replies_to(session: Session, post: Post) -> list[Post]:
    """What was answered, down the thread, oldest first; deleted answers are left out."""
    found: list[Post] = []
    layer = [post.id]
    for _depth in range(limits.THREAD_DEPTH):
        if not layer or len(found) >= REPLIES_SHOWN:
            break
        answers = list(
            session.scalars(
                select(Post)
                .where(Post.in_reply_to_id.in_(layer), Post.gone_at.is_(None))
                .order_by(Post.published_at)
                .options(joinedload(Post.author))
                .limit(REPLIES_SHOWN)
            )
        )
        found.extend(answers)
        layer = [answer.id for answer in answers]
    return found[:REPLIES_SHOWN]


def reactions_to(session: Session, post: Post) -> reactions.Counts:
    """How often a post was liked and boosted."""
    return reactions.counts(session, post)


def of_author(session: Session, actor: Actor, count: int = 20) -> list[Post]:
    """The newest posts of an actor."""
    wanted = select(Post).where(Post.author_id == actor.id, Post.gone_at.is_(None))
    return list(session.scalars(wanted.order_by(Post.published_at.desc()).limit(count)))
