"""Pictures of the city's buildings, rooms and streets."""

import math
from random import Random

from newsroom.demo.canvas import HEIGHT, WIDTH, Canvas, Point, around, wave
from newsroom.demo.scenes.backdrop import clouds, glitter, town


def cannery(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#2b2350", "#f0936a")
    canvas.glow(940, 430, 480, "#ffd08a", 0.7)
    clouds(canvas, chance, "#e98b7a", 6, (110, 320))
    town(canvas, chance, 505, "#6a3b5c", "#ffc98a")
    canvas.box(885, 120, 44, 400, "#5b2431")
    canvas.box(877, 112, 60, 22, "#7a3340")
    canvas.box(885, 190, 44, 10, "#e8c9a0")
    for tooth in range(6):
        x = 170 + tooth * 115
        canvas.shape([(x, 300), (x, 214), (x + 115, 300)], "#4a1f2e")
        canvas.shape([(x + 9, 286), (x + 9, 236), (x + 76, 286)], "#ffdf9e" if tooth % 3 else "#8f6a7d")
    canvas.box(170, 298, 690, 252, "#8c3f3a")
    for brick in range(260):
        row = brick // 20
        x = 174 + (brick % 20) * 34 + 17 * (row % 2)
        if x < 836 and chance.random() < 0.7:
            canvas.box(x, 302 + row * 19, 24, 7, chance.choice(("#9d4c43", "#7a3433", "#a9584a")), 1)
    for row in range(3):
        for column in range(9):
            lit = chance.random() < 0.72
            _arched(canvas, 194 + column * 74, 320 + row * 76, 44, 50, "#ffd27a" if lit else "#3c2340")
    canvas.box(480, 476, 72, 74, "#2c1a30", 4)
    canvas.box(488, 484, 27, 66, "#d98e4f")
    canvas.box(517, 484, 27, 66, "#d98e4f")
    canvas.fade(0, 548, canvas.width, 127, "#43264a", "#1c1230")
    for column in range(9):
        if column != 4:
            canvas.shape(_lit_ground(194 + column * 74, 44), "#ffcf8526")
    for x, size in ((80, 1.15), (1030, 1.35)):
        _tree(canvas, x, 556, size, "#2a1a3a", "#3a2450")
    for x in (620, 690, 760):
        _bicycle(canvas, x, 592, "#f3c58c")
    return canvas


def _lit_ground(x: float, wide: float) -> list[Point]:
    return [(x, 550), (x + wide, 550), (x + wide + 26, 640), (x - 26, 640)]


def _arched(canvas: Canvas, x: float, y: float, wide: float, tall: float, glass: str) -> None:
    canvas.slice(x + wide / 2, y + wide / 2, wide / 2, 180, 360, glass)
    canvas.box(x, y + wide / 2 - 1, wide, tall - wide / 2, glass)
    canvas.line([(x + wide / 2, y), (x + wide / 2, y + tall)], 3, "#5b2431")
    canvas.line([(x, y + tall * 0.5), (x + wide, y + tall * 0.5)], 3, "#5b2431")
    canvas.box(x - 4, y + tall, wide + 8, 5, "#d9a27e")


def _tree(canvas: Canvas, x: float, ground: float, size: float, dark: str, light: str) -> None:
    canvas.box(x - 7 * size, ground - 130 * size, 14 * size, 132 * size, dark)
    for dx, dy, radius in ((-34, -130, 44), (34, -136, 46), (0, -178, 56), (-8, -120, 40)):
        canvas.disc(x + dx * size, ground + dy * size, radius * size, dark)
    for dx, dy, radius in ((-22, -150, 28), (16, -192, 30), (38, -148, 24)):
        canvas.disc(x + dx * size, ground + dy * size, radius * size, light)


def _bicycle(canvas: Canvas, x: float, y: float, colour: str) -> None:
    for wheel in (x, x + 44):
        rim = [around(wheel, y, 15, turn / 24) for turn in range(25)]
        canvas.line(rim, 2.5, colour)
    frame = [(x, y), (x + 18, y), (x + 36, y - 22), (x + 12, y - 22), (x, y)]
    canvas.line(frame, 2.5, colour)
    canvas.line([(x + 18, y), (x + 10, y - 28)], 2.5, colour)
    canvas.line([(x + 44, y), (x + 34, y - 32), (x + 42, y - 34)], 2.5, colour)
    canvas.line([(x + 4, y - 29), (x + 16, y - 29)], 3.5, colour)


def kitchen(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#f6e3c0", "#f2cf9b")
    for row in range(7):
        for column in range(16):
            tint = chance.choice(("#fbf0d9", "#f7e6c6", "#f9ebd0"))
            canvas.box(6 + column * 75, 6 + row * 62, 69, 56, tint, 4)
    canvas.glow(600, 130, 420, "#fff6dc", 0.7)
    for x, colour in ((270, "#c8553d"), (600, "#2f6f73"), (930, "#d9962f")):
        for wisp in range(3):
            _steam(canvas, x - 62 + wisp * 62, 232, chance)
        _pot(canvas, x, 268, colour)
    canvas.box(0, 455, canvas.width, 26, "#3a3f46")
    canvas.fade(0, 481, canvas.width, 194, "#8d5f3c", "#6a4229")
    for flame in (270, 600, 930):
        for tongue in range(-5, 6):
            tip = 446 - 3 * chance.random()
            x = flame + tongue * 19
            canvas.shape([(x - 6, 458), (x, tip), (x + 6, 458)], "#4fb0e0")
    for bowl in range(8):
        _bowl(canvas, 96 + bowl * 144, 560, ("#e8e2d0", "#c9dcd6", "#f0cfa8", "#dfb7a4")[bowl % 4])
    return canvas


def _steam(canvas: Canvas, x: float, y: float, chance: Random) -> None:
    lean, high = chance.uniform(-18, 18), chance.uniform(120, 185)
    points = []
    for step in range(40):
        t = step / 39
        points.append((x + lean * t + 20 * math.sin(t * 9 + x) * (0.35 + t), y - high * t))
    for width, alpha in ((16, "55"), (9, "88"), (4, "cc")):
        canvas.line(points, width, "#ffffff" + alpha)


def _pot(canvas: Canvas, x: float, top: float, colour: str) -> None:
    canvas.box(x - 158, top + 44, 316, 24, "#2b2f36", 12)
    canvas.box(x - 126, top, 252, 186, colour, 22)
    canvas.box(x - 126, top, 252, 60, colour)
    canvas.box(x - 104, top + 20, 22, 140, "#ffffff44", 11)
    canvas.disc(x, top, 126, "#2b2f36", 0.16)
    canvas.disc(x, top + 3, 114, "#b5672f", 0.14)
    for dx in (-70, -30, 24, 66):
        canvas.disc(x + dx, top + 3 + dx % 7 - 3, 11, "#e0a04c", 0.5)


def _bowl(canvas: Canvas, x: float, y: float, colour: str) -> None:
    canvas.disc(x, y + 58, 50, "#00000040", 0.2)
    canvas.slice(x, y, 58, 0, 180, colour)
    canvas.box(x - 22, y + 48, 44, 12, colour, 4)
    canvas.disc(x, y, 58, "#fffaf0", 0.24)
    canvas.disc(x, y + 1, 49, "#b5672f", 0.19)
    canvas.disc(x + 10, y + 1, 8, "#5f8f4c", 0.5)


def bridge(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#46638c", "#fbd3a2")
    canvas.glow(470, 395, 460, "#fff0c2", 0.9)
    canvas.disc(470, 395, 74, "#fff3d0")
    clouds(canvas, chance, "#fde3c4", 7, (70, 300))
    for y, colour, high in ((392, "#93a1b6", 26), (412, "#6d8399", 20)):
        ridge = wave(0, canvas.width, y, high, 620, chance.random())
        canvas.shape([*ridge, (canvas.width, 470), (0, 470)], colour)
    canvas.fade(0, 440, canvas.width, 235, "#d9a887", "#2c4a63")
    glitter(canvas, chance, 470, 446, 668, 110, "#fff0c8")
    left, right, deck = 300, 900, 408
    cable = [(x, 138 + 236 * (1 - ((x - 600) / 300) ** 2)) for x in range(left, right + 1, 6)]
    canvas.line([(-20, deck - 10), (left, 138)], 6, "#23423c")
    canvas.line(cable, 6, "#23423c")
    canvas.line([(right, 138), (1220, deck - 10)], 6, "#23423c")
    for foot, hang in cable[3:-3:4]:
        canvas.line([(foot, hang), (foot, deck)], 2, "#23423c")
    for step in range(1, 11):
        drop = 138 + (deck - 148) * step / 11
        canvas.line([(left - 29 * step, drop), (left - 29 * step, deck)], 2, "#23423c")
        canvas.line([(right + 29 * step, drop), (right + 29 * step, deck)], 2, "#23423c")
    for tower in (left, right):
        canvas.box(tower - 24, 120, 14, 430, "#2f5d50")
        canvas.box(tower + 10, 120, 14, 430, "#2f5d50")
        for y in (120, 214, 318, 470):
            canvas.box(tower - 24, y, 48, 14, "#2f5d50")
        canvas.box(tower - 46, 520, 92, 60, "#5b5f66", 6)
    canvas.box(0, deck, canvas.width, 16, "#23423c")
    canvas.box(0, deck + 16, canvas.width, 5, "#3f7566")
    _scaffold(canvas, right, deck)
    canvas.box(520, deck - 24, 76, 22, "#c8553d", 4)
    for window in range(5):
        canvas.box(526 + window * 14, deck - 20, 10, 8, "#fbe6b8", 1)
    for y in (598, 630):
        canvas.line(wave(0, canvas.width, y, 4, 170, chance.random()), 2, "#ffffff40")
    return canvas


def _scaffold(canvas: Canvas, tower: float, deck: float) -> None:
    canvas.shape([(tower - 46, 176), (tower + 46, 176), (tower + 46, 330), (tower - 46, 330)], "#f6efe2cc")
    for x in (-54, -27, 0, 27, 54):
        canvas.line([(tower + x, 96), (tower + x, deck)], 3, "#b5793a")
    for level, y in enumerate(range(110, int(deck), 38)):
        canvas.line([(tower - 62, y), (tower + 62, y)], 4, "#d39a55")
        side = 1 if level % 2 else -1
        canvas.line([(tower - 54 * side, y), (tower + 54 * side, y + 38)], 2, "#b5793a")


def bench(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#f7d9a8", "#fbeed3")
    canvas.disc(210, 150, 62, "#fff6dd")
    clouds(canvas, chance, "#fff4dc", 4, (80, 220))
    town(canvas, chance, 400, "#d9b995", "#fbe9c8")
    hill = wave(0, canvas.width, 410, 14, 900, 0.3)
    canvas.shape([*hill, (canvas.width, canvas.height), (0, canvas.height)], "#a9b36a")
    canvas.shape(
        [(0, 520), (canvas.width, 470), (canvas.width, canvas.height), (0, canvas.height)], "#95a25a"
    )
    canvas.shape(
        [(0, 610), (canvas.width, 548), (canvas.width, 640), (0, canvas.height), (0, canvas.height)],
        "#e2cfa2",
    )
    canvas.shape([(805, 520), (845, 520), (1200, 640), (1200, 675), (1080, 675)], "#5d6a3f66")
    canvas.shape([(812, 525), (800, 220), (818, 220), (850, 220), (846, 525)], "#5a3b2c")
    canvas.line([(828, 330), (900, 250)], 13, "#5a3b2c")
    canvas.line([(822, 350), (748, 270)], 12, "#5a3b2c")
    for _ in range(330):
        angle, far = chance.uniform(0, 2 * math.pi), math.sqrt(chance.random())
        x, y = 826 + 236 * far * math.cos(angle), 200 + 158 * far * math.sin(angle)
        colour = chance.choice(("#c8553d", "#d9822f", "#e5a84b", "#b5432f", "#edbf66"))
        canvas.disc(x, y, chance.uniform(13, 30), colour + "dd")
    for _ in range(70):
        x, y = chance.uniform(520, 1160), chance.uniform(505, 640)
        canvas.disc(x, y, chance.uniform(4, 8), chance.choice(("#c8553d", "#d9822f", "#e5a84b")), 0.55)
    _seat(canvas, 300, 500)
    return canvas


def _seat(canvas: Canvas, x: float, y: float) -> None:
    canvas.shape([(x + 10, y + 86), (x + 330, y + 86), (x + 470, y + 128), (x + 120, y + 128)], "#5d6a3f66")
    for leg in (x + 24, x + 292):
        canvas.box(leg, y - 96, 13, 184, "#2f3a3d", 4)
        canvas.line([(leg + 6, y + 20), (leg - 22, y + 90)], 11, "#2f3a3d")
        canvas.line([(leg + 6, y - 32), (leg - 34, y - 32), (leg - 34, y + 8)], 9, "#2f3a3d")
    for slat in range(3):
        canvas.box(x, y - 92 + slat * 32, 330, 22, "#8f5a36", 5)
        canvas.box(x, y - 92 + slat * 32, 330, 6, "#b07a4d", 3)
    for slat in range(3):
        canvas.box(x - 12 - slat * 12, y + 4 + slat * 13, 342, 11, ("#9b643d", "#a86f45", "#b87d50")[slat], 4)
