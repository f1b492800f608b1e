"""The same mails give the same rows wherever the program was stopped in between, and again when they are replayed.

Long: 20 seeded series of restarts of a mailbox in which units send, correct, complete and send again.
"""

import random
from datetime import timedelta
from functools import cache

import pytest
from sqlalchemy import select

from intake.db.models import MessageRow, SubmissionRow
from scheduler import jobs
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office

ADDRESS = "a27398830@126.com"
STONE, SAND, SCHOOLS = office.UNITS


@cache
def mails() -> list[bytes]:
    """Units send, leave things out, complete them in words, send again, ask, decline; a stranger meddles."""
    own = office.UNITS
    script = [
        (own[STONE], {"attachment": office.liaison(STONE, mobile="")}),
        (own[SAND], {"attachment": office.liaison(SAND, name="陈立冬", mobile="13900000002")}),
        (own[STONE], {"text": "手机：13900000003\n"}),
        ("stranger@example.net", {"attachment": office.liaison(SAND, name="赵冒名", mobile="13700000001")}),
        (own[SCHOOLS], {"text": "我局无意向联合举办。\n", "subject": "关于咨询日"}),
        (own[SAND], {"attachment": office.liaison(SAND, name="陈立冬", mobile="13900000004"), "text": "以此为准。\n"}),
        (own[SCHOOLS], {"text": "请问联络员要填几个人？\n"}),
        (own[SCHOOLS], {"attachment": office.liaison(SCHOOLS, email="jiaoyu@qu")}),
        (own[STONE], {"attachment": office.liaison(STONE, mobile="13900000003")}),
        (own[SCHOOLS], {"text": "电子邮箱：jiaoyu@qu.example.org\n"}),
        (own[SAND], {"attachment": office.liaison(SAND), "text": "手机号最后一位应该是5。\n"}),
        (own[STONE], {"text": "已报，请查收。\n"}),
    ]
    return [
        office.mail(sender, number=number, **{"subject": "联络员表", **parts})
        for number, (sender, parts) in enumerate(script, start=1)
    ]


def rows(app) -> list[tuple[object, ...]]:
    """What is stored, without the numbers that rows are given."""
    with app.bench.sessions() as session:
        found = session.execute(
            select(MessageRow.sha256, MessageRow.disposition, SubmissionRow)
            .outerjoin(SubmissionRow, SubmissionRow.message_id == MessageRow.id)
            .order_by(MessageRow.id, SubmissionRow.ordinal)
        )
        return [
            (
                digest,
                disposition,
                row and (row.ordinal, row.form, row.unit, row.state, row.trust, row.fields, row.problems),
            )
            for digest, disposition, row in found
        ]


def outcome(folder, restarts: frozenset[int], *, replay: bool = False) -> list[tuple[object, ...]]:
    """Send all mails one after another, close and open the program before the mails of `restarts`; return the rows."""
    with DemoMailbox(ADDRESS, office.PASSWORD) as mailbox, SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink:
        settings = office.settings(folder, imap_port=mailbox.port, smtp_port=sink.port)
        clock = SteppedClock(office.START)
        waiting = list(enumerate(mails(), start=1))
        while waiting:
            with open_app(settings, clock, roster=office.roster()) as app:
                jobs.recover(app)
                while waiting:
                    number, raw = waiting.pop(0)
                    mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=number))
                    assert jobs.one_round(app) is None
                    clock.sleep(600)
                    if waiting and waiting[0][0] in restarts:
                        break
                if not waiting:
                    if replay:
                        jobs.begin_replay(app)
                        assert jobs.one_round(app) is None
                    return rows(app)
    raise AssertionError("no mail was sent")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return outcome(tmp_path_factory.mktemp("undisturbed"), frozenset())


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_restarts_change_nothing(tmp_path, undisturbed, seed):
    draw = random.Random(seed)
    restarts = frozenset(draw.sample(range(2, len(mails()) + 1), draw.randint(1, 6)))
    assert outcome(tmp_path, restarts) == undisturbed


def test_the_mails_of_the_script_come_to_what_a_clerk_would_say(undisturbed):
    dispositions = dict.fromkeys((digest, disposition) for digest, disposition, _ in undisturbed)
    assert [disposition for _, disposition in dispositions] == [
        "correction",
        "accepted",
        "accepted",
        "review",
        "accepted",
        "accepted",
        "review",
        "correction",
        "accepted",
        "accepted",
        "review",
        "review",
    ]


def test_a_replay_of_the_archive_gives_the_same(tmp_path, undisturbed):
    assert outcome(tmp_path, frozenset(), replay=True) == undisturbed
