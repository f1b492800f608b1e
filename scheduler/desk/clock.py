"""`intake clock`: what our clock shows and what speaks against it; a person may call it right, who looked at another one.

In: arguments. Out: words; with --confirm a mark in the record and an audit row. A running daemon knows it in the same minute.
"""

import argparse

from intake.db import changes
from intake.words import full_moment_words
from scheduler import skew, timekeeping
from scheduler.desk import confirming, options


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "clock", parents=[common, confirming.options()], help="本机时间：与邮件服务器对照的结果；确认本机时间正确"
    )
    command.add_argument("--confirm", action="store_true", help="与手机等对照过、本机时间正确：暂停的信件随即继续发送")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show the clock; exit 1 if letters wait because it is doubted. With --confirm ask, and let them go."""
    with options.own_app(arguments) as app:
        found = timekeeping.doubt(app)
        print(f"本机时间：{full_moment_words(app.clock.now())}（北京时间）")
        print("没有发现不准。" if found is None else f"{skew.words(found)}。")
        if not arguments.confirm:
            return 0 if found is None else 1
        if not arguments.yes and not confirming.said_yes(
            "请与手机对照年、月、日、时、分。上面的本机时间正确吗？[y/N] "
        ):
            print("没有改动。时间不对的，请先校准。")
            return confirming.REFRAINED
        timekeeping.confirm(app)
        with app.bench.sessions.begin() as session:
            changes.note(
                session, who=confirming.who(arguments), action="confirm_clock", subject="clock", now=app.clock.now()
            )
    print("已记下：本机时间正确。暂停的信件随即继续发送；此后再调整时间或重启电脑，重新与邮件服务器对照。")
    return 0
