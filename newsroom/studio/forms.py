"""The forms of the studio. They only read; what is right or wrong the verbs decide."""

from collections.abc import Iterable
from typing import Any

from wtforms import (
    BooleanField,
    FieldList,
    FileField,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)

from commons import limits
from commons.forms import Form
from commons.language import N_, _
from newsroom.drafts import SOURCE_KINDS, Credit, Draft, Source
from newsroom.models import Picture, Section
from newsroom.wire import CORRECTION_KINDS

BLANK_ROWS = 2
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "uk", "ru", "ar", "fa", "zh", "ja")


class CreditForm(Form):
    """One line of the byline."""

    handle = StringField(N_("Handle"), render_kw={"autocapitalize": "none", "spellcheck": "false"})
    role = StringField(N_("Role"), render_kw={"maxlength": limits.ROLE_CHARS})


class SourceForm(Form):
    """One source."""

    text = StringField(N_("What it is"), render_kw={"maxlength": limits.SOURCE_CHARS})
    url = StringField(N_("Address"), render_kw={"inputmode": "url", "placeholder": "https://"})
    kind = SelectField(N_("Who can see it"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.kind.choices = [(kind, _(label)) for kind, label in SOURCE_LABELS.items()]


SOURCE_LABELS = dict(zip(SOURCE_KINDS, (N_("public"), N_("on request"), N_("protected")), strict=True))


class StoryForm(Form):
    """The text of a story and all that goes with it, except the picture."""

    title = StringField(N_("Title"), render_kw={"maxlength": limits.TITLE_CHARS})
    summary = TextAreaField(N_("Summary"), render_kw={"rows": 3, "maxlength": limits.SUMMARY_STORY_CHARS})
    body = TextAreaField(N_("Text, in Markdown"), render_kw={"class": "text"})
    section = SelectField(N_("Section"))
    language = SelectField(N_("Language"))
    tags = StringField(N_("Tags, with commas between"))
    slug = StringField(
        N_("Last part of the address"), render_kw={"autocapitalize": "none", "spellcheck": "false"}
    )
    content_warning = StringField(N_("Content warning"), render_kw={"maxlength": limits.WARNING_CHARS})
    method = TextAreaField(
        N_("How we reported this"), render_kw={"rows": 4, "maxlength": limits.METHOD_CHARS}
    )
    authors = FieldList(FormField(CreditForm), N_("Who made it"), max_entries=limits.STORY_AUTHORS)
    sources = FieldList(FormField(SourceForm), N_("Sources"), max_entries=limits.STORY_SOURCES)
    base_number = HiddenField()

    def offer(self, sections: Iterable[Section], blank_rows: int = BLANK_ROWS) -> None:
        """Fill the choices, and add empty lines to write more authors and sources into."""
        self.section.choices = [("", _("None")), *((section.slug, section.name) for section in sections)]
        known = LANGUAGES if self.language.data in LANGUAGES else (*LANGUAGES, self.language.data or "en")
        self.language.choices = [(code, code) for code in known]
        for rows in (self.authors, self.sources):
            for _row in range(min(blank_rows, rows.max_entries - len(rows))):
                rows.append_entry()

    def draft(self, picture: Picture | None = None) -> Draft:
        """What was written, with the picture that the story has."""
        return Draft(
            title=self.title.data or "",
            summary=self.summary.data or "",
            body=self.body.data or "",
            section=self.section.data or "",
            slug=self.slug.data or "",
            language=self.language.data or "en",
            tags=tuple((self.tags.data or "").split(",")),
            sources=tuple(
                Source(row["text"] or "", row["url"] or "", row["kind"] or "public")
                for row in self.sources.data
            ),
            method=self.method.data or "",
            content_warning=self.content_warning.data or "",
            authors=tuple(Credit(row["handle"] or "", row["role"] or "") for row in self.authors.data),
            picture_id=picture.id if picture is not None else None,
        )

    @property
    def base(self) -> int:
        """The revision on which the text was written; 0 where the page did not say."""
        text = str(self.base_number.data or "")
        return int(text) if text.isdecimal() and len(text) < 10 else 0


def fill(draft: Draft, base_number: int, kind: type[StoryForm] = StoryForm) -> StoryForm:
    """The form that shows ``draft``, which stands in revision ``base_number``."""
    return kind(
        data={
            **vars(draft),
            "tags": ", ".join(draft.tags),
            "sources": [vars(source) for source in draft.sources],
            "authors": [vars(credit) for credit in draft.authors],
            "base_number": str(base_number),
        }
    )


class CorrectionForm(StoryForm):
    """A story's text once more, with what readers are told."""

    kind = SelectField(N_("What it is"))
    note = TextAreaField(N_("What readers are told"), render_kw={"rows": 3, "maxlength": limits.NOTE_CHARS})

    def offer(self, sections: Iterable[Section], blank_rows: int = BLANK_ROWS) -> None:
        super().offer(sections, blank_rows)
        self.kind.choices = [(kind, _(label)) for kind, label in CORRECTION_KINDS.items()]


class PictureForm(Form):
    """The lead picture, and what is owed about it. Alternative text or "decorative" must be chosen."""

    file = FileField(N_("Picture file"), render_kw={"accept": "image/jpeg,image/png,image/webp,image/gif"})
    alt = TextAreaField(N_("What the picture shows"), render_kw={"rows": 3, "maxlength": limits.ALT_CHARS})
    decorative = BooleanField(N_("It only decorates"))
    credit = StringField(N_("Who made it"), render_kw={"maxlength": limits.CREDIT_CHARS})
    licence = StringField(N_("Licence"), render_kw={"maxlength": limits.CREDIT_CHARS})


class PublicationForm(Form):
    """A button, and a place for why it did not work."""


class RetractionForm(Form):
    """Why a story is taken back."""

    reason = TextAreaField(N_("Why it is retracted"), render_kw={"rows": 3, "maxlength": limits.NOTE_CHARS})
