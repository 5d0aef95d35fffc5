"""The pages of the ballot box: a list, one page for each election, and the files these load."""

import gzip
from collections.abc import Mapping
from functools import partial

from flask import Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from commons.clock import now
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.ballot_page import page
from membership.elections.protocol.board import leaf
from membership.elections.protocol.receipt import code

FILES = {
    **dict.fromkeys(page.SCRIPTS, "text/javascript; charset=utf-8"),
    "ballot-box.css": "text/css; charset=utf-8",
    "ballot-paper.css": "text/css; charset=utf-8",
}


def add_pages(app: Flask, boxes: Mapping[str, BallotBox]) -> None:
    """Gives the box's application its pages. They ask nobody's name and are the same for everybody."""

    def box(slug: str) -> BallotBox:
        if slug not in boxes:
            abort(404)
        return boxes[slug]

    @app.get("/")
    def front() -> ResponseReturnValue:
        return redirect("/ballot-box/", 303)

    @app.get("/ballot-box/")
    def every() -> Response:
        """Every election there is."""
        rows = [(slug, found.manifest, ballots.complaints_end(found)) for slug, found in boxes.items()]
        return _html(page.list_page(rows, now()))

    @app.get("/ballot-box/<slug>/")
    def one(slug: str) -> Response:
        """The ballot page of one election."""
        found = box(slug)
        shown = ballots.board(found)
        withdrawn = shown[-1].withdrawn if shown else ()
        end = ballots.complaints_end(found)
        return _html(page.ballot_page(slug, found.manifest, withdrawn, end, now()))

    @app.get("/ballot-box/<slug>/codes.txt")
    def codes(slug: str) -> Response:
        """The codes of all ballots on the board, sorted; all, since asking for one tells whose."""
        found = box(slug)
        listed = {each for entry in ballots.board(found) for each in entry.added}
        lines = sorted(code(each) for each in found.envelopes() if leaf(each) in listed)
        return _compressed("".join(f"{line}\n" for line in lines).encode(), "text/plain; charset=utf-8")

    for name, content_type in FILES.items():
        app.add_url_rule(f"/ballot-box/{name}", name, partial(_file, name, content_type))


def _file(name: str, content_type: str) -> Response:
    """A file of the page, byte for byte the one that the manifest names."""
    return _compressed((page.STATIC / name).read_bytes(), content_type)


def _html(text: str) -> Response:
    answer = _compressed(text.encode(), "text/html; charset=utf-8")
    answer.headers.update(page.HEADERS)
    return answer


def _compressed(data: bytes, content_type: str) -> Response:
    """No secret stands in any of these answers, so that compressing them tells nothing."""
    if not request.accept_encodings["gzip"]:
        return Response(data, content_type=content_type)
    answer = Response(gzip.compress(data, mtime=0), content_type=content_type)
    answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    return answer
