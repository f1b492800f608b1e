"""来信: every mail with its fate in words, its text, its parts, what was read of it; the original; to be read again.

The text and the parts are taken out of the original by the locked worker; a sender's HTML is never shown, a sender's name
of a file never a path. While the worker is asked no session of the record is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from math import ceil

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from intake import decide
from intake.cases import token_of
from intake.db import lists, queries
from intake.db.lists import Fate
from intake.db.models import MessageRow, OutboxRow, PartRow
from intake.errors import OfficeError
from intake.fault_words import failure_text, file_text, problem_text
from intake.file_names import safe_name
from intake.model import CellState, Disposition, LetterKind, OutboxState, PartRole, SenderKind, Sha256, StoredSubmission
from intake.originals import mail_words, part_bytes
from intake.places import place_words
from intake.words import DISPOSITION_WORDS, KIND_NAMES, KIND_WORDS, OUTBOX_WORDS, SENDER_WORDS, STATE_WORDS
from parsers.codec import CodecError, from_json
from parsers.document import FailureCode
from parsers.forms import DocumentReading, FieldReading, FormSpec
from parsers.text import clean
from scheduler.web.context import desk, who
from scheduler.web.doors import page
from scheduler.web.pages.outbox import page_number

pages = Blueprint("mails", __name__)

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
_LONGEST_SEARCH = 100


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
    """One form that came of a mail."""

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


@dataclass(frozen=True, slots=True)
class Answer:
    """A letter that a mail caused."""

    id: int
    kind: str
    state: OutboxState
    state_words: str
    subject: str
    at: datetime


# --- the list --------------------------------------------------------------------------------------------------------


@pages.get("/mails")
@page
def listing() -> ResponseReturnValue:
    """List mails, newest first, searched and filtered."""
    app = desk().app
    words = clean(request.args.get("q", "")[:_LONGEST_SEARCH]).strip()
    fate = Fate(name) if (name := request.args.get("fate", "")) in set(Fate) else None
    number = page_number()
    units = [unit.name for unit in app.bench.roster.find_in(words)] if words else []
    with app.bench.reading() as record:
        found = lists.mails(record, words=words, fate=fate, units=units, page=number)
    titles = {str(one.id): one.form.title for one in app.settings.campaign.collections}
    brought: dict[int, list[str]] = {}
    for message_id, unit, form, state in found.submissions:
        sentence = f"{unit or '单位不明'}《{titles.get(form, form)}》{STATE_WORDS[CellState(state)]}"
        brought.setdefault(message_id, []).append(sentence)
    return render_template(
        "mails.html",
        mails=[_mail(row, tuple(brought.get(row.id, ()))) for row in found.rows],
        total=found.total,
        words=words,
        fate=fate,
        fates=list(FATE_WORDS.items()),
        first=number * lists.PAGE,
        page=number,
        page_count=ceil(found.total / lists.PAGE),
        arguments={key: value for key, value in (("q", words), ("fate", fate.value if fate else "")) if value},
    )


# --- one mail --------------------------------------------------------------------------------------------------------


@pages.get("/mails/<int:number>")
@page
def show(number: int) -> ResponseReturnValue:
    """Show one mail."""
    here = desk()
    app = here.app
    with app.bench.reading() as record:
        row = _row(record.get(MessageRow, number))
        parts = queries.parts_of(record, number)
        seen = lists.when_seen(record, number)
        letters = lists.letters_because_of(record, number)
        submissions = here.ledger(record).of_message(number)
    words = mail_words(app.bench.worker, app.bench.archive.read(Sha256(row.sha256)))
    titles = {str(one.id): one.form.title for one in app.settings.campaign.collections}
    specs = {one.id: one.form for one in app.settings.campaign.collections}
    return render_template(
        "mail.html",
        mail=_mail(row, ()),
        reasons=[] if row.state == "archived" else list(row.reasons),
        sender=SENDER_WORDS.get(SenderKind(row.sender_kind), "") if row.sender_kind else "",
        folders=list(dict.fromkeys(folder for folder, _ in seen)) or [row.folder],
        archived_at=row.archived_at,
        processed_at=row.processed_at,
        size_bytes=row.size_bytes,
        words=words,
        parts=[_piece(index, part, titles) for index, part in enumerate(parts, start=1)],
        forms=[_form(one, specs[one.form]) for one in submissions if one.form in specs],
        letters=[_answer(one) for one in letters],
    )


@pages.get("/mails/<int:number>/original")
@page
def raw(number: int) -> ResponseReturnValue:
    """Hand out the mail as it came."""
    app = desk().app
    with app.bench.reading() as record:
        row = _row(record.get(MessageRow, number))
    return download(app.bench.archive.read(Sha256(row.sha256)), f"来信{number}.eml")


@pages.get("/mails/<int:number>/parts/<int:index>")
@page
def part(number: int, index: int) -> ResponseReturnValue:
    """Hand out one part, by its place in the mail."""
    app = desk().app
    with app.bench.reading() as record:
        row = _row(record.get(MessageRow, number))
        parts = queries.parts_of(record, number)
    if not 1 <= index <= len(parts) or not _is_offered(parts[index - 1]):
        abort(404)
    wanted = parts[index - 1]
    original = app.bench.archive.read(Sha256(row.sha256))
    data = part_bytes(app.bench.worker, original, wanted.path, wanted.sha256)
    return download(data, safe_name(wanted.name, instead=f"来信{number}-附件{index}"))


def download(data: bytes, name: str) -> Response:
    """Return bytes as a file to save, never to be shown or run in the desk's own origin."""
    answer = send_file(
        BytesIO(data), mimetype="application/octet-stream", as_attachment=True, download_name=name, max_age=0
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


# --- reading it again ------------------------------------------------------------------------------------------------


@pages.get("/mails/<int:number>/again")
@page
def ask_again(number: int) -> ResponseReturnValue:
    """Ask whether the mail is to be read again."""
    app = desk().app
    with app.bench.reading() as record:
        row = _row(record.get(MessageRow, number))
        letters = lists.letters_because_of(record, number)
        seen = token_of(record, row)
    if row.state == "archived":
        raise OfficeError("这封来信正在等待识别，不需要再来一次。")
    return render_template("mail_again.html", mail=_mail(row, ()), seen=seen, letters=[_answer(one) for one in letters])


@pages.post("/mails/<int:number>/again", endpoint="again")
@page
def read_again(number: int) -> ResponseReturnValue:
    """Put the mail back into the queue, if it is still as the page showed it."""
    app = desk().app
    with app.bench.reading() as record:
        _row(record.get(MessageRow, number))
    decide.reprocess(app.bench, number, who=who(), now=app.clock.now(), token=request.form.get("seen", ""))
    flash("已排队重新识别，一两分钟内完成，请稍候刷新。")
    return redirect(url_for("mails.show", number=number), 303)


# --- from rows to words ----------------------------------------------------------------------------------------------


def _row(found: MessageRow | None) -> MessageRow:
    if found is None:
        abort(404)
    return found


def _mail(row: MessageRow, brought: tuple[str, ...]) -> Mail:
    fate = {"archived": Fate.WAITING, "shunted": Fate.SHUNTED}.get(row.state) or Fate(row.disposition)
    done = fate in (Fate.REVIEW, Fate.SHUNTED) and not row.review_open
    words = FATE_WORDS[fate] + ("（已处理）" if done else "")
    return Mail(row.id, row.arrived_at, row.from_name, row.from_address, row.subject, fate, words, done, brought)


def _is_offered(row: PartRow) -> bool:
    """A body is shown as text; as a file it would be the sender's HTML."""
    return row.role != PartRole.BODY


def _piece(number: int, row: PartRow, titles: Mapping[str, str]) -> Piece:
    try:
        reading = None if row.reading is None else from_json(DocumentReading, row.reading)
    except CodecError:
        reading = None  # written by another version: a new reading mends it
    kind = KIND_WORDS.get(reading.kind, "文件") if reading is not None else row.type
    went = tuple(_went(reading, titles)) if reading is not None else ("没有识别",)
    return Piece(number, row.name, _ROLE_WORDS.get(row.role, row.role), kind, row.size_bytes, went, _is_offered(row))


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
    )


def _value(read: FieldReading) -> str:
    if isinstance(read.value, bool):
        return "是" if read.value else "否"
    return read.value or ""


def _answer(row: OutboxRow) -> Answer:
    state = OutboxState(row.state)
    return Answer(
        row.id, KIND_NAMES[LetterKind(row.kind)], state, OUTBOX_WORDS[state], row.subject, row.sent_at or row.created_at
    )
