"""`intake remind --dry-run`: whom to telephone stands there once, with all that is due of it."""

from intake.model import FormId, UnitName
from scheduler.desk.letters import to_telephone
from scheduler.reminders import Unreachable, UnreachableReason


def test_a_unit_that_no_letter_reaches_is_named_once_with_all_it_owes():
    titles = {"liaison": "反馈表", "summary": "活动总结"}
    town, sands = UnitName("青石镇"), UnitName("白沙镇")
    found = [
        Unreachable(town, FormId("liaison"), UnreachableReason.NO_ADDRESS),
        Unreachable(town, FormId("summary"), UnreachableReason.NO_ADDRESS),
        Unreachable(sands, FormId("liaison"), UnreachableReason.BOUNCED),
    ]
    assert list(to_telephone(found, titles)) == [
        "无法用邮件催报，请电话联系：青石镇（名册没有邮箱）：《反馈表》《活动总结》",
        "无法用邮件催报，请电话联系：白沙镇（邮箱退信）：《反馈表》",
    ]
