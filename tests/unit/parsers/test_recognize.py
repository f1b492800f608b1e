"""Which form stands where: headings first, labels second, the file's name last."""

from parsers.document import Cell, Grid
from parsers.labels import label_index
from parsers.recognize import Evidence, evidence, lay_out, segments
from tests.builders.forms import FORMS, LIAISON, NOTE, REGISTRATION, Box, document, grid

INDEX = label_index(FORMS)
OFFICER = [["姓名", "张三"], ["职务", "科员"], ["手机", "13805950001"], ["单位名称", "青石镇"]]
ENTRY = [["单位", "青石镇"], ["现场是否提供节目", "否"], ["联系人", "张三"], ["联系方式", "13805950001"]]


def found(*blocks, hint=""):
    return [(segment.form.id, segment.title) for segment in segments(document(*blocks), INDEX, FORMS, hint=hint)]


def test_a_heading_above_a_table_names_it():
    assert found("附件2", LIAISON.title, OFFICER) == [("liaison", LIAISON.title)]


def test_a_heading_in_two_lines_is_one():
    assert found("“安全生产月”活动", "联络员反馈表", OFFICER)[0][0] == "liaison"


def test_a_heading_inside_the_table_cuts_it():
    width = 2
    rows = [[Box(REGISTRATION.title, width)], *ENTRY, [Box("附件2", width)], [Box(LIAISON.title, width)], *OFFICER]
    assert [form for form, _ in found(rows)] == ["registration", "liaison"]


def test_labels_decide_without_a_heading():
    assert found(OFFICER) == [("liaison", "")]
    assert found(ENTRY) == [("registration", "")]


def test_labels_overrule_a_heading_left_over_from_another_form():
    assert found(
        REGISTRATION.title, [["姓名", "张三"], ["性别", "男"], ["职务", "科员"], ["传真", "/"], ["手机", "1"]]
    ) == [("liaison", "")]


def test_the_file_s_name_decides_between_forms_with_the_same_labels():
    rows = [["单位", "青石镇"], ["姓名", "张三"], ["联系电话", "13805950001"]]
    assert found(rows, hint="附件1意向报名表.docx")[0][0] == "registration"
    assert found(rows, hint="联络员反馈表.docx")[0][0] == "liaison"


def test_two_labels_are_not_a_form_without_a_heading():
    assert found([["联系人", "张三"], ["联系电话", "13805950001"]]) == []
    assert found("联络员反馈表", [["姓名", "张三"], ["手机", "13805950001"]]) == [("liaison", "联络员反馈表")]


def test_a_table_of_figures_is_no_form():
    rows = [["单位", "活动场次", "参加人数"], ["青石镇", "3", "120"]]
    layout = lay_out(document("活动总结", rows), INDEX, FORMS)
    assert layout.segments == ()
    assert [line.text for line in layout.lines] == ["活动总结", "单位 活动场次 参加人数", "青石镇 3 120"]


def test_a_heading_does_not_reach_over_a_paragraph():
    prose = (
        "为做好联络工作，请各单位明确一名联络员，负责活动期间的信息报送、协调联络等工作，并于规定时间前将名单报送至办公室，"
        * 2
    )
    assert found("联络员反馈表", prose, [["姓名", "张三"], ["手机", "1"]]) == []


def test_a_grid_that_only_lays_out_a_mail_becomes_lines():
    inner = grid(OFFICER, "table 1.1")
    outer = Grid(2, 1, (Cell(0, 0, "您好！\n联络员反馈表", "R1"), Cell(1, 0, "", "R2", nested=(inner,))), "table 1")
    assert found(outer) == [("liaison", "联络员反馈表")]


def test_a_table_in_a_cell_of_a_form_is_looked_at_too():
    inner = grid([["姓名", "李四"], ["职务", "科员"], ["手机", "2"], ["单位名称", "区"]], "table 1.1")
    rows = grid([["单位", "青石镇"], ["现场是否提供节目", "否"], ["联系人", "张三"], ["联系方式", "1"]])
    cells = (*rows.cells[:-1], Cell(3, 1, "1", "R4C2", nested=(inner,)))
    assert [form for form, _ in found(Grid(4, 2, cells, "table 1"))] == ["registration", "liaison"]


def test_a_grid_without_labels_under_our_heading_is_a_warning():
    layout = lay_out(document(LIAISON.title, [["a", "b"], ["c", "d"]]), INDEX, FORMS)
    assert [(form.id, title) for form, title, _ in layout.unread] == [("liaison", LIAISON.title)]


def test_the_lines_around_a_grid_go_with_it():
    (segment,) = segments(document("填报单位：青石镇", OFFICER, NOTE), INDEX, FORMS)
    assert [line.text for line in segment.above] == ["填报单位：青石镇"]
    assert [line.text for line in segment.below] == [NOTE]


def test_evidence_prefers_the_form_whose_own_labels_stand_there():
    labels = [INDEX.match(text) for text in ("姓名", "手机", "单位名称", "职务")]
    first, second = evidence([match for match in labels if match], FORMS)
    assert (first.form.id, second.form.id) == ("liaison", "registration")
    assert first.weight > second.weight
    assert isinstance(first, Evidence)
    assert first.enough


def test_blank_lines_are_seen_in_the_numbers_of_lines():
    from parsers.document import Document, Paragraph  # noqa: PLC0415

    layout = lay_out(
        Document((Paragraph("a", "line 1"), Paragraph("b", "line 3"), Paragraph("c", "line 4")), "x"), INDEX, FORMS
    )
    assert [line.gap for line in layout.lines] == [False, True, False]
