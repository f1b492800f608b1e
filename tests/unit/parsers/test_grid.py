"""Neighbours in a grid with merged areas."""

from parsers.document import Cell, Grid
from parsers.grid import GridView
from tests.builders.forms import Box, grid


def view(rows, **rest):
    return GridView(grid(rows), **rest)


def test_right_and_below_step_over_merged_areas():
    plane = view([[Box("a", columns=2), "b"], ["c", "d", "e"]])
    a, b, c, _d, _e = plane.cells
    assert plane.right_of(a) is b
    assert plane.below(a) is c
    assert plane.right_of(b) is None


def test_a_tall_cell_has_a_neighbour_in_each_row():
    plane = view([[Box("group", rows=2), "a"], ["b"]])
    group, a, b = plane.cells
    assert plane.right_of(group, 0) is a
    assert plane.right_of(group, 1) is b
    assert [cell.text for cell in plane.covering(1)] == ["group", "b"]


def test_alone_means_the_only_text_of_its_row():
    plane = view([["a", ""], ["b", "c"]])
    assert plane.alone(plane.cells[0])
    assert not plane.alone(plane.cells[2])


def test_a_view_of_some_rows_has_only_their_cells():
    plane = view([["a"], ["b"], ["c"]], first=1, last=2)
    assert [cell.text for cell in plane.cells] == ["b"]
    assert plane.at(0, 0) is None


def test_a_hostile_span_is_clamped():
    cell = Cell(0, 0, "x", "R1C1", row_span=2_000_000_000, column_span=2_000_000_000)
    plane = GridView(Grid(3, 4, (cell,), "table 1"))
    assert (plane.height(cell), plane.width(cell)) == (3, 4)
    huge = GridView(Grid(2_000_000_000, 2_000_000_000, (cell,), "table 1"))
    assert huge.at(0, 0) is cell


def test_a_position_claimed_twice_belongs_to_the_first():
    first, second = Cell(0, 0, "a", "1", column_span=2), Cell(0, 1, "b", "2")
    assert GridView(Grid(1, 2, (first, second), "table 1")).at(0, 1) is first
