"""Short ways to read a hand-made document and to look at what was read."""

from parsers.document import Document
from parsers.extract import Extraction, extract
from parsers.forms import DocumentReading, FormReading, ProblemCode
from parsers.parse import parse_text
from tests.builders.forms import AREA_CODE, FORMS, document

Values = dict[str, str | bool | None]


def read(*blocks, **rest) -> Extraction:
    """Given lines, rows and blocks, return the extraction."""
    made = blocks[0] if len(blocks) == 1 and isinstance(blocks[0], Document) else document(*blocks)
    return extract(made, FORMS, area_code=AREA_CODE, **rest)


def forms(*blocks, **rest) -> tuple[FormReading, ...]:
    return read(*blocks, **rest).forms


def one(*blocks, **rest) -> FormReading:
    """Return the only form of a document."""
    (reading,) = forms(*blocks, **rest)
    return reading


def values(reading: FormReading) -> Values:
    """Return the fields that have a value."""
    return {field.key: field.value for field in reading.fields if field.value is not None}


def people(*blocks, **rest) -> list[Values]:
    return [values(reading) for reading in forms(*blocks, **rest)]


def faults(reading: FormReading) -> dict[str | None, ProblemCode]:
    """Return the problems of a form (key None) and of its fields."""
    found = {problem.field: problem.code for problem in reading.problems}
    found.update({field.key: field.problem.code for field in reading.fields if field.problem is not None})
    return found


def body(text: str) -> DocumentReading:
    """Given the text of a mail, return its reading."""
    return parse_text(text, forms=FORMS, area_code=AREA_CODE)
