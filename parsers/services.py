"""The engines of this machine, on call for the worker: which there are, and one answer for each question. Parent's side.

In: what the locked worker asks for through its pipe (`worker.PipeEngines`): a conversion, a look at a picture. Out: the
answer in JSON and bytes, or why there is none; never an exception, for the question comes from a process that holds
hostile bytes. LibreOffice and the unpackers run in `jail`, OCR in a worker of its own that is started with the first
picture and ended by `rest`: 0.8 GB are not kept for a mail a day. Engines are looked for when they are needed, so that
one which is installed while the daemon runs is found. Must not: parse anything itself, believe a kind that is not in its
tables.
"""

import logging
import threading
from importlib.metadata import version
from importlib.util import find_spec
from typing import cast

from parsers.document import Failure, FailureCode, ReadFailure
from parsers.engines import ARCHIVE_KINDS, Converted, Engine, missing_engine
from parsers.frames import JsonObject
from parsers.isolate import Answered, Limits, Worker, WorkerUnavailable
from parsers.office import Office, converts, find_office, office_program
from parsers.programs import Runner
from parsers.unpackers import Unpackers, find_unpackers, unpacker_programs

log = logging.getLogger(__name__)

# Measured: 1.5 GiB of address space is too little, 2 GiB enough, 0.9 GB resident; a page takes 3-4 s, a slow PC several times that.
OCR_LIMITS = Limits(memory_bytes=3 * 2**30, cpu_s=120, resident_bytes=1_200 * 2**20, calls=100)
OCR_SECONDS = 60.0
OCR_LIBRARIES = ("rapidocr", "onnxruntime", "cv2", "numpy", "PIL")
PDF_LIBRARIES = ("pdfplumber", "pypdfium2")


class Services:
    """The engines of this machine. Thread-safe as far as `isolate` needs it: one question at a time, `close` any time."""

    def __init__(self) -> None:
        self._runner = Runner()
        self._office: Office | None = None
        self._unpackers: Unpackers | None = None
        self._ocr: Worker | None = None
        self._turn = threading.Lock()
        self._closed = False

    def present(self) -> frozenset[Engine]:
        """Return the engines that are on this machine now; cheap enough to be asked before every round."""
        found = {
            Engine.OFFICE: office_program() is not None,
            Engine.ARCHIVE: unpacker_programs() != ("", ""),
            Engine.OCR: _installed(OCR_LIBRARIES),
            Engine.PDF: _installed(PDF_LIBRARIES),
        }
        return frozenset(engine for engine, there in found.items() if there)

    def version(self, engine: Engine) -> str:
        """Return name and version of an engine, "" if it is missing."""
        match engine:
            case Engine.OFFICE:
                office = self._found_office()
                return office.version if office else ""
            case Engine.ARCHIVE:
                unpackers = self._found_unpackers()
                return unpackers.version if unpackers else ""
            case Engine.OCR:
                return _versions(OCR_LIBRARIES[:2])
            case Engine.PDF:
                return _versions(PDF_LIBRARIES)

    def serve(self, question: JsonObject, payload: bytes, seconds: float) -> tuple[JsonObject, bytes]:
        """Given a question of the worker, return the answer within `seconds`. Never raises."""
        kind, look = question.get("convert"), question.get("look")
        try:
            if isinstance(kind, str):
                converted = self._convert(payload, kind, seconds)
                return {"by": converted.by}, converted.data
            if isinstance(look, dict):
                return self._look(cast("JsonObject", look), payload, seconds), b""
        except ReadFailure as refused:
            return _refusal(refused.failure), b""
        except (OSError, WorkerUnavailable) as error:  # the program is gone or does not start: as if it were not there
            engine = missing_engine(kind) if isinstance(kind, str) else Engine.OCR
            log.warning("action=engine.failed engine=%s error=%s", engine, type(error).__name__)
            return _refusal(Failure(FailureCode.NEEDS_ENGINE, engine)), b""
        return _refusal(Failure(FailureCode.CRASHED, "the worker asks for nothing that we have")), b""

    def rest(self) -> None:
        """End the OCR worker; the next picture starts another."""
        with self._turn:
            worker, self._ocr = self._ocr, None
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """End whatever runs, also in the middle of an answer."""
        self._closed = True
        self._runner.stop()
        self.rest()
        if self._office is not None:
            self._office.close()

    def _found_office(self) -> Office | None:
        self._office = self._office or find_office(self._runner)
        return self._office

    def _found_unpackers(self) -> Unpackers | None:
        self._unpackers = self._unpackers or find_unpackers(self._runner)
        return self._unpackers

    def _convert(self, data: bytes, kind: str, seconds: float) -> Converted:
        converter: Office | Unpackers | None
        if kind in ARCHIVE_KINDS:
            converter = self._found_unpackers()
        elif converts(kind):
            converter = self._found_office()
        else:
            raise ReadFailure(FailureCode.UNSUPPORTED, kind[:40])
        if converter is None:
            raise ReadFailure(FailureCode.NEEDS_ENGINE, missing_engine(kind))
        return converter.convert(data, kind, seconds=seconds)

    def _look(self, header: JsonObject, picture: bytes, seconds: float) -> JsonObject:
        if not _installed(OCR_LIBRARIES):
            raise ReadFailure(FailureCode.NEEDS_ENGINE, Engine.OCR)
        with self._turn:
            if self._closed:
                raise ReadFailure(FailureCode.TIMEOUT, "stopped")
            if self._ocr is None:
                self._ocr = Worker(handlers="parsers.ocr.handlers", limits=OCR_LIMITS)
            worker = self._ocr
        answer = worker.call("look", header, picture, timeout_s=min(seconds, OCR_SECONDS))
        if not isinstance(answer, Answered):
            raise ReadFailure(answer.code, answer.detail)
        failure = answer.json.get("failure")
        if isinstance(failure, dict):
            raise ReadFailure(FailureCode(str(failure.get("code"))), str(failure.get("detail")))
        return answer.json


def _installed(modules: tuple[str, ...]) -> bool:
    return all(find_spec(name) is not None for name in modules)


def _versions(libraries: tuple[str, ...]) -> str:
    return " ".join(f"{name} {version(name)}" for name in libraries) if _installed(libraries) else ""


def _refusal(failure: Failure) -> JsonObject:
    return {"failure": {"code": failure.code.value, "detail": failure.detail}}
