"""The child is started with what parsing needs, and with nothing else."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from parsers import boot
from parsers.isolate import Limits, Worker

ROOT = Path(__file__).parents[3]
LOADED = (
    "import sys; sys.path.insert(0, {root!r}); from parsers import worker; worker._load_handlers({handlers!r}); "
    "print(*sorted(name for name, module in sys.modules.items() if module is not None))"
)
needs_ocr = pytest.mark.skipif(importlib.util.find_spec("rapidocr") is None, reason="the OCR extra is not installed")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def modules_of(handlers: str) -> set[str]:
    """The modules that a worker with these handlers has loaded when it begins to listen."""
    script = LOADED.format(root=str(ROOT), handlers=handlers)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("handlers", ["intake.unpack", "parsers.worker"])
def test_the_worker_of_documents_has_no_numpy(handlers):
    loaded = modules_of(handlers)
    assert {"openpyxl", "docx", "lxml", "xlrd"} <= loaded, "the readers are there before the door is locked"
    assert {name for name in loaded if name.partition(".")[0] == "numpy"} == set()


@needs_ocr
def test_the_worker_of_pictures_has_numpy():
    assert {"numpy", "onnxruntime"} <= modules_of("parsers.ocr.handlers")


@linux_only
def test_the_running_worker_of_documents_has_no_library_of_pictures_in_its_memory():
    with Worker(handlers="intake.unpack") as worker:
        worker.report()
        mapped = Path(f"/proc/{worker._child._process.pid}/maps").read_text()
    assert "lxml" in mapped
    for library in ("numpy", "onnxruntime", "cv2"):
        assert f"/{library}" not in mapped


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(ImportError, match="no package no_such_package"):
        boot.start("no_such_package.handlers", {})


def test_the_child_gets_no_environment(monkeypatch):
    monkeypatch.setenv("INTAKE_PASSWORD", "secret")
    assert "INTAKE_PASSWORD" not in boot._environment()


def test_the_limits_are_told_to_the_child():
    with Worker(handlers="parsers.worker", limits=Limits(memory_bytes=700 * 2**20)) as worker:
        assert "700 MiB" in str(worker.report())
