"""The way without JavaScript: where the manifest allows it, up to its cap, and no trace of who or what."""

import re

import pytest

from commons import doors
from commons.config import settings
from commons.db import Database
from membership.elections import ballots, box_door
from membership.elections.box import INNER
from membership.elections.models import Issuance
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.credential import Credential, candidate_order
from membership.elections.protocol.sealing import opened, tally_secret
from membership.elections.protocol.words import seed_words
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import NAMES
from tests.membership.elections.registrar import Registrar
from tests.membership.elections.voters.conftest import CAP, Browser, Voter
from tests.services import stored

# What pages answer does not depend on the database; the verbs below them are tested on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PATH = "/elections/board/assisted"
HIDDEN = re.compile(r'name="(seed|shown|ranking)" value="([^"]*)"')


def begin(voter: Voter) -> dict[str, str]:
    """The hidden state of the first paper."""
    status, page = voter.post(PATH, press="begin", understood="yes")
    assert status == 200, page
    return dict(HIDDEN.findall(page))


def press(voter: Voter, state: dict[str, str], button: str) -> tuple[dict[str, str], str]:
    status, page = voter.post(PATH, press=button, **state)
    assert status == 200, page
    return dict(HIDDEN.findall(page)), page


def rank(voter: Voter, *names: str) -> dict[str, str]:
    state = begin(voter)
    for name in names:
        state, _page = press(voter, state, f"rank {NAMES.index(name) + 1}")
    return state


def in_the_box(election: Registrar) -> list[list[str]]:
    manifest = election.manifest
    tally = tally_secret(election.tally_secret, manifest)
    read = [envelope.read(data, manifest) for data in election.box.envelopes()]
    return [[NAMES[n - 1] for n in opened(each.sealed, manifest, each.key, tally)] for each in read]


def test_a_ballot_is_ranked_reviewed_and_cast_by_plain_forms(
    election: Registrar, browser_of: Browser
) -> None:
    ada = browser_of(0)
    status, page = ada.get(PATH)
    assert status == 200 and "sees your vote" in page and "fewer than twenty ballots" in page
    state = begin(ada)
    hers = Credential.from_seed(bytes.fromhex(state["seed"]), election.manifest)
    assert state["shown"].split() == [str(n) for n in candidate_order(election.manifest, hers.key)]
    state, page = press(ada, state, "rank 3")
    assert "Cho is number 1." in page and "<title>Cho is number 1." in page
    state, page = press(ada, state, "rank 2")
    state, page = press(ada, state, "up 2")
    assert state["ranking"] == "2 3"
    state, page = press(ada, state, "sort")
    assert state["shown"].startswith("2 3 ")
    state, page = press(ada, state, "review")
    assert re.findall(r"<li><bdi>(\w+)</bdi></li>", page) == ["Ben", "Cho"] and "Not ranked: 2." in page
    assert election.drawn() == 0 and election.box.envelopes() == ()
    _state, page = press(ada, state, "cast")
    assert in_the_box(election) == [["Ben", "Cho"]] and election.drawn() == 1
    assert receipt.code(election.box.envelopes()[0]) in page
    assert box_door.assisted(election.election_id) == 1
    # What is said of all ballots is said of the list that everybody has.
    assert "On the newest list 0 of 0 ballots are secret" in ada.get(PATH)[1]
    assert ballots.publish(election.box).assisted == 1
    assert "On the newest list 0 of 1 ballots are secret" in ada.get(PATH)[1]


@pytest.mark.parametrize("allowed", [False])
def test_it_is_not_there_unless_the_manifest_allows_it(election: Registrar, browser_of: Browser) -> None:
    ada = browser_of(0)
    assert ada.get(PATH)[0] == 404 and ada.post(PATH, press="begin", understood="yes")[0] == 404


def test_it_begins_only_when_the_cost_is_understood(election: Registrar, browser_of: Browser) -> None:
    page = browser_of(0).post(PATH, press="begin")[1]
    assert "Tick the box first." in page and not HIDDEN.search(page)
    assert "checked" not in page


def test_the_cap_holds_and_the_words_remain_to_who_came_too_late(
    election: Registrar, browser_of: Browser
) -> None:
    late = browser_of(CAP)
    state = rank(late, "Dee")
    for place in range(CAP):
        voter = browser_of(place)
        press(voter, rank(voter, "Ada"), "cast")
    status, page = late.post(PATH, press="cast", **state)
    assert status == 403 and seed_words(bytes.fromhex(state["seed"])) in page
    assert len(election.box.envelopes()) == CAP
    assert "As many ballots were made this way" in browser_of(CAP + 1).get(PATH)[1]


def test_the_same_form_sent_twice_casts_once(election: Registrar, browser_of: Browser) -> None:
    ada = browser_of(0)
    state = rank(ada, "Ada")
    _state, first = press(ada, state, "cast")
    _state, again = press(ada, state | {"ranking": "2"}, "cast")
    code = receipt.code(election.box.envelopes()[0])
    assert code in first and code in again and "a ballot was cast before" in again
    assert in_the_box(election) == [["Ada"]] and box_door.assisted(election.election_id) == 1


def test_who_drew_before_uses_the_ballot_page(election: Registrar, browser_of: Browser) -> None:
    ada = browser_of(0)
    state = rank(ada, "Ada")
    election.issue(election.members[0], election.blinded("elsewhere"))
    assert "You drew a credential already" in ada.get(PATH)[1]
    status, page = ada.post(PATH, press="cast", **state)
    assert status == 409 and election.box.envelopes() == ()


def test_a_proof_that_grew_old_is_asked_for_again_without_losing_the_ballot(
    election: Registrar, browser_of: Browser, hands: Hands, db: Database
) -> None:
    ada = browser_of(0, proved=False)
    assert ada.client.get(PATH).location.startswith("/prove")
    state, page = press(ada, rank(ada, "Ada"), "cast")
    assert "Show once more that it is you" in page and state["ranking"] == "1"
    assert election.drawn() == 0 and election.box.envelopes() == ()


def test_while_the_box_is_away_nothing_is_lost(
    election: Registrar, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = browser_of(0)
    state = rank(ada, "Ada")
    ask, inner = doors.ask, doors.path(settings().data, INNER)

    def away(door: object, *rest: object, **more: object) -> object:
        return ask(inner.with_name("nobody") if door == inner else door, *rest, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as gone:
        gone.setattr(doors, "ask", away)
        status, page = ada.post(PATH, press="cast", **state)
    assert status == 503 and dict(HIDDEN.findall(page)) == state
    _state, page = press(ada, state, "cast")
    assert in_the_box(election) == [["Ada"]] and "is in the ballot box" in page


def test_nothing_in_the_newsrooms_store_tells_who_chose_this_way_or_what(
    election: Registrar, browser_of: Browser, db: Database
) -> None:
    ada = browser_of(0)
    state = rank(ada, "Ada", "Dee")
    press(ada, state, "cast")
    election.issue(election.members[1], election.blinded("bob"))
    seed = bytes.fromhex(state["seed"])
    hers = Credential.from_seed(seed, election.manifest)
    token = election.box.envelopes()[0][96 : 96 + 384]
    with db.reading() as session:
        rows = session.query(Issuance).all()
        # Hers looks like that of somebody who drew with her own device.
        assert {row.membership_id for row in rows} == set(election.members[:2])
        assert {(len(row.blinded or b""), len(row.answer or b"")) for row in rows} == {(384, 384)}
        answer = rows[0].answer or b""
    kept = {file: file.read_bytes() for file in stored.files(settings())}
    assert any(answer in content for content in kept.values())  # the database is among them
    for file, content in kept.items():
        for secret in (
            seed,
            seed.hex().encode(),
            seed_words(seed).encode(),
            hers.private.private_bytes_raw(),
        ):
            assert secret not in content, file
        if "box" not in file.parts:
            assert hers.key not in content and token not in content, file


@pytest.mark.parametrize(
    "change",
    [
        {"seed": ""},
        {"seed": "zz" * 16},
        {"seed": "00" * 15},
        {"shown": "1"},
        {"ranking": "9"},
        {"press": "rank 9"},
        {"press": "rank x"},
        {"press": "steal 1"},
        {"press": ""},
        {"press": "rank"},
    ],
)
def test_what_no_page_sends_is_refused(
    election: Registrar, browser_of: Browser, change: dict[str, str]
) -> None:
    ada = browser_of(0)
    state = begin(ada)
    assert ada.post(PATH, **({"press": "rank 1"} | state | change))[0] == 400


def test_outside_its_time_it_says_when(election: Registrar, browser_of: Browser, hands: Hands) -> None:
    for moment in (election.manifest.times.issue_opens, election.manifest.times.issue_ends):
        hands.move_to(moment)
        assert "This way is open while" in browser_of(0).get(PATH)[1]
