"""A year as a gift: paid by one, redeemed once by whoever holds the code.

The code is made from the gift's id and this installation's secret; the row keeps its hash only.
"""

import hashlib
import hmac
import uuid
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.config import settings
from commons.db import new_id, rows_changed
from commons.language import N_
from commons.refusal import Refused
from membership.money.models import Party
from membership.pledges import covers, pledges, prices
from membership.pledges.models import Cover, Gift, Pledge

CODE_CHARS = 16


def make(session: Session, pledge: Pledge) -> list[Gift]:
    """The gifts that ``pledge`` paid for, made at the first call. The caller holds the pledge's row."""
    found = of_pledge(session, pledge)
    if found:
        return found
    expires = db_now(session) + timedelta(days=limits.GIFT_DAYS)
    gifts = []
    for ordinal in range(1, pledge.quantity + 1):
        gift = Gift(id=new_id(), pledge_id=pledge.id, ordinal=ordinal, expires_at=expires)
        gift.code_hash = _hash(_made(gift.id))
        gifts.append(gift)
    session.add_all(gifts)
    session.flush()
    return gifts


def of_pledge(session: Session, pledge: Pledge) -> list[Gift]:
    return list(session.scalars(select(Gift).where(Gift.pledge_id == pledge.id).order_by(Gift.ordinal)))


def code(gift: Gift) -> str | None:
    """The code in groups of four, for who paid; None if the installation's secret has changed since."""
    made = _made(gift.id)
    return _spaced(made) if hmac.compare_digest(_hash(made), gift.code_hash) else None


def redeem(session: Session, text: str, party: Party) -> Cover:
    """Take the year that the code stands for: one statement claims it, and what fails after it undoes it.

    It pays her share first, as a payment of her own would.
    """
    typed = "".join(character for character in text.upper() if character in pledges.ALPHABET)
    moment = db_now(session)
    claimed = session.execute(
        update(Gift)
        .where(
            Gift.code_hash == _hash(typed),
            Gift.redeemed_at.is_(None),
            Gift.void_at.is_(None),
            Gift.expires_at > moment,
        )
        .values(redeemed_at=moment, redeemed_by=party.id)
        .execution_options(synchronize_session=False)
    )
    if rows_changed(claimed) != 1:
        raise Refused(N_("This code is not valid, or was redeemed already."), status=409)
    today = pledges.today_here(session)
    gift_id = session.scalar(select(Gift.id).where(Gift.code_hash == _hash(typed)))
    cover = covers.add(session, party, covers.GIFT, str(gift_id), today)
    covers.pay_shares(session, party, today, prices.year(settings().currency))
    return cover


def keep(session: Session, pledge: Pledge, count: int) -> None:
    """Keep as many gifts as are still paid for: ``count``, those first that were redeemed.

    Void the others that nobody has redeemed: their money went back. Where money came again (a dispute
    that we won), codes that were void are valid again, for as long as they had been void.
    """
    every = of_pledge(session, pledge)
    left = [gift for gift in every if gift.void_at is None]
    for gift in [gift for gift in every if gift.void_at is not None][: max(0, count - len(left))]:
        _revive(session, gift)
    redeemed_first = sorted(left, key=lambda gift: (gift.redeemed_at is None, gift.ordinal))
    for gift in redeemed_first[count:]:
        session.execute(
            update(Gift)
            .where(Gift.id == gift.id, Gift.redeemed_at.is_(None), Gift.void_at.is_(None))
            .values(void_at=db_now(session))
        )


def _revive(session: Session, gift: Gift) -> None:
    assert gift.void_at is not None
    gift.expires_at += db_now(session) - gift.void_at
    gift.void_at = None
    session.flush()


def _made(gift_id: uuid.UUID) -> str:
    digest = hmac.digest(settings().secret_key.encode(), f"gift:{gift_id}".encode(), "sha256")
    number = int.from_bytes(digest, "big")
    letters = []
    for _place in range(CODE_CHARS):
        number, place = divmod(number, len(pledges.ALPHABET))
        letters.append(pledges.ALPHABET[place])
    return "".join(letters)


def _spaced(text: str) -> str:
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
