"""What is stored of a unit is a function of its mails: in one go, with restarts, from the archive into an empty database."""

import random
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import example as instance
from hypothesis import strategies as st

from intake.blanks import docx_form
from intake.config import example_path, load
from intake.model import FormId
from tests.builders import office
from tests.replay.play import Arrival, Readings, draw_stops, play, replay_into_empty
from tests.replay.record import differences

UNITS = tuple(office.UNITS)
MOBILES = ("13900000001", "13900000002", "1390000")  # the last one is no number
STRANGER = "someone@example.net"
READINGS: Readings = {}  # a form that is drawn again is not read again

words = st.sampled_from(
    [
        "手机：13900000003\n",
        "手机号最后一位应该是5。\n",
        "我单位零报告。\n",
        "我局无意向联合举办。\n",
        "请问联络员要填几个人？\n",
        "已报，请查收。\n",
        "联系电话：0595-27390009\n",
    ]
)
forms = st.tuples(st.sampled_from(["liaison", "registration"]), st.sampled_from([*MOBILES, ""]))
mails = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(UNITS),
        "own": st.sampled_from([True, True, True, False]),  # a stranger's mail now and then
        "content": st.one_of(forms, words),
        "decisive": st.booleans(),
        "reply": st.booleans(),
        "again": st.sampled_from([False, False, False, True]),  # the very same mail lies in the mailbox twice
    }
)


@cache
def example():
    return load(example_path(), environment={}, need_password=False)


@cache
def filled(form: str, unit: str, mobile: str) -> bytes:
    if form == "liaison":
        return office.liaison(unit, mobile=mobile)
    values = {"unit": unit, "has_program": False, "contact_name": "林小满", "contact_phone": mobile}
    return docx_form(example().campaign.collection(FormId(form)).form, values)


def arrivals(script: list[dict]) -> list[Arrival]:
    found = []
    for number, one in enumerate(script, start=1):
        sender = office.UNITS[one["unit"]] if one["own"] else STRANGER
        parts = {"text": one["content"]}
        if isinstance(one["content"], tuple):
            form, mobile = one["content"]
            parts = {
                "text": "以此为准。\n" if one["decisive"] else "请查收。\n",
                "attachment": filled(form, one["unit"], mobile),
                "name": f"{form}.docx",
            }
        raw = office.mail(sender, "报表", number=number, **parts)
        at = office.START + timedelta(minutes=30 * number)
        answers = sender if one["reply"] else ""
        found.append(Arrival(with_boundary(raw, number), at, answers=answers))
        if one["again"]:
            found.append(Arrival(found[-1].raw, at + timedelta(minutes=10)))
    return found


def with_boundary(raw: bytes, number: int) -> bytes:
    """The library draws a boundary for every mail; the same script must be the same bytes."""
    _head, mark, rest = raw.partition(b'boundary="')
    boundary = rest.partition(b'"')[0]
    return raw.replace(boundary, b"=_%d" % number) if mark else raw


# 2 examples are 2 mailboxes, each read three times, beside those written below; --long draws more.
few = settings(
    max_examples=2 if settings().max_examples < 100 else 25,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # an example takes seconds: shrinking one took over four minutes
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def sent(content, **changes):
    return {
        "unit": UNITS[0],
        "own": True,
        "content": content,
        "decisive": False,
        "reply": False,
        "again": False,
        **changes,
    }


# A reply names our letter by its Message-ID, which an empty database must give it again.
REPLIES = [
    sent(("registration", "")),
    sent(("liaison", "13900000001"), again=True),
    sent("手机：13900000003\n", reply=True),
]


@few
@instance(REPLIES, 1)
@given(st.lists(mails, min_size=2, max_size=9), st.integers(0, 2**16))
def test_the_rows_of_a_mailbox_are_a_function_of_its_mails(script, seed):
    came = arrivals(script)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        straight = play(came, example(), office.roster(), work / "straight", readings=READINGS)
        assert straight.record.faults == {}
        stops = draw_stops(len(came), random.Random(seed))
        stopped = play(came, example(), office.roster(), work / "stopped", stops=stops, readings=READINGS)
        assert differences(straight.record, stopped.record) == []
        assert straight.sent_twice == stopped.sent_twice == ()
        now = came[-1].at + timedelta(days=1)
        again = replay_into_empty(example(), office.roster(), work / "straight", now=now)
        assert differences(straight.record.caused_by_mails(), again.caused_by_mails()) == []
