"""Uploaded pictures: upright, no larger than asked, nothing of the file beside the picture; everything else refused."""

import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from geo.services import pictures
from geo.services.pictures import Picture, PicturesBusyError, UnusablePictureError

GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F


def photo(width: int = 80, height: int = 40, form: str = "JPEG", mode: str = "RGB", **save: Any) -> bytes:
    """A picture whose left half is red and right half blue."""
    image = Image.new("RGB", (width, height), (200, 0, 0))
    image.paste((0, 0, 200), (width // 2, 0, width, height))
    out = BytesIO()
    image.convert(mode).save(out, form, **save)
    return out.getvalue()


def remade(file: bytes, longest_px: Sequence[int]) -> list[Picture]:
    return pictures.remade(BytesIO(file), longest_px)


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[ORIENTATION], tags[MAKE] = orientation, "SecretCamera"
    tags.get_ifd(GPS)[1] = "N"
    return tags.tobytes()


def opened(file: bytes, longest: int = 1600) -> Image.Image:
    (made,) = remade(file, [longest])
    image = Image.open(BytesIO(made.jpeg))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (made.width_px, made.height_px))
    return image


def is_red(image: Image.Image, x: float, y: float) -> bool:
    red, _, blue = image.getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    return red > blue


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (80, 40), (0.1, 0.5)),
        (3, (80, 40), (0.9, 0.5)),  # upside down
        (6, (40, 80), (0.5, 0.1)),  # turned right
        (8, (40, 80), (0.5, 0.9)),  # turned left
        (2, (80, 40), (0.9, 0.5)),  # mirrored
    ],
)
def test_a_picture_is_upright(form: str, orientation: int, size: tuple[int, int], red_at: tuple[float, float]) -> None:
    image = opened(photo(form=form, exif=exif(orientation)))
    assert image.size == size
    assert is_red(image, *red_at)
    assert not is_red(image, 1 - red_at[0], 1 - red_at[1])


def test_nothing_else_of_the_file_is_kept() -> None:
    plain = photo(exif=exif(6), comment=b"taken at home", icc_profile=b"secret profile", xmp=b"<x>hidden</x>")
    for word in (b"SecretCamera", b"taken at home", b"secret profile", b"hidden"):
        assert word in plain
    (made,) = remade(plain + b"PK\x03\x04 an archive behind it", [1600])
    for word in (b"Exif", b"SecretCamera", b"taken at home", b"profile", b"hidden", b"PK\x03\x04"):
        assert word not in made.jpeg
    image = Image.open(BytesIO(made.jpeg))
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


@pytest.mark.parametrize(
    ("size", "made"),
    [
        ((3200, 1600), (1600, 800)),
        ((100, 3200), (50, 1600)),
        ((1600, 9), (1600, 9)),
        ((1, 1), (1, 1)),
        ((40_000, 1), (1600, 1)),
    ],
)
def test_the_longest_side_is_cut_down_and_small_ones_stay(size: tuple[int, int], made: tuple[int, int]) -> None:
    assert opened(photo(*size)).size == made


def test_sizes_come_the_largest_first() -> None:
    assert [one.width_px for one in remade(photo(2000, 1000), (480, 1600))] == [1600, 480]


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "RGBA", "LA", "I;16"])
def test_other_kinds_of_colour(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(photo(form=form, mode=mode)).size == (80, 40)


def test_what_is_transparent_becomes_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(out.getvalue()).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7 " + bytes(100),
        b"\x00\x00\x00\x18ftypheic" + bytes(100),
        photo(form="GIF"),
        photo(form="TIFF"),
        photo(form="BMP"),
        photo()[:2],
    ],
)
def test_what_is_no_such_picture(file: bytes) -> None:
    with pytest.raises(UnusablePictureError, match="JPEG、PNG 或 WebP"):
        remade(file, [1600])


def png_of(width: int, height: int) -> bytes:
    """The head of a picture that says it is so large: a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8000, 8000), (10_000, 12_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("unpacked"))
    with pytest.raises(UnusablePictureError, match="像素太多"):
        remade(png_of(*size), [1600])


def test_as_many_pixels_as_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 80 * 40)
    assert opened(photo()).size == (80, 40)
    with pytest.raises(UnusablePictureError, match="81×40"):
        remade(photo(81), [1600])


@pytest.mark.parametrize(
    "save", [{"form": "PNG"}, {"form": "WEBP", "lossless": True}, {"form": "JPEG", "progressive": True}]
)
def test_fewer_pixels_of_what_is_unpacked_whole(save: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS_WHOLE", 80 * 40)
    assert opened(photo(**save)).size == (80, 40)
    with pytest.raises(UnusablePictureError, match=r"81×40.*JPEG 最多 5000 万像素"):
        remade(photo(81, **save), [1600])
    assert opened(photo(81)).size == (81, 40)


PEAK = """
import re, sys
from io import BytesIO
from pathlib import Path
from geo.services.pictures import remade

def peak_mb():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1000

file = BytesIO(sys.stdin.buffer.read())
before = peak_mb()
remade(file, (1600, 480))
print(peak_mb() - before)
"""


@pytest.mark.parametrize(
    ("size", "save", "most_mb"),
    [
        ((4000, 4000), {"form": "PNG", "mode": "RGBA", "exif": exif(6)}, 200),
        ((4000, 4000), {"form": "WEBP", "mode": "RGBA", "lossless": True, "method": 0}, 350),
        ((7000, 7000), {"form": "JPEG"}, 100),
    ],
)
def test_the_largest_pictures_take_little_memory(size: tuple[int, int], save: dict[str, Any], most_mb: int) -> None:
    file = photo(*size, **save)
    made = subprocess.run([sys.executable, "-c", PEAK], input=file, stdout=subprocess.PIPE, check=True)
    assert 5 < int(made.stdout) < most_mb


def test_whoever_waits_too_long_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WAIT_S", 0.01)
    with pictures._ONE_AT_A_TIME, pytest.raises(PicturesBusyError, match="服务器正忙于处理其他照片，请 5 秒后再试"):
        remade(photo(), [1600])
    with pytest.raises(UnusablePictureError):
        remade(b"", [1600])
    assert opened(photo()).size == (80, 40)  # what was refused has let the next one in


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of damaged EXIF, which nobody needs then
def test_damaged_files_are_refused_with_a_sentence() -> None:
    chance = random.Random(7)
    for form in ("JPEG", "PNG", "WEBP"):
        whole = photo(300, 200, form, exif=exif(6))
        cut = [whole[:at] for at in range(0, len(whole), max(1, len(whole) // 40))]
        bent = [bytearray(whole) for _ in range(150)]
        for one in bent:
            for _ in range(chance.randint(1, 30)):
                one[chance.randrange(len(one))] = chance.randrange(256)
        for file in [*cut, *map(bytes, bent)]:
            try:
                remade(file, [100])  # a changed colour is no damage
            except UnusablePictureError as error:
                assert "。 " in str(error)  # noqa: PT017
