"""Width and height of a picture file, from its header.

In: bytes of a PNG, JPEG, GIF, BMP or TIFF file. Out: pixels as the file claims them; (0, 0) if it does not say. Must not:
decode anything, read more than the header, raise on any bytes. Standards: PNG §11.2.2, ITU-T T.81 §B.2.2, TIFF 6.0 §2.
"""

import struct

_NO_SIZE = (0, 0)
_SEGMENTS = 500  # of a JPEG before its frame: an album of EXIF, ICC and Photoshop data has some 100
_FRAMES = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_TIFF_TAGS = 200
_WIDTH, _HEIGHT = 256, 257


def picture_size(data: bytes) -> tuple[int, int]:
    """Given a picture file, return its width and height in pixels, (0, 0) if they are not known. Never raises."""
    try:
        return _size(data)
    except struct.error:
        return _NO_SIZE


def _size(data: bytes) -> tuple[int, int]:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        width, height = struct.unpack_from(">II", data, 16)
    elif data.startswith(b"\xff\xd8"):
        width, height = _jpeg(data)
    elif data.startswith(b"GIF8"):
        width, height = struct.unpack_from("<HH", data, 6)
    elif data.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", data, 18)
    elif data.startswith((b"II*\0", b"MM\0*")):
        width, height = _tiff(data)
    else:
        return _NO_SIZE
    return width, abs(height)  # a BMP that runs from top to bottom has a negative height


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(_SEGMENTS):
        at = data.find(b"\xff", at)
        if at < 0:
            break
        while data[at : at + 1] == b"\xff":
            at += 1
        if at >= len(data):
            break
        marker = data[at]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 4)
            return width, height
        (length,) = (0,) if marker in _ALONE else struct.unpack_from(">H", data, at + 1)
        at += 1 + length
    return _NO_SIZE


def _tiff(data: bytes) -> tuple[int, int]:
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found: dict[int, int] = {}
    for number in range(min(count, _TIFF_TAGS)):
        tag, kind, _, value = struct.unpack_from(f"{order}HHI4s", data, at + 2 + 12 * number)
        found[tag] = struct.unpack(f"{order}I", value)[0] if kind == 4 else struct.unpack(f"{order}H", value[:2])[0]
    return found.get(_WIDTH, 0), found.get(_HEIGHT, 0)
