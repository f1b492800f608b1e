"""What every page needs: the App, the ledger of this moment, who is logged in, words and dates for the templates.

In: the `App`. Out: `desk()` within a request.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import cast

from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from intake.ledger import Ledger
from intake.summary_remarks import stamp
from intake.words import SHANGHAI, day_words, masked
from scheduler.app import App
from scheduler.web.accounts import Accounts, Throttle
from scheduler.web.ended import EndedSessions
from scheduler.web.originals import Originals

_KEY = "intake-desk"


@dataclass(slots=True)
class Desk:
    """One App as the pages see it. Threads share it."""

    app: App
    accounts: Accounts
    ended: EndedSessions
    guest: str | None = None  # who is let in without an account: only `intake demo --web` has one
    throttle: Throttle = field(default_factory=Throttle, repr=False)
    originals: Originals = field(default_factory=Originals, repr=False)

    def ledger(self, session: Session) -> Ledger:
        """Given an open session, return the ledger as it stands in the record."""
        return self.app.bench.ledgers.read(session)

    def door_is_open(self, name: str, proof: str) -> bool:
        """Given what a session says, return whether its account still has the password that it was opened with."""
        if self.guest is not None and name == self.guest:
            return True
        return bool(proof) and self.accounts.fingerprint(name) == proof


def put_up(application: Flask, desk_: Desk) -> None:
    """Give the application its desk."""
    application.extensions[_KEY] = desk_


def desk() -> Desk:
    """Return the desk of this request's application."""
    return cast("Desk", current_app.extensions[_KEY])


def who() -> str:
    """Return who is logged in, for the audit."""
    return str(g.who)


def local_words(instant: datetime | None) -> str:
    """Return an instant as people here write it in tables: 5月29日 10:42; "—" for none."""
    if instant is None:
        return "—"
    local = instant.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def short_words(instant: datetime | None) -> str:
    """Return the day of an instant, as short as a matrix wants it: 5-29."""
    if instant is None:
        return ""
    local = instant.astimezone(SHANGHAI)
    return f"{local.month}-{local.day}"


def long_day(day: date | None) -> str:
    """Return a day in full: 5月30日（周五）; "随时" for none."""
    return "随时" if day is None else day_words(day)


def size_words(size_bytes: int) -> str:
    """Return the size of a file as people read it: 38 KB, 2.5 MB."""
    if size_bytes < 2**20:
        return f"{max(1, round(size_bytes / 1024))} KB" if size_bytes else "0 KB"
    return f"{size_bytes / 2**20:.1f} MB"


FILTERS = {
    "size": size_words,
    "moment": local_words,
    "short": short_words,
    "day": long_day,
    "masked": masked,
    "stamp": stamp,
}
