"""What machines read about a story's page: ``NewsArticle`` of schema.org. Pure."""

from collections.abc import Iterable
from typing import Any

from commons.clock import iso
from commons.config import settings
from newsroom import charter
from newsroom.models import Correction
from newsroom.stories import Story
from newsroom.wire import RETRACTION


def news_article(story: Story, corrections: Iterable[Correction]) -> dict[str, Any]:
    """The JSON-LD of a story's page, corrections and retraction included."""
    told = list(corrections)
    value: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": story.id,
        "url": story.url,
        "mainEntityOfPage": story.url,
        "headline": story.revision.title,
        "description": story.revision.summary,
        "inLanguage": story.revision.language,
        "keywords": story.revision.tags,
        "datePublished": iso(story.published_at),
        "dateModified": iso(story.article.changed_at),
        "author": [{"@type": "Person", "name": maker.name, "url": maker.url} for maker in story.people],
        "publisher": {
            "@type": "NewsMediaOrganization",
            "name": settings().name,
            "url": settings().origin + "/",
        },
        "isAccessibleForFree": True,
    }
    if story.section is not None:
        value["articleSection"] = story.section.name
    if story.image is not None:
        value["image"] = {
            "@type": "ImageObject",
            "url": story.image.url,
            "width": story.image.width,
            "height": story.image.height,
        }
    if told:
        value["correction"] = [_correction(correction) for correction in told]
    if story.article.state == charter.RETRACTED:
        value["creativeWorkStatus"] = "Retracted"
    return value


def _correction(correction: Correction) -> dict[str, Any]:
    kind = "Comment" if correction.kind == RETRACTION else "CorrectionComment"
    return {"@type": kind, "text": correction.note, "datePublished": iso(correction.created_at)}
