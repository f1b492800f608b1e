"""Compressed RTF, in which Outlook keeps formatted bodies, in .msg and winmail.dat alike.

In: the bytes of PidTagRtfCompressed. Out: RTF. Must not: return more than is declared, or what fails its checksum.
Standard: MS-OXRTFCP.
"""

import struct
import zlib

from parsers.document import FailureCode, ReadFailure

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D  # "LZFu", "MELA"
_WINDOW = 4_096
_RTF_BYTES = 5 * 2**20  # the loop below takes 0.3 s a megabyte; bodies with pasted pictures stay below 3 MB
_PREFILL = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u"
    b"\\tab\\tx"
)


def decompressed_rtf(data: bytes) -> bytes:
    """Given compressed RTF, return the RTF. Raise ReadFailure if it is damaged or over 5 MB."""
    if len(data) < _HEADER.size:
        raise ReadFailure(FailureCode.DAMAGED, "compressed RTF cut off")
    packed_bytes, size, kind, checksum = _HEADER.unpack_from(data)
    content = data[_HEADER.size : packed_bytes + 4]
    if size > _RTF_BYTES:
        raise ReadFailure(FailureCode.TOO_LARGE, f"RTF of {size} bytes")
    if kind == _PLAIN:
        return content[:size]
    if kind != _COMPRESSED or len(content) + 12 < packed_bytes or _checksum(content) != checksum:
        raise ReadFailure(FailureCode.DAMAGED, "compressed RTF broken")
    return _expanded(content, size)


def _checksum(content: bytes) -> int:
    """CRC-32 without the two inversions of everybody else's (MS-OXRTFCP §2.1.3.2)."""
    return zlib.crc32(content, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _expanded(content: bytes, size: int) -> bytes:
    """LZ77 over a window that begins with what every RTF begins with; a reference to the write position ends it."""
    out = bytearray(_PREFILL)
    end = len(_PREFILL) + size
    at = 0
    while at < len(content) and len(out) < end:
        control = content[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                out += content[at : at + 1]
                at += 1
                continue
            if at + 2 > len(content):
                return bytes(out[len(_PREFILL) : end])
            offset, length = divmod(int.from_bytes(content[at : at + 2], "big"), 16)
            at += 2
            distance = (len(out) - offset) % _WINDOW
            if distance == 0:
                return bytes(out[len(_PREFILL) : end])
            if distance > len(out):
                raise ReadFailure(FailureCode.DAMAGED, "compressed RTF broken")
            for _ in range(length + 2):
                out.append(out[-distance])
    return bytes(out[len(_PREFILL) : end])
