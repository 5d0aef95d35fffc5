"""Processes are killed at any moment, and nothing that was acknowledged is lost."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle, islice
from typing import Any

import pytest
import redis
import requests

from commons import valkey
from tests.faults.house import House
from tests.services import farm
from tests.services.instance import is_alive, kill_all, tree, until

ROUNDS = 3  # on each of two databases
LONG_ROUNDS = 25
LIKES = 20
LATEST = 0.6  # seconds after the button is pressed: until then it is published, and all is delivered
GONE_SECONDS = 1.0

on_sqlite = pytest.mark.parametrize("house", ["sqlite"], indirect=True)


def _everything(house: House) -> None:
    house.newsroom.kill()
    house.newsroom.start()


def _server(house: House) -> None:
    kill_all(tree(house.newsroom.child("web").pid))
    house.newsroom.wait()


def _worker(house: House) -> None:
    kill_all(tree(house.newsroom.child("worker").pid))


VICTIMS: tuple[Callable[[House], None], ...] = (_worker, _server, _everything)


def test_what_was_acknowledged_survives_every_kill_and_the_rest_is_all_or_nothing(
    house: House, dice: random.Random, long: bool
) -> None:
    victims = cycle(dice.sample(VICTIMS, len(VICTIMS)))
    for number, kill in enumerate(islice(victims, LONG_ROUNDS if long else ROUNDS)):
        page = house.draft(f"Round {number} of {kill.__name__}")
        with house.pressing(page):
            time.sleep(dice.uniform(0, LATEST))
            kill(house)

    house.drain()
    house.audit()
    told = sum(house.ledger.values())
    print(f"{len(house.ledger)} rounds: {told} told that it is out, {len(house.out)} out")
    assert house.out, "every publication was killed before it was done"


def test_each_like_that_was_taken_counts_once_whoever_is_killed(house: House, dice: random.Random) -> None:
    story = house.publish("To be liked")
    with farm.running() as elsewhere, ThreadPoolExecutor(4) as pool:
        likes = [elsewhere.activity(elsewhere.person(f"reader{n}"), "Like", story) for n in range(LIKES)]
        taken = [pool.submit(_insist, house, like) for like in likes + likes]
        for kill in (_worker, _server, _everything):
            time.sleep(dice.uniform(0, LATEST))
            kill(house)
        for each in taken:
            each.result()
        until(lambda: f"{LIKES} likes" in house.newsroom.page(story), otherwise=house.newsroom.log)

    house.drain()
    house.audit()


def _insist(house: House, activity: dict[str, Any]) -> None:
    """Send until it is taken, as other servers do."""
    inbox = f"{house.newsroom.origin}/inbox"
    body, headers = farm.signed(inbox, activity, activity["actor"])
    while True:
        with suppress(requests.RequestException):
            if requests.post(inbox, data=body, headers=headers, timeout=10).status_code == 202:
                return
        time.sleep(0.05)


@on_sqlite
def test_an_emptied_queue_loses_no_delivery(house: House) -> None:
    worker = house.newsroom.child("worker")
    worker.suspend()
    house.publish("While the worker sleeps")
    _queue(house).flushall()  # the bell is gone before anybody heard it
    before = house.sink.arrived()
    worker.resume()
    until(lambda: house.sink.arrived() > before, otherwise=house.newsroom.log)
    _queue(house).flushall()  # and once more while the worker delivers

    house.drain()
    house.audit()


@on_sqlite
def test_a_killed_queue_server_comes_back_and_pages_are_read_meanwhile(house: House) -> None:
    first = house.newsroom.child("queue")
    page = house.draft("Without a queue")
    kill_all([first])
    assert house.press(page)
    assert house.newsroom.get("/")[0] == 200

    house.drain()
    house.audit()
    assert house.newsroom.child("queue").pid != first.pid


@on_sqlite
def test_children_end_with_their_parent_and_the_next_has_port_and_folder_at_once(house: House) -> None:
    (process,) = house.newsroom.processes
    parent, *children = tree(process.pid)
    assert len(children) >= 4  # queue, web with its own child, worker
    parent.kill()
    process.wait()
    until(lambda: not any(map(is_alive, children)), GONE_SECONDS)

    house.newsroom.processes.clear()
    house.newsroom.start()
    house.publish("After the fall")
    house.drain()
    house.audit()


@on_sqlite
def test_a_second_serve_on_the_same_folder_is_refused_in_a_sentence(house: House) -> None:
    ended = house.newsroom.run("serve", "--port", str(house.newsroom.port + 1))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Another rostra serve is running on this data folder.\n"
    assert house.newsroom.get("/")[0] == 200


def test_a_polite_end_is_clean_and_what_was_due_is_sent_by_the_next(house: House) -> None:
    whole = tree(house.newsroom.processes[0].pid)
    house.publish("The last before the end")
    assert house.newsroom.stop() == [0]
    assert not any(map(is_alive, whole))

    house.newsroom.start()
    house.drain()
    house.audit()


def _queue(house: House) -> "redis.Redis":
    return redis.Redis(unix_socket_path=str(valkey.socket_path(house.newsroom.folder)))
