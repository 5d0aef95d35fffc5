"""The page where a blinded value is signed: whom it signs for, once, and what it sends back."""

import re
from hashlib import sha256

import pytest

from commons import web
from commons.db import Database
from membership.elections.protocol import words
from membership.elections.protocol.credential import Credential
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import numbered
from tests.membership.elections.registrar import Registrar
from tests.membership.elections.voters.conftest import Browser

# What pages answer does not depend on the database; the verbs below them are tested on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PATH = "/elections/board/draw"


def credential(election: Registrar, name: str = "ada") -> Credential:
    return Credential.from_seed(numbered(name, 1, 16), election.manifest)


def answer_in(page: str) -> bytes:
    found = re.search(r'href="([^"#]*)#answer=([0-9a-f]+)"', page)
    assert found and found[1].endswith("/ballot-box/board/"), page
    return bytes.fromhex(found[2])


def test_a_member_gets_her_blinded_value_signed_and_the_answer_after_the_fragment(
    election: Registrar, browser_of: Browser
) -> None:
    ada, hers = browser_of(0), credential(election)
    status, page = ada.get(f"{PATH}?blinded={hers.blinded.hex()}")
    assert status == 200 and words.words(sha256(hers.blinded).digest()[:6]) in page
    status, page = ada.post(PATH, blinded=hers.blinded.hex())
    assert status == 200 and hers.token(answer_in(page))
    assert words.words(election.manifest.hash) in page and 'rel="noreferrer"' in page
    again = ada.post(PATH, blinded=hers.blinded.hex())[1]
    assert answer_in(again) == answer_in(page) and election.drawn() == 1


def test_a_second_value_is_refused_and_the_page_says_so_before(
    election: Registrar, browser_of: Browser
) -> None:
    ada = browser_of(0)
    ada.post(PATH, blinded=credential(election).blinded.hex())
    other = credential(election, "other").blinded.hex()
    assert "You drew before" in ada.get(f"{PATH}?blinded={other}")[1]
    status, page = ada.post(PATH, blinded=other)
    assert status == 409 and "answer=" not in page and "This cannot be done now" in page


def test_after_the_end_only_who_drew_gets_her_answer_again(
    election: Registrar, browser_of: Browser, hands: Hands
) -> None:
    ada, bob, hers = browser_of(0), browser_of(1), credential(election)
    first = answer_in(ada.post(PATH, blinded=hers.blinded.hex())[1])
    hands.move_to(election.manifest.times.issue_ends)
    ada, bob = browser_of(0), browser_of(1)
    assert answer_in(ada.post(PATH, blinded=hers.blinded.hex())[1]) == first
    late = credential(election, "bob").blinded.hex()
    assert "are drawn from" in bob.get(f"{PATH}?blinded={late}")[1]
    assert bob.post(PATH, blinded=late)[0] == 403 and election.drawn() == 1


def test_who_is_not_on_the_roll_draws_nothing(election: Registrar, browser_of: Browser) -> None:
    stranger, value = browser_of(-1), credential(election).blinded.hex()
    assert "not on the roll" in stranger.get(f"{PATH}?blinded={value}")[1]
    assert stranger.post(PATH, blinded=value)[0] == 403 and election.drawn() == 0


def test_a_sign_in_without_a_fresh_proof_is_led_to_one(election: Registrar, browser_of: Browser) -> None:
    link_only, value = browser_of(0, proved=False), credential(election).blinded.hex()
    assert link_only.client.get(f"{PATH}?blinded={value}").location.startswith("/prove?next=")
    status, page = link_only.post(PATH, blinded=value)
    assert status == 303 and "answer=" not in page
    assert election.drawn() == 0


def test_nobody_who_is_not_signed_in_draws(election: Registrar, browser_of: Browser) -> None:
    stranger = browser_of(0).client.application.test_client()
    value = credential(election).blinded.hex()
    led = stranger.get(f"{PATH}?blinded={value}")
    assert led.status_code == 303 and led.location.startswith("/sign-in?next=")
    assert stranger.post(PATH, data={"blinded": value}).status_code == 401
    # Nor with a cookie of the ballot box's host, whatever its name: nobody is signed in by it.
    for name in (web.cookie_name(), "box"):
        stranger.set_cookie(name, "c" * 43, domain="127.0.0.1")
    assert stranger.post(PATH, data={"blinded": value}).status_code == 401 and election.drawn() == 0


@pytest.mark.parametrize("value", ["", "00", "zz" * 384, "AB" * 384, "00" * 384, "ff" * 384, "ab" * 385])
def test_what_is_no_blinded_value_is_refused(election: Registrar, browser_of: Browser, value: str) -> None:
    ada = browser_of(0)
    assert ada.post(PATH, blinded=value)[0] == 400 and election.drawn() == 0
    status, page = ada.get(f"{PATH}?blinded={value}")
    assert status == 200 and (len(value) == 768 or "To the ballot page" in page)


def test_an_election_that_is_not_announced_has_no_page(
    election: Registrar, browser_of: Browser, db: Database
) -> None:
    assert browser_of(0).get("/elections/other/draw")[0] == 404


def test_the_answers_page_is_kept_by_nobody(election: Registrar, browser_of: Browser) -> None:
    ada = browser_of(0)
    for path in (PATH, f"{PATH}?blinded={credential(election).blinded.hex()}"):
        assert ada.client.get(path).headers["Cache-Control"] == "no-store"
