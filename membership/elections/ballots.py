"""What happens at the ballot box. It knows no members: whoever holds a valid envelope may cast it.

An election is open by the box's clock, which is that of its database, as SQLite has none of its own.
Once it was seen closed it stays closed, whatever the clock says later.
"""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from commons.clock import now
from commons.language import N_
from commons.refusal import Refused
from membership.elections.ballot_box import BallotBox, add_entry, entries
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.board import Entry, Kind, leaf, next_entry


class AlreadyCast(Refused):
    """This key has voted, with another envelope. ``receipt`` and ``code`` are those of the first."""

    def __init__(self, first_receipt: bytes, first_code: str) -> None:
        super().__init__(N_("With this credential another ballot was cast already."), status=409)
        self.receipt = first_receipt
        self.code = first_code


def cast(box: BallotBox, data: bytes, *, assisted: bool = False) -> bytes:
    """Keeps an envelope for good and returns its receipt; the same envelope gets the same receipt again.

    ``assisted``: the server made it, which counts in the number that is published. Refused when voting is
    not open or that number has reached the manifest's cap (403), or anything about the envelope is
    wrong (400); `AlreadyCast` (409) for a second ballot of one key.
    """
    found = envelope.read(data, box.manifest)
    if not _still_open(box):
        raise Refused(N_("Voting is closed."), status=403)
    with box.transaction() as store:
        # Asked again under the lock: a ballot that waited for it past the close came too late.
        moment = now()
        if moment < box.manifest.times.vote_opens:
            raise Refused(N_("Voting is not open yet."), status=403)
        if moment >= box.manifest.times.vote_ends or _closed(store):
            raise Refused(N_("Voting is closed."), status=403)
        slip, new = _keep(store, box, found.key, data)
        if assisted and new:
            _count_assisted(store, box)
        return slip


def _keep(store: sqlite3.Connection, box: BallotBox, key: bytes, data: bytes) -> tuple[bytes, bool]:
    """The receipt, and whether the ballot was not there before."""
    first = store.execute("SELECT envelope, receipt FROM ballot WHERE key = ?", (key,)).fetchone()
    if first is None:
        slip = receipt.sign(box.key, box.manifest, data)
        store.execute("INSERT INTO ballot VALUES (?, ?, ?, ?)", (leaf(data), key, data, slip))
        return slip, True
    kept, slip = first
    if kept != data:
        raise AlreadyCast(slip, receipt.code(kept))
    return bytes(slip), False


def _count_assisted(store: sqlite3.Connection, box: BallotBox) -> None:
    if _assisted(store) >= box.manifest.assisted_cap:
        raise Refused(N_("The server may help with no more ballots in this election."), status=403)
    store.execute("UPDATE election SET assisted = assisted + 1")


def assisted(box: BallotBox) -> int:
    """How many ballots the server made so far."""
    with box.transaction() as store:
        return _assisted(store)


def publish(box: BallotBox, withdrawn: Sequence[int] = ()) -> Entry:
    """The board's next entry while voting is open: all leaves there are. For a timer, at fixed hours."""
    box.rewrite()
    with box.transaction() as store:
        if _closed(store):
            raise Refused(N_("Voting is closed."), status=403)
        return _publish(store, box, "epoch", withdrawn, None)


def close(box: BallotBox, issued: Sequence[bytes], withdrawn: Sequence[int] = ()) -> Entry:
    """The provisional list, once voting has ended; ``issued`` as in ``issued.txt``. Again: the same.

    From this moment on complaints are taken for as long as the manifest says: a list that comes late
    shortens nobody's time. Refused (403) before the end of voting.
    """
    if _still_open(box):
        raise Refused(N_("Voting is still open."), status=403)
    box.rewrite()
    with box.transaction() as store:
        shown = [each for each in entries(store, box.manifest) if each.kind == "closed"]
        if shown:
            return shown[0]
        ends = max(now(), box.manifest.times.vote_ends) + timedelta(hours=box.manifest.complaint_hours)
        # A started second counts as a whole one.
        store.execute("UPDATE election SET complaints_end = ?", (-(-ends.timestamp() // 1),))
        return _publish(store, box, "closed", withdrawn, issued)


def complaints_end(box: BallotBox) -> datetime | None:
    """Until when complaints are taken; None before the provisional list is there."""
    with box.transaction() as store:
        return _complaints_end(store)


def complain(box: BallotBox, data: bytes, slip: bytes) -> str:
    """Adds a ballot that has a receipt and is missing from the provisional list; returns its code.

    It asks for no name: who complains by name reveals a vote. Refused outside the time for complaints
    (403), without a valid receipt (400), and for a key that has another ballot on the list (409).
    """
    found = envelope.read(data, box.manifest)
    if not receipt.holds(box.manifest, data, slip):
        raise Refused(N_("This receipt is not the ballot box's for this ballot."), status=400)
    with box.transaction() as store:
        ends = _complaints_end(store)
        final = any(each.kind == "final" for each in entries(store, box.manifest))
        if ends is None or final or now() >= ends:
            raise Refused(N_("Complaints are not taken at this time."), status=403)
        _keep(store, box, found.key, data)
    return receipt.code(data)


def finish(box: BallotBox, issued: Sequence[bytes], withdrawn: Sequence[int] = ()) -> Entry:
    """The final list, when the time for complaints is over. Again: the same. Refused (403) before."""
    box.rewrite()
    with box.transaction() as store:
        shown, ends = entries(store, box.manifest), _complaints_end(store)
        if ends is None:
            raise Refused(N_("The provisional list was not published."), status=403)
        if shown[-1].kind == "final":
            return shown[-1]
        if now() < ends:
            raise Refused(N_("The time for complaints is not over."), status=403)
        return _publish(store, box, "final", withdrawn, issued)


def board(box: BallotBox) -> tuple[Entry, ...]:
    """All that was published so far."""
    with box.transaction() as store:
        return entries(store, box.manifest)


def opened_list(box: BallotBox) -> tuple[bytes, ...]:
    """The envelopes that are to be opened and counted, in the order of their leaves.

    Refused (403) until the list is final: the tally key may not come near the server before.
    """
    shown = board(box)
    if not shown or shown[-1].kind != "final":
        raise Refused(N_("Ballots are not opened before the list is final."), status=403)
    return box.envelopes()


def _publish(
    store: sqlite3.Connection,
    box: BallotBox,
    kind: Kind,
    withdrawn: Sequence[int],
    issued: Sequence[bytes] | None,
) -> Entry:
    leaves = [each for (each,) in store.execute("SELECT leaf FROM ballot").fetchall()]
    new = next_entry(
        box.manifest.hash,
        entries(store, box.manifest),
        leaves,
        kind=kind,
        withdrawn=tuple(withdrawn),
        assisted=_assisted(store),
        issued=issued,
    )
    add_entry(store, new)
    return new


def _still_open(box: BallotBox) -> bool:
    """False once the end was reached; that is then written down."""
    with box.transaction() as store:
        if now() >= box.manifest.times.vote_ends:
            store.execute("UPDATE election SET closed = 1")
        return not _closed(store)


def _closed(store: sqlite3.Connection) -> bool:
    return bool(store.execute("SELECT closed FROM election").fetchone()[0])


def _assisted(store: sqlite3.Connection) -> int:
    return int(store.execute("SELECT assisted FROM election").fetchone()[0])


def _complaints_end(store: sqlite3.Connection) -> datetime | None:
    (seconds,) = store.execute("SELECT complaints_end FROM election").fetchone()
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
