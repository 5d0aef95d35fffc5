"""Every picture of the demo, painted from its name: the same name gives the same picture."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random

from newsroom.demo.canvas import Canvas, wave
from newsroom.demo.scenes import city, diagrams, river, things

PORTRAIT = 400
PORTRAIT_COLOURS = (
    ("#16324f", "#3d7ea6", "#0e2238", "#f4b860"),
    ("#5b2a4e", "#c8553d", "#31152b", "#f7d08a"),
    ("#0f4c3a", "#5fa777", "#08291f", "#f2e3a0"),
    ("#3b2f6b", "#8a6fb3", "#1f1840", "#f6a6a1"),
    ("#6b3a12", "#d08c3f", "#3b1f0a", "#fbe3b0"),
    ("#123f4a", "#4aa3a2", "#0a2229", "#f59f7c"),
)

PAINTERS: dict[str, Callable[[Random], Canvas]] = {
    "the-boat-that-leaves-early.jpg": river.ferry,
    "a-third-of-the-water-never-arrives.jpg": river.pipes,
    "the-cannery-they-bought-together.jpg": city.cannery,
    "four-hundred-lunches-before-noon.jpg": city.kitchen,
    "what-the-tollgate-bridge-costs-now.jpg": city.bridge,
    "the-woman-who-keeps-the-tides.jpg": river.tides,
    "put-the-benches-back.jpg": city.bench,
    "how-you-elect-our-board.jpg": diagrams.count,
    "where-your-seven-euros-go.jpg": diagrams.coin,
    "the-death-at-number-four-slip.jpg": river.slip,
    "die-deichwache-vom-annenviertel.jpg": river.dyke,
    "eine-bohrmaschine-fuer-alle.jpg": things.shelf,
}


def picture(name: str) -> bytes:
    """A lead picture, 1200 by 675, as JPEG; ``name`` is a key of ``PAINTERS``, else ``KeyError``."""
    return PAINTERS[name](Random(name)).jpeg()


@contextmanager
def ahead(names: Iterable[str]) -> Iterator[Callable[[str], bytes]]:
    """``picture`` for those names: while one is looked at, another thread paints the next."""
    with ThreadPoolExecutor(1) as painter:
        painted = {name: painter.submit(picture, name) for name in names}
        yield lambda name: painted[name].result()


def portrait(handle: str, name: str) -> bytes:
    """A square of 400 pixels as PNG: a person's initials on a landscape drawn from the handle."""
    chance = Random(handle)
    night, far, near, light = chance.choice(PORTRAIT_COLOURS)
    canvas = Canvas(PORTRAIT, PORTRAIT, night, far)
    canvas.disc(chance.uniform(90, 310), chance.uniform(64, 86), chance.uniform(40, 54), light)
    for y, colour in ((250, near + "99"), (300, near + "cc"), (345, near)):
        ridge = wave(0, PORTRAIT, y, chance.uniform(14, 26), chance.uniform(260, 420), chance.random())
        canvas.shape([*ridge, (PORTRAIT, PORTRAIT), (0, PORTRAIT)], colour)
    initials = "".join(part[0] for part in name.split()[:2])
    canvas.letters(PORTRAIT / 2, PORTRAIT / 2 + 18, initials, 150, "#ffffff")
    return canvas.png()
