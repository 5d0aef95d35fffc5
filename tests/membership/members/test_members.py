"""Joining, leaving, and the one vote of each member."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from commons import clock, minutes
from commons.accounts import Account
from commons.db import Database
from commons.mail import Letter
from commons.refusal import Refused
from membership.members import members, payouts, register, shares, statutes
from membership.members.models import ACTIVE, APPLIED, DECLINED, ENDED, LEAVING, Membership, ShareEvent
from membership.members.statutes import Statutes
from membership.money import ledger, parties

from .conftest import CONSENT, At, Join, Officers, account_of, pay, person


def state(db: Database, membership: Membership) -> str:
    with db.reading() as session:
        return session.get_one(Membership, membership.id).state


def test_the_first_payment_pays_the_share_and_admits(db: Database, join: Join) -> None:
    ada = join("ada", pays=900 + 600)
    with db.reading() as session:
        found = session.get_one(Membership, ada.id)
        assert (found.state, found.number) == (ACTIVE, 1)
        assert shares.position(session, found).held == 1
        assert ledger.balance(session, "equity:shares", "EUR", party_id=found.party_id) == -1000
        assert ledger.balance(session, "income:pledges", "EUR") == 1000
        assert session.scalar(select(Letter.to).where(Letter.letter == "member_welcome")) == "ada@example.org"
        assert shares.check(session) is None


def test_a_small_payment_admits_too_and_later_ones_fill_the_share(db: Database, join: Join) -> None:
    ada = join("ada", pays=300)
    with db.transaction() as session:
        found = session.get_one(Membership, ada.id)
        assert found.state == ACTIVE
        assert [pay(session, found, 300) for _month in range(4)] == [300, 300, 100, 0]


def test_too_little_does_not_admit(db: Database, join: Join) -> None:
    ada = join("ada", pays=99)
    assert state(db, ada) == APPLIED


def test_nobody_joins_without_consent(db: Database, officers: Officers) -> None:
    with pytest.raises(Refused, match="without saying so"), db.transaction() as session:
        members.apply(session, parties.of(session, person(session, "ada")), consent=" ")


def test_the_statutes_may_leave_admission_to_the_treasurer(
    db: Database, officers: Officers, join: Join
) -> None:
    with db.transaction() as session:
        statutes.change(session, "admits_itself", 0, statutes.today(clock.now()), "assembly")
    ada, bob, eve = join("ada"), join("bob", pays=50), join("eve")
    assert state(db, ada) == APPLIED
    with db.transaction() as session:
        members.admit(session, ada.id, by=officers.tom)
        with pytest.raises(Refused, match="Too little"):
            members.admit(session, bob.id, by=officers.tom)
        with pytest.raises(Refused, match="Say why"):
            members.decline(session, eve.id, by=officers.tom, reason=" ")
        members.decline(session, eve.id, by=officers.tom, reason="Twice the same person.")
        for verb in (members.admit, lambda *a, by: members.decline(*a, by=by, reason="x")):
            with pytest.raises(Refused, match="decided already"):
                verb(session, ada.id, by=officers.tom)
    with db.reading() as session:
        eve_now = session.get_one(Membership, eve.id)
        assert (state(db, ada), eve_now.state) == (ACTIVE, DECLINED)
        assert shares.position(session, eve_now).owed.amount == 1000
        assert payouts.payable(session, eve_now).amount == 1000
        assert shares.check(session) is None
        told = [words for _line, details in minutes.lines(session) for words in details.values()]
        assert not any("Eve" in words or "Twice" in words for words in told)


@pytest.mark.parametrize("officer", ["edith", "mo", "eli"])
def test_only_the_treasurer_decides_about_members(
    db: Database, officers: Officers, join: Join, officer: str
) -> None:
    ada = join("ada", pays=0)
    by: Account = getattr(officers, officer)
    for verb in (
        lambda s: members.decline(s, ada.id, by=by, reason="x"),
        lambda s: members.change_class(s, ada.id, "worker", by=by, reason="x"),
        lambda s: payouts.adopt_accounts(s, 2020, "x", by=by),
    ):
        with pytest.raises(Refused, match="power"), db.transaction() as session:
            verb(session)


def test_a_party_has_one_living_membership(db: Database, join: Join) -> None:
    ada = join("ada")
    with pytest.raises(Refused, match="member already"), db.transaction() as session:
        members.apply(session, session.get_one(Membership, ada.id).party, consent=CONSENT)


def test_of_twenty_applications_at_once_one_counts(db: Database, officers: Officers) -> None:
    with db.transaction() as session:
        party = parties.of(session, person(session, "ada"))
    refused: list[Refused] = []

    def once() -> None:
        try:
            with db.transaction() as session:
                members.apply(session, party, consent=CONSENT)
        except Refused as refusal:
            refused.append(refusal)

    run = [threading.Thread(target=once) for _ in range(20)]
    [thread.start() for thread in run]
    [thread.join() for thread in run]
    assert len(refused) == 19
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Membership)) == 1
        assert session.scalar(select(func.count()).select_from(ShareEvent)) == 1


def test_of_twenty_tellings_of_one_payment_one_counts(db: Database, join: Join) -> None:
    ada, cause = join("ada", pays=0), uuid.uuid4()
    taken: list[int] = []

    def once() -> None:
        with db.transaction() as session:
            taken.append(pay(session, session.get_one(Membership, ada.id), 5000, cause))

    run = [threading.Thread(target=once) for _ in range(20)]
    [thread.start() for thread in run]
    [thread.join() for thread in run]
    assert sorted(taken) == [0] * 19 + [1000]
    with db.reading() as session:
        assert shares.check(session) is None


def test_members_get_numbers_without_a_gap(db: Database, join: Join) -> None:
    for name in ("ada", "bob", "eve"):
        join(name)
    with db.reading() as session:
        assert [row.number for row in register.rows(session, full=True)] == [1, 2, 3]


# One vote


def test_everybody_has_one_vote_whatever_was_paid(db: Database, officers: Officers, join: Join) -> None:
    poor, rich = join("ada", pays=100), join("bob", pays=100 * 1000, shares=100)
    with db.transaction() as session:
        members.change_class(session, rich.id, "worker", by=officers.tom, reason="Hired.")
        later = clock.now() + timedelta(days=31)
        voters = members.may_vote(session, later)
    assert [voter.membership_id for voter in voters] == [poor.id, rich.id]
    assert [voter.class_ for voter in voters] == ["reader", "worker"]
    assert voters[0].account_id == account_of(db, poor).id


def test_a_vote_begins_after_thirty_days_and_ends_with_the_membership(
    db: Database, join: Join, at: At
) -> None:
    at(2026, 11, 1)
    ada = join("ada")
    with db.transaction() as session:
        found = session.get_one(Membership, ada.id)
        begins = members.votes_from(session, found)
        assert begins is not None
        assert not members.may_vote(session, begins - timedelta(microseconds=1))
        assert len(members.may_vote(session, begins)) == 1
        ends = members.give_notice(session, found, by=None)
        assert ends == datetime(2028, 1, 1, tzinfo=UTC)
        assert len(members.may_vote(session, ends - timedelta(microseconds=1))) == 1
        assert not members.may_vote(session, ends)


def test_who_has_not_been_admitted_has_no_vote(db: Database, join: Join) -> None:
    ada = join("ada", pays=0)
    with db.reading() as session:
        assert members.votes_from(session, session.get_one(Membership, ada.id)) is None
        assert members.may_vote(session, clock.now() + timedelta(days=400)) == []


# Leaving


@pytest.mark.parametrize(
    ("given", "changes", "last_day"),
    [
        ((2026, 9, 30), {}, (2026, 12, 31)),
        ((2026, 10, 1), {}, (2027, 12, 31)),
        ((2026, 11, 30), {"to_year_end": 0}, (2027, 2, 28)),
        ((2026, 1, 31), {"to_year_end": 0, "notice_months": 1}, (2026, 2, 28)),
        ((2026, 3, 31), {"year_end_month": 6}, (2026, 6, 30)),
        ((2026, 4, 1), {"year_end_month": 6}, (2027, 6, 30)),
        ((2026, 6, 1), {"notice_months": 24}, (2028, 12, 31)),
        ((2026, 6, 1), {"notice_months": 0, "to_year_end": 0}, (2026, 6, 1)),
    ],
)
def test_notice_runs_as_the_statutes_say(
    given: tuple[int, int, int], changes: dict[str, int], last_day: tuple[int, int, int]
) -> None:
    fixed = Statutes(**changes)
    assert statutes.leaves_on(datetime(*given).date(), fixed) == datetime(*last_day).date()


def test_leaving_takes_notice_the_last_day_and_then_ends(db: Database, join: Join, at: At) -> None:
    at(2026, 9, 30)
    ada = join("ada")
    with db.transaction() as session:
        members.give_notice(session, session.get_one(Membership, ada.id), by=account_of(db, ada))
    assert state(db, ada) == LEAVING
    at(2026, 12, 31)
    assert members.end_due() == 0
    with db.reading() as session:
        assert members.is_member(session, account_of(db, ada))
    at(2027, 1, 1)
    with db.reading() as session:
        assert not members.is_member(session, account_of(db, ada))  # even before the job has run
    assert (members.end_due(), members.end_due()) == (1, 0)
    assert state(db, ada) == ENDED
    with db.reading() as session:
        found = session.get_one(Membership, ada.id)
        held = shares.position(session, found)
        assert (held.held, held.ended, held.owed.amount, held.paid.amount) == (0, 1, 1000, 0)
        assert shares.position(session, found, datetime(2026, 12, 30).date()).held == 1
        assert [event.kind for event in members.history(session, found)] == [
            "apply",
            "admit",
            "notice",
            "end",
        ]
        assert shares.check(session) is None


def test_notice_is_given_once(db: Database, join: Join) -> None:
    ada = join("ada")
    with db.transaction() as session:
        found = session.get_one(Membership, ada.id)
        members.give_notice(session, found, by=None)
        with pytest.raises(Refused, match="already"):
            members.give_notice(session, found, by=None)


def test_who_left_may_come_back(db: Database, join: Join, at: At) -> None:
    at(2026, 9, 30)
    ada = join("ada")
    with db.transaction() as session:
        members.give_notice(session, session.get_one(Membership, ada.id), by=None)
    at(2027, 1, 2)
    members.end_due()
    with db.transaction() as session:
        again = members.apply(session, session.get_one(Membership, ada.id).party, consent=CONSENT)
        pay(session, again, 1000)
        assert (again.state, again.number) == (ACTIVE, 2)
        assert members.of(session, account_of(db, ada)) is again


def test_an_application_is_withdrawn_at_once(db: Database, join: Join) -> None:
    ada = join("ada", pays=50)
    with db.transaction() as session:
        members.give_notice(session, session.get_one(Membership, ada.id), by=None)
    with db.reading() as session:
        found = session.get_one(Membership, ada.id)
        assert found.state == DECLINED
        assert payouts.payable(session, found).amount == 50


def test_after_the_last_day_no_payment_goes_into_shares(db: Database, join: Join, at: At) -> None:
    at(2026, 9, 30)
    ada = join("ada", pays=300)
    with db.transaction() as session:
        members.give_notice(session, session.get_one(Membership, ada.id), by=None)
    at(2027, 1, 1)
    with db.transaction() as session:
        assert pay(session, session.get_one(Membership, ada.id), 300) == 0
    members.end_due()
    with db.reading() as session:
        assert shares.check(session) is None


# Class


def test_a_change_of_class_has_its_day_and_reason(db: Database, officers: Officers, join: Join) -> None:
    ada = join("ada")
    with db.transaction() as session:
        members.change_class(session, ada.id, "worker", by=officers.tom, reason="Hired.")
        for class_, reason, why in (
            ("worker", "x", "already"),
            ("reader", "", "Say why"),
            ("owner", "x", "no such class"),
        ):
            with pytest.raises(Refused, match=why):
                members.change_class(session, ada.id, class_, by=officers.tom, reason=reason)
        last = members.history(session, session.get_one(Membership, ada.id))[-1]
    assert (last.kind, last.class_, last.note, last.by_id) == ("class", "worker", "Hired.", officers.tom.id)


def test_there_is_no_member_that_nobody_knows(db: Database, officers: Officers) -> None:
    with db.reading() as session:
        for look in (lambda: members.find(session, uuid.uuid4()), lambda: members.numbered(session, 7)):
            with pytest.raises(Refused) as refused:
                look()
            assert refused.value.status == 404
