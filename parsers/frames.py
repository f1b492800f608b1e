"""One frame of the pipe between `isolate` (daemon) and `worker` (child): a number, a JSON object, payload bytes.

In and out: binary streams. The same layout serves both directions; an answer has no payload. Nothing is trusted: the
lengths are judged before a byte of the body is read. JSON, never pickle.
"""

import json
import struct
from dataclasses import dataclass
from typing import BinaryIO, cast

JsonObject = dict[str, object]

_MAGIC = b"FIF1"
_PREFIX = struct.Struct(">4sQIQ")  # magic, sequence, bytes of JSON, bytes of payload


class FrameError(Exception):
    """What came is no frame: garbage, too large, cut short, or JSON of the wrong kind."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`sequence` is 0 for the child's greeting, then the number of the call; an answer repeats that of its question."""

    sequence: int
    json: JsonObject
    payload: bytes = b""


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Write a frame and flush. Raise OSError if the other side is gone, UnicodeEncodeError for lone surrogates."""
    write_encoded(stream, frame.sequence, encode_json(frame.json), frame.payload)


def encode_json(value: JsonObject) -> bytes:
    """Return the bytes of a JSON object as they stand in a frame. Raise UnicodeEncodeError for lone surrogates."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def write_encoded(stream: BinaryIO, sequence: int, body: bytes, payload: bytes = b"") -> None:
    """Write a frame whose JSON is encoded already, and flush."""
    stream.write(_PREFIX.pack(_MAGIC, sequence, len(body), len(payload)))
    stream.write(body)
    stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO, *, json_limit: int, payload_limit: int = 0) -> Frame | None:
    """Return the next frame, or None at the end of the stream. Raise FrameError for anything that is no frame."""
    prefix = stream.read(_PREFIX.size)
    if not prefix:
        return None
    if len(prefix) < _PREFIX.size:
        raise FrameError("cut short")
    magic, sequence, json_bytes, payload_bytes = _PREFIX.unpack(prefix)
    if magic != _MAGIC:
        raise FrameError("garbage instead of a frame")
    if json_bytes > json_limit or payload_bytes > payload_limit:
        raise FrameError("frame over its limit")
    body = stream.read(json_bytes)
    payload = stream.read(payload_bytes)
    if len(body) < json_bytes or len(payload) < payload_bytes:
        raise FrameError("cut short")
    return Frame(sequence, _decode_json(body), payload)


def _decode_json(body: bytes) -> JsonObject:
    try:
        value = json.loads(body.decode(), parse_constant=_refuse)
        # A lone surrogate can come only as an escape; SQLite and SMTP would choke on it much later.
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise FrameError(f"no JSON: {type(error).__name__}") from error
    if not isinstance(value, dict):
        raise FrameError("JSON, but no object")
    return cast("JsonObject", value)


def _refuse(constant: str) -> object:
    raise ValueError(constant)
