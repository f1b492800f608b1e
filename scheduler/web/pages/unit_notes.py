"""单位: what the clerk notes of a unit beside all mails: telephoned, excused, handed in on paper; and the undoing of each.

In: the forms of the unit's page, and three pages of their own: excusing and undoing ask first, a paper copy is typed in. Out: the
notes, by `intake.noting`. A form carries the `seen` of what it showed: sent twice, or after somebody else noted something,
it keeps nothing and says so. What was typed is never lost: a refusal shows it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from intake import noting
from intake.cases import RefusedError, note_words
from intake.db.models import UnitNoteRow
from intake.errors import OfficeError
from intake.model import UnitName
from intake.roster import Unit
from intake.settings import Collection
from intake.standing import mark_of
from intake.words import SHANGHAI
from parsers.forms import FieldSpec, FieldType, FormSpec
from parsers.text import clean
from scheduler.lookup.history import UnitNote
from scheduler.lookup.units import note_shown
from scheduler.web.context import desk, who
from scheduler.web.doors import page
from scheduler.web.links import unit_link
from scheduler.web.pages.units import Typed, shown, unit_at

pages = Blueprint("unit_notes", __name__)

_FIELD = "field."
_ROSTER = "<int:order>"


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a paper copy to be typed in. `fault` is what is wrong with `text`; `hint` when it must be given."""

    key: str
    label: str
    required: bool
    is_choice: bool
    is_long: bool
    text: str
    fault: str
    first_fault: bool
    hint: str


@dataclass(frozen=True, slots=True)
class Paper:
    """What was typed of a paper copy, and what is wrong with it: by field key, with the day, with the whole."""

    fields: Mapping[str, str]
    on: str
    text: str = ""
    faults: Mapping[str, str] | None = None
    on_fault: str = ""
    refused: tuple[str, ...] = ()


# --- calls -----------------------------------------------------------------------------------------------------------


@pages.post(f"/units/{_ROSTER}/call")
@page
def call(order: int) -> ResponseReturnValue:
    """Note that the unit was telephoned."""
    unit, app = unit_at(order), desk().app
    form, text, seen = _form(), _text("text"), request.form.get("seen", "")
    try:
        noting.call(app.bench, unit.name, text=text, form=form or None, who=who(), now=app.clock.now(), seen=seen)
    except RefusedError as error:
        return shown(unit, Typed("call", form, text, tuple(error.problems)))
    flash(f"已标记电话催办：{unit.name}{_about(form)}。")
    return _back(unit)


# --- excuses ---------------------------------------------------------------------------------------------------------


@pages.post(f"/units/{_ROSTER}/exempt")
@page
def exempt(order: int) -> ResponseReturnValue:
    """Show what excusing the unit would do, and ask; once that is confirmed, excuse it."""
    unit, app = unit_at(order), desk().app
    form, text, seen = _form(), _text("text"), request.form.get("seen")
    try:
        if seen is None:
            note_words(text)
            return _asked(unit, form, text)
        with app.bench.reading() as record:
            stopped = len(noting.prospect(record, app.bench, UnitName(unit.name), form or None).letters)
        noting.exempt(app.bench, unit.name, form or None, text=text, who=who(), now=app.clock.now(), seen=seen)
    except RefusedError as error:
        return shown(unit, Typed("exempt", form, text, tuple(error.problems)))
    flash(f"已登记免报：{unit.name}{_about(form)}，不再催报。{_stopped(stopped)}")
    return _back(unit)


def _asked(unit: Unit, form: str, text: str) -> ResponseReturnValue:
    app = desk().app
    with app.bench.reading() as record:
        ledger = app.bench.ledgers.read(record)
        prospect = noting.prospect(record, app.bench, UnitName(unit.name), form or None)
    now, late_after = app.clock.now(), app.bench.late_after
    concerned = [one for one in app.settings.campaign.collections if form in ("", one.id)]
    marks = [
        (
            one.form.title,
            mark_of(
                ledger.state.cell(UnitName(unit.name), one.id), unit, one, limit_at=late_after.get(one.id), now=now
            ),
        )
        for one in concerned
    ]
    return render_template(
        "unit_exempt.html",
        unit=unit,
        form=concerned[0].form.title if form else "",
        form_id=form,
        text=text,
        marks=marks,
        letters=prospect.letters,
        seen=prospect.seen,
    )


# --- paper copies ----------------------------------------------------------------------------------------------------


@pages.get(f"/units/{_ROSTER}/paper")
@page
def paper(order: int) -> ResponseReturnValue:
    """Show the form with nothing in it."""
    today = desk().app.clock.now().astimezone(SHANGHAI).date()
    return _typing(unit_at(order), _collection(request.args.get("form", "")), Paper({}, today.isoformat()))


@pages.post(f"/units/{_ROSTER}/paper")
@page
def keep_paper(order: int) -> ResponseReturnValue:
    """Register what was typed; or show it again with what is wrong."""
    unit, app = unit_at(order), desk().app
    collection = _collection(request.form.get("form", ""))
    keys = [one.key for one in _typed_fields(collection.form)]
    fields = {key: _text(_FIELD + key) for key in keys}
    typed = Paper(fields, request.form.get("on", "")[:40], _text("text"))
    now = app.clock.now()
    faults = noting.faults_by_field(app.bench, collection.id, fields, now=now)
    if faults:
        refused = ("有的内容不对，没有登记。请看栏目下面红色的说明。",)
        return _typing(unit, collection, Paper(fields, typed.on, typed.text, faults, refused=refused))
    try:
        at = noting.instant_typed(typed.on, now)
        noting.refuse_what_time_forbids(app.bench, at, now)
    except RefusedError as error:
        refused = ("收到日期不对，没有登记。",)
        on_fault = "".join(error.problems)
        return _typing(unit, collection, Paper(fields, typed.on, typed.text, on_fault=on_fault, refused=refused))
    try:
        with app.bench.reading() as record:
            stopped = len(noting.prospect(record, app.bench, UnitName(unit.name), collection.id).letters)
        noting.paper(
            app.bench,
            unit.name,
            collection.id,
            fields,
            text=typed.text,
            handed_in_at=at,
            who=who(),
            now=now,
            seen=request.form.get("seen", ""),
        )
    except RefusedError as error:
        return _typing(unit, collection, Paper(fields, typed.on, typed.text, refused=tuple(error.problems)))
    flash(f"已补录{unit.name}的纸质件《{collection.form.title}》。{_stopped(stopped)}")
    return _back(unit)


def _typing(unit: Unit, collection: Collection, typed: Paper) -> ResponseReturnValue:
    app = desk().app
    name, now = UnitName(unit.name), app.clock.now()
    with app.bench.reading() as record:
        cell = app.bench.ledgers.read(record).state.cell(name, collection.id)
        prospect = noting.prospect(record, app.bench, name, collection.id)
    page_ = render_template(
        "unit_paper.html",
        unit=unit,
        label=collection.letter_label,
        title=collection.form.title,
        form_id=collection.id,
        mark=mark_of(cell, unit, collection, limit_at=app.bench.late_after.get(collection.id), now=now),
        lines=_lines(collection.form, typed),
        on=typed.on,
        on_fault=typed.on_fault,
        earliest=app.settings.campaign.published_on.isoformat(),
        latest=now.astimezone(SHANGHAI).date().isoformat(),
        text=typed.text,
        refused=typed.refused,
        letters=prospect.letters,
        seen=prospect.seen,
    )
    return page_, 409 if typed.refused else 200


def _lines(spec: FormSpec, typed: Paper) -> list[Line]:
    labels = {one.key: one.label for one in spec.fields}
    faults = typed.faults or {}
    first = next((one.key for one in _typed_fields(spec) if one.key in faults), None)
    return [
        Line(
            one.key,
            one.label,
            one.required,
            one.type is FieldType.YESNO,
            one.type is FieldType.TEXT,
            typed.fields.get(one.key, ""),
            faults.get(one.key, ""),
            one.key == first,
            "" if one.required_when is None else f"“{labels.get(one.required_when, one.required_when)}”为“是”时必填",
        )
        for one in _typed_fields(spec)
    ]


def _typed_fields(spec: FormSpec) -> list[FieldSpec]:
    """Return what is typed of a form: all but the unit, which is the page's."""
    return [one for one in spec.fields if one.type is not FieldType.UNIT]


# --- undoing ---------------------------------------------------------------------------------------------------------


@pages.get("/notes/<int:number>/undo")
@page
def ask_undo(number: int) -> ResponseReturnValue:
    """Show a note and what taking it back means, and ask."""
    app = desk().app
    row = _note(number)
    if row.undone_at is not None:
        raise OfficeError(f"这条登记已由{row.undone_by}撤销，不用再撤销。")
    titles = {one.id: one.form.title for one in app.settings.campaign.collections}
    note = UnitNote(row.id, row.kind, row.form, row.text, row.who, row.at, None, None)
    return render_template(
        "unit_undo.html", note=note_shown(note, titles), kind=row.kind, unit=row.unit, back=_address(row.unit)
    )


@pages.post("/notes/<int:number>/undo")
@page
def undo(number: int) -> ResponseReturnValue:
    """Take a note back."""
    app = desk().app
    row = _note(number)
    noting.undo(app.bench, number, who=who(), now=app.clock.now())
    flash("已撤销这条登记。")
    return redirect(_address(row.unit), 303)


def _note(number: int) -> UnitNoteRow:
    app = desk().app
    with app.bench.reading() as record:
        row = record.get(UnitNoteRow, number)
    if row is None or row.campaign != app.settings.campaign.id:
        abort(404)
    return row


# --- small things ----------------------------------------------------------------------------------------------------


def _text(name: str) -> str:
    """Return what was typed: browsers end lines by CR LF."""
    return clean(request.form.get(name, "").replace("\r\n", "\n")).strip()


def _form() -> str:
    """Return the id of the form that was chosen, "" for all."""
    form = request.form.get("form", "")
    return _collection(form).id if form else ""


def _collection(form: str) -> Collection:
    found = next((one for one in desk().app.settings.campaign.collections if one.id == form), None)
    if found is None:
        abort(404)
    return found


def _about(form: str) -> str:
    return f"《{_collection(form).form.title}》" if form else "（全部报表）"


def _stopped(letters: int) -> str:
    return f"{letters} 封还没有发出的提醒已取消。" if letters else ""


def _back(unit: Unit) -> ResponseReturnValue:
    return redirect(url_for("units.show", order=unit.order), 303)


def _address(name: str) -> str:
    roster = desk().app.bench.roster
    today = roster.name_of_the_day(name)
    return unit_link(name, next((one.order for one in roster.units if one.name == today), None))
