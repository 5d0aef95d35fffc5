"""That a database holds a demo, and nothing else."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from commons.clock import now
from commons.db import Base


class Demo(Base):
    """The one row of a demo newsroom: where its neighbour is, and its part in the play."""

    __tablename__ = "demo"
    __table_args__ = (CheckConstraint("number = 1", name="one"),)

    number: Mapped[int] = mapped_column(primary_key=True, default=1)
    part: Mapped[str]
    other: Mapped[str | None]
    loaded_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
