"""`intake outbox` (list, show, release, cancel, skip, resend, test, pause, resume), `intake remind --dry-run`: what goes out."""

import argparse
import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy.orm import Session

from intake import again, halt, outbox_desk, restored
from intake.db import changes
from intake.db.models import OutboxRow
from intake.errors import OfficeError
from intake.model import FormId, LetterKind, OutboxState
from intake.own_letter import read_own
from intake.words import KIND_NAMES, OUTBOX_WORDS, masked, moment_words
from parsers.text import clean
from scheduler import jobs, trial_letter
from scheduler.app import App
from scheduler.desk import confirming, options, printing
from scheduler.reminders import Unreachable, UnreachableReason, Withheld

_REASONS = {UnreachableReason.NO_ADDRESS: "名册没有邮箱", UnreachableReason.BOUNCED: "邮箱退信"}
_MOST = 20  # letters that are shown before a yes
_MAYBE_SENT = "发送时断了线，对方可能已经收到"
_OPEN = (OutboxState.HELD, OutboxState.QUEUED, OutboxState.SENDING, OutboxState.UNCERTAIN, OutboxState.FAILED)


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    command = commands.add_parser("outbox", help="发件箱：查看、放行、取消、重发、暂停和恢复发送")
    actions = command.add_subparsers(title="操作", metavar="操作", required=True)
    asking = confirming.yes_option()
    listing = actions.add_parser("list", parents=[common], help="列出待放行、排队、失败和去向不明的信")
    listing.add_argument("--all", action="store_true", help="连同已发送、已取消、已过期的一起列出")
    listing.add_argument("--json", action="store_true", help="输出 JSON，供程序读取")
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", parents=[common], help="看一封信的全文")
    show.add_argument("number", type=options.number, metavar="编号")
    show.set_defaults(run=run_show)
    release = actions.add_parser("release", parents=[common, asking], help="放行：下一轮发出（先给你看，确认后才放行）")
    which = release.add_mutually_exclusive_group(required=True)
    which.add_argument("numbers", nargs="*", type=options.number, metavar="编号", default=[])
    which.add_argument("--all", action="store_true", help="全部待放行的信")
    release.set_defaults(run=run_release)
    cancel = actions.add_parser("cancel", parents=[common], help="取消：不再发出")
    cancel.add_argument("numbers", nargs="+", type=options.number, metavar="编号")
    cancel.set_defaults(run=run_cancel)
    skip = actions.add_parser("skip", parents=[common], help="跳过本次提醒：还没发出的提醒不发了，下一次照常")
    skip.add_argument("numbers", nargs="+", type=options.number, metavar="编号")
    skip.set_defaults(run=run_skip)
    resend = actions.add_parser(
        "resend", parents=[common, asking], help="重发：已发送或去向不明的信再发一遍（先给你看；对方可能收到两封）"
    )
    resend.add_argument("number", type=options.number, metavar="编号")
    resend.set_defaults(run=run_resend)
    test = actions.add_parser(
        "test", parents=[common, confirming.options()], help="测试信：给一个工作人员邮箱发一封，看能不能收到"
    )
    test.add_argument("address", nargs="?", metavar="邮箱", help="[clerk] addresses 中的一个，默认是第一个")
    test.set_defaults(run=run_test)
    pause = actions.add_parser("pause", parents=[common], help="暂停全部发送：信照常写好排队，一封也不发出")
    pause.set_defaults(run=run_pause)
    resume = actions.add_parser("resume", parents=[common], help="恢复发送")
    resume.set_defaults(run=run_resume)
    remind = commands.add_parser("remind", parents=[common], help="现在该催报谁（只列出，不发信）")
    remind.add_argument(
        "--dry-run", action="store_true", required=True, help="只列出，不发信；实际催报由 intake run 按时进行"
    )
    remind.set_defaults(run=run_remind)


def run_list(arguments: argparse.Namespace) -> int:
    """List letters; exit 1 if some wait for the clerk."""
    states = tuple(OutboxState) if arguments.all else _OPEN
    with options.own_app(arguments) as app, app.bench.sessions() as session:
        letters, halted = outbox_desk.listed(session, states), halt.in_force(session)
    if arguments.json:
        for letter in letters:
            print(json.dumps(_as_json(letter), ensure_ascii=False))
    else:
        if halted is not None:
            print(f"全部发送已暂停（{moment_words(halted.since)}由{halted.who}暂停）。恢复：intake outbox resume")
        rows = [
            (
                letter.id,
                OUTBOX_WORDS[letter.state],
                KIND_NAMES[letter.kind],
                letter.to_address,
                letter.subject,
                moment_words(letter.created_at),
                letter.answer,
            )
            for letter in letters
        ]
        headings = ("编号", "状态", "类别", "收件人", "主题", "写成时间", "服务器答复")
        printing.screen().print(printing.table("发件箱", headings, rows))
        print(f"共 {len(letters)} 封。放行：intake outbox release 编号…（或 --all）；取消：intake outbox cancel 编号…")
    waiting = {OutboxState.HELD, OutboxState.FAILED, OutboxState.UNCERTAIN}
    return 1 if any(letter.state in waiting for letter in letters) else 0


def _as_json(letter: outbox_desk.ListedLetter) -> dict[str, object]:
    return {
        "id": letter.id,
        "state": letter.state,
        "kind": letter.kind,
        "unit": letter.unit,
        "to": letter.to_address,
        "subject": letter.subject,
        "created_at": letter.created_at.isoformat(),
        "attempt": letter.attempt,
        "answer": letter.answer,
    }


def run_show(arguments: argparse.Namespace) -> int:
    """Print one letter as its reader will see it."""
    with options.own_app(arguments) as app, app.bench.sessions() as session:
        row = session.get(OutboxRow, arguments.number)
        if row is None:
            raise OfficeError(f"没有编号为 {arguments.number} 的信。")
        letter = read_own(row.raw)
        print(f"状态：{OUTBOX_WORDS[OutboxState(row.state)]}　收件人：{row.to_address}\n主题：{letter.subject}\n")
        print(letter.text)
    return 0


def run_release(arguments: argparse.Namespace) -> int:
    """Let letters go, those that were shown; --all also ends the hold since a restore."""
    with options.own_app(arguments) as app:
        refused: list[str] = []
        on_hold = False
        with app.bench.reading() as session:
            if arguments.all:
                held = outbox_desk.listed(session, (OutboxState.HELD,))
                numbers = [one.id for one in held if not one.attempt]  # not what a server has refused
                on_hold = restored.is_on_hold(session)
            else:
                numbers, refused = _fitting(session, arguments.numbers, outbox_desk.RELEASABLE, "放行")
            if not numbers and not on_hold:
                print("没有待放行的信，没有改动。")
                return 0
            shown = _shown(session, numbers)
            if arguments.yes:
                _refuse_unseen(session, numbers)
        if not arguments.yes:
            print("\n".join(["将放行以下的信：", *shown] if shown else ["没有待放行的信。"]))
            if on_hold:
                print("为免重复回信的暂停也将解除，此后照常发信。")
            if not confirming.said_yes("确认？[y/N] "):
                print("没有放行。")
                return confirming.REFRAINED
        with app.bench.sessions.begin() as session:
            number = outbox_desk.release(session, app.clock.now(), numbers)
            remark = outbox_desk.about_reminders(session, numbers)
            resumed = arguments.all and restored.end_hold(session)
            if number or resumed:
                _note(app, session, "release", numbers if not arguments.all else ["all"], letters=number)
    if resumed:
        print("为免重复回信的暂停已解除，此后照常发信。")
    print(f"已放行 {number} 封，由正在运行的 intake run 下一轮发出（没有运行时：intake run --once）。{remark}")
    return _exit_code(refused)


def run_cancel(arguments: argparse.Namespace) -> int:
    """Stop letters."""
    with options.own_app(arguments) as app, app.bench.sessions.begin() as session:
        numbers, refused = _fitting(session, arguments.numbers, outbox_desk.STOPPABLE, "取消")
        number = outbox_desk.cancel(session, numbers)
        _note(app, session, "cancel", numbers, letters=number)
    print(f"已取消 {number} 封。")
    return _exit_code(refused)


def run_skip(arguments: argparse.Namespace) -> int:
    """Leave out reminders that wait."""
    with options.own_app(arguments) as app, app.bench.sessions.begin() as session:
        numbers, refused = _fitting(session, arguments.numbers, outbox_desk.SKIPPABLE, "跳过", only=LetterKind.REMINDER)
        number = outbox_desk.skip(session, numbers)
        _note(app, session, "skip", numbers, letters=number)
    print(f"已跳过 {number} 封提醒，本次不再发出；下一次提醒照常。")
    return _exit_code(refused)


def _fitting(
    session: Session,
    numbers: Iterable[int],
    states: Collection[OutboxState],
    verb: str,
    *,
    only: LetterKind | None = None,
) -> tuple[list[int], list[str]]:
    """Given numbers as typed, return those to which it can be done, and in words why not to the others.

    Raise OfficeError if that is all of them: then nothing happens, and nothing is noted.
    """
    fit: list[int] = []
    refused: list[str] = []
    for number in dict.fromkeys(numbers):
        row = session.get(OutboxRow, number)
        if row is None:
            refused.append(f"没有编号为 {number} 的信。")
        elif only is not None and row.kind != only:
            refused.append(f"第{number}号信不是{KIND_NAMES[only]}，不能{verb}。")
        elif row.state not in states:
            refused.append(f"第{number}号信的状态是“{OUTBOX_WORDS[OutboxState(row.state)]}”，不能{verb}。")
        else:
            fit.append(number)
    if not fit:
        raise OfficeError([*refused, "没有改动。用 intake outbox list --all 查看全部的信。"])
    return fit, refused


def _shown(session: Session, numbers: Collection[int]) -> list[str]:
    """Return a line for each letter, the first of many; whole numbers and addresses stand in `outbox show`."""
    lines = []
    for number in list(numbers)[:_MOST]:
        row = session.get_one(OutboxRow, number)
        kind = KIND_NAMES[LetterKind(row.kind)]
        warning = f"　注意：{_MAYBE_SENT}，再发对方可能会收到两封" if row.state == OutboxState.UNCERTAIN else ""
        lines.append(
            clean(f"  第{row.id}号　{kind}　收件人：{masked(row.to_address)}　主题：{masked(row.subject)}{warning}")
        )
    if len(numbers) > _MOST:
        lines.append(f"  ……另有 {len(numbers) - _MOST} 封，共 {len(numbers)} 封。用 intake outbox list 查看。")
    return lines


def _refuse_unseen(session: Session, numbers: Iterable[int]) -> None:
    """A script may not send what may have arrived already. Raise OfficeError naming each such letter."""
    unsure = [number for number in numbers if session.get_one(OutboxRow, number).state == OutboxState.UNCERTAIN]
    if unsure:
        raise OfficeError(
            [f"第{number}号信{_MAYBE_SENT}。没有放行。" for number in unsure]
            + ["请先到邮箱的“已发送”里看；仍要再发，请不加 --yes 执行，看过再确认。"]
        )


def _exit_code(refused: list[str]) -> int:
    """Exit 2 if a letter that was named could not be changed (no such number, or sent already)."""
    for words in refused:
        print(words)
    return 2 if refused else 0


def run_resend(arguments: argparse.Namespace) -> int:
    """Send a letter once more."""
    with options.own_app(arguments) as app:
        if not arguments.yes and not _wants_again(app, arguments.number):
            print("没有重发。")
            return confirming.REFRAINED
        with app.bench.sessions.begin() as session:
            number = again.send_again(session, arguments.number, stationery=app.bench.stationery, now=app.clock.now())
            _note(app, session, "resend", [arguments.number], letter=number)
    print(f"已排队重发，编号 {number}；对方可能会收到两封。由正在运行的 intake run 下一轮发出。")
    return 0


def _wants_again(app: App, number: int) -> bool:
    """Show the letter and ask. What can't be sent again is refused before anybody is asked."""
    with app.bench.sessions() as session, session.begin() as transaction:
        again.send_again(session, number, stationery=app.bench.stationery, now=app.clock.now())
        transaction.rollback()
    with app.bench.reading() as session:
        print("\n".join(["将重发以下的信（对方可能会收到两封）：", *_shown(session, [number])]))
    return confirming.said_yes("确认？[y/N] ")


def run_test(arguments: argparse.Namespace) -> int:
    """Show a test letter to the clerk, ask, and put it into the outbox."""
    with options.own_app(arguments) as app:
        now = app.clock.now()
        address = arguments.address or next(iter(app.settings.clerk.addresses), "")
        letter = trial_letter.shown(app, address, now)
        print(f"收件人：{address}\n主题：{letter.subject}\n\n{letter.body}")
        if not arguments.yes and not confirming.said_yes("发出这封信？[y/N] "):
            print("没有发出。")
            return confirming.REFRAINED
        number = trial_letter.send(app, address, now, who=confirming.who(arguments))
    print(f"已排队，编号 {number}，由正在运行的 intake run 下一轮发出。用 intake outbox list --all 查看。")
    return 0


def run_pause(arguments: argparse.Namespace) -> int:
    """Let nothing be sent."""
    with options.own_app(arguments) as app, app.bench.sessions.begin() as session:
        paused = halt.pause(session, who=options.typist(), now=app.clock.now())
        if paused:
            _note(app, session, "pause", ["outbox"])
    print("已暂停全部发送，信照常写好排队。恢复：intake outbox resume" if paused else "已经是暂停状态，没有改动。")
    return 0


def run_resume(arguments: argparse.Namespace) -> int:
    """Let letters go again."""
    with options.own_app(arguments) as app, app.bench.sessions.begin() as session:
        resumed = halt.resume(session)
        if resumed:
            _note(app, session, "resume", ["outbox"])
    print("已恢复发送，排队的信由正在运行的 intake run 下一轮发出。" if resumed else "发送没有暂停，没有改动。")
    return 0


def _note(app: App, session: Session, action: str, what: Iterable[object], **details: object) -> None:
    subject = ", ".join(f"letter {one}" if isinstance(one, int) else str(one) for one in what)
    changes.note(session, who=options.typist(), action=action, subject=subject, **details, now=app.clock.now())


def run_remind(arguments: argparse.Namespace) -> int:
    """List who would be reminded now, of what, who is not while a mail waits, and who can't be reached by mail."""
    with options.own_app(arguments) as app:
        _show_due(app)
    return 0


def _show_due(app: App) -> None:
    found = jobs.due_reminders(app)
    titles = {one.id: one.form.title for one in app.settings.campaign.collections}
    rows = [(one.unit or "", one.to_address, "；".join(titles[form] for form in one.forms)) for one in found.drafts]
    console = printing.screen()
    title = f"现在（{moment_words(app.clock.now())}）该催报的单位"
    console.print(printing.table(title, ("单位", "发往", "内容"), rows))
    for words in (*not_before_it_is_dealt_with(found.withheld, titles), *to_telephone(found.unreachable, titles)):
        console.print(words, markup=False)
    console.print("以上只是列出，没有发信。工作日上班时间由 intake run 按时发出，同一单位同一天只发一封。")


def not_before_it_is_dealt_with(withheld: Iterable[Withheld], titles: Mapping[FormId, str]) -> Iterator[str]:
    """Given the reminders that a waiting mail withholds, yield a line a unit, with the mail and all that is due of it."""
    for one in withheld:
        forms = "".join(f"《{titles[form]}》" for form in one.forms)
        numbers = "、".join(str(number) for number in one.mails)
        why = f"有来件待处理（第{numbers}号），处理前不催报" if one.mails else "有来件过大未取回，取回或清理以前不催报"
        yield f"{why}：{one.unit}：{forms}"


def to_telephone(unreachable: Iterable[Unreachable], titles: Mapping[FormId, str]) -> Iterator[str]:
    """Given the reminders that no letter can carry, yield a line a unit, with the titles of all that is due of it."""
    units: dict[tuple[str, UnreachableReason], list[str]] = {}
    for one in unreachable:
        units.setdefault((one.unit, one.reason), []).append(f"《{titles[one.form]}》")
    for (unit, reason), forms in units.items():
        yield f"无法用邮件催报，请电话联系：{unit}（{_REASONS[reason]}）：{''.join(forms)}"
