"""Who is reminded of what, when, and when not (facts: the table of §4 is reproduced exactly)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from intake.model import CampaignState, Cell, CellState, Draft, FormId, LetterKind, ReminderRecord, UnitName
from intake.roster import Unit
from intake.settings import Audience, CalendarDay, Campaign, Collection
from scheduler.reminders import Due, Unreachable, UnreachableReason, Withheld, due
from scheduler.workdays import Calendar
from tests.builders.reminding import (
    CASE,
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
FRIDAY, SATURDAY, MAKE_UP_SATURDAY = date(2025, 5, 30), date(2025, 6, 28), date(2025, 10, 11)
PUBLISHED = date(2025, 5, 27)
TOWN = unit("青石镇人民政府", "qingshi@example.com")
NOTHING_IN = state()


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def ask(
    now: datetime,
    *collections: Collection,
    units: Iterable[Unit] = (TOWN,),
    held: CampaignState = NOTHING_IN,
    history: Iterable[ReminderRecord] = (),
    calendar: Calendar | None = None,
    bad: Iterable[str] = (),
    last_mail: datetime | None = None,
    suspended: Mapping[UnitName, tuple[int, ...]] | None = None,
    published_on: date = PUBLISHED,
) -> Due:
    asked: Campaign = campaign(*collections, published_on=published_on)
    letters = {} if last_mail is None else {UnitName(one.name): last_mail for one in units}
    return due(
        asked,
        roster(*units),
        held,
        history,
        calendar or Calendar(),
        SENDING,
        now,
        frozenset(bad),
        letters,
        suspended or {},
    )


def items(draft: Draft) -> list[dict[str, object]]:
    found = draft.context["items"]
    assert isinstance(found, list)
    return found


def steps(result: Due) -> dict[str, str]:
    return {str(item["form"]): str(item["step"]) for draft in result.drafts for item in items(draft)}


def record(day: date, *forms: str, to: Unit = TOWN) -> ReminderRecord:
    return ReminderRecord(UnitName(to.name), tuple(FormId(form) for form in forms), day)


def month_of_reminders(*collections: Collection, published_on: date, days: int = 60) -> dict[date, dict[str, str]]:
    """Run a silent unit through the weeks, a tick an hour, every letter sent; return what it got on which day."""
    history: list[ReminderRecord] = []
    got: dict[date, dict[str, str]] = {}
    for hours in range(days * 24):
        now = at(published_on, 0) + timedelta(hours=hours)
        result = ask(now, *collections, history=history, published_on=published_on)
        for draft in result.drafts:
            day = now.date()
            assert day not in got
            got[day] = {str(item["form"]): str(item["step"]) for item in items(draft)}
            history.append(ReminderRecord(UnitName(TOWN.name), draft.forms, day))
    return got


@pytest.mark.parametrize(
    ("deadline", "strict", "published_on", "expected"),
    [
        # Three working days before is the day of the notice itself: skipped.
        (FRIDAY, False, PUBLISHED, {"05-29": "one_day", "05-30": "day", "06-03": "overdue"}),
        (
            SATURDAY,
            True,
            PUBLISHED,
            {"06-24": "three_days", "06-26": "one_day", "06-27": "day", "06-30": "overdue"},
        ),
        (
            SATURDAY,
            False,
            PUBLISHED,
            {"06-24": "three_days", "06-26": "one_day", "06-27": "day", "07-01": "overdue"},
        ),
        (
            MAKE_UP_SATURDAY,
            False,
            date(2025, 9, 1),
            {"09-30": "three_days", "10-10": "one_day", "10-11": "day", "10-13": "overdue"},
        ),
    ],
)
def test_the_table_of_the_facts(deadline, strict, published_on, expected):
    got = month_of_reminders(collection(deadline, strict=strict), published_on=published_on)
    assert {f"{day:%m-%d}": step["liaison"] for day, step in got.items()} == expected


def test_the_notices_own_weeks():
    got = month_of_reminders(
        collection(FRIDAY, form=REGISTRATION, voluntary=True, letter_label="附件1"),
        collection(FRIDAY),
        collection(SATURDAY, form=SUMMARY, letter_label=""),
        collection(None, form=CASE, letter_label=""),
        published_on=PUBLISHED,
    )
    assert got == {
        date(2025, 5, 29): {"registration": "soft", "liaison": "one_day"},
        date(2025, 5, 30): {"liaison": "day"},
        date(2025, 6, 3): {"liaison": "overdue"},
        date(2025, 6, 24): {"summary": "three_days"},
        date(2025, 6, 26): {"summary": "one_day"},
        date(2025, 6, 27): {"summary": "day"},
        date(2025, 7, 1): {"summary": "overdue"},
    }


@pytest.mark.parametrize(
    ("published_on", "expected"),
    [
        (date(2025, 5, 23), {"05-27": "three_days", "05-29": "one_day", "05-30": "day", "06-03": "overdue"}),
        (date(2025, 5, 26), {"05-29": "one_day", "05-30": "day", "06-03": "overdue"}),  # not made up for on the 28th
        (date(2025, 5, 28), {"05-30": "day", "06-03": "overdue"}),
        (date(2025, 5, 29), {"06-03": "overdue"}),
        (date(2025, 5, 30), {"06-04": "overdue"}),  # one working day after publication is still quiet
    ],
)
def test_reminders_collapse_when_the_lead_time_is_short(published_on, expected):
    got = month_of_reminders(collection(FRIDAY), published_on=published_on)
    assert {f"{day:%m-%d}": step["liaison"] for day, step in got.items()} == expected


@pytest.mark.parametrize(
    ("hour", "minute", "sent"),
    [(8, 29, False), (8, 30, True), (12, 0, True), (17, 29, True), (17, 30, False), (0, 0, False), (23, 59, False)],
)
def test_nothing_goes_out_outside_office_hours(hour, minute, sent):
    assert bool(ask(at(date(2025, 5, 29), hour, minute), collection(FRIDAY)).drafts) is sent


def test_office_hours_are_those_of_shanghai_whatever_zone_now_comes_in():
    evening_there = datetime(2025, 5, 29, 12, 0, tzinfo=UTC)  # 20:00 in Shanghai
    assert not ask(evening_there, collection(FRIDAY)).drafts
    assert ask(datetime(2025, 5, 29, 1, 0, tzinfo=UTC), collection(FRIDAY)).drafts


def test_nothing_goes_out_on_a_rest_day_but_on_a_make_up_saturday_it_does():
    assert not ask(at(SATURDAY), collection(SATURDAY)).drafts
    assert ask(at(MAKE_UP_SATURDAY), collection(MAKE_UP_SATURDAY)).drafts


@pytest.mark.parametrize("held", [one for one in CellState if one is not CellState.NOT_SUBMITTED])
def test_a_unit_from_which_anything_came_is_not_reminded(held):
    form = collection(FRIDAY)
    assert not ask(at(date(2025, 5, 29)), form, held=state((TOWN, form, held))).drafts


def test_only_what_is_outstanding_is_mentioned():
    liaison, summary = collection(FRIDAY), collection(FRIDAY, form=SUMMARY)
    result = ask(at(date(2025, 5, 29)), liaison, summary, held=state((TOWN, liaison, CellState.ACCEPTED)))
    assert steps(result) == {"summary": "one_day"}
    assert [draft.forms for draft in result.drafts] == [("summary",)]


def test_a_form_that_is_not_asked_of_the_unit_is_not_mentioned():
    others_only = collection(FRIDAY, audience=Audience(everybody=False, groups=frozenset({"成员单位"})))
    owes_summary = unit("白沙镇人民政府", owes=frozenset({FormId("summary")}))
    assert ask(at(date(2025, 5, 29)), others_only).drafts == ()
    assert ask(at(date(2025, 5, 29)), collection(FRIDAY), units=[owes_summary]).drafts == ()


def test_a_rolling_form_is_never_reminded_of():
    assert not ask(at(date(2025, 5, 29)), collection(None, form=CASE)).drafts


def test_one_mail_merges_what_a_unit_owes_in_the_order_of_the_notice():
    result = ask(
        at(date(2025, 5, 29)),
        collection(FRIDAY, form=REGISTRATION, voluntary=True, letter_label="附件1"),
        collection(FRIDAY),
        collection(date(2025, 6, 4), form=SUMMARY, letter_label=""),
    )
    assert len(result.drafts) == 1
    assert steps(result) == {"registration": "soft", "liaison": "one_day", "summary": "three_days"}
    assert result.drafts[0].forms == ("registration", "liaison", "summary")


def test_the_draft_has_everything_the_letter_needs():
    now = at(date(2025, 5, 29), 8, 45)
    (draft,) = ask(now, collection(FRIDAY)).drafts
    assert draft.kind is LetterKind.REMINDER
    assert draft.key == "reminder:month-2025:青石镇人民政府:2025-05-29"
    assert draft.to_address == "qingshi@example.com"
    assert draft.unit == "青石镇人民政府"
    assert draft.cause is None
    assert draft.expires_at == at(date(2025, 5, 29), 17, 30)
    assert draft.context == {
        "items": [
            {
                "form": "liaison",
                "title": "联络员反馈表",
                "label": "附件2",
                "deadline": "2025-05-30",
                "step": "one_day",
                "working_days_left": 1,
                "certain": True,
                "cutoff": "",
            }
        ],
        "now_at": "2025-05-29T08:45:00+08:00",
        "overdue_until": "2025-05-29T17:30:00+08:00",
    }


def test_a_deadline_on_a_rest_day_keeps_its_printed_day_on_the_last_working_day_before():
    (draft,) = ask(at(date(2025, 6, 27)), collection(SATURDAY)).drafts
    (item,) = items(draft)
    assert (item["step"], item["deadline"], item["working_days_left"]) == ("day", "2025-06-28", 0)


def test_a_lenient_rest_day_deadline_has_no_letter_between_the_day_and_lateness():
    assert not ask(at(date(2025, 6, 30)), collection(SATURDAY)).drafts


def test_a_noon_cutoff_ends_the_use_of_the_letter_and_nothing_is_written_after_it():
    noon = collection(FRIDAY, cutoff=time(12))
    (draft,) = ask(at(FRIDAY, 9), noon).drafts
    assert draft.expires_at == at(FRIDAY, 12)
    assert not ask(at(FRIDAY, 12, 1), noon).drafts


@pytest.mark.parametrize(
    ("back_on", "step", "left"),
    [
        (date(2025, 6, 25), "three_days", 2),
        (date(2025, 6, 26), "one_day", 1),
        (date(2025, 6, 27), "day", 0),
        (date(2025, 7, 2), "overdue", 0),
        (date(2025, 7, 7), "overdue", 0),
    ],
)
def test_after_a_stop_of_the_server_one_letter_goes_out_in_todays_words(back_on, step, left):
    result = ask(at(back_on), collection(SATURDAY))
    assert steps(result) == {"summary" if step == "" else "liaison": step}
    assert items(result.drafts[0])[0]["working_days_left"] == left
    sent = [record(back_on, "liaison")]
    assert not ask(at(back_on, 15), collection(SATURDAY), history=sent).drafts


def test_a_server_that_was_off_for_weeks_does_not_send_old_overdue_notes():
    assert not ask(at(date(2025, 7, 8)), collection(SATURDAY)).drafts


def test_a_letter_that_never_went_out_is_written_anew_the_next_day_in_that_days_words():
    # Yesterday's expired in the outbox: it is not in the history.
    assert steps(ask(at(date(2025, 6, 25)), collection(SATURDAY), history=[])) == {"liaison": "three_days"}
    assert not ask(at(date(2025, 6, 25)), collection(SATURDAY), history=[record(date(2025, 6, 24), "liaison")]).drafts


def test_a_unit_gets_at_most_one_mail_a_day_even_if_another_form_falls_due():
    sent = [record(date(2025, 5, 29), "summary")]
    assert not ask(at(date(2025, 5, 29), 15), collection(FRIDAY), history=sent).drafts


def test_a_step_that_is_still_open_over_a_weekend_waits_for_monday():
    overdue_since_thursday = collection(date(2025, 6, 11))
    assert not ask(at(date(2025, 6, 14)), overdue_since_thursday).drafts
    assert steps(ask(at(date(2025, 6, 16)), overdue_since_thursday)) == {"liaison": "overdue"}


def test_a_cell_that_is_marked_as_not_owed_is_not_mentioned():
    form = collection(FRIDAY)
    name = UnitName(TOWN.name)
    waived = CampaignState("c", {(name, form.id): Cell(name, form.id, CellState.NOT_SUBMITTED, owed=False)})
    assert not ask(at(date(2025, 5, 29)), form, held=waived).drafts


def test_another_units_reminder_does_not_count():
    other = unit("白沙镇人民政府")
    sent = [record(date(2025, 5, 29), "liaison", to=other)]
    assert [draft.unit for draft in ask(at(date(2025, 5, 29)), collection(FRIDAY), history=sent).drafts] == [TOWN.name]


def test_a_clock_set_back_resends_nothing():
    sent = [record(FRIDAY, "liaison")]
    assert not ask(at(date(2025, 5, 29)), collection(FRIDAY), history=sent).drafts


def test_a_clock_before_the_publication_sends_nothing():
    assert not ask(at(date(2025, 5, 29)), collection(FRIDAY), published_on=date(2025, 6, 10)).drafts


@pytest.mark.parametrize(
    ("wrote_at", "sent"),
    [
        (at(date(2025, 5, 29), 7), False),  # the same day
        (at(date(2025, 5, 28), 23), False),  # one working day before
        (datetime(2025, 5, 27, 17, 0, tzinfo=UTC), False),  # already the 28th in Shanghai
        (at(date(2025, 5, 27), 10), True),
        (at(date(2025, 5, 31)), False),  # in the future: the clock was set back
    ],
)
def test_a_unit_that_wrote_within_one_working_day_is_left_alone(wrote_at, sent):
    assert bool(ask(at(date(2025, 5, 29)), collection(FRIDAY), last_mail=wrote_at).drafts) is sent


def test_weekends_do_not_shorten_the_quiet_after_a_units_mail():
    wrote_on_friday = at(date(2025, 6, 20))
    assert not ask(at(date(2025, 6, 23)), collection(date(2025, 6, 26)), last_mail=wrote_on_friday).drafts
    assert ask(at(date(2025, 6, 25)), collection(date(2025, 6, 26)), last_mail=wrote_on_friday).drafts


def test_a_first_step_that_was_too_near_to_the_units_mail_is_not_made_up_for_the_next_day():
    wrote_on_monday = at(date(2025, 6, 23))
    days = [date(2025, 6, 24), date(2025, 6, 25), date(2025, 6, 26)]
    sent = [steps(ask(at(day), collection(SATURDAY), last_mail=wrote_on_monday)) for day in days]
    assert sent == [{}, {}, {"liaison": "one_day"}]


def test_an_overdue_note_waits_for_the_quiet_after_the_units_mail_to_end():
    wrote_on_the_day = at(FRIDAY)
    assert not ask(at(date(2025, 6, 3)), collection(FRIDAY), last_mail=wrote_on_the_day).drafts
    assert steps(ask(at(date(2025, 6, 4)), collection(FRIDAY), last_mail=wrote_on_the_day)) == {"liaison": "overdue"}


def test_a_voluntary_form_has_one_soft_note_and_nobody_is_overdue():
    asked = collection(FRIDAY, form=REGISTRATION, voluntary=True)
    got = month_of_reminders(asked, published_on=date(2025, 5, 1))
    assert got == {date(2025, 5, 27): {"registration": "soft"}}


def test_a_soft_note_is_not_repeated_for_a_moved_deadline():
    asked = collection(FRIDAY, form=REGISTRATION, voluntary=True)
    sent = [record(date(2025, 5, 20), "registration")]
    assert not ask(at(date(2025, 5, 29)), asked, history=sent, published_on=date(2025, 5, 1)).drafts


def test_three_letters_before_the_deadline_are_the_most_even_if_the_deadline_is_moved():
    sent = [record(date(2025, 6, day), "liaison") for day in (3, 5, 6)]
    assert not ask(at(date(2025, 6, 26)), collection(SATURDAY), history=sent).drafts
    assert steps(ask(at(date(2025, 7, 1)), collection(SATURDAY), history=sent)) == {"liaison": "overdue"}
    assert not ask(
        at(date(2025, 7, 1)), collection(SATURDAY), history=[*sent, record(date(2025, 6, 10), "liaison")]
    ).drafts


def test_the_first_address_that_did_not_bounce_is_written_to():
    several = unit("青石镇人民政府", "Office@example.com", "second@example.com", "third@example.com")
    (draft,) = ask(at(date(2025, 5, 29)), collection(FRIDAY), units=[several], bad=["office@example.com"]).drafts
    assert draft.to_address == "second@example.com"


def test_units_that_cannot_be_reached_are_left_to_the_clerk():
    silent = unit("白沙镇人民政府", addresses=())
    bounced = unit("海湾镇人民政府", "haiwan@example.com")
    result = ask(at(date(2025, 5, 29)), collection(FRIDAY), units=[silent, TOWN, bounced], bad=["haiwan@example.com"])
    assert [draft.unit for draft in result.drafts] == [TOWN.name]
    assert result.unreachable == (
        Unreachable(UnitName("白沙镇人民政府"), FormId("liaison"), UnreachableReason.NO_ADDRESS),
        Unreachable(UnitName("海湾镇人民政府"), FormId("liaison"), UnreachableReason.BOUNCED),
    )


def test_an_unreachable_unit_that_owes_nothing_is_no_business_of_the_clerks():
    form = collection(FRIDAY)
    silent = unit("白沙镇人民政府", addresses=())
    result = ask(at(date(2025, 5, 29)), form, units=[silent], held=state((silent, form, CellState.ACCEPTED)))
    assert result == Due()


def test_letters_come_in_roster_order():
    units = [unit(name) for name in ("海湾镇人民政府", "白沙镇人民政府", "青石镇人民政府")]
    result = ask(at(date(2025, 5, 29)), collection(FRIDAY), units=units)
    assert [draft.unit for draft in result.drafts] == [one.name for one in units]


def test_a_step_reckoned_over_a_year_without_decree_says_so():
    (draft,) = ask(at(date(2035, 3, 6)), collection(date(2035, 3, 9)), published_on=date(2035, 2, 1)).drafts
    assert [(item["step"], item["certain"]) for item in items(draft)] == [("three_days", False)]


def test_the_offices_own_rest_day_moves_the_steps():
    closed = Calendar((CalendarDay(date(2025, 5, 29), working=False),))
    assert not ask(at(date(2025, 5, 29)), collection(FRIDAY), calendar=closed).drafts
    earlier = ask(at(date(2025, 5, 28)), collection(FRIDAY), calendar=closed, published_on=date(2025, 5, 20))
    assert steps(earlier) == {"liaison": "one_day"}


def test_a_reminder_that_a_waiting_mail_withholds_is_told_with_all_that_is_due_and_the_mail():
    waits = {UnitName(TOWN.name): (8,)}
    found = ask(at(date(2025, 5, 29)), collection(FRIDAY), suspended=waits)
    assert found == Due(withheld=(Withheld(UnitName(TOWN.name), (FormId("liaison"),), (8,)),))


def test_what_is_not_due_anyway_is_not_called_withheld():
    waits, day = {UnitName(TOWN.name): (8,)}, date(2025, 5, 29)
    assert ask(at(day), collection(FRIDAY), suspended=waits, last_mail=at(day, 7)) == Due(), "it wrote today"
    sent = [record(day, "liaison")]
    assert ask(at(day), collection(FRIDAY), suspended=waits, history=sent) == Due(), "it was reminded today"
    assert ask(at(day, 20), collection(FRIDAY), suspended=waits) == Due(), "out of office hours"


def test_a_unit_that_no_letter_reaches_and_whose_mail_waits_is_told_for_its_mail():
    bad, waits = ["qingshi@example.com"], {UnitName(TOWN.name): ()}
    found = ask(at(date(2025, 5, 29)), collection(FRIDAY), suspended=waits, bad=bad)
    assert (found.drafts, found.unreachable, len(found.withheld)) == ((), (), 1)
