"""Laws of what people decide, whatever was read and in whatever order they decided."""

import json
from dataclasses import replace
from random import Random
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from intake.db.by_hand import decision_of, decision_row
from intake.decisions import Given, decided, is_settled
from intake.model import CellState, DecisionKind
from parsers.forms import Problem, ProblemCode
from tests.builders.deciding import FORMS, GOOD, decision, officer
from tests.builders.judging import SAND, SCHOOLS, STONE

PROBLEMS = (
    Problem(ProblemCode.MISSING, "mobile"),
    Problem(ProblemCode.UNKNOWN_UNIT, "unit", given="某处"),
    Problem(ProblemCode.UNTRUSTED_SENDER),
    Problem(ProblemCode.AMBIGUOUS, "position", given="主任/科员"),
)
VALUES = (GOOD, {}, {"name": "陈一"}, {**GOOD, "email": "a@example.com"})


@st.composite
def mails(draw):
    """What was read in a mail: as the program states it, a form without a unit or with a doubt waits."""
    found = []
    for ordinal in range(1, draw(st.integers(1, 3)) + 1):
        unit = draw(st.sampled_from([STONE, SAND, None]))
        problems = tuple(draw(st.lists(st.sampled_from(PROBLEMS), max_size=2, unique=True)))
        waits = unit is None or any(one.code is not ProblemCode.MISSING for one in problems)
        state = CellState.REVIEW if waits else CellState.CORRECTION if problems else CellState.ACCEPTED
        state = draw(st.sampled_from([state, state, CellState.REVIEW]))
        found.append(officer(ordinal, unit=unit, problems=problems, state=state, values=draw(st.sampled_from(VALUES))))
    return tuple(found)


@st.composite
def cases(draw):
    """A mail and what people decided about it, one after the other."""
    read = draw(mails())
    made = []
    for number in range(1, draw(st.integers(0, 5)) + 1):
        kind = draw(st.sampled_from([one for one in DecisionKind if one is not DecisionKind.DISMISS]))
        whole = kind is DecisionKind.ACCEPT and draw(st.booleans())
        one = draw(st.sampled_from(read))
        typed = (Given("mobile", "139", draw(st.sampled_from(["13900000002", "13900000003"]))),)
        made.append(
            decision(
                number,
                kind,
                read if whole else [one],
                ordinal=None if whole else one.ordinal,
                unit=draw(st.sampled_from([STONE, SAND, SCHOOLS])) if kind is DecisionKind.ASSIGN else None,
                given=typed if kind is DecisionKind.VALUES else (),
                note="请核对" if kind is DecisionKind.RETURN else "",
            )
        )
    return read, tuple(made)


@given(cases(), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_rows_nor_their_numbers_change_what_counts(case, random: Random):
    read, made = case
    expected = decided(read, made, FORMS)
    renumbered = [replace(one, id=random.randrange(10**6)) for one in read]
    random.shuffle(renumbered)
    found = decided(renumbered, random.sample(made, len(made)), FORMS)
    assert [replace(one, id=0) for one in found] == [replace(one, id=0) for one in expected]


@given(cases(), st.booleans())
def test_nothing_is_accepted_by_hand_that_has_no_unit_or_a_problem_and_every_change_is_signed(case, doubtful):
    read, made = case
    for before, now in zip(read, decided(read, made, FORMS, doubts=("来信有咨询",) if doubtful else ()), strict=True):
        if now == before:
            continue
        assert now.by_hand
        assert now.state is not CellState.ACCEPTED or (now.unit is not None and not now.problems)
        assert now.unit is not None or now.state in (CellState.REVIEW, CellState.CORRECTION)
        changed = {one.key for one in now.fields} - {one.key for one in before.fields if one in now.fields}
        assert all("王芳" in one.place for one in now.fields if one.key in changed)


@given(cases())
def test_what_nobody_decided_about_is_what_the_program_read(case):
    read, made = case
    touched = {one.ordinal for one in made}
    for before, now in zip(read, decided(read, made, FORMS), strict=True):
        if before.ordinal not in touched and None not in touched:
            assert now == before


@given(cases(), st.data())
def test_another_reading_of_what_was_decided_about_leaves_nothing_accepted(case, data):
    read, made = case
    if not made:
        return
    at = data.draw(st.sampled_from([one.ordinal or 1 for one in made]))
    other = tuple(
        replace(one, fields=officer(1, values={"name": "另一人"}).fields) if one.ordinal == at else one for one in read
    )
    found = decided(other, made, FORMS)
    assert {one.state for one in found} == {CellState.REVIEW}
    assert [(one.unit, one.fields) for one in found] == [(one.unit, one.fields) for one in other]


@given(cases(), st.booleans())
def test_a_settled_mail_has_nothing_that_waits(case, doubtful):
    read, made = case
    doubts = ("来信有咨询",) if doubtful else ()
    now = decided(read, made, FORMS, doubts=doubts)
    if is_settled(made, read, now, doubts=doubts):
        assert made
        assert CellState.REVIEW not in {one.state for one in now}
        if doubts:
            assert {DecisionKind.ACCEPT, DecisionKind.RETURN} & {one.kind for one in made}


@given(cases())
def test_a_decision_comes_back_from_its_row_as_it_was(case):
    for one in case[1]:
        row = decision_row(one, "0" * 64)
        kept = SimpleNamespace(
            id=one.id, kind=str(row.kind), ordinal=row.ordinal, who=row.who, at=row.at, unit=row.unit, note=row.note
        )
        kept.values = json.loads(json.dumps(row.values))
        assert decision_of(kept) == one
