"""Feeds and maps for programs: Atom (RFC 4287), JSON Feed 1.1, sitemap, robots."""

import json
from typing import Any

from flask import Blueprint, Response, render_template
from sqlalchemy.orm import Session

from commons import limits, web
from commons.clock import iso
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from federation import actors
from newsroom import sections, stories
from newsroom.models import Section
from newsroom.stories import Story

feeds = Blueprint("feeds", __name__)

ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"


@feeds.get("/feed.atom")
@feeds.get("/<slug>/feed.atom")
def atom(slug: str | None = None) -> Response:
    """The newest stories with their whole text; of one section, or of all."""
    session = web.session()
    section = _section(session, slug)
    listed = stories.full(session, limits.FEED_STORIES, section)
    changed = [story.article.changed_at for story in listed]
    body = render_template(
        "newsroom/feed.atom.xml",
        title=_title(section),
        page=_page(section),
        feed=f"{_page(section).rstrip('/')}/feed.atom",
        updated=max(changed) if changed else actors.newsroom(session).created_at,
        stories=listed,
    )
    return web.public(Response(body, content_type=f"{ATOM}; charset=utf-8"), seconds=300)


@feeds.get("/feed.json")
@feeds.get("/<slug>/feed.json")
def json_feed(slug: str | None = None) -> Response:
    """The same as JSON Feed 1.1."""
    session = web.session()
    section = _section(session, slug)
    value = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(section),
        "home_page_url": _page(section),
        "feed_url": f"{_page(section).rstrip('/')}/feed.json",
        "language": settings().language,
        "items": [_item(story) for story in stories.full(session, limits.FEED_STORIES, section)],
    }
    return web.public(Response(json.dumps(value, ensure_ascii=False), content_type=JSON_FEED), seconds=300)


@feeds.get("/sitemap.xml")
def sitemap() -> Response:
    """The pages of the newest stories that stand (at most 50,000: sitemaps.org)."""
    session = web.session()
    body = render_template(
        "newsroom/sitemap.xml",
        sections=sections.every(session),
        pages=stories.map_of_site(session, limits.SITEMAP_STORIES),
    )
    return web.public(Response(body, content_type="application/xml; charset=utf-8"), seconds=3600)


@feeds.get("/robots.txt")
def robots() -> Response:
    """Everything may be read but the rooms behind the sign-in."""
    hidden = "User-agent: *\nDisallow: /studio\nDisallow: /sign-in\n"
    body = f"{hidden}Sitemap: {settings().origin}/sitemap.xml\n"
    return web.public(Response(body, content_type="text/plain; charset=utf-8"), seconds=3600)


def _section(session: Session, slug: str | None) -> Section | None:
    if slug is None:
        return None
    found = sections.find(session, slug)
    if found is None:
        raise Refused(N_("There is no such page."), status=404)
    return found


def _page(section: Section | None) -> str:
    return f"{settings().origin}/{section.slug if section is not None else ''}"


def _title(section: Section | None) -> str:
    return f"{settings().name}: {section.name}" if section is not None else settings().name


def _item(story: Story) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": story.id,
        "url": story.url,
        "title": story.revision.title,
        "summary": story.revision.summary,
        "content_html": story.revision.html,
        "date_published": iso(story.published_at),
        "date_modified": iso(story.article.changed_at),
        "language": story.revision.language,
        "tags": story.revision.tags,
        "authors": [{"name": maker.name, "url": maker.url} for maker in story.people],
    }
    if story.image is not None:
        item["image"] = story.image.url
    return item
