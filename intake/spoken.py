"""What a mail without any form says in words: 无意向, a question, thanks, 见附件 without one. Pure.

Stage before: no form and no failed file was found. Stage after: `assess`. In: the dossier. Out: `Spoken`. Only 无意向
of a known unit for a form that may be declined is taken as an answer; only bare thanks are put away; everything else
goes to a person: a machine has no opinion (facts/users.md §2). A 无 about a form that is owed, which our reminders offer
as an answer, goes there as the question whether the unit is excused.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from intake import phrases, reasons
from intake.contradiction import numbers_in, speaks_against, withdraws
from intake.dossier import Dossier
from intake.identify import identify, trust_of
from intake.model import (
    CellState,
    Disposition,
    FileProblem,
    FormId,
    LetterKind,
    PartPath,
    StoredSubmission,
    Submission,
    UnitName,
)
from intake.prose import forms_named
from parsers.forms import Problem, ProblemCode
from parsers.text import narrow

# Tried by `python -m tests.understanding --thresholds _SHORT --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
# _SHORT: tried 100 and 400: no difference, a bound, not a tuned value.
_SHORT = 200  # characters: 无意向 is said in a line or two; a long text that contains it says more
_QUOTE_MARK = re.compile(r"^[>|\s]+")
# What a mail program writes above what it quotes.
_QUOTE_HEAD = re.compile(
    r"\s*(?:-{2,}|_{2,}|(?:发件人|发送(?:时间|日期)|收件人|抄送|主题|日期|时间|from|sent|to|cc|subject|date)\s*[:\uff1a]"
    r"|.*(?:写道|原始邮件|original message|wrote\s*:))",
    re.IGNORECASE,
)
_REPLY = re.compile(r"^\s*(?:re|fw|fwd|回复|答复|回覆|转发)\s*[:\uff1a]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the words amount to."""

    disposition: Disposition
    reason: str
    problem: FileProblem | None = None
    no_intent: tuple[tuple[UnitName, FormId], ...] = ()
    stubs: tuple[Submission, ...] = ()  # without values: what the unit says it has none of, for a person to excuse


def spoken(dossier: Dossier) -> Spoken:
    """Given a mail in which no form was found, return what its words amount to."""
    reading = dossier.reading
    text, subject = reading.own_text, reading.head.subject
    reply = bool(_REPLY.match(subject) or reading.head.in_reply_to)
    heard = text if reply or not phrases.is_bare(text) else f"{subject}\n{text}"
    declined = _declined(dossier, heard)
    if declined is not None:
        return declined
    if phrases.asks(heard):
        return _for_a_person(reasons.QUESTION_ASKED)
    if withdraws(heard if reply else f"{subject}\n{text}"):
        return _for_a_person(reasons.WITHDRAWN)
    if phrases.says_already_sent(heard):
        return _for_a_person(reasons.SAYS_ALREADY_SENT)
    if _corrects_what_is_registered(dossier, text):
        return _for_a_person(reasons.CORRECTED_IN_WORDS)
    if phrases.is_courtesy(text) and not _says_more_than_thanks(dossier, text):
        if _writes_into_our_letter(dossier):
            return _for_a_person(reasons.ANSWERED_WITHIN)
        return Spoken(Disposition.IGNORED, reasons.NOTHING_TO_DO)
    files = bool(dossier.sorted.plain or dossier.sorted.blanks)
    by_subject = phrases.speaks_of_attachment(subject) or bool(forms_named(subject, dossier.campaign))
    # 关于附件2 over a sentence, from a unit that has sent it: that sentence is about what is registered
    tells = bool(_registered(dossier)) and not phrases.is_bare(text)
    announced = phrases.speaks_of_attachment(text) or (by_subject and not reply and not tells)
    # the number that was asked for, in words that no reader knows: its sender has not forgotten a file
    answers = any(one.state is CellState.CORRECTION for one in dossier.known.answered) and bool(numbers_in(text))
    again = LetterKind.UNREADABLE in dossier.known.told  # who was asked for the file and sends none may be a machine
    if announced and not again and not files and not answers and not phrases.promises(text) and len(text) <= _SHORT:
        problem = Problem(ProblemCode.NO_ATTACHMENT)
        return Spoken(Disposition.CORRECTION, "", FileProblem(problem))
    if dossier.sorted.partial:
        return _for_a_person(reasons.PARTIAL_UNCLEAR)
    return _for_a_person(reasons.UNRECOGNISED if dossier.sorted.plain else reasons.PLAIN_TEXT)


def declined_beside(
    dossier: Dossier, units: Collection[UnitName | None], given: Collection[FormId]
) -> tuple[tuple[UnitName, FormId], ...]:
    """Given the units and forms of a mail that brings forms, return what its text declines besides.

    「无意向联合举办，现报送附件2」: only the one voluntary form is meant by that, and only if all forms are of one unit.
    """
    text = dossier.reading.own_text
    voluntary = _asked_of_the_willing(dossier)
    if len(units) != 1 or len(voluntary) != 1 or voluntary[0] in given or len(text) > _SHORT:
        return ()
    unit = next(iter(units))
    if unit is None or not phrases.says_no_intent(text) or dossier.known.before(dossier.arrived_at, unit, voluntary[0]):
        return ()
    return ((unit, voluntary[0]),)


def _corrects_what_is_registered(dossier: Dossier, text: str) -> bool:
    """Return whether the mail says that what is registered is wrong: 收到，谢谢。姓名应为张三丰。

    It is heard before thanks are, which such a mail may begin with. An answer is about the form that our letter spoke of, a
    new mail about those of its sender.
    """
    registered = [one for one in dossier.known.answered if one.state is CellState.ACCEPTED] or _registered(dossier)
    if not registered or dossier.sorted.partial or phrases.speaks_of_attachment(text):
        return False
    values = {str(field.value) for one in registered for field in one.fields if isinstance(field.value, str)}
    return speaks_against(text, values, people=values)


def _registered(dossier: Dossier) -> list[StoredSubmission]:
    """The accepted forms of the sender: those that came from the address, and those of the units whose address it is."""
    address, units = dossier.reading.head.from_address, set(dossier.clues.sender_units)
    return [
        one
        for one in dossier.known.current
        if one.state is CellState.ACCEPTED
        and one.arrived_at <= dossier.arrived_at
        and ((address and one.from_address == address) or one.unit in units)
    ]


def _says_more_than_thanks(dossier: Dossier, text: str) -> bool:
    """Return whether an answer to a letter about a form holds words that are neither thanks nor its signature.

    That letter asks for an answer where something is wrong: 收到。李建国生病住院，这段时间找王芳.
    """
    units = [one for one in dossier.roster.units if one.name in {each.unit for each in dossier.known.answered}]
    head = dossier.reading.head
    signed = [head.from_name, head.from_address, *(name for one in units for name in (one.name, *one.aliases))]
    return bool(dossier.known.answered) and phrases.says_more_than_thanks(text, signed=signed)


def _writes_into_our_letter(dossier: Dossier) -> bool:
    """Return whether an answer to a letter that still waits for one holds, in what it quotes, words that are not ours.

    答复见下文 and the number below each point, 收到，谢谢 above: nothing of it stands in the sender's own text.
    """
    known, quoted = dossier.known, dossier.reading.quoted_text
    waits = any(one.state is CellState.CORRECTION and one.id not in known.overtaken for one in known.answered)
    if not waits or not known.answered_text:
        return False
    ours = _signs(f"{known.answered_text}{dossier.reading.head.subject}")
    lines = (_QUOTE_MARK.sub("", line) for line in quoted.splitlines())
    return any(_signs(line) not in ours for line in lines if not _QUOTE_HEAD.match(line))


def _signs(text: str) -> str:
    """Letters and digits alone: mail programs wrap lines and change quotation marks."""
    return "".join(one for one in narrow(text) if one.isalnum())


def _for_a_person(reason: str) -> Spoken:
    return Spoken(Disposition.REVIEW, reason, FileProblem(Problem(ProblemCode.QUESTION)))


def _declined(dossier: Dossier, text: str) -> Spoken | None:
    """Return what a 无意向 amounts to, or None if none is said."""
    if len(text) > _SHORT or dossier.sorted.plain:
        return None
    bare = phrases.says_bare_none(text) and bool(dossier.known.answered_forms)
    if not bare and not phrases.says_no_intent(text):
        return None
    if bare and dossier.known.answered:
        return _for_a_person(reasons.NONE_IN_ANSWER)  # it may be about the value that our letter asks for
    forms = _declined_forms(dossier, text, bare=bare)
    finding = identify("", (), dossier.clues, roster=dossier.roster, field=None)
    obliged = bool(forms) and {one.id for one in dossier.voluntary}.isdisjoint(forms)
    if finding.unit is None or not forms or (obliged and not bare):
        return _for_a_person(reasons.NO_INTENT_UNCLEAR)
    for form in forms:
        if any(
            one.state in {CellState.ACCEPTED, CellState.REVIEW} and not _is_stub(one)
            for one in dossier.known.before(dossier.arrived_at, finding.unit, form)
        ):
            return _for_a_person(reasons.WITHDRAWAL)
    if obliged:
        return _not_applicable(dossier, finding.unit, forms, text)
    return Spoken(Disposition.ACCEPTED, reasons.NO_INTENT, no_intent=tuple((finding.unit, form) for form in forms))


def _not_applicable(dossier: Dossier, unit: UnitName, forms: tuple[FormId, ...], text: str) -> Spoken:
    """Return what a 无 amounts to where the forms are owed: whether the unit is excused (免报) is for the office to say.

    A submission without values makes the cell 待核实, so that no reminder says meanwhile that nothing came.
    """
    asked = [form for form in forms if (unit, form) not in dossier.known.excused]
    if not asked:
        return Spoken(Disposition.IGNORED, reasons.ALREADY_EXCUSED)
    said = Problem(ProblemCode.NOT_APPLICABLE, given=" ".join(text.split()))
    address, confirmed = dossier.reading.head.from_address, dossier.known.confirmed_addresses
    trust = trust_of(address, unit, roster=dossier.roster, confirmed=confirmed)
    source = dossier.sorted.bodies[0].path if dossier.sorted.bodies else PartPath("")
    stubs = (Submission(form, unit, (), (said,), None, source, review=True, trust=trust) for form in asked)
    return Spoken(Disposition.REVIEW, "", stubs=tuple(stubs))


def _is_stub(submission: StoredSubmission) -> bool:
    """Return whether it says 无 itself: the same word once more takes nothing back."""
    return any(problem.code is ProblemCode.NOT_APPLICABLE for problem in submission.problems)


def _declined_forms(dossier: Dossier, text: str, *, bare: bool) -> tuple[FormId, ...]:
    """Which forms are meant: those named, else those of the letter that is answered, else the only voluntary one.

    Of obligatory and voluntary ones a `bare` 无 means the former, of which our reminders ask it; 无意向 is unclear.
    """
    may_be_declined = {collection.id for collection in dossier.voluntary}
    named = [FormId(form) for form in forms_named(f"{dossier.reading.head.subject}\n{text}", dossier.campaign)]
    meant = named or list(dossier.known.answered_forms)
    owed = tuple(form for form in meant if form not in may_be_declined)
    if meant:
        return tuple(meant) if len(owed) in (0, len(meant)) else owed if bare else ()
    voluntary = _asked_of_the_willing(dossier)
    return (voluntary[0],) if len(voluntary) == 1 else ()


def _asked_of_the_willing(dossier: Dossier) -> list[FormId]:
    """The forms that ask who is willing (有意向的请报), by a day: a plain 无意向 can only mean one of these."""
    return [one.id for one in dossier.campaign.collections if one.voluntary and one.deadline is not None]
