"""Pieces of a page as small JPEGs for the clerk's screen. In: pixels. Out: base64 of at most 6 KB."""

import base64

import cv2

from parsers.ocr.opening import Picture

_LIMIT = 6_000  # characters of base64; a form has 40 cells, and its reading is stored with the mail
_LONGEST = 560  # pixels


def thumbnail(pixels: Picture) -> str:
    """Given a piece of a page, return it as base64 of a JPEG, "" if it has no area or can't be made small."""
    if not pixels.size:
        return ""
    for longest, quality in ((_LONGEST, 60), (_LONGEST, 35), (_LONGEST // 2, 40), (_LONGEST // 3, 25)):
        scale = min(1.0, longest / max(pixels.shape[:2]))
        size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        made, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
        text = base64.b64encode(data.tobytes()).decode("ascii") if made else ""
        if len(text) <= _LIMIT:
            return text
    return ""
