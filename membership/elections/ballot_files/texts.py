"""Names and titles in election files, which will be shown in terminals and pages."""

from unicodedata import category

from commons.limits import ELECTION_TEXT_CHARS
from commons.refusal import Refused

# Controls, unassigned and private characters, lone surrogates; and what turns or hides text around it.
UNFIT = frozenset({"Cc", "Cn", "Co", "Cs", "Zl", "Zp"})
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(text: str) -> str:
    """``text`` without blanks around it. Raises Refused if it is long or could disturb a terminal."""
    text = text.strip()
    if len(text) > ELECTION_TEXT_CHARS:
        raise Refused("A name or title has more than %(most)s characters.", most=ELECTION_TEXT_CHARS)
    if any(character in TURNING or category(character) in UNFIT for character in text):
        raise Refused("A name or title holds a control character.")
    return text
