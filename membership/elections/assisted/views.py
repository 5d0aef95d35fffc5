"""Voting without JavaScript, where the manifest allows it: plain forms on the newsroom's own origin.

Seed and ranking travel in hidden fields of the form, from this voter's browser to here and back; nothing
is kept. Sent twice, the same form draws the same credential, and the ballot box takes one ballot of it.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from commons import proof, web
from commons.language import N_
from commons.refusal import Refused
from membership.elections import addresses, box_door, draws
from membership.elections.assisted import paper as papers
from membership.elections.assisted.paper import Paper
from membership.elections.ballots import AlreadyCast
from membership.elections.credentials import manifest_of
from membership.elections.draw import drawing
from membership.elections.models import Election
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.credential import Credential, candidate_order, fresh_seed
from membership.elections.protocol.manifest import Manifest
from membership.elections.protocol.words import SEED, seed_words

pages = Blueprint("assisted", __name__)

FEW = 20


@pages.get("/elections/<slug>/assisted")
@web.freshly_proved
def explain(slug: str) -> ResponseReturnValue:
    """What this way costs, and the button that begins."""
    election = _allowed(slug)
    return _first_page(election)


@pages.post("/elections/<slug>/assisted")
@web.signed_in
def fill_in(slug: str) -> ResponseReturnValue:
    """One press of a button: on the paper, on the review, or the cast."""
    election = _allowed(slug)
    manifest = manifest_of(election)
    act, _space, candidate = request.form.get("press", "").partition(" ")
    if act == "begin":
        return _begin(election)
    seed = _seed()
    paper = papers.read(manifest, request.form.get("shown", ""), request.form.get("ranking", ""))
    if act == "cast":
        return _cast(election, seed, paper)
    if act in ("review", "blank"):
        chosen = paper if act == "review" else Paper(manifest, paper.shown)
        return _page("review", election, seed=seed, paper=chosen)
    if act == "sort":
        paper, told = papers.in_order(paper)
    elif act == "change":
        told = papers.tally(paper)
    else:
        paper, told = papers.press(paper, act, _candidate(manifest, candidate))
    return _page("rank", election, seed=seed, paper=paper, told=told, at=candidate, act=act)


def _allowed(slug: str) -> Election:
    election = drawing.find(web.session(), slug)
    if not manifest_of(election).assisted_cap:
        raise Refused(N_("This election does not allow ballots that the server makes."), status=404)
    return election


def _first_page(election: Election, problem: str = "") -> ResponseReturnValue:
    manifest = manifest_of(election)
    board = box_door.board(election.id)
    listed, assisted = (board[-1].size, board[-1].assisted) if board else (0, 0)
    others = listed - assisted
    return _page(
        "explain",
        election,
        standing=drawing.standing(web.session(), election, web.me()),
        left=manifest.assisted_cap - box_door.assisted(election.id),
        assisted=assisted,
        others=others,
        few=others < FEW,
        problem=problem,
    )


def _begin(election: Election) -> ResponseReturnValue:
    if "understood" not in request.form:
        return _first_page(election, N_("Tick the box first."))
    manifest, seed = manifest_of(election), fresh_seed()
    shown = tuple(candidate_order(manifest, Credential.from_seed(seed, manifest).key))
    return _page("rank", election, seed=seed, paper=Paper(manifest, shown), told="", at="", act="begin")


def _cast(election: Election, seed: bytes, paper: Paper) -> ResponseReturnValue:
    """Draws, seals and casts. The credential is drawn for good before the ballot leaves: a draw that were
    undone after a cast would let somebody vote twice."""
    if not proof.fresh(web.session(), web.sign_in()):
        return _page("review", election, seed=seed, paper=paper, stale=True)
    credential = Credential.from_seed(seed, paper.manifest)
    election_id, member = election.id, drawing.member(web.session(), web.me())
    web.undo()  # the draw has transactions of its own
    try:
        answer = draws.draw(election_id, member, credential.blinded)
        sealed = envelope.make(credential, credential.token(answer), paper.ranking)
        box_door.assisted_cast(election_id, sealed)
    except AlreadyCast as first:
        return _page("receipt", election, code=first.code, again=True)
    except Refused as refused:
        page = _page("failed", election, seed=seed, paper=paper, problem=web.words(refused))
        return page, refused.status
    return _page("receipt", election, code=receipt.code(sealed), again=False)


def _page(step: str, election: Election, **values: object) -> str:
    """One step; ``no-store`` stands on every page of the signed-in."""
    shown = {"told": "", "stale": False, "problem": "", "paper": None, "seed": b""} | values
    return render_template(
        f"membership/elections/assisted_{step}.html",
        election=election,
        manifest=manifest_of(election),
        ballot_page=addresses.ballot_page(election.slug),
        say=papers.say,
        seed_words=seed_words,
        **shown,
    )


def _seed() -> bytes:
    try:
        seed = bytes.fromhex(request.form.get("seed", ""))
    except ValueError:
        seed = b""
    if len(seed) != SEED:
        raise Refused(N_("This is not what the page sends. Begin again."), status=400)
    return seed


def _candidate(manifest: Manifest, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= len(manifest.candidates):
        raise Refused(N_("This is not what the page sends. Begin again."), status=400)
    return int(text)
