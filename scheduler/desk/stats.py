"""`intake stats`: the campaign in numbers, as the page 统计 shows them. In: what `lookup.statistics` gathers. Names nobody."""

import argparse

from intake.words import day_words, moment_words
from scheduler.desk import options, printing
from scheduler.lookup.statistics import Numbers, Row, days_words, numbers

_TIMES = (
    "报表",
    "面向单位",
    "未经催报",
    "第1次催报后",
    "第2次催报后",
    "第3次及以后",
    "逾期后",
    "无意向或免报",
    "尚未来件",
    "合计",
)
_MENDING = ("报表", "曾需补正", "已补正", "尚未补正", "用时中位数", "最长用时")
_DAYS = ("日期", "报送", "其他来信", "发出催报", "期限")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("stats", parents=[common], help="统计：各表何时报来、补正用时、来信去向、每日来信")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the numbers."""
    with options.own_app(arguments) as app:
        campaign, now = app.settings.campaign, app.clock.now()
        found = numbers(app)
    console = printing.screen()
    printing.lines(console, (f"{campaign.name}　截至{moment_words(now)}　已发出催报 {found.reminders} 封",))
    console.print(printing.table("各表何时报来", _TIMES, map(_times, found.rows), numbers=range(1, 10)))
    console.print(printing.table("补正（按工作日计）", _MENDING, map(_mending, found.rows), numbers=range(1, 6)))
    fates = [*found.fates, ("合计", found.total, "")]
    console.print(printing.table("来信去向", ("去向", "封数", "说明"), fates, numbers=(1,)))
    console.print(printing.table("每日来信", _DAYS, _days(found), numbers=(1, 2, 3)))
    if found.daily.before:
        print(f"另有活动开始前的来信 {found.daily.before} 封，不计在内。")
    if found.daily.beyond:
        print(f"另有日期不合常理的来信 {found.daily.beyond} 封，不在表内。")
    return 0


def _name(row: Row) -> str:
    return f"{row.collection.letter_label} {row.collection.form.title}".strip()


def _times(row: Row) -> tuple[object, ...]:
    times, owed = row.times, row.collection.deadline is not None
    silent = times.silent if owed and not row.collection.voluntary else "—"
    total = f"{times.total}（含不要求报的 {times.unasked}）" if times.unasked else times.total
    late = times.late if owed else "—"
    return _name(row), times.asked, times.by_themselves, *times.after, late, times.declined, silent, total


def _mending(row: Row) -> tuple[object, ...]:
    mending = row.mending
    if mending.days is None:  # collected at any time: which mail mends another is not known
        return _name(row), mending.needed, "—", "—", "—", "—"
    guessed = "" if mending.certain else "（按普通工作日推算）"
    longest = days_words(max(mending.days) if mending.days else None) + guessed
    return _name(row), mending.needed, len(mending.days), mending.open, days_words(mending.median), longest


def _days(found: Numbers) -> list[tuple[object, ...]]:
    return [
        (
            day_words(one.day),
            one.forms,
            one.others,
            one.reminders or "",
            "、".join(found.names[form] for form in one.deadlines),
        )
        for one in found.listed
    ]
