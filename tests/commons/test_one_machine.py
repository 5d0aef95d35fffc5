"""With SQLite one machine works in a data folder, with as many processes as wanted."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commons import one_machine
from commons.refusal import Refused
from tests.services import instance


def test_many_processes_of_one_machine_may(tmp_path: Path) -> None:
    held = [one_machine.hold(tmp_path) for _process in range(2)]
    assert (tmp_path / one_machine.FILE).read_text() == platform.node()
    for file in held:
        os.close(file)


def test_another_machine_may_not_until_the_first_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = one_machine.hold(tmp_path)
    monkeypatch.setattr(platform, "node", lambda: "another")
    with pytest.raises(Refused, match="Several machines need PostgreSQL"):
        one_machine.hold(tmp_path)
    os.close(first)
    os.close(one_machine.hold(tmp_path))
    assert (tmp_path / one_machine.FILE).read_text() == "another"


def test_a_killed_process_leaves_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; from commons import one_machine; from pathlib import Path; "
    code += "one_machine.hold(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        monkeypatch.setattr(platform, "node", lambda: "another")
        with pytest.raises(Refused):
            one_machine.hold(tmp_path)
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    os.close(one_machine.hold(tmp_path))


def test_a_worker_on_a_second_machine_says_so_and_ends(tmp_path: Path) -> None:
    with instance.running(tmp_path, name="The Lantern") as running:
        held = tmp_path / one_machine.FILE
        assert held.read_text() == platform.node()
        held.write_text("another")  # as if these processes ran there
        refused = running.run("worker")
    assert refused.returncode == 1
    assert "The machine another is at work" in refused.stderr
