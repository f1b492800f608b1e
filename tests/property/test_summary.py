"""Whatever a unit wrote, the workbook opens, holds no formula and gives the text back."""

import re
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from intake.ledger import keep_ledger
from intake.model import CellState, FormId, StoredSubmission, UnitName
from intake.summary import build_summary
from parsers.forms import FieldReading, Problem, ProblemCode
from parsers.text import clean
from tests.builders.reminding import campaign, collection, roster, unit

NOW = datetime(2025, 5, 29, 1, 0, tzinfo=UTC)
TOWN = unit("青石镇人民政府", "qingshi@example.com")
TEXTS = st.text(max_size=80) | st.text(st.sampled_from("=+-@#_x0041\t\r\n\x00 \ud800'\"<&😀"), max_size=30)


@given(TEXTS, TEXTS, TEXTS, st.sampled_from([CellState.ACCEPTED, CellState.CORRECTION, CellState.REVIEW]))
def test_any_text_is_read_back_as_it_was_cleaned(name, note, mobile, state):
    fields = (
        FieldReading("name", name, name, "姓名", "table 1", "right"),
        FieldReading("mobile", mobile, mobile, "手机", "table 1", "right"),
        FieldReading("unit", note, note, "单位名称", "table 1", "right"),
    )
    problems = (Problem(ProblemCode.INVALID, "mobile", mobile),)
    submission = StoredSubmission(
        1, 1, FormId("liaison"), UnitName(TOWN.name), 0, state, False, fields, problems, note, NOW, False, note, (note,)
    )
    notice = campaign(collection(date(2025, 5, 30)), published_on=date(2025, 5, 27))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        build_summary(
            path,
            campaign=notice,
            roster=roster(TOWN),
            ledger=keep_ledger(notice.id, [submission], late_after={}),
            late_after={},
            reminders=(),
            generated_at=NOW,
        )
        book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type in ("f", "e")]
    sheet = book["附件2 联络员反馈表"]
    for column, written in (("C", name), ("E", mobile)):
        read = sheet[f"{column}4"].value or ""
        assert re.sub("_x005F_(?=x[0-9A-Fa-f]{4}_)", "_", read) == clean(written)
