"""What the office takes away as one file: the attachments in force, named by our own words, and every original.

In: the `App`. Out: a plan (what would go in, how large that is), and a .zip at a path, written as it is read, one mail in
memory at a time. Names in it are of our making; attachments are taken out by the locked worker. What can't be had does not
spoil the rest: the table of contents says so in its row. Text in that table is never a formula (`intake.summary`).
"""

import re
import secrets
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from intake.db import lists
from intake.db.lists import SourceFile
from intake.errors import OfficeError
from intake.file_names import ending_of, words_name
from intake.ledger import Ledger
from intake.model import CellState, Disposition, PartRole, Sha256, StoredSubmission, UnitName
from intake.originals import part_bytes
from intake.summary import CREATOR, write_tables
from intake.summary_matter import Column, Entry, Table, Tone
from intake.whole_files import made_whole
from intake.words import DISPOSITION_WORDS, STATE_WORDS
from scheduler.app import App

SHANGHAI = ZoneInfo("Asia/Shanghai")
SPARE_BYTES = 2**30  # stays free on the disk of the data: below half of it fetching is at risk (`health`)
_IN_BODY = "写在邮件正文里，没有附件"
_TAKEN = "已收入"
_CONTENTS = "附件目录", "来信目录"  # the last entry of a .zip of ours
# in docProps/core.xml of every workbook of ours
_MARK = re.compile(rf"<dc:creator\b[^>]*>{CREATOR}</dc:creator>".encode())
_TOUCHED = b"lastModifiedBy"  # Excel and WPS write it beside: somebody has worked in it since
_MOST_MARK_BYTES = 2**26  # a table of contents of 100 000 mails has 10 MB
_EARLIEST = datetime(1980, 1, 1, tzinfo=SHANGHAI)  # the zip format's own (APPNOTE 4.4.6)


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A submission in force and its file. `name` "" and `source` None: it has none of its own."""

    submission: StoredSubmission
    title: str
    name: str
    source: SourceFile | None


@dataclass(frozen=True, slots=True)
class Attachments:
    """What would go into 附件打包."""

    items: tuple[AttachedFile, ...]

    @property
    def files(self) -> int:
        return sum(one.source is not None for one in self.items)

    @property
    def size_bytes(self) -> int:
        return sum(one.source.size_bytes for one in self.items if one.source is not None)


@dataclass(frozen=True, slots=True)
class Original:
    """One mail of 归档包, with what its row in the table of contents says."""

    id: int
    sha256: Sha256
    size_bytes: int
    arrived_at: datetime
    sender: str
    subject: str
    fate: str
    brought: str
    name: str


@dataclass(frozen=True, slots=True)
class Originals:
    """What would go into 归档包."""

    items: tuple[Original, ...]

    @property
    def size_bytes(self) -> int:
        return sum(one.size_bytes for one in self.items)


# --- the attachments -------------------------------------------------------------------------------------------------


def plan_attachments(app: App, record: Session | None = None, ledger: Ledger | None = None) -> Attachments:
    """Return the files of all submissions in force, in the order of roster and notice, under names of our own.

    `record`, `ledger`: if it is open, and read, already.
    """
    campaign, roster = app.settings.campaign, app.bench.roster
    with nullcontext(record) if record is not None else app.bench.reading() as session:
        ledger = ledger or app.bench.ledgers.read(session)
        sources = lists.source_files(session)
    by_cell: dict[tuple[UnitName, str], list[StoredSubmission]] = {}
    units: dict[UnitName, None] = dict.fromkeys(UnitName(unit.name) for unit in roster.units)
    for one in ledger.submissions:
        if one.unit is not None and one.current and one.state is not CellState.NO_INTENT:
            units.setdefault(one.unit)
            by_cell.setdefault((one.unit, one.form), []).append(one)
    items: list[AttachedFile] = []
    taken: set[str] = set()
    for unit in units:
        for collection in campaign.collections:
            members = by_cell.get((unit, collection.id), [])
            items += _named(unit, collection.form.title, members, sources, taken)
    return Attachments(tuple(items))


def _named(
    unit: UnitName,
    title: str,
    members: list[StoredSubmission],
    sources: Mapping[int, SourceFile],
    taken: set[str],
) -> Iterator[AttachedFile]:
    """Yield the submissions of one unit and form; several people in one file are one file."""
    stem, number = words_name(unit, title), 0
    known: dict[tuple[int, str], AttachedFile] = {}
    for one in members:
        source = sources.get(one.id)
        if source is None or source.role == PartRole.BODY:
            yield AttachedFile(one, title, "", None)
            continue
        if (source.message_id, source.path) in known:
            continue
        name = ""
        while not name or name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}{ending_of(source.kind)}"
        taken.add(name.casefold())
        known[source.message_id, source.path] = AttachedFile(one, title, name, source)
        yield known[source.message_id, source.path]


def write_attachments(app: App, plan: Attachments, path: Path) -> int:
    """Write the files of a plan and their table of contents to `path`. Return how many files could not be taken."""
    failed = 0
    rows: list[tuple[Entry, ...]] = []
    with _zip(path) as archive:
        for number, one in enumerate(plan.items, start=1):
            words, tone = _IN_BODY, Tone.NEUTRAL
            if one.source is not None:
                try:
                    _put(archive, one.name, _part(app, one.source), one.submission.arrived_at)
                    words, tone = _TAKEN, Tone.PLAIN
                except OfficeError as error:
                    failed += 1
                    words, tone = f"没有收入：{''.join(error.problems)}", Tone.OVERDUE
            rows.append(
                (
                    Entry(number),
                    Entry(one.submission.unit or ""),
                    Entry(one.title),
                    Entry(one.name),
                    Entry(STATE_WORDS[one.submission.state]),
                    Entry(_stamp(one.submission.arrived_at)),
                    Entry(one.submission.message_id),
                    Entry(words, tone),
                )
            )
        columns = (
            Column("序号", centered=True),
            Column("单位", width_limit=28),
            Column("表名", width_limit=30),
            Column("文件", width_limit=44),
            Column("状态", centered=True),
            Column("收到时间", centered=True),
            Column("来信编号", centered=True),
            Column("说明", width_limit=44),
        )
        _contents(app, archive, _CONTENTS[0], columns, rows, path)
    return failed


def _part(app: App, source: SourceFile) -> bytes:
    raw = app.bench.archive.read(Sha256(source.mail_sha256))
    return part_bytes(app.bench.worker, raw, source.path, source.sha256, patience_s=60.0)


# --- the originals ---------------------------------------------------------------------------------------------------


def plan_originals(app: App) -> Originals:
    """Return every mail of the campaign in order of arrival."""
    campaign = app.settings.campaign
    with app.bench.sessions() as session:
        rows = lists.all_mails(session, since=_start(app), campaign=campaign.id)
        submissions = lists.submissions_of_all(session, campaign.id)
    titles = {str(one.id): one.form.title for one in campaign.collections}
    brought: dict[int, list[str]] = {}
    for message_id, unit, form, state in submissions:
        sentence = f"{unit or '单位不明'}《{titles.get(form, form)}》{STATE_WORDS[CellState(state)]}"
        brought.setdefault(message_id, []).append(sentence)
    width = max(4, len(str(len(rows))))
    return Originals(
        tuple(
            Original(
                row.id,
                Sha256(row.sha256),
                row.size_bytes,
                row.arrived_at,
                f"{row.from_name} {row.from_address}".strip(),
                row.subject,
                _fate(row.state, row.disposition),
                "\n".join(brought.get(row.id, ())),
                f"{number:0{width}}-{row.arrived_at.astimezone(SHANGHAI):%Y%m%d-%H%M}.eml",
            )
            for number, row in enumerate(rows, start=1)
        )
    )


def count_originals(app: App, record: Session) -> tuple[int, int]:
    """Given an open record, return how many mails that would be, and how many bytes, without looking at each."""
    return lists.size_of_all_mails(record, since=_start(app), campaign=app.settings.campaign.id)


def _start(app: App) -> datetime:
    return app.settings.campaign.begins_at


def _fate(state: str, disposition: str) -> str:
    if state in ("archived", "shunted"):
        return {"archived": "等待识别", "shunted": "程序出错，已搁置"}[state]
    return DISPOSITION_WORDS[Disposition(disposition)]


def write_originals(app: App, plan: Originals, path: Path) -> int:
    """Write every mail of a plan as it came, and a table of contents, to `path`. Return how many could not be had."""
    failed = 0
    rows: list[tuple[Entry, ...]] = []
    with _zip(path) as archive:
        for number, one in enumerate(plan.items, start=1):
            try:
                _put(archive, one.name, app.bench.archive.read(one.sha256), one.arrived_at)
                words, tone = _TAKEN, Tone.PLAIN
            except OfficeError:
                failed += 1
                words, tone = "没有收入：原件缺失或已损坏，请执行 intake verify", Tone.OVERDUE
            rows.append(
                (
                    Entry(number),
                    Entry(one.id),
                    Entry(_stamp(one.arrived_at)),
                    Entry(one.sender),
                    Entry(one.subject),
                    Entry(one.fate),
                    Entry(one.brought),
                    Entry(one.name),
                    Entry(one.sha256, Tone.FAINT),
                    Entry(words, tone),
                )
            )
        columns = (
            Column("序号", centered=True),
            Column("来信编号", centered=True),
            Column("收到时间", centered=True),
            Column("发件人", width_limit=30),
            Column("主题", width_limit=40),
            Column("处理结果", centered=True),
            Column("登记内容", width_limit=44),
            Column("文件", width_limit=26),
            Column("SHA-256", width_limit=30),
            Column("说明", width_limit=30),
        )
        _contents(app, archive, _CONTENTS[1], columns, rows, path)
    return failed


# --- the container ---------------------------------------------------------------------------------------------------


def check_room(app: App, folder: Path, size_bytes: int, *, most_bytes: int | None = None, command: str = "") -> None:
    """Raise OfficeError, in words, if a file of that size is more than may be or would fill the disk."""
    if most_bytes is not None and size_bytes > most_bytes:
        raise OfficeError(
            f"内容约 {size_bytes // 2**20} MB，超过网页一次可下载的 {most_bytes // 2**20} MB，没有导出。"
            f"请在运行本程序的电脑上执行 {command}。"
        )
    free = shutil.disk_usage(folder).free
    ours = folder.stat().st_dev == app.settings.storage.data_dir.stat().st_dev
    if free - size_bytes < (SPARE_BYTES if ours else 0):
        raise OfficeError(
            f"磁盘只剩 {free // 2**20} MB，再写 {size_bytes // 2**20} MB 会影响收信，没有导出。请先清理磁盘，"
            f"或用 {command} 写到别的磁盘。"
        )


def is_ours(path: Path) -> bool:
    """Return whether the file at `path` is a workbook or a .zip as this program wrote it: then a newer one may replace it."""
    try:
        with path.open("rb") as file:
            return _is_marked(file)
    except (BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, zlib.error):
        return False  # RuntimeError: zipfile, of an encrypted entry


def _is_marked(file: IO[bytes]) -> bool:
    with ZipFile(file) as archive:
        names = archive.namelist()
        inner = bool(names) and names[-1] in {f"{name}.xlsx" for name in _CONTENTS}
        name = names[-1] if inner else "docProps/core.xml"
        if name not in names or archive.getinfo(name).file_size > _MOST_MARK_BYTES:
            return False
        data = archive.read(name)
    return _is_marked(BytesIO(data)) if inner else bool(_MARK.search(data)) and _TOUCHED not in data


@contextmanager
def _zip(path: Path) -> Iterator[ZipFile]:
    """Yield a .zip that stands at `path` once it is whole, and not before."""
    with made_whole(path) as file, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        yield archive


def _put(archive: ZipFile, name: str, data: bytes, at: datetime) -> None:
    local = max(at.astimezone(SHANGHAI), _EARLIEST)
    info = ZipInfo(name, (local.year, local.month, local.day, local.hour, local.minute, local.second))
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    archive.writestr(info, data)


def _contents(
    app: App,
    archive: ZipFile,
    name: str,
    columns: tuple[Column, ...],
    rows: list[tuple[Entry, ...]],
    beside: Path,
) -> None:
    now = app.clock.now()
    campaign = app.settings.campaign
    subtitle = f"{campaign.name}　截至{_stamp(now)}　共{len(rows)}项"
    workbook = beside.with_name(f".{secrets.token_hex(4)}.xlsx")
    try:
        write_tables(
            workbook, (Table(name, name, subtitle, columns, tuple(rows)),), title=campaign.name, generated_at=now
        )
        _put(archive, f"{name}.xlsx", workbook.read_bytes(), now)
    finally:
        workbook.unlink(missing_ok=True)


def _stamp(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
