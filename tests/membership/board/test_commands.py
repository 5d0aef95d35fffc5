"""``rostra account create`` once a board sits: whom the board appoints edits and publishes, nobody else."""

import pytest
from click.testing import CliRunner, Result

from commons import accounts, minutes, powers
from commons.db import Database
from commons.powers import Power
from commons.refusal import Refused
from federation import actors
from wsgi import cli

from .conftest import Elect


def create(handle: str, *granted: str) -> Result:
    wanted = [word for power in granted for word in ("--power", power)]
    arguments = ["account", "create", handle, "--email", f"{handle}@news.example", *wanted]
    return CliRunner().invoke(cli, arguments, input="correct horse battery\n")


@pytest.mark.parametrize("power", ["publish", "edit"])
def test_in_the_founding_period_a_command_grants_what_it_does_not_grant_once_a_board_sits(
    db: Database, elect: Elect, power: str
) -> None:
    assert create("jon", power).exit_code == 0
    elect("ada")
    refused = create("kim", power)
    assert isinstance(refused.exception, Refused)
    assert "A board sits" in str(refused.exception)
    with db.reading() as session:
        assert accounts.by_email(session, "kim@news.example") is None
        assert actors.local(session, "kim") is None
        jon = accounts.by_email(session, "jon@news.example")
        assert powers.held(session, jon) == {Power.WRITE}


@pytest.mark.parametrize("power", ["write", "moderate", "books", "elections"])
def test_other_powers_are_granted_by_command_as_before(db: Database, elect: Elect, power: str) -> None:
    elect("ada")
    assert create("kim", power).exit_code == 0
    with db.reading() as session:
        kim = accounts.by_email(session, "kim@news.example")
        assert powers.held(session, kim) == {Power(power)}
        assert next(minutes.lines(session))[0].body["verb"] == "grant by command"
    assert kim is not None
    with db.transaction() as session:
        powers.lay_down(session, kim, Power(power), on="/board")
    with db.reading() as session:
        assert powers.held(session, kim) == frozenset()
