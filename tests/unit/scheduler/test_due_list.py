"""`intake remind --dry-run`: whom to telephone, and whose mail waits, stands there once with all that is due of it."""

from intake.model import FormId, UnitName
from scheduler.desk.letters import not_before_it_is_dealt_with, to_telephone
from scheduler.reminders import Unreachable, UnreachableReason, Withheld

TITLES = {FormId("liaison"): "反馈表", FormId("summary"): "活动总结"}
LIAISON, SUMMARY = TITLES


def test_a_unit_that_no_letter_reaches_is_named_once_with_all_it_owes():
    town, sands = UnitName("青石镇"), UnitName("白沙镇")
    found = [
        Unreachable(town, LIAISON, UnreachableReason.NO_ADDRESS),
        Unreachable(town, SUMMARY, UnreachableReason.NO_ADDRESS),
        Unreachable(sands, LIAISON, UnreachableReason.BOUNCED),
    ]
    assert list(to_telephone(found, TITLES)) == [
        "无法用邮件催报，请电话联系：青石镇（名册没有邮箱）：《反馈表》《活动总结》",
        "无法用邮件催报，请电话联系：白沙镇（邮箱退信）：《反馈表》",
    ]


def test_a_unit_whose_mail_waits_is_named_with_the_mail_and_all_it_owes():
    found = [
        Withheld(UnitName("青石镇"), (LIAISON, SUMMARY), (8,)),
        Withheld(UnitName("白沙镇"), (LIAISON,), (9, 11)),
        Withheld(UnitName("教体局"), (SUMMARY,), ()),
    ]
    assert list(not_before_it_is_dealt_with(found, TITLES)) == [
        "有来件待处理（第8号），处理前不催报：青石镇：《反馈表》《活动总结》",
        "有来件待处理（第9、11号），处理前不催报：白沙镇：《反馈表》",
        "有来件过大未取回，取回或清理以前不催报：教体局：《活动总结》",
    ]
