"""Labels: which field of which form a text names, and whether a text is a label of a form that we don't know.

In: the campaign's forms, a piece of text. Out: `LabelMatch` or None. Compared by `text.fold` only, so that inner blanks,
line breaks, full width, bracketed remarks, colons and stars make no difference; a vertical label (one character a line)
is an ordinary one after folding. Labels of one or two characters match exactly only; longer ones may have one wrong,
missing or extra character, very long ones two (facts/documents.md §4.2 allowed 30 %: 现场是否提供道具 is then the label
现场是否提供节目). Must not: look at values, positions or neighbours.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from parsers.forms import FieldType, FormKind, FormSpec
from parsers.lexicon import FOREIGN_HEADS, FOREIGN_LABELS, LABEL_TAILS, PERSONAL_LABELS
from parsers.text import fold

FieldName = tuple[str, str]  # (form id, field key)

# Tried by `python -m tests.understanding --thresholds labels --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
# LABEL_LIMIT: tried 12 and 48: no difference, a bound, not a tuned value.
LABEL_LIMIT = 24  # characters: the longest label seen on a form has 19
_TWO_EDITS_FROM = 10  # characters; tried 5: right -4, asked +1, silent +1, lost +2; 20: same
_MEMORY = 20_000  # texts remembered by an index before it starts anew
_LEADING_NUMBER = re.compile("(?:\\d{1,2}[.,:\u3001)]?|[一二三四五六七八九十]{1,2}[\u3001.,])(?=\\D)")
_TRAILING_NUMBER = re.compile("(?:(?<=[^\\da-z])[1-9ab]|[一二三甲乙丙])$")
_LETTERS = re.compile("[\u4e00-\u9fffa-z/]{3,10}")  # what an unknown label is made of
_NAME_AND = "姓名"
_JOINT = re.compile("[/\u3001&+]|及|和|与")
_TAIL = re.compile(f"(?:{'|'.join(LABEL_TAILS)})$")
_HEAD = re.compile(f"(?:{'|'.join(FOREIGN_HEADS)})")
_BLANKS = re.compile("(?:[_\\s]|\u2026|[\u2014-]{3,})+$")  # the line to write on: 单位:____; a single dash is a value


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """The fields that a text names: (form id, field key), in the campaign's order, several if forms share the label.

    `exact` is False for a misspelt label and for one with a number (手机2). `primary` are the form ids whose notice has
    just this label (others know it as an alias). `also` are the fields of the second half of a label that asks two
    things at once (联系人及电话).
    """

    fields: tuple[FieldName, ...]
    exact: bool
    primary: frozenset[str] = frozenset()
    also: tuple[FieldName, ...] = ()

    def keys(self, form: str) -> tuple[str, ...]:
        """Return the keys of `form` that the label names."""
        return tuple(key for name, key in self.fields if name == form)

    def also_keys(self, form: str) -> tuple[str, ...]:
        """Return the keys of `form` that the second half of a double label names."""
        return tuple(key for name, key in self.also if name == form)


class LabelIndex:
    """All labels and aliases of the table forms of a campaign. Built by `label_index`, which keeps it."""

    def __init__(self, forms: tuple[FormSpec, ...]) -> None:
        self._known: dict[str, tuple[FieldName, ...]] = {}
        self._primary: dict[str, frozenset[str]] = {}
        self._types: dict[FieldName, FieldType] = {}
        self._by_first: dict[str, list[str]] = {}
        self._by_last: dict[str, list[str]] = {}
        self._found: dict[str, LabelMatch | None] = {}
        self._foreign: dict[str, bool] = {}
        self._others: frozenset[str] = FOREIGN_LABELS
        for form in forms:
            if form.kind is FormKind.TABLE:
                self._add(form)
        # Labels that the office's own form has and the campaign does not ask own their neighbor like 微信号 does.
        blanks = [form.blank for form in forms if form.blank is not None]
        self._others |= {fold(text) for blank in blanks for text in blank.foreign} - {"", *self._known}
        for key in self._known:
            self._by_first.setdefault(key[0], []).append(key)
            self._by_last.setdefault(key[-1], []).append(key)

    def _add(self, form: FormSpec) -> None:
        for field in form.fields:
            for number, spelling in enumerate((field.label, *field.aliases)):
                key = fold(spelling)
                if not key:
                    continue
                name = (form.id, field.key)
                self._types[name] = field.type
                if name not in self._known.get(key, ()):
                    self._known[key] = (*self._known.get(key, ()), name)
                if number == 0:
                    self._primary[key] = self._primary.get(key, frozenset()) | {form.id}

    def match(self, text: str) -> LabelMatch | None:
        """Given a text, return the fields that it is the label of, or None."""
        if len(text) > 4 * LABEL_LIMIT:
            return None
        if text in self._found:
            return self._found[text]
        if len(self._found) >= _MEMORY:
            self._found.clear()
            self._foreign.clear()
        key = fold(_BLANKS.sub("", text))
        found = self._found[text] = self._match(key)
        self._foreign[text] = key in self._others or _names_foreign(key)
        return found

    def match_exactly(self, text: str) -> LabelMatch | None:
        """Given a text, return the fields that it is the label of to the letter, or None."""
        found = self.match(text)
        return found if found is not None and found.exact else None

    def type_of(self, name: FieldName) -> FieldType | None:
        """Return the type of a field, or None if no table form has it."""
        return self._types.get(name)

    def looks_like_label(self, text: str) -> bool:
        """Given a text that is no label of ours, return whether it looks like one of another form: 微信号, 填表人."""
        if len(text) > 2 * LABEL_LIMIT:
            return False
        if text not in self._foreign:
            self.match(text)
        return self._foreign[text]

    def is_foreign(self, text: str) -> bool:
        """Given a text, return whether it is, to the letter, a label that other forms have and ours have not."""
        key = fold(text)
        return key in self._others and key not in self._known

    def near(self, text: str, form: str) -> frozenset[str]:
        """Given a text that is no label of ours, return the keys of `form` whose labels are one slip away, one or several.

        `match` takes a misspelt label only if it is clear; here the value has to tell which is meant: 邮口地址 is near
        邮箱地址 and near 邮寄地址.
        """
        key = _LEADING_NUMBER.sub("", fold(_BLANKS.sub("", text)), count=1)
        if len(key) > LABEL_LIMIT:
            return frozenset()
        return frozenset(name for owner, name in self._near(key) if owner == form)

    def slips(self, text: str, form: str) -> frozenset[str]:
        """Given a text that is no label, return the keys of `form` with a label one sign away, however short: 号真 is 传真.

        Far weaker than `near`: what stands under such a label is at most asked for a field, where it suits that field.
        """
        key = _LEADING_NUMBER.sub("", fold(_BLANKS.sub("", text)), count=1)
        if not 2 <= len(key) <= LABEL_LIMIT or not self._may_be_slip(key):
            return frozenset()
        near = {known for known in self._neighbors(key) if len(known) >= 2 and _edits_at_most(key, known, 1)}
        return frozenset(name for known in near for owner, name in self._known[known] if owner == form)

    def is_near(self, text: str) -> bool:
        """Given a text that is no label of ours, return whether one of ours is a slip away."""
        return len(text) <= 2 * LABEL_LIMIT and bool(self._near(fold(text)))

    def is_personal(self, text: str) -> bool:
        """Given a text, return whether it is a label of a person's data that ours don't ask: it ends even a free text."""
        key = _LEADING_NUMBER.sub("", fold(text), count=1)
        return key in PERSONAL_LABELS and key not in self._known

    def _match(self, key: str) -> LabelMatch | None:
        if not key or len(key) > LABEL_LIMIT:
            return None
        found = self._whole(key)
        if found is not None:
            return found
        bare = _LEADING_NUMBER.sub("", key, count=1)
        if bare != key and bare in self._known:
            return self._whole(bare)
        unnumbered = bare
        bare = _TRAILING_NUMBER.sub("", bare)
        if bare != key and bare in self._known:
            return LabelMatch(self._known[bare], exact=False, primary=self._primary.get(bare, frozenset()))
        return self._joint(key) or self._of_person(key) or self._misspelt(unnumbered)

    def _whole(self, key: str) -> LabelMatch | None:
        fields = self._known.get(key)
        return LabelMatch(fields, exact=True, primary=self._primary.get(key, frozenset())) if fields else None

    def _joint(self, key: str) -> LabelMatch | None:
        """联系人及电话 asks two things; 职务/职称 asks one of ours and one that is not."""
        halves = _JOINT.split(key)
        if len(halves) != 2 or not all(halves):
            return None
        first, second = (self._known.get(half, ()) for half in halves)
        if not first:
            return None
        if second:
            also = tuple(name for name in second if name not in first)
            return LabelMatch(first, exact=True, also=also)
        return LabelMatch(first, exact=False) if halves[1] in FOREIGN_LABELS else None

    def _of_person(self, key: str) -> LabelMatch | None:
        """经办人电话 is the 电话 of whoever the form asks for, if 经办人 is a label of that person."""
        for cut in range(2, len(key) - 1):
            forms = {form for form, field in self._known.get(key[:cut], ()) if self._is_person((form, field))}
            fields = tuple(name for name in self._known.get(key[cut:], ()) if name[0] in forms)
            if fields and key[:cut] != _NAME_AND:  # 姓名电话 asks two things
                return LabelMatch(fields, exact=True)
        return None

    def _is_person(self, name: FieldName) -> bool:
        return self._types.get(name) is FieldType.PERSON

    def _near(self, key: str) -> tuple[FieldName, ...]:
        """Return the fields with a label that a slip of the pen makes `key`."""
        if len(key) < 3 or not self._may_be_slip(key):
            return ()
        near = {known for known in self._neighbors(key) if len(known) >= 3 and _nearly_equal(key, known)}
        return tuple(dict.fromkeys(name for known in sorted(near) for name in self._known[known]))

    def _may_be_slip(self, key: str) -> bool:
        return not (key in self._others or _HEAD.match(key) or any(c.isdigit() for c in key))

    def _neighbors(self, key: str) -> tuple[str, ...]:
        """Return the labels that begin or end like `key`."""
        return (*self._by_first.get(key[0], ()), *self._by_last.get(key[-1], ()))

    def _misspelt(self, key: str) -> LabelMatch | None:
        fields = self._near(key)
        # A misspelt label may be near one that two forms have and one that a single form has: if all ask for the same
        # field of each form it is clear. Between two fields of one form nothing is guessed.
        if not fields or len({form for form, _ in fields}) != len(fields):
            return None
        return LabelMatch(fields, exact=False)


@lru_cache(maxsize=16)
def label_index(forms: tuple[FormSpec, ...]) -> LabelIndex:
    """Given the forms of a campaign, return the index of their labels."""
    return LabelIndex(forms)


def _nearly_equal(left: str, right: str) -> bool:
    """Return whether two keys differ by one edit, or by two neighbouring ones if both are long."""
    allowed = 2 if min(len(left), len(right)) >= _TWO_EDITS_FROM else 1
    if abs(len(left) - len(right)) > allowed or min(len(left), len(right)) < 3:
        return False
    if len(left) == len(right) == 3:
        return False  # one of three: 手机号 and 座机号 differ so
    return _edits_at_most(left, right, allowed)


def _edits_at_most(left: str, right: str, allowed: int) -> bool:
    """Return whether two keys differ in one place only, by so many signs at most."""
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    end = 0
    while end < min(len(left), len(right)) - start and left[-1 - end] == right[-1 - end]:
        end += 1
    return max(len(left), len(right)) - start - end <= allowed


def _names_foreign(key: str) -> bool:
    if not _LETTERS.fullmatch(key):
        return False
    return bool(_TAIL.search(key)) or bool(_HEAD.match(key))
