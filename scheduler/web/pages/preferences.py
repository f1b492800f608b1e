"""设置: what the office can change by itself: the roster (`preferences_roster`), the working days, how letters are sent.

In: config.toml and the roster as they lie there now, which may be a minute ahead of what the program runs with. Out:
values for `preferences.html`. Every form carries the fingerprint of the file that it was shown from: who changes what
somebody else has changed meanwhile is told. Nothing here mails anybody or lets a letter go.
"""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from intake import halt
from intake.config_edit import refuse_example
from intake.db import lists
from intake.errors import OfficeError
from intake.model import OutboxState
from intake.settings import SendMode
from intake.words import SHANGHAI
from scheduler import office_changes, rosters
from scheduler.office_changes import MODE_MEANS, MODE_WORDS
from scheduler.web.context import desk, who
from scheduler.web.doors import page
from scheduler.workdays import Calendar

pages = Blueprint("preferences", __name__)


@dataclass(frozen=True, slots=True)
class Year:
    """A year, and whether its holidays are known."""

    year: int
    words: str


@pages.get("/preferences")
@page
def show() -> ResponseReturnValue:
    """Show all sections."""
    app = desk().app
    with app.bench.reading() as record:
        held = lists.count_letters(record, (OutboxState.HELD,))
        halted = halt.in_force(record)
    standing = office_changes.standing(app)
    days = app.settings.calendar if standing.told is None else standing.told.days
    mode = app.settings.sending.mode if standing.told is None else standing.told.mode
    this_year = app.clock.now().astimezone(SHANGHAI).year
    return render_template(
        "preferences.html",
        locked=_locked(),
        standing=standing,
        waits_words=office_changes.noticed(standing.told),
        roster=rosters.present(app),
        days=office_changes.days_shown(days),
        known_until=Calendar(days).known_until(),
        years=[Year(year, office_changes.year_words(days, year)) for year in (this_year, this_year + 1)],
        mode=mode,
        mode_words=MODE_WORDS[mode],
        mode_means=MODE_MEANS[mode],
        other=SendMode.AUTO if mode is SendMode.HOLD else SendMode.HOLD,
        other_words=MODE_WORDS[SendMode.AUTO if mode is SendMode.HOLD else SendMode.HOLD],
        held=held,
        halted_now=halted is not None,
        clerks=app.settings.clerk.addresses,
    )


def _locked() -> str:
    """Return why nothing can be changed here, "" if it can."""
    try:
        refuse_example(desk().app.settings.source)
    except OfficeError as error:
        return "".join(error.problems)
    return ""


# --- the working days ------------------------------------------------------------------------------------------------


@pages.post("/preferences/days")
@page
def add_day() -> ResponseReturnValue:
    """Declare a day."""
    kind = request.form.get("kind", "")
    if kind not in ("holiday", "workday"):
        abort(400)
    day = _day(request.form.get("day", ""))
    office_changes.declare_day(
        desk().app,
        day,
        working=kind == "workday",
        name=request.form.get("name", ""),
        who=who(),
        seen=_seen(),
    )
    return _done(f"已添加 {day}（{'上班' if kind == 'workday' else '放假'}）。", "calendar")


@pages.post("/preferences/days/remove")
@page
def remove_day() -> ResponseReturnValue:
    """Take a declared day away."""
    day = _day(request.form.get("day", ""))
    office_changes.retract_day(desk().app, day, who=who(), seen=_seen())
    return _done(f"已删去 {day}，这一天按国务院的安排计算。", "calendar")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise OfficeError("日期看不明白，没有改动。请写成 2026-02-17 的样子（年-月-日）。") from None


# --- how letters are sent --------------------------------------------------------------------------------------------


@pages.get("/preferences/sending")
@page
def ask_mode() -> ResponseReturnValue:
    """Say what the other mode means, and ask."""
    app = desk().app
    mode = _mode(request.args.get("mode", ""))
    standing = office_changes.standing(app)
    if standing.told is None:
        raise OfficeError(standing.mistakes)
    with app.bench.reading() as record:
        held = lists.count_letters(record, (OutboxState.HELD,))
        queued = lists.count_letters(record, (OutboxState.QUEUED,))
    return render_template(
        "preferences_sending.html",
        mode=mode,
        words=MODE_WORDS[mode],
        means=MODE_MEANS[mode],
        held=held,
        queued=queued,
        seen=standing.told.fingerprint,
    )


@pages.post("/preferences/sending")
@page
def set_mode() -> ResponseReturnValue:
    """Set the mode that was confirmed."""
    mode = _mode(request.form.get("mode", ""))
    office_changes.set_mode(desk().app, mode, who=who(), seen=_seen())
    return _done(f"发信方式已改为“{MODE_WORDS[mode]}”。", "sending")


def _mode(name: str) -> SendMode:
    if name not in set(SendMode):
        abort(400)
    return SendMode(name)


# --- small things ----------------------------------------------------------------------------------------------------


def _seen() -> str:
    """Return the fingerprint of the file as the page showed it: without one nothing is changed."""
    return request.form.get("seen") or abort(400)


def _done(words: str, place: str) -> ResponseReturnValue:
    flash(words + office_changes.noticed(office_changes.standing(desk().app).told))
    return redirect(url_for("preferences.show", _anchor=place), 303)
