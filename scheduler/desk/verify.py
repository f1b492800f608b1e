"""`intake verify`: every promise that can be checked on the data as they lie here, one line each.

Reads only. Exit 0 if all holds, 1 if something does not. Invariants: facts/reliability.md §2.2. What can't be looked at
from here is said so, and is neither.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from intake.db import audit, backups, condition, heartbeats, postgres, queries
from intake.db.address import sqlite_file
from intake.errors import OfficeError
from intake.ledger import Ledger
from intake.model import OutboxState, Sha256
from intake.settings import Storage
from intake.summary import formula_cells, values_left_out
from intake.words import moment_words
from scheduler import backups as nightly
from scheduler import papers
from scheduler.app import App, open_app
from scheduler.clock import SystemClock
from scheduler.desk import options, secret_search
from scheduler.desk.rereading import reread
from scheduler.desk.secret_search import Spilled

_SHOWN = 8
_TRIES = 5
_STALE = timedelta(hours=36)
_MEGABYTE = 2**20
_MOST_BYTES = 64 * _MEGABYTE  # SQLite empties its log at 4 MB; no mail is larger
_ABANDONED = timedelta(hours=1)  # nothing is under way for so long
_WORDS = {
    "I1": "有来件登记过却找不到",
    "I2": "有来件被回复了两次",
    "I3": "自动邮件（退信、自动回复等）被回复了",
    "I4": "有信发给了不在名册上、也没有来过信的地址",
    "I5": "有报送记录与“无误才算通过”不符",
    "I7": "有报送版本的来件不见了，或单位自己报的被别人的来件替换而无人核实",
    "I8": "有单位一天内被催报两次，或已报送受理以后又被催报",
    "I9": "有来件存档一小时以上还没有识别",
    "I10": "有来件反复识别失败",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, whether it holds (None: it is not for us to see), in words."""

    rule: str
    what: str
    ok: bool | None
    words: str


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("verify", parents=[common], help="核验：数据是否完整、有无漏收、重复回信等，逐项核对")
    command.add_argument(
        "--deep", action="store_true", help="另在一份副本里把存档原件全部重新识别、登记一遍，与现在的对照（较慢）"
    )
    command.add_argument("--json", action="store_true", help="输出 JSON，供程序读取")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check everything and print a line each."""
    with _app(arguments) as app:
        checks = list(verify(app, deep=arguments.deep))
    if arguments.json:
        for one in checks:
            print(json.dumps(asdict(one), ensure_ascii=False))
    else:
        console = Console()
        for one in checks:
            verdict, style = _VERDICTS[one.ok]
            console.print(f"[{style}]{verdict}[/]  {one.what}：", end="")
            console.print(one.words, markup=False, soft_wrap=True)
    return 1 if any(one.ok is False for one in checks) else 0


_VERDICTS = {True: ("符合", "green"), False: ("不符", "red"), None: ("说明", "cyan")}


@contextmanager
def _app(arguments: argparse.Namespace) -> Iterator[App]:
    """Yield the App with the password, which is looked for in the files; without it where it is out of reach."""
    try:
        settings = options.own_settings(arguments, need_password=True)
    except OfficeError:
        settings = options.own_settings(arguments, need_password=False)
    with open_app(settings, SystemClock()) as app:
        yield app


def verify(app: App, *, deep: bool = False) -> Iterator[Check]:
    """Given an open App, yield what was checked, in the order of a mail's way."""
    now = app.clock.now()
    yield _database(app)
    yield from _archive(app)
    yield from _record(app, now)
    if deep:
        yield from _reread(app)
    yield from _sizes(app, now)
    yield from _workbook(app)
    yield from _secrets(app)
    yield _backup(app, now)


def _database(app: App) -> Check:
    path = sqlite_file(app.settings.storage.database_url)
    if path is None:
        words = f"{postgres.look(app.engine)}，可以读写；数据文件由服务器自己的工具检查"
        return Check("I1", "数据库", ok=None, words=words)
    wrong = backups.what_is_wrong(path)
    words = "完整" if not wrong else f"有损坏（{wrong}）。请停止程序，执行 intake restore 恢复最近的备份"
    return Check("I1", "数据库", ok=not wrong, words=words)


def _archive(app: App) -> Iterator[Check]:
    archive = app.bench.archive
    there = tuple(archive.hashes())  # before the rows: what a running service archives meanwhile is not yet expected
    with app.bench.sessions() as session:
        recorded = audit.recorded(session)
    bad = [one.number for sha256, one in recorded.items() if not archive.verify(Sha256(sha256))]
    words = f"{len(recorded)} 封来件的原件都在，内容与登记的指纹一致"
    if bad:
        words = f"{len(bad)} 封原件缺失或已变样（编号 {_numbers(bad)}）。请从备份恢复，或重新收取"
    yield Check("I1", "存档原件", ok=not bad, words=words)
    sizes = {sha256: archive.size(sha256) for sha256 in there}
    odd = [
        one.number for sha256, one in recorded.items() if sizes.get(Sha256(sha256), one.size_bytes) != one.size_bytes
    ]
    words = "与登记的都一致"
    if odd:
        words = (
            f"{len(odd)} 封的大小与登记的不同（编号 {_numbers(odd)}）。原件没有问题时是登记被改动，请把日志交给维护人员"
        )
    yield Check("I1", "原件大小", ok=not odd, words=words)
    stray = [sha256 for sha256 in there if sha256 not in recorded]
    words = "没有未登记的原件"
    if stray:
        names = "、".join(f"{one[:12]}…" for one in stray[:_SHOWN])
        words = f"{len(stray)} 封原件没有登记（{names}）。请重新启动程序，收完一次信后会自动补登；仍然如此时把日志交给维护人员"
    yield Check("I1", "未登记的原件", ok=not stray, words=words)


def _record(app: App, now: datetime) -> Iterator[Check]:
    settings = app.settings
    roster = {address for unit in app.bench.roster.units for address in unit.addresses}
    rolling = {one.id for one in settings.campaign.collections if one.deadline is None}
    with app.bench.sessions() as session:
        found = list(audit.breaches(session, allowed={*roster, *settings.clerk.addresses}, rolling=rolling, now=now))
        counts = queries.counts(session)
        large = condition.too_large(session, settings.mailbox.address).count
    broken = {one.rule for one in found}
    for one in found:
        yield Check(one.rule, _WORDS[one.rule], ok=False, words=f"{_FOUND[one.what]}{_which(one.rows)}")
    for rule in _WORDS.keys() - broken:
        beside = f"；另有 {large} 封超过大小上限，没有取回，见 intake status" if rule == "I1" and large else ""
        yield Check(rule, _HOLDS[rule], ok=True, words=f"核对无误{beside}")
    uncertain = counts["outbox"].get(OutboxState.UNCERTAIN, 0)
    words = "没有" if not uncertain else f"{uncertain} 封，用 intake outbox list 查看后放行或取消"
    yield Check("I2", "去向不明的信", ok=True, words=words)


# What `audit` found, for people.
_FOUND = {
    "a mail was listed and its message is missing": "邮箱里列出过的来件没有登记",
    "a mail was listed in one length and recorded in another": "登记的大小与邮箱列出的不同",
    "archived for more than an hour and not read": "存档一小时以上还没有识别",
    "a message in a state that there is not": "来件的状态无法识别，登记可能被改动过",
    "tried more often than three times": "识别了三次以上仍未完成",
    "one mail was answered twice": "同一封来件回复了两次",
    "a machine was answered": "回复了自动邮件",
    "a letter went to somebody who is not on the roster and did not write": "收件人不在名册上，也没有来过信",
    "a unit was reminded twice on one day": "同一天催报了两次",
    "a unit was reminded of a form that it had sent": "已受理的表又被催报",
    "accepted although something is wrong with it": "有问题而仍算已受理",
    "a value without the place it was read at": "有的值没有出处",
    "a version whose mail is gone": "报送版本对应的来件已不在",
    "a stranger's form replaced the unit's own and no person saw it": "别人的来件替换了单位自己报的，而没有人核实过",
}
_HOLDS = {
    "I1": "来件都有登记",
    "I2": "没有重复回信",
    "I3": "没有回复自动邮件",
    "I4": "收件人都在名册上或来过信",
    "I5": "通过的报送都没有问题、每个值都有出处",
    "I7": "报送版本都有来件，没有未经核实的替换",
    "I8": "没有一天两次的催报，也没有受理以后的催报",
    "I9": "没有积压的来件",
    "I10": "没有反复失败的来件",
}


def _reread(app: App) -> Iterator[Check]:
    """Read every archived mail again and compare with what was filed: the same rules must give the same."""
    found = reread(app)
    words = f"{found.mails} 封重新识别，结果与登记的一致"
    if found.readings:
        words = (
            f"{len(found.readings)} 封重新识别的结果与登记的不同（编号 {_numbers(found.readings)}）。"
            "程序升级、改过配置或新装了识别程序以后属正常，可执行 intake replay 更新；否则请把日志交给维护人员"
        )
    yield Check("I5", "重新识别", ok=not found.readings, words=words)
    words = f"{found.mails} 封按到达先后重新登记，报送与现在的一致"
    if found.submissions:
        words = (
            f"{len(found.submissions)} 封按到达先后重新登记，报送与现在的不同（编号 {_numbers(found.submissions)}）。"
            "改过名册或配置、来件没有按到达先后识别以后属正常；intake replay 会按重新登记的改过来，之前请先看这几封；"
            "否则请把日志交给维护人员"
        )
    yield Check("I6", "重新登记", ok=None if found.submissions else True, words=words)


def _sizes(app: App, now: datetime) -> Iterator[Check]:
    """What grows without bound fills the disk some day: the write-ahead log, and what was left unfinished."""
    storage = app.settings.storage
    database = sqlite_file(storage.database_url)
    if database is not None:
        size = _size(database.with_name(f"{database.name}-wal"))
        # A transaction may rewrite the whole file, and its log keeps that length until the last program closes.
        ok = size <= max(_MOST_BYTES, _size(database))
        words = f"{size / _MEGABYTE:.0f} MB" + (
            "" if ok else "，太大。请停止程序再启动一次；仍然如此时，请看看是不是有别的程序一直打开着数据库"
        )
        yield Check("I11", "数据库的预写日志", ok=ok, words=words)
    left = [path for path in _unfinished(storage) if SystemClock.of(_changed(path)) < now - _ABANDONED]
    size = sum(map(_size, left))
    ok = size <= _MOST_BYTES
    words = "没有" if not left else f"{len(left)} 个，共 {size / _MEGABYTE:.0f} MB"
    words += "" if ok else f"：{_names(tuple(left))}。是断电等留下的，请停止程序后删除"
    yield Check("I11", "没有写完而留下的文件", ok=ok, words=words)


def _unfinished(storage: Storage) -> Iterator[Path]:
    """Yield the files that were begun and have not got their name yet: of mails, backups, tables, a restore."""
    folders = dict.fromkeys((storage.data_dir, storage.data_dir / "archive", storage.backup_dir))
    for folder in (*folders, storage.backup_dir / "archive"):
        for pattern in ("*.tmp", "*.restoring"):
            yield from sorted(folder.glob(pattern))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _changed(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _workbook(app: App) -> Iterator[Check]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "summary.xlsx"
        ledger = _written(app, path)
        formulas = formula_cells(path)
        left_out = values_left_out(path, app.settings.campaign, ledger) if ledger else ()
    words = "可以导出，没有公式" if not formulas else f"有 {len(formulas)} 格是公式：{'、'.join(formulas[:_SHOWN])}"
    yield Check("I15", "汇总表", ok=not formulas, words=words)
    if ledger is None:
        yield Check("I15", "汇总表的内容", ok=None, words="没有核对：程序正在登记来件，请过几分钟再核验一次")
    elif left_out:
        units = "、".join(left_out[:_SHOWN]) + (" 等" if len(left_out) > _SHOWN else "")
        words = f"{len(left_out)} 个单位的报送在表里不全或不同（{units}）。请先不要使用汇总表，把日志交给维护人员"
        yield Check("I15", "汇总表的内容", ok=False, words=words)
    else:
        yield Check("I15", "汇总表的内容", ok=True, words="与登记的报送逐栏一致")


def _written(app: App, path: Path) -> Ledger | None:
    """Write the workbook and return the ledger that it was made of; None if a service files one mail after another."""
    for _ in range(_TRIES):
        ledger = _ledger(app)
        papers.write_summary(app, path)
        if _ledger(app) is ledger:
            return ledger
    return None


def _ledger(app: App) -> Ledger:
    with app.bench.reading() as session:
        return app.bench.ledgers.read(session)


def _secrets(app: App) -> Iterator[Check]:
    """The secrets may stand nowhere but where the office put them."""
    password = secret_search.password_spilled(app.settings)
    if not password.is_known:
        reason = "授权码太短，会与别的内容混淆" if app.settings.mailbox.password.reveal() else "这一次读不到授权码"
        yield Check("I12", "授权码", ok=None, words=f"没有核对：{reason}")
    else:
        yield _spilled("授权码", password, "请更换授权码，再清理这些文件")
    addresses = secret_search.addresses_spilled(app.settings)
    if addresses is not None:
        advice = "谁知道网址都能用。请在群机器人、报平安服务处换一个，改好配置，再清理这些文件"
        yield _spilled("告警和报平安的网址", addresses, advice)


def _spilled(what: str, found: Spilled, advice: str) -> Check:
    if found.holding:
        return Check("I12", what, ok=False, words=f"出现在 {_names(found.holding)} 里。{advice}")
    if found.unread:
        words = f"有 {len(found.unread)} 个文件读不到（{_names(found.unread)}），其余文件里没有。请检查文件的权限"
        return Check("I12", what, ok=None, words=words)
    return Check("I12", what, ok=True, words="不在数据文件夹和备份文件夹的任何文件里")


def _names(paths: tuple[Path, ...]) -> str:
    shown = "、".join(str(path) for path in paths[:_SHOWN])
    return shown + (" 等" if len(paths) > _SHOWN else "")


def _backup(app: App, now: datetime) -> Check:
    if sqlite_file(app.settings.storage.database_url) is None:
        return Check("I6", "备份", ok=None, words=nightly.words_of_a_server(app.settings.storage))
    with app.bench.sessions() as session:
        at = nightly.newest_at(app.settings.storage, heartbeats.heartbeat(session, "backup").details, now)
    found = nightly.available(app.settings.storage)
    if at is None or not found:
        return Check("I6", "备份", ok=False, words="还没有备份。程序每天凌晨自动备份，也可执行 intake backup")
    wrong = backups.what_is_wrong(found[0])
    if wrong:
        return Check("I6", "备份", ok=False, words=f"{found[0].name} 不完整（{wrong}）。请执行 intake backup 重做")
    fresh = now - at <= _STALE
    words = f"{moment_words(at)}，已校验" + ("" if fresh else "；已经超过一天半，请查看日志")
    return Check("I6", "备份", ok=fresh, words=words)


def _which(rows: tuple[int, ...]) -> str:
    return f"（编号 {_numbers(rows)}）" if rows else ""


def _numbers(rows: "tuple[int, ...] | list[int]") -> str:
    shown = "、".join(str(one) for one in rows[:_SHOWN])
    return shown + (" 等" if len(rows) > _SHOWN else "")
