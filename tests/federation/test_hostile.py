"""What a hostile or a merely odd server can send, and what it must not do to us or to others."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commons import clock, limits
from commons.clock import now
from commons.config import Config, use
from commons.config import settings as current_settings
from commons.db import Database
from federation import (
    actors,
    blocks,
    delivery,
    fan_out,
    inbox,
    outbox,
    peers,
    posts,
    rates,
    vocabulary,
    webfinger,
)
from federation.models import Activity, Actor, Block, Delivery, Follow, Key, Peer, Post, Received
from tests.federation.conftest import Send, get, parsed, publish, run_jobs
from tests.services.farm import JSON, Farm


def states(db: Database) -> list[tuple[str, str | None]]:
    with db.reading() as session:
        return [(row.state, row.outcome) for row in session.scalars(select(Received).order_by(Received.id))]


def follow_of(db: Database, ours: Actor, theirs: Actor) -> None:
    """One of ours follows ``theirs``, who accepted."""
    with db.transaction() as session:
        session.add(Follow(follower_id=ours.id, followed_id=theirs.id, uri="urn:1", accepted_at=now()))


def met(db: Database, farm: Farm, name: str, key: int = 0) -> Actor:
    """Somebody on the farm whom we know."""
    found = actors.fetch(farm.person(name, key=key))
    with db.transaction() as session:
        return actors.store(session, found)


# Addresses


@pytest.mark.parametrize("address", ["https://[::1", "http://[bad]/x", "http://127.0.0.1:99999/x"])
def test_a_malformed_address_is_refused(send: Send, farm: Farm, newsroom: Actor, address: str) -> None:
    activity = farm.activity(farm.person("anna"), "Follow", newsroom.uri)
    assert send(activity | {"id": address}).status_code == 400
    answer = send(activity | {"actor": address}, actor=f"{farm.origin}/u/anna")
    assert answer.status_code == 400


@pytest.mark.parametrize("kind", ["Like", "Announce", "Create", "Delete", "Undo", "Update", "Accept"])
def test_a_malformed_object_has_no_effect(send: Send, farm: Farm, db: Database, kind: str) -> None:
    anna = farm.person("anna")
    for thing in ("https://[::1", {"id": "https://[::1", "type": ["Note"], "content": "x"}):
        assert send(farm.activity(anna, kind, thing)).status_code == 202
    assert {state for state, _ in states(db)} <= {"ignored", "failed"}


def test_an_id_longer_than_any_index_takes_is_refused(
    send: Send, farm: Farm, newsroom: Actor, db: Database
) -> None:
    activity = farm.activity(farm.person("anna"), "Follow", newsroom.uri)
    activity["id"] += "/" + "".join(chr(0x4E00 + number) for number in range(400))
    assert send(activity).status_code == 400
    assert states(db) == []


def test_two_empty_addresses_are_not_of_one_origin() -> None:
    assert not vocabulary.same_origin("", "")
    assert not vocabulary.same_origin("https://[::1", "https://[::1")
    assert vocabulary.same_origin("https://A.example/1", "https://a.example/2")


# Keys and actors


def test_an_alias_of_an_actor_is_not_the_actor(send: Send, farm: Farm, db: Database, newsroom: Actor) -> None:
    farm.person("anna")
    farm.documents["/alias"] = farm.documents["/u/anna"]
    activity = farm.activity(f"{farm.origin}/alias", "Follow", newsroom.uri)
    assert send(activity, actor=f"{farm.origin}/u/anna").status_code == 401
    assert states(db) == []


def test_a_key_stays_its_first_owner_s(send: Send, farm: Farm, db: Database, newsroom: Actor) -> None:
    anna, mallory = farm.person("anna"), farm.person("mallory", key=1)
    assert send(farm.activity(anna, "Follow", newsroom.uri)).status_code == 202
    key = farm.documents["/u/mallory"]["publicKey"]
    farm.documents["/u/mallory"]["publicKey"] = [key, key | {"id": f"{anna}#main-key"}]
    assert send(farm.activity(mallory, "Follow", newsroom.uri), key=1).status_code == 202
    with db.reading() as session:
        owners = {row[0]: row[1] for row in session.execute(select(Key.uri, Actor.uri).join(Key.actor))}
    assert owners[f"{anna}#main-key"] == anna
    assert owners[f"{mallory}#main-key"] == mallory


def test_an_actor_whose_type_is_a_list_is_read(send: Send, farm: Farm, newsroom: Actor) -> None:
    anna = farm.person("anna")
    farm.documents["/u/anna"]["type"] = ["https://schema.example/Human", "Person"]
    assert send(farm.activity(anna, "Follow", newsroom.uri)).status_code == 202
    bert = farm.person("bert")
    farm.documents["/u/bert"]["type"] = [{"id": "Person"}]
    assert send(farm.activity(bert, "Follow", newsroom.uri)).status_code == 401


@pytest.mark.parametrize("field", ["inbox", "endpoints"])
def test_an_inbox_with_control_characters_is_none(farm: Farm, newsroom: Actor, field: str) -> None:
    farm.person("anna", shared=True)
    odd = f"{farm.origin}/u/\x1b[2Janna"
    farm.documents["/u/anna"][field] = odd if field == "inbox" else {"sharedInbox": odd}
    if field == "inbox":
        with pytest.raises(actors.NotAnActor):
            actors.fetch(f"{farm.origin}/u/anna")
    else:
        assert actors.fetch(f"{farm.origin}/u/anna").shared_inbox is None


def test_an_actor_met_by_two_processes_at_once_is_met_once(
    farm: Farm, db: Database, newsroom: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = actors.fetch(farm.person("anna"))
    activity = farm.activity(fetched.uri, "Follow", newsroom.uri)
    kept = inbox.Kept(inbox.Envelope(activity["id"], fetched.uri, "Follow", activity), b"{}", fetched)
    known = actors.known
    barrier = threading.Barrier(2)

    def known_at_once(session: Any, uri: str) -> Actor | None:
        found = known(session, uri)
        if db.engine.dialect.name == "postgresql" and found is None:
            barrier.wait(5)
        return found

    monkeypatch.setattr(actors, "known", known_at_once)
    failures: list[BaseException] = []

    def keep() -> None:
        try:
            inbox._keep([kept])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=keep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(states(db)) == 1


# Redirects that lead to somebody else's words


def test_a_boost_through_a_redirect_forges_nobody_s_words(
    send: Send, farm: Farm, db: Database, maria: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    booster, victim = met(db, farm, "booster"), met(db, farm, "victim")
    follow_of(db, maria, booster)
    evil = farm.note(victim.uri, None, "forged") | {"id": "http://127.0.0.9:1/note"}
    monkeypatch.setattr(actors, "fetch_document", lambda uri, budget, cap=0: evil)
    send(farm.activity(booster.uri, "Announce", f"{farm.origin}/redirect"))
    assert states(db) == [("failed", "The object is somebody else's.")]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post).where(Post.local.is_(False))) == 0


def test_a_host_blocked_after_it_sent_has_no_effect(
    send: Send, farm: Farm, db: Database, newsroom: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(farm.activity(farm.person("anna"), "Follow", newsroom.uri), run=False)
    monkeypatch.setattr(inbox.blocks, "is_blocked", lambda uri: True)
    run_jobs()
    assert states(db) == [("ignored", "blocked")]


def test_a_template_that_only_looks_like_home_is_not_followed() -> None:
    home = webfinger._at_home
    assert home("https://social.example/interact?uri={uri}", "social.example", "https")
    for template in (
        "https://evil.example#.social.example/{uri}",
        "https://evil.example?.social.example/{uri}",
        "https://evil.example\\.social.example/{uri}",
        "https://x@social.example/{uri}",
        "https://[::1/{uri}",
        "javascript://social.example/{uri}",
    ):
        assert not home(template, "social.example", "https")


@pytest.mark.parametrize(
    "uri", ["https://evil.example./x", "https://a.EVIL.example/x", "https://evil.example:443"]
)
def test_every_spelling_of_a_blocked_host_is_blocked(db: Database, newsroom: Actor, uri: str) -> None:
    with db.transaction() as session:
        session.add(Block(host="evil.example", reason="spam"))
    blocks.forget()
    assert blocks.is_blocked(uri)
    assert not blocks.is_blocked("https://notevil.example/x")
    assert not blocks.is_blocked("https://[::1")


# Limits


@pytest.fixture
def limited(settings: Config, client: FlaskClient) -> FlaskClient:
    """Rate limits are on; nobody has been counted yet."""
    use(replace(settings, rate_limits=True))
    rates.taken.forget()
    rates.refused.forget()
    return client


def test_a_network_that_sends_rubbish_has_to_wait(
    limited: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def knock(network: str = "192.0.2.1") -> Any:
        return limited.post(
            "/inbox",
            base_url=current_settings().origin,
            data=b"{}",
            content_type=JSON,
            environ_overrides={"REMOTE_ADDR": network},
        )

    assert {knock().status_code for _ in range(limits.INBOX_REFUSALS)} == {400}
    answer = knock()
    assert (answer.status_code, 0 < int(answer.headers["Retry-After"]) <= limits.INBOX_WINDOW + 1) == (
        429,
        True,
    )
    assert knock("198.51.100.7").status_code == 400
    monkeypatch.setattr(clock, "shift", clock.shift + timedelta(seconds=limits.INBOX_WINDOW + 1))
    assert knock().status_code == 400


def test_a_host_has_its_share_of_verified_activities(
    limited: FlaskClient,
    send: Send,
    farm: Farm,
    db: Database,
    newsroom: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rates, "taken", rates.Rate(2))
    anna = farm.person("anna")
    codes = [send(farm.activity(anna, "Like", newsroom.uri), run=False).status_code for _ in range(3)]
    assert codes == [202, 202, 429]
    assert len(states(db)) == 2


def test_the_senders_that_are_counted_stay_few(settings: Config) -> None:
    rate = rates.Rate(1)
    for number in range(limits.SENDERS_COUNTED + 100):
        rate.count(str(number))
    assert len(rate._counts) == limits.SENDERS_COUNTED


# Workers beside each other


def test_the_worker_gives_way_after_half_a_minute(
    send: Send, farm: Farm, db: Database, newsroom: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = farm.person("anna")
    for _ in range(3):
        send(farm.activity(anna, "Like", newsroom.uri), run=False)
    monkeypatch.setattr(inbox, "ROUND_SECONDS", -1)
    assert inbox.process_due() == 0
    with db.reading() as session:
        assert session.scalars(select(Received.lease_token)).all() == [None] * 3
    monkeypatch.setattr(inbox, "ROUND_SECONDS", 30)
    assert inbox.process_due() == 3


def test_two_workers_meet_the_same_new_host(db: Database, newsroom: Actor) -> None:
    barrier, failures = threading.Barrier(2), []

    def fail() -> None:
        try:
            barrier.wait(5)
            with db.transaction() as session:
                peers.record_failure(session, "dead.example", now())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=fail) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with db.reading() as session:
        assert session.get_one(Peer, "dead.example").fails == 2


def test_a_delete_s_audience_waits_for_the_fan_out_before_it(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    """Another worker in the middle of the first fan-out must not let the second one overtake."""
    reader = met(db, farm, "reader")
    follow = Follow(follower_id=reader.id, followed_id=newsroom.id, uri="urn:2", accepted_at=now())
    with db.transaction() as session:
        session.add(follow)
    post = publish(db, maria, [newsroom])
    with db.transaction() as session:
        posts.remove(session, session.get_one(Post, post.id))
    with db.transaction() as session:
        session.execute(select(1))  # SQLite's writer is whoever began; PostgreSQL needs the lock
        fan_out.one_at_a_time(session, fan_out.FAN_OUT_LOCK)
        other = threading.Thread(target=fan_out.fan_out_due)
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join()
    with db.reading() as session:
        kinds = session.scalars(
            select(Activity.kind).join(Delivery).where(Delivery.inbox == reader.inbox).order_by(Activity.id)
        )
        assert list(kinds) == ["Announce", "Delete"]


def test_every_lease_of_a_round_is_given_back(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    for name in ("anna", "bert"):
        reader = met(db, farm, name)
        with db.transaction() as session:
            session.add(
                Follow(follower_id=reader.id, followed_id=maria.id, uri=f"urn:{name}", accepted_at=now())
            )
    publish(db, maria, [])
    fan_out.fan_out_due()
    round_ = delivery.Round()
    round_.backlog.extend(delivery.claim_due(1))
    round_.backlog.extend(delivery.claim_due(1))
    assert len({row.token for row in round_.backlog}) == 2
    round_.release()
    with db.reading() as session:
        assert session.scalars(select(Delivery.lease_token)).all() == [None, None]


def test_a_second_knock_without_time_left_counts_as_a_try(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    reader = met(db, farm, "anna")
    with db.transaction() as session:
        session.add(Follow(follower_id=reader.id, followed_id=maria.id, uri="urn:3", accepted_at=now()))
    publish(db, maria, [])
    fan_out.fan_out_due()
    round_ = delivery.Round()
    [row] = delivery.claim_due(1)
    round_.backlog.append(replace(row, refused=401, until=now()))
    round_.send()
    assert round_.record() == 1
    with db.reading() as session:
        kept = session.scalars(select(Delivery)).one()
        assert (kept.tries, kept.last_status, kept.state) == (1, 401, "due")


# What was deleted


def test_a_deleted_story_s_text_is_at_no_address(
    db: Database, client: FlaskClient, newsroom: Actor, maria: Actor
) -> None:
    post = publish(db, maria, [newsroom])
    with db.reading() as session:
        activities = list(session.scalars(select(Activity).where(Activity.object_uri == post.uri)))
    with db.transaction() as session:
        posts.remove(session, session.get_one(Post, post.id))
    for activity in activities:
        assert get(client, f"/activities/{activity.id}").status_code == 410
    for owner in ("maria", newsroom.handle):
        page = parsed(get(client, f"/@{owner}/outbox?page=1"))
        assert page["orderedItems"] == []
    with db.reading() as session:
        [told] = session.scalars(select(Activity).where(Activity.kind == "Delete"))
        assert not outbox.is_withdrawn(session, told)
    assert get(client, f"/activities/{told.id}").status_code == 200


def test_who_boosted_behind_a_served_shared_inbox_is_not_served_twice(
    db: Database, farm: Farm, send: Send, newsroom: Actor, maria: Actor
) -> None:
    anna = farm.person("anna", shared=True)
    send(farm.activity(anna, "Follow", newsroom.uri))
    post = publish(db, maria, [newsroom])
    send(farm.activity(anna, "Announce", post.uri))
    with db.transaction() as session:
        posts.remove(session, session.get_one(Post, post.id))
    run_jobs()
    assert [value["type"] for value in farm.inbox("/inbox")] == ["Announce", "Delete"]
    assert [value["type"] for value in farm.inbox("/u/anna/inbox")] == ["Accept"]


# Other


@pytest.mark.parametrize(
    "path", ["/@a%00b", "/a%00b", "/a/%00", "/.well-known/webfinger?resource=acct:a%00@x", "/?before=%00"]
)
def test_a_nul_in_an_address_is_refused(client: FlaskClient, path: str) -> None:
    assert client.get(path, base_url=current_settings().origin).status_code == 400


def test_watchdogs_ask_by_any_name(client: FlaskClient) -> None:
    assert client.get("/livez", base_url="http://10.1.2.3:8000").status_code == 200
    assert client.get("/", base_url="http://10.1.2.3:8000").status_code == 400
