"""Whatever the child does, the call ends in time with a value, and the next call works."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from parsers.document import FailureCode
from parsers.isolate import Answered, Limits, Stopped, Worker, WorkerUnavailable

HANDLERS = "tests.builders.unruly"
ROOT = Path(__file__).parents[3]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def worker():
    with Worker(handlers=HANDLERS) as one:
        yield one


def pid_of(worker, **header):
    answer = worker.call("echo", header, b"abc", timeout_s=20)
    assert isinstance(answer, Answered)
    return answer.json["pid"]


def children():
    """State letters of our child processes, by pid; zombies are Z."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == os.getpid():
            found[int(stat.parent.name)] = words[0]
    return found


def test_an_answer_comes_back_with_header_and_payload(worker):
    answer = worker.call("echo", {"名": "张三", "list": [1, None]}, b"\x00\xff" * 100_000, timeout_s=20)
    assert isinstance(answer, Answered)
    assert answer.json["header"] == {"名": "张三", "list": [1, None]}
    assert (answer.json["bytes"], answer.json["sum"]) == (200_000, 255 * 100_000)


def test_the_child_stays_warm_between_calls(worker):
    assert pid_of(worker) == pid_of(worker)


def test_the_environment_of_the_child_is_empty(worker, monkeypatch):
    monkeypatch.setenv("INTAKE_PASSWORD", "secret")
    with Worker(handlers=HANDLERS) as fresh:
        environment = fresh.call("echo", {}, b"", timeout_s=20).json["environment"]
    assert set(environment) <= {"LC_CTYPE", "SYSTEMROOT"}  # LC_CTYPE is Python's own coercion (PEP 538)


@linux_only
def test_the_standard_streams_of_the_child_are_the_null_device(worker):
    answer = worker.call("path_and_streams", {}, b"", timeout_s=20)
    assert answer.json["streams"] == ["/dev/null"] * 3


def test_what_a_library_prints_does_not_disturb_the_protocol(worker):
    pid = pid_of(worker)
    assert worker.call("chatter", {}, b"", timeout_s=20) == Answered({"said": True})
    assert pid_of(worker) == pid


@pytest.mark.parametrize(
    ("operation", "code", "words"),
    [
        ("garbage", FailureCode.CRASHED, "nonsense"),
        ("huge_frame", FailureCode.CRASHED, "over its limit"),
        ("exhaust_memory", FailureCode.TOO_LARGE, "memory"),
        ("recurse", FailureCode.TOO_LARGE, "nested"),
        ("nested_answer", FailureCode.TOO_LARGE, "nested"),
        ("fail", FailureCode.CRASHED, "ValueError at unruly.py"),
        ("surrender", FailureCode.CRASHED, "SystemExit"),
        ("surrogate", FailureCode.CRASHED, "UnicodeEncodeError"),
        ("not_json", FailureCode.CRASHED, "TypeError"),
        ("leave", FailureCode.CRASHED, "ended with 3"),
        ("abort", FailureCode.CRASHED, "SIGABRT"),
        ("no_such_operation", FailureCode.CRASHED, "KeyError"),
    ],
)
def test_a_child_that_fails_is_a_value_and_the_next_call_works(worker, operation, code, words):
    outcome = worker.call(operation, {}, b"", timeout_s=20)
    assert isinstance(outcome, Stopped)
    assert outcome.code is code
    assert words in outcome.detail
    pid_of(worker)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SIGKILL", FailureCode.CRASHED),
        ("SIGSEGV", FailureCode.CRASHED),
        ("SIGPROF", FailureCode.TIMEOUT),
        ("SIGALRM", FailureCode.TIMEOUT),
    ],
)
def test_a_child_that_dies_of_a_signal_is_a_value_that_names_it(worker, name, code):
    outcome = worker.call("die", {"signal": name}, b"", timeout_s=20)
    assert outcome == Stopped(code, f"the worker died of {name}")
    pid_of(worker)


def test_the_detail_of_a_failure_holds_no_value_of_the_document(worker):
    outcome = worker.call("fail", {}, b"", timeout_s=20)
    assert "139" not in outcome.detail
    assert "王" not in outcome.detail


def test_a_child_that_hangs_is_killed_in_time(worker):
    started = time.monotonic()
    outcome = worker.call("hang", {}, b"", timeout_s=0.3)
    assert time.monotonic() - started < 2
    assert outcome == Stopped(FailureCode.TIMEOUT, "no answer after 0.3 s")
    pid_of(worker)


def test_a_child_that_does_not_listen_is_killed_in_time(worker):
    """A payload larger than the pipe blocks the writer when the reader has stopped."""
    pid = pid_of(worker)
    os.kill(pid, signal.SIGSTOP)
    outcome = worker.call("echo", {}, bytes(10_000_000), timeout_s=0.3)
    assert outcome.code is FailureCode.TIMEOUT
    assert pid_of(worker) != pid


def test_an_answer_over_the_limit_is_too_large():
    with Worker(handlers=HANDLERS, limits=Limits(answer_bytes=10_000)) as small:
        assert isinstance(small.call("huge", {"characters": 9_000}, b"", timeout_s=20), Answered)
        assert small.call("huge", {"characters": 10_000}, b"", timeout_s=20).code is FailureCode.TOO_LARGE


@pytest.mark.parametrize(
    ("sequence", "body", "words"),
    [
        (7, '{"answer":{},"retire":false,"resident_bytes":0}', "another question"),
        (1, '{"answer":[],"retire":false,"resident_bytes":0}', "wrong shape"),
        (1, '{"stopped":{"code":"lies"},"retire":false,"resident_bytes":0}', "wrong shape"),
        (1, '{"answer":{"x":"\\ud800"},"retire":false,"resident_bytes":0}', "nonsense"),
        (1, '{"answer":{"x":NaN},"retire":false,"resident_bytes":0}', "nonsense"),
        (1, "[" * 5_000, "nonsense"),
        (1, "[]", "nonsense"),
        (1, "9" * 5_000, "nonsense"),
    ],
)
def test_a_forged_answer_is_refused(sequence, body, words):
    with Worker(handlers=HANDLERS) as fresh:
        outcome = fresh.call("forged", {"sequence": sequence, "body": body}, b"", timeout_s=20)
        assert isinstance(outcome, Stopped)
        assert outcome.code is FailureCode.CRASHED
        assert words in outcome.detail


def test_a_child_that_used_up_its_memory_is_replaced(worker):
    before = pid_of(worker)
    worker.call("exhaust_memory", {}, b"", timeout_s=20)
    assert pid_of(worker) != before


def test_a_child_that_met_an_ordinary_error_is_kept(worker):
    before = pid_of(worker)
    worker.call("fail", {}, b"", timeout_s=20)
    assert pid_of(worker) == before


def test_a_child_whose_reader_crashed_is_replaced(worker):
    before = worker.call("crashed_reading", {}, b"", timeout_s=20).json["pid"]
    assert pid_of(worker) != before


def test_the_child_is_replaced_after_its_number_of_calls():
    with Worker(handlers=HANDLERS, limits=Limits(calls=3)) as short:
        pids = [pid_of(short) for _ in range(7)]
    assert pids[0] == pids[1] == pids[2]
    assert len(set(pids)) == 3


@linux_only
def test_a_child_that_grew_too_large_is_replaced():
    with Worker(handlers=HANDLERS, limits=Limits(resident_bytes=150 * 2**20)) as small:
        before = small.call("keep_memory", {"bytes": 20 * 2**20}, b"", timeout_s=20).json["pid"]
        assert small.call("keep_memory", {"bytes": 120 * 2**20}, b"", timeout_s=20).json["pid"] == before
        assert pid_of(small) != before


def test_an_endless_loop_ends_when_its_cpu_time_is_used_up():
    with Worker(handlers=HANDLERS, limits=Limits(cpu_s=1)) as short:
        outcome = short.call("spin", {}, b"", timeout_s=20)
    assert outcome == Stopped(FailureCode.TIMEOUT, "the worker died of SIGPROF")


def test_cpu_time_is_counted_by_call_and_not_by_process():
    with Worker(handlers=HANDLERS, limits=Limits(cpu_s=1)) as short:
        pids = {short.call("burn", {"seconds": 0.5}, b"", timeout_s=20).json["pid"] for _ in range(5)}
    assert len(pids) == 1


def test_a_child_that_died_between_two_calls_costs_no_document(worker):
    before = pid_of(worker)
    os.kill(before, signal.SIGKILL)
    time.sleep(0.2)
    assert pid_of(worker) != before


def test_calls_from_many_threads_take_turns(worker):
    results = {}

    def ask(number):
        results[number] = worker.call("echo", {"number": number}, b"x" * number, timeout_s=20).json

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: (one["header"]["number"], one["bytes"]) for number, one in results.items()} == {
        number: (number, number) for number in range(20)
    }


def test_close_ends_a_running_call_within_a_second():
    hanging = Worker(handlers=HANDLERS)
    pid_of(hanging)
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(hanging.call("hang", {}, b"", timeout_s=60)))
    thread.start()
    time.sleep(0.3)
    started = time.monotonic()
    hanging.close()
    thread.join(1)
    assert time.monotonic() - started < 1
    assert outcomes == [Stopped(FailureCode.CRASHED, "the worker is closed")]


def test_a_closed_worker_starts_nothing_any_more():
    closed = Worker(handlers=HANDLERS)
    closed.close()
    closed.close()
    assert closed.call("echo", {}, b"", timeout_s=20) == Stopped(FailureCode.CRASHED, "the worker is closed")


@linux_only
def test_fifty_restarts_leave_no_zombie_and_no_open_descriptor():
    def descriptors():
        return len(list(Path("/proc/self/fd").iterdir()))

    before, family = descriptors(), set(children())
    with Worker(handlers=HANDLERS) as restless:
        for number in range(50):
            operation = ("leave", "garbage", "abort", "exhaust_memory")[number % 4]
            assert isinstance(restless.call(operation, {}, b"", timeout_s=20), Stopped)
        pid_of(restless)
        assert restless.report().starts == 51
    assert descriptors() == before
    assert set(children()) == family


@linux_only
def test_the_child_ends_when_the_parent_is_killed():
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from parsers.isolate import Worker; "
        f"w = Worker(handlers={HANDLERS!r}); print(w.call('echo', {{}}, b'', timeout_s=20).json['pid'], flush=True); "
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(ROOT)], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "an orphan lives on"
        time.sleep(0.02)


def test_handlers_that_do_not_exist_are_our_fault_and_not_a_document_s():
    with Worker(handlers="parsers.no_such_module") as broken, pytest.raises(WorkerUnavailable, match="no_such_module"):
        broken.call("echo", {}, b"", timeout_s=20)
    with Worker(handlers="no_such_package.module") as broken, pytest.raises(WorkerUnavailable, match="no_such_package"):
        broken.report()


def test_a_header_that_is_no_json_is_our_bug_and_the_next_call_works(worker):
    with pytest.raises(TypeError):
        worker.call("echo", {"value": object()}, b"", timeout_s=20)
    pid_of(worker)


@pytest.mark.parametrize("directory", [ROOT, Path(sys.prefix)], ids=["in the checkout", "elsewhere"])
def test_the_child_finds_the_packages_wherever_the_parent_runs(directory):
    path = "" if directory == ROOT else f"sys.path.insert(0, {str(ROOT)!r});"
    script = (
        f"import sys, json; {path} from parsers.isolate import Worker\n"
        "with Worker(handlers='parsers.worker') as w: print(json.dumps(w.report().starts))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=directory, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == 1, done.stderr


# --- what the child asks for in the middle of a call -------------------------------------------------------------------


class Workshop:
    """A service that answers with the payload turned round, after a while."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.questions: list[tuple[dict, int]] = []
        self.seconds: list[float] = []
        self.pause_s = pause_s
        self.closed = threading.Event()

    def serve(self, question, payload, seconds):
        self.questions.append((question, len(payload)))
        self.seconds.append(seconds)
        self.closed.wait(min(self.pause_s, seconds))
        return {"by": "workshop 1"}, payload[::-1]

    def rest(self) -> None:
        pass

    def close(self) -> None:
        self.closed.set()


def test_the_child_asks_its_parent_and_goes_on_with_the_answer():
    workshop = Workshop()
    with Worker(handlers=HANDLERS, service=workshop) as asking:
        payload = bytes(range(256)) * 4_000
        answer = asking.call("convert", {"kind": "doc", "times": 3}, payload, timeout_s=20)
        assert answer.json == {"made": [["workshop 1", len(payload), sum(payload)]] * 3}
        assert asking.call("echo", {}, b"xyz", timeout_s=20).json["bytes"] == 3
    assert workshop.questions == [({"convert": "doc"}, len(payload))] * 3


def test_without_a_service_every_engine_is_missing():
    with Worker(handlers=HANDLERS) as alone:
        assert alone.call("convert", {"kind": "rar"}, b"", timeout_s=20).json == {"made": [["needs_engine", "archive"]]}
        assert alone.call("convert", {"kind": "doc"}, b"", timeout_s=20).json == {"made": [["needs_engine", "office"]]}


def test_a_child_that_asks_without_end_is_stopped():
    with Worker(handlers=HANDLERS, service=Workshop()) as greedy:
        stopped = greedy.call("convert", {"kind": "doc", "times": 10_000}, b"x", timeout_s=20)
        assert (stopped.code, stopped.detail) == (FailureCode.CRASHED, "the worker talks nonsense: it wants too much")
        assert isinstance(greedy.call("echo", {}, b"", timeout_s=20), Answered)


def test_a_service_gets_no_more_time_than_the_call_has():
    workshop = Workshop(pause_s=60)
    with Worker(handlers=HANDLERS, service=workshop) as slow:
        started = time.monotonic()
        slow.call("convert", {"kind": "doc", "times": 2}, b"x", timeout_s=3)
        assert time.monotonic() - started < 6
    assert workshop.seconds[0] < 3
    assert workshop.seconds[1:] == [0.0], "what the first answer took is gone"


def test_a_service_that_outstays_the_call_leaves_no_open_pipe_behind():
    class Late(Workshop):
        def serve(self, *_asked):
            self.closed.wait(30)
            return {"by": "workshop 1"}, b""

    workshop = Late()
    worker = Worker(handlers=HANDLERS, service=workshop)
    kept = []
    worker._discard_child = lambda: (kept.append(worker._child), Worker._discard_child(worker))
    stopped = worker.call("convert", {"kind": "doc"}, b"x", timeout_s=2)
    assert stopped.code == FailureCode.TIMEOUT
    child = next(child for child in kept if child is not None)
    assert not child._answers.closed, "the service is still at it: nothing is closed under its thread"
    workshop.closed.set()
    for thread in threading.enumerate():
        if thread.name == "worker-exchange":
            thread.join(10)
    assert child._questions.closed
    assert child._answers.closed
    worker.close()


def test_closing_ends_a_service_in_the_middle_of_its_answer():
    workshop = Workshop(pause_s=60)
    closing = Worker(handlers=HANDLERS, service=workshop)
    results = []
    thread = threading.Thread(
        target=lambda: results.append(closing.call("convert", {"kind": "doc"}, b"x", timeout_s=60))
    )
    thread.start()
    while not workshop.questions:
        time.sleep(0.01)
    closing.close()
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(results[0], Stopped)
