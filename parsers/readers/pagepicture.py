"""One page of a scan, a photo or a PDF file as a picture that a browser shows: for the person who compares.

In: bytes and a page number. Out: a JPEG of bounded size, made anew from pixels, so that nothing of the sender's file (metadata,
a second format behind the first) reaches a browser. Runs in the locked worker only. Must not: raise anything but ReadFailure.
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

from parsers.document import Budget, FailureCode, ReadFailure
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
_QUALITY = 80


def frame_count(data: bytes) -> int:
    """Given a picture file, return how many pages it has. Raise ReadFailure if it can't be opened."""
    with reads("a picture"), Image.open(BytesIO(data), formats=_FORMATS) as picture:
        return int(getattr(picture, "n_frames", 1))


def of_picture(data: bytes, frame: int, budget: Budget) -> bytes:
    """Given a picture file and the zero-based number of its page, return that page upright as JPEG. Raise ReadFailure."""
    with reads("a picture"), Image.open(BytesIO(data), formats=_FORMATS) as picture:
        if frame:
            picture.seek(frame)
        if picture.width * picture.height > budget.pixels:  # each frame of a TIFF has its own size
            raise ReadFailure(FailureCode.TOO_LARGE, f"{picture.width}x{picture.height} pixels")
        picture.draft("RGB", (_SIDE, _SIDE))
        return jpeg(ImageOps.exif_transpose(picture))


def of_pdf(data: bytes, page: int, budget: Budget) -> bytes:
    """Given a PDF file and the zero-based number of a page, return it as JPEG. Raise ReadFailure."""
    with reads("a page of a pdf"):
        from parsers.readers import pdfrender  # noqa: PLC0415 - as `pdf`: not every machine has pdfium

        with Image.open(BytesIO(pdfrender.picture_of(data, page, budget, 0)), formats=("JPEG",)) as picture:
            return jpeg(picture)


def jpeg(picture: Image.Image) -> bytes:
    """Given a picture, return it on white, no larger than a screen needs, as JPEG."""
    picture.thumbnail((_SIDE, _SIDE))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, (255, 255, 255, 255)), layer)
    stream = BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()
