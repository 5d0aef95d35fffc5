"""What stands behind several pictures: stars, a town, clouds, light on water."""

from random import Random

from newsroom.demo.canvas import Canvas


def stars(canvas: Canvas, chance: Random, many: int, low: float) -> None:
    for _ in range(many):
        bright = chance.choice(("55", "88", "cc"))
        place = chance.uniform(0, canvas.width), chance.uniform(0, low)
        canvas.disc(*place, chance.uniform(0.7, 1.8), "#ffffff" + bright)


def town(canvas: Canvas, chance: Random, ground: float, wall: str, light: str) -> None:
    """A distant row of houses and one church, a few windows lit."""
    x = -10.0
    while x < canvas.width:
        wide, tall = chance.randint(34, 80), chance.randint(18, 62)
        canvas.box(x, ground - tall, wide, tall, wall)
        canvas.shape(
            [
                (x - 2, ground - tall + 1),
                (x + wide / 2, ground - tall - 18),
                (x + wide + 2, ground - tall + 1),
            ],
            wall,
        )
        for _ in range(chance.randint(0, 3)):
            spot = x + chance.uniform(6, wide - 12), ground - chance.uniform(10, max(11, tall - 4))
            canvas.box(*spot, 5, 6, light)
        x += wide + chance.choice((-4, 0, 6))
    church = chance.uniform(0.12, 0.3) * canvas.width
    canvas.box(church, ground - 84, 26, 84, wall)
    canvas.shape([(church - 3, ground - 83), (church + 13, ground - 142), (church + 29, ground - 83)], wall)


def clouds(canvas: Canvas, chance: Random, colour: str, many: int, between: tuple[float, float]) -> None:
    for _ in range(many):
        x, y = chance.uniform(0, canvas.width), chance.uniform(*between)
        wide = chance.uniform(120, 300)
        canvas.box(x, y, wide, 12, colour + "66", 6)
        canvas.box(x + wide * 0.2, y - 13, wide * 0.55, 12, colour + "55", 6)
        canvas.box(x - wide * 0.25, y + 14, wide * 0.8, 9, colour + "44", 4)


def glitter(
    canvas: Canvas, chance: Random, x: float, top: float, bottom: float, spread: float, colour: str
) -> None:
    """A light's broken reflection on water, wider the nearer."""
    y = top
    while y < bottom:
        depth = (y - top) / (bottom - top)
        for _ in range(3):
            wide = chance.uniform(16, 40 + 80 * depth)
            left = x + chance.gauss(0, 0.3 + 0.35 * depth) * spread * 0.6 - wide / 2
            alpha = f"{round(150 - 95 * depth):02x}"
            canvas.box(left, y, wide, 2.5 + 2 * depth, colour + alpha, 2)
        y += 7 + 6 * depth
