"""`intake mails`: every mail with its fate, found by what is remembered of it; one mail with its parts and what was read of it.

In: what `lookup.mails` gathers. In the list numbers and addresses are masked; the mail that is asked for by its number is
shown in full, as on its page.
"""

import argparse
import json

from rich.console import Console

from intake.db.lists import PAGE, Fate
from intake.errors import OfficeError
from intake.words import masked, moment_words
from parsers.text import clean
from scheduler.desk import options, printing
from scheduler.desk.explained import cut
from scheduler.lookup.mails import FATE_WORDS, Form, Mail, Whole, find, whole

_CUT = 60  # columns of a subject in the list


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("mails", parents=[common], help="来信：列出、查找；写编号则看一封")
    command.add_argument(
        "number", nargs="?", type=options.number, metavar="编号", help="看这一封：各部分、读出的内容、回信"
    )
    command.add_argument("--search", metavar="文字", default="", help="查找：发件人、主题、单位或编号")
    fates = "、".join(f"{fate.value}（{words}）" for fate, words in FATE_WORDS.items())
    names = [*(fate.value for fate in Fate), *FATE_WORDS.values()]
    command.add_argument("--fate", metavar="结果", choices=names, help=f"只列这种处理结果：{fates}")
    command.add_argument("--limit", type=options.number, metavar="封数", default=PAGE, help=f"最多列几封，默认 {PAGE}")
    command.add_argument("--json", action="store_true", help="列出时输出 JSON，供程序读取")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List mails, newest first, or print one. Exit 2 if there is none of that number."""
    if arguments.number is not None:
        return _run_one(arguments)
    fate = next((one for one, words in FATE_WORDS.items() if arguments.fate in (one.value, words)), None)
    with options.own_app(arguments) as app:
        words = clean(arguments.search).strip()
        found = find(app, words=words, fate=fate, size=arguments.limit)
    if arguments.json:
        for mail in found.mails:
            print(json.dumps(_as_json(mail), ensure_ascii=False))
        return 0
    rows = [
        (
            one.id,
            moment_words(one.arrived_at),
            masked(f"{one.from_name} {one.from_address}".strip()) or "（发件人不明）",
            cut(masked(one.subject), _CUT) or "（无主题）",
            one.fate_words,
            "；".join(one.brought) or "—",
        )
        for one in found.mails
    ]
    headings = ("编号", "收到时间", "发件人", "主题", "处理结果", "登记内容")
    printing.screen().print(printing.table("来信", headings, rows, numbers=(0,)))
    shown = f"，只列出新来的 {len(rows)} 封（用 --limit 增加）" if len(rows) < found.total else ""
    print(f"共 {found.total} 封{shown}。看一封：intake mails 编号。")
    return 0


def _as_json(mail: Mail) -> dict[str, object]:
    return {
        "id": mail.id,
        "received_at": mail.arrived_at.isoformat(),
        "from": masked(mail.from_address),
        "subject": masked(mail.subject),
        "fate": mail.fate,
        "done": mail.done,
    }


# --- one mail --------------------------------------------------------------------------------------------------------


def _run_one(arguments: argparse.Namespace) -> int:
    with options.own_app(arguments) as app:
        found = whole(app, arguments.number)
    if found is None:
        raise OfficeError(f"没有编号为 {arguments.number} 的来信。")
    console = printing.screen()
    _print_head(console, found)
    for form in found.forms:
        _print_form(console, form)
    rows = [
        (one.number, one.role, one.name or "—", one.type, one.size_bytes, "\n".join(one.went)) for one in found.parts
    ]
    if rows:
        headings = ("序号", "部分", "文件名", "类型", "字节", "识别情况")
        console.print(printing.table("正文和附件", headings, rows, numbers=(0, 4)))
    else:
        print("还没有识别，识别后这里列出各个附件。")
    if found.letters:
        answers = [(one.id, moment_words(one.at), one.state_words, one.kind, one.subject) for one in found.letters]
        console.print(printing.table("因此写的信", ("编号", "时间", "状态", "类别", "主题"), answers, numbers=(0,)))
    return 0


def _print_head(console: Console, found: Whole) -> None:
    mail = found.mail
    read = "还没有识别" if found.processed_at is None else f"{moment_words(found.processed_at)}识别"
    lines = [
        f"第{mail.id}号来信　{mail.fate_words}　{moment_words(mail.arrived_at)}收到",
        f"发件人：{mail.from_name} {mail.from_address or '（不明）'}　{found.sender}".rstrip(),
        f"主题：{mail.subject or '（无主题）'}",
        f"所在文件夹：{'、'.join(found.folders)}　{moment_words(found.archived_at)}存档，{read}（{found.size_bytes} 字节）",
    ]
    printing.lines(console, [*lines, *(f"  · {one}" for one in found.reasons)])


def _print_form(console: Console, form: Form) -> None:
    version = f"第{form.version}版{'（现行）' if form.in_force else '（不是现行版本）'}" if form.version else "不成版本"
    words = [form.unit or "单位不明", form.state_words, version, "逾期" if form.late else "", form.attachment]
    printing.lines(console, ("", f"《{form.title}》　{'　'.join(filter(None, words))}"))
    printing.lines(console, (f"  · {one}" for one in (*form.by_hand, *form.problems, *form.notes)))
    rows = [(one.label, one.value or "—", one.raw, one.place, one.problem) for one in form.values]
    if rows:
        console.print(printing.table("", ("栏目", "读到的值", "原文", "位置", "问题"), rows))
