"""A few drawn worlds hold; and planted mistakes are seen in one of them."""

import pytest

from intake import outbox, pipeline
from intake.db.models import OutboxRow
from intake.db.record import SqlRecord
from intake.model import OutboxState, SenderKind, Triage
from tests.rig import world


def test_drawn_worlds_hold():
    outcome = world.run(seeds=2, steps=40, seed=500)
    assert (outcome.runs, outcome.violations) == (2, ())


def resend_blindly(session, now, **_options):
    rows = session.query(OutboxRow).filter(OutboxRow.state == OutboxState.SENDING).all()
    for row in rows:
        row.state = OutboxState.QUEUED
    return len(rows)


def everybody_is_a_person(_head, _reading, **_options):
    return Triage(SenderKind.PERSON, answerable=True, why="planted")


@pytest.mark.parametrize("mistake", ["resend", "machines", "high-water mark"])
def test_a_planted_mistake_is_seen(monkeypatch, mistake):
    told = {"resend": "I2", "machines": "I3", "high-water mark": "I1"}[mistake]
    if mistake == "resend":
        monkeypatch.setattr(outbox, "recover", resend_blindly)
    elif mistake == "machines":
        monkeypatch.setattr(pipeline, "triage", everybody_is_a_person)
    else:
        real = SqlRecord.known

        def known(self, account, folder, uid_validity):
            seen = real(self, account, folder, uid_validity)
            return set(range(max(seen) + 1)) if seen else seen

        monkeypatch.setattr(SqlRecord, "known", known)
    found: list[str] = []
    for seed in range(700, 720):
        found = world.live(seed, 60)
        if found:
            break
    assert any(told in one for one in found), f"{mistake} was not seen"
