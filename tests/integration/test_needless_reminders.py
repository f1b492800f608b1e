"""Who has sent a form is not reminded of it by a letter that was out of reach when the form was filed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from intake.db.models import OutboxRow
from intake.model import LetterKind, OutboxState
from intake.roster import Roster
from scheduler import jobs
from tests.builders import office
from tests.rig.clerk import SANDS, TOWN


@pytest.fixture
def reminded(desk):
    """An office on the day before the deadline, whose reminders are written and not sent yet."""
    desk.goes_on(timedelta(days=1))
    jobs.fetch(desk.app)
    jobs.process(desk.app)
    jobs.remind(desk.app)
    assert {row.unit for row in reminders(desk)} >= {TOWN, SANDS}
    return desk


def reminders(desk) -> list[OutboxRow]:
    return [row for row in desk.rows(OutboxRow) if row.kind == LetterKind.REMINDER]


def set_state(desk, state: OutboxState) -> None:
    with desk.bench.sessions.begin() as session:
        waiting = OutboxRow.kind == LetterKind.REMINDER, OutboxRow.unit == TOWN
        session.execute(update(OutboxRow).where(*waiting).values(state=state, not_before=desk.now))


def test_a_reminder_whose_fate_was_uncertain_when_the_form_came_is_stopped_when_it_waits_again(reminded):
    set_state(reminded, OutboxState.UNCERTAIN)
    reminded.receives_form(TOWN, unsent=True)
    set_state(reminded, OutboxState.QUEUED)  # the Sent folder has shown that it never left
    jobs.deliver(reminded.app)
    (state,) = {row.state for row in reminders(reminded) if row.unit == TOWN}
    assert state == OutboxState.CANCELLED
    assert {row.state for row in reminders(reminded) if row.unit == SANDS} == {OutboxState.SENT}
    to = [letter.recipients for _, letter in reminded.place.letters()]
    assert to.count((office.UNITS[TOWN],)) == 1, "the receipt alone"


@pytest.mark.parametrize("renamed", ["青石街道办事处", "青石新城管委会"])
def test_a_unit_that_is_renamed_without_its_former_name_is_not_reminded_twice_on_one_day(reminded, renamed):
    jobs.deliver(reminded.app)
    bench = reminded.bench
    units = [replace(one, name=renamed) if one.name == TOWN else one for one in bench.roster.units]
    anew = replace(reminded.app, bench=replace(bench, roster=Roster(tuple(units))))
    reminded.place.pass_time(timedelta(minutes=10))
    assert {draft.unit for draft in jobs.due_reminders(anew).drafts}.isdisjoint({renamed, TOWN})


def test_of_two_units_with_one_address_each_is_reminded(reminded):
    """By the address alone nobody can tell which of them a name that is gone was."""
    jobs.deliver(reminded.app)
    bench = reminded.bench
    kept = [one for one in bench.roster.units if one.name != TOWN]
    (town,) = [one for one in bench.roster.units if one.name == TOWN]
    units = [replace(town, name=name, aliases=()) for name in ("东石街道办事处", "西石街道办事处")]
    anew = replace(reminded.app, bench=replace(bench, roster=Roster((*kept, *units))))
    assert {draft.unit for draft in jobs.due_reminders(anew).drafts} == {one.name for one in units}


@pytest.mark.parametrize(("id_", "days", "reminded_again"), [("month-2026", 0, False), ("month-2026", 1, True)])
def test_an_edited_id_of_the_notice_lets_nobody_be_reminded_anew_and_a_later_notice_reminds_its_own(
    reminded, id_, days, reminded_again
):
    jobs.deliver(reminded.app)
    bench = reminded.bench
    campaign = replace(bench.settings.campaign, id=id_)
    if days:
        campaign = replace(campaign, starts_on=reminded.now.date() + timedelta(days=days))
    anew = replace(reminded.app, bench=replace(bench, settings=replace(bench.settings, campaign=campaign)))
    reminded.place.pass_time(timedelta(minutes=10))
    assert bool(jobs.due_reminders(anew).drafts) is reminded_again
