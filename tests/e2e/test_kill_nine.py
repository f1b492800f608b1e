"""kill −9 between each pair of steps, and again during recovery: no mail lost, no answer twice, all in order at rest."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from intake.archive import Archive
from intake.db.engine import open_engine, session_factory
from intake.db.models import MessageRow, OutboxRow, SightingRow
from intake.model import OutboxState
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL (POSIX)")

MAILS = [
    office.mail(office.UNITS["青石镇人民政府"], "联络员表", attachment=office.liaison("青石镇人民政府"), number=1),
    office.mail(
        office.UNITS["白沙镇人民政府"], "附件2", attachment=office.liaison("白沙镇人民政府", mobile=""), number=2
    ),
    office.mail("someone@example.net", "自动回复: 报送提醒", text="外出。\n", number=3, Auto_Submitted="auto-replied"),
]
DISPOSITIONS = {1: "accepted", 2: "correction", 3: "ignored"}
ADDRESS = "a27398830@126.com"


@dataclass
class World:
    """The servers and the zygote of one run of the rig."""

    imap: DemoMailbox
    sink: SmtpSink
    zygote: subprocess.Popen
    files_copies: bool = True
    minutes: int = 0

    def round(self, data: Path, *, kill_at: int = 0) -> dict:
        self.minutes += 20  # past the grace after which absence from the Sent folder counts
        order = {
            "data": str(data),
            "imap": self.imap.port,
            "smtp": self.sink.port,
            "now": (office.START + timedelta(minutes=self.minutes)).isoformat(),
            "kill_at": kill_at,
        }
        self.zygote.stdin.write(json.dumps(order) + "\n")
        self.zygote.stdin.flush()
        return json.loads(self.zygote.stdout.readline())


@pytest.fixture(scope="module")
def zygote():
    process = subprocess.Popen(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.e2e.crash_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    yield process
    process.stdin.close()
    process.wait(timeout=20)
    process.stdout.close()


@pytest.fixture
def world(zygote):
    with DemoMailbox(ADDRESS, office.PASSWORD) as imap:
        for number, raw in enumerate(MAILS, start=1):
            imap.deliver("INBOX", raw, office.START + timedelta(minutes=number))
        made: World

        def file_copy(letter) -> None:
            imap.deliver("已发送", letter.raw, office.START + timedelta(minutes=made.minutes))

        sink = SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=file_copy)
        made = World(imap, sink, zygote)
        with sink:
            yield made


def settle(world: World, data: Path) -> None:
    """Run rounds until nothing waits any more; three will do: recover, ask the Sent folder, send."""
    for _ in range(3):
        answer = world.round(data)
        assert answer["status"] == 0, "a round without a kill must end well"


def check(world: World, data: Path, *, allowed_uncertain: int) -> None:
    """The invariants I1 (complete archive), I2 (answers), I3 (machines), I9 (accounting).

    A receipt whose letter may have left when the process was killed goes out at most once: without a copy in the Sent
    folder it stays uncertain for the clerk. One crash leaves at most one such letter.
    """
    engine = open_engine(f"sqlite:///{data}/intake.sqlite")
    archive = Archive(data / "archive")
    with session_factory(engine)() as session:
        messages = session.query(MessageRow).order_by(MessageRow.arrived_at).all()
        assert session.query(SightingRow).count() == len(MAILS) == len(messages)
        for message, raw in zip(messages, MAILS, strict=True):
            assert archive.read(message.sha256) == raw
        assert {number: one.disposition for number, one in enumerate(messages, start=1)} == DISPOSITIONS
        assert not [one.state for one in messages if one.state in ("archived", "shunted")]
        letters = session.query(OutboxRow).all()
        assert {one.to_address for one in letters} == {office.UNITS["青石镇人民政府"], office.UNITS["白沙镇人民政府"]}
        states = Counter(one.state for one in letters)
    engine.dispose()
    delivered = Counter(message_from_bytes(one.raw)["Message-ID"] for one in world.sink.delivered)
    assert max(delivered.values(), default=0) <= 1, "a letter was sent twice"
    answered = Counter(one.recipients[0] for one in world.sink.delivered)
    assert max(answered.values(), default=0) <= 1, "a unit was answered twice"
    assert not list((data / "archive").glob("*.tmp"))
    uncertain = states.pop(OutboxState.UNCERTAIN, 0)
    assert set(states) <= {OutboxState.SENT}
    assert uncertain <= allowed_uncertain
    if world.files_copies:
        # what was delivered was found in the Sent folder; what was not is shown to the clerk, never sent blindly
        assert sum(delivered.values()) == states[OutboxState.SENT] == len(letters) - uncertain
    else:
        assert states[OutboxState.SENT] + uncertain == len(letters)


def boundaries_of_a_whole_round(world: World, data: Path) -> int:
    answer = world.round(data)
    assert answer["status"] == 0
    assert answer["boundaries"] > 40, "the rig counts too few boundaries: it no longer sees the commits"
    return answer["boundaries"]


def crash_at(zygote, tmp_path: Path, point: int, *, second: int = 0, files_copies: bool = True) -> None:
    data = tmp_path / f"{point}-{second}-{files_copies}"
    with DemoMailbox(ADDRESS, office.PASSWORD) as imap:
        for number, raw in enumerate(MAILS, start=1):
            imap.deliver("INBOX", raw, office.START + timedelta(minutes=number))
        world: World

        def file_copy(letter) -> None:
            if files_copies:
                imap.deliver("已发送", letter.raw, office.START + timedelta(minutes=world.minutes))

        with SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=file_copy) as sink:
            world = World(imap, sink, zygote, files_copies)
            assert world.round(data, kill_at=point)["killed"]
            if second:
                world.round(data, kill_at=second)
            settle(world, data)
            check(world, data, allowed_uncertain=2 if second else 1)


def test_a_round_without_a_crash_answers_both_units_and_no_machine(world, tmp_path):
    assert boundaries_of_a_whole_round(world, tmp_path / "data")
    settle(world, tmp_path / "data")
    check(world, tmp_path / "data", allowed_uncertain=0)


def test_killed_at_some_boundaries_nothing_is_lost_and_nobody_is_answered_twice(world, zygote, tmp_path):
    last = boundaries_of_a_whole_round(world, tmp_path / "count")
    for point in range(1, last + 1, max(1, last // 12)):
        crash_at(zygote, tmp_path, point)


@pytest.mark.long
def test_killed_at_every_boundary_nothing_is_lost_and_nobody_is_answered_twice(world, zygote, tmp_path):
    last = boundaries_of_a_whole_round(world, tmp_path / "count")
    for point in range(1, last + 1):
        crash_at(zygote, tmp_path, point)


@pytest.mark.long
def test_killed_again_during_recovery_the_same_holds(world, zygote, tmp_path):
    last = boundaries_of_a_whole_round(world, tmp_path / "count")
    for point in range(2, last + 1, 5):
        for second in range(1, last // 2, 9):
            crash_at(zygote, tmp_path, point, second=second)


@pytest.mark.long
def test_without_a_sent_folder_a_receipt_is_never_repeated_and_the_clerk_sees_what_is_uncertain(
    world, zygote, tmp_path
):
    last = boundaries_of_a_whole_round(world, tmp_path / "count")
    for point in range(last // 2, last + 1):
        crash_at(zygote, tmp_path, point, files_copies=False)
