"""总览: what a clerk wants to know each morning: what is to be done, who is missing, how long there is still time."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from intake.audience import asked_of
from intake.db import queries
from intake.ledger import Ledger
from intake.model import CellState, OutboxState, UnitName
from intake.settings import Collection
from intake.words import SHANGHAI
from scheduler.beginning import first_steps, to_do
from scheduler.web.context import desk
from scheduler.web.doors import page

pages = Blueprint("overview", __name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """One form: how many of those that owe it have sent it. `days_left` counts working days, negative when it is over."""

    title: str
    label: str
    deadline: date | None
    voluntary: bool
    owed: int
    accepted: int
    correction: int
    review: int
    no_intent: int
    missing: int
    days_left: int | None

    @property
    def percent(self) -> int:
        return 0 if not self.owed else round(100 * self.accepted / self.owed)


@pages.get("/")
@page
def show() -> ResponseReturnValue:
    """Show what waits, each form's progress and the health in sentences."""
    here = desk()
    today = here.app.clock.now().astimezone(SHANGHAI).date()
    with here.app.bench.reading() as record:
        ledger = here.ledger(record)
        reviews = queries.count_open_reviews(record)
        outbox = queries.letter_counts(record)
        bad = queries.bad_addresses(record)
        begun = first_steps(here.app, record, ledger)
    units = [(unit.name, address) for unit in here.app.bench.roster.units for address in unit.addresses]
    return render_template(
        "overview.html",
        forms=[_progress(one, ledger, today) for one in here.app.settings.campaign.collections],
        reviews=reviews,
        held=outbox.get(OutboxState.HELD, 0),
        uncertain=outbox.get(OutboxState.UNCERTAIN, 0),
        failed=outbox.get(OutboxState.FAILED, 0),
        bounced=[(unit, address) for unit, address in units if address.lower() in bad],
        steps=begun if to_do(begun) else (),
        next_step=next(iter(to_do(begun)), None),
    )


def _progress(collection: Collection, ledger: Ledger, today: date) -> Progress:
    here = desk()
    units = here.app.bench.roster.units
    asked = [unit for unit in units if asked_of(collection, unit)]
    states = Counter(ledger.state.cell(UnitName(unit.name), collection.id).state for unit in units)
    missing = sum(
        ledger.state.cell(UnitName(unit.name), collection.id).state is CellState.NOT_SUBMITTED for unit in asked
    )
    days = None
    if collection.deadline is not None:
        calendar = here.app.calendar
        late = collection.deadline < today
        days = (
            -calendar.working_days_between(collection.deadline, today)
            if late
            else calendar.working_days_between(today, collection.deadline)
        )
    return Progress(
        collection.form.title,
        collection.letter_label,
        collection.deadline,
        collection.voluntary,
        0 if collection.voluntary else len(asked),
        states[CellState.ACCEPTED],
        states[CellState.CORRECTION],
        states[CellState.REVIEW],
        states[CellState.NO_INTENT],
        0 if collection.voluntary else missing,
        days,
    )
