"""The roof: the application, the command line, and one list of everything that is plugged in."""

import sys
from collections.abc import Mapping

import click
from sqlalchemy.exc import InterfaceError, OperationalError

import commons.commands
import commons.endpoints
import commons.sessions
import commons.sign_in
import commons.views
import federation.actors
import federation.commands
import federation.delivery
import federation.endpoints
import federation.fan_out
import federation.farewells
import federation.inbox
import federation.leases
import federation.views
import membership.elections.commands
import newsroom.commands
import newsroom.demo.commands
import newsroom.endpoints
import newsroom.sections
import newsroom.studio.views
import newsroom.views
from commons import web
from commons.commands import Roof
from commons.jobs import Job
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused

# For people; the newsroom's pages last, because a story's address is any two words.
PAGES = (
    commons.sign_in.pages,
    commons.views.pages,
    federation.views.pages,
    newsroom.studio.views.studio,
    newsroom.views.pages,
)
# For programs: no sign-in, no check of where a form came from.
MACHINES = (
    commons.endpoints.machine,
    federation.endpoints.machine,
    newsroom.endpoints.feeds,
)
# The links of the signed-in, with the power that opens each; one arrives at the first that fits.
DESK: tuple[web.DeskLink, ...] = (
    ("/studio", N_("Studio"), Power.WRITE),
    ("/desk", N_("My desk"), None),
)
COMMANDS = (
    *commons.commands.COMMANDS,
    *federation.commands.COMMANDS,
    *membership.elections.commands.COMMANDS,
    *newsroom.commands.COMMANDS,
    *newsroom.demo.commands.COMMANDS,
)
# Every job, with the seconds after which it is looked at even if no bell rang.
TIMERS: Mapping[Job, float] = {
    federation.inbox.process_due: 5,
    federation.fan_out.fan_out_due: 5,
    federation.delivery.deliver_due: 5,
    federation.farewells.recheck_due: 60,
    commons.sessions.sweep_old: 600,
}
# What ``/metrics`` counts.
GAUGES: commons.endpoints.Gauges = {
    "rostra_deliveries_due": federation.delivery.count_due,
    "rostra_received_due": federation.inbox.count_due,
}


def create_app() -> web.App:
    """The WSGI application, by this process's settings."""
    app = web.App(__name__)
    web.install(app, pages=PAGES, machines=MACHINES, sections=newsroom.sections.every, desk=DESK)
    app.extensions["rostra.gauges"] = GAUGES
    # What people see at the addresses of actors and stories.
    app.extensions["rostra.pages"] = {
        "profile": newsroom.views.profile_page,
        "story": newsroom.views.story_address,
    }
    for command in COMMANDS:
        app.cli.add_command(command)
    return app


ROOF = Roof(create_app, TIMERS, federation.actors.found_newsroom, federation.leases.release_all)


cli = click.Group("rostra", help="A newsroom that its readers own, on the fediverse.")
for _command in COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """``rostra``: what is refused is one sentence and exit code 1, wrong use is exit code 2."""
    try:
        cli.main(prog_name="rostra", obj=ROOF)
    except Refused as refusal:
        sys.exit(_line(str(refusal)))
    except (OperationalError, InterfaceError) as error:
        sys.exit(_line(f"The database does not answer: {error.orig}"))


def _line(text: str) -> str:
    """One line for a terminal: text from outside cannot move its cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


if __name__ == "__main__":
    main()
