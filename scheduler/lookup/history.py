"""Everything that went between the office and one unit, as one list, newest first. Pure.

In: rows of mails, letters, notes and decisions as values, the ledger's submissions. Out: `Event`s in Chinese words. Stage
after: the unit's page and `intake unit`. Must not: show a letter's or a mail's text, or a value that a person typed; the
page of that one item does.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from intake.model import (
    DecisionKind,
    Disposition,
    FormId,
    LetterKind,
    NoteKind,
    OutboxState,
    SenderKind,
    StoredSubmission,
)
from intake.standing import STANDING_WORDS, Standing
from intake.words import DECISION_KIND_WORDS, DISPOSITION_WORDS, KIND_NAMES, OUTBOX_WORDS, SENDER_WORDS, moment_words

NOTE_WORDS: Mapping[NoteKind, str] = {
    NoteKind.CALL: "电话联系",
    NoteKind.EXEMPT: "免报",
    NoteKind.PAPER: "收到纸质件",
}
_MAIL_WORDS = {"archived": "等待处理", "shunted": "处理出错，已搁置，待人工处理"}
_TROUBLED = (OutboxState.FAILED, OutboxState.UNCERTAIN)
_NOT_YET = (OutboxState.HELD, OutboxState.QUEUED, OutboxState.SENDING)


class Way(StrEnum):
    """What an event is, in the words of the list."""

    IN = "来信"
    OUT = "去信"
    NOTE = "记录"
    DECISION = "核实"


@dataclass(frozen=True, slots=True)
class Mail:
    """One row of the mails, as far as the list needs it."""

    id: int
    arrived_at: datetime
    from_address: str
    subject: str
    state: str
    disposition: str
    sender_kind: str
    review_open: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """One row of the outbox."""

    id: int
    kind: str
    to_address: str
    subject: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnitNote:
    """What a person noted. `undone_at`: taken back, and kept."""

    id: int
    kind: str
    form: str | None
    text: str
    who: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided about a mail, or about the form at one `place` of it. `forms` are those it was about.

    `unit` is whose it was said to be, `was` whose it had been read as; `labels` name the fields that were changed.
    """

    message_id: int
    place: int | None
    kind: str
    forms: tuple[str, ...]
    unit: str | None
    was: str | None
    labels: tuple[str, ...]
    note: str
    subject: str
    who: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line. `tone` is a class of the style sheet, "" for none; `more` what came of it.

    `number` is that of the row; of a decision it is the mail's, and `place` that of the form in it.
    """

    at: datetime
    way: Way
    number: int
    fate: str
    tone: str
    subject: str
    party: str
    more: tuple[str, ...] = ()
    place: int | None = None


def history(
    mails: Iterable[Mail],
    letters: Iterable[Letter],
    notes: Iterable[UnitNote],
    decisions: Iterable[Decided] = (),
    *,
    submissions: Iterable[StoredSubmission],
    titles: Mapping[FormId, str],
) -> tuple[Event, ...]:
    """Given all that went between, return it newest first. `submissions` are the unit's, `titles` the forms' by id."""
    held: dict[int, list[StoredSubmission]] = defaultdict(list)
    for one in submissions:
        held[one.message_id].append(one)
    events = [
        *(_mail(one, held[one.id], titles) for one in mails),
        *(_letter(one, titles) for one in letters),
        *(_note(one, titles) for one in notes),
        *(_decision(one, titles) for one in decisions),
    ]
    # Of one second, what we answered stands above what we were asked.
    return tuple(sorted(events, key=lambda one: (one.at, one.way is not Way.IN, one.number), reverse=True))


def fate_words(mail: Mail) -> str:
    """Return what became of a mail."""
    if mail.state in _MAIL_WORDS:
        return _MAIL_WORDS[mail.state]
    if mail.disposition == Disposition.REVIEW and not mail.review_open:
        return "已由人工处理"
    if (
        mail.disposition == Disposition.IGNORED
        and mail.sender_kind in (*SenderKind,)
        and mail.sender_kind != SenderKind.PERSON
    ):
        return f"{DISPOSITION_WORDS[Disposition.IGNORED]}（{SENDER_WORDS[SenderKind(mail.sender_kind)]}）"
    return DISPOSITION_WORDS[Disposition(mail.disposition)] if mail.disposition in (*Disposition,) else mail.state


def _mail(mail: Mail, submissions: Iterable[StoredSubmission], titles: Mapping[FormId, str]) -> Event:
    tones = {Disposition.ACCEPTED: "accepted", Disposition.CORRECTION: "correction"}
    waits = mail.review_open or mail.state == "shunted"
    found = (
        f"{_title(one.form, titles)}第{one.version}版：{STANDING_WORDS[Standing(one.state.value)]}"
        for one in submissions
    )
    return Event(
        mail.arrived_at,
        Way.IN,
        mail.id,
        fate_words(mail),
        "review" if waits else next((tone for word, tone in tones.items() if mail.disposition == word), ""),
        mail.subject or "（无主题）",
        mail.from_address or "（发件人不明）",
        tuple(dict.fromkeys(found)),
    )


def _letter(letter: Letter, titles: Mapping[FormId, str]) -> Event:
    state = OutboxState(letter.state)
    kind = KIND_NAMES[LetterKind(letter.kind)]
    tone = "missing" if state in _TROUBLED else "correction" if state in _NOT_YET else ""
    forms = "、".join(_title(FormId(one), titles) for one in letter.forms)
    return Event(
        letter.sent_at or letter.created_at,
        Way.OUT,
        letter.id,
        f"{kind}：{OUTBOX_WORDS[state]}",
        tone,
        letter.subject,
        letter.to_address,
        (f"涉及{forms}",) if forms else (),
    )


def _note(note: UnitNote, titles: Mapping[FormId, str]) -> Event:
    words = NOTE_WORDS[NoteKind(note.kind)] if note.kind in (*NoteKind,) else note.kind
    form = "" if note.form is None else _title(FormId(note.form), titles)
    undone = _undone(note.undone_at, note.undone_by)
    return Event(note.at, Way.NOTE, note.id, f"{words}{form}", "nothing" if undone else "", note.text, note.who, undone)


def _decision(decided: Decided, titles: Mapping[FormId, str]) -> Event:
    kind = DecisionKind(decided.kind) if decided.kind in (*DecisionKind,) else None
    words = decided.kind if kind is None else DECISION_KIND_WORDS[kind]
    forms = "、".join(dict.fromkeys(_title(FormId(one), titles) for one in decided.forms))
    match kind:
        case DecisionKind.DISMISS:
            words, forms = f"标为“{words}”", ""
        case DecisionKind.VALUES:
            forms += f"：{'、'.join(decided.labels)}"
        case DecisionKind.ASSIGN:
            forms += f"：{decided.unit or '（不明）'}（原为{decided.was or '未能对应'}）"
        case _:
            pass
    undone = _undone(decided.undone_at, decided.undone_by)
    return Event(
        decided.at,
        Way.DECISION,
        decided.message_id,
        f"{words}{forms}",
        "nothing" if undone else "",
        decided.note or decided.subject or "（无主题）",
        decided.who,
        undone,
        decided.place,
    )


def _undone(at: datetime | None, by: str | None) -> tuple[str, ...]:
    return () if at is None else (f"已由{by or '（不明）'}于{moment_words(at)}撤销",)


def _title(form: FormId, titles: Mapping[FormId, str]) -> str:
    return f"《{titles.get(form, form)}》"
