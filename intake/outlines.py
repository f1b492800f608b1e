"""What a person compares with: the documents of a mail as they stand, their pages as pictures. By the locked worker.

In: an open worker (handlers ``intake.unpack``) and archived bytes. Out: values, or None where the worker could not tell in
time: the person is offered the original then. Nothing that came by mail is parsed on this side. Must not: look at a picture
by the OCR engine (seconds a page), take longer than `seconds`.
"""

import base64
import binascii

from parsers.codec import CodecError, from_json, to_json
from parsers.document import LaidPage
from parsers.frames import JsonObject
from parsers.isolate import Answered, Worker
from parsers.panels import Outlines

_JPEG = b"\xff\xd8\xff"  # JFIF, ITU T.81 B.2.1: SOI and the first marker


def outlines_of(worker: Worker, raw: bytes, path: str, *, seconds: float) -> Outlines | None:
    """Given a mail and the path of a part or body, return its documents; None if that can't be told. Raise WorkerUnavailable."""
    answer = worker.call("outline", {"path": path}, raw, timeout_s=seconds)
    if not isinstance(answer, Answered):
        return None
    try:
        return from_json(Outlines, answer.json)
    except CodecError:
        return None


def page_of(
    worker: Worker, raw: bytes, path: str, document: int, number: int, *, laid: LaidPage | None = None, seconds: float
) -> bytes | None:
    """Given a mail, a part, the place of a document in its outlines and a zero-based page, return that as JPEG, or None.

    `laid`: as it was read, so that the boxes in the places of its values fit. Raise WorkerUnavailable.
    """
    header: JsonObject = {"path": path, "document": document, "number": number}
    if laid is not None:
        header["laid"] = to_json(laid)
    answer = worker.call("page", header, raw, timeout_s=seconds)
    return jpeg_in(answer.json.get("jpeg")) if isinstance(answer, Answered) else None


def jpeg_in(encoded: object) -> bytes | None:
    """Given base64 of what should be a JPEG, return its bytes, or None if it is none: the child has held hostile bytes."""
    if not isinstance(encoded, str):
        return None
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if data.startswith(_JPEG) else None
