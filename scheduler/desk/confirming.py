"""What the commands have in common that change something by a person's will: who it is, and the yes before a mail.

In: parsed arguments. Out: options on a parser, a name, a yes or no. Nothing is mailed without having been shown.
"""

import argparse
import getpass
from collections.abc import Callable

from intake.decide import Outcome
from intake.errors import OfficeError
from intake.words import KIND_NAMES, OUTBOX_WORDS

REFRAINED = 1  # exit code: the person said no


def yes_option() -> argparse.ArgumentParser:
    """Return a parent parser with --yes."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--yes", action="store_true", help="不再询问，直接办理（会发信的也直接写入发件箱）")
    return parent


def options() -> argparse.ArgumentParser:
    """Return a parent parser with --who and --yes."""
    parent = argparse.ArgumentParser(add_help=False, parents=[yes_option()])
    parent.add_argument("--who", metavar="姓名", default="", help="经办人，默认是当前的系统用户名；记入处理记录")
    return parent


def who(arguments: argparse.Namespace) -> str:
    """Return who acts: --who, else the system's user name. Raise OfficeError if there is none."""
    if arguments.who:
        return str(arguments.who)
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:  # 3.13 raises OSError, before that what the platform raises
        raise OfficeError("不知道经办人是谁，请用 --who 写明姓名。") from error


def carried_out(arguments: argparse.Namespace, act: Callable[[bool], Outcome]) -> Outcome | None:
    """Given an action (called with True it keeps nothing), do it; where it mails or stops something, show that and ask.

    Return None if the person said no: nothing was changed.
    """
    if not arguments.yes:
        outcome = act(True)
        if (outcome.letters or outcome.stopped) and not _wants(outcome):
            print("没有改动。")
            return None
    return act(False)


def _wants(outcome: Outcome) -> bool:
    for letter in outcome.stopped:
        print(
            f"将取消还没有发出的第{letter.id}号信：{letter.to_address}（{KIND_NAMES[letter.kind]}）　{letter.subject}"
        )
    if outcome.letters:
        print("将发出以下邮件：")
    for letter in outcome.letters:
        print(f"收件人：{letter.to_address}（{OUTBOX_WORDS[letter.state]}）\n主题：{letter.subject}\n")
        print("\n".join(f"    {line}" for line in letter.body.rstrip().splitlines()) + "\n")
    return said_yes("确认？[y/N] ")


def said_yes(question: str) -> bool:
    """Ask at the keyboard; without one the answer is no, and what to do instead is said."""
    try:
        return input(question).strip().lower() in ("y", "yes", "是")
    except EOFError:
        print("\n当前没有键盘可输入；确定要办的，请加 --yes。")
        return False


def pairs(given: list[str]) -> dict[str, str]:
    """Given 栏=值 as typed, return them by name. Raise OfficeError naming what is not of that shape."""
    found: dict[str, str] = {}
    for one in given:
        name, sign, text = one.replace("\uff1d", "=").partition("=")
        if not sign or not name.strip():
            raise OfficeError(f"“{one}”看不明白，请写成“栏目=内容”，例如：手机=13900000000。")
        if name.strip() in found:
            raise OfficeError(f"“{name.strip()}”写了两次。")
        found[name.strip()] = text.strip()
    return found
