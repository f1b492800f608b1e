"""设置, 测试信: one letter to one of the clerk's addresses, shown before it goes. Routes of the blueprint of `preferences`.

In: which of the [clerk] addresses. Out: a letter in the outbox, whose own page tells how it fares.
"""

from datetime import datetime

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from intake import halt
from scheduler import trial_letter
from scheduler.web.context import desk, who
from scheduler.web.doors import page
from scheduler.web.numbers import number_in
from scheduler.web.pages.preferences import pages

__all__ = ["pages"]


@pages.get("/preferences/trial")
@page
def ask_trial() -> ResponseReturnValue:
    """Show the test letter, and ask."""
    app = desk().app
    addresses, chosen = app.settings.clerk.addresses, number_in(request.args.get("to", "0"))
    if chosen is None or chosen >= len(addresses):
        abort(404)
    address, now = addresses[chosen], app.clock.now()
    with app.bench.reading() as record:
        halted = halt.in_force(record) is not None
    return render_template(
        "preferences_trial.html",
        address=address,
        asked_at=now.isoformat(),
        letter=trial_letter.shown(app, address, now),
        halted_now=halted,
    )


@pages.post("/preferences/trial")
@page
def send_trial() -> ResponseReturnValue:
    """Put the test letter into the outbox that was shown."""
    try:
        asked_at = datetime.fromisoformat(request.form.get("asked_at", ""))
    except ValueError:
        abort(400)
    if asked_at.tzinfo is None:
        abort(400)
    number = trial_letter.send(desk().app, request.form.get("address", ""), asked_at, who=who())
    flash(
        "测试信已进入发件箱，一两分钟内发出。刷新本页可以看到它到了哪一步；发出以后，请到该邮箱（包括垃圾邮件）里查看。"
    )
    return redirect(url_for("outbox.show", number=number), 303)
