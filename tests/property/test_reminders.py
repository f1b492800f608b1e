"""Laws of reminders, over rosters, deadlines and clocks that jump."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from intake.model import CampaignState, CellState, Draft, ReminderRecord, UnitName
from intake.roster import Roster
from intake.settings import Campaign
from scheduler.deadlines import END_OF_DAY, late_after
from scheduler.reminders import Due, due
from scheduler.workdays import Calendar
from tests.builders.reminding import (
    CASE,
    LIAISON,
    REGISTRATION,
    SENDING,
    SUMMARY,
    campaign,
    collection,
    roster,
    state,
    unit,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar()
FIRST = date(2025, 4, 20)  # Labour Day, Dragon Boat Festival and two make-up days lie in the weeks that follow
NAMES = ("青石镇人民政府", "白沙镇人民政府", "海湾镇人民政府")
A, B = "a@example.com", "b@example.com"
FORMS = (REGISTRATION, LIAISON, SUMMARY, CASE)


@dataclass(frozen=True)
class World:
    asked: Campaign
    roster: Roster
    states: tuple[CampaignState, CampaignState]  # before and after noon: things come in, and a clerk sets them aside
    bad: frozenset[str]
    last_mail: dict[UnitName, datetime]

    def state_at(self, now: datetime) -> CampaignState:
        return self.states[now.astimezone(SHANGHAI).hour >= 12]


def one_in(number: int) -> st.SearchStrategy[bool]:
    return st.sampled_from([False] * (number - 1) + [True])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Most forms have a deadline, most units owe most of them: the laws must not hold for want of letters."""
    published_on = FIRST + timedelta(days=draw(st.integers(0, 20)))
    collections = tuple(
        collection(
            None if draw(one_in(6)) else published_on + timedelta(days=draw(st.integers(0, 30))),
            form=form,
            cutoff=draw(st.sampled_from([END_OF_DAY, END_OF_DAY, time(12)])),
            strict=draw(st.booleans()),
            voluntary=draw(one_in(4)),
        )
        for form in draw(st.lists(st.sampled_from(FORMS), min_size=1, unique=True))
    )
    units = [
        unit(name, addresses=draw(st.sampled_from([(A,), (A,), (B, A), ()])))
        for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    ]
    pairs = [(one, asked) for one in units for asked in collections]
    mornings, afternoons = (
        state(*((one, asked, draw(st.sampled_from(list(CellState)))) for one, asked in pairs if draw(one_in(3))))
        for _ in range(2)
    )
    wrote = {
        UnitName(one.name): datetime.combine(
            published_on + timedelta(days=draw(st.integers(-2, 30))), time(7), SHANGHAI
        )
        for one in units
        if draw(one_in(4))
    }
    bad = frozenset(draw(st.sampled_from([(), (), (A,), (B,)])))
    return World(campaign(*collections, published_on=published_on), roster(*units), (mornings, afternoons), bad, wrote)


CLOCK_TIMES = (time(0), time(8, 29), time(8, 30), time(12, 1), time(17, 29, 59), time(17, 30), time(23))
moments = st.builds(
    lambda days, clock: datetime.combine(FIRST + timedelta(days=days), clock, SHANGHAI),
    st.integers(-2, 60),
    st.sampled_from(CLOCK_TIMES),
)


@st.composite
def walks(draw: st.DrawFn) -> list[datetime]:
    """Draw the ticks of some weeks: three a day, with days on which the server is off, and a clock that is set back."""
    clock_times = sorted(draw(st.lists(st.sampled_from(CLOCK_TIMES), min_size=3, max_size=3, unique=True)))
    stops = draw(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)), max_size=3))
    days_off = {day for first, length in stops for day in range(first, first + length)}
    ticks = [
        datetime.combine(FIRST + timedelta(days=day), clock, SHANGHAI)
        for day in range(60)
        if day not in days_off
        for clock in clock_times
    ]
    step_at = draw(st.integers(1, len(ticks)))
    return ticks[:step_at] + ticks[max(0, step_at - draw(st.integers(0, 20))) :]


def ask(world: World, now: datetime, history: list[ReminderRecord]) -> Due:
    return due(
        world.asked,
        world.roster,
        world.state_at(now),
        tuple(history),
        CALENDAR,
        SENDING,
        now,
        world.bad,
        world.last_mail,
        {},
    )


def recorded(draft: Draft, now: datetime) -> ReminderRecord:
    assert draft.unit is not None
    return ReminderRecord(draft.unit, draft.forms, now.astimezone(SHANGHAI).date())


def run(world: World, walk: list[datetime]) -> list[tuple[datetime, Draft]]:
    """Let the clock walk, send everything that falls due, and return it with its time."""
    history: list[ReminderRecord] = []
    sent: list[tuple[datetime, Draft]] = []
    for now in walk:
        for draft in ask(world, now, history).drafts:
            sent.append((now, draft))
            history.append(recorded(draft, now))
    return sent


@given(worlds(), moments)
def test_due_a_second_time_with_the_first_result_applied_gives_nothing(world, now):
    first = ask(world, now, [])
    assert not ask(world, now, [recorded(draft, now) for draft in first.drafts]).drafts


@given(worlds(), walks())
def test_every_letter_goes_out_in_office_hours_of_a_working_day_and_expires_the_same_day(world, walk):
    for now, draft in run(world, walk):
        local = now.astimezone(SHANGHAI)
        assert CALENDAR.is_working(local.date())
        assert SENDING.office_opens <= local.time() < SENDING.office_closes
        assert draft.expires_at is not None
        assert now <= draft.expires_at <= local.replace(hour=17, minute=30, second=0, microsecond=0)


@given(worlds(), walks())
def test_nothing_goes_out_within_a_working_day_of_the_notice_or_of_the_units_own_mail(world, walk):
    for now, draft in run(world, walk):
        assert draft.unit is not None
        for event in (world.asked.published_on, world.last_mail.get(draft.unit, now - timedelta(days=99)).date()):
            assert event < now.date()
            assert CALENDAR.working_days_between(event, now.date()) > 1


@given(worlds(), walks())
def test_nobody_from_whom_something_came_is_reminded_and_nobody_at_a_bad_address(world, walk):
    for now, draft in run(world, walk):
        assert draft.unit is not None
        assert draft.to_address not in world.bad
        for form in draft.forms:
            assert world.state_at(now).cell(draft.unit, form).state is CellState.NOT_SUBMITTED


@given(worlds(), walks())
def test_a_unit_gets_at_most_four_letters_about_a_form_and_one_a_day_under_a_key_of_its_own(world, walk):
    sent = run(world, walk)
    assert max(Counter((draft.unit, form) for _, draft in sent for form in draft.forms).values(), default=0) <= 4
    assert max(Counter((draft.unit, now.astimezone(SHANGHAI).date()) for now, draft in sent).values(), default=0) <= 1
    assert len({draft.key for _, draft in sent}) == len(sent)


@given(worlds(), walks())
def test_no_step_of_a_form_is_taken_twice_and_voluntary_forms_have_one_soft_note(world, walk):
    taken: Counter[tuple[object, ...]] = Counter()
    voluntary = {one.id for one in world.asked.collections if one.voluntary}
    for _, draft in run(world, walk):
        for item in draft.context["items"]:  # type: ignore[attr-defined]
            taken[draft.unit, item["form"], item["step"]] += 1
            assert (item["step"] == "soft") == (item["form"] in voluntary)
    assert max(taken.values(), default=0) <= 1


@given(worlds(), walks())
def test_overdue_is_said_only_after_lateness_begins_and_the_rest_only_before_the_deadline(world, walk):
    for now, draft in run(world, walk):
        for item in draft.context["items"]:  # type: ignore[attr-defined]
            asked = world.asked.collection(item["form"])
            limit = late_after(asked, CALENDAR)
            assert limit is not None
            if item["step"] == "overdue":
                assert now > limit
            else:
                assert asked.deadline is not None
                assert now.astimezone(SHANGHAI).date() <= asked.deadline


@given(worlds())
def test_a_silent_reachable_unit_that_owes_a_form_hears_of_it_before_or_after_its_deadline(world):
    """A tick each morning from publication on: only those who wrote, answered or cannot be reached hear nothing."""
    first_morning = datetime.combine(world.asked.published_on, time(9), SHANGHAI)
    mornings = [first_morning + timedelta(days=days) for days in range(60)]
    heard = {(draft.unit, form) for _, draft in run(world, mornings) for form in draft.forms}
    for one in world.roster.units:
        name = UnitName(one.name)
        for asked in world.asked.collections:
            outstanding = world.states[0].cell(name, asked.id).state is CellState.NOT_SUBMITTED
            reachable = any(address not in world.bad for address in one.addresses)
            obliged = asked.deadline is not None and not asked.voluntary
            if outstanding and reachable and obliged and name not in world.last_mail:
                assert (name, asked.id) in heard
