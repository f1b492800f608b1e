"""`intake export`: the 汇总表, who is missing, the attachments, every original; as files to open, send or put away."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from intake.db import changes, queries
from intake.errors import OfficeError, system_words
from intake.settings import Settings
from scheduler import exports, papers
from scheduler.app import App, open_app
from scheduler.clock import SystemClock
from scheduler.desk import options

SHANGHAI = ZoneInfo("Asia/Shanghai")
_Write = Callable[[App, Path], tuple[str, bool]]  # what is to be said of it, and whether all is well


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("export", parents=[common], help="导出汇总表、未报名单、附件、全部原件")
    command.add_argument(
        "output", nargs="?", type=Path, metavar="文件", help="默认：汇总表-日期时间.xlsx 等，放在当前文件夹"
    )
    which = command.add_mutually_exclusive_group()
    which.add_argument("--missing", action="store_true", help="只导出未报名单（.xlsx）：缺什么、联系人、电话")
    which.add_argument("--attachments", action="store_true", help="打包现行有效的附件（.zip），按单位和表名命名")
    which.add_argument("--archive", action="store_true", help="打包全部来信的原件（.zip），按收到的先后编号，附目录")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the file and say where it is; exit 1 if something still waits for the clerk, or could not be taken along."""
    name, ending, write = _chosen(arguments)
    settings, clock = options.own_settings(arguments, need_password=False), SystemClock()
    now = clock.now()
    path = arguments.output or Path(f"{name}-{now.astimezone(SHANGHAI):%Y%m%d-%H%M}{ending}")
    _refuse_what_is_not_ours(path, ending, settings)
    with open_app(settings, clock) as app:
        try:
            words, well = write(app, path)
        except OSError as error:
            raise OfficeError(
                f"{name}没有写成：{path}（{system_words(error)}）。如果该文件正在 WPS 或 Excel 中打开，请先关闭再导出。"
            ) from error
        with app.bench.sessions.begin() as session:
            changes.note(session, who=options.typist(), action="export", subject=name, now=now)
    print(f"已导出 {path}。{words}")
    return 0 if well else 1


def _refuse_what_is_not_ours(path: Path, ending: str, settings: Settings) -> None:
    """Raise OfficeError if a file must not be written there: a slip of the tongue would cost the roster or the record."""
    if path.suffix.casefold() != ending:
        raise OfficeError(f"没有导出：{path} 的名字不是以 {ending} 结尾。请写成“名字{ending}”。")
    place, storage = path.resolve(), settings.storage
    if place in (settings.source.resolve(), settings.roster_file.resolve()):
        raise OfficeError(f"没有导出：{path} 是本程序的配置或名册，不能覆盖。请换个名字。")
    for folder, words in ((storage.data_dir, "数据"), (storage.backup_dir, "备份")):
        if place.is_relative_to(folder.resolve()):
            raise OfficeError(f"没有导出：{path} 在本程序的{words}文件夹里。请写到别的文件夹。")
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_file():
        raise OfficeError(f"没有导出：{path} 不是普通文件，不能覆盖。请换个名字。")
    if not exports.is_ours(path):
        raise OfficeError(
            f"没有导出：已有同名文件 {path}，它不是本程序导出的（或导出后又改过），没有覆盖。请换个名字，或先把它移走。"
        )


def _chosen(arguments: argparse.Namespace) -> tuple[str, str, _Write]:
    if arguments.missing:
        return "未报名单", ".xlsx", _missing
    if arguments.attachments:
        return "附件打包", ".zip", _attachments
    if arguments.archive:
        return "归档包", ".zip", _originals
    return "汇总表", ".xlsx", _summary


def _summary(app: App, path: Path) -> tuple[str, bool]:
    papers.write_summary(app, path)
    with app.bench.sessions() as session:
        waiting = queries.count_open_reviews(session)
    return (f"其中 {waiting} 件来件还待人工处理，见“待处理来件”。" if waiting else ""), not waiting


def _missing(app: App, path: Path) -> tuple[str, bool]:
    units = papers.write_missing(app, path)
    return f"{units} 个单位还有未报的表。", True


def _attachments(app: App, path: Path) -> tuple[str, bool]:
    plan = exports.plan_attachments(app)
    exports.check_room(app, path.absolute().parent, plan.size_bytes, command="intake export --attachments 文件")
    failed = exports.write_attachments(app, plan, path)
    without = len(plan.items) - plan.files
    words = f"{plan.files} 个文件" + (f"，另有 {without} 份写在邮件正文里，没有附件" if without else "")
    return f"{words}。{_but(failed)}", not failed


def _originals(app: App, path: Path) -> tuple[str, bool]:
    plan = exports.plan_originals(app)
    exports.check_room(app, path.absolute().parent, plan.size_bytes, command="intake export --archive 文件")
    failed = exports.write_originals(app, plan, path)
    return f"{len(plan.items)} 封来信。{_but(failed)}", not failed


def _but(failed: int) -> str:
    return f"有 {failed} 个没有收入，原因见其中的目录。" if failed else ""
