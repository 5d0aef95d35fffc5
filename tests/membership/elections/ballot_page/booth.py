"""A ballot box on the network and a voter's browser in front of it."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Route
from werkzeug.serving import WSGIRequestHandler, make_server

from membership.elections.ballot_box import BallotBox
from membership.elections.endpoints import create_box
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.sealing import opened, tally_secret
from membership.elections.protocol.words import seed_words
from tests.membership.elections.protocol.world import World, numbered, signer

NEWSROOM = "http://localhost:9"
SLUG = "board"
NINE = [
    "Ada Weiss",
    "Benjamin Oyelaran-Fitzgerald",
    "Cho Min-ji",
    "Dee",
    "Eve",
    "Fatima",
    "Gus",
    "Hanna",
    "Ines",
]


class Silent(WSGIRequestHandler):
    """No line for a request, as at the real ballot box."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextmanager
def serving(app: Callable[..., object], port: int = 0) -> Iterator[int]:
    """The port on 127.0.0.1 at which ``app`` answers within the block."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def box_of(made: World, folder: Path) -> Iterator[tuple[BallotBox, str]]:
    """The election's box, and the address of its ballot page."""
    box = BallotBox(folder / "box.sqlite", made.manifest, made.box)
    with serving(create_box({SLUG: box})) as port:
        yield box, f"http://127.0.0.1:{port}/ballot-box/{SLUG}/"


@dataclass
class Booth:
    """What a voter does in her browser, step by step. ``folder`` is where she saves files."""

    page: Page
    address: str
    made: World
    box: BallotBox
    folder: Path

    def open(self, after: str = "") -> None:
        """The page anew, with ``after`` behind its "#"."""
        self.page.goto("about:blank")
        self.page.goto(self.address + after)

    def step(self, name: str) -> None:
        """Waits until that step is shown."""
        self.page.wait_for_selector(f"#{name}:not([hidden])")

    def press(self, text: str) -> None:
        self.page.locator("button:visible, a.button:visible", has_text=text).first.click()

    def text(self, part: str) -> str:
        return self.page.inner_text(f"#{part}")

    def save(self, link: str) -> Path:
        """Saves the file behind a link."""
        path = self.folder / f"{link}.txt"
        with self.page.expect_download() as download:
            self.page.click(f"#{link}")
        download.value.save_as(path)
        return path

    # Drawing

    def newsroom_stand_in(self) -> list[str]:
        """Stands for the newsroom's own pages: signs whatever it is sent. Returns what it was asked for."""
        asked: list[str] = []

        def answer(route: Route) -> None:
            asked.append(route.request.url)
            blinded = bytes.fromhex(route.request.url.partition("blinded=")[2])
            back = f"{self.address}#answer={signer().sign(blinded).hex()}"
            route.fulfill(body=f'<a href="{back}">back</a>', content_type="text/html")

        self.page.context.route(f"{NEWSROOM}/elections/{SLUG}/draw?**", answer)
        return asked

    def draw(self) -> str:
        """Draws a credential at the stand-in; returns the twelve words."""
        self.open()
        self.press("Draw my credential")
        self.step("twelve")
        words = " ".join(self.page.locator("#seed li").all_inner_texts())
        self.page.check("#written")
        self.press("Go on to the sign-in")
        self.page.click("text=back")
        self.step("drawn")
        return words

    def credential_file(self, name: str) -> Path:
        """A voter's file, as the page writes it, with a seed that is the same in every run."""
        seed, manifest = numbered(name, 1, 16), self.made.manifest
        answer = signer().sign(Credential.from_seed(seed, manifest).blinded)
        lines = (f"manifest: {manifest.hash.hex()}", f"words: {seed_words(seed)}", f"answer: {answer.hex()}")
        path = self.folder / f"credential {name}.txt"
        path.write_text("\n".join(lines) + "\n")
        return path

    # Ranking

    def enter(self, name: str) -> None:
        """From the beginning to the paper, with the file of that voter."""
        self.open()
        self.press("Fill in my ballot")
        self.step("enter")
        self.page.set_input_files("#credential", self.credential_file(name))
        self.step("rank")

    def act(self, name: str, act: str) -> None:
        """Presses a button in the row of a candidate; one that has no use now, too."""
        row = self.page.locator("#paper li", has_text=name)
        row.locator(f"button[data-act={act}]").click(force=True)

    def rank(self, *names: str) -> None:
        for name in names:
            self.act(name, "rank")

    def shown(self) -> list[str]:
        """The names as they stand on the page."""
        return self.page.locator("#paper bdi").all_inner_texts()

    def numbers(self) -> dict[str, str]:
        """The number beside each name that has one."""
        rows = self.page.locator("#paper li.ranked").all()
        return {row.locator("bdi").inner_text(): row.locator(".place").inner_text() for row in rows}

    # Casting and checking

    def cast(self, *names: str, ends_at: str = "receipt") -> None:
        """From the paper to what comes of it."""
        self.rank(*names)
        self.press("Review my ballot")
        self.step("review")
        self.press("Cast this ballot")
        self.step(ends_at)

    def in_the_box(self) -> list[list[str]]:
        """What the ballots in the box say, once they are opened."""
        manifest = self.made.manifest
        tally = tally_secret(self.made.tally_secret, manifest)
        read = [envelope.read(data, manifest) for data in self.box.envelopes()]
        rankings = [opened(each.sealed, manifest, each.key, tally) for each in read]
        return [[NINE[number - 1] for number in ranking] for ranking in rankings]

    def codes(self) -> list[str]:
        return [receipt.code(data) for data in self.box.envelopes()]

    def check(self, file: Path) -> str:
        """What the page says about a receipt."""
        self.page.set_input_files("#receipt-input", [])
        self._forget_found()
        self.page.set_input_files("#receipt-input", file)
        return self._found()

    def look_up(self, code: str) -> str:
        """What the page says about a code."""
        self.page.fill("#code-input", code)
        self._forget_found()
        self.press("Look it up")
        return self._found()

    def _forget_found(self) -> None:
        self.page.evaluate("document.querySelector('#found').textContent = ''")

    def _found(self) -> str:
        self.page.locator("#found", has_text=re.compile(".{16}")).wait_for()
        return self.text("found")


def everything_kept(page: Page) -> Sequence[str]:
    """All that this page's origin keeps in the browser."""
    kept: Sequence[str] = page.evaluate(
        "[localStorage, sessionStorage].flatMap((it) => Object.keys(it).map((key) => it.getItem(key)))"
    )
    return kept
