"""``./dev``, as far as it can be shown without a machine that lacks something."""

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

DEV = Path(__file__).parents[1] / "dev"


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = spec_from_loader("dev", SourceFileLoader("dev", str(DEV)))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_help_names_every_command(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["help"]) == 0
    text = capsys.readouterr().out
    assert all(f"./dev {command}" in text for command in dev.COMMANDS)


@pytest.mark.parametrize("arguments", [["nonsense"], ["bench"], ["bench", "../dev"]])
def test_wrong_use_exits_with_2_and_no_traceback(arguments: list[str]) -> None:
    ended = subprocess.run([sys.executable, DEV, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr and "Traceback" not in ended.stderr


def test_where_no_browser_can_be_installed_one_sentence_says_so(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    monkeypatch.setattr(dev, "MAC_CHROME", Path("/nowhere"))
    monkeypatch.setattr(dev.platform, "freedesktop_os_release", lambda: {"ID": "fedora"})
    with pytest.raises(SystemExit, match="1"):
        dev.install_browser()
    assert capsys.readouterr().err == "The tests need Chrome or Chromium on PATH.\n"


def test_whoever_may_not_install_is_told_the_command(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.shutil, "which", {"apt-get": "/usr/bin/apt-get"}.get)
    monkeypatch.setattr(dev.os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match="1"):
        dev.apt_install("python3-venv", missing="Something is missing.")
    assert capsys.readouterr().err == "Something is missing. Run as root: apt-get install python3-venv\n"


def test_what_is_installed_is_installed_once(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(dev, "VENV", tmp_path)
    monkeypatch.setattr(dev, "make_venv", lambda: None)
    monkeypatch.setattr(dev, "call", lambda *command: calls.append(command))

    dev.install_packages(dev.DEV_LOCK)
    assert len(calls) == 2
    dev.install_packages(dev.DEV_LOCK)
    dev.install_packages(dev.RUN_LOCK)
    assert len(calls) == 2, "the development lock holds all that the other one does"

    (tmp_path / ".requirements").write_text("an older lock")
    dev.install_packages(dev.DEV_LOCK)
    assert len(calls) == 4
    assert all("--require-hashes" in command for command in calls[::2])
