"""Mails as people look for them: found by what is remembered of them, and one with its parts and what was read of it.

In: the `App`, words, a number. Out: frozen values in words. Stage after: the page 来信 and `intake mails`. Must not: open
the original; whoever wants to see it asks the locked worker when no session of the record is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from intake.db import lists, queries
from intake.db.lists import Fate
from intake.db.models import MessageRow, OutboxRow, PartRow
from intake.fault_words import failure_text, file_text, problem_text
from intake.model import CellState, Disposition, LetterKind, OutboxState, PartRole, SenderKind, StoredSubmission
from intake.places import place_words
from intake.words import DISPOSITION_WORDS, KIND_NAMES, KIND_WORDS, OUTBOX_WORDS, SENDER_WORDS, STATE_WORDS
from parsers.codec import CodecError, from_json
from parsers.document import FailureCode
from parsers.forms import DocumentReading, FieldReading, FormSpec
from scheduler.app import App

FATE_WORDS: Mapping[Fate, str] = {
    Fate.ACCEPTED: DISPOSITION_WORDS[Disposition.ACCEPTED],
    Fate.CORRECTION: DISPOSITION_WORDS[Disposition.CORRECTION],
    Fate.REVIEW: DISPOSITION_WORDS[Disposition.REVIEW],
    Fate.IGNORED: DISPOSITION_WORDS[Disposition.IGNORED],
    Fate.WAITING: "等待识别",
    Fate.SHUNTED: "程序出错，已搁置",
}
_ROLE_WORDS: Mapping[str, str] = {
    PartRole.BODY: "正文",
    PartRole.ATTACHMENT: "附件",
    PartRole.INLINE: "正文里的图片",
    PartRole.REPORT: "投递报告",
    PartRole.CALENDAR: "日程",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as lists show it. `brought` is what came of it, in words."""

    id: int
    arrived_at: datetime
    from_name: str
    from_address: str
    subject: str
    fate: Fate
    fate_words: str
    done: bool
    brought: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The mails of one page, and how many were found in all."""

    mails: tuple[Mail, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a mail. `number` counts from 1; `offered`: it can be downloaded."""

    number: int
    name: str
    role: str
    type: str
    size_bytes: int
    went: tuple[str, ...]
    offered: bool


@dataclass(frozen=True, slots=True)
class Value:
    """One field as it was read, and what is wrong with it."""

    label: str
    value: str
    raw: str
    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class Form:
    """One form that came of a mail. `by_hand`: what people did to it, a sentence each."""

    title: str
    unit: str
    state: CellState
    state_words: str
    version: int
    in_force: bool
    late: bool
    attachment: str
    values: tuple[Value, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    by_hand: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A letter that a mail caused."""

    id: int
    kind: str
    state: OutboxState
    state_words: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Whole:
    """One mail but for its text. `sender` says whether a person or what machine wrote it; `sha256` names its original."""

    mail: Mail
    sha256: str
    reasons: tuple[str, ...]
    sender: str
    folders: tuple[str, ...]
    archived_at: datetime
    processed_at: datetime | None
    size_bytes: int
    parts: tuple[Piece, ...]
    forms: tuple[Form, ...]
    letters: tuple[Answer, ...]


def find(app: App, *, words: str = "", fate: Fate | None = None, page: int = 0, size: int = lists.PAGE) -> Found:
    """Given what is remembered of mails, return a page (from 0) of those that fit, newest arrivals first."""
    units = [unit.name for unit in app.bench.roster.find_in(words)] if words else []
    with app.bench.reading() as record:
        found = lists.mails(record, words=words, fate=fate, units=units, page=page, size=size)
    titles = _titles(app)
    brought: dict[int, list[str]] = {}
    for message_id, unit, form, state in found.submissions:
        sentence = f"{unit or '单位不明'}《{titles.get(form, form)}》{STATE_WORDS[CellState(state)]}"
        brought.setdefault(message_id, []).append(sentence)
    return Found(tuple(mail_of(row, tuple(brought.get(row.id, ()))) for row in found.rows), found.total)


def whole(app: App, number: int) -> Whole | None:
    """Given its number, return a mail; None if there is none."""
    with app.bench.reading() as record:
        row = record.get(MessageRow, number)
        if row is None:
            return None
        parts = queries.parts_of(record, number)
        seen = lists.when_seen(record, number)
        letters = lists.letters_because_of(record, number)
        submissions = app.bench.ledgers.read(record).of_message(number)
    titles = _titles(app)
    specs = {one.id: one.form for one in app.settings.campaign.collections}
    return Whole(
        mail=mail_of(row),
        sha256=row.sha256,
        reasons=() if row.state == "archived" else tuple(row.reasons),
        sender=SENDER_WORDS.get(SenderKind(row.sender_kind), "") if row.sender_kind else "",
        folders=tuple(dict.fromkeys(folder for folder, _ in seen)) or (row.folder,),
        archived_at=row.archived_at,
        processed_at=row.processed_at,
        size_bytes=row.size_bytes,
        parts=tuple(_piece(index, part, titles) for index, part in enumerate(parts, start=1)),
        forms=tuple(_form(one, specs[one.form]) for one in submissions if one.form in specs),
        letters=tuple(answer_of(one) for one in letters),
    )


# --- from rows to words ----------------------------------------------------------------------------------------------


def mail_of(row: MessageRow, brought: tuple[str, ...] = ()) -> Mail:
    """Given a row, return the mail; `brought` in words."""
    fate = {"archived": Fate.WAITING, "shunted": Fate.SHUNTED}.get(row.state) or Fate(row.disposition)
    done = fate in (Fate.REVIEW, Fate.SHUNTED) and not row.review_open
    words = FATE_WORDS[fate] + ("（已处理）" if done else "")
    return Mail(row.id, row.arrived_at, row.from_name, row.from_address, row.subject, fate, words, done, brought)


def answer_of(row: OutboxRow) -> Answer:
    """Given a row of the outbox, return the letter."""
    state = OutboxState(row.state)
    return Answer(
        row.id, KIND_NAMES[LetterKind(row.kind)], state, OUTBOX_WORDS[state], row.subject, row.sent_at or row.created_at
    )


def is_offered(row: PartRow) -> bool:
    """Return whether a part may be taken away as a file: a body is shown as text; as a file it would be the sender's HTML."""
    return row.role != PartRole.BODY


def _titles(app: App) -> dict[str, str]:
    return {str(one.id): one.form.title for one in app.settings.campaign.collections}


def _piece(number: int, row: PartRow, titles: Mapping[str, str]) -> Piece:
    try:
        reading = None if row.reading is None else from_json(DocumentReading, row.reading)
    except CodecError:
        reading = None  # written by another version: a new reading mends it
    kind = KIND_WORDS.get(reading.kind, "文件") if reading is not None else row.type
    went = tuple(_went(reading, titles)) if reading is not None else ("没有识别",)
    return Piece(number, row.name, _ROLE_WORDS.get(row.role, row.role), kind, row.size_bytes, went, is_offered(row))


def _went(reading: DocumentReading, titles: Mapping[str, str], *, member: bool = False) -> list[str]:
    """Return how the reading of a document went, a sentence a line; those of its members follow."""
    lines = []
    if reading.failure is not None:
        code = reading.failure.code
        engine = reading.failure.detail if code is FailureCode.NEEDS_ENGINE else ""
        lines.append(f"没有读出：{failure_text(code, reading.kind, engine=engine, clerk=True)}")
    for form in reading.forms:
        title = titles.get(form.form, form.form)
        lines.append(f"《{title}》空白表" if form.blank else f"读出《{title}》")
    for one in reading.members:
        lines += _went(one, titles, member=True)
    if not lines:
        lines.append("没有认出要报的表")
    return [f"{reading.name.rpartition('/')[2]}：{line}" for line in lines] if member else lines


def _form(one: StoredSubmission, spec: FormSpec) -> Form:
    fields = {field.key: field for field in spec.fields}
    wrong: dict[str, list[str]] = {}
    whole = []
    for problem in one.problems:
        field = fields.get(problem.field or "")
        if field is None:
            whole.append(file_text(problem, clerk=True))
        else:
            wrong.setdefault(field.key, []).append(problem_text(problem, field.label, field.type))
    values = [
        Value(
            fields[read.key].label,
            _value(read),
            read.raw if read.raw.strip() and read.raw.strip() != _value(read) else "",
            place_words(read.place) if read.place else "",
            "；".join(wrong.pop(read.key, ())),
        )
        for read in one.fields
        if read.key in fields
    ]
    values += [Value(fields[key].label, "", "", "", "；".join(said)) for key, said in wrong.items()]
    return Form(
        spec.title,
        one.unit or "",
        one.state,
        STATE_WORDS[one.state],
        one.version,
        one.current,
        one.late and one.state is not CellState.NO_INTENT,
        one.attachment or "",
        tuple(values),
        tuple(whole),
        one.notes,
        one.by_hand,
    )


def _value(read: FieldReading) -> str:
    if isinstance(read.value, bool):
        return "是" if read.value else "否"
    return read.value or ""
