"""Feeds and maps."""

import json
from collections.abc import Callable
from xml.etree import ElementTree

import feedparser
import pytest
from flask.testing import FlaskClient

from commons.db import Database
from newsroom import addresses, desk, endpoints, sections
from newsroom.drafts import Credit
from newsroom.models import Article

from .conftest import Cast

AWKWARD = {
    "title": "Fish & <ships>: 5 > 3",
    "summary": 'They said "no" & left.',
    "body": "Caf\u00e9 \x0c & <b>bold</b>\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    "slug": "fish",
}


def test_the_atom_feed_has_every_story_in_full(reader: FlaskClient, put_out: Callable[..., Article]) -> None:
    first = put_out(**AWKWARD, authors=(Credit("maria"), Credit("jon", "data")))
    second = put_out()
    answer = reader.get("/feed.atom")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.data)
    assert not feed.bozo
    assert (feed.feed.title, feed.feed.id) == ("Rostra", "http://127.0.0.1:8000/")
    assert [entry.id for entry in feed.entries] == [addresses.id_of(second.id), addresses.id_of(first.id)]
    entry = feed.entries[1]
    assert entry.title_detail.type == "text/plain"
    titles = ElementTree.fromstring(answer.data).findall("{*}entry/{*}title")
    assert [title.text for title in titles] == ["The last ferry", "Fish & <ships>: 5 > 3"]
    assert entry.link == "http://127.0.0.1:8000/harbour/fish"
    assert [author.name for author in entry.authors] == ["Maria Petrova", "Jon Okafor"]
    assert "<li>two</li>" in entry.content[0].value
    assert [tag.term for tag in entry.tags] == ["ferry", "harbour"]


def test_the_json_feed_says_the_same(reader: FlaskClient, put_out: Callable[..., Article]) -> None:
    article = put_out(**AWKWARD)
    answer = reader.get("/feed.json")
    assert answer.content_type == "application/feed+json"
    value = json.loads(answer.data)
    assert value["version"] == "https://jsonfeed.org/version/1.1"
    (item,) = value["items"]
    assert item["id"] == addresses.id_of(article.id)
    assert item["url"] == "http://127.0.0.1:8000/harbour/fish"
    assert item["title"] == "Fish & <ships>: 5 > 3"
    assert "<li>two</li>" in item["content_html"]
    assert item["authors"] == [{"name": "Maria Petrova", "url": "http://127.0.0.1:8000/@maria"}]


def test_a_section_has_feeds_of_its_own(
    reader: FlaskClient, db: Database, put_out: Callable[..., Article]
) -> None:
    with db.transaction() as session:
        sections.create(session, "art", "Art")
    put_out()
    put_out(title="A song", section="art")
    feed = feedparser.parse(reader.get("/art/feed.atom").data)
    assert (feed.feed.title, [entry.title for entry in feed.entries]) == ("Rostra: Art", ["A song"])
    assert [item["title"] for item in json.loads(reader.get("/art/feed.json").data)["items"]] == ["A song"]
    for path in ("/sport/feed.atom", "/sport/feed.json"):
        assert reader.get(path).status_code == 404


def test_an_empty_feed_is_a_feed(reader: FlaskClient, cast: Cast) -> None:
    feed = feedparser.parse(reader.get("/feed.atom").data)
    assert not feed.bozo
    assert feed.feed.updated
    assert json.loads(reader.get("/feed.json").data)["items"] == []


def test_a_feed_ends_somewhere(
    reader: FlaskClient, put_out: Callable[..., Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints.limits, "FEED_STORIES", 2)
    for number in range(3):
        put_out(title=f"Story {number}")
    assert [item["title"] for item in json.loads(reader.get("/feed.json").data)["items"]] == [
        "Story 2",
        "Story 1",
    ]


def test_feeds_ask_the_database_little(
    reader: FlaskClient, put_out: Callable[..., Article], queries: list[str]
) -> None:
    for number in range(4):
        put_out(title=f"Story {number}")
    queries.clear()
    reader.get("/harbour/feed.atom")
    assert len(queries) <= 4, "\n".join(queries)


def test_a_retracted_story_leaves_the_feeds(
    reader: FlaskClient, db: Database, cast: Cast, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        desk.retract(session, article.id, cast.maria, "It never left.")
    assert feedparser.parse(reader.get("/feed.atom").data).entries == []


def test_the_sitemap_names_the_pages_that_stand(reader: FlaskClient, put_out: Callable[..., Article]) -> None:
    put_out()
    root = ElementTree.fromstring(reader.get("/sitemap.xml").data)
    assert [place.text for place in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")] == [
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:8000/harbour",
        "http://127.0.0.1:8000/harbour/the-last-ferry",
    ]


def test_robots_keep_out_of_the_studio(reader: FlaskClient) -> None:
    text = reader.get("/robots.txt").text
    assert "Disallow: /studio" in text
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in text
