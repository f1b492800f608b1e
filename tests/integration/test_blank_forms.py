"""`blank = "附件2.docx"` as an office has it: the real locked worker reads the office's file, and every mail beside it.

Each container in which an office may keep its form is either used or told why not, in words that say what to do.
"""

import io
import json
import os
from contextlib import suppress
from datetime import timedelta

import docx
import pytest
from openpyxl import Workbook

from intake.blanks import docx_form
from intake.config import example_path, load
from intake.errors import OfficeError
from intake.model import FormId
from parsers.engines import Engine
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from scheduler.desk.run import ConfigWatch
from tests.builders import office
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.scans import drawn, needs_fonts, saved
from tests.builders.site import site
from tests.builders.word import zipped

CAMPAIGN = load(example_path(), environment={}, need_password=False).campaign
REGISTRATION, LIAISON = (CAMPAIGN.collection(FormId(one)).form for one in ("registration", "liaison"))
LABELS = [field.label for field in LIAISON.fields]
TOWN = "青石镇人民政府"
GENDER, SPREAD = "gender", "性　别"


def docx_of(*texts: str) -> bytes:
    made, stream = docx.Document(), io.BytesIO()
    for text in texts:
        made.add_paragraph(text)
    made.save(stream)
    return stream.getvalue()


def xlsx_form() -> bytes:
    book, stream = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.append([LIAISON.title])
    for row in (LABELS[0:2], LABELS[2:4], LABELS[4:6], LABELS[6:7], LABELS[7:8], LABELS[8:]):
        sheet.append([cell for label in row for cell in (label, None)])
    book.save(stream)
    return stream.getvalue()


def relabelled(label: str) -> bytes:
    """A filled form in which somebody has typed over the label 性别."""
    made, stream = docx.Document(io.BytesIO(office.liaison(TOWN))), io.BytesIO()
    (cell,) = [one for row in made.tables[0].rows for one in row.cells if one.text == SPREAD]
    cell.text = label
    made.save(stream)
    return stream.getvalue()


def by_libreoffice(name: str, data: bytes, to: str) -> bytes:
    return converted({name: data}, to)[name]


@pytest.fixture
def mailbox():
    with DemoMailbox("a27398830@126.com", office.PASSWORD) as server:
        yield server


@pytest.fixture
def sink():
    with SmtpSink(login="a27398830@126.com", password=office.PASSWORD) as server:
        yield server


@pytest.fixture
def config(mailbox, sink, tmp_path):
    return site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)


def use(config, name: str, data: bytes | None) -> None:
    """Name a blank form in the configuration, and put it beside it."""
    text = config.read_text(encoding="utf-8")
    assert text.count('#blank = "附件2.docx"') == 1
    config.write_text(text.replace('#blank = "附件2.docx"', f'blank = "{name}"'), encoding="utf-8")
    if data is not None:
        (config.parent / name).write_bytes(data)


def run(capsys, *arguments) -> tuple[int, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out + captured.err


def inspected(capsys, config, data: bytes) -> dict:
    file = config.parent / "来件.docx"
    file.write_bytes(data)
    return json.loads(run(capsys, "inspect", file, "--json", "--explain", "--config", config)[1])


def gender_of(told: dict) -> dict:
    (submission,) = told["explanation"]["submissions"]
    return next((field for field in submission["fields"] if field["key"] == GENDER), {})


def checked(capsys, config) -> tuple[int, str]:
    """What `intake check` says of the blank form, its lines joined as on a wide terminal."""
    code, out = run(capsys, "check", "--offline", "--config", config)
    return code, "".join(out.split())


# --- a blank that is used --------------------------------------------------------------------------------------------

BLANKS = {
    "附件2.docx": lambda: docx_form(LIAISON),
    "附件2.xlsx": xlsx_form,
    "整份通知.docx": lambda: docx_form(LIAISON, note="注：请于5月30日前反馈。"),
}
MADE_BY_LIBREOFFICE = {"附件2.doc": "doc:MS Word 97", "附件2.odt": "odt", "附件2.rtf": "rtf", "附件2.pdf": "pdf"}


def seen_to_be_used(capsys, config, name: str, data: bytes) -> None:
    filled = relabelled("姓别")
    without = inspected(capsys, config, filled)
    assert gender_of(without).get("value") is None, "no label that we know names it"
    use(config, name, data)
    told = inspected(capsys, config, filled)
    assert told["submissions"][0]["fields"][GENDER] == "女"
    assert (gender_of(told)["rule"], gender_of(told)["written"]) == ("按表样的位置", "姓别")
    assert {**without["submissions"][0]["fields"], GENDER: "女"} == told["submissions"][0]["fields"]
    assert (without["disposition"], told["disposition"]) == ("review", "accepted")


@pytest.mark.parametrize("name", BLANKS)
def test_a_misspelt_label_is_read_by_the_offices_own_form_and_not_without_it(capsys, config, name):
    seen_to_be_used(capsys, config, name, BLANKS[name]())


@needs_libreoffice
@pytest.mark.long
@pytest.mark.integration
@pytest.mark.parametrize("name", MADE_BY_LIBREOFFICE)
def test_a_form_that_libreoffice_saved_is_as_good(capsys, config, name):
    seen_to_be_used(capsys, config, name, by_libreoffice("附件2.docx", docx_form(LIAISON), MADE_BY_LIBREOFFICE[name]))


def test_another_word_in_a_labels_place_is_asked_and_not_taken(capsys, config):
    use(config, "附件2.docx", docx_form(LIAISON))
    told = inspected(capsys, config, relabelled("编制情况"))
    assert told["disposition"] == "review"
    assert told["reason"].endswith("“性别”填写为“女”，但来件中该栏的名称被写成“编制情况”，需要核实")


def test_a_round_reads_the_mails_beside_the_blank(capsys, config, mailbox, sink):
    use(config, "附件2.docx", docx_form(LIAISON))
    raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=relabelled("姓别"))
    mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=1))
    assert run(capsys, "run", "--once", "--config", config)[0] == 0
    cells = json.loads(run(capsys, "status", "--json", "--config", config)[1])["cells"]
    (cell,) = [one for one in cells if (one["unit"], one["form"]) == (TOWN, "liaison")]
    assert (cell["state"], cell["submissions"][0][GENDER]) == ("accepted", "女")


# --- a blank that can't be used --------------------------------------------------------------------------------------

LINES = docx_of(LIAISON.title, *(f"{label}：________" for label in LABELS))
CUT = docx_form(LIAISON)[:300]
BAD = {
    "没有.docx": (None, ("读不到：", "blank所写的文件名")),
    "通知.docx": (docx_of("关于开展“安全生产月”活动的通知", "请各单位认真组织。"), ("没有找到《", "请核对文件")),
    "附件1.docx": (docx_form(REGISTRATION), (f"只有《{REGISTRATION.title}》", "请核对文件")),
    "逐行.docx": (LINES, ("一行一行的文字", "换成表格式的空白表，或删去blank")),
    "半截.docx": (CUT, ("已损坏或不完整", "另存为.docx")),
    "空.docx": (b"", ("0字节", "换成真正的空白表")),
    "打包.zip": (zipped({"附件2.docx": docx_form(LIAISON)}), ("ZIP压缩包不能当空白表用", "先解压")),
    "已填.docx": (office.liaison(TOWN), ("已经填有内容（姓名、性别", "没有填写的空白表")),
}


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("name", BAD)
def test_check_names_a_file_that_wont_do_its_mistake_and_what_to_do(capsys, config, name):
    data, words = BAD[name]
    use(config, name, data)
    code, out = checked(capsys, config)
    assert code == 2
    assert f"空白表{name}《" in out
    assert all("".join(word.split()) in out for word in words), out
    assert "需对方" not in out, "the office's own file is no sender's"
    assert "人工查看" not in out


@pytest.mark.usefixtures("brief")
def test_labels_that_the_form_has_and_the_file_has_not_are_named(capsys, config):
    use(config, "附件2.docx", docx_form(LIAISON))
    text = config.read_text(encoding="utf-8")
    before, mark, behind = text.partition('key = "fax"\nlabel = "传真"')
    assert mark
    behind = behind.replace("aliases = ", "#aliases = ", 1)
    if "[[" in behind.split("#aliases")[0]:
        pytest.fail("the field fax has no aliases any more")
    config.write_text(before + 'key = "fax"\nlabel = "微信群昵称"' + behind, encoding="utf-8")
    code, out = checked(capsys, config)
    assert code == 2
    assert f"附件2.docx上没有《{LIAISON.title}》要收的栏目：微信群昵称" in out
    assert "aliases" in out


@needs_fonts
@pytest.mark.long
@pytest.mark.usefixtures("brief")
def test_a_scan_is_no_blank_form(capsys, config, services):
    if Engine.OCR not in services.present():
        pytest.skip("needs the libraries for reading pictures")
    rows = [[*LABELS[number : number + 1], "", *LABELS[number + 1 : number + 2], ""] for number in range(0, 8, 2)]
    use(config, "附件2.png", saved(drawn(rows, above=[LIAISON.title]), "PNG"))
    code, out = checked(capsys, config)
    assert (code, "不能当空白表用" in out, "Word、Excel的原件" in out) == (2, True, True)


def test_nothing_is_fetched_with_a_blank_that_wont_do(capsys, config, mailbox):
    use(config, "逐行.docx", LINES)
    code, out = run(capsys, "run", "--once", "--config", config)
    assert (code, mailbox.logins) == (2, 0)
    assert "逐行.docx" in out
    code, out = run(capsys, "inspect", config.parent / "逐行.docx", "--config", config)
    assert (code, "空白表 逐行.docx" in out) == (2, True)


# --- while the daemon runs -------------------------------------------------------------------------------------------


def watch(config) -> ConfigWatch:
    return ConfigWatch(config, load(config, environment=os.environ, need_password=True), dry_run=False)


def looked(watching):
    """Look twice: a change counts when two looks show the same files. The first may still tell of the former mistake."""
    with suppress(OfficeError):
        watching.changed()
    return watching.changed()


def test_a_running_daemon_keeps_its_settings_when_a_new_blank_wont_do_and_takes_it_once_it_is_mended(config):
    """Without that the App would be closed for one that can't open, and the daemon would end."""
    watching = watch(config)
    assert looked(watching) is None
    use(config, "附件2.docx", None)
    for _ in range(2):
        with pytest.raises(OfficeError, match="读不到"):
            looked(watching)
    file = config.parent / "附件2.docx"
    file.write_bytes(LINES)
    with pytest.raises(OfficeError, match="一行一行"):
        looked(watching)
    file.write_bytes(docx_form(LIAISON))
    settings = looked(watching)
    assert settings.campaign.collection(FormId("liaison")).blank_file == file
    assert looked(watching) is None


def test_another_blank_under_the_same_name_is_taken_up(config):
    use(config, "附件2.docx", docx_form(LIAISON))
    watching = watch(config)
    assert looked(watching) is None
    (config.parent / "附件2.docx").write_bytes(docx_form(LIAISON, note="注：请于5月30日前反馈。"))
    assert looked(watching) is not None


def test_a_roster_that_is_missing_under_a_new_name_is_waited_for(config):
    watching = watch(config)
    config.write_text(config.read_text(encoding="utf-8").replace("roster.csv", "名册.csv"), encoding="utf-8")
    with pytest.raises(OfficeError, match="名册"):
        looked(watching)
    (config.parent / "名册.csv").write_bytes(office.roster_bytes())
    assert looked(watching) is not None
