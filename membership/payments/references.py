"""Creditor references (ISO 11649): what a payer writes on a transfer, with two check digits. Pure."""

import re
import secrets

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

# No O, I, Q, S, Z: whoever copies one by hand cannot mistake them for digits.
LETTERS = "ABCDEFGHJKLMNPRTUVWXY0123456789"
BODY_CHARS = 12
# In a payer's own words, with the blanks that people and banks put in.
IN_TEXT = re.compile(r"RF\s*\d\s*\d(?:[\s-]*[0-9A-Z]){12}", re.IGNORECASE)


def new() -> str:
    """A reference that nobody can guess, such as ``RF45 7KXM 2PWL 93AB``, without its blanks."""
    body = "".join(secrets.choice(LETTERS) for _ in range(BODY_CHARS))
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def spaced(reference: str) -> str:
    """In groups of four, as it is printed."""
    return iso11649.format(reference)


def find(*texts: str) -> str:
    """The first valid reference of ours in ``texts``, or an empty text."""
    for text in texts:
        for match in IN_TEXT.finditer(text):
            reference = re.sub(r"[\s-]", "", match[0]).upper()
            if iso11649.is_valid(reference):
                return reference
    return ""
