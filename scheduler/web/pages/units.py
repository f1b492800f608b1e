"""单位: one unit with its contacts, what it owes, the versions of each form, and all that went between it and the office.

In: the unit's place on the roster, or the name of one that left it. Out: what `lookup.units` gathers, on `unit.html`. This
is the page of one item: numbers and addresses stand here in full.
"""

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from intake.model import UnitName
from intake.roster import Unit
from intake.standing import Standing
from scheduler.lookup.history import Event, Way
from scheduler.lookup.units import MOST, unit_sheet
from scheduler.web.context import desk
from scheduler.web.doors import page
from scheduler.web.links import link

pages = Blueprint("units", __name__)

_MISSING = (
    Standing.MISSING,
    Standing.OVERDUE,
    Standing.NONE_SAID,
    Standing.CORRECTION,
)  # of these a paper copy is brought


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a form of the page (`action`: which) and not kept, and why it was `refused`."""

    action: str = ""
    form: str = ""
    text: str = ""
    refused: tuple[str, ...] = ()


@pages.get("/units/<int:order>")
@page
def show(order: int) -> ResponseReturnValue:
    """Show the unit at that place of the roster."""
    return shown(unit_at(order))


@pages.get("/units/by-name/<path:name>")
@page
def by_name(name: str) -> ResponseReturnValue:
    """Show a unit that left the roster; one that is on it (renamed since, or come back) has its page at its place."""
    roster = desk().app.bench.roster
    today = roster.name_of_the_day(name)
    unit = next((one for one in roster.units if one.name == today), None)
    if unit is not None:
        return redirect(url_for("units.show", order=unit.order))
    return _page(UnitName(name), None, Typed())


def unit_at(order: int) -> Unit:
    """Return the unit at that place of the roster; abort if there is none."""
    unit = next((one for one in desk().app.bench.roster.units if one.order == order), None)
    if unit is None:
        abort(404)
    return unit


def shown(unit: Unit, typed: Typed = Typed()) -> ResponseReturnValue:
    """Show a unit of the roster; with what was typed and refused, if anything was."""
    return _page(UnitName(unit.name), unit, typed)


def _page(name: UnitName, unit: Unit | None, typed: Typed) -> ResponseReturnValue:
    sheet = unit_sheet(desk().app, name, unit)
    if sheet is None:
        abort(404)
    text = render_template(
        "unit.html",
        typed=typed,
        missing=next((one.id for one in sheet.forms if one.mark.tone in _MISSING), None),
        seen=sheet.seen,
        name=sheet.name,
        unit=sheet.unit,
        addresses=sheet.addresses,
        forms=sheet.forms,
        events=[(one, _address_of(one)) for one in sheet.events],
        notes=sheet.notes,
        cut=sheet.cut,
        most=MOST,
        link=link,
        neighbors=_neighbors(unit),
        others=sheet.others,
    )
    return text, 409 if typed.refused else 200


def _neighbors(unit: Unit | None) -> tuple[Unit | None, Unit | None]:
    if unit is None:
        return None, None
    by_order = {one.order: one for one in desk().app.bench.roster.units}
    return by_order.get(unit.order - 1), by_order.get(unit.order + 1)


def _address_of(event: Event) -> str | None:
    if event.way is Way.DECISION:
        return url_for("review.show", number=event.number, n=event.place)
    endpoint = {Way.IN: "mails.show", Way.OUT: "outbox.show"}.get(event.way)
    return None if endpoint is None else link(endpoint, event.number)
