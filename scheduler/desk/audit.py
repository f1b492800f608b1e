"""`intake audit`: who did what, when, to what; as the page 操作记录 shows it. In: what `lookup.audit` gathers."""

import argparse

from intake.errors import OfficeError
from intake.summary_remarks import stamp
from scheduler.desk import options, printing
from scheduler.lookup.audit import PAGE, day_typed, find


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("audit", parents=[common], help="操作记录：谁在什么时候做了什么")
    command.add_argument("--who", metavar="姓名", default="", help="只看这个经办人的")
    command.add_argument("--day", metavar="日期", help="只看这一天的，例如 2025-05-28")
    command.add_argument("--limit", type=options.number, metavar="条数", default=PAGE, help=f"最多列几条，默认 {PAGE}")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List what people did, newest first."""
    day = None if arguments.day is None else day_typed(arguments.day)
    if arguments.day is not None and day is None:
        raise OfficeError(f"日期“{arguments.day}”看不明白，请写成 2025-05-28。")
    with options.own_app(arguments) as app:
        found = find(app, who=arguments.who, day=day, size=arguments.limit)
    rows = [(stamp(one.at), one.who, one.words, one.subject, "；".join(one.details)) for one in found.lines]
    printing.screen().print(printing.table("操作记录", ("时间", "经办人", "操作", "对象", "详情"), rows))
    shown = f"，只列出最近的 {len(rows)} 条（用 --limit 增加）" if len(rows) < found.total else ""
    print(f"共 {found.total} 条{shown}。")
    if arguments.who and arguments.who not in found.people:
        print(f"没有叫“{arguments.who}”的经办人。有过操作的：{'、'.join(found.people) or '（还没有）'}。")
    return 0
