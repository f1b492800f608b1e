"""The rows of the hostile table that go to an engine, through the daemon's worker and the real engines.

What must hold: the one outcome of the row, an end within the time that the document is given, and that the engine reads
the next good file. Takes about three minutes on two cores.
"""

import time

import pytest

from intake.read import read_document
from parsers.engines import Engine
from parsers.forms import DocumentReading
from parsers.isolate import Worker
from parsers.specimens import SPECIMENS, is_read
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, NOTE
from tests.builders.hostile import CASES
from tests.builders.hostile_archives import seven_zip
from tests.builders.hostile_cases import ROWS, SECONDS, Case, outcome
from tests.builders.libreoffice import converted
from tests.builders.reading import values
from tests.builders.rendering import render

pytestmark = [pytest.mark.integration, pytest.mark.long]
OFFICER = {"name": "王晓云", "position": "科员", "mobile": "13805950002", "unit": "青石镇人民政府"}
# The parent kills what is late and the next child starts; also on a machine that is busy with something else.
SPARE_S = 15.0
ASKING = tuple(case for case in CASES if case.engine is not None)


@pytest.fixture(scope="module")
def form():
    return render("docx", LIAISON.title, ROWS, below=(NOTE,))


@pytest.fixture(scope="module")
def good(services, worker, form):
    """Return a good file for each engine. Each engine is started before the clock of a row runs."""
    made = {Engine.ARCHIVE: ("报送.7z", seven_zip("表.docx", form))}
    if services.version(Engine.OFFICE):
        made[Engine.OFFICE] = ("表.rtf", converted({"表.docx": form}, "rtf:Rich Text Format")["表.docx"])
    if services.version(Engine.OCR):
        read(worker, SPECIMENS[Engine.OCR].name, SPECIMENS[Engine.OCR].data)
    return made


def read(worker: Worker, name: str, data: bytes, seconds: float = SECONDS) -> DocumentReading:
    return read_document(worker, data, name, FORMS, area_code=AREA_CODE, seconds=seconds).document


def officer(reading: DocumentReading) -> list[dict]:
    while reading.members:
        (reading,) = reading.members
    return [values(form) for form in reading.forms]


@pytest.mark.parametrize("case", ASKING, ids=lambda case: case.id)
def test_a_hostile_file_has_its_one_outcome_in_time_and_the_engine_reads_the_next_one(
    services, worker, good, form, case: Case
):
    if not services.version(case.engine):
        pytest.skip(f"{case.engine} is not on this machine")
    data = case.make()
    began = time.monotonic()
    reading = read(worker, case.name, data, case.seconds)
    took = time.monotonic() - began
    code, detail = outcome(reading)
    assert code == case.full, detail
    assert took < case.seconds + SPARE_S
    assert officer(read(worker, "附件2.docx", form)) == [OFFICER]
    if case.engine is Engine.OCR:
        assert is_read(read(worker, SPECIMENS[Engine.OCR].name, SPECIMENS[Engine.OCR].data))
    else:
        assert officer(read(worker, *good[case.engine])) == [OFFICER]


def test_every_engine_outside_the_worker_is_met():
    assert {case.engine for case in ASKING} == set(Engine) - {Engine.PDF}
