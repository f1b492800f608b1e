"""单位: telephoned, excused, handed in on paper, undone; told before, refused beside the form, never registered twice."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from intake import noting
from intake.db.models import AuditRow, OutboxRow, UnitNoteRow
from intake.model import CellState, FormId, OutboxState, UnitName
from parsers.forms import FieldType
from scheduler.web.application import make_application
from tests.builders import office
from tests.web import many
from tests.web.conftest import NAME, SANDS, SCHOOLS, STONE, Client, needs_chromium
from tests.web.test_browser import PICTURES, follow, log_in
from tests.web.test_progress import plain
from tests.web.test_units import HOSTILE, rows, section, versions

TYPED = {"field.name": "林小满", "field.position": "安全办主任", "field.mobile": "13900000005"}
DAY = "2025-05-28"
TITLE = "泉州台商投资区“安全生产月”活动联络员反馈表"


def hidden(text: str, action: str, name: str = "seen") -> str:
    form = text.partition(f'action="{action}"')[2].partition("</form>")[0]
    return re.search(rf'name="{name}" value="([^"]*)"', form)[1]


def notes(served) -> list[UnitNoteRow]:
    with served.app.bench.sessions() as session:
        return list(session.scalars(select(UnitNoteRow).order_by(UnitNoteRow.id)))


def audit(served) -> list[AuditRow]:
    with served.app.bench.sessions() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


def cell(served, unit: str, form: str = "liaison"):
    with served.app.bench.sessions() as session:
        return served.app.bench.ledgers.read(session).state.cell(UnitName(unit), FormId(form))


def waiting_reminder(served, unit: str, *forms: str, number: int = 1) -> None:
    with served.app.bench.sessions.begin() as session:
        many.letter(session, number, unit, office.START, *forms, state=OutboxState.HELD, sent_at=None)


def state_of_reminder(served, number: int = 1) -> str:
    with served.app.bench.sessions() as session:
        return session.scalars(select(OutboxRow.state).where(OutboxRow.key == f"key {number}")).one()


def call(served, order: int = 2, seen: str | None = None, **more):
    given = seen or hidden(served.client.get(f"/units/{order}").text, f"/units/{order}/call")
    return served.client.post(f"/units/{order}/call", {"seen": given, "form": "", "text": "", **more})


# --- calls -----------------------------------------------------------------------------------------------------------


def test_a_call_is_noted_listed_and_told_in_the_timeline_and_the_audit_repeats_no_word_of_it(served):
    answer = call(served, form="liaison", text="李主任答应下午报 13900000009")
    assert (answer.status_code, answer.location) == (303, "/units/2")
    text = served.client.get("/units/2").text
    assert "已标记电话催办" in text
    listed = rows(section(text, "联系方式").partition('id="notes"')[2])[1:]
    assert [row[2:6] for row in listed] == [["已电话催办", f"《{TITLE}》", "李主任答应下午报 13900000009", NAME]]
    assert rows(section(text, "往来记录"))[1][2].startswith("电话联系《")
    (row,) = audit(served)
    assert (row.who, row.action, row.subject) == (NAME, "note call", f"unit {SANDS}")
    assert "13900000009" not in json.dumps(row.details, ensure_ascii=False)


def test_the_same_form_sent_twice_is_noted_once_and_the_second_says_so(served):
    seen = hidden(served.client.get("/units/2").text, "/units/2/call")
    assert call(served, seen=seen, text="已催").status_code == 303
    again = call(served, seen=seen, text="已催")
    assert again.status_code == 409
    assert "没有登记：您打开这一页以后情况变了" in again.text
    assert 'value="已催"' in again.text
    assert len(notes(served)) == 1


def test_a_remark_that_is_too_long_is_refused_beside_its_form_and_kept(served):
    answer = call(served, text="长" * 301)
    assert answer.status_code == 409
    form = answer.text.partition('action="/units/2/call"')[2].partition("</form>")[0]
    assert "请不超过300字" in form
    assert "长" * 301 in form
    other = answer.text.partition('action="/units/2/exempt"')[2].partition("</form>")[0]
    assert "长" not in other
    assert notes(served) == []


def test_a_form_that_is_not_of_the_campaign_notes_nothing(served):
    assert call(served, form="另一份").status_code == 404
    assert served.client.post("/units/2/exempt", {"form": "附件2"}).status_code == 404
    assert served.client.post("/units/99/call", {"seen": ""}).status_code == 404
    assert notes(served) == []


# --- excuses ---------------------------------------------------------------------------------------------------------


def test_before_a_unit_is_excused_the_letters_that_will_not_go_are_told_and_nothing_is_done_yet(served):
    waiting_reminder(served, SCHOOLS, "liaison", "summary", number=1)
    waiting_reminder(served, SCHOOLS, "case", number=2)
    waiting_reminder(served, STONE, "liaison", number=3)
    asked = served.client.post("/units/3/exempt", {"form": "liaison", "text": "机构已撤并"})
    assert asked.status_code == 200
    assert "以下 1 封还没有发出的提醒会取消" in plain(asked.text)
    assert "【报送提醒】1" in asked.text
    assert "现在：未报" in asked.text
    assert (notes(served), state_of_reminder(served)) == ([], "held")
    sure = {"form": "liaison", "text": "机构已撤并", "seen": hidden(asked.text, "/units/3/exempt")}
    assert served.client.post("/units/3/exempt", sure).location == "/units/3"
    assert [state_of_reminder(served, number) for number in (1, 2, 3)] == ["cancelled", "held", "held"]
    assert cell(served, SCHOOLS).state is CellState.EXEMPT
    assert cell(served, SCHOOLS, "summary").state is CellState.NOT_SUBMITTED
    text = served.client.get("/units/3").text
    assert "1 封还没有发出的提醒已取消" in text
    assert "机构已撤并" in text
    assert served.client.post("/units/3/exempt", sure).status_code == 409
    assert len(notes(served)) == 1


def test_what_changed_since_the_question_is_asked_anew(served):
    asked = served.client.post("/units/3/exempt", {"form": "", "text": ""})
    assert "不取消任何信" in asked.text
    waiting_reminder(served, SCHOOLS, "summary")
    sure = {"form": "", "text": "", "seen": hidden(asked.text, "/units/3/exempt")}
    assert served.client.post("/units/3/exempt", sure).status_code == 409
    assert (notes(served), state_of_reminder(served)) == ([], "held")


def test_a_unit_is_excused_from_all_forms_at_once(served):
    asked = served.client.post("/units/3/exempt", {"form": "", "text": ""})
    assert "全部报表" in asked.text
    served.client.post("/units/3/exempt", {"form": "", "text": "", "seen": hidden(asked.text, "/units/3/exempt")})
    assert {cell(served, SCHOOLS, form).state for form in many.FORMS} == {CellState.EXEMPT}


def test_a_form_that_came_meanwhile_makes_the_question_stale(served):
    asked = served.client.post("/units/3/exempt", {"form": "liaison", "text": ""})
    with served.app.bench.sessions.begin() as session:
        mail = many.message(session, 70, office.START, office.UNITS[SCHOOLS])
        many.submission(session, mail, SCHOOLS, "liaison", "accepted")
    sure = {"form": "liaison", "text": "", "seen": hidden(asked.text, "/units/3/exempt")}
    assert served.client.post("/units/3/exempt", sure).status_code == 409
    assert notes(served) == []


# --- paper copies ----------------------------------------------------------------------------------------------------


def typing(served, order: int = 3) -> str:
    return served.client.get(f"/units/{order}/paper?form=liaison").text


def handed_in(served, shown: str | None = None, order: int = 3, **more):
    seen = hidden(shown or typing(served, order), f"/units/{order}/paper")
    given = {"form": "liaison", "seen": seen, "on": DAY, "text": "", **TYPED, **more}
    return served.client.post(f"/units/{order}/paper", given)


def test_the_paper_page_has_the_forms_own_labels_and_marks_what_is_required(served):
    labels = re.findall(r'<label for="f-[^"]*">(.*?)</label>', typing(served))
    assert [plain(one) for one in labels if "must" in one] == ["姓名 *", "职务 *", "手机 *"]
    assert {"性别", "办公电话", "传真", "电子邮箱"} <= {plain(one) for one in labels}
    assert not any("单位" in plain(one) for one in labels)
    assert 'max="2025-05-28"' in typing(served)


def test_a_field_that_is_asked_for_only_sometimes_says_when(served):
    text = served.client.get("/units/3/paper?form=registration").text
    assert "为“是”时必填" in text
    assert "<select" in text.partition('for="f-has_program"')[2].partition("</div>")[0]


def test_a_paper_copy_is_registered_and_its_reminder_stopped_as_told_before(served):
    waiting_reminder(served, SCHOOLS, "liaison")
    text = typing(served)
    assert "以下 1 封还没有发出的提醒会取消" in plain(text)
    answer = handed_in(served, text, text="门卫转交")
    assert (answer.status_code, answer.location) == (303, "/units/3")
    assert (cell(served, SCHOOLS).state, state_of_reminder(served)) == (CellState.ACCEPTED, "cancelled")
    (version,) = versions(served.client.get("/units/3").text)
    assert "收到纸质件" in version
    assert "补录：门卫转交" in version
    assert "查看来信" not in version
    assert "13900000005" in version
    (row,) = audit(served)
    assert (row.action, sorted(row.details["fields"])) == ("note paper", ["mobile", "name", "position"])
    assert "13900000005" not in json.dumps(row.details)


def test_the_same_paper_copy_sent_twice_is_registered_once(served):
    text = typing(served)
    assert handed_in(served, text).status_code == 303
    again = handed_in(served, text)
    assert again.status_code == 409
    assert "提交了两次" in again.text
    assert 'value="13900000005"' in again.text
    assert len(notes(served)) == 1


def test_what_is_wrong_is_told_beside_each_field_and_what_was_typed_stays(served):
    answer = handed_in(served, **{"field.mobile": "139", "field.position": "", "field.email": "x@@y"})
    assert answer.status_code == 409
    fields = dict(re.findall(r'<label for="f-([^"]*)">(.*?)(?=<div class="field)', answer.text, re.DOTALL))
    faults = {key: re.findall(r'class="fault"><bdi>(.*?)</bdi>', html) for key, html in fields.items()}
    assert {key for key, found in faults.items() if found} == {"mobile", "position", "email"}
    assert "未填写" in faults["position"][0]
    assert 'value="139"' in fields["mobile"]
    assert 'value="林小满"' in fields["name"]
    assert fields["name"].count("aria-invalid") == 0
    assert answer.text.count("autofocus") == 1
    assert notes(served) == []


def test_what_would_vanish_is_refused_beside_its_field_with_what_was_typed(served):
    answer = handed_in(served, **{"field.email": "同上"})
    assert answer.status_code == 409
    field = answer.text.partition('<label for="f-email">')[2].partition('<div class="field')[0]
    assert 'value="同上"' in field
    assert "“电子邮箱”填写为“同上”，请写明具体内容" in field
    assert notes(served) == []


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2025-05-29", "不能晚于现在"),
        ("2015-05-28", "早于通知发布的日期"),
        ("", "请填写收到日期"),
        ("昨天", "看不明白"),
        ("0001-01-01T00:00+14:00", "看不明白"),
    ],
)
def test_a_day_that_cannot_be_is_refused_beside_the_day(served, day, words):
    answer = handed_in(served, on=day)
    assert answer.status_code == 409
    assert words in answer.text.partition('id="about-on"')[2].partition("</p>")[0]
    assert 'value="13900000005"' in answer.text
    assert notes(served) == []


def test_whether_a_paper_copy_is_late_is_decided_by_the_day_it_was_handed_in(served):
    served.app.clock.sleep(timedelta(days=6).total_seconds())
    served.client.log_in()
    handed_in(served, on="2025-05-30")
    assert not cell(served, SCHOOLS).late
    handed_in(served, order=1, on="2025-06-03")
    assert "逾期" in versions(served.client.get("/units/1").text)[0]


@pytest.mark.parametrize("form", many.FORMS)
def test_every_form_of_the_campaign_can_be_typed_in(served, form):
    text = served.client.get(f"/units/2/paper?form={form}").text
    spec = served.app.settings.campaign.collection(FormId(form)).form
    labels = [plain(one).removesuffix(" *") for one in re.findall(r'<label for="f-[^"]*">(.*?)</label>', text)]
    assert labels == [one.label for one in spec.fields if one.type is not FieldType.UNIT]


def test_of_a_form_that_is_there_already_the_page_says_so(served):
    assert "这份表已有电子版" in typing(served, 1)
    assert "没有填的栏目，登记后就是空的" in typing(served, 1)
    assert "这份表已有电子版" not in typing(served, 3)


def test_the_form_that_is_missing_is_the_first_choice_for_a_paper_copy(served):
    form = served.client.get("/units/1").text.partition('aria-label="补录纸质件"')[2].partition("</form>")[0]
    assert re.findall(r'value="([^"]*)" selected', form) == ["summary"]


def test_a_paper_of_no_form_and_of_no_unit_is_no_page(served):
    for path in ("/units/3/paper", "/units/3/paper?form=x", "/units/99/paper?form=liaison", "/units/99999999999/paper"):
        assert served.client.get(path).status_code == 404


# --- undoing ---------------------------------------------------------------------------------------------------------


def test_a_note_is_taken_back_after_a_question_and_says_by_whom(served):
    handed_in(served)
    (row,) = notes(served)
    assert f'href="/notes/{row.id}/undo"' in served.client.get("/units/3").text
    asked = served.client.get(f"/notes/{row.id}/undo").text
    assert "重新算作未报" in asked
    assert SCHOOLS in asked
    assert cell(served, SCHOOLS).state is CellState.ACCEPTED
    answer = served.client.post(f"/notes/{row.id}/undo")
    assert (answer.status_code, answer.location) == (303, "/units/3")
    assert cell(served, SCHOOLS).state is CellState.NOT_SUBMITTED
    text = served.client.get("/units/3").text
    assert f"由 {NAME} 撤销" in plain(text.partition('id="notes"')[2])
    assert f'href="/notes/{row.id}/undo"' not in text
    assert [one.action for one in audit(served)] == ["note paper", "note undone"]


def test_a_note_that_was_taken_back_meanwhile_is_not_taken_back_twice(served):
    call(served)
    (row,) = notes(served)
    noting.undo(served.app.bench, row.id, who="李某某", now=served.app.clock.now())
    for answer in (served.client.get(f"/notes/{row.id}/undo"), served.client.post(f"/notes/{row.id}/undo")):
        assert answer.status_code == 409
        assert "已由李某某撤销" in answer.text
    assert [one.undone_by for one in notes(served)] == ["李某某"]
    assert served.client.get("/notes/999/undo").status_code == 404
    assert served.client.post("/notes/999/undo").status_code == 404


def test_a_unit_that_left_the_roster_is_noted_no_more_but_its_notes_can_be_taken_back(served):
    with served.app.bench.sessions.begin() as session:
        values = {"fields": {}, "handed_in_at": None}
        campaign = served.app.settings.campaign.id
        session.add(
            UnitNoteRow(campaign=campaign, unit=many.GONE, kind="exempt", values=values, who=NAME, at=office.START)
        )
    text = served.client.get(f"/units/by-name/{many.GONE}").text
    assert "标记已电话催办" not in text
    (row,) = notes(served)
    answer = served.client.post(f"/notes/{row.id}/undo")
    assert answer.status_code == 303
    assert served.client.get(answer.location).status_code == 200
    assert notes(served)[0].undone_by == NAME


def test_a_note_of_another_campaign_is_none_of_ours(served):
    with served.app.bench.sessions.begin() as session:
        values = {"fields": {}, "handed_in_at": None}
        session.add(UnitNoteRow(campaign="other", unit=STONE, kind="call", values=values, who=NAME, at=office.START))
    (row,) = notes(served)
    assert served.client.get(f"/notes/{row.id}/undo").status_code == 404
    assert served.client.post(f"/notes/{row.id}/undo").status_code == 404


# --- doors, strangers' texts, the browser -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/units/2/call", "/units/2/exempt", "/units/2/paper", "/notes/1/undo"])
def test_nothing_is_noted_without_the_sessions_token(served, path):
    assert served.client.post(path, {"token": "another", "form": "liaison", **TYPED}).status_code == 403
    assert notes(served) == []


def test_tags_in_what_is_typed_are_only_text(served):
    hostile = HOSTILE[:290]
    call(served, text=hostile)
    refused = handed_in(served, **{"field.name": HOSTILE, "field.mobile": "<b>"}).text
    asked = served.client.post("/units/3/exempt", {"form": "", "text": hostile}).text
    number = notes(served)[0].id
    for text in (served.client.get("/units/2").text, refused, asked, served.client.get(f"/notes/{number}/undo").text):
        assert "&lt;script&gt;" in text
        assert "<script>document" not in text
        assert "<img src=x" not in text
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text)


@pytest.mark.parametrize("path", ["/units/2", "/units/3/paper?form=liaison", "/notes/1/undo"])
def test_each_page_asks_the_record_at_most_fifteen_times(served, path):
    call(served)
    served.client.get(path)
    asked: list[str] = []
    listen = lambda *arguments: asked.append(arguments[2])  # noqa: E731 - taken off again below
    event.listen(served.app.engine, "before_cursor_execute", listen)
    try:
        assert served.client.get(path).status_code == 200
    finally:
        event.remove(served.app.engine, "before_cursor_execute", listen)
    assert 0 < len(asked) <= 15


@pytest.mark.integration
@needs_chromium
@pytest.mark.parametrize("width", [1366, 1920])
def test_a_clerk_notes_excuses_types_and_undoes_in_the_browser_and_no_page_grows_too_wide(browser, served, width):
    waiting_reminder(served, SCHOOLS, "liaison", "summary")
    hostile = re.sub("[\x07\u202e\u202c\u2066]", "", HOSTILE)[:290]
    log_in(browser, served)
    browser.set_window_size(width, 768 if width < 1500 else 1080)

    def look(name: str) -> None:
        wide, window = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        if str(PICTURES) != ".":
            browser.save_screenshot(str(PICTURES / f"登记-{name}-{width}.png"))
        assert wide <= window, name
        assert not browser.find_elements("css selector", "main script, main img")
        assert not browser.title.startswith("x")

    def press(words: str, what: str = "//button[normalize-space()='{}']") -> None:
        follow(browser, browser.find_element("xpath", what.format(words)))

    browser.get(f"{served.url}/units/3")
    browser.find_element("id", "call-text").send_keys(hostile)
    press("标记已电话催办")
    assert "已标记电话催办" in browser.find_element("class name", "told").text
    look("单位")
    browser.find_element("css selector", "#exempt-form option[value=summary]").click()
    browser.find_element("id", "exempt-text").send_keys("机构已撤并")
    press("免报")
    look("免报")
    press("确认免报")
    press("补录纸质件")
    look("表")
    for key, text in (("name", "林小满"), ("mobile", hostile), ("address", "路" * 400)):
        browser.find_element("id", f"f-{key}").send_keys(text)
    press("登记纸质件")
    look("纸质件")
    assert browser.switch_to.active_element.get_attribute("aria-invalid") == "true"
    browser.get(f"{served.url}/units/3")
    press("撤销", "//a[normalize-space()='{}']")
    look("撤销")
    press("确认撤销")
    assert "已撤销这条登记" in browser.find_element("class name", "told").text
    assert [one.undone_at is not None for one in notes(served)] == [False, True]


def test_two_desks_that_note_at_once_keep_both_only_if_each_saw_the_other(served):
    second = Client(make_application(served.app))
    second.log_in()
    seen = hidden(second.get("/units/2").text, "/units/2/call")
    call(served, text="先")
    refused = second.post("/units/2/call", {"seen": seen, "form": "", "text": "后"})
    assert refused.status_code == 409
    assert "先" in section(refused.text, "联系方式")
    fresh = hidden(refused.text, "/units/2/call")
    assert second.post("/units/2/call", {"seen": fresh, "form": "", "text": "后"}).status_code == 303
    assert [one.text for one in notes(served)] == ["先", "后"]
