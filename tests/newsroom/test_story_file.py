"""A story file says what is wrong with it in one sentence."""

from pathlib import Path

import pytest

from commons import limits
from commons.refusal import Refused
from newsroom import demo, story_file
from newsroom.story_file import Author, LeadImage, Source, StoryFile

WHOLE = """\
---
title: "Water: what it costs"
summary: >-
  Two lines
  become one.
slug: water
section: city
language: de
tags: [water, public services]
authors:
  - {handle: maria, role: words}
  - {handle: jon}
lead_image: {file: water.jpg, alt: "", credit: Ada, licence: CC0}
content_warning: Flood
sources:
  - {text: The books, url: "https://x.example/books", kind: on request}
  - {text: A clerk}
method: |
  We counted.

  Twice.
---
First line.

---
Last line.
"""
SMALL = "---\ntitle: T\nsummary: S\n---\nText\n"


def changed(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new)


def test_every_key_of_the_format_is_read() -> None:
    assert story_file.parse(WHOLE) == StoryFile(
        title="Water: what it costs",
        summary="Two lines become one.",
        body="First line.\n\n---\nLast line.",
        slug="water",
        section="city",
        language="de",
        tags=("water", "public services"),
        authors=(Author("maria", "words"), Author("jon")),
        lead_image=LeadImage("water.jpg", "", "Ada", "CC0"),
        content_warning="Flood",
        sources=(Source("The books", "https://x.example/books", "on request"), Source("A clerk")),
        method="We counted.\n\nTwice.",
    )


def test_title_and_summary_are_enough_and_windows_files_are_read() -> None:
    story = StoryFile(title="T", summary="S", body="Text")
    assert story_file.parse(SMALL) == story
    assert story_file.parse("\ufeff" + SMALL.replace("\n", "\r\n")) == story
    assert story_file.parse(SMALL.replace("summary: S", "summary: S\nslug:\ntags:")) == story


def test_the_demos_stories_are_read() -> None:
    files = list((Path(demo.__file__).parent / "stories").glob("*.md"))
    assert files
    for file in files:
        assert story_file.parse(file.read_text()).title


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "starts with a line of three dashes"),
        ("Text", "starts with a line of three dashes"),
        ("---\ntitle: T\n", "starts with a line of three dashes"),
        ("\n" + SMALL, "starts with a line of three dashes"),
        ("---\n---\nText", "must be lines such as"),
        ("---\n- a\n---\nText", "must be lines such as"),
        ("---\ntitle: T\nsummary: S\n---\n \n", "needs a text"),
        ("---\ntitle: T\n---\nText", "“summary” is missing"),
        (changed("title:", "titel:"), "Unknown key “titel”"),
        (changed("title:", "body: x\ntitle:"), "Unknown key “body”"),
        (changed("title:", "7: x\ntitle:"), "Unknown key “7”"),
        (changed('"Water: what it costs"', '" "'), "“title” is missing"),
        (changed('"Water: what it costs"', "Water: what"), "Line 2 of the story file is not valid YAML"),
        (changed('"Water: what it costs"', "2024"), "“title” must be text"),
        (changed("language: de", "language: no"), "“language” must be text"),
        (changed("slug: water", "slug: water\nslug: x"), "slug comes twice"),
        (changed("slug: water", "slug: &a water\nmethod: *a"), "aliases"),
        (changed("slug: water", "? [a]\n: b"), "a key must be one word"),
        (changed("slug: water", "slug: !!python/object/apply:os.system [x]"), "not valid YAML"),
        (changed("slug: water", "slug: 2024-13-45"), "not valid YAML"),
        (changed("slug: water", "slug: " + "[" * 9_000), "not valid YAML"),
        (changed("slug: water", "slug: " + "9" * 9_000), "not valid YAML"),
        (changed("slug: water", "slug: \x00"), "not valid YAML"),
        (changed("[water, public services]", "water"), "“tags” must be a list"),
        (changed("[water, public services]", "[[water]]"), "“tags” must be text"),
        (changed("{handle: jon}", "jon"), "“authors” must hold names and values"),
        (changed("{handle: jon}", "{handel: jon}"), "Unknown key “authors.handel”"),
        (changed("{handle: jon}", "{role: words}"), "“authors.handle” is missing"),
        (changed(' alt: "",', ""), "“lead_image.alt” is missing"),
        (changed(' alt: "",', " alt:,"), "“lead_image.alt” is missing"),
        (changed("file: water.jpg", 'file: ""'), "“lead_image.file” is missing"),
        (changed("file: water.jpg", "file: ../water.jpg"), "beside the story file"),
        (changed("file: water.jpg", "file: /etc/passwd"), "beside the story file"),
        (changed("file: water.jpg", "file: .env"), "beside the story file"),
        (changed("{text: A clerk}", "{kind: public}"), "“sources.text” is missing"),
        (changed("slug: water", "slug: " + "a" * limits.FRONT_MATTER_CHARS), "at most"),
    ],
)
def test_what_is_wrong_is_named(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        story_file.parse(text)
    assert sentence in str(refusal.value)
    assert refusal.value.status == 422 and "\n" not in str(refusal.value)
