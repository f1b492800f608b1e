"""待核实: the list, one item, what a clerk does about it, and what a second clerk meets; without a browser."""

import html
import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import event
from werkzeug.test import TestResponse

from intake import decide
from intake.cases import look
from intake.db.models import AuditRow, DecisionRow, MessageRow, OutboxRow
from scheduler import jobs
from tests.builders import office
from tests.builders.word import zipped
from tests.web.conftest import NAME, SCHOOLS, STONE
from tests.web.review_desk import (
    BIDI,
    DOUBTFUL,
    HOSTILE,
    LONG,
    PACKED,
    QUESTION,
    STRANGER,
    TAGS,
    WORDS,
    desk_with,
    several_mails,
)

FOREIGN = "某某公司"


@pytest.fixture(scope="module")
def evening_data(morning_data, tmp_path_factory):
    """The morning's data with one more mail of each kind that waits for a person."""
    folder = tmp_path_factory.mktemp("evening")
    with desk_with(morning_data, folder, *several_mails()):
        pass
    return folder / "data"


@pytest.fixture
def desk(evening_data, tmp_path):
    with desk_with(evening_data, tmp_path) as served:
        yield served


# --- what a browser does ----------------------------------------------------------------------------------------------


def page_of(desk, number: int) -> str:
    answer = desk.client.get(f"/review/{number}")
    assert answer.status_code == 200
    return answer.text


def held_by(page: str, form: str) -> dict[str, str]:
    """All that the form on a page holds, by name: what a browser sends."""
    inner = re.search(rf'<form [^>]*class="{form}".*?</form>', page, re.DOTALL)[0]
    held = dict(re.findall(r'<input (?:type="hidden" )?(?:id="[^"]*" )?name="([^"]*)" value="([^"]*)"', inner))
    held |= dict(re.findall(r'<textarea [^>]*?name="([^"]*)"[^>]*>\n([^<]*)</textarea>', inner))
    for select, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', inner, re.DOTALL):
        held[select] = next(iter(re.findall(r'value="([^"]*)" selected', options)), "")
    return {name: html.unescape(text).replace("\n", "\r\n") for name, text in held.items()}


def sends(desk, number: int, action: str, *, page: str | None = None, **typed: str) -> TestResponse:
    """Push a button on the page of an item; `typed` changes fields before."""
    held = held_by(page_of(desk, number) if page is None else page, "review-form")
    held |= {f"field.{name}" if f"field.{name}" in held else name: text for name, text in typed.items()}
    return desk.client.post(f"/review/{number}", held | {"do": action})


def confirms(desk, number: int, asked: TestResponse) -> TestResponse:
    """Push the button of the page that asks."""
    assert asked.status_code == 200, asked.location
    return desk.client.post(f"/review/{number}", held_by(asked.text, "actions"))


def does(desk, number: int, action: str, **typed: str) -> str:
    """Push a button and confirm; return what the clerk is told."""
    done = confirms(desk, number, sends(desk, number, action, **typed))
    assert done.status_code == 303, done.text
    return desk.client.get(done.location).text


def rows(desk, table):
    with desk.app.bench.sessions() as session:
        return session.query(table).order_by(table.id).all()


def is_open(desk, number: int) -> bool:
    return next(row.review_open for row in rows(desk, MessageRow) if row.id == number)


def token_of(desk, number: int) -> str:
    with desk.app.bench.reading() as session:
        return look(session, desk.app.bench, number).token


# --- looking ----------------------------------------------------------------------------------------------------------


def test_the_list_tells_who_wrote_what_and_why_a_person_must_look(served):
    told = served.client.get("/review").text
    assert "s***@example.net" in told
    assert "someone@example.net" not in told
    assert "报送" in told
    assert f"单位名称“{FOREIGN}”" in told
    assert "联络员反馈表" in told
    assert "单位未能对应" in told
    assert STONE not in told
    assert f"/review/{QUESTION}" in told


def test_the_list_leaves_out_the_forms_that_are_not_asked_for(desk):
    assert "s***@example.net" in desk.client.get("/review?form=liaison").text
    other = desk.client.get("/review?form=registration").text
    assert "s***@example.net" not in other
    assert "这一份表没有待核实的来信" in other
    without = desk.client.get("/review?form=-").text
    assert f"/review/{WORDS}" in without
    assert f"/review/{QUESTION}" not in without
    assert desk.client.get("/review?form=%3Cb%3E").status_code == 200


def test_one_item_shows_the_original_beside_what_was_read_and_marks_where_it_came_from(desk):
    page = page_of(desk, QUESTION)
    assert "核实 第 1 件，共 5 件" in page
    assert "请查收。" in page
    assert {"确定", "未填", "待核实"} <= set(re.findall(r'class="sure [^"]+">([^<]+)<', page))
    anchors = re.findall(r'href="#(from-[^"]+)"', page)
    assert len(anchors) >= 8
    for one in anchors:
        assert page.count(f'id="{one}"') == 1
    mobile = re.search(r'id="f-mobile".*?href="#(from-[^"]+)"', page, re.DOTALL)[1]
    assert f'<td id="{mobile}" class="used"><bdi>13900000001</bdi>' in page


@pytest.mark.parametrize(("ordinal", "name", "mobile"), [(1, "甲", "13900000001"), (2, "乙", "13900000007")])
def test_a_value_from_a_file_in_an_archive_is_marked_in_that_file(desk, ordinal, name, mobile):
    page = desk.client.get(f"/review/{PACKED}?n={ordinal}").text
    anchor = re.search(r'id="f-mobile".*?href="#(from-[^"]+)"', page, re.DOTALL)[1]
    copies = {one.partition(".docx")[0][-1]: one for one in page.split("<article")}
    assert f'<td id="{anchor}" class="used"><bdi>{mobile}</bdi>' in copies[name]
    assert "说明" in page


def test_of_several_forms_in_one_mail_each_is_decided_by_itself(desk):
    assert 'aria-current="true">1. ' in page_of(desk, PACKED)
    done = sends(desk, PACKED, "return", note="请由本单位邮箱报送")
    assert "确认退回补正" in done.text
    assert confirms(desk, PACKED, done).location == f"/review/{PACKED}"
    assert is_open(desk, PACKED)
    page = page_of(desk, PACKED)
    assert 'aria-current="true">2. ' in page
    assert "待补正" in page


def test_a_doubtful_value_says_what_is_wrong_beside_its_field_and_is_there_to_be_mended(desk):
    page = page_of(desk, DOUBTFUL)
    field = re.search(r'id="f-name".*?class="field', page, re.DOTALL)[0]
    assert 'value="林小满、李四"' in field
    assert "不能确定所指，需要核实" in field
    assert "发件邮箱与原报送邮箱不同" in page
    assert f'<option value="{STONE}" selected>' in page


def test_likely_units_come_first_and_the_roster_follows(desk):
    page = page_of(desk, DOUBTFUL)
    likely = re.search(r'label="可能是">(.*?)</optgroup>', page, re.DOTALL)[1]
    assert STONE in likely
    assert page.count(f'<option value="{STONE}"') == 1
    assert page.count(f'<option value="{SCHOOLS}"') == 1


def test_pages_are_drawn_as_jpeg_and_the_original_is_a_download(desk):
    source = re.search(r'src="(/review/\d+/pages/[^"]+)"', page_of(desk, PACKED))[1]
    picture = desk.client.get(source)
    assert picture.data.startswith(b"\xff\xd8\xff")
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert desk.client.get(source.replace("0.jpg", "9.jpg")).status_code == 404
    assert desk.client.get(f"/review/{PACKED}/pages/99/0/0.jpg").status_code == 404
    assert desk.client.get(f"/review/{PACKED}/cells/1/mobile.jpg").status_code == 404
    original = desk.client.get(f"/review/{PACKED}/original")
    assert original.headers["Content-Disposition"].startswith("attachment")
    assert original.headers["Content-Type"] == "application/octet-stream"
    assert b"Message-ID" in original.data


def test_a_photo_that_no_engine_read_is_shown_to_the_person(morning_data, tmp_path):
    photo = BytesIO()
    Image.effect_noise((2400, 1800), 90).save(photo, "PNG")
    mail = office.mail(STRANGER, "照片", attachment=photo.getvalue(), name="表.png", number=30)
    with desk_with(morning_data, tmp_path, mail) as desk:
        page = page_of(desk, 4)
        assert "没有识别出表" in page
        source = re.search(r'class="sheet-page" src="([^"]+)"', page)[1]
        jpeg = desk.client.get(source).data
    shown = Image.open(BytesIO(jpeg))
    assert (shown.format, shown.width / shown.height) == ("JPEG", pytest.approx(4 / 3))
    assert len(jpeg) <= 150_000


def test_the_picture_of_a_scanned_cell_is_served_as_a_picture_and_nothing_else(desk):
    with desk.app.bench.sessions.begin() as session:
        read = session.connection().exec_driver_sql("SELECT fields FROM submissions WHERE message_id = 3").scalar_one()
        for fake, marked in (("/9j/4AAQ", "mobile"), ("PHNjcmlwdD4=", "name")):
            read = re.sub(rf'("key": "{marked}".*?"picture": ")(")', rf"\g<1>{fake}\g<2>", read, count=1)
        session.connection().exec_driver_sql("UPDATE submissions SET fields = ? WHERE message_id = 3", (read,))
    page = page_of(desk, QUESTION)
    assert f'src="/review/{QUESTION}/cells/1/mobile.jpg"' in page
    assert desk.client.get(f"/review/{QUESTION}/cells/1/mobile.jpg").data.startswith(b"\xff\xd8\xff")
    assert desk.client.get(f"/review/{QUESTION}/cells/1/name.jpg").status_code == 404


def test_a_page_asks_the_record_little(desk):
    asked = []
    event.listen(desk.app.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    for path in ("/review", f"/review/{PACKED}"):
        asked.clear()
        desk.client.get(path)
        assert len([one for one in asked if one.startswith("SELECT")]) <= 15, asked


def test_a_mail_that_does_not_exist_is_told_in_a_sentence(desk):
    answer = desk.client.get("/review/999")
    assert answer.status_code == 409
    assert "没有编号为 999 的来件" in answer.text
    assert desk.client.get("/review/999999999999999999999").status_code == 404


# --- deciding ---------------------------------------------------------------------------------------------------------


def test_a_unit_is_assigned_after_the_letter_was_shown_and_the_next_one_comes(desk):
    asked = sends(desk, QUESTION, "assign", unit=SCHOOLS)
    assert "确认发出" in asked.text
    assert "【收件回执】" in asked.text
    assert "someone@example.net" in asked.text
    assert is_open(desk, QUESTION)
    done = confirms(desk, QUESTION, asked)
    assert (done.status_code, done.location) == (303, f"/review/{DOUBTFUL}")
    told = desk.client.get(done.location).text
    assert "已归属单位" in told
    assert f'<a href="/review/{QUESTION}">回到这一件' in told
    assert not is_open(desk, QUESTION)
    audited = rows(desk, AuditRow)[-1]
    assert (audited.who, audited.action, audited.subject) == (NAME, "assign", f"mail {QUESTION}")


def test_a_value_is_changed_at_once_where_nobody_is_mailed_and_passing_shows_the_letter(desk):
    done = sends(desk, DOUBTFUL, "save", name="李四")
    assert (done.status_code, done.location) == (303, f"/review/{DOUBTFUL}")
    page = desk.client.get(done.location).text
    assert "这一件还要核实" in page
    field = re.search(r'id="f-name".*?class="field', page, re.DOTALL)[0]
    assert 'value="李四"' in field
    assert f"经办人填写（{NAME}" in field
    asked = sends(desk, DOUBTFUL, "accept")
    assert "确认发出" in asked.text
    assert "李四" in asked.text
    assert not any(row.cause_id == DOUBTFUL and "回执" in row.subject for row in rows(desk, OutboxRow))
    assert confirms(desk, DOUBTFUL, asked).status_code == 303
    assert not is_open(desk, DOUBTFUL)


def test_a_faulty_value_comes_back_with_its_sentence_beside_it_and_nothing_typed_is_lost(desk):
    answer = sends(desk, DOUBTFUL, "save", mobile="1390000", position="主任", note="请补")
    assert answer.status_code == 409
    field = re.search(r'id="f-mobile".*?class="field', answer.text, re.DOTALL)[0]
    assert 'value="1390000"' in field
    assert "号码位数不对" in field
    assert "原来是：<bdi>13900000001</bdi>" in field
    assert 'value="主任"' in answer.text
    assert ">\n请补</textarea>" in answer.text
    assert rows(desk, DecisionRow) == []
    again = sends(desk, DOUBTFUL, "save", page=answer.text, mobile="13900000002")
    assert again.status_code == 303
    assert set(rows(desk, DecisionRow)[0].values["fields"]) == {"mobile", "position"}


@pytest.mark.parametrize("action", ["accept", "dismiss", "return", "undo", "assign", "reprocess"])
def test_no_button_drops_what_was_typed_but_not_kept(desk, action):
    answer = sends(desk, DOUBTFUL, action, position="主任", note="请补")
    assert answer.status_code == 409
    assert "“职务”改了还没有保存" in answer.text
    assert 'value="主任"' in answer.text
    assert rows(desk, DecisionRow) == []
    assert is_open(desk, DOUBTFUL)


def test_another_unit_that_was_chosen_is_not_forgotten(desk):
    answer = sends(desk, DOUBTFUL, "accept", unit=SCHOOLS)
    assert answer.status_code == 409
    assert "选了别的单位还没有保存" in answer.text
    assert f'<option value="{SCHOOLS}" selected>' in answer.text
    told = desk.client.get(sends(desk, DOUBTFUL, "save", unit=SCHOOLS, position="主任").location).text
    assert "归属单位还没有保存" in told


def test_nothing_is_dismissed_without_being_asked_once(desk):
    asked = sends(desk, WORDS, "dismiss", note="已电话答复")
    assert "确认“不是报送”" in asked.text
    assert is_open(desk, WORDS)
    assert confirms(desk, WORDS, asked).status_code == 303
    assert not is_open(desk, WORDS)
    page = page_of(desk, WORDS)
    assert "已电话答复" in page
    assert "标为“不是报送”" in page


def test_the_letter_of_a_return_is_shown_with_the_clerks_words_before_it_goes(desk):
    asked = sends(desk, DOUBTFUL, "return", note="请只报一位联络员")
    assert "确认退回补正" in asked.text
    assert "请只报一位联络员" in asked.text
    assert rows(desk, DecisionRow) == []
    assert "已退回补正" in does(desk, DOUBTFUL, "return", note="请只报一位联络员")
    letter = rows(desk, OutboxRow)[-1]
    assert (letter.cause_id, letter.to_address) == (DOUBTFUL, STRANGER)


def test_undoing_tells_which_letters_can_be_stopped_and_which_are_gone(desk):
    does(desk, QUESTION, "assign", unit=SCHOOLS)
    asked = sends(desk, QUESTION, "undo")
    assert "还没有发出，会取消" in asked.text
    assert f"归属单位：{SCHOOLS}" in asked.text
    assert not is_open(desk, QUESTION)
    assert confirms(desk, QUESTION, asked).location == f"/review/{QUESTION}"
    assert is_open(desk, QUESTION)
    does(desk, QUESTION, "assign", unit=SCHOOLS)
    jobs.TICKS["fetch"](desk.app)  # no letter to a unit leaves before the Sent folder was asked
    jobs.TICKS["deliver"](desk.app)
    asked = sends(desk, QUESTION, "undo")
    assert "已经发出，收不回来" in asked.text
    assert "someone@example.net" in asked.text
    assert "收不回来" in desk.client.get(confirms(desk, QUESTION, asked).location).text


def test_a_mail_is_put_back_to_be_read_anew(desk):
    done = sends(desk, QUESTION, "reprocess")
    assert (done.status_code, done.location) == (303, f"/review/{DOUBTFUL}")
    assert next(row.state for row in rows(desk, MessageRow) if row.id == QUESTION) == "archived"
    jobs.TICKS["process"](desk.app)
    assert is_open(desk, QUESTION)


def test_who_comes_second_is_told_so_and_sees_how_it_stands(desk):
    page = page_of(desk, QUESTION)
    token = token_of(desk, QUESTION)
    decide.assign(desk.app.bench, QUESTION, 1, STONE, who="李芳", now=desk.app.clock.now(), token=token)
    answer = sends(desk, QUESTION, "assign", page=page, unit=SCHOOLS)
    assert answer.status_code == 409
    told = answer.text
    assert "别人已经处理过这一件" in told
    assert f"现在登记的是：<bdi>{STONE}</bdi>" in told
    assert f"归属单位：{STONE}" in told
    assert "李芳" in told
    assert len(rows(desk, DecisionRow)) == 1


def test_who_confirms_what_was_overtaken_changes_nothing(desk):
    asked = sends(desk, QUESTION, "assign", unit=SCHOOLS)
    token = token_of(desk, QUESTION)
    decide.dismiss(desk.app.bench, QUESTION, who="李芳", now=desk.app.clock.now(), token=token)
    answer = confirms(desk, QUESTION, asked)
    assert answer.status_code == 409
    assert "别人已经处理过这一件" in answer.text
    assert len(rows(desk, DecisionRow)) == 1


def test_who_comes_second_keeps_what_he_typed_beside_what_the_first_one_saved(desk):
    page = page_of(desk, DOUBTFUL)
    sends(desk, DOUBTFUL, "save", mobile="13900000008")
    answer = sends(desk, DOUBTFUL, "save", page=page, mobile="13900000009", note="请补")
    assert answer.status_code == 409
    field = re.search(r'id="f-mobile".*?class="field', answer.text, re.DOTALL)[0]
    assert 'value="13900000009"' in field
    assert "现在登记的是：<bdi>13900000008</bdi>" in field
    assert answer.text.count("现在登记的是：") == 1
    assert ">\n请补</textarea>" in answer.text
    assert len(rows(desk, DecisionRow)) == 1
    assert sends(desk, DOUBTFUL, "save", page=answer.text).status_code == 303
    assert len(rows(desk, DecisionRow)) == 2


def test_who_comes_second_undoes_nothing_that_he_did_not_touch(desk):
    page = page_of(desk, DOUBTFUL)
    sends(desk, DOUBTFUL, "save", mobile="13900000008")
    answer = sends(desk, DOUBTFUL, "save", page=page, position="主任")
    assert answer.status_code == 409
    held = held_by(answer.text, "review-form")
    assert (held["field.mobile"], held["field.position"]) == ("13900000008", "主任")
    assert sends(desk, DOUBTFUL, "save", page=answer.text).status_code == 303
    kept = held_by(page_of(desk, DOUBTFUL), "review-form")
    assert (kept["field.mobile"], kept["field.position"]) == ("13900000008", "主任")


def test_a_letter_that_is_another_by_now_is_shown_again(desk):
    asked = sends(desk, QUESTION, "assign", unit=SCHOOLS)
    held = held_by(asked.text, "actions") | {"shown": "0123456789abcdef"}
    answer = desk.client.post(f"/review/{QUESTION}", held)
    assert answer.status_code == 200
    assert "与刚才看到的不同" in answer.text
    assert is_open(desk, QUESTION)
    assert confirms(desk, QUESTION, answer).status_code == 303


def test_another_letter_that_was_written_meanwhile_does_not_ask_again(desk):
    asked = sends(desk, QUESTION, "assign", unit=SCHOOLS)
    does(desk, DOUBTFUL, "return", note="请只报一位联络员")
    assert confirms(desk, QUESTION, asked).status_code == 303
    assert not is_open(desk, QUESTION)


def test_what_cannot_be_is_refused_in_a_sentence(desk):
    told = sends(desk, QUESTION, "accept").text
    assert "单位还没有对应上名册" in told
    assert "请先在“归属单位”里选一个单位" in sends(desk, QUESTION, "assign").text
    assert "没有改动任何一栏" in sends(desk, QUESTION, "save").text
    assert "没有识别出表" in sends(desk, WORDS, "accept").text
    assert sends(desk, QUESTION, "burn").status_code == 400
    assert rows(desk, DecisionRow) == []


# --- hostile texts ----------------------------------------------------------------------------------------------------


def test_no_text_of_a_mail_becomes_part_of_a_page_or_an_unseen_character(desk):
    pages = [desk.client.get("/review").text, page_of(desk, HOSTILE)]
    pages += [sends(desk, HOSTILE, "dismiss", note=TAGS + BIDI).text]
    pages += [sends(desk, HOSTILE, "return", note=TAGS).text]
    pages += [sends(desk, HOSTILE, "save", name=TAGS + "x", mobile=BIDI + "1").text]
    pages += [sends(desk, HOSTILE, "save", email="a@example.net").text]
    for page in pages:
        assert "<script>document" not in page
        assert "<img src=x" not in page
        assert 'alert(1)>"' not in page
        assert not set(BIDI) & set(page)
    assert LONG in pages[1]
    assert "&lt;script&gt;" in pages[0]


def test_a_page_is_never_large_and_what_was_read_is_still_marked(desk, morning_data, tmp_path):
    assert len(page_of(desk, HOSTILE).encode()) <= 200_000
    rows = "".join(f"{number},某某村委会,{LONG[:200]}\n" for number in range(1_500))
    files = {"名单.csv": rows.encode("gb18030"), "联络员.docx": office.liaison("某某管理处")}
    mail = office.mail(STRANGER, "报送", attachment=zipped(files), name="报送.zip", number=31)
    with desk_with(morning_data, tmp_path / "other", mail) as other:
        page = page_of(other, 4)
    assert len(page.encode()) <= 200_000
    assert "只显示前面一部分" in page
    assert "联络员反馈表" in page.split("<article")[2]  # what a value came from has room before the rest
    mobile = re.search(r'id="f-mobile".*?href="#(from-[^"]+)"', page, re.DOTALL)[1]
    assert f'<td id="{mobile}" class="used"><bdi>13900000001</bdi>' in page


def test_a_field_of_many_characters_is_not_taken_for_changed(desk):
    assert "没有改动任何一栏" in sends(desk, HOSTILE, "save").text
