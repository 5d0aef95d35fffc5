"""A server that is not ours follows, receives, answers and leaves: what it has, and what our pages show."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.services import farm, fedify, instance
from tests.services.instance import Instance, until

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A newsroom with a journalist, in its own processes."""
    with instance.running(tmp_path_factory.mktemp("newsroom"), name="The Lantern") as running:
        running.hire("maria")
        yield running


@pytest.fixture(scope="module")
def robin(newsroom: Instance) -> Iterator[fedify.Peer]:
    """A reader of the newsroom and of its journalist."""
    with fedify.running(handle="robin") as peer:
        _follow(peer, newsroom.actor("maria"))
        _follow(peer, newsroom.actor())
        yield peer


@pytest.fixture(scope="module")
def old(newsroom: Instance) -> Iterator[fedify.Peer]:
    """A reader of the journalist on a server that speaks draft-cavage only."""
    with fedify.running(handle="old", first_knock="cavage", accept="cavage") as peer:
        _follow(peer, newsroom.actor("maria"))
        yield peer


@pytest.fixture(scope="module")
def new(newsroom: Instance) -> Iterator[fedify.Peer]:
    """A reader of the newsroom on a server that speaks RFC 9421 only."""
    with fedify.running(handle="new", first_knock="rfc9421", accept="rfc9421") as peer:
        _follow(peer, newsroom.actor())
        yield peer


def _follow(peer: fedify.Peer, actor: str) -> None:
    """Follow, and wait to be accepted."""
    attempts = peer.follow(actor)["attempts"]
    assert [it["status"] for it in attempts] == [202]
    until(lambda: peer.store()["following"][actor]["state"] == "accepted")


@pytest.fixture(scope="module")
def story(newsroom: Instance, robin: fedify.Peer, old: fedify.Peer, new: fedify.Peer) -> str:
    """A story that was published while all three followed, and has reached them."""
    published = newsroom.publish("The last ferry", by="maria")
    for peer in (robin, old, new):
        until(lambda peer=peer: published in peer.store()["objects"])  # type: ignore[misc]
    return published


def _about(peer: fedify.Peer, story: str) -> list[dict[str, Any]]:
    """The activities about a story that a peer accepted."""
    return [it for it in peer.store()["received"] if _object(it["activity"]) == story]


def _object(activity: dict[str, Any]) -> str:
    object_ = activity["object"]
    return str(object_["id"] if isinstance(object_, dict) else object_)


def _shown(newsroom: Instance, address: str, *texts: str) -> None:
    """Wait until a page shows all of this."""
    until(
        lambda: all(text in newsroom.page(address) for text in texts),
        otherwise=lambda: f"{texts} not in {newsroom.page(address)}",
    )


def _not_shown(newsroom: Instance, address: str, text: str) -> None:
    until(lambda: text not in newsroom.page(address))


# It finds us


def test_it_finds_a_journalist_by_name_and_reads_her_as_a_person(
    newsroom: Instance, robin: fedify.Peer
) -> None:
    found = robin.look_up(f"@maria@{newsroom.host}")

    assert (found["id"], found["type"]) == (newsroom.actor("maria"), "Person")
    assert (found["preferredUsername"], found["name"]) == ("maria", "Maria")
    assert found["publicKey"]["owner"] == newsroom.actor("maria")
    (ed25519,) = found["assertionMethod"]
    assert ed25519["publicKeyMultibase"].startswith("z6Mk")
    assert (found["discoverable"], found["indexable"], found["manuallyApprovesFollowers"]) == (
        True,
        True,
        False,
    )


def test_it_finds_the_newsroom_by_name_and_reads_it_as_a_group(
    newsroom: Instance, robin: fedify.Peer
) -> None:
    found = robin.look_up(f"@newsroom@{newsroom.host}")

    assert (found["id"], found["type"], found["name"]) == (newsroom.actor(), "Group", "The Lantern")


def test_it_fetches_a_story_at_its_id(newsroom: Instance, robin: fedify.Peer, story: str) -> None:
    found = robin.look_up(story)

    assert (found["id"], found["type"], found["name"]) == (story, "Article", "The last ferry")
    assert found["attributedTo"] == newsroom.actor("maria")
    assert "<strong>midnight</strong>" in found["content"]


# It gets what is published


def test_who_follows_the_author_gets_the_article_itself(
    newsroom: Instance, old: fedify.Peer, story: str
) -> None:
    (create,) = _about(old, story)

    assert (create["type"], create["actor"]) == ("Create", newsroom.actor("maria"))
    assert create["signature"] == "cavage"
    kept = old.store()["objects"][story]
    assert (kept["type"], kept["name"]) == ("Article", "The last ferry")
    assert kept["summary"] == "<p>The last ferry, in short.</p>"


def test_who_follows_the_newsroom_gets_a_boost_and_reads_the_article_at_its_id(
    newsroom: Instance, new: fedify.Peer, story: str
) -> None:
    (announce,) = _about(new, story)

    assert (announce["type"], announce["actor"]) == ("Announce", newsroom.actor())
    assert new.store()["objects"][story]["name"] == "The last ferry"


def test_who_follows_both_is_served_once(robin: fedify.Peer, new: fedify.Peer, story: str) -> None:
    assert [it["type"] for it in _about(robin, story)] == ["Create"]
    assert story not in [it["object"] for it in robin.store()["boosts"]]


def test_a_server_that_refuses_the_first_dialect_gets_the_other_and_is_remembered(
    new: fedify.Peer, old: fedify.Peer, story: str
) -> None:
    """The newsroom's first word to ``new`` was its Accept: one knock in vain, and none ever after."""
    first, *others = [(it["signature"].partition(":")[0], it["status"]) for it in new.store()["requests"]]

    assert first == ("cavage", 401)
    assert len(others) >= 2  # the Accept once more, and the story
    assert set(others) == {("rfc9421", 202)}
    assert old.store()["refused"] == {}


def test_both_dialects_are_read_here_at_the_first_knock(
    old: fedify.Peer, new: fedify.Peer, robin: fedify.Peer
) -> None:
    def knocks(peer: fedify.Peer) -> set[tuple[str, int]]:
        return {(it["signature"], it["status"]) for it in peer.store()["sent"]}

    assert knocks(old) == knocks(robin) == {("cavage", 202)}
    assert knocks(new) == {("rfc9421", 202)}


def test_a_correction_changes_the_copies_of_all_who_got_the_story(
    newsroom: Instance, robin: fedify.Peer, old: fedify.Peer, new: fedify.Peer
) -> None:
    story = newsroom.publish("The first ferry", by="maria")
    until(lambda: all(story in peer.store()["objects"] for peer in (robin, old, new)))
    file = newsroom.story_file("The first ferry of the year", by="maria")
    note = "It is the first of the year."
    newsroom.rostra("story", "correct", story, file, "--by", "maria", "--note", note)

    for peer in (robin, old, new):
        until(lambda peer=peer: peer.store()["objects"][story]["name"] == "The first ferry of the year")  # type: ignore[misc]
    assert note in robin.store()["objects"][story]["content"]
    assert [it["type"] for it in _about(robin, story)] == ["Create", "Update"]


@pytest.mark.parametrize("dialect", ["cavage", "rfc9421"])
def test_it_refuses_what_another_key_signed_in_the_name_of_ours(
    newsroom: Instance, robin: fedify.Peer, dialect: str
) -> None:
    maria = newsroom.actor("maria")
    note = {
        "id": f"{newsroom.origin}/stories/{dialect}",
        "type": "Article",
        "attributedTo": maria,
        "name": "Never written",
        "content": "<p>Never written.</p>",
        "to": PUBLIC,
    }
    forged = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{newsroom.origin}/activities/{dialect}",
        "type": "Create",
        "actor": maria,
        "object": note,
        "to": PUBLIC,
    }
    before = robin.store()["refused"].get("401", 0)
    body, headers = farm.signed(f"{robin.origin}/inbox", forged, maria, dialect=dialect)  # type: ignore[arg-type]

    answer = requests.post(f"{robin.origin}/inbox", data=body, headers=headers, timeout=10)

    assert answer.status_code == 401
    store = robin.store()
    assert store["refused"]["401"] == before + 1
    assert "Never written" not in json.dumps([store["objects"], store["received"]])


# It answers


def test_its_reply_stands_on_the_storys_page_as_it_is_edited_until_it_is_deleted(
    newsroom: Instance, robin: fedify.Peer, story: str
) -> None:
    reply = robin.reply(story, "<p>I was on <b>board</b>.</p>")
    assert [(it["signature"], it["status"]) for it in reply["attempts"]] == [("cavage", 202)]
    _shown(newsroom, story, "I was on <b>board</b>.", "Robin Reader", reply["note"])

    robin.edit(reply["note"], "<p>I was almost on board.</p>")
    _shown(newsroom, story, "I was almost on board.", "edited")
    assert "I was on <b>board</b>." not in newsroom.page(story)

    robin.delete(reply["note"])
    _not_shown(newsroom, story, "almost on board")
    assert reply["note"] not in newsroom.page(story)


def test_a_reply_signed_by_rfc9421_stands_there_too_and_scripts_in_it_do_not(
    newsroom: Instance, new: fedify.Peer, story: str
) -> None:
    new.reply(story, '<p onclick="x()">Good<script>alert(1)</script> news</p>')

    _shown(newsroom, story, "<p>Good news</p>")
    assert "alert(1)" not in newsroom.page(story)


def test_its_like_and_boost_are_counted_on_the_page_until_it_takes_them_back(
    newsroom: Instance, robin: fedify.Peer, new: fedify.Peer, story: str
) -> None:
    like, boost = robin.like(story), robin.boost(story)
    _shown(newsroom, story, "1 like ·", "1 boost<")
    new.like(story)
    _shown(newsroom, story, "2 likes ·", "1 boost<")

    robin.undo_like(like["id"])
    robin.undo_boost(boost["id"])
    _shown(newsroom, story, "1 like ·", "0 boosts<")


# It leaves


def test_who_unfollows_gets_nothing_more(newsroom: Instance, old: fedify.Peer) -> None:
    maria = newsroom.actor("maria")
    with fedify.running(handle="kim") as kim:
        followers = _followers(newsroom)
        _follow(kim, maria)
        assert _followers(newsroom) == followers + 1

        assert [it["status"] for it in kim.unfollow(maria)["attempts"]] == [202]
        until(lambda: _followers(newsroom) == followers)
        story = newsroom.publish("Without Kim", by="maria")
        until(lambda: story in old.store()["objects"])

        assert [it["type"] for it in kim.store()["received"]] == ["Accept"]
        assert len(kim.store()["requests"]) == 1


def _followers(newsroom: Instance) -> int:
    """How many follow the journalist, as everybody may read."""
    _status, body = newsroom.get("/@maria/followers", accept=instance.ACTIVITY_JSON)
    return int(json.loads(body)["totalItems"])
