"""A newsroom with people of every role, and Petra, who pledged and told nobody."""

import re
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from commons import accounts, clock, config, csrf, powers, sessions, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.powers import Power
from federation import actors, keys
from membership.assembly.models import Assembly, Motion
from membership.board import seats
from membership.board.models import Seat
from membership.campaigns import campaigns
from membership.elections import timetable
from membership.elections.models import Election
from membership.elections.protocol.manifest import read
from membership.members import members
from membership.members.models import Membership
from membership.money import ledger, parties
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.payments import charges, receipts
from membership.pledges import pledges, renewals, settling
from membership.pledges.pledges import Wish
from newsroom import desk, sections
from newsroom.drafts import Draft
from tests.services import applications, key_pairs

from .campaigns.conftest import plan
from .elections.protocol.world import fields

ROLES: dict[str, Power | None] = {
    "reader": None,
    "account": None,
    "member": None,
    "journalist": Power.WRITE,
    "editor": Power.PUBLISH,
    "moderator": Power.MODERATE,
    "treasurer": Power.BOOKS,
    "officer": Power.ELECTIONS,
    "sitting": None,
}
WRITERS = frozenset({"journalist", "editor", "sitting"})


@dataclass(frozen=True)
class House:
    """An application with people of every role, and Petra, who pledged and told nobody."""

    app: web.App
    people: dict[str, Account]
    paths: dict[str, str]
    secrets: tuple[str, ...]
    pledge: str
    petra: Account


@pytest.fixture
def house(db: Database, settings: Config, monkeypatch: pytest.MonkeyPatch) -> House:
    config.use(replace(settings, iban="DE89370400440532013000", account_holder="Merrenport News eG"))
    monkeypatch.setattr(keys, "generate", key_pairs.once)
    with db.transaction() as session:
        actors.found_newsroom(session)
        sections.create(session, "harbour", "Harbour")
        people = {role: _person(session, role, power) for role, power in ROLES.items() if role != "reader"}
        pay = Wish(Money(7777, "EUR"), "monthly", "bank", "petra")
        petra = _person(session, "Petra Geheim", None)
        party = parties.of(session, petra)
        membership = members.apply(session, party, consent="Yes.", number_of_shares=3)
        pledge = pledges.promise(session, party, pay)
        charge = renewals.start(session, pledges.instalments(session, pledge)[0])
        assert charge is not None
        charges.settled(session, charge)
        members.apply(session, parties.of(session, people["member"]), consent="Yes.")
        campaign = campaigns.open_(session, plan("campaign"), by=people["treasurer"])
        pitch = campaigns.open_(session, plan("pitch"), by=people["journalist"])
        for place, once in ((campaign, "petra-1"), (pitch, "petra-2")):
            campaigns.join(session, party, place, Money(8888, "EUR"), provider="bank", once=once)
        times = dict.fromkeys(timetable.MOMENTS, clock.now())
        election = Election(slug="board", title="Board", manifest=read(fields()).canonical(), **times)
        session.add(election)
        meeting = Assembly(
            title="Assembly", invitation="Come.", place="Harbour", starts_at=clock.now(), zone="UTC"
        )
        session.add(meeting)
        voter = session.scalar(select(Membership))
        assert voter is not None
        motion = Motion(title="More ferries", reasons="They are late.", proposer_id=voter.id)
        session.add(motion)
        for role in WRITERS:
            actors.create_local(session, kind="Person", handle=role, name=role, account=people[role])
        draft = Draft("The ferry", "It left.", "Gone.", section="harbour")
        ledger.post(
            session,
            kind="opening",
            lines=[
                Line("assets:bank", Money(100_010, "EUR")),
                Line("equity:opening", Money(-100_010, "EUR")),
            ],
            cause=("opening", uuid.uuid4()),
        )
        article = desk.start(session, people["journalist"], draft)
        _seat(session, election, people["sitting"])
        for role in ("member", "sitting"):
            members.paid(
                session,
                parties.of(session, people[role]),
                Money(1000, "EUR"),
                from_account="income:pledges",
                cause=("charge", uuid.uuid4()),
            )
    settling.settle_due()
    with db.reading() as session:
        receipt = receipts.of_party(session, party)[0]
    return House(
        app=applications.shared(),
        people=people,
        paths={
            "campaigns/<slug>": f"campaigns/{campaign.slug}",
            "pitches/<slug>": f"pitches/{pitch.slug}",
            "elections/<slug>": "elections/board",
            "elections/office/<slug>": "elections/office/board",
            "<slug>": "harbour",
            "<name>": "ferry",
            "<handle>": "newsroom",
            "<number>": pledge.number,
            "<uuid:charge_id>": str(charge.id),
            "<uuid:assembly_id>": str(meeting.id),
            "<uuid:motion_id>": str(motion.id),
            "<uuid:membership_id>": str(membership.id),
            "<uuid:article_id>": str(article.id),
            "<int:year>": str(receipt.issued_at.year),
            "<provider>": "stripe",
            "<account>": "income:pledges",
            "<path:filename>": "rostra.css",
            "<token>": "guessed",
            "<key>": "guessed.png",
        },
        secrets=(
            "Petra",
            "petra@",
            "petra-geheim",
            "77.77",
            "7777",
            "88.88",
            "8888",
            pledge.number,
            receipt.token,
        ),
        pledge=pledge.number,
        petra=petra,
    )


def _seat(session: Session, election: Election, account: Account) -> None:
    """A member of the board, as an election would have seated her."""
    membership = members.apply(session, parties.of(session, account), consent="Yes.")
    moment = clock.now()
    seat = Seat(
        election_id=election.id,
        membership_id=membership.id,
        name="sitting",
        place=1,
        starts_at=moment,
        ends_at=moment + timedelta(days=700),
    )
    session.add(seat)
    session.flush()
    assert seats.take_up(session, seat)


def _person(session: object, name: str, power: Power | None) -> Account:
    email = f"{name.lower().replace(' ', '-')}@example.org"
    account = accounts.create(session, email=email, name=name, password=None)  # type: ignore[arg-type]
    if power is not None:
        powers.grant(session, account, [power], reason="founding")  # type: ignore[arg-type]
    return account


def ask(
    house: House, db: Database, role: str, route: str, filled: dict[str, str] | None = None
) -> TestResponse:
    """Ask as ``role``, freshly signed in, with the form's token and nothing but ``filled`` filled in."""
    method, path = route.split(" ", 1)
    for name, value in house.paths.items():
        path = path.replace(name, value)
    path = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), path)
    assert "<" not in path, f"what stands for {path}?"
    client, data = house.app.test_client(), dict(filled or {})
    if role != "reader":
        with db.transaction() as session:
            token = sessions.start(session, house.people[role], proved=True)
        client.set_cookie(web.cookie_name(), token, domain="127.0.0.1")
        data |= {csrf.FIELD: csrf.token(config.settings().secret_key, sessions.hash_of(token))}
    return client.open(path, method=method, data=data if method == "POST" else None)


def said(secret: str, text: str) -> bool:
    """Whether the text says it, and not a hash that happens to have these digits."""
    return re.search(rf"(?<![0-9a-f]){re.escape(secret)}(?![0-9a-f])", text) is not None
