"""What a new roster changes is told unit by unit, and no form that came loses its unit without a word."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model import FormId
from intake.roster_changes import Adrift, Altered, Renamed, compare
from tests.builders.rosters import REGION, unit

STONE, SANDS, BAY = "青石回族乡人民政府", "白沙镇人民政府", "海湾镇人民政府"
SCHOOLS, MONEY = f"{REGION}教育文体局", f"{REGION}财政局"
LIAISON = FormId("liaison")
TITLES = {LIAISON: "联络员反馈表", FormId("summary"): "活动总结"}
OLD = (
    unit(STONE, "青石乡", order=1, addresses=("stone@example.com",), phone="0595-27390001", group="乡镇"),
    unit(SANDS, "白沙镇", order=2, addresses=("sands@example.com",), group="乡镇"),
    unit(SCHOOLS, "教体局", order=3, addresses=("schools@example.org",), group="部门"),
)


def changes(after, before=OLD, recorded=None):
    return compare(before, after, recorded=recorded or {}, titles=TITLES, region=REGION)


def test_the_same_roster_changes_nothing():
    found = changes(OLD)
    assert found.is_none
    assert found.unchanged == 3


def test_a_new_unit_and_one_that_goes_are_told_with_what_it_has_sent():
    found = changes((*OLD[:2], unit(MONEY)), recorded={SCHOOLS: frozenset(TITLES), "教体局": frozenset({LIAISON})})
    assert [one.name for one in found.added] == [MONEY]
    assert [(one.unit.name, one.sent, one.like) for one in found.gone] == [(SCHOOLS, 2, ())]
    assert found.unchanged == 2
    assert not found.adrift


@pytest.mark.parametrize(
    "name", [f"{REGION}教育文体旅游局", f"{REGION}教育文体局 ", "教育文体旅游局", f"{REGION}教育文休局"]
)
def test_a_unit_that_is_written_otherwise_is_gone_and_the_new_name_is_offered(name):
    found = changes((*OLD[:2], unit(name)), recorded={SCHOOLS: frozenset({LIAISON})})
    assert [(one.unit.name, one.sent, one.like) for one in found.gone] == [(SCHOOLS, 1, (name,))]


def test_a_unit_with_the_old_ones_mailbox_is_offered_whatever_it_is_called():
    found = changes((*OLD[:2], unit(MONEY, addresses=("Schools@example.org",))))
    assert found.gone[0].like == (MONEY,)


@pytest.mark.parametrize("how", ["former_names", "aliases"])
def test_a_unit_that_keeps_its_former_name_goes_on_under_the_new_one(how):
    new = f"{REGION}教育文体旅游局"
    renamed = replace(OLD[2], name=new, **{how: (*getattr(OLD[2], how), SCHOOLS)})
    found = changes((*OLD[:2], renamed), recorded={SCHOOLS: frozenset({LIAISON})})
    assert found.renamed == (Renamed(SCHOOLS, new),)
    assert not found.altered
    assert not found.adrift
    assert not found.gone
    assert found.unchanged == 2


def test_two_units_that_become_one_are_both_renamings_or_one_is():
    merged = unit(
        STONE, "青石乡", SANDS, "白沙镇", addresses=("stone@example.com",), phone="0595-27390001", group="乡镇"
    )
    found = changes((merged, OLD[2]))
    assert found.renamed == (Renamed(SANDS, STONE),)
    assert not found.gone
    assert not found.moved


def test_every_column_that_differs_is_told_by_its_heading():
    new = replace(
        OLD[0],
        aliases=("青石",),
        group="成员单位",
        contact_name="林小满",
        addresses=("new@example.com",),
        phone="",
        owes=frozenset({LIAISON}),
    )
    assert changes((new, *OLD[1:])).altered == (
        Altered(STONE, "简称", "青石乡", "青石"),
        Altered(STONE, "分组", "乡镇", "成员单位"),
        Altered(STONE, "联系人", "", "林小满"),
        Altered(STONE, "邮箱", "stone@example.com", "new@example.com"),
        Altered(STONE, "电话", "0595-27390001", ""),
        Altered(STONE, "应报项", "按通知", "联络员反馈表"),
    )
    excused = changes((replace(OLD[0], owes=frozenset()), *OLD[1:])).altered
    assert [one.after for one in excused] == ["免报"]


def test_forms_under_a_former_name_that_is_dropped_are_told():
    before = (replace(OLD[0], former_names=("青石乡政府",)), *OLD[1:])
    found = changes(OLD, before, {"青石乡政府": frozenset({LIAISON}), STONE: frozenset({LIAISON})})
    assert found.adrift == (Adrift("青石乡政府", 1, STONE, ""),)


def test_forms_under_a_name_that_becomes_another_units_are_told():
    after = (replace(OLD[0], aliases=()), replace(OLD[1], aliases=("青石乡",)), OLD[2])
    assert changes(after, recorded={"青石乡": frozenset({LIAISON})}).adrift == (Adrift("青石乡", 1, STONE, SANDS),)


def test_a_unit_that_swallows_anothers_short_name_while_that_one_goes_is_told():
    after = (replace(OLD[1], aliases=("青石乡",)), OLD[2])
    found = changes(after, recorded={"青石乡": frozenset({LIAISON})})
    assert found.adrift == (Adrift("青石乡", 1, STONE, SANDS),)


@pytest.mark.parametrize(("order", "moved"), [((0, 1, 2), 0), ((2, 0, 1), 1), ((2, 1, 0), 2), ((1, 0, 2), 1)])
def test_so_many_units_have_moved_as_somebody_would_have_to_move(order, moved):
    assert changes(tuple(OLD[place] for place in order)).moved == moved
    assert changes((unit(BAY), *(OLD[place] for place in order))).moved == moved


def test_two_rosters_that_have_little_in_common_are_not_compared_name_by_name():
    before = tuple(unit(f"甲{number}局", phone=f"0595-{number:08}") for number in range(101))
    after = tuple(unit(f"乙{number}局", phone=f"0595-{number + 100:08}") for number in range(100))
    found = changes(after, before)
    assert not found.by_name
    assert [one.unit.name for one in found.gone if one.like] == ["甲100局"]
    assert changes(after[:99], before[:99]).by_name


_rosters = st.lists(st.sampled_from([STONE, SANDS, BAY, SCHOOLS, MONEY]), unique=True, max_size=5).map(
    lambda names: tuple(unit(name) for name in names)
)


@given(_rosters, _rosters)
def test_every_unit_of_both_rosters_is_accounted_for(before, after):
    found = changes(after, before)
    assert len(found.gone) + len(found.renamed) + found.unchanged == len(before)
    assert len(found.added) + found.unchanged == len(after)
    assert 0 <= found.moved <= max(0, found.unchanged - 1)
