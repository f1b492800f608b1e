"""`intake status`: units × forms in the terminal, and whether the service is well."""

import argparse
import json
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from intake import halt
from intake.db import heartbeats, queries
from intake.ledger import Ledger
from intake.model import UnitName
from intake.standing import Standing, counts_of, mark_of, tally_of
from intake.words import day_words, moment_words
from scheduler.app import App
from scheduler.beginning import Step, first_steps, to_do
from scheduler.desk import options
from scheduler.desk.explained import cut
from scheduler.health import Health, State
from scheduler.watching import examine

_CUT = 60  # columns of a subject
_COLORS = {
    Standing.ACCEPTED: "green",
    Standing.NO_INTENT: "cyan",
    Standing.EXEMPT: "cyan",
    Standing.CORRECTION: "yellow",
    Standing.REVIEW: "magenta",
    Standing.NONE_SAID: "magenta",
    Standing.MISSING: "red",
    Standing.OVERDUE: "red bold",
    Standing.NOTHING: "dim",
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("status", parents=[common], help="进度：各单位、各表报送情况，系统是否正常")
    command.add_argument("--json", action="store_true", help="输出 JSON，供程序读取")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the matrix; exit 1 if something waits for the clerk."""
    with options.own_app(arguments) as app:
        with app.bench.reading() as session:
            ledger = app.bench.ledgers.read(session)
            reviews = queries.open_reviews(session)
            waiting = len(reviews)
            counts = queries.counts(session)
            fetch = heartbeats.last_heartbeat(session, "fetch")
            halted = halt.in_force(session)
            begun = first_steps(app, session, ledger)
        health = examine(app)
        if arguments.json:
            print(
                json.dumps(
                    _as_json(app, ledger, waiting, counts)
                    | {
                        "health": _health_json(health),
                        "halted_since": None if halted is None else halted.since.isoformat(),
                        "first_steps": [{"title": one.title, "done": one.done, "state": one.state} for one in begun],
                    },
                    ensure_ascii=False,
                )
            )
        else:
            console = Console()
            console.print(matrix(app, ledger, now=app.clock.now()))
            for row in reviews:
                who = f"{row.from_name} {row.from_address}".strip() or "（发件人不明）"
                words = f"待处理 [{row.id}] {moment_words(row.arrived_at)} {who}“{cut(row.subject, _CUT)}”："
                words += "；".join(row.reasons[:2])
                console.print(words, markup=False, highlight=False, soft_wrap=True)
            _print_health(console, waiting, counts, fetch.ok_at, fetch.message)
            if halted is not None:
                words = f"全部发送已暂停（{moment_words(halted.since)}由{halted.who}暂停）。恢复：intake outbox resume"
                console.print(words, style="red", markup=False, soft_wrap=True)
            _print_verdict(console, health)
            _print_steps(console, begun)
    return 1 if waiting else 0


def matrix(app: App, ledger: Ledger, *, now: datetime) -> Table:
    """Given the ledger, return the table units × forms in roster order, words first and color second."""
    campaign = app.settings.campaign
    table = Table(title=f"{campaign.name}  截至{moment_words(now)}", caption=_totals(app, ledger, now))
    table.add_column("序号", justify="right")
    table.add_column("单位", overflow="fold", ratio=2)
    for collection in campaign.collections:
        limit = "随时" if collection.deadline is None else f"{day_words(collection.deadline)}前"
        heading = collection.letter_label or collection.form.title
        table.add_column(f"{heading}\n{limit}", justify="center", overflow="fold", ratio=1)
    for number, unit in enumerate(app.bench.roster.units, start=1):
        row = [str(number), escape(unit.name)]
        for collection in campaign.collections:
            cell = ledger.state.cell(UnitName(unit.name), collection.id)
            mark = mark_of(cell, unit, collection, limit_at=app.bench.late_after.get(collection.id), now=now)
            row.append(f"[{_COLORS[mark.tone]}]{mark.words}[/]")
        table.add_row(*row)
    return table


def _totals(app: App, ledger: Ledger, now: datetime) -> str:
    parts = []
    for collection in app.settings.campaign.collections:
        limit_at = app.bench.late_after.get(collection.id)
        found = tally_of(collection, app.bench.roster, ledger, limit_at=limit_at, now=now)
        words = "，".join(f"{word}{number}" for _, word, number in counts_of(found, collection))
        parts.append(f"{collection.letter_label}《{collection.form.title}》{words}")
    return "\n".join(parts)


def _print_health(
    console: Console, waiting: int, counts: dict[str, dict[str, int]], polled_at: datetime | None, message: str
) -> None:
    outbox = counts["outbox"]
    console.print(
        f"待人工处理 {waiting} 件；发件箱：待放行 {outbox.get('held', 0)}，排队 {outbox.get('queued', 0)}，"
        f"已发 {outbox.get('sent', 0)}，失败 {outbox.get('failed', 0)}，去向不明 {outbox.get('uncertain', 0)}。"
    )
    if polled_at is None:
        console.print("尚未收过信。" if not message else f"[red]收信失败：{escape(message)}[/]")
    else:
        console.print(
            f"最近收信 {moment_words(polled_at)}。" + (f"[red]此后失败：{escape(message)}[/]" if message else "")
        )


_VERDICTS = {
    State.OK: ("green", "运行状况：正常。"),
    State.WARN: ("yellow", "运行状况：有待留意。"),
    State.BAD: ("red", "运行状况：异常，请处理。"),
}


def _print_verdict(console: Console, health: Health) -> None:
    style, words = _VERDICTS[health.state]
    console.print(words, style=style)
    for sentence in health.sentences:
        console.print(f"  · {sentence}", markup=False, highlight=False, soft_wrap=True)


def _print_steps(console: Console, steps: tuple[Step, ...]) -> None:
    """Tell a new office what to do next; nothing once all is done."""
    if not to_do(steps):
        return
    console.print("接下来做什么：")
    for number, step in enumerate(steps, start=1):
        words = f"  {number}. [{'已完成' if step.done else '待办'}] {step.title}：{step.state}"
        words += f"。{step.hint}" if step.hint and not step.done else ""
        console.print(words, markup=False, highlight=False, soft_wrap=True)


def _health_json(health: Health) -> dict[str, object]:
    problems = [{"cause": one.cause, "state": one.state, "text": one.sentence} for one in health.symptoms]
    return {"state": health.state, "at": health.at.isoformat(), "problems": problems}


def _as_json(app: App, ledger: Ledger, waiting: int, counts: dict[str, dict[str, int]]) -> dict[str, object]:
    cells = [
        {
            "unit": unit.name,
            "form": collection.id,
            "state": cell.state,
            "late": cell.late,
            "arrived_at": None if cell.arrived_at is None else cell.arrived_at.isoformat(),
            "pending": [held.message_id for held in cell.pending],
            "submissions": [{one.key: one.value for one in held.fields} for held in cell.submissions],
        }
        for unit in app.bench.roster.units
        for collection in app.settings.campaign.collections
        for cell in [ledger.state.cell(UnitName(unit.name), collection.id)]
    ]
    return {"campaign": app.settings.campaign.id, "waiting": waiting, "counts": counts, "cells": cells}
