"""That documents say what the code does, and that no file outgrows its idea."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
import pytest

from commons import config, limits
from membership.members import statutes
from wsgi import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
ROOMS = ("commons", "federation", "newsroom", "membership", "bench", "tests")

LONGEST = 450
# Longer ones, and what they may not outgrow. This list only gets shorter.
LONGER = {
    "tests/commons/test_outbound.py": 700,
    "tests/federation/test_cavage.py": 500,
    "tests/federation/test_delivery.py": 500,
    "tests/federation/test_inbox.py": 550,
}

LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
CODE = re.compile(r"`([^`\n]+)`")
TEST = re.compile(r"`(?:([a-z_]+/)?(test_\w+)\.py)?(?:::(test_\w+))?`")


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "bench" / "README.md"])


def code_in(document: Path) -> set[str]:
    return set(CODE.findall(document.read_text()))


def commands(group: click.Group, above: str) -> Iterator[str]:
    """``rostra story publish``, and every other command that is not hidden."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from commands(command, f"{above} {name}")
        else:
            yield f"{above} {name}"


# --- Documents and code ------------------------------------------------------------------


def test_every_setting_is_documented() -> None:
    source = (ROOT / "commons" / "config.py").read_text()
    read = set(re.findall(r"env(?:\.get\(|, )\"([A-Z_]+)\"", source))
    assert {"DATABASE_URL", "SECRET_KEY", "SSL_CERT_FILE", "ROSTRA_ORIGIN"} <= read
    assert (read | config.KNOWN) - code_in(DOCS / "settings.md") == set()


def test_no_document_names_a_setting_that_is_not_read() -> None:
    for document in documents():
        named = set(re.findall(r"\bROSTRA_[A-Z_]*[A-Z]\b", document.read_text()))
        assert named <= config.KNOWN, document.name


def test_every_command_is_documented() -> None:
    text = (DOCS / "operators.md").read_text()
    found = list(commands(cli, "rostra"))
    assert "rostra story publish" in found
    assert [command for command in found if f"`{command}" not in text] == []


def test_every_field_of_the_statutes_is_documented_with_its_default_and_bounds() -> None:
    row = r"^\| `(\w+)` \|.*\| (\d+) \| (\d+), (\d+) \|.*\|$"
    rows = re.findall(row, (DOCS / "statutes.md").read_text(), re.MULTILINE)
    documented = {name: (int(default), (int(least), int(most))) for name, default, least, most in rows}
    fixed = asdict(statutes.Statutes())
    assert documented == {name: (fixed[name], statutes.BOUNDS[name]) for name in statutes.NAMES}


def test_the_table_of_commands_names_none_that_is_not_there() -> None:
    rows = re.findall(r"^\| (`rostra [^|]*)\|", (DOCS / "operators.md").read_text(), re.MULTILINE)
    named = [re.sub(r" [\[A-Z-].*", "", code) for row in rows for code in CODE.findall(row)]
    assert named
    assert set(named) == set(commands(cli, "rostra"))


def test_every_benchmark_says_what_it_measures() -> None:
    text = (ROOT / "bench" / "README.md").read_text()
    names = [path.stem for path in (ROOT / "bench").glob("*.py") if "\ndef main(" in path.read_text()]
    assert {"count", "delivery", "inbox"} <= set(names)
    assert [name for name in names if f"\n## {name}\n" not in text] == []


def test_the_tests_that_show_a_defence_are_there() -> None:
    there: dict[str, str] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        there[path.stem] = there.get(path.stem, "") + path.read_text()  # rooms have files of one name
    file = ""
    for _folder, name, function in TEST.findall((ROOT / "SECURITY.md").read_text()):
        file = name or file
        assert not file or file in there, file
        assert not function or f"def {function}(" in there[file], function
    assert file


def test_the_limits_that_others_are_told_are_the_ones_we_hold() -> None:
    text = " ".join((ROOT / "FEDERATION.md").read_text().split())
    assert f"at most {limits.INBOX_BODY >> 10} KiB (413)" in text
    assert f"depth {limits.JSON_DEPTH}, {limits.JSON_NODES:,} values" in text
    assert f"at most {limits.POSTED_ACTIVITY >> 10} KiB" in text
    assert f"{limits.REMOTE_HTML >> 10} KiB, {limits.REMOTE_TAGS:,} tags or depth {limits.HTML_DEPTH}" in text
    assert f"{limits.DELIVERY_SECONDS} seconds for each" in text
    assert f"{limits.FETCHES_PER_ACTIVITY} requests for one activity" in text
    hours = [delay / 3600 for delay in limits.RETRY_DELAYS]
    assert hours == [1 / 60, 5 / 60, 15 / 60, 1, 3, 8, 24, 24, 24]
    assert "1, 5, 15 minutes, 1, 3, 8 hours, and three times 24 hours" in text


# --- Documents and documents -------------------------------------------------------------


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_leads_nowhere(document: Path) -> None:
    for link in LINK.findall(document.read_text()):
        address = "".join(link).partition("#")[0]
        if address and not address.startswith(("https://", "http://", "mailto:")):
            assert (document.parent / address).exists(), address


def test_every_decision_is_linked_from_their_index() -> None:
    index = (DECISIONS / "README.md").read_text()
    names = {path.name for path in DECISIONS.glob("*.md")} - {"README.md"}
    assert {name for name in names if f"]({name})" not in index} == set()


def test_every_document_is_linked_from_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    names = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert {name for name in names if f"({name})" not in index} == set()


# --- Size --------------------------------------------------------------------------------


def lengths() -> dict[str, int]:
    """Lines of every Python file of ours; migrations are written by a program and never edited."""
    files = [ROOT / "wsgi.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    return {
        str(path.relative_to(ROOT)): path.read_text().count("\n")
        for path in files
        if "node_modules" not in path.parts and "versions" not in path.parts
    }


def test_no_file_outgrows_its_idea() -> None:
    found = lengths()
    assert "commons/web.py" in found
    assert {name: size for name, size in found.items() if size > LONGER.get(name, LONGEST)} == {}


def test_a_file_that_became_short_stays_short() -> None:
    found = lengths()
    assert [name for name in LONGER if found.get(name, 0) <= LONGEST] == []
