"""A zip that contains itself, byte for byte: whoever unpacks until nothing is left to unpack never ends.

Construction: Russ Cox, "Zip Files All The Way Down" (2010). DEFLATE is taken as a language of two commands that are five
bytes long each: *say* the n bytes that follow (a stored block) and *again* the last n bytes (a block of matches). Its
member is said as head, program and tail by the program itself; the CRC, which stands in head and tail and depends on
both, is a fixed point of a linear map.
"""

import struct
import zlib

_NAME = b"annex-" * 10 + b".zip"  # as long as makes `again` of the head five bytes
_FINAL_BLOCK = b"\0\0\xff\xff"  # behind its three bits: a stored block without content


def quine() -> bytes:
    """Return a zip whose only member is this zip."""
    zero = zlib.crc32(_laid_out(0))
    columns = [zlib.crc32(_laid_out(1 << bit)) ^ zero ^ (1 << bit) for bit in range(32)]
    return _laid_out(_solved(columns, zero))


def _laid_out(crc: int) -> bytes:
    """Return head, program and tail; the program says all three if `crc` is that of the whole."""
    head_bytes, tail_bytes = 30 + len(_NAME), 46 + len(_NAME) + 22
    program_bytes = len(_program(bytes(head_bytes), bytes(tail_bytes)))
    sizes = struct.pack("<III", crc, program_bytes, head_bytes + program_bytes + tail_bytes)
    shared = struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sizes + struct.pack("<HH", len(_NAME), 0)
    head = b"PK\3\4" + shared + _NAME
    central = b"PK\1\2" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + _NAME
    at = len(head) + program_bytes
    tail = central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), at, 0)
    return head + _program(head, tail) + tail


def _program(head: bytes, tail: bytes) -> bytes:
    """Return the DEFLATE stream. The right-hand comments tell what has been said of the whole when a line is done."""
    nothing, say_5, say_20, again_20 = _say(0), _say(5), _say(20), _again_20()
    say_head, again_head = _say(len(head) + 5), _again_head(len(head) + 5)
    again_tail = _again_tail(len(tail) + 9)
    say_tail = _say(len(tail) + len(again_tail))
    return b"".join(
        (
            say_head + head + say_head,  # head, say_head
            again_head,  # … this line's own head and say_head: the first line is told
            say_5 + again_head,  # … the second
            say_5 + say_5,  # … the third as far as its command
            say_20 + again_head + say_5 + say_5 + say_20,  # … the fourth, and this one's command
            again_20,  # … the fifth
            say_20 + again_20 + say_20 + again_20 + say_20,  # … the sixth, and half of this one
            again_20,  # … the seventh and eighth, and the next one's command
            say_20 + again_20 + nothing + nothing + say_tail,  # … the ninth
            again_20,  # … this one, the two that do nothing, and the next one's command
            nothing + nothing,
            say_tail + again_tail + tail,  # … this one
            again_tail,  # … the last command, and the tail behind it
        )
    )


def _say(count: int) -> bytes:
    return b"\0" + struct.pack("<HH", count, count ^ 0xFFFF)


def _again_20() -> bytes:
    """Say the last 20 bytes again: two matches of ten, forty bits in all."""
    return _bytes(_fixed_block(_match(10, 20), _match(10, 20)))


def _again_head(count: int) -> bytes:
    """Say the last `count` bytes again, of which the last is 0xFF: a match and a literal, forty bits in all."""
    return _bytes(_fixed_block(_match(count - 1, count), "111111111"))


def _again_tail(count: int) -> bytes:
    """Say the last `count` bytes again and end the stream."""
    bits = _fixed_block(_match(count, count)) + "1" + "00"
    return _bytes(bits + "0" * (-len(bits) % 8)) + _FINAL_BLOCK


# --- DEFLATE, RFC 1951 §3.2.5 and 3.2.6; bits in the order in which they are sent ---


def _fixed_block(*symbols: str) -> str:
    return "0" + "10" + "".join(symbols) + "0000000"


def _match(length: int, distance: int) -> str:
    code, base, extra = next(one for one in reversed(_LENGTHS) if one[1] <= length)
    huffman = f"{code - 256:07b}" if code < 280 else f"{0b11000000 + code - 280:08b}"
    far, far_base, far_extra = next(one for one in reversed(_DISTANCES) if one[1] <= distance)
    return huffman + _low_first(length - base, extra) + f"{far:05b}" + _low_first(distance - far_base, far_extra)


def _low_first(value: int, bits: int) -> str:
    return f"{value:0{bits}b}"[::-1] if bits else ""


def _codes(first: int, start: int, extras: list[int]) -> list[tuple[int, int, int]]:
    found = []
    for number, extra in enumerate(extras):
        found.append((first + number, start, extra))
        start += 1 << extra
    return found


_LENGTHS = _codes(257, 3, [0] * 8 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4)
_DISTANCES = _codes(0, 1, [0] * 4 + [extra for extra in range(1, 14) for _ in range(2)])


def _bytes(bits: str) -> bytes:
    assert len(bits) % 8 == 0
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


def _solved(columns: list[int], wanted: int) -> int:
    """Return x with the sum (without carry) of the columns of its bits = `wanted`. Assumes there is one."""
    rows = [(column, 1 << bit) for bit, column in enumerate(columns)]
    solution = 0
    for bit in range(32):
        pivot = next((row for row in rows if row[0] >> bit & 1), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows = [(row[0] ^ pivot[0], row[1] ^ pivot[1]) if row[0] >> bit & 1 else row for row in rows]
        if wanted >> bit & 1:
            wanted, solution = wanted ^ pivot[0], solution ^ pivot[1]
    assert wanted == 0, "no fixed point"
    return solution
