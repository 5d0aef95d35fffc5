"""The pictures of stories, with what a reader is owed about them: what they show, by whom, on what terms."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from commons import limits, pictures, sanitize, storage
from commons.language import N_
from commons.refusal import Refused
from federation import posts
from newsroom.models import Picture


@dataclass(frozen=True)
class Caption:
    """``alt`` is empty where the picture only decorates, ``credit`` where a story file names nobody."""

    alt: str
    credit: str
    licence: str = ""


def keep(session: Session, data: bytes, caption: Caption) -> Picture:
    """Take an uploaded picture in: re-encoded, without what the camera wrote into it."""
    caption = _tidy(caption)
    accepted = pictures.accept(data)
    picture = Picture(
        key=accepted.key,
        small_key=accepted.small_key,
        media_type=accepted.media_type,
        width=accepted.width,
        height=accepted.height,
        blurhash=accepted.blurhash,
        alt=caption.alt,
        credit=caption.credit,
        licence=caption.licence,
    )
    session.add(picture)
    session.flush()
    return picture


def describe(session: Session, picture: Picture, caption: Caption) -> Picture:
    """The same picture with another caption: a new row, since revisions keep theirs."""
    caption = _tidy(caption)
    described = Picture(
        key=picture.key,
        small_key=picture.small_key,
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        blurhash=picture.blurhash,
        alt=caption.alt,
        credit=caption.credit,
        licence=caption.licence,
    )
    session.add(described)
    session.flush()
    return described


def ref(picture: Picture) -> posts.PictureRef:
    """The picture as other servers see it."""
    return posts.PictureRef(
        url=storage.url(picture.key),
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        alt=picture.alt,
        blurhash=picture.blurhash,
    )


def _tidy(caption: Caption) -> Caption:
    alt = sanitize.plain(caption.alt, len(caption.alt) + 1)
    if len(alt) > limits.ALT_CHARS:
        raise Refused(
            N_("What a picture shows is told in at most %(most)s characters."), most=limits.ALT_CHARS
        )
    credit, licence = (
        sanitize.plain(text, limits.CREDIT_CHARS) for text in (caption.credit, caption.licence)
    )
    return Caption(alt, credit, licence)
