"""The mark in the data directory of the newest letter that was sent: a second witness beside the record, not in it.

In: the data directory. Out: `last-sent`, a file of one line, the letter's Message-ID. Written after the record says that the
letter was sent, never before, so that a record that knows nothing of it is older than the mark: an old copy of the database
was put back by hand. Where a provider files no copies nothing else tells. Its failure stops no letter: the Sent folder is
asked as well.
"""

import logging
from contextlib import suppress
from pathlib import Path

from intake.errors import OfficeError
from intake.whole_files import replace_whole

log = logging.getLogger(__name__)

_NAME = "last-sent"


def noted(data_dir: Path) -> str:
    """Return the Message-ID of the newest letter that was sent, "" if none is noted."""
    try:
        return (data_dir / _NAME).read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""


def note(data_dir: Path, message_id: str) -> None:
    """Leave the mark that the letter with that Message-ID is the newest that was sent; "": none is known to be."""
    if message_id == noted(data_dir):
        return
    if not message_id:
        forget(data_dir)
        return
    try:
        replace_whole(data_dir / _NAME, f"{message_id}\n".encode("ascii"), what="最后一封信的标记")
    except OfficeError as error:
        log.warning("action=last_letter.not_noted error=%s", type(error.__cause__).__name__)


def forget(data_dir: Path) -> None:
    """Remove the mark: the database is another one from now on, and all is held."""
    with suppress(OSError):
        (data_dir / _NAME).unlink()
