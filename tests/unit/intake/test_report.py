"""The object of `inspect --json`."""

import json

from intake.assess import assess
from intake.report import to_contract
from parsers.document import FailureCode
from parsers.forms import Problem, ProblemCode
from tests.builders.judging import (
    ARRIVED,
    CAMPAIGN,
    PERSON,
    ROSTER,
    STONE,
    STRANGER,
    entry,
    file,
    invalid,
    mail,
    officer,
)


def report(reading):
    judged = assess(reading, PERSON, campaign=CAMPAIGN, roster=ROSTER, arrived_at=ARRIVED)
    return to_contract(judged, "a/0001.eml", CAMPAIGN.forms)


def test_an_accepted_form_has_all_that_the_contract_names():
    told = report(mail(file("附件1.docx", entry())))
    assert told == {
        "source": "a/0001.eml",
        "disposition": "accepted",
        "reason": "报送内容完整",
        "submissions": [
            {
                "form": "entry",
                "unit": STONE,
                "fields": {"unit": STONE, "has_show": False, "show": None, "contact": "林小满", "phone": "13900000001"},
                "problems": [],
                "attachment": "附件1.docx",
            }
        ],
    }
    assert json.loads(json.dumps(told, ensure_ascii=False)) == told


def test_a_problem_of_a_field_names_the_field_the_code_and_a_sentence():
    (one,) = report(mail(file("附件2.docx", officer(mobile=invalid("139000")))))["submissions"]
    assert one["problems"] == [{"field": "mobile", "code": "invalid", "message": "“手机”填写为“139000”，号码位数不对"}]


def test_a_form_in_the_text_has_no_attachment():
    (one,) = report(mail(text="如下", body=(officer(),)))["submissions"]
    assert one["attachment"] is None


def test_a_fault_of_a_file_is_a_submission_without_a_form():
    (one,) = report(mail(file("材料.docx", failure=FailureCode.ENCRYPTED), sender=STRANGER))["submissions"]
    assert (one["form"], one["unit"], one["fields"], one["attachment"]) == (None, None, {}, "材料.docx")
    assert [problem["code"] for problem in one["problems"]] == ["encrypted"]


def test_a_fault_of_a_file_whose_form_is_known_is_told_once():
    (one,) = report(mail(file("附件2.docx", failure=FailureCode.DAMAGED)))["submissions"]
    assert (one["form"], one["unit"], one["fields"]) == ("officer", STONE, {})
    assert [problem["code"] for problem in one["problems"]] == ["unreadable"]


def test_a_forgotten_attachment_is_a_problem_of_the_mail():
    (one,) = report(mail(text="见附件"))["submissions"]
    assert one["problems"] == [{"field": None, "code": "no_attachment", "message": "来件提到附件或表名，但未见附件"}]
    assert one["attachment"] is None


def test_a_unit_that_nobody_knows_is_null():
    told = report(mail(file("附件2.docx", officer(unit="外县某镇人民政府"))))
    (one,) = told["submissions"]
    assert (told["disposition"], one["unit"], one["problems"][0]["code"]) == ("review", None, "unknown_unit")


def test_a_field_that_was_not_found_is_named_as_the_campaign_names_it():
    form = officer()
    form = type(form)(form.form, form.title, form.fields[:-2], form.place)
    (one,) = report(mail(file("附件2.docx", form), sender=STRANGER))["submissions"]
    assert one["problems"] == [{"field": "unit", "code": "missing", "message": "“单位名称”未填写"}]


def test_a_conflict_names_both_values():
    told = report(mail(file("a.docx", officer()), file("b.pdf", officer(mobile="13900000009"))))
    (problem,) = told["submissions"][0]["problems"]
    assert (problem["field"], problem["code"]) == ("mobile", "conflict")
    assert Problem(ProblemCode.CONFLICT).code == problem["code"]
    assert "13900000009" in told["reason"]
