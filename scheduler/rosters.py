"""The roster as the office changes it: what lies there, what a new one would change, the new one in force and the old one kept.

In: the `App`, the bytes of a new roster, who acts and what they saw. Out: the file of [roster] file, replaced whole; the
running daemon notices within a minute (`desk.run.ConfigWatch`). The audit row is written in the transaction that is open
around the change: on SQLite it makes two who change at once take turns, and a change that fails leaves no row. Must not:
put anything in force that was not compared first; delete a roster without a copy.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from intake import config_edit
from intake.config_edit import Declared, declared, fingerprint
from intake.db import changes, lists
from intake.errors import OfficeError, system_words
from intake.roster_changes import RosterChanges, compare
from intake.roster_file import Unit, own_address_warnings, read_units
from intake.settings import Settings
from intake.whole_files import replace_whole
from parsers.text import clean
from scheduler.app import App

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOST_UNITS = 5_000  # a province's counties, townships and offices are fewer; a table chosen by mistake has more rows
MOST_BYTES = 8 * 2**20
KEPT = "rosters"  # in the data directory: what was in force before; below it what waits to be confirmed
_UPLOADS = "uploads"
_LONGEST_NAME = 60  # characters of a file's name in a sentence
_LEFT_OVER = timedelta(days=1)
_XLSX, _EXCEL = b"PK\x03\x04", (".xlsx", ".xlsm")
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Present:
    """The roster file as it lies there. `units` are those in force if the file is faulty; `fingerprint` "" if it is gone."""

    path: Path
    fingerprint: str
    size_bytes: int
    units: tuple[Unit, ...]
    warnings: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    waits: bool = False  # valid, and not yet in force


@dataclass(frozen=True, slots=True)
class Preview:
    """A new roster beside the present one. With `mistakes` there are no changes, and it can't be put in force.

    `new_name`: what the file will be called, if its kind (.xlsx, .csv) is not that of the present one; else "".
    """

    present: Present
    fingerprint: str
    units: tuple[Unit, ...] = ()
    warnings: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    changes: RosterChanges = field(default_factory=RosterChanges)
    new_name: str = ""


def present(app: App) -> Present:
    """Return the roster as it lies in the office's folder, and whether it is the one in force."""
    path, in_force = app.settings.roster_file, app.bench.roster
    try:
        data = path.read_bytes()
    except OSError as error:
        words = f"名册文件读不到：{path.name}（{system_words(error)}）。程序仍按先前读到的名册运行。"
        return Present(path, "", 0, in_force.units, mistakes=(words,))
    try:
        units, warnings = read_units(data, path.name, app.settings.campaign)
    except OfficeError as error:
        return Present(path, fingerprint(data), len(data), in_force.units, mistakes=tuple(error.problems))
    warnings += own_address_warnings(units, app.settings.mailbox.address)
    return Present(path, fingerprint(data), len(data), units, warnings, waits=units != in_force.units)


def preview(app: App, session: Session, data: bytes, file_name: str = "") -> Preview:
    """Given an open session and the bytes of a new roster, return what it would change. Changes nothing.

    `file_name` is what people call the file in its mistakes; "" for 新名册.
    """
    here, kind = present(app), kind_of(data)
    new_name = "" if (here.path.suffix.lower() in _EXCEL) == (kind in _EXCEL) else here.path.with_suffix(kind).name
    try:
        _refuse_crowd(0 if kind in _EXCEL else data.count(b"\n") // 2)  # rows before they are read: that takes minutes
        units, warnings = read_units(data, file_name or f"新名册{kind}", app.settings.campaign)
        warnings += own_address_warnings(units, app.settings.mailbox.address)
        _refuse_crowd(len(units))
    except OfficeError as error:
        return Preview(here, fingerprint(data), mistakes=tuple(error.problems))
    titles = {one.id: one.form.title for one in app.settings.campaign.collections}
    recorded = lists.forms_by_name(session, app.settings.campaign.id)
    found = compare(here.units, units, recorded=recorded, titles=titles, region=app.settings.office.region)
    return Preview(here, fingerprint(data), units, warnings, changes=found, new_name=new_name)


def _refuse_crowd(units: int) -> None:
    if units > MOST_UNITS:
        raise OfficeError(f"新名册的单位超过 {MOST_UNITS} 个，多半选错了文件。请核对后重新上传。")


def kind_of(data: bytes) -> str:
    """Return how the name of a roster with that content ends: the program reads by the content, people by the name."""
    return ".xlsx" if data.startswith(_XLSX) else ".csv"


def install(app: App, data: bytes, *, seen: str, who: str) -> Path | None:
    """Put a new roster in force, if the present one is still that which was `seen`. Return where the old one is kept.

    A .csv that takes the place of an .xlsx gets a name of its own and [roster] file is changed to it: under the old name
    Excel would not open it. That change is the one moment at which the new roster counts. Raise OfficeError, with the
    old roster in its place, if anything is not in order.
    """
    settings, now = app.settings, app.clock.now()
    config_edit.refuse_example(settings.source)
    told = _own_declared(settings)
    with app.bench.reading() as record:
        shown = preview(app, record, data)
    if shown.mistakes:
        raise OfficeError(shown.mistakes)
    found = shown.changes
    with app.bench.sessions.begin() as session:
        if not _fingerprint_of(settings.roster_file) == shown.present.fingerprint == seen:
            raise OfficeError("没有执行：名册文件在您查看期间被改动了。请重新上传，看过最新的对比再确认。")
        changes.note(
            session,
            who=who,
            action="roster",
            subject="roster",
            now=now,
            units=len(shown.units),
            added=len(found.added),
            gone=len(found.gone),
            renamed=len(found.renamed),
            sha256=shown.fingerprint,
        )
        session.flush()
        kept = _keep_old(app, now)
        if shown.new_name:
            _switch(settings, told, shown.new_name, data)
        else:
            replace_whole(settings.roster_file, data, what="名册文件")
    return kept


def _fingerprint_of(path: Path) -> str:
    try:
        return fingerprint(path.read_bytes())
    except OSError:
        return ""


def _own_declared(settings: Settings) -> Declared:
    told = declared(settings.source)
    if (settings.source.parent / told.roster).resolve() != settings.roster_file:
        raise OfficeError("config.toml 里 [roster] file 刚改过，程序还没有采用。请等一分钟再试。")
    return told


def _switch(settings: Settings, told: Declared, name: str, data: bytes) -> None:
    """Lay the new roster beside the old one, make the configuration name it, take the old one away (its copy is kept)."""
    file = Path(told.roster).with_name(name)
    target = settings.source.parent / file
    if target.exists():
        raise OfficeError(
            f"新名册要存成 {name}，但名册所在的文件夹里已有这个文件。请先把它移走或改名，或把新名册另存为 "
            f"{settings.roster_file.suffix} 再上传。"
        )
    replace_whole(target, data, what="名册文件", like=settings.roster_file)
    try:
        edit = config_edit.with_roster(file.as_posix())
        config_edit.change(settings.source, edit, seen=told.fingerprint)
    except OfficeError:
        target.unlink(missing_ok=True)
        raise
    settings.roster_file.unlink(missing_ok=True)


def _keep_old(app: App, now: datetime) -> Path | None:
    path = app.settings.roster_file
    if not path.exists():
        return None
    folder = _folder(app)
    stem = f"名册-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}"
    names = (f"{stem}{number}{path.suffix}" for number in ("", *(f"-{number}" for number in range(2, 1000))))
    kept = next(folder / name for name in names if not (folder / name).exists())
    replace_whole(kept, path.read_bytes(), what="旧名册的留存件")
    return kept


# --- what waits to be confirmed --------------------------------------------------------------------------------------


def check_size(data: bytes) -> None:
    """Raise OfficeError for a file that is empty, or larger than any roster."""
    if not data:
        raise OfficeError("没有选择文件，或文件是空的。请选好名册文件再试。")
    if len(data) > MOST_BYTES:
        raise OfficeError(f"文件超过 {MOST_BYTES // 2**20} MB，不像名册。请删去多余的工作表、图片后再试。")


def keep_upload(app: App, data: bytes) -> str:
    """Given an uploaded roster, lay it into the data directory under its hash and return that; leftovers go."""
    check_size(data)
    _folder(app)
    folder = _folder(app, _UPLOADS)
    _clean(folder.iterdir(), app.clock.now())
    name = fingerprint(data)
    replace_whole(folder / name, data, what="上传的名册")
    return name


def shown_name(sent: str) -> str:
    """Given the name of a file as a browser sends it, return it as people are shown it: no folders, and short."""
    name = clean(sent.replace("\\", "/").rpartition("/")[2]).strip()
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 10]}…{name[-9:]}"


def uploaded(app: App, name: str) -> bytes:
    """Return what was laid down under a hash. Raise OfficeError if it is not there any more, or not what it was."""
    path = app.settings.storage.data_dir / KEPT / _UPLOADS / name
    gone = "上传的名册已不在服务器上（超过一天会清除，或已经导入）。请重新上传。"
    if len(name) != 64 or not _HEX.issuperset(name):
        raise OfficeError(gone)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OfficeError(gone) from error
    if fingerprint(data) != name:
        raise OfficeError(gone)
    return data


def forget_upload(app: App, name: str) -> None:
    """Take an upload away that has been put in force."""
    uploaded(app, name)
    (app.settings.storage.data_dir / KEPT / _UPLOADS / name).unlink(missing_ok=True)


def _folder(app: App, *below: str) -> Path:
    folder = app.settings.storage.data_dir.joinpath(KEPT, *below)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OfficeError(
            f"文件夹 {folder} 不能建立（{system_words(error)}），名册没有改动。请检查数据文件夹的权限和磁盘空间。"
        ) from error
    return folder


def _clean(paths: Iterable[Path], now: datetime) -> None:
    for path in paths:
        with suppress(OSError):  # gone meanwhile, or not ours: it is looked at again next time
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < now - _LEFT_OVER:
                path.unlink(missing_ok=True)
