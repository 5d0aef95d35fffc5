"""From a published story to signed POSTs, and what becomes of each."""

import json
import uuid
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from commons import clock, limits
from commons.clock import now
from commons.db import Database
from federation import actors, delivery, fan_out, farewells, follows, outbox, posts, signatures, vocabulary
from federation.keys import PublicKey
from federation.messages import Message
from federation.models import Activity, Actor, Delivery, Follow, Key, Peer
from tests.federation.conftest import cut, get, parsed, publish, run_jobs
from tests.services.farm import Farm, made_before

Rows = list[Delivery]


def follower(db: Database, farm: Farm, name: str, *followed: Actor, shared: bool = False) -> str:
    """An accepted follower, as if it had followed long ago."""
    uri = farm.person(name, shared=shared)
    with db.transaction() as session:
        actor = Actor(
            uri=uri,
            local=False,
            kind="Person",
            handle=name,
            host=farm.origin.removeprefix("http://"),
            name=name,
            url=uri,
            inbox=f"{uri}/inbox",
            shared_inbox=f"{farm.origin}/inbox" if shared else None,
        )
        session.add(actor)
        session.flush()
        for one in followed:
            follow = Follow(
                follower_id=actor.id, followed_id=one.id, uri=f"{uri}/f/{one.handle}", accepted_at=now()
            )
            session.add(follow)
    return uri


def rows(db: Database) -> Rows:
    with db.reading() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.activity_id, Delivery.inbox)))


def kinds(farm: Farm, path: str) -> list[str]:
    return [activity["type"] for activity in farm.inbox(path)]


def shift(monkeypatch: pytest.MonkeyPatch, **ahead: float) -> None:
    monkeypatch.setattr(clock, "shift", clock.shift + timedelta(**ahead))


# Who is served


def test_the_author_s_followers_get_the_story_and_the_newsroom_s_its_announcement(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    follower(db, farm, "bert", newsroom)
    story = publish(db, maria, [newsroom])
    run_jobs()
    [create] = farm.inbox("/u/anna/inbox")
    assert (create["type"], create["actor"], create["object"]["id"]) == ("Create", maria.uri, story.uri)
    [announce] = farm.inbox("/u/bert/inbox")
    assert (announce["type"], announce["actor"], announce["object"]) == ("Announce", newsroom.uri, story.uri)


def test_whoever_follows_both_is_served_once(db: Database, farm: Farm, newsroom: Actor, maria: Actor) -> None:
    follower(db, farm, "anna", maria, newsroom)
    publish(db, maria, [newsroom])
    run_jobs()
    assert kinds(farm, "/u/anna/inbox") == ["Create"]


def test_a_shared_inbox_is_served_once_for_all_behind_it(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    for name in ("anna", "bert", "carl"):
        follower(db, farm, name, maria, shared=True)
    publish(db, maria, [newsroom])
    run_jobs()
    assert kinds(farm, "/inbox") == ["Create"]
    assert len(rows(db)) == 1


def test_a_shared_inbox_gets_both_when_it_serves_followers_of_each(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria, shared=True)
    follower(db, farm, "bert", newsroom, shared=True)
    publish(db, maria, [newsroom])
    run_jobs()
    assert kinds(farm, "/inbox") == ["Create", "Announce"]


def test_a_shared_inbox_whose_people_follow_both_gets_the_story_only(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria, newsroom, shared=True)
    publish(db, maria, [newsroom])
    run_jobs()
    assert kinds(farm, "/inbox") == ["Create"]


def test_a_follow_that_was_not_accepted_is_not_served(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    with db.transaction() as session:
        session.execute(update(Follow).values(accepted_at=None))
    publish(db, maria, [newsroom])
    run_jobs()
    assert rows(db) == []


def test_fan_out_twice_makes_no_second_row(db: Database, farm: Farm, newsroom: Actor, maria: Actor) -> None:
    follower(db, farm, "anna", maria)
    publish(db, maria, [newsroom])
    fan_out.fan_out_due()
    with db.transaction() as session:
        session.execute(update(Activity).values(fanned_out_at=None))
    fan_out.fan_out_due()
    assert len(rows(db)) == 1


# What is sent


def test_what_is_delivered_is_what_is_served(
    db: Database, farm: Farm, client: FlaskClient, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    story = publish(db, maria, [newsroom], tags=["water"], warning="Violence", co_authors=[newsroom])
    run_jobs()
    [create] = farm.inbox("/u/anna/inbox")
    served = parsed(get(client, f"/stories/{story.id}"))
    assert served.pop("@context") == vocabulary.CONTEXT
    assert served == create["object"]
    assert served["type"] == "Article"
    assert served["attributedTo"] == maria.uri
    assert served["to"] == [vocabulary.PUBLIC]
    assert newsroom.uri in served["cc"] and newsroom.uri == served["audience"]
    assert served["sensitive"] is True and served["subject"] == "Violence"
    assert {tag["type"] for tag in served["tag"]} == {"Hashtag", "Mention"}


def test_a_long_story_is_cut_to_sixty_kibibytes_with_its_envelope(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    publish(db, maria, [newsroom], html="<p>ä</p>" * 20_000)
    run_jobs()
    [create] = farm.inbox("/u/anna/inbox")
    with db.reading() as session:
        [document] = session.scalars(select(Activity.document).where(Activity.kind == "Create"))
    assert json.loads(document) == create
    assert limits.POSTED_ACTIVITY * 0.9 < len(document) <= limits.POSTED_ACTIVITY


def own_key() -> PublicKey:
    return made_before("rsa").public_key()


def test_a_delivery_is_signed_by_its_actor(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower(db, farm, "anna", maria)
    publish(db, maria, [newsroom])
    run_jobs()
    [(path, body, headers)] = farm.received
    message = Message("POST", path, tuple(headers.items()), vocabulary.document(body))
    assert signatures.key_id_of(message) == f"{maria.uri}#main-key"
    monkeypatch.setattr("federation.messages.require_own_host", lambda message: None)
    monkeypatch.setattr("federation.cavage.require_own_host", lambda message: None, raising=False)
    signatures.verify(message, own_key())


# Answers


def test_a_host_that_reads_only_rfc_9421_gets_a_second_knock_and_is_remembered(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    farm.statuses["/u/anna/inbox"] = [401, 202]
    publish(db, maria, [newsroom])
    run_jobs()
    [(_path, _body, headers)] = farm.received
    assert "Signature-Input" in headers
    [row] = rows(db)
    assert (row.state, row.tries, row.last_status) == ("sent", 1, 202)
    publish(db, maria, [newsroom])
    run_jobs()
    assert "Signature-Input" in farm.received[1][2]
    with db.reading() as session:
        assert session.scalars(select(Peer.dialect)).all() == ["rfc9421"]


@pytest.mark.parametrize("status", [403, 404, 422, 501])
def test_a_permanent_refusal_ends_the_row(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor, status: int
) -> None:
    follower(db, farm, "anna", maria)
    farm.statuses["/u/anna/inbox"] = [status]
    publish(db, maria, [newsroom])
    run_jobs()
    [row] = rows(db)
    assert (row.state, row.last_status) == ("failed", status)


def test_a_busy_host_is_tried_again_after_its_delay(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower(db, farm, "anna", maria)
    farm.statuses["/u/anna/inbox"] = [500, 202]
    publish(db, maria, [newsroom])
    run_jobs()
    [row] = rows(db)
    assert (row.state, row.tries, row.last_status) == ("due", 1, 500)
    run_jobs()
    assert farm.received == [], "not before its time"
    shift(monkeypatch, seconds=80)
    run_jobs()
    [row] = rows(db)
    assert (row.state, row.tries) == ("sent", 2)


def test_it_gives_up_after_the_last_delay(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower(db, farm, "anna", maria)
    farm.statuses["/u/anna/inbox"] = [500]
    publish(db, maria, [newsroom])
    for _try in range(len(limits.RETRY_DELAYS) + 1):
        run_jobs()
        shift(monkeypatch, days=8)
    [row] = rows(db)
    assert (row.state, row.tries) == ("gave_up", len(limits.RETRY_DELAYS) + 1)


def test_five_failures_open_the_breaker_and_a_probe_closes_it(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        follower(db, farm, f"anna{number}", maria)
        farm.statuses[f"/u/anna{number}/inbox"] = [500, 202]
    publish(db, maria, [newsroom])
    run_jobs()
    with db.reading() as session:
        peer = session.scalars(select(Peer)).one()
        assert peer.fails >= limits.BREAKER_FAILURES
        assert peer.open_until is not None
    tried = sum(row.tries for row in rows(db))
    shift(monkeypatch, seconds=120)
    run_jobs()
    assert sum(row.tries for row in rows(db)) == tried, "nobody knocks while the breaker is open"
    shift(monkeypatch, seconds=limits.BREAKER_SECONDS)
    run_jobs()
    for _round in range(3):
        shift(monkeypatch, seconds=limits.PROBE_SECONDS + 90)
        run_jobs()
    assert {row.state for row in rows(db)} == {"sent"}
    with db.reading() as session:
        assert session.scalars(select(Peer.fails)).all() == [0]


def test_nothing_overtakes_an_earlier_activity_about_the_same_story(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower(db, farm, "anna", maria)
    farm.statuses["/u/anna/inbox"] = [429, 429, 429, 202]
    story = publish(db, maria, [newsroom])
    run_jobs()
    with db.transaction() as session:
        posts.remove(session, session.merge(story))
    other = publish(db, maria, [newsroom])
    farm.statuses["/u/anna/inbox"] = [202]
    run_jobs()
    assert [it["object"]["id"] for it in farm.inbox("/u/anna/inbox")] == [other.uri], "others still flow"
    shift(monkeypatch, days=1)
    run_jobs()
    assert kinds(farm, "/u/anna/inbox") == ["Create", "Create", "Delete"]


def test_a_dead_worker_s_lease_runs_out(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower(db, farm, "anna", maria)
    publish(db, maria, [newsroom])
    fan_out.fan_out_due()
    assert len(delivery.claim_due(10)) == 1
    assert delivery.claim_due(10) == []
    run_jobs()
    assert farm.received == []
    shift(monkeypatch, seconds=limits.DELIVERY_LEASE + 1)
    run_jobs()
    assert kinds(farm, "/u/anna/inbox") == ["Create"]


def test_who_lost_the_lease_does_not_finish_the_row(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    publish(db, maria, [newsroom])
    fan_out.fan_out_due()
    [claimed] = delivery.claim_due(10)
    with db.transaction() as session:
        session.execute(update(Delivery).values(lease_token="another"))
    delivery.record([delivery.Outcome(claimed, 202)])
    [row] = rows(db)
    assert row.state == "due"


def test_an_unreachable_inbox_is_an_error_of_that_row_alone(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    follower(db, farm, "bert", maria)
    with db.transaction() as session:
        session.execute(update(Actor).where(Actor.handle == "bert").values(inbox="http://127.0.0.1:1/inbox"))
    publish(db, maria, [newsroom])
    run_jobs()
    states = {row.inbox: (row.state, row.last_error) for row in rows(db)}
    assert states[f"{farm.origin}/u/anna/inbox"] == ("sent", None)
    assert states["http://127.0.0.1:1/inbox"][0] == "due"
    assert "connect" in str(states["http://127.0.0.1:1/inbox"][1])


# 410


def test_an_actor_with_a_damaged_key_holds_up_nobody_else(
    db: Database,
    farm: Farm,
    newsroom: Actor,
    maria: Actor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    follower(db, farm, "anna", maria)
    follower(db, farm, "bert", newsroom)
    publish(db, maria, [newsroom])
    with db.transaction() as session:
        key = session.get_one(Key, maria.uri + actors.MAIN_KEY)
        assert key.private is not None
        key.private = key.private[:-8] + "AAAAAAAA"
    actors.forget_signers()

    run_jobs()

    assert (kinds(farm, "/u/anna/inbox"), kinds(farm, "/u/bert/inbox")) == ([], ["Announce"])
    [held, sent] = sorted(rows(db), key=lambda row: row.state)
    assert (held.state, held.tries, held.last_status, sent.state) == ("due", 1, None, "sent")
    assert held.next_try > now()
    assert "damaged" in (held.last_error or "") and "cannot sign" in caplog.text
    with db.reading() as session:
        failing = select(Peer.host).where(Peer.fails > 0)
        assert session.scalars(failing).all() == [], "the host has done nothing wrong"


def test_a_personal_inbox_that_is_gone_ends_the_follower_if_the_actor_is_gone_too(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    follower(db, farm, "bert", maria)
    for name in ("anna", "bert"):
        farm.statuses[f"/u/{name}/inbox"] = [410]
    farm.gone.add("/u/anna")
    publish(db, maria, [newsroom])
    run_jobs()
    with db.reading() as session:
        left = session.scalars(select(Actor.handle).join(Follow, Follow.follower_id == Actor.id)).all()
        assert left == ["bert"]
        assert follows.count(session, maria) == 1


def test_a_shared_inbox_that_is_gone_falls_back_to_the_personal_ones(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria, shared=True)
    follower(db, farm, "bert", maria, shared=True)
    farm.statuses["/inbox"] = [410]
    publish(db, maria, [newsroom])
    run_jobs()
    farewells.recheck_due()
    run_jobs()
    assert kinds(farm, "/u/anna/inbox") == kinds(farm, "/u/bert/inbox") == ["Create"]
    with db.reading() as session:
        assert follows.count(session, maria) == 2
    publish(db, maria, [newsroom])
    run_jobs()
    assert kinds(farm, "/u/anna/inbox") == ["Create", "Create"]


# Later


def test_an_update_reaches_everyone_who_got_the_story_and_is_strictly_newer(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    follower(db, farm, "bert", newsroom)
    story = publish(db, maria, [newsroom])
    run_jobs()
    with db.transaction() as session:
        post = session.merge(story)
        changed = posts.Story(
            id=story.id,
            author=maria,
            groups=[newsroom],
            title="The bridge costs less",
            summary="It will not.",
            html="<p>It will not.</p>",
            language="en",
            url=story.url,
            published_at=story.published_at,
            cut=cut,
        )
        posts.update(session, post, changed)
        posts.update(session, post, changed)
    run_jobs()
    updates = farm.inbox("/u/bert/inbox")[1:]
    assert [it["type"] for it in updates] == ["Update", "Update"]
    published = updates[0]["object"]["published"]
    assert published < updates[0]["object"]["updated"] < updates[1]["object"]["updated"]


def test_a_removed_story_leaves_a_tombstone_and_tells_everyone(
    db: Database, farm: Farm, client: FlaskClient, newsroom: Actor, maria: Actor
) -> None:
    follower(db, farm, "anna", maria)
    follower(db, farm, "bert", newsroom)
    story = publish(db, maria, [newsroom])
    run_jobs()
    with db.transaction() as session:
        posts.remove(session, session.merge(story))
    run_jobs()
    assert kinds(farm, "/u/anna/inbox") == ["Create", "Delete"]
    assert kinds(farm, "/u/bert/inbox") == ["Announce", "Delete"]
    answer = get(client, f"/stories/{story.id}")
    assert (answer.status_code, parsed(answer)["type"]) == (410, "Tombstone")


def test_the_reach_of_a_story_is_counted_for_the_desk(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    for name, status in (("anna", 202), ("bert", 403), ("carl", 500)):
        follower(db, farm, name, maria)
        farm.statuses[f"/u/{name}/inbox"] = [status]
    story = publish(db, maria, [newsroom])
    run_jobs()
    with db.reading() as session:
        reach = outbox.reach(session, story.uri)
    assert reach == outbox.Reach(inboxes=3, hosts=1, sent=1, due=1, retried=1, failed=1, gave_up=0)


def test_an_inbox_is_counted_once(db: Database, farm: Farm, newsroom: Actor, maria: Actor) -> None:
    for name, followed in (("anna", maria), ("bert", newsroom), ("carl", newsroom)):
        follower(db, farm, name, followed, shared=name != "carl")
    farm.statuses["/u/carl/inbox"] = [500]
    story = publish(db, maria, [newsroom])
    run_jobs()
    with db.reading() as session:
        reach = outbox.reach(session, story.uri)
    assert sorted(kinds(farm, "/inbox")) == ["Announce", "Create"]
    assert reach == outbox.Reach(inboxes=2, hosts=1, sent=1, due=1, retried=1, failed=0, gave_up=0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("-5", None), ("soon", None), (None, None), ("9" * 400, 999999999)],
)
def test_retry_after_is_read_with_care(value: str | None, seconds: float | None) -> None:
    assert delivery.retry_after(value) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert delivery.retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == 0
    assert delivery.retry_after("Fri, 31 Dec 9999 23:59:59 GMT") is not None


def test_two_workers_never_claim_the_same_row(
    db: Database, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    for number in range(6):
        follower(db, farm, f"anna{number}", maria)
    publish(db, maria, [newsroom])
    fan_out.fan_out_due()
    first, second = delivery.claim_due(4), delivery.claim_due(4)
    ids: set[uuid.UUID] = {row.id for row in [*first, *second]}
    assert (len(first), len(second), len(ids)) == (4, 2, 6)
