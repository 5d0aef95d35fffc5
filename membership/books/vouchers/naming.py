"""Whether words that everybody will read name a person whom the books know."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum import iban as iban_numbers

from membership.money.models import PartyData

ADDRESS = re.compile(r"\S@\S")
ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b", re.IGNORECASE)
WORD = re.compile(r"[\w'’-]+")


def names_somebody(session: Session, text: str) -> bool:
    """An e-mail address, a bank account, or the full name of somebody who pays us or is a member.

    A name of one word is no full name: it may be any word. Suppliers, who have no e-mail address in our
    books, may be named.
    """
    if ADDRESS.search(text) or any(iban_numbers.is_valid(each) for each in ACCOUNT.findall(text)):
        return True
    said = _words(text)
    people = select(PartyData.name).where(PartyData.email != "")
    with session.execute(people, execution_options={"yield_per": 1000}) as found:
        return any(_within(_words(name), said) for name in found.scalars())


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _within(name: list[str], said: list[str]) -> bool:
    most = len(said) - len(name)
    return len(name) > 1 and any(said[at : at + len(name)] == name for at in range(most + 1))
