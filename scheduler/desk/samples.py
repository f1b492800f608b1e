"""`intake letters preview`: each kind of letter by this office's templates, of one invented unit; stores and sends nothing.

In: a kind, by its name here or its Chinese one. Out: the words, or what is wrong with a template (exit 2).
"""

import argparse

from intake.errors import OfficeError
from intake.model import LetterKind
from intake.words import KIND_NAMES
from scheduler.desk import options
from scheduler.specimen_letters import specimens


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("letters", help="信件样张：用虚构的单位看各种信写成什么样（不发信）")
    actions = command.add_subparsers(title="操作", metavar="操作", required=True)
    preview = actions.add_parser("preview", parents=[common], help="显示样张；改过信件模板以后用来检查")
    preview.add_argument("kind", nargs="?", metavar="类别", help=f"{'、'.join(KIND_NAMES.values())}；不写则全部")
    preview.set_defaults(run=run_preview)


def run_preview(arguments: argparse.Namespace) -> int:
    """Print the letters of a kind, or of all; exit 2 if a template is at fault."""
    kinds = frozenset(LetterKind) if arguments.kind is None else frozenset({_kind(arguments.kind)})
    with options.own_app(arguments) as app:
        found = specimens(app, kinds)
    for one in found:
        print(f"── {one.title} " + "─" * 20)
        if one.absent:
            print(one.absent)
        elif not one.mistake:
            print(f"主题：{one.subject}\n\n{one.body}")
    mistakes = list(dict.fromkeys(one.mistake for one in found if one.mistake))
    if mistakes:
        raise OfficeError(mistakes)
    return 0


def _kind(name: str) -> LetterKind:
    for kind, words in KIND_NAMES.items():
        if name in (kind.value, words):
            return kind
    raise OfficeError(f"没有“{name}”这种信。可以写：{'、'.join(KIND_NAMES.values())}。")
