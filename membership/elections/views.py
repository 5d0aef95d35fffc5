"""The public pages of elections: the list, one election with its result and files, and the threats."""

from flask import Blueprint, Response, make_response, render_template

from commons import limits, web
from commons.language import N_, wall
from commons.refusal import Refused
from membership.elections import (
    board_times,
    calls,
    candidacies,
    counting,
    credentials,
    lists,
    results,
    shown,
    words,
)
from membership.elections.models import CERTIFIED, COUNTED, VOID, Election

pages = Blueprint("elections", __name__)


@pages.get("/elections")
def index() -> Response:
    """Those under way, and those that are over."""
    return _public("index.html", shown=shown.every(web.session(), limits.ROWS_SHOWN))


@pages.get("/elections/how-secret")
def how_secret() -> Response:
    """What is protected and what is not, in plain words."""
    return _public("threats.html")


@pages.get("/elections/<slug>")
def one(slug: str) -> Response:
    """Everything that is public about one election."""
    session = web.session()
    election = calls.find(session, slug)
    there = counting.files(session, election)
    return _public(
        "election.html",
        shown=shown.show(session, election),
        candidates=candidacies.shown(session, election),
        roots=board_times.roots_of(session, election),
        ballot_page=shown.ballot_page(election),
        files={name: about for name, about in words.FILES.items() if name in there},
        lists=() if there else lists.names(session, election),
        **_result(election),
    )


@pages.get("/elections/<slug>/certificate")
def certificate(slug: str) -> Response:
    """Who was elected, by which count: one page to print. 404 before it is counted."""
    session = web.session()
    election = calls.find(session, slug)
    if election.outcome is None:
        raise Refused(N_("This election is not counted yet."), status=404)
    return _public("certificate.html", shown=shown.show(session, election), **_result(election))


@pages.get("/elections/<slug>/package.json")
def package(slug: str) -> Response:
    """The public package of a counted election."""
    response = make_response(counting.package_of(web.session(), slug))
    response.mimetype = "application/json"
    return web.public(response)


@pages.get("/elections/<slug>/files/<name>")
def file(slug: str, name: str) -> Response:
    """One file of the package, byte for byte; before the count the lists that are public already."""
    session = web.session()
    election = calls.find(session, slug)
    counted = bool(counting.files(session, election))
    found = counting.file_of(session, slug, name) if counted else lists.file_of(session, election, name)
    response = make_response(found)
    response.mimetype = "application/json" if name.endswith(".json") else "text/plain"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return web.public(response)


def _result(election: Election) -> dict[str, object]:
    """What the templates say about a count; little more than the title where there is none yet."""
    outcome = election.outcome if election.state in (COUNTED, CERTIFIED, VOID) else None
    shared: dict[str, object] = {
        "heading": election.title,
        "manifest_hash": election.manifest_hash.hex(),
        "outcome": outcome,
        "rule_name": results.rule_name(election.rule),
        "count": None,
        "wall": wall,
    }
    if outcome is None:
        return shared
    shared |= {
        "heading": results.heading(election, outcome),
        "turnout": results.percent(outcome["turnout"], outcome["roll"]),
        "quorum_sentence": results.quorum_sentence(election, outcome),
        "majority_sentence": results.majority_sentence(election, outcome),
        "lots": 0,
    }
    if election.blt is None or election.lot_seed is None or not outcome["valid"]:
        return shared
    reopens = credentials.manifest_of(election).takes_seats if election.manifest is not None else 0
    count = results.recount(election.blt, election.rule, election.lot_seed, reopens)
    stages = results.stages(count)
    lots = sum(tie.decided_by == "lot" for tie in count.ties)
    shared |= {"count": count, "stages": stages, "quota": stages[-1].quota, "lots": lots}
    return shared | {"reopens": reopens}


def _public(template: str, **values: object) -> Response:
    page = render_template(f"membership/elections/{template}", **values)
    return web.public(make_response(page), limits.ELECTION_SECONDS)
