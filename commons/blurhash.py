"""BlurHash: a picture as some twenty characters, shown while it loads (blurha.sh)."""

import math

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_ACROSS, _DOWN = 4, 3
Colour = tuple[float, float, float]


def encode(pixels: list[tuple[int, int, int]], width: int, height: int) -> str:
    """The hash, 4 by 3 components, of ``pixels`` (sRGB, 0 to 255, row by row). Give it a small picture."""
    light = [tuple(_linear(channel) for channel in pixel) for pixel in pixels]
    across = [[math.cos(math.pi * i * x / width) for x in range(width)] for i in range(_ACROSS)]
    down = [[math.cos(math.pi * j * y / height) for y in range(height)] for j in range(_DOWN)]
    waves = [
        _component(light, [a * d for d in down[j] for a in across[i]], 2 if i or j else 1)
        for j in range(_DOWN)
        for i in range(_ACROSS)
    ]
    average, details = waves[0], waves[1:]
    strongest = max(abs(value) for wave in details for value in wave)
    step = max(0, min(82, int(strongest * 166 - 0.5)))
    digits = [_base83(_ACROSS - 1 + (_DOWN - 1) * 9, 1), _base83(step, 1)]
    red, green, blue = (_srgb(value) for value in average)
    digits.append(_base83((red << 16) + (green << 8) + blue, 4))
    digits += [_base83(_quantised(wave, (step + 1) / 166), 2) for wave in details]
    return "".join(digits)


def _component(light: list[tuple[float, ...]], wave: list[float], weight: int) -> Colour:
    scale = weight / len(light)
    red, green, blue = (
        scale * sum(pixel[channel] * strength for pixel, strength in zip(light, wave, strict=True))
        for channel in range(3)
    )
    return red, green, blue


def _quantised(wave: Colour, strongest: float) -> int:
    """Each channel in 19 steps, the square root spread evenly."""
    number = 0
    for value in wave:
        root = math.copysign(math.sqrt(abs(value / strongest)), value)
        number = number * 19 + max(0, min(18, math.floor(root * 9 + 9.5)))
    return number


def _linear(channel: int) -> float:
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _srgb(value: float) -> int:
    value = max(0.0, min(1.0, value))
    bent = value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return int(bent * 255 + 0.5)


def _base83(number: int, length: int) -> str:
    return "".join(_DIGITS[number // 83**place % 83] for place in reversed(range(length)))
