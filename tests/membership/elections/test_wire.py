"""What goes over the wire while two members draw and vote: a real browser, a real newsroom, two origins."""

import re
import socket
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from commons import accounts, config
from commons.clock import now
from commons.db import new_id
from membership.elections import box_door, credentials, rolls, signing
from membership.elections.models import Election
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.manifest import TIME, Manifest, signer_field
from membership.elections.protocol.words import seed_from
from membership.members.models import Membership
from membership.money import parties
from tests.membership.elections.ballot_page.booth import everything_kept
from tests.membership.elections.protocol.world import NAMES, fields
from tests.membership.elections.registrar import enrol
from tests.services.instance import PASSWORD, READY_SECONDS, Instance, free_port, until
from tests.services.wire import Wire, tapped

MEMBERS = ("ada", "bob")
NAMED = re.compile(rb"^(cookie|authorization|referer):", re.IGNORECASE | re.MULTILINE)


@dataclass
class Newsroom:
    """A newsroom in its own processes behind a tapped wire, with an election in which one draws and votes."""

    instance: Instance
    wire: Wire
    manifest: Manifest

    @property
    def login(self) -> str:
        return f"localhost:{self.wire.port}"

    @property
    def box(self) -> str:
        return f"127.0.0.1:{self.wire.port}"


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    folder = tmp_path_factory.mktemp("newsroom")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    origins = {"ROSTRA_ORIGIN": f"http://localhost:{port}", "ROSTRA_CAST_ORIGIN": f"http://127.0.0.1:{port}"}
    instance = Instance(folder, free_port(), "Rostra", origins)
    with tapped(listener, instance.port) as wire:
        try:
            instance.spawn("serve", "--port", str(instance.port))
            until_it_answers(instance, port)
            yield Newsroom(instance, wire, announced(instance))
        finally:
            config.use(None)
            instance.kill()


def until_it_answers(instance: Instance, port: int) -> None:
    """At the ballot box too, which another process keeps."""
    pages = (f"http://localhost:{port}/", f"http://127.0.0.1:{port}/ballot-box/")
    until(lambda: all(map(answers, pages)), READY_SECONDS, instance.log)


def answers(page: str) -> bool:
    try:
        with urllib.request.urlopen(page, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def announced(instance: Instance) -> Manifest:
    """An election with ten strangers and our two members on its roll, open for both visits at once."""
    config.use(config.load(instance.environment))
    for name in MEMBERS:
        instance.hire(name, "write")
    with instance.database() as db:
        everybody = enrol(db, 10)
        with db.transaction() as session:
            everybody += [admitted(session, name) for name in MEMBERS]
            election = Election(id=new_id(), slug="board", title="Board 2026")
            session.add(election)
            session.flush()
            size, root = rolls.freeze(session, election, everybody)
            times = {"issue_opens": -2, "vote_opens": -1, "issue_ends": 2, "vote_ends": 3}
            manifest = credentials.announce(
                session,
                election,
                fields(
                    roll={"size": size, "root": root.hex()},
                    signers=signer_field(signing.make_key(election.id)),
                    box_key=box_door.make_key(election.id).hex(),
                    **{
                        name: (now() + timedelta(hours=hours)).strftime(TIME) for name, hours in times.items()
                    },
                ),
            )
            box_door.open_box(election.id, election.slug, manifest.canonical())
    return manifest


def admitted(session: Session, name: str) -> uuid.UUID:
    account = accounts.by_email(session, f"{name}@example.org")
    assert account is not None
    membership = Membership(party_id=parties.of(session, account).id)
    session.add(membership)
    session.flush()
    return membership.id


def vote(page: Page, newsroom: Newsroom, name: str, ranking: list[str]) -> tuple[bytes, list[str]]:
    """Draws and votes as a member does; her seed, and what her browser kept for the newsroom's origin."""
    kept: list[str] = []
    page.goto(f"http://{newsroom.box}/ballot-box/board/")
    page.click("text=Draw my credential")
    words = " ".join(page.locator("#seed li").all_inner_texts())
    mark = page.inner_text("#mark")
    page.check("#written")
    page.click("#sign")
    page.fill("[name=email]", f"{name}@example.org")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector(f"main:has-text('{mark}')")
    page.click("text=The words are the same: sign")
    kept += [*everything_kept(page), page.url, page.content()]
    page.click("main a.button")
    page.wait_for_selector("#drawn:not([hidden])")
    page.click("#drawn >> text=Fill in my ballot")
    page.wait_for_selector("#rank:not([hidden])")
    for chosen in ranking:
        page.locator("#paper li", has_text=chosen).locator("[data-act=rank]").click()
    page.click("text=Review my ballot")
    page.click("text=Cast this ballot")
    page.wait_for_selector("#receipt:not([hidden])")
    page.goto(f"http://{newsroom.login}/")
    kept += [*everything_kept(page), *(str(cookie["value"]) for cookie in page.context.cookies())]
    return seed_from(words), kept


def test_nothing_on_the_wire_or_at_the_newsroom_leads_from_a_member_to_her_ballot(
    newsroom: Newsroom, browser: Browser
) -> None:
    seeds: list[bytes] = []
    kept: list[str] = []
    for name, ranking in zip(MEMBERS, ([], NAMES), strict=True):
        with browser.new_context() as context:
            page = context.new_page()
            seed, found = vote(page, newsroom, name, ranking)
            seeds.append(seed)
            kept += found
    wire = newsroom.wire
    # Connections apart: none was used for both hosts.
    assert {frozenset(hosts) for hosts in wire.hosts() if hosts} == {
        frozenset({newsroom.login.encode()}),
        frozenset({newsroom.box.encode()}),
    }
    to_box, to_login = wire.to_host(newsroom.box), wire.to_host(newsroom.login)
    assert not NAMED.search(to_box)
    # The check can fail: to the newsroom the browser does send its cookie.
    assert NAMED.search(to_login)
    casts = [said for said in re.split(rb"(?=POST |GET )", to_box) if said.startswith(b"POST ")]
    assert len(casts) == 2 and len({len(said) for said in casts}) == 1
    assert b"answer" not in re.findall(rb"(?:GET|POST) (\S+)", to_box + to_login)
    mine = [Credential.from_seed(seed, newsroom.manifest) for seed in seeds]
    # What is looked for would be found: each value is where it belongs.
    assert all(each.blinded.hex().encode() in to_login and each.key.hex().encode() in to_box for each in mine)
    secrets = [secret for seed, each in zip(seeds, mine, strict=True) for secret in told_by(seed, each)]
    for secret in secrets:
        assert secret not in to_login and secret not in "".join(kept).encode()
    left_behind = [
        file for file in newsroom.instance.folder.rglob("*") if file.is_file() and not of_the_box(file)
    ]
    assert any(file.suffix == ".log" for file in left_behind)
    for file in left_behind:
        content = file.read_bytes()
        assert not [secret for secret in secrets if secret in content], file
        assert b"/ballots" not in content or file.suffix != ".log"


def told_by(seed: bytes, hers: Credential) -> list[bytes]:
    """What would give a voter or her ballot away, as bytes, hexadecimal and words."""
    private = hers.private.private_bytes_raw()
    values = [seed, private, hers.key, hers.prefix]
    return [*values, *(value.hex().encode() for value in values)]


def of_the_box(file: Path) -> bool:
    return "box" in file.parts
