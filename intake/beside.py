"""What a mail says in words against the forms that it brings: 手机写错了，应为…, 本表作废, 请忽略附件. Pure.

Stage before: `completion` (all forms of the mail are known). Stage after: `assess`. In: the dossier, the forms. Out: the
same forms; if the words speak against them, each with a problem that quotes the words. A problem of the form and not only a
reason to look at the mail: a value that its own sender takes back must neither be counted nor replace an earlier one
before a person has said which of the two is right. A question beside a form, or a sender who can't be answered, says
nothing against it (`assess`). Must not: choose a value.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from intake import phrases
from intake.completion import SIGNED_BY, lone_answer
from intake.contradiction import words_against, words_taking_back, words_voiding
from intake.dossier import Dossier
from intake.merge import Candidate
from intake.mime import QUOTED_MARK
from intake.pieces import value_key
from intake.quotes import is_forward
from parsers.forms import Doubt, FieldReading, FieldSpec, FieldType, FormReading, Problem, ProblemCode

_COMPARED = frozenset({FieldType.PERSON, FieldType.POSITION, FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL})
_ANOTHER_RANK = ("副", "代", "原", "前")
# What a letter names when it corrects a form; a unit's name stands in every letter.
_TOLD_IN_WORDS = frozenset(
    {FieldType.PERSON, FieldType.POSITION, FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL, FieldType.ADDRESS}
)


def spoken_against(
    dossier: Dossier, candidates: tuple[Candidate, ...], whole: tuple[Candidate, ...]
) -> tuple[Candidate, ...]:
    """Given the forms of a mail, return them doubted if its words speak against them.

    `whole` are those that stand in the mail itself, the others were completed by its text. Words seldom say which of
    several forms they mean: all are doubted.
    """
    words = _words(dossier, candidates, whole) if candidates else ""
    if not words:
        return candidates
    doubt = Problem(ProblemCode.AMBIGUOUS, given=words, detail=Doubt.SPOKEN_AGAINST)
    return tuple(replace(one, problems=(*one.problems, doubt)) for one in candidates)


def _words(dossier: Dossier, candidates: tuple[Candidate, ...], whole: tuple[Candidate, ...]) -> str:
    head, text = dossier.reading.head, dossier.reading.own_text
    # the subject of a reply is the former letter's
    words = "" if head.in_reply_to else words_taking_back(head.subject)
    names = [one.piece.document.name for one in whole]  # 附件2（作废勿用）.docx
    words = words or next((name for name in names if words_taking_back(name)), "")
    words = words or next((found for one in _others_words(dossier) if (found := words_voiding(one))), "")
    # 写错了，手机是139… is heard to its last word where that is the answer to our question
    if not words and lone_answer(dossier) is None:
        people = _values(candidates, frozenset({FieldType.PERSON}))
        words = words_against(text, _values(candidates, _TOLD_IN_WORDS), people=people)
    return words or _corrected_lines(dossier, whole) or _lines_of_another(dossier, whole)


def _others_words(dossier: Dossier) -> Iterator[str]:
    """Yield what others wrote that comes with the form: the letter that is forwarded with it, a file of words beside it.

    Not what a reply quotes: that was said of another form.
    """
    head = dossier.reading.head
    if is_forward(head.subject) or not head.in_reply_to:
        yield dossier.reading.quoted_text
    for piece in dossier.sorted.plain:
        yield "\n".join(dict.fromkeys((*piece.document.head, *piece.document.tail)))


def _corrected_lines(dossier: Dossier, whole: tuple[Candidate, ...]) -> str:
    """Return the labelled lines that differ from the form beside them in a text that corrects something (更正)."""
    if not phrases.corrects(dossier.reading.own_text):
        return ""
    return next((_shown(lines) for one in dossier.sorted.partial if (lines := _differing(one.reading, whole))), "")


def _lines_of_another(dossier: Dossier, whole: tuple[Candidate, ...]) -> str:
    """Return labelled lines that name the person of a form by the form's own word and agree with no form of the mail.

    姓名：赵敏, 职务：…, 手机：… beside the form of 赵民 is what the form should say. A signature names nobody so: it has no
    labels, or says 联系人 and 电话, and is often of another person than the form.
    """
    for partial in dossier.sorted.partial:
        if QUOTED_MARK in partial.piece.path:
            continue  # the original of a forward
        said = [lines for one in whole if (lines := _said_of(partial.reading, one))]
        if said and all(any(not one.agrees for one in lines) for lines in said):
            return _shown(one.line for one in said[0] if not one.agrees)
    return ""


@dataclass(frozen=True, slots=True)
class _Said:
    """A labelled line of a text, and whether it says what the form does."""

    line: FieldReading
    agrees: bool


def _said_of(reading: FormReading, candidate: Candidate) -> list[_Said]:
    """Return what labelled lines say of a form; nothing if they don't name its person by the form's own word.

    By the words, not by the form that they were read for: 单位, 联络员 and 手机 are labels of several.
    """
    fields = {value_key(label): spec for spec in candidate.spec.fields for label in (*spec.aliases, spec.label)}
    lines = [(fields[key], one) for one in reading.fields if one.value and (key := value_key(one.label)) in fields]
    if not any(spec.type is FieldType.PERSON and not SIGNED_BY.match(one.label) for spec, one in lines):
        return []
    return [_Said(one, _agree(spec, one, candidate)) for spec, one in lines if spec.type in _COMPARED]


def _agree(spec: FieldSpec, line: FieldReading, candidate: Candidate) -> bool:
    """What the form leaves open is not contradicted; 青石镇副镇长 is 副镇长 (but not 镇长), 0595-27390001 is 27390001."""
    short, long = sorted((value_key(line.value), value_key(candidate.value(spec.key))), key=len)
    if not short or short == long:
        return True
    if spec.type not in (FieldType.POSITION, FieldType.PHONE) or not long.endswith(short):
        return False
    return not long.removesuffix(short).endswith(_ANOTHER_RANK)


def _differing(reading: FormReading, candidates: Iterable[Candidate]) -> list[FieldReading]:
    """Return the values of a text that no whole form of the same kind in the mail has."""
    found = []
    for one in reading.fields:
        theirs = [other.value(one.key) for other in candidates if other.spec.id == reading.form]
        if one.value is not None and theirs and value_key(one.value) not in {value_key(value) for value in theirs}:
            found.append(one)
    return found


def _shown(lines: Iterable[FieldReading]) -> str:
    return "\uff0c".join(f"{one.label}\uff1a{one.raw.strip()}" for one in lines)


def _values(candidates: Iterable[Candidate], types: frozenset[FieldType]) -> frozenset[str]:
    return frozenset(
        str(one.value(spec.key))
        for one in candidates
        for spec in one.spec.fields
        if spec.type in types and one.value(spec.key) is not None
    )
