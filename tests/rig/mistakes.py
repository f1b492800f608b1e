"""Known mistakes that are put into the program from outside, so that a rig can be seen to find them.

In: a name. Out: the program of this process, changed. As a module, `python -m tests.rig.mistakes NAME run …` is the
console command with that mistake in it ("": none): the real process, which looks each second for what there is to do, not
each ten, so that a process that lives for some seconds has its letters to send.
"""

import os
import sys
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import archive, outbox, pipeline, restored, whole_files
from intake.db.models import OutboxRow
from intake.model import OutboxState
from intake.witness import SentFolder
from scheduler import app, backups, daemon, last_letter, recovery
from scheduler.desk.cli import main

QUITTING = 7  # the exit code of a start that ends by itself


def plant(mistake: str) -> None:
    """Put a mistake into this process; "" is none. Raise ValueError if there is no such mistake."""
    if not mistake:
        return
    if mistake not in _MISTAKES:
        raise ValueError(f"no such mistake: {mistake}")
    _MISTAKES[mistake]()


def _resend() -> None:
    """What was being sent when the process ended is simply sent again."""

    def recover(session: Session, now: datetime, **_options: object) -> int:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.state == OutboxState.SENDING)).all()
        for row in rows:
            row.state = OutboxState.QUEUED
        return len(rows)

    outbox.recover = recover


def _no_fsync() -> None:
    """A mail's bytes are not durable when its row says so."""
    archive.os = whole_files.os = _OsWithoutFsync()  # type: ignore[assignment]


class _OsWithoutFsync:
    def __getattr__(self, name: str) -> object:
        return (lambda _descriptor: None) if name == "fsync" else getattr(os, name)


def _forget() -> None:
    """A mail is filed without its letters."""
    pipeline.post = lambda *_arguments, **_options: False


def _deaf() -> None:
    """The Sent folder is not believed: what is there stays uncertain."""
    SentFolder.copy_of = lambda *_arguments, **_options: None  # type: ignore[method-assign]


def _doubt() -> None:
    """What had only been claimed is taken for handed over, and waits for the clerk."""

    original = outbox._resolve

    def resolve(row: OutboxRow, *arguments: Any, **options: Any) -> bool:
        return row.phase == outbox.DATA and original(row, *arguments, **options)

    outbox._resolve = resolve


def _quit() -> None:
    """A start ends by itself."""

    def recover(_app: object) -> None:
        sys.exit(QUITTING)

    recovery.recover = recover


def _unheld() -> None:
    """A start after a restore that was cut short sends what the record does not know to be sent."""
    backups.hold_if_cut_short = lambda _app: None
    # the other two that would see it: the mark of the newest letter, and the Sent folder
    last_letter.noted = lambda _data_dir: ""
    restored.look = lambda *_given, **_more: None


def _new_key() -> None:
    """A start that finds no signing key makes a new one, whatever the backup has."""
    original = app._signing_key
    app._signing_key = lambda storage: original(replace(storage, backup_dir=storage.data_dir / "nowhere"))


_MISTAKES = {
    "unheld": _unheld,
    "new key": _new_key,
    "resend": _resend,
    "no fsync": _no_fsync,
    "forget": _forget,
    "deaf": _deaf,
    "doubt": _doubt,
    "quit": _quit,
}

if __name__ == "__main__":
    daemon._INTERVALS_S.update(process=1, deliver=1)
    plant(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
