"""How it stands is asked early, by anybody and in every way there is: refused. Only the turnout is public."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from commons.refusal import Refused
from membership.elections import box_door, counting
from membership.elections.commands import election_group
from membership.elections.credentials import manifest_of
from membership.elections.models import Election
from membership.elections.protocol.manifest import Manifest
from membership.elections.protocol.shares import split
from tests.membership.elections.club import LOT, NAMES, Club
from tests.services import applications

from .conftest import Visit

# What pages answer does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ROLES = ("ada", "dee", "eli", "ola")  # a candidate, a voter and two officers
RESULTS = ("package.json", "files/ballots.blt", "files/result.json", "files/ballots.csv", "certificate")
Get = Callable[[str], tuple[int, str]]


@pytest.fixture
def everybody(club: Club, visit: Visit) -> list[Get]:
    """Each role's browser, and a stranger's."""
    accounts = club.accounts | {"eli": club.eli, "ola": club.ola}
    stranger = applications.shared().test_client()
    browsers = [stranger, *(visit(accounts[name]) for name in ROLES)]

    def of(browser: object) -> Get:
        def get(path: str) -> tuple[int, str]:
            answer = browser.get(path)  # type: ignore[attr-defined]
            return answer.status_code, answer.text

        return get

    return [of(browser) for browser in browsers]


def nothing_is_told(club: Club, election: Election, visit: Visit, everybody: list[Get], folder: Path) -> None:
    page = f"/elections/{election.slug}"
    for get in everybody:
        assert {get(f"{page}/{result}")[0] for result in RESULTS} == {404}
        for path in (page, "/elections", f"{page}/check", f"/elections/office/{election.slug}"):
            status, text = get(path)
            assert status in (200, 303, 403)
            assert not any(words in text for words in ("Elected", "Turnout", "Count again", "bar")), path
    key = "\n".join(split(club.secret)[1:])
    # A right key and a wrong one are told the same.
    for shares in (key, "ab" * 32):
        early = visit(club.eli).post(f"/elections/office/{election.slug}/count", key=shares, value=LOT)
        assert early.status_code == 403 and "before the list is final" in early.text
    done = CliRunner().invoke(election_group, ["package", election.slug, str(folder / "early.json")])
    assert isinstance(done.exception, Refused) and not (folder / "early.json").exists()
    with club.db.reading() as session:
        found = session.get_one(Election, election.id)
        assert (found.outcome, found.package, found.blt) == (None, None, None)
        assert counting.files(session, found) == frozenset()
        with pytest.raises(Refused, match="before the list is final") as refused:
            opened(found, manifest_of(found), club.secret)
        assert refused.value.status == 403


def opened(election: Election, manifest: Manifest, secret: bytes) -> object:
    """What somebody with the officers' key would open, asked of the ballot box from inside."""
    return box_door.sources(
        election.id, manifest, roll=(), issued=(), tally_secret=secret, lot_value=LOT, verifier=""
    )


def test_nobody_learns_how_it_stands_before_the_list_is_final(
    club: Club, visit: Visit, everybody: list[Get], tmp_path: Path
) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    manifest = club.announce(election)
    club.to(election, "issue_opens")
    club.draw(election, manifest, *NAMES[:10])
    nothing_is_told(club, election, visit, everybody, tmp_path)
    club.to(election, "vote_opens")
    club.cast(election, {name: [1, 2] for name in NAMES[:10]})
    club.to(election, "vote_opens", timedelta(hours=1))
    nothing_is_told(club, election, visit, everybody, tmp_path)
    club.to(election, "vote_ends")
    nothing_is_told(club, election, visit, everybody, tmp_path)
    # How many voted is public, in the size of the list.
    assert box_door.board(election.id)[-1].size == 10
    club.to(election, "vote_ends", timedelta(hours=73))
    club.count(election)
    assert {get(f"/elections/{election.slug}/{RESULTS[0]}")[0] for get in everybody} == {200}
