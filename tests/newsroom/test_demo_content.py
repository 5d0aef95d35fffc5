"""The demo's stories, cast and pictures: whole, within the limits, and true to their own figures."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from federation import actors
from newsroom import drafts, rendering, sections
from newsroom.demo import pictures

DEMO = Path(pictures.__file__).parent
FILES = sorted((DEMO / "stories").glob("*.md"))
NAMES = [file.stem for file in FILES]
CAST: dict[str, Any] = yaml.safe_load((DEMO / "newsroom.yaml").read_text())
KEYS = {"title", "summary", "slug", "section", "language", "tags", "authors", "lead_image"}
MAY_HAVE = KEYS | {"content_warning", "sources", "method"}
ROLES = {"words", "pictures", "data", "editing"}
SUM_ROWS = {"City", "Total", "Sum", "All lines", "Now expected"}


@dataclass(frozen=True)
class Read:
    """A story file as the test reads it."""

    front: dict[str, Any]
    body: str

    @property
    def words(self) -> int:
        return rendering.word_count(rendering.render(self.body))


@cache
def read(slug: str) -> Read:
    _, front, body = (DEMO / "stories" / f"{slug}.md").read_text().split("---\n", 2)
    return Read(yaml.safe_load(front), body)


def tables(body: str) -> list[list[list[str]]]:
    """Every table as rows of cells, without its ruled line."""
    found: list[list[list[str]]] = []
    for block in re.findall(r"(?:^\|.*\|\n)+", body, re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        found.append([rows[0], *rows[2:]])
    return found


def number(cell: str) -> Decimal | None:
    """The figure in a cell, if it is one that can be added up."""
    bare = cell.strip("*").replace(",", "")
    return Decimal(bare) if re.fullmatch(r"\d+(\.\d+)?", bare) else None


def test_there_are_ten_stories_in_english_and_two_in_german() -> None:
    languages = [read(slug).front["language"] for slug in NAMES]
    assert sorted(languages) == ["de"] * 2 + ["en"] * 10


@pytest.mark.parametrize("slug", NAMES)
def test_a_story_file_says_what_the_format_asks_and_nothing_else(slug: str) -> None:
    front = read(slug).front
    assert front.keys() >= KEYS and front.keys() <= MAY_HAVE
    assert front["slug"] == slug
    assert front["lead_image"].keys() == {"file", "alt", "credit", "licence"}
    assert front["lead_image"]["licence"] == "CC BY-SA 4.0"
    assert len(front["lead_image"]["alt"]) > 40


@pytest.mark.parametrize("slug", NAMES)
def test_the_desk_takes_a_story_unchanged(slug: str) -> None:
    front, body = read(slug).front, read(slug).body
    draft = drafts.Draft(
        title=front["title"],
        summary=front["summary"].strip(),
        body=body,
        section=front["section"],
        slug=front["slug"],
        language=front["language"],
        tags=tuple(front["tags"]),
        sources=tuple(drafts.Source(**source) for source in front.get("sources", [])),
        method=front.get("method", "").strip(),
        content_warning=front.get("content_warning", ""),
        authors=tuple(drafts.Credit(**author) for author in front["authors"]),
    )
    assert drafts.tidy(draft) == draft


@pytest.mark.parametrize("slug", NAMES)
def test_a_story_stands_in_a_section_and_is_made_by_people_of_the_cast(slug: str) -> None:
    front = read(slug).front
    assert front["section"] in {section["slug"] for section in CAST["sections"]}
    people = {person["handle"] for person in CAST["journalists"]}
    assert {author["handle"] for author in front["authors"]} <= people
    assert {author["role"] for author in front["authors"]} <= ROLES


@pytest.mark.parametrize("slug", NAMES)
def test_a_story_links_to_nobody_who_could_be_real(slug: str) -> None:
    text = (DEMO / "stories" / f"{slug}.md").read_text()
    hosts = re.findall(r"https?://([^/\s)\"]+)", text)
    assert set(hosts) <= {"example.org", "example.com"}


@pytest.mark.parametrize("slug", NAMES)
def test_a_table_has_no_ragged_row_and_its_sums_are_right(slug: str) -> None:
    for header, *rows in tables(read(slug).body):
        assert {len(row) for row in rows} == {len(header)}
        if rows[-1][0].strip("*") not in SUM_ROWS:
            continue
        for column in range(1, len(header)):
            total = number(rows[-1][column])
            parts = [number(row[column]) for row in rows[:-1]]
            if total is not None:
                assert sum(part for part in parts if part is not None) == total, header[column]


def test_the_percentages_of_the_ferries_follow_from_their_counts() -> None:
    for row in tables(read("the-boat-that-leaves-early").body)[0][1:]:
        followed, on_time, early, late, missing = (number(cell) or Decimal(0) for cell in row[1:6])
        assert followed == on_time + early + late + missing
        ours, contract = (Decimal(cell.strip("*").removesuffix(" %")) for cell in row[6:])
        assert round(100 * on_time / followed, 1) == ours
        assert round(100 * (on_time + early) / (followed - missing), 1) == contract


def test_lengths_run_from_a_short_note_to_a_long_read() -> None:
    lengths = sorted(read(slug).words for slug in NAMES)
    assert 200 <= lengths[0] <= 300
    assert lengths[-2] <= 1300
    assert lengths[-1] >= 2800


def test_together_the_stories_use_all_that_the_page_can_show() -> None:
    html = "".join(rendering.render(read(slug).body) for slug in NAMES)
    for element in ("h2", "ul", "ol", "table", "blockquote", "a", "em", "strong"):
        assert f"<{element}" in html, element
    fronts = [read(slug).front for slug in NAMES]
    assert sum("content_warning" in front for front in fronts) == 1
    assert sum("method" in front for front in fronts) >= 4
    kinds = {source["kind"] for front in fronts for source in front.get("sources", [])}
    assert kinds == set(drafts.SOURCE_KINDS)


def test_one_founding_editor_publishes_and_the_others_write() -> None:
    powers = [person["powers"] for person in CAST["journalists"]]
    assert powers == [["publish"], ["write"], ["write"], ["write"]]


def test_handles_can_be_taken_and_are_taken_once() -> None:
    own = [CAST["handle"], *(person["handle"] for person in CAST["journalists"])]
    own += [section["slug"].replace("-", "_") for section in CAST["sections"]]
    neighbour = CAST["neighbour"]
    other = [neighbour["handle"], *(reader["handle"] for reader in neighbour["readers"])]
    for handles in (own, other):
        assert len(set(handles)) == len(handles)
        assert all(actors.HANDLE.match(handle) and handle not in actors.RESERVED for handle in handles)
    assert all(sections.SLUG.match(section["slug"]) for section in CAST["sections"])
    assert all(person["email"].endswith("@example.org") for person in CAST["journalists"])


def test_the_neighbours_readers_answer_stories_that_exist() -> None:
    readers = {reader["handle"] for reader in CAST["neighbour"]["readers"]}
    replies = CAST["neighbour"]["replies"]
    assert len(replies) == 6
    assert {reply["handle"] for reply in replies} == readers
    assert {reply["story"] for reply in replies} <= set(NAMES)


def test_every_story_has_its_picture_and_no_picture_is_left_over() -> None:
    assert {read(slug).front["lead_image"]["file"] for slug in NAMES} == pictures.PAINTERS.keys()


@pytest.mark.parametrize("name", sorted(pictures.PAINTERS))
def test_a_picture_is_a_jpeg_of_its_size_and_not_a_blank_sheet(name: str) -> None:
    data = pictures.picture(name)
    image = Image.open(BytesIO(data))
    assert (image.format, image.size) == ("JPEG", (1200, 675))
    assert len(data) < 200_000
    colours = image.resize((120, 67)).getcolors(120 * 67)
    assert colours is not None and len(colours) > 300


def test_the_same_name_gives_the_same_bytes_and_another_name_others() -> None:
    first = pictures.picture("put-the-benches-back.jpg")
    assert pictures.picture("put-the-benches-back.jpg") == first
    assert pictures.portrait("tamsin", "Tamsin Orrell") == pictures.portrait("tamsin", "Tamsin Orrell")
    assert pictures.portrait("tamsin", "Tamsin Orrell") != pictures.portrait("lene", "Tamsin Orrell")


def test_a_picture_that_nobody_painted_is_refused() -> None:
    with pytest.raises(KeyError):
        pictures.picture("nothing.jpg")


def test_a_portrait_is_a_square_png() -> None:
    image = Image.open(BytesIO(pictures.portrait("marisol", "Marisol Quaye")))
    assert (image.format, image.size) == ("PNG", (400, 400))
