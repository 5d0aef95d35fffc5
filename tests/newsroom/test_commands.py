"""``rostra section`` and ``rostra story``."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sqlalchemy import select

from commons.db import Database
from commons.refusal import Refused
from newsroom import desk, stories
from newsroom.models import Article, Correction
from wsgi import cli

from .conftest import Cast

STORY = """---
title: The last ferry
summary: Merrenport stops its night ferry.
section: harbour
tags: [ferry]
authors:
  - {handle: jon, role: words}
  - {handle: maria, role: editing}
sources:
  - {text: Timetable, url: "https://example.org/t", kind: public}
  - {text: A sailor}
method: We asked.
---
It left at **midnight**.
"""


def rostra(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def refusal(result: Result) -> str:
    """What the command line says on standard error before it ends with 1."""
    assert isinstance(result.exception, Refused), result.output
    assert result.stdout == ""
    return str(result.exception)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ferry.md"
    path.write_text(STORY, encoding="utf-8")
    return path


def published(file: Path) -> str:
    result = rostra("story", "publish", file, "--by", "maria")
    assert result.exit_code == 0, result.output
    return result.stdout.removesuffix("\n")


def test_publish_prints_the_id_alone(db: Database, cast: Cast, file: Path) -> None:
    address = published(file)
    with db.reading() as session:
        article = session.scalars(select(Article)).one()
        assert address == f"http://127.0.0.1:8000/stories/{article.id}"
        story = stories.one(session, article.id)
        assert story is not None
        assert [maker.name for maker in story.people] == ["Jon Okafor", "Maria Petrova"]
        assert story.revision.sources[1] == {"text": "A sailor", "url": "", "kind": "public"}
        assert (story.path, story.revision.method) == ("/harbour/the-last-ferry", "We asked.")


def test_publish_takes_the_picture_beside_the_file(db: Database, cast: Cast, file: Path) -> None:
    Image.new("RGB", (300, 200), "navy").save(file.parent / "ferry.jpg")
    image = "lead_image: {file: ferry.jpg, alt: A ferry, credit: Jon, licence: CC0}\n---\nIt"
    file.write_text(STORY.replace("---\nIt", image), encoding="utf-8")
    published(file)
    with db.reading() as session:
        picture = desk.latest(session, session.scalars(select(Article)).one()).picture
        assert picture is not None
        assert (picture.alt, picture.credit, picture.width) == ("A ferry", "Jon", 300)


def test_only_what_the_picture_shows_has_to_be_told(db: Database, cast: Cast, file: Path) -> None:
    Image.new("RGB", (300, 200), "navy").save(file.parent / "ferry.jpg")
    image = 'lead_image: {file: ferry.jpg, alt: ""}\n---\nIt'
    file.write_text(STORY.replace("---\nIt", image), encoding="utf-8")
    published(file)
    with db.reading() as session:
        picture = desk.latest(session, session.scalars(select(Article)).one()).picture
        assert picture is not None
        assert (picture.alt, picture.credit, picture.licence) == ("", "", "")


def test_a_picture_that_is_not_there_is_refused(db: Database, cast: Cast, file: Path) -> None:
    image = "lead_image: {file: lost.jpg, alt: A ferry, credit: Jon, licence: CC0}\n---\nIt"
    file.write_text(STORY.replace("---\nIt", image), encoding="utf-8")
    assert "lost.jpg" in refusal(rostra("story", "publish", file, "--by", "maria"))
    with db.reading() as session:
        assert session.scalars(select(Article)).all() == []


@pytest.mark.parametrize(
    ("handle", "words"), [("jon", "power"), ("nobody", "handle nobody"), ("harbour", "handle harbour")]
)
def test_who_may_not_publish_is_refused(
    db: Database, cast: Cast, file: Path, handle: str, words: str
) -> None:
    assert words in refusal(rostra("story", "publish", file, "--by", handle))
    with db.reading() as session:
        assert session.scalars(select(Article)).all() == [], "a refused story leaves nothing"


def test_a_file_that_is_no_text_is_refused(db: Database, cast: Cast, file: Path) -> None:
    file.write_bytes(b"---\ntitle: \xff\xfe\n---\n")
    assert "UTF-8" in refusal(rostra("story", "publish", file, "--by", "maria"))


def test_a_huge_file_is_refused_unread(db: Database, cast: Cast, file: Path) -> None:
    with file.open("wb") as grown:
        grown.truncate(1 << 32)
    assert "too large" in refusal(rostra("story", "publish", file, "--by", "maria"))


def test_correct_replaces_the_text_and_says_so(db: Database, cast: Cast, file: Path) -> None:
    address = published(file)
    file.write_text(STORY.replace("midnight", "one"), encoding="utf-8")
    result = rostra("story", "correct", address, file, "--by", "maria", "--note", "It left at one.")
    assert (result.exit_code, result.output) == (0, "")
    with db.reading() as session:
        correction = session.scalars(select(Correction)).one()
        story = stories.one(session, correction.article_id)
        assert story is not None
        assert "one" in story.revision.html
        assert correction.note == "It left at one."


def test_retract_by_the_address_of_the_page(db: Database, cast: Cast, file: Path) -> None:
    published(file)
    page = "http://127.0.0.1:8000/harbour/the-last-ferry"
    assert rostra("story", "retract", page, "--by", "maria", "--reason", "It never left.").exit_code == 0
    with db.reading() as session:
        assert session.scalars(select(Article.state)).one() == "retracted"


def test_what_is_no_story_is_refused(db: Database, cast: Cast, file: Path) -> None:
    nowhere = "http://127.0.0.1:8000/harbour/nothing"
    assert "no story" in refusal(rostra("story", "retract", nowhere, "--by", "maria", "--reason", "Why."))
    assert "no story" in refusal(
        rostra("story", "correct", nowhere, file, "--by", "maria", "--note", "What.")
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("story", "publish"),
        ("story", "publish", "nowhere.md", "--by", "maria"),
        ("story", "correct", "/x/y", "--by", "maria"),
        ("story", "retract", "/x/y", "--by", "maria"),
        ("section", "create", "art"),
    ],
)
def test_wrong_use_ends_with_2(arguments: tuple[str, ...]) -> None:
    result = rostra(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_a_section_is_made_and_a_second_of_its_name_refused(db: Database, cast: Cast) -> None:
    result = rostra("section", "create", "art", "--name", "Art")
    assert (result.exit_code, result.stdout) == (0, "http://127.0.0.1:8000/@art\n")
    assert "taken" in refusal(rostra("section", "create", "art", "--name", "Art"))
