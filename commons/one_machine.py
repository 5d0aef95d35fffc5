"""SQLite is for one machine: a process on a second one, at the same data folder, must not start.

SQLite's locks do not reach across a network share, and what two machines write at once is lost. So who
runs on it holds a lock on a file that names the machine. A lock ends with its process, however that ends.
"""

import fcntl
import os
import platform
from pathlib import Path

from commons.language import N_
from commons.refusal import Refused

FILE = "machine"
LONGEST = 255  # bytes of a host name


def hold(folder: Path) -> int:
    """Say that this machine is at work in ``folder``; refused (409) while another one is.

    Returns the open file, which outlives an ``exec``: the lock is let go by closing it.
    """
    file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    os.set_inheritable(file, True)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(file, 0)
        os.pwrite(file, platform.node().encode(), 0)
    except BlockingIOError:
        other = os.pread(file, LONGEST, 0).decode(errors="replace")
        if other not in ("", platform.node()):
            os.close(file)
            raise Refused(
                N_("The machine %(name)s is at work in %(folder)s. Several machines need PostgreSQL."),
                name=other,
                folder=folder,
                status=409,
            ) from None
    fcntl.flock(file, fcntl.LOCK_SH)
    return file
