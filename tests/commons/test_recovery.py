"""The way back in: two officers, a day to object, one link."""

import re
import threading
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from commons import accounts, clock, config, limits, minutes, passkeys, powers, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.mail import Letter
from commons.minutes import Minute, MinuteDetail
from commons.passkeys import NewKey
from commons.powers import Power
from commons.recovery import recoveries
from commons.recovery.recoveries import Recovery
from commons.refusal import Refused
from commons.sign_in_links import SignInLink

from . import site
from .authenticator import Device
from .browsing import ORIGIN, Browser

pytestmark = pytest.mark.one_database

NEW = "another battery staple"


@pytest.fixture
def settings(settings: Config) -> Config:
    moved = replace(settings, origin=ORIGIN)
    config.use(moved)
    return moved


def officer(db: Database, name: str, *held: Power) -> Account:
    with db.transaction() as session:
        account = accounts.create(
            session, email=f"{name.lower()}@news.example", name=name, password=site.PASSWORD
        )
        powers.grant(session, account, held, reason="founding")
        return account


@pytest.fixture
def olga(db: Database) -> Account:
    return officer(db, "Olga", Power.ELECTIONS)


@pytest.fixture
def mona(db: Database) -> Account:
    return officer(db, "Mona", Power.MODERATE)


@pytest.fixture
def lost(app: web.App, db: Database, ada: Account) -> uuid.UUID:
    """Ada lost her keys and has asked."""
    ask(app, db)
    return the_recovery(db).id


def ask(app: web.App, db: Database, email: str = site.EMAIL) -> tuple[int, str]:
    form = {"email": email, "words": "I sit beside Olga."}
    answer = Browser(app, db, None).post("/sign-in/recover", **form)
    return answer.status_code, answer.text


def the_recovery(db: Database) -> Recovery:
    with db.reading() as session:
        return session.scalars(select(Recovery)).one()


def confirm(db: Database, recovery_id: uuid.UUID, by: Account) -> None:
    with db.transaction() as session:
        recoveries.confirm(session, recovery_id, session.get_one(Account, by.id))


def letter(db: Database, kind: str) -> str:
    with db.reading() as session:
        return session.scalars(select(Letter).where(Letter.letter == kind)).one().body


def link_in(text: str, pattern: str = r"/sign-in/recover/\S+") -> str:
    found = re.search(pattern, text)
    assert found is not None
    return found[0]


OBJECTION = r"/sign-in/recover/\S+/object/\S+"


@pytest.fixture
def link(db: Database, lost: uuid.UUID, olga: Account, mona: Account, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address in the last letter, a day after the second officer."""
    confirm(db, lost, olga)
    confirm(db, lost, mona)
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.RECOVERY_WAIT_SECONDS + 1))
    assert recoveries.send_due() == 1
    return link_in(letter(db, "recovery_link"))


# Asking


def test_the_answer_does_not_tell_who_has_an_account(app: web.App, db: Database, ada: Account) -> None:
    assert ask(app, db) == ask(app, db, "nobody@news.example")
    assert the_recovery(db).account_id == ada.id


def test_what_is_left_empty_is_said(app: web.App, db: Database, ada: Account) -> None:
    assert Browser(app, db, None).post("/sign-in/recover", email="", words="").status_code == 422


def test_who_asks_too_often_waits(app: web.App, db: Database, ada: Account) -> None:
    asked = [ask(app, db, f"n{number}@news.example")[0] for number in range(limits.SIGN_IN_TRIES + 1)]
    assert asked == [200] * limits.SIGN_IN_TRIES + [429]


@pytest.mark.both_databases
def test_one_is_under_way_at_a_time(app: web.App, db: Database, lost: uuid.UUID) -> None:
    assert ask(app, db)[0] == 200
    assert the_recovery(db).id == lost
    letter(db, "recovery_asked")


@pytest.mark.both_databases
def test_a_closed_account_has_no_way_back(app: web.App, db: Database, ada: Account) -> None:
    with db.transaction() as session:
        session.get_one(Account, ada.id).closed_at = clock.now()
    ask(app, db)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Recovery)) == 0


# Confirming


@pytest.mark.both_databases
def test_two_officers_confirm_on_their_page(
    app: web.App, db: Database, lost: uuid.UUID, olga: Account, mona: Account
) -> None:
    first, second = Browser(app, db, olga, proved=True), Browser(app, db, mona, proved=True)
    page = first.get("/recoveries").text
    assert "Ada Lovelace" in page and "I sit beside Olga." in page and "0 of 2" in page
    assert first.post(f"/recoveries/{lost}/confirm").location == "/recoveries"
    assert "1 of 2" in second.get("/recoveries").text
    assert second.post(f"/recoveries/{lost}/confirm").location == "/recoveries"
    assert the_recovery(db).state == recoveries.CONFIRMED
    assert "Ada Lovelace" not in second.get("/recoveries").text
    assert "24 hours" in letter(db, "recovery_confirmed")


@pytest.mark.both_databases
def test_confirming_needs_a_fresh_proof(app: web.App, db: Database, lost: uuid.UUID, olga: Account) -> None:
    stale = Browser(app, db, olga)
    for what in ("confirm", "decline"):
        assert stale.post(f"/recoveries/{lost}/{what}").location.startswith("/prove")
    assert the_recovery(db).state == recoveries.ASKED


def test_others_see_and_confirm_nothing(app: web.App, db: Database, lost: uuid.UUID) -> None:
    writer = officer(db, "Wim", Power.PUBLISH)
    browser = Browser(app, db, writer, proved=True)
    assert browser.get("/recoveries").status_code == 403
    for what in ("confirm", "decline"):
        assert browser.post(f"/recoveries/{lost}/{what}").status_code == 403


@pytest.mark.both_databases
def test_the_same_officer_does_not_count_twice(db: Database, lost: uuid.UUID, olga: Account) -> None:
    confirm(db, lost, olga)
    with pytest.raises(Refused, match="two officers"):
        confirm(db, lost, olga)
    assert the_recovery(db).state == recoveries.ASKED


def test_an_officer_does_not_confirm_herself(app: web.App, db: Database, olga: Account) -> None:
    ask(app, db, "olga@news.example")
    with pytest.raises(Refused, match="two officers"):
        confirm(db, the_recovery(db).id, olga)


@pytest.mark.both_databases
def test_the_database_itself_knows_no_other_way(
    db: Database, lost: uuid.UUID, ada: Account, olga: Account, mona: Account
) -> None:
    def put(**values: object) -> None:
        with db.transaction() as session:
            session.execute(update(Recovery).where(Recovery.id == lost).values(**values))

    for first, second in ((olga, olga), (ada, olga), (olga, ada)):
        with pytest.raises(IntegrityError):
            put(first_by_id=first.id, second_by_id=second.id)
    for state in (recoveries.CONFIRMED, recoveries.SENT, recoveries.DONE):
        with pytest.raises(IntegrityError):
            put(state=state, first_by_id=olga.id)
    put(state=recoveries.CONFIRMED, first_by_id=olga.id, second_by_id=mona.id)


@pytest.mark.both_databases
def test_two_who_confirm_at_once_both_count(
    db: Database, lost: uuid.UUID, olga: Account, mona: Account
) -> None:
    said: list[str] = []

    def press(by: Account) -> None:
        try:
            confirm(db, lost, by)
            said.append("confirmed")
        except Refused:
            said.append("refused")

    run = [threading.Thread(target=press, args=(by,)) for by in (olga, mona, olga, mona)]
    [thread.start() for thread in run]
    [thread.join() for thread in run]
    assert sorted(said) == ["confirmed", "confirmed", "refused", "refused"]
    assert the_recovery(db).state == recoveries.CONFIRMED
    letter(db, "recovery_confirmed")


@pytest.mark.both_databases
def test_the_minutes_name_the_officer_and_not_the_person(
    db: Database, lost: uuid.UUID, olga: Account, ada: Account
) -> None:
    confirm(db, lost, olga)
    with db.reading() as session:
        line = session.scalars(select(Minute).order_by(Minute.number.desc()).limit(1)).one()
        details = session.scalars(select(MinuteDetail).where(MinuteDetail.number == line.number)).all()
        written = str(line.body) + "".join(detail.value for detail in details)
        assert minutes.verify(session) is None
    assert line.body["verb"] == "confirm recovery" and "Olga" in written
    for secret in ("Ada", site.EMAIL, str(ada.id), str(lost)):
        assert secret not in written


def test_an_officer_ends_what_is_false(app: web.App, db: Database, lost: uuid.UUID, olga: Account) -> None:
    browser = Browser(app, db, olga, proved=True)
    assert browser.post(f"/recoveries/{lost}/decline").location == "/recoveries"
    ended = the_recovery(db)
    assert (ended.state, ended.words, ended.open_for) == (recoveries.DECLINED, "", None)
    assert browser.post(f"/recoveries/{lost}/confirm").status_code == 409


# Objecting


@pytest.mark.both_databases
@pytest.mark.parametrize("confirmed", [False, True])
def test_the_owner_objects(
    app: web.App, db: Database, lost: uuid.UUID, olga: Account, mona: Account, confirmed: bool
) -> None:
    if confirmed:
        confirm(db, lost, olga)
        confirm(db, lost, mona)
    path = link_in(letter(db, "recovery_confirmed" if confirmed else "recovery_asked"), OBJECTION)
    reader = Browser(app, db, None)
    assert reader.get(path).status_code == 200
    assert the_recovery(db).state != recoveries.OBJECTED  # looking is not objecting
    assert reader.post(path).status_code == 200
    assert the_recovery(db).state == recoveries.OBJECTED
    assert reader.post(path).status_code == 410


@pytest.mark.both_databases
def test_the_owner_objects_even_to_the_link(app: web.App, db: Database, link: str) -> None:
    assert Browser(app, db, None).post(link_in(letter(db, "recovery_link"), OBJECTION)).status_code == 200
    assert Browser(app, db, None).get(link).status_code == 410


@pytest.mark.parametrize("token", ["x", "0" * 64, "ü"])
def test_a_made_up_objection_ends_nothing(app: web.App, db: Database, lost: uuid.UUID, token: str) -> None:
    reader = Browser(app, db, None)
    assert reader.post(f"/sign-in/recover/{lost}/object/{token}").status_code == 410
    assert reader.post(f"/sign-in/recover/{uuid.uuid4()}/object/{token}").status_code == 410
    assert the_recovery(db).state == recoveries.ASKED


# Waiting and coming in


def test_before_the_day_is_over_no_link_leaves(
    db: Database, lost: uuid.UUID, olga: Account, mona: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(db, lost, olga)
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.RECOVERY_WAIT_SECONDS + 1))
    assert recoveries.send_due() == 0  # one officer is not enough, however long one waits
    confirm(db, lost, mona)
    monkeypatch.setattr(clock, "shift", timedelta(seconds=2 * limits.RECOVERY_WAIT_SECONDS))
    assert recoveries.send_due() == 0


@pytest.mark.both_databases
def test_a_new_password_ends_everything_old(
    app: web.App, db: Database, link: str, ada: Account, olga: Account
) -> None:
    old = Browser(app, db, ada, proved=True)
    with db.transaction() as session:
        passkeys.add(session, ada, NewKey(b"lost", b"key", 0), "Lost phone")
        session.add(SignInLink(token_hash="x", account_id=ada.id))
    fresh = Browser(app, db, None)
    assert fresh.get(link).status_code == 200
    assert fresh.post(link, new="short").status_code == 422
    assert fresh.post(link, new=NEW).status_code == 303
    assert fresh.is_in() and not old.is_in()
    assert fresh.get("/fresh").status_code == 200
    with db.reading() as session:
        again = session.get_one(Account, ada.id)
        assert accounts.password_matches(again, NEW)
        assert not accounts.password_matches(again, site.PASSWORD)
        assert passkeys.of(session, again) == []
        assert session.scalar(select(func.count()).select_from(SignInLink)) == 0
    assert fresh.post(link, new=NEW).status_code == 410
    assert the_recovery(db).words == ""


@pytest.mark.both_databases
def test_a_new_passkey_does_as_well(app: web.App, db: Database, link: str, ada: Account) -> None:
    device, fresh = Device(ORIGIN), Browser(app, db, None)
    answer = device.make(fresh.options(f"{link}/ask"))
    assert fresh.post(f"{link}/passkey", answer=answer).status_code == 303
    assert fresh.is_in()
    with db.reading() as session:
        again = session.get_one(Account, ada.id)
        assert again.personal is not None and again.personal.password_hash is None
    assert Browser(app, db, None).enter(device).status_code == 303


def test_a_passkey_that_does_not_fit_leaves_the_link_good(app: web.App, db: Database, link: str) -> None:
    fresh = Browser(app, db, None)
    answer = Device("https://evil.example").make(fresh.options(f"{link}/ask"))
    assert fresh.post(f"{link}/passkey", answer=answer).status_code == 422
    assert not fresh.is_in()
    assert fresh.get(link).status_code == 200


@pytest.mark.both_databases
def test_of_many_presses_at_once_one_comes_in(db: Database, link: str) -> None:
    opened: list[bool] = []

    def press() -> None:
        try:
            with db.transaction() as session:
                recoveries.spend(session, link.rpartition("/")[2])
            opened.append(True)
        except Refused:
            opened.append(False)

    run = [threading.Thread(target=press) for _ in range(8)]
    [thread.start() for thread in run]
    [thread.join() for thread in run]
    assert sorted(opened) == [False] * 7 + [True]


def test_the_link_is_too_old_after_a_day(
    app: web.App, db: Database, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = limits.RECOVERY_WAIT_SECONDS + limits.RECOVERY_LINK_SECONDS + 2
    monkeypatch.setattr(clock, "shift", timedelta(seconds=late))
    assert Browser(app, db, None).get(link).status_code == 410
    assert Browser(app, db, None).post(link, new=NEW).status_code == 410
    assert recoveries.send_due() == 1
    assert the_recovery(db).state == recoveries.LAPSED


@pytest.mark.parametrize("end", ["", "/ask", "/passkey"])
def test_a_made_up_link_opens_nothing(app: web.App, db: Database, lost: uuid.UUID, end: str) -> None:
    assert Browser(app, db, None).post(f"/sign-in/recover/made-up{end}", new=NEW).status_code == 410


@pytest.mark.both_databases
def test_what_nobody_confirms_lapses(
    app: web.App, db: Database, lost: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "shift", timedelta(days=limits.RECOVERY_DAYS, seconds=1))
    assert recoveries.send_due() == 1
    assert the_recovery(db).state == recoveries.LAPSED


def test_the_links_token_is_not_in_the_table(db: Database, link: str) -> None:
    assert link.rpartition("/")[2] not in str(vars(the_recovery(db)))


def test_an_erasure_ends_it(db: Database, lost: uuid.UUID, ada: Account) -> None:
    with db.transaction() as session:
        recoveries.erase(session, ada)
    ended = the_recovery(db)
    assert (ended.state, ended.words, ended.open_for) == (recoveries.LAPSED, "", None)
