"""The short form of every part holds; and every part is seen to find a mistake that is planted for it."""

import os

import pytest

from tests.rig import crash, restarts

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL (POSIX)")


@needs_fork
def test_killed_at_drawn_boundaries_nothing_is_lost_and_nobody_is_answered_twice():
    outcome = crash.run(runs=20, seed=11)
    assert (outcome.runs, outcome.violations) == (20, ())


@needs_fork
@pytest.mark.parametrize(
    ("mistake", "told"), [("resend", "was sent 2 times"), ("no fsync", "I1"), ("forget", "never answered")]
)
def test_the_rig_sees_a_planted_mistake(mistake, told):
    found = crash.run(runs=60, seed=12, plant=mistake).violations
    assert any(told in one for one in found), f"{mistake} was not seen"


@needs_fork
def test_the_real_program_survives_real_kills():
    outcome = restarts.run(restarts=3, seed=13)
    assert (outcome.runs, outcome.violations) == (3, ())
