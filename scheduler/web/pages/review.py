"""待核实: the clerk's worklist, and what is done about one mail of it. One item a screen: the original left, what was read right.

In: requests. Out: pages. What an action means, and whether it may be, is told by `intake.decide`; what is shown of one
item is gathered by `reviewing`. Whatever mails somebody is shown before it is done.
"""

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from intake.cases import look
from intake.db import worklist
from scheduler.web.context import desk
from scheduler.web.doors import page

pages = Blueprint("review", __name__)

_NO_FORM = "-"  # the filter's word for mails in which no form was read


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter: how many mails it leaves."""

    form: str
    words: str
    count: int


@pages.get("/review")
@page
def listing() -> ResponseReturnValue:
    """List what waits, the oldest first."""
    here = desk()
    campaign = here.app.settings.campaign
    with here.app.bench.reading() as record:
        found = worklist.waiting(record, campaign.id)
    titles = {str(one.id): one.form.title for one in campaign.collections}
    chosen = request.args.get("form", "")
    choices = [
        Choice(form, words, sum(_has(one, form) for one in found))
        for form, words in [*titles.items(), (_NO_FORM, "未识别出表")]
    ]
    return render_template(
        "review.html",
        mails=[one for one in found if not chosen or _has(one, chosen)],
        total=len(found),
        titles=titles,
        chosen=chosen,
        choices=[one for one in choices if one.count or one.form == chosen],
    )


def _has(mail: worklist.Listed, form: str) -> bool:
    return not mail.forms if form == _NO_FORM else any(one == form for one, _ in mail.forms)


@pages.get("/review/<int:number>")
@page
def show(number: int) -> ResponseReturnValue:
    """Show one mail beside what was read in it."""
    here = desk()
    with here.app.bench.reading() as record:
        case = look(record, here.app.bench, number)
    return render_template("review_item.html", case=case)
