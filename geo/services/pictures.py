"""Pictures that people upload, made anew: the place, the camera and whatever else their files held stay behind."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from threading import Lock

from PIL import Image, ImageOps, UnidentifiedImageError

from geo.errors import GeoError

FORMATS = ("JPEG", "PNG", "WEBP")
#: A telephone's finest ordinary picture. Unpacked it takes 200 MB, whatever the file's own size.
MAX_PIXELS = 50_000_000
QUALITY = 82

_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, struct.error, zlib.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_ONE_AT_A_TIME = Lock()


class UnusablePictureError(GeoError, ValueError):
    """A file that is no picture, none of a kind that is taken, damaged, or too large when unpacked."""


@dataclass(frozen=True)
class Picture:
    """A JPEG picture, upright, in RGB, without any metadata."""

    jpeg: bytes
    width_px: int
    height_px: int


def remade(file: bytes, longest_px: Sequence[int]) -> list[Picture]:
    """Return the picture in each of some sizes, the largest first; one that is smaller already keeps its size.

    Turned upright as its EXIF data say; what is transparent becomes white; of several pictures the first.

    Raises
    ------
    UnusablePictureError
        It is no JPEG, PNG or WebP file, is damaged, or has more than `MAX_PIXELS`.
    """
    with _ONE_AT_A_TIME:
        try:
            image = _unpacked(_opened(file), max(longest_px))
        except _DAMAGE as error:
            if isinstance(error, UnusablePictureError):
                raise
            raise UnusablePictureError(
                "照片文件已损坏或不完整，请换一张或重新拍摄。 The picture is damaged or cut off: take another one."
            ) from error
        return [_sized(image, longest) for longest in sorted(longest_px, reverse=True)]


def _opened(file: bytes) -> Image.Image:
    """Read the head of a file: nothing is unpacked before its size is known."""
    try:
        image = Image.open(BytesIO(file), formats=FORMATS)
    except UnidentifiedImageError:
        raise UnusablePictureError(
            "这不是可用的照片：请上传 JPEG、PNG 或 WebP 格式（HEIC 照片请先另存为 JPEG）。"
            " Not a picture that can be used: JPEG, PNG or WebP are (save HEIC as JPEG first)."
        ) from None
    except _BOMB:
        raise _too_many_pixels("") from None
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels(f"（{image.width}×{image.height}）")
    return image


def _too_many_pixels(size: str) -> UnusablePictureError:
    most = MAX_PIXELS // 10_000
    return UnusablePictureError(
        f"照片的像素太多{size}，最多 {most} 万像素，请先缩小。"
        f" The picture has too many pixels: {MAX_PIXELS // 1_000_000} million at most."
    )


def _unpacked(image: Image.Image, longest_px: int) -> Image.Image:
    image.draft("RGB", (2 * longest_px, 2 * longest_px))  # a JPEG is unpacked at a half, a quarter or an eighth
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        plain = Image.new("RGB", layer.size, "white")
        plain.paste(layer, mask=layer.getchannel("A"))
    else:
        plain = upright.convert("RGB")
    plain.info.clear()  # else its comment would be written again
    return plain


def _sized(image: Image.Image, longest_px: int) -> Picture:
    copy = image.copy()
    copy.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    out = BytesIO()
    copy.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return Picture(out.getvalue(), copy.width, copy.height)
