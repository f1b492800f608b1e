"""The Flask application: doors first, then the pages. Built once an App; nothing in it outlives a reload.

In: an `App`. Out: a WSGI application. What goes wrong in a page is told in a sentence with the way on, and logged
without what was asked or stored.
"""

import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from intake.bugs import frames
from intake.db.trouble import explain
from intake.errors import OfficeError
from scheduler.app import App
from scheduler.web import doors
from scheduler.web.accounts import Accounts
from scheduler.web.compression import compress
from scheduler.web.context import FILTERS, Desk, desk, put_up
from scheduler.web.ended import EndedSessions
from scheduler.web.numbers import Number
from scheduler.web.pages import (
    audit,
    export,
    login,
    mails,
    outbox,
    overview,
    preferences,
    preferences_letters,
    preferences_roster,
    preferences_trial,
    progress,
    review,
    reviewfiles,
    statistics,
    unit_notes,
    units,
)
from scheduler.web.pages.frame import frame

log = logging.getLogger(__name__)

_PAGES = (
    login.pages,
    overview.pages,
    progress.pages,
    units.pages,
    unit_notes.pages,
    review.pages,
    reviewfiles.pages,
    outbox.pages,
    mails.pages,
    export.pages,
    statistics.pages,
    preferences.pages,
    preferences_letters.pages,
    preferences_roster.pages,
    preferences_trial.pages,
    audit.pages,
)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_BYTES = 8 * 2**20  # of a request: a roster file is some 100 KB
_WORDS = {
    400: "请求不完整。请返回上一页再试。",
    403: "这一步没有执行：页面已经过期，或不是从本网页提交的。请返回上一页，刷新后再试。",
    404: "没有这个页面。它可能已被处理，或地址有误。",
    405: "这个地址不能这样访问。请从左边的菜单进入。",
    413: "文件太大，没有接收。",
    421: "这个网址没有登记。请用 http://127.0.0.1 加端口访问；要从别的电脑访问，请把网址写进 [desk] names。",
}


def make_application(app: App, *, names: Iterable[str] = (), guest: str | None = None) -> Flask:
    """Given an App, return its desk as a WSGI application. `names`: further Host names; `guest`: see `Desk`."""
    application = Flask("scheduler.web")
    application.config.update(
        SECRET_KEY=_session_key(app.settings.storage.data_dir / "desk.key"),
        SESSION_COOKIE_NAME="intake_desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=_MOST_BYTES,
    )
    application.jinja_env.filters.update(FILTERS)
    application.jinja_env.trim_blocks = application.jinja_env.lstrip_blocks = True
    application.context_processor(frame)
    application.url_map.converters["int"] = Number
    folder = app.settings.storage.data_dir
    put_up(application, Desk(app, Accounts(folder), EndedSessions(folder), guest))
    doors.hang(application, LOOPBACK | {name.lower() for name in names})
    compress(application)
    for pages in dict.fromkeys(_PAGES):  # several modules may share one blueprint
        application.register_blueprint(pages)
    application.register_error_handler(HTTPException, _refused)
    application.register_error_handler(OfficeError, _office_error)
    application.register_error_handler(Exception, _bug)
    return application


def _refused(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirect
    return _sentence(_WORDS.get(error.code, "这一步没有执行。请返回上一页再试。"), error.code)


def _office_error(error: OfficeError) -> ResponseReturnValue:
    return _sentence("".join(error.problems), 409)


def _bug(error: Exception) -> ResponseReturnValue:
    told = explain(error) if isinstance(error, DBAPIError) else None
    if told is not None:
        return _sentence(str(told), 503)
    log.error("action=desk.bug\n%s", frames(error))
    return _sentence("程序出错，这一页打不开，收信发信不受影响。请把运行日志交给维护人员。", 500)


def _sentence(words: str, status: int) -> ResponseReturnValue:
    try:
        return render_template("sentence.html", words=words), status
    except Exception as error:  # noqa: BLE001 - the frame reads the record, which may be what failed
        log.error("action=desk.no_frame app=%s\n%s", desk().app.settings.campaign.id, frames(error))
        return words, status, {"Content-Type": "text/plain; charset=utf-8"}


def _session_key(path: Path) -> bytes:
    """Return the key that signs sessions, made on first use (0600). Losing it only ends the sessions."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(32)
        path.touch(mode=0o600)
        path.write_bytes(key)
        return key
