"""Files that could not be read, blank forms, links instead of files: whose fault, and is it one at all. Pure.

Stage before: the forms of the mail are known (`merge`). Stage after: `assess` weighs it. In: the dossier and what was
submitted. Out: `Faults`. A file that fails beside a readable copy of the same form is no fault (the stamped scan beside
the Word file); a file that only lacks a program on our side is never the unit's fault and goes to a person.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from intake import reasons
from intake.dossier import Dossier
from intake.fault_words import failure_detail
from intake.identify import Source, clue_in, identify, trust_of
from intake.merge import Candidate
from intake.model import FileProblem, FormId, Submission
from intake.pieces import SCANS, Piece, value_key
from intake.prose import forms_named, title_reading
from parsers.document import Failure, FailureCode
from parsers.forms import FieldReading, FieldType, FormKind, FormSpec, Problem, ProblemCode
from parsers.sniff import Kind

# The sender can mend these; everything else is looked at by a person of the office.
FOR_THE_SENDER = frozenset(
    {
        ProblemCode.NO_ATTACHMENT,
        ProblemCode.EMPTY,
        ProblemCode.ENCRYPTED,
        ProblemCode.DAMAGED,
        ProblemCode.UNSUPPORTED,
        ProblemCode.CLOUD_LINK,
    }
)
_CODES = {
    FailureCode.ENCRYPTED: ProblemCode.ENCRYPTED,
    FailureCode.DAMAGED: ProblemCode.DAMAGED,
    FailureCode.EMPTY: ProblemCode.DAMAGED,  # ProblemCode.EMPTY means our own blank form
    FailureCode.LOCK_FILE: ProblemCode.UNSUPPORTED,
    FailureCode.UNSUPPORTED: ProblemCode.UNSUPPORTED,
    FailureCode.NEEDS_ENGINE: ProblemCode.NEEDS_ENGINE,
    FailureCode.UNRECOGNIZED: ProblemCode.UNREADABLE,
    FailureCode.TOO_LARGE: ProblemCode.TOO_LARGE,
    FailureCode.REFUSED: ProblemCode.UNREADABLE,
    FailureCode.TIMEOUT: ProblemCode.UNREADABLE,
    FailureCode.CRASHED: ProblemCode.UNREADABLE,
}
# Pages, films and slides are not wrong to send; a form in another container can be saved as Word or Excel.
_NOT_WRONG_TO_SEND = SCANS | {Kind.MEDIA, Kind.PPT, Kind.PPTX, Kind.PROGRAM}
# A row of a list of people as `DocumentReading.head` shows it, cells parted by blanks: 2 某局 王某 男 科员 139….
_CELLS = 4
_REACHED_BY = re.compile(r"(?<![\d.-])(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NO_ROW = re.compile(
    "[:\uff1a\u3002\uff1b]|填表|制表|填报人|审核|联系|电话|手机|邮箱|传真|地址"
)  # who filled it in, a notice
_SHORT_PAGE = 200  # characters; a whole form has about 150 with its labels
_SURE_LABELS = 2  # lines of a label and a value: one may be chance
_PHOTOGRAPH_NAME = "邮件正文中的图片"


@dataclass(frozen=True, slots=True)
class Faults:
    """`problems` go to the sender or the clerk by their code; `stubs` give the unit × form its state; `notes` are remarks."""

    problems: tuple[FileProblem, ...] = ()
    stubs: tuple[Submission, ...] = ()
    notes: tuple[str, ...] = ()


def faults(dossier: Dossier, candidates: Collection[Candidate]) -> Faults:
    """Given a mail and the forms found in it, return the faults of its files."""
    found: list[tuple[Piece | None, FileProblem]] = []
    notes: list[str] = []
    for piece in dossier.sorted.failed:
        if excused(piece, dossier, candidates):
            notes.append(f"“{piece.document.name}”未另行读取：同一表已有可读的一份")
        else:
            found.append((piece, FileProblem(_problem(piece), piece.document.name)))
    if not candidates:
        found.extend((piece, FileProblem(_emptiness(piece), piece.document.name)) for piece in _returned(dossier))
    found.extend((None, fault) for fault in _links(dossier, candidates))
    if not candidates and not found:
        found.extend((None, FileProblem(_problem(piece), _PHOTOGRAPH_NAME)) for piece in dossier.sorted.photographs[:1])
    stubs = [stub for piece, fault in found if piece is not None for stub in _stubs(piece, fault, dossier, candidates)]
    return Faults(tuple(fault for _, fault in found), tuple(stubs), tuple(notes))


def excused(piece: Piece, dossier: Dossier, candidates: Collection[Candidate]) -> bool:
    """Given a file that failed, return whether the forms that were read make it needless.

    A lock file, beside anything. A file of the same name (but for 盖章, 扫描件 …), or one whose name speaks of the forms
    read and of no other. A scan of a meaningless name, if the mail speaks of no other form.
    """
    failure = piece.document.failure
    readable = {one.piece.document.name for one in candidates}
    if failure is not None and failure.code is FailureCode.LOCK_FILE:
        return bool(candidates or len(dossier.sorted.failed) > 1)
    if not readable:
        return False
    if any(one.piece.stem == piece.stem and one.piece.document is not piece.document for one in candidates):
        return True
    forms = {one.spec.id for one in candidates}
    named = set(forms_named(piece.file_name, dossier.campaign))
    if named:
        return named <= forms
    if not piece.is_scan:
        return False
    announced = set(forms_named(dossier.reading.head.subject, dossier.campaign))
    announced |= set(forms_named(dossier.reading.own_text, dossier.campaign))
    return announced <= forms


def named_but_missing(dossier: Dossier, candidates: Collection[Candidate]) -> tuple[Piece, ...]:
    """Return readable files without a form whose name speaks of a form that the mail does not give otherwise.

    A form that our reader fails to see in a file that is called 附件2 must not be lost silently.
    """
    forms = {one.spec.id for one in candidates}
    used = [one.piece for one in candidates]
    return tuple(
        piece
        for piece in dossier.sorted.plain
        if piece not in used and set(forms_named(piece.file_name, dossier.campaign)) - forms
    )


def people_left(dossier: Dossier, candidates: Collection[Candidate]) -> tuple[Piece, ...]:
    """Return files with rows of people, or labelled values, that belong to no form of the mail: a list's second page.

    Such a page has neither heading nor title, so nothing else would miss it. Rows whose numbers the forms have are copies.
    """
    known = {value_key(str(field.value)) for one in candidates for field in one.fields if field.value}
    labels = {
        value_key(label)
        for spec in dossier.campaign.forms
        if spec.kind is FormKind.TABLE
        for field in spec.fields
        for label in (field.label, *field.aliases)
    }
    used = {one.piece for one in candidates if one.spec.kind is FormKind.DOCUMENT}
    found = []
    for piece in _files(dossier, candidates):
        lines = dict.fromkeys((*piece.document.head, *piece.document.tail))
        rows = any(_is_person(line, known) for line in lines)
        labelled = sum(_is_labelled(line, labels, known) for line in lines)
        short = not piece.document.forms and piece.document.characters <= _SHORT_PAGE
        if piece not in used and (rows or (short and labelled >= _SURE_LABELS)):
            found.append(piece)
    return tuple(found)


def _files(dossier: Dossier, candidates: Collection[Candidate]) -> Iterable[Piece]:
    """Yield the attached files that could be read, once each: with a form and without one."""
    pieces = (*(one.piece for one in candidates), *dossier.sorted.plain)
    return (piece for piece in dict.fromkeys(pieces) if not piece.is_body)


def _is_person(line: str, known: Collection[str]) -> bool:
    """A row of a list: several cells, no label, a number or an address of mail that no form of the mail has."""
    if len(line.split()) < _CELLS or _NO_ROW.search(line):
        return False
    return any(value_key(number) not in known for number in _REACHED_BY.findall(line))


def _is_labelled(line: str, labels: Collection[str], known: Collection[str]) -> bool:
    label, *rest = line.split(maxsplit=1)[:2] or [""]
    return bool(rest) and value_key(label) in labels and value_key(rest[0]) not in known


def _problem(piece: Piece) -> Problem:
    failure = piece.document.failure or Failure(FailureCode.CRASHED)
    code, kind = failure.code, piece.document.kind
    if code is FailureCode.UNSUPPORTED and kind in _NOT_WRONG_TO_SEND:
        code = FailureCode.NEEDS_ENGINE
    engine = failure.detail if failure.code is FailureCode.NEEDS_ENGINE else ""
    return Problem(_CODES[code], detail=failure_detail(code, kind, engine))


def _returned(dossier: Dossier) -> Iterable[Piece]:
    """Yield the blank forms that the sender returned; those that only hang in a forwarded notice are not meant."""
    return (piece for piece in dossier.sorted.blanks if not piece.enclosing)


def _emptiness(piece: Piece) -> Problem:
    """Return what a blank form is told as: a unit that wrote over the example would not understand that it sent nothing."""
    told = (problem for form in piece.document.forms for problem in form.problems)
    return next((problem for problem in told if problem.code is ProblemCode.EMPTY), Problem(ProblemCode.EMPTY))


def _links(dossier: Dossier, candidates: Collection[Candidate]) -> Iterable[FileProblem]:
    """Yield the cloud links that stand where a form should: all if nothing was read, else those that name another form."""
    forms = {one.spec.id for one in candidates}
    for link in dossier.reading.cloud_links:
        if not candidates or set(forms_named(link.name, dossier.campaign)) - forms:
            yield FileProblem(Problem(ProblemCode.CLOUD_LINK, given=link.name), link.name)


def _stubs(
    piece: Piece, fault: FileProblem, dossier: Dossier, candidates: Collection[Candidate]
) -> Iterable[Submission]:
    """Yield a submission without values for each form that a failed file is by its name (else by the subject).

    So the unit's cell says 待核实 or 待补正 instead of 未报, and no reminder claims that nothing came.
    """
    given = {one.spec.id for one in candidates}
    blank = [form.form for form in piece.document.forms]
    alone = len(dossier.sorted.failed) + len(dossier.sorted.plain) == 1
    forms = blank or list(forms_named(piece.file_name, dossier.campaign))
    if not forms and alone:
        forms = [*forms_named(dossier.reading.head.subject, dossier.campaign)][:1]
    for form in dict.fromkeys(forms):
        if form in given or form not in {spec.id for spec in dossier.campaign.forms}:
            continue
        stub = _stub(piece, fault.problem, dossier.spec(form), dossier)
        if stub.unit is not None or stub.fields:
            yield stub


def _stub(piece: Piece, problem: Problem, spec: FormSpec, dossier: Dossier) -> Submission:
    unit_key = next((field.key for field in spec.fields if field.type is FieldType.UNIT), None)
    clue = clue_in(piece.document.name, Source.FILE_NAME, dossier.roster)
    finding = identify("", [clue], dossier.clues, roster=dossier.roster, field=unit_key)
    fields: tuple[FieldReading, ...] = ()
    if spec.kind is FormKind.DOCUMENT and problem.code not in FOR_THE_SENDER:
        title = title_reading(piece, spec, readable=False)
        fields = () if title is None else (title,)
        if finding.unit is not None and unit_key is not None:
            unit = FieldReading(unit_key, finding.text, finding.unit, "", finding.source or "", finding.source or "")
            fields = (unit, *fields)
    confirmed = dossier.known.confirmed_addresses
    return Submission(
        form=FormId(spec.id),
        unit=finding.unit,
        fields=fields,
        problems=(problem,),
        attachment=piece.document.name or None,
        source=piece.path,
        review=problem.code not in FOR_THE_SENDER,
        trust=trust_of(dossier.reading.head.from_address, finding.unit, roster=dossier.roster, confirmed=confirmed),
        notes=finding.notes,
    )


def unrecognised(dossier: Dossier, candidates: Collection[Candidate]) -> tuple[str, ...]:
    """Return a sentence for each readable file that is no form and no known document."""
    used = [one.piece for one in candidates]
    return tuple(
        f"“{piece.document.name}”：{reasons.UNRECOGNISED}" for piece in dossier.sorted.plain if piece not in used
    )
