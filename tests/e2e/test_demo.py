"""`intake demo` ends as its story has it, leaves the mails and the workbook, and answers no machine."""

from email import message_from_bytes
from email.policy import default

import pytest
from openpyxl import load_workbook

from scheduler.desk.cli import main


@pytest.fixture(scope="module")
def performed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert main(["demo", "--output", str(folder)]) == 0
    return folder


def letters(folder):
    return [
        message_from_bytes(path.read_bytes(), policy=default) for path in sorted((folder / "发出的邮件").glob("*.eml"))
    ]


def test_the_story_ends_as_it_should_and_leaves_what_it_promises(performed):
    assert load_workbook(performed / "汇总表.xlsx").sheetnames
    assert len(list((performed / "收到的邮件").glob("*.eml"))) > 25


def test_no_machine_and_no_bounced_address_is_written_to_again(performed):
    recipients = [str(letter["To"]) for letter in letters(performed)]
    assert recipients.count("qixiang@qx.example.net") == 1, "its first reminder bounced"
    assert "digest@list.example.org" not in recipients
    assert not [to for to in recipients if "postmaster" in to]


def test_no_unit_gets_two_letters_of_one_kind_about_one_mail(performed):
    answers = [
        (str(one["To"]), str(one["In-Reply-To"]))
        for one in letters(performed)
        if one["Auto-Submitted"] == "auto-replied"
    ]
    assert len(answers) == len(set(answers))


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "重要.txt").write_text("x")
    assert main(["demo", "--output", str(tmp_path)]) == 2
    assert "已有别的文件" in capsys.readouterr().err
    assert (tmp_path / "重要.txt").exists()
