"""The nightly backup and its return: database, signing key and, if it lies elsewhere, a mirror of the archive.

In: an `App`, or settings. Out: files below the backup directory:

    nightly-20250530.sqlite   a verified copy of the database, the newest fourteen
    signing.key               by which our own letters are known
    archive/                  every mail, only if the directory is not inside the data directory (else it would be twice
                              on the same disk)

A database on a server is copied by the server's own tools (pg_dump), which the office runs: whether it does can't be seen
from here, so nothing here says that it is backed up, and the backup tick is well when key and mails are.

Must not: delete anything but its own old copies.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import chain, count
from pathlib import Path
from zoneinfo import ZoneInfo

from intake import restored
from intake.archive import Archive
from intake.db import backups, heartbeats, soundness
from intake.db.address import sqlite_file
from intake.db.engine import open_engine
from intake.db.record import SqlRecord
from intake.errors import OfficeError
from intake.settings import Settings, Storage
from intake.whole_files import replace_whole
from intake.words import DECISION_KIND_WORDS, NOTE_KIND_WORDS
from scheduler.app import SIGNING_KEY, App
from scheduler.clock import SystemClock
from scheduler.last_letter import forget

log = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")
_AT = time(2)  # when nobody works; an office server that is off at night makes it up in the morning
_KEPT = 14
_ENTRY = "backup"
# What a kill in the middle of a backup leaves; another one that is under way has touched its own within the hour.
_UNFINISHED = ("nightly-*.tmp", "before-*.tmp", f".{SIGNING_KEY}.*.tmp", "archive/*.tmp")
_ABANDONED = timedelta(hours=1)
_UNDER_WAY = "restoring"  # lies in the data directory while the database may be another one and nothing is held yet


# --- making them -----------------------------------------------------------------------------------------------------


def back_up_nightly(app: App) -> None:
    """Make the backup of the day, if it has not been made. Raise OfficeError if the disk or the database refuses."""
    now = app.clock.now()
    with app.bench.sessions.begin() as session:
        beat = heartbeats.heartbeat(session, _ENTRY)
        last = last_backup_at(beat.details)
        is_made = last is not None and last >= _newest_due(now)
        if is_made and beat.failures:
            heartbeats.note_tick(session, _ENTRY, now=last or now)  # the last commit was told as failed, and was none
    if is_made:
        return
    back_up(app, now)


def back_up(app: App, now: datetime) -> Path | None:
    """Make a backup now and return the copy of the database; None if it lies on a server (only key and mails are copied)."""
    storage = app.settings.storage
    _sweep(storage, now)
    target = None
    if app.engine.dialect.name == "sqlite":
        target = storage.backup_dir / f"nightly-{now.astimezone(SHANGHAI):%Y%m%d}.sqlite"
        backups.back_up_sqlite(app.engine, target)
    mails = mirror(app.bench.archive, storage, stopping=app.running.stopping.is_set)
    _copy_key(storage)
    for old in sorted(storage.backup_dir.glob("nightly-*.sqlite"))[:-_KEPT]:
        old.unlink()
    with app.bench.sessions.begin() as session:
        details = {"at": now.isoformat(), "file": "" if target is None else target.name, "mirrored": mails}
        heartbeats.note_tick(session, _ENTRY, now=now, details=details)
    log.info("action=backup.done mirrored=%d", mails)
    return target


def _sweep(storage: Storage, now: datetime) -> None:
    for path in [path for pattern in _UNFINISHED for path in storage.backup_dir.glob(pattern)]:
        with suppress(OSError):  # told by verify if it is much
            # the time of the content is the mail's (`archive.store`), that of the inode is ours
            if SystemClock.of(path.stat().st_ctime) < now - _ABANDONED:
                path.unlink()


def last_backup_at(details: dict[str, object] | None) -> datetime | None:
    """Given the details of the heartbeat, return when the last backup was made."""
    at = (details or {}).get("at")
    return datetime.fromisoformat(str(at)) if at else None


def newest_at(storage: Storage, details: dict[str, object] | None, now: datetime) -> datetime | None:
    """Given the details of the heartbeat, return when the newest backup that is there was made.

    A record that was restored knows only of backups before its own copy, of the first not even that there is one: then
    the files tell. A file of the future (a clock that was set back) tells nothing.
    """
    files = [SystemClock.of(path.stat().st_mtime) for path in available(storage)]
    told = last_backup_at(details)
    return max((one for one in (told, *files) if one is not None and (one == told or one <= now)), default=None)


def mirror(archive: Archive, storage: Storage, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Copy what the archive has and its mirror has not, each mail verified. Return how many; 0 if there is no mirror.

    A mail whose bytes have gone bad raises OfficeError: it must not take the place of a good copy.
    """
    if not has_mirror(storage):
        return 0
    there = Archive(storage.backup_dir / "archive")
    copied = 0
    known = set(there.hashes())
    for sha256 in archive.hashes():
        if stopping():
            break
        if sha256 not in known:
            there.store([archive.read(sha256)], arrived_at=archive.arrived_at(sha256))
            copied += 1
    return copied


def has_mirror(storage: Storage) -> bool:
    """Return whether the archive is mirrored: only where the backups do not lie inside the data directory."""
    return not storage.backup_dir.is_relative_to(storage.data_dir)


def _newest_due(now: datetime) -> datetime:
    local = now.astimezone(SHANGHAI)
    today = datetime.combine(local.date(), _AT, SHANGHAI)
    return today if local >= today else today - timedelta(days=1)


def _copy_key(storage: Storage) -> None:
    source, target = storage.data_dir / SIGNING_KEY, storage.backup_dir / SIGNING_KEY
    if source.exists() and (not target.exists() or target.read_bytes() != source.read_bytes()):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_whole(target, source.read_bytes(), what="密钥文件")


# --- bringing them back ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PutBack:
    """What a restore did before the record is opened again: from where, where the former database lies, mails fetched back."""

    source: Path | None
    aside: Path
    mails: int


def available(storage: Storage) -> tuple[Path, ...]:
    """Return the copies of the database that there are, newest first."""
    found = [*storage.backup_dir.glob("*.sqlite"), *(storage.data_dir / "backups").glob("*.sqlite")]
    return tuple(sorted({one.resolve() for one in found}, key=lambda path: path.stat().st_mtime, reverse=True))


def put_back(settings: Settings, source: Path | None, now: datetime) -> PutBack:
    """Given a copy of the database (None: an empty one), put it in the place of the present one.

    Mails that only the mirror has come back into the archive, and the signing key if it is lost. Raise OfficeError if the
    copy is not whole or the disk refuses. The data directory must be ours alone (`daemon.single_instance`). A server's
    database is never touched: it can only be found empty.
    """
    storage = settings.storage
    database = sqlite_file(storage.database_url)
    if database is None:
        _must_be_empty(storage, source)
    elif source is not None:
        backups.refuse_what_is_no_backup(source)
    mails = files_back(storage)  # first: a start between the two would make a new key beside the old record
    storage.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_whole(storage.data_dir / _UNDER_WAY, b"", what="恢复标记")
    if database is None:
        return PutBack(None, storage.data_dir / "replaced", mails)
    aside = aside_of(storage, now)
    if source is None:
        backups.set_aside(database, aside)
    else:
        backups.put_back(source, database, aside=aside)
    return PutBack(source, aside, mails)


def aside_of(storage: Storage, now: datetime) -> Path:
    """Return where the database goes that is replaced now: into no folder that holds another one already."""
    name = f"replaced-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}"
    taken = {path.name for path in storage.data_dir.glob(f"{name}*")}
    free = next(one for one in chain([name], (f"{name}-{number}" for number in count(2))) if one not in taken)
    return storage.data_dir / free


def prospect(storage: Storage, source: Path | None, now: datetime) -> tuple[str, ...]:
    """Return, in words, what `put_back` would replace and what would be lost by it; nothing if there is no database.

    Raise OfficeError if the copy is none of ours or not whole.
    """
    database = sqlite_file(storage.database_url)
    if source is not None and database is not None:
        backups.refuse_what_is_no_backup(source)
        if database.exists() and source.samefile(database):
            raise OfficeError(f"{source} 就是现在的数据库，没有恢复。有哪些备份：intake restore --list。")
    if database is None or not database.exists():
        return ()  # a server's is only ever found empty
    by = "从存档原件重建的数据库" if source is None else f"备份 {source}"
    return (
        f"现在的数据库 {database} 将换成{by}。",
        *_lost(backups.work_of_people(database), Counter() if source is None else backups.work_of_people(source)),
        f"现在的数据库不会删除，移到 {aside_of(storage, now)}。",
    )


def _lost(now: Counter[tuple[str, str]] | None, then: Counter[tuple[str, str]] | None) -> Iterator[str]:
    """Yield what people did that the new database will not know; mails are read again from the archive."""
    if now is None or then is None:
        yield "现在的数据库读不出来，换掉以后哪些人工处理、补录纸质件、免报、电话催办会丢失，无法列出。"
        return
    gone = now - then
    decided = {words: gone["decisions", kind] for kind, words in DECISION_KIND_WORDS.items()}
    noted = {words: gone["unit_notes", kind] for kind, words in NOTE_KIND_WORDS.items()}
    lines = [
        f"  {title} {sum(parts.values())} {unit}（{'、'.join(f'{words} {n}' for words, n in parts.items() if n)}）"
        for title, unit, parts in (("人工处理", "项", decided), ("单位登记", "条", noted))
        if any(parts.values())
    ]
    if gone["audit", ""]:
        lines.append(f"  操作记录 {gone['audit', '']} 条")
    if not lines:
        yield "现在的数据库里没有会因此丢失的人工处理和登记。"
        return
    yield "以下内容来件里没有，换掉以后就不再计入，需要的要重新办理："
    yield from lines


def refuse_for_a_server(storage: Storage) -> None:
    """Raise OfficeError if the database lies on a server: no copy of it is ours to put back."""
    if sqlite_file(storage.database_url) is None:
        raise OfficeError(
            "数据库在 PostgreSQL 服务器上，本命令不能恢复它。请管理员用 pg_dump 的备份恢复（pg_restore 或 psql），"
            "然后执行 intake restore --hold：发信全部暂停，来件原件从备份补回。没有可用的备份时，请新建一个空数据库，"
            "把 [storage] database_url 改成它，执行 intake restore --from-archive 从存档原件重建。"
        )


def words_of_a_server(storage: Storage) -> str:
    """Return what is and is not backed up where the database lies on a server."""
    words = "数据库在 PostgreSQL 服务器上，本程序不备份它，也看不到有没有备份：请管理员每天用 pg_dump 备份，并试着恢复一次。"
    if has_mirror(storage):
        return f"{words}来件原件和密钥每天备份到 {storage.backup_dir}。"
    return f"{words}来件原件没有另存。建议把 [storage] backup_dir 写成另一块硬盘上的文件夹。"


def _must_be_empty(storage: Storage, source: Path | None) -> None:
    if source is not None:
        refuse_for_a_server(storage)
    engine = open_engine(storage.database_url)
    try:
        if not soundness.is_empty(engine):
            raise OfficeError(
                "数据库里已有数据表，本命令不删除它们。请管理员新建一个空数据库，把 [storage] database_url 改成它，"
                "再执行 intake restore --from-archive。"
            )
    finally:
        engine.dispose()


def files_back(storage: Storage) -> int:
    """Bring back from the backups the signing key and the mails that are lost here. Return how many mails."""
    key, spare = storage.data_dir / SIGNING_KEY, storage.backup_dir / SIGNING_KEY
    if not key.exists() and spare.exists():
        storage.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # whole or not at all: with half a key, the second try would take it for ours and know no letter by its name
        replace_whole(key, spare.read_bytes(), what="密钥文件")
    if not has_mirror(storage):
        return 0
    archive, there = Archive(storage.data_dir / "archive"), Archive(storage.backup_dir / "archive")
    missing = [sha256 for sha256 in there.hashes() if not archive.verify(sha256)]
    for sha256 in missing:
        archive.store([there.read(sha256)], arrived_at=there.arrived_at(sha256))
    return len(missing)


def hold(app: App) -> int:
    """Hold everything that could go out. Return how many letters that is."""
    with app.bench.sessions.begin() as session:
        held = restored.hold(session, restored.Held(app.clock.now()))
    forget(app.settings.storage.data_dir)
    (app.settings.storage.data_dir / _UNDER_WAY).unlink(missing_ok=True)
    return held


def hold_if_cut_short(app: App) -> None:
    """Hold everything if a restore ended (a power loss) when the database was replaced and nothing was held yet.

    Without this, the start of the machine after it would answer every mail again that came after the backup.
    """
    if (app.settings.storage.data_dir / _UNDER_WAY).exists():
        log.warning("action=restore.cut_short letters_held=%d", hold(app))


def adopt_orphans(app: App) -> int:
    """Record the archived mails that have no row (after a crash, or in a database built anew). Return how many.

    Only when the server no longer lists them, or no server is asked: it knows the folder, the file only the arrival.
    """
    record = SqlRecord(app.bench.sessions, now=app.clock.now())
    adopted = 0
    for sha256 in app.bench.archive.orphans(record.hashes()):
        record.adopt(sha256, app.bench.archive.size(sha256), app.bench.archive.arrived_at(sha256))
        adopted += 1
    return adopted
