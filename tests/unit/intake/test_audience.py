"""Of whom a form is asked: what the roster says the unit owes, else the collection's audience."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from intake.audience import asked_of, days_after
from intake.model import FormId
from intake.settings import Audience
from tests.builders.reminding import collection, unit

DAY = date(2025, 5, 30)
TOWN = unit("青石镇人民政府", group="乡镇")
BUREAU = unit("示例区教育文体局", group="成员单位", aliases=("教育局", "教体局"))


def test_a_form_for_everybody_is_asked_of_every_unit():
    assert asked_of(collection(DAY), TOWN)
    assert asked_of(collection(DAY), BUREAU)


@pytest.mark.parametrize(
    ("audience", "town", "bureau"),
    [
        (Audience(everybody=False, groups=frozenset({"乡镇"})), True, False),
        (Audience(everybody=False, units=frozenset({"示例区教育文体局"})), False, True),
        (Audience(everybody=False, units=frozenset({"教体局"})), False, True),
        (Audience(everybody=False, units=frozenset({"青石镇 人民政府"})), True, False),
        (Audience(everybody=False, groups=frozenset({"乡镇"}), units=frozenset({"教育局"})), True, True),
        (Audience(everybody=False), False, False),
    ],
)
def test_an_audience_names_groups_and_units(audience, town, bureau):
    asked = collection(DAY, audience=audience)
    assert (asked_of(asked, TOWN), asked_of(asked, BUREAU)) == (town, bureau)


def test_what_the_roster_says_a_unit_owes_comes_first():
    only_summary = unit("青石镇人民政府", owes=frozenset({FormId("summary")}))
    assert not asked_of(collection(DAY), only_summary)
    nobody_else = collection(DAY, audience=Audience(everybody=False))
    assert asked_of(nobody_else, unit("青石镇人民政府", owes=frozenset({FormId("liaison")})))


def test_a_unit_that_owes_nothing_is_asked_nothing():
    assert not asked_of(collection(DAY), unit("青石镇人民政府", owes=frozenset()))


def test_a_unit_without_group_is_in_no_group():
    assert not asked_of(
        collection(DAY, audience=Audience(everybody=False, groups=frozenset({"乡镇"}))), unit("某公司", group="")
    )


def test_days_after_the_limit_are_calendar_days_and_at_least_one():
    limit = datetime(2025, 5, 30, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert [days_after(limit, limit + timedelta(hours=hours)) for hours in (-30, 0, 1, 12, 36, 60)] == [
        0,
        0,
        1,
        1,
        2,
        3,
    ]
