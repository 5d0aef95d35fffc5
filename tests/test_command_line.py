"""``rostra`` used wrongly: one sentence on standard error and an exit code, whatever is wrong."""

import sys
from pathlib import Path

import pytest

import wsgi
from commons.config import Config, use
from commons.db import Database
from commons.db import use as use_database


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    """Exit code and what stands on standard error."""
    monkeypatch.setattr(sys, "argv", ["rostra", *words])
    with pytest.raises(SystemExit) as end:
        wsgi.main()
    assert isinstance(end.value.code, int)
    return end.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nothing"],
        ["account"],
        ["account", "create"],
        ["account", "create", "maria", "--email", "m@example.org", "--power", "all"],
        ["serve", "--port", "0"],
        ["upgrade", "--now"],
        ["story", "publish", "nowhere.md", "--by", "maria"],
        ["count", "nowhere", "--rule", "irv"],
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    settings: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    code, said = run(capsys, monkeypatch, *words)
    assert (code, said.count("\n"), "Traceback" in said) == (2, 1, False)
    assert said.strip()


def test_help_is_no_wrong_use(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(capsys, monkeypatch, "--help") == (0, "")


def test_what_is_refused_is_one_sentence_and_exit_code_1(
    db: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capsys, monkeypatch, "account", "close", "nobody") == (
        1,
        "Nobody here has the handle nobody.\n",
    )


@pytest.mark.parametrize("words", [["deliveries"], ["minutes", "verify"], ["account", "close", "maria"]])
def test_an_empty_database_is_to_be_upgraded(
    settings: Config,
    empty_database_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
) -> None:
    use_database(Database(empty_database_url))
    code, said = run(capsys, monkeypatch, *words)
    use_database(None)
    assert (code, said) == (1, "The database is older than this program. Run: rostra upgrade\n")


def test_a_file_that_cannot_be_written_is_named(
    db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        (tmp_path / "nowhere" / "file").write_text("")

    monkeypatch.setattr(wsgi.cli.commands["upgrade"], "callback", lambda check: fail())
    code, said = run(capsys, monkeypatch, "upgrade")
    assert code == 1 and said == f"No such file or directory: {tmp_path}/nowhere/file\n"


def test_a_password_that_is_no_text_is_refused(
    db: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "federation.commands.sys.stdin.readline", lambda size: "a\udcff password", raising=False
    )
    code, said = run(capsys, monkeypatch, "account", "create", "maria", "--email", "m@example.org")
    assert (code, said) == (1, "A password is text in UTF-8.\n")


def test_settings_are_refused_by_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(None)
    monkeypatch.setenv("ROSTRA_FOO", "1")
    assert run(capsys, monkeypatch, "deliveries") == (1, "Unknown setting ROSTRA_FOO.\n")
