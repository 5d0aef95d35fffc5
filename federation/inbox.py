"""What comes in. ``accept`` is the fast half: check, verify, keep, 202. ``process`` is the
slow half, in a worker: what it means, with one effect however often it comes.
"""

import logging
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy import Executable, bindparam, func, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import jobs, limits, outbound, strict_json
from commons.clock import db_now, now
from commons.config import host_of, settings
from commons.db import UtcDateTime, database, dialect_of, insert, new_id
from commons.language import N_
from commons.refusal import Refused
from commons.together import Together
from federation import actors, blocks, keys, peers, rates, signatures, vocabulary
from federation.activities import accept as accept_
from federation.activities import announce, create, delete, follow, like, reject, undo
from federation.activities import update as update_
from federation.activities.incoming import Ignored, Incoming, Wanted
from federation.models import Received
from federation.signatures import BadSignature, Message

log = logging.getLogger(__name__)

RECEIVERS: dict[str, Callable[[Session, Incoming], None]] = {
    "Accept": accept_.apply,
    "Announce": announce.apply,
    "Create": create.apply,
    "Delete": delete.apply,
    "Follow": follow.apply,
    "Like": like.apply,
    "Reject": reject.apply,
    "Undo": undo.apply,
    "Update": update_.apply,
}
MEDIA_TYPES = {"application/activity+json", "application/ld+json", "application/json"}
# Keywords of JSON-LD by which a document can say something else than it seems to.
SMUGGLING = {"@graph", "@included", "@reverse"}
CLAIM = 50
ROUND_SECONDS = 30
LEASE_SECONDS = 60
RETRY_SECONDS = (30, 300, 1800, 7200)


# The fast half


@dataclass(frozen=True)
class Envelope:
    """The outside of an activity, read before anything is believed."""

    uri: str
    actor: str
    kind: str
    value: vocabulary.Object


def accept(message: Message) -> None:
    """Keep a verified activity. ``Refused`` with 400, 401, 403, 413 or 429; a known one changes nothing.

    The network is asked at most once, for a key that we do not have, and never within a transaction.
    """
    envelope = read(message.body)
    if blocks.is_blocked(envelope.actor):
        raise Refused(N_("This server is blocked here."), status=403)
    if envelope.kind == "Delete" and _deletes_stranger(envelope):
        return
    fetched = verify(message, envelope.actor)
    host = host_of(envelope.actor)
    rates.taken.require(host)
    rates.taken.count(host)
    _keeper.add(Kept(envelope, message.body, fetched))


def read(body: bytes) -> Envelope:
    """The cheap checks: strict JSON, the names in place, all addresses of one origin and not ours."""
    if len(body) > limits.INBOX_BODY:
        raise Refused(N_("This is too large."), status=413)
    value = strict_json.loads_object(body)
    if SMUGGLING & value.keys():
        raise Refused(N_("JSON-LD that has to be expanded is not read here."), status=400)
    uri, actor = vocabulary.text_of(value.get("id")), vocabulary.id_of(value.get("actor")) or ""
    kind = value.get("type")
    if not isinstance(kind, str) or not kind or len(kind) > 100:
        raise Refused(N_("The activity has no type."), status=400)
    for address in (uri, actor):
        _check_address(address)
    if not vocabulary.same_origin(uri, actor):
        raise Refused(N_("The activity and its actor are of two servers."), status=400)
    return Envelope(uri, actor, kind, value)


def _check_address(address: str) -> None:
    if not address or not vocabulary.is_short(address):
        raise Refused(N_("The activity needs an id and an actor."), status=400)
    if vocabulary.origin_of(address) == settings().origin:
        raise Refused(N_("Nobody else speaks for an actor of ours."), status=403)
    try:
        outbound.check_url(address)
    except outbound.Unreachable as error:
        raise Refused(N_("The activity has an address that is not public."), status=400) from error


def _deletes_stranger(envelope: Envelope) -> bool:
    """A whole account is deleted that we never met: there is nothing to do, and no key to ask for."""
    if vocabulary.id_of(envelope.value.get("object")) != envelope.actor:
        return False
    with database().reading() as session:
        return actors.known(session, envelope.actor) is None


def verify(message: Message, actor_uri: str) -> actors.RemoteActor | None:
    """Prove that ``actor_uri`` signed; the actor just fetched, where we had to ask for the key."""
    key_id = signatures.key_id_of(message)
    if not vocabulary.same_origin(key_id, actor_uri):
        raise BadSignature("The key is of another server than the actor.")
    known = _known_key(key_id)
    if known is not None:
        owner, pem = known
        if owner != actor_uri:
            raise BadSignature("The key is not the actor's.")
        try:
            signatures.verify(message, keys.load_public(pem))
            return None
        except BadSignature:
            # The key may have changed; a peer that sends rubbish does not make us ask again and again.
            if not _may_ask(key_id, limits.KEY_REFRESH_SECONDS):
                raise
    elif not _may_ask(key_id, limits.KEY_NEGATIVE_SECONDS):
        raise BadSignature("The key could not be had a short while ago.")
    fetched = _fetch_owner(actor_uri)
    _verify_with(message, fetched, key_id)
    _asked.pop(key_id, None)
    return fetched


_KEY = text(
    "SELECT actor.uri, key.public FROM key JOIN actor ON actor.id = key.actor_id "
    "WHERE key.uri = :uri AND NOT actor.local"
)


def _known_key(key_id: str) -> tuple[str, str] | None:
    """Owner and PEM of a key that we have: the one look-up of every request, so in plain SQL."""
    with database().looking() as connection:
        row = connection.execute(_KEY, {"uri": key_id}).first()
        return (row[0], row[1]) if row else None


def _fetch_owner(actor_uri: str) -> actors.RemoteActor:
    if not _asking.acquire(blocking=False):
        raise Refused(N_("Too many keys are being asked for. Try again soon."), status=503)
    try:
        return actors.fetch(actor_uri)
    except outbound.Unreachable as error:
        raise BadSignature("The actor could not be fetched: %(why)s.", why=error.kind) from error
    finally:
        _asking.release()


def _verify_with(message: Message, fetched: actors.RemoteActor, key_id: str) -> None:
    for uri, _kind, pem in fetched.keys:
        if uri == key_id:
            signatures.verify(message, keys.load_public(pem))
            return
    raise BadSignature("The actor has no such key.")


_asking = threading.BoundedSemaphore(limits.KEY_FETCHES_AT_ONCE)
_asked: dict[str, float] = {}


def _may_ask(key_id: str, seconds: float) -> bool:
    """Whether a key may be asked for: not again within ``seconds``. Remembers that it was."""
    moment = now().timestamp()
    if len(_asked) >= limits.KEYS_REMEMBERED:
        for old in [key for key, at in list(_asked.items()) if at < moment - seconds]:
            _asked.pop(old, None)
        if len(_asked) >= limits.KEYS_REMEMBERED:
            _asked.clear()
    last = _asked.get(key_id)
    if last is not None and last > moment - seconds:
        return False
    _asked[key_id] = moment
    return True


def forget_asked() -> None:
    """For tests: keys may be asked for again."""
    _asked.clear()


@dataclass(frozen=True)
class Kept:
    """A verified activity on its way into the database, with its actor if that was just fetched."""

    envelope: Envelope
    body: bytes
    fetched: actors.RemoteActor | None


def _keep(batch: Sequence[Kept]) -> None:
    """One row for each actor and id, for good: the first body wins.

    A Follow that comes again later is applied again: its sender did not hear that it was accepted.
    """
    moment = now()
    rows = [
        {
            "id": new_id(),
            "actor_uri": kept.envelope.actor,
            "uri": kept.envelope.uri,
            "kind": kept.envelope.kind,
            "body": kept.body,
            "received_at": moment,
            "state": "due",
            "tries": 0,
            "next_try": moment,
            "heard_before": moment - timedelta(seconds=limits.FOLLOW_AGAIN_SECONDS),
        }
        for kept in batch
    ]
    try:
        _write(batch, rows)
    except IntegrityError:
        _write(batch, rows)  # another process met one of these actors at the same moment: now we know her


def _write(batch: Sequence[Kept], rows: list[dict[str, object]]) -> None:
    with database().transaction() as session:
        for fetched in {kept.fetched.uri: kept.fetched for kept in batch if kept.fetched}.values():
            actors.store(session, fetched)
        session.connection().execute(_insert(dialect_of(session)), rows)
        peers.record_inbound(session, {host_of(kept.envelope.actor) for kept in batch})
        jobs.ring_after(session, process_due)


@cache
def _insert(dialect: str) -> Executable:
    statement = insert(dialect, Received)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["actor_uri", "uri"],
        set_={"state": "due", "next_try": new.next_try, "tries": 0},
        where=(Received.kind == "Follow")
        & (new.kind == "Follow")
        & (Received.state == "done")
        & (Received.next_try < bindparam("heard_before", type_=UtcDateTime())),
    )


_keeper = Together(_keep, limits.KEPT_AT_ONCE)


# The slow half


def process_due() -> int:
    """Job: apply what has come in, oldest first, until nothing is due or half a minute has passed.

    A job that stops early rings for the next, so that other work gets its turn. Returns how many.
    """
    done, ends_at = 0, time.monotonic() + ROUND_SECONDS
    while claimed := _claim():
        for number, (row_id, token) in enumerate(claimed):
            if time.monotonic() > ends_at:
                _release(claimed[number:])
                jobs.ring(process_due)
                return done
            process(row_id, token)
            done += 1
    return done


def _release(claimed: Sequence[tuple[uuid.UUID, str]]) -> None:
    """Give back what was claimed and not begun."""
    with database().transaction() as session:
        session.execute(
            update(Received)
            .where(Received.id.in_([row_id for row_id, _token in claimed]))
            .where(Received.lease_token == claimed[0][1])
            .values(lease_token=None, lease_until=None)
        )


def _claim() -> list[tuple[uuid.UUID, str]]:
    token = secrets.token_hex(8)
    with database().transaction() as session:
        moment = db_now(session)
        due = (
            select(Received.id)
            .where(Received.state == "due", Received.next_try <= moment)
            .where(or_(Received.lease_until.is_(None), Received.lease_until < moment))
            .order_by(Received.next_try, Received.id)
            .limit(CLAIM)
            .with_for_update(skip_locked=True)
        )
        session.execute(
            update(Received)
            .where(Received.id.in_(due.scalar_subquery()))
            .values(lease_token=token, lease_until=moment + timedelta(seconds=LEASE_SECONDS))
            .execution_options(synchronize_session=False)
        )
        ids = session.scalars(select(Received.id).where(Received.lease_token == token).order_by(Received.id))
        return [(row_id, token) for row_id in ids]


def process(row_id: uuid.UUID, token: str) -> None:
    """Apply one row. What it needs from other servers is fetched between two tries, never within one."""
    fetched: dict[str, vocabulary.Object | Exception] = {}
    budget = outbound.Budget(limits.FETCHES_PER_ACTIVITY)
    while True:
        try:
            _apply(row_id, token, fetched)
            return
        except Wanted as wanted:
            fetched[wanted.uri] = _fetch(wanted.uri, budget)
        except outbound.Unreachable as error:
            _postpone(row_id, token, str(error))
            return
        except Exception:
            log.exception("activity %s could not be applied", row_id)
            _postpone(row_id, token, "error")
            return


def _fetch(uri: str, budget: outbound.Budget) -> vocabulary.Object | Exception:
    try:
        return actors.fetch_document(uri, budget)
    except (outbound.Unreachable, Refused) as error:
        return error


def _apply(row_id: uuid.UUID, token: str, fetched: dict[str, vocabulary.Object | Exception]) -> None:
    with database().transaction() as session:
        row = session.get_one(Received, row_id, with_for_update=True)
        if row.lease_token != token or row.state != "due":
            return
        state, outcome = _effect(session, row, fetched)
        row.state, row.outcome, row.lease_token, row.lease_until = state, outcome, None, None
        row.tries += 1


def _effect(
    session: Session, row: Received, fetched: dict[str, vocabulary.Object | Exception]
) -> tuple[str, str | None]:
    """Have the effect, or say why there is none; a refusal leaves nothing behind."""
    receive = RECEIVERS.get(row.kind)
    if receive is None:
        return "ignored", "no receiver"
    if blocks.is_blocked(row.actor_uri):
        return "ignored", "blocked"
    actor = actors.known(session, row.actor_uri)
    if actor is None or actor.gone_at is not None:
        return "ignored", "unknown actor"
    value = strict_json.loads_object(row.body)
    try:
        with session.begin_nested():
            receive(session, Incoming(actor, value, fetched))
    except Ignored as refusal:
        return "ignored", str(refusal)
    except Refused as refusal:
        return "failed", str(refusal)
    return "done", None


def _postpone(row_id: uuid.UUID, token: str, why: str) -> None:
    """Try again later, a few times; the row stays as a record either way."""
    with database().transaction() as session:
        row = session.get_one(Received, row_id, with_for_update=True)
        if row.lease_token != token:
            return
        row.lease_token = row.lease_until = None
        row.tries += 1
        row.outcome = why
        if row.tries > len(RETRY_SECONDS):
            row.state = "failed"
        else:
            row.next_try = db_now(session) + timedelta(seconds=RETRY_SECONDS[row.tries - 1])


def count_due() -> int:
    """How many activities wait for a worker: what ``/metrics`` shows."""
    with database().reading() as session:
        return session.scalar(select(func.count()).where(Received.state == "due")) or 0
