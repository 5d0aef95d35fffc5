"""camt.053, the statement of ISO 20022, in whichever version a bank writes it."""

from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from stdnum import iban

from commons import limits
from commons.language import N_
from commons.refusal import Refused
from membership.money.currencies import Money
from membership.payments.statements.amounts import minor
from membership.payments.statements.entry import NO_REFERENCE, Entry, Statement


def read(data: bytes) -> Statement:
    """The booked entries of a camt.053 file; no DTD, no entity, one account."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Refused(N_("This is not an XML file that we read.")) from error
    _without_namespaces(root)
    statements = root.findall(".//BkToCstmrStmt/Stmt")
    if not statements:
        raise Refused(N_("There is no camt.053 statement in this file."))
    accounts = {iban.compact(_text(each, "Acct/Id/IBAN")) for each in statements}
    if len(accounts) > 1:
        raise Refused(N_("The file has statements of several accounts."))
    entries: list[Entry] = []
    for place, entry in enumerate((each for one in statements for each in one.findall("Ntry")), start=1):
        if len(entries) >= limits.STATEMENT_LINES:
            raise Refused(N_("The file has more than %(most)s entries."), most=limits.STATEMENT_LINES)
        try:
            entries.extend(_entries(entry))
        except ValueError as error:
            raise Refused(N_("Entry %(number)s cannot be read."), number=place) from error
    return Statement(accounts.pop(), tuple(entries))


def _without_namespaces(root: Element) -> None:
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]


def _entries(entry: Element) -> Iterator[Entry]:
    """One for each transaction of a collective booking, if they sum to it."""
    if (_text(entry, "Sts/Cd") or _text(entry, "Sts") or "BOOK") != "BOOK":
        return
    whole = _amount(entry.find("Amt"))
    sign = (
        {"CRDT": 1, "DBIT": -1}[_text(entry, "CdtDbtInd")]
        if _text(entry, "CdtDbtInd") in ("CRDT", "DBIT")
        else 0
    )
    if sign == 0 or whole.amount <= 0:
        raise ValueError("neither credit nor debit")
    booked = date.fromisoformat((_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm"))[:10])
    details = entry.findall("NtryDtls/TxDtls")
    parts = [_part(each) for each in details]
    own = _text(entry, "AcctSvcrRef")
    if len(details) > 1 and sum(part.amount for part in parts if part) == whole.amount:
        for number, (detail, part) in enumerate(zip(details, parts, strict=True), start=1):
            if part:
                named = _text(detail, "Refs/AcctSvcrRef") or (f"{own}/{number}" if own else "")
                yield _entry(detail, part, sign, booked, named, _sent_as(detail))
        return
    alone = details[0] if len(details) == 1 else entry
    yield _entry(alone, whole, sign, booked, own, _sent_as(alone) or _text(entry, "NtryDtls/Btch/MsgId"))


def _sent_as(detail: Element) -> str:
    """The end-to-end id; none where the bank says that there is none."""
    said = _text(detail, "Refs/EndToEndId")
    return "" if said.upper() in NO_REFERENCE else said[: limits.STATEMENT_TEXT_CHARS]


def _part(detail: Element) -> Money | None:
    found = detail.find("Amt")
    if found is None:
        found = detail.find("AmtDtls/TxAmt/Amt")
    return _amount(found) if found is not None else None


def _entry(detail: Element, money: Money, sign: int, booked: date, own: str, sent_as: str) -> Entry:
    other = "Dbtr" if sign > 0 else "Cdtr"
    words = " ".join(found.text or "" for found in detail.findall("RmtInf/Ustrd"))
    return Entry(
        money=Money(sign * money.amount, money.currency),
        booked_on=booked,
        own=own,
        reference=_text(detail, "RmtInf/Strd/CdtrRefInf/Ref"),
        text=_clean(words or _text(detail, "AddtlNtryInf")),
        name=_clean(_text(detail, f"RltdPties/{other}/Nm") or _text(detail, f"RltdPties/{other}/Pty/Nm")),
        iban=iban.compact(_text(detail, f"RltdPties/{other}Acct/Id/IBAN")),
        sent_as=sent_as,
    )


def _amount(found: Element | None) -> Money:
    if found is None:
        raise ValueError("no amount")
    return minor(found.text or "", found.get("Ccy", ""))


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[
        : limits.STATEMENT_TEXT_CHARS
    ]
