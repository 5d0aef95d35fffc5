"""Environments beside ``.venv``, each of what one lock file names, below ``build/``."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What whoever runs a newsroom installs: the test packages in .venv make processes larger.
AS_INSTALLED = ROOT / "requirements-run.lock"


def python(name: str, lock: Path) -> Path | None:
    """The Python of the environment ``build/name``, which is made anew when ``lock`` changes.

    None where its packages could not be installed.
    """
    folder = ROOT / "build" / name
    found, stamp = folder / "bin" / "python", folder / ".lock"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return found
    print(f"Installing {lock.relative_to(ROOT)} into {folder.relative_to(ROOT)} ...", flush=True)
    uv = shutil.which("uv")
    without_pip = ["--without-pip"] if uv else []
    install = [uv, "pip", "install", "--python", found] if uv else [found, "-m", "pip", "install"]
    quiet = ["-qq", "--require-hashes", "--only-binary", ":all:", "-r", lock]
    for command in ([sys.executable, "-m", "venv", "--clear", *without_pip, folder], [*install, *quiet]):
        if subprocess.run(command, check=False).returncode:
            return None
    stamp.write_text(wanted)
    return found


def as_installed() -> Path:
    """The Python for a newsroom as it is installed to be run."""
    found = python("bench-run", AS_INSTALLED)
    if found is None:
        sys.exit("The packages of requirements-run.lock could not be installed.")
    return found
