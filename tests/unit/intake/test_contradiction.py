"""Words that speak against the form beside them, and words that only look so."""

import pytest

from intake.contradiction import speaks_against

VALUES = ("王建国", "副主任", "13900000001", "0595-27390002", "wang@qs.example.com", "示例路1号")
PEOPLE = ("王建国",)


def against(text: str) -> bool:
    return speaks_against(text, VALUES, people=PEOPLE)


@pytest.mark.parametrize(
    "text",
    [
        "附件里手机写错了，正确的是13900000088。",
        "附件作废，请不要登记，稍后重发。",
        "请查收附件。手机号以这个为准：13900000088",
        "见附件。手机号最后一位应该是5。",
        "表中姓名的“建”应为“健”，请知悉。",
        "王建国同志已调走，请更换。",
        "附件请查收，联络员已调离，请改成李明。",
        "不要用办公座机，已停机。",
        "邮箱改为li@qs.example.com",
        "新手机号13900000088，请登记。",
        "表里的传真是空号，电话打不通了",
        "请帮我们补上邮箱：li@qs.example.com",
        "手机号码多写了一位，抱歉。",
        "王建国已于上月退休。",
        "联络员由李明改为张三，请查收",
        "更正：电话换成0595-27390099",
        "姓名应为王健国，职务副主任。",
        "联络员改为王建国，职务改为主任科员，请查收",
    ],
)
def test_words_against_the_form_are_heard(text):
    assert against(text)


@pytest.mark.parametrize(
    "text",
    [
        "请查收附件，谢谢！",
        "此前报送的手机13900000088有误，以本表为准。",
        "如有误请告知。",
        "上次的表填错了，现重新报送，请以此为准。",
        "因人员变动，原联络员李明调离，现由王建国担任，表见附件。",
        "因人员变动，联络员更换为王建国，请查收。",
        "联络员由李明改为王建国，手机改为13900000001。",
        "手机号已更正，请以附件为准。",
        "更新后的反馈表见附件，请替换之前的表。",
        "联系人：李明 电话：13900000088",
        "如有问题请联系李明13900000088。",
        "原座机已停用，请知悉。",
        "请审阅，不妥之处请批评指正。",
        "我镇将改进工作，按要求报送。",
        "新的反馈表已填好，手机13900000001。",
    ],
)
def test_words_that_agree_or_only_sound_so_are_not(text):
    assert not against(text)


def test_a_name_in_a_condition_is_nobody_gone():
    assert not against("如王建国调离，我们会另行报告。")
    assert against("王建国调离了，我们会另行报告。")
