"""Ink alone tells lines of text, what nobody read, and what is struck out."""

import pytest

np = pytest.importorskip("numpy")
cv2 = pytest.importorskip("cv2")

from parsers.ocr.marks import bands, extent, is_slash, is_struck, tidy, uncovered  # noqa: E402

HEIGHT = 30


def blank(height=120, width=400):
    return np.zeros((height, width), np.uint8)


def write(marks, top, left=20, letters=4, gap=8):
    """Draw hollow boxes of a character's size, with a stroke in the middle that meets neither side."""
    for number in range(letters):
        x = left + number * (HEIGHT + gap)
        cv2.rectangle(marks, (x, top), (x + HEIGHT - 1, top + HEIGHT - 1), 255, 2)
    return marks


def test_two_lines_are_two_bands_from_top_to_bottom():
    marks = write(write(blank(), 10), 60)
    assert [(top, bottom) for _, top, _, bottom in bands(marks, HEIGHT)] == [(9, 41), (59, 91)]


def test_lines_set_solid_are_parted_where_few_pixels_touch():
    marks = write(write(blank(), 20), 20 + HEIGHT + 4)
    marks[20 : 20 + HEIGHT + 4, 40:42] = 255  # the stroke of a comma, a speck
    assert [(round(top), round(bottom)) for _, top, _, bottom in bands(marks, HEIGHT)] == [(19, 51), (51, 85)]


def test_the_strokes_of_one_line_stay_together():
    marks = blank()
    for top in (20, 33, 46):
        marks[top : top + 3, 30:58] = 255
    assert len(bands(marks, HEIGHT)) == 1


def test_a_line_is_cut_at_a_wide_blank():
    marks = write(write(blank(), 10, letters=2), 10, left=250, letters=2)
    assert len(bands(marks, HEIGHT)) == 2


def test_an_underline_is_no_text():
    marks = blank()
    marks[60:62, 20:300] = 255
    assert bands(marks, HEIGHT) == []


def test_what_is_left_of_a_border_and_dirt_goes():
    marks = write(blank(), 40)
    marks[0:2, :300] = 255
    marks[30:, -2:] = 255
    marks[100, 200] = 255
    cleaned = tidy(marks, HEIGHT)
    assert extent(cleaned) == extent(write(blank(), 40))


def test_an_empty_cell_has_no_extent():
    assert extent(tidy(blank(), HEIGHT)) is None


def test_ink_that_no_reading_covers_is_told():
    marks = write(blank(), 40)
    (box,) = bands(marks, HEIGHT)
    assert not uncovered(marks, [box], HEIGHT)
    assert uncovered(marks, [], HEIGHT)
    assert uncovered(write(marks, 40, left=300, letters=1), [box], HEIGHT)


@pytest.mark.parametrize(
    ("lines", "slash"),
    [
        ([((110, 40), (96, 74))], True),
        ([((130, 40), (96, 74))], True),
        ([((102, 40), (100, 74))], False),  # 1
        ([((104, 40), (97, 74))], False),  # an italic 1
        ([((96, 40), (110, 74))], False),  # the other way: no sign for nothing
        ([((90, 57), (124, 55))], False),  # a dash
        ([((110, 40), (96, 74)), ((130, 40), (116, 74))], False),
        ([((96, 40), (116, 40)), ((116, 40), (102, 74))], False),  # 7
        ([((100, 52), (96, 60))], False),  # a comma
    ],
)
def test_a_slash_is_known_by_its_shape(lines, slash):
    marks = blank()
    for one, other in lines:
        cv2.line(marks, one, other, 255, 3)
    assert is_slash(marks, HEIGHT) == slash


def test_a_line_through_text_strikes_it_out():
    marks = write(blank(), 40, letters=5)
    assert not is_struck(marks)
    marks[54:57, 15:215] = 255
    assert is_struck(marks)


def test_a_line_through_two_characters_strikes_them_out():
    marks = write(blank(), 40, letters=2)
    marks[54:57, 18:90] = 255
    assert is_struck(marks)


def test_an_underline_and_a_dash_strike_nothing_out():
    marks = write(blank(), 40, letters=5)
    marks[80:83, 15:215] = 255
    assert not is_struck(marks)
    dash = blank()
    dash[54:57, 15:215] = 255
    assert not is_struck(dash)


def test_strokes_of_two_neighbors_that_meet_strike_nothing_out():
    marks = write(blank(), 40, letters=6)
    marks[54:57, 22:84] = 255  # at the edge of the ink, where OpenCV would go on with it
    assert not is_struck(marks)
