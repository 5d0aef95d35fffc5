"""The whole year of the demo's owners and books, scene after scene."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from commons import clock
from membership.books import checks
from membership.demo import asking, keepers, owners, spending, stage, voting
from membership.demo.stage import Scene, Stage, here


def scenes(session: Session) -> Iterator[Scene]:
    """What happens, and when, in the order of time; to be done with the clock set to each moment."""
    told = Stage(session, here(clock.now()))
    for part in (stage.statements, spending.scenes, owners.scenes, asking.scenes):
        part(told)
    told.ago(1, lambda: session.add(checks.look(session)))
    keepers.forget()
    with keepers.at_work() as boxes:
        voting.scenes(told, boxes)
        yield from sorted(told.scenes, key=lambda scene: scene[0])
    voting.hand_over()
