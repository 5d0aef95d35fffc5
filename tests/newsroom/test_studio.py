"""The studio, without a script: only links, forms and buttons."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import html5lib
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from commons import limits
from commons.accounts import Account
from commons.db import Database
from federation.models import Activity, Delivery
from newsroom import desk
from newsroom.drafts import Draft
from newsroom.models import Article, Revision

from .conftest import Cast

pytestmark = pytest.mark.one_database

Browser = Callable[[Account], FlaskClient]
FORM = {
    "title": "The last ferry",
    "summary": "Merrenport stops its night ferry.",
    "body": "It left at **midnight**.",
    "section": "harbour",
    "language": "en",
    "tags": "ferry, harbour",
    "authors-0-handle": "jon",
    "authors-0-role": "words",
    "sources-0-text": "Timetable",
    "sources-0-url": "https://example.org/t",
    "sources-0-kind": "public",
}


def valid(answer: TestResponse, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    html5lib.HTMLParser(strict=True).parse(answer.text)
    return answer.text


def send(browser: FlaskClient, path: str, page: str = "", **fields: object) -> TestResponse:
    """Fill the form of ``page`` (where it is another than ``path``) and press its button."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page or path).text)
    assert token is not None
    kind = "multipart/form-data" if any(isinstance(value, tuple) for value in fields.values()) else None
    return browser.post(path, data={"csrf_token": token[1], **fields}, content_type=kind)


def started(db: Database, by: Account, draft: Draft) -> str:
    with db.transaction() as session:
        return f"/studio/stories/{desk.start(session, by, draft).id}"


def newest(db: Database) -> Revision:
    with db.reading() as session:
        return session.scalars(
            select(Revision).order_by(Revision.created_at.desc(), Revision.number.desc())
        ).first()  # type: ignore[return-value]


@pytest.mark.both_databases
def test_who_is_not_signed_in_is_led_to_the_sign_in_page(reader: FlaskClient) -> None:
    got = reader.get("/studio")
    assert got.status_code == 303
    assert got.location.startswith("/sign-in")


def test_who_may_not_write_has_no_studio(browser_of: Browser, cast: Cast) -> None:
    browser = browser_of(cast.rolf)
    assert browser.get("/studio").status_code == 403
    assert browser.get("/studio/new").status_code == 403


def test_without_the_forms_token_nothing_is_written(browser_of: Browser, cast: Cast, db: Database) -> None:
    assert browser_of(cast.jon).post("/studio/new", data=FORM).status_code == 403
    with db.reading() as session:
        assert session.scalars(select(Article)).all() == []


@pytest.mark.both_databases
def test_a_story_from_the_empty_page_to_the_public(
    browser_of: Browser, reader: FlaskClient, cast: Cast, db: Database
) -> None:
    jon, maria = browser_of(cast.jon), browser_of(cast.maria)
    valid(jon.get("/studio/new"))
    saved = send(jon, "/studio/new", **FORM, then="publish")
    assert saved.status_code == 303
    at = saved.location.removesuffix("/publish")
    assert jon.get(saved.location).status_code == 403, "a writer does not publish"
    assert "The last ferry" in valid(maria.get("/studio"))
    page = valid(maria.get(f"{at}/publish"))
    for words in (
        "The last ferry</h3>",
        "Merrenport stops its night ferry.",
        "http://127.0.0.1:8000/harbour/the-last-ferry",
    ):
        assert words in page
    assert "Title: 14 of 150 characters. Summary: 33 of 500." in page
    assert send(maria, f"{at}/publish").status_code == 303
    assert "It left at <strong>midnight</strong>." in valid(reader.get("/harbour/the-last-ferry"))
    assert "Nobody follows yet" in valid(maria.get(at))


def test_a_saved_story_comes_back_as_it_was_written(browser_of: Browser, cast: Cast, db: Database) -> None:
    jon = browser_of(cast.jon)
    at = send(jon, "/studio/new", **FORM, then="edit").location
    page = valid(jon.get(at))
    assert "Saved" in page
    for value in (
        "It left at **midnight**.</textarea>",
        'value="ferry, harbour"',
        'value="Timetable"',
        'value="jon"',
    ):
        assert value in page
    assert '<option selected value="harbour">' in page


def test_a_refused_story_is_shown_again_with_the_reason_and_every_word(
    browser_of: Browser, cast: Cast
) -> None:
    got = send(browser_of(cast.jon), "/studio/new", **{**FORM, "title": "t" * 151})
    page = valid(got, 422)
    assert "The title has at most 150 characters." in page
    assert "It left at **midnight**.</textarea>" in page
    assert 'value="Timetable"' in page


@pytest.mark.both_databases
def test_a_save_over_another_persons_text_is_refused_and_shows_both(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft
) -> None:
    at = started(db, cast.jon, draft)
    jon, lena = browser_of(cast.jon), browser_of(cast.lena)
    assert send(lena, f"{at}/edit", **{**FORM, "body": "Lena's text."}, base_number="1").status_code == 303
    got = send(jon, f"{at}/edit", **{**FORM, "body": "Jon's text."}, base_number="1")
    page = valid(got, 409)
    assert "Lena&#39;s text.</textarea>" in page
    assert "Jon&#39;s text.</textarea>" in page
    assert newest(db).body == "Lena's text."
    base = re.search(r'name="base_number"[^>]* value="(\d+)"', page)
    assert base is not None
    again = send(jon, f"{at}/edit", **{**FORM, "body": "Both texts."}, base_number=base[1])
    assert again.status_code == 303
    assert newest(db).body == "Both texts."


@pytest.mark.both_databases
def test_a_writer_does_not_see_anothers_draft(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft
) -> None:
    at, ada = started(db, cast.jon, draft), browser_of(cast.ada)
    assert "last ferry" not in ada.get("/studio").text
    for page in ("", "/edit", "/revisions", "/picture", "/publish", "/correct", "/retract"):
        assert ada.get(at + page).status_code == 403
    assert "last ferry" in browser_of(cast.lena).get("/studio").text


@pytest.mark.both_databases
def test_the_preview_is_a_fragment_for_the_script_and_a_page_for_the_button(
    browser_of: Browser, cast: Cast
) -> None:
    jon = browser_of(cast.jon)
    fragment = send(jon, "/studio/preview", "/studio/new", **FORM)
    assert fragment.text.strip() == "<p>It left at <strong>midnight</strong>.</p>"
    page = valid(send(jon, "/studio/preview", "/studio/new", **FORM, whole="1"))
    assert "The last ferry</h1>" in page
    assert "<strong>midnight</strong>" in page
    evil = send(
        jon,
        "/studio/preview",
        "/studio/new",
        **{**FORM, "body": "<script>alert(1)</script> [x](javascript:1)"},
    )
    assert "<script" not in evil.text
    assert "href" not in evil.text
    refused = send(jon, "/studio/preview", "/studio/new", **{**FORM, "title": "t" * 151})
    assert refused.status_code == 422
    assert "at most 150" in refused.text


@pytest.mark.both_databases
def test_revisions_are_listed_and_compared_word_by_word(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft
) -> None:
    at, jon = started(db, cast.jon, draft), browser_of(cast.jon)
    send(jon, f"{at}/edit", **{**FORM, "body": "The **last** ferry left at one."}, base_number="1")
    page = valid(jon.get(f"{at}/revisions"))
    assert page.count('name="before"') == 2
    assert "Jon Okafor" in page
    compared = valid(jon.get(f"{at}/revisions?before=1&after=2"))
    assert re.search(r"<del>.*midnight\.</del>", compared)
    assert re.search(r"<ins>.*one\.</ins>", compared)
    assert "These two are the same." in jon.get(f"{at}/revisions?before=2&after=2").text
    assert jon.get(f"{at}/revisions?before=1&after=7").status_code == 404


def png(colour: str = "navy") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (900, 600), colour).save(file, "PNG")
    file.seek(0)
    return file


@pytest.mark.both_databases
def test_a_lead_picture_with_what_is_owed_about_it(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft
) -> None:
    at, jon = started(db, cast.jon, draft), browser_of(cast.jon)
    owed = {"alt": "A ferry at night", "credit": "Jon Okafor", "licence": "CC BY-SA 4.0"}
    assert send(jon, f"{at}/picture", file=(png(), "ferry.png"), **owed).status_code == 303
    with db.reading() as session:
        first = desk.latest(session, session.scalars(select(Article)).one()).picture
        assert first is not None
        assert (first.alt, first.credit, first.licence, first.width) == (*owed.values(), 900)
    page = valid(jon.get(f"{at}/picture"))
    assert f"/media/{first.key}" in page
    assert send(jon, f"{at}/picture", **{**owed, "alt": "A ferry leaves"}).status_code == 303
    with db.reading() as session:
        second = desk.latest(session, session.scalars(select(Article)).one()).picture
        assert second is not None
        assert (second.key, second.alt) == (first.key, "A ferry leaves")
    assert send(jon, f"{at}/picture", remove="1").status_code == 303
    assert newest(db).picture_id is None


def test_a_picture_may_be_larger_than_any_other_form(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft
) -> None:
    at, noise = started(db, cast.jon, draft), io.BytesIO()
    Image.effect_noise((2100, 2100), 100).save(noise, "PNG")
    assert limits.FORM_BODY < noise.tell() < limits.UPLOAD_BODY
    noise.seek(0)
    got = send(browser_of(cast.jon), f"{at}/picture", file=(noise, "noise.png"), alt="Noise", credit="Jon")
    got.request.environ["wsgi.input"].close()  # the test client leaves its file of the upload open
    assert got.status_code == 303
    assert newest(db).picture_id is not None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"alt": "", "credit": "Jon"}, "Say what the picture shows"),
        ({"alt": "A ferry", "credit": " "}, "Name who made the picture"),
        ({"alt": "a" * (limits.ALT_CHARS + 1), "credit": "Jon"}, "What a picture shows is told in at most"),
        (
            {"alt": "", "decorative": "y", "credit": "Jon", "file": (b"no picture", "x.png")},
            "could not be read",
        ),
    ],
)
def test_a_picture_that_lacks_something_is_refused(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft, fields: dict[str, Any], reason: str
) -> None:
    fields = dict(fields)
    at, jon = started(db, cast.jon, draft), browser_of(cast.jon)
    data, name = fields.pop("file", (png().getvalue(), "ferry.png"))
    got = send(jon, f"{at}/picture", **fields, file=(io.BytesIO(data), name))
    assert reason in valid(got, 422)
    assert newest(db).picture_id is None


def test_a_form_without_a_picture_asks_for_one(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft
) -> None:
    at = started(db, cast.jon, draft)
    got = send(browser_of(cast.jon), f"{at}/picture", alt="A ferry", credit="Jon")
    assert "Choose a picture file." in valid(got, 422)


def test_an_unfinished_story_is_not_put_out(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft
) -> None:
    at = started(db, cast.maria, replace(draft, summary=""))
    got = send(browser_of(cast.maria), f"{at}/publish")
    assert "A story needs a summary" in valid(got, 422)


@pytest.mark.both_databases
def test_a_correction_from_the_studio(
    browser_of: Browser, reader: FlaskClient, cast: Cast, put_out: Callable[..., Article]
) -> None:
    at, maria = f"/studio/stories/{put_out().id}", browser_of(cast.maria)
    valid(maria.get(f"{at}/correct"))
    changed = {**FORM, "body": "It left at one.", "authors-0-handle": "maria"}
    got = send(maria, f"{at}/correct", **changed, base_number="1", kind="correction", note="")
    assert "write a note" in valid(got, 422)
    told = send(maria, f"{at}/correct", **changed, base_number="1", kind="correction", note="It left at one.")
    assert told.status_code == 303
    assert "It left at one." in reader.get("/harbour/the-last-ferry").text
    assert "It left at one." in valid(maria.get(at))
    stale = send(
        maria, f"{at}/correct", **{**changed, "body": "Two."}, base_number="1", kind="update", note="Two."
    )
    assert "newer text" in valid(stale, 409)


@pytest.mark.both_databases
def test_a_retraction_from_the_studio(
    browser_of: Browser, reader: FlaskClient, cast: Cast, put_out: Callable[..., Article]
) -> None:
    at, maria = f"/studio/stories/{put_out().id}", browser_of(cast.maria)
    assert "write a note" in valid(send(maria, f"{at}/retract", reason=" "), 422)
    assert send(maria, f"{at}/retract", reason="It never left.").status_code == 303
    assert "It never left." in reader.get("/harbour/the-last-ferry").text
    page = valid(maria.get(at))
    assert "Correct…" not in page
    assert maria.get(f"{at}/correct").status_code == 409


@pytest.mark.both_databases
def test_a_published_story_has_no_page_to_edit_and_a_draft_none_to_correct(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft, put_out: Callable[..., Article]
) -> None:
    maria = browser_of(cast.maria)
    published, unpublished = f"/studio/stories/{put_out().id}", started(db, cast.maria, draft)
    for path in (
        f"{published}/edit",
        f"{published}/picture",
        f"{unpublished}/correct",
        f"{unpublished}/retract",
    ):
        assert maria.get(path).status_code == 409, path
    assert maria.get(f"{published}/publish").location == published


def test_only_the_buttons_that_would_work_are_shown(
    browser_of: Browser, cast: Cast, db: Database, draft: Draft, put_out: Callable[..., Article]
) -> None:
    at = started(db, cast.jon, draft)
    assert "Publish…" not in browser_of(cast.jon).get(at).text
    assert "Publish…" in browser_of(cast.maria).get(at).text
    published = f"/studio/stories/{put_out(by=cast.jon, slug='other').id}"
    assert "Retract…" not in browser_of(cast.jon).get(published).text
    assert "Retract…" in browser_of(cast.maria).get(published).text


@pytest.mark.both_databases
def test_the_page_of_a_story_says_how_far_it_has_got(
    browser_of: Browser, cast: Cast, db: Database, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        activity = session.scalars(select(Activity).where(Activity.kind == "Create")).one()
        for number, state in enumerate(("sent", "sent", "due", "failed", "gave_up")):
            session.add(
                Delivery(
                    activity_id=activity.id,
                    inbox=f"https://peer{number}.example/inbox",
                    host=f"peer{number}.example",
                    object_uri=activity.object_uri,
                    state=state,
                    tries=1,
                    last_status=410 if state == "failed" else None,
                )
            )
    page = valid(browser_of(cast.maria).get(f"/studio/stories/{article.id}"))
    assert "Reached 2 of 5 inboxes on 5 servers." in page
    assert page.index("peer3.example") < page.index("peer4.example") < page.index("peer2.example")
    assert "410" in page
    assert "<td>https://peer0.example/inbox</td>\n<td>Story</td>" in page
