"""Letters: subject and body of a template, the office's own templates, faults of them."""

from datetime import UTC, date, datetime

import pytest

from intake.errors import OfficeError
from intake.model import LetterKind
from intake.texts import Texts, day_words, masked, moment_words, until_words

CONTEXT = {
    "office": {"name": "区安办", "contact_name": "周立春", "contact_phone": "0595-27390000"},
    "campaign": {},
    "reference": "2025-0042",
    "unit": "",
    "received_at": "2025-05-29T02:42:00+00:00",
    "mends": False,
    "withdraws": False,
    "none_of": [],
    "corrects": False,
}


def test_the_first_line_is_the_subject_and_the_rest_the_body():
    letter = Texts().letter(LetterKind.QUESTION, CONTEXT)
    assert letter.subject == "【已收到】您的来件已转工作人员〔2025-0042〕"
    assert letter.body.startswith("您好：\n您5月29日10:42的来件已收到")
    assert letter.body.endswith("\n")


def test_a_name_that_the_context_lacks_is_an_error_and_not_an_empty_place():
    with pytest.raises(OfficeError, match="question"):
        Texts().letter(LetterKind.QUESTION, {**CONTEXT, "office": {}})


def test_the_offices_own_template_comes_first(tmp_path):
    (tmp_path / "question.txt.j2").write_text("来件已收\n\n{{ received_at|moment }}收到。\n", encoding="utf-8")
    letter = Texts(tmp_path).letter(LetterKind.QUESTION, CONTEXT)
    assert (letter.subject, letter.body) == ("来件已收", "5月29日10:42收到。\n")
    assert Texts(tmp_path).letter(LetterKind.ALARM, _alarm()).subject.startswith("【系统异常】")


def test_an_own_template_may_use_the_shared_pieces(tmp_path):
    text = '{% from "_parts.txt.j2" import signature %}\n来件已收\n\n收到。\n{{ signature(office) }}'
    (tmp_path / "question.txt.j2").write_text(text, encoding="utf-8")
    assert "区安办" in Texts(tmp_path).letter(LetterKind.QUESTION, CONTEXT).body


@pytest.mark.parametrize("text", ["{% if %}\n\nx", "主题\n{{ nothing }}\n", "主题\n没有空行\n", "\n\n正文"])
def test_a_faulty_own_template_is_the_offices_error(tmp_path, text):
    (tmp_path / "question.txt.j2").write_text(text, encoding="utf-8")
    with pytest.raises(OfficeError, match=r"question\.txt\.j2"):
        Texts(tmp_path).letter(LetterKind.QUESTION, CONTEXT)


def test_what_a_sender_wrote_is_never_run_as_a_template():
    letter = Texts().letter(LetterKind.ALARM, {**_alarm(), "answer": "{{ 7 * 7 }}"})
    assert "{{ 7 * 7 }}" in letter.body


def test_the_subject_stays_one_line_whatever_stands_in_it():
    letter = Texts().letter(LetterKind.ALARM, {**_alarm(), "title": "收信\t中断 " + "长" * 300})
    assert "\n" not in letter.subject
    assert len(letter.subject) <= 120


def _alarm():
    return {
        **CONTEXT,
        "title": "收信中断",
        "since": CONTEXT["received_at"],
        "effect": "",
        "advice": "",
        "answer": "",
        "recovered": False,
    }


def test_days_and_instants_are_written_as_people_read_them():
    assert day_words(date(2025, 5, 30)) == "5月30日（周五）"
    assert moment_words(datetime(2025, 5, 29, 16, 5, tzinfo=UTC)) == "5月30日00:05"
    assert until_words(date(2025, 6, 28)) == "6月28日（周六）"
    assert until_words(datetime(2025, 5, 30, 15, 59, 59, tzinfo=UTC)) == "5月30日（周五）24:00"
    assert until_words(datetime(2025, 5, 30, 4, 0, tzinfo=UTC)) == "5月30日（周五）12:00"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("13900005678", "139****5678"),
        ("139 0000 5678", "139****5678"),
        ("0595-27390001", "059****0001"),
        ("27390001/13900005678", "273****0001/139****5678"),
        ("a27398830@126.example.com", "a***@126.example.com"),
        ("安全办主任", "安全办主任"),
        ("示例路1号", "示例路1号"),
    ],
)
def test_numbers_and_addresses_of_mail_are_masked(given, shown):
    assert masked(given) == shown
