"""The child process that parses: warm, locked in, alone with hostile bytes. `isolate` starts it and judges its answers.

In: frames with an operation, a header and the bytes of one mail or document. Out: one frame each, with the handler's
JSON or the reason why there is none. A handlers module offers ``HANDLERS``; this module's own know one operation,
``document``. Input comes as bytes, never as a path; nothing is written anywhere but to the pipe.

The order matters (facts/reliability.md §3.5): take the pipe away from descriptors 0 to 2, import everything that
parsing will want, then lock in, then listen.
"""

import gc
import importlib
import json
import math
import os
import re
import signal
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

from parsers.codec import from_json
from parsers.confine import Bounds, confine
from parsers.document import FailureCode, ReadFailure
from parsers.engines import Converted, Engines, ScannedPage
from parsers.frames import Frame, FrameError, JsonObject, encode_json, read_frame, write_encoded, write_frame

Handler = Callable[[JsonObject, bytes, Engines], JsonObject]

# Imported lazily by the standard library in mid-parse (zipfile: cp437), partly with shared objects outside our own
# directories: they have to be in memory before the door is locked.
_WARM_UP = (
    *("bz2", "lzma", "zlib", "zipfile", "tempfile", "hashlib", "_strptime"),
    *("encodings.cp437", "encodings.gb18030", "encodings.utf_8_sig", "encodings.utf_16", "encodings.utf_32"),
    *("encodings.idna", "encodings.latin_1", "encodings.cp1252", "encodings.big5", "encodings.hz"),
)
# Libraries of the OCR extra that a core library takes along wherever they are installed, and does as well without: openpyxl
# imports numpy to let people write its numbers into cells. Every worker but the one for pictures does without them.
_FOR_PICTURES_ONLY = ("numpy",)
_PICTURE_HANDLERS = "parsers.ocr.handlers"
_MAXIMUM_HEADER_BYTES = 16 * 2**20
_MAXIMUM_PAYLOAD_BYTES = 2**31
_ALARM_SPARE_S = 5  # the parent's clock comes first; this one serves when the parent is gone


def main(arguments: Sequence[str]) -> int:
    """Serve calls until the parent closes the pipe; `arguments` holds one JSON object as `isolate` writes it."""
    questions, answers = _take_over_pipe()
    settings = cast("JsonObject", json.loads(arguments[0]))
    try:
        handlers = _load_handlers(str(settings["handlers"]))
    except Exception as error:  # noqa: BLE001 - any import error of any library has to reach the parent as words
        write_frame(answers, Frame(0, {"error": f"{type(error).__name__}: {error}"}))
        return 1
    resident = _open_resident_size()
    gc.freeze()  # what is warm stays: later collections need not look at it
    bounds = Bounds(**{name: int(str(settings[name])) for name in ("memory_bytes", "files")})
    layers = confine(bounds, tuple(_readable_directories(str(settings["handlers"]))))
    write_frame(answers, Frame(0, {"layers": [asdict(layer) for layer in layers]}))
    try:
        _serve(questions, answers, handlers, resident, int(str(settings["answer_bytes"])))
    except (BrokenPipeError, FrameError):  # the parent is gone or was killed in mid-sentence
        return 1
    return 0


def _take_over_pipe() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipe to descriptors of its own and leave the null device on 0, 1, 2.

    Libraries print ("0 is out of range" by openpyxl): on the pipe that would put the protocol out of step.
    """
    questions, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    return os.fdopen(questions, "rb"), os.fdopen(answers, "wb")


def _load_handlers(name: str) -> Mapping[str, Handler]:
    if name != _PICTURE_HANDLERS:
        for library in _FOR_PICTURES_ONLY:
            sys.modules[library] = None  # type: ignore[assignment] # Python's own way to say: not here (reference, 5.3.1)
    for module in (*_WARM_UP, *(("parsers.parse",) if name == __name__ else ())):
        importlib.import_module(module)
    handlers = importlib.import_module(name).HANDLERS
    return cast("Mapping[str, Handler]", handlers)


def _readable_directories(handlers: str) -> Iterator[Path]:
    """Yield the directories of code: the standard library, installed packages, ours, the system's. Never the project's root.

    What imports lazily needs them; the configuration with the password and the archive lie elsewhere.
    """
    paths = sysconfig.get_paths()
    yield from (Path(paths[key]) for key in ("stdlib", "platstdlib", "purelib", "platlib"))
    for entry in map(Path, sys.path):
        if entry.is_absolute() and entry.name in {"site-packages", "dist-packages", "lib-dynload"}:
            yield entry
    for package in {"parsers", handlers.partition(".")[0]}:
        yield from (Path(path) for path in importlib.import_module(package).__path__)
    yield from _library_directories()


def _library_directories() -> set[Path]:
    """Return the directories that this process has its shared objects from: the loader looks there for those of later imports.

    Compiled packages need some of the system's (cryptography, which pdfminer imports: libgcc_s.so.1). Out of reach, each PDF
    was NEEDS_ENGINE, but where numpy of the OCR extra had them in memory before the door was locked.
    """
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return set()
    paths = (line.split(maxsplit=5)[-1] for line in maps.splitlines() if "/" in line)
    return {Path(path).parent for path in paths if re.search(r"\.so[.\d]*$", path)}


def _serve(
    questions: BinaryIO, answers: BinaryIO, handlers: Mapping[str, Handler], resident: int | None, answer_bytes: int
) -> None:
    while (frame := _read(questions)) is not None:
        _set_clocks(frame.json)
        body = _answer(handlers, frame, PipeEngines(questions, answers, frame.sequence), answer_bytes, resident)
        sequence = frame.sequence
        del frame  # up to 64 MB that the next question needs
        write_encoded(answers, sequence, body)
        _stop_clocks()


def _read(questions: BinaryIO) -> Frame | None:
    return read_frame(questions, json_limit=_MAXIMUM_HEADER_BYTES, payload_limit=_MAXIMUM_PAYLOAD_BYTES)


class PipeEngines:
    """The engines as they are seen from inside: in the middle of a call the parent is asked through the pipe."""

    def __init__(self, questions: BinaryIO, answers: BinaryIO, sequence: int) -> None:
        self._questions = questions
        self._answers = answers
        self._sequence = sequence

    def convert(self, data: bytes, kind: str) -> Converted:
        """Given a file and its kind, return it converted. Raise ReadFailure as `engines.Engines` says."""
        frame = self._ask({"convert": kind}, data)
        return Converted(frame.payload, str(frame.json.get("by", "")))

    def look(self, picture: bytes, frame: int = 0) -> ScannedPage:
        """Given a picture, return what stands on it. Raise ReadFailure as `engines.Engines` says."""
        return from_json(ScannedPage, self._ask({"look": {"frame": frame}}, picture).json.get("page"))

    def _ask(self, wanted: JsonObject, payload: bytes) -> Frame:
        write_frame(self._answers, Frame(self._sequence, {"wanted": wanted}, payload))
        frame = _read(self._questions)
        if frame is None:
            raise FrameError("the parent is gone")
        failure = frame.json.get("failure")
        if isinstance(failure, dict):
            raise ReadFailure(FailureCode(str(failure.get("code"))), str(failure.get("detail", "")))
        return frame


def _set_clocks(call: JsonObject) -> None:
    """Have the system kill us when this call has used up its CPU time (SIGPROF), or when nobody else does (SIGALRM).

    Not RLIMIT_CPU: it counts from the start of the process, in ticks, and can't be moved in step with any other clock
    (on a busy machine ten calls drifted from getrusage by a second, and an innocent document was killed).
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, float(str(call["cpu_s"])))
        signal.alarm(math.ceil(float(str(call["timeout_s"]))) + _ALARM_SPARE_S)


def _stop_clocks() -> None:
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)


def _answer(
    handlers: Mapping[str, Handler], frame: Frame, engines: Engines, answer_bytes: int, resident: int | None
) -> bytes:
    """Run the handler and return the encoded answer: errors of every kind become named outcomes here."""
    retire = False
    try:
        handler = handlers[str(frame.json["operation"])]
        answer = handler(cast("JsonObject", frame.json["header"]), frame.payload, engines)
        retire = _tells_of_crash(answer)
        body = encode_json({"answer": answer, "retire": retire, "resident_bytes": _resident_bytes(resident)})
        if len(body) <= answer_bytes:
            return body
        code, detail = FailureCode.TOO_LARGE, f"answer of {len(body)} bytes"
    except MemoryError:
        code, detail, retire = FailureCode.TOO_LARGE, "memory budget used up", True
    except RecursionError:
        code, detail, retire = FailureCode.TOO_LARGE, "nested too deep", True
    except FrameError:
        raise  # the pipe is out of step or the parent is gone: nothing more to say
    except (Exception, SystemExit) as error:  # noqa: BLE001 - readers fail in every way there is (facts §5); the class is kept
        code, detail = FailureCode.CRASHED, _where(error)
    return encode_json(
        {
            "stopped": {"code": code.value, "detail": detail},
            "retire": retire,
            "resident_bytes": _resident_bytes(resident),
        }
    )


def _tells_of_crash(answer: JsonObject) -> bool:
    """A reading that ended in a crash (`parse_document` catches by itself) leaves a process we do not trust."""
    failure = answer.get("failure")
    return isinstance(failure, dict) and failure.get("code") == FailureCode.CRASHED


def _where(error: BaseException) -> str:
    """Class and place of an error, without its text: that may hold what stands in the document."""
    trace = error.__traceback__
    if trace is None:
        return type(error).__name__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{type(error).__name__} at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _open_resident_size() -> int | None:
    """Open Linux's statm while we may. Not ru_maxrss: a child inherits its parent's peak there across exec."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, AttributeError):  # no /proc; no O_CLOEXEC (Windows)
        return None


def _resident_bytes(statm: int | None) -> int:
    if statm is None:
        return 0
    return int(os.pread(statm, 128, 0).split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _parse_bare_document(header: JsonObject, payload: bytes, engines: Engines) -> JsonObject:
    """Handler of ``document``: header {name, declared_type, forms, area_code} + bytes → DocumentReading."""
    # Imported here: a handlers module imports this one for the function, and intake's own handlers import parse first.
    from parsers.codec import to_json  # noqa: PLC0415
    from parsers.forms import FormSpec  # noqa: PLC0415
    from parsers.parse import parse_document  # noqa: PLC0415

    forms = header.get("forms")
    reading = parse_document(
        payload,
        name=str(header.get("name", "")),
        declared_type=str(header.get("declared_type", "")),
        forms=tuple(from_json(FormSpec, form) for form in forms) if isinstance(forms, list) else (),
        area_code=str(header.get("area_code", "")),
        engines=engines,
    )
    return cast("JsonObject", to_json(reading))


HANDLERS: Mapping[str, Handler] = {"document": _parse_bare_document}
