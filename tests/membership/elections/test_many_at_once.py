"""100 members and 400 requests at once, with processes killed in between: what was acknowledged holds.

The ballot box's own file under SIGKILL is in ``test_ballots.py``; here are the registrar, on both
databases, and the way from there to the count.
"""

import json
import secrets
import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from commons import clock, doors
from commons.config import Config
from commons.db import Database
from membership.elections import box_door, counting, rolls
from membership.elections.box import OUTER
from membership.elections.models import Election, Issuance
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.credential import Credential
from tests.membership.elections.clocks import Hands
from tests.membership.elections.keepers import Keepers
from tests.membership.elections.protocol.world import numbered
from tests.membership.elections.registrar import Registrar, announced, enrol

MEMBERS, AT_ONCE = 100, 16

# Draws what it reads (election, member, blinded value), many at once, and prints each answer it got.
DRAWER = """
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from commons import clock
from commons.refusal import Refused
from membership.elections import draws

clock.shift = timedelta(seconds=float(sys.argv[1]))

def draw(line):
    election, member, blinded = line.split()
    try:
        answer = draws.draw(uuid.UUID(election), uuid.UUID(member), bytes.fromhex(blinded)).hex()
    except Refused as refused:
        answer = str(refused.status)
    sys.stdout.write(f"{member} {blinded} {answer}\\n")
    sys.stdout.flush()

with ThreadPoolExecutor(8) as pool:
    list(pool.map(draw, sys.stdin))
"""

Try = tuple[uuid.UUID, bytes]


@pytest.fixture
def hundred(db: Database, hands: Hands, keepers: Keepers) -> Registrar:
    return announced(db, enrol(db, MEMBERS), hands, keepers)


def draw_until_killed(
    hundred: Registrar, settings: Config, tries: list[Try], after: int | None
) -> dict[Try, bytes | int]:
    """What a process that draws acknowledged before it was killed, after so many answers (None: never)."""
    file = settings.data / "tries"
    file.write_text("".join(f"{hundred.election_id} {who} {value.hex()}\n" for who, value in tries))
    surroundings = {
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "ROSTRA_DATA": str(settings.data),
        "DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-c", DRAWER, str(clock.shift.total_seconds())]
    told: dict[Try, bytes | int] = {}
    with (
        file.open() as given,
        subprocess.Popen(
            command, stdin=given, stdout=subprocess.PIPE, text=True, env=surroundings
        ) as process,
    ):
        assert process.stdout
        for number, line in enumerate(process.stdout, 1):
            if not line.endswith("\n"):
                break  # it died while it wrote
            who, value, answer = line.split()
            told[uuid.UUID(who), bytes.fromhex(value)] = (
                int(answer) if len(answer) == 3 else bytes.fromhex(answer)
            )
            if number == after:
                process.kill()
    assert process.returncode == (0 if after is None else -signal.SIGKILL)
    return told


def cast(settings: Config, sent: bytes) -> tuple[int, dict[str, str]]:
    body = json.dumps({"envelope": sent.hex()}).encode()
    headers = {"Content-Type": "application/json"}
    said = doors.ask(doors.path(settings.data, OUTER), "POST", "/ballot-box/board/ballots", body, headers)
    return said.status, json.loads(said.body)


def test_every_acknowledged_credential_and_ballot_counts_and_none_twice(
    hundred: Registrar, settings: Config, hands: Hands, long: bool
) -> None:
    mine = {
        member: Credential.from_seed(numbered("many", place, 16), hundred.manifest)
        for place, member in enumerate(hundred.members)
    }
    own = [(member, each.blinded) for member, each in mine.items()]
    others = [(member, b"\0" + secrets.token_bytes(383)) for member in hundred.members]
    draw = Random(11)
    acknowledged: dict[Try, bytes | int] = {}
    kills = [draw.randrange(1, MEMBERS) for _ in range(20 if long else 2)]
    for after in [*kills, None]:
        tries = draw.sample([*own, *own, *others, *others], 4 * MEMBERS)
        for sent, answer in draw_until_killed(hundred, settings, tries, after).items():
            assert acknowledged.setdefault(sent, answer) == answer, "another answer than before"
    given = {sent: answer for sent, answer in acknowledged.items() if isinstance(answer, bytes)}
    assert set(acknowledged.values()) - set(given.values()) <= {409}
    assert sorted(member for member, _value in given) == sorted(hundred.members), "one for each, no second"
    with hundred.db.reading() as session:
        rows = session.execute(select(Issuance.membership_id, Issuance.blinded, Issuance.answer)).all()
    assert {(member, value): answer for member, value, answer in rows} == given
    _vote_and_count(
        hundred, settings, hands, {m: mine[m] for m, value in given if value == mine[m].blinded}, given
    )


def _vote_and_count(
    hundred: Registrar,
    settings: Config,
    hands: Hands,
    voters: dict[uuid.UUID, Credential],
    given: dict[Try, bytes | int],
) -> None:
    """Those whose own value was taken cast, four times each and twice alike."""
    assert len(voters) > 20
    hands.move_to(hundred.manifest.times.vote_opens)
    tries = []
    for member, credential in voters.items():
        answer = given[member, credential.blinded]
        assert isinstance(answer, bytes)
        first, *more = (envelope.make(credential, credential.token(answer), [choice]) for choice in (1, 2, 3))
        tries += [first, first, *more]
    Random(12).shuffle(tries)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda sent: cast(settings, sent), tries))
    taken = {
        sent: told["receipt"] for sent, (status, told) in zip(tries, answers, strict=True) if status == 200
    }
    assert {status for status, _told in answers} == {200, 409} and len(taken) == len(voters)
    assert all(receipt.holds(hundred.manifest, sent, bytes.fromhex(slip)) for sent, slip in taken.items())
    hands.move_to(hundred.manifest.times.vote_ends)
    with hundred.db.reading() as session:
        issued = rolls.issued_leaves(session, session.get_one(Election, hundred.election_id))
    box_door.close(hundred.election_id, issued, ())
    hands.move_to(hundred.manifest.times.vote_ends + timedelta(hours=72, minutes=5))
    box_door.finish(hundred.election_id, issued, ())
    with hundred.db.transaction() as session:
        election = session.get_one(Election, hundred.election_id)
        package = counting.count(session, election, hundred.tally_secret, "abc").package
    assert package["envelopes"] == [each.hex() for each in hundred.box.envelopes()]
    assert set(taken) == set(hundred.box.envelopes())
    numbers = package["numbers"]
    assert isinstance(numbers, dict) and (numbers["issued"], numbers["cast"]) == (MEMBERS, len(voters))
