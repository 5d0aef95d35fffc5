"""An election of nine candidates, its ballot box on the network, and a voter with a telephone before it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from commons import config
from commons.config import Config
from membership.elections.protocol.manifest import Manifest
from tests.membership.elections.ballot_page.booth import NEWSROOM, NINE, Booth, box_of
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import World, world


@pytest.fixture(scope="session")
def made() -> World:
    return world(candidates=NINE, ranks=9, seats=3)


@pytest.fixture
def manifest(made: World) -> Manifest:
    return made.manifest


@pytest.fixture
def house(settings: Config) -> Config:
    moved = replace(settings, origin=NEWSROOM, name="The Harbour Post")
    config.use(moved)
    return moved


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 360, "height": 800}) as found:
        yield found


@pytest.fixture
def booth(
    house: Config, made: World, context: BrowserContext, tmp_path: Path, hands: Hands
) -> Iterator[Booth]:
    """While voting is open."""
    hands.move_to(made.manifest.times.vote_opens)
    with box_of(made, tmp_path) as (box, address):
        yield Booth(context.new_page(), address, made, box, tmp_path)
