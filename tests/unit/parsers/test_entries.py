"""A line is cut at its labels and nowhere else."""

import pytest

from parsers.entries import bare_entry, entries, unwrapped
from parsers.labels import label_index
from tests.builders.forms import FORMS

INDEX = label_index(FORMS)


def cut(line):
    return [(entry.label, entry.raw) for entry in entries(line, INDEX)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("姓名：张三", [("姓名", "张三")]),
        ("姓名：张三；性别：男;手机:139", [("姓名", "张三"), ("性别", "男"), ("手机", "139")]),
        ("姓名：张三 性别：男　手 机：139", [("姓名", "张三"), ("性别", "男"), ("手 机", "139")]),
        ("姓名：张三、职务：科员，手机：139", [("姓名", "张三"), ("职务", "科员"), ("手机", "139")]),
        ("姓名：手机：139", [("姓名", ""), ("手机", "139")]),
        ("13805950001电子邮箱：a@b.com", [("电子邮箱", "a@b.com")]),
        ("姓名：张三 微信号：zs 手机：139", [("姓名", "张三"), ("微信号", "zs"), ("手机", "139")]),
        ("1、单位名称（盖章）：青石镇", [("1、单位名称（盖章）", "青石镇")]),
        ("地址：中山路1号 邮编：362100", [("地址", "中山路1号"), ("邮编", "362100")]),
        ("职务：副主任____办公电话：0595-27390001__", [("职务", "副主任____"), ("办公电话", "0595-27390001__")]),
        ("姓名：____性别：__女__职务：__科员__", [("姓名", "____"), ("性别", "__女__"), ("职务", "__科员__")]),
        ("职务：科员____审批意见：__", [("职务", "科员____"), ("审批意见", "__")]),
        ("职务：科员____办事窗口：二楼", [("职务", "科员____"), ("办事窗口", "二楼")]),
        ("电子邮箱：lin_手机@unit.example.com", [("电子邮箱", "lin_手机@unit.example.com")]),
        ("通信地址：东经五路12号　电子邮箱：a@b.com", [("通信地址", "东经五路12号"), ("电子邮箱", "a@b.com")]),
        ("通信地址：4号楼205室 手机：139", [("通信地址", "4号楼205室"), ("手机", "139")]),
        ("性别： 男　传真： 2739　手机：　139", [("性别", "男"), ("传真", "2739"), ("手机", "139")]),
        (
            "性别：女 / 手机：139 / 传真：/ 姓名：张三",
            [("性别", "女"), ("手机", "139"), ("传真", "/"), ("姓名", "张三")],
        ),
        ("（1）姓名：张三（2）职务：科员（3）手机：139", [("（1）姓名", "张三"), ("职务", "科员"), ("手机", "139")]),
        ("①姓名：张三 ②职务：科员③手机：139", [("①姓名", "张三"), ("②职务", "科员"), ("手机", "139")]),
        (
            "(一)姓名：张三；(二)职务：科员；(三)手机：139",
            [("(一)姓名", "张三"), ("(二)职务", "科员"), ("(三)手机", "139")],
        ),
        (
            "姓名：张三　办公电话：2739（转2）　手机：139",
            [("姓名", "张三"), ("办公电话", "2739（转2）"), ("手机", "139")],
        ),
        ("传真：　　微信号：zs　手机：139", [("传真", ""), ("微信号", "zs"), ("手机", "139")]),
        ("时长9:00", []),
        ("没有标签的一行", []),
    ],
)
def test_a_line_is_cut_at_its_labels(line, found):
    assert cut(line) == found


def test_free_text_is_not_cut_at_what_only_looks_like_a_label():
    assert cut("节目概况：小品《安全》，时长：8分钟，演员：5人 联系人：张三") == [
        ("节目概况", "小品《安全》，时长：8分钟，演员：5人"),
        ("联系人", "张三"),
    ]


def test_a_label_of_somebody_else_is_not_taken_for_its_last_half():
    assert cut("紧急联系人：李四") == [("紧急联系人", "李四")]
    assert entries("紧急联系人：李四", INDEX)[0].match is None


def test_a_value_is_not_taken_for_part_of_the_next_label():
    assert cut("姓名：张三单位手机：139")[0] != ("姓名", "")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("姓名 张三", ("姓名", "张三")),
        ("姓 名　张三", ("姓 名", "张三")),
        ("手机13805950001", ("手机", "13805950001")),
        ("单位——青石镇", ("单位", "青石镇")),
        ("【姓名】张三", ("姓名", "张三")),
        ("手机号码改为13805950001", ("手机号码", "13805950001")),
        ("手机更正为：13805950001", ("手机", "13805950001")),
    ],
)
def test_a_label_without_a_colon_needs_a_gap(line, found):
    entry = bare_entry(line, INDEX) or entries(line, INDEX)[0]
    assert (entry.label, entry.raw) == found


@pytest.mark.parametrize("line", ["姓名", "单位青石镇", "姓名学", "", " ", "联系实际工作"])
def test_without_a_gap_it_is_no_entry(line):
    assert bare_entry(line, INDEX) is None


def test_a_wrapped_label_is_put_on_one_line():
    assert unwrapped("性\n别：女", INDEX) == "性别：女"
    assert unwrapped("张三\n手机：1", INDEX) == "张三\n手机：1"


def test_a_line_full_of_colons_takes_no_time():
    assert len(entries("姓名：" * 20_000, INDEX)) <= 60
