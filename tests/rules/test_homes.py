"""Each outside library has its home, so that it can be replaced; the wall clock is read in one module."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for package in ("parsers", "intake", "scheduler") for path in (ROOT / package).rglob("*.py"))

# library → the modules (or folders) that may import it
HOMES = {
    "imap_tools": ("intake/imap_connect.py",),
    "openpyxl": ("parsers/readers", "intake/summary"),
    "docx": ("parsers/readers", "intake/blanks.py"),
    "apscheduler": ("scheduler/daemon.py",),
    "sqlalchemy": (
        "intake/db",
        "intake/outbox.py",
        "intake/restored.py",
        "intake/halt.py",
        "intake/again.py",
        "intake/caps.py",
        "intake/letters.py",
        "intake/deliver.py",
        "intake/correspondence.py",
        "intake/pipeline.py",
        "intake/cases.py",
        "intake/settling.py",
        "intake/decide.py",
        "intake/noting.py",
        "scheduler/app.py",
        "intake/outbox_desk.py",
        "intake/overtaken.py",
        "scheduler/alarm_letters.py",
        "scheduler/jobs.py",
        "scheduler/guard.py",
        "scheduler/recovery.py",
        "scheduler/papers.py",
        "scheduler/exports.py",
        "scheduler/beginning.py",
        "scheduler/rosters.py",
        "scheduler/trial_letter.py",
        "scheduler/watching.py",
        "scheduler/timekeeping.py",
        "scheduler/desk",
        "scheduler/lookup",
        "scheduler/web",
    ),
    "flask": ("scheduler/web",),
    "markupsafe": ("scheduler/web/pages",),
    "werkzeug": ("scheduler/web",),
    "waitress": ("scheduler/web/serving.py",),
    "alembic": ("intake/db/upgrade.py", "intake/db/migrations"),
    "lxml": ("parsers/readers",),
    "xlrd": ("parsers/readers/oldexcel.py",),
    "pdfplumber": ("parsers/readers/pdf",),
    "pdfminer": ("parsers/readers/pdf",),
    "pypdfium2": ("parsers/readers/pdf",),
    "rapidocr": ("parsers/ocr",),
    "onnxruntime": ("parsers/ocr",),
    "cv2": ("parsers/ocr",),
    "numpy": ("parsers/ocr",),
    "PIL": ("parsers/ocr", "parsers/readers/pdfrender.py", "parsers/readers/pagepicture.py"),
    "jinja2": ("intake/texts.py",),
    "tomlkit": ("intake/config_edit.py",),
    "pydantic": ("intake/config",),
    "pydantic_core": ("intake/config",),
    "rapidfuzz": ("intake/roster.py",),
    "chinese_calendar": ("scheduler/workdays.py",),
    "rich": ("scheduler/desk",),
    "aiosmtpd": ("scheduler/demo/sink.py",),
    "smtplib": ("intake/smtp.py",),
    "http": ("scheduler/healthz.py", "scheduler/channel.py"),
    "imaplib": ("intake/imap_client.py", "intake/imap_session.py", "intake/imap_errors.py", "intake/imap_connect.py"),
}
OURS = {"parsers", "intake", "scheduler", "_typeshed"}  # _typeshed: types only, never imported at run time


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_library_is_imported_at_home_only(path):
    name = path.relative_to(ROOT).as_posix()
    strays = [
        library
        for library in imports(path)
        if library not in OURS
        and (library in HOMES or library not in sys.stdlib_module_names)
        and not any(name.startswith(home) for home in HOMES.get(library, ()))
    ]
    assert strays == []


def test_every_home_is_lived_in():
    used = {library for path in SOURCES for library in imports(path)}
    assert set(HOMES) - used == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_wall_clock_is_read_in_one_module(path):
    name = path.relative_to(ROOT).as_posix()
    calls = [
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    readers = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    assert name == "scheduler/clock.py" or not readers.intersection(calls)
