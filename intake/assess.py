"""What a mail amounts to: accepted, correction, review or ignored, form by form and field by field. Pure.

Stage before: `read` and `triage`. Stage after: `reply` and the record. In: the reading, who sent it, the campaign, the
roster, what is known. Out: `Assessment`. It judges neither lateness (`audience`, `ledger`) nor which version is in force
(`ledger`), and it writes nothing. Wrong is far worse than missing: whatever is not certain goes to a person.

The rules that a person must look, then that the sender must mend, then that all is well, are tried in this order over
the whole mail; a good form beside a faulty one stays good (`Submission.review`, `problems`).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from intake import phrases, reasons
from intake.beside import spoken_against
from intake.completion import completed
from intake.dossier import Dossier, Known, lay_open
from intake.faults import FOR_THE_SENDER, Faults, faults, named_but_missing, people_left, unrecognised
from intake.identify import Clue, Finding, Source, clue_in, doubted, identify, less_trusted, trust_of, written_unit
from intake.merge import Candidate, candidate, join, says_the_same
from intake.mime import QUOTED_MARK
from intake.model import (
    Assessment,
    CellState,
    Disposition,
    FormId,
    MailReading,
    SenderKind,
    Submission,
    Triage,
    Trust,
)
from intake.pieces import Filled, Piece
from intake.prose import (
    document_form,
    forms_named,
    heading_text,
    labelled_units,
    signature_lines,
    title_reading,
    titled_for_now,
)
from intake.roster import Roster
from intake.settings import Campaign
from intake.spoken import declined_beside, spoken
from intake.triage import is_absence
from intake.weighing import weighed
from parsers.fields import check_required
from parsers.forms import Doubt, FieldReading, FieldType, FormKind, FormReading, FormSpec, Problem, ProblemCode

__all__ = ["Known", "assess"]

_NEVER_A_SUBMISSION = frozenset({SenderKind.BOUNCE, SenderKind.READ_RECEIPT})
_OWN_MARK = "x-intake-id"
FOR_A_PERSON = frozenset(
    {
        ProblemCode.AMBIGUOUS,
        ProblemCode.UNKNOWN_UNIT,
        ProblemCode.CONFLICT,
        ProblemCode.UNTRUSTED_SENDER,
        ProblemCode.NEEDS_ENGINE,
        ProblemCode.TOO_LARGE,
        ProblemCode.QUESTION,
        ProblemCode.NOT_APPLICABLE,
    }
)


def assess(
    reading: MailReading,
    triage: Triage,
    *,
    campaign: Campaign,
    roster: Roster,
    known: Known | None = None,
    arrived_at: datetime,
    own_addresses: frozenset[str] = frozenset(),
) -> Assessment:
    """Given a mail as it was read and who sent it, return what it amounts to.

    `known` is what the record knows (None: nothing, as for `inspect`); of it only what arrived before `arrived_at`
    counts, so that a mail found late is judged as it would have been in time. `own_addresses` are the office's, lower case.
    """
    dossier = lay_open(reading, triage, campaign, roster, known or Known(), arrived_at)
    dossier = replace(dossier, own_addresses=own_addresses)
    if arrived_at < campaign.begins_at:
        return Assessment(Disposition.IGNORED, (reasons.before(campaign.starts_on),))
    if dossier.known.copy_of:
        return Assessment(Disposition.IGNORED, (reasons.copy_of(dossier.known.copy_of),))
    candidates = found_in(dossier)
    if _is_machine_noise(dossier, candidates):
        return Assessment(Disposition.IGNORED, (reasons.ignored(triage.kind),))
    if not candidates and _is_advertisement(dossier):
        return Assessment(Disposition.IGNORED, (reasons.ADVERTISEMENT,))
    whole = candidates
    candidates, unclear = completed(dossier, whole)
    candidates = spoken_against(dossier, candidates, whole)
    submissions = tuple(_submission(one, dossier) for one in candidates)
    found = faults(dossier, candidates)
    if (not submissions and not found.problems) or _only_asks(dossier, submissions, found):
        return _by_words(dossier)
    return _verdict(dossier, candidates, submissions, found, unclear)


# --- what is looked at -----------------------------------------------------------------------------------------------


def found_in(dossier: Dossier) -> tuple[Candidate, ...]:
    """Given a mail laid open, return its filled forms, copies of one form joined: the submissions come in the same order."""
    return join(_candidates(dossier))


def _is_machine_noise(dossier: Dossier, candidates: Iterable[Candidate]) -> bool:
    """Machines send no submissions, but for those that do: an OA system that mails a filled form is heard."""
    kind = dossier.triage.kind
    if kind is SenderKind.PERSON:
        return False
    if kind in _NEVER_A_SUBMISSION or (kind is SenderKind.OWN and dossier.reading.head.signal(_OWN_MARK)):
        return True
    if any(one.spec.kind is FormKind.TABLE for one in candidates):
        return False
    if kind is SenderKind.SYSTEM:
        return not (dossier.sorted.failed or dossier.sorted.plain)
    return True


def _is_advertisement(dossier: Dossier) -> bool:
    """A stranger's mail that names none of our forms and speaks like an advertisement: an answer would invite more."""
    head = dossier.reading.head
    text = f"{head.subject}\n{dossier.reading.own_text}"
    stranger = not dossier.clues.sender_units and dossier.known.answered_unit is None and not head.in_reply_to
    return stranger and phrases.is_advertising(text) and not forms_named(text, dossier.campaign)


def _candidates(dossier: Dossier) -> list[Candidate]:
    filled = [_for_now(one, dossier) for one in dossier.sorted.filled]
    found = [candidate(*pair) for pair in zip(filled, _units_of(dossier), strict=True)]
    documents = dossier.sorted.plain
    alone = len(documents) == 1
    subject = dossier.reading.head.subject
    for piece in documents:
        spec = document_form(piece, dossier.campaign, subject=subject, alone=alone)
        if spec is not None:
            found.append(_document(piece, spec, dossier))
    return found or _pasted_document(dossier)


def _for_now(filled: Filled, dossier: Dossier) -> Filled:
    beside = (filled.piece.file_name, dossier.reading.head.subject)
    return replace(filled, reading=titled_for_now(filled.reading, filled.spec, dossier.campaign, beside=beside))


def _pasted_document(dossier: Dossier) -> list[Candidate]:
    """A free document pasted into the mail's own text: it must have its heading there, the subject is not enough."""
    for piece in dossier.sorted.bodies:
        if piece.enclosing or piece.document.forms or any(phrases.asks(line) for line in piece.document.head[:2]):
            continue
        spec = document_form(piece, dossier.campaign, subject="", alone=False)
        if spec is not None:
            return [_document(piece, spec, dossier)]
    return []


def _units_of(dossier: Dossier) -> list[Finding]:
    """Return the units of the filled forms, in their order. Who sends the forms of several units collects them."""
    roster, mail = dossier.roster, dossier.clues
    found = []
    for filled in dossier.sorted.filled:
        key = _unit_key(filled.spec)
        clues = [clue_in(filled.piece.document.name, Source.FILE_NAME, roster)]
        written = written_unit(filled.reading.fields, key)
        found.append((identify(written, clues, mail, roster=roster, field=key), clues, key))
    alike = len({finding.unit for finding, _, _ in found}) == 1
    return [
        doubted(finding, clues, mail, roster=roster, field=key) if alike else finding for finding, clues, key in found
    ]


def document_clues(piece: Piece, spec: FormSpec, roster: Roster) -> list[Clue]:
    """Given a free document, return what its heading, its file's name and its 落款 say about the unit, strongest first."""
    document = piece.document
    named = labelled_units(document.head)
    return [
        *(clue_in(line, Source.TITLE, roster) for line in (*named, heading_text(piece, spec))),
        clue_in(document.name, Source.FILE_NAME, roster),
        *(clue_in(line, Source.SIGNATURE, roster) for line in signature_lines(document.tail[-4:])),
    ]


def _document(piece: Piece, spec: FormSpec, dossier: Dossier) -> Candidate:
    """Return a free document as a candidate: its title, and its unit from the heading, the file name, the 落款."""
    key = _unit_key(spec)
    clues = document_clues(piece, spec, dossier.roster)
    finding = identify("", clues, dossier.clues, roster=dossier.roster, field=key)
    fields: list[FieldReading] = []
    if key is not None and finding.unit is not None:
        source = finding.source or Source.TITLE
        fields.append(FieldReading(key, finding.text, finding.unit, "", source.replace("_", " "), source))
    title = title_reading(piece, spec)
    if title is not None:
        fields.append(title)
    reading = FormReading(spec.id, spec.title, tuple(fields), "whole document")
    return candidate(_for_now(Filled(piece, spec, reading), dossier), finding)


def _unit_key(spec: FormSpec) -> str | None:
    return next((field.key for field in spec.fields if field.type is FieldType.UNIT), None)


# --- one submission --------------------------------------------------------------------------------------------------


def _submission(one: Candidate, dossier: Dossier) -> Submission:
    address, confirmed = dossier.reading.head.from_address, dossier.known.confirmed_addresses
    unit, form = one.finding.unit, FormId(one.spec.id)
    one = replace(one, fields=weighed(one.fields, one.spec, unit, dossier))
    refuted = dossier.proof.refuted
    trust = trust_of(address, unit, roster=dossier.roster, confirmed=confirmed, refuted=refuted)
    problems = [*_problems(one)]
    notes = [*one.notes, *one.finding.notes]
    former = dossier.known.stood(dossier.arrived_at, unit, form)
    replaces = unit is not None and dossier.campaign.collection(form).deadline is not None
    if replaces and trust is Trust.ROSTER and _is_overtaken(one, dossier):
        problems.append(Problem(ProblemCode.AMBIGUOUS, detail=Doubt.OVERTAKEN))
    if unit is not None and former and replaces:
        if says_the_same(one.spec, one.fields, former):
            notes.append(reasons.same_as_registered(one.spec, unit))
        elif less_trusted(trust, address, former, proof=dossier.proof, roster=dossier.roster, confirmed=confirmed):
            problems.append(Problem(ProblemCode.UNTRUSTED_SENDER))
            notes += [reasons.FOREIGN_SENDER] if dossier.proof.disowned and not refuted else []
    return Submission(
        form=form,
        unit=unit,
        fields=one.fields,
        problems=tuple(problems),
        attachment=one.piece.document.name or None,
        source=one.piece.path,
        review=bool(dossier.disbelieved)
        or _unit_is_open(one, problems)
        or any(_wants_a_person(problem, one.piece) for problem in problems),
        trust=trust,
        notes=tuple(dict.fromkeys(notes)),
    )


def _is_overtaken(one: Candidate, dossier: Dossier) -> bool:
    """Return whether a less trusted sender's later form is in force already, and no person has said so.

    It waits to be read for another reason than its place in the mailbox: it failed at first, or came back from junk.
    Found by the rig (world 924): read in their order, the later one would have waited for the clerk.
    """
    unit = one.finding.unit
    later = [
        old
        for old in dossier.known.current
        if (old.unit, old.form) == (unit, one.spec.id) and old.arrived_at > dossier.arrived_at and not old.by_hand
    ]
    return any(
        old.state is CellState.ACCEPTED
        and trust_of(old.from_address, unit, roster=dossier.roster, confirmed=dossier.known.confirmed_addresses)
        is not Trust.ROSTER
        and not says_the_same(one.spec, one.fields, (old,))
        for old in later
    )


def _unit_is_open(one: Candidate, problems: Iterable[Problem]) -> bool:
    """No unit, and the sender is not asked for it: a person must say whose form it is."""
    missing = (ProblemCode.MISSING, _unit_key(one.spec))
    return one.finding.unit is None and missing not in {(problem.code, problem.field) for problem in problems}


def _problems(one: Candidate) -> list[Problem]:
    """Return all problems of a form once each: the fields' own, those of the form, what is required, and the unit's.

    A required unit field that is empty is missing only if nothing else tells the unit: the office would not ask either.
    """
    found = [replace(field.problem, field=field.key) for field in one.fields if field.problem is not None]
    # of a form that was not read, that each of its fields is missing is no news
    unread = any(problem.detail == Doubt.NOTHING_READ for problem in one.problems)
    found += [*one.problems, *(() if unread else check_required(one.spec, one.fields))]
    key = _unit_key(one.spec)
    missing = Problem(ProblemCode.MISSING, key)
    unit_problem = one.finding.problem
    if one.finding.unit is not None or unit_problem is not None:
        found = [problem for problem in found if (problem.code, problem.field) != (missing.code, missing.field)]
    if unit_problem is not None:
        empty = one.finding.source is None and one.spec.kind is FormKind.TABLE
        required = any(field.key == key and field.required for field in one.spec.fields)
        found.append(missing if empty and required else unit_problem)
    told: dict[str | None, set[tuple[ProblemCode, str]]] = {}
    kept = []
    for problem in found:
        # a form may be doubtful for several reasons, each with its own words; a field is told once
        said = (problem.code, problem.detail if problem.field is None else "")
        before = told.setdefault(problem.field, set())
        if said not in before and not (problem.code is ProblemCode.MISSING and before and problem.field is not None):
            kept.append(problem)
        before.add(said)
    order = {field.key: number for number, field in enumerate(one.spec.fields)}
    return sorted(kept, key=lambda problem: order.get(problem.field or "", -1))


def _wants_a_person(problem: Problem, piece: Piece) -> bool:
    """A field that cannot be decoded is asked for again; one that cannot be read off a scan is looked at."""
    return problem.code in FOR_A_PERSON or (problem.code is ProblemCode.UNREADABLE and piece.is_scan)


# --- the whole mail --------------------------------------------------------------------------------------------------


def _only_asks(dossier: Dossier, submissions: tuple[Submission, ...], found: Faults) -> bool:
    """A question that comes with the blank form (怎么填？) is a question, not an empty answer."""
    only_blank = all(fault.problem.code is ProblemCode.EMPTY for fault in found.problems)
    return not submissions and only_blank and phrases.asks(dossier.reading.own_text)


def _by_words(dossier: Dossier) -> Assessment:
    if dossier.is_cut:
        return Assessment(Disposition.REVIEW, (reasons.INCOMPLETE_MAIL,))
    heard = spoken(dossier)
    files = () if heard.problem is None else (heard.problem,)
    stubs = () if dossier.disbelieved else heard.stubs
    why = [heard.reason, *(told for one in stubs for told in reasons.of_submission(one, dossier.spec(one.form)))]
    why += [*reasons.of_files(files if not heard.reason else ())]
    disposition, declined = heard.disposition, heard.no_intent
    if disposition is Disposition.CORRECTION and not dossier.triage.answerable and not dossier.nameless:
        disposition = Disposition.REVIEW
        why.append(reasons.UNANSWERABLE)
    if disposition is not Disposition.IGNORED and dossier.disbelieved:
        disposition, declined = Disposition.REVIEW, ()
        why.insert(0, dossier.disbelieved)
    return Assessment(
        disposition,
        tuple(reason for reason in [*why, *unrecognised(dossier, ())] if reason),
        submissions=stubs,
        file_problems=files,
        no_intent=declined,
    )


def _verdict(
    dossier: Dossier,
    candidates: tuple[Candidate, ...],
    submissions: tuple[Submission, ...],
    found: Faults,
    unclear: tuple[str, ...],
) -> Assessment:
    looks = [*unclear, *_looks(dossier, candidates)]
    looks += reasons.of_files(fault for fault in found.problems if fault.problem.code not in FOR_THE_SENDER)
    mends = [*reasons.of_files(fault for fault in found.problems if fault.problem.code in FOR_THE_SENDER)]
    for one in submissions:
        sentences = reasons.of_submission(one, dossier.spec(one.form))
        (looks if one.review else mends).extend(sentences)
    notes = [note for one in submissions for note in one.notes]
    notes += [*found.notes, *unrecognised(dossier, candidates)]
    if not dossier.triage.answerable and not dossier.nameless:
        looks.append(reasons.UNANSWERABLE)
    stubs = found.stubs
    if dossier.disbelieved:
        looks.insert(0, dossier.disbelieved)
        stubs = tuple(replace(one, review=True) for one in stubs)
    if looks or any(one.review for one in submissions):
        disposition = Disposition.REVIEW
    else:
        disposition = Disposition.CORRECTION if mends else Disposition.ACCEPTED
    declined = declined_beside(dossier, {one.unit for one in submissions}, {one.form for one in submissions})
    declined = () if dossier.disbelieved else declined
    notes += [reasons.NO_INTENT] if declined else []
    told = [*looks, *mends] or [reasons.ALL_COMPLETE]
    return Assessment(
        disposition,
        tuple(dict.fromkeys([*told, *notes])),
        submissions=(*submissions, *stubs),
        file_problems=tuple(dict.fromkeys(found.problems)),
        no_intent=declined,
    )


def _looks(dossier: Dossier, candidates: tuple[Candidate, ...]) -> Iterable[str]:
    """Yield the reasons beside the forms themselves why a person must look, though the forms may be right.

    What speaks against a form is a problem of that form (`beside`), so that it is not in force until somebody has looked.
    """
    if candidates and is_absence(dossier.reading):
        yield reasons.PARTIAL_UNCLEAR
    if candidates and phrases.asks_beside_a_form(dossier.reading.own_text):
        yield reasons.QUESTION_BESIDE
    if any(QUOTED_MARK in one.piece.path for one in candidates) and dossier.sorted.partial:
        yield reasons.PARTIAL_UNCLEAR
    for piece in named_but_missing(dossier, candidates) if candidates else ():
        yield f"“{piece.document.name}”：{reasons.UNRECOGNISED}"
    for piece in people_left(dossier, candidates) if candidates else ():
        yield f"“{piece.document.name}”：{reasons.PEOPLE_LEFT}"
    if dossier.is_cut:
        yield reasons.INCOMPLETE_MAIL
