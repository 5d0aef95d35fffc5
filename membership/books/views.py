"""The open books: public pages without a name in them."""

import uuid
from datetime import date

from flask import Blueprint, Response, make_response, render_template, request

from commons import limits, web
from commons.language import N_
from commons.refusal import Refused
from membership.books import figures, words
from membership.books import lines as open_lines
from membership.money.chart import CHART

pages = Blueprint("books", __name__)

LINES_SHOWN = 50


@pages.get("/books")
def books() -> Response:
    """Everything at a glance: budget, twelve months, one euro, stories, means, wages."""
    found = figures.read(web.session())
    digest = figures.digest(figures.as_csv(found))
    return web.public(
        render_template("membership/books/books.html", books=found, words=words, digest=digest),
        limits.BOOKS_SECONDS,
    )


@pages.get("/books.csv")
def books_csv() -> Response:
    """The same figures as a file; its hash stands on the page."""
    text = figures.as_csv(figures.read(web.session()))
    response = make_response(text)
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = 'attachment; filename="books.csv"'
    return web.public(response, limits.BOOKS_SECONDS)


@pages.get("/books/accounts/<account>")
def lines(account: str) -> Response:
    """An account, line by line, newest first."""
    before = _place(request.args.get("before", ""))
    found = open_lines.newest(web.session(), account, before, LINES_SHOWN)
    last = found[-1] if len(found) == LINES_SHOWN else None
    older = f"{last.on}.{last.posting_id}.{last.position}" if last is not None else ""
    return web.public(
        render_template(
            "membership/books/lines.html",
            account=CHART[account],
            lines=found,
            whole=account in open_lines.WHOLE,
            older=older,
            words=words,
        ),
        limits.BOOKS_SECONDS,
    )


@pages.get("/books/stories/<uuid:story_id>")
def story(story_id: uuid.UUID) -> Response:
    """What a story cost, line by line."""
    session = web.session()
    page = render_template(
        "membership/books/story.html",
        story=figures.story(session, story_id),
        lines=open_lines.of_story(session, story_id, limits.STORY_LINES),
        words=words,
    )
    return web.public(page, limits.BOOKS_SECONDS)


def _place(text: str) -> open_lines.Place | None:
    """Day, posting and position where an older page begins."""
    if not text:
        return None
    day, *numbers = text.split(".")
    try:
        if len(numbers) != 2 or not all(_whole(number) for number in numbers):
            raise ValueError(text)
        return date.fromisoformat(day), int(numbers[0]), int(numbers[1])
    except ValueError:
        raise Refused(N_("There is no such page."), status=404) from None


def _whole(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) <= 18
