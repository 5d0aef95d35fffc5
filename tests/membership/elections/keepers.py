"""The signer's and the ballot box's applications behind their doors, in threads of this process.

So the tests' clock is theirs too. That they are processes of their own is tested in ``test_keepers.py``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from membership.demo.keepers import behind_doors
from membership.elections.box.boxes import Boxes
from membership.elections.signer.keys import Keys
from tests.membership.elections.protocol import world


@dataclass
class Keepers:
    """What the two keep."""

    keys: Keys
    boxes: Boxes


@contextmanager
def running(data: Path) -> Iterator[Keepers]:
    """Both, with their files below ``data``. All elections share a signing key, which takes long to make."""
    found = Keepers(Keys(data / "signer", world.signer), Boxes(data / "box"))
    with behind_doors(data, found.keys, found.boxes):
        yield found
