"""An explanation as lines for a terminal: the table of fields aligned, what was not taken below its field. Pure.

In: `intake.explain.MailExplanation`. Out: lines. Wide characters take two columns (UAX #11: W and F); those of ambiguous
width take one, as terminals outside the old East Asian encodings have it.
"""

import unicodedata
from collections.abc import Iterator

from intake.explain import FieldTold, MailExplanation, PieceTold, SubmissionTold

_LIMITS = (16, 30, 18, 24, 22)  # columns of a cell; what is longer pushes its row, nothing is cut off
_HEADINGS = ("项目", "内容", "把握", "位置", "读法")


def lines(told: MailExplanation) -> Iterator[str]:
    """Given an explanation, yield its lines."""
    yield f"  来件：{told.sender}"
    yield f"  发件人：{told.proof}"
    yield f"  结论：{told.decision}"
    yield from (f"    · {reason}" for reason in told.reasons)
    yield from (f"  文件：{words}" for words in told.files)
    for submission in told.submissions:
        yield ""
        yield from _submission(submission)
    for piece in told.pieces:
        yield ""
        yield from _piece(piece)


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(character) in {"W", "F"} for character in text)
    return len(text) + wide - sum(bool(unicodedata.combining(character)) for character in text)


def cut(text: str, columns: int) -> str:
    """Return a text in at most so many columns; one that is wider ends in …."""
    if width(text) <= columns:
        return text
    used, kept = 0, ""
    for character in text:
        used += width(character)
        if used > columns - 1:
            break
        kept += character
    return f"{kept}…"


def padded(text: str, columns: int) -> str:
    """Return a text with blanks up to so many columns."""
    return text + " " * max(0, columns - width(text))


def _submission(told: SubmissionTold) -> Iterator[str]:
    yield f"  《{told.title}》  {told.unit or '（单位未对应）'}  {told.attachment or '邮件正文'}"
    yield from _block("为什么是这张表", told.evidence)
    yield from _block("怎样读的", told.reading)
    yield from _block("单位怎样定的", told.unit_evidence)
    yield from _table(told.fields)


def _piece(told: PieceTold) -> Iterator[str]:
    yield f"  正文里的零散内容，可作《{told.title}》的："
    yield f"      {told.standing}"
    yield from _table(told.fields)


def _table(fields: tuple[FieldTold, ...]) -> Iterator[str]:
    rows = [_cells(field) for field in fields]
    columns = [
        min(limit, max(map(width, column)))
        for limit, column in zip(_LIMITS, zip(_HEADINGS, *rows, strict=True), strict=True)
    ]
    yield _row(_HEADINGS, columns)
    yield "    " + "─" * (sum(columns) + 2 * len(columns))
    for row, field in zip(rows, fields, strict=True):
        yield _row(row, columns)
        yield from (f"        · {words}" for words in _below(field))


def _block(heading: str, sentences: tuple[str, ...]) -> Iterator[str]:
    if sentences:
        yield f"    {heading}："
        yield from (f"      {words}" for words in sentences)


def _cells(field: FieldTold) -> tuple[str, ...]:
    return (field.label, _value(field), field.sure, field.place, field.rule)


def _value(field: FieldTold) -> str:
    if isinstance(field.value, bool):
        return "是" if field.value else "否"
    return " ".join((field.value or "").split())


def _row(cells: tuple[str, ...], columns: list[int]) -> str:
    return ("    " + "  ".join(padded(text, column) for text, column in zip(cells, columns, strict=True))).rstrip()


def _below(field: FieldTold) -> Iterator[str]:
    if field.problem:
        yield field.problem
    raw = " ".join(field.raw.split())
    if raw and raw != _value(field):
        yield f"原文：{raw}"
    if field.written and "".join(field.written.split()) != field.label:
        yield f"表中栏目：{' '.join(field.written.split())}"
    yield from field.rejected
