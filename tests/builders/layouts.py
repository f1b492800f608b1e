"""How people lay out a form: one list of labels and values → rows of boxes, the same for every container."""

from collections.abc import Sequence
from dataclasses import dataclass

Pairs = Sequence[tuple[str, str]]

LAYOUTS = ("pairs", "two_pairs", "below", "transposed", "colon")


@dataclass(frozen=True)
class Box:
    """One cell or merged area."""

    text: str
    columns: int = 1
    rows: int = 1


def arrange(layout: str, rows: Pairs, more: Sequence[Pairs] = ()) -> list[list[Box]]:
    """Given labels with values (and further people with the same labels), return the rows of the table.

    ``pairs``: label | value. ``two_pairs``: two pairs a row, an odd last value merged over three columns. ``below``: a
    row of labels, a row a person. ``transposed``: a column of labels, a column a person. ``colon``: one cell a pair.
    """
    people = [rows, *more]
    if layout == "pairs":
        return [[Box(label), Box(value)] for person in people for label, value in person]
    if layout == "two_pairs":
        return [
            [
                Box(label) if part == 0 else Box(value, 3 if len(couple) == 1 else 1)
                for label, value in couple
                for part in (0, 1)
            ]
            for person in people
            for couple in (person[start : start + 2] for start in range(0, len(person), 2))
        ]
    if layout == "below":
        return [[Box(label) for label, _ in rows], *([Box(value) for _, value in person] for person in people)]
    if layout == "transposed":
        return [[Box(label), *(Box(person[number][1]) for person in people)] for number, (label, _) in enumerate(rows)]
    if layout == "colon":
        return [[Box(f"{label}：{value}")] for person in people for label, value in person]
    raise ValueError(layout)


def width(table: Sequence[Sequence[Box]]) -> int:
    """Given rows of boxes without vertical merges in the widest one, return the number of columns."""
    return max(sum(box.columns for box in row) for row in table)
