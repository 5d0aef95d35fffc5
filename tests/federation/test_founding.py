"""What is fixed when a newsroom is founded: its origin, its handle, and which group it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commons import clock
from commons.config import Config, use
from commons.db import Database
from commons.refusal import Refused
from federation import actors
from federation.models import Actor
from tests.federation.conftest import publish


def test_another_actor_s_handle_is_not_the_newsroom_s(db: Database, settings: Config, maria: Actor) -> None:
    use(replace(settings, handle="maria"))
    with db.transaction() as session, pytest.raises(Exception, match="ROSTRA_HANDLE cannot be changed"):
        actors.found_newsroom(session)


@pytest.mark.parametrize("named", [True, False])
def test_the_newsroom_is_known_from_a_section(
    db: Database, settings: Config, newsroom: Actor, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    """Also where the clock was set back after the founding, if the instance names it as its page."""
    monkeypatch.setattr(clock, "shift", timedelta(days=-400 if named else 1))
    with db.transaction() as session:
        actors.create_local(session, kind="Group", handle="harbour", name="Harbour")
        instance = actors.instance(session)
        assert instance.url == newsroom.uri
        instance.url = newsroom.uri if named else instance.uri
    with db.transaction() as session:
        actors.found_newsroom(session)
        assert actors.instance(session).url == newsroom.uri
    use(replace(settings, handle="harbour"))
    with db.transaction() as session, pytest.raises(Refused, match="ROSTRA_HANDLE cannot be changed"):
        actors.found_newsroom(session)


def test_a_command_under_another_origin_speaks_for_nobody(
    db: Database, settings: Config, newsroom: Actor, maria: Actor
) -> None:
    use(replace(settings, origin="https://other.example"))
    with db.transaction() as session, pytest.raises(Refused, match="ROSTRA_ORIGIN cannot be changed"):
        actors.create_local(session, kind="Person", handle="jon", name="Jon")
    with pytest.raises(Refused, match="ROSTRA_ORIGIN cannot be changed"):
        publish(db, maria, [newsroom])
