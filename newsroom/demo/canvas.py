"""A sheet to paint on, in units of the finished picture, drawn larger and scaled down for smooth edges."""

import math
from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, ImageOps

Point = tuple[float, float]

WIDTH, HEIGHT = 1200, 675
OVERSAMPLING = 3


class Canvas:
    """``width`` by ``height`` pixels; colours are ``#rrggbb`` or, to shine through, ``#rrggbbaa``."""

    def __init__(self, width: int, height: int, top: str, bottom: str) -> None:
        self.width, self.height = width, height
        self.image = _gradient(width * OVERSAMPLING, height * OVERSAMPLING, top, bottom)
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def fade(self, x: float, y: float, width: float, height: float, top: str, bottom: str) -> None:
        """A rectangle that runs from one colour to another."""
        size = round(width * OVERSAMPLING), round(height * OVERSAMPLING)
        self.image.paste(_gradient(*size, top, bottom), (round(x * OVERSAMPLING), round(y * OVERSAMPLING)))

    def shape(self, points: Sequence[Point], fill: str) -> None:
        self.draw.polygon([_scaled(point) for point in points], fill=fill)

    def box(self, x: float, y: float, width: float, height: float, fill: str, radius: float = 0) -> None:
        corners = (*_scaled((x, y)), *_scaled((x + width, y + height)))
        self.draw.rounded_rectangle(corners, radius * OVERSAMPLING, fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: str, flat: float = 1) -> None:
        """A circle, or an ellipse ``flat`` times as high as it is wide."""
        tall = radius * flat
        self.draw.ellipse((*_scaled((x - radius, y - tall)), *_scaled((x + radius, y + tall))), fill=fill)

    def slice(self, x: float, y: float, radius: float, start: float, end: float, fill: str) -> None:
        """A piece of a disc between two angles in degrees, clockwise from three o'clock."""
        corners = (*_scaled((x - radius, y - radius)), *_scaled((x + radius, y + radius)))
        self.draw.pieslice(corners, start, end, fill=fill)

    def line(self, points: Sequence[Point], width: float, fill: str) -> None:
        scaled = [_scaled(point) for point in points]
        self.draw.line(scaled, fill=fill, width=max(1, round(width * OVERSAMPLING)), joint="curve")

    def glow(self, x: float, y: float, radius: float, colour: str, strength: float = 0.5) -> None:
        """Light that fades away from a point."""
        size = round(2 * radius * OVERSAMPLING)
        # Pillow's gradient still has 74 of 255 left at the middle of the square's edge.
        light = ImageOps.invert(Image.radial_gradient("L")).point(
            lambda value: round(255 * strength * (max(0.0, value - 74) / 181) ** 2)
        )
        corner = round((x - radius) * OVERSAMPLING), round((y - radius) * OVERSAMPLING)
        self.image.paste(Image.new("RGB", (size, size), colour), corner, light.resize((size, size)))

    def letters(self, x: float, y: float, text: str, size: float, fill: str) -> None:
        """Text centred on a point, in the typeface that Pillow brings."""
        font = ImageFont.load_default(size * OVERSAMPLING)
        self.draw.text(_scaled((x, y)), text, fill=fill, font=font, anchor="mm", stroke_width=size / 40)

    def finished(self) -> Image.Image:
        return self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)

    def jpeg(self) -> bytes:
        out = BytesIO()
        self.finished().save(out, "JPEG", quality=86, optimize=True, progressive=True)
        return out.getvalue()

    def png(self) -> bytes:
        out = BytesIO()
        self.finished().save(out, "PNG", optimize=True)
        return out.getvalue()


def wave(left: float, right: float, y: float, height: float, length: float, phase: float = 0) -> list[Point]:
    """Points along a sine curve from ``left`` to ``right``; ``phase`` in wave lengths."""
    steps = max(2, round((right - left) / 6))
    xs = [left + (right - left) * step / steps for step in range(steps + 1)]
    return [(x, y + height * math.sin(2 * math.pi * (x / length + phase))) for x in xs]


def bend(start: Point, end: Point) -> list[Point]:
    """An S-shaped curve that leaves ``start`` and reaches ``end`` level."""
    middle = (start[0] + end[0]) / 2
    return _bezier(start, (middle, start[1]), (middle, end[1]), end)


def around(x: float, y: float, radius: float, turn: float) -> Point:
    """The point ``turn`` of a full turn clockwise from twelve o'clock."""
    angle = 2 * math.pi * turn
    return x + radius * math.sin(angle), y - radius * math.cos(angle)


def _bezier(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    points = []
    for step in range(49):
        t = step / 48
        weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        corners = (a, b, c, d)
        points.append(
            (
                sum(weight * corner[0] for weight, corner in zip(weights, corners, strict=True)),
                sum(weight * corner[1] for weight, corner in zip(weights, corners, strict=True)),
            )
        )
    return points


def _gradient(width: int, height: int, top: str, bottom: str) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((width, height), Image.Resampling.BICUBIC)
    return ImageOps.colorize(ramp, top, bottom)


def _scaled(point: Point) -> Point:
    return point[0] * OVERSAMPLING, point[1] * OVERSAMPLING
