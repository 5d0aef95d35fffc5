"""What comes in: refused before any handler runs, or kept once and applied once."""

import gzip
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commons import clock, limits
from commons.config import settings as current_settings
from commons.db import Database
from federation import blocks, follows, inbox, posts, reactions
from federation.models import Actor, Block, Follow, Post, Reaction, Received
from tests.federation.conftest import Send, publish, run_jobs
from tests.services.farm import JSON, Farm, signed

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def count(db: Database, table: type[Any]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def follow(farm: Farm, newsroom: Actor) -> dict[str, Any]:
    return farm.activity(farm.person("anna"), "Follow", newsroom.uri)


# Refused, each with its code, and nothing kept


def test_an_unsigned_activity_is_refused(client: FlaskClient, db: Database, follow: dict[str, Any]) -> None:
    answer = client.post(
        "/inbox", base_url=current_settings().origin, data=json.dumps(follow), content_type=JSON
    )
    assert answer.status_code == 401
    assert count(db, Received) == 0


@pytest.mark.parametrize("dialect", ["cavage", "rfc9421"])
def test_a_signature_by_another_key_is_refused(
    send: Send, db: Database, follow: dict[str, Any], dialect: str
) -> None:
    assert send(follow, key=1, dialect=dialect).status_code == 401
    assert count(db, Received) == 0


def test_a_body_changed_after_signing_is_refused(
    client: FlaskClient, db: Database, follow: dict[str, Any]
) -> None:
    origin = current_settings().origin
    body, headers = signed(f"{origin}/inbox", follow, follow["actor"])
    answer = client.post("/inbox", base_url=origin, data=body.replace(b"Follow", b"Like"), headers=headers)
    assert answer.status_code == 401
    assert count(db, Received) == 0


def test_a_signature_for_another_path_is_refused(
    client: FlaskClient, db: Database, follow: dict[str, Any]
) -> None:
    origin = current_settings().origin
    body, headers = signed(f"{origin}/@maria/inbox", follow, follow["actor"])
    assert client.post("/inbox", base_url=origin, data=body, headers=headers).status_code == 401
    assert count(db, Received) == 0


def test_an_actor_cannot_speak_for_another(send: Send, farm: Farm, db: Database, newsroom: Actor) -> None:
    farm.person("anna")
    forged = farm.activity(f"{farm.origin}/u/anna", "Follow", newsroom.uri)
    mallory = farm.person("mallory", key=1)
    assert send(forged, actor=mallory, key=1).status_code == 401
    assert count(db, Received) == 0


def test_a_key_on_another_server_is_refused(send: Send, farm: Farm, newsroom: Actor) -> None:
    activity = farm.activity("http://127.0.0.2:9/u/anna", "Follow", newsroom.uri)
    activity["id"] = "http://127.0.0.2:9/1"
    assert send(activity, actor=farm.person("anna")).status_code == 401


def test_an_id_of_another_server_than_the_actor_is_refused(send: Send, follow: dict[str, Any]) -> None:
    follow["id"] = "http://127.0.0.2:9/1"
    assert send(follow).status_code == 400


def test_nobody_else_speaks_for_an_actor_of_ours(
    send: Send, farm: Farm, newsroom: Actor, maria: Actor
) -> None:
    farm.person("anna")
    activity = farm.activity(maria.uri, "Follow", newsroom.uri)
    activity["id"] = f"{current_settings().origin}/activities/1"
    assert send(activity, actor=f"{farm.origin}/u/anna").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b"\xef\xbb\xbf{}",
        '{"type":"Follow"}'.encode("utf-16"),
        b'{"type":"Follow","type":"Like"}',
        b'{"n":NaN}',
        b'{"n":1e999}',
        b'{"n":' + b"9" * 5000 + b"}",
        b'{"s":"\\ud800"}',
        b'{"s":"\\u0000"}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b"[" + b"{}," * 60_000 + b"{}]",
    ],
)
def test_what_is_no_clean_json_object_is_refused(client: FlaskClient, db: Database, body: bytes) -> None:
    answer = client.post("/inbox", base_url=current_settings().origin, data=body, content_type=JSON)
    assert answer.status_code == 400
    assert count(db, Received) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": "javascript:alert(1)"},
        {"id": "/relative"},
        {"id": ["http://127.0.0.1/1"]},
        {"actor": None},
        {"actor": 7},
        {"actor": "acct:anna@example.org"},
        {"type": None},
        {"type": ["Follow", "Like"]},
        {"type": "x" * 10_000},
        {"@graph": []},
        {"@included": []},
        {"@reverse": {}},
    ],
)
def test_a_malformed_activity_is_refused(
    client: FlaskClient, db: Database, follow: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = client.post(
        "/inbox", base_url=current_settings().origin, data=json.dumps(follow | change), content_type=JSON
    )
    assert answer.status_code == 400
    assert count(db, Received) == 0


def test_an_oversized_body_is_refused(client: FlaskClient, db: Database) -> None:
    body = b'{"x":"' + b"x" * limits.INBOX_BODY + b'"}'
    answer = client.post("/inbox", base_url=current_settings().origin, data=body, content_type=JSON)
    assert answer.status_code == 413
    assert count(db, Received) == 0


def test_an_oversized_body_that_does_not_say_its_length_is_refused(client: FlaskClient, db: Database) -> None:
    answer = client.post(
        "/inbox",
        base_url=current_settings().origin,
        input_stream=io.BytesIO(b"x" * limits.INBOX_BODY * 2),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
        content_type=JSON,
    )
    assert answer.status_code == 413
    assert count(db, Received) == 0


@pytest.mark.parametrize("kind", ["text/html", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused(client: FlaskClient, kind: str, follow: dict[str, Any]) -> None:
    answer = client.post(
        "/inbox", base_url=current_settings().origin, data=json.dumps(follow), content_type=kind
    )
    assert answer.status_code == 415


def test_a_packed_body_is_not_unpacked(client: FlaskClient, follow: dict[str, Any]) -> None:
    body = gzip.compress(json.dumps(follow).encode())
    answer = client.post("/inbox", base_url=current_settings().origin, data=body, content_type=JSON)
    assert answer.status_code == 400


def test_an_inbox_of_nobody_is_not_there(send: Send, follow: dict[str, Any]) -> None:
    assert send(follow, "/@nobody/inbox").status_code == 404


@pytest.mark.parametrize("blocked", ["127.0.0.1:{port}", "127.0.0.1"])
def test_a_blocked_server_is_refused_without_a_fetch(
    send: Send, farm: Farm, db: Database, follow: dict[str, Any], blocked: str
) -> None:
    with db.transaction() as session:
        session.add(Block(host=blocked.format(port=farm.origin.rpartition(":")[2]), reason="spam"))
    blocks.forget()
    answer = send(follow)
    if blocked == "127.0.0.1":
        assert answer.status_code == 202  # a host is its name and its port
        return
    assert answer.status_code == 403
    assert farm.fetched == []


def test_a_key_that_cannot_be_had_is_not_asked_for_again_and_again(
    send: Send, farm: Farm, newsroom: Actor
) -> None:
    activity = farm.activity(f"{farm.origin}/u/ghost", "Follow", newsroom.uri)
    assert send(activity).status_code == 401
    assert send(activity).status_code == 401
    assert farm.fetched.count("/u/ghost") == 1


def test_a_changed_key_is_fetched_once_and_then_believed(
    send: Send, farm: Farm, db: Database, newsroom: Actor
) -> None:
    anna = farm.person("anna")
    assert send(farm.activity(anna, "Follow", newsroom.uri)).status_code == 202
    farm.person("anna", key=1)
    assert send(farm.activity(anna, "Like", newsroom.uri), key=1).status_code == 202
    assert farm.fetched.count("/u/anna") == 2
    assert send(farm.activity(anna, "Like", newsroom.uri), key=2).status_code == 401
    assert send(farm.activity(anna, "Like", newsroom.uri), key=2).status_code == 401
    assert farm.fetched.count("/u/anna") == 3


def test_an_old_signature_is_refused(
    client: FlaskClient, db: Database, follow: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = current_settings().origin
    monkeypatch.setattr(clock, "shift", timedelta(seconds=-limits.SIGNATURE_AGE - 60))
    body, headers = signed(f"{origin}/inbox", follow, follow["actor"])
    monkeypatch.setattr(clock, "shift", timedelta(0))
    assert client.post("/inbox", base_url=origin, data=body, headers=headers).status_code == 401
    assert count(db, Received) == 0


# Kept once, applied once


@pytest.mark.parametrize("dialect", ["cavage", "rfc9421"])
def test_a_follow_is_accepted_and_answered(
    send: Send, farm: Farm, db: Database, newsroom: Actor, follow: dict[str, Any], dialect: str
) -> None:
    assert send(follow, dialect=dialect).status_code == 202
    with db.reading() as session:
        assert follows.count(session, newsroom) == 1
    [answer] = farm.inbox("/u/anna/inbox")
    assert answer["type"] == "Accept"
    assert answer["actor"] == newsroom.uri
    assert answer["object"] == {
        "type": "Follow",
        "id": follow["id"],
        "actor": follow["actor"],
        "object": newsroom.uri,
    }


def test_the_same_activity_five_times_into_two_inboxes_has_one_effect(
    send: Send, farm: Farm, db: Database, newsroom: Actor, follow: dict[str, Any]
) -> None:
    for path in ["/inbox", "/@newsroom/inbox", "/inbox", "/@newsroom/inbox", "/inbox"]:
        assert send(follow, path).status_code == 202
    assert count(db, Received) == 1
    assert count(db, Follow) == 1
    assert len(farm.inbox("/u/anna/inbox")) == 1


def test_a_new_follow_by_the_same_actor_is_answered_anew(
    send: Send, farm: Farm, db: Database, newsroom: Actor, follow: dict[str, Any]
) -> None:
    send(follow)
    again = farm.activity(follow["actor"], "Follow", newsroom.uri)
    send(again)
    assert count(db, Follow) == 1
    assert [answer["object"]["id"] for answer in farm.inbox("/u/anna/inbox")] == [follow["id"], again["id"]]


@pytest.mark.parametrize("form", ["id", "embedded", "stub"])
def test_an_undo_ends_the_follow(
    send: Send, farm: Farm, db: Database, newsroom: Actor, follow: dict[str, Any], form: str
) -> None:
    send(follow)
    inner = {"id": follow["id"], "embedded": follow, "stub": {"id": follow["id"], "type": "Follow"}}[form]
    send(farm.activity(follow["actor"], "Undo", inner))
    assert count(db, Follow) == 0


def test_nobody_undoes_what_another_did(send: Send, farm: Farm, db: Database, follow: dict[str, Any]) -> None:
    send(follow)
    mallory = farm.person("mallory")
    send(farm.activity(mallory, "Undo", follow))
    send(farm.activity(mallory, "Undo", follow["id"]))
    assert count(db, Follow) == 1


def test_the_instance_actor_is_not_followed(send: Send, farm: Farm, db: Database, newsroom: Actor) -> None:
    anna = farm.person("anna")
    send(farm.activity(anna, "Follow", f"{current_settings().origin}/actor"))
    assert count(db, Follow) == 0


@pytest.fixture
def story(db: Database, newsroom: Actor, maria: Actor) -> Post:
    return publish(db, maria, [newsroom])


def test_a_reply_is_kept_made_safe_and_shown_in_its_thread(
    send: Send, farm: Farm, db: Database, story: Post
) -> None:
    anna = farm.person("anna")
    note = farm.note(anna, story.uri, "<p>Well <b>said</b><script>alert(1)</script></p>")
    assert send(farm.activity(anna, "Create", note)).status_code == 202
    answer = farm.note(anna, note["id"], "<p>And more</p>")
    send(farm.activity(anna, "Create", answer))
    with db.reading() as session:
        first, second = posts.replies_to(session, story)
    assert first.content == "<p>Well <b>said</b></p>"
    assert first.author.name == "Anna"
    assert (second.in_reply_to_id, second.content) == (first.id, "<p>And more</p>")


def test_a_note_given_by_address_is_fetched_from_its_own_server(
    send: Send, farm: Farm, db: Database, story: Post
) -> None:
    anna = farm.person("anna")
    note = farm.note(anna, story.uri, "<p>By address</p>")
    farm.documents[note["id"].removeprefix(farm.origin)] = note
    send(farm.activity(anna, "Create", note["id"]))
    with db.reading() as session:
        assert [reply.content for reply in posts.replies_to(session, story)] == ["<p>By address</p>"]


@pytest.mark.parametrize(
    "change",
    [
        {"attributedTo": "http://127.0.0.1:9/u/other"},
        {"id": "http://127.0.0.1:9/notes/1"},
        {"to": ["http://127.0.0.1:9/u/other"]},
        {"type": "Tombstone"},
    ],
)
def test_a_note_of_somebody_else_or_not_public_is_not_kept(
    send: Send, farm: Farm, db: Database, story: Post, change: dict[str, Any]
) -> None:
    anna = farm.person("anna")
    send(farm.activity(anna, "Create", farm.note(anna, story.uri, "<p>x</p>") | change))
    assert count(db, Post) == 1


@pytest.mark.parametrize("public", ["as:Public", "Public", PUBLIC])
def test_all_spellings_of_public_are_read(
    send: Send, farm: Farm, db: Database, story: Post, public: str
) -> None:
    anna = farm.person("anna")
    send(farm.activity(anna, "Create", farm.note(anna, story.uri, "<p>x</p>", to=[public])))
    assert count(db, Post) == 2


def test_a_stranger_who_answers_nothing_of_ours_is_not_kept(
    send: Send, farm: Farm, db: Database, story: Post
) -> None:
    anna = farm.person("anna")
    send(farm.activity(anna, "Create", farm.note(anna, None, "<p>Buy this</p>")))
    assert count(db, Post) == 1


def test_an_edit_changes_the_reply_and_an_older_one_does_not(
    send: Send, farm: Farm, db: Database, story: Post
) -> None:
    anna = farm.person("anna")
    note = farm.note(anna, story.uri, "<p>first</p>")
    send(farm.activity(anna, "Create", note))
    send(farm.activity(anna, "Update", note | {"content": "<p>third</p>", "updated": "2026-11-24T06:03:00Z"}))
    send(
        farm.activity(anna, "Update", note | {"content": "<p>second</p>", "updated": "2026-11-24T06:02:00Z"})
    )
    with db.reading() as session:
        [reply] = posts.replies_to(session, story)
    assert reply.content == "<p>third</p>"
    assert reply.updated_at is not None


def test_nobody_edits_or_deletes_what_another_said(send: Send, farm: Farm, db: Database, story: Post) -> None:
    anna, mallory = farm.person("anna"), farm.person("mallory")
    note = farm.note(anna, story.uri, "<p>mine</p>")
    send(farm.activity(anna, "Create", note))
    later = {"content": "<p>forged</p>", "updated": "2026-11-24T06:03:00Z", "attributedTo": mallory}
    send(farm.activity(mallory, "Update", note | later))
    send(farm.activity(mallory, "Delete", note["id"]))
    with db.reading() as session:
        assert [reply.content for reply in posts.replies_to(session, story)] == ["<p>mine</p>"]


@pytest.mark.parametrize("tombstone", [True, False])
def test_a_deleted_reply_is_gone_and_does_not_come_back(
    send: Send, farm: Farm, db: Database, story: Post, tombstone: bool
) -> None:
    anna = farm.person("anna")
    note = farm.note(anna, story.uri, "<p>regret</p>")
    send(farm.activity(anna, "Create", note))
    send(farm.activity(anna, "Delete", {"id": note["id"], "type": "Tombstone"} if tombstone else note["id"]))
    send(farm.activity(anna, "Create", note))
    send(farm.activity(anna, "Update", note | {"updated": "2026-11-24T07:00:00Z"}))
    with db.reading() as session:
        assert posts.replies_to(session, story) == []


def test_a_delete_that_comes_before_its_create_wins(
    send: Send, farm: Farm, db: Database, story: Post
) -> None:
    anna = farm.person("anna")
    send(farm.activity(anna, "Like", story.uri))
    note = farm.note(anna, story.uri, "<p>regret</p>")
    send(farm.activity(anna, "Delete", note["id"]))
    send(farm.activity(anna, "Create", note))
    with db.reading() as session:
        assert posts.replies_to(session, story) == []


def test_nobody_deletes_a_story_of_ours(send: Send, farm: Farm, db: Database, story: Post) -> None:
    anna = farm.person("anna")
    send(farm.activity(anna, "Like", story.uri))
    send(farm.activity(anna, "Delete", story.uri))
    with db.reading() as session:
        found = session.get(Post, story.id)
        assert found is not None and found.gone_at is None


@pytest.mark.parametrize("kind", ["Like", "Announce"])
@pytest.mark.parametrize("form", ["id", "embedded"])
def test_a_reaction_counts_once_and_can_be_taken_back(
    send: Send, farm: Farm, db: Database, story: Post, kind: str, form: str
) -> None:
    anna = farm.person("anna")
    done = farm.activity(anna, kind, story.uri, to=[PUBLIC])
    send(done)
    send(farm.activity(anna, kind, story.uri, to=[PUBLIC]) if form == "embedded" else done)
    expected = reactions.Counts(1, 0) if kind == "Like" else reactions.Counts(0, 1)
    with db.reading() as session:
        assert reactions.counts(session, story) == expected
    send(farm.activity(anna, "Undo", done if form == "embedded" else done["id"]))
    with db.reading() as session:
        assert reactions.counts(session, story) == reactions.Counts(0, 0)


def test_a_reaction_to_what_we_do_not_know_is_ignored(
    send: Send, farm: Farm, db: Database, story: Post
) -> None:
    anna = farm.person("anna")
    send(farm.activity(anna, "Like", f"{farm.origin}/notes/1"))
    assert count(db, Reaction) == 0


def test_an_unknown_type_is_taken_and_ignored(send: Send, farm: Farm, db: Database, newsroom: Actor) -> None:
    assert send(farm.activity(farm.person("anna"), "Juggle", newsroom.uri)).status_code == 202
    with db.reading() as session:
        assert session.scalars(select(Received.state)).all() == ["ignored"]


def test_the_deletion_of_an_account_we_never_met_costs_no_fetch(
    send: Send, farm: Farm, db: Database, newsroom: Actor
) -> None:
    ghost = f"{farm.origin}/u/ghost"
    assert send(farm.activity(ghost, "Delete", ghost)).status_code == 202
    assert farm.fetched == []
    assert count(db, Received) == 0


def test_a_follower_is_dropped_when_its_own_server_says_gone(
    send: Send, farm: Farm, db: Database, follow: dict[str, Any]
) -> None:
    send(follow)
    delete = farm.activity(follow["actor"], "Delete", follow["actor"])
    send(delete)
    assert count(db, Follow) == 1, "the actor is still there: nothing happens"
    farm.gone.add("/u/anna")
    send(farm.activity(follow["actor"], "Delete", follow["actor"]))
    assert count(db, Follow) == 0


# What we asked for ourselves


def test_our_follow_counts_only_when_the_one_we_asked_accepts(
    send: Send, farm: Farm, db: Database, maria: Actor
) -> None:
    anna, mallory = farm.person("anna"), farm.person("mallory")
    for name in (anna, mallory):  # so that they are known
        send(farm.activity(name, "Follow", maria.uri))
    with db.transaction() as session:
        theirs = session.scalars(select(Actor).where(Actor.uri == anna)).one()
        follows.ask(session, maria, theirs)
    run_jobs()
    asked = farm.inbox("/u/anna/inbox")[-1]
    assert (asked["type"], asked["actor"], asked["object"]) == ("Follow", maria.uri, anna)
    send(farm.activity(mallory, "Accept", asked))
    with db.reading() as session:
        assert follows.count_followed(session, maria) == 0
    send(farm.activity(anna, "Accept", asked["id"]))
    with db.reading() as session:
        assert follows.count_followed(session, maria) == 1
    send(farm.activity(anna, "Reject", asked))
    with db.reading() as session:
        assert follows.count_followed(session, maria) == 0


def test_what_one_of_ours_follows_is_kept_and_a_boost_of_it_is_fetched_from_its_home(
    send: Send, farm: Farm, db: Database, maria: Actor
) -> None:
    anna = farm.person("anna")
    send(farm.activity(anna, "Follow", maria.uri))
    with db.transaction() as session:
        follows.ask(session, maria, session.scalars(select(Actor).where(Actor.uri == anna)).one())
    run_jobs()
    send(farm.activity(anna, "Accept", farm.inbox("/u/anna/inbox")[-1]))
    send(farm.activity(anna, "Create", farm.note(anna, None, "<p>Hello</p>")))
    bert = farm.person("bert")
    note = farm.note(bert, None, "<p>Boosted</p>")
    farm.documents[note["id"].removeprefix(farm.origin)] = note
    send(farm.activity(anna, "Announce", note | {"content": "<p>forged copy</p>"}))
    with db.reading() as session:
        kept = session.scalars(select(Post.content).order_by(Post.received_at)).all()
    assert kept == ["<p>Hello</p>", "<p>Boosted</p>"]


def test_a_worker_that_lost_its_lease_changes_nothing(
    send: Send, farm: Farm, db: Database, newsroom: Actor, follow: dict[str, Any]
) -> None:
    send(follow, run=False)
    with db.reading() as session:
        row_id = session.scalars(select(Received.id)).one()
    inbox.process(row_id, "somebody else's token")
    assert count(db, Follow) == 0
    run_jobs()
    assert count(db, Follow) == 1
