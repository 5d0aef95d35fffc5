"""One newsroom has one media folder: a machine that has another one must not start.

Pictures that one machine keeps would be missing on the others, and nobody would notice before a reader
does. So the folder carries a name by chance, and the database knows it.
"""

import secrets

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from commons import storage
from commons.config import settings
from commons.db import Base
from commons.language import N_
from commons.refusal import Refused

MARK = ".folder"


class MediaFolder(Base):
    """The one row that says which folder is this newsroom's."""

    __tablename__ = "media_folder"
    __table_args__ = (CheckConstraint("number = 1", name="one"),)

    number: Mapped[int] = mapped_column(primary_key=True, default=1)
    mark: Mapped[str]


def check(session: Session) -> None:
    """Refuse to go on in another media folder than the first; at the first start, mark it.

    To be called by one process at a time.
    """
    mark = settings().data / storage.MEDIA / MARK
    known = session.get(MediaFolder, 1)
    if known is None:
        if not mark.exists():
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(secrets.token_hex(16))
        session.add(MediaFolder(mark=mark.read_text()))
        session.flush()
    elif not mark.exists() or mark.read_text() != known.mark:
        raise Refused(
            N_(
                "The folder %(folder)s is not this newsroom's: all machines share one. After a restore, copy "
                "the whole folder with its file %(mark)s."
            ),
            folder=mark.parent,
            mark=MARK,
        )
