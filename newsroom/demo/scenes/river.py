"""Pictures of the river, its boats and its port."""

import math
from random import Random

from newsroom.demo.canvas import HEIGHT, WIDTH, Canvas, Point, around, wave
from newsroom.demo.scenes.backdrop import clouds, glitter, stars, town


def ferry(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#0b1530", "#2f6672")
    stars(canvas, chance, 120, 330)
    canvas.glow(800, 235, 420, "#f6e7bd", 0.5)
    canvas.disc(800, 235, 168, "#d9b872")
    canvas.disc(800, 235, 158, "#f8eed2")
    for mark in range(12):
        inner = 128 if mark % 3 == 0 else 138
        ends = [around(800, 235, inner, mark / 12), around(800, 235, 148, mark / 12)]
        canvas.line(ends, 5 if mark % 3 == 0 else 3, "#26324a")
    canvas.line([(800, 235), around(800, 235, 80, (11 + 8 / 60) / 12)], 10, "#26324a")
    canvas.line([(800, 235), around(800, 235, 122, 8 / 60)], 6, "#26324a")
    canvas.disc(800, 235, 9, "#c8553d")
    town(canvas, chance, 430, "#10243a", "#f4c76b")
    canvas.fade(0, 430, canvas.width, 245, "#1d4a5a", "#081826")
    glitter(canvas, chance, 800, 438, 660, 150, "#f8e4ae")
    canvas.shape([(0, 452), (190, 452), (250, 492), (250, 506), (0, 506)], "#050d18")
    for x in (40, 120, 200):
        canvas.box(x, 440, 9, 120, "#050d18")
    canvas.line([(196, 452), (196, 366)], 5, "#050d18")
    canvas.glow(196, 366, 90, "#ffd98a", 0.8)
    canvas.disc(196, 366, 8, "#fff0c2")
    _boat(canvas, 395, 500)
    for y, alpha in ((548, "55"), (580, "40"), (620, "30")):
        canvas.line(wave(300, 900, y, 4, 130, chance.random()), 3, "#9fd0cf" + alpha)
    return canvas


def _boat(canvas: Canvas, x: float, y: float) -> None:
    canvas.glow(x + 160, y - 20, 230, "#ffcf70", 0.35)
    hull = [(x, y), (x + 350, y), (x + 318, y + 50), (x + 34, y + 50)]
    canvas.shape(hull, "#1f6b52")
    canvas.shape([(x + 22, y + 32), (x + 329, y + 32), (x + 318, y + 50), (x + 34, y + 50)], "#7d2b22")
    canvas.box(x + 40, y - 46, 262, 46, "#f3ecd9")
    canvas.box(x + 84, y - 84, 150, 40, "#e6dcc2")
    canvas.box(x + 120, y - 122, 78, 40, "#f3ecd9")
    canvas.box(x + 206, y - 134, 26, 52, "#c8553d")
    canvas.box(x + 206, y - 122, 26, 9, "#f3ecd9")
    for window in range(8):
        canvas.box(x + 54 + window * 31, y - 34, 20, 18, "#ffc85c", 3)
    for window in range(4):
        canvas.box(x + 96 + window * 35, y - 74, 22, 16, "#ffd98a", 3)
    canvas.box(x + 127, y - 114, 64, 16, "#ffe9b0", 3)
    canvas.line([(x + 159, y - 122), (x + 159, y - 176)], 3, "#e6dcc2")
    canvas.disc(x + 159, y - 178, 4, "#ffffff")
    canvas.line([(x - 70, y + 56), (x + 40, y + 50)], 3, "#d8efe8aa")
    canvas.line([(x - 130, y + 68), (x + 60, y + 58)], 2, "#d8efe866")


def pipes(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#f3dfc1", "#f9efdc")
    canvas.disc(985, 90, 46, "#f1b24a")
    x = 0
    while x < canvas.width:
        wide, tall = chance.randint(76, 120), chance.randint(90, 165)
        _house(canvas, chance, x, 235, wide, tall)
        x += wide + chance.choice((0, 0, 0, 26))
    canvas.box(0, 233, canvas.width, 16, "#5a5b63")
    canvas.fade(0, 249, canvas.width, 426, "#8a6247", "#3b2a26")
    for y, colour in ((340, "#79523caa"), (450, "#5f4034aa"), (560, "#45302caa")):
        edge = wave(0, canvas.width, y, 10, 480, chance.random())
        canvas.shape([*edge, (canvas.width, canvas.height), (0, canvas.height)], colour)
    for _ in range(150):
        place = chance.uniform(0, canvas.width), chance.uniform(275, 660)
        canvas.disc(*place, chance.uniform(2, 7), chance.choice(("#b58a6a66", "#2a1d1b66")), 0.7)
    canvas.glow(705, 600, 230, "#3fa7d6", 0.6)
    canvas.disc(705, 622, 170, "#1d6fa599", 0.22)
    canvas.disc(705, 618, 120, "#3fa7d6aa", 0.2)
    for house in (110, 290, 470, 905, 1090):
        _pipe(canvas, [(house, 249), (house, 400)], 14)
    _pipe(canvas, [(-20, 415), (1220, 415)], 44)
    for joint in (200, 380, 560, 705, 850, 1010):
        canvas.box(joint - 13, 385, 26, 60, "#174a73", 5)
        canvas.box(joint - 13, 392, 26, 8, "#3d7fb0", 2)
    for drop in range(34):
        fall = drop / 33
        _drop(canvas, 705 + chance.gauss(0, 6 + 46 * fall), 456 + 150 * fall, chance.uniform(4, 9))
    return canvas


def _house(canvas: Canvas, chance: Random, x: float, ground: float, wide: float, tall: float) -> None:
    wall = chance.choice(("#c9694a", "#d99a5b", "#7d8f8a", "#a5574a", "#5f7480", "#e0b678"))
    top = ground - tall
    canvas.box(x, top, wide, tall, wall)
    canvas.shape([(x - 3, top + 1), (x + wide / 2, top - wide * 0.32), (x + wide + 3, top + 1)], "#4a3a3f")
    for row in range(int(tall // 42)):
        for column in range(2):
            canvas.box(x + wide * (0.2 + 0.37 * column), top + 14 + row * 42, wide * 0.22, 22, "#fbf1d7", 2)


def _pipe(canvas: Canvas, points: list[Point], width: float) -> None:
    canvas.line(points, width, "#1f5f91")
    canvas.line(points, width * 0.62, "#3b8cc4")
    canvas.line(points, width * 0.2, "#8ecbea")


def _drop(canvas: Canvas, x: float, y: float, size: float) -> None:
    canvas.shape(
        [(x, y - size * 2.1), (x + size * 0.88, y - size * 0.3), (x - size * 0.88, y - size * 0.3)], "#6cc3ea"
    )
    canvas.disc(x, y, size, "#6cc3ea")
    canvas.disc(x - size * 0.3, y, size * 0.28, "#d9f1fb")


def tides(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#0a1026", "#35507d")
    stars(canvas, chance, 170, 380)
    canvas.glow(600, 225, 430, "#dfe6ff", 0.5)
    canvas.disc(600, 225, 140, "#f1ecdc")
    for dx, dy, radius in (
        (-46, -34, 26),
        (30, 40, 34),
        (52, -48, 16),
        (-62, 42, 18),
        (-6, -84, 12),
        (8, -14, 14),
    ):
        canvas.disc(600 + dx, 225 + dy, radius, "#d9d2bf")
        canvas.disc(600 + dx + 3, 225 + dy + 3, radius - 4, "#e4decc")
    for curve in range(9):
        high = 16 + curve * 7
        points = [
            (x, 235 + curve * 6 + high * math.cos((x - 600) / 95) * math.exp(-(((x - 600) / 520) ** 2)))
            for x in range(0, canvas.width + 1, 6)
        ]
        canvas.line(points, 2, "#bcd3f7" + f"{40 + curve * 14:02x}")
    canvas.fade(0, 418, canvas.width, 257, "#24406c", "#070d1e")
    glitter(canvas, chance, 600, 424, 664, 130, "#f4efdf")
    for row in range(11):
        y = 436 + row * row * 2.1
        colour = "#9dbcf0" + f"{96 - row * 6:02x}"
        canvas.line(wave(0, canvas.width, y, 2 + row * 0.7, 120 + row * 26, chance.random()), 2, colour)
    for post in range(5):
        x = 80 + post * 62
        canvas.box(x, 420 + post * 9, 13, 150, "#050a18")
        for notch in range(5):
            canvas.box(x + 2, 440 + post * 9 + notch * 16, 9, 3, "#e9d9a6")
    return canvas


def slip(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#8798ab", "#f1dfd0")
    clouds(canvas, chance, "#f5e9df", 7, (90, 330))
    town(canvas, chance, 430, "#9aa3ac", "#e9ddd0")
    canvas.fade(0, 430, canvas.width, 245, "#a9b4bd", "#4d6070")
    for y in (470, 512, 560, 604, 640):
        canvas.line(wave(0, canvas.width, y, 3, 190, chance.random()), 2, "#ffffff50")
    canvas.shape([(690, 440), (1200, 408), (1200, canvas.height), (360, canvas.height)], "#6f6a68")
    canvas.shape([(760, 440), (900, 440), (1160, canvas.height), (500, canvas.height)], "#86807c")
    canvas.shape([(900, 440), (1200, 420), (1200, canvas.height), (1160, canvas.height)], "#5f5b5a")
    for sleeper in range(10):
        near = (sleeper / 9) ** 1.8
        y = 452 + 210 * near
        canvas.line([(800 - 142 * near, y), (860 + 142 * near, y)], 4 + 7 * near, "#5a5552")
    for far, close in ((808, 680), (852, 980)):
        canvas.shape(
            [(far - 2, 440), (far + 2, 440), (close + 9, canvas.height), (close - 9, canvas.height)],
            "#3d3f44",
        )
        canvas.line([(far, 440), (close - 4, canvas.height)], 2, "#c9c3ba")
    canvas.shape([(0, 506), (430, 506), (470, 532), (470, 560), (0, 560)], "#5f5b5a")
    canvas.shape([(0, 506), (430, 506), (470, 532), (0, 532)], "#86807c")
    _crane(canvas)
    canvas.box(707, 566, 26, 40, "#cfe3dfbb", 5)
    canvas.box(709, 582, 22, 22, "#8fb5b0aa", 4)
    for stem in range(7):
        tip = (693 + stem * 9 + chance.uniform(-4, 4), 516 + chance.uniform(-10, 10))
        canvas.line([(720, 570), tip], 2, "#5f7a5c")
        canvas.disc(*tip, 6, "#8a78b5")
    return canvas


def _crane(canvas: Canvas) -> None:
    steel = "#38444f"
    for x in (190, 330):
        canvas.shape(
            [(x - 7, 500), (x + 7, 500), (262 + (x - 260) * 0.4, 190), (252 + (x - 260) * 0.4, 190)], steel
        )
    for level in range(6):
        y, wide = 490 - level * 50, 70 - level * 7.5
        canvas.line([(260 - wide, y), (260 + wide * 0.9, y - 50)], 4, steel)
        canvas.line([(260 + wide, y), (260 - wide * 0.9, y - 50)], 4, steel)
    canvas.box(140, 496, 250, 18, steel, 3)
    canvas.box(220, 158, 84, 40, "#b5634a", 4)
    canvas.box(282, 166, 16, 18, "#f3e3cf", 2)
    canvas.box(110, 140, 640, 10, steel)
    canvas.box(110, 168, 600, 6, steel)
    for bay in range(20):
        x = 112 + bay * 30
        canvas.line([(x, 146), (x + 15, 170), (x + 30, 146)], 3, steel)
    canvas.box(110, 172, 62, 46, "#566470", 3)
    canvas.line([(260, 150), (260, 66)], 8, steel)
    canvas.line([(120, 140), (260, 68), (740, 142)], 3, steel)
    canvas.line([(640, 174), (640, 318)], 3, steel)
    canvas.box(628, 316, 24, 20, "#b5634a", 3)
    canvas.line([around(640, 350, 13, 0.1 + turn / 20) for turn in range(13)], 5, steel)


def dyke(chance: Random) -> Canvas:
    canvas = Canvas(WIDTH, HEIGHT, "#0c1224", "#2d4560")
    stars(canvas, chance, 90, 220)
    outer = [around(1010, 110, 44, turn / 48) for turn in range(25)]
    inner = [(1010 + (x - 1010) * 0.45, y) for x, y in reversed(outer)]
    canvas.shape([*outer, *inner], "#e9e2cd")
    ridge = wave(0, canvas.width, 262, 9, 760, 0.1)
    canvas.shape([*ridge, (canvas.width, 330), (0, 330)], "#17233a")
    canvas.fade(0, 286, canvas.width, 190, "#2f5470", "#152b42")
    for row in range(9):
        y = 296 + row * 16
        canvas.line(wave(0, canvas.width, y, 3, 110 + row * 16, chance.random()), 2, "#8fb8d055")
    crest = [(x, 402 + 44 * math.sin(x / 420 + 0.4)) for x in range(0, canvas.width + 1, 10)]
    canvas.shape([*crest, (canvas.width, canvas.height), (0, canvas.height)], "#1d3a2e")
    canvas.shape(
        [*[(x, y + 70) for x, y in crest], (canvas.width, canvas.height), (0, canvas.height)], "#173026"
    )
    canvas.shape(
        [*[(x, y + 150) for x, y in crest], (canvas.width, canvas.height), (0, canvas.height)], "#10241c"
    )
    for post in (90, 285, 470, 640, 850, 1075):
        _watcher(canvas, post, 402 + 44 * math.sin(post / 420 + 0.4), 1 if post < canvas.width / 2 else -1)
    x = -10
    while x < canvas.width:
        wide, tall = chance.randint(70, 110), chance.randint(44, 78)
        canvas.box(x, 675 - tall, wide, tall, "#070d14")
        canvas.shape([(x - 4, 676 - tall), (x + wide / 2, 640 - tall), (x + wide + 4, 676 - tall)], "#0a121b")
        if chance.random() < 0.55:
            canvas.box(x + wide * 0.4, 690 - tall, 14, 16, "#ffcf70", 2)
        x += wide + chance.randint(0, 30)
    return canvas


def _watcher(canvas: Canvas, x: float, y: float, side: int) -> None:
    lamp = (x + 30 * side, y - 26)
    canvas.glow(*lamp, 120, "#ffc65c", 0.75)
    canvas.shape([lamp, (lamp[0] + 34, y + 74), (lamp[0] - 34, y + 74)], "#ffd98a2e")
    canvas.shape([(x - 11, y + 4), (x - 8, y - 46), (x + 8, y - 46), (x + 11, y + 4)], "#060b14")
    canvas.disc(x, y - 56, 9, "#060b14")
    canvas.shape([(x - 13, y - 58), (x + 13, y - 58), (x + 6, y - 69), (x - 6, y - 69)], "#060b14")
    canvas.line([(x + 4 * side, y - 40), lamp], 5, "#060b14")
    canvas.box(lamp[0] - 6, lamp[1] - 4, 12, 16, "#fff0c2", 3)
