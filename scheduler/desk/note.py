"""`intake note`: what the clerk notes of a unit beside all mails: telephoned, excused, handed in on paper."""

import argparse

from intake import noting
from intake.cases import unit_named
from intake.settings import Campaign
from intake.unit_notes import UnitNote
from intake.words import NOTE_KIND_WORDS, masked, moment_words
from scheduler.app import App
from scheduler.desk import confirming, options, printing


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    command = commands.add_parser("note", help="单位登记：已电话催办、免报、补录纸质件")
    actions = command.add_subparsers(title="操作", metavar="操作", required=True)
    who = argparse.ArgumentParser(add_help=False)
    who.add_argument("--who", metavar="姓名", default="", help="经办人，默认是当前的系统用户名；记入处理记录")
    text = argparse.ArgumentParser(add_help=False)
    text.add_argument("--text", metavar="文字", default="", help="说明")
    call = actions.add_parser("call", parents=[common, who, text], help="登记已电话催办（不影响催报邮件）")
    call.add_argument("unit", metavar="单位")
    call.add_argument("form", nargs="?", metavar="表", help="哪份表，例如：附件2")
    call.set_defaults(run=run_call)
    exempt = actions.add_parser("exempt", parents=[common, who, text], help="免报：不再催报，不算未报")
    exempt.add_argument("unit", metavar="单位")
    exempt.add_argument("form", nargs="?", metavar="表", help="哪份表，例如：附件2；不写则全部免报")
    exempt.set_defaults(run=run_exempt)
    paper = actions.add_parser(
        "paper", parents=[common, who, text], help="补录纸质件，例如：intake note paper 青石镇 附件2 姓名=… 手机=…"
    )
    paper.add_argument("unit", metavar="单位")
    paper.add_argument("form", metavar="表", help="哪份表，例如：附件2")
    paper.add_argument("values", nargs="+", metavar="栏目=内容", help="必填的栏目都要写；单位不必写")
    paper.add_argument("--on", metavar="时间", help="收到纸质件的时间，例如 2025-05-28 或 2025-05-28T16:30，默认现在")
    paper.set_defaults(run=run_paper)
    undo = actions.add_parser("undo", parents=[common, who], help="撤销一条登记")
    undo.add_argument("number", type=options.number, metavar="编号", help="见 intake note list")
    undo.set_defaults(run=run_undo)
    listing = actions.add_parser("list", parents=[common], help="列出登记")
    listing.add_argument("--unit", metavar="单位", help="只看这个单位的")
    listing.set_defaults(run=run_list)


def run_call(arguments: argparse.Namespace) -> int:
    """Note a call."""
    with options.own_app(arguments) as app:
        number = noting.call(
            app.bench,
            arguments.unit,
            form=arguments.form,
            text=arguments.text,
            who=confirming.who(arguments),
            now=app.clock.now(),
        )
    print(f"已登记电话催办（编号 {number}）。")
    return 0


def run_exempt(arguments: argparse.Namespace) -> int:
    """Excuse a unit."""
    with options.own_app(arguments) as app:
        stopped = _stopped(app, arguments.unit, arguments.form)
        number = noting.exempt(
            app.bench,
            arguments.unit,
            arguments.form,
            text=arguments.text,
            who=confirming.who(arguments),
            now=app.clock.now(),
        )
    print(f"已登记免报（编号 {number}），不再催报。{stopped}撤销：intake note undo {number}。")
    return 0


def run_paper(arguments: argparse.Namespace) -> int:
    """Register a paper copy."""
    typed = confirming.pairs(arguments.values)
    with options.own_app(arguments) as app:
        now = app.clock.now()
        stopped = _stopped(app, arguments.unit, arguments.form)
        number = noting.paper(
            app.bench,
            arguments.unit,
            arguments.form,
            typed,
            text=arguments.text,
            handed_in_at=None if arguments.on is None else noting.instant_typed(arguments.on, now),
            who=confirming.who(arguments),
            now=now,
        )
    print(f"已补录纸质件（编号 {number}）。{stopped}撤销：intake note undo {number}。")
    return 0


def _stopped(app: App, unit: str, form: str | None) -> str:
    """Return in words how many reminders a note about these will stop."""
    with app.bench.reading() as session:
        letters = noting.prospect(session, app.bench, unit_named(app.bench, unit), form).letters
    return f"{len(letters)} 封还没有发出的提醒已取消。" if letters else ""


def run_undo(arguments: argparse.Namespace) -> int:
    """Take a note back."""
    with options.own_app(arguments) as app:
        noting.undo(app.bench, arguments.number, who=confirming.who(arguments), now=app.clock.now())
    print(f"已撤销编号 {arguments.number} 的登记。")
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """List what stands."""
    with options.own_app(arguments) as app:
        with app.bench.reading() as session:
            found = noting.notes(session, app.bench, unit=arguments.unit)
        headings = ("编号", "时间", "单位", "表", "事项", "说明", "经办人")
        rows = [_row(one, app.settings.campaign) for one in found]
    printing.screen().print(printing.table("单位登记", headings, rows))
    print(f"共 {len(found)} 条。")
    return 0


def _row(note: UnitNote, campaign: Campaign) -> tuple[str, ...]:
    titles = {one.id: one.letter_label or one.form.title for one in campaign.collections}
    form = "全部" if note.form is None else titles.get(note.form, note.form)
    words = NOTE_KIND_WORDS[note.kind]
    return str(note.id), moment_words(note.at), note.unit, form, words, masked(note.text), note.who
