"""Every archived mail read once more, as `intake replay` would, in a copy of the record: what comes of it?

In: an open App. Out: the numbers of the mails of which something else came. Parsing is a pure function of the archived
bytes and the rules (I5), the submissions one of the mails in order of arrival and of what people decided (I6,
facts/reliability.md §2.2). Nothing of the office changes and no letter goes out: the copy lies in a temporary folder.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from intake.db.copies import copy_rows, outcomes
from intake.pipeline import process_message
from scheduler.app import App, open_app
from scheduler.desk.run import begin_replay


@dataclass(frozen=True, slots=True)
class Reread:
    """How many mails were read again; those whose documents gave another reading, those that gave other submissions."""

    mails: int
    readings: tuple[int, ...]
    submissions: tuple[int, ...]


def reread(app: App) -> Reread:
    """Read the whole archive again and compare with what was filed."""
    with _copy(app) as copy:
        with copy.bench.reading() as session:
            filed = outcomes(session)
        for message_id in begin_replay(copy):
            process_message(copy.bench, message_id, now=copy.clock.now())
        with copy.bench.reading() as session:
            now = outcomes(session)
    return Reread(
        len(filed),
        tuple(one for one, was in filed.items() if one not in now or now[one].readings != was.readings),
        tuple(one for one, was in filed.items() if one not in now or now[one].submissions != was.submissions),
    )


@contextmanager
def _copy(app: App) -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        storage = replace(
            app.settings.storage,
            database_url=f"sqlite:///{Path(folder).as_posix()}/copy.sqlite",
            backup_dir=Path(folder) / "backups",
        )
        settings = replace(app.settings, storage=storage)
        with open_app(settings, app.clock, roster=app.bench.roster, begin_anew=True) as copy:
            with app.bench.reading() as source, copy.bench.sessions.begin() as target:
                copy_rows(source, target)
            yield copy
