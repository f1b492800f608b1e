"""The ways of reading that are not ours, each in a process of its own: MarkItDown, and what one would write first.

`containers` starts this file as a script, ``PYTHON markitdown_child.py WAY``, with whichever Python has the library: MarkItDown
(37 distributions, 356 MB) stays out of our environment, so nothing of ours is imported here. In: a JSON string a line, the path
of a file. Out: a JSON object a line, ``{"ms", "text" or null, "error", "peak_mb"}``; text is null where the library refuses the
file. Libraries are imported and made before the first line, as in a program that stays. Must not: judge what was read.
"""

import json
import os
import sys
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

Read = Callable[[Path], str]


def _word() -> Read:
    import docx  # noqa: PLC0415 - each Python that runs this has only some of the libraries

    return lambda path: _cells(docx.Document(str(path)))


def _zipped_word() -> Read:
    import docx  # noqa: PLC0415

    def read(path: Path) -> str:
        with zipfile.ZipFile(path) as package:
            return "\n".join(_cells(docx.Document(BytesIO(package.read(name)))) for name in package.namelist())

    return read


def _cells(document: object) -> str:
    tables = document.tables  # type: ignore[attr-defined]
    return "\n".join(cell.text for table in tables for row in table.rows for cell in row.cells)


def _workbook() -> Read:
    import openpyxl  # noqa: PLC0415

    def read(path: Path) -> str:
        rows = (row for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows(values_only=True))
        return "\n".join(str(value) for row in rows for value in row if value is not None)

    return read


def _old_workbook() -> Read:
    import xlrd  # noqa: PLC0415

    def read(path: Path) -> str:
        sheets = xlrd.open_workbook(path).sheets()
        return "\n".join(str(value) for sheet in sheets for at in range(sheet.nrows) for value in sheet.row_values(at))

    return read


def _pdf() -> Read:
    import pdfplumber  # noqa: PLC0415

    def read(path: Path) -> str:
        with pdfplumber.open(path) as document:
            return "\n".join(page.extract_text() for page in document.pages)

    return read


def _page() -> Read:
    from lxml import html  # noqa: PLC0415

    return lambda path: str(html.fromstring(path.read_bytes()).text_content())


def _picture() -> Read:
    from rapidocr import RapidOCR  # noqa: PLC0415

    engine = RapidOCR(params={"Global.log_level": "critical"})
    return lambda path: "\n".join(engine(str(path)).txts or ())


def _markitdown() -> Read:
    from markitdown import MarkItDown  # noqa: PLC0415

    engine = MarkItDown()
    return lambda path: str(engine.convert(path).text_content)


WAYS: dict[str, Callable[[], Read]] = {
    "word": _word,
    "zipped_word": _zipped_word,
    "workbook": _workbook,
    "old_workbook": _old_workbook,
    "pdf": _pdf,
    "page": _page,
    "picture": _picture,
    "markitdown": _markitdown,
}


def _peak_mb() -> float:
    """Return the highest resident size so far. Not ru_maxrss: a child inherits its parent's peak there across exec."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def main() -> None:
    """Answer until the parent closes the pipe."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries print; on the pipe that would be an answer
    read = WAYS[sys.argv[1]]()
    for line in sys.stdin:
        path, error = Path(json.loads(line)), ""
        begun = time.perf_counter()
        try:
            text: str | None = read(path)
        except Exception as refusal:  # noqa: BLE001 - whatever it is, this library does not read this file
            text, error = None, type(refusal).__name__
        milliseconds = (time.perf_counter() - begun) * 1000
        answer = {"ms": milliseconds, "text": text, "error": error, "peak_mb": _peak_mb()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
