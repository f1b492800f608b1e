"""导出: the office's papers and files as downloads, each with its counts. An export is written into the audit: a POST.

A file is written into a folder of its own in the data directory (/tmp may be small, or memory), handed out, and removed.
One export at a time: the threads of the desk are few, and the disk is the daemon's.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Blueprint, abort, render_template, send_file
from flask.typing import ResponseReturnValue

from intake.db import changes, queries
from intake.errors import OfficeError
from intake.model import CellState
from intake.summary_tables import missing
from intake.words import SHANGHAI
from scheduler import exports, papers
from scheduler.app import App
from scheduler.web.context import desk, size_words, who
from scheduler.web.doors import page

pages = Blueprint("export", __name__)

MOST_BYTES = 2**30  # of a .zip by the browser; larger ones by command
_PREFIX = "export-"
_LEFT_OVER = timedelta(days=1)
_one = threading.Lock()


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to download. `counts`: what is in it; `refused`: why it can't be had by the browser, "" if it can."""

    what: str
    button: str
    words: str
    counts: str
    refused: str = ""


@pages.get("/export")
@page
def show() -> ResponseReturnValue:
    """Show what can be exported, with counts."""
    here = desk()
    app = here.app
    with app.bench.reading() as record:
        waiting = queries.count_open_reviews(record)
        ledger = here.ledger(record)
        matter = papers.present_matter(app, record, ledger)
        attachments = exports.plan_attachments(app, record, ledger)
        mails, mail_bytes = exports.count_originals(app, record)
    current = [one for one in matter.ledger.submissions if one.current]
    accepted = sum(one.state is CellState.ACCEPTED for one in current)
    without = len(attachments.items) - attachments.files
    counts = {
        "summary": f"{len(app.bench.roster.units)} 个单位，已受理 {accepted} 份"
        + (f"；另有 {waiting} 件来信待核实" if waiting else ""),
        "missing": f"{len(missing(matter).rows)} 个单位还有未报的表",
        "attachments": f"{attachments.files} 个文件，约 {size_words(attachments.size_bytes)}"
        + (f"；另有 {without} 份写在邮件正文里，没有附件" if without else ""),
        "originals": f"{mails} 封来信，约 {size_words(mail_bytes)}",
    }
    sizes = {"attachments": attachments.size_bytes, "originals": mail_bytes}
    return render_template(
        "export.html",
        offers=[
            Offer(
                one.what,
                one.button,
                one.words,
                counts[one.what],
                _too_large(one) if sizes.get(one.what, 0) > MOST_BYTES else "",
            )
            for one in _KINDS.values()
        ],
        waiting=waiting,
    )


@pages.post("/export/<what>", endpoint="fetch")
@page
def fetch(what: str) -> ResponseReturnValue:
    """Write an export and hand it out."""
    kind = _KINDS.get(what)
    if kind is None:
        abort(404)
    app = desk().app
    now = app.clock.now()
    with _alone():
        folder = export_folder(app, now)
        try:
            path = folder / "file"
            details = kind.write(app, path)
            with app.bench.sessions.begin() as session:
                changes.note(session, who=who(), action="export", subject=kind.name, **details, now=now)
            name = f"{kind.name}-{now.astimezone(SHANGHAI):%Y%m%d-%H%M}{kind.ending}"
            answer = send_file(path, "application/octet-stream", as_attachment=True, download_name=name, max_age=0)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    answer.direct_passthrough = False  # or waitress takes the file over and never tells when it is done with it
    answer.call_on_close(lambda: shutil.rmtree(folder, ignore_errors=True))
    return answer


@dataclass(frozen=True, slots=True)
class _Kind:
    what: str
    name: str
    ending: str
    button: str
    words: str
    command: str
    write: Callable[[App, Path], dict[str, object]]


def _summary(app: App, path: Path) -> dict[str, object]:
    papers.write_summary(app, path)
    return {}


def _missing(app: App, path: Path) -> dict[str, object]:
    return {"units": papers.write_missing(app, path)}


def _attachments(app: App, path: Path) -> dict[str, object]:
    plan = exports.plan_attachments(app)
    if not plan.files:
        raise OfficeError("还没有可以打包的附件。")
    command = _KINDS["attachments"].command
    exports.check_room(app, path.parent, plan.size_bytes, most_bytes=MOST_BYTES, command=command)
    return {"files": plan.files, "failed": exports.write_attachments(app, plan, path)}


def _originals(app: App, path: Path) -> dict[str, object]:
    plan = exports.plan_originals(app)
    if not plan.items:
        raise OfficeError("还没有来信可以归档。")
    command = _KINDS["originals"].command
    exports.check_room(app, path.parent, plan.size_bytes, most_bytes=MOST_BYTES, command=command)
    return {"mails": len(plan.items), "failed": exports.write_originals(app, plan, path)}


_KINDS = {
    one.what: one
    for one in (
        _Kind(
            "summary",
            "汇总表",
            ".xlsx",
            "导出汇总表",
            "各表已登记的全部内容、进度、未报名单、情况说明、待处理来件，按名册顺序。",
            "intake export",
            _summary,
        ),
        _Kind(
            "missing",
            "未报名单",
            ".xlsx",
            "导出未报名单",
            "只有还没报的单位：缺哪几张表、期限、联系人和电话、已提醒几次，便于打电话。",
            "intake export --missing",
            _missing,
        ),
        _Kind(
            "attachments",
            "附件打包",
            ".zip",
            "打包附件",
            "现行有效的附件，按“单位-表名-序号”重新命名，另附目录。"
            "带宏的表、程序、网页等双击可能运行的文件，名字后面加了 .bin，确认安全后去掉再打开。",
            "intake export --attachments",
            _attachments,
        ),
        _Kind(
            "originals",
            "归档包",
            ".zip",
            "导出归档包",
            "全部来信的原件（.eml），按收到的先后编号，另附目录，可作收件登记存档。",
            "intake export --archive",
            _originals,
        ),
    )
}


def _too_large(kind: _Kind) -> str:
    return f"超过网页一次可下载的 {MOST_BYTES // 2**20} MB，请在运行本程序的电脑上执行 {kind.command}"


@contextmanager
def _alone() -> Iterator[None]:
    if not _one.acquire(blocking=False):
        raise OfficeError("另一个导出正在进行，请等它完成再试。")
    try:
        yield
    finally:
        _one.release()


def export_folder(app: App, now: datetime) -> Path:
    """Make the folder of one export; what a crash left behind goes."""
    data = app.settings.storage.data_dir
    for old in data.glob(f"{_PREFIX}*"):
        if old.is_dir() and old.stat().st_mtime < (now - _LEFT_OVER).timestamp():
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=data))
