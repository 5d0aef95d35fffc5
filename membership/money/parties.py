"""Parties: whoever pays or is paid. The books know only an opaque key."""

import uuid

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from stdnum import iban as iban_numbers
from stdnum.exceptions import ValidationError

from commons.accounts import Account, fold_email
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
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


def refuse_to_close(session: Session, account_id: uuid.UUID) -> None:
    """Refuse (409) to close an account that stands in the books: erasing is more than closing."""
    if session.scalar(select(Party.id).where(Party.account_id == account_id)) is not None:
        raise Refused(
            N_("This account stands in the books. Its owner erases it herself, at %(address)s."),
            status=409,
            address=f"{settings().origin}/desk/data",
        )


def create(session: Session, name: str, email: str) -> Party:
    """A party without an account: a giver, a supplier. Several may share an e-mail address."""
    party = Party(data=PartyData(name=name.strip(), email=fold_email(email)))
    session.add(party)
    session.flush()
    return party


def meant(session: Session, text: str) -> Party:
    """Whom a treasurer means by a payer's number, or by her e-mail address if only one payer has it.

    Of several with one address the one with an account is meant. Refuses (404, 409).
    """
    try:
        wanted = select(Party).where(Party.id == uuid.UUID(text.strip()))
    except ValueError:
        wanted = select(Party).join(PartyData).where(PartyData.email == fold_email(text.strip()))
    found = list(session.scalars(wanted))
    found = [party for party in found if party.account_id is not None] or found
    if not found:
        raise Refused(N_("There is no such payer."), status=404)
    if len(found) > 1:
        raise Refused(N_("Several payers have this address. Take the number of one."), status=409)
    return found[0]


def name_of(party: Party) -> str:
    """Her name; empty once erased."""
    return party.data.name if party.data is not None else ""


def iban_of(text: str) -> str:
    """``text`` as an IBAN without spaces; refuses what is none."""
    try:
        return str(iban_numbers.validate(text))
    except ValidationError:
        raise Refused(N_("This is not a valid IBAN.")) from None


def erase(session: Session, party: Party) -> None:
    """Forget who ``party`` is: her data, and the words of postings on which she stands.

    The postings stay, under a key that names nobody; the hash chain stays valid.
    """
    hers = select(PostingLine.posting_id).where(PostingLine.party_id == party.id)
    session.execute(delete(PostingMemo).where(PostingMemo.posting_id.in_(hers)))
    party.data = None
    session.flush()
