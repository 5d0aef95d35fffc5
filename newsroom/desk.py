"""What is done to a story: start, save, publish, correct, retract. The charter says who may, and when."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from commons import powers
from commons.accounts import Account
from commons.clock import now
from commons.language import N_
from commons.refusal import Refused
from federation import actors, posts
from federation.models import Actor, Post
from newsroom import addresses, charter, drafts, rendering, sections, stories, tags, wire
from newsroom.drafts import Credit, Draft, Source
from newsroom.models import Article, Byline, Correction, Revision


def start(session: Session, by: Account, draft: Draft) -> Article:
    """A new story with its first revision, owned by ``by``, who must have a public face."""
    powers.require(session, by, charter.power_for("start", own=True))
    face = actors.of(session, by)
    if face is None:
        raise Refused(N_("To write, an account needs a public handle."), status=403)
    byline = Byline(actor=face, role=Credit(face.handle).role, position=0)
    article = Article(owner_id=by.id, slug="", bylines=[byline])
    session.add(article)
    session.flush()
    _write(session, article, by, drafts.tidy(draft))
    return article


def open_(session: Session, article_id: uuid.UUID, by: Account, verb: str = "read") -> Article:
    """The story, if ``by`` may do ``verb`` to it in some state; locked unless only read."""
    wanted = (
        select(Article)
        .where(Article.id == article_id)
        .options(joinedload(Article.section), selectinload(Article.bylines).joinedload(Byline.actor))
    )
    article = session.scalar(wanted if verb == "read" else wanted.with_for_update(of=Article))
    if article is None:
        raise Refused(N_("There is no such story."), status=404)
    powers.require(session, by, charter.power_for(verb, own=article.owner_id == by.id))
    return article


def save(session: Session, article_id: uuid.UUID, by: Account, draft: Draft, base_number: int) -> Revision:
    """Keep ``draft`` as a new revision; the same text again makes none.

    Refused with 409 where somebody saved after revision ``base_number``, so that no text replaces
    another that its author never saw.
    """
    article = open_(session, article_id, by, "save")
    charter.move("save", article.state)
    return _save(session, article, by, draft, base_number)


def publish(session: Session, article_id: uuid.UUID, by: Account) -> Article:
    """Put the newest revision out: a page, and a Post to every follower. A second time changes nothing."""
    article = open_(session, article_id, by, "publish")
    if article.state == charter.PUBLISHED:
        return article
    move = charter.move("publish", article.state)
    revision = latest(session, article)
    drafts.require_whole(revision.title, revision.summary, revision.body)
    _minute(session, article, by, move, revision.title)
    addresses.settle(session, article, article.slug or drafts.slug_of(revision.title))
    article.state, article.published_number = move.after, revision.number
    article.published_at = article.changed_at = now()
    session.flush()
    tags.settle(session, article, revision.tags)
    article.post_id = posts.publish(session, wire.story(session, article, revision)).id
    session.flush()
    return article


def correct(
    session: Session,
    article_id: uuid.UUID,
    by: Account,
    draft: Draft,
    *,
    note: str,
    kind: str = "correction",
    base_number: int | None = None,
) -> Correction:
    """Replace the public text and tell readers so: a notice that stays, and an ``Update``.

    ``kind`` is one of ``wire.CORRECTION_KINDS``. A new slug or section moves the page; the old
    address leads on. Refused with 409 where somebody saved after revision ``base_number``.
    """
    article = open_(session, article_id, by, "correct")
    move = charter.move("correct", article.state)
    if kind not in wire.CORRECTION_KINDS:
        raise Refused(N_("This is not a kind of correction."))
    words = drafts.note(note)
    before, path = article.published_number, addresses.path_of(article)
    revision = _save(session, article, by, draft, base_number)
    drafts.require_whole(revision.title, revision.summary, revision.body)
    if revision.number == before and addresses.path_of(article) == path:
        raise Refused(N_("Nothing was changed."))
    _minute(session, article, by, move, words)
    article.published_number = revision.number
    if addresses.path_of(article) != path:
        addresses.settle(session, article, article.slug)
    tags.settle(session, article, revision.tags)
    correction = _append(session, article, by, kind, words, before or revision.number)
    told = stories.corrections(session, article.id)
    posts.update(session, _post(session, article), wire.story(session, article, revision, told))
    return correction


def retract(session: Session, article_id: uuid.UUID, by: Account, reason: str) -> Article:
    """Take the story back: its page keeps its address with the reason, and an ``Update`` says so."""
    article = open_(session, article_id, by, "retract")
    if article.state == charter.RETRACTED:
        return article
    move = charter.move("retract", article.state)
    words = drafts.note(reason)
    _minute(session, article, by, move, words)
    article.state = move.after
    assert article.published_number is not None
    revision = stories.revision(session, article, article.published_number)
    assert revision is not None
    _append(session, article, by, wire.RETRACTION, words, revision.number)
    posts.update(session, _post(session, article), wire.retraction(session, article, revision, words))
    return article


def latest(session: Session, article: Article) -> Revision:
    """The newest saved text."""
    found = stories.revision(session, article, article.draft_number)
    assert found is not None
    return found


def as_draft(article: Article, revision: Revision) -> Draft:
    """The text of a revision as its author would write it again."""
    return Draft(
        title=revision.title,
        summary=revision.summary,
        body=revision.body,
        section=article.section.slug if article.section else "",
        slug=article.slug,
        language=revision.language,
        tags=tuple(str(tag) for tag in revision.tags),
        sources=tuple(Source(**source) for source in revision.sources),
        method=revision.method,
        content_warning=revision.content_warning,
        authors=tuple(Credit(byline.actor.handle, byline.role) for byline in article.bylines),
        picture_id=revision.picture_id,
    )


def _save(session: Session, article: Article, by: Account, draft: Draft, base_number: int | None) -> Revision:
    tidied = drafts.tidy(draft)
    current = latest(session, article)
    kept = as_draft(article, current)
    wanted = _filled(tidied, kept)
    if wanted == kept:
        return current
    if base_number is not None and base_number != article.draft_number:
        raise Refused(N_("Somebody else saved this story meanwhile. Nothing was overwritten."), status=409)
    return _write(session, article, by, wanted)


def _filled(draft: Draft, kept: Draft) -> Draft:
    """``draft`` with the slug and authors that the story has, where it names none."""
    return Draft(**{**vars(draft), "slug": draft.slug or kept.slug, "authors": draft.authors or kept.authors})


def _write(session: Session, article: Article, by: Account, draft: Draft) -> Revision:
    article.section = sections.named(session, draft.section)
    article.slug = draft.slug
    if draft.authors:
        _sign(session, article, draft.authors)
    article.draft_number += 1
    article.changed_at = now()
    revision = Revision(
        article_id=article.id,
        number=article.draft_number,
        author_id=by.id,
        title=draft.title,
        summary=draft.summary,
        body=draft.body,
        html=rendering.render(draft.body),
        language=draft.language,
        tags=list(draft.tags),
        sources=[vars(source) for source in draft.sources],
        method=draft.method,
        content_warning=draft.content_warning,
        picture_id=draft.picture_id,
    )
    session.add(revision)
    session.flush()
    return revision


def _sign(session: Session, article: Article, authors: tuple[Credit, ...]) -> None:
    """Set the bylines. Who signs first is the author on every other server, and stays so once published."""
    makers = [(_maker(session, credit.handle), credit.role) for credit in authors]
    if article.post_id is not None and makers[0][0].id != article.bylines[0].actor_id:
        raise Refused(N_("The first author of a published story stays: other servers know it as theirs."))
    kept = {(byline.actor_id, byline.role): byline for byline in article.bylines}
    article.bylines = [
        kept.get((actor.id, role)) or Byline(actor=actor, role=role, position=position)
        for position, (actor, role) in enumerate(makers)
    ]
    for position, byline in enumerate(article.bylines):
        byline.position = position


def _maker(session: Session, handle: str) -> Actor:
    actor = actors.local(session, handle)
    if actor is None or actor.kind != "Person" or actor.gone_at is not None:
        raise Refused(N_("Nobody here has the handle %(handle)s."), handle=handle)
    return actor


def _append(session: Session, article: Article, by: Account, kind: str, note: str, before: int) -> Correction:
    correction = Correction(
        article_id=article.id,
        kind=kind,
        note=note,
        before_number=before,
        after_number=article.published_number or before,
        by_id=by.id,
        created_at=now(),
    )
    article.changed_at = correction.created_at
    session.add(correction)
    session.flush()
    return correction


def _minute(session: Session, article: Article, by: Account, move: charter.Move, reason: str) -> None:
    face = actors.of(session, by)
    powers.exercise(
        session,
        by,
        move.power(own=article.owner_id == by.id),
        on=addresses.id_of(article.id),
        reason=reason,
        verb=move.verb,
        who=face.mention if face is not None else "",
    )


def _post(session: Session, article: Article) -> Post:
    assert article.post_id is not None
    return session.get_one(Post, article.post_id)
