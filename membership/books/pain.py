"""Transfers as the file that a bank takes: ISO 20022 pain.001.001.09, checked against its XML schema.

Pure. Names and purposes are written in the letters that every bank of the SEPA area reads.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError, try_valid_xml

from commons.language import N_
from commons.refusal import Refused

SCHEMA = "pain.001.001.09"
# An IBAN is enough, but banks want it said that there is no BIC (EPC 132-08, usage of DbtrAgt).
NO_BIC, SAID = b"<FinInstnId />", b"<FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>"


@dataclass(frozen=True)
class Sender:
    """Our own account; ``bic`` may be empty."""

    name: str
    iban: str
    bic: str


@dataclass(frozen=True)
class Transfer:
    """``cents`` to ``name``; ``id`` comes back in the bank's statement as the end-to-end reference."""

    id: uuid.UUID
    name: str
    iban: str
    cents: int
    words: str


def write(sender: Sender, transfers: Sequence[Transfer], on: date) -> tuple[str, bytes]:
    """The id of the message and its bytes. Refuses what the schema does not allow."""
    account = {"name": sender.name, "IBAN": sender.iban, "batch": True, "currency": "EUR"}
    message = SepaTransfer(account | ({"BIC": sender.bic} if sender.bic else {}), schema=SCHEMA)
    for transfer in transfers:
        message.add_payment(
            {
                "name": transfer.name,
                "IBAN": transfer.iban,
                "amount": transfer.cents,
                "execution_date": on,
                "description": transfer.words,
                "endtoend_id": transfer.id.hex,
            }
        )
    try:
        data = bytes(message.export(validate=False)).replace(NO_BIC, SAID)
        try_valid_xml(data, SCHEMA)
    except ValidationError as error:
        raise Refused(N_("The file for the bank would not be valid.")) from error
    return str(message.msg_id), data
