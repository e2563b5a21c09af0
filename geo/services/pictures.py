"""Pictures that people upload, made anew: the place, the camera and whatever else their files held stay behind."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from geo.errors import GeoError

FORMATS = ("JPEG", "PNG", "WEBP")
#: A telephone's finest ordinary picture. JPEG is unpacked at a half, a quarter or an eighth: 45 MB at most.
MAX_PIXELS = 50_000_000
#: Of pictures that are unpacked whole, at 4 bytes a pixel and more than once: other formats, and progressive JPEG.
MAX_PIXELS_WHOLE = 16_000_000
QUALITY = 82

_SCALABLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, struct.error, zlib.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_ONE_AT_A_TIME = Lock()
WAIT_S = 2.0


class UnusablePictureError(GeoError, ValueError):
    """A file that is no picture, none of a kind that is taken, damaged, or too large when unpacked."""


class PicturesBusyError(GeoError):
    """Other pictures are being made anew; nothing was changed."""

    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__(
            f"服务器正忙于处理其他照片，请 {self.retry_after_s} 秒后再试。"
            f" Other pictures are being worked on; try again in {self.retry_after_s} s."
        )


@dataclass(frozen=True)
class Picture:
    """A JPEG picture, upright, in RGB, without any metadata."""

    jpeg: bytes
    width_px: int
    height_px: int


def remade(file: BinaryIO, longest_px: Sequence[int]) -> list[Picture]:
    """Return the picture in each of some sizes, the largest first; one that is smaller already keeps its size.

    Turned upright as its EXIF data say; what is transparent becomes white; of several pictures the first. One picture
    at a time is unpacked: it takes 300 MB at most.

    Raises
    ------
    UnusablePictureError
        It is no JPEG, PNG or WebP file, is damaged, or has more than `MAX_PIXELS` or `MAX_PIXELS_WHOLE`.
    PicturesBusyError
        Others are before it, and still are after `WAIT_S`.
    """
    if not _ONE_AT_A_TIME.acquire(timeout=WAIT_S):
        raise PicturesBusyError
    try:
        return _remade(file, sorted(longest_px, reverse=True))
    except _DAMAGE as error:
        if isinstance(error, UnusablePictureError):
            raise
        raise UnusablePictureError(
            "照片文件已损坏或不完整，请换一张或重新拍摄。 The picture is damaged or cut off: take another one."
        ) from error
    finally:
        _ONE_AT_A_TIME.release()


def _remade(file: BinaryIO, longest_px: Sequence[int]) -> list[Picture]:
    image = _plain(_small(_opened(file), longest_px[0]))
    made = []
    for longest in longest_px:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        made.append(_written(image))
    return made


def _opened(file: BinaryIO) -> Image.Image:
    """Read the head of a file: nothing is unpacked before its size is known."""
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        raise UnusablePictureError(
            "这不是可用的照片：请上传 JPEG、PNG 或 WebP 格式（HEIC 照片请先另存为 JPEG）。"
            " Not a picture that can be used: JPEG, PNG or WebP are (save HEIC as JPEG first)."
        ) from None
    except _BOMB:
        raise _too_many_pixels("") from None
    is_unpacked_small = isinstance(image, JpegImageFile) and "progressive" not in image.info
    if image.width * image.height > (MAX_PIXELS if is_unpacked_small else MAX_PIXELS_WHOLE):
        raise _too_many_pixels(f"（{image.width}×{image.height}）")
    return image


def _too_many_pixels(size: str) -> UnusablePictureError:
    return UnusablePictureError(
        f"照片的像素太多{size}：JPEG 最多 {MAX_PIXELS // 10_000} 万像素，PNG、WebP 和渐进式 JPEG 最多"
        f" {MAX_PIXELS_WHOLE // 10_000} 万，请先缩小。 The picture has too many pixels:"
        f" {MAX_PIXELS // 1_000_000} million at most in a JPEG, {MAX_PIXELS_WHOLE // 1_000_000} million in a PNG, WebP"
        " or progressive JPEG."
    )


def _small(image: Image.Image, longest_px: int) -> Image.Image:
    """Unpack a picture and make it small before anything else is done with it: each step takes its size again."""
    least = [max(1, side * longest_px // max(image.size)) for side in image.size]
    image.draft("RGB", (least[0], least[1]))  # a JPEG; others are as they are
    if "transparency" in image.info:  # one colour stands for it
        image = image.convert("RGBA")
    elif image.mode not in _SCALABLE:
        image = image.convert("RGB")
    image.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Give a picture upright, on white, without anything else that its file held."""
    ImageOps.exif_transpose(image, in_place=True)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    plain = image.convert("RGB")
    plain.info.clear()  # else its comment would be written again
    return plain


def _written(image: Image.Image) -> Picture:
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return Picture(out.getvalue(), image.width, image.height)
