"""Bounds that pdfminer.six has not: how far a stream unfolds, how wide a font's tables are.

In: nothing; `bounded` holds while a document is read. A few kilobytes otherwise become gigabytes or hours: a FlateDecode
stream of zeros, /W [0 2000000000 500] in a font, a ToUnicode range of 2^32 characters, a form XObject that draws ten others
that draw ten others. Must not: change what a proper file gives. The library offers no hook for this, so its names are replaced
for the time of the reading and put back: the worker reads one document at a time.
"""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

from pdfminer import cmapdb, pdffont, pdfinterp, pdftypes
from pdfminer.pdftypes import resolve1

from parsers.document import Budget, FailureCode, ReadFailure

_STREAM_BYTES = 48 * 2**20  # a page of 12 MP in three colors, uncompressed, is 36 MB
_CODES = 0x11000  # a font has at most 65,536 glyphs
# Of what draws one page. LibreOffice writes 60 kB for a full page of Chinese; pdfminer takes 5 s for 1.5 MB, be it text
# or short lines; pdfium 0.1 GB of memory for 12 MB of short lines, 0.6 GB and 7 s
# for 40 MB; where it may not have that much it ends the process (SIGABRT).
_SLOW_BYTES, _CONTENT_BYTES = 1_500_000, 12_000_000
_NESTED_STRINGS = b"(" * 1_000  # pdfminer takes quadratic time for them: 50,000 take 0.24 s, 400,000 take 13 s
_RADIX_BYTES = 2**20  # LZW and run length are decoded in Python: 1 MB takes 1.5 s and may give 64 MB


_TARGETS: tuple[tuple[object, str], ...] = (
    (pdftypes, "zlib"),
    (pdftypes, "lzwdecode"),
    (pdftypes, "rldecode"),
    (pdffont, "get_widths"),
    (pdffont, "get_widths2"),
    (cmapdb.FileUnicodeMap, "add_cid2unichr"),
    (pdfinterp, "PDFContentParser"),
)


class PageTooBusyError(Exception):
    """More is drawn on the page than on any page of text."""


@dataclass(slots=True)
class Meter:
    """How much has been drawn on the page that is being interpreted."""

    _bytes: int = 0

    def start_page(self, streams: Iterable[object]) -> None:
        """Begin a page whose contents are these streams. Raise ReadFailure or PageTooBusyError if they are too long."""
        self._bytes = 0
        self.add(sum(len(pdftypes.stream_value(stream).get_data()) for stream in streams))
        self._bytes = 0

    def add(self, count: int) -> None:
        """Count bytes that are interpreted, those of form XObjects each time that they are drawn."""
        self._bytes += count
        if self._bytes > _CONTENT_BYTES:
            raise ReadFailure(FailureCode.TOO_LARGE, "content of a page")
        if self._bytes > _SLOW_BYTES:
            raise PageTooBusyError


@contextmanager
def bounded(budget: Budget) -> Iterator[Meter]:
    """Yield a meter for the pages.

    Within it, a stream or table that unfolds beyond bounds raises ReadFailure TOO_LARGE, a torn one DAMAGED.
    """
    inflater, meter = _Inflater(budget.unzipped_bytes), Meter()
    kept = tuple(getattr(owner, name) for owner, name in _TARGETS)
    _, lzw, run_length, widths, widths2, add_code, _ = kept

    def bounded_lzw(data: bytes) -> bytes:
        return inflater.count(lzw(_short(data)))

    def bounded_run_length(data: bytes) -> bytes:
        return inflater.count(run_length(_short(data)))

    def bounded_widths(sequence: Iterable[object]) -> object:
        return widths(_narrow(sequence))

    def bounded_widths2(sequence: Iterable[object]) -> object:
        return widths2(_narrow(sequence))

    def bounded_add(self: cmapdb.FileUnicodeMap, cid: int, code: object) -> None:
        if len(self.cid2unichr) > _CODES:
            raise ReadFailure(FailureCode.TOO_LARGE, "character map of a font")
        add_code(self, cid, code)

    replaced = (
        SimpleNamespace(decompress=inflater.inflate, decompressobj=zlib.decompressobj, error=zlib.error),
        *(bounded_lzw, bounded_run_length, bounded_widths, bounded_widths2, bounded_add, _metered(meter)),
    )
    _put(replaced)
    try:
        yield meter
    finally:
        _put(kept)


def _put(values: Iterable[object]) -> None:
    for (owner, name), value in zip(_TARGETS, values, strict=True):
        setattr(owner, name, value)


def _metered(meter: Meter) -> type[pdfinterp.PDFContentParser]:
    """Return the library's parser of content, on the meter."""

    class Content(pdfinterp.PDFContentParser):
        def fillfp(self) -> bool:
            opened = super().fillfp()
            if opened:
                data = cast("BytesIO", self.fp).getvalue()
                meter.add(len(data))
                if _NESTED_STRINGS in data:
                    raise PageTooBusyError
            return opened

    return Content


class _Inflater:
    """Unfolds streams, each within its bound and all of them within the budget."""

    def __init__(self, total: int) -> None:
        self._left = total

    def count(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise ReadFailure(FailureCode.TOO_LARGE, "streams unfold beyond the budget")
        return data

    def inflate(self, data: bytes) -> bytes:
        """As zlib.decompress, but bounded; and what is torn in the middle is no stream, however much of it unfolds.

        A wrong or missing checksum at the very end is common and harmless: all data came out before it.
        """
        unfolding = zlib.decompressobj()
        bound = min(_STREAM_BYTES, self._left) + 1
        try:
            found = unfolding.decompress(data, bound)
        except zlib.error:
            found = self._all_but_checksum(data, bound)
        if not unfolding.eof and len(found) < bound and not unfolding.unconsumed_tail:
            found = self._all_but_checksum(data, bound)
        if len(found) >= bound or unfolding.unconsumed_tail:
            raise ReadFailure(FailureCode.TOO_LARGE, "a stream unfolds beyond bounds")
        return self.count(found)

    def _all_but_checksum(self, data: bytes, bound: int) -> bytes:
        unfolding = zlib.decompressobj(-zlib.MAX_WBITS)  # without header and checksum
        try:
            found = unfolding.decompress(data[2:], bound)
        except zlib.error as error:
            raise ReadFailure(FailureCode.DAMAGED, "a torn stream") from error
        if not unfolding.eof and len(found) < bound:
            raise ReadFailure(FailureCode.DAMAGED, "a torn stream")
        return found


def _short(data: bytes) -> bytes:
    if len(data) > _RADIX_BYTES:
        raise ReadFailure(FailureCode.TOO_LARGE, "an LZW or run-length stream")
    return data


def _narrow(sequence: Iterable[object]) -> list[object]:
    """Given the entries of /W or /W2, return them. A range of more codes than a font can have is hostile."""
    values = [resolve1(value) for value in sequence]
    for first, last in pairwise(values):
        if isinstance(first, int) and isinstance(last, int) and last - first > _CODES:
            raise ReadFailure(FailureCode.TOO_LARGE, "width table of a font")
    return values
