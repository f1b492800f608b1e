"""`intake demo`: the whole main job in under a minute, without an account, a network or administrator's rights."""

import argparse
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from sqlalchemy import select

from intake.db import queries
from intake.db.models import MessageRow, OutboxRow
from intake.errors import OfficeError, system_words
from intake.model import CellState, Disposition, FormId, LetterKind, OutboxState, UnitName
from intake.words import DISPOSITION_WORDS, KIND_NAMES, day_words
from scheduler import jobs
from scheduler.app import App
from scheduler.demo.post_office import PostOffice
from scheduler.demo.stage import perform
from scheduler.demo.story import ENDING, SHANGHAI, Scene
from scheduler.desk import options
from scheduler.desk.status import matrix
from scheduler.watching import watch

_ROUND_S = 2.0  # between two rounds of the ticks while the desk is open

_COLORS = {
    Disposition.ACCEPTED: "green",
    Disposition.CORRECTION: "yellow",
    Disposition.REVIEW: "magenta",
    Disposition.IGNORED: "dim",
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "demo", parents=[common], help="演示：不用账号、不用联网，一分钟看完从来信到汇总表的全过程"
    )
    command.add_argument(
        "--output", type=Path, metavar="文件夹", default=Path("demo"), help="演示结果放在哪里，默认 ./demo"
    )
    command.add_argument("--web", action="store_true", help="演示完不结束，在浏览器里看网页，按 Ctrl+C 结束")
    command.add_argument(
        "--port", type=options.port, default=8026, metavar="端口", help="网页的端口，默认 8026，0 为任选"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Perform the demonstration; exit 1 if it did not end as the story has it."""
    port = arguments.port if arguments.web else None
    if port is not None:
        _refuse_a_taken(port)
    teller = ConsoleTeller(Console(highlight=False), arguments.output, web_port=port)
    return 0 if perform(arguments.output, teller) else 1


def _refuse_a_taken(port: int) -> None:
    """Raise OfficeError if the page could not be opened after the story: nobody watches a minute for that."""
    from scheduler.web.serving import HOST  # noqa: PLC0415 - Flask: only where a desk is wanted

    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise OfficeError(
            f"--port 的端口 {port} 不能使用（{system_words(error)}），演示没有开始。"
            "请用 --port 换一个大于 1024 的端口，或写 --port 0 任选。"
        ) from error


class ConsoleTeller:
    """Tells the story line by line in the terminal."""

    def __init__(self, console: Console, folder: Path, *, web_port: int | None = None) -> None:
        self._console = console
        self._web_port = web_port
        self._folder = folder
        self._began = time.monotonic()
        self._seen_mail = 0
        self._seen_letters: set[int] = set()
        self._day = ""

    def opens(self, app: App) -> None:
        """Say what is shown."""
        self._console.rule("邮件收表 演示")
        self._console.print(
            f"通知《{app.settings.campaign.name}》，{len(app.bench.roster.units)} 个单位（均为虚构），"
            "本机内置的邮箱和发信服务器，时间从 2025年5月27日 快进到 7月2日。\n"
            "[dim]←[/] 来信　[dim]→[/] 程序发出的信（演示中自动发出；正式使用时默认先留在发件箱，由工作人员放行）"
        )

    def arrives(self, scene: Scene) -> None:
        """Tell what a unit sends."""
        local = scene.at.astimezone(SHANGHAI)
        self._begin_day(day_words(local.date()))
        self._console.print(f"{local:%H:%M} [bold]← {escape(scene.sender)}[/]　{escape(scene.caption)}")

    def tells(self, app: App) -> None:
        """Tell what the program made of new mails, and which letters it sent."""
        with app.bench.sessions() as session:
            mails = session.scalars(
                select(MessageRow).where(MessageRow.id > self._seen_mail).order_by(MessageRow.id)
            ).all()
            letters = session.scalars(
                select(OutboxRow).where(OutboxRow.state == OutboxState.SENT).order_by(OutboxRow.id)
            ).all()
        self._begin_day(
            day_words(app.clock.now().astimezone(SHANGHAI).date()), only_if=bool(mails) or self._any_new(letters)
        )
        for mail in mails:
            self._seen_mail = mail.id
            disposition = Disposition(mail.disposition)
            words = DISPOSITION_WORDS[disposition]
            reason = mail.reasons[0] if mail.reasons else ""
            self._console.print(f"      [{_COLORS[disposition]}]{words}[/]　{escape(reason)}", soft_wrap=True)
        for letter in letters:
            if letter.id not in self._seen_letters:
                self._seen_letters.add(letter.id)
                whom = letter.unit or letter.to_address
                color = "blue" if letter.kind == LetterKind.REMINDER else "cyan"
                self._console.print(
                    f"      [{color}]→ {KIND_NAMES[LetterKind(letter.kind)]}[/]　{escape(whom)}　{escape(letter.subject)}",
                    soft_wrap=True,
                )

    def ends(self, app: App, workbook: Path, post_office: PostOffice) -> bool:
        """Show the matrix and where everything lies; return whether the state is the one the story leads to."""
        with app.bench.sessions() as session:
            ledger = app.bench.ledgers.read(session)
            waiting = len(queries.open_reviews(session))
        self._console.rule("结果")
        self._console.print(matrix(app, ledger, now=app.clock.now()))
        self._console.print(
            f"收信 {post_office.received} 封，发信 {post_office.sent} 封，待人工处理 {waiting} 件，"
            f"用时 {time.monotonic() - self._began:.0f} 秒。"
        )
        self._console.print(
            f"汇总表：{workbook}\n收到的邮件：{self._folder / '收到的邮件'}\n发出的邮件：{self._folder / '发出的邮件'}",
            markup=False,
        )
        wrong = [
            f"{unit}《{form}》应为 {wanted}，实为 {ledger.state.cell(UnitName(unit), FormId(form)).state}"
            for (unit, form), wanted in ENDING.items()
            if ledger.state.cell(UnitName(unit), FormId(form)).state is not CellState(wanted)
        ]
        for words in wrong:
            self._console.print(f"[red]演示结果不符：{escape(words)}[/]")
        if self._web_port is not None:
            self._leave_open(app, self._web_port)
        return not wrong

    def _leave_open(self, app: App, port: int) -> None:
        """Serve the desk until Ctrl+C, the ticks going on: what is released there goes out to the embedded servers."""
        from scheduler.web.application import make_application  # noqa: PLC0415 - Flask: only where a desk is wanted
        from scheduler.web.serving import serving  # noqa: PLC0415 - Flask: only where a desk is wanted

        with serving(make_application(app, guest="演示"), port=port) as number:
            self._console.print(
                f"\n网页已打开：[bold]http://127.0.0.1:{number}[/]　（虚构数据，不用登录；按 Ctrl+C 结束）"
            )
            try:
                while True:
                    jobs.one_round(app)
                    watch(app, just_ran=True)
                    time.sleep(_ROUND_S)
                    app.clock.sleep(_ROUND_S)
            except KeyboardInterrupt:
                self._console.print("演示结束。")

    def _any_new(self, letters: Sequence[OutboxRow]) -> bool:
        return any(letter.id not in self._seen_letters for letter in letters)

    def _begin_day(self, day: str, *, only_if: bool = True) -> None:
        if only_if and day != self._day:
            self._day = day
            self._console.print(f"\n[bold underline]{day}[/]")
