"""The link by which a giver without an account proves that an e-mail address is hers.

Who asks learns nothing: the page says the same whatever the address, and only the letter knows more.
The link is signed with this installation's secret and runs out by itself, so nothing is stored.
"""

import hmac
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import accounts, limits, mail, sessions
from commons.accounts import fold_email
from commons.clock import db_now
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from membership.money.models import Party, PartyData
from membership.pledges.models import Cancellation, Withdrawal

KEY_CHARS = 32
GONE = N_("This link has run out, or there is nothing left to forget.")


def ask(session: Session, email: str, network: str) -> None:
    """Write to ``email`` how to be forgotten, if somebody gave with it. Refuses (429) who asks often."""
    address = fold_email(email)
    keys = sessions.hash_of(f"forget:{address}"), sessions.hash_of(f"forget-network:{network}")
    sessions.check_throttle(session, keys)
    sessions.count_try(session, keys)
    found = givers(session, address)
    if not found:
        return
    until = db_now(session) + timedelta(seconds=limits.FORGET_LINK_SECONDS)
    mail.send(
        session,
        to=address,
        letter="forget_link",
        link=f"{settings().origin}/pledges/forget/{token(found[0].id, until)}",
        hours=limits.FORGET_LINK_SECONDS // 3600,
        account=accounts.by_email(session, address) is not None,
        desk=f"{settings().origin}/desk/data",
    )


def givers(session: Session, address: str) -> list[Party]:
    """The parties without an account that have this address, oldest first: each gift may have its own."""
    hers = select(Party).join(PartyData).where(PartyData.email == address, Party.account_id.is_(None))
    return list(session.scalars(hers.order_by(Party.id)))


def waits(session: Session, party: Party) -> bool:
    """Whether a treasurer still has to answer what the party withdrew or cancelled: that needs the name."""
    open_ = [
        select(table.id).where(table.party_id == party.id, table.state == "open").limit(1)
        for table in (Withdrawal, Cancellation)
    ]
    return any(session.scalar(wanted) is not None for wanted in open_)


def token(party_id: uuid.UUID, until: datetime) -> str:
    """The secret of a link for the address of this party, good until then."""
    said = f"{party_id.hex}-{int(until.timestamp())}"
    return f"{said}-{_key(said)}"


def address_of(session: Session, given: str) -> str:
    """The address that the link proves. Refuses (404) one that is none, or ran out, or is done with."""
    said, _dash, key = given.rpartition("-")
    if not hmac.compare_digest(_key(said).encode(), key.encode()):
        raise Refused(GONE, status=404)
    party_id, _dash, seconds = said.partition("-")
    if datetime.fromtimestamp(int(seconds), UTC) < db_now(session):
        raise Refused(GONE, status=404)
    party = session.get(Party, uuid.UUID(party_id))
    if party is None or party.data is None:
        raise Refused(GONE, status=404)
    return party.data.email


def _key(said: str) -> str:
    made = hmac.digest(settings().secret_key.encode(), f"forget:{said}".encode(), "sha256")
    return made.hex()[:KEY_CHARS]
