"""The office's own blank form as a value: the sequence of its labels, and every text on it that is no label.

In: nothing; `template` makes it out of a document that holds the office's form. It travels with `forms.FormSpec` to the
worker; `labels` knows its foreign labels, `alignment` lays a received table over it. Out: `Blank`. Must not: know
documents, judge values.
"""

from dataclasses import dataclass

from parsers.text import fold, narrow


@dataclass(frozen=True, slots=True)
class BlankCell:
    """One cell of a row with labels, also an empty one: `row` and `column` count from zero in the office's table.

    `label`: it is one. `key` is the field that a label names; a label without a key is foreign (微信号: on the office's
    form, but not among the fields that the campaign asks).
    """

    row: int
    column: int
    text: str
    label: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """A text that the office itself wrote in the value's place of `key`: 例：abc@163.com, （11位手机号）, □是 □否."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Blank:
    """One blank form. `tables`: for each table of it the rows that hold labels, from the left to the right.

    `notes` are the other texts in its tables, as they stand (填表说明：…), `around` the lines beside them and at the foot of its
    pages (联系电话：…). `title` is its heading, for the year in it.
    """

    title: str
    tables: tuple[tuple[tuple[BlankCell, ...], ...], ...]
    hints: tuple[Hint, ...] = ()
    notes: tuple[str, ...] = ()
    around: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[BlankCell, ...]:
        """Return all labels in reading order."""
        return tuple(cell for table in self.tables for row in table for cell in row if cell.label)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the fields that its labels name, each once, in reading order."""
        return tuple(dict.fromkeys(cell.key for cell in self.labels if cell.key))

    @property
    def foreign(self) -> tuple[str, ...]:
        """Return its labels that name no field of the campaign, as they stand."""
        return tuple(dict.fromkeys(cell.text for cell in self.labels if not cell.key))


def same_text(first: str, second: str) -> bool:
    """Given a text of a received form and one of the blank, return whether they are the same but for blanks and width.

    `fold` alone won't do: it drops what stands in brackets, and 是（√）否（） would be the office's own 是（）否（）.
    """
    return fold(first) == fold(second) and _squeezed(first) == _squeezed(second)


def _squeezed(text: str) -> str:
    return "".join(narrow(text).split()).casefold()
