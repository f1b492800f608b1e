"""操作记录: who did what, when, to what; by person and day. In: what `lookup.audit` gathers. Changes nothing."""

from math import ceil

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parsers.text import clean
from scheduler.lookup.audit import PAGE, Line, day_typed, find
from scheduler.web.context import desk
from scheduler.web.doors import page
from scheduler.web.links import link, unit_link
from scheduler.web.numbers import page_number

pages = Blueprint("audit", __name__)

_ENDPOINTS = {"mail": "mails.show", "letter": "outbox.show"}
_LONGEST = 64  # as wide as the column of names


@pages.get("/audit")
@page
def show() -> ResponseReturnValue:
    """List what people did, newest first."""
    who, asked = clean(request.args.get("who", ""))[:_LONGEST], request.args.get("day", "")
    day = day_typed(asked)
    number = page_number()
    found = find(desk().app, who=who, day=day, page=number)
    kept = {"who": who, "day": "" if day is None else day.isoformat()}
    return render_template(
        "audit.html",
        lines=[(one, _address(one)) for one in found.lines],
        total=found.total,
        people=found.people,
        who_=who,
        day_=kept["day"],
        not_understood=bool(asked) and day is None,
        first=number * PAGE,
        page=number,
        page_count=ceil(found.total / PAGE),
        arguments={key: value for key, value in kept.items() if value},
        here=url_for("audit.show"),
    )


def _address(line: Line) -> str | None:
    if line.kind == "unit":
        roster = desk().app.bench.roster
        today = roster.name_of_the_day(line.name)
        return unit_link(line.name, next((one.order for one in roster.units if one.name == today), None))
    endpoint = _ENDPOINTS.get(line.kind)
    return None if endpoint is None or line.number is None else link(endpoint, line.number)
