"""What stands in the 汇总表: its sheets as rows of words and numbers. Pure; `summary` writes them.

In: the `Matter` (`summary_matter`): campaign, roster, ledger, reminders, the instant of the report. Out: `Table`s in the
order of the workbook: 进度, one a form in the notice's order, 未报名单, 情况说明, 待处理来件, and 图像核对 if a scan left doubts.
Units stand in roster order (it is political: never by pinyin or arrival), columns in the notice's order. Units that have
left the roster come last and say so.
"""

import base64
from collections.abc import Iterator, Mapping

from intake.audience import days_after
from intake.model import Cell, CellState, StoredSubmission, UnitName
from intake.roster import Unit
from intake.settings import Collection
from intake.standing import PENDING_WORDS, STANDING_WORDS, Standing, counts_of, tally_of
from intake.summary_matter import SHANGHAI, Column, Entry, Matter, Table, Tone
from intake.summary_remarks import EventKind, Remarks, stamp, value_of
from intake.words import day_words
from parsers.forms import FieldType, FormKind

NOTHING = "—"


_TONES = {
    Standing.ACCEPTED: Tone.GOOD,
    Standing.CORRECTION: Tone.MEND,
    Standing.REVIEW: Tone.REVIEW,
    Standing.NONE_SAID: Tone.REVIEW,
    Standing.MISSING: Tone.WAITING,
    Standing.OVERDUE: Tone.OVERDUE,
    Standing.NO_INTENT: Tone.NEUTRAL,
    Standing.EXEMPT: Tone.NEUTRAL,
}


# A whole mail address on one line; a table of thirteen columns must still be legible on A4 across.
_REMARK, _SENTENCE = 28, 44
_WIDTH_LIMITS = {FieldType.EMAIL: 30, FieldType.TEXT: _SENTENCE, FieldType.TITLE: _SENTENCE}
_UNIT = Column("单位", width_limit=28)


def tables(matter: Matter) -> tuple[Table, ...]:
    """Given the matter, return the sheets in the order of the workbook."""
    remarks = Remarks(matter.campaign, matter.ledger, matter.late_after)
    forms = (_form(matter, collection, remarks) for collection in matter.campaign.collections)
    last = (missing(matter), _events(matter, remarks), _waiting(matter), *_scanned(matter))
    return (_progress(matter), *forms, *last)


# --- 进度 -------------------------------------------------------------------------------------------------------------


def _progress(matter: Matter) -> Table:
    collections = matter.campaign.collections
    rows = []
    for number, (name, unit) in enumerate(matter.units(), start=1):
        words = name if unit is not None else f"{name}（不在名册）"
        cells = (_progress_entry(matter, name, unit, collection) for collection in collections)
        rows.append((Entry(number), Entry(words), *cells))
    totals = (Entry(""), Entry("合计"), *(Entry(_totals(matter, collection)) for collection in collections))
    return Table(
        "进度",
        "报送进度表",
        matter.subtitle(len(rows), "个单位"),
        (
            Column("序号", centered=True),
            _UNIT,
            *(Column(_heading(one), centered=True) for one in collections),
        ),
        tuple(rows),
        totals,
    )


def _heading(collection: Collection) -> str:
    until = "随时报送" if collection.deadline is None else f"{day_words(collection.deadline)}前"
    return f"{label(collection)}\n{until}{'（自愿）' if collection.voluntary else ''}"


def label(collection: Collection) -> str:
    """Return what people call the form: its number in the notice and its title."""
    return f"{collection.letter_label} {collection.form.title}".strip()


def _progress_entry(matter: Matter, name: UnitName, unit: Unit | None, collection: Collection) -> Entry:
    cell, mark = matter.ledger.state.cell(name, collection.id), matter.mark(name, unit, collection)
    if mark.standing is Standing.NOTHING:
        return Entry(NOTHING, Tone.FAINT)
    words = STANDING_WORDS[mark.standing]
    if cell.arrived_at is not None:
        local = cell.arrived_at.astimezone(SHANGHAI)
        words += f" {local.month}-{local.day}"
    if mark.copies > 1:
        words += f"（{mark.copies}份）"
    limit_at = matter.late_after.get(collection.id)
    if mark.late and cell.arrived_at is not None and limit_at is not None:
        words += f"（逾期{days_after(limit_at, cell.arrived_at)}天）"
    return Entry(words + (PENDING_WORDS if mark.behind else ""), _TONES[mark.tone])


def _totals(matter: Matter, collection: Collection) -> str:
    limit_at = matter.late_after.get(collection.id)
    found = tally_of(collection, matter.roster, matter.ledger, limit_at=limit_at, now=matter.generated_at)
    parts = [f"{words}{number}" for _, words, number in counts_of(found, collection)]
    return "\n".join("　".join(parts[first : first + 2]) for first in range(0, len(parts), 2))


# --- one sheet a form -------------------------------------------------------------------------------------------------


def _form(matter: Matter, collection: Collection, remarks: Remarks) -> Table:
    # The roster's name of the unit has a column of its own; the unit as written is a remark where it differs.
    specs = [spec for spec in collection.form.fields if spec.type is not FieldType.UNIT]
    files = collection.form.kind is FormKind.DOCUMENT
    rows: list[tuple[Entry, ...]] = []
    for name, unit in matter.units():
        cell = matter.ledger.state.cell(name, collection.id)
        for submission in _listed(cell):
            words = remarks.of(submission, cell, listed=unit is not None)
            # A row that nobody has checked yet is tinted as a whole: it must not be copied by mistake.
            tone = Tone.REVIEW if submission.state is CellState.REVIEW else Tone.PLAIN
            entries = [Entry(len(rows) + 1, tone), Entry(name, tone)]
            entries += [Entry(value_of(submission, spec.key), tone) for spec in specs]
            if files:
                entries.append(Entry(submission.attachment or "", tone))
            entries += [
                Entry(stamp(submission.arrived_at), tone),
                Entry(submission.version, tone),
                Entry(words, Tone.MEND if submission.state is CellState.CORRECTION or cell.pending else tone),
            ]
            rows.append(tuple(entries))
    return Table(
        label(collection),
        f"{collection.form.title}汇总表",
        matter.subtitle(len(rows), "行"),
        (
            Column("序号", centered=True),
            _UNIT,
            *(Column(spec.label, spec.type in _SHORT, _WIDTH_LIMITS.get(spec.type, 22)) for spec in specs),
            *([Column("文件", width_limit=_SENTENCE)] if files else []),
            Column("报送时间", centered=True),
            Column("版本", centered=True),
            Column("备注", width_limit=_REMARK),
        ),
        tuple(rows),
    )


_SHORT = frozenset({FieldType.PERSON, FieldType.GENDER, FieldType.MOBILE, FieldType.PHONE, FieldType.YESNO})


def _listed(cell: Cell) -> Iterator[StoredSubmission]:
    """Yield the submissions in force, those of people in the order of their mail; 无意向 has no row of its own."""
    return (one for one in cell.submissions if one.state is not CellState.NO_INTENT)


# --- 未报名单 -----------------------------------------------------------------------------------------------------------


def missing(matter: Matter) -> Table:
    """Return the units that owe something, in roster order, with whom to call: also a workbook of its own."""
    rows: list[tuple[Entry, ...]] = []
    for unit in matter.roster.units:
        owed = [one for one in matter.campaign.collections if matter.is_missing(unit, one)]
        if not owed:
            continue
        forms = {one.id for one in owed}
        days = [one.on for one in matter.reminders if one.unit == unit.name and not forms.isdisjoint(one.forms)]
        limits = [
            day_words(one.deadline) + ("（已逾期）" if matter.is_past(one) else "")
            for one in owed
            if one.deadline is not None
        ]
        tone = Tone.OVERDUE if any(matter.is_past(one) for one in owed) else Tone.PLAIN
        rows.append(
            (
                Entry(len(rows) + 1),
                Entry(unit.name),
                Entry(unit.contact_name),
                Entry(unit.phone),
                Entry("\n".join(label(one) for one in owed)),
                Entry("\n".join(limits), tone),
                Entry(len(days)),
                Entry(max(days).isoformat() if days else ""),
            )
        )
    return Table(
        "未报名单",
        "未报单位名单",
        matter.subtitle(len(rows), "个单位"),
        (
            Column("序号", centered=True),
            _UNIT,
            Column("联系人", centered=True),
            Column("电话", centered=True),
            Column("缺报项", width_limit=_SENTENCE),
            Column("期限"),
            Column("已提醒次数", centered=True),
            Column("最近提醒", centered=True),
        ),
        tuple(rows),
    )


# --- 情况说明 ---------------------------------------------------------------------------------------------------------

_KINDS: Mapping[EventKind, tuple[str, Tone]] = {
    EventKind.LATE: ("逾期报送", Tone.OVERDUE),
    EventKind.CHANGED: ("更正", Tone.NEUTRAL),
    EventKind.CORRECTION: ("待补正", Tone.MEND),
    EventKind.REVIEW: ("待核实", Tone.REVIEW),
    EventKind.NO_INTENT: ("无意向", Tone.NEUTRAL),
    EventKind.STRANGER: ("不在名册", Tone.REVIEW),
    EventKind.BY_HAND: ("人工处理", Tone.NEUTRAL),
    EventKind.EXEMPT: ("免报", Tone.NEUTRAL),
}


def _events(matter: Matter, remarks: Remarks) -> Table:
    units = {name: number for number, (name, _) in enumerate(matter.units())}
    kinds = {kind: number for number, kind in enumerate(_KINDS)}
    forms = {one.id: label(one) for one in matter.campaign.collections}
    found = sorted(
        remarks.events(frozenset(UnitName(unit.name) for unit in matter.roster.units)),
        key=lambda one: (
            kinds[one.kind],
            len(units) if one.unit is None else units[one.unit],
            list(forms).index(one.form),
            0.0 if one.arrived_at is None else one.arrived_at.timestamp(),
        ),
    )
    rows = tuple(
        (
            Entry(number),
            Entry(*_KINDS[event.kind]),
            Entry(event.unit or "（未能对应）"),
            Entry(forms[event.form]),
            Entry(event.words),
            Entry("" if event.arrived_at is None else stamp(event.arrived_at)),
            Entry(event.from_address),
        )
        for number, event in enumerate(found, start=1)
    )
    return Table(
        "情况说明",
        "报送情况说明",
        matter.subtitle(len(rows), "条"),
        (
            Column("序号", centered=True),
            Column("类别", centered=True),
            _UNIT,
            Column("表名", width_limit=30),
            Column("情况", width_limit=_SENTENCE),
            Column("来件时间", centered=True),
            Column("来件邮箱", width_limit=30),
        ),
        rows,
    )


# --- 待处理 -----------------------------------------------------------------------------------------------------------


def _waiting(matter: Matter) -> Table:
    """Every message that waits for a person, whether or not a form was found in it."""
    columns = (
        Column("编号", centered=True),
        Column("收到时间", centered=True),
        Column("发件人", width_limit=30),
        Column("主题", width_limit=30),
        Column("原因", width_limit=_SENTENCE),
    )
    rows = tuple(
        (
            Entry(one.id),
            Entry(stamp(one.received_at)),
            Entry(one.sender),
            Entry(one.subject),
            Entry(one.reason, Tone.REVIEW),
        )
        for one in matter.waiting
    )
    return Table("待处理来件", "待处理来件", matter.subtitle(len(rows), "件"), columns, rows)


# --- 图像核对 ---------------------------------------------------------------------------------------------------------


def _scanned(matter: Matter) -> Iterator[Table]:
    """What was read off a scan and could not be proved, beside the picture of its cell; no sheet if there is nothing."""
    forms = {one.id: one for one in matter.campaign.collections}
    rows: list[tuple[Entry, ...]] = []
    for one in matter.ledger.submissions:
        if one.state is not CellState.REVIEW or one.form not in forms:
            continue
        labels = {spec.key: spec.label for spec in forms[one.form].form.fields}
        for field in one.fields:
            if not field.picture or field.problem is None or field.key not in labels:
                continue
            other = field.problem.detail.partition(": ")[2]
            rows.append(
                (
                    Entry(len(rows) + 1),
                    Entry(one.unit or "（未能对应）"),
                    Entry(label(forms[one.form])),
                    Entry(labels[field.key]),
                    Entry("", picture=_decoded(field.picture)),
                    Entry(field.raw, Tone.REVIEW),
                    Entry(other, Tone.REVIEW),
                    Entry(stamp(one.arrived_at)),
                    Entry(one.attachment or ""),
                )
            )
    if rows:
        columns = (
            Column("序号", centered=True),
            _UNIT,
            Column("表名", width_limit=30),
            Column("栏目", centered=True),
            Column("图像", width_limit=_SENTENCE),
            Column("识别结果", width_limit=_REMARK),
            Column("另一遍", width_limit=_REMARK),
            Column("来件时间", centered=True),
            Column("附件", width_limit=30),
        )
        yield Table("图像核对", "扫描件、照片待核对内容", matter.subtitle(len(rows), "处"), columns, tuple(rows))


def _decoded(picture: str) -> bytes:
    try:
        return base64.b64decode(picture, validate=True)
    except ValueError:
        return b""
