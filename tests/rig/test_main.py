"""The one command: which parts it runs, how large, its table, and its exit status. The parts are stubs."""

import pytest

from tests.rig import __main__ as command
from tests.rig.report import Outcome, table

HEADS = ["part", "runs", "faults", "violations", "seconds", "remark"]


def cells(line):
    return [one.strip() for one in line.strip("|").split("|")]


@pytest.fixture
def play(monkeypatch, capsys):
    """Run the command with parts that come to what is given; return exit status, table, and how each part was asked."""

    def run(*arguments, outcomes, ci=False):
        asked = []

        def part(outcome):
            return lambda size, seed: asked.append((outcome.part, size.long, size.of(1000, 7), seed)) or outcome

        monkeypatch.setattr(command, "PARTS", {one.part: part(one) for one in outcomes})
        if ci:
            monkeypatch.setenv("CI", "true")
        else:
            monkeypatch.delenv("CI", raising=False)
        status = command.main(list(arguments))
        return status, capsys.readouterr().out.splitlines(), asked

    return run


GOOD = Outcome("crash", 5000, 4321, (), 61.4, "222 boundaries")
BAD = Outcome("disk", 3, 3, ("I1: a mail is gone",), 1.0)
NOT_RUN = Outcome("sandbox", 0, 0, (), 0.0, skipped="needs Linux")


def test_the_table_has_every_column_and_a_line_for_each_part(play):
    status, lines, _ = play(outcomes=[GOOD, NOT_RUN])
    assert status == 0
    assert cells(lines[0]) == HEADS
    assert cells(lines[2]) == ["crash", "5,000", "4,321", "0", "61", "222 boundaries"]
    assert cells(lines[3]) == ["sandbox", "0", "0", "0", "0", "not run: needs Linux"]
    assert len(lines) == 4


def test_a_violation_of_any_part_is_printed_and_ends_the_command_with_1(play):
    status, lines, _ = play(outcomes=[BAD, GOOD])
    assert status == 1
    assert cells(lines[2])[3] == "1"
    assert lines[-1] == "disk: I1: a mail is gone"


def test_of_many_violations_it_is_said_how_many_are_not_shown():
    lines = table([Outcome("disk", 9, 9, tuple(str(one) for one in range(8)), 1.0)]).splitlines()
    assert lines[-1] == "disk: … 3 more"


@pytest.mark.parametrize(("ci", "status"), [(False, 0), (True, 1)])
def test_a_part_that_could_not_be_run_is_a_failure_in_ci(play, ci, status):
    assert play(outcomes=[GOOD, NOT_RUN], ci=ci)[0] == status
    assert play(outcomes=[GOOD], ci=ci)[0] == 0


def test_only_the_parts_that_are_asked_for_run_and_a_wrong_name_is_refused(play):
    assert [one[0] for one in play("disk", outcomes=[GOOD, BAD])[2]] == ["disk"]
    assert [one[0] for one in play(outcomes=[GOOD, BAD])[2]] == ["crash", "disk"]
    with pytest.raises(SystemExit) as raised:
        play("nothing", outcomes=[GOOD])
    assert raised.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ((), (False, 7, 1)),
        (("--long",), (True, 1000, 1)),
        (("--share", "0.03", "--seed", "9"), (True, 30, 9)),
        (("--share", "0.001"), (True, 7, 1)),  # never less than the short form
    ],
)
def test_how_large_the_parts_are_and_their_seed_are_said_in_the_arguments(play, arguments, asked):
    assert play(*arguments, outcomes=[GOOD])[2] == [("crash", *asked)]


def test_the_command_runs_every_part_that_there_is():
    assert list(command.PARTS) == [
        *("crash", "restarts", "upkeep", "wire", "disk", "clock", "loops"),
        *("hostile", "sandbox", "canary", "world", "soak"),
    ]
