"""Why a mail came out as it did, for the clerk: each form, each field, what was not taken. Pure.

In: what `pipeline` examined, the traces of its documents (`read.explain_mail`), campaign and roster. Out: `MailExplanation` in
Chinese, for `intake inspect --explain`. Values are those of the assessment; evidence is asked anew from the functions that
decided (`roster.match`, `dossier.lay_open`, `prose.forms_named`). Must not: decide anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from intake.assess import document_clues, found_in
from intake.authentication import authentication
from intake.dossier import Dossier, Known, lay_open
from intake.explain_words import (
    AUTHENTICATION_WORDS,
    DECISION_WORDS,
    GROUNDS_WORDS,
    HOW_WORDS,
    NOTE_WORDS,
    PIECE_ALONE,
    PIECE_BESIDE_A_FORM,
    SURENESS_WORDS,
    TRIAGE_WORDS,
    WHOLE_DOCUMENT,
    Sureness,
    mode_words,
    rejected_words,
)
from intake.fault_words import problem_text
from intake.identify import SOURCE_WORDS, Source, clue_in, written_unit
from intake.merge import Candidate
from intake.model import Assessment, MailReading, PartPath, Submission, Triage
from intake.pieces import Filled, is_given
from intake.places import place_words, rule_words
from intake.prose import forms_named, heading_text
from intake.roster import Roster
from intake.settings import Campaign
from intake.words import SENDER_WORDS
from parsers.forms import DocumentReading, FieldReading, FieldType, FormKind, FormSpec, Problem, ProblemCode
from parsers.looks import DETAIL as LOOKS_DIFFER
from parsers.traces import FieldTrace, FormTrace, FormVote, Traces

_TO_MEND = frozenset({ProblemCode.MISSING, ProblemCode.INVALID, ProblemCode.UNREADABLE})
BY_PEOPLE = frozenset({"by_hand", "paper"})  # rules of values that a person of the office typed
# About who sent it or what a person decided: what was read may be right all the same.
_NOT_OF_THE_READING = frozenset({ProblemCode.UNTRUSTED_SENDER, ProblemCode.RETURNED, ProblemCode.NOT_APPLICABLE})
_INFERRED = frozenset({*Source} - {Source.FIELD})


@dataclass(frozen=True, slots=True)
class FieldTold:
    """One field. `label` is the form's, `written` the one in the unit's own copy; `place`, `rule`, `problem` are Chinese."""

    key: str
    label: str
    value: str | bool | None
    raw: str
    written: str
    place: str
    rule: str
    sureness: Sureness
    sure: str
    problem: str = ""
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmissionTold:
    """One form: the evidence for it, how its table was read, and for its unit, as sentences; then its fields."""

    form: str
    title: str
    unit: str | None
    attachment: str | None
    evidence: tuple[str, ...]
    reading: tuple[str, ...]
    unit_evidence: tuple[str, ...]
    fields: tuple[FieldTold, ...]


@dataclass(frozen=True, slots=True)
class PieceTold:
    """Lines in the mail's own text that give some fields of a form: an answer to a letter of ours, or a signature.

    `standing` says what they are good for. The same line may be told for several forms.
    """

    form: str
    title: str
    standing: str
    fields: tuple[FieldTold, ...]


@dataclass(frozen=True, slots=True)
class MailExplanation:
    """A whole mail. `sender` says person or machine and why, `proof` whether it is from the address in From, `decision`
    why it came out so, `files` remarks on files.

    `pieces` are lines that are no form by themselves, and of no submission.
    """

    sender: str
    proof: str
    decision: str
    reasons: tuple[str, ...]
    files: tuple[str, ...]
    submissions: tuple[SubmissionTold, ...]
    pieces: tuple[PieceTold, ...] = ()


def explanation(
    reading: MailReading,
    triage: Triage,
    assessment: Assessment,
    traces: Mapping[PartPath, Traces],
    *,
    campaign: Campaign,
    roster: Roster,
) -> MailExplanation:
    """Given a mail as it was read and judged (knowing nothing of other mails), and its traces, return the explanation."""
    arrived_at = reading.head.date or datetime.max.replace(tzinfo=UTC)
    dossier = lay_open(reading, triage, campaign, roster, Known(), arrived_at)
    candidates: tuple[Candidate | None, ...] = found_in(dossier)
    specs = {spec.id: spec for spec in campaign.forms}
    told = []
    for number, submission in enumerate(assessment.submissions):
        candidate = candidates[number] if number < len(candidates) else None
        own = [trace for trace in _traces_of(submission, traces) if _is_about(trace, submission)]
        told.append(_submission(submission, candidate, own, dossier, specs))
    return MailExplanation(
        f"{SENDER_WORDS[triage.kind]}：{TRIAGE_WORDS.get(triage.why, f'邮件头 {triage.why}')}",
        AUTHENTICATION_WORDS[authentication(reading.head).grounds],
        DECISION_WORDS[assessment.disposition],
        assessment.reasons,
        tuple(_files(reading, traces, specs)),
        tuple(told),
        tuple(_pieces(dossier, assessment, traces)),
    )


def _traces_of(submission: Submission, traces: Mapping[PartPath, Traces]) -> list[FormTrace]:
    documents = traces.get(submission.source, Traces()).documents
    name = submission.attachment or ""
    return [form for one in documents if one.name == name for form in one.forms if form.form == submission.form]


def _is_about(trace: FormTrace, submission: Submission) -> bool:
    places = {(field.key, field.place) for field in trace.fields}
    return any((field.key, field.place) in places for field in submission.fields)


def _submission(
    submission: Submission,
    candidate: Candidate | None,
    traces: list[FormTrace],
    dossier: Dossier,
    specs: Mapping[str, FormSpec],
) -> SubmissionTold:
    spec = specs[submission.form]
    named = {(field.key, field.place): (field, trace) for trace in traces for field in trace.fields}
    scanned = candidate is not None and candidate.piece.document.scanned
    labels = {field.key: field for field in spec.fields}
    problems = {problem.field: problem for problem in submission.problems if problem.field is not None}
    in_doubt = is_in_doubt(submission.problems)
    fields = []
    for field in submission.fields:
        trace = named.get((field.key, field.place), (None, None))
        problem = problems.pop(field.key, None)
        sureness = sureness_of(field, problem, scanned=scanned, in_doubt=in_doubt)
        fields.append(_field(field, labels[field.key].label, problem, sureness, *trace))
    for key, problem in problems.items():
        empty = FieldReading(key or "", "", None, "", "", "")
        sureness = sureness_of(empty, problem, scanned=scanned, in_doubt=in_doubt)
        fields.append(_field(empty, labels[empty.key].label if empty.key in labels else empty.key, problem, sureness))
    titles = {one.id: one.title for one in specs.values()}
    evidence = [line for trace in traces for line in _evidence(trace, titles)]
    reading = [line for trace in traces for line in _reading(trace, titles)]
    if candidate is not None and spec.kind is FormKind.DOCUMENT:
        evidence += _document_evidence(candidate, dossier)
        reading += [WHOLE_DOCUMENT]
    return SubmissionTold(
        submission.form,
        spec.title,
        submission.unit,
        submission.attachment,
        tuple(dict.fromkeys(evidence)),
        tuple(dict.fromkeys(reading)),
        tuple(_unit(submission, candidate, spec, dossier)),
        tuple(fields),
    )


def _pieces(dossier: Dossier, assessment: Assessment, traces: Mapping[PartPath, Traces]) -> Iterable[PieceTold]:
    stored = {(one.form, field.key, field.place) for one in assessment.submissions for field in one.fields}
    for one in dossier.sorted.partial:
        given = [field for field in one.reading.fields if is_given(field)]
        if any((one.spec.id, field.key, field.place) not in stored for field in given):
            beside = any(other.form == one.spec.id for other in assessment.submissions)
            standing = PIECE_BESIDE_A_FORM if beside else PIECE_ALONE
            yield PieceTold(one.spec.id, one.spec.title, standing, tuple(_lines_of(one, given, traces)))


def _lines_of(one: Filled, given: Iterable[FieldReading], traces: Mapping[PartPath, Traces]) -> Iterable[FieldTold]:
    documents = traces.get(one.piece.path, Traces()).documents
    named = {
        (trace.form, field.key, field.place): (field, trace)
        for document in documents
        for trace in document.forms
        for field in trace.fields
    }
    labels = {spec.key: spec.label for spec in one.spec.fields}
    for field in given:
        trace = named.get((one.spec.id, field.key, field.place), (None, None))
        sureness = sureness_of(field, field.problem, scanned=False, in_doubt=True)
        yield _field(field, labels[field.key], field.problem, sureness, *trace)


def is_in_doubt(problems: Iterable[Problem]) -> bool:
    """Given the problems of a form, return whether one of them makes the reading of the whole form doubtful."""
    return any(problem.field is None and problem.code not in _NOT_OF_THE_READING for problem in problems)


def sureness_of(field: FieldReading, problem: Problem | None, *, scanned: bool, in_doubt: bool) -> Sureness:
    """Given a field, its problem, whether it was read off a picture and whether its form is in doubt, return how sure it is.

    The only such rule: `intake inspect --explain` and the desk tell the same.
    """
    if problem is not None:
        if problem.code is ProblemCode.AMBIGUOUS:
            return Sureness.OTHER_READING
        return Sureness.TO_MEND if problem.code in _TO_MEND and not scanned else Sureness.TO_CHECK
    if field.value is None:
        return Sureness.EMPTY
    if field.rule in BY_PEOPLE:
        return Sureness.BY_HAND
    if in_doubt:
        return Sureness.FORM_IN_DOUBT
    if field.rule == "merged":
        return Sureness.OTHER_COPY
    if scanned:
        return Sureness.TWO_LOOKS
    return Sureness.INFERRED if field.rule in _INFERRED - {Source.TITLE} else Sureness.CERTAIN


def _field(
    field: FieldReading,
    label: str,
    problem: Problem | None,
    sureness: Sureness,
    trace: FieldTrace | None = None,
    form: FormTrace | None = None,
) -> FieldTold:
    best = next((one.score for one in form.readings if one.chosen), None) if form is not None else None
    rejected = [rejected_words(one, best) for one in trace.rejected] if trace is not None else []
    if problem is not None and problem.detail.startswith(f"{LOOKS_DIFFER}: "):
        rejected.append(f"第二遍识别为“{problem.detail.removeprefix(f'{LOOKS_DIFFER}: ')}”")
    if problem is not None and problem.code is ProblemCode.CONFLICT and problem.detail:
        rejected.append(f"另一份材料写“{problem.detail}”")
    return FieldTold(
        field.key,
        label,
        field.value,
        field.raw,
        field.label,
        place_words(field.place),
        rule_words(field.rule),
        sureness,
        SURENESS_WORDS[sureness],
        problem_text(problem, label) if problem is not None else "",
        tuple(rejected),
    )


# --- evidence --------------------------------------------------------------------------------------------------------


def _evidence(trace: FormTrace, titles: Mapping[str, str]) -> Iterable[str]:
    if trace.title:
        where = f"（{place_words(trace.title_place)}）" if trace.title_place else ""
        yield f"标题“{trace.title}”{where}是本表的标题"
    if trace.labels:
        yield f"对上的栏目：{'、'.join(dict.fromkeys(trace.labels))}"
    for vote in trace.votes:
        yield f"{'认作' if vote.form == trace.form else '不认作'}《{titles.get(vote.form, vote.form)}》：{_vote(vote)}"


def _document_evidence(candidate: Candidate, dossier: Dossier) -> Iterable[str]:
    """What made a free document of a text: the first of the places that `prose.document_form` looks at, then its size."""
    piece, spec = candidate.piece, candidate.spec
    heading, subject = heading_text(piece, spec), dossier.reading.head.subject
    places = (("标题", heading), ("文件名", piece.file_name), ("邮件主题", subject))
    named = next(((where, text) for where, text in places if spec.id in forms_named(text, dossier.campaign)), None)
    if named is not None:
        yield f"{named[0]}“{named[1]}”里有本材料的叫法"
    document = piece.document
    pictures = f"，图片{document.pictures}张" if document.pictures else "，没有图片"
    yield f"正文{document.characters}字{pictures}"


def _vote(vote: FormVote) -> str:
    words = f"对上{vote.labels}项，"
    words += f"标题加{vote.heading:.1f}分，" if vote.heading else ""
    words += f"文件名加{vote.file_name:.1f}分，" if vote.file_name and not vote.heading else ""
    return f"{words}共{vote.weight:.1f}分"


def _reading(trace: FormTrace, titles: Mapping[str, str]) -> Iterable[str]:
    yield f"{place_words(trace.place)}：{GROUNDS_WORDS[trace.grounds]}"
    if len(trace.readings) > 1:
        for one in trace.readings:
            mark = "采用" if one.chosen else "未采用"
            left = f"，剩{one.left_over}处文字说不清" if one.left_over else ""
            yield f"{mark}：{mode_words(one.mode)}，{one.score:.1f}分，读出{one.values}项{left}"
        yield f"得分相差不到{trace.margin:.1f}分而内容不同的，交人工核实"
    for form in trace.tried:
        yield f"当作《{titles.get(form.form, form.form)}》来读得{form.score:.1f}分（相差不到{trace.form_margin:.1f}分交人工核实）"


def _unit(submission: Submission, candidate: Candidate | None, spec: FormSpec, dossier: Dossier) -> Iterable[str]:
    key = next((field.key for field in spec.fields if field.type is FieldType.UNIT), None)
    roster = dossier.roster
    if candidate is not None and spec.kind is FormKind.DOCUMENT:
        own = document_clues(candidate.piece, spec, roster)
        written = ""  # a free document has no field for it: what stands there was found by these clues
    else:
        own = [clue_in(submission.attachment or "", Source.FILE_NAME, roster)]
        written = written_unit(submission.fields, key).strip()
    if written:
        match = roster.match(written)
        name = match.unit.name if match.unit is not None else "（未对应）"
        yield f"表内写“{written}”：{HOW_WORDS[match.how]} → {name}{'' if match.certain else '，不能确定'}"
        if match.rivals:
            yield f"也可能是：{'、'.join(unit.name for unit in match.rivals)}"
        if not match.certain:
            for one in roster.nearest(written):
                yield f"最接近：{one.unit.name}，差{one.distance}个字，{one.length}个字中有{one.shared}个依次对上"
            yield "错别字：短名差1个字、8个字以上差2个字以内才列为可能，而且一律交人工核实"
    for clue in (*own, *dossier.clues.clues):
        if clue.units:
            said = f"“{clue.text}”" if clue.text else ""
            yield f"{'旁证，' if written else ''}{SOURCE_WORDS[clue.source]}{said}：{'、'.join(sorted(clue.units))}"


def _files(reading: MailReading, traces: Mapping[PartPath, Traces], specs: Mapping[str, FormSpec]) -> Iterable[str]:
    for part in reading.documents:
        for document in _leaves(part.document):
            name = f"“{document.name}”" if document.name else "邮件正文"
            for code in dict.fromkeys(note.code for note in document.notes):
                yield f"{name}{NOTE_WORDS[code]}"
        for trace in traces.get(part.path, Traces()).documents:
            name = f"“{trace.name}”" if trace.name else "邮件正文"
            for place, votes in trace.strangers:
                said = "；".join(f"《{specs[vote.form].title}》{_vote(vote)}" for vote in votes if vote.form in specs)
                yield f"{name}的{place_words(place)}没有认作报送的表：{said}"


def _leaves(document: DocumentReading) -> Iterable[DocumentReading]:
    yield document
    for member in document.members:
        yield from _leaves(member)
