"""What was taken back stays taken back, also when it comes only afterwards.

The grave is the row in which the activity itself is kept, or would be: there is one for each
actor and id, so whatever comes later under that id changes nothing.
"""

from sqlalchemy.orm import Session

from commons.clock import now
from commons.db import dialect_of, insert, new_id
from federation.models import Received

UNDONE = "undone"


def bury(session: Session, actor_uri: str, uri: str) -> None:
    """``actor_uri`` took back her activity ``uri``, which may or may not have come."""
    moment = now()
    row = {
        "id": new_id(),
        "actor_uri": actor_uri,
        "uri": uri,
        "kind": "Undone",
        "body": b"",
        "received_at": moment,
        "state": "ignored",
        "outcome": UNDONE,
        "tries": 0,
        "next_try": moment,
    }
    session.execute(
        insert(dialect_of(session), Received)
        .values(row)
        .on_conflict_do_update(
            index_elements=["actor_uri", "uri"], set_={"state": "ignored", "outcome": UNDONE}
        )
    )
