"""Two newsrooms, each in processes of its own, that know of each other what anybody may know."""

from collections.abc import Iterator

import pytest

from tests.services import instance
from tests.services.instance import Instance


@pytest.fixture(scope="module")
def lantern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The newsroom that publishes; ``maria`` writes for it."""
    with instance.running(tmp_path_factory.mktemp("lantern"), name="The Lantern") as running:
        running.hire("maria")
        yield running


@pytest.fixture(scope="module")
def gazette(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The neighbour that reads; ``jon`` and ``lena`` work there."""
    with instance.running(tmp_path_factory.mktemp("gazette"), name="The Gazette") as running:
        running.hire("jon")
        running.hire("lena")
        yield running
