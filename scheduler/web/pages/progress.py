"""进度表: units × forms in roster order, the heart of the desk. What a cell says is `intake.standing`'s to tell.

In: the ledger, the roster, a GET form (表, 状态, 分组, 单位). Out: rows of marks, counts a form. A unit that left the roster
comes last and says so. Filters only hide rows and columns; the counts are those of the group and names that were asked for.
"""

from collections.abc import Collection as Several
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from intake.db import queries
from intake.ledger import Ledger
from intake.model import FormId, UnitName
from intake.roster import Unit
from intake.settings import Collection
from intake.standing import Count, Mark, Standing, counts_of, is_obliged, mark_of, tally, units_in_order
from parsers.text import fold
from scheduler.web.context import desk
from scheduler.web.doors import page
from scheduler.web.links import unit_link

pages = Blueprint("progress", __name__)

_OPEN = (Standing.MISSING, Standing.OVERDUE, Standing.CORRECTION, Standing.REVIEW, Standing.NONE_SAID)
# In the order in which a clerk asks. The words are the choices of the form; "late" is asked of the mark itself.
CHOICES: Mapping[str, tuple[str, tuple[Standing, ...]]] = {
    "open": ("未办结（未报、待补正、待核实）", _OPEN),
    "missing": ("未报（含逾期未报）", (Standing.MISSING, Standing.OVERDUE)),
    "overdue": ("逾期未报", (Standing.OVERDUE,)),
    "correction": ("待补正", (Standing.CORRECTION,)),
    "review": ("待核实（含答复“无”）", (Standing.REVIEW, Standing.NONE_SAID)),
    "accepted": ("已受理", (Standing.ACCEPTED,)),
    "late": ("逾期报送", ()),
    "declined": ("无意向、免报", (Standing.NO_INTENT, Standing.EXEMPT)),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """One column: `counts` are words such as 应报 60, the fewest that tell how the form stands."""

    form: FormId
    label: str
    title: str
    deadline: date | None
    voluntary: bool
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Square:
    """One unit × form. `newer`: something came after what is in force and waits to be looked at or mended."""

    form: FormId
    mark: Mark
    newer: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One unit; `order` None: not on the roster any more."""

    name: UnitName
    order: int | None
    group: str
    address: str
    squares: tuple[Square, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the GET form asks for; "" everywhere: everything."""

    form: str = ""
    state: str = ""
    group: str = ""
    name: str = ""

    def __bool__(self) -> bool:
        return any((self.form, self.state, self.group, self.name))

    def is_of(self, name: str, unit: Unit | None) -> bool:
        """Return whether a unit is of the group and has the name that is asked for, under any of its names."""
        if self.group and (unit is None or unit.group != self.group):
            return False
        wanted = fold(self.name)
        return not wanted or any(wanted in fold(one) for one in (unit.names if unit is not None else (name,)))

    def is_met(self, mark: Mark) -> bool:
        """Return whether a mark is of the state that is asked for."""
        if self.state == "late":
            return mark.late
        wanted = CHOICES[self.state][1] if self.state else ()
        return not self.state or mark.standing in wanted or mark.tone in wanted


@pages.get("/progress")
@page
def show() -> ResponseReturnValue:
    """Show the matrix, filtered as the address says."""
    here = desk()
    now = here.app.clock.now()
    with here.app.bench.reading() as record:
        ledger = here.ledger(record)
        reviews = queries.count_open_reviews(record)
    campaign, roster = here.app.settings.campaign, here.app.bench.roster
    groups = tuple(dict.fromkeys(unit.group for unit in roster.units if unit.group))
    asked = _asked([one.id for one in campaign.collections])
    collections = [one for one in campaign.collections if asked.form in ("", one.id)]
    known = units_in_order(roster, ledger)
    lines = [
        _line(name, unit, collections, ledger, here.app.bench.late_after, now)
        for name, unit in known.items()
        if asked.is_of(name, unit)
    ]
    shown = [line for line in lines if any(asked.is_met(square.mark) for square in line.squares)]
    return render_template(
        "progress.html",
        headings=[
            _heading(one, [(known[line.name], line.squares[at].mark) for line in lines])
            for at, one in enumerate(collections)
        ],
        lines=shown,
        total=len(known),
        asked=asked,
        collections=campaign.collections,
        choices={key: words for key, (words, _) in CHOICES.items()},
        groups=groups,
        reviews=reviews,
        words=_words_of(asked, {one.id: one.form.title for one in campaign.collections}),
    )


def _asked(forms: Several[str]) -> Asked:
    """Read the address; what is no choice of ours counts as not asked (an old bookmark). Unknown groups stay: they are empty."""
    given = {key: request.args.get(key, "").strip() for key in ("form", "state", "group", "name")}
    return Asked(
        given["form"] if given["form"] in forms else "",
        given["state"] if given["state"] in CHOICES else "",
        given["group"][:255],
        given["name"][:255],
    )


def _line(
    name: UnitName,
    unit: Unit | None,
    collections: Several[Collection],
    ledger: Ledger,
    late_after: Mapping[FormId, datetime],
    now: datetime,
) -> Line:
    order = None if unit is None else unit.order
    squares = []
    for one in collections:
        cell = ledger.state.cell(name, one.id)
        mark = mark_of(cell, unit, one, limit_at=late_after.get(one.id), now=now)
        in_force = max((held.version for held in cell.submissions), default=0)
        newer = mark.standing is Standing.ACCEPTED and len(ledger.versions(name, one.id)) > in_force
        squares.append(Square(one.id, mark, newer))
    return Line(name, order, "" if unit is None else unit.group, unit_link(name, order), tuple(squares))


def _heading(collection: Collection, marks: Several[tuple[Unit | None, Mark]]) -> Heading:
    """Count a form as 总览 does: units that it is asked of, and beside them those that sent it all the same."""
    found = tally(collection, marks)
    counts: tuple[Count, ...] = counts_of(found, collection)
    if not is_obliged(collection) and found.asked < sum(unit is not None for unit, _ in marks):
        counts = ((None, "面向", found.asked), *counts)
    return Heading(
        collection.id,
        collection.letter_label,
        collection.form.title,
        collection.deadline,
        collection.voluntary,
        counts,
    )


def _words_of(asked: Asked, titles: Mapping[str, str]) -> str:
    """Return what was asked for in words: a printed list must say that it is not the whole."""
    parts = (
        ("报表", f"《{titles[asked.form]}》" if asked.form else ""),
        ("状态", CHOICES[asked.state][0] if asked.state else ""),
        ("分组", asked.group),
        ("单位含", asked.name),
    )
    return "；".join(f"{label}：{words}" for label, words in parts if words)
