"""Our clock is doubted only on good evidence, both ways, and the doubt ends when the clock is right (I18)."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.skew import LIMIT, Doubt, Evidence, Reading, doubt, time_of_answer, words

NOON = datetime(2025, 5, 29, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


def reading(after: timedelta = timedelta(), *, off: timedelta = timedelta(), run: str = "a") -> Reading:
    """What our clocks show so long after noon, the wall clock being off by so much."""
    return Reading(NOON + after + off, run, 1000 + after.total_seconds())


def measured(after: timedelta = timedelta(), *, off: timedelta = timedelta(), run: str = "a") -> Evidence:
    return Evidence(NOON + after, reading(after, off=off, run=run))


def mail(ahead: timedelta, *, off: timedelta = timedelta(), run: str = "a") -> Evidence:
    """A mail fetched at noon whose INTERNALDATE is so much later than true time; fresh ones have zero."""
    return Evidence(NOON + ahead, reading(off=off, run=run))


@pytest.mark.parametrize(
    "off", [2 * HOUR, -2 * HOUR, 365 * DAY, -DAY, LIMIT + SECOND, -LIMIT - SECOND, 175 * 365 * DAY]
)
def test_what_a_letters_250_shows_is_believed_both_ways_until_the_clock_is_set_right(off):
    exact = measured(off=off)
    assert doubt(exact, (), reading(off=off)) == Doubt(off, proved=True)
    assert doubt(exact, (), reading(5 * HOUR, off=off)) == Doubt(off, proved=True), "nobody has set it"
    assert doubt(exact, (), reading(5 * HOUR)) is None, "NTP has set it right: the pause ends without a letter"
    assert doubt(exact, (), reading(5 * HOUR, off=2 * off)) == Doubt(2 * off, proved=True), "set the wrong way"


def test_a_proof_that_nobody_could_renew_lasts_a_day():
    exact = measured(off=2 * HOUR)
    assert doubt(exact, (), reading(DAY - HOUR, off=2 * HOUR)) is not None
    assert doubt(exact, (), reading(DAY + HOUR, off=2 * HOUR)) is None


@pytest.mark.parametrize("off", [timedelta(), LIMIT, -LIMIT])
def test_up_to_ten_minutes_are_no_error(off):
    assert doubt(measured(off=off), (), reading(3 * HOUR, off=off)) is None


def test_a_step_of_a_clock_that_was_right_is_a_question_and_no_proof():
    assert doubt(measured(), (), reading(HOUR, off=DAY)) == Doubt(DAY, proved=False)
    assert doubt(measured(HOUR, off=DAY), (), reading(HOUR, off=DAY)) == Doubt(DAY, proved=True), "answered by a letter"


def test_what_another_life_of_the_steady_clock_measured_says_nothing():
    assert doubt(measured(off=DAY, run="before the restart"), (), reading(off=DAY)) is None


def test_one_mail_from_the_future_is_no_proof_two_are():
    slow = -2 * HOUR
    assert doubt(None, [mail(timedelta(), off=slow)], reading(off=slow)) is None
    two = [mail(timedelta(), off=slow), mail(-timedelta(minutes=1), off=slow)]
    found = doubt(None, two, reading(off=slow))
    assert found == Doubt(-2 * HOUR + timedelta(minutes=1), proved=True, at_least=True)
    assert doubt(None, two, reading(HOUR)) is None, "set right"
    assert doubt(None, two, reading(3 * HOUR, off=slow)) is not None, "time alone does not mend it"
    assert doubt(None, two, reading(off=slow, run="next")) is not None, "a restart does not forget it"
    assert doubt(None, two, reading(3 * HOUR, run="next")) is None


def test_old_and_moved_mails_are_no_proof_of_anything():
    moved = [mail(-400 * DAY), mail(-3 * DAY), mail(-2 * HOUR)]
    assert doubt(None, moved, reading()) is None
    assert doubt(None, [mail(40 * DAY), *moved], reading()) is None
    assert doubt(None, [*moved, mail(40 * DAY)], reading()) is None


def test_imported_mails_can_say_nothing_against_a_clock_that_was_measured():
    imported = [mail(40 * DAY), mail(50 * DAY)]
    assert doubt(measured(), imported, reading()) is None
    assert doubt(measured(off=-DAY), imported, reading(off=-DAY)) == Doubt(-DAY, proved=True)


def just_come(after: timedelta, *, off: timedelta = timedelta(), run: str = "a") -> Evidence:
    """A mail that came by true time so long after noon, seen five minutes later by a clock that is off by so much."""
    return Evidence(NOON + after, reading(after + 5 * timedelta(minutes=1), off=off, run=run), fresh=True)


def test_two_mails_that_have_just_come_end_a_doubt_that_a_wrong_date_raised():
    misdated = Evidence(NOON - 52 * HOUR, reading())
    one, two = just_come(HOUR), just_come(2 * HOUR)
    now = reading(3 * HOUR)
    assert doubt(misdated, [one], now) == Doubt(52 * HOUR, proved=True), "one may have been moved here"
    assert doubt(misdated, [one, two], now) is None
    assert doubt(misdated, [one, two], reading(4 * HOUR, off=-DAY)) is not None, "set since"
    lay_there = [Evidence(one.server_at, one.ours), Evidence(two.server_at, two.ours)]
    assert doubt(misdated, lay_there, now) == Doubt(52 * HOUR, proved=True), "a bound, of a clock that may be slow"


@pytest.mark.parametrize("off", [DAY, -DAY])
def test_mails_that_have_just_come_agree_with_no_wrong_clock(off):
    mails = [just_come(HOUR, off=off), just_come(2 * HOUR, off=off)]
    found = doubt(measured(off=off), mails, reading(3 * HOUR, off=off))
    assert found == Doubt(off, proved=True)
    assert doubt(measured(), mails, reading(3 * HOUR, off=off)) is not None, "a step that the mails disagree with too"
    assert doubt(measured(), mails, reading(3 * HOUR)) is None, "set right"


def test_a_step_is_answered_by_two_mails_that_have_just_come_after_it():
    mails = [just_come(2 * HOUR, off=DAY), just_come(3 * HOUR, off=DAY)]
    before = Evidence(NOON - DAY, reading())  # the guest was suspended for a day: its steady clock stood
    assert doubt(before, mails, reading(4 * HOUR, off=DAY)) is not None
    slept = [Evidence(one.server_at + DAY, one.ours, fresh=True) for one in mails]
    assert doubt(measured(), slept, reading(4 * HOUR, off=DAY)) is None


def test_what_a_person_has_called_right_stands_until_the_clock_is_set_or_the_machine_restarted():
    misdated = Evidence(NOON - 52 * HOUR, reading())
    confirmed = reading(HOUR)
    assert doubt(misdated, (), reading(20 * HOUR), confirmed=confirmed) is None
    assert doubt(misdated, (), reading(20 * HOUR, off=HOUR), confirmed=confirmed) is not None
    assert doubt(measured(run="b", off=DAY), (), reading(20 * HOUR, off=DAY, run="b"), confirmed=confirmed) is not None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Mail OK queued as smtp11,D8CowAB 1548385572", datetime(2019, 1, 25, 3, 6, 12, tzinfo=UTC)),
        ("Mail OK queued as smtp11,D8CowAB", None),
        ("2.0.0 Ok: queued as 4XyZ 1548385572", None),
        ("Mail OK queued as smtp11,D8CowAB 15483855720", None),
        ("", None),
    ],
)
def test_only_coremails_own_answer_tells_the_time(answer, expected):
    assert time_of_answer(answer) == expected


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Doubt(2 * HOUR, proved=True), "快约2小时"),
        (Doubt(-11 * timedelta(minutes=1), proved=True, at_least=True), "慢至少11分钟"),
        (Doubt(-365 * DAY, proved=True), "慢约365天"),
        (Doubt(DAY, proved=False), "向前（变快）调整了约24小时"),
    ],
)
def test_the_office_is_told_how_wrong_it_is_and_what_to_do(found, said):
    told = words(found)
    assert said in told
    assert "校准本机时间" in told
    assert "timedatectl" in told
