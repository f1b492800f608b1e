"""`intake check`: everything that must be in order before `run`, one line each: what is well, what is not, what to do."""

import argparse
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from sqlalchemy import inspect

from intake.audience import asked_of
from intake.blank_file import blank_words, read_blank
from intake.db import heartbeats, postgres, soundness
from intake.db.engine import open_engine, reading_factory
from intake.db.models import HeartbeatRow
from intake.db.trouble import told
from intake.errors import IntakeError, OfficeError, system_words
from intake.fault_words import ENGINE_HELP, ENGINE_WORDS
from intake.imap_session import ImapSession
from intake.read import read_document
from intake.roster import Roster
from intake.settings import Collection, SendMode, Settings, Watching
from intake.smtp import SmtpSession
from intake.words import day_words, full_moment_words
from parsers.confine import Layer
from parsers.engines import Engine
from parsers.isolate import Worker, WorkerUnavailable
from parsers.programs import layers
from parsers.services import Services
from parsers.specimens import SPECIMENS, is_read
from scheduler import backups, first_letter, timekeeping
from scheduler.app import load_roster, open_app, prepare_data_dir
from scheduler.channel import Call, Outcome, host_of, robot_name
from scheduler.clock import SystemClock
from scheduler.deadlines import late_after
from scheduler.desk import options
from scheduler.ports import bound
from scheduler.specimen_letters import specimens
from scheduler.workdays import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
_LOW_DISK_PERCENT = 10
_SPECIMEN_SECONDS = 90.0
_TEST_TEXT = "\u3010邮件收表\u3011这是 intake check 发来的测试消息，收到就说明异常告警能到这里。"

_LOST = (
    "没有登记，可是按这份配置已经给各单位发过信（{mark}）：多半是数据目录不见了。请看看数据所在的磁盘是否接好、"
    "[storage] data_dir 是否写对；数据确实没有了的，执行 intake restore；有意重新开始的，启动后信都先留着，"
    "看过以后 intake outbox release --all。"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `ok` None: a remark, neither good nor bad."""

    what: str
    ok: bool | None
    words: str


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check", parents=[common], help="体检：配置、名册、磁盘、读表程序、收信、发信逐项检查"
    )
    command.add_argument("--offline", action="store_true", help="不连接邮件服务器")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check everything; exit 2 if something must be mended here, 3 if only a server failed."""
    console = Console()
    settings = options.own_settings(arguments, need_password=not arguments.offline)
    console.print(f"配置 {settings.source}：没有错误", markup=False, style="green")
    office_ok = _tell(console, _office_findings(settings))
    servers_ok = True
    if not arguments.offline:
        servers_ok = _tell(console, _server_findings(settings))
    if not office_ok:
        return 2
    if not servers_ok:
        return 3
    console.print("全部正常。" if not arguments.offline else "本机各项正常（未连接邮件服务器）。", style="green")
    return 0


def _tell(console: Console, findings: Iterator[Finding]) -> bool:
    well = True
    for finding in findings:
        mark, style = {True: ("正常", "green"), False: ("问题", "red"), None: ("说明", "cyan")}[finding.ok]
        console.print(f"[{style}]{mark}[/]  {finding.what}：", end="")
        console.print(finding.words, markup=False)
        well = well and finding.ok is not False
    return well


def _guarded(what: str, look: Callable[[], str]) -> Finding:
    """Run one check; what it raises for the office or a server is its finding."""
    try:
        return Finding(what, ok=True, words=look())
    except OfficeError as error:
        return Finding(what, ok=False, words="\n      ".join(error.problems))
    except IntakeError as error:
        return Finding(what, ok=False, words=str(error))


def _office_findings(settings: Settings) -> Iterator[Finding]:
    now = SystemClock().now()
    yield Finding("Python", ok=True, words=f"{sys.version.split()[0]}")
    yield _guarded("名册", lambda: _look_at_roster(settings))
    yield _guarded("数据目录", lambda: _look_at_disk(settings))
    yield _guarded("数据库", lambda: _look_at_database(settings))
    yield _guarded("本机时间", lambda: _look_at_clock(settings, now))
    yield from _reader_findings(settings)
    yield from _deadline_findings(settings, now)
    if settings.storage.template_dir is not None:
        yield _guarded("信件模板", lambda: _look_at_letters(settings))
    yield from _door_findings(settings)
    if settings.sending.mode is SendMode.HOLD:
        words = (
            "所有发给单位的信先留在发件箱，用 intake outbox list 查看、release 放行；确认无误后执行 intake sending auto"
        )
        yield Finding("发信方式 hold", ok=None, words=words)
    if (settings.health.webhook_url or settings.health.ping_url) and _others_can_read(settings.source):
        words = f"{settings.source.name} 里有群机器人或报平安的网址，别的用户也能读。请执行 chmod 600 {settings.source.name}"
        yield Finding("配置文件的权限", ok=None, words=words)
    if settings.mailbox.address.lower() in {one.lower() for one in settings.clerk.addresses}:
        words = "[clerk] addresses 里有收表邮箱自己：日报和告警会混在各单位的来件里，不容易看到。请写工作人员自己的邮箱"
        yield Finding("日报", ok=None, words=words)
    if not settings.clerk.addresses:
        yield Finding(
            "日报", ok=None, words="没有填写 [clerk] addresses：不会收到日报和异常告警，也就无从知道系统是否停了"
        )


def _others_can_read(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)  # Windows has no such bits


def _look_at_roster(settings: Settings) -> str:
    roster: Roster = load_roster(settings)
    words = f"{len(roster.units)} 个单位"
    for collection in settings.campaign.collections:
        asked = sum(asked_of(collection, unit) for unit in roster.units)
        words += f"；《{collection.form.title}》{'可报' if collection.voluntary else '应报'} {asked}"
    return "\n      提醒：".join((words, *roster.warnings))


def _look_at_disk(settings: Settings) -> str:
    data_dir = settings.storage.data_dir
    try:
        prepare_data_dir(data_dir)
        probe = data_dir / "write.probe"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise OfficeError(f"{data_dir} 不能写入（{system_words(error)}）。请检查路径和权限。") from error
    usage = shutil.disk_usage(data_dir)
    free = round(100 * usage.free / usage.total)
    if free < _LOW_DISK_PERCENT:
        raise OfficeError(f"{data_dir} 所在磁盘只剩 {free}%，请先清理。磁盘写满时来件不能存档，程序会暂停收信。")
    return f"{data_dir}，磁盘余 {free}%"


def _look_at_database(settings: Settings) -> str:
    there = soundness.is_there(settings.storage.database_url)
    engine = open_engine(settings.storage.database_url)
    try:
        if engine.dialect.name == "sqlite":
            if not there and first_letter.is_marked(settings):
                raise OfficeError(_LOST.format(mark=first_letter.path_of(settings).name))
            return "sqlite，可以打开" if there else "还没有建立，第一次收信时建立"
        return f"{postgres.look(engine)}，可以打开。{backups.words_of_a_server(settings.storage)}"
    finally:
        engine.dispose()


def _look_at_clock(settings: Settings, now: datetime) -> str:
    """Say what our clock shows. Raise OfficeError with what a running or the last service knew against it."""
    shown = f"{full_moment_words(now)}（北京时间）"
    engine = open_engine(settings.storage.database_url)
    try:
        if soundness.is_there(settings.storage.database_url) and inspect(engine).has_table(HeartbeatRow.__tablename__):
            with told(), reading_factory(engine)() as session:
                beat = heartbeats.last_heartbeat(session, timekeeping.TICK)
            if beat.failures:
                raise OfficeError(f"{shown}。{beat.message}。")
    finally:
        engine.dispose()
    return f"{shown}，请与手机对照一下"


def _door_findings(settings: Settings) -> Iterator[Finding]:
    """Try the doors that the service will open. Taken is no fault: the service itself may be running."""
    doors = (("网页", settings.desk.host, settings.desk.port), ("/healthz", "127.0.0.1", settings.health.port))
    for what, host, port in doors:
        if port is None:
            continue
        try:
            bound(host, port).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                words = f"端口 {port} 正在使用：程序正在运行的，就是它自己；没有运行的，是别的程序占用了，请换一个端口"
                yield Finding(what, ok=None, words=words)
            else:
                words = f"{host} 端口 {port} 不能打开（{system_words(error)}）。请检查配置里的 host 和 port"
                yield Finding(what, ok=False, words=words)
        else:
            yield Finding(what, ok=True, words=f"http://{f'[{host}]' if ':' in host else host}:{port} 可以打开")


def _look_at_letters(settings: Settings) -> str:
    """Write every kind of letter once: what is wrong with a template would else be seen when a unit waits for its answer."""
    with open_app(settings, SystemClock()) as app:
        found = specimens(app)
    mistakes = dict.fromkeys(one.mistake for one in found if one.mistake)
    if mistakes:
        raise OfficeError([*mistakes, "改好以后用 intake letters preview 看样张"])
    return f"{sum(not one.absent for one in found)} 种样张都能写成（用 intake letters preview 查看）"


def _reader_findings(settings: Settings) -> Iterator[Finding]:
    """The worker, then each engine: its version, and a tiny document sent through it as a real one would go; the blank forms."""
    services = Services()
    with Worker(handlers="intake.unpack", service=services) as worker:
        yield _worker_finding(worker)
        yield _jail_finding()
        for engine in Engine:
            yield _engine_finding(engine, services, worker)
        for collection in settings.campaign.collections:
            if collection.blank_file is not None:
                yield _blank_finding(collection, settings, worker)


def _engine_finding(engine: Engine, services: Services, worker: Worker) -> Finding:
    what, version = ENGINE_WORDS[engine], services.version(engine)
    if not version:
        words = f"未安装。这类来件会原样存档、转人工，装好后自动重新读取：{ENGINE_HELP[engine]}"
        return Finding(what, ok=None, words=words)
    specimen = SPECIMENS[engine]
    try:
        read = read_document(worker, specimen.data, specimen.name, (), seconds=_SPECIMEN_SECONDS).document
    except WorkerUnavailable:
        return Finding(what, ok=False, words=f"{version}，读表程序没有启动")
    if is_read(read):
        return Finding(what, ok=True, words=f"{version}，试读正常")
    code = read.failure.code if read.failure is not None else "word not found"
    return Finding(what, ok=False, words=f"{version}，试读失败（{code}）。请重新安装：{ENGINE_HELP[engine]}")


def _blank_finding(collection: Collection, settings: Settings, worker: Worker) -> Finding:
    """What was found on the office's own blank form, or every reason why it can't be used."""
    name = collection.blank_file.name if collection.blank_file is not None else ""
    what = f"空白表 {name}《{collection.form.title}》"
    try:
        return _guarded(what, lambda: blank_words(read_blank(collection, settings.campaign.forms, worker), collection))
    except WorkerUnavailable:
        return Finding(what, ok=False, words="读表程序没有启动")


def _worker_finding(worker: Worker) -> Finding:
    """How locked in the worker runs. A missing layer stops no office: its system may have none (macOS, an old kernel)."""
    what = "读表程序"
    try:
        found = worker.report().layers
    except WorkerUnavailable:
        return Finding(
            what, ok=False, words="没有启动。来件会照常存档，但都读不了。请重新安装本程序；仍然如此时把日志交给维护人员"
        )
    active, missing = _layers_in_words(found)
    if found and not missing:
        return Finding(what, ok=True, words=f"已在隔离的子进程中运行（{active}）")
    words = f"提醒：在子进程中运行，{f'有 {active}' if active else '没有任何隔离'}"
    words += f"；缺少 {missing}：打开来历不明的文件时少了这些保护" if missing else "：打开来历不明的文件时少了保护"
    return Finding(what, ok=None, words=words)


def _jail_finding() -> Finding:
    """How locked in LibreOffice and the unpackers run."""
    active, missing = _layers_in_words(layers())
    if not missing:
        return Finding("外部程序的隔离", ok=True, words=active)
    words = f"{active or '无'}；缺少 {missing}：LibreOffice 打开来历不明的文件时少了这些保护"
    return Finding("外部程序的隔离", ok=None, words=words)


def _layers_in_words(found: Sequence[Layer]) -> tuple[str, str]:
    """Return the layers in force and the missing ones, these with their reasons."""
    active = "、".join(f"{layer.name} {layer.detail}".strip() for layer in found if layer.active)
    missing = "、".join(f"{layer.name}（{layer.detail}）" for layer in found if not layer.active)
    return active, missing


def _deadline_findings(settings: Settings, now: datetime) -> Iterator[Finding]:
    calendar = Calendar(settings.calendar)
    for collection in settings.campaign.collections:
        limit = late_after(collection, calendar)
        if collection.deadline is None or limit is None:
            continue
        words = f"{day_words(collection.deadline)}前"
        if limit.astimezone(SHANGHAI).date() != collection.deadline:
            words += f"（休息日，顺延到 {day_words(limit.astimezone(SHANGHAI).date())} 之后才算逾期）"
        if now > limit:
            words += "，已过期"
        yield Finding(f"期限《{collection.form.title}》", ok=None if now > limit else True, words=words)
    until = calendar.known_until()
    certain = until >= now.astimezone(SHANGHAI).date()
    yield Finding(
        "工作日历",
        ok=True if certain else None,
        words=f"国务院放假安排已知到 {until:%Y年%m月%d日}，其后按周一至周五推算，可在 [[calendar.day]] 中补充",
    )


def _server_findings(settings: Settings) -> Iterator[Finding]:
    provider = settings.mailbox.provider
    yield _guarded(f"收信 {provider.imap_host}:{provider.imap_port}", lambda: _look_at_imap(settings))
    yield _guarded(f"发信 {provider.smtp_host}:{provider.smtp_port}", lambda: _look_at_smtp(settings))
    yield from _channel_findings(settings.health)


def _channel_findings(health: Watching) -> Iterator[Finding]:
    """The ways out that are no mail: a message that says it is a test, one ping; never the URLs, which are keys."""
    if (url := health.webhook_url) is not None:
        reply = Call(url, _TEST_TEXT).run()
        taken = reply.outcome is Outcome.TAKEN
        words = f"测试消息{'已发出，请到群里看一眼' if taken else '没有发成'}；{reply.words}"
        yield Finding(f"告警 {robot_name(url)}（{host_of(url)}）", ok=taken, words=words)
    if (url := health.ping_url) is not None:
        reply = Call(url, None).run()
        yield Finding(f"报平安（{host_of(url)}）", ok=reply.outcome is Outcome.TAKEN, words=reply.words)


def _look_at_imap(settings: Settings) -> str:
    with ImapSession(settings.mailbox, settings.polling) as session:
        names = [folder.name for folder in session.folders()]
        words = []
        for folder in settings.mailbox.folders:
            session.examine(folder)
            words.append(f"{folder} {len(session.uids())} 封")
        sent = session.sent_folder()
    return f"登录成功；{'，'.join(words)}；已发送文件夹“{sent}”；共 {len(names)} 个文件夹"


def _look_at_smtp(settings: Settings) -> str:
    session = SmtpSession(settings.mailbox)
    try:
        session.open()
    finally:
        session.close()
    return "登录成功（没有发出任何信）"
