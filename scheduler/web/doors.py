"""Who may come in: the Host allow-list, Origin and token of what changes something, the login, and the safety headers.

In: each request before any page sees it, each answer before it leaves. Out: a refusal in a few words, or the page.
A page of a stranger in the clerk's browser can reach 127.0.0.1 too (DNS rebinding, forged forms): so only Host names
that are ours are answered, and a POST needs our Origin, a session of our own (SameSite=Strict) and its token.
Nothing that changes anything is a GET. What is asked is never logged: it is a stranger's text, or personal data.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Flask, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from scheduler.web.accounts import Accounts
from scheduler.web.context import desk
from scheduler.web.ended import EndedSessions

P = ParamSpec("P")

IDLE = timedelta(hours=8)  # a working day; after that the clerk logs in again
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def hang(application: Flask, hosts: frozenset[str]) -> None:
    """Given the application and the names it may be called by, put the doors before all its pages."""

    @application.before_request
    def admit() -> ResponseReturnValue | None:
        name = (urlsplit(f"//{request.host}").hostname or "").lower()
        if name not in hosts:
            abort(421)
        if request.method not in ("GET", "HEAD"):
            _check_origin()
        if request.endpoint in ("static", "login.form", "login.enter"):
            return None
        g.who = _who() or _guest()
        if g.who is None:
            return redirect(url_for("login.form"))
        if request.method not in ("GET", "HEAD"):
            _check_token()
        return None

    @application.after_request
    def close(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint == "static":
            response.headers["Cache-Control"] = "private, max-age=86400"
        return response


def _check_origin() -> None:
    """Abort unless a browser says that our own page sent this. (Every browser since 2020 sends Origin with a POST.)"""
    sent = request.headers.get("Origin") or request.headers.get("Referer") or ""
    if urlsplit(sent).netloc.lower() != request.host.lower():
        abort(403)


def _check_token() -> None:
    if not secrets.compare_digest(request.form.get("token", ""), str(session.get("token", "-"))):
        abort(403)


def enter(accounts: Accounts, name: str, now: datetime) -> None:
    """Begin a session: a new token, so that nobody's earlier cookie can be in use."""
    session.clear()
    session.update(
        id=secrets.token_urlsafe(16),
        who=name,
        proof=accounts.fingerprint(name),
        token=secrets.token_urlsafe(24),
        seen=now.timestamp(),
    )


def leave(ended: EndedSessions, now: datetime) -> None:
    """End this session, also for whoever has a copy of its cookie: none of them was seen later than now."""
    if "id" in session:
        ended.add(str(session["id"]), now, now + IDLE)
    session.clear()


def _who() -> str | None:
    """Return who is logged in; a session ends by its logout, when it was idle for long or the password was changed."""
    here = desk()
    now = here.app.clock.now().timestamp()
    name = session.get("who")
    if name is None or not 0 <= now - float(session.get("seen", 0)) + 600 <= IDLE.total_seconds() + 600:
        return None
    if "id" not in session or session["id"] in here.ended:
        return None
    if not here.door_is_open(str(name), str(session.get("proof", ""))):
        return None
    session["seen"] = now
    return str(name)


def _guest() -> str | None:
    """Return whoever is let in without an account, with a session as any other; only the demo has one."""
    here = desk()
    if here.guest is None:
        return None
    now = here.app.clock.now().timestamp()
    session.update(id=secrets.token_urlsafe(16), who=here.guest, proof="", token=secrets.token_urlsafe(24), seen=now)
    return here.guest


def page(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Mark a view that is only for whoever is logged in: `admit` has seen to it, this makes a slip visible at once."""

    @wraps(view)
    def guarded(*arguments: P.args, **options: P.kwargs) -> ResponseReturnValue:
        if getattr(g, "who", None) is None:
            abort(403)
        return view(*arguments, **options)

    return guarded
