"""Mails as the locked worker shows them to a person, the last few kept: each page of one item asks for the same mail again.

In: the bench, a mail's hash, the parts to show. Out: words and outlines, or None where the worker could not tell in time.
Must not: keep what came by mail for long (`_KEPT` mails), wait for ever.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from intake.model import Sha256
from intake.originals import MailWords, mail_words
from intake.outlines import outlines_of, page_of
from intake.pipeline import Workbench
from parsers.document import LaidPage
from parsers.isolate import WorkerUnavailable
from parsers.panels import Outlines

_KEPT = 8
_SECONDS = 20.0  # for all of a mail: an old Word file goes through LibreOffice, five seconds on a slow machine


@dataclass(frozen=True, slots=True)
class Original:
    """A mail to compare with. A path is missing where its document can't be read just now."""

    words: MailWords
    outlines: dict[str, Outlines]


@dataclass(slots=True)
class Originals:
    """The mails that were looked at last. Threads share it."""

    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _kept: OrderedDict[tuple[str, tuple[str, ...]], Original] = field(default_factory=OrderedDict, repr=False)

    def get(self, bench: Workbench, sha256: str, paths: tuple[str, ...]) -> Original:
        """Given a mail and the parts to show, return what there is to be seen."""
        key = (sha256, paths)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = _seen(bench, sha256, paths)
        if not found.words.why_not and len(found.outlines) == len(paths):
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return found


def _seen(bench: Workbench, sha256: str, paths: tuple[str, ...]) -> Original:
    raw = bench.archive.read(Sha256(sha256))
    ends_at = time.monotonic() + _SECONDS
    outlines: dict[str, Outlines] = {}
    words = mail_words(bench.worker, raw)
    try:
        for path in paths:
            left = ends_at - time.monotonic()
            found = outlines_of(bench.worker, raw, path, seconds=left) if left > 1 else None
            if found is not None:
                outlines[path] = found
    except WorkerUnavailable:
        return Original(words, outlines)
    return Original(words, outlines)


def drawn(
    bench: Workbench, sha256: str, path: str, document: int, number: int, laid: LaidPage | None = None
) -> bytes | None:
    """Given a mail, a part, a document of it and a zero-based page, return that page as JPEG, as it was laid, or None."""
    raw = bench.archive.read(Sha256(sha256))
    try:
        return page_of(bench.worker, raw, path, document, number, laid=laid, seconds=_SECONDS)
    except WorkerUnavailable:
        return None
