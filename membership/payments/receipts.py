"""Receipts: one for each payment and each refund, numbered without a gap, never changed.

Numbers are given under a lock, in the transaction of the payment; one that fails gives its
number back. What a receipt says is frozen in ``body``; whom it names stands beside it and is
in it only as a salted hash, so that an erasure leaves the chain whole.
"""

import hashlib
import secrets
import uuid
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from commons import mail
from commons.clock import iso, now
from commons.config import settings
from commons.db import new_id
from commons.language import N_, language
from commons.refusal import Refused
from membership.money import chain, evidence, ledger
from membership.money.currencies import Money, show
from membership.money.models import Party
from membership.money.periods import local_day
from membership.payments.models import Charge, Receipt, ReceiptPerson, Refund

GENESIS = chain.GENESIS
PAYMENT, REFUND, EVIDENCE = "charge", "refund", "receipt"


def issue(session: Session, charge: Charge) -> Receipt:
    """The receipt for what was paid, sent to the payer. One charge has one."""
    return _issue(session, PAYMENT, charge.id, charge, Money(charge.amount, charge.currency), charge.words)


def issue_refund(session: Session, refund: Refund) -> Receipt | None:
    """The receipt for what was sent back. Credit that goes back has none: it was never for anything."""
    if refund.charge is None:
        return None
    money = Money(-refund.amount, refund.currency)
    return _issue(session, REFUND, refund.id, refund.charge, money, refund.charge.words)


def _issue(
    session: Session, cause: str, cause_id: uuid.UUID, charge: Charge, money: Money, words: str
) -> Receipt:
    ledger.hold_pen(session)
    last = session.scalars(select(Receipt).order_by(Receipt.serial.desc()).limit(1)).first()
    serial = last.serial + 1 if last else 1
    moment = now()
    person = ReceiptPerson(serial=serial, salt=chain.new_salt(), **_person(charge.party))
    receipt = Receipt(
        id=new_id(),
        serial=serial,
        number=_number(session, local_day(moment, settings().timezone).year),
        token=secrets.token_urlsafe(16),
        party_id=charge.party_id,
        cause=cause,
        cause_id=cause_id,
        issued_at=moment,
        body={
            "amount": str(money.amount),
            "currency": money.currency,
            "words": words,
            "method": charge.method,
            "payment": charge.reference or "",
            "issuer": settings().account_holder or settings().name,
            "language": language(),
            "person": commitment(person),
        },
        previous=last.hash if last else GENESIS,
        hash="",
    )
    receipt.hash = hash_of(receipt)
    session.add(receipt)
    session.flush()
    session.add(person)
    evidence.keep(session, EVIDENCE, receipt.id, facts(receipt))
    _send(session, receipt, charge.party, money)
    return receipt


def _number(session: Session, year: int) -> str:
    """``2026-000042``: counted from 1 each year."""
    of_year = select(Receipt.number).where(Receipt.number.like(f"{year}-%"))
    last = session.scalars(of_year.order_by(Receipt.serial.desc()).limit(1)).first()
    return f"{year}-{int(last.partition('-')[2]) + 1 if last else 1:06}"


def _person(party: Party) -> dict[str, str]:
    return (
        {"name": party.data.name, "address": party.data.address}
        if party.data
        else {"name": "", "address": ""}
    )


def _send(session: Session, receipt: Receipt, party: Party, money: Money) -> None:
    if party.data is not None:
        mail.send(
            session,
            to=party.data.email,
            letter="receipt",
            name=party.data.name,
            number=receipt.number,
            amount=show(money),
            words=receipt.body["words"],
            refund=receipt.cause == REFUND,
            url=page(receipt),
        )


def page(receipt: Receipt) -> str:
    return f"{settings().origin}/receipts/{receipt.token}"


def money(receipt: Receipt) -> Money:
    """The amount; negative for a refund."""
    return Money(int(receipt.body["amount"]), receipt.body["currency"])


def by_token(session: Session, token: str) -> Receipt:
    """The receipt whose page this is; 404."""
    found = session.scalar(select(Receipt).where(Receipt.token == token))
    if found is None:
        raise Refused(N_("There is no such receipt."), status=404)
    return found


def of_party(session: Session, party: Party, year: int | None = None) -> list[Receipt]:
    """The receipts of ``party``, newest first; of one year for a yearly statement."""
    wanted = select(Receipt).where(Receipt.party_id == party.id).order_by(Receipt.serial.desc())
    if year is not None:
        wanted = wanted.where(Receipt.number.like(f"{year}-%"))
    return list(session.scalars(wanted))


def erase(session: Session, party: Party) -> None:
    """Forget for whom receipts were made out. Only when the law does not ask to keep them any more."""
    hers = select(Receipt.serial).where(Receipt.party_id == party.id)
    session.execute(delete(ReceiptPerson).where(ReceiptPerson.serial.in_(hers)))


# The chain


def hash_of(receipt: Receipt) -> str:
    """SHA-256 over the canonical JSON of everything but its hash and the token of its page."""
    line: list[Any] = [
        receipt.previous,
        str(receipt.serial),
        receipt.number,
        receipt.party_id.hex,
        receipt.cause,
        receipt.cause_id.hex,
        iso(receipt.issued_at),
        receipt.body,
    ]
    return hashlib.sha256(chain.canonical(line)).hexdigest()


def commitment(person: ReceiptPerson) -> str:
    return chain.commitment(person.salt, f"{person.name}\n{person.address}")


def facts(receipt: Receipt) -> dict[str, str]:
    """What the chain of evidence knows of a receipt."""
    return {"hash": receipt.hash}
