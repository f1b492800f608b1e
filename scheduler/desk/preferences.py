"""`intake roster`, `intake calendar`, `intake sending`: what the office changes by itself; shown first, then asked.

In: arguments. Out: the roster file or config.toml, replaced whole, with an audit row. A running daemon takes it over within a
minute. The same functions as the page 设置.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from intake.db import lists
from intake.errors import OfficeError, system_words
from intake.model import OutboxState
from intake.roster import Roster
from intake.settings import SendMode
from intake.words import SHANGHAI, day_words
from scheduler import office_changes, rosters
from scheduler.app import App, load_roster, open_app
from scheduler.clock import SystemClock
from scheduler.desk import confirming, options
from scheduler.office_changes import MODE_MEANS, MODE_WORDS
from scheduler.rosters import Preview
from scheduler.workdays import Calendar

_MOST = 50  # lines of one kind; the page shows all


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    asking = confirming.options()
    roster = commands.add_parser(
        "roster", parents=[common, asking], help="名册：查看现用名册；给出新文件则先对比、再询问、然后导入"
    )
    roster.add_argument("file", nargs="?", type=Path, metavar="新名册", help=".xlsx 或 .csv；不写则只查看")
    roster.set_defaults(run=run_roster)
    calendar = commands.add_parser("calendar", parents=[common], help="工作日历：查看、声明、删去本单位的放假和上班日")
    actions = calendar.add_subparsers(title="操作", metavar="操作")
    day = argparse.ArgumentParser(add_help=False)
    day.add_argument("day", metavar="日期", help="如 2026-02-16")
    adding = actions.add_parser("add", parents=[common, day], help="声明一天放假或上班")
    adding.add_argument("kind", choices=("holiday", "workday"), metavar="holiday|workday", help="放假或上班")
    adding.add_argument("name", nargs="?", default="", metavar="名称", help="如 春节")
    adding.set_defaults(run=run_add_day)
    removing = actions.add_parser("remove", parents=[common, day], help="删去声明的一天，按国务院的安排计算")
    removing.set_defaults(run=run_remove_day)
    calendar.set_defaults(run=run_calendar)
    sending = commands.add_parser("sending", parents=[common, asking], help="发信方式：先留待放行，还是自动发送")
    sending.add_argument(
        "mode", nargs="?", choices=[one.value for one in SendMode], metavar="hold|auto", help="不写则只查看"
    )
    sending.set_defaults(run=run_sending)


# --- the roster ------------------------------------------------------------------------------------------------------


def run_roster(arguments: argparse.Namespace) -> int:
    """Show the roster; or compare it with a new one, ask, and put that in force. Exit 2 if a roster has mistakes."""
    with _app(arguments) as app:
        if arguments.file is None:
            return _show_roster(app)
        try:
            data = arguments.file.read_bytes()
        except OSError as error:
            raise OfficeError(
                f"新名册读不到：{arguments.file}（{system_words(error)}）。请核对文件名和路径。"
            ) from error
        rosters.check_size(data)
        with app.bench.reading() as record:
            shown = rosters.preview(app, record, data)
        if shown.mistakes:
            raise OfficeError([*shown.mistakes, "新名册没有导入，现用名册没有改动。"])
        print("\n".join(_preview_lines(shown)))
        if not arguments.yes and not confirming.said_yes("导入新名册？导入本身不发信。[y/N] "):
            print("没有改动。")
            return confirming.REFRAINED
        kept = rosters.install(app, data, seen=shown.present.fingerprint, who=confirming.who(arguments))
        print(f"已导入 {len(shown.units)} 个单位。{f'旧名册留存在 {kept}。' if kept else ''}{_noticed(app)}")
    return 0


@contextmanager
def _app(arguments: argparse.Namespace) -> Iterator[App]:
    """Yield the App even if the roster that lies there is faulty: a new one may be what mends it."""
    settings = options.own_settings(arguments, need_password=False)
    try:
        roster = load_roster(settings)
    except OfficeError:
        roster = Roster((), settings.office.region)
    with open_app(settings, SystemClock(), roster=roster) as app:
        yield app


def _show_roster(app: App) -> int:
    found = rosters.present(app)
    print(f"名册 {found.path}")
    for words in found.mistakes:
        print(f"错误：{words}")
    if found.mistakes:
        return 2
    print(f"{len(found.units)} 个单位。")
    for unit in found.units:
        print(f"{unit.order:4}  {unit.name}{f'（{unit.group}）' if unit.group else ''}")
    for words in found.warnings:
        print(f"请留意：{words}")
    return 0


def _preview_lines(shown: Preview) -> Iterator[str]:
    """Yield what the page 名册对比 shows. This is the office's own terminal: numbers and addresses stand in full."""
    found = shown.changes
    yield (
        f"新名册 {len(shown.units)} 个单位，现用名册 {len(shown.present.units)} 个：新增 {len(found.added)} 个，"
        f"减少 {len(found.gone)} 个，改名 {len(found.renamed)} 个，其他改动 {len(found.altered)} 处，"
        f"次序要挪动 {found.moved} 个，没有变化 {found.unchanged} 个。"
    )
    if shown.present.mistakes:
        yield "现在的名册文件有误，以上是与空名册对比。"
    for words in shown.warnings:
        yield f"请留意：{words}"
    for one in found.adrift:
        yield (
            f"注意：以“{one.name}”登记的 {one.forms} 张表现在算作“{one.before}”，"
            f"导入后算作“{one.after or '不在名册的单位'}”。"
        )
    if not found.by_name:
        yield "注意：减少和新增的单位太多，没有按名称比对。请先核对这是不是本次通知的名册。"
    for gone in found.gone:
        like = f"。会不会就是新增的“{'”“'.join(gone.like)}”？是的话请把旧名写进它的曾用名" if gone.like else ""
        yield f"减少：{gone.unit.name}（已报 {gone.sent} 张表，仍保留，不再催报）{like}"
    yield from _cut([f"新增：{unit.name}" for unit in found.added])
    yield from _cut([f"改名：{one.before} → {one.after}" for one in found.renamed])
    yield from _cut(
        [f"{one.unit}　{one.what}：{one.before or '（空）'} → {one.after or '（空）'}" for one in found.altered]
    )
    if shown.new_name:
        yield f"名册文件将由 {shown.present.path.name} 换成 {shown.new_name}，config.toml 的 [roster] file 一并改写。"


def _cut(lines: list[str]) -> Iterator[str]:
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"……另有 {len(lines) - _MOST} 条，全部列在网页“设置—名册”的对比里。"


# --- the working days ------------------------------------------------------------------------------------------------


def run_calendar(arguments: argparse.Namespace) -> int:
    """Show the declared days, and which years are known."""
    with _app(arguments) as app:
        this_year = app.clock.now().astimezone(SHANGHAI).year
        days = app.settings.calendar
        print(f"全年安排已知到 {Calendar(days).known_until()}。")
        for year in (this_year, this_year + 1):
            print(f"{year}年：{office_changes.year_words(days, year)}。")
        for one in office_changes.days_shown(tuple(sorted(days, key=lambda one: one.day))):
            name = f" {one.name}" if one.name else ""
            print(f"{one.day.year}年{day_words(one.day)} {one.kind}{name}（不声明时：{one.decreed}）")
        if not days:
            print("没有另外声明的日子，完全按国务院的安排计算。")
    return 0


def run_add_day(arguments: argparse.Namespace) -> int:
    """Declare a day."""
    day = _day(arguments.day)
    with _app(arguments) as app:
        working = arguments.kind == "workday"
        office_changes.declare_day(app, day, working=working, name=arguments.name, who=options.typist())
        print(f"已添加 {day}（{office_changes.KIND_WORDS[working]}）。{_noticed(app)}")
    return 0


def run_remove_day(arguments: argparse.Namespace) -> int:
    """Take a declared day away."""
    day = _day(arguments.day)
    with _app(arguments) as app:
        office_changes.retract_day(app, day, who=options.typist())
        print(f"已删去 {day}，这一天按国务院的安排计算。{_noticed(app)}")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise OfficeError(f"“{text}”不是日期，没有改动。请写成 2026-02-16 的样子（年-月-日）。") from None


# --- how letters are sent --------------------------------------------------------------------------------------------


def run_sending(arguments: argparse.Namespace) -> int:
    """Show the mode of sending, or set it after having said what it means."""
    with _app(arguments) as app:
        with app.bench.reading() as record:
            held = lists.count_letters(record, (OutboxState.HELD,))
        if arguments.mode is None:
            mode = app.settings.sending.mode
            print(f"发信方式：{MODE_WORDS[mode]}。{MODE_MEANS[mode]}发件箱里有 {held} 封信待放行。")
            return 0
        mode = SendMode(arguments.mode)
        print(f"改为“{MODE_WORDS[mode]}”：{MODE_MEANS[mode]}")
        if mode is SendMode.AUTO and held:
            print(f"发件箱里已有的 {held} 封待放行的信仍然留着，不会自动发出（intake outbox list 查看）。")
        if not arguments.yes and not confirming.said_yes("确认？[y/N] "):
            print("没有改动。")
            return confirming.REFRAINED
        office_changes.set_mode(app, mode, who=confirming.who(arguments))
        print(f"已改为“{MODE_WORDS[mode]}”。{_noticed(app)}")
    return 0


def _noticed(app: App) -> str:
    return office_changes.noticed(office_changes.standing(app).told)
