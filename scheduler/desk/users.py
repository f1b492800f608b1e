"""`intake desk user`: who may log in to the desk in the browser; names and passwords, never shown."""

import argparse
import getpass
import sys

from intake.errors import OfficeError
from scheduler.app import prepare_data_dir
from scheduler.desk import options


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("desk", help="网页：设置登录用户")
    actions = command.add_subparsers(title="操作", metavar="操作", required=True)
    user = actions.add_parser("user", parents=[common], help="新增登录用户，或给已有的用户换密码；不写名字则列出")
    user.add_argument("name", nargs="?", metavar="名字")
    user.add_argument("--remove", action="store_true", help="删除这个用户；已登录的立即退出")
    user.set_defaults(run=run_user)


def run_user(arguments: argparse.Namespace) -> int:
    """List, make, change or remove an account."""
    from scheduler.web.accounts import Accounts  # noqa: PLC0415 - Flask: only where a desk is wanted

    settings = options.own_settings(arguments, need_password=False)
    prepare_data_dir(settings.storage.data_dir)
    accounts = Accounts(settings.storage.data_dir)
    if arguments.name is None:
        print("登录用户：" + ("、".join(accounts.names()) or "（还没有）"))
    elif arguments.remove:
        if not accounts.remove(arguments.name):
            raise OfficeError(f"没有用户“{arguments.name}”。用 intake desk user 查看已有的用户。")
        print(f"已删除用户“{arguments.name}”，已登录的立即退出。")
    else:
        accounts.put(arguments.name, _new_password(arguments.name))
        print(f"已设置用户“{arguments.name}”的密码。")
        if settings.desk.port is None:
            print("提示：config.toml 里还没有 [desk] port，网页没有打开。写上以后，正在运行的程序会自动采用。")
        else:
            print(f"运行 intake run 以后，在浏览器里打开 http://{settings.desk.host}:{settings.desk.port} 登录。")
    return 0


def _new_password(name: str) -> str:
    """Ask twice at a keyboard; take one line from a pipe (`echo … | intake desk user 名字`)."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"给“{name}”设置密码（输入时不显示）：")
    if first != getpass.getpass("再输入一次："):
        raise OfficeError("两次输入的密码不一样，没有设置。请再执行一次。")
    return first
