"""`intake export`: writes the 汇总表 to open in WPS or Excel."""

import argparse
from pathlib import Path
from zoneinfo import ZoneInfo

from intake.db import queries
from intake.errors import OfficeError
from scheduler import papers
from scheduler.desk import options

SHANGHAI = ZoneInfo("Asia/Shanghai")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("export", parents=[common], help="导出汇总表（.xlsx）")
    command.add_argument(
        "output", nargs="?", type=Path, metavar="文件", help="默认：汇总表-日期时间.xlsx，放在当前文件夹"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the workbook and say where it is; exit 1 if something in it still waits for the clerk."""
    with options.own_app(arguments) as app:
        now = app.clock.now()
        path = arguments.output or Path(f"汇总表-{now.astimezone(SHANGHAI):%Y%m%d-%H%M}.xlsx")
        try:
            papers.write_summary(app, path)
        except OSError as error:
            raise OfficeError(
                f"汇总表没有写成：{path}（{error.strerror}）。如果该文件正在 WPS 或 Excel 中打开，请先关闭再导出。"
            ) from error
        with app.bench.sessions() as session:
            waiting = len(queries.open_reviews(session))
    print(f"已导出 {path}。" + (f"其中 {waiting} 件来件还待人工处理，见“待处理来件”。" if waiting else ""))
    return 1 if waiting else 0
