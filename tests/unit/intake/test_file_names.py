"""Names of files that leave the program: plain, savable everywhere, never a sender's path, nothing that runs."""

import pytest

from intake.file_names import ending_of, safe_name, words_name
from parsers.sniff import Kind


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("附件2.docx", "附件2.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\用户\\桌面\\表.xls", "表.xls"),
        ("a:b*c?.pdf", "a_b_c_.pdf"),
        ("报表\u202excod.exe", "报表xcod.exe.bin"),  # a mark that turns the rest around: "报表exe.docx" on the screen
        ("表.doc.exe", "表.doc.exe.bin"),
        ("表.LNK", "表.LNK.bin"),
        ("con", "附件_con"),
        ("NUL.txt", "附件_NUL.txt"),
        ("  . ", "附件"),
        ("", "附件"),
        ("名\r\n称\x00.docx", "名_称.docx"),
        (".htaccess", "htaccess"),
    ],
)
def test_a_name_from_a_mail_becomes_one_that_can_be_saved(given, expected):
    assert safe_name(given, instead="附件") == expected


_OPENED = """
js hta lnk bat vbs url exe html htm xhtml shtml svg mht mhtml xml xsl desktop sh docm xlsm xlsb dotm xltm pptm swf one iso img vhd
chm scf settingcontent-ms library-ms jar py
"""


@pytest.mark.parametrize("ending", _OPENED.split())
def test_what_a_double_click_would_run_or_show_as_a_page_is_a_bin(ending):
    assert safe_name(f"联络员表.{ending}") == f"联络员表.{ending}.bin"
    assert safe_name(f"联络员表.{ending.upper()} .") == f"联络员表.{ending.upper()}.bin"


_ORDINARY = "docx xlsx pptx doc xls ppt wps et pdf ofd txt csv jpg png zip rar 7z eml msg odt bin"


@pytest.mark.parametrize("ending", _ORDINARY.split())
def test_what_an_office_opens_every_day_keeps_its_name(ending):
    assert safe_name(f"表.{ending}") == f"表.{ending}"


def test_a_name_of_ten_thousand_characters_keeps_its_ending_and_fits_every_disk():
    name = safe_name("长" * 10_000 + ".docx")
    assert name.endswith("长.docx")
    assert len(name.encode()) <= 255


def test_every_kind_of_file_has_an_ending_and_no_program_keeps_its_own():
    endings = {kind: ending_of(kind) for kind in Kind}
    assert all(safe_name(f"x{ending}") == f"x{ending}" for ending in endings.values())
    assert (endings[Kind.HTML], endings[Kind.DOCM]) == (".html.bin", ".docm.bin")
    assert endings[Kind.PROGRAM] == ".bin"
    assert (endings[Kind.DOCX], endings[Kind.JPEG]) == (".docx", ".jpg")


def test_words_of_ours_are_joined_without_what_no_disk_takes():
    assert words_name("甲/乙局", "附件2：联络员", "1") == "甲_乙局-附件2：联络员-1"
