"""The roof: the application, the command line, and one list of everything that is plugged in.

The jobs are listed in ``worker.py``, the other half of the roof.
"""

import gc
import sys
import uuid
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

import commons.account.views
import commons.commands
import commons.endpoints
import commons.mail
import commons.media_folder
import commons.migrations
import commons.powers
import commons.recovery.views
import commons.sign_in
import commons.views
import federation.actors
import federation.commands
import federation.delivery
import federation.endpoints
import federation.inbox
import federation.leases
import federation.posts
import federation.views
import federation.webfinger
import membership.assembly.views
import membership.board.mine.views
import membership.board.petitions
import membership.board.views
import membership.books.checks
import membership.books.commands
import membership.books.mine.views
import membership.books.treasury.views
import membership.books.views
import membership.books.vouchers.views
import membership.campaigns.costs
import membership.campaigns.views
import membership.demo.scenes
import membership.desk.erased
import membership.desk.givers.views
import membership.desk.views
import membership.elections.assisted.views
import membership.elections.box.commands
import membership.elections.candidates.views
import membership.elections.check.views
import membership.elections.commands
import membership.elections.draw.views
import membership.elections.entry.views
import membership.elections.looks
import membership.elections.office.views
import membership.elections.reviews
import membership.elections.signer.commands
import membership.elections.views
import membership.elections.voter.commands
import membership.members.commands
import membership.members.views
import membership.money.currencies
import membership.money.parties
import membership.payments.claims
import membership.payments.commands
import membership.payments.endpoints
import membership.payments.events
import membership.payments.mine.views
import membership.payments.views
import membership.pledges.ending.views
import membership.pledges.views
import newsroom.commands
import newsroom.demo.commands
import newsroom.endpoints
import newsroom.sections
import newsroom.stories
import newsroom.studio.views
import newsroom.views
import worker
from commons import limits, web
from commons.accounts import Account
from commons.commands import Roof
from commons.db import database
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from federation.models import Actor

# For people; the newsroom's pages last, because a story's address is any two words.
PAGES = (
    commons.account.views.pages,
    commons.recovery.views.pages,
    commons.sign_in.pages,
    commons.views.pages,
    federation.views.pages,
    membership.assembly.views.pages,
    membership.board.views.pages,
    membership.board.mine.views.pages,
    membership.books.views.pages,
    membership.books.mine.views.pages,
    membership.books.treasury.views.pages,
    membership.books.vouchers.views.pages,
    membership.campaigns.views.pages,
    membership.desk.views.pages,
    membership.desk.givers.views.pages,
    membership.elections.views.pages,
    membership.elections.assisted.views.pages,
    membership.elections.candidates.views.pages,
    membership.elections.entry.views.pages,
    membership.elections.office.views.pages,
    membership.elections.check.views.pages,
    membership.elections.draw.views.pages,
    membership.members.views.pages,
    membership.payments.mine.views.pages,
    membership.payments.views.pages,
    membership.pledges.ending.views.pages,
    membership.pledges.views.pages,
    newsroom.studio.views.studio,
    newsroom.views.pages,
)
# For programs: no sign-in, no check of where a form came from.
MACHINES = (
    commons.endpoints.machine,
    federation.endpoints.machine,
    membership.payments.endpoints.machine,
    newsroom.endpoints.feeds,
)
# The links of the signed-in, with the power that opens each; one arrives at the first that fits.
DESK: tuple[web.DeskLink, ...] = (
    ("/studio", N_("Studio"), Power.WRITE),
    ("/pitches/desk", N_("Pitches"), Power.WRITE),
    ("/treasury", N_("Treasury"), Power.BOOKS),
    ("/campaigns/desk", N_("Campaigns"), Power.BOOKS),
    ("/pledges/watch", N_("Withdrawals"), Power.BOOKS),
    ("/treasury/members", N_("Register of members"), Power.BOOKS),
    ("/expenses", N_("Expenses"), Power.WRITE),
    ("/elections/office", N_("Election office"), Power.ELECTIONS),
    ("/recoveries", N_("Ways back in"), Power.ELECTIONS),
    ("/recoveries", N_("Ways back in"), Power.MODERATE),
    ("/board/mine", N_("My office"), Power.PUBLISH),
    ("/desk", N_("My desk"), None),
)
COMMANDS = (
    *commons.commands.COMMANDS,
    *federation.commands.COMMANDS,
    *membership.books.commands.COMMANDS,
    *membership.elections.box.commands.COMMANDS,
    *membership.elections.commands.COMMANDS,
    *membership.elections.signer.commands.COMMANDS,
    *membership.elections.voter.commands.COMMANDS,
    *membership.members.commands.COMMANDS,
    *membership.payments.commands.COMMANDS,
    *newsroom.commands.COMMANDS,
    *newsroom.demo.commands.COMMANDS,
)
# What ``/metrics`` counts.
GAUGES: commons.endpoints.Gauges = {
    "rostra_deliveries_due": federation.delivery.count_due,
    "rostra_received_due": federation.inbox.count_due,
    "rostra_letters_due": commons.mail.count_due,
    "rostra_payment_events_due": membership.payments.events.count_due,
    "rostra_payment_events_parked": membership.payments.events.count_parked,
    "rostra_books_faults": membership.books.checks.count_faults,
}


def create_app() -> web.App:
    """The WSGI application, by this process's settings."""
    app = web.App(__name__)
    web.install(app, pages=PAGES, machines=MACHINES, sections=newsroom.sections.every, desk=DESK)
    app.jinja_env.filters["fold_tag"] = federation.posts.fold_tag
    app.extensions["rostra.gauges"] = GAUGES
    # What people see at the addresses of actors and stories.
    app.extensions["rostra.pages"] = {
        "profile": profile_page,
        "story": newsroom.views.story_address,
    }
    # The stories in work that an expense may be linked to: one's own, by id and title.
    app.extensions["rostra.drafts"] = own_stories
    # What follows from a certificate in the same second.
    app.extensions["rostra.certified"] = membership.board.petitions.certified
    # What a story's page may say about money: no more than these two tell.
    app.jinja_env.globals.update(
        founder=founder,
        founders_power=lambda: (account := web.account()) is not None and founder(account.id),
        reviewed=lambda: membership.elections.reviews.reviewed(web.session()),
        cost_of=lambda story_id: membership.campaigns.costs.cost_of(web.session(), story_id),
        money=membership.money.currencies.show,
        disclosures=lambda story_id: membership.campaigns.costs.disclosures(web.session(), story_id),
    )
    for command in COMMANDS:
        app.cli.add_command(command)
    return app


def found(session: Session) -> None:
    """What each start sees to: our own actors are there, and whoever a backup brought back is erased."""
    federation.actors.found_newsroom(session)
    commons.media_folder.check(session)
    membership.desk.erased.apply_again(session)


def release_all(session: Session) -> None:
    """Free what dead workers held: deliveries, activities, payments."""
    federation.leases.release_all(session)
    membership.payments.claims.release_all(session)


def profile_page(session: Session, actor: Actor) -> str:
    """The page of an actor: of a campaign, or of somebody or something in the newsroom."""
    page = membership.campaigns.views.actor_page(session, actor)
    return page if page is not None else newsroom.views.profile_page(session, actor)


def founder(account_id: uuid.UUID | None) -> bool:
    """Whether the account holds a power and no board has been elected yet: every page of hers says so."""
    session = web.session()
    if account_id is None or not commons.powers.founding(session):
        return False
    return bool(commons.powers.held(session, session.get(Account, account_id)))


def own_stories(session: Session, account: Account) -> list[tuple[uuid.UUID, str]]:
    """The stories that ``account`` works at."""
    listed = newsroom.stories.on_desk(session, account.id, limits.ROWS_SHOWN)
    return [(article.id, title) for article, title in listed]


LOOKS = (
    ("WebFinger", federation.webfinger.look_from_outside),
    ("signer", membership.elections.looks.signer),
    ("ballot box", membership.elections.looks.ballot_box),
    ("elections", membership.elections.looks.counted),
)
DEMO = (membership.demo.scenes.scenes,)
# Processes that keep what web and worker must not reach.
KEEPERS = {"signer": "membership.elections.signer", "box": "membership.elections.box"}
ROOF = Roof(
    create_app,
    worker.TIMERS,
    found,
    release_all,
    LOOKS,
    DEMO,
    KEEPERS,
    worker.__name__,
    membership.money.parties.refuse_to_close,
)


cli = click.Group("rostra", help="A newsroom that its readers own, on the fediverse.")
for _command in COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """``rostra``: what is refused is one sentence and exit code 1, wrong use is exit code 2."""
    gc.freeze()  # what was imported stays: the search for garbage need not go through it again and again
    try:
        code = cli.main(prog_name="rostra", obj=ROOF, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as wrong:
        _end(f"Which command? Run: {wrong.ctx.command_path if wrong.ctx else 'rostra'} --help", 2)
    except click.ClickException as wrong:
        _end(wrong.format_message(), wrong.exit_code)
    except click.Abort:
        _end("Aborted.", 1)
    except Refused as refusal:
        _end(str(refusal), 1)
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        _end(_why(error), 1)
    except OSError as error:
        _end(f"{error.strerror or error}: {error.filename or 'no file'}", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _why(error: DBAPIError) -> str:
    """What is wrong with the database: usually that it is older than the program."""
    try:
        commons.migrations.require_current(database().engine)
    except Refused as refusal:
        return str(refusal)
    except DBAPIError:
        pass
    return f"The database does not answer: {error.orig}"


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(_line(sentence), err=True)
    sys.exit(code)


def _line(text: str) -> str:
    """One line for a terminal: text from outside cannot move its cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


if __name__ == "__main__":
    main()
