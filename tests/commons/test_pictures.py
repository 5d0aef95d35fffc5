"""Uploads: only pixels come through, and only as many as we want."""

import io
import random
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from commons import blurhash, limits, pictures, storage
from commons.config import Config
from commons.refusal import Refused

pytestmark = pytest.mark.usefixtures("settings")


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def kept(key: str) -> Image.Image:
    with storage.open_(key) as file:
        image = Image.open(io.BytesIO(file.read()))
        image.load()
        return image


def photo(width: int = 1600, height: int = 1000) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width // 2, height))
    return image


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.convert("RGB").getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(a - b) < 12 for a, b in zip(found, colour, strict=True))


def header_only_png(width: int, height: int) -> bytes:
    """A PNG that promises more pixels than it holds."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def refused(data: bytes) -> int:
    with pytest.raises(Refused) as refusal:
        pictures.accept(data)
    return refusal.value.status


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_accepted_kind_becomes_two_progressive_jpegs(form: str) -> None:
    picture = pictures.accept(encoded(photo(), form))
    large, small = kept(picture.key), kept(picture.small_key)
    assert (large.size, small.size) == ((1200, 750), (600, 375))
    assert (picture.width, picture.height) == large.size
    assert picture.media_type == "image/jpeg" and picture.key.startswith(picture.sha256)
    assert large.format == "JPEG" and large.info.get("progressive")
    assert near(large, (100, 300), (255, 0, 0)) and near(large, (1100, 300), (0, 0, 255))


def test_a_small_picture_keeps_its_size_and_a_tall_one_ends() -> None:
    assert kept(pictures.accept(encoded(photo(20, 10), "PNG")).key).size == (20, 10)
    assert kept(pictures.accept(encoded(photo(100, 9000), "PNG")).key).size == (40, 3600)


def test_nothing_but_pixels_comes_through() -> None:
    secret = b"51.5074N 0.1278W"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(
        photo(), "JPEG", exif=exif, icc_profile=profile, comment=secret, xmp=b"<x>" + secret + b"</x>"
    )
    assert data.count(secret) == 3
    picture = pictures.accept(data)
    for key in (picture.key, picture.small_key):
        with storage.open_(key) as file:
            assert secret not in file.read()
        assert not kept(key).info.keys() & {"exif", "icc_profile", "comment", "xmp"}


def test_a_camera_held_sideways_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    large = kept(pictures.accept(encoded(photo(3000, 2000), "JPEG", exif=exif)).key)
    assert large.size == (1200, 1800)
    assert near(large, (600, 100), (255, 0, 0)) and near(large, (600, 1700), (0, 0, 255))


@pytest.mark.parametrize(
    ("image", "form", "colour"),
    [
        (Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", (255, 0, 0)),
        (Image.new("I;16", (8, 8), 128 * 256), "PNG", (128, 128, 128)),
        (Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG", (255, 255, 255)),
        (Image.new("LA", (8, 8), (0, 255)), "PNG", (0, 0, 0)),
        (Image.new("1", (8, 8), 1), "PNG", (255, 255, 255)),
        (Image.new("P", (8, 8), 0), "GIF", (0, 0, 0)),
    ],
)
def test_other_ways_of_writing_colour_become_plain_ones(
    image: Image.Image, form: str, colour: tuple[int, int, int]
) -> None:
    large = kept(pictures.accept(encoded(image, form)).key)
    assert large.mode == "RGB" and near(large, (4, 4), colour)


def test_an_embedded_profile_is_applied_before_it_is_dropped() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"?XYZ").replace(b"bXYZ", b"rXYZ").replace(b"?XYZ", b"bXYZ")
    large = kept(pictures.accept(encoded(photo(), "PNG", icc_profile=swapped)).key)
    assert near(large, (100, 300), (0, 0, 255)) and near(large, (1100, 300), (255, 0, 0))


@pytest.mark.parametrize("profile", [b"not a profile", b"\0" * 1_000_000])
def test_a_profile_that_is_none_changes_no_colour(profile: bytes) -> None:
    large = kept(pictures.accept(encoded(photo(), "PNG", icc_profile=profile)).key)
    assert near(large, (100, 300), (255, 0, 0))


def test_too_many_bytes_are_refused() -> None:
    assert refused(b"\xff\xd8" + bytes(limits.UPLOAD_BODY)) == 413


@pytest.mark.parametrize("size", [(20_000, 20_000), (40_000_001, 1)])
def test_too_many_pixels_are_refused_from_the_header(size: tuple[int, int]) -> None:
    with pytest.raises(Refused, match="too many pixels") as refusal:
        pictures.accept(header_only_png(*size))
    assert refusal.value.status == 413


def test_too_many_frames_are_refused_and_a_short_animation_keeps_its_first() -> None:
    frames = [Image.new("L", (4, 4), n % 256) for n in range(limits.PICTURE_FRAMES + 1)]
    with pytest.raises(Refused, match="too many frames"):
        pictures.accept(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    short = encoded(photo(8, 8), "GIF", save_all=True, append_images=[Image.new("RGB", (8, 8), "green")])
    assert near(kept(pictures.accept(short).key), (1, 4), (255, 0, 0))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
        b"<html><script>x</script></html>",
        b"%PDF-1.4\n",
        encoded(photo(8, 8), "BMP"),
        encoded(photo(8, 8), "TIFF"),
        encoded(photo(), "JPEG")[:2000],
        b"GIF89a" + b"/*" + bytes(50) + b"*/=1;alert(1)",
        header_only_png(100, 100),
    ],
)
def test_what_is_no_whole_picture_of_the_four_kinds_is_refused(data: bytes) -> None:
    assert refused(data) == 422


def test_a_script_behind_a_picture_does_not_come_through() -> None:
    picture = pictures.accept(encoded(photo(), "PNG") + b"<script>steal()</script>")
    with storage.open_(picture.key) as file:
        assert b"steal" not in file.read()


def test_memory_beyond_the_limit_is_refused(settings: Config) -> None:
    data = encoded(Image.new("RGB", (8000, 5000)), "WEBP")
    with pytest.raises(Refused, match="too much memory"):
        pictures.accept(data)
    assert not (settings.data / "media").exists()


@pytest.mark.parametrize(
    "program", ["import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "import time; time.sleep(60)"]
)
def test_a_decoder_that_crashes_or_hangs_is_a_refusal(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "commons"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "pixels.py").write_text(program)
    monkeypatch.setattr(pictures, "_ROOT", tmp_path)
    monkeypatch.setattr(limits, "PICTURE_SECONDS", 0.5)
    assert refused(encoded(photo(), "PNG")) == 422


def test_damaged_files_are_taken_or_refused_and_nothing_else(long: bool) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    seeds = [encoded(photo(60, 40), form) for form in ("JPEG", "PNG", "WEBP", "GIF")]
    for number in range(1000 if long else 12):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            pictures.accept(bytes(data))
        except Refused as refusal:
            assert refusal.status in (413, 422), (seed, number)


def test_the_blur_of_a_black_square_is_the_known_one() -> None:
    assert blurhash.encode([(0, 0, 0)] * 1024, 32, 32) == "L00000" + "fQ" * 11


def test_the_blur_starts_with_the_average_colour() -> None:
    hash_ = blurhash.encode([(255, 255, 255)] * 1024, 32, 32)
    digits = [blurhash._DIGITS.index(digit) for digit in hash_]
    assert len(hash_) == 28 and digits[0] == 3 + 2 * 9
    assert ((digits[2] * 83 + digits[3]) * 83 + digits[4]) * 83 + digits[5] == 0xFFFFFF
