"""The process in which a stranger's picture is decoded: it may fail, and then only it fails.

Bytes come by standard input. What goes to standard output is one line of JSON and then
the pictures: ``{"width", "height", "blurhash", "sizes": [bytes of each]}``, or
``{"refused": "pixels" | "frames" | "memory" | "unreadable"}``.
"""

import io
import json
import resource
import sys
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from commons import blurhash, limits

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
ORIENTATION = 0x0112
SIDEWAYS = {5, 6, 7, 8}


class Unwanted(Exception):
    """The header already says no; the message is the word for the parent."""


def main() -> None:
    """Answer one picture, within memory and processor time that the kernel guards."""
    Image.init()
    data = sys.stdin.buffer.read()
    _confine()
    try:
        answer, files = _variants(data)
    except Unwanted as reason:
        answer, files = {"refused": str(reason)}, []
    except MemoryError:
        answer, files = {"refused": "memory"}, []
    except (OSError, ValueError, SyntaxError, ArithmeticError, LookupError, TypeError):
        # What Pillow's readers raise on damaged files.
        answer, files = {"refused": "unreadable"}, []
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(files))


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.PICTURE_SECONDS, limits.PICTURE_SECONDS))
    mapped = Path("/proc/self/statm")
    if mapped.exists():
        memory = int(mapped.read_text().split()[0]) * resource.getpagesize() + limits.PICTURE_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _variants(data: bytes) -> tuple[dict[str, object], list[bytes]]:
    # Pillow only warns of a bomb; the check below is ours.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(io.BytesIO(data), formats=FORMATS) as source:
        if source.width * source.height > limits.PICTURE_PIXELS:
            raise Unwanted("pixels")
        if getattr(source, "n_frames", 1) > limits.PICTURE_FRAMES:
            raise Unwanted("frames")
        largest = _upright(source)
    pictures = [largest, _within(largest, limits.SMALL_PICTURE)]
    files = [_jpeg(picture) for picture in pictures]
    answer: dict[str, object] = {
        "width": largest.width,
        "height": largest.height,
        "blurhash": _blurhash(largest),
        "sizes": [len(file) for file in files],
    }
    return answer, files


def _upright(source: Image.Image) -> Image.Image:
    """The first frame as sRGB, no larger than the page needs, turned as the camera was held."""
    box = limits.LARGE_PICTURE
    if source.getexif().get(ORIENTATION) in SIDEWAYS:
        box = (box[1], box[0])
    # Lets a JPEG be decoded at an eighth, a quarter or half of its size.
    source.draft(None, (2 * box[0], 2 * box[1]))
    source.load()
    picture = ImageOps.exif_transpose(_within(_plain_colour(source), box))
    picture = _on_white(_in_srgb(picture))
    # Comments, XMP, GPS and profiles live here, and a writer would copy some of them.
    picture.info = {}
    return picture


def _plain_colour(source: Image.Image) -> Image.Image:
    """Eight bits a channel, in a mode that can be resized without losing transparency."""
    if source.mode.startswith("I"):
        # Pillow's own conversion to L would cut sixteen bits off at 255 instead of scaling them.
        return source.convert("I").point(lambda value: value / 256).convert("L")
    if source.mode in ("P", "PA") or "transparency" in source.info:
        return source.convert("RGBA")
    return source.convert("L") if source.mode == "1" else source


def _within(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    scale = min(1.0, box[0] / picture.width, box[1] / picture.height)
    if scale == 1.0:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Colours as the embedded profile means them, since the profile itself is dropped."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        try:
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(picture, embedded, srgb, outputMode="RGB") or picture
        except (ImageCms.PyCMSError, OSError):
            # A profile that does not fit the picture: the colours stay as they are.
            return picture
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    return picture.convert("RGB")


def _blurhash(picture: Image.Image) -> str:
    channels = picture.resize((32, 32), Image.Resampling.BOX).tobytes()
    return blurhash.encode(list(zip(channels[::3], channels[1::3], channels[2::3], strict=True)), 32, 32)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, progressive=True, optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
