"""Forms that are written as lines: 姓名：张三, one or several in a line, value behind the label or in the next line.

In: the lines of a document outside grids. Out: `Cluster` values, each a run of label–value lines, with the form they amount
to. A signature (电话：… 手机：…) is the same to the eye, so labels alone don't do: a cluster is a form if it names most of
the required fields and one that no signature has (姓名, 职务, 性别, 是/否, a text), or stands under the form's heading.
Must not: read a note, a sentence, what follows a sign-off.
"""

import math
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from parsers.entries import SPELLED_CHARACTERS, Entry, bare_entry, begins_text, entries
from parsers.forms import FieldType, FormSpec
from parsers.headings import Titles, titles_of
from parsers.labels import LabelIndex, LabelMatch
from parsers.lexicon import SIGNATURE_LABELS
from parsers.pairing import Pair
from parsers.recognize import HEADED, Evidence, Line, Vote, evidence
from parsers.remarks import is_note, is_rule, is_sign_off, note_goes_on
from parsers.scoring import Judge
from parsers.text import fold

# Tried by `python -m tests.understanding --thresholds inlines --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_GAP_LINES = 2  # other lines between two entries of one form; tried 1: same; 4: right +2, asked -1, beside -1
_GAP_CELLS = 3  # the same where each cell has a line: a value, a label that no form has and the value of that
_STYLE_LINES = 3  # labels without a colon are believed from this number on; tried 2: same; 6: right -22, asked +22
# _WRAPPED_CHARACTERS: tried 15 and 60: no difference, a bound, not a tuned value.
_WRAPPED_CHARACTERS = 30  # a line this long may go on in the next
_CELL = re.compile(r"C\d+(?:, box [\d,-]+)?$|!")  # place of a cell: table 1, R9C1; row 9, C1, box 1,2-3,4; Sheet1!B3
_LIST_NUMBER = re.compile(
    "^\\s*[(\uff08]?(?:\\d{1,2}|[一二三四五六七八九十]{1,3})[)\uff09\u3001.\uff0e]\\s*$"
)  # 1、*姓名：
_WIDE_END = re.compile("(?:[ \u3000]{2,}|\t)$")
_STRONG_FIT = 0.9  # tried 0.45 and 1.1: no difference, compared in none of these mails
_ENTRIES_IN_SENTENCE = 3  # tried 1 and 6: no difference, a bound, not a tuned value
_IDENTIFYING = frozenset({FieldType.YESNO, FieldType.TEXT, FieldType.GENDER, FieldType.POSITION, FieldType.TITLE})


class Kind(Enum):
    ENTRIES = auto()  # label: value
    LABEL = auto()  # a label alone, without colon
    BARE = auto()  # label and value with a blank between
    NOTE = auto()
    HEADING = auto()
    SIGN_OFF = auto()
    PLAIN = auto()


@dataclass(frozen=True, slots=True)
class Item:
    """One line and what it is."""

    line: Line
    kind: Kind
    found: tuple[Entry, ...] = ()
    form: str = ""


@dataclass(slots=True)
class Cluster:
    """A run of lines with labels, the plain ones between them included. `heading` names a form, or is empty.

    `before` are the plain lines above it since the last break.
    """

    items: list[Item] = field(default_factory=list)
    heading: str = ""
    title: str = ""
    before: tuple[Item, ...] = ()
    signed: bool = False  # it stands below a sign-off

    def matches(self) -> list[LabelMatch]:
        """Return the labels of the cluster."""
        return [entry.match for item in self.items for entry in item.found if entry.match is not None]


def clusters(
    lines: Iterable[Line], index: LabelIndex, titles: Titles, *, style_lines: int = _STYLE_LINES
) -> tuple[Cluster, ...]:
    """Given lines, return their clusters in reading order; labels without a colon count from `style_lines` on."""
    found: list[Cluster] = []
    items = _items(lines, index, titles)
    current: Cluster | None = None
    before: list[Item] = []
    heading, title, signed, gap = "", "", False, 0
    in_cells = False  # the last label stood alone in its line, as in a table that was pasted into a text
    for told in items:
        item = _respelt(told, index) if in_cells and current is not None else told
        if item.kind in {Kind.ENTRIES, Kind.LABEL, Kind.BARE}:
            if current is None:
                current = Cluster([], heading, title, tuple(before), signed)
                found.append(current)
            current.items.append(item)
            gap, in_cells = 0, item.kind is Kind.LABEL
            continue
        gap += 1
        most = _GAP_CELLS if in_cells else _GAP_LINES
        ends = item.kind in {Kind.HEADING, Kind.SIGN_OFF, Kind.NOTE} or gap > most
        if current is not None and not ends:
            current.items.append(item)
            continue
        if current is not None:
            current, before = None, []
            heading, title = "", ""
        if item.kind is Kind.HEADING:
            heading, title = item.form, item.line.text
        signed = signed or item.kind is Kind.SIGN_OFF
        before.append(item)
    return tuple(_trimmed(cluster, style_lines) for cluster in found)


def _respelt(item: Item, index: LabelIndex) -> Item:
    """A misspelt label (通号地址) alone in its line is one among labels that stand so, and no value of the one above."""
    text = item.line.text
    if item.kind is not Kind.PLAIN or len(fold(text)) < SPELLED_CHARACTERS:
        return item
    match = index.match(text)
    return item if match is None else Item(item.line, Kind.LABEL, (Entry(text, match, "", 0, len(text)),))


def _trimmed(cluster: Cluster, style_lines: int) -> Cluster:
    """Labels without a colon count if there are several; what follows the last label is kept for its value."""
    loose = sum(item.kind in {Kind.LABEL, Kind.BARE} for item in cluster.items)
    with_colon = sum(item.kind is Kind.ENTRIES for item in cluster.items)
    if loose < style_lines and not (loose >= 2 and with_colon):
        cluster.items = [
            item if item.kind not in {Kind.LABEL, Kind.BARE} else Item(item.line, Kind.PLAIN) for item in cluster.items
        ]
    return cluster


def _items(lines: Iterable[Line], index: LabelIndex, titles: Titles) -> Iterable[Item]:
    note_open = False
    for line in lines:
        if line.in_grid:
            continue
        item = _item(line, index, titles)
        if note_open and item.kind in {Kind.PLAIN, Kind.ENTRIES} and not line.gap:
            item = Item(line, Kind.NOTE)
        note_open = item.kind is Kind.NOTE and note_goes_on(line.text)
        yield item


def _item(line: Line, index: LabelIndex, titles: Titles) -> Item:
    text = line.text
    if index.is_personal(text):
        return Item(line, Kind.LABEL, (Entry(text, None, "", 0, len(text)),))
    if index.match_exactly(text) is not None:
        has_colon = ":" in text or "\uff1a" in text
        found = entries(text, index) if has_colon else (Entry(text, index.match(text), "", 0, len(text)),)
        return Item(line, Kind.ENTRIES if has_colon else Kind.LABEL, found)
    found = entries(text, index) if ":" in text or "\uff1a" in text else ()
    if is_note(text) and not begins_text(found, index):
        return Item(line, Kind.NOTE)
    if found:
        known = sum(entry.match is not None for entry in found)
        prefix = _LIST_NUMBER.sub("", text[: found[0].start]).strip()
        # A sentence that ends in 联系人：… is no form, nor is 区安办：… a label; 您好，姓名：…；职务：…；手机：… is.
        # So does 职本：科员　　办公电话：…, where a misspelt label stands first.
        spoilt = found[0].generic and not found[0].match and _begins_apart(text, found, index)
        if (not prefix and (spoilt or not found[0].generic)) or known >= _ENTRIES_IN_SENTENCE:
            return Item(line, Kind.ENTRIES, found)
    form = titles.heading(text)
    if form is not None:
        return Item(line, Kind.HEADING, form=form)
    if is_sign_off(text):
        return Item(line, Kind.SIGN_OFF)
    if is_rule(text):
        return Item(line, Kind.NOTE)
    entry = bare_entry(text, index) if len(text) < 200 else None
    return Item(line, Kind.BARE, (entry,)) if entry is not None else Item(line, Kind.PLAIN)


def _begins_apart(text: str, found: tuple[Entry, ...], index: LabelIndex) -> bool:
    """Return whether the second entry of a line has a label of ours, and a wide blank parts it from the first."""
    second = found[1] if len(found) > 1 else None
    apart = second is not None and _WIDE_END.search(text[: second.start])
    return bool(apart and second and found[0].raw and second.match and index.match_exactly(second.label))


def forms_in_lines(
    lines: Iterable[Line], index: LabelIndex, forms: tuple[FormSpec, ...], filled: Container[str]
) -> Iterator[tuple[Cluster, Vote, list[Vote]]]:
    """Given lines, yield the clusters that are a form: with each what speaks for it, and for all forms, the strongest first.

    `filled` are the ids of the forms that stand in a grid of the same document already.
    """
    for cluster in clusters(lines, index, titles_of(forms)):
        votes = ranked(cluster, forms)
        for vote in votes:
            strict = vote.labels.form.id in filled or cluster.signed
            if vote.labels.keys and is_form(cluster, vote.labels, strict=strict):
                yield cluster, vote, votes
                break


def is_form(cluster: Cluster, one: Evidence, *, strict: bool) -> bool:
    """Given a cluster and what its labels say for a form, return whether it is a filled copy of the form.

    `strict`: the same document has the form as a table already, so lines must give all that is required.
    """
    required = {spec.key for spec in one.form.fields if spec.required}
    given = one.keys & required
    if strict:
        return bool(required) and given == required and _identifies(cluster, one.form)
    if cluster.heading == one.form.id and len(one.keys) >= 3 and len(given) >= min(2, len(required)):
        return True
    full = len(given) >= max(2, math.ceil(0.75 * len(required))) or (len(given) >= 2 and len(one.keys) >= 5)
    return full and len(one.keys) >= 2 and _identifies(cluster, one.form)


def _identifies(cluster: Cluster, form: FormSpec) -> bool:
    """Return whether one of the labels is none of those that stand in any signature."""
    types = {spec.key: spec.type for spec in form.fields}
    possible = False
    for spec in form.fields:
        possible = (
            possible
            or spec.type in _IDENTIFYING
            or (spec.type is FieldType.PERSON and fold(spec.label) not in SIGNATURE_LABELS)
        )
    if not possible:  # a form of nothing but unit, name and number
        required = {spec.key for spec in form.fields if spec.required}
        return required <= {key for match in cluster.matches() for key in match.keys(form.id)}
    for item in cluster.items:
        for entry in item.found:
            if entry.match is None:
                continue
            for key in entry.match.keys(form.id):
                if types[key] in _IDENTIFYING and {name for name, _ in entry.match.fields} == {form.id}:
                    return True
                if types[key] is FieldType.PERSON and fold(entry.label) not in SIGNATURE_LABELS:
                    return True
    return False


def line_pairs(cluster: Cluster, form: FormSpec, judge: Judge) -> tuple[list[Pair], list[Line]]:
    """Given a cluster, return its pairs as `form` sees them and the lines that are no part of any."""
    below = _values_below(cluster, form)
    pairs: list[Pair] = []
    outside: list[Line] = []
    open_pair = False  # the last pair may take the next plain line
    for number, item in enumerate(cluster.items):
        if item.found:
            pairs.extend(_pair(entry, item.line, form, item.kind) for entry in item.found)
            open_pair = True
            continue
        if open_pair and _takes_line(pairs[-1], item.line, judge, below=below, last=_is_last(cluster, number)):
            pairs[-1] = _with_line(pairs[-1], item.line)
        else:
            open_pair = False
            outside.append(item.line)
    return pairs, outside


def _is_last(cluster: Cluster, number: int) -> bool:
    return not any(item.found for item in cluster.items[number + 1 :])


def _values_below(cluster: Cluster, form: FormSpec) -> bool:
    """Return whether this cluster writes values below their labels: no label of the form has one beside it."""
    return not any(
        entry.raw
        for item in cluster.items
        for entry in item.found
        if entry.match is not None and entry.match.keys(form.id)
    )


def _pair(entry: Entry, line: Line, form: FormSpec, kind: Kind) -> Pair:
    match = entry.match
    return Pair(
        match.keys(form.id) if match else (),
        entry.label,
        entry.raw,
        line.place,
        "line",
        line.number,
        entry.start,
        also=match.also_keys(form.id) if match else (),
        exact=match is None or match.exact,
        primary=kind is Kind.ENTRIES,
    )


def _takes_line(pair: Pair, line: Line, judge: Judge, *, below: bool, last: bool) -> bool:
    """Return whether a plain line is the value of the label above it, or goes on with it."""
    if not pair.keys:
        return not pair.raw and not line.gap  # 部门 alone in its line owns the next one, as in a table
    types = {judge.spec(key).type for key in pair.keys}
    if not pair.raw:
        if (below or not pair.primary) and not line.gap:
            return True
        fit = max(judge.check(key, _with_line(pair, line)).fit for key in pair.keys)
        return fit >= _STRONG_FIT and types <= {FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL, FieldType.GENDER}
    if line.gap:
        return False
    if pair.place == line.place and _CELL.search(line.place):
        return True  # a cell holds one value, on however many lines
    long = len(pair.raw.rsplit("\n", 1)[-1]) >= _WRAPPED_CHARACTERS
    if types <= {FieldType.TEXT, FieldType.TITLE}:
        return not last or long
    return types == {FieldType.ADDRESS} and long


def _with_line(pair: Pair, line: Line) -> Pair:
    raw = f"{pair.raw}\n{line.text}" if pair.raw else line.text
    place = line.place if not pair.raw else pair.place
    rule = "line_below" if not pair.raw else pair.rule
    return Pair(
        pair.keys,
        pair.label,
        raw,
        place,
        rule,
        pair.row,
        pair.column,
        also=pair.also,
        exact=pair.exact,
        primary=pair.primary,
    )


def ranked(cluster: Cluster, forms: tuple[FormSpec, ...]) -> list[Vote]:
    """Given a cluster, return what its labels say for each form, the strongest first; its heading counts most."""
    found = evidence(cluster.matches(), forms)
    votes = [Vote(one, heading=HEADED if one.form.id == cluster.heading else 0.0) for one in found]
    return sorted(votes, key=lambda vote: -vote.weight)
