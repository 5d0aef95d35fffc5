"""What is done to a story, and by whom."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from commons import limits, minutes
from commons.accounts import Account
from commons.db import Database
from commons.refusal import Refused
from federation.models import Activity, Post
from newsroom import addresses, desk, stories
from newsroom.drafts import Credit, Draft, Source
from newsroom.models import Article, Byline, Correction, PageAddress, Revision

from .conftest import Cast


def started(db: Database, by: Account, draft: Draft) -> Article:
    with db.transaction() as session:
        return desk.start(session, by, draft)


def test_a_new_story_has_one_revision_and_its_author_in_the_byline(
    db: Database, cast: Cast, draft: Draft
) -> None:
    article = started(db, cast.jon, draft)
    with db.reading() as session:
        revision = session.scalars(select(Revision).where(Revision.article_id == article.id)).one()
        byline = session.scalars(select(Byline).where(Byline.article_id == article.id)).one()
        assert (revision.number, revision.title) == (1, "The last ferry")
        assert "<strong>last</strong>" in revision.html
        assert (byline.actor.handle, byline.role) == ("jon", "words")


def test_who_may_not_write_starts_nothing(db: Database, cast: Cast, draft: Draft) -> None:
    with pytest.raises(Refused) as refused:
        started(db, cast.rolf, draft)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "t" * (limits.TITLE_CHARS + 1)}, "title"),
        ({"summary": "s" * (limits.SUMMARY_STORY_CHARS + 1)}, "summary"),
        ({"body": "b" * (limits.BODY_CHARS + 1)}, "story has at most"),
        ({"language": "english!"}, "language"),
        ({"tags": tuple(f"tag {number}" for number in range(limits.STORY_TAGS + 1))}, "tags"),
        ({"tags": ("t" * (limits.TAG_CHARS + 1),)}, "tag"),
        ({"sources": (Source("Council", "javascript:alert(1)"),)}, "address of a source"),
        ({"sources": (Source("Council", "", "secret"),)}, "source is public"),
        ({"sources": tuple(Source(f"source {n}") for n in range(limits.STORY_SOURCES + 1))}, "sources"),
        ({"method": "m" * (limits.METHOD_CHARS + 1)}, "reported"),
        ({"content_warning": "w" * (limits.WARNING_CHARS + 1)}, "warning"),
        ({"section": "sport"}, "no section"),
        ({"authors": (Credit("nobody"),)}, "handle nobody"),
        ({"authors": (Credit("newsroom"),)}, "handle newsroom"),
        ({"authors": tuple(Credit("jon", f"role {n}") for n in range(limits.STORY_AUTHORS + 1))}, "authors"),
        ({"authors": (Credit("jon", "r" * (limits.ROLE_CHARS + 1)),)}, "role"),
    ],
)
def test_what_is_too_long_or_malformed_is_refused(
    db: Database, cast: Cast, draft: Draft, change: dict[str, object], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        started(db, cast.jon, replace(draft, **change))  # type: ignore[arg-type]


def test_a_draft_is_tidied(db: Database, cast: Cast, draft: Draft) -> None:
    untidy = replace(
        draft,
        title="  The\u202e last\x00   ferry ",
        body="One\r\ntwo\x00\x0c",
        tags=("#Ferry", "ferry", " ", "night boat"),
    )
    article = started(db, cast.jon, untidy)
    with db.reading() as session:
        revision = desk.latest(session, session.get_one(Article, article.id))
        assert (revision.title, revision.body, revision.tags) == (
            "The last ferry",
            "One\ntwo",
            ["Ferry", "night boat"],
        )


def test_a_save_is_a_new_revision_and_the_same_text_is_none(db: Database, cast: Cast, draft: Draft) -> None:
    article = started(db, cast.jon, draft)
    with db.transaction() as session:
        assert desk.save(session, article.id, cast.jon, replace(draft, body="New."), 1).number == 2
    with db.transaction() as session:
        assert desk.save(session, article.id, cast.jon, replace(draft, body="New."), 2).number == 2


def test_a_save_on_a_stale_base_is_refused_and_overwrites_nothing(
    db: Database, cast: Cast, draft: Draft
) -> None:
    article = started(db, cast.jon, draft)
    with db.transaction() as session:
        desk.save(session, article.id, cast.lena, replace(draft, body="Lena's."), 1)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        desk.save(session, article.id, cast.jon, replace(draft, body="Jon's."), 1)
    assert refused.value.status == 409
    with db.reading() as session:
        assert desk.latest(session, session.get_one(Article, article.id)).body == "Lena's."


def test_a_writer_edits_only_her_own(db: Database, cast: Cast, draft: Draft) -> None:
    article = started(db, cast.jon, draft)
    for verb in ("read", "save"):
        with pytest.raises(Refused) as refused, db.transaction() as session:
            desk.open_(session, article.id, cast.ada, verb)
        assert refused.value.status == 403
    with db.transaction() as session:
        assert desk.save(session, article.id, cast.lena, replace(draft, body="Edited."), 1).number == 2


def test_there_is_no_such_story(db: Database, cast: Cast) -> None:
    with db.transaction() as session, pytest.raises(Refused) as refused:
        desk.publish(session, uuid.uuid4(), cast.maria)
    assert refused.value.status == 404


@pytest.mark.parametrize("who", ["jon", "lena", "ada", "rolf"])
def test_publishing_takes_the_power_to_publish(db: Database, cast: Cast, draft: Draft, who: str) -> None:
    article = started(db, cast.jon, draft)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        desk.publish(session, article.id, getattr(cast, who))
    assert refused.value.status == 403


@pytest.mark.parametrize("missing", ["title", "summary", "body"])
def test_nothing_is_put_out_without_title_summary_and_text(
    db: Database, cast: Cast, draft: Draft, missing: str
) -> None:
    article = started(db, cast.jon, replace(draft, **{missing: " "}))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="needs a"), db.transaction() as session:
        desk.publish(session, article.id, cast.maria)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post)) == 0


def test_a_published_story_is_posted_with_the_id_of_its_article(
    db: Database, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.reading() as session:
        post = session.scalars(select(Post)).one()
        assert post.id == article.id == article.post_id
        document = json.loads(post.document or b"")
        assert document["id"] == addresses.id_of(article.id)
        assert document["url"] == "http://127.0.0.1:8000/harbour/the-last-ferry"
        kinds = session.scalars(select(Activity.kind).order_by(Activity.id)).all()
        assert list(kinds) == ["Create", "Announce", "Announce"]


def test_publishing_twice_changes_nothing(db: Database, cast: Cast, put_out: Callable[..., Article]) -> None:
    article = put_out()
    with db.reading() as session:
        before = minutes.head(session)
    with db.transaction() as session:
        again = desk.publish(session, article.id, cast.maria)
        assert again.published_at == article.published_at
    with db.reading() as session:
        assert minutes.head(session) == before
        assert session.scalar(select(func.count()).select_from(Activity)) == 3


def test_every_use_of_a_power_is_in_the_minutes(
    db: Database, cast: Cast, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        desk.correct(
            session, article.id, cast.maria, Draft("New", "Sum", "Body"), note="The title was wrong."
        )
        desk.retract(session, article.id, cast.maria, "It did not happen.")
    with db.reading() as session:
        assert minutes.verify(session) is None
        lines = [(minute.body["verb"], details) for minute, details in minutes.lines(session, count=3)]
    assert [verb for verb, _details in lines] == ["retract", "correct", "publish"]
    assert lines[0][1] == {"by": "@maria@127.0.0.1:8000", "reason": "It did not happen."}


def test_a_draft_cannot_be_saved_once_it_is_published(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with pytest.raises(Refused, match="Correct it") as refused, db.transaction() as session:
        desk.save(session, article.id, cast.maria, replace(draft, body="Quietly changed."), 1)
    assert refused.value.status == 409


def test_two_stories_of_one_title_get_two_addresses(put_out: Callable[..., Article]) -> None:
    assert [put_out().slug for _time in range(3)] == [
        "the-last-ferry",
        "the-last-ferry-2",
        "the-last-ferry-3",
    ]


def test_a_title_in_any_script_gives_an_address(put_out: Callable[..., Article]) -> None:
    assert put_out(title="Großer Übungsplatz").slug == "grosser-ubungsplatz"
    assert put_out(title="東京の港").slug.isascii()
    assert put_out(title="⛴️").slug == "story"


def test_a_story_without_a_section_stands_under_news(put_out: Callable[..., Article]) -> None:
    assert addresses.path_of(put_out(section="")) == "/news/the-last-ferry"


def test_a_correction_is_a_revision_a_notice_and_an_update(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        desk.correct(
            session,
            article.id,
            cast.maria,
            replace(draft, body="It left at one."),
            note="It left at one, not midnight.",
        )
    with db.reading() as session:
        told = session.scalars(select(Correction)).one()
        assert (told.kind, told.before_number, told.after_number) == ("correction", 1, 2)
        story = stories.one(session, article.id)
        assert story is not None
        assert story.revision.body == "It left at one."
        post = session.scalars(select(Post)).one()
        assert "It left at one, not midnight." in post.content
        assert list(session.scalars(select(Activity.kind).order_by(Activity.id)))[-1] == "Update"


def test_the_notice_speaks_the_language_of_the_story(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    german = replace(draft, language="de-AT")
    article = put_out(language="de-AT")
    with db.transaction() as session:
        desk.correct(
            session, article.id, cast.maria, replace(german, body="Um eins."), note="Es war um eins."
        )
    with db.reading() as session:
        content = session.scalars(select(Post.content)).one()
        assert "<strong>Berichtigung:</strong> Es war um eins." in content


@pytest.mark.parametrize(
    ("note", "kind", "words"),
    [
        ("  ", "correction", "note"),
        ("n" * (limits.NOTE_CHARS + 1), "correction", "note"),
        ("Note.", "retraction", "kind of correction"),
    ],
)
def test_a_correction_needs_a_note_and_a_kind(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article], note: str, kind: str, words: str
) -> None:
    article = put_out()
    with pytest.raises(Refused, match=words), db.transaction() as session:
        desk.correct(session, article.id, cast.maria, replace(draft, body="New."), note=note, kind=kind)


def test_a_correction_that_changes_nothing_is_refused(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with pytest.raises(Refused, match="Nothing was changed"), db.transaction() as session:
        desk.correct(session, article.id, cast.maria, draft, note="Nothing.")


def test_a_correction_on_a_stale_base_is_refused(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        desk.correct(session, article.id, cast.maria, replace(draft, body="One."), note="One.", base_number=1)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        desk.correct(session, article.id, cast.maria, replace(draft, body="Two."), note="Two.", base_number=1)
    assert refused.value.status == 409


def test_a_draft_cannot_be_corrected_or_retracted(db: Database, cast: Cast, draft: Draft) -> None:
    article = started(db, cast.maria, draft)
    with pytest.raises(Refused, match="not published"), db.transaction() as session:
        desk.correct(session, article.id, cast.maria, draft, note="Note.")
    with pytest.raises(Refused, match="not published"), db.transaction() as session:
        desk.retract(session, article.id, cast.maria, "Reason.")


@pytest.mark.parametrize("who", ["jon", "lena", "rolf"])
def test_correcting_and_retracting_take_the_power_to_publish(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article], who: str
) -> None:
    article, by = put_out(by=cast.jon), getattr(cast, who)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        desk.correct(session, article.id, by, replace(draft, body="New."), note="Note.")
    assert refused.value.status == 403
    with pytest.raises(Refused) as refused, db.transaction() as session:
        desk.retract(session, article.id, by, "Reason.")
    assert refused.value.status == 403


def test_the_first_author_stays_once_a_story_is_published(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with pytest.raises(Refused, match="first author"), db.transaction() as session:
        desk.correct(
            session,
            article.id,
            cast.maria,
            replace(draft, authors=(Credit("jon"), Credit("maria"))),
            note="Byline.",
        )
    with db.transaction() as session:
        credits = (Credit("maria", "words"), Credit("jon", "pictures"), Credit("maria", "data"))
        desk.correct(
            session, article.id, cast.maria, replace(draft, authors=credits), note="Jon was left out."
        )
    with db.reading() as session:
        story = stories.one(session, article.id)
        assert story is not None
        assert [(maker.name, maker.roles) for maker in story.people] == [
            ("Maria Petrova", ("words", "data")),
            ("Jon Okafor", ("pictures",)),
        ]


def test_a_new_slug_or_section_keeps_the_old_address_for_the_story(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        desk.correct(session, article.id, cast.maria, replace(draft, slug="ferries-end"), note="New address.")
    with db.transaction() as session:
        moved = replace(draft, slug="ferries-end", section="")
        desk.correct(session, article.id, cast.maria, moved, note="Moved.", kind="update")
    other = put_out()
    assert other.slug == "the-last-ferry-2", "an address is never given to another story"
    with db.reading() as session:
        rows = session.scalars(select(PageAddress).where(PageAddress.article_id == article.id))
        assert {row.path: row.current for row in rows} == {
            "/harbour/the-last-ferry": False,
            "/harbour/ferries-end": False,
            "/news/ferries-end": True,
        }
        assert (
            session.scalars(select(Post).where(Post.id == article.id)).one().url.endswith("/news/ferries-end")
        )


def test_a_story_may_go_back_to_an_address_of_its_own(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    for slug in ("other", "the-last-ferry"):
        with db.transaction() as session:
            desk.correct(
                session, article.id, cast.maria, replace(draft, slug=slug), note="Address.", kind="update"
            )
    with db.reading() as session:
        current = session.scalars(select(PageAddress.path).where(PageAddress.current)).one()
        assert current == "/harbour/the-last-ferry"


def test_a_retraction_says_why_everywhere_and_only_once(
    db: Database, cast: Cast, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    for _time in range(2):
        with db.transaction() as session:
            desk.retract(session, article.id, cast.maria, "It did not happen.")
    with db.reading() as session:
        assert session.get_one(Article, article.id).state == "retracted"
        told = session.scalars(select(Correction)).one()
        assert (told.kind, told.note) == ("retraction", "It did not happen.")
        post = session.scalars(select(Post)).one()
        assert post.name == "Retracted: The last ferry"
        assert "It did not happen." in post.content
        assert "midnight" not in post.content
        kinds = list(session.scalars(select(Activity.kind).order_by(Activity.id)))
        assert kinds.count("Update") == 1


def test_a_retracted_story_cannot_change_any_more(
    db: Database, cast: Cast, draft: Draft, put_out: Callable[..., Article]
) -> None:
    article = put_out()
    with db.transaction() as session:
        desk.retract(session, article.id, cast.maria, "It did not happen.")
    with pytest.raises(Refused, match="retracted"), db.transaction() as session:
        desk.correct(session, article.id, cast.maria, replace(draft, body="It did."), note="It did.")
    with pytest.raises(Refused, match="retracted"), db.transaction() as session:
        desk.publish(session, article.id, cast.maria)


@pytest.mark.parametrize("end", ["/stories/{id}", "/harbour/the-last-ferry", "/harbour/the-last-ferry/"])
def test_a_story_is_found_by_its_id_and_by_its_page(
    db: Database, put_out: Callable[..., Article], end: str
) -> None:
    article = put_out()
    with db.reading() as session:
        for start in ("", "http://127.0.0.1:8000"):
            assert addresses.find(session, start + end.format(id=article.id)) == article.id


@pytest.mark.parametrize(
    "address",
    [
        "/harbour/nothing",
        "/stories/nonsense",
        f"/stories/{uuid.UUID(int=7)}",
        "https://elsewhere.example/stories/1",
    ],
)
def test_an_address_of_no_story_is_refused(db: Database, cast: Cast, address: str) -> None:
    with db.reading() as session, pytest.raises(Refused) as refused:
        addresses.find(session, address)
    assert refused.value.status == 404
