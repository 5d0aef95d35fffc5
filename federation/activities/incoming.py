"""An activity that came in, and what every handler needs to know of it."""

from dataclasses import dataclass, field

from commons import outbound
from commons.language import N_
from commons.refusal import Refused
from federation import actors, vocabulary
from federation.models import Actor


class Ignored(Refused):
    """Nothing is wrong, but it is nothing to us."""


class Wanted(Exception):
    """A document of another server is needed. It is fetched between two transactions, never within one."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.uri = uri


@dataclass(frozen=True)
class Incoming:
    """A verified activity: ``actor`` signed it, ``value`` is what it says."""

    actor: Actor
    value: vocabulary.Object
    fetched: dict[str, vocabulary.Object | Exception] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return vocabulary.text_of(self.value.get("id"))

    @property
    def object_uri(self) -> str:
        """The address of the object; refuses an activity without one."""
        uri = vocabulary.id_of(self.value.get("object"))
        if not uri:
            raise Refused(N_("The activity has no object."), status=400)
        return uri

    @property
    def embedded(self) -> vocabulary.Object | None:
        """The object itself, where it came along whole."""
        value = self.value.get("object")
        return value if isinstance(value, dict) and set(value) - {"id", "type"} else None

    def document(self, uri: str) -> vocabulary.Object:
        """What its own server says at ``uri``; raises ``Wanted`` until it has been asked."""
        found = self.fetched.get(uri)
        if found is None:
            raise Wanted(uri)
        if isinstance(found, Exception):
            raise found
        return found

    def is_gone(self, uri: str) -> bool:
        """Whether its own server says 410 at ``uri``; a 404 or silence proves nothing."""
        try:
            self.document(uri)
        except actors.Gone:
            return True
        except (outbound.Unreachable, Refused):
            return False
        return False
