"""Hostile files of every kind, through the locked worker: each has a named outcome, and the next file is read."""

from collections import Counter

import pytest

from parsers.codec import to_json
from parsers.document import FailureCode
from parsers.isolate import Answered, Stopped, Worker
from tests.builders.forms import AREA_CODE, FORMS, LIAISON
from tests.builders.hostile import CASES, ROWS, Case
from tests.builders.rendering import render

TIME_LIMIT_S = 20
NAMED = frozenset(FailureCode) | {"read"}
UNWANTED = frozenset({FailureCode.CRASHED, FailureCode.TIMEOUT})
FORM = render("docx", LIAISON.title, ROWS)


@pytest.fixture(scope="module")
def worker():
    # The daemon's own worker: its libraries are in memory before the door is locked.
    with Worker(handlers="intake.unpack") as one:
        yield one


def parsed(worker: Worker, name: str, data: bytes) -> Answered | Stopped:
    header = {"name": name, "declared_type": "", "forms": [to_json(form) for form in FORMS], "area_code": AREA_CODE}
    return worker.call("document", header, data, timeout_s=TIME_LIMIT_S)


def outcome(answer: Answered | Stopped) -> tuple[str, str]:
    """Return the outcome and its detail; an archive of one file has that file's."""
    if isinstance(answer, Stopped):
        return answer.code.value, answer.detail
    reading = answer.json
    while len(members := reading.get("members") or []) == 1:
        (reading,) = members
    failure = reading.get("failure")
    return ("read", "") if failure is None else (failure["code"], failure.get("detail", ""))


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.title}")
def test_a_hostile_file_has_a_named_outcome_and_the_next_one_is_read(worker, case: Case):
    code, detail = outcome(parsed(worker, case.name, case.make()))
    assert code in case.allowed, detail
    behind = parsed(worker, "附件2.docx", FORM)
    assert isinstance(behind, Answered)
    assert behind.json.get("failure") is None
    (form,) = behind.json["forms"]
    values = {field["key"]: field.get("value") for field in form["fields"]}
    assert (values["name"], values["mobile"]) == ("王晓云", "13805950002")


def test_the_table_knows_outcomes_only_and_allows_no_crash():
    assert all(case.allowed and case.allowed <= NAMED and not case.allowed & UNWANTED for case in CASES)


def test_the_table_is_long_enough_and_has_no_twins():
    assert len(CASES) >= 60
    twins = [one for one, count in Counter((case.name, case.title) for case in CASES).items() if count > 1]
    assert twins == []
