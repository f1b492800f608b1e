"""What a person changes in config.toml by a page or a command: the declared days, the mode of sending; with an audit row.

In: the `App`, who acts, what they saw. Out: the file, replaced whole; the running daemon notices within a minute
(`desk.run.ConfigWatch`). The row is written in the transaction that is open around the change: on SQLite it makes two who
change at once take turns, and a change that fails leaves no row. Must not: mail anybody, let any letter go.
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from intake import config_edit
from intake.config_edit import Declared, Edit, declared
from intake.db import changes
from intake.errors import OfficeError
from intake.settings import CalendarDay, SendMode
from parsers.text import clean
from scheduler.app import App
from scheduler.workdays import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
MODE_WORDS = {SendMode.HOLD: "先留待放行", SendMode.AUTO: "自动发送"}
MODE_MEANS = {
    SendMode.HOLD: "新写的回执、补正、提醒都先留在发件箱，工作人员看过放行才发出；发给工作人员的日报和告警照常发出。",
    SendMode.AUTO: "新写的回执、补正、提醒自动发出，不再等人放行。",
}
KIND_WORDS = {True: "上班", False: "放假"}
_LONGEST_NAME = 50
_YEARS = 2  # a decree speaks of the next year; further away a year is a typing error


@dataclass(frozen=True, slots=True)
class Standing:
    """What config.toml says, or the mistakes in it; `waits`: it is not what the program runs with (yet)."""

    told: Declared | None
    mistakes: tuple[str, ...] = ()
    waits: bool = False


@dataclass(frozen=True, slots=True)
class DayShown:
    """A declared day; `decreed` is what would hold without it, in words."""

    day: date
    kind: str
    name: str
    decreed: str


def standing(app: App) -> Standing:
    """Return what config.toml says now."""
    try:
        told = declared(app.settings.source)
    except OfficeError as error:
        return Standing(None, tuple(error.problems))
    same = told.mode is app.settings.sending.mode and set(told.days) == set(app.settings.calendar)
    return Standing(told, waits=not same)


def days_shown(days: tuple[CalendarDay, ...]) -> tuple[DayShown, ...]:
    """Given declared days, return them beside what holds without them."""
    decree = Calendar()

    def words(day: date) -> str:
        kind = decree.is_working(day)
        return KIND_WORDS[kind.working] + ("" if kind.certain else "（未公布，按普通工作日推算）")

    return tuple(DayShown(one.day, KIND_WORDS[one.working], one.name, words(one.day)) for one in days)


def year_words(days: tuple[CalendarDay, ...], year: int) -> str:
    """Return whether that year's holidays are known, in words."""
    if Calendar().knows(year):
        return "国务院的放假安排已收录"
    if Calendar(days).knows(year):
        return "程序尚未收录，已按本单位声明的日子计算"
    return (
        "尚未收录，期限和提醒按普通工作日推算并注明。安排公布后，请升级程序，或在这里逐日添加放假和调休上班的日子；"
        "元旦（1月1日）和国庆（10月1日）留到最后添加：这两天都有了，程序就当作全年已录全"
    )


def declare_day(app: App, day: date, *, working: bool, name: str, who: str, seen: str = "") -> None:
    """Add a day to [[calendar.day]]. Raise OfficeError, changing nothing, if it is there or its year is a typing error."""
    this_year = app.clock.now().astimezone(SHANGHAI).year
    if abs(day.year - this_year) > _YEARS:
        raise OfficeError(f"{day} 离现在太远，年份多半写错了，没有添加。请核对。")
    short = clean(" ".join(name.split()))[:_LONGEST_NAME]
    edit = config_edit.with_day(CalendarDay(day, working, short))
    _change(app, edit, who=who, action="add_day", subject=f"day {day}", seen=seen, working=working)


def retract_day(app: App, day: date, *, who: str, seen: str = "") -> None:
    """Take a day away from [[calendar.day]]. Raise OfficeError, changing nothing, if it is not there."""
    _change(app, config_edit.without_day(day), who=who, action="remove_day", subject=f"day {day}", seen=seen)


def set_mode(app: App, mode: SendMode, *, who: str, seen: str = "") -> None:
    """Set [sending] mode. Letters that are held stay held. Raise OfficeError, changing nothing, if it is set already."""
    told = declared(app.settings.source)
    if told.mode is mode:
        raise OfficeError(f"发信方式已经是“{MODE_WORDS[mode]}”，没有改动。")
    _change(
        app, config_edit.with_mode(mode), who=who, action="send_mode", subject="sending", seen=seen, mode=mode.value
    )


def _change(app: App, edit: Edit, *, who: str, action: str, subject: str, seen: str, **details: object) -> None:
    with app.bench.sessions.begin() as session:
        changes.note(session, who=who, action=action, subject=subject, now=app.clock.now(), **details)
        session.flush()
        config_edit.change(app.settings.source, edit, seen=seen)


def noticed(told: Declared | None) -> str:
    """Return when a change comes into force, as the end of a sentence."""
    if told is not None and told.asks_password:
        return "授权码是启动时输入的，所以要重新启动程序才会采用。"
    return "正在运行的程序一分钟内自动采用。"
