"""Pictures of things: what stands on the lending shop's shelf."""

import math
from random import Random

from newsroom.demo.canvas import HEIGHT, WIDTH, Canvas, around


def shelf(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#e9dcc2", "#dcc8a2")
    canvas.box(60, 40, 1080, 600, "#7a4e32", 10)
    backs = ("#2f6f73", "#c8553d", "#e5b45a", "#5b6aa0", "#8fae8b", "#b5674f", "#3f5d7a", "#d9822f")
    cells = [(78 + 264 * column, 58 + 194 * row) for row in range(3) for column in range(4)]
    for index, (x, y) in enumerate(cells):
        canvas.box(x, y, 252, 176, backs[(index * 3 + index // 4) % len(backs)], 4)
        canvas.box(x, y, 252, 14, "#00000026")
    things = (_drill, _books, _kettle, _boxes, _saw, _ladder, _tuba, _drill, _boxes, _lamp, _books, _hammer)
    for (x, y), thing in zip(cells, things, strict=True):
        thing(canvas, chance, x + 126, y + 172)
    canvas.fade(0, 640, canvas.width, 35, "#8d6a4a", "#6b4d35")
    return canvas


def _drill(canvas: Canvas, chance: Random, x: float, y: float) -> None:
    body = chance.choice(("#f0cd7a", "#f6f0e2"))
    canvas.box(x - 70, y - 112, 104, 46, body, 12)
    canvas.shape([(x - 58, y - 72), (x - 18, y - 72), (x - 30, y - 18), (x - 66, y - 18)], body)
    canvas.box(x - 76, y - 24, 60, 22, "#26324a", 5)
    canvas.box(x + 32, y - 104, 26, 30, "#26324a", 5)
    canvas.box(x + 56, y - 92, 46, 7, "#d8d8d8", 2)
    canvas.box(x - 16, y - 68, 9, 18, "#c8553d", 3)


def _books(canvas: Canvas, chance: Random, x: float, y: float) -> None:
    left = x - 96
    while left < x + 70:
        wide, tall = chance.randint(16, 30), chance.randint(90, 138)
        canvas.box(left, y - tall, wide, tall, chance.choice(("#f6f0e2", "#26324a", "#d9962f", "#9b3f35")), 2)
        canvas.box(left + 3, y - tall + 14, wide - 6, 6, "#ffffff55")
        left += wide + 3


def _kettle(canvas: Canvas, _chance: Random, x: float, y: float) -> None:
    handle = [around(x, y - 92, 46, turn / 24 - 0.25) for turn in range(13)]
    canvas.line(handle, 9, "#26324a")
    canvas.shape([(x + 44, y - 52), (x + 98, y - 98), (x + 106, y - 90), (x + 58, y - 26)], "#f6f0e2")
    canvas.disc(x, y - 48, 64, "#f6f0e2", 0.78)
    canvas.box(x - 50, y - 14, 100, 14, "#26324a", 5)
    canvas.disc(x, y - 99, 11, "#26324a")


def _boxes(canvas: Canvas, chance: Random, x: float, y: float) -> None:
    for left, bottom, wide, tall in ((-92, 0, 104, 62), (20, 0, 76, 84), (-70, -62, 80, 52)):
        colour = chance.choice(("#d9b483", "#c99d66", "#e6cba0"))
        canvas.box(x + left, y + bottom - tall, wide, tall, colour, 3)
        canvas.box(x + left + wide * 0.42, y + bottom - tall, wide * 0.16, tall, "#ffffff44")


def _saw(canvas: Canvas, _chance: Random, x: float, y: float) -> None:
    canvas.shape([(x - 30, y - 104), (x + 106, y - 74), (x + 106, y - 52), (x - 30, y - 40)], "#dfe3e4")
    for tooth in range(13):
        left = x - 26 + tooth * 10
        base = y - 41 - tooth * 0.9
        canvas.shape([(left, base), (left + 10, base - 1), (left + 5, base + 8)], "#dfe3e4")
    canvas.box(x - 100, y - 112, 76, 80, "#26324a", 18)
    canvas.box(x - 80, y - 92, 36, 40, "#c8553d", 12)


def _ladder(canvas: Canvas, _chance: Random, x: float, y: float) -> None:
    for foot, head in ((-74, -20), (74, 20)):
        canvas.line([(x + foot, y), (x + head, y - 156)], 11, "#7a4e32")
    for rung in range(6):
        wide = 66 - rung * 8.4
        canvas.line([(x - wide, y - 20 - rung * 25), (x + wide, y - 20 - rung * 25)], 8, "#9b6a45")


def _tuba(canvas: Canvas, _chance: Random, x: float, y: float) -> None:
    brass, shine, shade = "#f2c14e", "#ffe7a6", "#b98a2f"
    loop = [(x + 46 * math.cos(a / 8), y - 58 + 50 * math.sin(a / 8)) for a in range(51)]
    canvas.line(loop, 22, shade)
    canvas.line(loop, 16, brass)
    canvas.shape([(x - 58, y - 60), (x - 34, y - 60), (x - 6, y - 150), (x - 96, y - 150)], brass)
    canvas.disc(x - 51, y - 150, 46, shade, 0.3)
    canvas.disc(x - 51, y - 151, 38, "#7d5a1c", 0.26)
    canvas.line([(x - 48, y - 68), (x - 58, y - 132)], 5, shine)
    for valve in (-14, 4, 22):
        canvas.box(x + valve, y - 94, 12, 66, "#e9e4d4", 4)
        canvas.box(x + valve + 2, y - 104, 8, 12, shade, 2)
    canvas.line([(x + 44, y - 64), (x + 60, y - 112), (x + 86, y - 118)], 8, brass)
    canvas.box(x + 82, y - 126, 12, 16, "#e9e4d4", 4)


def _lamp(canvas: Canvas, _chance: Random, x: float, y: float) -> None:
    canvas.glow(x + 34, y - 70, 88, "#fff0c2", 0.7)
    canvas.line([(x - 40, y - 8), (x - 56, y - 84), (x + 20, y - 132)], 8, "#26324a")
    canvas.shape([(x + 6, y - 146), (x + 36, y - 146), (x + 84, y - 92), (x, y - 84)], "#f6f0e2")
    canvas.box(x - 84, y - 12, 88, 12, "#26324a", 5)


def _hammer(canvas: Canvas, _chance: Random, x: float, y: float) -> None:
    canvas.box(x - 12, y - 122, 20, 122, "#c99d66", 6)
    canvas.box(x - 62, y - 148, 104, 38, "#26324a", 6)
    canvas.shape([(x + 40, y - 148), (x + 84, y - 122), (x + 40, y - 116)], "#26324a")
    canvas.box(x - 70, y - 152, 18, 46, "#d8d8d8", 4)
