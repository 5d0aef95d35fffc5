"""The Fedify peer by itself: what the tests against it may rely on."""

import requests

from tests.services import fedify

ACTIVITY_JSON = "application/activity+json"


def test_webfinger_leads_to_the_actor_and_its_keys(peer: fedify.Peer) -> None:
    found = requests.get(
        f"{peer.origin}/.well-known/webfinger", params={"resource": f"acct:{peer.acct}"}, timeout=5
    ).json()
    (link,) = [it["href"] for it in found["links"] if it.get("type") == ACTIVITY_JSON]
    assert link == peer.actor

    actor = requests.get(link, headers={"Accept": ACTIVITY_JSON}, timeout=5).json()
    assert actor["id"] == peer.actor
    assert actor["publicKey"]["publicKeyPem"].startswith("-----BEGIN PUBLIC KEY-----")
    assert any(key["publicKeyMultibase"].startswith("z6Mk") for key in actor["assertionMethod"])


def test_it_signs_in_the_dialect_it_is_told_and_says_which_one_held(start_peer: fedify.Start) -> None:
    reader, other = start_peer(first_knock="rfc9421"), start_peer(handle="kim")

    assert [it["signature"] for it in reader.follow(other.actor)["attempts"]] == ["rfc9421"]

    (follow,) = other.received("Follow")
    (accept,) = reader.received("Accept")
    assert (follow["actor"], follow["signature"]) == (reader.actor, "rfc9421")
    assert (accept["actor"], accept["signature"]) == (other.actor, "cavage")
    assert reader.store()["following"][other.actor]["state"] == "accepted"
    assert list(other.store()["followers"]) == [reader.actor]

    reader.unfollow(other.actor)
    assert other.store()["followers"] == {}


def test_a_peer_of_one_dialect_refuses_the_first_knock(start_peer: fedify.Start) -> None:
    reader, old = start_peer(first_knock="rfc9421"), start_peer(accept="cavage", handle="kim")

    attempts = reader.follow(old.actor)["attempts"]

    assert [(it["signature"], it["status"]) for it in attempts] == [("rfc9421", 401), ("cavage", 202)]
    assert old.store()["refused"] == {"401": 1}


def test_what_is_unsigned_or_badly_signed_is_refused(peer: fedify.Peer) -> None:
    like = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{peer.origin}/activities/forged",
        "type": "Like",
        "actor": peer.actor,
        "object": f"{peer.origin}/notes/1",
    }
    forged = f'keyId="{peer.actor}#main-key",algorithm="rsa-sha256",headers="date",signature="AAAA"'
    for headers in ({}, {"Signature": forged}):
        answer = requests.post(f"{peer.origin}/inbox", json=like, headers=headers, timeout=5)
        assert answer.status_code == 401, answer.text

    store = peer.store()
    assert store["refused"] == {"401": 2}
    assert store["received"] == store["likes"] == []


def test_what_a_reader_says_arrives_and_is_taken_back(start_peer: fedify.Start) -> None:
    reader, author = start_peer(), start_peer(handle="kim")
    reader.follow(author.actor)
    post = author.post("<p>News</p>")["note"]
    assert reader.store()["objects"][post]["content"] == "<p>News</p>"

    reply = reader.reply(post, "<p>Good</p>")["note"]
    reader.edit(reply, "<p>Better</p>")
    like, boost = reader.like(post), reader.boost(post)
    store = author.store()
    assert store["objects"][reply]["content"] == "<p>Better</p>"
    assert [it["object"] for it in store["likes"] + store["boosts"]] == [post, post]

    reader.delete(reply)
    reader.undo_like(like["id"])
    reader.undo_boost(boost["id"])
    store = author.store()
    assert reply not in store["objects"]
    assert store["likes"] == store["boosts"] == []
    assert requests.get(reply, headers={"Accept": ACTIVITY_JSON}, timeout=5).status_code == 410
