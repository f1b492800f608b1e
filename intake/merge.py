"""Copies of one form become one, and a partial answer completes the form that it answers. Pure.

Stage before: `identify` (each copy has its unit). Stage after: `assess`. In: readings of forms. Out: joined readings.
An editable copy and its stamped scan, a body and an attachment, a .doc and a .docx are one submission; where they give
different values nobody is believed (`ProblemCode.CONFLICT`), where one is silent the other speaks (rule "merged").

What a form is about decides how many a unit may send: where the first field of the form is a person's name, each person
is one submission (several liaison officers); else each unit is one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from intake.fault_words import comment_words
from intake.identify import Finding, Source
from intake.model import CellState, StoredSubmission
from intake.pieces import Filled, Piece, is_given, value_key
from parsers.fields import is_unchanged
from parsers.forms import Doubt, FieldReading, FieldType, FormKind, FormReading, FormSpec, Problem, ProblemCode

# A file that calls itself a new or old version contradicts its twin: which one counts is not guessed.
_VERSION_MARK = re.compile("新|更正|修改|修订|旧|作废|终稿|定稿|最终")
# What the other copy says about values of the form does not end with the copy: a comment in the PDF beside the Word file.
_KEPT = frozenset({Doubt.COMMENTED, Doubt.STROKE, Doubt.CORRECTED, Doubt.HIDDEN_ROWS})
_NUMBER_DIGITS = 7  # fewer are no telephone number
_SLIP = 0.85  # a mobile with a digit too few or too many is at least 0.95 like it; of 2,000 others none over 0.76
_CONTACT_TYPES = frozenset({FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One filled form on its way to a submission. `place` names its table within the piece: people of a list share it."""

    spec: FormSpec
    piece: Piece
    fields: tuple[FieldReading, ...]
    finding: Finding
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    place: str = ""

    def value(self, key: str) -> str | bool | None:
        """Return the value of field `key`, or None."""
        return next((field.value for field in self.fields if field.key == key), None)


def candidate(filled: Filled, finding: Finding) -> Candidate:
    """Given a filled form and its unit, return the candidate."""
    reading = filled.reading
    notes = comment_words(
        filled.piece.document.notes, told=any(one.detail == Doubt.COMMENTED for one in reading.problems)
    )
    if reading.others:
        notes = (*notes, f"表中另有{'、'.join(dict.fromkeys(reading.others))}一组，未登记")
    return Candidate(filled.spec, filled.piece, reading.fields, finding, reading.problems, notes, reading.place)


def differences(before: Iterable[FieldReading], after: Iterable[FieldReading]) -> tuple[str, ...]:
    """Given the fields of two versions, return the keys whose values differ, in the order of the newer one."""
    old = {field.key: field.value for field in before}
    new = {field.key: field.value for field in after}
    keys = [*new, *(key for key in old if key not in new)]
    return tuple(key for key in keys if value_key(old.get(key)) != value_key(new.get(key)))


def says_the_same(spec: FormSpec, fields: Iterable[FieldReading], former: Iterable[StoredSubmission]) -> bool:
    """Return whether one of the accepted `former` has the same values. Of free documents, whose text is no field, never."""
    given = tuple(fields)
    accepted = (old for old in former if old.state is CellState.ACCEPTED)
    return spec.kind is FormKind.TABLE and any(not differences(old.fields, given) for old in accepted)


def about(spec: FormSpec) -> FieldType | None:
    """Return the type of the field that a form is about (its first one): a person's or a unit's."""
    return spec.fields[0].type if spec.fields else None


def join(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Given all candidates of a mail, return them with the copies of one form joined; the better copy leads.

    They keep the order in which they stand in the mail.
    """
    joined: list[tuple[int, Candidate]] = []
    for number, one in sorted(enumerate(candidates), key=lambda pair: _rank(pair[1])):
        place = next((index for index, (_, other) in enumerate(joined) if _same(other, one)), None)
        if place is None:
            joined.append((number, one))
        else:
            first, lead = joined[place]
            joined[place] = (min(first, number), _joined(lead, one))
    found = [one for _, one in sorted(joined, key=lambda pair: pair[0])]
    return tuple(_doubted(one) if _has_rival(one, found) else one for one in found)


def _has_rival(one: Candidate, candidates: Iterable[Candidate]) -> bool:
    """Return whether its file holds another whole form of the same unit: an old and a new one, or a neighbor's example.

    People of one list are no rivals, nor are two people in two files that say so by their names.
    """
    same = [
        other
        for other in candidates
        if other.spec.id == one.spec.id
        and other.piece.document is one.piece.document
        and other.finding.unit == one.finding.unit
    ]
    places = [other.place for other in same]
    return one.spec.kind is FormKind.TABLE and len(places) > 1 and len(set(places)) == len(places)


def _doubted(one: Candidate) -> Candidate:
    return replace(one, problems=(*one.problems, Problem(ProblemCode.AMBIGUOUS, detail=Doubt.SEVERAL)))


def _rank(one: Candidate) -> tuple[bool, bool, int]:
    """Editable files before scans, files before bodies, fuller copies first; the sort keeps the order of equals."""
    return one.piece.is_scan, one.piece.is_body, -sum(field.value is not None for field in one.fields)


def _same(lead: Candidate, other: Candidate) -> bool:
    """Return whether two candidates are the same form of the same unit (and person), agreeing or not."""
    if lead.spec.id != other.spec.id or not (_unit_is_doubtful(other) or _units_agree(lead.finding, other.finding)):
        return False
    if lead.spec.kind is FormKind.DOCUMENT:
        return _same_text(lead, other)
    if about(lead.spec) is not FieldType.PERSON:
        return True
    key = lead.spec.fields[0].key
    names = {value_key(lead.value(key)), value_key(other.value(key))} - {""}
    one_file = lead.piece.document is other.piece.document
    if len(names) < 2:
        return bool(names) or not one_file
    if one_file:
        return False  # two people in one list
    return _shares_a_contact(lead, other) or bool(
        _VERSION_MARK.search(lead.piece.file_name) or _VERSION_MARK.search(other.piece.file_name)
    )


def _same_text(lead: Candidate, other: Candidate) -> bool:
    """Two files of one name and two kinds are one text; so are two of one title and one length. Two cases stay two."""
    first, second = lead.piece, other.piece
    if first.stem == second.stem and first.document.kind != second.document.kind:
        return True
    return _title(lead) == _title(other) and first.document.characters == second.document.characters


def _title(one: Candidate) -> str:
    return next((value_key(one.value(field.key)) for field in one.spec.fields if field.type is FieldType.TITLE), "")


def _unit_is_doubtful(one: Candidate) -> bool:
    """Return whether the unit stands on a scan that could not be made out: then it contradicts nobody."""
    units = {field.key for field in one.spec.fields if field.type is FieldType.UNIT}
    return one.piece.is_scan and any(field.key in units and _is_unproved(field) for field in one.fields)


def _is_unproved(field: FieldReading) -> bool:
    return field.problem is not None and field.problem.code is ProblemCode.UNREADABLE


def _units_agree(first: Finding, second: Finding) -> bool:
    """A copy that does not name its unit goes with any; one that names a unit nobody knows only with its like."""
    if first.unit is not None and second.unit is not None:
        return first.unit == second.unit
    written = [value_key(one.text) for one in (first, second) if one.source is Source.FIELD]
    return len(written) < 2 or written[0] == written[1]


def _shares_a_contact(lead: Candidate, other: Candidate) -> bool:
    keys = [field.key for field in lead.spec.fields if field.type in _CONTACT_TYPES]
    mine = {value_key(lead.value(key)) for key in keys} - {""}
    mobiles = [field.key for field in lead.spec.fields if field.type is FieldType.MOBILE] or keys
    return any(value_key(other.value(key)) in mine for key in mobiles if other.value(key) is not None)


def _joined(lead: Candidate, other: Candidate) -> Candidate:
    theirs = {field.key: field for field in other.fields}
    fields: list[FieldReading] = []
    conflicts: list[Problem] = []
    for field in lead.fields:
        twin = theirs.pop(field.key, None)
        if twin is not None and _is_other_number(twin, field):
            fields.append(field)
            conflicts.append(Problem(ProblemCode.CONFLICT, field.key, given=field.raw, detail=twin.raw))
        elif (
            twin is None or twin.value is None or value_key(twin.value) == value_key(field.value) or _is_unproved(twin)
        ):
            fields.append(field)
        elif field.value is None and (field.problem is None or field.problem.code is ProblemCode.MISSING):
            fields.append(_taken_over(twin, other.piece))
        else:
            fields.append(field)
            if not _is_unit(lead.spec, field.key):
                given = str(field.raw or field.value)
                conflicts.append(Problem(ProblemCode.CONFLICT, field.key, given=given, detail=str(twin.raw)))
    fields.extend(_taken_over(twin, other.piece) for twin in theirs.values() if twin.value is not None)
    finding = lead.finding if lead.finding.source is Source.FIELD or lead.finding.unit else other.finding
    return replace(
        lead,
        fields=_in_order(lead.spec, fields),
        finding=finding,
        problems=(*(one for one in other.problems if one.detail in _KEPT), *lead.problems, *conflicts),
        notes=(*lead.notes, *other.notes, f"同一表另有一份：{other.piece.document.name or '邮件正文'}，已比对"),
    )


def _is_other_number(twin: FieldReading, field: FieldReading) -> bool:
    """Return whether a copy has a faulty number that is no slip in writing the good one: 1390595736 beside 15205967361."""
    if twin.value is not None or field.value is None or twin.problem is None:
        return False
    faulty, good = (re.sub(r"\D", "", text) for text in (twin.problem.given, str(field.value)))
    if twin.problem.code is not ProblemCode.INVALID or len(faulty) < _NUMBER_DIGITS:
        return False
    alike = SequenceMatcher(None, faulty, good[-len(faulty) - 1 :], autojunk=False).ratio()  # without the area code
    return len(good) >= _NUMBER_DIGITS and alike < _SLIP


def _is_unit(spec: FormSpec, key: str) -> bool:
    """The unit was compared by the roster already: 某镇 and 某镇人民政府 are no conflict."""
    return any(field.key == key and field.type is FieldType.UNIT for field in spec.fields)


def _taken_over(field: FieldReading, piece: Piece) -> FieldReading:
    return replace(field, rule="merged", place=f"{piece.document.name or 'body'}: {field.place}")


def _in_order(spec: FormSpec, fields: Iterable[FieldReading]) -> tuple[FieldReading, ...]:
    """Return the fields in the form's order."""
    order = {field.key: number for number, field in enumerate(spec.fields)}
    return tuple(sorted(fields, key=lambda field: order.get(field.key, len(order))))


# --- a partial answer ------------------------------------------------------------------------------------------------


def answered_by(partial: FormReading, open_ones: Iterable[StoredSubmission], spec: FormSpec) -> StoredSubmission | None:
    """Given a partial reading and the submissions it may be about, return the one, or None if that can't be told.

    One stored submission of the form is it. Of several people the one who is named, else the only one that has a fault
    in one of the fields given now.
    """
    stored = [one for one in open_ones if one.form == partial.form]
    if len(stored) < 2:
        return stored[0] if stored else None
    if about(spec) is FieldType.PERSON:
        named = partial.field(spec.fields[0].key)
        if named is not None and named.value is not None:
            same = [one for one in stored if value_key(_value(one, named.key)) == value_key(named.value)]
            if len(same) == 1:
                return same[0]
    given = {field.key for field in partial.fields if field.value is not None}
    lacking = [one for one in stored if any(problem.field in given for problem in one.problems)]
    return lacking[0] if len(lacking) == 1 else None


def complete(stored: StoredSubmission, partial: FormReading, spec: FormSpec) -> tuple[FieldReading, ...]:
    """Given a stored submission and what was answered, return the fields joined: what is given now wins, but for 不变.

    Values that are carried over say from which message they come (rule "merged", place "message 7: table 1, R2C4").
    """
    told = {field.key for field in stored.fields if field.value is not None}
    now = {
        field.key: field
        for field in partial.fields
        if is_given(field) and not (field.key in told and is_unchanged(field.raw))
    }
    kept = [carried(field, stored) for field in stored.fields if field.key not in now]
    return _in_order(spec, [*now.values(), *kept])


def carried(field: FieldReading, stored: StoredSubmission) -> FieldReading:
    """Given a field of a stored submission, return it as part of a newer one."""
    whole = field.place.startswith("message ") or stored.message_id < 0  # a paper copy came by no message
    place = field.place if whole else f"message {stored.message_id}: {field.place}"
    return replace(field, rule="merged", place=place)


def _value(stored: StoredSubmission, key: str) -> str | bool | None:
    return next((field.value for field in stored.fields if field.key == key), None)
