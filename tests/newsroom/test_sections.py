"""Sections and their actors."""

import pytest

from commons import web
from commons.db import Database
from commons.refusal import Refused
from federation import actors
from newsroom import sections


def test_a_section_has_a_group_to_follow(db: Database, cast: object) -> None:
    with db.transaction() as session:
        section = sections.create(session, "local-politics", "Local Politics")
    assert section.actor.kind == "Group"
    assert section.actor.handle == "local_politics"
    with db.reading() as session:
        assert sections.find(session, "local-politics") is not None
        actor = actors.local(session, "local_politics")
        assert actor is not None
        found = sections.of_actor(session, actor)
        assert found is not None
        assert found.slug == "local-politics"


@pytest.mark.parametrize("slug", ["studio", "news", "feed", "stories", "Elections"])
def test_a_reserved_word_is_no_section(db: Database, cast: object, slug: str) -> None:
    with pytest.raises(Refused, match="reserved"), db.transaction() as session:
        sections.create(session, slug, "Name")


@pytest.mark.parametrize("slug", ["harbour", "maria", "lantern/x", "", "a" * 31, "größe"])
def test_a_taken_or_malformed_slug_is_refused(db: Database, cast: object, slug: str) -> None:
    with pytest.raises(Refused), db.transaction() as session:
        sections.create(session, slug, "Name")


def test_no_section_hides_a_page_of_ours_or_is_hidden_by_one(app: web.App, db: Database) -> None:
    first_words = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    for word in sorted(word for word in first_words if sections.SLUG.match(word)):
        with pytest.raises(Refused, match="reserved"), db.transaction() as session:
            sections.create(session, word, "Name")


def test_a_section_needs_a_name(db: Database, cast: object) -> None:
    with pytest.raises(Refused, match="name"), db.transaction() as session:
        sections.create(session, "sport", " \u200b ")


def test_sections_stand_in_the_order_in_which_they_were_made(db: Database, cast: object) -> None:
    with db.transaction() as session:
        sections.create(session, "zoo", "Zoo")
        sections.create(session, "art", "Art")
    with db.reading() as session:
        assert [section.slug for section in sections.every(session)] == ["harbour", "zoo", "art"]


def test_a_story_cannot_name_a_section_that_is_not_there(db: Database, cast: object) -> None:
    with db.reading() as session, pytest.raises(Refused, match="no section sport"):
        sections.named(session, "sport")
