"""总览: what a clerk wants to know each morning: what is to be done, who is missing, how long there is still time."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from intake.db import lists, queries
from intake.ledger import Ledger
from intake.model import OutboxState
from intake.settings import Collection
from intake.standing import Standing, tally_of
from intake.words import SHANGHAI
from scheduler.beginning import first_steps, to_do
from scheduler.web.context import desk
from scheduler.web.doors import page

pages = Blueprint("overview", __name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """One form, counted as 进度表 counts it: how many of those that owe it have sent it (已报), and how these stand.

    `days_left` counts working days, negative when it is over.
    """

    title: str
    label: str
    deadline: date | None
    voluntary: bool
    owed: int
    reported: int
    accepted: int
    behind: int
    correction: int
    review: int
    none_said: int
    no_intent: int
    exempt: int
    missing: int
    beside: int
    gone: int
    days_left: int | None

    @property
    def aside(self) -> str:
        """What stands beside the count in words: 已受理 16，无意向 2，免报 1."""
        told = (
            ("已受理", self.accepted if self.owed else 0),
            ("其中新来件待补正", self.behind),
            ("答复“无”", self.none_said),
            ("无意向", self.no_intent),
            ("免报", self.exempt),
            ("另：未要求的单位", self.beside),
            ("另：不在名册", self.gone),
        )
        return "，".join(f"{words} {number}" for words, number in told if number)

    @property
    def percent(self) -> int:
        return 0 if not self.owed else round(100 * self.reported / self.owed)


@pages.get("/")
@page
def show() -> ResponseReturnValue:
    """Show what waits, each form's progress and the health in sentences."""
    here = desk()
    now = here.app.clock.now()
    with here.app.bench.reading() as record:
        ledger = here.ledger(record)
        reviews = queries.count_open_reviews(record)
        outbox = lists.state_counts(record)
        bad = queries.bad_addresses(record)
        begun = first_steps(here.app, record, ledger)
    units = [(unit.name, address) for unit in here.app.bench.roster.units for address in unit.addresses]
    return render_template(
        "overview.html",
        forms=[_progress(one, ledger, now) for one in here.app.settings.campaign.collections],
        reviews=reviews,
        held=outbox.get(OutboxState.HELD, 0),
        uncertain=outbox.get(OutboxState.UNCERTAIN, 0),
        failed=outbox.get(OutboxState.FAILED, 0),
        bounced=[(unit, address) for unit, address in units if address.lower() in bad],
        steps=begun if to_do(begun) else (),
        next_step=next(iter(to_do(begun)), None),
    )


def _progress(collection: Collection, ledger: Ledger, now: datetime) -> Progress:
    here = desk()
    today, limit_at = now.astimezone(SHANGHAI).date(), here.app.bench.late_after.get(collection.id)
    found = tally_of(collection, here.app.bench.roster, ledger, limit_at=limit_at, now=now)
    days = None
    if collection.deadline is not None:
        calendar = here.app.calendar
        late = collection.deadline < today
        days = (
            -calendar.working_days_between(collection.deadline, today)
            if late
            else calendar.working_days_between(today, collection.deadline)
        )
    count = Counter(found.states)
    return Progress(
        collection.form.title,
        collection.letter_label,
        collection.deadline,
        collection.voluntary,
        found.owed,
        found.reported,
        count[Standing.ACCEPTED],
        found.behind,
        count[Standing.CORRECTION],
        count[Standing.REVIEW],
        count[Standing.NONE_SAID],
        count[Standing.NO_INTENT],
        count[Standing.EXEMPT],
        found.missing,
        found.beside,
        found.gone,
        days,
    )
