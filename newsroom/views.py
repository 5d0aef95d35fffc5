"""The pages that readers see. They set no cookie and need no script."""

import uuid
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from commons import limits, sanitize, web
from commons.language import N_, _
from commons.refusal import Refused
from federation import actors, posts
from federation.endpoints import wants_activity
from federation.models import Actor, Post
from newsroom import addresses, charter, differences, drafts, metadata, rendering, sections, stories
from newsroom.demo import cast, loader
from newsroom.models import Correction, Revision, Section
from newsroom.stories import Maker, Story

pages = Blueprint("newsroom", __name__)

SECONDS = 2
IN_SECTION = 3


def story_address(session: Session, article_id: uuid.UUID) -> str | None:
    """The readable page of the story with this id, whole; None where there is none."""
    story = stories.one(session, article_id)
    return story.url if story is not None else None


def profile_page(session: Session, actor: Actor) -> str:
    """The page of a journalist, a section or the newsroom: who it is, its stories, how to follow."""
    section = None
    author_id = actor.id if actor.kind == "Person" else None
    if actor.kind == "Group" and actor.id != actors.newsroom(session).id:
        section = sections.of_actor(session, actor)
    listed = _page(session, section=section, author_id=author_id)
    about = Markup(sanitize.linked_text(actor.summary))
    return render_template("newsroom/profile.html", actor=actor, about=about, section=section, page=listed)


@pages.get("/")
def front() -> Response:
    """The newest story large, two beside it, then the sections."""
    session = web.session()
    top = stories.newest(session, 1 + SECONDS)
    rest = stories.by_section(session, IN_SECTION, [story.article.id for story in top])
    rows = [(section, rest[section.id]) for section in sections.every(session) if section.id in rest]
    return _public(
        "newsroom/front.html",
        top=top,
        rows=rows,
        others=rest.get(None, []),
        newsroom=actors.newsroom(session),
        demo=loader.found(session),
        cast=cast,
    )


@pages.get("/archive")
def archive() -> Response:
    """Every story, newest first."""
    return _public("newsroom/archive.html", page=_page(web.session()))


@pages.get("/tags/<name>")
def tag(name: str) -> ResponseReturnValue:
    """The stories under a tag; one address for each, however it was written."""
    folded = posts.fold_tag(name)
    if folded != name:
        return redirect(f"/tags/{quote(folded)}", 301)
    listed = _page(web.session(), tag=folded)
    if listed.first and not listed.stories:
        raise Refused(N_("There is no such page."), status=404)
    return _public("newsroom/tag.html", tag=folded, page=listed)


@pages.get("/<slug>")
def section(slug: str) -> Response:
    """The stories of one section."""
    session = web.session()
    found = sections.find(session, slug)
    if found is None:
        raise Refused(N_("There is no such page."), status=404)
    return _public("newsroom/section.html", section=found, page=_page(session, section=found))


class Signature:
    """A line of the byline as the page shows it."""

    def __init__(self, maker: Maker) -> None:
        self.name, self.url, self.picture = maker.name, maker.url, maker.picture
        self.role = ", ".join(_(role) if role in drafts.ROLES else role for role in maker.roles)


@pages.get("/<slug>/<name>")
def story(slug: str, name: str) -> Response:
    """A story with what came of it on the fediverse; an old address leads to the present one."""
    session = web.session()
    found = _found(session, slug, name)
    if found.path != request.path:
        return _negotiated(redirect(found.path, 301))
    if wants_activity():
        return _negotiated(
            redirect(found.id, 302)
        )  # whoever looks a page up on another server wants the story
    told = stories.corrections(session, found.article.id)
    post = session.get_one(Post, found.article.post_id)
    page = render_template(
        "newsroom/story.html",
        story=found,
        people=[Signature(maker) for maker in found.people],
        method=Markup(sanitize.linked_text(found.revision.method)),
        post=post,
        corrections=told,
        retraction=told[-1] if found.article.state == charter.RETRACTED else None,
        minutes=rendering.reading_minutes(rendering.word_count(found.revision.html)),
        metadata=metadata.news_article(found, told),
        reactions=posts.reactions_to(session, post),
        replies=posts.replies_to(session, post),
    )
    return _negotiated(page)


@pages.get("/<slug>/<name>/retracted")
def retracted(slug: str, name: str) -> Response:
    """What a retracted story said."""
    found = _found(web.session(), slug, name)
    if found.article.state != charter.RETRACTED:
        raise Refused(N_("This story was not retracted."), status=404)
    return _public("newsroom/retracted.html", story=found)


@dataclass(frozen=True)
class Change:
    """A correction, and word by word what it changed."""

    correction: Correction
    fields: list[tuple[str, list[differences.Paragraph]]]


@pages.get("/<slug>/<name>/changes")
def changes(slug: str, name: str) -> Response:
    """Every correction of a story, with the words before and after."""
    session = web.session()
    found = _found(session, slug, name)
    told = stories.corrections(session, found.article.id)
    numbers = {number for each in told for number in (each.before_number, each.after_number)}
    revisions = stories.numbered(session, found.article.id, sorted(numbers))
    shown = [Change(correction, _between(revisions, correction)) for correction in told]
    return _public("newsroom/changes.html", story=found, changes=shown)


def _between(
    revisions: dict[int, Revision], correction: Correction
) -> list[tuple[str, list[differences.Paragraph]]]:
    return differences.between(revisions[correction.before_number], revisions[correction.after_number])


@dataclass(frozen=True)
class Listing:
    """One page of a list, and the address of the next."""

    stories: list[Story]
    first: bool
    older: str | None


def _page(
    session: Session,
    *,
    section: Section | None = None,
    author_id: uuid.UUID | None = None,
    tag: str | None = None,
) -> Listing:
    before = request.args.get("before", type=uuid.UUID)
    found = stories.newest(
        session, limits.PAGE_STORIES + 1, section=section, author_id=author_id, tag=tag, before=before
    )
    shown = found[: limits.PAGE_STORIES]
    more = len(found) > len(shown)
    return Listing(shown, before is None, f"{request.path}?before={shown[-1].article.id}" if more else None)


def _found(session: Session, slug: str, name: str) -> Story:
    article_id = addresses.leads_to(session, f"/{slug}/{name}")
    found = stories.one(session, article_id) if article_id is not None else None
    if found is None:
        raise Refused(N_("There is no such page."), status=404)
    return found


def _negotiated(answer: ResponseReturnValue) -> Response:
    """Cacheable, but apart for those who ask for ActivityPub; no text is shown long after its correction."""
    response = web.public(answer)
    response.cache_control.stale_while_revalidate = None
    response.vary.add("Accept")
    return response


def _public(template: str, **values: object) -> Response:
    return web.public(render_template(template, **values))
