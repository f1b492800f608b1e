"""`intake backup` and `intake restore`: a copy now, and the way back after a broken disk or database."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from intake.db import queries
from intake.errors import OfficeError
from intake.pipeline import process_message
from intake.settings import Settings
from intake.words import moment_words
from scheduler import backups
from scheduler.app import App, open_app
from scheduler.clock import SystemClock
from scheduler.daemon import single_instance
from scheduler.desk import confirming, options


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    backup = commands.add_parser("backup", parents=[common], help="立即备份（平时每天凌晨自动备份）")
    backup.set_defaults(run=run_backup)
    restore = commands.add_parser(
        "restore",
        parents=[common, confirming.yes_option()],
        help="恢复：数据库损坏或丢失后，从备份或从存档原件重建（先列出会丢失什么，确认后才换）；恢复后先不发信",
    )
    which = restore.add_mutually_exclusive_group()
    which.add_argument("file", nargs="?", type=Path, metavar="备份文件", help="默认：最新的一个")
    which.add_argument("--list", action="store_true", help="列出有哪些备份")
    which.add_argument(
        "--from-archive", action="store_true", help="没有可用的备份时：从存档原件重新识别，建立新的数据库"
    )
    which.add_argument("--hold", action="store_true", help="数据库已用别的工具恢复：只把要发的信全部暂停")
    restore.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace) -> int:
    """Make a backup now, whether or not the daemon runs."""
    with options.own_app(arguments) as app:
        target = backups.back_up(app, app.clock.now())
        storage = app.settings.storage
    if target is None:
        print(backups.words_of_a_server(storage))
        return 0
    print(f"数据库已备份并校验：{target}。", end="")
    if backups.has_mirror(storage):
        print(f"来件原件也已备份到 {storage.backup_dir / 'archive'}。")
    else:
        print("来件原件没有另存：备份放在数据文件夹里。建议把 [storage] backup_dir 写成另一块硬盘上的文件夹。")
    return 0


def run_restore(arguments: argparse.Namespace) -> int:
    """Put a backup (or what the archive gives) in the place of the database; nothing goes out until a person says so."""
    settings = options.own_settings(arguments, need_password=False)
    if arguments.list:
        return _list(settings)
    clock = SystemClock()
    if not (arguments.from_archive or arguments.hold):
        backups.refuse_for_a_server(settings.storage)
    with single_instance(settings.storage.data_dir, settings.storage.database_url):
        if arguments.hold:
            _say_mails(backups.files_back(settings.storage))
        else:
            source = None if arguments.from_archive else arguments.file or _newest(settings)
            now = clock.now()
            shown = backups.prospect(settings.storage, source, now)
            if shown and not arguments.yes:
                print("\n".join(shown))
                if not confirming.said_yes("确认恢复？[y/N] "):
                    print("没有恢复，没有改动。")
                    return confirming.REFRAINED
            done = backups.put_back(settings, source, now)
            _say_what_was_put_back(done)
        with open_app(settings, clock, begin_anew=arguments.from_archive) as app:
            backups.hold(app)
            if not arguments.hold:
                _read_the_archive(app)
    print(
        "发信已全部暂停：备份之后发过哪些信，数据库里没有记录。接下来：\n"
        "  1. 执行 intake run（或 intake run --once 两次）：程序收信，并到“已发送”里核对哪些信其实已经发过；\n"
        "  2. 执行 intake outbox list 查看剩下的信，不该发的用 intake outbox cancel 取消；\n"
        "  3. 执行 intake outbox release --all 放行，此后恢复正常发信。"
    )
    return 1


def _list(settings: Settings) -> int:
    backups.refuse_for_a_server(settings.storage)
    found = backups.available(settings.storage)
    for path in found:
        print(f"{path}  {moment_words(SystemClock.of(path.stat().st_mtime))}  {path.stat().st_size:,} 字节")
    if not found:
        print(f"{settings.storage.backup_dir} 里没有备份。存档原件还在时，可用 intake restore --from-archive 重建。")
    return 0


def _newest(settings: Settings) -> Path:
    found = backups.available(settings.storage)
    if not found:
        raise OfficeError(
            f"{settings.storage.backup_dir} 里没有备份。存档原件还在时，可用 intake restore --from-archive 重建数据库。"
        )
    return found[0]


def _say_what_was_put_back(done: backups.PutBack) -> None:
    print("已建立新的数据库。" if done.source is None else f"已恢复：{done.source}。", end="")
    print(f"原来的数据库没有删除，移到 {done.aside}。" if done.aside.exists() else "原来没有数据库。")
    _say_mails(done.mails)


def _say_mails(number: int) -> None:
    if number:
        print(f"从备份补回来件原件 {number} 封。")


def _read_the_archive(app: App) -> None:
    """Record the mails that the record does not know, and bring all that wait to their end."""
    adopted = backups.adopt_orphans(app)
    with app.bench.sessions() as session:
        waiting = queries.pending_messages(session)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for message_id in progress.track(waiting, description="识别"):
            process_message(app.bench, message_id, now=app.clock.now())
    with app.bench.sessions() as session:
        reviews = len(queries.open_reviews(session))
    print(f"从存档补登来件 {adopted} 封，识别 {len(waiting)} 封；待人工处理 {reviews} 件。")
