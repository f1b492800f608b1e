"""`python -m tests.bench --desk`: each page of the desk on a large office's record: server time, size, queries.

500 units × 10 forms, 20,000 mails. Goals (issue 6): ≤ 150 ms, ≤ 200 KB as sent, ≤ 15 queries a page. Times are the median of
seven after one that fills what is kept; the machine's share is told by an empty page of the same application (/login).
"""

import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import event
from sqlalchemy.engine import Engine

from scheduler.web.application import make_application
from tests.builders.large import large_office
from tests.web.conftest import Client

_TIMES = 7
PAGES = {
    "总览": "/",
    "进度表": "/progress",
    "待核实": "/review",
    "单位": "/units/7",
    "发件箱": "/outbox",
    "已发送": "/outbox?tab=sent",
    "来信": "/mails",
    "来信查找": "/mails?q=unit77",
    "导出": "/export",
    "统计": "/statistics",
}
GOALS = (150.0, 200.0, 15)  # ms, KB, queries


def table(*, units: int = 500, forms: int = 10, mails: int = 20_000) -> Table:
    """Return the table of all pages."""
    shown = Table(
        title=f"desk: {units} units × {forms} forms, {mails:,} mails (goals ≤ 150 ms, ≤ 200 KB, ≤ 15 queries)"
    )
    for heading in ("page", "first ms", "median ms", "KB", "queries", "within goals"):
        shown.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as name, large_office(Path(name), units=units, forms=forms, mails=mails) as app:
        client = Client(make_application(app, guest="bench"))
        client.get("/login")
        for words, path in {"(login)": "/login", **PAGES}.items():
            first, median, size, queries = measured(client, path, app.engine)
            held = all(got <= goal for got, goal in zip((median, size, queries), GOALS, strict=True))
            shown.add_row(words, f"{first:.0f}", f"{median:.0f}", f"{size:.0f}", str(queries), "yes" if held else "NO")
    return shown


def measured(client: Client, path: str, engine: Engine) -> tuple[float, float, float, int]:
    """Return (first ms, median ms, KB, queries) of a page."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    durations = []
    for number in range(_TIMES + 1):
        if number == _TIMES:
            event.listen(engine, "before_cursor_execute", count)
        begun = time.perf_counter()
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        durations.append(1_000 * (time.perf_counter() - begun))
        assert answer.status_code == 200, (path, answer.status_code)
    event.remove(engine, "before_cursor_execute", count)
    return durations[0], statistics.median(durations[1:]), len(answer.data) / 1024, len(statements)


def show() -> None:
    """Print the table."""
    Console(width=140).print(table())
