"""Short ways to look at what a reader made of a file, the same for all of them."""

from collections.abc import Callable

import pytest

from parsers.document import Document, FailureCode, Grid, NoteCode, ReadFailure


def seen(document: Document) -> dict[str, str]:
    """The non-empty cells by place."""
    return {cell.place: cell.text for grid in document.grids() for cell in grid.cells if cell.text}


def only(document: Document) -> Grid:
    """The only grid."""
    (found,) = document.grids()
    return found


def codes(document: Document) -> set[NoteCode]:
    return {note.code for note in document.notes}


def refusal(read: Callable[[], object]) -> FailureCode:
    """Why a file is not read."""
    with pytest.raises(ReadFailure) as caught:
        read()
    return caught.value.failure.code
