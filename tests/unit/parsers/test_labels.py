"""Labels are recognised however people write them, and nothing that merely resembles one."""

import pytest

from parsers.forms import FieldSpec, FieldType, FormKind, FormSpec
from parsers.labels import label_index
from tests.builders.forms import FORMS

INDEX = label_index(FORMS)


def keys(text, form="liaison"):
    match = INDEX.match(text)
    return match.keys(form) if match else None


@pytest.mark.parametrize(
    "text",
    [
        "姓名",
        "姓　名",
        "姓    名",
        "姓\n名",
        "姓名：",
        "*姓名",
        "姓名（必填）",
        "【必填】姓名:",
        "1.姓名",
        "一、姓名",
        "(1)姓名",
        "姓名：____",
        "※姓名",
    ],
)
def test_a_label_is_known_in_every_dress(text):
    assert keys(text) == ("name",)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ｅ－ｍａｉｌ", "email"),
        ("手\n机\n号\n码", "mobile"),
        ("电 子\n邮 箱：", "email"),
        ("职务／职称", "position"),
        ("通 信 地 址", "address"),
    ],
)
def test_width_line_breaks_and_blanks_make_no_difference(text, key):
    assert keys(text) == (key,)


@pytest.mark.parametrize(("text", "key"), [("通迅地址", "address"), ("电子邮件箱", "email"), ("联络员姓明", "name")])
def test_a_long_label_may_have_one_wrong_character(text, key):
    match = INDEX.match(text)
    assert match is not None
    assert match.keys("liaison") == (key,)
    assert not match.exact


@pytest.mark.parametrize(
    "text",
    [
        "姓各",
        "手札",
        "职位名",
        "家庭地址",
        "微信号",
        "座机号",
        "单位性质",
        "紧急联系人",
        "现场是否提供道具",
        "身份证号码",
    ],
)
def test_what_only_resembles_a_label_is_none(text):
    assert INDEX.match(text) is None


def test_between_two_labels_nothing_is_guessed():
    spec = FormSpec(
        "x",
        "表",
        FormKind.TABLE,
        (FieldSpec("a", "甲方代表人", FieldType.TEXT), FieldSpec("b", "乙方代表人", FieldType.TEXT)),
    )
    assert label_index((spec,)).match("丙方代表人") is None


def test_a_label_of_two_forms_names_both_and_tells_whose_own_it_is():
    match = INDEX.match("姓名")
    assert match is not None
    assert match.fields == (("registration", "contact_name"), ("liaison", "name"))
    assert match.primary == {"liaison"}


def test_free_documents_have_no_labels():
    assert INDEX.match("标题") is None


def test_a_number_behind_a_label_is_another_copy_of_it():
    match = INDEX.match("手机2")
    assert match is not None
    assert match.keys("liaison") == ("mobile",)
    assert not match.exact


def test_a_double_label_names_two_fields():
    match = INDEX.match("联系人及联系电话")
    assert match is not None
    assert match.keys("registration") == ("contact_name",)
    assert match.also_keys("registration") == ("contact_phone",)


def test_half_a_label_that_nobody_asks_for_is_let_go():
    match = INDEX.match("职务/学历")
    assert match is not None
    assert match.keys("liaison") == ("position",)
    assert match.also == ()


def test_the_number_of_the_person_asked_for_is_known_by_both_words():
    assert keys("经办人手机号码", "registration") == ("contact_phone",)
    assert keys("联络员电子邮箱") == ("email",)
    assert keys("分管领导手机") is None


@pytest.mark.parametrize(
    "text",
    [
        "微信号：",
        "序 号",
        "身份证号码",
        "备 注",
        "填报人",
        "紧急联系人电话",
        "分管领导手机",
        "单位传真电话号码",
        "家庭住址",
    ],
)
def test_labels_of_other_forms_look_like_labels(text):
    assert INDEX.looks_like_label(text)


@pytest.mark.parametrize(
    "text", ["张三", "13805950001", "办公室主任", "中山路12号", "青石镇人民政府", "您好，姓名", "填报单位：青石镇", ""]
)
def test_values_do_not(text):
    assert not INDEX.looks_like_label(text)


def test_an_index_is_built_once():
    assert label_index(FORMS) is label_index(tuple(FORMS))


def test_a_very_long_text_is_no_label():
    assert INDEX.match("姓名" * 10_000) is None


def test_a_very_long_label_may_have_two_wrong_characters_and_no_more():
    spec = FormSpec("x", "表", FormKind.TABLE, (FieldSpec("a", "是否同意参加本次应急演练活动", FieldType.YESNO),))
    assert label_index((spec,)).match("是否同意参与本次应急演练活动") is not None
    assert label_index((spec,)).match("是否同意参加本次消防演练活动") is not None
    assert label_index((spec,)).match("是否同意参加本次交通救援活动") is None


def test_a_misspelt_label_near_several_that_ask_for_one_field_of_each_form_is_known():
    both = FieldSpec("unit", "单位名称", FieldType.UNIT)
    more = FieldSpec("unit", "单位名称", FieldType.UNIT, aliases=("单位名",))
    forms = tuple(FormSpec(name, name, FormKind.TABLE, (spec,)) for name, spec in (("first", both), ("second", more)))
    found = label_index(forms).match("单位名成")
    assert found is not None
    assert sorted(found.fields) == [("first", "unit"), ("second", "unit")]
    assert not found.exact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("号真", {"fax"}),
        ("区别", {"gender"}),
        ("办号电话", {"office_phone"}),
        ("微信", set()),
        ("真", set()),
        ("手机2", set()),
    ],
)
def test_a_slip_of_the_pen_is_told_however_short_the_label(text, expected):
    assert INDEX.slips(text, "liaison") == expected
