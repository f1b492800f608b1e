"""One page of a scan, a photo or a PDF file as a picture that a browser shows: for the person who compares.

In: bytes and a page number. Out: a JPEG of bounded size, made anew from pixels, so that nothing of the sender's file (metadata,
a second format behind the first) reaches a browser. A page that an engine looked at is laid as it lay then (`LaidPage`), so
that the boxes of its cells are in their places. Runs in the locked worker only. Must not: raise anything but ReadFailure.
"""

from io import BytesIO

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from parsers.document import Budget, FailureCode, LaidPage, ReadFailure
from parsers.readers.border import reads

# Named here, so that nothing else of Pillow's meets the bytes (some of its formats start Ghostscript).
_FORMATS = tuple(
    str(kind.format)
    for kind in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        TiffImagePlugin.TiffImageFile,
        BmpImagePlugin.BmpImageFile,
        GifImagePlugin.GifImageFile,
        WebPImagePlugin.WebPImageFile,
    )
)
_SIDE = 1_600  # pixels: a page of A4 at some 140 dpi, legible in half a screen and when zoomed
_BYTES = 150_000  # of one picture: a clerk looks at fifty a morning, some over a line of the province's network
# Tried one after the other until the picture is small enough: quality, pixels of the longest side. The last of noise has 60 KB.
_MANNERS = ((80, _SIDE), (65, _SIDE), (50, _SIDE), (45, 1_300), (40, 1_000), (35, 700), (25, 500))
_LONGEST = 20_000  # pixels: no page is looked at larger
_FLATTEST = 0.2  # of the divisor of a point's way back: no page that was laid flat comes near it


def frame_count(data: bytes) -> int:
    """Given a picture file, return how many pages it has. Raise ReadFailure if it can't be opened."""
    with reads("a picture"), Image.open(BytesIO(data), formats=_FORMATS) as picture:
        return int(getattr(picture, "n_frames", 1))


def check(data: bytes, budget: Budget) -> None:
    """Given a picture file, raise ReadFailure if its first page can't be shown, as far as its head tells."""
    with reads("a picture"), Image.open(BytesIO(data), formats=_FORMATS) as picture:
        _to_frame(picture, 0, budget)


def of_picture(data: bytes, frame: int, budget: Budget, laid: LaidPage | None = None) -> bytes:
    """Given a picture file and the zero-based number of its page, return that page upright as JPEG, as it was laid.

    Raise ReadFailure.
    """
    with reads("a picture"), Image.open(BytesIO(data), formats=_FORMATS) as picture:
        _to_frame(picture, frame, budget)
        picture.draft("RGB", (_SIDE, _SIDE))
        return jpeg(ImageOps.exif_transpose(picture), laid)


def of_pdf(data: bytes, page: int, budget: Budget, laid: LaidPage | None = None) -> bytes:
    """Given a PDF file and the zero-based number of a page, return it as JPEG, as it was laid. Raise ReadFailure."""
    with reads("a page of a pdf"):
        from parsers.readers import pdfrender  # noqa: PLC0415 - as `pdf`: not every machine has pdfium

        drawn = pdfrender.picture_of(data, page, budget, 0 if laid is None else laid.turn, filled_in=True)
        with Image.open(BytesIO(drawn), formats=("JPEG",)) as picture:
            return jpeg(picture, laid)


def jpeg(picture: Image.Image, laid: LaidPage | None = None) -> bytes:
    """Given a picture, return it on white, no larger than a screen and a line need, as JPEG; as it was laid, if it was."""
    if picture.mode == "1":  # of a fax: Pillow leaves out its lines otherwise
        picture = picture.convert("L")
    picture.thumbnail((_SIDE, _SIDE))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, (255, 255, 255, 255)), layer)
    picture = picture.convert("RGB")
    if laid is not None:
        picture = _laid(picture, laid)
    made = b""
    for quality, side in _MANNERS:
        picture.thumbnail((side, side))
        stream = BytesIO()
        picture.save(stream, "JPEG", quality=quality)
        made = stream.getvalue()
        if len(made) <= _BYTES:
            break
    return made


def _to_frame(picture: Image.Image, frame: int, budget: Budget) -> None:
    """Go to a page of a picture file. Raise ReadFailure TOO_LARGE: each page of a TIFF has its own size."""
    if frame:
        picture.seek(frame)
    if picture.width * picture.height > budget.pixels:
        raise ReadFailure(FailureCode.TOO_LARGE, f"{picture.width}x{picture.height} pixels")


def _laid(picture: Image.Image, laid: LaidPage) -> Image.Image:
    """Lay a picture as it was read. Both are about as large on the screen, so nothing has to be filtered.

    The numbers come from the record, and into it from a process that held hostile bytes. Raise ReadFailure DAMAGED.
    """
    a, b, c, d, e, f, g, h = _whence(laid)
    scale = min(1.0, _SIDE / max(laid.width, laid.height))
    size = (max(1, round(laid.width * scale)), max(1, round(laid.height * scale)))
    across, down = laid.width / size[0], laid.height / size[1]
    wide, high = picture.size
    way = (
        *(a * across * wide, b * down * wide, c * wide),
        *(d * across * high, e * down * high, f * high),
        *(g * across, h * down),
    )
    return picture.transform(
        size, Image.Transform.PERSPECTIVE, way, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255)
    )


def _whence(laid: LaidPage) -> tuple[float, ...]:
    found = laid.whence
    sizes = 0 < laid.width <= _LONGEST and 0 < laid.height <= _LONGEST
    if len(found) != 8 or not sizes or not all(abs(one) < _LONGEST for one in found):
        raise ReadFailure(FailureCode.DAMAGED, "a page that was laid in no way")
    corners = [1 + found[6] * x + found[7] * y for x in (0, laid.width) for y in (0, laid.height)]
    if min(corners) < _FLATTEST:
        raise ReadFailure(FailureCode.DAMAGED, "a page that was laid in no way")
    return found
