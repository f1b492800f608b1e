"""How a document was read, for people who ask: which form, by what evidence; which value, and what was not taken.

Made by `explain` in the worker, only when somebody asks; worded by `intake.explain`. Plain values that `codec` carries. Must
not: hold anything that a reading is decided by.
"""

from dataclasses import dataclass
from enum import StrEnum


class Grounds(StrEnum):
    """What a reading was chosen on."""

    PLAIN = "plain"  # every label has its value beside it and nothing is left over: no other reading was weighed
    SCORE = "score"  # several readings were weighed
    LINES = "lines"  # label and value stand in lines of text


class Why(StrEnum):
    """Why a text is not the value of a field, or no part of it."""

    READING = "reading"  # another reading of the table has it here; `by` is its mode
    LABEL = "label"  # it stands at another label of the same field; `by` is that label
    NUMBER = "number"  # another number in the same cell
    REMARK = "remark"  # words beside the value
    STRUCK = "struck"  # struck out
    HINT = "hint"  # a hint of the template
    NOTHING = "nothing"  # says that there is nothing: 无, /


@dataclass(frozen=True, slots=True)
class Rejected:
    """A text that was not taken. `score` is that of the reading it belongs to (READING only)."""

    why: Why
    text: str
    place: str = ""
    by: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class FieldTrace:
    """One field as the chosen reading gives it, before copies are joined: the same values as in `forms.FieldReading`."""

    key: str
    place: str
    raw: str
    value: str | bool | None
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class FormVote:
    """What speaks for one form in one place: `labels` counts the fields named, `weight` is all of it together."""

    form: str
    labels: int
    weight: float
    heading: float = 0.0
    file_name: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadingTrace:
    """One reading of a table that was weighed: how many values it gives, how many texts it can't explain."""

    mode: str
    score: float
    values: int
    left_over: int
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that the table might be as well, and how well it reads as that one."""

    form: str
    score: float


@dataclass(frozen=True, slots=True)
class FormTrace:
    """One place in a document that was read as a form. `labels` are its labels as they stand, `votes` the strongest first.

    `readings` are those weighed, the best first; one that contradicts the best and comes within `margin` makes the form
    ambiguous. `tried` has an entry for each form if labels speak for several, the best first; `form_margin` is the lead
    that the best must have.
    """

    form: str
    place: str
    grounds: Grounds
    title: str = ""
    title_place: str = ""
    labels: tuple[str, ...] = ()
    votes: tuple[FormVote, ...] = ()
    readings: tuple[ReadingTrace, ...] = ()
    margin: float = 0.0
    tried: tuple[Tried, ...] = ()
    form_margin: float = 0.0
    fields: tuple[FieldTrace, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentTrace:
    """One document. `strangers` are tables that name some fields, but too few to be a form: place and votes."""

    name: str
    forms: tuple[FormTrace, ...] = ()
    strangers: tuple[tuple[str, tuple[FormVote, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Traces:
    """The documents of one part of a mail: several if it is an archive."""

    documents: tuple[DocumentTrace, ...] = ()
