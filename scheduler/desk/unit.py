"""`intake unit NAME`: one unit as the page 单位 shows it: contacts, what it owes, versions with differences, all that went between.

In: what `lookup.units` gathers. It is about one unit: numbers and addresses are printed in full, as on the page.
"""

import argparse
from collections.abc import Iterator

from rich.console import Console

from intake.cases import RefusedError, unit_named
from intake.model import UnitName
from intake.words import day_words, moment_words
from parsers.text import clean
from scheduler.app import App
from scheduler.desk import options, printing
from scheduler.lookup.units import MOST, FormShown, UnitSheet, unit_sheet
from scheduler.lookup.versions import Change, Copy, Shown

_CUT = 400  # characters of one remark


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "unit", parents=[common], help="一个单位：联系方式、应报材料、各版内容和变动、往来记录"
    )
    command.add_argument("name", metavar="单位", help="名册上的名称或简称；已不在名册上的，写它报送时的名称")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the unit."""
    with options.own_app(arguments) as app:
        sheet = _sheet(app, arguments.name)
    console = printing.screen()
    printing.lines(console, _contacts(sheet))
    rows = [
        (at, f"{one.label} {one.title}".strip(), one.asked, _limit(one), one.mark.words, len(one.versions) or "—")
        for at, one in enumerate(sheet.forms, start=1)
    ]
    console.print(printing.table("应报材料", ("序号", "报表", "要求", "期限", "状态", "版本"), rows, numbers=(0, 5)))
    for form in sheet.forms:
        _print_form(console, form)
    _print_events(console, sheet)
    return 0


def _sheet(app: App, name: str) -> UnitSheet:
    """Return the unit that is called so. Raise RefusedError if that is not certain and nothing was sent under that name."""
    try:
        today = unit_named(app.bench, name)
    except RefusedError:
        gone = unit_sheet(app, UnitName(clean(name)), None)
        if gone is None:
            raise
        return gone
    unit = next(one for one in app.bench.roster.units if one.name == today)
    found = unit_sheet(app, today, unit)
    if found is None:
        raise RefusedError(f"名册上没有“{clean(name)}”。")  # never so of a unit of the roster
    return found


def _limit(form: FormShown) -> str:
    return "随时" if form.collection.deadline is None else day_words(form.collection.deadline)


def _contacts(sheet: UnitSheet) -> Iterator[str]:
    unit = sheet.unit
    if unit is None:
        yield f"{sheet.name}　不在现行名册，没有联系方式，也不会催报"
    else:
        yield f"{unit.order}　{sheet.name}"
        yield f"联系人：{unit.contact_name or '（名册未填）'}　电话：{unit.phone or '（名册未填）'}"
        if not sheet.addresses:
            yield "邮箱：（名册未填，无法发信催报）"
        for one in sheet.addresses:
            bounced = (
                "" if one.bounced_at is None else f"　退信（{moment_words(one.bounced_at)}起，{one.reason[:_CUT]}）"
            )
            yield f"邮箱：{one.address}{bounced}"
    if sheet.others:
        yield f"报送所用其他邮箱（不在名册上）：{'、'.join(sheet.others)}"
    if unit is not None and (unit.aliases or unit.former_names):
        names = "、".join((*unit.aliases, *(f"{one}（曾用名）" for one in unit.former_names)))
        yield f"其他名称：{names}"


# --- forms -----------------------------------------------------------------------------------------------------------


def _print_form(console: Console, form: FormShown) -> None:
    if not form.versions:
        return
    printing.lines(console, ("", f"{form.label} {form.title}　{form.mark.words}".strip()))
    if form.rolling and len(form.versions) > 1:
        printing.lines(console, ("随时报送的材料，各份都有效，互不替代。",))
    for version in form.versions:
        printing.lines(console, _version(version))
        for one in version.changes:
            _print_change(console, version.number, one)
        if version.in_force:
            for copy in version.copies:
                _print_copy(console, copy)


def _version(version: Shown) -> Iterator[str]:
    states = "、".join(words for _, words in version.states)
    marks = "　".join(filter(None, (states, version.lateness, "现行" if version.in_force else "")))
    yield f"第{version.number}版　{marks}　{_came(version)}"
    for copy in version.copies:
        name = f"{copy.name}：" if copy.name else ""
        yield from (f"  · {name}{words[:_CUT]}" for words in (*copy.by_hand, *copy.faults, *copy.notes))


def _came(version: Shown) -> str:
    at = moment_words(version.arrived_at)
    if version.message_id is None:
        return f"{at}收到纸质件"
    stranger = "" if version.from_roster else "（不是名册上的邮箱）"
    return f"{at}由 {version.from_address or '（发件人不明）'} 发来{stranger}，第{version.message_id}号来信"


def _print_change(console: Console, number: int, change: Change) -> None:
    head = "　".join(filter(None, (change.name, change.fate)))
    if change.changed:
        headings = ("栏目", f"第{number - 1}版", f"第{number}版")
        console.print(printing.table(f"{head}变动".strip(), headings, change.changed))
    elif change.fate:
        printing.lines(console, (f"  {head}",))
    else:
        printing.lines(console, (f"  {head}　与第{number - 1}版完全相同。".replace("  　", "  "),))
    if change.changed and change.same:
        printing.lines(console, (f"  其余 {len(change.same)} 项不变。",))


def _print_copy(console: Console, copy: Copy) -> None:
    rows = [
        (one.label, one.value or ("（未采用）" if one.written else "（空）"), one.written, one.place, one.rule)
        for one in copy.values
    ]
    if rows:
        title = "　".join(filter(None, (copy.name, copy.attachment)))
        console.print(printing.table(title, ("栏目", "内容", "原文", "出处", "读法"), rows))


# --- all that went between -------------------------------------------------------------------------------------------


def _print_events(console: Console, sheet: UnitSheet) -> None:
    rows = [
        (
            moment_words(one.at),
            one.way.value,
            one.number,
            "\n".join((one.fate, *one.more)),
            one.subject[:_CUT],
            one.party,
        )
        for one in sheet.events
    ]
    headings = ("时间", "类别", "编号", "情况", "主题或内容", "对方或经办人")
    console.print(printing.table("往来记录", headings, rows, numbers=(2,)))
    if sheet.cut:
        printing.lines(console, (f"只显示最近的 {MOST} 封来信和 {MOST} 封去信。",))
    hints = (
        "看一封来信：intake mails 编号；看一封去信：intake outbox show 编号；撤销一条记录：intake note undo 编号。",
    )
    printing.lines(console, hints if rows else ())
