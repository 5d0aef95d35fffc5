"""The same for web and worker as processes that nobody watches, on PostgreSQL and another's queue."""

import random
import time

import requests

from commons import valkey
from tests.faults.house import ANSWER_SECONDS, DRAIN_SECONDS, FOLLOWERS, House
from tests.services import farm
from tests.services.instance import kill_all, tree, until


def test_two_workers_share_the_work_and_send_nothing_twice(parts: House) -> None:
    second = parts.newsroom.spawn("worker")
    before = parts.sink.arrived()
    for number in range(4):
        parts.publish(f"For two workers, {number}")

    parts.drain()
    parts.audit()
    assert parts.sink.arrived() - before == 4 * FOLLOWERS
    kill_all(tree(second.pid))
    second.wait()
    parts.newsroom.processes.remove(second)


def test_another_worker_takes_over_what_a_killed_one_had_in_its_hands(parts: House) -> None:
    """Every inbox has it, but nobody heard so: it comes again when the lease is over, and is known."""
    parts.sink.seconds = 2.0
    before = parts.sink.arrived()
    parts.publish("Taken over")
    until(lambda: parts.sink.arrived() == before + FOLLOWERS, otherwise=parts.newsroom.log)
    _kill(parts, "worker")
    parts.sink.seconds = ANSWER_SECONDS
    parts.newsroom.spawn("worker")

    parts.drain()
    parts.audit()
    assert parts.sink.arrived() == before + 2 * FOLLOWERS


def test_another_server_takes_the_port_of_a_killed_one(parts: House, dice: random.Random) -> None:
    page = parts.draft("On the same port")
    with parts.pressing(page):
        time.sleep(dice.uniform(0, 0.2))
        _kill(parts, "web")
    parts.newsroom.spawn("web", "--port", str(parts.newsroom.port))
    parts.newsroom.wait()

    parts.drain()
    parts.audit()


def _kill(house: House, role: str) -> None:
    """SIGKILL for a process and its children; it is no longer expected to be there."""
    victim = house.newsroom.child(role)
    (process,) = [each for each in house.newsroom.processes if each.pid == victim.pid]
    kill_all(tree(victim.pid))
    process.wait()
    house.newsroom.processes.remove(process)


def test_without_a_queue_server_pages_inbox_and_studio_go_on_and_nothing_is_lost(parts: House) -> None:
    assert parts.queue is not None
    parts.queue.kill()
    parts.queue.wait()

    with farm.running() as elsewhere:
        anna = elsewhere.person("anna")
        follow = elsewhere.activity(anna, "Follow", parts.newsroom.actor("maria"))
        body, headers = farm.signed(f"{parts.newsroom.origin}/inbox", follow, anna)
        answer = requests.post(f"{parts.newsroom.origin}/inbox", data=body, headers=headers, timeout=10)
        assert answer.status_code == 202
        assert parts.newsroom.get("/")[0] == 200
        parts.publish("Without a queue")

        parts.queue = valkey.start(parts.newsroom.folder.parent)
        until(lambda: "Accept" in [it["type"] for it in elsewhere.inbox("/u/anna/inbox")], DRAIN_SECONDS)
        undo = elsewhere.activity(anna, "Undo", follow)
        body, headers = farm.signed(f"{parts.newsroom.origin}/inbox", undo, anna)
        assert requests.post(f"{parts.newsroom.origin}/inbox", data=body, headers=headers, timeout=10).ok
        parts.drain()
    parts.audit()


def test_a_worker_outlives_the_queue_server_that_is_killed_while_it_works(parts: House) -> None:
    assert parts.queue is not None
    worker = parts.newsroom.child("worker")
    parts.sink.seconds = 1.0
    before = parts.sink.arrived()
    parts.publish("In the middle of it")
    until(lambda: parts.sink.arrived() > before, otherwise=parts.newsroom.log)
    parts.queue.kill()
    parts.queue.wait()
    parts.sink.seconds = ANSWER_SECONDS
    until(lambda: parts.newsroom.log().count("the queue server is away") > 1, otherwise=parts.newsroom.log)
    parts.publish("Still without a queue")

    parts.queue = valkey.start(parts.newsroom.folder.parent)
    parts.drain()
    parts.audit()
    assert parts.newsroom.child("worker").pid == worker.pid


def test_both_end_politely(parts: House) -> None:
    assert parts.newsroom.stop() == [0, 0]
