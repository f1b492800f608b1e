"""How one unit stands with one form: the words that the terminal, the desk and the 汇总表 share."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from intake.ledger import Ledger
from intake.model import CampaignState, Cell, CellState, FormId, StoredSubmission, UnitName
from intake.settings import Audience
from intake.standing import Mark, Standing, mark_of, owes, tally, units_in_order
from tests.builders import reminding

SHANGHAI = ZoneInfo("Asia/Shanghai")
LIMIT = datetime(2025, 5, 30, 23, 59, 59, tzinfo=SHANGHAI)
UNIT = reminding.unit()
NAME = UnitName(UNIT.name)


def mark(cell: Cell, *, now: datetime = LIMIT, unit=UNIT, **options) -> Mark:
    collection = reminding.collection(options.pop("deadline", date(2025, 5, 30)), **options)
    limit_at = None if collection.deadline is None else LIMIT
    return mark_of(cell, unit, collection, limit_at=limit_at, now=now)


def cell(state: CellState, at: datetime | None = None, *, late: bool = False, copies: int = 1) -> Cell:
    return Cell(NAME, FormId("liaison"), state, (held(),) * copies, late=late, arrived_at=at)


def held(unit: UnitName | None = NAME) -> StoredSubmission:
    return StoredSubmission(
        1,
        1,
        FormId("liaison"),
        unit,
        1,
        CellState.ACCEPTED,
        True,
        (),
        (),
        None,
        LIMIT,
        False,
        "u@example.com",
    )


SILENCE = Cell(NAME, FormId("liaison"), CellState.NOT_SUBMITTED)


def test_silence_is_missing_to_the_last_instant_in_time_and_overdue_after_it():
    assert mark(SILENCE, now=LIMIT).words == "未报"
    assert mark(SILENCE, now=LIMIT + timedelta(seconds=1)).words == "逾期未报"


@pytest.mark.parametrize(
    "options",
    [
        {"voluntary": True},
        {"deadline": None},
        {"audience": Audience(everybody=False, groups=frozenset({"企业"}))},
        {"unit": None},
    ],
)
def test_silence_is_nothing_where_nothing_is_owed(options):
    assert mark(SILENCE, now=LIMIT + timedelta(days=9), **options).words == "—"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CellState.ACCEPTED, "已受理 5-29"),
        (CellState.CORRECTION, "待补正 5-29"),
        (CellState.REVIEW, "待核实 5-29"),
        (CellState.NO_INTENT, "无意向 5-29"),
        (CellState.EXEMPT, "免报 5-29"),
    ],
)
def test_what_came_is_told_with_its_day_even_where_nothing_was_owed(state, words):
    came = cell(state, datetime(2025, 5, 28, 16, 30, tzinfo=ZoneInfo("UTC")))
    assert mark(came).words == words
    assert mark(came, unit=None).words == words
    assert mark(came, now=LIMIT + timedelta(days=9)).words == words


def test_late_is_told_of_forms_and_not_of_a_unit_that_declines():
    at = datetime(2025, 6, 3, 9, tzinfo=SHANGHAI)
    assert mark(cell(CellState.ACCEPTED, at, late=True)).words == "已受理（逾期） 6-3"
    assert mark(cell(CellState.NO_INTENT, at, late=True)).words == "无意向 6-3"


def test_several_forms_in_force_are_counted():
    assert mark(cell(CellState.ACCEPTED, LIMIT, copies=2)).words == "已受理 5-30（2份）"


def test_every_state_has_a_standing():
    assert {one.value for one in CellState} - {one.value for one in Standing} == {CellState.NOT_SUBMITTED.value}


def test_what_the_roster_says_a_unit_owes_comes_before_the_audience():
    collection = reminding.collection(date(2025, 5, 30))
    assert owes(UNIT, collection)
    assert not owes(reminding.unit(owes=frozenset({"summary"})), collection)


def test_units_stand_in_roster_order_and_those_that_left_it_last():
    second = reminding.unit("白沙镇人民政府")
    sent = [held(UnitName("某某管委会")), held(UnitName(second.name)), held(None)]
    ledger = Ledger(CampaignState("month-2025"), tuple(sent))
    found = units_in_order(reminding.roster(second, UNIT), ledger)
    assert list(found) == [second.name, UNIT.name, "某某管委会"]
    assert found[UnitName("某某管委会")] is None


KINDS = {"asked": UNIT, "not asked": reminding.unit("某某企业", owes=frozenset()), "gone": None}


@pytest.mark.parametrize("options", [{}, {"voluntary": True}, {"deadline": None}])
@pytest.mark.parametrize("now", [LIMIT, LIMIT + timedelta(days=9)])
def test_the_counts_of_a_form_add_up_whatever_units_have_done(options, now):
    """Of three units, asked or not or gone, each in any state: all combinations."""
    collection = reminding.collection(
        options.get("deadline", date(2025, 5, 30)), voluntary=options.get("voluntary", False)
    )
    one_each = [
        (kind, state, mark(cell(state, LIMIT, late=True), now=now, unit=KINDS[kind], **options))
        for kind, state in product(KINDS, CellState)
    ]
    for three in product(one_each, repeat=3):
        found = tally(collection, [(KINDS[kind], one) for kind, _, one in three])
        kinds = Counter(kind for kind, _, _ in three)
        sent = Counter(kind for kind, state, _ in three if state not in (CellState.NOT_SUBMITTED, CellState.EXEMPT))
        assert found.asked == kinds["asked"] == sum(found.states.values())
        excused = found.states.get(Standing.EXEMPT, 0)
        assert found.owed == (0 if options else found.asked - excused)
        declined = found.states.get(Standing.NO_INTENT, 0)
        silent = found.missing + found.states.get(Standing.NOTHING, 0)
        assert found.asked - excused == found.reported + declined + silent
        assert (found.beside, found.gone) == (sent["not asked"], sent["gone"])
        assert found.late <= found.states.get(Standing.ACCEPTED, 0)
        if not options:
            assert found.states.get(Standing.NOTHING, 0) == 0


def test_an_excuse_of_a_unit_that_is_not_asked_hides_nobody_who_is():
    collection = reminding.collection(date(2025, 5, 30))
    marks = [(UNIT, mark(SILENCE)), (KINDS["not asked"], mark(cell(CellState.EXEMPT)))]
    assert tally(collection, marks).states == {Standing.MISSING: 1}
