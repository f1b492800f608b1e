"""The console command `intake`: parses the command line, runs one command, turns errors into words and exit codes.

Exit codes: 0 all well · 1 work is left for the clerk · 2 an error of the office (config, disk, password) · 3 a server's.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from intake.db.trouble import told
from intake.errors import OfficeError, ServerError
from parsers.text import clean
from scheduler.desk import (
    audit,
    check,
    clock,
    demonstrate,
    export,
    inspect,
    letters,
    mails,
    note,
    preferences,
    restore,
    review,
    run,
    samples,
    stats,
    status,
    unit,
    users,
    verify,
)
from scheduler.desk.log_lines import EventFormatter, together

EXIT_OK, EXIT_WORK_LEFT, EXIT_OFFICE, EXIT_SERVER = 0, 1, 2, 3

# argparse speaks through gettext: its few words in Chinese.
_ARGPARSE_WORDS = {
    "usage: ": "用法：",
    "positional arguments": "参数",
    "options": "选项",
    "show this help message and exit": "显示本帮助",
    "the following arguments are required: %s": "缺少参数：%s",
    "unrecognized arguments: %s": "不认识的参数：%s",
    "invalid choice: %(value)r (choose from %(choices)s)": "没有 %(value)r；可用的有：%(choices)s",
    "one of the arguments %s is required": "缺少参数，以下必须写一个：%s",
    "not allowed with argument %s": "不能与 %s 同时使用",
    "expected one argument": "后面要跟一个值",
    "expected at least one argument": "后面至少要跟一个值",
    "invalid %(type)s value: %(value)r": "值不对：%(value)r",
    "%(prog)s: error: %(message)s\n": "%(prog)s：%(message)s\n",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s：%(message)s",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Given command line arguments, run the command and return its exit code."""
    _speak_chinese()
    arguments = _parser().parse_args(argv)
    _set_up_logging(verbose=arguments.verbose)
    try:
        with told():
            return int(arguments.run(arguments))
    except OfficeError as error:
        for problem in error.problems:
            print(together(f"错误：{clean(problem)}"), file=sys.stderr)  # it may quote the name of a stranger's file
        return EXIT_OFFICE
    except ServerError as error:
        print(together(f"错误：{clean(str(error))}"), file=sys.stderr)
        return EXIT_SERVER
    except KeyboardInterrupt:
        print("已中断。", file=sys.stderr)
        return EXIT_OFFICE
    except BrokenPipeError:
        # `intake status | head`: nobody reads on. Keep the interpreter from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="intake",
        description="邮件收表：单位照通知把表发到邮箱，程序存档、读表、核对、回执、催报，汇成一张可信的汇总表。",
        epilog="退出码：0 正常；1 有事待工作人员处理；2 配置、磁盘、密码等需要办公室处理；3 邮件服务器出错。",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config",
        type=Path,
        metavar="文件",
        help="配置文件，默认 ./config.toml（只有 inspect 在没有它时用自带的示例通知）",
    )
    common.add_argument("--verbose", action="store_true", help="显示运行日志")
    commands = parser.add_subparsers(title="命令", metavar="命令", required=True)
    for module in (
        check,
        run,
        status,
        unit,
        mails,
        stats,
        review,
        note,
        inspect,
        export,
        letters,
        preferences,
        samples,
        audit,
        verify,
        restore,
        clock,
        users,
        demonstrate,
    ):
        module.add(commands, common)
    return parser


def _speak_chinese() -> None:
    def translate(message: str) -> str:
        return _ARGPARSE_WORDS.get(message, message)

    def translate_plural(singular: str, plural: str, number: int) -> str:
        return translate(singular if number == 1 else plural)

    argparse._ = translate  # type: ignore[attr-defined]  # the module's own gettext hook
    argparse.ngettext = translate_plural  # type: ignore[attr-defined]
    for stream in (sys.stdout, sys.stderr):
        # A server without a Chinese locale must not die of its first message; \u escapes are still readable.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _set_up_logging(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EventFormatter("%(asctime)s level=%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler])
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
