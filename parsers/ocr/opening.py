"""Picture files → pixels. In: the bytes of a PNG, JPEG, TIFF, BMP, GIF or WebP. Out: an array of blue, green, red.

Of a TIFF any page can be asked for, of the others the first.
Must not: decode a picture of more pixels than the budget allows (a PNG of 10 KB asks for 400 MB,
facts/reliability.md §3.1), try any other of Pillow's formats (§3.4).
"""

import io
import warnings

import cv2
import numpy as np
from numpy.typing import NDArray
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

from parsers.document import FailureCode, ReadFailure

Picture = NDArray[np.uint8]  # height × width × 3 (blue, green, red), or height × width (gray)

# Imported by name: Pillow loads its plugins with the first picture, and takes one that fails to load for a broken file.
_FORMATS = tuple(
    str(kind.format)
    for kind in (
        PngImagePlugin.PngImageFile,
        JpegImagePlugin.JpegImageFile,
        TiffImagePlugin.TiffImageFile,
        BmpImagePlugin.BmpImageFile,
        GifImagePlugin.GifImageFile,
        WebPImagePlugin.WebPImageFile,
    )
)
_WORKING_PIXELS = 12_000_000  # A4 at 340 dots an inch; more helps nobody (12,000 × 9,000 took 1.1 GB, facts §2.6)
_SMALLEST_SIDE = 16
_FRAMES_LIMIT = 1_000


def open_picture(data: bytes, pixels: int, frame: int = 0) -> tuple[Picture, int]:
    """Given a picture file, return the pixels of one of its pages, scaled down to 12 megapixels, and how many pages it has.

    Raise ReadFailure DAMAGED, TOO_LARGE for a page of more than `pixels`, or EMPTY for one of a few.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _open(data, pixels, frame)
    except ReadFailure:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise ReadFailure(FailureCode.TOO_LARGE, type(error).__name__) from error
    except Exception as error:
        # Pillow's plugins answer broken files with SyntaxError, OSError, struct.error, EOFError … all mean the same.
        raise ReadFailure(FailureCode.DAMAGED, f"{type(error).__name__} in a picture") from error


def _open(data: bytes, pixels: int, frame: int) -> tuple[Picture, int]:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        frames = min(int(getattr(picture, "n_frames", 1)), _FRAMES_LIMIT) if picture.format == "TIFF" else 1
        if frame:
            picture.seek(frame)
        width, height = picture.size
        if width * height > pixels:
            raise ReadFailure(FailureCode.TOO_LARGE, f"{width} x {height} pixels")
        if min(width, height) < _SMALLEST_SIDE:
            raise ReadFailure(FailureCode.EMPTY, f"{width} x {height} pixels")
        upright = ImageOps.exif_transpose(picture)
    colored = np.asarray(_on_white(upright), np.uint8)[:, :, ::-1]
    scale = (_WORKING_PIXELS / (width * height)) ** 0.5
    if scale >= 1:
        return np.ascontiguousarray(colored), frames
    size = (max(1, int(colored.shape[1] * scale)), max(1, int(colored.shape[0] * scale)))
    return np.asarray(cv2.resize(np.ascontiguousarray(colored), size, interpolation=cv2.INTER_AREA), np.uint8), frames


def _on_white(picture: Image.Image) -> Image.Image:
    """Given a picture of any mode, return it as RGB; what is transparent shows white paper."""
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits a pixel: convert() would clip them to white
        values = np.asarray(picture, np.float32)
        return Image.fromarray((values / max(float(values.max()), 1.0) * 255).astype(np.uint8)).convert("RGB")
    if "A" in picture.mode or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        paper = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        paper.alpha_composite(layer)
        return paper.convert("RGB")
    return picture.convert("RGB")
