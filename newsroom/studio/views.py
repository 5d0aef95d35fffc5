"""The pages of the studio. Each works without a script."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TypeVar

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import case, select
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from commons import limits, powers, web
from commons.accounts import Account
from commons.config import settings
from commons.forms import Form
from commons.language import N_, _
from commons.powers import Power
from commons.refusal import Refused
from federation import actors, follows, outbox
from federation.models import Activity, Delivery
from newsroom import addresses, charter, desk, differences, drafts, media, rendering, sections, stories
from newsroom.drafts import Draft
from newsroom.media import Caption
from newsroom.models import Article, Picture, Revision
from newsroom.studio import forms
from newsroom.studio.forms import CorrectionForm, PictureForm, PublicationForm, RetractionForm, StoryForm

studio = Blueprint("studio", __name__, url_prefix="/studio")

Page = str | Response | tuple[str, int]
View = TypeVar("View", bound=Callable[..., Page])


def writers_only(view: View) -> View:
    """For pages of accounts that may write at all; the verbs look closer."""

    @web.signed_in
    @wraps(view)
    def guarded(*args: object, **values: object) -> Page:
        powers.require(web.session(), web.account(), Power.WRITE)
        return view(*args, **values)

    return guarded  # type: ignore[return-value]


@studio.get("")
@writers_only
def index() -> Page:
    """One's own stories; everybody's for who may edit them."""
    session, account = web.session(), web.me()
    everybody = powers.may(session, account, Power.EDIT)
    listed = stories.on_desk(session, None if everybody else account.id, limits.ROWS_SHOWN)
    return render_template("newsroom/studio/index.html", stories=listed, everybody=everybody)


@studio.route("/new", methods=["GET", "POST"])
@writers_only
def new() -> Page:
    """An empty page to write on."""
    session, account = web.session(), web.me()
    if not _posted():
        face = actors.of(session, account)
        authors = (drafts.Credit(face.handle),) if face is not None else ()
        return _editor(forms.fill(Draft("", "", "", language=settings().language, authors=authors), 0))
    form = StoryForm(request.form)
    try:
        article = desk.start(session, account, form.draft())
    except Refused as refused:
        return _editor(_told(form, refused), status=refused.status)
    return _after_save(article)


@studio.route("/stories/<uuid:article_id>/edit", methods=["GET", "POST"])
@writers_only
def edit(article_id: uuid.UUID) -> Page:
    """A draft, to go on writing."""
    session, account = web.session(), web.me()
    article = desk.open_(session, article_id, account, "save")
    current = desk.latest(session, article)
    if not _posted():
        charter.move("save", article.state)
        return _editor(forms.fill(desk.as_draft(article, current), article.draft_number), article=article)
    form = StoryForm(request.form)
    try:
        desk.save(session, article_id, account, form.draft(current.picture), form.base)
    except Refused as refused:
        _told(form, refused)
        return _editor(
            form, article=article, theirs=_newer(form, refused, article, current), status=refused.status
        )
    return _after_save(article)


@studio.post("/preview")
@writers_only
def preview() -> Page:
    """How the text will look: a fragment for the script, a page for the button."""
    form, html, status = StoryForm(request.form), "", 200
    try:
        html = rendering.render(drafts.tidy(form.draft()).body)
    except Refused as refused:
        _told(form, refused)
        status = refused.status
    template = "newsroom/studio/preview.html" if "whole" in request.form else "newsroom/studio/fragment.html"
    return render_template(template, form=form, html=html), status


@studio.get("/stories/<uuid:article_id>")
@writers_only
def story(article_id: uuid.UUID) -> Page:
    """One story: what can be done to it, and how far it has got."""
    session, account = web.session(), web.me()
    article = desk.open_(session, article_id, account)
    return render_template(
        "newsroom/studio/story.html",
        article=article,
        address=addresses.path_of(article),
        revision=desk.latest(session, article),
        possible=_possible(session, account, article),
        corrections=stories.corrections(session, article.id),
        reach=outbox.reach(session, addresses.id_of(article.id)) if article.post_id else None,
        deliveries=_deliveries(session, article) if article.post_id else [],
    )


@studio.get("/stories/<uuid:article_id>/revisions")
@writers_only
def revisions(article_id: uuid.UUID) -> Page:
    """Every saved text, and word by word what changed between two of them."""
    session = web.session()
    article = desk.open_(session, article_id, web.me())
    listed = stories.revisions(session, article)
    before, after = request.args.get("before", type=int), request.args.get("after", type=int)
    fields = None
    if before is not None and after is not None:
        pair = stories.numbered(session, article.id, [before, after])
        if len(pair) < len({before, after}):
            raise Refused(N_("There is no such revision."), status=404)
        fields = differences.between(pair[before], pair[after])
    return render_template(
        "newsroom/studio/revisions.html",
        article=article,
        revisions=listed,
        names=_names(session, listed),
        before=before or max(article.draft_number - 1, 1),
        after=after or article.draft_number,
        fields=fields,
    )


@studio.route("/stories/<uuid:article_id>/picture", methods=["GET", "POST"])
@web.takes_upload
@writers_only
def picture(article_id: uuid.UUID) -> Page:
    """The lead picture: file, alternative text, credit and licence in one form."""
    session, account = web.session(), web.me()
    article = desk.open_(session, article_id, account, "save")
    charter.move("save", article.state)
    current = desk.latest(session, article)
    form, status = PictureForm(request.form if _posted() else None, obj=current.picture), 200
    if _posted():
        try:
            chosen = None if "remove" in request.form else _taken(session, form, current.picture)
            kept = replace(
                desk.as_draft(article, current), picture_id=chosen.id if chosen is not None else None
            )
            desk.save(session, article_id, account, kept, article.draft_number)
            return redirect(_at(article), 303)
        except Refused as refused:
            _told(form, refused)
            status = refused.status
    image = stories.Story(article, current).image
    page = render_template(
        "newsroom/studio/picture.html", article=article, revision=current, image=image, form=form
    )
    return page, status


@studio.route("/stories/<uuid:article_id>/publish", methods=["GET", "POST"])
@writers_only
def publish(article_id: uuid.UUID) -> Page:
    """What will be sent, exactly as it will look elsewhere, and the button that sends it."""
    session, account = web.session(), web.me()
    article = desk.open_(session, article_id, account, "publish")
    form, status = PublicationForm(), 200
    if _posted():
        try:
            desk.publish(session, article_id, account)
            return redirect(_at(article), 303)
        except Refused as refused:
            _told(form, refused)
            status = refused.status
    elif article.state != charter.DRAFT:
        return redirect(_at(article), 303)
    revision = desk.latest(session, article)
    author, newsroom = article.bylines[0].actor, actors.newsroom(session)
    page = render_template(
        "newsroom/studio/publish.html",
        article=article,
        revision=revision,
        form=form,
        limits=limits,
        address=settings().origin + _path_to_be(article, revision),
        author=author,
        newsroom=newsroom,
        followers=follows.count(session, author),
        readers=follows.count(session, newsroom),
    )
    return page, status


@studio.route("/stories/<uuid:article_id>/correct", methods=["GET", "POST"])
@writers_only
def correct(article_id: uuid.UUID) -> Page:
    """The published text, to be put right, with what readers are told."""
    session, account = web.session(), web.me()
    article = desk.open_(session, article_id, account, "correct")
    current = desk.latest(session, article)
    if not _posted():
        charter.move("correct", article.state)
        filled = forms.fill(desk.as_draft(article, current), article.draft_number, CorrectionForm)
        return _editor(filled, article=article)
    form = CorrectionForm(request.form)
    try:
        desk.correct(
            session,
            article_id,
            account,
            form.draft(current.picture),
            note=form.note.data or "",
            kind=form.kind.data or "",
            base_number=form.base,
        )
    except Refused as refused:
        _told(form, refused)
        return _editor(
            form, article=article, theirs=_newer(form, refused, article, current), status=refused.status
        )
    return redirect(_at(article), 303)


@studio.route("/stories/<uuid:article_id>/retract", methods=["GET", "POST"])
@writers_only
def retract(article_id: uuid.UUID) -> Page:
    """Take a story back, with the reason."""
    session, account = web.session(), web.me()
    article = desk.open_(session, article_id, account, "retract")
    form, status = RetractionForm(request.form), 200
    if _posted():
        try:
            desk.retract(session, article_id, account, form.reason.data or "")
            return redirect(_at(article), 303)
        except Refused as refused:
            _told(form, refused)
            status = refused.status
    else:
        charter.move("retract", article.state)
    revision = desk.latest(session, article)
    return render_template(
        "newsroom/studio/retract.html", article=article, revision=revision, form=form
    ), status


def _posted() -> bool:
    return request.method == "POST"


def _at(article: Article, page: str = "") -> str:
    return f"/studio/stories/{article.id}{page}"


def _after_save(article: Article) -> Page:
    """To where the pressed button said: on with writing, the picture, or publication."""
    then = request.form.get("then", "")
    return redirect(_at(article, f"/{then}" if then in ("picture", "publish") else "/edit?saved=1"), 303)


AnyForm = TypeVar("AnyForm", bound=Form)


def _told(form: AnyForm, refused: Refused) -> AnyForm:
    """The form as it was sent, with why it was refused; nothing of it is kept."""
    web.undo()
    form.refuse(refused)
    return form


def _editor(
    form: StoryForm, *, article: Article | None = None, theirs: Revision | None = None, status: int = 200
) -> Page:
    form.offer(sections.every(web.session()))
    saved = "saved" in request.args
    return render_template(
        "newsroom/studio/edit.html", form=form, article=article, theirs=theirs, saved=saved
    ), status


def _newer(form: StoryForm, refused: Refused, article: Article, current: Revision) -> Revision | None:
    """The text that was saved meanwhile, to show beside one's own; saving again is then on top of it."""
    if refused.status != 409 or form.base == article.draft_number:
        return None
    form.base_number.data = str(article.draft_number)
    return current


def _taken(session: Session, form: PictureForm, current: Picture | None) -> Picture:
    caption = Caption(
        "" if form.decorative.data else form.alt.data or "", form.credit.data or "", form.licence.data or ""
    )
    if not caption.alt.strip() and not form.decorative.data:
        raise Refused(N_("Say what the picture shows, or that it only decorates."))
    if not caption.credit.strip():
        raise Refused(N_("Name who made the picture."))
    upload = request.files.get("file")
    data = upload.read(limits.UPLOAD_BODY + 1) if upload is not None else b""
    if data:
        return media.keep(session, data, caption)
    if current is None:
        raise Refused(N_("Choose a picture file."))
    return media.describe(session, current, caption)


def _possible(session: Session, account: Account, article: Article) -> set[str]:
    """The verbs for which to show a button."""
    held, own = powers.usable(session, account), article.owner_id == account.id
    found = {verb: charter.find(verb, article.state) for verb in charter.VERBS}
    return {verb for verb, move in found.items() if move is not None and move.power(own=own) in held}


def _deliveries(session: Session, article: Article) -> list[Delivery]:
    """One line for each inbox and activity, what is in trouble first."""
    trouble = case({"failed": 0, "gave_up": 1, "due": 2}, value=Delivery.state, else_=3)
    wanted = select(Delivery).where(Delivery.object_uri == addresses.id_of(article.id))
    return list(
        session.scalars(
            wanted.order_by(trouble, Delivery.host, Delivery.inbox, Delivery.activity_id)
            .options(joinedload(Delivery.activity).load_only(Activity.kind))
            .limit(limits.ROWS_SHOWN)
        )
    )


def _names(session: Session, listed: list[Revision]) -> dict[uuid.UUID, str]:
    """Who saved what, by account."""
    wanted = select(Account).where(Account.id.in_({revision.author_id for revision in listed}))
    return {
        account.id: account.personal.name if account.personal is not None else _("closed account")
        for account in session.scalars(wanted)
    }


def _path_to_be(article: Article, revision: Revision) -> str:
    section = article.section.slug if article.section is not None else sections.NO_SECTION
    return f"/{section}/{article.slug or drafts.slug_of(revision.title)}"
