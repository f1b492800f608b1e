"""Numbers and addresses of mail in a value's cell that the value does not hold: registered elsewhere, or asked about.

Stage before: `records` has the fields of one person, each checked. Stage after: `loose`. In: the fields, their cells' texts,
what the office itself printed. Out: the fields; one whose cell holds a number or an address that no field of the same
person has is AMBIGUOUS (李建国13959760035 beside another 手机). What `fields` trims from a value (a title, a remark, a
hint, a landline in a mobile's cell) is seen here whatever the rule by which it was trimmed. Short numbers (短号 660001) are
no loss: they reach nobody outside the office. Must not: take such a number for a value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from parsers.forms import UNREGISTERED, FieldReading, FieldType, FormSpec, Problem, ProblemCode
from parsers.phones import find_numbers
from parsers.remarks import without_samples
from parsers.text import narrow

_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]*[A-Za-z0-9]")
_DATE = re.compile("(?:19|20)\\d\\d[-./\u5e74]\\d{1,2}[-./\u6708]\\d{1,2}")
_RUN = re.compile(r"\d(?:-?\d)+")
_SHORTEST = 7  # digits: a local number of Xiamen; facts/documents.md §5
_AROUND = 5  # digits more: a country's or an area's code before, an extension behind
_PARTS = re.compile("[/\\s,;\u3001]+")


def accounted(form: FormSpec, fields: tuple[FieldReading, ...], wholes: Mapping[str, str]) -> tuple[FieldReading, ...]:
    """Given the fields of one person, return them with those doubted whose cell holds what is registered nowhere.

    `wholes` has by key what stands in a field's cell where its `raw` is only a part of that (王晓云 of 王晓云 13805950002).
    What the office itself printed on its blank form is nobody's.
    """
    known = {one for field in fields for one in _registered(field)}
    addresses = {spec.key for spec in form.fields if spec.type is FieldType.EMAIL}  # `fields` asks about a second one
    made: list[FieldReading] = []
    for field in fields:
        whole = wholes.get(field.key, field.raw)
        kept = field.problem is not None or whole == field.value or (field.key in addresses and field.value is not None)
        left = [] if kept else [one for one in _counted(without_samples(whole)) if not _among(one, known)]
        if any(not _among(one, _printed(form)) for one in left):
            doubt = Problem(ProblemCode.AMBIGUOUS, field.key, given=whole.strip(), detail=UNREGISTERED)
            made.append(replace(field, raw=whole, problem=doubt))
        else:
            made.append(field)
    return tuple(made)


def _printed(form: FormSpec) -> list[str]:
    """Return the numbers and addresses that stand on the office's own blank form."""
    if form.blank is None:
        return []
    blank = form.blank
    hints, labels = (hint.text for hint in blank.hints), (cell.text for cell in blank.labels)
    texts = (*hints, *labels, *blank.notes, *blank.around)
    return [one for text in texts for one in _counted(text)]


def _among(one: str, known: Iterable[str]) -> bool:
    return any(_same(one, other) for other in known)


def _registered(field: FieldReading) -> Iterator[str]:
    """Yield what a field registers, or tells by a problem of its own."""
    text = field.value if isinstance(field.value, str) else ""
    texts = [text, field.raw] if field.problem is not None else [text]
    for one in texts:
        yield from _counted(one)
        yield from (re.sub(r"\D", "", part) for part in _PARTS.split(narrow(one)))


def _counted(text: str) -> list[str]:
    """Return the telephone numbers (their digits) and the addresses of mail in a text."""
    plain = _DATE.sub(" ", narrow(text))
    found = _EMAIL.findall(plain)
    plain = _EMAIL.sub(" ", plain)
    numbers = find_numbers(plain).numbers
    digits = [re.sub(r"\D", "", number.text) for number in numbers] or [
        run.replace("-", "") for run in _RUN.findall(plain)
    ]
    return [*(address.casefold() for address in found), *(one for one in digits if len(one) >= _SHORTEST)]


def _same(first: str, second: str) -> bool:
    """27391234 is 0595-27391234, and 0595-27391234-801; 13805950002 is 8613805950002."""
    short, long = sorted((first, second), key=len)
    if len(short) < _SHORTEST or len(long) - len(short) > _AROUND:
        return False
    return long == short or ("@" not in long and (long.endswith(short) or long.startswith(short)))
