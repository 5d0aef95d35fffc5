"""A newsroom laid out for a measurement: its folder, its processes, and what they cost."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from bench.parts import environment
from commons import config, db, migrations, valkey
from commons.config import Config, child_environment
from commons.jobs import wait_for_server
from commons.processes import die_with_parent
from federation import actors, keys

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
ORIGIN = "http://127.0.0.1:8790"


@contextmanager
def newsroom(**changes: object) -> Iterator[Config]:
    """A founded newsroom in a folder of its own, with its queue server; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rostra-bench-"))
    laid_out = Config(
        origin=ORIGIN,
        data=folder,
        database_url=f"sqlite:///{folder / 'rostra.sqlite'}",
        redis_url=None,
        secret_key="s" * 43,
        key_secret="k" * 43,
        private_peers=True,
        rate_limits=False,
    )
    laid_out = replace(laid_out, **changes)  # type: ignore[arg-type]
    config.use(laid_out)
    db.use(None)
    actors.forget_signers()
    migrations.bring_up(db.database().engine)
    with db.database().transaction() as session:
        actors.found_newsroom(session)
    queue = valkey.start(folder)
    try:
        wait_for_server()
        yield laid_out
    finally:
        queue.kill()
        queue.wait()
        db.use(None)
        config.use(None)
        shutil.rmtree(folder)


def start(settings: Config, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
    """One of our own production processes on that newsroom."""
    surroundings = {
        "MALLOC_ARENA_MAX": "2",
        "ROSTRA_ORIGIN": settings.origin,
        "ROSTRA_DATA": str(settings.data),
        "ROSTRA_PRIVATE_PEERS": "1",
        "SECRET_KEY": settings.secret_key,
        "ROSTRA_KEY_SECRET": settings.key_secret,
    }
    return subprocess.Popen(
        [environment.as_installed(), "-m", "wsgi", *arguments],
        # As the supervisor starts its children.
        env=child_environment(**surroundings | more),
        stdin=subprocess.DEVNULL,
        preexec_fn=partial(die_with_parent, os.getpid()),
    )


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in below for one in tree(int(child)))]


def cpu_seconds(pids: list[int]) -> float:
    """User and system time that the processes have used."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def until_idle(pids: list[int]) -> None:
    """Return once the processes have started and rest: their own beginning is not what is measured."""
    used = -1.0
    while (present := cpu_seconds(pids)) - used > 0.05:
        used = present
        time.sleep(1.5)


def memory_mib(pid: int) -> float:
    """Resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20


def signs_per_second() -> tuple[float, str]:
    """What one core signs with RSA-2048: by ``openssl speed``, or the same loop in ``cryptography``."""
    if shutil.which("openssl"):
        command = ["openssl", "speed", "-seconds", "3", "rsa2048"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(r"^rsa\s+2048 bits\s+\S+s\s+\S+s\s+([\d.]+)", said, re.MULTILINE)
        if found:
            return float(found.group(1)), "openssl speed rsa2048"
    key = keys.generate("rsa")
    assert not isinstance(key, keys.Ed25519PrivateKey)
    began, count = time.process_time(), 0
    while time.process_time() - began < 3:
        key.sign(b"x" * 300, PKCS1v15(), SHA256())
        count += 1
    return count / (time.process_time() - began), "cryptography, one thread"
