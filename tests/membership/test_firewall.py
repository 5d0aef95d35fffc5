"""The firewall: every route, asked by everybody, answers only whom the table below lets in.

The table is that of roles and powers: only the treasurer sees who pledged; whoever edits, moderates or
holds elections sees sums at most. A route that is not in the table fails the test, so nobody can
add one without saying who may use it.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import product

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from commons import web
from commons.db import Database

from .petra import ROLES, WRITERS, House, ask, said

# Who answers may depend on; how they look does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SIGNED_IN = frozenset(ROLES) - {"reader"}
EDITORS = frozenset({"editor", "sitting"})
MEMBERS = frozenset({"member", "sitting"})
BOARD = frozenset({"sitting"})
TREASURER = frozenset({"treasurer"})
OFFICER = frozenset({"officer"})
RECOVERERS = frozenset({"officer", "moderator"})
# May be asked by anybody; what it shows must still name no payer.
ANYBODY = frozenset(ROLES)
# Opens for who holds the secret address in a letter, or whose own it is; to others it is not there.
LINK = frozenset({"link"})
# A second person agrees to what a first proposed; here nobody has proposed anything. What an election does
# not allow is not there.
NOBODY: frozenset[str] = frozenset()
# For programs: it looks at signatures and tokens, never at who is signed in.
MACHINE = frozenset({"machine"})

TABLE: dict[str, frozenset[str]] = {
    "GET /": ANYBODY,
    "GET /.well-known/host-meta": MACHINE,
    "GET /.well-known/nodeinfo": MACHINE,
    "GET /.well-known/webfinger": MACHINE,
    "GET /<slug>": ANYBODY,
    "GET /<slug>/<name>": ANYBODY,
    "GET /<slug>/<name>/changes": ANYBODY,
    "GET /<slug>/<name>/retracted": ANYBODY,
    "GET /<slug>/feed.atom": MACHINE,
    "GET /<slug>/feed.json": MACHINE,
    "GET /@<handle>": MACHINE,
    "GET /@<handle>/featured": MACHINE,
    "GET /@<handle>/followers": MACHINE,
    "GET /@<handle>/following": MACHINE,
    "GET /@<handle>/outbox": MACHINE,
    "POST /@<handle>/inbox": MACHINE,
    "GET /account": SIGNED_IN,
    "POST /account/first-password": SIGNED_IN,
    "GET /account/passkeys/new": SIGNED_IN,
    "POST /account/passkeys/<uuid:passkey_id>/name": SIGNED_IN,
    "POST /account/passkeys/<uuid:passkey_id>/remove": SIGNED_IN,
    "POST /account/passkeys/ask": SIGNED_IN,
    "POST /account/passkeys/new": SIGNED_IN,
    "POST /account/password": SIGNED_IN,
    "POST /account/sign-ins": SIGNED_IN,
    "GET /activities/<uuid:activity_id>": MACHINE,
    "GET /actor": MACHINE,
    "GET /actor/featured": MACHINE,
    "GET /actor/followers": MACHINE,
    "GET /actor/following": MACHINE,
    "GET /actor/outbox": MACHINE,
    "POST /actor/inbox": MACHINE,
    "GET /archive": ANYBODY,
    "GET /assembly": ANYBODY,
    "GET /assembly/<uuid:assembly_id>": ANYBODY,
    "GET /assembly/<uuid:assembly_id>/calendar.ics": ANYBODY,
    "GET /assembly/<uuid:assembly_id>/record": OFFICER,
    "POST /assembly/<uuid:assembly_id>/record": OFFICER,
    "POST /assembly/<uuid:assembly_id>/cancel": OFFICER,
    "GET /assembly/call": OFFICER,
    "POST /assembly/call": OFFICER,
    "GET /assembly/motions/<uuid:motion_id>": ANYBODY,
    "POST /assembly/motions/<uuid:motion_id>/put": OFFICER,
    "POST /assembly/motions/<uuid:motion_id>/support": NOBODY,
    "POST /assembly/motions/<uuid:motion_id>/withdraw": NOBODY,
    "GET /assembly/motions/new": SIGNED_IN,
    "POST /assembly/motions/new": SIGNED_IN,
    "GET /authorize_interaction": SIGNED_IN,
    "POST /authorize_interaction": SIGNED_IN,
    "GET /board": ANYBODY,
    "GET /board/countbacks/<uuid:offer_id>": ANYBODY,
    "GET /board/meetings/<uuid:meeting_id>": ANYBODY,
    "GET /board/mine": SIGNED_IN,
    "POST /board/mine/co-options/<uuid:cooption_id>/agree": BOARD,
    "POST /board/mine/co-options/<uuid:cooption_id>/consent": SIGNED_IN,
    "POST /board/mine/deputies": BOARD,
    "POST /board/mine/deputies/<uuid:deputy_id>/end": SIGNED_IN,
    "POST /board/mine/lay-down": SIGNED_IN,
    "POST /board/mine/meetings": BOARD,
    "GET /board/mine/meetings/<uuid:meeting_id>": BOARD,
    "POST /board/mine/meetings/<uuid:meeting_id>": BOARD,
    "GET /board/mine/meetings/new": BOARD,
    "POST /board/mine/offers/<uuid:offer_id>/accept": NOBODY,
    "POST /board/mine/offers/<uuid:offer_id>/decline": NOBODY,
    "GET /board/mine/seats/<uuid:seat_id>/resign": NOBODY,
    "POST /board/mine/seats/<uuid:seat_id>/resign": SIGNED_IN,
    "POST /board/mine/vacancies/<uuid:seat_id>/co-opt": BOARD,
    "GET /board/petitions": SIGNED_IN,
    "POST /board/petitions": SIGNED_IN,
    "POST /board/petitions/<uuid:petition_id>/sign": NOBODY,
    "GET /campaigns": ANYBODY,
    "GET /campaigns/<slug>": ANYBODY,
    "GET /campaigns/<slug>/manage": TREASURER,
    "GET /campaigns/<slug>/pledge": ANYBODY,
    "POST /campaigns/<slug>/pledge": ANYBODY,
    "GET /campaigns/<slug>/progress": ANYBODY,
    "POST /campaigns/<slug>/agree": NOBODY,
    "POST /campaigns/<slug>/cancel": TREASURER,
    "POST /campaigns/<slug>/decide": TREASURER,
    "POST /campaigns/<slug>/news": TREASURER,
    "POST /campaigns/<slug>/story": TREASURER,
    "POST /campaigns/<slug>/waive": TREASURER,
    "GET /campaigns/desk": TREASURER,
    "GET /campaigns/new": TREASURER,
    "POST /campaigns/new": TREASURER,
    "GET /desk": SIGNED_IN,
    "POST /desk/address": SIGNED_IN,
    "GET /desk/data": SIGNED_IN,
    "POST /desk/erase": SIGNED_IN,
    "POST /desk/erase/stop": SIGNED_IN,
    "GET /desk/erase/stop/<token>": LINK,
    "POST /desk/erase/stop/<token>": LINK,
    "POST /desk/export": SIGNED_IN,
    "GET /desk/leave": SIGNED_IN,
    "POST /desk/leave": SIGNED_IN,
    "POST /desk/shares": SIGNED_IN,
    "GET /elections": ANYBODY,
    "GET /elections/how-secret": ANYBODY,
    "GET /elections/<slug>": ANYBODY,
    "GET /elections/<slug>/certificate": NOBODY,
    "GET /elections/<slug>/files/<name>": NOBODY,
    "GET /elections/<slug>/package.json": NOBODY,
    "GET /elections/<slug>/assisted": NOBODY,
    "POST /elections/<slug>/assisted": NOBODY,
    "GET /elections/<slug>/check": ANYBODY,
    "GET /elections/<slug>/candidates": ANYBODY,
    "POST /elections/<slug>/candidates": SIGNED_IN,
    "GET /elections/<slug>/candidates/<uuid:candidacy_id>": ANYBODY,
    "POST /elections/<slug>/candidates/<uuid:candidacy_id>/support": NOBODY,
    "POST /elections/<slug>/candidates/<uuid:candidacy_id>/questions": NOBODY,
    "POST /elections/<slug>/candidates/<uuid:candidacy_id>/questions/<uuid:question_id>": NOBODY,
    "GET /elections/<slug>/entry": SIGNED_IN,
    "POST /elections/<slug>/entry": SIGNED_IN,
    "GET /elections/<slug>/nominate": SIGNED_IN,
    "POST /elections/<slug>/nominate": SIGNED_IN,
    "POST /elections/<slug>/nominate/decline": NOBODY,
    "POST /elections/<slug>/nominate/withdraw": NOBODY,
    "GET /elections/office": OFFICER,
    "GET /elections/office/call": OFFICER,
    "POST /elections/office/call": OFFICER,
    "GET /elections/office/<slug>": OFFICER,
    "POST /elections/office/<slug>/announce": OFFICER,
    "POST /elections/office/<slug>/certify": OFFICER,
    "POST /elections/office/<slug>/count": OFFICER,
    "POST /elections/office/<slug>/key": OFFICER,
    "POST /elections/office/<slug>/lot": OFFICER,
    "POST /elections/office/<slug>/objections/<uuid:objection_id>": OFFICER,
    "POST /elections/office/<slug>/postpone": OFFICER,
    "POST /elections/office/<slug>/rehearsal": OFFICER,
    "POST /elections/office/<slug>/void": OFFICER,
    "GET /elections/<slug>/draw": SIGNED_IN,
    "POST /elections/<slug>/draw": SIGNED_IN,
    "GET /feed.atom": MACHINE,
    "GET /feed.json": MACHINE,
    "GET /from-others": ANYBODY,
    "POST /inbox": MACHINE,
    "POST /interact": ANYBODY,
    "GET /join": ANYBODY,
    "POST /join": ANYBODY,
    "GET /join/thanks": ANYBODY,
    "GET /livez": MACHINE,
    "GET /media/<key>": MACHINE,
    "GET /members": MEMBERS,
    "GET /members.csv": MEMBERS,
    "GET /metrics": MACHINE,
    "GET /minutes": ANYBODY,
    "GET /nodeinfo/2.1": MACHINE,
    "GET /pay/<token>": LINK,
    "GET /pay/<token>/go": LINK,
    "GET /pay/mandate/<token>": LINK,
    "GET /pay/mandate/<token>/signed": LINK,
    "GET /payments": TREASURER,
    "GET /payments/<uuid:charge_id>": TREASURER,
    "POST /payments/<uuid:charge_id>/refund": TREASURER,
    "GET /payments/mine": SIGNED_IN,
    "POST /payments/mine/back": SIGNED_IN,
    "POST /payments/mine/free/<uuid:charge_id>": LINK,
    "POST /payments/mine/use/<uuid:charge_id>": LINK,
    "POST /payments/import": TREASURER,
    "POST /payments/lines/<uuid:line_id>/assign": TREASURER,
    "POST /payments/lines/<uuid:line_id>/credit": TREASURER,
    "POST /payments/lines/<uuid:line_id>/payout": TREASURER,
    "POST /payments/lines/<uuid:line_id>/return": TREASURER,
    "POST /payments/refunds/<uuid:refund_id>/approve": TREASURER,
    "POST /payments/refunds/<uuid:refund_id>/reject": TREASURER,
    "POST /payments/refunds/<uuid:refund_id>/sent": TREASURER,
    "GET /pitches": ANYBODY,
    "GET /pitches/<slug>": ANYBODY,
    "GET /pitches/<slug>/manage": WRITERS | TREASURER,
    "GET /pitches/<slug>/pledge": ANYBODY,
    "POST /pitches/<slug>/pledge": ANYBODY,
    "GET /pitches/<slug>/progress": ANYBODY,
    "POST /pitches/<slug>/agree": NOBODY,
    "POST /pitches/<slug>/cancel": WRITERS | TREASURER,
    "POST /pitches/<slug>/decide": WRITERS | TREASURER,
    "POST /pitches/<slug>/news": WRITERS | TREASURER,
    "POST /pitches/<slug>/story": WRITERS | TREASURER,
    "POST /pitches/<slug>/waive": WRITERS | TREASURER,
    "GET /pitches/choose/<number>": LINK,
    "POST /pitches/choose/<number>": LINK,
    "GET /pitches/desk": WRITERS,
    "GET /pitches/new": WRITERS,
    "POST /pitches/new": WRITERS,
    "GET /pledges": SIGNED_IN,
    "GET /pledges/<number>": LINK,
    "GET /pledges/<number>/pause": LINK,
    "POST /pledges/<number>/pause": LINK,
    "GET /pledges/<number>/resume": LINK,
    "POST /pledges/<number>/resume": LINK,
    "GET /pledges/<number>/stop": LINK,
    "POST /pledges/<number>/stop": LINK,
    "GET /pledges/<number>/change": LINK,
    "POST /pledges/<number>/change": LINK,
    "GET /pledges/forget": ANYBODY,
    "POST /pledges/forget": ANYBODY,
    "GET /pledges/forget/<token>": LINK,
    "POST /pledges/forget/<token>": LINK,
    "GET /pledges/gift": ANYBODY,
    "POST /pledges/gift": ANYBODY,
    "GET /pledges/gift/redeem": SIGNED_IN,
    "POST /pledges/gift/redeem": SIGNED_IN,
    "GET /pledges/new": ANYBODY,
    "POST /pledges/new": ANYBODY,
    "GET /pledges/seats": ANYBODY,
    "POST /pledges/seats": ANYBODY,
    "GET /pledges/seats/take": SIGNED_IN,
    "POST /pledges/seats/take": SIGNED_IN,
    "GET /pledges/statement/<int:year>": SIGNED_IN,
    "GET /pledges/watch": TREASURER,
    "POST /pledges/watch/<uuid:withdrawal_id>": TREASURER,
    "GET /prove": SIGNED_IN,
    "POST /prove": SIGNED_IN,
    "POST /prove/passkey": SIGNED_IN,
    "POST /prove/passkey/ask": SIGNED_IN,
    "GET /readyz": MACHINE,
    "GET /receipts/<token>": LINK,
    "GET /receipts/<token>.pdf": LINK,
    "GET /recoveries": RECOVERERS,
    "POST /recoveries/<uuid:recovery_id>/confirm": RECOVERERS,
    "POST /recoveries/<uuid:recovery_id>/decline": RECOVERERS,
    "GET /robots.txt": MACHINE,
    "GET /sign-in": ANYBODY,
    "POST /sign-in": ANYBODY,
    "GET /sign-in/link": ANYBODY,
    "POST /sign-in/link": ANYBODY,
    "GET /sign-in/link/<token>": ANYBODY,
    "POST /sign-in/link/<token>": LINK,
    "POST /sign-in/passkey": ANYBODY,
    "POST /sign-in/passkey/ask": ANYBODY,
    "GET /sign-in/recover": ANYBODY,
    "POST /sign-in/recover": ANYBODY,
    "GET /sign-in/recover/<token>": LINK,
    "POST /sign-in/recover/<token>": LINK,
    "POST /sign-in/recover/<token>/ask": LINK,
    "POST /sign-in/recover/<token>/passkey": LINK,
    "GET /sign-in/recover/<uuid:recovery_id>/object/<token>": ANYBODY,
    "POST /sign-in/recover/<uuid:recovery_id>/object/<token>": LINK,
    "POST /sign-out": ANYBODY,
    "GET /sitemap.xml": MACHINE,
    "GET /static/<path:filename>": ANYBODY,
    "GET /stories/<uuid:story_id>": MACHINE,
    "GET /stories/<uuid:story_id>/replies": MACHINE,
    "GET /studio": WRITERS,
    "GET /studio/new": WRITERS,
    "POST /studio/new": WRITERS,
    "POST /studio/preview": WRITERS,
    "GET /studio/stories/<uuid:article_id>": WRITERS,
    "GET /studio/stories/<uuid:article_id>/correct": EDITORS,
    "POST /studio/stories/<uuid:article_id>/correct": EDITORS,
    "GET /studio/stories/<uuid:article_id>/edit": WRITERS,
    "POST /studio/stories/<uuid:article_id>/edit": WRITERS,
    "GET /studio/stories/<uuid:article_id>/picture": WRITERS,
    "POST /studio/stories/<uuid:article_id>/picture": WRITERS,
    "GET /studio/stories/<uuid:article_id>/publish": EDITORS,
    "POST /studio/stories/<uuid:article_id>/publish": EDITORS,
    "GET /studio/stories/<uuid:article_id>/retract": EDITORS,
    "POST /studio/stories/<uuid:article_id>/retract": EDITORS,
    "GET /studio/stories/<uuid:article_id>/revisions": WRITERS,
    "GET /tags/<name>": ANYBODY,
    "POST /treasury/accounts": TREASURER,
    "GET /treasury/members": TREASURER,
    "GET /treasury/members.csv": TREASURER,
    "GET /treasury/members/<uuid:membership_id>": TREASURER,
    "POST /treasury/members/<uuid:membership_id>/admit": TREASURER,
    "POST /treasury/members/<uuid:membership_id>/class": TREASURER,
    "POST /treasury/members/<uuid:membership_id>/decline": TREASURER,
    "POST /treasury/members/<uuid:membership_id>/payout": TREASURER,
    "POST /treasury/members/<uuid:membership_id>/payout/approve": TREASURER,
    "POST /treasury/members/<uuid:membership_id>/transfer": TREASURER,
    "GET /treasury/shares.csv": TREASURER,
    "GET /books": ANYBODY,
    "GET /books.csv": ANYBODY,
    "GET /books/accounts/<account>": ANYBODY,
    "GET /books/stories/<uuid:story_id>": ANYBODY,
    "GET /expenses": SIGNED_IN,
    "POST /expenses": SIGNED_IN,
    "GET /patronage": SIGNED_IN,
    "GET /expenses/<uuid:expense_id>": SIGNED_IN,
    "GET /expenses/<uuid:expense_id>/file": SIGNED_IN,
    "POST /expenses/<uuid:expense_id>/withdraw": SIGNED_IN,
    "POST /patronage/<uuid:allotment_id>": SIGNED_IN,
    "GET /treasury": TREASURER,
    "GET /treasury/budget": TREASURER,
    "GET /treasury/expenses": TREASURER,
    "GET /treasury/payments": TREASURER,
    "GET /treasury/payments/<uuid:file_id>/file": TREASURER,
    "GET /treasury/surplus": TREASURER,
    "POST /treasury/budget": TREASURER,
    "POST /treasury/expenses": TREASURER,
    "POST /treasury/expenses/<uuid:expense_id>/approve": TREASURER,
    "POST /treasury/expenses/<uuid:expense_id>/check": TREASURER,
    "POST /treasury/expenses/<uuid:expense_id>/paid": TREASURER,
    "POST /treasury/expenses/<uuid:expense_id>/reject": TREASURER,
    "POST /treasury/payments": TREASURER,
    "POST /treasury/payments/<uuid:file_id>/cancel": TREASURER,
    "POST /treasury/payments/<uuid:file_id>/sent": TREASURER,
    "POST /treasury/surplus": TREASURER,
    "POST /treasury/surplus/<uuid:proposal_id>/approve": TREASURER,
    "POST /treasury/surplus/<uuid:proposal_id>/reject": TREASURER,
    "GET /treasury/vouchers": TREASURER,
    "GET /treasury/vouchers/<uuid:voucher_id>/file": TREASURER,
    "POST /treasury/debts/<uuid:party_id>/set-off": TREASURER,
    "POST /treasury/debits/<uuid:line_id>/assign": TREASURER,
    "POST /treasury/debits/<uuid:line_id>/own": TREASURER,
    "POST /treasury/vouchers": TREASURER,
    "POST /treasury/vouchers/<uuid:voucher_id>/approve": TREASURER,
    "POST /treasury/vouchers/<uuid:voucher_id>/reject": TREASURER,
    "POST /treasury/vouchers/<uuid:voucher_id>/settle": TREASURER,
    "POST /webhooks/<provider>": MACHINE,
    "GET /cancel": ANYBODY,
    "POST /cancel": ANYBODY,
    "POST /pledges/watch/cancelled/<uuid:cancellation_id>": TREASURER,
    "GET /withdraw": ANYBODY,
    "POST /withdraw": ANYBODY,
}
# What the house has none of, so that even who may know is told so.
UNKNOWN = re.compile(
    r"<uuid:(line|refund|party|withdrawal|cancellation|expense|voucher|file|proposal|allotment|passkey)_id>"
    r"|<uuid:(cooption|deputy|meeting|seat)_id>|<int:year>|payout/approve|sign-ins"
)
ALTERNATIVES = re.compile(r"<any\(([^)]*)\):\w+>")


def routes(app: web.App) -> Iterator[str]:
    """Every method and rule; where a rule says ``any(a, b)``, one for each."""
    for rule in app.url_map.iter_rules():
        for method, path in product(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}), _spelled(rule)):
            yield f"{method} {path}"


def _spelled(rule: Rule) -> list[str]:
    paths = [rule.rule]
    while any(ALTERNATIVES.search(path) for path in paths):
        paths = [
            path[: found.start()] + choice.strip() + path[found.end() :]
            for path in paths
            if (found := ALTERNATIVES.search(path))
            for choice in found[1].split(",")
        ]
    return paths


def let_in(answer: TestResponse, method: str) -> bool:
    """Not shut out: neither refused nor led to the sign-in page."""
    led_away = answer.status_code == 303 and answer.location.startswith("/sign-in")
    return answer.status_code not in (401, 403, 404, 405, 410) and not led_away


def words_of(answer: TestResponse) -> str:
    """The text of the answer, or of all that is packed in it."""
    if answer.content_type != "application/zip":
        return answer.get_data().decode(errors="replace")
    packed = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    return "".join(packed.read(name).decode() for name in packed.namelist())


def test_every_route_is_in_the_table(house: House) -> None:
    assert set(routes(house.app)) == set(TABLE)


def misjudged(role: str, route: str, answer: TestResponse) -> bool:
    """Whether somebody was let in whom the table does not name, or kept out whom it names."""
    allowed = TABLE.get(route, frozenset())
    if allowed & {"machine"} or allowed == ANYBODY:
        return False
    # A row that does not exist is said only to who may know.
    missing = answer.status_code == 404 and UNKNOWN.search(route) is not None
    return (let_in(answer, route) or missing) != (role in allowed)


def told(house: House, role: str, route: str, answer: TestResponse) -> list[str]:
    """What the answer says of Petra; members see in the register that she is one, and no more."""
    text = words_of(answer) + answer.headers.get("Location", "")
    text = text.replace(house.pledge, "") if "<number>" in route else text
    register = role in MEMBERS and route.startswith("GET /members")
    return [secret for secret in house.secrets if said(secret, text) and not (register and secret == "Petra")]


@pytest.mark.parametrize("role", ROLES)
def test_every_route_lets_in_whom_the_table_names_and_tells_only_the_treasurer_who_pledged(
    house: House, db: Database, role: str
) -> None:
    wrong = []
    for route in routes(house.app):
        if route == "POST /sign-out":
            continue
        answer = ask(house, db, role, route)
        if misjudged(role, route, answer):
            wrong.append(f"{route}: {answer.status_code}")
        if role != "treasurer":
            wrong += [f"{route} tells {secret}" for secret in told(house, role, route, answer)]
    assert not wrong, "\n".join(wrong)


def test_the_treasurer_sees_who_pledged(house: House, db: Database) -> None:
    """The words that are looked for do stand where they may."""
    seen = "".join(
        ask(house, db, "treasurer", route).text
        for route in ("GET /treasury/members", "GET /treasury/members.csv", "GET /payments/<uuid:charge_id>")
    )
    assert "Petra" in seen and "77.77" in seen
