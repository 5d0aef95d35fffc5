"""Parties: whoever pays or is paid. The books know only an opaque key."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from commons.accounts import Account, fold_email
from membership.money.models import Party, PartyData, PostingLine, PostingMemo


def of(session: Session, account: Account) -> Party:
    """The party that ``account`` is, made at the first call.

    Two requests at once may both try: the unique account lets one through, the other fails whole.
    """
    found = session.scalar(select(Party).where(Party.account_id == account.id))
    if found is not None:
        return found
    personal = account.personal
    party = Party(account_id=account.id)
    if personal is not None:
        party.data = PartyData(name=personal.name, email=personal.email)
    session.add(party)
    session.flush()
    return party


def find(session: Session, account: Account) -> Party | None:
    """The party that ``account`` is, if money ever had to do with it."""
    return session.scalar(select(Party).where(Party.account_id == account.id))


def create(session: Session, name: str, email: str) -> Party:
    """A party without an account: a giver, a supplier. Several may share an e-mail address."""
    party = Party(data=PartyData(name=name.strip(), email=fold_email(email)))
    session.add(party)
    session.flush()
    return party


def name_of(party: Party) -> str:
    """Her name; empty once erased."""
    return party.data.name if party.data is not None else ""


def erase(session: Session, party: Party) -> None:
    """Forget who ``party`` is: her data, and the words of postings on which she stands.

    The postings stay, under a key that names nobody; the hash chain stays valid.
    """
    hers = select(PostingLine.posting_id).where(PostingLine.party_id == party.id)
    session.execute(delete(PostingMemo).where(PostingMemo.posting_id.in_(hers)))
    party.data = None
    session.flush()
