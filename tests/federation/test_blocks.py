"""``rostra block``: with whom the newsroom does not speak, and the minutes of it."""

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

import wsgi
from commons import minutes
from commons.config import settings as current_settings
from commons.db import Database
from commons.minutes import Minute
from commons.refusal import Refused
from federation import blocks, posts
from federation.models import Actor, Post
from tests.federation.conftest import Send, publish, run_jobs
from tests.services.farm import Farm


def block(*words: str) -> Result:
    return CliRunner().invoke(wsgi.cli, ["block", *words], obj=wsgi.ROOF)


@pytest.mark.usefixtures("newsroom")
def test_a_host_is_blocked_listed_and_let_in_again(db: Database) -> None:
    assert not blocks.is_blocked("https://sub.bad.example/u/x")

    assert block("add", "Bad.Example", "--reason", "Sends threats").output == "bad.example\n"
    assert blocks.is_blocked("https://sub.bad.example/u/x")
    assert "bad.example Sends threats" in block("list").output

    assert block("remove", "bad.example", "--reason", "Has a new owner").exit_code == 0
    assert not blocks.is_blocked("https://sub.bad.example/u/x")
    assert block("list").output == ""
    with db.reading() as session:
        told = [minute.body for minute in session.scalars(select(Minute).order_by(Minute.number))]
        assert [(it["power"], it["verb"], it["on"]) for it in told if it["verb"].endswith("block")] == [
            ("moderate", "block", "https://bad.example"),
            ("moderate", "unblock", "https://bad.example"),
        ]
        assert minutes.verify(session) is None


@pytest.mark.usefixtures("newsroom")
def test_a_port_is_part_of_the_host(db: Database) -> None:
    block("add", "bad.example:8443", "--reason", ".")
    assert blocks.is_blocked("https://bad.example:8443/u/x")
    assert not blocks.is_blocked("https://bad.example/u/x")


def test_a_blocked_host_gets_nothing_new_but_deletions(
    db: Database, farm: Farm, send: Send, maria: Actor
) -> None:
    send(farm.activity(farm.person("anna"), "Follow", maria.uri))
    first = publish(db, maria, [])
    run_jobs()
    block("add", farm.origin.removeprefix("http://"), "--reason", ".")
    publish(db, maria, [])
    with db.transaction() as session:
        posts.remove(session, session.get_one(Post, first.id))
    run_jobs()
    assert [value["type"] for value in farm.inbox("/u/anna/inbox")] == ["Accept", "Create", "Delete"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "https://bad.example/u"), "not the name of a host"),
        (("add", "bad example:x"), "not the name of a host"),
        (("add", ""), "not the name of a host"),
        (("remove", "good.example"), "not blocked"),
    ],
)
def test_what_makes_no_sense_is_refused(newsroom: Actor, words: tuple[str, ...], sentence: str) -> None:
    refusal = block(*words, "--reason", ".").exception
    assert isinstance(refusal, Refused)
    assert sentence in str(refusal)


@pytest.mark.usefixtures("newsroom")
def test_nobody_blocks_twice_or_blocks_this_house(db: Database) -> None:
    block("add", "bad.example", "--reason", ".")
    for host in ("bad.example", current_settings().host):
        assert isinstance(block("add", host, "--reason", ".").exception, Refused)
