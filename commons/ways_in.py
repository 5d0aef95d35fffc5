"""All by which an account can be entered, ended together: at an erasure, and when its owner lost the keys."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from commons import ceremonies, passkeys, sessions
from commons.accounts import Account
from commons.sign_in_links import SignInLink


def end_all(session: Session, account: Account) -> None:
    """Forget password, passkeys, links and sign-ins of ``account``."""
    if account.personal is not None:
        account.personal.password_hash = None
    passkeys.erase(session, account)
    ceremonies.erase(session, account)
    session.execute(delete(SignInLink).where(SignInLink.account_id == account.id))
    sessions.end_all(session, account)
