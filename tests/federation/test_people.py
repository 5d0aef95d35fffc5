"""Closing an account: nothing that tells who she was stays, and everyone she ever reached is told."""

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import func, select

import wsgi
from commons import accounts, minutes, powers, sessions
from commons.accounts import Account, PersonalData
from commons.clock import now
from commons.db import Database
from commons.powers import Grant, Office, Power
from commons.refusal import Refused
from commons.sessions import SignIn
from federation import actors, follows, people, posts
from federation.models import Activity, Actor, Follow, Post
from membership.money.models import Party
from tests.federation.conftest import Send, get, parsed, publish, run_jobs
from tests.services.farm import Farm


def account_of(db: Database, handle: str) -> Account:
    with db.reading() as session:
        actor = actors.local(session, handle)
        assert actor is not None
        return session.get_one(Account, actor.account_id)


def close(db: Database, handle: str, by: Account | None = None) -> None:
    with db.transaction() as session:
        people.close(session, handle, by)


def test_everyone_ever_reached_is_told(
    db: Database, farm: Farm, send: Send, newsroom: Actor, maria: Actor
) -> None:
    anna, bert, carl = farm.person("anna"), farm.person("bert"), farm.person("carl")
    send(farm.activity(anna, "Follow", maria.uri))
    send(farm.activity(bert, "Follow", newsroom.uri))
    send(follow := farm.activity(carl, "Follow", maria.uri))
    publish(db, maria, [newsroom])
    run_jobs()
    send(farm.activity(carl, "Undo", follow))
    close(db, "maria")
    run_jobs()
    for name in ("anna", "bert", "carl"):
        last = farm.inbox(f"/u/{name}/inbox")[-1]
        assert (last["type"], last["actor"], last["object"]) == ("Delete", maria.uri, maria.uri)
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Follow.followed_id == maria.id)) == 0


def test_the_actor_is_a_tombstone(db: Database, client: FlaskClient, maria: Actor) -> None:
    close(db, "maria")
    answer = get(client, "/@maria")
    assert (answer.status_code, parsed(answer)["type"]) == (410, "Tombstone")
    page = get(client, "/@maria", "text/html")
    assert (page.status_code, page.mimetype) == (410, "text/html")
    for path in ("/@maria/outbox", "/@maria/followers", f"/.well-known/webfinger?resource={maria.uri}"):
        assert get(client, path).status_code == 410
    with db.transaction() as session, pytest.raises(Refused, match="taken"):
        actors.create_local(session, kind="Person", handle="maria", name="Another")


def test_nothing_stays_that_tells_who_she_was(db: Database, maria: Actor) -> None:
    account = account_of(db, "maria")
    with db.transaction() as session:
        found = session.get_one(Account, account.id)
        powers.grant(session, found, [Power.PUBLISH], reason="founding")
        sessions.start(session, found)
    close(db, "maria")
    with db.reading() as session:
        assert accounts.by_email(session, "maria@example.org") is None
        for table in (PersonalData, SignIn, Office):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert session.scalars(select(Grant).where(Grant.ends_at.is_(None))).all() == []
        closed = session.get_one(Account, account.id)
        assert closed.closed_at is not None and powers.held(session, closed) == frozenset()
        actor = session.get_one(Actor, maria.id)
        assert (actor.name, actor.summary, actor.icon) == ("maria", "", None)
        assert minutes.verify(session) is None
        verbs = [line.body["verb"] for line, _words in minutes.lines(session)]
        assert verbs[:3] == ["end", "end", "end"]


def test_stories_keep_the_name_they_were_signed_with(db: Database, newsroom: Actor, maria: Actor) -> None:
    story = publish(db, maria, [newsroom])
    close(db, "maria")
    with db.reading() as session:
        assert session.get_one(Actor, maria.id).name == "Maria Lopes"
        assert session.get_one(Post, story.id).gone_at is None


def test_her_notes_go(db: Database, client: FlaskClient, newsroom: Actor, maria: Actor) -> None:
    story = publish(db, newsroom, [])
    with db.transaction() as session:
        note = posts.reply(session, session.merge(maria), session.get_one(Post, story.id), "Well said")
    close(db, "maria")
    assert get(client, f"/stories/{note.id}").status_code == 410


def test_only_she_or_the_operator_closes_it(db: Database, newsroom: Actor, maria: Actor) -> None:
    with db.transaction() as session:
        other = people.create(
            session, handle="jon", name="Jon", email="j@example.org", password="correct horse battery"
        )
    with pytest.raises(Refused) as refusal:
        close(db, "maria", other.account)
    assert refusal.value.status == 403
    close(db, "@jon", other.account)
    for handle, status in (("jon", 409), ("nobody", 404), (newsroom.handle, 404)):
        with pytest.raises(Refused) as refusal:
            close(db, handle)
        assert refusal.value.status == status


def test_the_command_closes_it(db: Database, maria: Actor) -> None:
    result = CliRunner().invoke(wsgi.cli, ["account", "close", "maria"], obj=wsgi.ROOF)
    assert (result.exit_code, result.stdout) == (0, f"{maria.uri}\n")
    with db.reading() as session:
        assert session.scalar(select(Activity.kind)) == "Delete"
    again = CliRunner().invoke(wsgi.cli, ["account", "close", "maria"], obj=wsgi.ROOF)
    assert isinstance(again.exception, Refused)


def test_the_command_does_not_close_who_stands_in_the_books(db: Database, maria: Actor) -> None:
    with db.transaction() as session:
        account = session.get_one(Account, maria.account_id)
        session.add(Party(account_id=account.id))
    result = CliRunner().invoke(wsgi.cli, ["account", "close", "maria"], obj=wsgi.ROOF)
    assert isinstance(result.exception, Refused)
    assert "/desk/data" in str(result.exception)
    with db.reading() as session:
        kept = session.get_one(Account, account.id)
        assert kept.closed_at is None and kept.personal is not None
        assert session.scalar(select(Activity.kind)) is None


def test_her_follows_of_others_end(db: Database, farm: Farm, maria: Actor) -> None:
    theirs = actors.fetch(farm.person("anna"))
    with db.transaction() as session:
        anna = actors.store(session, theirs)
        session.add(Follow(follower_id=maria.id, followed_id=anna.id, uri="urn:1", accepted_at=now()))
    close(db, "maria")
    with db.reading() as session:
        assert follows.between(session, maria, anna) is None
