"""The owners: how they join, pay and leave, and who holds which shares."""

from datetime import date, timedelta
from functools import partial

from sqlalchemy import select

from commons import accounts
from membership.demo import script
from membership.demo.bank import Transfer
from membership.demo.script import Member
from membership.demo.stage import Stage, whole
from membership.members import members, shares
from membership.members.models import Membership
from membership.money import parties
from membership.money.models import Party
from membership.payments import charges
from membership.pledges import gifts, meaning, pledges, prices, seats, withdrawals
from membership.pledges.models import Gift, Pledge
from membership.pledges.pledges import Wish

FOUNDING_DAYS = 24
MONTHLY = "monthly"
# Who has not paid yet, or not all, counted from the last who joined.
NOT_YET, IN_PART = 1, 2
# Numbers in the register.
RICH, SELLER, BUYER, LEAVER, TWICE = 12, 31, 57, 44, 23


def scenes(stage: Stage) -> None:
    """Everything that the owners do."""
    everybody = script.members()
    for at, member in enumerate(everybody):
        left = len(everybody) - at
        stage.at(_joins_on(stage, at, len(everybody)), 8, partial(_join, stage, member, left))
    for days in range((stage.today - stage.first).days):
        stage.at(stage.first + timedelta(days=days), 5, partial(_renew, stage))
    for days, act in (
        (210, partial(_more_shares, stage, SELLER, 4)),
        (205, partial(_more_shares, stage, RICH, 9)),
        (150, partial(_hand_on, stage, SELLER, BUYER, 2)),
        (120, partial(_pay_seats, stage)),
        (100, partial(_take_seat, stage)),
        (80, partial(_give, stage)),
        (62, partial(_redeem, stage)),
        (41, partial(_leave, stage, LEAVER)),
        (3, partial(_withdraw, stage)),
    ):
        stage.at(stage.days_ago(days), 10, act)
    stage.ago(70, partial(_astray, stage))


# Joining and paying


def _joins_on(stage: Stage, at: int, count: int) -> date:
    """The founders in the first weeks, then one after the other until a few days ago."""
    founders = script.script()["founders"]
    if at < founders:
        return stage.first + timedelta(days=1 + at * FOUNDING_DAYS // founders)
    days = (stage.today - stage.first).days - FOUNDING_DAYS - 8
    return stage.first + timedelta(days=FOUNDING_DAYS + 2 + (at - founders) * days // (count - founders))


def _join(stage: Stage, member: Member, left: int) -> None:
    """Account, membership and pledge, and a transfer some days later."""
    session = stage.session
    account = accounts.by_email(session, member.email)
    if account is None:
        account = accounts.create(session, email=member.email, name=member.name, password=None)
    party = parties.of(session, account)
    assert party.data is not None
    party.data.address, party.data.iban = member.address, member.iban
    members.apply(session, party, consent=script.script()["consent"], class_=member.class_)
    money = whole(member.pays)
    pledge = pledges.promise(session, party, Wish(money, member.rhythm, "bank", f"demo {member.email}"))
    charge = stage.ask(pledge)
    if left == IN_PART:
        stage.transfer(charge, days=2, money=whole(member.pays - 1))
    elif left != NOT_YET:
        stage.transfer(charge, days=1 + len(member.name) % 3)


def _renew(stage: Stage) -> None:
    """What is due today is asked for, and most pay within some days."""
    today = stage.day()
    due = select(Pledge).where(Pledge.state == "active", Pledge.next_on <= today)
    for pledge in stage.session.scalars(due).all():
        pledges.ask(stage.session, pledge, today)
        stage.transfer(stage.ask(pledge), days=1 + int(pledge.id) % 4)


def _astray(stage: Stage) -> None:
    """Somebody pays twice, and somebody without a reference: both wait for the treasurer."""
    party = members.numbered(stage.session, TWICE).party
    paid = next(each for each in charges.of_party(stage.session, party) if each.state == charges.PAID)
    stage.transfer(paid, days=0)
    name, _email = script.giver(90)
    stage.bank.transfer(
        Transfer(stage.day(), whole(25), name, script.iban(990), text="for the paper, keep it up")
    )


# Shares


def _more_shares(stage: Stage, number: int, count: int) -> None:
    """A member takes more shares; her next payments go to them first."""
    membership = members.numbered(stage.session, number)
    shares.subscribe_more(stage.session, membership, count)
    once = Wish(whole(10 * count), "once", "bank", f"demo shares {number}")
    stage.transfer(stage.ask(pledges.promise(stage.session, membership.party, once)), days=2)


def _hand_on(stage: Stage, giver: int, taker: int, count: int) -> None:
    session = stage.session
    seller, buyer = members.numbered(session, giver), members.numbered(session, taker)
    lot = next(each.lot for each in shares.holdings(session, seller) if each.free >= count)
    shares.transfer(session, seller, buyer, lot, count, by=stage.account("treasurer"))


def _leave(stage: Stage, number: int) -> None:
    membership = members.numbered(stage.session, number)
    by = accounts.by_email(stage.session, membership.party.data.email) if membership.party.data else None
    members.give_notice(stage.session, membership, by=by)
    for pledge in pledges.of_account(stage.session, by) if by else []:
        if pledge.rhythm == MONTHLY:
            pledges.stop(stage.session, pledge)


# Paying for others


def _give(stage: Stage) -> None:
    """A year as a present, bought by the reader."""
    year = prices.year(whole(1).currency)
    wish = Wish(year, "once", "bank", "demo gift", purpose=meaning.GIFT)
    stage.transfer(stage.ask(pledges.promise(stage.session, stage.party("reader"), wish)), days=2)


def _redeem(stage: Stage) -> None:
    gift = stage.session.scalars(select(Gift)).one()
    code = gifts.code(gift)
    assert code is not None
    gifts.redeem(stage.session, code, _newest(stage).party)


def _pay_seats(stage: Stage) -> None:
    """Three seats for whoever needs one."""
    wish = Wish(
        seats.money(3, whole(1).currency), "once", "bank", "demo seats", purpose=meaning.SEATS, quantity=3
    )
    stage.transfer(stage.ask(pledges.promise(stage.session, _giver(stage, 91), wish)), days=3)


def _take_seat(stage: Stage) -> None:
    seats.take(stage.session, _newest(stage).party, whole(1).currency)


def _newest(stage: Stage) -> Membership:
    newest = select(Membership).where(Membership.number.is_not(None)).order_by(Membership.number.desc())
    return stage.session.scalars(newest.limit(1)).one()


def _giver(stage: Stage, at: int) -> Party:
    return parties.create(stage.session, *script.giver(at))


def _withdraw(stage: Stage) -> None:
    """A declaration that names no pledge of ours: somebody must look at it."""
    name, email = script.giver(92)
    contract = script.script()["withdrawn_contract"]
    withdrawals.declare(stage.session, name=name, email=email, contract=contract, once="demo withdrawal")
