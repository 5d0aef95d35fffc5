"""A page of A4 as PDF, set in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from commons import limits
from commons.language import N_
from commons.refusal import Refused

_ROOT = Path(__file__).parent.parent


def pdf(*, title: str, author: str, created: datetime, rows: Sequence[tuple[str, str]]) -> bytes:
    """One page with a title and labelled lines; the same bytes for the same words.

    Refuses with 503 where the page could not be set in ``limits.PAPER_SECONDS``.
    """
    wanted = {"title": title, "author": author, "created": created.isoformat(), "rows": list(rows)}
    try:
        child = subprocess.run(
            [sys.executable, "-m", "commons.typesetter"],
            check=True,
            input=json.dumps(wanted).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={},
            timeout=limits.PAPER_SECONDS,
        )
    except subprocess.SubprocessError as error:
        raise Refused(N_("The page could not be set. Try again in a minute."), status=503) from error
    return child.stdout
