"""发件箱: every letter, what waits first; released, cancelled, skipped, sent again, all sending halted and resumed.

Each action that mails somebody is first shown on a page of its own, with the letters, and asks. The page carries the
state in which it showed each letter: if one has moved on meanwhile nothing is done, and the clerk is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from intake import again, halt, outbox_desk, restored
from intake.db import changes, lists, queries
from intake.db.lists import Shelf
from intake.db.models import OutboxRow
from intake.errors import OfficeError
from intake.model import LetterKind, OutboxState
from intake.own_letter import OwnLetter, read_own
from intake.words import KIND_NAMES, OUTBOX_WORDS
from scheduler.web.context import desk, local_words, who
from scheduler.web.doors import page
from scheduler.web.numbers import number_in, page_number

pages = Blueprint("outbox", __name__)

SHELF_WORDS = {
    Shelf.PENDING: "待处理和排队",
    Shelf.SENT: "已发送",
    Shelf.BOUNCED: "退信",
    Shelf.CANCELLED: "已取消",
    Shelf.EXPIRED: "已过期未发",
}
_MOST = 200  # letters on one page that asks: so many can be looked through
_RELEASABLE = (OutboxState.HELD, OutboxState.FAILED, OutboxState.UNCERTAIN)
_STOPPABLE = (*_RELEASABLE, OutboxState.QUEUED)
_MOVED_ON = "没有执行：在您查看期间，其中有信的状态变了（可能已发出，或已由别人处理）。请回到发件箱看过最新情况再操作。"


class Action(StrEnum):
    """What can be done to letters."""

    RELEASE = "release"
    CANCEL = "cancel"
    SKIP = "skip"
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as lists show it. `may` are the actions that its state allows."""

    id: int
    kind: str
    unit: str
    to_address: str
    subject: str
    state: OutboxState
    state_words: str
    created_at: datetime
    not_before: datetime | None
    sent_at: datetime | None
    expires_at: datetime | None
    attempt: int
    answer: str
    cause_id: int | None
    bounced: str
    may: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter with its words."""

    letter: Letter
    own: OwnLetter
    warning: str


# --- looking ---------------------------------------------------------------------------------------------------------


@pages.get("/outbox")
@page
def listing() -> ResponseReturnValue:
    """List the letters of one shelf."""
    app = desk().app
    shelf = Shelf(shelf_name) if (shelf_name := request.args.get("tab", "")) in set(Shelf) else Shelf.PENDING
    number = page_number()
    with app.bench.reading() as record:
        counts = lists.shelf_counts(record)
        rows = lists.letters_on(record, shelf, number)
        bad = queries.bad_addresses(record)
        held = lists.count_letters(record, (OutboxState.HELD,))
        held_back = restored.held(record)
    letters = [_letter(row, bad, app.clock.now()) for row in rows]
    return render_template(
        "outbox.html",
        shelf=shelf,
        shelves=[(one, SHELF_WORDS[one], counts[one]) for one in Shelf],
        letters=letters,
        first=number * lists.PAGE,
        page=number,
        page_count=ceil(counts[shelf] / lists.PAGE),
        held=held,
        held_back=held_back,
        choosable=any(Action.RELEASE in one.may or Action.CANCEL in one.may for one in letters),
    )


@pages.get("/outbox/<int:number>")
@page
def show(number: int) -> ResponseReturnValue:
    """Show one letter as its reader sees it, and how it fared."""
    app = desk().app
    with app.bench.reading() as record:
        found = lists.letters_named(record, [number])
        bad = queries.bad_addresses(record)
    if not found:
        abort(404)
    titles = {one.id: one.form.title for one in app.settings.campaign.collections}
    return render_template(
        "outbox_letter.html",
        one=_shown(found[0], bad, app.clock.now()),
        reference=found[0].reference,
        forms=[titles.get(form, form) for form in found[0].forms],
        queue_id=found[0].queue_id,
    )


# --- asking ----------------------------------------------------------------------------------------------------------


@pages.get("/outbox/confirm")
@page
def confirm() -> ResponseReturnValue:
    """Show what an action would do to which letters, and ask."""
    app = desk().app
    action = _action(request.args.get("do", ""))
    everything = request.args.get("all") == "1" and action is Action.RELEASE
    with app.bench.reading() as record:
        if everything:
            rows = lists.letters_in(record, [OutboxState.HELD], limit=_MOST, fresh=True)
        else:
            rows = lists.letters_named(record, _numbers(request.args.getlist("id")))
        bad = queries.bad_addresses(record)
        ends_hold = everything and restored.is_on_hold(record)
    now = app.clock.now()
    shown = [_shown(row, bad, now) for row in rows]
    able = [one for one in shown if action in one.letter.may]
    if not able and not ends_hold:
        raise OfficeError(_nothing(action, rows, now, everything=everything))
    return render_template(
        "outbox_confirm.html",
        action=action,
        letters=able,
        left_out=[one for one in shown if action not in one.letter.may],
        most=_MOST if everything and len(rows) == _MOST else 0,
        sent_before=_sent_before(rows[0]) if action is Action.RESEND else "",
        all=everything,
    )


def _nothing(action: Action, rows: Sequence[OutboxRow], now: datetime, *, everything: bool) -> str:
    if everything:
        return "没有等待首次放行的信。被服务器拒收过的信，请看过原因后逐封勾选放行。"
    if action is Action.RESEND and rows:
        return f"不能重发：{again.why_not(rows[0], now)}。"
    return "没有选中可以这样处理的信：请先在发件箱勾选；已发出、已取消的信不能再放行或取消。"


def _sent_before(row: OutboxRow) -> str:
    at = local_words(row.sent_at or row.claimed_at)
    if row.state == OutboxState.SENT:
        return f"此信已于 {at} 发出，再发对方会收到两封。"
    return f"此信于 {at} 发送时断了线，对方可能已经收到；再发对方可能会收到两封。"


# --- doing -----------------------------------------------------------------------------------------------------------


@pages.post("/outbox/do")
@page
def act() -> ResponseReturnValue:
    """Do what the clerk has confirmed, to the letters as they were shown; or nothing.

    While all is held, to release all may be to release none: the Sent folder has shown that each of them went out.
    """
    app = desk().app
    action = _action(request.form.get("do", ""))
    seen = _seen(request.form.getlist("letter"))
    everything = action is Action.RELEASE and request.form.get("all") == "1"
    now = app.clock.now()
    with app.bench.sessions.begin() as session:
        rows = lists.letters_named(session, seen, lock=True)
        ends_hold = everything and restored.is_on_hold(session) and not _more_held(session)
        if not (seen or ends_hold) or {row.id: row.state for row in rows} != seen:
            raise OfficeError(_MOVED_ON)
        done = _DOING[action](session, list(seen), now) if seen else ""
        for number in seen:
            changes.note(session, who=who(), action=action, subject=f"letter {number}", now=now)
        if everything and not _more_held(session) and restored.end_hold(session):
            changes.note(session, who=who(), action="end_hold", subject="outbox", now=now)
            done += "为免重复回信的暂停已解除，此后照常发信。"
    flash(done)
    return redirect(url_for("outbox.listing"), 303)


def _release(session: Session, ids: list[int], now: datetime) -> str:
    number, remark = outbox_desk.release(session, now, ids), outbox_desk.about_reminders(session, ids)
    return f"已放行 {number} 封，一两分钟内发出。{remark}{_but_halted(session)}"


def _cancel(session: Session, ids: list[int], _now: datetime) -> str:
    skipped = outbox_desk.skip(session, ids)  # a reminder that is only cancelled comes again tomorrow
    return f"已取消 {outbox_desk.cancel(session, ids) + skipped} 封，不再发出。"


def _skip(session: Session, ids: list[int], _now: datetime) -> str:
    return f"已跳过 {outbox_desk.skip(session, ids)} 封提醒，本次不再发出；下一次提醒照常。"


def _resend(session: Session, ids: list[int], now: datetime) -> str:
    if len(ids) != 1:
        abort(400)
    number = again.send_again(session, ids[0], stationery=desk().app.bench.stationery, now=now)
    return f"已排队重发（编号 {number}），一两分钟内发出。{_but_halted(session)}"


_DOING: dict[Action, Callable[[Session, list[int], datetime], str]] = {
    Action.RELEASE: _release,
    Action.CANCEL: _cancel,
    Action.SKIP: _skip,
    Action.RESEND: _resend,
}


def _more_held(session: Session) -> bool:
    return bool(lists.letters_in(session, [OutboxState.HELD], limit=1, fresh=True))


def _but_halted(session: Session) -> str:
    return "但全部发送现已暂停，要等恢复发送以后才会发出。" if halt.in_force(session) else ""


# --- the switch ------------------------------------------------------------------------------------------------------


@pages.get("/outbox/pause")
@page
def pause() -> ResponseReturnValue:
    """Ask whether all sending is to stop."""
    return render_template("outbox_pause.html")


@pages.post("/outbox/pause", endpoint="do_pause")
@page
def do_pause() -> ResponseReturnValue:
    """Stop all sending."""
    app = desk().app
    with app.bench.sessions.begin() as session:
        if not halt.pause(session, who=who(), now=app.clock.now()):
            raise OfficeError("发送已经是暂停状态，没有改动。")
        changes.note(session, who=who(), action="pause", subject="outbox", now=app.clock.now())
    flash("已暂停全部发送。信照常写好排队，恢复发送以后再发出。")
    return redirect(url_for("outbox.listing"), 303)


@pages.get("/outbox/resume")
@page
def resume() -> ResponseReturnValue:
    """Show what will go out, and ask whether sending is to go on."""
    app = desk().app
    now = app.clock.now()
    with app.bench.reading() as record:
        waiting = lists.count_letters(record, (OutboxState.QUEUED,))
        rows = lists.letters_in(record, [OutboxState.QUEUED], limit=_MOST, fresh=False)
        halted = halt.in_force(record)
    if halted is None:
        raise OfficeError("发送没有暂停，不需要恢复。")
    going = [_shown(row, {}, now) for row in rows if row.expires_at is None or row.expires_at > now]
    return render_template(
        "outbox_resume.html",
        letters=going,
        expired=len(rows) - len(going),
        waiting=waiting,
        since=halted.since.isoformat(),
    )


@pages.post("/outbox/resume", endpoint="do_resume")
@page
def do_resume() -> ResponseReturnValue:
    """Let letters go again, if it is still the halt that was shown."""
    app = desk().app
    with app.bench.sessions.begin() as session:
        halted = halt.in_force(session)
        if halted is None or halted.since.isoformat() != request.form.get("since"):
            raise OfficeError("没有执行：发送的暂停状态在您查看期间变了。请回到发件箱看过最新情况再操作。")
        halt.resume(session)
        changes.note(session, who=who(), action="resume", subject="outbox", now=app.clock.now())
    flash("已恢复发送，排队的信一两分钟内开始发出。")
    return redirect(url_for("outbox.listing"), 303)


# --- small things ----------------------------------------------------------------------------------------------------


def _action(name: str) -> Action:
    if name not in set(Action):
        abort(400)
    return Action(name)


def _numbers(given: Sequence[str]) -> list[int]:
    return [number for one in given[:_MOST] if (number := number_in(one)) is not None]


def _seen(given: Sequence[str]) -> dict[int, str]:
    """Return number → state as the page showed it ("12:held"); nothing if one is no number: this no page of ours showed."""
    seen: dict[int, str] = {}
    for one in given:
        number, _, state = one.partition(":")
        known = number_in(number)
        if known is None:
            return {}
        seen[known] = state
    return seen


def _shown(row: OutboxRow, bad: Mapping[str, str], now: datetime) -> Shown:
    letter = _letter(row, bad, now)
    warning = ""
    if letter.bounced:
        warning = "这个邮箱退过信，多半收不到，请电话核对。"
    elif letter.state is OutboxState.UNCERTAIN:
        warning = "此信发送时断了线，对方可能已经收到；放行或重发，对方可能会收到两封。"
    elif row.phase == restored.PHASE:
        warning = "还没有核对过“已发送”，此信可能已经发出过；放行后对方可能会收到两封。"
    elif row.expires_at is not None and row.expires_at <= now:
        warning = "信中写的是当天的情况，已经过时：放行后也不会发出，请取消。"
    return Shown(letter, read_own(row.raw), warning)


def _letter(row: OutboxRow, bad: Mapping[str, str], now: datetime) -> Letter:
    state, kind = OutboxState(row.state), LetterKind(row.kind)
    may = [Action.RELEASE] if state in _RELEASABLE else []
    if state in _STOPPABLE:
        waits = kind is LetterKind.REMINDER and state in (OutboxState.HELD, OutboxState.QUEUED)
        may += [Action.SKIP, Action.CANCEL] if waits else [Action.CANCEL]
    if not again.why_not(row, now):
        may.append(Action.RESEND)
    skipped = state is OutboxState.CANCELLED and row.phase == queries.SKIPPED
    return Letter(
        id=row.id,
        kind=KIND_NAMES[kind],
        unit=row.unit or "",
        to_address=row.to_address,
        subject=row.subject,
        state=state,
        state_words="已跳过" if skipped else OUTBOX_WORDS[state],
        created_at=row.created_at,
        not_before=row.not_before if state is OutboxState.QUEUED and row.not_before > now else None,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        attempt=row.attempt,
        answer=row.answer,
        cause_id=row.cause_id,
        bounced=bad.get(row.to_address.lower(), ""),
        may=tuple(may),
    )
