"""A picture is read page by page through the engine, and never believed after one look."""

from dataclasses import replace

import pytest

from parsers.document import DEFAULT_BUDGET, FailureCode, Note, NoteCode, ReadFailure
from parsers.engines import NO_ENGINES, Box, ScannedLine, ScannedPage
from parsers.readers import image


class Pages:
    """An engine that sees one line on each page of a picture file."""

    def __init__(self, frames):
        self.frames = frames
        self.asked = []

    def convert(self, data, kind):  # noqa: ARG002 - the protocol's
        raise AssertionError

    def look(self, picture, frame=0):
        self.asked.append((picture, frame))
        line = ScannedLine(Box(0, 0, 9, 9), f"第{frame + 1}页", f"第{frame + 1}页?", 0.9)
        return ScannedPage(10, 10, 0, (), (line,), "engine 1", self.frames)


def test_a_picture_gives_both_looks_the_engine_and_a_note():
    document = image.read(b"picture", DEFAULT_BUDGET, Pages(1))
    assert [block.text for block in document.blocks] == ["第1页"]
    assert [block.text for block in document.second_look] == ["第1页?"]
    assert document.reader == "image/1 engine 1"
    assert document.notes == (Note(NoteCode.OCR),)
    assert document.pictures == 1


def test_every_page_of_a_fax_is_read_with_its_number():
    engine = Pages(3)
    document = image.read(b"fax", DEFAULT_BUDGET, engine)
    assert engine.asked == [(b"fax", 0), (b"fax", 1), (b"fax", 2)]
    assert [block.place.partition(",")[0] for block in document.blocks] == ["page 1", "page 2", "page 3"]
    assert document.pictures == 3


def test_no_more_pages_are_looked_at_than_the_budget_allows_and_that_is_said():
    engine = Pages(1_000)
    document = image.read(b"fax", replace(DEFAULT_BUDGET, scanned_pages=2), engine)
    assert len(engine.asked) == 2
    assert Note(NoteCode.PAGES_LEFT_OUT, "2") in document.notes


def test_as_many_pages_as_the_budget_allows_leave_none_out():
    document = image.read(b"fax", replace(DEFAULT_BUDGET, scanned_pages=2), Pages(2))
    assert document.notes == (Note(NoteCode.OCR),)


def test_a_machine_without_the_engine_says_so():
    with pytest.raises(ReadFailure) as caught:
        image.read(b"picture", DEFAULT_BUDGET, NO_ENGINES)
    assert caught.value.failure.code is FailureCode.NEEDS_ENGINE
    assert caught.value.failure.detail == "ocr"
