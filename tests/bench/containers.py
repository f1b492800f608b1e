"""Reading per container: ours beside the way one would write first and beside MarkItDown, file by file in the same run.

In charge of the table that `python -m tests.bench --containers` prints. In: the forms of `tests.contract.producers`. Ours goes
the way of the daemon: the locked worker, the engines of this machine, fields checked at the end. The others only get text out
(`markitdown_child`, or LibreOffice with a new profile each time), so their time stands beside the share of the written values
that occur anywhere in that text. That flatters them: a value that occurs has no label yet. Times count from a warm process;
the three read each file in turn, so that a busy machine hits all alike. Must not: assert a time, call a figure a promise.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from intake.read import read_document
from parsers.forms import DocumentReading
from parsers.isolate import Worker
from parsers.services import Services
from parsers.text import clean, narrow
from tests.bench import markitdown_child
from tests.builders import rendering
from tests.builders.forms import AREA_CODE, FORMS
from tests.contract.producers import CONTAINERS, Filled, filled_forms
from tests.contract.scoring import Score, judge

_FORMS = 6  # three layouts, both kinds of form in each
_SLOW_MS = 300  # a way that takes longer runs once over the files: its noise is small beside its time
_BUILT_IN_CODE = frozenset({*rendering.CONTAINERS, "zip"})  # the others come by way of LibreOffice
_NOT_MEASURED, _NOT_READ = "未测", "不读"
_LIBREOFFICE_TEXT = "txt:Text (encoded):UTF8"
_LIBREOFFICE_CSV = "csv:Text - txt - csv (StarCalc):44,34,76"  # comma, quote, UTF-8


@dataclass(frozen=True)
class Case:
    """One row: a container as it is shown, its producer, and the way beside ours (a `markitdown_child` way or a filter)."""

    shown: str
    producer: str
    way: str
    said: str


CASES = (
    Case("docx", "docx", "word", "python-docx `cell.text`"),
    Case("xlsx", "xlsx", "workbook", "openpyxl `iter_rows`"),
    Case("xls", "xls (LibreOffice)", "old_workbook", "xlrd `row_values`"),
    Case("xls", "xls (LibreOffice)", _LIBREOFFICE_CSV, "LibreOffice 冷启动 → csv"),
    Case("ods", "ods", _LIBREOFFICE_CSV, "LibreOffice 冷启动 → csv"),
    Case("doc", "doc (LibreOffice)", _LIBREOFFICE_TEXT, "LibreOffice 冷启动 → txt"),
    Case("rtf", "rtf", _LIBREOFFICE_TEXT, "LibreOffice 冷启动 → txt"),
    Case("odt", "odt", _LIBREOFFICE_TEXT, "LibreOffice 冷启动 → txt"),
    Case("pdf（有文字）", "pdf (Writer)", "pdf", "pdfplumber `extract_text`"),
    Case("扫描件 jpg", "scan: scan", "picture", "rapidocr 直接调用"),
    Case("zip（内为 docx）", "zip", "zipped_word", "zipfile + python-docx"),
    Case("html", "html", "page", "lxml `text_content`"),
)
HEADINGS = (
    "| 容器 | 本程序 毫秒 | 内存 MB | 读对 | 朴素做法 | 毫秒 | 内存 MB | 值找到 | MarkItDown 毫秒 | 值找到 | 比值 |"
)


@dataclass
class Measured:
    """What one way took and gave: milliseconds of every reading, the text of each file (None: refused), peak memory."""

    ms: list[float] = field(default_factory=list)
    texts: dict[str, str | None] = field(default_factory=dict)
    peak_mb: float = 0.0

    @property
    def median(self) -> float | None:
        """Milliseconds a file; None if not one file gave any text."""
        return statistics.median(self.ms) if any(self.texts.values()) else None

    @property
    def is_slow(self) -> bool:
        """Whether one round over the files is enough."""
        return bool(self.ms) and statistics.median(self.ms) > _SLOW_MS


Way = Callable[[Path], tuple[float, str | None]]


def print_table(*, quick: bool, markitdown: Path | None, only: str = "") -> None:
    """Measure the containers whose name holds `only` and print them as a Markdown table, row by row.

    `markitdown` is a Python that has MarkItDown, None if there is none.
    """
    forms = filled_forms(_FORMS)
    print(_head_line(quick=quick, markitdown=markitdown))
    print(f"\n{HEADINGS}\n|{' --- |' * (HEADINGS.count('|') - 1)}", flush=True)
    files: dict[str, dict[str, bytes]] = {}
    for case in CASES:
        if only in case.producer or only in case.shown:
            if case.producer not in files:
                files[case.producer] = _produced(case.producer, forms)
            print(_row(case, forms, files[case.producer], 1 if quick else 5, markitdown), flush=True)
    print(f"\n测完时系统负荷 {_load()}")


def _head_line(*, quick: bool, markitdown: Path | None) -> str:
    cores = os.cpu_count()
    return (
        f"{platform.machine()}，{cores} 核，{platform.system()} {platform.release()}，Python {platform.python_version()}，"
        f"MarkItDown {_markitdown_version(markitdown)}；开测时系统负荷 {_load()}{'；快测' if quick else ''}。每种容器 {_FORMS} 份表，"
        "毫秒为每份中位数，各做法逐份轮流、均已预热；内存为其子进程峰值之和；“读对”为核对后的栏目，“值找到”只看填写的值在不在文字里"
        "（一个字的不算）；比值＝本程序 ÷ 朴素做法 / 本程序 ÷ MarkItDown，"
        "值找到不足一半的不比。"
    )


def _load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg()) if hasattr(os, "getloadavg") else _NOT_MEASURED


def _markitdown_version(python: Path | None) -> str:
    if python is None:
        return _NOT_MEASURED
    code = "import importlib.metadata as m; print(m.version('markitdown'))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _produced(producer: str, forms: tuple[Filled, ...]) -> dict[str, bytes]:
    """Return the files of a container, none where what makes them (LibreOffice, the OCR extra) is not on this machine."""
    make = CONTAINERS.get(producer)
    if make is None or (producer not in _BUILT_IN_CODE and shutil.which("soffice") is None):
        return {}
    return {name if "." in name else f"{name}.jpg": data for name, data in make(forms).items()}


def _row(case: Case, forms: tuple[Filled, ...], files: dict[str, bytes], rounds: int, markitdown: Path | None) -> str:
    if not files:
        return _line(case.shown, *[_NOT_MEASURED] * 3, case.said, *[_NOT_MEASURED] * 6)
    ours, naive, other = Measured(), Measured(), Measured()
    score, faults = Score(), list[str]()
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        paths = _written(Path(place), files)
        others: list[tuple[Way, Measured]] = []
        with Worker(handlers="intake.unpack", service=Services()) as worker:
            others.append((stack.enter_context(_way(sys.executable, case.way, naive)), naive))
            if markitdown is not None:
                others.append((stack.enter_context(_way(str(markitdown), "markitdown", other)), other))
            readings = _take_turns(worker, paths, others, ours, rounds)
            stack.close()  # the others are gone: what is measured now is ours alone
            ours.peak_mb = _peak_of_children(lambda: [_read(worker, path) for path in paths[::2]])
        for one, reading in zip(forms, readings, strict=True):
            faults += judge(one, reading, score)
        if ":" in case.way:
            naive.peak_mb = _peak_of_children(lambda: [_by_libreoffice(case.way)(path) for path in paths[::2]])
    if score.silent:
        print("\n".join(f"  {fault}" for fault in faults), file=sys.stderr)
    return _line(
        case.shown,
        _milliseconds(ours.median),
        _megabytes(ours.peak_mb),
        _share(score.right, score.fields) + (f"（悄悄读错 {score.silent}）" if score.silent else ""),
        case.said,
        _milliseconds(naive.median),
        _megabytes(naive.peak_mb),
        _share(*_found(forms, naive)),
        _NOT_MEASURED if markitdown is None else _milliseconds(other.median),
        _NOT_MEASURED if markitdown is None else _share(*_found(forms, other)),
        " / ".join(_ratio(ours, way) if _finds_half(forms, way) else "—" for way in (naive, other)),
    )


def _take_turns(
    worker: Worker, paths: Sequence[Path], others: Sequence[tuple[Way, Measured]], ours: Measured, rounds: int
) -> list[DocumentReading]:
    """Let every way read every file, one after another, the first once more beforehand; return our readings."""
    readings: dict[Path, DocumentReading] = {}

    def our_way(path: Path) -> tuple[float, str | None]:
        begun = time.perf_counter()
        reading = readings[path] = _read(worker, path)
        taken = (time.perf_counter() - begun) * 1000
        return taken, str(reading.forms) if reading.failure is None else None

    everybody = [(our_way, ours), *others]
    for way, _ in everybody:
        way(paths[0])
    for _ in range(rounds):
        everybody = [(way, measured) for way, measured in everybody if not measured.is_slow]
        for path in paths:
            for way, measured in everybody:
                taken, measured.texts[path.stem] = way(path)
                measured.ms.append(taken)
    return [readings[path] for path in paths]


def _written(folder: Path, files: dict[str, bytes]) -> list[Path]:
    paths = [folder / name for name in files]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    return paths


def _read(worker: Worker, path: Path) -> DocumentReading:
    return read_document(worker, path.read_bytes(), path.name, FORMS, area_code=AREA_CODE).document


@contextmanager
def _way(python: str, name: str, measured: Measured) -> Iterator[Way]:
    """Yield a way of reading by its name, warm; its peak memory is noted at every answer."""
    if ":" in name:
        yield _by_libreoffice(name)
        return
    process = subprocess.Popen(
        [python, str(Path(markitdown_child.__file__).resolve()), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    questions, answers = process.stdin, process.stdout

    def read(path: Path) -> tuple[float, str | None]:
        questions.write(json.dumps(str(path)) + "\n")
        questions.flush()
        line = answers.readline()
        assert line, f"{name} by {python} died with {process.wait()}"
        answer = json.loads(line)
        measured.peak_mb = answer["peak_mb"]
        return float(answer["ms"]), answer["text"]

    with process:
        yield read


def _by_libreoffice(to: str) -> Way:
    """Return the way of a script: one call of soffice a file, each with a profile that is not there yet."""

    def read(path: Path) -> tuple[float, str | None]:
        with tempfile.TemporaryDirectory() as place:
            command = ["soffice", f"-env:UserInstallation={Path(place, 'profile').as_uri()}", "--headless"]
            begun = time.perf_counter()
            subprocess.run(
                [*command, "--convert-to", to, "--outdir", place, str(path)],
                check=False,  # its exit status says nothing: the file alone does
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            taken = (time.perf_counter() - begun) * 1000
            made = Path(place, f"{path.stem}.{to.partition(':')[0]}")
            return taken, made.read_text(encoding="utf-8-sig") if made.is_file() else None

    return read


def _peak_of_children(action: Callable[[], object]) -> float:
    """Run `action`; return the most memory in MB that the processes below this one held at a time. 0 where there is no /proc.

    Resident sizes, summed at samples; no less than the highest mark of any one of them, for a sample may miss a peak.
    Memory that two processes share counts twice.
    """
    done, peaks = threading.Event(), [0]

    def sample() -> None:
        now = [_resident(process) for process in _below(os.getpid())]
        peaks.append(max([sum(size for size, _ in now), *(mark for _, mark in now)]))

    def watch() -> None:
        while not done.wait(0.02):
            sample()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        action()
    finally:
        done.set()
        watcher.join()
    sample()
    return max(peaks) / 1024


def _below(process: int) -> set[int]:
    """Return the processes below one, and those below them."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # ended meanwhile
            continue
    found: set[int] = set()
    wanted = {process}
    while wanted:
        wanted = {child for child, parent in parents.items() if parent in wanted}
        found |= wanted
    return found


def _resident(process: int) -> tuple[int, int]:
    """Return the resident size of a process and the highest it has been, in kB; zeros if it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest}
    return sizes.get("VmRSS", 0), sizes.get("VmHWM", 0)


def _found(forms: tuple[Filled, ...], measured: Measured) -> tuple[int, int]:
    """Return how many of the written values occur in the text, and how many were written.

    Blanks do not count, so that a value broken over two lines is found. Values of one character are left out: 是 and 男
    stand in the labels of every form.
    """
    found = written = 0
    for one in forms:
        text = _bare(measured.texts.get(one.name) or "")
        values = [bare for _, value in one.written if len(bare := _bare(value)) > 1]
        written += len(values)
        found += sum(value in text for value in values)
    return found, written


def _finds_half(forms: tuple[Filled, ...], measured: Measured) -> bool:
    """Whether a way is worth a ratio: MarkItDown hands out the source of an .rtf as it is, in no time."""
    found, written = _found(forms, measured)
    return 2 * found >= written


def _bare(text: str) -> str:
    return "".join(narrow(clean(text)).split())


def _ratio(ours: Measured, other: Measured) -> str:
    if ours.median is None or other.median is None:
        return "—"
    ratio = ours.median / other.median
    return f"{ratio:.2f}×" if ratio >= 0.1 else f"{ratio:.3f}×"


def _milliseconds(value: float | None) -> str:
    return _NOT_READ if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _megabytes(value: float) -> str:
    return f"{value:.0f}" if value else _NOT_MEASURED


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
