"""`intake review`: the mails that wait for a person, and what that person decides about each."""

import argparse
import json
from collections.abc import Callable
from datetime import datetime

from rich.console import Console
from rich.table import Table

from intake import decide
from intake.cases import Case, Item, RefusedError, look
from intake.db import queries
from intake.db.models import MessageRow
from intake.decisions import problem_words
from intake.model import StoredSubmission, UnitName
from intake.places import place_words, rule_words
from intake.settings import Campaign
from intake.settling import Letter
from intake.words import DECISION_KIND_WORDS, STATE_WORDS, again_words, masked, moment_words
from parsers.forms import ProblemCode
from scheduler.app import App
from scheduler.desk import confirming, options, printing
from scheduler.desk.explained import cut

_CUT = 60  # columns of a subject in the list


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    command = commands.add_parser("review", help="待核实来件：查看、通过、改值、归属单位、不是报送、退回补正、撤销")
    actions = command.add_subparsers(title="操作", metavar="操作", required=True)
    listing = actions.add_parser("list", parents=[common], help="列出待人工处理的来件；号码、邮箱只显示一部分")
    listing.add_argument("--unit", metavar="单位", default="", help="改为列出这个单位的全部来件，不论是否待处理")
    listing.add_argument("--json", action="store_true", help="输出 JSON，供程序读取")
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", parents=[common], help="看一件：每栏读到什么、从哪里读到、有什么疑问、处理记录")
    show.add_argument("number", type=options.number, metavar="编号")
    show.set_defaults(run=run_show)
    parents = [common, confirming.options()]

    def action(name: str, words: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, parents=parents, help=words)
        parser.add_argument("number", type=options.number, metavar="编号", help="来件编号，见 intake review list")
        parser.set_defaults(run=run)
        return parser

    _add_item(action("accept", "通过：照现在的内容登记", run_accept), "默认：这封来件中待核实的全部")
    parser = action("set", "改值，例如：intake review set 12 手机=13900000000", run_set)
    _add_item(parser, "来件只有一份表时不必写")
    parser.add_argument("values", nargs="+", metavar="栏目=内容", help="栏目用表上的名称；内容为空表示没有填写")
    parser = action("assign", "归属单位：指明这份表是哪个单位的", run_assign)
    _add_item(parser, "来件只有一份表时不必写")
    parser.add_argument("unit", metavar="单位", help="名册上的单位名称或简称")
    _add_note(action("dismiss", "不是报送，或已另行处理：这封来件一概不计", run_dismiss), "说明，只留在处理记录里")
    parser = action("return", "退回补正：发补正通知给来件人（先给你看，确认后才写入发件箱）", run_return)
    _add_item(parser, "来件只有一份表时不必写")
    _add_note(parser, "要补正什么，写进补正通知")
    action("undo", "撤销对这封来件的最后一次处理", run_undo)
    action("reprocess", "重新识别：用存档的原件再读一遍", run_reprocess)


def _add_item(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument("--item", type=options.number, metavar="序号", help=f"来件中的第几份表；{words}")


def _add_note(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument("--note", metavar="文字", default="", help=words)


# --- looking ----------------------------------------------------------------------------------------------------------


def run_list(arguments: argparse.Namespace) -> int:
    """List what waits; exit 1 if something does."""
    with options.own_app(arguments) as app, app.bench.reading() as session:
        waiting = queries.open_reviews(session)
        rows = waiting
        if arguments.unit:
            ledger = app.bench.ledgers.read(session)
            name = _unit_of(app, arguments.unit)
            numbers = {one.message_id for one in ledger.submissions if one.unit == name and one.message_id > 0}
            found = (session.get_one(MessageRow, number) for number in sorted(numbers))
            rows = tuple(found)
    if arguments.json:
        for row in rows:
            print(json.dumps(_as_json(row), ensure_ascii=False))
    else:
        title = "待人工处理的来件" if not arguments.unit else f"{arguments.unit}的来件"
        listed = []
        for row in rows:
            sender, subject, why = map(masked, _told(row))
            listed.append((row.id, moment_words(row.arrived_at), sender, cut(subject, _CUT), why))
        headings = ("编号", "收到时间", "发件人", "主题", "原因")
        printing.screen().print(printing.table(title, headings, listed))
        print(f"共 {len(rows)} 件。查看：intake review show 编号。")
    return 1 if waiting else 0


def _unit_of(app: App, name: str) -> UnitName:
    found = app.bench.roster.match(name)
    if found.unit is None:
        raise RefusedError(f"名册上没有“{name}”。")
    return UnitName(found.unit.name)


def _told(row: MessageRow) -> tuple[str, str, str]:
    sender = f"{row.from_name} {row.from_address}".strip() or "（发件人不明）"
    return sender, row.subject or "（无主题）", "；".join(row.reasons)


def _as_json(row: MessageRow) -> dict[str, object]:
    return {
        "id": row.id,
        "received_at": row.arrived_at.isoformat(),
        "from": masked(row.from_address),
        "subject": masked(row.subject),
        "reasons": [masked(one) for one in row.reasons],
        "open": row.review_open,
    }


def run_show(arguments: argparse.Namespace) -> int:
    """Print one mail as the person needs it who decides about it."""
    with options.own_app(arguments) as app:
        case = _case(app, arguments.number)
        console = Console(highlight=False, soft_wrap=True, markup=False)
        state = "待人工处理" if case.open else "不待处理"
        console.print(f"第{case.message_id}号来件　{state}　{moment_words(case.arrived_at)}收到")
        console.print(f"发件人：{case.from_name} {case.from_address}\n主题：{case.subject}")
        for reason in case.reasons:
            console.print(f"  · {reason}")
        for item in case.items:
            _print_item(console, item, app.settings.campaign)
        if case.history:
            console.print("处理记录：")
        for past in case.history:
            one = past.decision
            item_words = "" if one.ordinal is None else f"第{one.ordinal}份"
            undone = "" if past.undone_by is None else f"（已由{past.undone_by}撤销）"
            note = f"：{one.note}" if one.note else ""
            console.print(
                f"  {moment_words(one.at)} {one.who} {DECISION_KIND_WORDS[one.kind]}{item_words}{note}{undone}"
            )
    return 0


def _print_item(console: Console, item: Item, campaign: Campaign) -> None:
    now = item.now or item.read
    known = {one.id: one for one in campaign.collections}
    title = known[now.form].form.title if now.form in known else now.form
    state = "不计（不是报送）" if item.now is None else STATE_WORDS[now.state]
    console.print(
        f"\n第{now.ordinal}份　《{title}》　{now.unit or '单位未能对应'}　{state}　{now.attachment or '邮件正文'}"
    )
    if now.form not in known:
        return
    spec = known[now.form].form
    table = Table(show_header=True)
    for heading in ("栏目", "内容", "出处", "读法"):
        table.add_column(heading, overflow="fold")
    fields = {one.key: one for one in now.fields}
    for field in spec.fields:
        if field.key in fields:
            one = fields[field.key]
            table.add_row(field.label, _shown(now, field.key), place_words(one.place), rule_words(one.rule))
        else:
            table.add_row(field.label, "", "", "")
    console.print(table)
    for words in (*problem_words(now.problems, spec), *now.by_hand, *now.notes):
        console.print(f"  · {words}")
    if item.now is not None and any(one.code is ProblemCode.NOT_APPLICABLE for one in now.problems):
        console.print(f"  同意免报：intake note exempt {now.unit} {title}，再把来件标为“不是报送”")


def _shown(submission: StoredSubmission, key: str) -> str:
    one = next(one for one in submission.fields if one.key == key)
    if isinstance(one.value, bool):
        return "是" if one.value else "否"
    if one.value is None and one.raw.strip():
        return f"（未采用：{' '.join(one.raw.split())}）"
    return one.value or ""


# --- deciding ---------------------------------------------------------------------------------------------------------


def run_accept(arguments: argparse.Namespace) -> int:
    """Let a form, or all of a mail that waits, pass as it stands."""

    def act(app: App, case: Case, who: str, now: datetime, *, dry: bool) -> decide.Outcome:
        return decide.accept(
            app.bench, case.message_id, ordinal=arguments.item, who=who, now=now, token=case.token, dry=dry
        )

    return _decide(arguments, act, "已通过。")


def run_set(arguments: argparse.Namespace) -> int:
    """Change fields of a form."""
    typed = confirming.pairs(arguments.values)

    def act(app: App, case: Case, who: str, now: datetime, *, dry: bool) -> decide.Outcome:
        item = _item(arguments, case)
        return decide.change_values(
            app.bench, case.message_id, item, typed, who=who, now=now, token=case.token, dry=dry
        )

    return _decide(arguments, act, "已改值。")


def run_assign(arguments: argparse.Namespace) -> int:
    """Say whose form it is."""

    def act(app: App, case: Case, who: str, now: datetime, *, dry: bool) -> decide.Outcome:
        item, unit = _item(arguments, case), arguments.unit
        return decide.assign(app.bench, case.message_id, item, unit, who=who, now=now, token=case.token, dry=dry)

    return _decide(arguments, act, "已指定归属单位。")


def run_dismiss(arguments: argparse.Namespace) -> int:
    """Put a mail away."""

    def act(app: App, case: Case, who: str, now: datetime, *, dry: bool) -> decide.Outcome:
        return decide.dismiss(
            app.bench, case.message_id, note=arguments.note, who=who, now=now, token=case.token, dry=dry
        )

    return _decide(arguments, act, "已标为不是报送。")


def run_return(arguments: argparse.Namespace) -> int:
    """Ask the sender to correct a form."""

    def act(app: App, case: Case, who: str, now: datetime, *, dry: bool) -> decide.Outcome:
        item = _item(arguments, case) if case.items else None
        return decide.return_for_correction(
            app.bench, case.message_id, item, note=arguments.note, who=who, now=now, token=case.token, dry=dry
        )

    return _decide(arguments, act, "已退回补正。")


def run_undo(arguments: argparse.Namespace) -> int:
    """Take the last decision about a mail back."""

    def act(app: App, case: Case, who: str, now: datetime, *, dry: bool) -> decide.Outcome:
        return decide.undo(app.bench, case.message_id, who=who, now=now, token=case.token, dry=dry)

    return _decide(arguments, act, "已撤销最后一次处理。", written="恢复待发")


def run_reprocess(arguments: argparse.Namespace) -> int:
    """Have a mail read once more."""
    with options.own_app(arguments) as app:
        case = _case(app, arguments.number)
        decide.reprocess(
            app.bench, case.message_id, who=confirming.who(arguments), now=app.clock.now(), token=case.token
        )
    print("已放回待识别，由正在运行的 intake run 下一轮识别（没有运行时：intake run --once）。")
    return 0


def _decide(
    arguments: argparse.Namespace, act: Callable[..., decide.Outcome], done: str, *, written: str = "写入发件箱"
) -> int:
    """Do it after a yes where something is mailed. What the person saw is the state that is acted upon."""
    with options.own_app(arguments) as app:
        case, who = _case(app, arguments.number), confirming.who(arguments)
        outcome = confirming.carried_out(arguments, lambda dry: act(app, case, who, app.clock.now(), dry=dry))
    if outcome is None:
        return confirming.REFRAINED
    print(done + "".join(_letter_words(outcome.letters, written)) + "".join(_letter_words(outcome.stopped, "取消")))
    if outcome.gone:
        print("".join(_letter_words(outcome.gone, "发出，收不回来，如内容有误请电话告知对方")))
    if outcome.again:
        print(again_words(outcome.again))
    if outcome.open:
        print("这封来件仍待人工处理。" + "".join(f"\n  · {one}" for one in outcome.doubts))
        if outcome.doubts:
            print("核实以后用 intake review accept 通过。")
    return 1 if outcome.open else 0


def _letter_words(letters: tuple[Letter, ...], what: str) -> list[str]:
    return [f"给 {masked(one.to_address)} 的信（第{one.id}封）已{what}。" for one in letters]


def _case(app: App, number: int) -> Case:
    with app.bench.reading() as session:
        return look(session, app.bench, number)


def _item(arguments: argparse.Namespace, case: Case) -> int:
    if arguments.item is not None:
        return int(arguments.item)
    if len(case.items) == 1:
        return case.items[0].read.ordinal
    if not case.items:
        return 1  # there is none: the action says so
    raise RefusedError(f"这封来件有{len(case.items)}份表，请用 --item 写明是第几份（见 intake review show）。")
