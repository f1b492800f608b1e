"""The ledger derives the state of unit × form from the mails alone."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from intake.ledger import in_force_at, keep_ledger
from intake.model import CellState, FormId, StoredSubmission, UnitName
from parsers.forms import Problem, ProblemCode

TOWN = UnitName("青石镇人民政府")
LIAISON = FormId("liaison")
START = datetime(2025, 5, 28, 1, 0, tzinfo=UTC)


def submission(
    number: int,
    state: CellState,
    *,
    hours: float = 0,
    mail: int | None = None,
    form: FormId = LIAISON,
    unit: UnitName | None = TOWN,
):
    return StoredSubmission(
        id=number,
        message_id=mail or number,
        form=form,
        unit=unit,
        version=0,
        state=state,
        current=False,
        fields=(),
        problems=(),
        attachment=None,
        arrived_at=START + timedelta(hours=hours),
        late=False,
        from_address="a@example.com",
    )


def state_of(*submissions, **options):
    return keep_ledger("c", submissions, late_after={}, **options).state.cell(TOWN, LIAISON)


def test_nothing_received_is_not_submitted():
    assert state_of().state is CellState.NOT_SUBMITTED


def test_the_newest_accepted_version_is_in_force_whatever_order_the_mails_were_processed_in():
    old, new = submission(1, CellState.ACCEPTED, hours=5), submission(2, CellState.ACCEPTED, hours=1)
    cell = state_of(old, new)
    assert [one.id for one in cell.submissions] == [1]
    assert cell.submissions[0].version == 2


@pytest.mark.parametrize("state", [CellState.CORRECTION, CellState.REVIEW, CellState.NO_INTENT])
def test_a_faulty_or_doubtful_later_mail_never_displaces_an_accepted_one(state):
    cell = state_of(submission(1, CellState.ACCEPTED), submission(2, state, hours=3))
    assert cell.submissions[0].id == 1
    assert cell.state is (state if state is CellState.CORRECTION else CellState.ACCEPTED)


STRANGER = (Problem(ProblemCode.UNTRUSTED_SENDER),)
BLANK = (Problem(ProblemCode.EMPTY),)


@pytest.mark.parametrize(
    ("later", "pending"),
    [
        ([(CellState.CORRECTION, ())], [2]),
        ([(CellState.CORRECTION, ()), (CellState.CORRECTION, ())], [3]),
        ([(CellState.CORRECTION, ()), (CellState.REVIEW, STRANGER)], [2]),
        ([(CellState.CORRECTION, ()), (CellState.CORRECTION, BLANK)], [2]),
        ([(CellState.CORRECTION, ()), (CellState.REVIEW, ())], []),  # the unit's answer lies before the clerk
        ([(CellState.CORRECTION, ()), (CellState.ACCEPTED, ())], []),
        ([(CellState.CORRECTION, BLANK)], []),
        ([(CellState.REVIEW, STRANGER)], []),
    ],
)
@pytest.mark.parametrize("options", [{}, {"rolling": frozenset({LIAISON})}])
def test_the_unit_s_last_word_is_to_be_mended_whatever_is_in_force(later, pending, options):
    mails = [submission(1, CellState.ACCEPTED)]
    mails += [
        replace(submission(number, state, hours=number), problems=problems)
        for number, (state, problems) in enumerate(later, start=2)
    ]
    cell = state_of(*mails, **options)
    assert [one.id for one in cell.pending] == pending
    assert cell.state is (CellState.CORRECTION if pending else CellState.ACCEPTED)
    assert {one.state for one in cell.submissions} == {CellState.ACCEPTED}


def test_of_two_people_the_one_whose_line_is_faulty_is_to_be_mended():
    cell = state_of(
        submission(1, CellState.ACCEPTED),
        submission(2, CellState.ACCEPTED, mail=9, hours=1),
        submission(3, CellState.CORRECTION, mail=9, hours=1),
    )
    assert [one.id for one in cell.pending] == [3]


def test_a_first_form_that_is_faulty_is_itself_what_tells_the_state():
    assert state_of(submission(1, CellState.CORRECTION), submission(2, CellState.CORRECTION, hours=1)).pending == ()


def test_a_correction_is_closed_by_the_accepted_mail_that_follows():
    assert (
        state_of(submission(1, CellState.CORRECTION), submission(2, CellState.ACCEPTED, hours=1)).state
        is CellState.ACCEPTED
    )


def test_two_people_of_one_mail_are_one_version_and_the_weaker_one_tells_the_state():
    cell = state_of(submission(1, CellState.ACCEPTED, mail=7), submission(2, CellState.CORRECTION, mail=7))
    assert cell.state is CellState.CORRECTION
    assert {one.version for one in cell.submissions} == {1}


def test_a_version_with_one_faulty_person_does_not_displace_a_whole_one():
    cell = state_of(
        submission(1, CellState.ACCEPTED),
        submission(2, CellState.ACCEPTED, mail=9, hours=1),
        submission(3, CellState.CORRECTION, mail=9, hours=1),
    )
    assert [one.id for one in cell.submissions] == [1]


def test_every_case_of_a_rolling_form_stays_in_force():
    cell = state_of(
        submission(1, CellState.ACCEPTED), submission(2, CellState.ACCEPTED, hours=1), rolling=frozenset({LIAISON})
    )
    assert [one.id for one in cell.submissions] == [1, 2]


def test_the_last_second_is_in_time_and_the_next_is_late():
    limit = START + timedelta(hours=2)
    ledger = keep_ledger(
        "c",
        [submission(1, CellState.ACCEPTED, hours=2), submission(2, CellState.ACCEPTED, hours=2.001)],
        late_after={LIAISON: limit},
    )
    assert [one.late for one in ledger.submissions] == [False, True]
    assert ledger.state.cell(TOWN, LIAISON).late


def test_a_submission_of_no_known_unit_is_kept_and_in_nobodys_cell():
    ledger = keep_ledger("c", [submission(1, CellState.REVIEW, unit=None)], late_after={})
    assert ledger.state.cells == {}
    assert len(ledger.submissions) == 1


def test_any_order_of_the_same_mails_gives_the_same_ledger():
    states = [CellState.ACCEPTED, CellState.CORRECTION, CellState.REVIEW, CellState.NO_INTENT] * 4
    mails = [submission(n, state, hours=(n // 2) % 5, mail=n // 2 + 1) for n, state in enumerate(states, start=1)]
    first = keep_ledger("c", mails, late_after={})
    for seed in range(20):
        shuffled = mails[:]
        random.Random(seed).shuffle(shuffled)
        assert keep_ledger("c", shuffled, late_after={}) == first


def test_what_was_in_force_at_an_instant_is_what_a_ledger_of_the_mails_until_then_tells():
    draw = random.Random(5)
    for _ in range(200):
        states = draw.choices([one for one in CellState if one not in (CellState.NOT_SUBMITTED, CellState.EXEMPT)], k=6)
        there = [submission(number, state, hours=draw.randrange(8)) for number, state in enumerate(states, start=1)]
        instant = START + timedelta(hours=draw.randrange(8))
        versions = keep_ledger("c", there, late_after={}).versions(TOWN, LIAISON)
        then = state_of(*(one for one in there if one.arrived_at <= instant))
        assert [one.id for one in in_force_at(versions, instant)] == [one.id for one in then.submissions]
