"""The parent's side of the worker: hand over bytes, wait no longer than allowed, get an answer or a reason.

In: an operation, a header, the bytes of a mail or document. Out: `Answered` or `Stopped`, values both. Whatever the
child does (hang, die, talk garbage, answer too much), the call ends in time, the child is replaced and the next call
works. In the middle of a call the child may ask for what it can't do itself, locked in as it is (convert this file, look
at this picture): a frame with a ``wanted`` goes to the `Service`, the answer back down the pipe.

Nothing that came by mail is parsed on this side but the frame's JSON, which `codec` checks by shape afterwards.

One child per `Worker`, started by `boot` with an empty environment and kept warm; replaced after 200 calls, any death, a
resident size over 300 MB, or when it says itself that it ran out of memory or stack (facts/reliability.md §3.5).
"""

import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol, Self, cast

from parsers import boot
from parsers.confine import Layer
from parsers.document import FailureCode
from parsers.engines import Engine, missing_engine
from parsers.frames import Frame, FrameError, JsonObject, read_frame, write_frame

log = logging.getLogger(__name__)

_LAST_BREATH_S = 0.5  # between the end of the pipe and the end of the process; then it is killed
_GREETING_BYTES = 2**16
_WANTED_BYTES = 64 * 2**20  # of a file that the child wants converted or looked at
# For one document: an archive of many old files. A child that is no longer ours could go on for ever.
_WANTED_CALLS = 60
_SPARE_S = 1.0  # between the end of a service's time and the end of the call's


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the child. Figures: facts/reliability.md §3.2 and §3.5."""

    memory_bytes: int = 2**30
    cpu_s: int = 20
    files: int = 64
    answer_bytes: int = 8 * 2**20
    calls: int = 200
    resident_bytes: int = 300 * 2**20
    start_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The handler's answer: JSON of the right syntax, its shape still unchecked."""

    json: JsonObject


@dataclass(frozen=True, slots=True)
class Stopped:
    """There is no answer, for this reason. `detail` is one line of printable English."""

    code: FailureCode
    detail: str


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What `intake check` tells of the worker: its layers, how often it was started, calls of the present child."""

    layers: tuple[Layer, ...]
    starts: int
    calls: int


class Service(Protocol):
    """What the child may ask for in the middle of a call: `services.Services`, or nothing at all (`NoService`)."""

    def serve(self, question: JsonObject, payload: bytes, seconds: float) -> tuple[JsonObject, bytes]:
        """Given a question, return the answer within `seconds`. Never raise."""
        ...

    def rest(self) -> None:
        """Give back what is only needed while there is work."""
        ...

    def close(self) -> None:
        """End at once, also in the middle of an answer."""
        ...


class NoService:
    """A machine without engines: every question is answered by its name."""

    def serve(self, question: JsonObject, payload: bytes, seconds: float) -> tuple[JsonObject, bytes]:  # noqa: ARG002
        """Refuse."""
        engine = missing_engine(str(question["convert"])) if "convert" in question else Engine.OCR
        return {"failure": {"code": FailureCode.NEEDS_ENGINE.value, "detail": engine.value}}, b""

    def rest(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


_CLOSED = Stopped(FailureCode.CRASHED, "the worker is closed")


class WorkerUnavailable(Exception):
    """The child can't be started at all: this machine's or our fault, never a document's."""


class Worker:
    """A warm child process for hostile bytes. Thread-safe: one call at a time. Use it as a context manager."""

    def __init__(self, *, handlers: str, limits: Limits | None = None, service: Service | None = None) -> None:
        """Given the name of a module that offers ``HANDLERS``, prepare a worker; the child starts with the first call.

        `service` (closed with the worker) answers what the child asks for; without one every engine is missing.
        """
        self._handlers = handlers
        self._service = service or NoService()
        self._limits = limits or Limits()
        self._turn = threading.Lock()
        self._child: _Child | None = None
        self._closed = False
        self._starts = 0

    def call(
        self,
        operation: str,
        header: JsonObject,
        payload: bytes,
        *,
        timeout_s: float,
        patience_s: float | None = None,
    ) -> Answered | Stopped:
        """Run one handler over `payload` and return its answer, or the reason why there is none.

        The call takes at most `timeout_s` (and the start of a child, if one is due), once it is its turn; it waits for that
        `patience_s` at most (None: as long as it takes). Raise WorkerUnavailable if no child can be started.
        """
        if not self._turn.acquire(timeout=-1 if patience_s is None else patience_s):
            return Stopped(FailureCode.TIMEOUT, "the worker is busy")
        try:
            try:
                child = self._ready_child()
                call = _Call(operation, header, payload, timeout_s)
                outcome, retire = child.ask(call, self._limits, self._service)
            except BaseException:
                self._discard_child()
                if self._closed:
                    return _CLOSED
                raise
            if retire:
                self._discard_child()
            if self._closed:
                return _CLOSED
            if isinstance(outcome, Stopped):
                log.info(
                    "action=worker.stopped operation=%s code=%s detail=%r", operation, outcome.code, outcome.detail
                )
            return outcome
        finally:
            self._turn.release()

    def report(self) -> WorkerReport:
        """Start the child if there is none and return what protects us from it. Raise WorkerUnavailable if none starts."""
        with self._turn:
            try:
                child = self._ready_child()
            except BaseException:
                self._discard_child()
                raise
            return WorkerReport(child.layers, self._starts, child.calls)

    def rest(self) -> None:
        """There is no work for now: give back what is only needed while there is."""
        self._service.rest()

    def close(self) -> None:
        """End the child at once, also in the middle of a call (which then returns `Stopped`)."""
        self._closed = True
        self._service.close()
        child = self._child
        if child is not None:
            child.kill()
        with self._turn:
            self._discard_child()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _ready_child(self) -> "_Child":
        child = self._child
        if child is not None and child.is_alive():
            return child
        self._discard_child()  # died between two calls (out of memory, a person's kill): not this document's fault
        self._starts += 1
        child = _Child(self._handlers, self._limits)
        self._child = child  # at once, so that close() can end it while it starts
        if self._closed:
            raise WorkerUnavailable("the worker is closed")
        child.greet(self._limits)
        log.info("action=worker.started layers=%s", ",".join(layer.name for layer in child.layers if layer.active))
        return child

    def _discard_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


@dataclass(frozen=True, slots=True)
class _Call:
    """What is asked of the child."""

    operation: str
    header: JsonObject
    payload: bytes
    timeout_s: float


class _Child:
    """One child process with its pipe. Every way out goes through `end`: no zombie and no open descriptor is left."""

    def __init__(self, handlers: str, limits: Limits) -> None:
        told: JsonObject = {
            "memory_bytes": limits.memory_bytes,
            "files": limits.files,
            "answer_bytes": limits.answer_bytes,
        }
        try:
            self._process = boot.start(handlers, told)
        except (OSError, ImportError) as error:
            raise WorkerUnavailable(f"the worker does not start: {error}") from error
        self._questions = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self._reaping = threading.Lock()
        self._closing = threading.Lock()
        self._exchanging = False  # a thread of `_within` is at the pipe
        self._ended = False
        self.calls = 0
        self.layers: tuple[Layer, ...] = ()

    def greet(self, limits: Limits) -> None:
        """Wait for the greeting that tells the layers. Raise WorkerUnavailable if there is none."""
        frame = self._within(limits.start_s, lambda: read_frame(self._answers, json_limit=_GREETING_BYTES))
        layers = frame.json.get("layers") if isinstance(frame, Frame) else None
        if not isinstance(layers, list):
            reason = frame.json.get("error") if isinstance(frame, Frame) else self._last_words(frame)
            raise WorkerUnavailable(f"the worker does not start: {_one_line(reason)}")
        self.layers = tuple(Layer(str(one["name"]), bool(one["active"]), _one_line(one["detail"])) for one in layers)

    def ask(self, call: "_Call", limits: Limits, service: Service) -> tuple[Answered | Stopped, bool]:
        """Return the outcome of one call, and whether the child has to go."""
        self.calls += 1
        order: JsonObject = {
            "operation": call.operation,
            "header": call.header,
            "timeout_s": call.timeout_s,
            "cpu_s": min(limits.cpu_s, math.ceil(call.timeout_s)),
        }
        question = Frame(self.calls, order, call.payload)
        ends_at = time.monotonic() + call.timeout_s - _SPARE_S

        def exchange() -> Frame | None:
            write_frame(self._questions, question)
            for _ in range(_WANTED_CALLS):
                frame = read_frame(self._answers, json_limit=limits.answer_bytes, payload_limit=_WANTED_BYTES)
                wanted = frame.json.get("wanted") if frame is not None else None
                if frame is None or not isinstance(wanted, dict):
                    return frame
                left = max(0.0, ends_at - time.monotonic())
                answer, data = service.serve(cast("JsonObject", wanted), frame.payload, left)
                write_frame(self._questions, Frame(self.calls, answer, data))
            raise FrameError("it wants too much")

        frame = self._within(call.timeout_s, exchange)
        if not isinstance(frame, Frame):
            return self._last_words(frame), True
        if frame.sequence != self.calls:
            return Stopped(FailureCode.CRASHED, "answer to another question"), True
        resident = frame.json.get("resident_bytes")
        retire = (
            frame.json.get("retire") is not False
            or self.calls >= limits.calls
            or not isinstance(resident, int)
            or resident > limits.resident_bytes
        )
        outcome = _outcome(frame.json)
        return (outcome, retire) if outcome else (Stopped(FailureCode.CRASHED, "answer of the wrong shape"), True)

    def is_alive(self) -> bool:
        with self._reaping:
            return self._process.poll() is None

    def kill(self) -> None:
        """Kill the child and whatever it may have started (its process group)."""
        with self._reaping:
            if self._process.returncode is not None:
                return  # reaped: the number may be somebody else's by now
            if sys.platform == "win32":
                self._process.kill()
            else:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill, reap and close. Harmless when repeated."""
        self.kill()
        with self._reaping, contextlib.suppress(subprocess.TimeoutExpired):  # a killed process stuck in the kernel
            self._process.wait(_LAST_BREATH_S)
        with self._closing:
            self._ended = True
            if not self._exchanging:
                self._close()

    def _close(self) -> None:
        """Close the pipe: by `end`, or by the thread that still hung on it then, since closing under it would block."""
        for stream in (self._questions, self._answers):
            with contextlib.suppress(OSError):  # the rest of a question that nobody reads any more
                stream.close()

    def _within(self, seconds: float, work: Callable[[], Frame | None]) -> Frame | Exception | None:
        """Do `work` for at most `seconds`, then kill the child. Return its frame, its error, or None (end of pipe).

        A thread, because neither a blocked read nor a blocked write of a pipe can be timed on every system.
        """
        results: list[Frame | Exception | None] = []

        def run() -> None:
            try:
                results.append(work())
            except Exception as error:  # noqa: BLE001 - judged by the caller's thread (see _last_words)
                results.append(error)
            finally:
                with self._closing:
                    self._exchanging = False
                    if self._ended:
                        self._close()

        self._exchanging = True
        thread = threading.Thread(target=run, name="worker-exchange", daemon=True)
        thread.start()
        thread.join(seconds)
        if not thread.is_alive():
            return results[0] if results else None
        self.kill()
        thread.join(_LAST_BREATH_S)
        # A thread that lives on waits for a service, or for a pipe that a process outside the group holds (seccomp forbids
        # starting one). Left to the garbage collector, its streams were closed in the middle of other work.
        return TimeoutError(f"no answer after {seconds:g} s")

    def _last_words(self, ending: Frame | Exception | None) -> Stopped:
        """Given what came instead of a frame, return why. Raise what is a bug of ours (a header that is no JSON)."""
        if isinstance(ending, TimeoutError):
            return Stopped(FailureCode.TIMEOUT, str(ending))
        if isinstance(ending, FrameError):
            return Stopped(FailureCode.CRASHED, f"the worker talks nonsense: {ending}")
        if isinstance(ending, Exception) and not isinstance(ending, OSError):
            raise ending
        with contextlib.suppress(subprocess.TimeoutExpired), self._reaping:
            self._process.wait(_LAST_BREATH_S)
        return _cause_of_death(self._process.returncode)


def _cause_of_death(status: int | None) -> Stopped:
    if status is None:
        return Stopped(FailureCode.CRASHED, "the worker closed the pipe")
    if status >= 0:
        return Stopped(FailureCode.CRASHED, f"the worker ended with {status}")
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    code = FailureCode.TIMEOUT if name in {"SIGPROF", "SIGALRM"} else FailureCode.CRASHED
    return Stopped(code, f"the worker died of {name}")


def _outcome(answer: JsonObject) -> Answered | Stopped | None:
    """Return the outcome that an answer tells, or None if its shape is wrong."""
    if isinstance(value := answer.get("answer"), dict):
        return Answered(cast("JsonObject", value))
    stopped = answer.get("stopped")
    if not isinstance(stopped, dict) or stopped.get("code") not in set(FailureCode):
        return None
    return Stopped(FailureCode(stopped["code"]), _one_line(stopped.get("detail")))


def _one_line(text: object) -> str:
    """Words from the child for the log: one line, printable, short."""
    return "".join(character if character.isprintable() else " " for character in str(text)[:300])
