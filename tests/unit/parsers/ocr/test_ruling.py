"""Ruled lines become cells: merged ones, faint ones, and none where no table is."""

import pytest

np = pytest.importorskip("numpy")
cv2 = pytest.importorskip("cv2")

from parsers.document import FailureCode, ReadFailure  # noqa: E402
from parsers.ocr.ruling import tables  # noqa: E402

HEIGHT = 30.0


def paper(height=1000, width=1400):
    return np.full((height, width), 255, np.uint8)


def rule(page, *boxes, thickness=2):
    for left, top, right, bottom in boxes:
        cv2.rectangle(page, (left, top), (right, bottom), 0, thickness)
    return page


def grid(page, left, top, columns, rows, wide=200, high=60):
    return rule(
        page,
        *(
            (left + x * wide, top + y * high, left + (x + 1) * wide, top + (y + 1) * high)
            for y in range(rows)
            for x in range(columns)
        ),
    )


def found(page):
    return tables(page, page, HEIGHT)


def places(table):
    return [(one.row, one.column, one.row_span, one.column_span) for one in table.ruling.positions]


def test_a_plain_grid_has_all_its_cells():
    (table,) = found(grid(paper(), 100, 100, 3, 4))
    assert (table.ruling.rows, table.ruling.columns) == (4, 3)
    assert places(table) == [(row, column, 1, 1) for row in range(4) for column in range(3)]
    left, top, right, bottom = table.cells[table.ruling.positions[0].index]
    assert (abs(left - 102), abs(top - 102), abs(right - 299), abs(bottom - 159)) < (6, 6, 6, 6)


def test_merged_cells_span_rows_and_columns():
    page = rule(paper(), (100, 100, 300, 220), (300, 100, 500, 160), (300, 160, 500, 220), (100, 220, 500, 280))
    (table,) = found(page)
    assert places(table) == [(0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1), (2, 0, 1, 2)]


def test_two_tables_are_two_from_top_to_bottom():
    page = grid(grid(paper(), 100, 500, 2, 2), 100, 100, 3, 1)
    assert [table.ruling.columns for table in found(page)] == [3, 2]


def test_a_frame_around_the_page_is_no_table():
    page = rule(grid(paper(), 100, 100, 2, 2), (20, 20, 1380, 980))
    assert [len(table.cells) for table in found(page)] == [4]


def test_a_table_within_a_cell_is_a_table_of_its_own():
    page = rule(grid(paper(), 140, 140, 2, 2, wide=150), (100, 100, 500, 320), (500, 100, 700, 320))
    assert sorted(len(table.cells) for table in found(page)) == [2, 4]


def test_gaps_of_a_faint_copy_are_bridged():
    page = grid(paper(), 100, 100, 3, 3)
    page[:, 195:205] = 255
    page[205:212, :] = 255
    (table,) = found(page)
    assert len(table.cells) == 9


def test_print_makes_no_lines():
    page = paper()
    for row in range(10):
        for column in range(20):
            rule(page, (100 + 36 * column, 100 + 40 * row, 129 + 36 * column, 129 + 40 * row))
    assert found(page) == ()


def test_strokes_of_characters_as_high_as_their_row_divide_no_cell():
    page = grid(paper(), 100, 100, 2, 3, high=38)
    for column in range(4):  # characters whose outlines nearly touch the lines
        left = 120 + 38 * column
        rule(page, (left, 103, left + 29, 135), (left + 9, 112, left + 20, 126))
    (table,) = found(page)
    assert len(table.cells) == 6


def test_noise_beside_a_border_makes_no_stroke_of_it():
    page = grid(paper(), 100, 100, 2, 3)
    dirt = np.random.default_rng(3).random(page.shape) < 0.03  # a scanner's noise that the threshold lets through
    page[dirt & (np.arange(page.shape[1]) < 98)] = 0
    (table,) = found(page)
    assert len(table.cells) == 6


def test_a_border_that_goes_on_beyond_its_corner_is_a_border():
    page = grid(paper(), 100, 100, 2, 3)
    rule(page, (98, 100, 98, 288))  # a copy's slant: left of where the lying lines begin, below where they end
    (table,) = found(page)
    assert len(table.cells) == 6


def test_strokes_in_the_rows_above_and_below_make_no_line_between_them():
    page = grid(paper(), 100, 100, 2, 3, high=38)
    for top in (102, 178):
        rule(page, (360, top, 362, top + 34))  # strokes of the row's height, one over the other
        rule(page, (345, top + 8, 377, top + 10), (345, top + 20, 377, top + 22))
    (table,) = found(page)
    assert len(table.cells) == 6


def test_a_stroke_with_clean_flanks_in_one_low_row_divides_no_cell():
    page = grid(paper(), 100, 100, 2, 4, high=38)
    rule(page, (420, 140, 422, 174))
    (table,) = found(page)
    assert len(table.cells) == 8


def test_the_ring_of_a_gray_seal_divides_no_cell():
    page = grid(paper(), 100, 100, 2, 6)
    cv2.circle(page, (400, 280), 160, 90, 12)
    (table,) = found(page)
    assert len(table.cells) == 12


def test_more_cells_than_any_form_has_are_refused():
    page = grid(paper(1400, 1800), 20, 20, 35, 22, wide=48, high=48)
    with pytest.raises(ReadFailure) as caught:
        tables(page, page, 16.0)
    assert caught.value.failure.code is FailureCode.TOO_LARGE
