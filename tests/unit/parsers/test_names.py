"""Names of people, and what stands in their place by mistake."""

import pytest

from parsers.names import find_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(
            ("王五", "王五"),
            ("王 五", "王五"),
            ("王　五", "王五"),
            ("李 建 国", "李建国"),
            ("欧阳 建国", "欧阳建国"),
            ("林 建国", "林建国"),
        ),
        *(("迪丽努尔•艾力", "迪丽努尔·艾力"), ("阿卜杜·买买提", "阿卜杜·买买提"), ("买买提.艾力", "买买提·艾力")),
        *(
            ("张䶮", "张䶮"),
            ("\U00021533伟", "\U00021533伟"),
            ("王五主任", "王五"),
            ("王五 副主任", "王五"),
            ("黄晓明同志", "黄晓明"),
        ),
        *(
            ("林涛（科员）", "林涛"),
            ("姓名：张三", "张三"),
            ("林和平", "林和平"),
            ("范志和", "范志和"),
            ("John Smith", "John Smith"),
        ),
    ],
)
def test_names(text, name):
    found = find_name(text)
    assert found.text == name
    assert not found.fault


def test_what_is_trimmed_is_noted():
    assert find_name("王五主任").note == "主任"
    assert find_name("林涛（安监站）").note == "安监站"


@pytest.mark.parametrize(
    "text", ["张三、李四", "张三/李四", "张三 李四", "张三\n李四", "张三和李四", "张三（主）李四（副）"]
)
def test_two_people_are_not_one(text):
    assert find_name(text).several


@pytest.mark.parametrize(
    "text",
    [
        "张三13805950001",
        "男",
        "是",
        "科员",
        "办公室主任",
        "青石镇人民政府",
        "区水利局办公室",
        "联系方式",
        "资规局",
        "工会",
        "王主任",
        "小林",
        "老陈",
        "张某某",
        "张XX",
        "a@b.com",
        "",
        "某",
        "安全生产月活动",
    ],
)
def test_shifted_values_are_no_names(text):
    assert not find_name(text).text


def test_a_character_from_a_private_font_is_a_fault():
    assert find_name("张\ue123").fault
