"""The login and the logout. A wrong name and a wrong password are told alike; after five from one address each waits longer."""

import logging

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.web.context import desk, local_words
from scheduler.web.doors import enter, leave, page

log = logging.getLogger(__name__)

pages = Blueprint("login", __name__)


@pages.get("/login")
def form() -> ResponseReturnValue:
    """Show the form, or what to do if nobody can log in yet."""
    return render_template("login.html", nobody=not desk().accounts.names(), wrong="")


@pages.post("/login", endpoint="enter")
def try_() -> ResponseReturnValue:
    """Let in whoever knows the password."""
    here, now = desk(), desk().app.clock.now()
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    # the peer of the socket: headers such as X-Forwarded-For are the guesser's own words
    address = request.remote_addr or ""
    until = here.throttle.wait_until(address, now)
    if until is not None:
        wrong = f"失败次数太多，{local_words(until)} 以后才能再试。"
        return render_template("login.html", nobody=False, wrong=wrong), 429
    if not here.accounts.is_right(name, password):
        here.throttle.failed(address, now)
        log.warning("action=desk.login_refused")
        return render_template("login.html", nobody=not here.accounts.names(), wrong="用户名或密码不对。"), 403
    here.throttle.succeeded(address)
    enter(here.accounts, name, now)
    return redirect(url_for("overview.show"))


@pages.post("/logout", endpoint="leave")
@page
def log_out() -> ResponseReturnValue:
    """End the session."""
    leave(desk().ended, desk().app.clock.now())
    return redirect(url_for("login.form"))
