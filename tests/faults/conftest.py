"""Newsrooms to be killed, each shared by the tests of one file."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from commons import valkey
from tests.faults.house import ANSWER_SECONDS, House
from tests.services import instance, sink
from tests.services.postgres import Server


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance, with its seed printed; ``--seed`` repeats it."""
    seed = request.config.getoption("--seed")
    seed = random.randrange(2**32) if seed is None else seed
    print(f"--seed {seed}")
    return random.Random(seed)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """``rostra serve`` with its own queue, on SQLite and on PostgreSQL."""
    folder = tmp_path_factory.mktemp("house")
    if request.param == "sqlite":
        yield from _house(folder)
        return
    server: Server = request.getfixturevalue("postgresql")
    url = server.create()
    yield from _house(folder, DATABASE_URL=url)
    server.drop(url)


@pytest.fixture(scope="module")
def parts(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """``rostra web`` and ``rostra worker`` apart, on PostgreSQL and a queue server that is not theirs."""
    folder = tmp_path_factory.mktemp("parts")
    url = postgresql.create()
    queue = valkey.start(folder)
    address = f"unix://{valkey.socket_path(folder)}"
    for house in _house(folder / "data", separate=True, DATABASE_URL=url, REDIS_URL=address):
        house.queue = queue
        yield house
        house.queue.kill()
        house.queue.wait()
    postgresql.drop(url)


def _house(folder: Path, *, separate: bool = False, **variables: str) -> Iterator[House]:
    with (
        sink.running(ANSWER_SECONDS) as receiver,
        instance.running(folder, separate=separate, **variables) as newsroom,
    ):
        house = House(newsroom, receiver)
        house.settle_in()
        yield house
