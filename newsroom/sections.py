"""The parts of the paper. Each has a ``Group`` actor, which passes its stories on to who follows it."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from commons import limits, sanitize
from commons.language import N_
from commons.refusal import Refused
from federation import actors
from federation.models import Actor
from newsroom.models import Section

SLUG = re.compile(r"[a-z0-9_-]{1,30}\Z")
# Where stories without a section stand.
NO_SECTION = "news"


def create(session: Session, slug: str, name: str, description: str = "") -> Section:
    """A new section at ``/slug``; refuses a reserved, malformed or used one."""
    slug = slug.strip().lower()
    if not SLUG.match(slug):
        raise Refused(N_("The short name of a section is 1 to 30 letters, digits or hyphens."))
    name = sanitize.plain(name, limits.SECTION_NAME_CHARS)
    if not name:
        raise Refused(N_("A section needs a name."))
    actor = actors.create_local(
        session, kind="Group", handle=slug.replace("-", "_"), name=name, summary=description
    )
    section = Section(slug=slug, name=name, description=description, actor=actor)
    session.add(section)
    session.flush()
    return section


def find(session: Session, slug: str) -> Section | None:
    return session.scalar(select(Section).where(Section.slug == slug).options(joinedload(Section.actor)))


def of_actor(session: Session, actor: Actor) -> Section | None:
    """The section whose ``Group`` this is."""
    return session.scalar(select(Section).where(Section.actor_id == actor.id))


def named(session: Session, slug: str) -> Section | None:
    """The section of a story: None where ``slug`` is empty; refuses one that does not exist."""
    if not slug:
        return None
    section = find(session, slug.strip().lower())
    if section is None:
        raise Refused(N_("There is no section %(slug)s."), slug=slug)
    return section


def every(session: Session) -> list[Section]:
    """All sections, in the order in which they were made."""
    return list(session.scalars(select(Section).order_by(Section.created_at, Section.id)))
