"""What a clerk makes of the roster in the course of a year: units come, are renamed, merged, move to other addresses.

In: how many edits were made. Out: a `Roster` that the program may get. Mails go on to name the units as they were called
at first, as people do. Whoever renames a unit, and takes that back, writes the other name as 曾用名: without it nobody can
know that they are one, and the office is told that a unit is gone. `ADDRESSES` are all that a letter may go to.
"""

from collections.abc import Callable

from intake.roster import Roster, parse_roster
from tests.rig.unit_names import (
    FIRST,
    FIRST_BOX,
    FIRST_TODAY,
    NAMES,
    SECOND,
    SECOND_BOX,
    SECOND_OTHER_BOX,
    THIRD,
    THIRD_BOX,
    THIRD_TODAY,
    WATER,
    WATER_BOX,
)

_HEAD = "单位名称,简称,曾用名,分组,联系人,邮箱,电话"
ADDRESSES = frozenset(NAMES)


def _row(name: str, short: str, former: str, addresses: str) -> str:
    return f"{name},{short},{former},成员单位,林小满,{addresses},0595-27390000"


def _rows(*, renamed: bool, second_box: bool, water: bool, merged_name: bool) -> list[str]:
    first = (FIRST_TODAY, "青石街道", FIRST) if renamed else (FIRST, "青石镇", FIRST_TODAY)
    third = (THIRD_TODAY, "教育局", THIRD) if merged_name else (THIRD, "教体局", THIRD_TODAY)
    boxes = SECOND_BOX + (f"；{SECOND_OTHER_BOX}" if second_box else "")
    rows = [_row(*first, FIRST_BOX), _row(SECOND, "白沙镇", "", boxes), _row(*third, THIRD_BOX)]
    return [*rows, _row(WATER, "", "", WATER_BOX)] if water else rows


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
