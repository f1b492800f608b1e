"""Small .7z and .rar files made in code, of one file each: no program here writes .rar, and none writes broken ones."""

import lzma
import struct
import zlib

SEVEN_ZIP_MAGIC = b"7z\xbc\xaf\x27\x1c"
RAR_MAGIC = b"Rar!\x1a\x07\x01\0"  # version 5
_LZMA_PROPERTIES = b"\x5d\0\0\1\0"  # lc=3 lp=0 pb=2, a dictionary of 64 KB


def seven_zip(name: str, data: bytes) -> bytes:
    """Given one file, return it as .7z (LZMA)."""
    chain = [{"id": lzma.FILTER_LZMA1, "preset": 0, "dict_size": 2**16, "lc": 3, "lp": 0, "pb": 2}]
    packed = lzma.compress(data, lzma.FORMAT_RAW, filters=chain)
    coder = b"\x23\x03\x01\x01\x05" + _LZMA_PROPERTIES
    streams = (
        (b"\x06\0\x01\x09" + _number(len(packed)) + b"\0")
        + (b"\x07\x0b\x01\0\x01" + coder + b"\x0c" + _number(len(data)))
        + (b"\x0a\x01" + struct.pack("<I", zlib.crc32(data)) + b"\0\x08\0\0")
    )
    title = name.encode("utf-16-le") + b"\0\0"
    files = b"\x05\x01\x11" + _number(len(title) + 1) + b"\0" + title + b"\0"
    header = b"\x01\x04" + streams + files + b"\0"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return SEVEN_ZIP_MAGIC + b"\0\4" + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def rar(name: str, data: bytes, *, volume: bool = False) -> bytes:
    """Given one file, return it as .rar (version 5, stored). `volume`: it claims to go on in another archive."""
    flags = 2 | (0x10 if volume else 0)  # has data; goes on in the next volume
    title = name.encode()
    file = _vint(4) + _vint(len(data)) + _vint(0o644) + struct.pack("<I", zlib.crc32(data)) + _vint(0) + _vint(1)
    return (
        RAR_MAGIC
        + _block(_vint(1) + _vint(0) + _vint(1 if volume else 0))
        + _block(_vint(2) + _vint(flags) + _vint(len(data)) + file + _vint(len(title)) + title)
        + data
        + _block(_vint(5) + _vint(0) + _vint(1 if volume else 0))
    )


def locked_rar() -> bytes:
    """Return a .rar whose header is encrypted, its names included."""
    return RAR_MAGIC + _block(_vint(4) + _vint(0) + _vint(0) + _vint(0) + b"\x0f" + bytes(16)) + bytes(range(256)) * 4


def _number(value: int) -> bytes:
    """A number of .7z: the leading ones of its first byte count the bytes that follow."""
    for count in range(8):
        if value < 1 << (7 * count + 7):
            mask = (0xFF00 >> count) & 0xFF
            return bytes([mask | value >> 8 * count]) + (value & ((1 << 8 * count) - 1)).to_bytes(count, "little")
    return b"\xff" + value.to_bytes(8, "little")


def _vint(value: int) -> bytes:
    """A number of .rar: seven bits a byte, the lowest first."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _block(content: bytes) -> bytes:
    sized = _vint(len(content)) + content
    return struct.pack("<I", zlib.crc32(sized)) + sized
