"""The tables of the desk."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from commons.clock import now
from commons.db import Base


class ErasureWish(Base):
    """Somebody asked to be forgotten. Until ``due_at`` she can stop it, also by the link she was mailed.

    ``stop_hash`` is the SHA-256 of the secret in that link.
    """

    __tablename__ = "erasure_wish"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(index=True)
    stop_hash: Mapped[str] = mapped_column(unique=True)


class Erasure(Base):
    """A person's data was erased. The names on her receipts follow after ``receipts_until``."""

    __tablename__ = "erasure"

    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    receipts_until: Mapped[date | None]
