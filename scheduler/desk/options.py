"""What several commands need: the configuration they were pointed at, the password, an opened App."""

import argparse
import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from intake.config import example_path, load
from intake.db.models import HIGHEST_NUMBER
from intake.errors import OfficeError
from intake.settings import Settings
from parsers.text import clean
from scheduler.app import App, open_app
from scheduler.clock import SystemClock

_HIGHEST_PORT = 2**16 - 1
_CUT = 20  # characters of a number that is none


def number(typed: str) -> int:
    """Given what stands for a number of a list, or for how many, return it. The type of every such argument."""
    return _whole(typed, 1, HIGHEST_NUMBER)


def port(typed: str) -> int:
    """Given a port as typed (0: any free one), return it."""
    return _whole(typed, 0, _HIGHEST_PORT)


def _whole(typed: str, lowest: int, highest: int) -> int:
    try:
        found = int(typed)  # ValueError too for more digits than Python turns into a number
    except ValueError:
        found = lowest - 1
    if not lowest <= found <= highest:
        shown = clean(typed)
        shown = shown if len(shown) <= _CUT else f"{shown[:_CUT]}…"
        raise argparse.ArgumentTypeError(f"“{shown}”不能用，请写 {lowest} 到 {highest} 之间的整数")
    return found


def config_path(arguments: argparse.Namespace) -> Path:
    """Return --config, else ./config.toml if it is there, else the example campaign that comes with the program."""
    if arguments.config is not None:
        return Path(arguments.config)
    own = Path("config.toml")
    return own if own.exists() else example_path()


def own_config_path(arguments: argparse.Namespace) -> Path:
    """Return --config or ./config.toml. Raise OfficeError if there is neither: these commands never run on the example."""
    if arguments.config is not None:
        return Path(arguments.config)
    own = Path("config.toml")
    if not own.exists():
        raise OfficeError(
            "当前文件夹里没有 config.toml。请先复制 config.example.toml 为 config.toml 并按其中说明填写，"
            "或用 --config 指明配置文件。"
        )
    return own


def own_settings(arguments: argparse.Namespace, *, need_password: bool) -> Settings:
    """Given parsed arguments, load the office's own configuration."""
    return load(
        own_config_path(arguments), environment=os.environ, need_password=need_password, ask_password=_ask_password
    )


@contextmanager
def own_app(arguments: argparse.Namespace, *, need_password: bool = False) -> Iterator[App]:
    """Given parsed arguments, yield the App on the office's own configuration."""
    with open_app(own_settings(arguments, need_password=need_password), SystemClock()) as app:
        yield app


def _ask_password(address: str) -> str:
    if not sys.stdin.isatty():
        raise OfficeError(
            "配置里写的是运行时输入授权码，但当前没有键盘可输入。请改用 password_file 或 password_env，见 config.example.toml。"
        )
    return getpass.getpass(f"请输入 {address} 的授权码（不是网页登录密码）：")


def typist() -> str:
    """Return the account of this machine that types the command, for the audit."""
    try:
        return f"{getpass.getuser()}（命令行）"
    except (KeyError, OSError, ImportError):  # an account without a name (a container)
        return "命令行"
