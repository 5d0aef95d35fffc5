"""The demo newsroom's owners and books: a whole year, and the same in the pages as in the ledger."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import accounts, clock, minutes, powers
from commons.accounts import Account
from commons.config import Config
from commons.config import use as use_settings
from commons.db import Base, Database
from commons.db import use as use_database
from commons.powers import Power
from federation import actors
from federation.models import Post
from membership.books import expenses, figures, surplus, verify, words
from membership.books.models import CHECKED
from membership.campaigns import campaigns, costs, progress
from membership.demo import script
from membership.elections import results
from membership.elections.models import Election
from membership.members import members
from membership.members.models import APPLIED, LEAVING, Membership, ShareEvent
from membership.money import ledger, parties
from membership.money.models import Party, Posting
from membership.money.periods import later_month, month_of
from membership.payments import booking, receipts, transfers
from membership.payments.models import Charge
from membership.pledges.models import Pledge
from newsroom.demo import cast, commands, loader
from tests.membership.elections import recounter
from wsgi import ROOF

# What ``rostra books verify`` covers.
COVERED = [
    "balance",
    "bank_line",
    "chain_head",
    "charge",
    "day_total",
    "evidence",
    "evidence_salt",
    "expense",
    "ledger_account",
    "month_total",
    "posting",
    "posting_line",
    "posting_memo",
    "receipt",
    "receipt_person",
    "seal",
    "self_check",
    "share_event",
    "surplus",
]


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The settings of a newsroom into which the demo was loaded, once for all tests."""
    data = tmp_path_factory.mktemp("demo")
    path = shutil.copy(sqlite_template, data / "rostra.sqlite")
    bank = cast.script()["bank"]
    config = Config(
        origin="http://localhost:8000",
        data=data,
        database_url=f"sqlite:///{path}",
        redis_url=None,
        secret_key="s" * 43,
        key_secret="k" * 43,
        timezone=cast.script()["timezone"],
        iban=bank["iban"],
        account_holder=bank["holder"],
    )
    use_settings(config)
    database = Database(config.database_url)
    try:
        use_database(database)
        with database.transaction() as session:
            actors.found_newsroom(session)
        loader.load(database, loader.NEWSROOM, None, ROOF.demo)
    finally:
        use_settings(None)
        database.dispose()
    return config


@pytest.fixture
def demo(loaded: Config) -> Iterator[Session]:
    """A look into the loaded demo."""
    use_settings(loaded)
    database = Database(loaded.database_url)
    use_database(database)
    with database.reading() as session:
        yield session
    use_database(None)
    use_settings(None)
    database.dispose()


def account(session: Session, role: str) -> Account:
    found = accounts.by_email(session, script.script()[role])
    assert found is not None
    return found


def count(session: Session, table: str) -> int:
    return session.scalar(select(func.count()).select_from(Base.metadata.tables[table])) or 0


# The books


def test_the_books_are_as_written_and_so_are_the_minutes(demo: Session) -> None:
    assert verify.first_fault(demo) is None
    assert minutes.verify(demo) is None


@pytest.mark.parametrize("table", COVERED)
def test_no_table_that_is_verified_is_empty(demo: Session, table: str) -> None:
    assert count(demo, table) > 0


def test_every_posting_is_called_by_words_for_people(demo: Session) -> None:
    assert set(demo.scalars(select(Posting.kind).distinct())) <= words.KINDS.keys()


def test_twelve_months_have_income_and_spending_and_those_that_are_over_are_sealed(demo: Session) -> None:
    books = figures.read(demo)
    assert sum(band.count for band in books.wages) == 5
    assert len(books.year) == 12
    assert all(each.expenses > 0 for each in books.year[:-1])
    assert all(each.income is not None and each.income > 0 for each in books.year[:-1])
    assert books.seals[0].month >= later_month(books.month, -2)
    assert len(books.seals) >= 11
    assert all(figure.planned for figure in books.expenses)


def test_the_books_live_within_their_means_and_say_what_a_surplus_became(demo: Session) -> None:
    books = figures.read(demo)
    assert books.means.free > books.means.monthly
    assert [each.year for each in books.surpluses] == [_first_year()]
    assert [part.choice for part in surplus.of(demo, account(demo, "reader"))] == [""]


def _first_year() -> int:
    return int(later_month(month_of(clock.now().date()), -12)[:4])


def test_the_bank_has_what_the_ledger_says(demo: Session) -> None:
    """All money on the account is somebody's: assets are what is owed, held and earned."""
    totals = ledger_totals(demo)
    assert totals["assets:bank"] > 0
    assert sum(totals.values()) == 0


def ledger_totals(session: Session) -> dict[str, int]:
    return {name: ledger.balance(session, name, "EUR") for name in figures.CHART}


# The owners


def test_the_newsroom_says_how_many_own_it_and_the_register_agrees(demo: Session) -> None:
    said = re.search(r"Owned by (\d+) of its readers", cast.script()["description"])
    assert said is not None
    assert members.count(demo) == int(said[1])


def test_there_are_members_of_every_class_some_who_wait_and_one_who_leaves(demo: Session) -> None:
    found = demo.execute(select(Membership.class_, Membership.state)).all()
    assert {row.class_ for row in found} == set(members.CLASSES)
    assert sum(row.state == APPLIED for row in found) == 2
    assert sum(row.state == LEAVING for row in found) == 1


def test_the_register_of_shares_has_a_transfer_and_a_notice(demo: Session) -> None:
    assert set(demo.scalars(select(ShareEvent.kind))) >= {
        "subscribe",
        "pay",
        "approve",
        "give",
        "take",
        "notice",
    }


def test_the_reader_owns_pays_and_has_receipts_and_no_power(demo: Session) -> None:
    reader = account(demo, "reader")
    party = parties.find(demo, reader)
    assert party is not None
    assert members.is_member(demo, reader)
    assert len(receipts.of_party(demo, party)) > 12
    assert not powers.held(demo, reader)


# What waits


def test_two_people_keep_the_books_and_a_bill_waits_for_the_second_of_them(demo: Session) -> None:
    treasurer, second = account(demo, "treasurer"), account(demo, "second")
    assert all(powers.may(demo, each, Power.BOOKS) for each in (treasurer, second))
    (waiting,) = expenses.in_state(demo, CHECKED)
    assert waiting.checked_by_id == second.id


def test_a_payment_in_part_one_made_twice_and_one_of_nobody_are_on_the_statement(demo: Session) -> None:
    assert [line.amount for line in transfers.unmatched(demo)] == [2500]
    in_part = demo.scalars(select(Charge).where(Charge.received > 0, Charge.received < Charge.amount)).all()
    assert len(in_part) == 1
    twice = members.numbered(demo, 23).party
    assert -ledger.balance(demo, booking.CREDIT, "EUR", party_id=twice.id) > 0


# Campaign, pitch and story


def test_an_all_or_nothing_campaign_runs_at_72_percent(demo: Session) -> None:
    campaign = campaigns.find(demo, campaigns.CAMPAIGN, "contracts")
    found = progress.progress(demo, campaign)
    assert (campaign.state, campaign.scheme) == ("open", campaigns.ALL_OR_NOTHING)
    assert (found.percent, found.people) == (72, script.script()["campaign"]["pledgers"])
    assert campaign.closes_at > clock.now()
    assert not demo.scalars(select(Charge).where(Charge.campaign_id == campaign.id)).all()


def test_the_story_of_the_funded_pitch_says_what_it_cost_and_how_many_paid(demo: Session) -> None:
    story = demo.scalars(
        select(Post).where(Post.local, Post.url.endswith("/the-boat-that-leaves-early"))
    ).one()
    told = costs.cost_of(demo, story.id)
    pitch = script.script()["pitches"][0]
    assert told is not None
    assert told.people == pitch["givers"]
    assert told.given is not None
    assert told.given.amount >= pitch["goal"] * 100
    assert told.spent.amount == 100 * sum(
        each["amount"]
        for each in [*script.script()["story_bills"], *script.script()["reporter_bills"]]
        if each["story"] == pitch["story"]
    )
    assert costs.disclosures(demo, story.id) == []


def test_what_was_given_for_the_pitch_was_released_when_its_story_came_out(demo: Session) -> None:
    pitch = campaigns.find(demo, campaigns.PITCH, "ferries")
    assert ledger.balance(demo, "restricted:pitches", "EUR", campaign_id=pitch.id) == 0
    paid = select(func.sum(Pledge.amount)).where(Pledge.campaign_id == pitch.id, Pledge.state == "fulfilled")
    assert -ledger.balance(demo, "income:pitches", "EUR", campaign_id=pitch.id) == demo.scalar(paid)


# Its elections


def test_the_past_election_is_recounted_by_another_program(demo: Session) -> None:
    past = demo.scalars(select(Election).where(Election.blt.is_not(None))).one()
    assert past.blt is not None and past.lot_seed is not None and past.outcome is not None
    theirs = recounter.recount(past.blt)
    assert len(theirs.stages) == 6
    recounter.agree(results.recount(past.blt, past.rule, past.lot_seed), theirs)
    assert past.outcome["names"] == theirs.elected


# The people of it


def test_nobody_of_the_demo_could_be_real(demo: Session) -> None:
    emails = demo.scalars(select(accounts.PersonalData.email)).all()
    assert all(email.endswith("@example.org") for email in emails)
    ibans = [party.data.iban for party in demo.scalars(select(Party)) if party.data and party.data.iban]
    assert all(iban[4:12] == script.BANK_CODE for iban in ibans)


def test_demo_run_prints_the_treasurers_and_the_members_addresses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], loaded: Config
) -> None:
    monkeypatch.setattr(commands, "_call", lambda *_: None)
    use_settings(loaded)
    commands._introduce(commands._newsroom(8000), commands._neighbour(8000))
    use_settings(None)
    said = capsys.readouterr().out
    assert "http://localhost:8000/treasury" in said
    assert all(player.email in said for player in cast.owners())


def test_a_newsroom_without_a_bank_account_gets_the_demos(settings: Config) -> None:
    commands._have_account()
    assert commands.settings().iban == cast.script()["bank"]["iban"]
    use_settings(replace(settings, iban="NL91ABNA0417164300", account_holder="Somebody"))
    commands._have_account()
    assert commands.settings().iban == "NL91ABNA0417164300"
