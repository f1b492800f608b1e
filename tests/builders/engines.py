"""Engines as a test wants them: the answers are given, the questions kept. At the border where the real ones are asked."""

from dataclasses import dataclass, field

from parsers.document import ReadFailure
from parsers.engines import Box, Converted, ScannedCell, ScannedLine, ScannedPage, ScannedTable


@dataclass
class GivenEngines:
    """`converted` and `page` are what comes back; a ReadFailure is raised. `asked` lists the kinds that were asked for."""

    converted: Converted | ReadFailure | None = None
    page: ScannedPage | ReadFailure | None = None
    asked: list[str] = field(default_factory=list)

    def convert(self, data: bytes, kind: str) -> Converted:  # noqa: ARG002 - the protocol's
        self.asked.append(kind)
        return self._given(self.converted)

    def look(self, picture: bytes, frame: int = 0) -> ScannedPage:  # noqa: ARG002 - the protocol's
        self.asked.append(f"look {frame}")
        return self._given(self.page)

    @staticmethod
    def _given(answer):
        if isinstance(answer, ReadFailure):
            raise answer
        assert answer is not None, "nobody expected this question"
        return answer


def page(*rows, title="", second=None, picture="") -> ScannedPage:
    """A scanned page with a title line and a table of label and value; `second` gives the values of the second look."""
    second = dict(second or {})
    cells = []
    for row, (label, value) in enumerate(rows):
        again = second.get(label, value)
        for column, (text, other) in enumerate(((label, label), (value, again))):
            box = Box(100 + 200 * column, 100 + 40 * row, 300 + 200 * column, 140 + 40 * row)
            cells.append(ScannedCell(box, row, column, 1, 1, text, other, 0.99, picture if text else ""))
    table = ScannedTable(Box(100, 100, 500, 100 + 40 * len(rows)), len(rows), 2, tuple(cells))
    lines = (ScannedLine(Box(150, 40, 450, 80), title, title, 0.99),) if title else ()
    return ScannedPage(800, 1_000, 0, (table,) if rows else (), lines, "test-ocr 1")
