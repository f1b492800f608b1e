"""Hostile files of every kind, through the locked worker: each has one named outcome, and the next file is read.

Here on a machine without engines; `tests/integration/test_hostile_engines.py` sends the same rows through the real ones.
"""

import io
import zipfile
from collections import Counter

import pytest

from parsers import archives
from parsers.codec import from_json, to_json
from parsers.document import Failure, FailureCode, Note, NoteCode, ReadFailure
from parsers.forms import DocumentReading
from parsers.isolate import Answered, Stopped, Worker
from tests.builders import hostile_macros
from tests.builders.forms import AREA_CODE, FORMS, LIAISON
from tests.builders.hostile import CASES
from tests.builders.hostile_cases import CLIPPED, READ, ROWS, Case, good_docx, half, outcome, zipped
from tests.builders.quine import quine
from tests.builders.reading import values
from tests.builders.rendering import render

TIME_LIMIT_S = 20
NAMED = frozenset(FailureCode) | {READ, CLIPPED}
UNWANTED = frozenset({FailureCode.CRASHED, FailureCode.TIMEOUT})
FORM = render("docx", LIAISON.title, ROWS)


@pytest.fixture(scope="module")
def worker():
    # The daemon's own worker: its libraries are in memory before the door is locked.
    with Worker(handlers="intake.unpack") as one:
        yield one


def parsed(worker: Worker, name: str, data: bytes) -> DocumentReading:
    header = {"name": name, "declared_type": "", "forms": [to_json(form) for form in FORMS], "area_code": AREA_CODE}
    answer = worker.call("document", header, data, timeout_s=TIME_LIMIT_S)
    if isinstance(answer, Stopped):
        return DocumentReading(name, "", failure=Failure(answer.code, answer.detail))
    assert isinstance(answer, Answered)
    return from_json(DocumentReading, answer.json)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_hostile_file_has_its_one_outcome_and_the_next_one_is_read(worker, case: Case):
    code, detail = outcome(parsed(worker, case.name, case.make()))
    assert code == case.bare, detail
    if code == FailureCode.NEEDS_ENGINE:
        assert detail == case.engine
    behind = parsed(worker, "附件2.docx", FORM)
    (form,) = behind.forms
    assert (values(form)["name"], values(form)["mobile"]) == ("王晓云", "13805950002")


def test_the_quine_is_one():
    made = quine()
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == made


FORMS_WITH_MACROS = tuple(case for case in hostile_macros.TABLE.cases if case.bare == READ)


@pytest.mark.parametrize("case", FORMS_WITH_MACROS, ids=lambda case: case.id)
def test_the_form_in_a_document_that_wants_to_run_something_is_read(worker, case: Case):
    reading = parsed(worker, case.name, case.make())
    assert [values(form)["mobile"] for form in reading.forms] == ["13805950002"]
    assert (NoteCode.MACROS in {note.code for note in reading.notes}) == case.title.startswith("macros")


def test_the_table_knows_outcomes_only_and_no_crash():
    told = {outcome for case in CASES for outcome in (case.bare, case.full)}
    assert told <= NAMED - {FailureCode.CRASHED}
    assert not UNWANTED & {case.bare for case in CASES}


def test_where_engines_make_a_difference_the_table_says_which_and_where_all_are_there_none_is_missing():
    assert [case.id for case in CASES if case.full != case.bare and case.engine is None] == []
    assert [case.id for case in CASES if case.full == FailureCode.NEEDS_ENGINE] == []


def test_the_table_is_long_enough_and_has_no_twins():
    assert len(CASES) >= 180
    assert [one for one, count in Counter(case.id for case in CASES).items() if count > 1] == []


def document(code: FailureCode | None = None, *members: DocumentReading, notes=()) -> DocumentReading:
    return DocumentReading("a", "", failure=Failure(code) if code else None, members=members, notes=notes)


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (document(), READ),
        (document(FailureCode.EMPTY), FailureCode.EMPTY),
        (document(None, document(FailureCode.DAMAGED)), FailureCode.DAMAGED),
        (document(None, document(None, document(FailureCode.TOO_LARGE))), FailureCode.TOO_LARGE),
        (document(None, document(), document(FailureCode.DAMAGED)), READ),
        (document(notes=(Note(NoteCode.CLIPPED),)), CLIPPED),
    ],
)
def test_an_archive_of_one_file_has_the_outcome_of_that_file(reading, told):
    assert outcome(reading)[0] == told


def stored(text: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        package.writestr("content.xml", text)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (stored("13805950002").replace(b"13805950002", b"13905950002"), FailureCode.DAMAGED),
        (zipped(a__xml=bytes(60 * 2**20)), FailureCode.TOO_LARGE),
        (half(good_docx()), FailureCode.DAMAGED),
    ],
)
def test_a_package_for_another_program_must_be_whole(data, code):
    with pytest.raises(ReadFailure) as refused:
        archives.check_whole(data)
    assert refused.value.failure.code is code


def test_a_whole_package_passes():
    archives.check_whole(good_docx())
