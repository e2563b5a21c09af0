"""What is on paper: a PDF read back by programs that didn't make it (pypdf, poppler, zxing)."""

import io
import re
import subprocess
from typing import Any, NamedTuple

import zxingcpp
from PIL import Image
from pypdf import PdfReader

MM = 72 / 25.4


def texts(pdf: bytes) -> list[str]:
    """The text of each page, without the spaces that come from how lines are set."""
    return [re.sub(r"\s+", "", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


class Word(NamedTuple):
    """Letters without a space between them, and how far their upper and lower edge are from the page's upper one."""

    text: str
    top: float
    bottom: float


def words(pdf: bytes) -> list[list[Word]]:
    """The words of each page, as far as they lie on it."""
    read = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=pdf, stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    word = re.compile(r'yMin="([\d.-]+)" xMax="[\d.-]+" yMax="([\d.-]+)">(.*?)</word>')
    return [
        [Word(text, float(top), float(bottom)) for top, bottom, text in word.findall(page)]
        for page in read.split("<page ")[1:]
    ]


def sizes_mm(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return [(round(float(page.mediabox.width) / MM), round(float(page.mediabox.height) / MM)) for page in pages]


def fonts(pdf: bytes) -> dict[str, bool]:
    """The fonts of all pages, and whether the file holds their letters."""
    found: dict[str, bool] = {}
    for page in PdfReader(io.BytesIO(pdf)).pages:
        listed: Any = page["/Resources"]["/Font"]
        for font in listed.values():
            found[font["/BaseFont"]] = "/FontFile2" in font.get("/FontDescriptor", {})
    return found


def picture(pdf: bytes, *, page: int = 1, dpi: int = 100) -> Image.Image:
    """A page as it is printed."""
    command = ["pdftoppm", "-png", "-r", str(dpi), "-f", str(page), "-l", str(page), "-"]
    made = subprocess.run(command, input=pdf, stdout=subprocess.PIPE, check=True)
    return Image.open(io.BytesIO(made.stdout)).convert("RGB")


def code(pdf: bytes) -> str:
    """What the first page's QR code says, photographed at 100 dots an inch."""
    (found,) = zxingcpp.read_barcodes(picture(pdf))
    return str(found.text)
