"""A test letter to the clerk, because a person wants to see one arrive: through the outbox, as every letter.

In: the `App`, one of the [clerk] addresses, the instant at which the letter was shown. Out: a row of the outbox with its
audit row; the caps, the halt and the crash safety of `deliver` hold for it as for all. Its key is that instant: a second
click on the same page is no second letter. Must not: go to anybody but the clerk.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from intake.db import changes
from intake.db.models import OutboxRow
from intake.errors import OfficeError
from intake.letters import post, wording
from intake.model import Draft, LetterKind
from intake.settings import Clerk
from intake.texts import Letter
from scheduler.app import App

_OF_USE = timedelta(days=1)  # who waits for a test letter has found out otherwise by then
_FRESH = timedelta(hours=1)
_REFERENCE = "编号发出时写入"


def draft(clerk: Clerk, address: str, asked_at: datetime) -> Draft:
    """Given the clerk's addresses and one of them, return the letter. Raise OfficeError if it is none of them."""
    if address not in clerk.addresses:
        raise OfficeError(
            "测试信只能发给 [clerk] addresses 里写着的工作人员邮箱。要发给别的地址，请先在 config.toml 里加上。"
        )
    return Draft(
        kind=LetterKind.TEST,
        key=f"{LetterKind.TEST}:{asked_at.isoformat()}:{address}",
        to_address=address,
        context={"asked_at": asked_at.isoformat()},
        expires_at=asked_at + _OF_USE,
    )


def shown(app: App, address: str, asked_at: datetime) -> Letter:
    """Return the words of the letter, before it is written. Raise OfficeError if it can't be."""
    return wording(draft(app.settings.clerk, address, asked_at), app.bench.stationery, _REFERENCE)


def send(app: App, address: str, asked_at: datetime, *, who: str) -> int:
    """Put the letter that was shown at `asked_at` into the outbox; return its number there.

    Raise OfficeError if it lies there already, or was shown long ago.
    """
    now = app.clock.now()
    if not now - _FRESH <= asked_at <= now:
        raise OfficeError("没有发出：这一页是一小时以前打开的。请重新打开再发。")
    letter = draft(app.settings.clerk, address, asked_at)
    with app.bench.sessions.begin() as session:
        if not post(session, letter, stationery=app.bench.stationery, now=now):
            raise OfficeError("没有再发：这封测试信已经在发件箱里。要另发一封，请重新打开“测试信”。")
        number = session.scalars(select(OutboxRow.id).where(OutboxRow.key == letter.key)).one()
        changes.note(session, who=who, action="test_letter", subject=f"letter {number}", now=now)
    return number
