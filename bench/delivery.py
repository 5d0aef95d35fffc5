"""One story to 2,000 personal inboxes on 500 hosts, over http and over https.

Printed: signed deliveries per second and per CPU-second of the workers, bookkeeping in the
database included, beside what one core signs in the same run.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, insert, select

from bench.parts import certificates, house, sink
from commons import jobs
from commons.clock import now
from commons.config import Config
from commons.db import database, new_id
from federation import fan_out, people, posts
from federation.models import Actor, Delivery, Follow

PORT = 18790
WORDS = "<p>The repair of the bridge will cost twice what the council said in March.</p>" * 28


def follow(author: Actor, scheme: str, hosts: int, each: int) -> None:
    """``each`` followers on each of ``hosts`` hosts, all with a personal inbox."""
    people_rows, follow_rows = [], []
    for address in sink.addresses(hosts):
        for number in range(each):
            uri = f"{scheme}://{address}:{PORT}/u/{number}"
            row = {
                "id": new_id(),
                "uri": uri,
                "local": False,
                "kind": "Person",
                "handle": f"u{number}",
                "host": f"{address}:{PORT}",
                "name": "Reader",
                "summary": "",
                "url": uri,
                "inbox": f"{uri}/inbox",
                "created_at": now(),
            }
            people_rows.append(row)
            follow_rows.append(
                {
                    "id": new_id(),
                    "follower_id": row["id"],
                    "followed_id": author.id,
                    "uri": f"{uri}/follow",
                    "created_at": now(),
                    "accepted_at": now(),
                }
            )
    with database().transaction() as session:
        session.execute(insert(Actor), people_rows)
        session.execute(insert(Follow), follow_rows)


def publish(settings: Config, author: Actor) -> None:
    with database().transaction() as session:
        story = posts.Story(
            id=new_id(),
            author=author,
            groups=[],
            title="The bridge costs more",
            summary="The repair will cost twice what was said.",
            html=WORDS,
            language="en",
            url=f"{settings.origin}/news/the-bridge",
            published_at=now(),
            cut=lambda html, size: html[:size],
        )
        posts.publish(session, story)
    jobs.ring(fan_out.fan_out_due)


def count(state: str) -> int:
    with database().reading() as session:
        return session.scalar(select(func.count()).where(Delivery.state == state)) or 0


@contextmanager
def receivers(hosts: int, folder: Path | None) -> Iterator[None]:
    command = [
        sys.executable,
        "-m",
        "bench.parts.sink",
        str(PORT),
        str(hosts),
        *([str(folder)] if folder else []),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measure(scheme: str, hosts: int, each: int, workers: int, signs: float) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) if scheme == "https" else None
        trusted = {"SSL_CERT_FILE": str(certificates.issue(folder, sink.addresses(hosts)))} if folder else {}
        with house.newsroom() as settings, receivers(hosts, folder):
            with database().transaction() as session:
                author = people.create(
                    session, handle="maria", name="Maria", email="maria@example.org", password="p" * 16
                ).actor
            follow(author, scheme, hosts, each)
            running = [house.start(settings, "worker", **trusted) for _ in range(workers)]
            try:
                pids = [it.pid for it in running]
                house.until_idle(pids)
                _measure(settings, author, scheme, hosts * each, pids, signs)
            finally:
                for process in running:
                    process.kill()
                    process.wait()


def _measure(
    settings: Config, author: Actor, scheme: str, wanted: int, pids: list[int], signs: float
) -> None:
    cpu_before, began = house.cpu_seconds(pids), time.monotonic()
    publish(settings, author)
    while (sent := count("sent")) < wanted and time.monotonic() - began < 120:
        print(f"\r  {scheme}: {sent} of {wanted}", end="", flush=True)
        time.sleep(0.1)
    wall, cpu = time.monotonic() - began, house.cpu_seconds(pids) - cpu_before
    memory = max(house.memory_mib(pid) for pid in pids)
    print(
        f"\r{scheme:5}  {sent} sent in {wall:.1f} s: {sent / wall:.0f} a second, "
        f"{sent / cpu:.0f} per worker CPU-second = {sent / cpu / signs:.0%} of one core's signing; "
        f"largest worker {memory:.0f} MiB"
    )
    if sent < wanted:
        sys.exit(f"{wanted - sent} were not delivered")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--each", type=int, default=4, help="inboxes on each host")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    for scheme in ("http", "https"):
        signs, how = house.signs_per_second()
        print(f"one core signs {signs:.0f} a second ({how})")
        measure(scheme, options.hosts, options.each, options.workers, signs)


if __name__ == "__main__":
    main()
