"""A mail that names nobody as its sender: what it brings is looked at by a person, and replaces nothing by itself."""

import re

import pytest

from intake import decide, reasons
from intake.model import CellState
from tests.builders import office
from tests.rig.clerk import TOWN

ADDRESS = office.UNITS[TOWN]
NOBODY = {
    "no From": b"",
    "empty": b"From:\r\n",
    "null": b"From: <>\r\n",
    "null with a name": b"From: =?utf-8?b?6Z2S55+z6ZWH?= <>\r\n",
    "group": b"From: undisclosed-recipients:;\r\n",
    "no address": b"From: qingshi office\r\n",
    "two": b"From: qingshi@qs.example.com, other@qs.example.com\r\n",
    "beside": b"From: a@126.com <qingshi@qs.example.com>\r\n",
    "only Sender": b"Sender: qingshi@qs.example.com\r\nReply-To: qingshi@qs.example.com\r\n",
}


def nameless(desk, head: bytes = b"", **mail) -> int:
    """Let a mail come in with this in place of its From; return its number."""
    desk.number += 1
    raw = office.mail(ADDRESS, mail.pop("subject", "联络员表"), number=desk.number, **mail)
    desk.place.deliver(re.sub(rb"(?m)^From: .*\r\n(?:[ \t].*\r\n)*", head, raw, count=1), "")
    desk.goes_on()
    return desk.number


@pytest.mark.parametrize("head", NOBODY.values(), ids=NOBODY)
def test_a_form_of_nobody_waits_for_a_person_and_is_answered_by_nothing(desk, tmp_path, head):
    number = nameless(desk, head, attachment=office.liaison(TOWN))
    assert desk.is_open(number)
    assert desk.cell().state is CellState.REVIEW
    assert desk.case(number).reasons[0] == reasons.NAMELESS
    assert "待核实" in desk.sheet(tmp_path, "附件2")
    assert desk.place.letters() == []


def test_a_second_one_does_not_replace_the_first_not_even_after_that_was_accepted(desk):
    first = nameless(desk, attachment=office.liaison(TOWN, name="林小满"))
    assert not desk.acts(decide.accept, first).open
    assert desk.cell().state is CellState.ACCEPTED
    second = nameless(desk, attachment=office.liaison(TOWN, name="陈立冬"))
    assert desk.is_open(second)
    assert desk.value("name").value == "林小满"
    assert desk.place.letters() == []
    assert not desk.acts(decide.accept, second).open
    assert desk.value("name").value == "陈立冬"


def test_it_does_not_hide_what_the_unit_itself_is_to_mend(desk):
    desk.receives_form(TOWN, mobile="")
    nameless(desk, attachment=office.liaison(TOWN))
    assert desk.cell().state is CellState.CORRECTION


def test_its_lines_complete_nothing_and_its_refusal_counts_for_nobody(desk):
    first = nameless(desk, attachment=office.liaison(TOWN, mobile=""))
    desk.acts(decide.change_values, first, 1, {"职务": "主任"})
    nameless(desk, subject="联络员补充", text="手机：13912345678\n")
    assert desk.value("mobile").value is None
    number = nameless(desk, subject="青石镇 附件1", text="青石镇人民政府无意向联合举办。\n")
    assert desk.is_open(number)
    assert not [one for one in desk.ledger().submissions if one.state is CellState.NO_INTENT]


def test_a_refusal_beside_a_form_of_nobody_counts_for_nobody(desk):
    nameless(desk, attachment=office.liaison(TOWN), text="我镇无意向联合举办，现报送附件2。\n")
    assert not [one for one in desk.ledger().submissions if one.state is CellState.NO_INTENT]
