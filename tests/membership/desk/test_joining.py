"""Joining in two screens, without a script, and without telling who has an account."""

import re
import threading

import html5lib
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from commons import accounts, limits, web
from commons.accounts import Account
from commons.db import Database
from commons.mail import Letter
from membership.members import members, shares
from membership.members.models import Membership
from membership.money import parties
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments import charges
from membership.payments.models import Charge
from membership.pledges import gifts, pledges, renewals, settling
from membership.pledges.models import Pledge
from membership.pledges.pledges import Wish

from ..members.conftest import Join, SignIn, account_of

pytestmark = pytest.mark.one_database

FORM = {
    "price": "monthly-normal",
    "name": "Ada Weiss",
    "email": "ada@example.org",
    "provider": "bank",
    "rhythm": "monthly",
    "consent": "y",
}


@pytest.fixture
def reader(app: web.App) -> FlaskClient:
    return app.test_client()


def fields(text: str) -> dict[str, str]:
    return dict(re.findall(r'name="(once|csrf_token)"[^>]* value="([^"]+)"', text))


def send(browser: FlaskClient, **changes: str) -> TestResponse:
    page = browser.get("/join")
    assert page.status_code == 200
    html5lib.HTMLParser(strict=True).parse(page.text)
    filled = {**FORM, **fields(page.text), **changes}
    return browser.post("/join", data={name: value for name, value in filled.items() if value})


def count(db: Database, table: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.both_databases
def test_two_screens_and_three_clicks_make_a_co_owner(reader: FlaskClient, db: Database) -> None:
    """An amount, the consent, the button; then the payment."""
    page = reader.get("/join")
    assert "checked" not in page.text  # nothing is ticked beforehand
    paying = send(reader)
    assert paying.status_code == 303
    second = reader.get(paying.location)
    assert second.status_code == 200
    assert "DE89" in second.text and "€9.00" in second.text
    with db.transaction() as session:
        account = accounts.by_email(session, "ada@example.org")
        assert account is not None and account.personal is not None
        assert (account.personal.name, account.personal.password_hash) == ("Ada Weiss", None)
        waiting = members.of(session, account)
        assert waiting is not None and waiting.state == "applied"
        assert "co-owner of Rostra" in members.history(session, waiting)[0].note
        charges.settled(session, session.scalars(select(Charge)).one())
    settling.settle_due()
    with db.reading() as session:
        joined = session.get_one(Membership, waiting.id)
        assert joined.state == "active"
        assert shares.position(session, joined).paid.amount == 900
        assert shares.check(session) is None
    assert reader.get("/join/thanks").status_code == 200


def test_the_link_in_the_letter_opens_the_desk(reader: FlaskClient, db: Database) -> None:
    send(reader)
    with db.reading() as session:
        letter = session.scalars(select(Letter).where(Letter.letter == "joined")).one()
    link = re.search(r"http://127.0.0.1:8000(/sign-in/link/\S+)", letter.body)
    assert link is not None
    assert reader.get(link[1]).status_code == 200
    entered = reader.post(link[1])
    assert (entered.status_code, entered.location) == (303, "/desk")
    desk = reader.get("/desk")
    html5lib.HTMLParser(strict=True).parse(desk.text)
    assert "You have asked to become a member" in desk.text and "€9.00" in desk.text


def test_one_letter_welcomes_her_and_one_says_what_she_pays_and_until_when_she_may_withdraw(
    reader: FlaskClient, db: Database
) -> None:
    send(reader)
    with db.reading() as session:
        kept = {letter.letter: letter.body for letter in session.scalars(select(Letter))}
        number = session.scalars(select(Pledge)).one().number
    assert sorted(kept) == ["joined", "pledge_made"]
    assert f"The number of your pledge is {number}." in kept["pledge_made"]
    assert "You can withdraw from it until" in kept["pledge_made"]


@pytest.mark.both_databases
def test_who_holds_a_gift_code_becomes_a_co_owner_without_paying(reader: FlaskClient, db: Database) -> None:
    with db.transaction() as session:
        wish = Wish(Money(9600, "EUR"), "once", "bank", "once-gift", purpose="gift", quantity=1)
        pledge = pledges.promise(session, parties.create(session, "Rita", "rita@example.org"), wish)
        charge = renewals.start(session, pledges.instalments(session, pledge)[0])
        assert charge is not None
        charges.settled(session, charge)
    settling.settle_due()
    with db.reading() as session:
        (gift,) = gifts.of_pledge(session, session.get_one(Pledge, pledge.id))
        code = gifts.code(gift)
        assert code is not None
    asked = send(reader, price="given")
    assert (asked.status_code, asked.location) == (303, "/join/thanks?letter=1")
    assert "Look into your mailbox" in reader.get(asked.location).text
    assert count(db, Pledge) == 1
    with db.reading() as session:
        letter = session.scalars(select(Letter).where(Letter.letter == "joined")).one()
    assert "somebody else pays for you" in letter.body and "/pay/" not in letter.body
    link = re.search(r"http://127.0.0.1:8000(/sign-in/link/\S+)", letter.body)
    assert link is not None
    reader.get(link[1])
    reader.post(link[1])
    page = reader.get("/pledges/gift/redeem")
    redeemed = reader.post("/pledges/gift/redeem", data={**fields(page.text), "code": code})
    assert "Your year is paid for until" in redeemed.text and "To my desk" in redeemed.text
    desk = reader.get("/desk").text
    html5lib.HTMLParser(strict=True).parse(desk)
    assert "You are member 1" in desk and "Your year is paid for until" in desk


def test_who_is_signed_in_goes_on_to_her_code(db: Database, reader: FlaskClient, browser_of: SignIn) -> None:
    with db.transaction() as session:
        account = accounts.create(session, email="olga@example.org", name="Olga", password=None)
    asked = send(browser_of(account), price="given", email="olga@example.org")
    assert (asked.status_code, asked.location) == (303, "/pledges/gift/redeem")


def test_a_member_who_asks_again_without_signing_in_sees_what_everybody_sees(
    reader: FlaskClient, db: Database, join: Join
) -> None:
    join("ada")
    asked = send(reader, price="given", email="ada@example.org")
    assert (asked.status_code, asked.location) == (303, "/join/thanks?letter=1")
    with db.reading() as session:
        assert [letter.letter for letter in session.scalars(select(Letter))][-1] == "joined_before"
    assert (count(db, Membership), count(db, Pledge)) == (1, 0)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("consent", "", "Without your consent"),
        ("price", "", "Choose an amount"),
        ("price", "monthly-free", "Not a valid choice"),
        ("name", "", "Fill this in"),
        ("name", "\u200b", "Write your name"),
        ("email", "nobody", "not an e-mail address"),
        ("email", "a\r\nBcc: b@example.org", "not an e-mail address"),
        ("email", "a" * 321, "At most 320"),
        ("name", "a\x00b", "cannot be stored"),
        ("provider", "cash", "Not a valid choice"),
    ],
)
def test_a_wrong_form_is_shown_again_and_nothing_is_kept(
    reader: FlaskClient, db: Database, field: str, value: str, said: str
) -> None:
    before = count(db, Account)
    answer = send(reader, **{field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert (count(db, Account), count(db, Membership), count(db, Pledge)) == (before, 0, 0)


@pytest.mark.parametrize("amount", ["", "0", "-5", "1e3", "nan", "9999999999999999999", "1.234.5", "<b>"])
def test_what_is_no_amount_is_refused(reader: FlaskClient, db: Database, amount: str) -> None:
    assert send(reader, price="other", amount=amount).status_code == 422
    assert count(db, Pledge) == 0


def test_ones_own_amount(reader: FlaskClient, db: Database) -> None:
    assert send(reader, price="other", amount="12.50", rhythm="yearly").status_code == 303
    with db.reading() as session:
        pledge = session.scalars(select(Pledge)).one()
    assert (pledge.amount, pledge.rhythm) == (1250, "yearly")


@pytest.mark.both_databases
def test_fields_that_nobody_asked_for_change_nothing(reader: FlaskClient, db: Database) -> None:
    send(reader, state="active", class_="worker", number="1", is_paid="1", role="editor")
    with db.reading() as session:
        made = session.scalars(select(Membership)).one()
    assert (made.state, made.class_, made.number) == ("applied", "reader", None)


@pytest.mark.both_databases
def test_pressing_twice_joins_once(reader: FlaskClient, app: web.App, db: Database) -> None:
    filled = {**FORM, **fields(reader.get("/join").text)}
    led: list[str] = []

    def press() -> None:
        led.append(app.test_client().post("/join", data=filled).location)

    run = [threading.Thread(target=press) for _ in range(5)]
    [thread.start() for thread in run]
    [thread.join() for thread in run]
    assert len(set(led)) == 1
    assert (count(db, Membership), count(db, Pledge), count(db, Charge)) == (1, 1, 1)


@pytest.mark.both_databases
def test_a_members_address_gets_the_same_answer_and_changes_nothing(
    reader: FlaskClient, db: Database, join: Join
) -> None:
    ada = join("ada")
    old = send(reader, name="Mallory")
    new = send(reader, email="new@example.org")
    assert (old.status_code, new.status_code) == (303, 303)
    shown = [
        re.sub(
            r"<code>[^<]+</code>|/pay/[\w-]+|Pledge \w+|data:[^\"]+|<svg.*?</svg>",
            "",
            reader.get(it.location).text,
            flags=re.S,
        )
        for it in (old, new)
    ]
    assert shown[0] == shown[1]
    assert count(db, Membership) == 2
    with db.reading() as session:
        told = session.scalars(select(Letter).where(Letter.letter == "joined_before")).one()
        assert told.to == "ada@example.org"
        assert session.get_one(Party, ada.party_id).data.name == "Ada"  # type: ignore[union-attr]
        assert session.scalar(select(func.count()).where(Pledge.party_id == ada.party_id)) == 0


def test_an_account_that_has_nothing_yet_joins_with_its_address(
    reader: FlaskClient, db: Database, officers: object
) -> None:
    before = count(db, Account)
    assert send(reader, email="edith@example.org").status_code == 303
    assert (count(db, Account), count(db, Membership)) == (before, 1)


@pytest.mark.both_databases
def test_who_is_signed_in_joins_as_herself_and_once(
    db: Database, join: Join, browser_of: SignIn, officers: object
) -> None:
    browser = browser_of(account_of(db, join("ada", pays=0)))
    assert send(browser).status_code == 409
    member = browser_of(account_of(db, join("bob")))
    assert member.get("/join").location == "/desk"


def test_who_sends_many_forms_waits(reader: FlaskClient) -> None:
    statuses = [
        send(reader, email=f"n{number}@example.org").status_code for number in range(limits.SIGN_IN_TRIES + 1)
    ]
    assert statuses == [303] * limits.SIGN_IN_TRIES + [429]


def test_from_another_site_nothing_is_joined(reader: FlaskClient, db: Database) -> None:
    answer = reader.post("/join", data=FORM, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert count(db, Membership) == 0
