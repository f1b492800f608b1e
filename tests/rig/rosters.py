"""What a clerk makes of the roster in the course of a year: units come, are renamed, merged, move to other addresses.

In: how many edits were made. Out: a `Roster` that the program may get. Mails go on to name the units as they were called
at first, as people do. Whoever renames a unit, and takes that back, writes the other name as 曾用名: without it nobody can
know that they are one, and the office is told that a unit is gone. `ADDRESSES` are all that a letter may go to.
"""

from collections.abc import Callable

from intake.roster import Roster, parse_roster
from tests.builders import office

_HEAD = "单位名称,简称,曾用名,分组,联系人,邮箱,电话"
_FIRST, _SECOND, _THIRD = office.UNITS
_WATER = "shuiwu@qs.example.com"
_SECOND_BOX = "baisha2@bs.example.com"
ADDRESSES = frozenset({*office.UNITS.values(), _WATER, _SECOND_BOX})
# each unit's names over all editions, by its address
NAMES = {
    office.UNITS[_FIRST]: frozenset({_FIRST, "青石街道办事处"}),
    office.UNITS[_SECOND]: frozenset({_SECOND}),
    _SECOND_BOX: frozenset({_SECOND}),
    office.UNITS[_THIRD]: frozenset({_THIRD, "泉州台商投资区教育局"}),
    _WATER: frozenset({"水务局"}),
}


def _row(name: str, short: str, former: str, addresses: str) -> str:
    return f"{name},{short},{former},成员单位,林小满,{addresses},0595-27390000"


def _rows(*, renamed: bool, second_box: bool, water: bool, merged_name: bool) -> list[str]:
    first = ("青石街道办事处", "青石街道", _FIRST) if renamed else (_FIRST, "青石镇", "青石街道办事处")
    education = "泉州台商投资区教育局"
    third = (education, "教育局", _THIRD) if merged_name else (_THIRD, "教体局", education)
    boxes = office.UNITS[_SECOND] + (f"；{_SECOND_BOX}" if second_box else "")
    rows = [_row(*first, office.UNITS[_FIRST]), _row(_SECOND, "白沙镇", "", boxes)]
    rows.append(_row(*third, office.UNITS[_THIRD]))
    return [*rows, _row("水务局", "", "", _WATER)] if water else rows


_EDITIONS: tuple[Callable[[], list[str]], ...] = tuple(
    (lambda a=a, b=b, c=c, d=d: _rows(renamed=a, second_box=b, water=c, merged_name=d))
    for a, b, c, d in (
        (False, False, False, False),
        (True, False, False, False),
        (True, True, False, False),
        (False, True, True, False),
        (True, False, True, True),
        (False, False, False, True),
    )
)
COUNT = len(_EDITIONS)


def edition(number: int) -> Roster:
    """Return an edition of the roster, 0 to COUNT - 1; 0 is the office's first."""
    text = "\r\n".join([_HEAD, *_EDITIONS[number]()]) + "\r\n"
    return parse_roster(text.encode("utf-8-sig"), "roster.csv")
