"""来信: every mail with its fate in words, its text, its parts, what was read of it; the original; to be read again.

The text and the parts are taken out of the original by the locked worker; a sender's HTML is never shown, a sender's name
of a file never a path. While the worker is asked no session of the record is open. `lookup.mails` gathers what is shown.
"""

from io import BytesIO
from math import ceil

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from intake import decide
from intake.cases import token_of
from intake.db import lists, queries
from intake.db.lists import Fate
from intake.db.models import MessageRow
from intake.errors import OfficeError
from intake.file_names import safe_name
from intake.model import Sha256
from intake.originals import mail_words, part_bytes
from parsers.text import clean
from scheduler.lookup.mails import FATE_WORDS, answer_of, find, is_offered, mail_of, whole
from scheduler.web.context import desk, who
from scheduler.web.doors import page
from scheduler.web.numbers import page_number

pages = Blueprint("mails", __name__)

_LONGEST_SEARCH = 100


@pages.get("/mails")
@page
def listing() -> ResponseReturnValue:
    """List mails, newest first, searched and filtered."""
    words = clean(request.args.get("q", "")[:_LONGEST_SEARCH]).strip()
    fate = Fate(name) if (name := request.args.get("fate", "")) in set(Fate) else None
    number = page_number()
    found = find(desk().app, words=words, fate=fate, page=number)
    return render_template(
        "mails.html",
        mails=found.mails,
        total=found.total,
        words=words,
        fate=fate,
        fates=list(FATE_WORDS.items()),
        first=number * lists.PAGE,
        page=number,
        page_count=ceil(found.total / lists.PAGE),
        arguments={key: value for key, value in (("q", words), ("fate", fate.value if fate else "")) if value},
    )


# --- one mail --------------------------------------------------------------------------------------------------------


@pages.get("/mails/<int:number>")
@page
def show(number: int) -> ResponseReturnValue:
    """Show one mail."""
    app = desk().app
    found = whole(app, number)
    if found is None:
        abort(404)
    words = mail_words(app.bench.worker, app.bench.archive.read(Sha256(found.sha256)))
    return render_template("mail.html", whole=found, mail=found.mail, words=words)


@pages.get("/mails/<int:number>/original")
@page
def raw(number: int) -> ResponseReturnValue:
    """Hand out the mail as it came."""
    app = desk().app
    with app.bench.reading() as record:
        row = _row(record.get(MessageRow, number))
    return download(app.bench.archive.read(Sha256(row.sha256)), f"来信{number}.eml")


@pages.get("/mails/<int:number>/parts/<int:index>")
@page
def part(number: int, index: int) -> ResponseReturnValue:
    """Hand out one part, by its place in the mail."""
    app = desk().app
    with app.bench.reading() as record:
        row = _row(record.get(MessageRow, number))
        parts = queries.parts_of(record, number)
    if not 1 <= index <= len(parts) or not is_offered(parts[index - 1]):
        abort(404)
    wanted = parts[index - 1]
    original = app.bench.archive.read(Sha256(row.sha256))
    data = part_bytes(app.bench.worker, original, wanted.path, wanted.sha256)
    return download(data, safe_name(wanted.name, instead=f"来信{number}-附件{index}"))


def download(data: bytes, name: str) -> Response:
    """Return bytes as a file to save, never to be shown or run in the desk's own origin."""
    answer = send_file(
        BytesIO(data), mimetype="application/octet-stream", as_attachment=True, download_name=name, max_age=0
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


# --- reading it again ------------------------------------------------------------------------------------------------


@pages.get("/mails/<int:number>/again")
@page
def ask_again(number: int) -> ResponseReturnValue:
    """Ask whether the mail is to be read again."""
    app = desk().app
    with app.bench.reading() as record:
        row = _row(record.get(MessageRow, number))
        letters = lists.letters_because_of(record, number)
        seen = token_of(record, row)
    if row.state == "archived":
        raise OfficeError("这封来信正在等待识别，不需要再来一次。")
    return render_template("mail_again.html", mail=mail_of(row), seen=seen, letters=[answer_of(one) for one in letters])


@pages.post("/mails/<int:number>/again", endpoint="again")
@page
def read_again(number: int) -> ResponseReturnValue:
    """Put the mail back into the queue, if it is still as the page showed it."""
    app = desk().app
    with app.bench.reading() as record:
        _row(record.get(MessageRow, number))
    decide.reprocess(app.bench, number, who=who(), now=app.clock.now(), token=request.form.get("seen", ""))
    flash("已排队重新识别，一两分钟内完成，请稍候刷新。")
    return redirect(url_for("mails.show", number=number), 303)


def _row(found: MessageRow | None) -> MessageRow:
    if found is None:
        abort(404)
    return found
