"""What a page shows of the versions of a form: what changed, of whom, and where it was read."""

from datetime import UTC, date, datetime, timedelta

from intake.ledger import keep_ledger
from intake.model import CellState, FormId, StoredSubmission, UnitName
from parsers.forms import FieldReading, Problem, ProblemCode
from scheduler.lookup.versions import Shown, shown_versions
from tests.builders import reminding

START = datetime(2025, 5, 28, 1, tzinfo=UTC)
LIMIT = datetime(2025, 5, 30, 15, 59, 59, tzinfo=UTC)
UNIT = UnitName("青石镇人民政府")
LIAISON, CASE = FormId("liaison"), FormId("case")


def sent(mail: int, name: str = "林小满", mobile: str | None = "13900000001", **more) -> StoredSubmission:
    fields = (
        FieldReading("name", name, name, "姓名", "table 1, R1C2", "right"),
        FieldReading("mobile", more.pop("raw", mobile or ""), mobile, "手机", "table 1, R2C2", "right"),
    )
    values = {
        "id": mail * 10 + more.pop("place", 0),
        "message_id": mail,
        "form": LIAISON,
        "unit": UNIT,
        "version": 0,
        "state": CellState.ACCEPTED,
        "current": False,
        "fields": fields,
        "problems": (),
        "attachment": "附件2.docx",
        "arrived_at": START + timedelta(days=mail),
        "late": False,
        "from_address": "a@example.com",
    }
    return StoredSubmission(**(values | more))


def shown(*submissions: StoredSubmission, form: FormId = LIAISON) -> tuple[Shown, ...]:
    collection = reminding.collection(date(2025, 5, 30))
    if form == CASE:
        collection = reminding.collection(None, form=reminding.CASE)
    ledger = keep_ledger("month-2025", submissions, late_after={LIAISON: LIMIT}, rolling=frozenset({CASE}))
    versions = ledger.versions(UNIT, form)
    return shown_versions(collection, versions, addresses=frozenset({"a@example.com"}), limit_at=LIMIT)


def test_a_change_is_told_field_by_field_and_the_rest_as_unchanged():
    newest, oldest = shown(sent(1), sent(2, mobile="13900000002"))
    (change,) = newest.changes
    assert change.changed == (("手机", "13900000001", "13900000002"),)
    assert ("姓名", "林小满", "林小满") in change.same
    assert oldest.changes == ()
    assert (newest.number, newest.in_force, oldest.in_force) == (2, True, False)


def test_a_difference_of_one_mark_is_a_difference():
    newest, _ = shown(sent(1, mobile="li.si@example.com"), sent(2, mobile="lisi@example.com"))
    assert newest.changes[0].changed == (("手机", "li.si@example.com", "lisi@example.com"),)


def test_people_are_paired_by_name_whatever_their_order_and_namesakes_each_once():
    before = [
        sent(1, "林小满", "13900000001"),
        sent(1, "林小满", "13900000002", place=1),
        sent(1, "郑大川", "3", place=2),
    ]
    after = [sent(2, "陈一一", "4"), sent(2, "郑大川", "5", place=1), sent(2, "林小满", "13900000001", place=2)]
    changes = {(one.name, one.fate): one.changed for one in shown(*before, *after)[0].changes}
    assert changes == {
        ("陈一一", "新增"): (),
        ("郑大川", ""): (("手机", "3", "5"),),
        ("林小满", ""): (),
        ("林小满", "不再列出"): (),
    }


def test_what_is_collected_at_any_time_replaces_nothing():
    cases = [sent(mail, form=CASE, fields=(), attachment=f"{mail}.docx") for mail in (1, 2)]
    found = shown(*cases, form=CASE)
    assert [one.in_force for one in found] == [True, True]
    assert [one.changes for one in found] == [(), ()]


def test_a_unit_that_declines_changes_no_field():
    newest, _ = shown(sent(1, state=CellState.CORRECTION), sent(2, state=CellState.NO_INTENT, fields=()))
    assert newest.changes == ()
    assert newest.states == ((CellState.NO_INTENT, "无意向"),)


def test_where_it_came_from_and_how_late_are_told():
    late, in_time = shown(sent(1), sent(4, from_address="b@example.com"))
    assert (in_time.from_roster, in_time.lateness) == (True, "")
    assert (late.from_roster, late.lateness) == (False, "逾期2天")


def test_a_value_tells_its_place_and_the_text_where_it_is_no_value():
    problem = Problem(ProblemCode.MISSING, "mobile")
    (only,) = shown(sent(1, mobile=None, raw=" 无 ", state=CellState.CORRECTION, problems=(problem,)))
    (copy,) = only.copies
    value = next(one for one in copy.values if one.label == "手机")
    assert (value.value, value.written, value.place, value.rule) == ("", "无", "表1第2行第2列", "栏目右边一格")
    assert copy.faults == ("“手机”未填写",)
    assert next(one for one in copy.values if one.label == "姓名").written == ""


def test_a_field_that_was_not_read_is_shown_empty():
    (only,) = shown(sent(1))
    address = next(one for one in only.copies[0].values if one.label == "通信地址")
    assert (address.value, address.place) == ("", "")


def test_an_endless_text_is_cut_and_says_how_long_it_is():
    (only,) = shown(sent(1, name="长" * 9_000))
    value = only.copies[0].values[0].value
    assert len(value) < 4_100
    assert value.endswith("…（共9000字）")
