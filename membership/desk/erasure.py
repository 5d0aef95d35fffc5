"""Forgetting a person. What the law keeps stays under a pseudonym: the party's opaque key.

At once: pledges stop, mandates end, notice is given, her account closes and everything that tells who
she is goes; her public face is deleted, and other servers are told. Kept: postings (they name only
the key), receipts with their names until ``voucher_years`` are over, and the register's entry
until ``keep_years`` after the year of leaving.
"""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import mail, powers, ways_in
from commons.accounts import Account, PersonalData
from commons.clock import now
from commons.db import database
from commons.language import N_
from commons.recovery import recoveries
from commons.refusal import Refused
from federation import people
from membership.books import forgetting
from membership.desk.givers import asking
from membership.desk.models import Erasure
from membership.members import members, register, statutes
from membership.members.models import ACTIVE, APPLIED, Membership, MembershipEvent
from membership.money import parties
from membership.money.models import Party
from membership.payments import charges, mandates, receipts
from membership.payments.models import Mandate
from membership.pledges import periods, pledges


def erase(session: Session, account: Account) -> Erasure:
    """Forget who ``account`` is. Refuses whoever holds a power: offices are laid down first."""
    if powers.held(session, account):
        raise Refused(N_("You hold an office. Lay it down first."), status=409)
    personal = account.personal
    if personal is None:
        raise Refused(N_("This account is closed."), status=409)
    erasure = forget_money(session, account)
    for giver in asking.givers(session, personal.email):
        if not asking.waits(session, giver):
            forget_giver(session, giver)
    people.erase(session, account)
    mail.forget(session, personal.email)
    ways_in.end_all(session, account)
    recoveries.erase(session, account)
    session.delete(session.get_one(PersonalData, account.id))
    account.closed_at = now()
    session.flush()
    session.expire(account, ["personal"])
    return erasure


def forget_money(session: Session, account: Account) -> Erasure:
    """Of the party that ``account`` is, only what the law keeps stays. Its account closes elsewhere."""
    party = parties.of(session, account)
    _end_money(session, party)
    _leave(session, party, account)
    forgetting.of_person(session, account)
    return _forget_party(session, party)


def forget_giver(session: Session, party: Party) -> Erasure:
    """Of a party without an account, only what the law keeps stays."""
    _end_money(session, party)
    return _forget_party(session, party)


def _end_money(session: Session, party: Party) -> None:
    """Nothing is asked for any more."""
    for pledge in pledges.of_party(session, party):
        if pledge.rhythm != periods.ONCE and pledge.state in pledges.CHANGES["stop"]:
            pledges.stop(session, pledge)
    for charge in charges.of_party(session, party):
        if charge.state in (charges.OPEN, charges.PENDING):
            charges.cancel(session, charge)
    for mandate in session.scalars(select(Mandate).where(Mandate.party_id == party.id)):
        if mandate.state != mandates.ENDED:
            mandates.end(session, mandate, "erased")


def _leave(session: Session, party: Party, account: Account) -> None:
    """Notice is given, and what the register must keep is put aside."""
    living = members.of_party(session, party)
    if living is not None and living.state in (APPLIED, ACTIVE):
        members.give_notice(session, living, by=account)
    for membership in session.scalars(select(Membership).where(Membership.party_id == party.id)):
        register.keep(session, membership)
        for event in members.history(session, membership):
            forget_words(event)


def forget_words(event: MembershipEvent) -> None:
    """The consent given when applying is evidence that the law lets us keep; other words may name her."""
    if event.kind != "apply":
        event.note = ""


def _forget_party(session: Session, party: Party) -> Erasure:
    """Her data goes; the names on receipts stay as long as vouchers must be kept."""
    issued = receipts.of_party(session, party)
    until = None
    if issued:
        fixed = statutes.at(session, statutes.today(now()))
        last = statutes.today(issued[0].issued_at).year
        until = date(last + fixed.voucher_years, 12, 31)
    parties.erase(session, party)
    made = Erasure(party_id=party.id, receipts_until=until)
    session.add(made)
    session.flush()
    return made


def forget_receipts_due() -> int:
    """Timer job: forget the names on receipts that need not be kept. Returns of how many people."""
    with database().transaction() as session:
        today = statutes.today(now())
        due = session.scalars(select(Erasure).where(Erasure.receipts_until < today)).all()
        for erasure in due:
            receipts.erase(session, session.get_one(Party, erasure.party_id))
            erasure.receipts_until = None
        return len(due)
