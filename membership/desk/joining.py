"""Becoming a co-owner: account, membership and pledge are three things, made together here.

Whoever sends the form sees the same, whether or not the address has an account: what there is
to say about it is said in a letter to that address.
"""

from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from commons import accounts, mail, sanitize, sessions, sign_in_links
from commons import limits as caps
from commons.accounts import Account
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from membership.members import members
from membership.members.members import LIVING
from membership.money import parties
from membership.money.models import Party
from membership.payments import charges
from membership.pledges import covers, letters, pledges, prices, renewals
from membership.pledges.models import RUNNING, Pledge
from membership.pledges.pledges import Wish

# Where who does not pay herself goes on: to her code if she is signed in, else to her mailbox.
REDEEM, MAILBOX = "/pledges/gift/redeem", "/join/thanks?letter=1"


@dataclass(frozen=True)
class Application:
    """What the form says. ``consent`` is the sentence that was ticked; no ``wish``: somebody else pays."""

    name: str
    email: str
    consent: str
    wish: Wish | None


def join(session: Session, wanted: Application, *, by: Account | None, network: str) -> str:
    """Apply and pledge; returns the address at which the first payment is made, or a code redeemed.

    ``by`` is who is signed in, if anybody. A form sent twice is taken once. Refuses (429) who sends
    many, and somebody signed in who is a member already.
    """
    found = pledges.by_once(session, wanted.wish.once) if wanted.wish is not None else None
    if found is not None:
        return first_payment(session, found)
    if by is not None:
        return _join_as(session, by, wanted)
    keys = sessions.hash_of(f"join:{wanted.email.casefold()}"), sessions.hash_of(f"join-network:{network}")
    sessions.check_throttle(session, keys)
    sessions.count_try(session, keys)
    known = accounts.by_email(session, accounts.fold_email(wanted.email))
    if known is None:
        return _join_new(session, wanted)
    if _has_nothing(session, known):
        sign_in_links.send(session, known)
        address = _join_as(session, known, wanted)
        return address if wanted.wish is not None else MAILBOX
    return _pledge_apart(session, known, wanted)


def _join_new(session: Session, wanted: Application) -> str:
    """Somebody new: an account without a password, and a letter that opens it."""
    name = sanitize.plain(wanted.name, caps.NAME_CHARS)
    if not name:
        raise Refused(N_("Write your name."))
    account = accounts.create(session, email=wanted.email, name=name, password=None)
    address = _join_as(session, account, wanted)
    mail.send(
        session,
        to=wanted.email,
        letter="joined",
        name=name,
        pay=address if wanted.wish is not None else "",
        link=f"{settings().origin}/sign-in/link/{sign_in_links.make(session, account)}",
        minutes=caps.LINK_SECONDS // 60,
    )
    return address if wanted.wish is not None else MAILBOX


def _join_as(session: Session, account: Account, wanted: Application) -> str:
    """An account applies, and pledges unless a pledge of hers runs already."""
    party = parties.of(session, account)
    members.apply(session, party, consent=wanted.consent)
    year = prices.year(settings().currency)
    covers.pay_shares(session, party, pledges.today_here(session), year)
    if wanted.wish is None:
        return "/desk" if members.is_member(session, account) else REDEEM
    running = running_pledge(session, party)
    return first_payment(session, running) if running is not None else _promise(session, party, wanted.wish)


def _promise(session: Session, party: Party, wish: Wish) -> str:
    """A new pledge, with the letter about it."""
    pledge = pledges.promise(session, party, wish)
    address = first_payment(session, pledge)
    letters.confirm(session, pledge, address)
    return address


def _pledge_apart(session: Session, known: Account, wanted: Application) -> str:
    """The address is a member's. Nobody is told, but what she wrote may still be paid, as a pledge."""
    address = MAILBOX
    if wanted.wish is not None:
        address = _promise(session, parties.create(session, wanted.name, wanted.email), wanted.wish)
    personal = known.personal
    assert personal is not None
    mail.send(session, to=personal.email, letter="joined_before", name=personal.name)
    return address


def _has_nothing(session: Session, account: Account) -> bool:
    membership = members.of(session, account)
    living = membership is not None and membership.state in LIVING
    return not living and running_pledge(session, parties.of(session, account)) is None


def running_pledge(session: Session, party: Party) -> Pledge | None:
    """The party's running pledge of support: there is at most one."""
    hers = select(Pledge).where(Pledge.party_id == party.id, text(RUNNING))
    return session.scalar(hers)


def first_payment(session: Session, pledge: Pledge) -> str:
    """Where the newest payment of the pledge is made: its charge, begun if it was not."""
    instalment = pledges.instalments(session, pledge)[0]
    charge = renewals.start(session, instalment, write=False) if instalment.state == "due" else None
    if charge is None:
        charge = charges.live(session, (renewals.PURPOSE, pledge.id), instalment.period)
    if charge is None:
        raise Refused(N_("This payment is not asked for any more."), status=410)
    return charges.page(charge)
