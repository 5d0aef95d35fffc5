"""A fresh proof of who one is: a password or a passkey, shown at most five minutes ago.

Being signed in is not enough where much is at stake: a browser may have been left open, and a link
in a letter proves a mailbox, not a person. Views ask by ``web.freshly_proved``.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.language import N_
from commons.refusal import Refused
from commons.sessions import SignIn


def fresh(session: Session, sign_in: SignIn | None) -> bool:
    """Whether a password or passkey was shown in this browser at most ``limits.FRESH_SECONDS`` ago.

    By the clock of the database, on which all our machines agree.
    """
    if sign_in is None or sign_in.proved_at is None:
        return False
    return db_now(session) - sign_in.proved_at <= timedelta(seconds=limits.FRESH_SECONDS)


def require(session: Session, sign_in: SignIn | None) -> None:
    """Refuse (403) without a fresh proof."""
    if not fresh(session, sign_in):
        raise Refused(N_("Show once more that it is you: the last time is too long ago."), status=403)


def note(session: Session, sign_in: SignIn, *, with_passkey: bool) -> None:
    """A password or passkey has just been shown in this browser."""
    sign_in.proved_at = db_now(session)
    sign_in.with_passkey = sign_in.with_passkey or with_passkey
