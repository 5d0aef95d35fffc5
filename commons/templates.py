"""What holds for every template, of a page or of a letter: nothing undefined, words through the catalogue."""

from jinja2 import Environment, StrictUndefined

from commons import language


def prepare(environment: Environment) -> None:
    """Set up ``environment``, before it has loaded a template."""
    environment.undefined = StrictUndefined
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=language._, ngettext=language.ngettext, newstyle=True
    )
