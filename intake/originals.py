"""What people get to see of an original: its words as plain text, and the bytes of one part. By the worker.

In: an open worker (handlers ``intake.unpack``), archived bytes. Out: text and bytes. Nothing that came by mail is parsed on
this side. The bytes come in pieces, because an answer of the worker is bounded; they are believed only if they have the
fingerprint that the record holds of the part. Whoever asks waits a few seconds for the worker, no longer: it may be in the
middle of a slow document, and a page must not hang on it.
"""

import base64
import hashlib
from dataclasses import dataclass

from intake.errors import OfficeError
from intake.mime import Unpacked
from intake.model import CloudLink
from parsers.codec import CodecError, from_json
from parsers.isolate import Stopped, Worker, WorkerUnavailable

PIECE_BYTES = 4 * 2**20  # in base64 below the 8 MB that the worker may answer (`isolate.Limits`)
_SECONDS = 30.0
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class MailWords:
    """What a mail says. `why_not` tells in words why nothing can be shown just now, "" if it is shown."""

    own_text: str = ""
    quoted_text: str = ""
    cloud_links: tuple[CloudLink, ...] = ()
    why_not: str = ""


def mail_words(worker: Worker, raw: bytes) -> MailWords:
    """Given the raw bytes of a mail, return its words; never raises for what stands in the mail."""
    try:
        answer = worker.call("mail", {}, raw, timeout_s=_SECONDS, patience_s=_PATIENCE_S)
        if isinstance(answer, Stopped):
            return MailWords(why_not="程序正在识别别的来件，或正文一时读不出来。请稍候刷新本页，也可以下载原件查看。")
        unpacked = from_json(Unpacked, answer.json)
    except (WorkerUnavailable, CodecError):
        return MailWords(why_not="正文读不出来。请下载原件查看，并把运行日志交给维护人员。")
    return MailWords(unpacked.own_text, unpacked.quoted_text, unpacked.cloud_links)


def part_bytes(worker: Worker, raw: bytes, path: str, sha256: str, *, patience_s: float | None = _PATIENCE_S) -> bytes:
    """Given a mail, the path of a part and its SHA-256, return the part's bytes. Raise OfficeError, in words, if not."""
    found = bytearray()
    while True:
        header: dict[str, object] = {"path": path, "start": len(found), "bytes": PIECE_BYTES}
        try:
            answer = worker.call("bytes", header, raw, timeout_s=_SECONDS, patience_s=patience_s)
        except WorkerUnavailable as error:
            raise OfficeError(
                "附件取不出来：识别组件没有启动。请执行 intake check，并把运行日志交给维护人员。"
            ) from error
        if isinstance(answer, Stopped):
            raise OfficeError("附件暂时取不出来：程序正在识别别的来件。请过一会儿再试，也可以下载原件。")
        piece, size = _piece(answer.json)
        found += piece
        if len(found) >= size or not piece:
            break
    if hashlib.sha256(found).hexdigest() != sha256:
        raise OfficeError("附件与登记时的内容不一致，没有提供下载。请下载原件查看，并执行 intake verify。")
    return bytes(found)


def _piece(answer: dict[str, object]) -> tuple[bytes, int]:
    """Check the shape of an answer: the child that wrote it has held hostile bytes."""
    data, size = answer.get("data"), answer.get("size")
    try:
        if isinstance(data, str) and isinstance(size, int):
            return base64.b64decode(data, validate=True), size
    except ValueError:
        pass
    raise OfficeError("附件取不出来：识别组件的答复不对。请把运行日志交给维护人员。")
