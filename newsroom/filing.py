"""From a story file to what the desk takes."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from newsroom import media
from newsroom.drafts import Credit, Draft, Source
from newsroom.media import Caption
from newsroom.models import Picture
from newsroom.story_file import StoryFile

# The bytes of a picture by its name in the story file, or None.
Pictures = Callable[[str], bytes | None]


def draft_of(session: Session, written: StoryFile, pictures: Pictures) -> Draft:
    """The story as a draft, its lead picture taken in; refuses a picture that is not there."""
    picture = _picture(session, written, pictures)
    return Draft(
        title=written.title,
        summary=written.summary,
        body=written.body,
        section=written.section or "",
        slug=written.slug or "",
        language=written.language or settings().language,
        tags=tuple(written.tags),
        sources=tuple(
            Source(source.text, source.url or "", source.kind or "public") for source in written.sources
        ),
        method=written.method,
        content_warning=written.content_warning,
        authors=tuple(Credit(author.handle, author.role) for author in written.authors),
        picture_id=picture.id if picture is not None else None,
    )


def _picture(session: Session, written: StoryFile, pictures: Pictures) -> Picture | None:
    image = written.lead_image
    if image is None:
        return None
    data = pictures(image.file)
    if data is None:
        raise Refused(N_("There is no picture %(file)s beside the story."), file=image.file)
    return media.keep(session, data, Caption(image.alt, image.credit, image.licence))
