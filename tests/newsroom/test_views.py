"""The pages that readers see."""

import gzip
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace

import html5lib
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from commons.clock import now
from commons.config import Config
from commons.config import use as use_settings
from commons.db import Database
from federation.models import Actor, Post, Reaction
from newsroom import addresses, desk, media, sections, views
from newsroom.drafts import Credit, Draft, Source
from newsroom.models import Article, Picture

from .conftest import Cast

pytestmark = pytest.mark.one_database

PATH = "/harbour/the-last-ferry"


def parsed(answer: TestResponse, status: int = 200) -> str:
    """The page's text, which must be valid HTML."""
    assert answer.status_code == status, answer.text
    html5lib.HTMLParser(strict=True).parse(answer.text)
    return answer.text


def remote(session: Session, name: str) -> Actor:
    uri = f"https://peer.example/users/{name}"
    actor = Actor(
        uri=uri,
        local=False,
        kind="Person",
        handle=name,
        host="peer.example",
        name=name.title(),
        url=uri,
        inbox=uri + "/inbox",
    )
    session.add(actor)
    session.flush()
    return actor


def answer(session: Session, parent: Post, author: Actor, text: str) -> Post:
    uri = f"https://peer.example/notes/{uuid.uuid4()}"
    post = Post(
        uri=uri,
        local=False,
        author_id=author.id,
        kind="Note",
        url=uri,
        content=f"<p>{text}</p>",
        in_reply_to=parent.uri,
        in_reply_to_id=parent.id,
        published_at=now(),
    )
    session.add(post)
    session.flush()
    return post


@pytest.mark.parametrize("address", [None, "https://code.example/our/rostra?rev=1"])
def test_the_foot_leads_to_the_source_where_it_is_known(
    reader: FlaskClient, put_out: Callable[..., Article], settings: Config, address: str | None
) -> None:
    use_settings(replace(settings, source_url=address))
    page = parsed(reader.get("/"))
    assert ("Source code" in page) == bool(address)
    if address:
        assert f'<a href="{address}">Source code</a>' in page


@pytest.mark.both_databases
def test_the_front_page_shows_the_newest_story_first(
    reader: FlaskClient, put_out: Callable[..., Article]
) -> None:
    for number in range(7):
        put_out(title=f"Story {number}")
    page = parsed(reader.get("/"))
    assert re.findall(r"Story \d</a></h", page) == [f"Story {number}</a></h" for number in (6, 5, 4, 3, 2, 1)]
    assert 'class="card lead"' in page


def test_an_empty_newsroom_has_a_front_page(reader: FlaskClient) -> None:
    assert "Nothing has been published yet." in parsed(reader.get("/"))


def test_a_draft_is_on_no_page(reader: FlaskClient, db: Database, cast: Cast, draft: Draft) -> None:
    with db.transaction() as session:
        article = desk.start(session, cast.jon, replace(draft, title="Secret draft", slug="secret-draft"))
    for path in ("/", "/archive", "/harbour", "/feed.atom", "/feed.json", "/sitemap.xml"):
        assert "ecret" not in reader.get(path).text
    assert reader.get("/harbour/secret-draft").status_code == 404
    with db.reading() as session:
        assert views.story_address(session, article.id) is None


@pytest.mark.parametrize("path", ["/sport", "/sport/the-last-ferry", "/harbour/nothing", f"{PATH}/retracted"])
def test_what_is_not_there_is_not_found(
    reader: FlaskClient, put_out: Callable[..., Article], path: str
) -> None:
    put_out()
    parsed(reader.get(path), 404)


@pytest.mark.both_databases
def test_no_page_for_readers_sets_a_cookie_and_each_can_be_cached(
    reader: FlaskClient, put_out: Callable[..., Article]
) -> None:
    put_out()
    for path in (
        "/",
        "/archive",
        "/harbour",
        PATH,
        f"{PATH}/changes",
        "/feed.atom",
        "/feed.json",
        "/robots.txt",
    ):
        got = reader.get(path)
        assert "Set-Cookie" not in got.headers
        assert got.cache_control.public
        again = reader.get(path, headers={"If-None-Match": got.headers["ETag"]})
        assert again.status_code == 304


def test_a_story_page_tells_all_that_a_reader_is_owed(
    reader: FlaskClient, put_out: Callable[..., Article]
) -> None:
    put_out(
        authors=(Credit("maria", "words"), Credit("jon", "data")),
        method="We counted.\nTwice: https://example.org/count",
        sources=(Source("Timetable", "https://example.org/t", "public"), Source("A sailor", "", "protected")),
        content_warning="Mentions drowning",
    )
    page = parsed(reader.get(PATH))
    for words in (
        "The last ferry</h1>",
        "Merrenport stops its night ferry.",
        "<strong>last</strong> ferry left",
        "Maria Petrova",
        "Jon Okafor",
        "1 minute to read",
        "How we reported this",
        '<a href="https://example.org/count"',
        '<a href="https://example.org/t">Timetable</a>',
        "A sailor",
        "protected",
        "Mentions drowning",
        "0 likes",
        "Nobody has replied yet.",
        'action="/interact"',
    ):
        assert words in page


def test_machines_find_the_story_behind_its_page(
    reader: FlaskClient, put_out: Callable[..., Article]
) -> None:
    article = put_out(title='Ferry </script> & "more"', slug="ferry")
    page = parsed(reader.get("/harbour/ferry"))
    identifier = addresses.id_of(article.id)
    assert f'<link rel="alternate" type="application/activity+json" href="{identifier}">' in page
    assert '<link rel="canonical" href="http://127.0.0.1:8000/harbour/ferry">' in page
    assert '<meta name="fediverse:creator" content="@maria@127.0.0.1:8000">' in page
    assert '<meta property="og:type" content="article">' in page
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    value = json.loads(found[1])
    assert (value["@type"], value["@id"]) == ("NewsArticle", identifier)
    assert value["headline"] == 'Ferry </script> & "more"'
    assert value["author"][0]["name"] == "Maria Petrova"


@pytest.mark.both_databases
def test_replies_likes_and_boosts_from_elsewhere_stand_below_the_story(
    reader: FlaskClient, db: Database, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        post, ines = session.get_one(Post, article.id), remote(session, "ines")
        first = answer(session, post, ines, "I was on it.")
        answer(session, first, remote(session, "otto"), "So was I.")
        for kind in ("Like", "Announce"):
            session.add(
                Reaction(post_id=post.id, actor_id=ines.id, kind=kind, uri=f"https://peer.example/{kind}")
            )
    page = parsed(reader.get(PATH))
    assert page.index("I was on it.") < page.index("So was I.")
    assert "@ines@peer.example" in page
    assert "1 like · 1 boost" in page


def test_a_correction_is_told_on_the_page_and_word_by_word_behind_it(
    reader: FlaskClient, db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        corrected = replace(draft, body="The **last** ferry left at one.\n\nNobody waved.")
        desk.correct(session, article.id, cast.maria, corrected, note="It left at one.", kind="clarification")
    page = parsed(reader.get(PATH))
    assert "Clarification, " in page
    assert "It left at one." in page
    assert '"@type": "CorrectionComment"' in page.replace('":"', '": "')
    changes = parsed(reader.get(f"{PATH}/changes"))
    assert re.search(r"<del>.*midnight\.</del>", changes)
    assert re.search(r"<ins>.*one\.</ins>", changes)


def test_an_old_address_leads_to_the_present_one(
    reader: FlaskClient, db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        desk.correct(
            session, article.id, cast.maria, replace(draft, slug="ferries"), note="Moved.", kind="update"
        )
    got = reader.get(PATH)
    assert (got.status_code, got.location) == (301, "/harbour/ferries")
    with db.reading() as session:
        assert views.story_address(session, article.id) == "http://127.0.0.1:8000/harbour/ferries"


@pytest.mark.both_databases
def test_a_retracted_story_keeps_its_page_with_the_reason_and_its_text_behind_a_link(
    reader: FlaskClient, db: Database, cast: Cast, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        desk.retract(session, article.id, cast.maria, "It never left.")
    page = parsed(reader.get(PATH))
    assert "This story was retracted on" in page
    assert "It never left." in page
    assert "Nobody waved" not in page
    assert f'href="{PATH}/retracted"' in page
    assert "Nobody waved" in parsed(reader.get(f"{PATH}/retracted"))
    for path in ("/", "/archive", "/harbour", "/feed.atom", "/sitemap.xml"):
        assert "last-ferry" not in reader.get(path).text


@pytest.mark.both_databases
def test_lists_have_pages(
    reader: FlaskClient, put_out: Callable[..., Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.limits, "PAGE_STORIES", 2)
    for number in range(5):
        put_out(title=f"Story {number}")
    for path in ("/archive", "/harbour"):
        seen, at = [], path
        for _page in range(3):
            page = parsed(reader.get(at))
            seen += re.findall(r"(Story \d)</a></h", page)
            older = re.search(r'rel="next" href="([^"]+)"', page)
            at = older[1] if older else ""
        assert seen == [f"Story {number}" for number in (4, 3, 2, 1, 0)]
        assert not at


def test_a_page_after_no_story_is_the_first(reader: FlaskClient, put_out: Callable[..., Article]) -> None:
    put_out()
    assert "The last ferry" in reader.get("/archive?before=nonsense").text
    assert "The last ferry" in reader.get(f"/archive?before={uuid.uuid4()}").text


def test_a_section_page_has_only_its_own_stories(
    reader: FlaskClient, db: Database, put_out: Callable[..., Article]
) -> None:
    with db.transaction() as session:
        sections.create(session, "art", "Art", "Pictures and songs.")
    put_out()
    put_out(title="A song", section="art")
    page = parsed(reader.get("/art"))
    assert "A song" in page
    assert "last ferry" not in page
    assert "@art@127.0.0.1:8000" in page


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("handle", "there", "not_there"),
    [
        ("maria", ["By Maria"], ["By Jon"]),
        ("jon", ["By Jon"], ["By Maria"]),
        ("newsroom", ["By Maria", "By Jon"], []),
        ("art", ["By Jon"], ["By Maria"]),
    ],
)
def test_a_profile_lists_what_the_actor_published(
    app: object,
    reader: FlaskClient,
    db: Database,
    put_out: Callable[..., Article],
    handle: str,
    there: list[str],
    not_there: list[str],
) -> None:
    with db.transaction() as session:
        sections.create(session, "art", "Art")
    put_out(title="By Maria")
    put_out(title="By Jon", authors=(Credit("jon"),), section="art")
    page = parsed(reader.get(f"/@{handle}", headers={"Accept": "text/html"}))
    assert f"@{handle}@127.0.0.1:8000" in page
    assert all(title in page for title in there)
    assert not any(title in page for title in not_there)


@pytest.mark.both_databases
def test_the_browser_is_led_from_a_storys_id_to_its_page(
    reader: FlaskClient, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    got = reader.get(f"/stories/{article.id}", headers={"Accept": "text/html"})
    assert got.status_code in (302, 303)
    assert got.location.endswith(PATH)


def with_picture(db: Database) -> uuid.UUID:
    with db.transaction() as session:
        picture = Picture(
            key=f"{'a' * 64}.jpg",
            small_key=f"{'b' * 64}.jpg",
            media_type="image/jpeg",
            width=1200,
            height=800,
            blurhash="LEHV6nWB2yk8",
            alt="A ferry at night",
            credit="Jon Okafor",
            licence="CC BY-SA 4.0",
        )
        session.add(picture)
        session.flush()
        return picture.id


@pytest.mark.both_databases
def test_a_lead_picture_says_what_it_shows_and_who_made_it(
    reader: FlaskClient, db: Database, put_out: Callable[..., Article]
) -> None:
    put_out(picture_id=with_picture(db))
    page = parsed(reader.get(PATH))
    assert 'alt="A ferry at night" width="1200" height="800"' in page
    assert "Jon Okafor (CC BY-SA 4.0)" in page
    assert '<meta property="og:image:alt" content="A ferry at night">' in page
    put_out(title="Another")
    assert f'{"b" * 64}.jpg" alt="" width="600" height="400"' in reader.get("/harbour").text.replace(
        f'{"a" * 64}.jpg" alt="" width="1200" height="800"',
        f'{"b" * 64}.jpg" alt="" width="600" height="400"',
    )
    with db.reading() as session:
        described = media.ref(session.query(Picture).one())
        assert described.url == f"http://127.0.0.1:8000/media/{'a' * 64}.jpg"


@pytest.mark.both_databases
def test_a_thousand_words_fit_into_14_kib_with_their_style_sheet(
    reader: FlaskClient, db: Database, cast: Cast, put_out: Callable[..., Article]
) -> None:
    # Every word different: real prose packs better.
    text = "\n\n".join(
        " ".join(f"{word:x}{(word * 2654435761) % 9973}" for word in range(line * 50, line * 50 + 50))
        for line in range(20)
    )
    put_out(body=text, method="We read all of it.", sources=(Source("Archive", "https://example.org/"),))
    sizes = []
    page = reader.get(PATH).text
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    for path in (PATH, *sheets):
        sizes.append(len(gzip.compress(reader.get(path).data, 6)))
    assert len(text.split()) == 1000
    assert sum(sizes) <= 14 * 1024, sizes


@pytest.mark.both_databases
def test_a_story_page_asks_the_database_little_however_much_there_is(
    reader: FlaskClient, db: Database, put_out: Callable[..., Article], queries: list[str]
) -> None:
    article = put_out(
        picture_id=with_picture(db),
        authors=(Credit("maria", "words"), Credit("jon", "data"), Credit("ada", "pictures")),
    )
    with db.transaction() as session:
        post = session.get_one(Post, article.id)
        for number in range(10):
            answer(session, post, remote(session, f"reader{number}"), f"Reply {number}")
    queries.clear()
    assert reader.get(PATH).text.count("Reply ") >= 10
    assert len(queries) <= 12, "\n".join(queries)


@pytest.mark.both_databases
def test_the_front_page_asks_the_database_little_however_much_there_is(
    reader: FlaskClient, db: Database, put_out: Callable[..., Article], queries: list[str]
) -> None:
    with db.transaction() as session:
        for slug in ("art", "sport"):
            sections.create(session, slug, slug.title())
    for number in range(12):
        put_out(
            title=f"Story {number}",
            section=("art", "sport", "harbour", "")[number % 4],
            picture_id=with_picture(db),
        )
    queries.clear()
    assert reader.get("/").text.count("Story ") >= 9
    assert len(queries) <= 10, "\n".join(queries)


def test_whoever_asks_the_page_for_activitypub_is_led_to_the_story(
    reader: FlaskClient, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    answer = reader.get(PATH, headers={"Accept": "application/activity+json"})
    assert answer.status_code == 302
    assert answer.location.endswith(f"/stories/{article.id}")
    assert "Accept" in answer.headers["Vary"]
    page = reader.get(PATH, headers={"Accept": "text/html, application/activity+json"})
    assert page.status_code == 200 and "Accept" in page.headers["Vary"]
