"""A newsroom with one journalist, and a farm of scripted peers."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import worker
from commons import accounts, jobs
from commons.clock import now
from commons.config import settings as current_settings
from commons.db import Database, new_id
from federation import actors, blocks, inbox, keys, posts
from federation.models import Actor, Post
from tests.services import applications
from tests.services import farm as farms

Send = Callable[..., TestResponse]


@pytest.fixture
def farm() -> Iterator[farms.Farm]:
    with farms.running() as running:
        yield running


@pytest.fixture
def newsroom(db: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Actor]:
    """The newsroom's actor; ``maria`` writes for it. Bells are silent: tests run the jobs themselves."""
    monkeypatch.setattr(jobs, "ring", lambda job, lanes=1: None)
    monkeypatch.setattr(keys, "generate", farms.made_before)  # new keys take a second for each test
    actors.forget_signers()
    inbox.forget_asked()
    blocks.forget()
    with db.transaction() as session:
        actors.found_newsroom(session)
        account = accounts.create(
            session, email="maria@example.org", name="Maria", password="correct horse battery"
        )
        actors.create_local(session, kind="Person", handle="maria", name="Maria Lopes", account=account)
    with db.reading() as session:
        yield actors.newsroom(session)
    actors.forget_signers()


@pytest.fixture
def maria(newsroom: Actor, db: Database) -> Actor:
    with db.reading() as session:
        found = actors.local(session, "maria")
    assert found is not None
    return found


@pytest.fixture
def client(newsroom: Actor) -> FlaskClient:
    return applications.shared().test_client()


def get(client: FlaskClient, path: str, accept: str = farms.JSON) -> TestResponse:
    return client.get(path, base_url=current_settings().origin, headers={"Accept": accept})


@pytest.fixture
def send(client: FlaskClient) -> Send:
    """Post an activity, signed by its actor, to an inbox of ours."""

    def post(
        activity: dict[str, Any], path: str = "/inbox", *, run: bool = True, **options: Any
    ) -> TestResponse:
        origin = current_settings().origin
        body, headers = farms.signed(
            origin + path, activity, options.pop("actor", activity["actor"]), **options
        )
        response = client.post(path, base_url=origin, data=body, headers=headers)
        if run:
            jobs.run_jobs(worker.TIMERS)
        return response

    return post


def cut(html: str, size: int) -> str:
    """At most ``size`` bytes; the newsroom cuts at a block's end, which is not the point here."""
    return html.encode()[:size].decode(errors="ignore")


def publish(db: Database, author: Actor, groups: list[Actor], **more: Any) -> Post:
    """A story put out by ``author``; what follows from it waits for the jobs."""
    values: dict[str, Any] = {
        "id": new_id(),
        "author": author,
        "groups": groups,
        "title": "The bridge costs more",
        "summary": "The repair will cost twice what was said.",
        "html": "<p>The repair will cost twice what was said in March.</p>",
        "language": "en",
        "url": f"{current_settings().origin}/news/the-bridge",
        "published_at": now(),
        "cut": cut,
    } | more
    with db.transaction() as session:
        return posts.publish(session, posts.Story(**values))


def run_jobs() -> None:
    jobs.run_jobs(worker.TIMERS)


def parsed(response: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.data)
    return found
