"""`intake check` says in words how locked in the worker and the foreign programs are, and what is missing."""

import sys
from itertools import islice
from types import SimpleNamespace

import pytest

from parsers.confine import Layer
from parsers.isolate import Worker, WorkerReport, WorkerUnavailable
from scheduler.desk import check
from tests.builders import office

LIMITS = Layer("rlimits", active=True, detail="1024 MiB")
LANDLOCK = Layer("landlock", active=True, detail="ABI 7")
NO_LANDLOCK = Layer("landlock", active=False, detail="Function not implemented")
NO_SECCOMP = Layer("seccomp", active=False, detail="not on darwin")


def worker_with(*layers):
    return SimpleNamespace(report=lambda: WorkerReport(layers, starts=1, calls=0))


def test_a_worker_with_every_layer_is_in_order():
    found = check._worker_finding(worker_with(LIMITS, LANDLOCK))
    assert (found.ok, found.words) == (True, "已在隔离的子进程中运行（rlimits 1024 MiB、landlock ABI 7）")


def test_the_layers_that_are_missing_are_told_with_their_reasons_and_stop_nobody(capsys):
    found = check._worker_finding(worker_with(LIMITS, NO_LANDLOCK, NO_SECCOMP))
    assert found.ok is None
    assert "rlimits 1024 MiB；缺少 landlock（Function not implemented）、seccomp（not on darwin）" in found.words
    assert check._tell(check.Console(width=200), iter((found,))) is True
    assert capsys.readouterr().out.startswith("说明  读表程序：提醒：")


@pytest.mark.parametrize("layers", [(), (NO_LANDLOCK, NO_SECCOMP)])
def test_a_worker_with_no_layer_at_all_is_not_called_in_order(layers):
    found = check._worker_finding(worker_with(*layers))
    assert (found.ok, "没有任何隔离" in found.words) == (None, True)
    assert all(layer.name in found.words for layer in layers)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are fewer layers")
def test_what_is_told_is_what_the_child_itself_found():
    with Worker(handlers="tests.rig.unlocked") as unlocked:
        assert "没有任何隔离" in check._worker_finding(unlocked).words
    with Worker(handlers="intake.unpack") as locked:
        report = locked.report()
        found = check._worker_finding(locked)
    assert found.ok is (True if all(layer.active for layer in report.layers) else None)
    assert all(layer.name in found.words for layer in report.layers)


def test_a_worker_that_does_not_start_is_a_fault_in_words():
    def report():
        raise WorkerUnavailable("no such file")

    found = check._worker_finding(SimpleNamespace(report=report))
    assert (found.ok, "没有启动" in found.words) == (False, True)


def test_both_lines_are_among_what_is_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "layers", lambda: (LIMITS, NO_LANDLOCK))
    monkeypatch.setattr(Worker, "report", lambda _worker: WorkerReport((LIMITS, NO_SECCOMP), starts=1, calls=0))
    settings = office.settings(tmp_path, imap_port=1, smtp_port=1)
    worker, programs = islice(check._reader_findings(settings), 2)
    assert (worker.what, "缺少 seccomp（not on darwin）" in worker.words) == ("读表程序", True)
    assert (programs.what, programs.ok) == ("外部程序的隔离", None)
    assert "缺少 landlock（Function not implemented）" in programs.words
