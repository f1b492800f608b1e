"""The numbers of 统计, on a ledger made by hand whose figures are known."""

from datetime import UTC, date, datetime, timedelta

import pytest

from intake.ledger import Ledger, keep_ledger
from intake.model import CellState, FormId, StoredSubmission, UnitName
from intake.settings import Audience
from scheduler.figures import Nudge, Received, arrivals, fates, mending, timeliness
from scheduler.workdays import Calendar
from tests.builders import reminding

LIAISON, CASE = FormId("liaison"), FormId("case")
DEADLINE = date(2025, 5, 30)  # a Friday; Saturday to Monday are the Dragon Boat Festival
LIMIT = datetime(2025, 5, 30, 15, 59, 59, tzinfo=UTC)
TOWNS = [
    reminding.unit(f"{name}镇人民政府") for name in ("青石", "白沙", "黑水", "红山", "黄林", "绿桥", "蓝田", "紫云")
]
A, B, C, D, E, F, G, H = (UnitName(unit.name) for unit in TOWNS)
CAMPAIGN = reminding.campaign(
    reminding.collection(DEADLINE),
    reminding.collection(None, form=reminding.CASE, voluntary=True, letter_label=""),
    published_on=date(2025, 5, 26),
)
ROSTER = reminding.roster(*TOWNS)


def at(day: int, hour: int = 9, *, month: int = 5) -> datetime:
    """An instant of 2025 by the clock of Shanghai."""
    return datetime(2025, month, day, tzinfo=UTC) + timedelta(hours=hour - 8)


def sent(
    mail: int, unit: UnitName | None, when: datetime, state: CellState = CellState.ACCEPTED, **more
) -> StoredSubmission:
    values = {
        "id": mail,
        "message_id": mail,
        "form": LIAISON,
        "fields": (),
        "problems": (),
        "attachment": None,
        "from_address": "a@example.com",
    }
    return StoredSubmission(
        unit=unit, version=0, state=state, current=False, arrived_at=when, late=False, **(values | more)
    )


def kept(*submissions: StoredSubmission) -> Ledger:
    return keep_ledger("month-2025", submissions, late_after={LIAISON: LIMIT}, rolling=frozenset({CASE}))


def nudges(unit: UnitName, *days: int, form: FormId = LIAISON) -> list[Nudge]:
    return [Nudge(unit, (form,), at(day, 10)) for day in days]


# A by itself, mended a day later; B after one reminder, C after two, D after four, E after the deadline, F declined,
# G only a stranger's form came and the unit is not known, H sent after a reminder of another form only.
LEDGER = kept(
    sent(1, A, at(27), CellState.CORRECTION),
    sent(2, A, at(28)),
    sent(3, B, at(28, 9)),
    sent(4, C, at(29, 12)),
    sent(5, D, at(30, 23), CellState.REVIEW),
    sent(6, E, at(31, 0), CellState.CORRECTION),
    sent(7, E, at(4, month=6)),
    sent(8, F, at(28), CellState.NO_INTENT),
    sent(9, None, at(28)),
    sent(10, H, at(29)),
    sent(11, A, at(29), form=CASE),
    sent(12, UnitName("某某管委会"), at(29)),
)
NUDGES = [
    *nudges(A, 28),  # after its faulty form: it had come
    *nudges(B, 27, 28),  # the second was sent an hour after it came
    *nudges(C, 27, 28),
    *nudges(D, 26, 27, 28, 29),
    *nudges(E, 27, 28, 29),
    *nudges(G, 27, 28, 29, 30),
    *nudges(H, 27, form=CASE),
]


def test_every_unit_stands_in_exactly_one_column():
    liaison, case = timeliness(CAMPAIGN, ROSTER, LEDGER, NUDGES)
    assert (liaison.asked, liaison.total) == (8, 8)
    assert liaison.by_themselves == 2  # A, H
    assert liaison.after == (1, 1, 1)  # B, C, D
    assert (liaison.late, liaison.declined, liaison.silent) == (1, 1, 1)  # E, F, G
    assert liaison.came == 6
    assert (case.by_themselves, case.after, case.late, case.silent, case.total) == (1, (0, 0, 0), 0, 0, 1)


def test_a_unit_that_declined_first_and_sent_later_came():
    ledger = kept(sent(1, A, at(27), CellState.NO_INTENT), sent(2, A, at(29)))
    found = timeliness(CAMPAIGN, ROSTER, ledger, nudges(A, 28))[0]
    assert (found.by_themselves, found.after[0], found.declined) == (0, 1, 0)


def test_a_late_correction_does_not_make_a_unit_late_that_came_in_time():
    ledger = kept(sent(1, A, at(30), CellState.CORRECTION), sent(2, A, at(4, month=6)))
    found = timeliness(CAMPAIGN, ROSTER, ledger, [])[0]
    assert (found.by_themselves, found.late) == (1, 0)


def test_a_unit_of_which_the_form_is_not_asked_counts_only_if_it_sends():
    collection = reminding.collection(DEADLINE, audience=Audience(everybody=False, units=frozenset({A})))
    campaign = reminding.campaign(collection, published_on=date(2025, 5, 26))
    found = timeliness(campaign, ROSTER, kept(sent(1, B, at(28)), sent(2, C, at(28))), [])[0]
    assert (found.asked, found.unasked, found.by_themselves, found.silent, found.total) == (1, 2, 2, 1, 3)


def test_mending_is_counted_in_working_days_from_the_faulty_to_the_whole_form():
    liaison, case = mending(CAMPAIGN, LEDGER, Calendar())
    assert liaison.needed == 2
    assert liaison.days == (1, 2)  # A: Tuesday to Wednesday; E: Saturday to Wednesday over the festival
    assert liaison.median == 1.5
    assert liaison.open == 0
    assert liaison.certain
    assert (case.needed, case.days, case.median, case.open) == (0, None, None, None)


def test_the_same_day_is_no_working_day_and_the_first_whole_form_ends_it():
    ledger = kept(
        sent(1, A, at(27, 9), CellState.CORRECTION),
        sent(2, A, at(27, 10), CellState.CORRECTION),
        sent(3, A, at(27, 11)),
        sent(4, A, at(30)),
        sent(5, B, at(27), CellState.CORRECTION),
        sent(6, C, at(28)),
    )
    found = mending(CAMPAIGN, ledger, Calendar())[0]
    assert (found.needed, found.days, found.open) == (2, (0,), 1)


def test_a_form_that_was_whole_before_it_came_faulty_is_mended_only_by_a_later_one():
    ledger = kept(sent(1, A, at(27)), sent(2, A, at(28), CellState.CORRECTION))
    found = mending(CAMPAIGN, ledger, Calendar())[0]
    assert (found.needed, found.days, found.open, found.median) == (1, (), 1, None)


def test_a_mail_with_one_faulty_form_of_two_is_not_whole():
    ledger = kept(
        sent(1, A, at(27), CellState.CORRECTION),
        sent(2, A, at(28), message_id=2),
        sent(3, A, at(28), CellState.CORRECTION, message_id=2),
    )
    assert mending(CAMPAIGN, ledger, Calendar())[0].days == ()


def test_days_that_the_calendar_guesses_are_marked():
    start = datetime(2035, 5, 28, 1, tzinfo=UTC)
    ledger = kept(sent(1, A, start, CellState.CORRECTION), sent(2, A, start + timedelta(days=1)))
    assert not mending(CAMPAIGN, ledger, Calendar())[0].certain


def mail(when: datetime, disposition: str = "accepted", state: str = "filed", kind: str = "person") -> Received:
    return Received(when, state, disposition, kind)


MAILS = [
    mail(at(25)),  # before the campaign
    mail(at(26, 0)),
    mail(at(26, 23), "correction"),
    mail(at(28), "review", "held"),
    mail(at(28), "ignored", "ignored", "bounce"),
    mail(at(28), "ignored", "ignored", "auto_reply"),
    mail(at(29), "ignored", "ignored", "auto_reply"),
    mail(at(29), "", "archived", ""),
    mail(at(29), "accepted", "archived"),  # is read once more
    mail(at(29), "", "shunted", ""),
    mail(at(30)),
]


def test_every_mail_has_one_fate_and_the_sum_is_all_of_them():
    found = fates(MAILS, date(2025, 5, 26))
    assert (found.accepted, found.correction, found.review, found.nothing) == (2, 1, 1, 3)
    assert (found.waiting, found.shunted) == (2, 1)
    assert found.total == 10 == 2 + 1 + 1 + 3 + 2 + 1
    assert found.ignored == (("auto_reply", 2), ("bounce", 1))


def test_days_are_those_of_shanghai_from_the_start_to_the_last_deadline():
    found = arrivals(CAMPAIGN, MAILS, NUDGES, date(2025, 5, 28))
    assert [one.day.day for one in found.days] == [26, 27, 28, 29, 30]
    assert [one.forms for one in found.days] == [2, 0, 1, 0, 1]
    assert [one.others for one in found.days] == [0, 0, 2, 4, 0]
    assert [one.reminders for one in found.days] == [1, 6, 6, 3, 1]
    assert [one.deadlines for one in found.days] == [(), (), (), (), (LIAISON,)]
    assert (found.before, found.beyond) == (1, 0)


def test_no_mail_is_lost_between_the_days_and_beside_them():
    mails = [*MAILS, mail(at(9, month=9)), mail(datetime(1999, 1, 1, tzinfo=UTC))]
    found = arrivals(CAMPAIGN, mails, [], date(2025, 6, 10))
    assert found.days[-1].day == date(2025, 6, 10)
    assert sum(one.forms + one.others for one in found.days) + found.before + found.beyond == len(mails)
    assert (found.before, found.beyond) == (2, 1)


@pytest.mark.parametrize("year", [2026, 2999])
def test_a_deadline_in_a_wrong_year_makes_no_list_of_years(year):
    campaign = reminding.campaign(reminding.collection(date(year, 12, 30)), published_on=date(2025, 5, 26))
    assert len(arrivals(campaign, MAILS, [], date(2025, 5, 28)).days) <= 400
