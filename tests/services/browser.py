"""An installed Chrome or Chromium, driven by Playwright, and axe-core to check a page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RUN_AXE = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


def executable() -> str:
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    if MAC.exists():
        return str(MAC)
    raise RuntimeError("No Chrome or Chromium was found; ./dev test installs it on Debian.")


@contextmanager
def running() -> Iterator[Browser]:
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=[*QUIET, *root])
        yield browser
        browser.close()


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong in the page: ``rule: selector`` for each place.

    The script goes in through the debugger, which a Content-Security-Policy does not stop.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    violations: list[dict[str, Any]] = page.evaluate(RUN_AXE)
    return [f"{it['id']}: {' '.join(map(str, node['target']))}" for it in violations for node in it["nodes"]]
