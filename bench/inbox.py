"""Signed activities posted to the shared inbox: verified, durably stored and answered 202.

Printed: how many a second, in one web process and in two, with the memory of each. The load comes
from two more processes on the same machine, over kept-alive connections.
"""

import argparse
import json
import multiprocessing
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from sqlalchemy import func, select

from bench.parts import house
from commons import outbound
from commons.clock import now
from commons.config import Config
from commons.db import database, new_id
from federation import keys, signatures
from federation.models import Actor, Key, Received

PORT = 8790
SENDERS = 20
GENERATORS = 2
CONNECTIONS = 8


@dataclass
class Outgoing:
    """A request that is being made ready."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def strangers(count: int) -> list[tuple[str, keys.PrivateKey]]:
    """People of other servers whose keys we know already."""
    found = []
    with database().transaction() as session:
        for number in range(count):
            uri = f"http://127.2.0.{number + 1}:9000/u/reader"
            key = keys.generate("rsa")
            public = keys.public_pem(key.public_key())
            actor = Actor(
                uri=uri,
                local=False,
                kind="Person",
                handle="reader",
                host=f"127.2.0.{number + 1}:9000",
                name="Reader",
                url=uri,
                inbox=f"{uri}/inbox",
                created_at=now(),
            )
            actor.keys = [Key(uri=f"{uri}#main-key", kind="rsa", public=public)]
            session.add(actor)
            found.append((uri, key))
    return found


def letters(senders: list[tuple[str, keys.PrivateKey]], count: int) -> list[bytes]:
    """Whole HTTP requests, signed before the clock starts."""
    found = []
    for number in range(count):
        uri, key = senders[number % len(senders)]
        host = uri.split("/u/", maxsplit=1)[0]
        activity = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"{host}/activities/{new_id()}",
            "type": "Like",
            "actor": uri,
            "object": f"{house.ORIGIN}/stories/{new_id()}",
        }
        request = Outgoing(
            "POST",
            f"{house.ORIGIN}/inbox",
            {"Host": f"127.0.0.1:{PORT}", "Content-Type": "application/activity+json"},
            json.dumps(activity).encode(),
        )
        signatures.sign(request, f"{uri}#main-key", key, "cavage")
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        found.append(
            f"POST /inbox HTTP/1.1\r\n{head}Content-Length: {len(request.body)}\r\n\r\n".encode()
            + request.body
        )
    return found


def generate(requests: list[bytes], answers: "multiprocessing.Queue[int]") -> None:
    """Post over a few connections in turn; each waits for its answer before it is used again."""
    sockets = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(CONNECTIONS)]
    accepted, waiting = 0, []
    for number, request in enumerate(requests):
        connection = sockets[number % CONNECTIONS]
        if len(waiting) == CONNECTIONS:
            accepted += answer(waiting.pop(0))
        connection.sendall(request)
        waiting.append(connection)
    accepted += sum(answer(connection) for connection in waiting)
    answers.put(accepted)


def answer(connection: socket.socket) -> bool:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        if not more:
            raise ConnectionError("the server hung up")
        data += more
    return data.startswith(b"HTTP/1.1 202")


def measure(settings: Config, requests: list[bytes], processes: int) -> None:
    server = house.start(
        settings, "web", "--host", "127.0.0.1", "--port", str(PORT), "--processes", str(processes)
    )
    try:
        _wait(server)
        before = stored()
        answers: multiprocessing.Queue[int] = multiprocessing.Queue()
        shares = [requests[number::GENERATORS] for number in range(GENERATORS)]
        generators = [multiprocessing.Process(target=generate, args=(share, answers)) for share in shares]
        cpu, began = house.cpu_seconds(house.tree(server.pid)), time.monotonic()
        for generator in generators:
            generator.start()
        accepted = sum(answers.get() for _ in generators)
        wall = time.monotonic() - began
        cpu = house.cpu_seconds(house.tree(server.pid)) - cpu
        memory = max(house.memory_mib(pid) for pid in house.tree(server.pid))
        kept = stored() - before
        print(
            f"{processes} web process{'es' if processes > 1 else ''}: {accepted} accepted, {kept} stored "
            f"in {wall:.1f} s: {accepted / wall:.0f} a second, "
            f"{1000 * cpu / accepted:.2f} ms of server CPU each; "
            f"largest process {memory:.0f} MiB"
        )
        if not accepted == kept == len(requests):
            sys.exit("not every activity was accepted and stored")
    finally:
        server.terminate()
        server.wait()


def _wait(server: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", PORT)).close()
            time.sleep(1)
            return
        except ConnectionRefusedError:
            if server.poll() is not None:
                sys.exit("the server did not start")
            time.sleep(0.05)


def stored() -> int:
    with database().reading() as session:
        return session.scalar(select(func.count()).select_from(Received)) or 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args()
    with house.newsroom() as settings:
        senders = strangers(SENDERS)
        for processes in (1, 2):
            measure(settings, letters(senders, options.count), processes)
    outbound.hang_up()


if __name__ == "__main__":
    main()
