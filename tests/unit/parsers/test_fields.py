"""One raw text, one value or one problem, by type."""

import pytest

from parsers.document import Cell
from parsers.fields import Checked, check, check_required, is_ditto, is_nothing
from parsers.forms import FieldReading, FieldSpec, FieldType, Problem, ProblemCode
from tests.builders.forms import LIAISON, REGISTRATION


def run(kind, raw, *, required=False, **rest) -> Checked:
    return check(FieldSpec("key", "栏目", FieldType(kind), required=required), raw, area_code="0595", **rest)


def code(checked):
    return checked.problem.code if checked.problem else None


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("person", "王 五", "王五"),
        ("person", "迪丽努尔•艾力", "迪丽努尔·艾力"),
        ("person", "林涛（科员）", "林涛"),
        ("gender", "☑女 □男", "女"),
        ("gender", "男性", "男"),
        ("yesno", "□是 ☑否", False),
        ("yesno", "可以提供", True),
        ("yesno", "无", False),
        ("mobile", "138 0595 0001", "13805950001"),
        ("mobile", "13805950001（短号665001）", "13805950001"),
        ("mobile", "13805950001（微信同号，白天）谢谢", "13805950001"),
        ("mobile", "13805950001，麻烦补一下，谢谢！", "13805950001"),
        ("mobile", "13805950001 麻烦您帮忙登记下，辛苦了", "13805950001"),
        ("mobile", "13805950001，烦请补充一下谢谢您！", "13805950001"),
        ("phone", "0595-27391234。请查收，谢谢。", "0595-27391234"),
        ("email", "lt@unit.example.com，麻烦补一下，谢谢！", "lt@unit.example.com"),
        ("person", "李军，谢谢！", "李军"),
        ("gender", "女，谢谢", "女"),
        ("person", "科长李军", "李军"),
        ("address", "青石镇中山路12号。", "青石镇中山路12号"),
        ("mobile", "13805950001/0595-27391234", "13805950001"),
        ("phone", "（0595）27391234", "0595-27391234"),
        ("phone", "27391234", "27391234"),
        ("phone", "27391234转801", "27391234-801"),
        ("phone", "13805950001、0595-27391234", "13805950001/0595-27391234"),
        ("phone", "13805950001", "13805950001"),
        ("phone", "12350", "12350"),
        ("email", "lt@unit.example.com", "lt@unit.example.com"),
        ("email", "ｌｔ＠unit。example。com", "lt@unit.example.com"),
        ("email", "邮箱：lt@unit.example.com。", "lt@unit.example.com"),
        ("email", "mailto:lt@unit.example.com", "lt@unit.example.com"),
        ("email", "lt @unit.example.com", "lt@unit.example.com"),
        ("position", "办公室\n主任", "办公室主任"),
        ("unit", "青石镇人民政府（盖章）", "青石镇人民政府"),
        ("unit", "____青石镇____", "青石镇"),
        ("address", "青石镇中山路１２号 ", "青石镇中山路12号"),
        ("text", "小品《安全》，约8分钟。", "小品《安全》，约8分钟。"),
        ("text", "第一行\n第二行", "第一行\n第二行"),
        ("text", "面积30㎡①", "面积30㎡①"),
    ],
)
def test_values_in_their_normal_form(kind, raw, value):
    checked = run(kind, raw, required=True) if raw != "12350" else run(kind, raw)
    assert (checked.value, checked.problem) == (value, None)


@pytest.mark.parametrize(
    "tail",
    [
        "，麻烦补一下传真",
        "，麻烦改一下",
        "，谢谢，原号码停用",
        "，不是谢谢",
        "，请登记为办公电话",
        "，谢谢请换成李军的",
        "，麻烦补一下吗",
    ],
)
def test_only_plain_courtesy_may_stand_behind_a_number(tail):
    assert run("mobile", f"13805950001{tail}", required=True).problem is not None


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "  ",
        "/",
        "—",
        "－－",
        "无",
        "暂无",
        "没有",
        "N/A",
        "（没有可不填）",
        "例：abc@unit.example.com",
        "____",
    ],
)
@pytest.mark.parametrize("kind", ["phone", "email", "address", "text"])
def test_nothing_given_is_no_problem_in_an_optional_field(kind, raw):
    checked = run(kind, raw)
    assert (checked.value, checked.problem) == (None, None)


@pytest.mark.parametrize("raw", ["", "/", "无", "（请填写）", "—"])
@pytest.mark.parametrize("kind", ["person", "mobile", "position", "unit"])
def test_nothing_given_is_missing_in_a_required_field(kind, raw):
    assert code(run(kind, raw, required=True)) is ProblemCode.MISSING


@pytest.mark.parametrize("raw", ["同上", "同左", "同办公电话", "（同上）", "见上", "〃"])
@pytest.mark.parametrize("kind", ["mobile", "phone", "email", "address", "position", "text"])
def test_a_reference_to_another_cell_is_no_value_and_asked_for_where_it_may_be_left_open_too(kind, raw):
    for required in (True, False):
        checked = run(kind, raw, required=required)
        assert (checked.value, code(checked)) == (None, ProblemCode.INVALID)


@pytest.mark.parametrize("kind", ["person", "mobile", "position", "text"])
def test_what_stays_as_it_was_is_no_value_and_asked_for_where_it_may_be_left_open_too(kind):
    assert code(run(kind, "（不变）", required=True)) is ProblemCode.INVALID
    assert code(run(kind, "照旧", required=False)) is ProblemCode.INVALID


@pytest.mark.parametrize(
    ("kind", "raw", "wanted"),
    [
        ("person", "13805950001", ProblemCode.INVALID),
        ("person", "科员", ProblemCode.INVALID),
        ("person", "张三、李四", ProblemCode.AMBIGUOUS),
        ("gender", "保密", ProblemCode.INVALID),
        ("gender", "☑男 ☑女", ProblemCode.AMBIGUOUS),
        ("yesno", "待定", ProblemCode.AMBIGUOUS),
        ("yesno", "☑是 ☑否", ProblemCode.AMBIGUOUS),
        ("yesno", "□是 □否", ProblemCode.MISSING),
        ("yesno", "/", ProblemCode.MISSING),
        ("mobile", "1380595000", ProblemCode.INVALID),
        ("mobile", "0595-27391234", ProblemCode.INVALID),
        ("mobile", "138****1234", ProblemCode.INVALID),
        ("mobile", "1.39123E+10", ProblemCode.INVALID),
        ("mobile", "13805950001 13905950002", ProblemCode.AMBIGUOUS),
        ("mobile", "a@b.com", ProblemCode.INVALID),
        ("phone", "138059500011", ProblemCode.INVALID),
        ("phone", "12350", ProblemCode.INVALID),
        ("email", "lt#unit.example.com", ProblemCode.INVALID),
        ("email", "lt@126", ProblemCode.INVALID),
        ("email", "lt@126.con", ProblemCode.INVALID),
        ("email", "123456789", ProblemCode.INVALID),
        ("email", "a@unit.example.com b@unit.example.com", ProblemCode.AMBIGUOUS),
        ("unit", "13805950001", ProblemCode.INVALID),
        ("position", "13805950001", ProblemCode.INVALID),
        ("address", "a@b.com", ProblemCode.INVALID),
        ("person", "张\ufffd", ProblemCode.UNREADABLE),
        ("text", "\ufffd\ufffd", ProblemCode.UNREADABLE),
    ],
)
def test_faults_are_told_and_never_repaired(kind, raw, wanted):
    checked = run(kind, raw, required=True)
    assert code(checked) is wanted
    assert wanted is ProblemCode.AMBIGUOUS or checked.value is None


def test_a_fault_shows_what_was_given():
    problem = run("mobile", " 1380595 ").problem
    assert problem == Problem(ProblemCode.INVALID, "key", given="1380595", detail="not a telephone number")


def test_what_was_left_out_is_only_noted():
    assert run("phone", "27391234").notes == ("without area code",)
    assert run("mobile", "13805950001/27391234").notes == ("other numbers beside it",)


def cell(text, **marks):
    return Cell(0, 0, text, "R1C1", **marks)


def test_an_underlined_or_struck_answer_is_read_from_the_cell():
    assert run("yesno", "是 否", cell=cell("是 否", underlined=("否",))).value is False
    assert run("yesno", "是", cell=cell("是", struck=("否",))).value is True


def test_a_number_s_format_shows_its_lost_zero():
    checked = run("phone", "59527391234", cell=cell("59527391234", number_format="0000-00000000"))
    assert checked.value == "0595-27391234"


def test_a_general_format_changes_nothing():
    assert run("mobile", "13805950001", cell=cell("13805950001", number_format="0")).value == "13805950001"


@pytest.mark.parametrize(
    ("good", "bad", "kind"),
    [
        ("13805950001", "科员", "mobile"),
        ("男", "13805950001", "gender"),
        ("张三", "男", "person"),
        ("a@b.com", "张三", "email"),
        ("科员", "a@b.com", "position"),
    ],
)
def test_fit_tells_a_value_from_a_shifted_one(good, bad, kind):
    assert run(kind, good).fit > 0.5
    assert run(kind, bad).fit <= -0.5


def reading(key, value, problem=None, raw=""):
    return FieldReading(key, raw, value, key, "R1C1", "right", problem)


def missing(form, *fields):
    return [problem.field for problem in check_required(form, fields)]


def test_each_required_field_that_is_absent_is_missing():
    assert missing(LIAISON) == ["name", "position", "mobile", "unit"]


def test_a_field_with_a_problem_of_its_own_is_not_reported_twice():
    problem = Problem(ProblemCode.INVALID, "mobile")
    given = [reading("name", "张三"), reading("position", "科员"), reading("unit", "青石镇")]
    assert missing(LIAISON, *given, reading("mobile", None, problem)) == []
    assert missing(LIAISON, *given) == ["mobile"]


def test_a_condition_makes_a_field_required():
    given = [reading("unit", "青石镇"), reading("contact_name", "张三"), reading("contact_phone", "1")]
    assert missing(REGISTRATION, *given, reading("has_program", True)) == ["program_summary"]
    assert missing(REGISTRATION, *given, reading("has_program", False)) == []
    assert missing(REGISTRATION, *given, reading("has_program", None)) == ["has_program"]


def test_words_for_nothing_and_for_ditto():
    assert is_nothing("—")
    assert is_nothing("暂无。")
    assert not is_nothing("无锡")
    assert is_ditto("同上")
    assert not is_ditto("同安")


def test_no_text_is_too_long():
    for kind in FieldType:
        assert isinstance(run(kind, "1 是 a@b.c 张" * 20_000), Checked)


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (FieldType.MOBILE, "13900000001（已停用，请打13900000002）", ProblemCode.AMBIGUOUS),
        (FieldType.MOBILE, "13900000001改为13900000002", ProblemCode.AMBIGUOUS),
        (FieldType.PHONE, "不是13900000001", ProblemCode.AMBIGUOUS),
        (FieldType.POSITION, "#N/A", ProblemCode.INVALID),
        (FieldType.PERSON, "张三（示例）", ProblemCode.AMBIGUOUS),
        (FieldType.PERSON, "王建国（已调离）", ProblemCode.AMBIGUOUS),
        (FieldType.PERSON, "王建国（由李明代）", ProblemCode.AMBIGUOUS),
        (FieldType.EMAIL, "wang@unit.example.com（已停用）", ProblemCode.AMBIGUOUS),
        (FieldType.EMAIL, "wang@unit.examplecom", ProblemCode.INVALID),
        (FieldType.MOBILE, "13900000001（李秘书）", ProblemCode.AMBIGUOUS),
        (FieldType.ADDRESS, "青石镇云台大街3\n6号", ProblemCode.AMBIGUOUS),
        (FieldType.GENDER, "男，女", ProblemCode.AMBIGUOUS),
        (FieldType.YESNO, "不一定", ProblemCode.AMBIGUOUS),
    ],
)
def test_what_takes_itself_back_is_asked_about(kind, text, code):
    checked = check(FieldSpec("key", "栏目", kind, required=True), text)
    assert checked.problem is not None
    assert checked.problem.code is code


NAME = FieldSpec("name", "姓名", FieldType.PERSON, required=True)


@pytest.mark.parametrize(
    "text", ["见附表", "见名单", "如附件", "同去年", "还是老李", "不详", "本人", "空缺", "照旧", "李局"]
)
def test_words_in_the_place_of_a_name_are_asked_about(text):
    found = check(NAME, text)
    assert found.problem is not None


@pytest.mark.parametrize(
    "text", ["卫红", "乐嘉", "安志强", "陳大文", "欧阳娜", "买买提·艾力", "李科", "张䶮", "John Smith", "麦家"]
)
def test_rarer_surnames_are_names(text):
    found = check(NAME, text)
    assert (found.value, found.problem) == (text, None)
