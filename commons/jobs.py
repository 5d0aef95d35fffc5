"""The bell: RQ over Redis or Valkey. The rows in the database are the truth.

A job is a plain function without arguments that does whatever rows are due
(``delivery.deliver_due``). A bell says only "look now"; it may be lost or rung twice.
``Timer`` rows make every worker look by itself as well, each row one worker at a time, so an
emptied queue costs seconds and no data.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from types import FrameType

import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from commons.clock import db_now
from commons.config import settings
from commons.db import Base, after_commit, database, rows_changed
from commons.valkey import socket_path

log = logging.getLogger(__name__)

Job = Callable[[], object]
BELL_SECONDS = 5
JOB_SECONDS = 120
TICK_SECONDS = 1.0
LATE_SECONDS = 30
RECONNECT_SECONDS = 1.0
QUEUE = "rostra"


class Timer(Base):
    """When a job is next looked at without a bell. Moving ``due_at`` on is the claim."""

    __tablename__ = "timer"

    job: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]


def address() -> str:
    """The queue server: ``REDIS_URL``, else the embedded one's socket."""
    return settings().redis_url or f"unix://{socket_path(settings().data)}"


def connection() -> redis.Redis:
    """This process's connection to the queue server, made at the first call."""
    return _connect(address())


@cache
def _connect(where: str) -> redis.Redis:
    return redis.Redis.from_url(where, socket_timeout=5, socket_connect_timeout=2)


def queue() -> Queue:
    return Queue(QUEUE, connection=connection(), serializer=JSONSerializer)


def name_of(job: Job) -> str:
    return f"{job.__module__}.{job.__qualname__}"


def ring(job: Job, lanes: int = 1) -> None:
    """Have ``job`` run soon, in up to ``lanes`` workers at once; a bell already ringing is enough.

    A queue server that is away is not an error: the timer rings again.
    """
    try:
        for lane in range(lanes):
            bell = _bell(job, lane)
            if connection().set(bell, 1, nx=True, ex=BELL_SECONDS):
                queue().enqueue(
                    answer, name_of(job), lane, result_ttl=0, failure_ttl=86400, job_timeout=JOB_SECONDS
                )
    except redis.RedisError as error:
        log.info("bell %s not rung: %s", name_of(job), error.__class__.__name__)


def ring_after(session: Session, job: Job, lanes: int = 1) -> None:
    """Ring once the transaction of ``session`` has committed; many asks ring once."""
    wanted = session.info.setdefault("bells", set())
    if job not in wanted:
        wanted.add(job)
        after_commit(session, lambda: ring(job, lanes))


def _bell(job: Job, lane: int) -> str:
    return f"rostra:bell:{name_of(job)}:{lane}"


def answer(name: str, lane: int) -> None:
    """What a worker runs for a bell: silence it first, so that later rows can ring again."""
    job = _jobs.get(name)
    if job is None:
        log.error("unknown job %r dropped", name)
        return
    connection().delete(_bell(job, lane))
    job()


_jobs: dict[str, Job] = {}


def plug_in(timers: Mapping[Job, float]) -> None:
    """Tell this process which jobs there are, each with the seconds between looks."""
    _jobs.clear()
    _jobs.update({name_of(job): job for job in timers})


def sweep(timers: Mapping[Job, float]) -> None:
    """Ring every job whose timer is due; whichever worker holds the timer's lease does it."""
    for job in _due(timers):
        if _claim(name_of(job), timers[job]):
            ring(job)


def _due(timers: Iterable[Job]) -> list[Job]:
    """Those whose time has come, or that were never looked at."""
    with database().reading() as session:
        later = set(session.scalars(select(Timer.job).where(Timer.due_at > db_now(session))))
    return [job for job in timers if name_of(job) not in later]


def _claim(name: str, seconds: float) -> bool:
    """Take the turn of timer ``name``, if it is due, and set its next."""
    try:
        with database().transaction() as session:
            moment = db_now(session)
            if session.get(Timer, name) is None:
                session.execute(insert(Timer).values(job=name, due_at=moment))
            claimed = session.execute(
                update(Timer)
                .where(Timer.job == name, Timer.due_at <= moment)
                .values(due_at=moment + timedelta(seconds=seconds))
            )
            return bool(rows_changed(claimed))
    except IntegrityError:
        return False


def work(timers: Mapping[Job, float]) -> None:
    """Be a worker until told to stop: answer bells, and look at the timers each second."""
    plug_in(timers)
    stop = threading.Event()
    threading.Thread(target=_tick, args=(timers, stop), daemon=True).start()
    while not stop.is_set():
        _answer_bells(stop)
        stop.wait(RECONNECT_SECONDS)


def _answer_bells(stop: threading.Event) -> None:
    """Be an RQ worker until told to stop, or until RQ gives up because the queue server went away."""
    try:
        worker = _Worker([queue()], connection=connection(), serializer=JSONSerializer)
        worker.told_to_stop = stop
        worker.work(logging_level="WARNING")
    except redis.RedisError as error:
        log.warning("the queue server is away: %s", error.__class__.__name__)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_DFL)  # RQ's handlers are those of a worker that is no more


class _Worker(SimpleWorker):
    """Works in its own process, where connections and keys stay warm."""

    told_to_stop: threading.Event

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.told_to_stop.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def _tick(timers: Mapping[Job, float], stop: threading.Event) -> None:
    while not stop.wait(TICK_SECONDS):
        try:
            sweep(timers)
        except Exception:
            log.exception("the sweep failed; it runs again in a second")


def run_jobs(timers: Mapping[Job, float], rounds: int = 20) -> None:
    """For tests: run every job, in order, until a whole round changes nothing that is due.

    A job says that it did something by returning a true value.
    """
    for _round in range(rounds):
        if sum(bool(job()) for job in timers) == 0:
            return
    raise RuntimeError("the jobs never came to rest")


def wait_for_server(seconds: float = 10) -> None:
    """Return when the queue server answers; raise its error after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection().ping()
            return
        except redis.RedisError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def late_timers(session: Session) -> list[str]:
    """The timers that nobody has looked at for a while: no worker is running."""
    late = db_now(session) - timedelta(seconds=LATE_SECONDS)
    return list(session.scalars(select(Timer.job).where(Timer.due_at < late).order_by(Timer.job)))
