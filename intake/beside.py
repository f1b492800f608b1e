"""What a mail says in words against the forms that it brings: 手机写错了，应为…, 本表作废, 请忽略附件. Pure.

Stage before: `completion` (all forms of the mail are known). Stage after: `assess`. In: the dossier, the forms. Out: the
same forms; if the words speak against them, each with a problem that quotes the words. A problem of the form and not only a
reason to look at the mail: a value that its own sender takes back must neither be counted nor replace an earlier one
before a person has said which of the two is right. A question beside a form, or a sender who can't be answered, says
nothing against it (`assess`). Must not: choose a value.
"""

from collections.abc import Iterable
from dataclasses import replace

from intake import phrases
from intake.completion import lone_answer
from intake.contradiction import words_against, words_taking_back
from intake.dossier import Dossier
from intake.merge import Candidate
from intake.pieces import value_key
from parsers.forms import Doubt, FieldReading, FieldType, FormReading, Problem, ProblemCode

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
    # 写错了，手机是139… is heard to its last word where that is the answer to our question
    if not words and lone_answer(dossier) is None:
        people = _values(candidates, frozenset({FieldType.PERSON}))
        words = words_against(text, _values(candidates, _TOLD_IN_WORDS), people=people)
    return words or _corrected_lines(dossier, whole)


def _corrected_lines(dossier: Dossier, whole: tuple[Candidate, ...]) -> str:
    """Return the labelled lines that differ from the form beside them in a text that corrects something (更正)."""
    if not phrases.corrects(dossier.reading.own_text):
        return ""
    return next((_shown(lines) for one in dossier.sorted.partial if (lines := _differing(one.reading, whole))), "")


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
