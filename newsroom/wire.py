"""A story as the fediverse gets it. Notices of corrections go with it, in the story's own language."""

from collections.abc import Iterable

from markupsafe import Markup
from sqlalchemy.orm import Session

from commons.language import N_, catalogue
from federation import actors, posts
from newsroom import addresses, media, rendering
from newsroom.models import Article, Correction, Revision

CORRECTION_KINDS = {
    "correction": N_("Correction"),
    "clarification": N_("Clarification"),
    "update": N_("Update"),
}
RETRACTION = "retraction"
RETRACTED = N_("Retracted")


def story(
    session: Session, article: Article, revision: Revision, corrections: Iterable[Correction] = ()
) -> posts.Story:
    """The story with its text and below it what was corrected."""
    notices = Markup("").join(
        Markup("<p><strong>{}:</strong> {}</p>").format(
            _in(revision, CORRECTION_KINDS[correction.kind]), correction.note
        )
        for correction in corrections
    )
    return _story(session, article, revision, revision.title, revision.summary, revision.html + str(notices))


def retraction(session: Session, article: Article, revision: Revision, reason: str) -> posts.Story:
    """The notice that takes the story's place; its page keeps the old text behind a link."""
    word = _in(revision, RETRACTED)
    notice = Markup('<p><strong>{}:</strong> {}</p><p><a href="{}">{}</a></p>').format(
        word, reason, addresses.url_of(article), addresses.url_of(article)
    )
    return _story(session, article, revision, f"{word}: {revision.title}", f"{word}: {reason}", str(notice))


def _story(
    session: Session, article: Article, revision: Revision, title: str, summary: str, html: str
) -> posts.Story:
    makers = list(dict.fromkeys(byline.actor for byline in article.bylines))
    groups = [actors.newsroom(session)]
    if article.section is not None:
        groups.insert(0, article.section.actor)
    assert article.published_at is not None
    return posts.Story(
        id=article.id,
        author=makers[0],
        co_authors=makers[1:],
        groups=groups,
        title=title,
        summary=summary,
        html=html,
        language=revision.language,
        url=addresses.url_of(article),
        tags=[str(tag) for tag in revision.tags],
        warning=revision.content_warning,
        picture=media.ref(revision.picture) if revision.picture is not None else None,
        published_at=article.published_at,
        updated_at=article.changed_at if article.changed_at > article.published_at else None,
        cut=lambda text, size: rendering.excerpt(text, size, _read_on(article, revision)),
    )


def _read_on(article: Article, revision: Revision) -> str:
    words = _in(revision, N_("Read the whole story"))
    return Markup('<p><a href="{}">{}</a></p>').format(addresses.url_of(article), words)


def _in(revision: Revision, message: str) -> str:
    """``message`` in the language of the story, not of whoever presses the button."""
    return str(catalogue(revision.language.partition("-")[0]).ugettext(message))
