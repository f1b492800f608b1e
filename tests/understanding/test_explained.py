"""An explanation can't lie: on drawn forms its values are those that are stored, and asking for it changes nothing."""

from collections import Counter

from intake.explain import explanation
from intake.pipeline import examine_mail
from intake.read import explain_mail
from tests.understanding.generate import ROSTER, SETTINGS, case
from tests.understanding.judge import HERE, raw_mail

CAMPAIGN = SETTINGS.campaign
AREA_CODE = SETTINGS.office.area_code


def told(raw):
    examined = examine_mail(raw, worker=HERE, settings=SETTINGS, roster=ROSTER)
    traces = explain_mail(HERE, raw, examined.reading, CAMPAIGN.forms, area_code=AREA_CODE)
    words = explanation(
        examined.reading, examined.triage, examined.assessment, traces, campaign=CAMPAIGN, roster=ROSTER
    )
    return examined, traces, words


def test_the_traces_give_the_values_that_were_read():
    count = Counter()
    for number in range(60):
        raw = raw_mail(case(f"explained/{number}"))
        examined, traces, words = told(raw)
        for submission, about in zip(examined.assessment.submissions, words.submissions, strict=True):
            stored = [(field.key, field.value) for field in submission.fields]
            assert [(field.key, field.value) for field in about.fields][: len(stored)] == stored
        for part in examined.reading.documents:
            documents = traces[part.path].documents if part.path in traces else ()
            given = {
                (form.form, field.key, field.place, field.value)
                for document in documents
                for form in document.forms
                for field in form.fields
            }
            for form in part.document.forms:
                for field in form.fields:
                    if field.value is not None and not form.blank:
                        count["values"] += 1
                        count["traced"] += (form.form, field.key, field.place, field.value) in given
    assert count["values"] > 200
    # the unit in a line above a table is taken from there after the table was read
    assert count["traced"] >= 0.97 * count["values"]
