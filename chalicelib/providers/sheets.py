"""With which letters, tables and pictures is a page made?

Owns letter paper and the hand that sets it. What stands on it belongs to `paper`. The libraries
that print are imported by the functions that need them: nobody else shall wait for them.
"""

import io
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

INCH = 72.0
PAGE = (8.5 * INCH, 11 * INCH)
MARGIN = 0.8 * INCH
WIDTH = PAGE[0] - 2 * MARGIN
ROOM, BLEED = 6.0, 4.0
"""The library keeps room inside its margins; a ruled table reaches a little beyond the text."""
MOST_PICTURE_BYTES = 64 * 1024
_MOST_PIXELS = 2000
_PICTURE = (2.2 * INCH, 0.8 * INCH)
_PLAIN, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_DARK, _GREY, _LIGHT = "#16191d", "#5b6470", "#eef1f4"


def fault_of_picture(body: bytes) -> str | None:
    """Why the bytes cannot be printed as a picture; None when they can.

    The size is read before any of it is unpacked, so that a small file cannot fill the memory.
    """
    from PIL import Image, UnidentifiedImageError

    if len(body) > MOST_PICTURE_BYTES:
        return f"must be a picture of at most {MOST_PICTURE_BYTES} bytes"
    try:
        with Image.open(io.BytesIO(body), formats=("PNG",)) as image:
            if max(image.size) > _MOST_PIXELS:
                return f"must be at most {_MOST_PIXELS} pixels wide and high"
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return "must be a whole PNG picture"
    return None


def picture(body: bytes) -> "Flowable":
    """The picture on white, no larger than its place."""
    from PIL import Image as Pictures
    from reportlab.platypus import Image

    image = Pictures.open(io.BytesIO(body), formats=("PNG",)).convert("RGBA")
    white = Pictures.new("RGBA", image.size, "white")
    plain = io.BytesIO()
    Pictures.alpha_composite(white, image).convert("RGB").save(plain, "PNG")
    scale = min(_PICTURE[0] / image.width, _PICTURE[1] / image.height)
    return Image(plain, image.width * scale, image.height * scale, hAlign="LEFT")


def text(
    said: str, *, bold: bool = False, grey: bool = False, right: bool = False, size: float = 9
) -> "Flowable":
    """A paragraph; what stands in it is never read as markup."""
    from xml.sax.saxutils import escape

    from reportlab.lib.enums import TA_LEFT, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    _letters()
    style = ParagraphStyle(
        "text",
        fontName=_BOLD if bold else _PLAIN,
        fontSize=size,
        leading=size * 1.35,
        textColor=_GREY if grey else _DARK,
        alignment=TA_RIGHT if right else TA_LEFT,
        splitLongWords=1,
    )
    return Paragraph(escape(said), style)


def pair(word: str, said: str, *, right: bool = False, bold: bool = False) -> "list[Flowable]":
    """A word and what it stands for, as a row of a table."""
    return [text(word, grey=not bold, bold=bold), text(said, right=right, bold=bold)]


def columns(cells: "list[list[Flowable]]", shares: tuple[float, ...]) -> "Flowable":
    """Things side by side, each with its share of the width."""
    return table([cells], shares)


def table(rows: Any, shares: tuple[float, ...], of: float = 1.0) -> "Flowable":
    """Rows without lines, on `of` the width."""
    from reportlab.platypus import Table

    made = Table(rows, colWidths=[share * of * WIDTH for share in shares], hAlign="LEFT")
    made.setStyle(style())
    return made


def style(ruled: bool = False) -> Any:
    """Everything at the top of its cell, without padding; a ruled table has room and lines."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import TableStyle

    sides, ends = (BLEED, 4) if ruled else (0, 1)
    everywhere = ((0, 0), (-1, -1))
    commands: list[Any] = [
        ("VALIGN", *everywhere, "TOP"),
        ("LEFTPADDING", *everywhere, sides),
        ("RIGHTPADDING", *everywhere, sides),
        ("TOPPADDING", *everywhere, ends),
        ("BOTTOMPADDING", *everywhere, ends),
    ]
    if ruled:
        commands += [
            ("BACKGROUND", (0, 0), (-1, 0), HexColor(_LIGHT)),
            ("LINEBELOW", (0, 1), (-1, -1), 0.5, HexColor(_LIGHT)),
        ]
    return TableStyle(commands)


@cache
def _letters() -> None:
    """Make the letters known that the package brings along."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    fonts = resources.files("chalicelib").joinpath("assets", "fonts")
    for name in (_PLAIN, _BOLD):
        body = io.BytesIO(fonts.joinpath(f"{name}.ttf").read_bytes())
        pdfmetrics.registerFont(TTFont(name, body))


def numbered(name: str) -> Any:
    """A canvas that writes below each page which of how many it is."""
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):  # type: ignore[misc]
        """Pages are kept until their number is known."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802
            self.kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.kept, start=1):
                self.__dict__.update(page)
                self.setFont(_PLAIN, 8)
                self.setFillColor(_GREY)
                self.drawString(MARGIN, 0.5 * INCH, name)
                said = f"Page {number} of {len(self.kept)}"
                self.drawRightString(PAGE[0] - MARGIN, 0.5 * INCH, said)
                super().showPage()
            super().save()

    return Numbered
