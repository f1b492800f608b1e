"""Forms with known truth, read the whole way: a small draw of what `python -m tests.understanding` measures at length.

The judge itself is tested by planting wrong readings: a proof that cannot fail proves nothing.
"""

from collections import Counter
from dataclasses import replace

import pytest

from intake.model import Disposition
from intake.pipeline import examine_mail
from tests.understanding.__main__ import main, outcome_of
from tests.understanding.faults import ASK, Want
from tests.understanding.generate import ROSTER, SETTINGS, case
from tests.understanding.judge import HERE, compare, judge, raw_mail
from tests.understanding.mutate import DAMAGES, damaged, damaged_twice


def assessed(one):
    return examine_mail(raw_mail(one), worker=HERE, settings=SETTINGS, roster=ROSTER).assessment


def accepted():
    """A plain case that is accepted as it stands."""
    for number in range(50):
        one = case(f"plant/{number}", faulty=False)
        if one.sheets[0].form.id == "liaison" and judge(one).disposition is Disposition.ACCEPTED:
            return one
    raise AssertionError("no plain form is accepted")


def test_plain_forms_of_every_container_and_layout_are_read_right():
    asked = Counter()
    for number in range(60):
        verdict = judge(case(f"plain/{number}", faulty=False))
        assert (verdict.silent, verdict.lost) == ([], [])
        asked.update(fields=verdict.fields, asked=len(verdict.asked))
    assert asked["asked"] * 50 <= asked["fields"]


def test_faulty_values_are_read_right_or_asked_about():
    verdicts = [(one, judge(one)) for one in (case(f"faulty/{number}") for number in range(60))]
    assert [one.seed for one, verdict in verdicts if verdict.wrong] == []
    assert sum(verdict.right for _, verdict in verdicts) > 300


# Damages of which every case among 10,000 is caught or harmless; the others are measured by hand.
SURE = (
    "the mail corrects its form",
    "a second name in the cell",
    "duplicate a row",
    "delete a label",
    "insert an empty cell before a value",
    "a second file with another number",
    "a second file that is the same",
    "a signature under the mail",
    "an older form in the quoted mail",
    "another number in the mail's own text",
    "cut a digit",
    "add a digit",
    "a letter for a digit",
    "a second mobile in the cell",
    "a second e-mail in the cell",
    "tick both boxes",
    "tick both with √",
    "tick no box",
    "strike out a value",
    "strike out and write anew",
    "another charset",
    "无 for a value",
    "同上 for a value",
    "a unit that is not ours",
    "a typo in the unit",
)


def test_a_damaged_form_is_asked_about_or_still_right():
    outcomes = Counter()
    for number in range(10):
        one = case(f"damage/{number}", faulty=False)
        for kind in SURE:
            other = damaged(one, kind, one.seed)
            if other is not None:
                outcomes[outcome_of(judge(other))] += 1
    assert set(outcomes) <= {"caught", "harmless"}
    assert outcomes.total() > 120


def test_two_faults_never_meet_in_one_field():
    one = accepted()
    assert damaged_twice(one, "cut a digit", "a typo in a label", one.seed) is not None
    sheet = one.sheets[0]
    phone = tuple(entry for entry in sheet.people[0] if entry.key == "mobile")
    alone = replace(one, sheets=(replace(sheet, people=(phone,), wants=({"mobile": sheet.wants[0]["mobile"]},)),))
    assert damaged(alone, "cut a digit", one.seed) is not None
    assert damaged_twice(alone, "cut a digit", "add a digit", one.seed) is None


@pytest.mark.parametrize("kind", ["a former form in a hidden sheet", "a second person and one cell for their unit"])
def test_what_a_workbook_hides_or_merges_is_not_taken_for_what_was_sent(kind):
    cases = (case(f"sheets/{number}", faulty=False) for number in range(400))
    made = [found for one in cases if (found := damaged(one, kind, one.seed)) is not None]
    assert len(made) > 3
    for found in made[:12]:
        verdict = judge(found)
        assert (verdict.silent, verdict.lost) == ([], []), found.seed


@pytest.mark.parametrize("key", ["mobile", "name", "email", "position"])
def test_the_judge_catches_a_wrong_value_that_is_planted(key):
    one = accepted()
    good = assessed(one)
    (submission,) = good.submissions
    fields = tuple(replace(field, value="13900009999") if field.key == key else field for field in submission.fields)
    bad = replace(good, submissions=(replace(submission, fields=fields),))
    assert compare(one, good).silent == []
    assert [line.split()[0] for line in compare(one, bad).silent] == [key]


def test_the_judge_catches_a_value_that_is_dropped():
    one = accepted()
    good = assessed(one)
    (submission,) = good.submissions
    kept = tuple(field for field in submission.fields if field.key != "mobile")
    bad = replace(good, submissions=(replace(submission, fields=kept),))
    assert [line.split()[0] for line in compare(one, bad).lost] == ["mobile"]


def test_the_judge_catches_a_form_that_nobody_sent_and_one_that_is_passed_over():
    one = accepted()
    good = assessed(one)
    (submission,) = good.submissions
    fields = tuple(replace(field, value="李小满") if field.key == "name" else field for field in submission.fields)
    more = replace(good, submissions=(submission, replace(submission, fields=fields)))
    assert "a form nobody sent" in compare(one, more).silent[0]
    assert compare(one, replace(good, submissions=())).lost == ["liaison: the whole form"]


def test_the_judge_catches_a_wrong_unit():
    one = accepted()
    good = assessed(one)
    (submission,) = good.submissions
    other = next(unit.name for unit in ROSTER.units if unit.name != submission.unit)
    bad = replace(good, submissions=(replace(submission, unit=other),))
    assert [line.split()[0] for line in compare(one, bad).silent] == ["unit"]


def test_what_must_be_asked_is_silent_when_it_is_accepted():
    one = accepted()
    sheet = one.sheets[0]
    doubtful = replace(one, sheets=(replace(sheet, wants=({**sheet.wants[0], "mobile": ASK},)),))
    assert len(judge(doubtful).silent) == 1


def test_a_question_about_a_plain_value_is_counted_as_asked():
    one = accepted()
    sheet = one.sheets[0]
    entries = tuple(
        replace(entry, ink=replace(entry.ink, text="1390")) if entry.key == "mobile" else entry
        for entry in sheet.people[0]
    )
    cut = replace(
        one, sheets=(replace(sheet, people=(entries,), wants=({**sheet.wants[0], "mobile": Want(("1390",))},)),)
    )
    assert [line.split()[0] for line in judge(cut).asked] == ["mobile"]


def test_the_same_seed_draws_the_same_case():
    assert case("same/1") == case("same/1")
    assert case("same/1") != case("same/2")
    assert raw_mail(case("same/1", faulty=False))


def test_every_damage_can_be_done_somewhere():
    plain = [case(f"somewhere/{number}", faulty=False) for number in range(40)]
    for kind in DAMAGES:
        made = [damaged(one, kind, one.seed) for one in plain]
        assert any(other is not None and other != one for one, other in zip(plain, made, strict=True)), kind


def test_the_table_has_a_row_for_each_class_and_the_exit_status_tells_of_errors(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["understanding", "--forms", "5", "--mutations", "5", "--seed", "table"])
    status = main()
    printed = capsys.readouterr().out
    assert "| all: all | 5 |" in printed
    assert "| all | 5 |" in printed
    assert status == int("SILENT" in printed or "LOST" in printed)
