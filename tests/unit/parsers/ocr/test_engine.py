"""What the model says, with the characters that it is not sure of or that no Chinese office writes taken out."""

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("rapidocr")

from parsers.ocr.engine import NOTHING, Engine, _recognized  # noqa: E402


def test_a_character_less_likely_than_not_is_unreadable_and_the_weakest_gives_the_score():
    read = _recognized("王文斌", [0.99, 0.3, 0.9])
    assert (read.text, read.score) == ("王\ufffd斌", 0.3)


def test_blanks_do_not_count():
    read = _recognized("王 斌 ", [0.99, 0.1, 0.9, 0.1])
    assert (read.text, read.score) == ("王 斌", 0.9)


def test_old_shapes_of_a_character_become_the_standard_one():
    assert _recognized("黃呂溫", [0.9, 0.9, 0.9]).text == "黄吕温"


def test_other_characters_outside_the_standard_are_asked_for():
    assert _recognized("張三", [0.9, 0.9]).text == "\ufffd三"


def test_no_text_is_nothing():
    assert _recognized("", [0.0]) == NOTHING


def test_crops_that_hold_no_line_are_nothing_and_keep_their_place():
    blank = np.full((2, 50, 3), 255, np.uint8)
    rule = np.full((5, 900, 3), 255, np.uint8)
    assert Engine().recognize([blank, rule]) == [NOTHING, NOTHING]
