"""Tables that are no submission, or may be none: examples beside the form, sums below a list, another table's title."""

import pytest

from parsers.forms import ProblemCode
from parsers.headings import titles_of
from parsers.remarks import is_sample_heading
from tests.builders.forms import FORMS, LIAISON, Box
from tests.builders.reading import faults, forms, one, people

TITLE = LIAISON.title
LI = {"name": "李志明", "position": "副镇长", "mobile": "13805950001", "unit": "青石镇人民政府"}
REAL = [["姓名", "李志明"], ["职务", "副镇长"], ["手机", "13805950001"], ["单位名称", "青石镇人民政府"]]
SAMPLE = [["姓名", "张三"], ["职务", "主任"], ["手机", "13900000000"], ["单位名称", "某某镇人民政府"]]


@pytest.mark.parametrize("cue", ["填写示例：", "示例", "（填写样例）", f"{TITLE}（示例）", "填表范例如下："])
def test_a_table_called_an_example_is_nobody_s(cue):
    assert people(TITLE, REAL, cue, SAMPLE) == [LI]
    assert people(cue, SAMPLE, TITLE, REAL) == [LI]
    assert people(cue, TITLE, SAMPLE, "以下请填写", TITLE, REAL) == [LI]


def test_an_example_in_the_same_sheet_is_nobody_s():
    assert people(TITLE, [*REAL, [Box("填写示例", 2)], *SAMPLE]) == [LI]
    assert people([[Box("填写示例", 2)], *SAMPLE, [Box(TITLE, 2)], *REAL]) == [LI]


def test_an_example_beside_a_blank_form_makes_no_submission():
    empty = [[label, ""] for label, _ in REAL]
    assert [reading.blank for reading in forms("填写示例：", SAMPLE, TITLE, empty)] == [True]


def test_a_blank_form_tells_whether_only_its_example_has_values():
    empty = [[label, ""] for label, _ in REAL]
    beside, alone = forms("填写示例：", SAMPLE, TITLE, empty), forms(TITLE, empty)
    assert [problem.code for problem in beside[0].problems] == [ProblemCode.EMPTY]
    assert alone[0].problems == ()


def test_the_only_table_is_asked_about_even_if_it_is_called_an_example():
    reading = one("填写示例：", REAL)
    assert reading.field("name").value == "李志明"
    assert faults(reading) == {None: ProblemCode.AMBIGUOUS}


@pytest.mark.parametrize(
    "line", ["样表", "附件2 联络员反馈表（样表）", "例会安排", "示例镇人民政府", "举例说明如下内容"]
)
def test_other_lines_call_nothing_an_example(line):
    assert not is_sample_heading(line)


def test_a_sum_below_a_list_is_nobody():
    header = ["序号", "单位名称", "姓名", "职务", "手机"]
    row = ["1", LI["unit"], LI["name"], LI["position"], LI["mobile"]]
    assert people(TITLE, [header, row, ["合计", "", "1人", "", ""]]) == [LI]
    assert people(TITLE, [header, row, ["", "合 计", "1", "", "13805950001"]]) == [LI]


def test_another_table_s_title_makes_a_form_doubtful():
    for blocks in (("党员信息表", REAL), ([[Box("参会人员名单", 2)], *REAL],), ("2025年安全员登记表（青石镇）", REAL)):
        reading = one(*blocks)
        assert reading.field("mobile").value == "13805950001"
        assert faults(reading) == {None: ProblemCode.AMBIGUOUS}


@pytest.mark.parametrize(
    "title",
    [
        TITLE,
        "安全生产月联络员名单",
        "青石镇联络员信息登记表",
        "附件2",
        "基本信息表",
        "反馈表",
        "青石镇人民政府",
        "“安全生产月”活动人员名单",
        "活动意向表",
    ],
)
def test_a_title_that_may_be_the_form_s_is_none_of_another_table(title):
    assert not titles_of(FORMS).is_foreign(title)
    assert not faults(one(title, REAL))


def test_a_blank_table_under_another_title_stays_blank():
    assert one("党员信息表", [[label, ""] for label, _ in REAL]).blank
