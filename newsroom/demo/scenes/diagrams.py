"""Pictures that show figures: the count of an election, the shares of a coin."""

from random import Random

from newsroom.demo.canvas import HEIGHT, WIDTH, Canvas, around, bend

# The example count of the story: from which candidate, to which seat (2: to none), how many votes,
# and after how many others the band leaves its candidate and reaches its seat.
FLOWS: tuple[tuple[int, int, float, float, float], ...] = (
    (0, 0, 31, 0, 0),
    (0, 1, 4.5, 31, 0),
    (1, 1, 26, 0, 4.5),
    (3, 1, 3, 0, 30.5),
    (2, 2, 14, 0, 4.5),
    (0, 2, 4.5, 35.5, 0),
    (3, 2, 7, 3, 18.5),
)


def count(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#f6f0e2", "#ece2cd")
    colours = ("#c8553d", "#2f6f73", "#d9962f", "#5b4a8a")
    rows = ((120, 40), (275, 26), (425, 14), (555, 10))
    scale = 3.6
    for source, target, votes, leave, arrive in FLOWS:
        y0 = rows[source][0] - rows[source][1] * scale / 2 + (leave + votes / 2) * scale
        y1 = (190, 365, 540)[target] - (31, 33.5, 25.5)[target] * scale / 2 + (arrive + votes / 2) * scale
        path, half = bend((300, y0), (900, y1)), votes * scale / 2
        edges = [(x, y - half) for x, y in path] + [(x, y + half) for x, y in reversed(path)]
        canvas.shape(edges, colours[source] + ("66" if target < 2 else "30"))
        for _ in range(max(2, round(votes * 1.6))):
            x, y = path[chance.randint(2, 46)]
            y += chance.uniform(-0.4, 0.4) * votes * scale
            canvas.disc(x, y, 5, colours[source] + ("ee" if target < 2 else "88"))
    for (y, ballots), colour in zip(rows, colours, strict=True):
        tall = ballots * scale
        canvas.box(276, y - tall / 2, 24, tall, colour, 4)
        canvas.disc(190, y, 40, colour)
        canvas.disc(190, y - 11, 13, "#f6f0e2")
        canvas.slice(190, y + 27, 25, 180, 360, "#f6f0e2")
    for y, tall, colour in ((190, 31 * scale, colours[0]), (365, 33.5 * scale, colours[1])):
        canvas.box(900, y - tall / 2, 24, tall, "#26324a", 4)
        _chair(canvas, 1010, y, colour)
    canvas.box(900, 540 - 25.5 * scale / 2, 24, 25.5 * scale, "#b9b0a0", 4)
    return canvas


def _chair(canvas: Canvas, x: float, y: float, colour: str) -> None:
    canvas.box(x - 34, y - 66, 68, 74, colour, 14)
    canvas.box(x - 46, y + 4, 92, 24, "#26324a", 8)
    for leg in (-38, 28):
        canvas.box(x + leg, y + 24, 10, 44, "#26324a", 3)
    canvas.line([(x - 13, y - 30), (x - 3, y - 19), (x + 16, y - 43)], 7, "#f6f0e2")


def coin(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#143642", "#0b2029")
    for _ in range(26):
        x, y, radius = (
            chance.uniform(0, canvas.width),
            chance.uniform(0, canvas.height),
            chance.uniform(10, 34),
        )
        canvas.disc(x, y, radius, "#e9b44c14")
        canvas.disc(x, y, radius * 0.72, "#e9b44c14")
    canvas.glow(600, 338, 460, "#e9b44c", 0.35)
    canvas.disc(608, 350, 268, "#00000055")
    canvas.disc(600, 338, 268, "#b98a2f")
    canvas.disc(600, 338, 260, "#f0cd7a")
    for notch in range(120):
        ends = [around(600, 338, 254, notch / 120), around(600, 338, 266, notch / 120)]
        canvas.line(ends, 2, "#8f6a22")
    shares = (442, 71, 49, 37, 33, 29, 16, 15, 8)
    colours = (
        "#c8553d",
        "#e07a4f",
        "#f2a65a",
        "#f5d491",
        "#a7c4a0",
        "#5fa58f",
        "#3d7ea6",
        "#5b6aa0",
        "#86588f",
    )
    turn = -90.0
    for share, colour in zip(shares, colours, strict=True):
        sweep = 360 * share / sum(shares)
        canvas.slice(600, 338, 238, turn, turn + sweep, colour)
        for angle in (turn, turn + sweep):
            canvas.line([(600, 338), around(600, 338, 239, (angle + 90) / 360)], 4, "#143642")
        turn += sweep
    canvas.disc(600, 338, 122, "#143642")
    canvas.disc(600, 338, 112, "#1b4653")
    _lantern(canvas, 600, 344, 1.15)
    return canvas


def _lantern(canvas: Canvas, x: float, y: float, size: float) -> None:
    canvas.glow(x, y, 96 * size, "#ffd98a", 0.8)
    canvas.line(
        [around(x, y - 52 * size, 16 * size, turn / 24 - 0.25) for turn in range(13)], 4 * size, "#f5d491"
    )
    canvas.shape(
        [(x - 32 * size, y - 34 * size), (x, y - 56 * size), (x + 32 * size, y - 34 * size)], "#f5d491"
    )
    canvas.box(x - 26 * size, y - 34 * size, 52 * size, 70 * size, "#fff3cf", 4)
    for bar in (-26, -2, 22):
        canvas.box(x + bar * size, y - 34 * size, 4 * size, 70 * size, "#b98a2f")
    canvas.disc(x, y + 6 * size, 11 * size, "#f2a65a", 1.5)
    canvas.box(x - 34 * size, y + 34 * size, 68 * size, 12 * size, "#f5d491", 3)
