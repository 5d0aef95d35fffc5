"""An election led from call to certificate by pages alone, as officers, candidates and members see them."""

import json
import re
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from membership.elections import board_times, schedule
from membership.elections.commands import election_group
from membership.elections.models import Candidacy, Election, Objection, RollEntry
from membership.elections.protocol.manifest import read
from tests.membership.elections.club import NAMES, Club

from .conftest import Visit, Visitor

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def rostra(*arguments: str, typed: str = "") -> str:
    done = CliRunner().invoke(election_group, arguments, input=typed, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_an_election_is_led_from_call_to_certificate_by_its_pages(club: Club, visit: Visit) -> None:
    eli = visit(club.eli)
    form = {"title": "Board 2026", "kind": "board", "seats": "1", "options": "Yes\nNo"}
    called = eli.post("/elections/office/call", **form)
    assert called.status_code == 303 and eli.get(called.location).status_code == 200
    with club.db.reading() as session:
        election = session.scalars(select(Election)).one()
    nominate(club, visit, f"/elections/{election.slug}")
    club.to(election, "roll_at")
    look_at_the_roll(club, visit, election)
    shares = bring_a_key(visit(club.eli), called.location)
    club.to(election, "objections_end")
    assert "Everything is there" in eli.get(called.location).text
    assert eli.post(f"{called.location}/announce").status_code == 303
    vote(club, election)
    count(club, eli, election, shares)
    assert visit(club.accounts["dee"]).get(f"/elections/{election.slug}/certificate").status_code == 200


def nominate(club: Club, visit: Visit, page: str) -> None:
    """Ada is proposed by Ben and agrees, Cho stands of herself; two support each, and Ben asks."""
    ada, ben = visit(club.accounts["ada"]), visit(club.accounts["ben"])
    assert ben.post(f"{page}/candidates", number="1").status_code == 303
    assert "Ada" not in ben.get(f"{page}/candidates").text
    assert "You were proposed" in ada.get(f"{page}/nominate").text
    cards = [
        visit(club.accounts[name]).post(f"{page}/nominate", statement=f"{name} will", disclosures="none")
        for name in ("ada", "cho")
    ]
    for card in cards:
        assert card.status_code == 303
        for supporter in ("kim", "lou"):
            assert visit(club.accounts[supporter]).post(card.location + "/support").status_code == 303
    asked = ben.post(cards[0].location + "/questions", question="What about ferries?")
    assert asked.status_code == 303
    question = re.search(r"/questions/([0-9a-f-]+)", ada.get(cards[0].location).text)
    assert question is not None
    answered = ada.post(f"{cards[0].location}/questions/{question[1]}", answer="More of them.")
    assert answered.status_code == 303
    assert "More of them." in visit(club.accounts["dee"]).get(cards[0].location).text


def look_at_the_roll(club: Club, visit: Visit, election: Election) -> None:
    """Dee finds herself on it, and a newcomer objects in vain."""
    page, office = f"/elections/{election.slug}", f"/elections/office/{election.slug}"
    with club.db.reading() as session:
        leaf = session.get_one(RollEntry, (election.id, club.memberships["dee"])).leaf.hex()
    assert leaf in visit(club.accounts["dee"]).get(f"{page}/entry").text
    eli, newcomer = visit(club.eli), visit(club.accounts["new"])
    assert "You are not on the roll" in newcomer.get(f"{page}/entry").text
    assert newcomer.post(f"{page}/entry", text="Where am I?").status_code == 303
    with club.db.reading() as session:
        objection = session.scalars(select(Objection)).one()
    assert "Where am I?" in eli.get(office).text
    fields = {"upheld": "no", "answer": "You joined yesterday.", "change": "", "number": ""}
    assert eli.post(f"{office}/objections/{objection.id}", **fields).status_code == 303
    assert "You joined yesterday." in newcomer.get(f"{page}/entry").text


def bring_a_key(eli: Visitor, office: str) -> list[str]:
    """The tally key, made and rehearsed by the offline commands; its three shares."""
    made = rostra("key", "make").split("\n")
    public, shares = made[1], [line for line in made if len(line.split()) == 24]
    assert len(shares) == 3
    assert eli.post(f"{office}/key", public=public).status_code == 303
    dummy = re.search(rf"rehearse {public} ([0-9a-f]+)", eli.get(office).text)
    assert dummy is not None
    words = rostra("key", "rehearse", public, dummy[1], typed="\n".join(shares[:2]))
    assert eli.post(f"{office}/rehearsal", words="not these").status_code == 422
    assert eli.post(f"{office}/rehearsal", words=words).status_code == 303
    assert eli.post(f"{office}/lot", lot="drand round 4242424").status_code == 303
    return shares


def vote(club: Club, election: Election) -> None:
    with club.db.reading() as session:
        manifest = session.get_one(Election, election.id).manifest
    assert manifest is not None
    club.to(election, "issue_opens")
    club.draw(election, read(json.loads(manifest)), *NAMES[:10])
    club.to(election, "vote_opens")
    club.cast(election, {name: [1, 2] for name in NAMES[:10]})
    club.to(election, "vote_ends")


def count(club: Club, eli: Visitor, election: Election, shares: list[str]) -> None:
    """Not before the list is final; the shares stand in no page that comes back."""
    office = f"/elections/office/{election.slug}"
    key = "\n".join(shares[1:])
    early = eli.post(f"{office}/count", key=key, value="1")
    assert early.status_code == 403 and shares[1] not in early.text
    club.to(election, "vote_ends", timedelta(hours=73))
    wrong = eli.post(f"{office}/count", key=shares[1], value="1984302")
    assert wrong.status_code == 422 and "Two different shares" in wrong.text and shares[1] not in wrong.text
    assert eli.post(f"{office}/count", key=key, value="1984302").status_code == 303
    assert "Elected:" in eli.get(office).text
    assert eli.post(f"{office}/certify").status_code == 303
    assert "Certificate" in eli.get(office).text


def test_what_is_refused_is_said_on_the_page_and_nothing_is_kept(club: Club, visit: Visit) -> None:
    eli, ada = visit(club.eli), visit(club.accounts["ada"])
    election = club.call()
    office, page = f"/elections/office/{election.slug}", f"/elections/{election.slug}"
    early = eli.post("/elections/office/call", title="Soon", kind="board", seats="2", ends="2026-01-01T10:00")
    assert early.status_code == 422 and "the statutes ask for 36 days" in early.text
    assert eli.post("/elections/office/call", title="", kind="board").status_code == 422
    assert eli.post(f"{office}/key", public="zz").status_code == 422
    assert eli.post(f"{office}/key", public="00" * 32).status_code == 422
    assert eli.post(f"{office}/rehearsal", words="a b c").status_code == 409
    assert eli.post(f"{office}/announce").status_code == 409
    assert eli.post(f"{office}/certify").status_code == 409
    assert eli.post(f"{office}/count", key="a", value="1").status_code == 404
    assert eli.post(f"{office}/void", reason="").status_code == 422
    assert eli.post(f"{office}/postpone", days="91", why="later").status_code == 422
    assert ada.get(office).status_code == ada.post(f"{office}/void", reason="no").status_code == 403
    assert visit(club.eli).post(f"{page}/nominate", statement="me").status_code == 403
    assert visit(club.accounts["new"]).post(f"{page}/nominate", statement="me").status_code == 403
    assert ada.post(f"{page}/candidates", number="999").status_code == 404
    assert ada.post(f"{page}/entry", text="too early").status_code == 403
    assert ada.get(f"{page}/candidates/{club.eli.id}").status_code == 404
    with club.db.reading() as session:
        assert session.scalars(select(Candidacy)).all() == []
        found = session.get_one(Election, election.id)
        assert found.tally_key is None and found.state != "void"


def test_who_is_only_proposed_is_shown_to_nobody(club: Club, visit: Visit) -> None:
    election = club.call()
    page = f"/elections/{election.slug}"
    visit(club.accounts["ben"]).post(f"{page}/candidates", number="1")
    with club.db.reading() as session:
        proposed = session.scalars(select(Candidacy)).one()
    assert visit(club.accounts["ben"]).get(f"{page}/candidates/{proposed.id}").status_code == 404
    ada = visit(club.accounts["ada"])
    assert ada.post(f"{page}/nominate/decline").status_code == 303
    assert "You were proposed" not in ada.get(f"{page}/nominate").text
    for path in (page, f"{page}/candidates"):
        assert "Ada" not in visit(club.accounts["cho"]).get(path).text


def test_jobs_that_run_twice_change_nothing_more(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.announce(election)
    club.to(election, "issue_opens")
    assert (schedule.timetable_due(), board_times.boards_due()) == (0, 0)
