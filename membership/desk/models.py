"""The tables of the desk."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from commons.clock import now
from commons.db import Base


class Erasure(Base):
    """A person's data was erased. The names on her receipts follow after ``receipts_until``."""

    __tablename__ = "erasure"

    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    receipts_until: Mapped[date | None]
