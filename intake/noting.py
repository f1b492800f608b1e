"""What the clerk notes of a unit beside all mails: a call, an excuse, a paper copy; and the undoing of each.

In: the `Workbench`, a unit by its name on the roster, who notes it, `now`. Out: one transaction with the note, the
reminders that it makes needless, and the audit row. What a note means is told by `unit_notes`. A page gives back the
`seen` of what it showed (`prospect`): if that has changed meanwhile, or the same page is sent twice, nothing is kept.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from intake import outbox_desk
from intake.cases import RefusedError, note_words, signature, unit_named
from intake.db import by_hand, changes
from intake.db.models import UnitNoteRow
from intake.decisions import field_named, problem_words, typed_values
from intake.model import FormId, NoteKind, UnitName
from intake.pipeline import Workbench
from intake.settings import Collection
from intake.unit_notes import UnitNote, paper_faults
from intake.words import SHANGHAI, moment_words
from parsers.text import clean, fold

log = logging.getLogger(__name__)

_NOON = 12  # a day without an hour


class MeanwhileError(RefusedError):
    """What the person was shown is not so any more, or the same page was sent a second time."""

    def __init__(self) -> None:
        super().__init__(
            "没有登记：您打开这一页以后情况变了，可能别人刚登记过，也可能是同一张表提交了两次。"
            "请先看现在的登记和状态，确有需要再登记。"
        )


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a note would do: `letters` are the reminders that it stops, subjects by number. `seen` changes with all this."""

    letters: Mapping[int, str]
    seen: str


def prospect(session: Session, bench: Workbench, unit: UnitName, form: str | None, *, call: bool = False) -> Prospect:
    """Given a unit and a form (None: all of them), return what excusing it or taking a paper copy would do.

    A `call` stops nothing, and only other notes make it stale. Raise RefusedError if there is no such form.
    """
    forms = [] if call else _forms(bench, None if form is None else _collection(bench, form).id)
    return _prospect(session, bench, unit, forms)


def _prospect(session: Session, bench: Workbench, unit: UnitName, forms: Iterable[FormId]) -> Prospect:
    forms = tuple(forms)
    rows = by_hand.note_rows(session, bench.settings.campaign.id, undone=True)
    notes = [(row.id, row.undone_at is None) for row in rows if bench.roster.name_of_the_day(row.unit) == unit]
    letters: dict[int, str] = {}
    cells: list[object] = []
    if forms:
        ledger = bench.ledgers.read(session)
        given = {(unit, form) for form in forms}
        letters = outbox_desk.needless_reminders(session, given, called_now=bench.roster.name_of_the_day)
        cells = [
            (form, [(one.id, one.state.value) for version in ledger.versions(unit, form) for one in version])
            for form in forms
        ]
    seen = hashlib.sha256(repr((unit, notes, sorted(letters), cells)).encode()).hexdigest()[:16]
    return Prospect(letters, seen)


def notes(session: Session, bench: Workbench, *, unit: str | None = None) -> tuple[UnitNote, ...]:
    """Return the notes that stand, of one unit or of all, oldest first, each under its unit's name of the day."""
    rows = by_hand.note_rows(session, bench.settings.campaign.id)
    found = tuple(by_hand.note_of(row, bench.roster) for row in rows)
    name = None if unit is None else unit_named(bench, unit)
    return tuple(one for one in found if name is None or one.unit == name)


def call(
    bench: Workbench,
    unit: str,
    *,
    text: str = "",
    form: str | None = None,
    who: str,
    now: datetime,
    seen: str | None = None,
) -> int:
    """Note that a unit was telephoned (about a form, if one is named). Return the number of the note.

    Raise MeanwhileError, here and below, if `seen` is given and is not what `prospect` tells now.
    """
    note = _note(bench, NoteKind.CALL, unit, form, text=text, who=who, now=now)
    with bench.sessions.begin() as session:
        _refuse_what_is_stale(session, bench, note, (), seen)
        return _kept(session, bench, note)


def exempt(
    bench: Workbench,
    unit: str,
    form: str | None,
    *,
    text: str = "",
    who: str,
    now: datetime,
    seen: str | None = None,
) -> int:
    """Excuse a unit from a form, or from all forms of the campaign (None). Return the number of the note.

    Raise RefusedError if it is excused from that already.
    """
    note = _note(bench, NoteKind.EXEMPT, unit, form, text=text, who=who, now=now)
    with bench.sessions.begin() as session:
        _refuse_what_is_stale(session, bench, note, _forms(bench, note.form), seen)
        _refuse_what_stands(session, bench, note)
        number = _kept(session, bench, note)
        _withdraw(session, bench, note.unit, _forms(bench, note.form))
    return number


def paper(
    bench: Workbench,
    unit: str,
    form: str,
    typed: Mapping[str, str],
    *,
    text: str = "",
    handed_in_at: datetime | None = None,
    who: str,
    now: datetime,
    seen: str | None = None,
) -> int:
    """Given what stands on a paper copy (by key or label), register it as the unit's form. Return the number of the note.

    `handed_in_at` decides whether it is late; not given, it came `now`. Raise RefusedError with a sentence for each value
    that is faulty and each that is required and missing.
    """
    spec = _collection(bench, form).form
    given, faults = typed_values(spec, typed_text(typed), area_code=bench.settings.office.area_code)
    note = replace(
        _note(bench, NoteKind.PAPER, unit, form, text=text, who=who, now=now),
        given=tuple(one for one in given if one.value is not None),
        handed_in_at=handed_in_at,
    )
    faults = (*faults, *(problem_words(paper_faults(spec, note), spec) if not faults else ()))
    if faults:
        raise RefusedError([f"{fault}。没有登记。" for fault in faults])
    refuse_what_time_forbids(bench, handed_in_at, now)
    with bench.sessions.begin() as session:
        _refuse_what_is_stale(session, bench, note, _forms(bench, note.form), seen)
        number = _kept(session, bench, note)
        _withdraw(session, bench, note.unit, _forms(bench, note.form))
    return number


def faults_by_field(bench: Workbench, form: str, typed: Mapping[str, str], *, now: datetime) -> dict[str, str]:
    """Given what stands on a paper copy by field key, return what `paper` would refuse: a sentence by field key."""
    spec = _collection(bench, form).form
    found: dict[str, str] = {}
    given = []
    for name, text in typed_text(typed).items():
        values, faults = typed_values(spec, {name: text}, area_code=bench.settings.office.area_code)
        given += [one for one in values if one.value is not None]
        if faults:
            field = field_named(spec, name)
            found[name if field is None else field.key] = "；".join(faults)
    note = UnitNote(0, UnitName(""), FormId(spec.id), NoteKind.PAPER, "", now, given=tuple(given))
    for problem in paper_faults(spec, note):
        found.setdefault(problem.field or "", "；".join(problem_words([problem], spec)))
    return found


def instant_typed(text: str, now: datetime) -> datetime:
    """Return a day or an instant as typed, in Shanghai; a day is its noon, or now if that is still to come."""
    if not text.strip():
        raise RefusedError("请填写收到日期。")
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        given = None
    if given is None or not 2000 <= given.year < 3000:  # what lies outside can't be reckoned with in another zone
        raise RefusedError(f"时间“{clean(text)[:30]}”看不明白，请写成 2025-05-28 或 2025-05-28T16:30。")
    local = given.replace(tzinfo=SHANGHAI) if given.tzinfo is None else given
    if len(text.strip()) > len("2025-05-28"):
        return local
    noon = local.replace(hour=_NOON)
    return min(noon, now) if noon.date() == now.astimezone(SHANGHAI).date() else noon


def refuse_what_time_forbids(bench: Workbench, handed_in_at: datetime | None, now: datetime) -> None:
    """Raise RefusedError if a paper copy can't have been handed in then: it is still to come, or was before the notice."""
    if handed_in_at is None:
        return
    if handed_in_at > now:
        raise RefusedError("收到纸质件的时间不能晚于现在。")
    if handed_in_at.astimezone(SHANGHAI).date() < bench.settings.campaign.published_on:
        raise RefusedError("收到纸质件的时间早于通知发布的日期，可能写错了年份或月份。没有登记。")


def undo(bench: Workbench, number: int, *, who: str, now: datetime) -> None:
    """Take a note back. Raise RefusedError if there is no such note, or it was taken back before."""
    name = signature(who)
    with bench.sessions.begin() as session:
        row = session.get(UnitNoteRow, number, with_for_update=True)
        if row is None or row.campaign != bench.settings.campaign.id:
            raise RefusedError(f"没有编号为 {number} 的登记。")
        if row.undone_at is not None:
            raise RefusedError(f"编号 {number} 的登记已由{row.undone_by}撤销。")
        row.undone_at, row.undone_by = now, name
        changes.note(session, who=name, action="note undone", subject=f"unit {row.unit}"[:300], now=now, note=number)
    log.info("action=note.undone note=%d", number)


def typed_text(typed: Mapping[str, str]) -> dict[str, str]:
    """Given what a person typed, return it clean."""
    return {key: clean(text) for key, text in typed.items()}


def _note(
    bench: Workbench, kind: NoteKind, unit: str, form: str | None, *, text: str, who: str, now: datetime
) -> UnitNote:
    return UnitNote(
        id=0,
        unit=unit_named(bench, unit),
        form=None if form is None else _collection(bench, form).id,
        kind=kind,
        who=signature(who),
        at=now,
        text=note_words(text),
    )


def _collection(bench: Workbench, form: str) -> Collection:
    """Return the collection that is called so: by its id, its number in the notice, or a title that fits it alone."""
    collections, wanted = bench.settings.campaign.collections, fold(form)
    for one in collections:
        if form == one.id or wanted == fold(one.letter_label or one.id):
            return one
    fitting = [one for one in collections if wanted and wanted in fold(one.form.title)]
    if len(fitting) == 1:
        return fitting[0]
    known = "、".join(f"{one.letter_label or one.id}（{one.form.title}）" for one in collections)
    raise RefusedError(f"不能确定“{clean(form)}”是哪份表。本次通知有：{known}。")


def _forms(bench: Workbench, form: FormId | None) -> list[FormId]:
    return [one.id for one in bench.settings.campaign.collections] if form is None else [form]


def _kept(session: Session, bench: Workbench, note: UnitNote) -> int:
    row = by_hand.note_row(note, bench.settings.campaign.id)
    session.add(row)
    session.flush()
    changes.note(
        session,
        who=note.who,
        action=f"note {note.kind}",
        subject=f"unit {note.unit}"[:300],
        now=note.at,
        note=row.id,
        form=note.form,
        fields=[one.key for one in note.given],
    )
    log.info("action=note.%s note=%d", note.kind, row.id)
    return row.id


def _refuse_what_is_stale(
    session: Session, bench: Workbench, note: UnitNote, forms: Iterable[FormId], seen: str | None
) -> None:
    """Writing transactions take turns (`db.engine`): of two that were sent at once the second one sees the first's note."""
    if seen is not None and _prospect(session, bench, note.unit, forms).seen != seen:
        raise MeanwhileError


def _refuse_what_stands(session: Session, bench: Workbench, note: UnitNote) -> None:
    """An excuse that is noted twice would still hold when the clerk has taken one of the two back."""
    for one in notes(session, bench, unit=note.unit):
        if one.kind is NoteKind.EXEMPT and one.form in (None, note.form):
            raise RefusedError(
                f"已由{one.who}于{moment_words(one.at)}登记为免报（编号 {one.id}），没有重复登记。要改原因，请先撤销那一条。"
            )


def _withdraw(session: Session, bench: Workbench, unit: UnitName, forms: Iterable[FormId]) -> None:
    """Stop the reminders of these forms that have not gone out."""
    given = {(unit, form) for form in forms}
    outbox_desk.withdraw_reminders(session, given, called_now=bench.roster.name_of_the_day)
