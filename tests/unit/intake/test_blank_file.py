"""The office's own blank forms: what `intake check` says of them, and how they reach the campaign's forms."""

from dataclasses import replace

import pytest

from intake.blank_file import blank_words, read_blank, with_blanks
from intake.blanks import docx_form
from intake.config import example_path, load
from intake.errors import OfficeError
from tests.understanding.judge import HERE

SETTINGS = load(example_path(), environment={}, need_password=False)
LIAISON = SETTINGS.campaign.collections[1]


def collection(tmp_path, data, name="附件2.docx"):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    return replace(LIAISON, blank_file=path)


def settings_with(one):
    others = SETTINGS.campaign.collections
    return replace(SETTINGS, campaign=replace(SETTINGS.campaign, collections=(others[0], one, *others[2:])))


def problems(tmp_path, data):
    with pytest.raises(OfficeError) as caught:
        with_blanks(settings_with(collection(tmp_path, data)), HERE)
    return "\n".join(caught.value.problems)


def test_a_blank_is_told_and_goes_into_its_form(tmp_path):
    one = collection(tmp_path, docx_form(LIAISON.form))
    assert blank_words(read_blank(one, SETTINGS.campaign.forms, HERE), one).startswith("认出 9 栏（姓名、性别")
    forms = with_blanks(settings_with(one), HERE).campaign.forms
    assert [form.blank is not None for form in forms] == [False, True, False, False]
    assert forms[1].blank.keys == tuple(spec.key for spec in LIAISON.form.fields)


def test_what_is_wrong_with_a_blank_is_told_in_words(tmp_path):
    assert "读不到" in problems(tmp_path, None)
    assert "读不出来" in problems(tmp_path, docx_form(LIAISON.form)[:300])
    assert "没有找到" in problems(tmp_path, docx_form(SETTINGS.campaign.forms[0]))
    filled = docx_form(LIAISON.form, {"name": "王晓云", "mobile": "13805950002"})
    assert "已经填有内容（姓名、手机）" in problems(tmp_path, filled)
    shorter = replace(LIAISON.form, fields=LIAISON.form.fields[:-1])
    assert "要收的栏目：通信地址" in problems(tmp_path, docx_form(shorter))


def test_without_blanks_no_worker_is_asked():
    assert with_blanks(SETTINGS, None) == SETTINGS
