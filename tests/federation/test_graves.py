"""A Follow that comes again, or after its Undo."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from commons import clock, limits
from commons.db import Database
from federation.models import Actor, Follow
from tests.federation.conftest import Send
from tests.services.farm import Farm


@pytest.fixture
def follow(farm: Farm, newsroom: Actor) -> dict[str, Any]:
    return farm.activity(farm.person("anna"), "Follow", newsroom.uri)


def followers(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Follow)) or 0


@pytest.mark.parametrize("form", ["id", "embedded"])
def test_a_follow_that_comes_after_its_undo_does_not_count(
    send: Send, farm: Farm, db: Database, follow: dict[str, Any], form: str
) -> None:
    send(farm.activity(follow["actor"], "Undo", follow["id"] if form == "id" else follow))
    assert send(follow).status_code == 202
    assert followers(db) == 0
    send(farm.activity(follow["actor"], "Follow", follow["object"]))
    assert followers(db) == 1, "a new one counts"


def test_a_follow_that_was_undone_stays_so_however_often_it_comes(
    send: Send, farm: Farm, db: Database, follow: dict[str, Any]
) -> None:
    send(follow)
    send(farm.activity(follow["actor"], "Undo", follow))
    send(follow)
    assert followers(db) == 0


def test_the_undo_of_another_leaves_no_grave(
    send: Send, farm: Farm, db: Database, follow: dict[str, Any]
) -> None:
    mallory = farm.person("mallory")
    send(farm.activity(mallory, "Undo", follow["id"]))
    send(follow)
    assert followers(db) == 1


def test_a_follow_that_comes_again_later_is_accepted_again(
    send: Send, farm: Farm, db: Database, follow: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    send(follow)
    later = timedelta(seconds=limits.FOLLOW_AGAIN_SECONDS + 1)
    monkeypatch.setattr(clock, "shift", clock.shift + later)
    send(follow)
    send(follow)
    accepts = [it for it in farm.inbox("/u/anna/inbox") if it["type"] == "Accept"]
    assert [it["object"]["id"] for it in accepts] == [follow["id"]] * 2
    assert len({it["id"] for it in accepts}) == 2
    assert followers(db) == 1
