"""What `explain` tells of a reading: the same values, and what was not taken beside them."""

import pytest

from parsers.explain import explain, explained
from parsers.forms import DocumentReading
from parsers.parse import Seen, parse_text
from parsers.traces import Grounds, Why
from tests.builders.forms import AREA_CODE, FORMS, document
from tests.builders.reading import read

TITLE = "联络员反馈表"
ROWS = [
    ["姓名", "王晓云", "性别", "女"],
    ["职务", "科员", "手机", "13805950002"],
    ["单位名称", "青石镇人民政府", "传真", "无"],
]


def trace(*blocks):
    seen = Seen(document(*blocks), DocumentReading("表.docx", "docx"), "表.docx", body=False)
    (found,) = explain(seen, FORMS, area_code=AREA_CODE).forms
    return found


def rejected(found, key):
    return [(one.why, one.text) for field in found.fields if field.key == key for one in field.rejected]


def test_the_trace_has_the_values_of_the_reading():
    (form,) = read(TITLE, ROWS).forms
    told = {(field.key, field.place): field.value for field in trace(TITLE, ROWS).fields}
    assert told == {(field.key, field.place): field.value for field in form.fields}


def test_the_heading_and_the_labels_speak_for_the_form():
    found = trace(TITLE, ROWS)
    assert (found.form, found.title, found.title_place) == ("liaison", TITLE, "para 1")
    assert found.votes[0].form == "liaison"
    assert found.votes[0].heading > 0
    assert "手机" in found.labels


def test_a_stroke_is_told_as_nothing_given_and_a_second_number_as_left_out():
    rows = [*ROWS[:1], ["职务", "科员", "手机", "13805950002、0595-27391234"], *ROWS[2:]]
    found = trace(TITLE, rows)
    assert rejected(found, "fax") == [(Why.NOTHING, "无")]
    assert (Why.NUMBER, "0595-27391234") in rejected(found, "mobile")


def test_readings_that_were_weighed_are_told_with_their_scores_and_what_they_give():
    rows = [["姓名", "手机", "职务", "单位名称"], ["王晓云", "13805950002", "科员", "青石镇人民政府"]]
    found = trace(TITLE, rows)
    assert found.grounds is Grounds.SCORE
    assert sum(one.chosen for one in found.readings) == 1
    assert found.readings[0].chosen
    assert found.readings == tuple(sorted(found.readings, key=lambda one: -one.score))
    assert len(found.readings) > 1


def test_a_plain_form_is_told_as_read_without_rivals():
    found = trace(TITLE, [row[at : at + 2] for row in ROWS for at in (0, 2)])
    assert (found.grounds, len(found.readings)) == (Grounds.PLAIN, 1)


@pytest.mark.parametrize("text", ["姓名：王晓云\n性别：女\n职务：科员\n手机：13805950002\n单位名称：青石镇人民政府"])
def test_a_form_in_lines_is_told_with_its_values(text):
    reading = parse_text(text, forms=FORMS, area_code=AREA_CODE)
    (found,) = explained(
        lambda watch: parse_text(text, forms=FORMS, area_code=AREA_CODE, watch=watch), FORMS, area_code=AREA_CODE
    ).documents
    (form,) = found.forms
    assert form.grounds is Grounds.LINES
    assert [(field.key, field.value) for field in form.fields] == [
        (field.key, field.value) for field in reading.forms[0].fields
    ]
