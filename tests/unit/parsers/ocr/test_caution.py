"""What the model is known to confuse is doubted or written as it is meant."""

import pytest

pytest.importorskip("rapidocr")

from parsers.document import EMPTY_BOX, TICKED
from parsers.engines import STROKE
from parsers.ocr.caution import cautious
from parsers.ocr.engine import UNREADABLE


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("☑是 □否", f"{TICKED}是 {EMPTY_BOX}否"),
        ("☒是 □否", f"{TICKED}是 {EMPTY_BOX}否"),
        ("☑ 是 口否", f"{TICKED} 是 {EMPTY_BOX}否"),
        ("是√ 否□", f"是√ 否{EMPTY_BOX}"),
        ("是(√) 否( )", "是(√) 否( )"),
        ("口腔医院", "口腔医院"),
        ("人口有限公司", "人口有限公司"),
        ("13900591234", "13900591234"),
        ("一级主任科员", "一级主任科员"),
        ("", ""),
    ],
)
def test_boxes_and_ticks_are_written_as_every_reader_writes_them(read, meant):
    assert cautious(read) == meant


@pytest.mark.parametrize("read", ["是 □否", "□是 否", "□是 □否", "口是 否"])
def test_a_choice_told_by_an_empty_box_alone_is_doubted(read):
    assert UNREADABLE in cautious(read)


@pytest.mark.parametrize(("read", "doubted"), [("w", True), ("V", True), ("A座", False), ("ab", False)])
def test_a_letter_alone_is_a_scribble_or_a_tick(read, doubted):
    assert cautious(read) == (read + UNREADABLE if doubted else read)


@pytest.mark.parametrize("read", ["1", "一", "/", "—", "|"])
def test_a_slash_or_a_dash_alone_in_a_cell_is_no_number(read):
    assert cautious(read) == STROKE
