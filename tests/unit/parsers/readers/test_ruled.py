"""Rectangles find their rows, columns and spans, however crooked they were drawn."""

from hypothesis import given
from hypothesis import strategies as st

from parsers.readers.ruled import arrange


def places(rectangles, tolerance=3.0):
    return [
        (one.index, one.row, one.column, one.row_span, one.column_span)
        for one in arrange(rectangles, tolerance).positions
    ]


def test_four_cells_are_two_rows_of_two():
    assert places([(0, 0, 50, 20), (50, 0, 100, 20), (0, 20, 50, 40), (50, 20, 100, 40)]) == [
        (0, 0, 0, 1, 1),
        (1, 0, 1, 1, 1),
        (2, 1, 0, 1, 1),
        (3, 1, 1, 1, 1),
    ]


def test_merged_cells_span_the_lines_of_their_neighbors():
    ruling = arrange([(0, 0, 100, 20), (0, 20, 50, 60), (50, 20, 100, 40), (50, 40, 100, 60)], 3.0)
    assert (ruling.rows, ruling.columns) == (3, 2)
    spans = [(one.row, one.column, one.row_span, one.column_span) for one in ruling.positions]
    assert spans == [(0, 0, 1, 2), (1, 0, 2, 1), (1, 1, 1, 1), (2, 1, 1, 1)]


def test_edges_within_the_tolerance_are_one_line():
    assert places([(0, 0, 49, 20), (51, 1, 100, 21), (1, 22, 50, 40)]) == [
        (0, 0, 0, 1, 1),
        (1, 0, 1, 1, 1),
        (2, 1, 0, 1, 1),
    ]


def test_slivers_and_cells_seen_twice_are_left_out():
    assert places([(0, 0, 50, 20), (0, 0, 50, 20.5), (50, 0, 52, 20), (52, 0, 100, 20)]) == [
        (0, 0, 0, 1, 1),
        (3, 0, 1, 1, 1),
    ]


def test_nothing_makes_an_empty_ruling():
    ruling = arrange([], 3.0)
    assert (ruling.rows, ruling.columns, ruling.positions) == (0, 0, ())


COORDINATE = st.floats(0, 200, allow_nan=False)


@given(st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE), max_size=30))
def test_no_two_cells_overlap_whatever_the_rectangles(corners):
    rectangles = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners]
    ruling = arrange(rectangles, 3.0)
    taken = [
        (row, column)
        for one in ruling.positions
        for row in range(one.row, one.row + one.row_span)
        for column in range(one.column, one.column + one.column_span)
    ]
    assert len(taken) == len(set(taken))
    assert all(row < ruling.rows and column < ruling.columns for row, column in taken)
