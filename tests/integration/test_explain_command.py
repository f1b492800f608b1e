"""`intake inspect --explain`, the command itself, through the real locked worker: exit code, JSON, what a person reads.

All mails go through one call of the command each way: what it says of one may not depend on the others.
"""

import contextlib
import io
import json
import re
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from docx import Document
from docx.shared import Cm
from openpyxl import Workbook
from PIL import Image

from intake.blanks import docx_document
from intake.config import example_path, load
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site

CAMPAIGN = load(example_path(), environment={}, need_password=False).campaign
TOWN = "青石镇人民政府"
ADDRESS = office.UNITS[TOWN]
LIAISON_TITLE = "泉州台商投资区“安全生产月”活动联络员反馈表"
REGISTRATION_TITLE = "泉州台商投资区“安全宣传咨询日”活动意向报名表"
PAIRS = (("姓名", "林小满"), ("性别", "女"), ("职务", "科员"), ("手机", "13900000001"), ("单位名称", TOWN))
SUMMARY = ["今年六月，我镇认真组织开展安全生产月活动，各村共同参加。" * 8]


def two_forms() -> bytes:
    book, stream = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.title = "联络员"
    for row in ([LIAISON_TITLE], *map(list, PAIRS)):
        sheet.append(row)
    sheet = book.create_sheet("报名")
    sheet.append([REGISTRATION_TITLE])
    for row in (("单位", TOWN), ("现场是否提供节目", "是"), ("节目概况", "快板《安全歌》")):
        sheet.append(row)
    for row in (("联系人", "林小满"), ("联系方式", "13900000001")):
        sheet.append(row)
    book.save(stream)
    return stream.getvalue()


def with_pictures(text: bytes, count: int) -> bytes:
    made, stream, picture = Document(io.BytesIO(text)), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (40, 30), (90, 120, 200)).save(picture, "PNG")
    for _ in range(count):
        made.add_picture(picture, width=Cm(2))
    made.save(stream)
    return stream.getvalue()


def html_mail() -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = f"林小满 <{ADDRESS}>", "a27398830@126.com"
    message["Subject"], message["Message-ID"] = "联络员反馈表", "<html@qs.example.com>"
    rows = "".join(f"<tr><td>{label}<td>{value}" for label, value in PAIRS)
    message.set_content(f"<p>联络员反馈表</p><table>{rows}</table>", subtype="html")
    return message.as_bytes()


LINES = "".join(f"{label}：{value}\n" for label, value in PAIRS)
ANSWER = "手机：13900000009\n职务：安办主任\n"
MAILS = {
    "form": lambda: office.mail(ADDRESS, "联络员表", attachment=office.liaison(TOWN, address="中山路1号")),
    "two": lambda: office.mail(ADDRESS, "两张表", attachment=two_forms(), name="附件.xlsx"),
    "body": lambda: office.mail(ADDRESS, "联络员反馈表", text=f"联络员反馈表\n{LINES}"),
    "summary": lambda: office.mail(
        ADDRESS,
        "材料",
        attachment=with_pictures(docx_document(f"{TOWN}“安全生产月”活动总结", SUMMARY), 2),
        name="总结.docx",
    ),
    "machine": lambda: office.mail(ADDRESS, "自动回复：出差", text="本人出差。\n", Auto_Submitted="auto-replied"),
    "near": lambda: office.mail("someone@other.example.com", "表", attachment=office.liaison("青沙镇人民政府")),
    "html": html_mail,
    "answer": lambda: office.mail(ADDRESS, "回复：请补正", text=ANSWER, In_Reply_To="<x@office.example.com>"),
    "beside": lambda: office.mail(ADDRESS, "联络员表", text=ANSWER, attachment=office.liaison(TOWN)),
}
ACCEPTED = {"form", "two", "body", "summary", "html", "beside"}


def said(*arguments) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([str(argument) for argument in arguments])
    return code, out.getvalue()


class Told:
    """What the command printed for all mails, three ways."""

    def __init__(self, folder) -> None:
        self.config = site(folder, imap_port=1, smtp_port=1)
        self.files = {name: folder / f"{name}.eml" for name in MAILS}
        for name, file in self.files.items():
            file.write_bytes(MAILS[name]())
        paths = list(self.files.values())
        self.codes, outs = zip(
            *(said("inspect", *how, "--config", self.config, *paths) for how in self.WAYS), strict=True
        )
        self.plain, self.json = (
            dict(zip(MAILS, map(json.loads, out.splitlines()), strict=True)) for out in (outs[0], outs[1])
        )
        parts = re.split(r"(?m)^(\w+)\.eml  .*─+$", outs[2])
        self.text = dict(zip(parts[1::2], parts[2::2], strict=True))

    WAYS = (("--json",), ("--json", "--explain"), ("--explain",))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("explain"))


def only(told, name, key="submissions") -> dict:
    (one,) = told.json[name]["explanation"][key]
    return one


def values(submission) -> dict:
    return {field["key"]: field["value"] for field in submission["fields"]}


# --- the command -----------------------------------------------------------------------------------------------------


def test_to_explain_changes_neither_exit_code_nor_answer(told):
    assert told.codes == (1, 1, 1), "one of the mails wants the clerk"
    for name in MAILS:
        assert {key: value for key, value in told.json[name].items() if key != "explanation"} == told.plain[name]
        assert "explanation" not in told.plain[name]


@pytest.mark.parametrize(("name", "code"), [("form", 0), ("machine", 0), ("near", 1), ("answer", 1)])
def test_the_exit_code_is_that_of_the_mail(told, name, code):
    assert said("inspect", "--explain", "--json", "--config", told.config, told.files[name])[0] == code


def test_the_keys_are_those_that_programs_rely_on(told):
    for line in told.json.values():
        assert list(line) == ["source", "disposition", "reason", "submissions", "explanation"]
        mail = line["explanation"]
        assert set(mail) == {"sender", "proof", "decision", "reasons", "files", "submissions", "pieces"}
        for form in mail["submissions"]:
            lists = {"evidence", "reading", "unit_evidence", "fields"}
            assert set(form) == {"form", "title", "unit", "attachment", *lists}
            assert all(isinstance(form[key], list) for key in lists)
        for piece in mail["pieces"]:
            assert set(piece) == {"form", "title", "standing", "fields"}
        for field in (field for one in (*mail["submissions"], *mail["pieces"]) for field in one["fields"]):
            texts = {"key", "label", "raw", "written", "place", "rule", "sureness", "sure", "problem"}
            assert set(field) == {*texts, "value", "rejected"}
            assert all(isinstance(field[key], str) for key in texts)


def test_the_values_are_those_of_plain_inspect(told):
    for name in MAILS:
        plain = told.plain[name]["submissions"]
        for stored, form in zip(
            [one for one in plain if one["form"]], told.json[name]["explanation"]["submissions"], strict=True
        ):
            assert (form["form"], form["unit"], form["attachment"]) == (
                stored["form"],
                stored["unit"],
                stored["attachment"],
            )
            given = values(form)
            assert {key: given[key] for key in stored["fields"]} == stored["fields"]
            problems = {problem["field"] for problem in stored["problems"]}
            assert {field["key"] for field in form["fields"] if field["problem"]} >= problems - {None}
    assert {name for name in MAILS if told.plain[name]["disposition"] == "accepted"} == ACCEPTED


_ENGLISH = re.compile(r"\b(?:None|True|False|table|line|para|title|subject|sender|right|below|header|document)\b")


def test_nothing_in_it_is_left_in_english(told):
    for name, line in told.json.items():
        mail = line["explanation"]
        words = [mail["sender"], mail["decision"], *mail["reasons"], *mail["files"]]
        for form in mail["submissions"]:
            words += [*form["evidence"], *form["reading"], *form["unit_evidence"]]
        for field in (field for one in (*mail["submissions"], *mail["pieces"]) for field in one["fields"]):
            words += [field["place"], field["rule"], field["sure"], field["problem"], *field["rejected"]]
        assert not [text for text in words if _ENGLISH.search(text)], name


# --- mail by mail ----------------------------------------------------------------------------------------------------


def test_a_form_tells_heading_labels_and_unit(told):
    form = only(told, "form")
    assert any(f"标题“{LIAISON_TITLE}”" in text for text in form["evidence"])
    assert any(text.startswith(f"认作《{LIAISON_TITLE}》：对上9项") for text in form["evidence"])
    assert f"表内写“{TOWN}”：与名册全称相同 → {TOWN}" in form["unit_evidence"]
    (mobile,) = [field for field in form["fields"] if field["key"] == "mobile"]
    assert (mobile["place"], mobile["rule"], mobile["sureness"]) == ("表1第3行第2列", "栏目右边一格", "certain")
    assert mobile["place"] in told.text["form"]


def test_two_forms_of_one_file_are_told_each_by_its_own_sheet(told):
    first, second = told.json["two"]["explanation"]["submissions"]
    assert (first["form"], second["form"]) == ("liaison", "registration")
    assert all("联络员工作表" in field["place"] for field in first["fields"])
    assert all("报名工作表" in field["place"] for field in second["fields"])
    assert not any(f"认作《{REGISTRATION_TITLE}》" in text and "不" not in text for text in first["evidence"])
    assert values(second)["has_program"] is True
    assert re.search(r"现场是否提供节目 +是 ", told.text["two"])


def test_lines_in_the_mails_own_text_are_told_as_lines(told):
    form = only(told, "body")
    assert (form["attachment"], form["reading"]) == (None, ["第2行：按“栏目：内容”逐行读"])
    assert {field["rule"] for field in form["fields"]} == {"“栏目：内容”一行"}
    assert "邮件正文" in told.text["body"]


def test_a_free_document_shows_its_title_its_length_and_its_pictures(told):
    form = only(told, "summary")
    title = f"{TOWN}“安全生产月”活动总结"
    assert f"标题“{title}”里有本材料的叫法" in form["evidence"]
    assert any(re.fullmatch(r"正文2\d\d字，图片2张", text) for text in form["evidence"]), form["evidence"]
    assert form["reading"] == ["文章只登记单位和标题，内容由工作人员看"]
    assert f"标题“{title}”：{TOWN}" in form["unit_evidence"]
    assert not any("表内写" in text for text in form["unit_evidence"]), "it has no field for its unit"
    assert [field["place"] for field in form["fields"]] == ["标题", "第1行"]


def test_a_machines_mail_says_what_gave_it_away(told):
    mail = told.json["machine"]["explanation"]
    assert (mail["sender"], mail["submissions"], mail["pieces"]) == ("自动回复：邮件头标明自动回复", [], [])
    assert mail["decision"] == "没有报送内容，不作处理"


def test_two_near_units_are_named_with_what_is_between_them_and_what_was_written(told):
    form = only(told, "near")
    assert form["unit"] is None
    assert "也可能是：青石镇人民政府、白沙镇人民政府" in form["unit_evidence"]
    assert sum("差1个字" in text and text.startswith("最接近") for text in form["unit_evidence"]) == 2
    (unit,) = [field for field in form["fields"] if field["key"] == "unit"]
    assert (unit["value"], unit["sureness"]) == ("青沙镇人民政府", "other_reading")
    assert "（单位未对应）" in told.text["near"]


def test_a_table_in_an_html_mail_is_told_by_its_cells(told):
    form = only(told, "html")
    assert [field["place"] for field in form["fields"]][:2] == ["表1第1行第2列", "表1第2行第2列"]
    assert form["attachment"] is None


def test_an_answer_to_our_letter_tells_each_piece_and_the_field_that_it_fills(told):
    piece = only(told, "answer", "pieces")
    assert (piece["form"], piece["title"]) == ("liaison", LIAISON_TITLE)
    assert [(field["label"], field["value"], field["place"]) for field in piece["fields"]] == [
        ("职务", "安办主任", "第2行"),
        ("手机", "13900000009", "第1行"),
    ]
    assert "不查登记" in piece["standing"]
    assert f"可作《{LIAISON_TITLE}》的" in told.text["answer"]
    assert "13900000009" in told.text["answer"]


def test_lines_beside_a_whole_form_are_told_as_not_filed(told):
    assert values(only(told, "beside"))["mobile"] == "13900000001"
    piece = only(told, "beside", "pieces")
    assert (piece["form"], values(piece)["mobile"]) == ("liaison", "13900000009")
    assert "不登记" in piece["standing"]
