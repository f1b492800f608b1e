"""统计: how the campaign went, in numbers that `figures` counts and a picture that `chart` lays out.

In: what `lookup.statistics` gathers. Out: values for `statistics.html`, which says what each number means beside it.
Must not: name a unit or a person.
"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from scheduler.lookup.statistics import days_words, numbers
from scheduler.web.chart import chart
from scheduler.web.context import desk
from scheduler.web.doors import page

pages = Blueprint("statistics", __name__)


@pages.get("/statistics")
@page
def show() -> ResponseReturnValue:
    """Show the numbers of the campaign at this moment."""
    found = numbers(desk().app)
    return render_template(
        "statistics.html",
        rows=found.rows,
        fates=found.fates,
        total=found.total,
        daily=found.daily,
        listed=found.listed,
        chart=chart(found.daily.days, found.names),
        names=found.names,
        reminders=found.reminders,
        days_words=days_words,
    )
