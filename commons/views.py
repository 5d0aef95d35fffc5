"""The public minutes, for everyone to read and to keep."""

from flask import Blueprint, Response, render_template, request

from commons import minutes, web
from commons.language import N_
from commons.refusal import Refused

pages = Blueprint("minutes", __name__)

SHOWN = 50
NUMBER_DIGITS = 12

# What is done with a power, as people say it; the stored word is the key.
DEEDS = {
    "publish": N_("published"),
    "correct": N_("corrected"),
    "retract": N_("retracted"),
    "block": N_("blocked"),
    "unblock": N_("no longer blocked"),
    "grant by founding": N_("granted in the founding period"),
    "grant by command": N_("granted by command"),
    "grant by seat": N_("granted by a seat on the board"),
    "grant by deputy": N_("granted to a deputy of the board"),
    "end": N_("ended with the account"),
    "end by founding": N_("lost with the founding period the power"),
    "end by seat": N_("lost with a seat on the board the power"),
    "end by deputy": N_("lost with an appointment as deputy the power"),
    "lay down": N_("laid down the power"),
    "take a seat": N_("took a seat on the board"),
    "leave a seat": N_("left the board"),
    "appoint a deputy": N_("appointed a deputy"),
    "record a meeting": N_("recorded a meeting of the board"),
    "record a decision": N_("recorded a decision of the board"),
    "offer a seat": N_("was offered a vacant seat after a countback"),
    "decline a seat": N_("did not take the seat that was offered"),
    "propose a co-option": N_("proposed a co-option"),
    "agree to a co-option": N_("agreed to a co-option"),
    "petition reached": N_("may be recalled: a petition has enough signatures"),
    "call an election": N_("called an election"),
    "repeat an election": N_("called an election again"),
    "postpone an election": N_("postponed an election"),
    "void an election": N_("ended an election without a result"),
    "open nominations again": N_("opened nominations again"),
    "answer an objection": N_("answered an objection to the roll"),
    "set the tally key": N_("set the tally key"),
    "rehearse the tally key": N_("rehearsed the tally key"),
    "name the source of lots": N_("named the source of lots"),
    "announce an election": N_("announced an election"),
    "count an election": N_("counted an election"),
    "certify an election": N_("certified an election"),
    "record a review": N_("recorded a review of the voting protocol"),
    "call an assembly": N_("called an assembly"),
    "cancel an assembly": N_("cancelled an assembly"),
    "record an assembly": N_("recorded an assembly"),
    "carry a motion": N_("noted a motion as carried"),
    "reject a motion": N_("noted a motion as rejected"),
    "give a motion back": N_("gave a motion back, as its vote was void"),
    "member: admit": N_("admitted a member"),
    "member: decline": N_("declined an application for membership"),
    "member: change class": N_("changed the class of a member"),
    "transfer shares": N_("handed on shares"),
    "adopt accounts": N_("noted that accounts were adopted"),
    "propose share payout": N_("proposed to pay back shares"),
    "approve share payout": N_("approved paying back shares"),
    "check an expense": N_("signed an expense"),
    "approve an expense": N_("approved an expense"),
    "reject an expense": N_("rejected an expense"),
    "pay an expense": N_("noted an expense as paid"),
    "make a payment file": N_("made a payment file"),
    "note a payment file as sent": N_("noted a payment file as sent"),
    "cancel a payment file": N_("cancelled a payment file"),
    "plan the budget": N_("planned the budget"),
    "propose surplus": N_("proposed what to do with a surplus"),
    "approve surplus": N_("approved what to do with a surplus"),
    "reject surplus": N_("rejected a proposal for a surplus"),
    "change the statutes": N_("changed the statutes"),
    "open campaign": N_("opened a campaign"),
    "cancel campaign": N_("called a campaign off"),
    "tell news of campaign": N_("told news of a campaign"),
    "propose waiver": N_("proposed to go on with less money"),
    "agree to waiver": N_("agreed to go on with less money"),
    "accept pitch": N_("accepted a story pitch"),
    "link story to pitch": N_("linked a story to its pitch"),
    "enter a voucher": N_("entered a voucher"),
    "approve a voucher": N_("approved a voucher"),
    "reject a voucher": N_("rejected a voucher"),
    "assign a bank line": N_("said what a bank line is for"),
    "assign a debit": N_("said what a debit is for"),
    "set a debt off": N_("set a debt off"),
    "approve a refund": N_("approved a refund"),
    "reject a refund": N_("rejected a refund"),
    "confirm recovery": N_("confirmed who somebody is that lost her keys"),
    "decline recovery": N_("did not let somebody in that said to have lost her keys"),
}
POWERS = {
    "write": N_("to write"),
    "edit": N_("to edit"),
    "publish": N_("to publish"),
    "moderate": N_("to moderate"),
    "books": N_("to keep the books"),
    "elections": N_("to hold elections"),
}


@pages.get("/minutes")
def minutes_() -> Response:
    """Every use of a power, newest first, with the hash that the next line builds on."""
    session = web.session()
    before = _number(request.args.get("before"))
    lines = list(minutes.lines(session, before, SHOWN))
    older = lines[-1][0].number if len(lines) == SHOWN else None
    number, head = minutes.head(session)
    return web.public(
        render_template(
            "commons/minutes.html",
            lines=lines,
            older=older,
            total=number,
            head=head,
            deeds=DEEDS,
            powers=POWERS,
        )
    )


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS):
        raise Refused(N_("There is no such page."), status=404)
    return int(text)
