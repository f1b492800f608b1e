"""Arrivals a day as bars, with deadlines and reminders: coordinates of an inline SVG. Pure.

In: days of `figures`. Out: a `Chart` of numbers and words; the template sets them into elements with classes and
presentation attributes only, because the policy of the doors forbids inline styles. Long campaigns are drawn by weeks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from intake.model import FormId
from scheduler.figures import Day

WIDTH, HEIGHT = 1_000, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 990, 52, 214  # of the plot within the picture
_MOST_BARS = 93  # three months of days; more are drawn as weeks
_MOST_LABELS = 16
_LINES = 4  # of the scale, about
_APART = 130  # two deadline words nearer than this stand on two rows


@dataclass(frozen=True, slots=True)
class Bar:
    """One day or week: the lower part are forms, the upper one other mails. `words` tell it to a screen reader."""

    x: float
    width: float
    forms_y: float
    forms_height: float
    others_y: float
    others_height: float
    words: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A word at a place: a label of an axis, a deadline, a number of reminders."""

    x: float
    y: float
    words: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture. `scale` are horizontal lines with their number, `desc` the whole in one sentence."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    by_week: bool
    bars: tuple[Bar, ...]
    scale: tuple[Sign, ...]
    labels: tuple[Sign, ...]
    deadlines: tuple[Sign, ...]
    reminders: tuple[Sign, ...]
    desc: str


@dataclass(frozen=True, slots=True)
class _Slot:
    first: date
    last: date
    forms: int
    others: int
    reminders: int
    deadlines: tuple[FormId, ...]


def chart(days: Sequence[Day], names: Mapping[FormId, str]) -> Chart:
    """Given days in a row and what the forms are called, return the picture."""
    slots = _slots(days)
    highest = max([one.forms + one.others for one in slots], default=0)
    step = _step(highest)
    top = max(step * -(-highest // step), step)
    high, wide = (_BOTTOM - _TOP) / top, (_RIGHT - _LEFT) / max(len(slots), 1)
    every = -(-len(slots) // _MOST_LABELS) or 1
    middles = [_LEFT + wide * (at + 0.5) for at in range(len(slots))]
    return Chart(
        WIDTH,
        HEIGHT,
        _LEFT,
        _RIGHT,
        _TOP,
        _BOTTOM,
        len(slots) < len(days),
        tuple(_bar(one, middle, wide, high) for one, middle in zip(slots, middles, strict=True)),
        tuple(
            Sign(_LEFT - 6, _round(_BOTTOM - high * number), str(number), "end") for number in range(0, top + 1, step)
        ),
        tuple(
            Sign(_round(middle), _BOTTOM + 18, f"{one.first.month}-{one.first.day}")
            for at, (one, middle) in enumerate(zip(slots, middles, strict=True))
            if at % every == 0
        ),
        tuple(_deadlines(slots, middles, names)),
        tuple(
            Sign(_round(middle), _BOTTOM + 26, str(one.reminders))
            for one, middle in zip(slots, middles, strict=True)
            if one.reminders
        ),
        _desc(days),
    )


def _slots(days: Sequence[Day]) -> list[_Slot]:
    size = 1 if len(days) <= _MOST_BARS else 7
    groups = [days[at : at + size] for at in range(0, len(days), size)]
    return [
        _Slot(
            group[0].day,
            group[-1].day,
            sum(one.forms for one in group),
            sum(one.others for one in group),
            sum(one.reminders for one in group),
            tuple(form for one in group for form in one.deadlines),
        )
        for group in groups
    ]


def _step(highest: int) -> int:
    """Return the distance of two lines of the scale: 1, 2, 5, 10, 20 …, so that there are about four."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if step * _LINES >= highest:
                return step
        size *= 10


def _bar(slot: _Slot, middle: float, wide: float, high: float) -> Bar:
    width = max(wide * 0.72, 1.5)
    forms, others = slot.forms * high, slot.others * high
    when = f"{slot.first.month}月{slot.first.day}日"
    if slot.last != slot.first:
        when += f"至{slot.last.month}月{slot.last.day}日"
    return Bar(
        _round(middle - width / 2),
        _round(width),
        _round(_BOTTOM - forms),
        _round(forms),
        _round(_BOTTOM - forms - others),
        _round(others),
        f"{when}：报送{slot.forms}封，其他{slot.others}封",
    )


def _deadlines(slots: Sequence[_Slot], middles: Sequence[float], names: Mapping[FormId, str]) -> list[Sign]:
    signs: list[Sign] = []
    for slot, middle in zip(slots, middles, strict=True):
        if not slot.deadlines:
            continue
        words = "、".join(dict.fromkeys(names.get(form, form) for form in slot.deadlines)) + "截止"
        crowded = bool(signs) and middle - signs[-1].x < _APART and signs[-1].y < _TOP - 20
        anchor = "end" if middle > _RIGHT - _APART else "start" if middle < _LEFT + _APART / 2 else "middle"
        signs.append(Sign(_round(middle), _TOP - 8 if crowded else _TOP - 28, words, anchor))
    return signs


def _desc(days: Sequence[Day]) -> str:
    if not days:
        return "没有数据"
    total = sum(one.forms + one.others for one in days)
    fullest = max(days, key=lambda one: one.forms + one.others)
    words = f"{days[0].day.month}月{days[0].day.day}日至{days[-1].day.month}月{days[-1].day.day}日共来信{total}封"
    if total:
        words += f"，最多的一天是{fullest.day.month}月{fullest.day.day}日，{fullest.forms + fullest.others}封"
    return f"{words}。同样的数字见下表。"


def _round(number: float) -> float:
    return round(number, 1)
