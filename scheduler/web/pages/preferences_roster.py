"""设置, 名册: taken away as a workbook, given back as a file, compared, and put in force once a person has seen what changes.

In: an uploaded file, kept in the data directory by its hash; the form carries the hash alone. Out: values for
`preferences_roster.html`. Numbers and addresses are masked: it is a list. Routes of the blueprint of `preferences`.
"""

import shutil
from collections import Counter
from dataclasses import dataclass
from io import BytesIO

from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from intake.config_edit import refuse_example
from intake.db import changes
from intake.roster_changes import Altered
from intake.words import SHANGHAI, masked
from scheduler import office_changes, papers, rosters
from scheduler.web.context import desk, who
from scheduler.web.doors import page
from scheduler.web.pages.export import export_folder
from scheduler.web.pages.preferences import pages

__all__ = ["pages"]


@dataclass(frozen=True, slots=True)
class Line:
    """One changed column of a unit, masked; `hidden`: masked, both look alike."""

    unit: str
    what: str
    before: str
    after: str
    hidden: bool


@pages.post("/preferences/roster")
@page
def upload() -> ResponseReturnValue:
    """Keep an uploaded file until somebody has seen what it would change."""
    app = desk().app
    refuse_example(app.settings.source)
    given = request.files.get("file")
    if given is None:
        abort(400)
    name = rosters.keep_upload(app, given.stream.read(rosters.MOST_BYTES + 1))
    file = rosters.shown_name(given.filename or "")  # only to be told: what counts is the content, named by its hash
    return redirect(url_for("preferences.compare", name=name, file=file or None), 303)


@pages.get("/preferences/roster/<name>")
@page
def compare(name: str) -> ResponseReturnValue:
    """Show what an uploaded roster would change, or its mistakes."""
    app = desk().app
    data = rosters.uploaded(app, name)
    with app.bench.reading() as record:
        shown = rosters.preview(app, record, data, rosters.shown_name(request.args.get("file", "")))
    found = shown.changes
    return render_template(
        "preferences_roster.html",
        shown=shown,
        changes=found,
        name=name,
        lines=[_line(one) for one in found.altered],
        columns=Counter(one.what for one in found.altered),
        sent=sum(one.sent for one in found.gone),
        waits_words=office_changes.noticed(office_changes.standing(app).told),
    )


def _line(one: Altered) -> Line:
    before, after = masked(one.before), masked(one.after)
    return Line(one.unit, one.what, before or "（空）", after or "（空）", before == after)


@pages.post("/preferences/roster/<name>")
@page
def put_in_force(name: str) -> ResponseReturnValue:
    """Put the roster in force that was shown, if the one that it replaces is still that which was shown."""
    app = desk().app
    seen = request.form.get("seen")
    if seen is None:
        abort(400)
    kept = rosters.install(app, rosters.uploaded(app, name), seen=seen, who=who())
    rosters.forget_upload(app, name)
    where = f"旧名册留存在数据文件夹的 {rosters.KEPT}/{kept.name}。" if kept else ""
    flash(f"已导入新名册。{where}{office_changes.noticed(office_changes.standing(app).told)}")
    return redirect(url_for("preferences.show", _anchor="roster"), 303)


@pages.post("/preferences/roster/file")
@page
def take_away() -> ResponseReturnValue:
    """Hand out the roster in force as a workbook. It holds names and numbers: the audit tells who took it."""
    app = desk().app
    now = app.clock.now()
    folder = export_folder(app, now)
    try:
        units = papers.write_roster(app, folder / "file")
        data = (folder / "file").read_bytes()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with app.bench.sessions.begin() as session:
        changes.note(session, who=who(), action="export", subject="名册", units=units, now=now)
    name = f"名册-{now.astimezone(SHANGHAI):%Y%m%d-%H%M}.xlsx"
    return send_file(BytesIO(data), "application/octet-stream", as_attachment=True, download_name=name, max_age=0)
