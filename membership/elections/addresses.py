"""Where an election stands: its page here, and its ballot page at the ballot box."""

from commons.config import settings
from membership.elections.models import Election


def page(election: Election) -> str:
    return f"{settings().origin}/elections/{election.slug}"


def ballot_page(slug: str) -> str:
    """At the box's origin, which knows no sign-in."""
    return f"{settings().ballot_origin}/ballot-box/{slug}/"
