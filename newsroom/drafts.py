"""What a journalist writes, before it is a revision: tidied and held to the limits. Pure."""

import re
import uuid
from dataclasses import dataclass, field, replace

from slugify import slugify

from commons import limits, sanitize
from commons.language import N_
from commons.refusal import Refused

# Roles that have a word in every language; others are shown as they were written.
ROLES = (N_("words"), N_("pictures"), N_("data"), N_("editing"))
SOURCE_KINDS = ("public", "on request", "protected")
# The primary language subtag of BCP 47 (RFC 5646 2.2.1), with a region or script where one is needed.
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
# What neither XML 1.0 nor PostgreSQL takes.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
UNTITLED = "story"


@dataclass(frozen=True)
class Source:
    """Where a fact comes from. ``kind`` is one of ``SOURCE_KINDS``; ``url`` may be empty."""

    text: str
    url: str = ""
    kind: str = "public"


@dataclass(frozen=True)
class Credit:
    """Who took part, by handle, and in what role ("words", "pictures", "data")."""

    handle: str
    role: str = "words"


@dataclass(frozen=True)
class Draft:
    """The whole text of a story. ``section`` is a slug, empty for none; an empty ``slug`` follows the title.

    No ``authors`` means the account that starts the story, and later those it has.
    """

    title: str
    summary: str
    body: str
    section: str = ""
    slug: str = ""
    language: str = "en"
    tags: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    method: str = ""
    content_warning: str = ""
    authors: tuple[Credit, ...] = field(default=())
    picture_id: uuid.UUID | None = None


def tidy(draft: Draft) -> Draft:
    """``draft`` on the lines and within the sizes that we keep; refuses what is too long or malformed."""
    return replace(
        draft,
        title=_line(draft.title, limits.TITLE_CHARS, N_("The title has at most %(most)s characters.")),
        summary=_line(
            draft.summary, limits.SUMMARY_STORY_CHARS, N_("The summary has at most %(most)s characters.")
        ),
        body=_text(draft.body, limits.BODY_CHARS, N_("The story has at most %(most)s characters.")),
        slug=slug_of(draft.slug) if draft.slug.strip() else "",
        language=_language(draft.language),
        tags=_tags(draft.tags),
        sources=_sources(draft.sources),
        method=_text(
            draft.method,
            limits.METHOD_CHARS,
            N_("How it was reported is told in at most %(most)s characters."),
        ).strip(),
        content_warning=_line(
            draft.content_warning,
            limits.WARNING_CHARS,
            N_("The content warning has at most %(most)s characters."),
        ),
        authors=_authors(draft.authors),
    )


def require_whole(title: str, summary: str, body: str) -> None:
    """Refuse to put out a story without title, summary or text: other servers show just these."""
    if not title:
        raise Refused(N_("A story needs a title."))
    if not summary:
        raise Refused(N_("A story needs a summary: it is what most other servers show."))
    if not body.strip():
        raise Refused(N_("A story needs a text."))


def slug_of(text: str) -> str:
    """The part of an address that stands for ``text``: lower-case ASCII, cut at a word; never empty."""
    return slugify(text, max_length=limits.SLUG_CHARS, word_boundary=True) or UNTITLED


def note(text: str) -> str:
    """The words of a correction or retraction: one line, not empty."""
    words = _line(text, limits.NOTE_CHARS, N_("A note has at most %(most)s characters."))
    if not words:
        raise Refused(N_("Readers are told what changed and why: write a note."))
    return words


def _line(text: str, most: int, reason: str) -> str:
    words = sanitize.plain(text, len(text) + 1)
    if len(words) > most:
        raise Refused(reason, most=most)
    return words


def _text(text: str, most: int, reason: str) -> str:
    kept = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(kept) > most:
        raise Refused(reason, most=most)
    return kept


def _language(code: str) -> str:
    code = code.strip()
    if not _LANGUAGE.match(code):
        raise Refused(N_("A language is named by a code such as en, de or pt-BR."))
    return code


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    reason = N_("A tag has at most %(most)s characters.")
    words = [_line(tag, limits.TAG_CHARS, reason).lstrip("#").strip() for tag in tags]
    once = {word.casefold(): word for word in reversed(words) if word}
    if len(once) > limits.STORY_TAGS:
        raise Refused(N_("A story has at most %(most)s tags."), most=limits.STORY_TAGS)
    return tuple(reversed(once.values()))


def _sources(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    kept = tuple(_source(source) for source in sources if source.text.strip() or source.url.strip())
    if len(kept) > limits.STORY_SOURCES:
        raise Refused(N_("A story names at most %(most)s sources."), most=limits.STORY_SOURCES)
    return kept


def _source(source: Source) -> Source:
    url = source.url.strip()
    safe = sanitize.safe_url(url) if url else ""
    if safe is None:
        raise Refused(N_("The address of a source must begin with https:// or http://."))
    if source.kind not in SOURCE_KINDS:
        raise Refused(N_("A source is public, on request or protected."))
    text = _line(
        source.text, limits.SOURCE_CHARS, N_("A source is described in at most %(most)s characters.")
    )
    return Source(text or safe, safe, source.kind)


def _authors(authors: tuple[Credit, ...]) -> tuple[Credit, ...]:
    reason = N_("A role has at most %(most)s characters.")
    kept = dict.fromkeys(
        Credit(
            credit.handle.strip().lstrip("@").lower(),
            _line(credit.role, limits.ROLE_CHARS, reason) or "words",
        )
        for credit in authors
        if credit.handle.strip()
    )
    if len(kept) > limits.STORY_AUTHORS:
        raise Refused(N_("A story has at most %(most)s authors."), most=limits.STORY_AUTHORS)
    return tuple(kept)
