"""A unit's faulty change behind its accepted form: it is counted, marked and listed as 待补正 until it is settled."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

import pytest

from intake import decide, noting
from intake.blanks import docx_document, docx_form
from intake.db.models import OutboxRow
from intake.letters import wording
from intake.mime import unpack
from intake.model import CellState, LetterKind
from scheduler.desk import status
from scheduler.digest import Health, digest_drafts
from scheduler.papers import reminders_that_went, waiting_for_a_person
from tests.builders import office
from tests.rig.clerk import LIAISON, SUMMARY, TOWN

OLD, NEW, NUMBER = "林小满", "陈立冬", "13912345678"
ADDRESS = office.UNITS[TOWN]


@pytest.fixture
def changed(desk) -> int:
    """The number of the mail that names another person and no telephone."""
    desk.receives_form(TOWN, name=OLD)
    return desk.receives_form(TOWN, name=NEW, mobile="")


def digest(desk) -> str:
    """The digest of this moment, in its words."""
    app = desk.app
    with desk.bench.sessions() as session:
        (draft,) = digest_drafts(
            campaign=app.settings.campaign,
            roster=desk.bench.roster,
            ledger=desk.ledger(),
            late_after=desk.bench.late_after,
            reminders=reminders_that_went(app, session),
            bad_addresses={},
            waiting=waiting_for_a_person(session),
            uncollected=(),
            suspended={},
            since=desk.now - timedelta(days=1),
            traffic={"mails": 0, "ignored": 0, "sent": 0, "bounced": 0},
            health=Health(None, "", None, 71, 0, 0),
            clerk=replace(app.settings.clerk, addresses=(office.CLERK,)),
            calendar=app.calendar,
            now=desk.now,
        )
    return wording(draft, desk.bench.stationery, "2025-0001").body


def marks(desk, tmp_path) -> list[str]:
    """Where the change shows: the row's remark and the matrix of the 汇总表, `status`, the digest."""
    found = [desk.sheet(tmp_path, "附件2"), desk.sheet(tmp_path, "进度"), digest(desk)]
    return [line for sheet in found for line in sheet.splitlines() if TOWN in line and "待补正" in line]


def test_the_row_keeps_what_is_in_force_and_says_what_is_asked_for(desk, tmp_path, changed):
    (row,) = [line for line in desk.sheet(tmp_path, "附件2").splitlines() if TOWN in line]
    assert OLD in row
    assert NEW not in row
    assert f"又报来一份（第{changed}号来件）" in row
    assert "待补正：“手机”未填写" in row
    assert "补正前以本行为准" in row


def test_the_digest_counts_changed_forms_as_corrections_and_copies_of_a_form_not(desk):
    for _ in range(3):
        desk.receives_form(TOWN)
    assert "更正0件" in digest(desk)
    desk.receives_form(TOWN, mobile=NUMBER)
    desk.receives_form(TOWN, mobile=NUMBER)
    assert "更正1件" in digest(desk)
    for words in ("典型案例一", "典型案例二"):  # collected at any time: the second replaces nothing
        desk.receives(
            ADDRESS, f"{TOWN}{words}", attachment=docx_document(words, ["一、做法。" * 40]), name=f"{words}.docx"
        )
    assert "更正1件" in digest(desk)


def test_the_unit_is_counted_once_and_everywhere_as_accepted_with_its_change(desk, tmp_path, changed):
    cell = desk.cell()
    assert cell.state is CellState.CORRECTION
    assert [one.message_id for one in cell.pending] == [changed]
    assert [one.state for one in cell.submissions] == [CellState.ACCEPTED]
    assert "已受理 5-28，新来件待补正" in desk.sheet(tmp_path, "进度")
    told = digest(desk)
    assert "联络员反馈表》：应报3，已报1，已受理1，其中新来件待补正1，未报2" in told
    (line,) = [one for one in told.splitlines() if TOWN in one and "待补正" not in one and "号来件" in one]
    assert f"第{changed}号来件" in line
    assert "补正前以已登记的内容为准" in line
    table = status.matrix(desk.app, desk.ledger(), now=desk.now)
    assert any("已受理 5-28，新来件待补正" in str(cell) for column in table.columns for cell in column.cells)


def completed(desk, _changed):
    desk.receives(ADDRESS, "回复：请补正", text=f"手机：{NUMBER}\n", In_Reply_To=_request(desk))


def replaced(desk, _changed):
    desk.receives_form(TOWN, name="周晓峰")


def passed(desk, changed):
    desk.acts(decide.change_values, changed, 1, {"手机": NUMBER})


def dismissed(desk, changed):
    desk.acts(decide.dismiss, changed, note="单位来电称发错")


def _request(desk) -> str:
    return message_from_bytes(desk.place.letters()[-1][1].raw)["Message-ID"]


@pytest.mark.parametrize("ending", [completed, replaced, passed, dismissed])
def test_every_mark_goes_when_the_change_is_settled(desk, tmp_path, changed, ending):
    assert len(marks(desk, tmp_path)) >= 2
    ending(desk, changed)
    desk.goes_on()
    assert desk.cell().state is CellState.ACCEPTED
    assert desk.cell().pending == ()
    assert marks(desk, tmp_path) == []


def test_an_excuse_ends_the_asking_and_keeps_the_form(desk, tmp_path, changed):
    noting.exempt(desk.bench, TOWN, "附件2", text="", who="王芳", now=desk.now)
    cell = desk.cell()
    assert (cell.state, cell.pending, cell.owed) == (CellState.ACCEPTED, (), False)
    assert [one.current for one in cell.submissions] == [True]
    assert marks(desk, tmp_path) == []


def test_the_office_s_blank_form_sent_back_is_no_change(desk):
    desk.receives_form(TOWN, name=OLD)
    form = desk.app.settings.campaign.collection(LIAISON).form
    blank = docx_form(form, {})
    desk.receives(ADDRESS, "转发：通知", attachment=blank)
    assert "为空白表" in desk.subjects()[-1]
    assert desk.cell().state is CellState.ACCEPTED


def test_as_with_every_faulty_form_the_unit_is_asked_once_and_not_reminded(desk, changed):
    while desk.now.day != 31:
        desk.goes_on(timedelta(hours=1))
    reminders = [one for one in desk.rows(OutboxRow) if one.kind == LetterKind.REMINDER and LIAISON in one.forms]
    assert reminders
    assert TOWN not in {one.unit for one in reminders}
    assert desk.cell().pending


def test_another_letter_to_the_unit_says_that_the_change_is_still_to_be_mended(desk, changed):
    desk.receives(ADDRESS, "活动总结", attachment=_report(), name="活动总结.docx")
    assert desk.cell(form=SUMMARY).state is CellState.ACCEPTED
    body = _words(desk.place.letters()[-1][1].raw)
    assert "新报来的" in body
    assert "尚待补正，补正前以已登记的内容为准。" in body


def _report() -> bytes:
    return docx_document(
        f"{TOWN}“安全生产月”活动总结", ["今年六月，我镇认真组织开展安全生产月活动，各村共同参加。" * 8]
    )


def _words(raw: bytes) -> str:
    return unpack(raw).own_text
