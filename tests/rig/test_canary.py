"""The canary part holds in its short form, and each of its kinds of check is seen to find a planted leak."""

import base64

import pytest

from tests.rig import canary
from tests.rig import canary_scene as scene


def test_through_every_fault_no_secret_comes_to_light():
    outcome = canary.run(long=False, seed=1)
    assert (outcome.runs, outcome.violations) == (len(canary.FAULTS), ())


@pytest.mark.long
@pytest.mark.parametrize(
    ("mistake", "fault", "told"),
    [
        ("log", scene.login_refused, "webhook token stands in the log"),
        ("bug", scene.bug_in_a_mail, "phone stands in the log"),
        ("exception", scene.login_refused, "password stands in the text of an exception"),
        ("exception", scene.login_refused, "password stands in what the record says"),
        ("webhook", scene.nothing, "sender stands in a message to the robot"),
        ("healthz", scene.nothing, "webhook token stands in /healthz"),
        ("status", scene.nothing, "sender stands in status --json"),
        ("printed", scene.nothing, "password stands in what was printed"),
        ("alarm", scene.login_refused, "phone stands in a letter to the clerk"),
        ("digest", scene.nothing, "password stands in a letter"),
        ("digest personal", scene.nothing, "phone stands in a letter to the clerk"),
        ("backup", scene.nothing, "phone stands in the name of a file"),
        ("file", scene.nothing, "password stands in a file"),
        ("page", scene.nothing, "webhook token stands in a page of the desk"),
        ("shown", scene.nothing, "password stands in what the program shows of itself"),
    ],
)
def test_a_planted_leak_is_seen(monkeypatch, mistake, fault, told):
    monkeypatch.setattr(canary, "FAULTS", (fault,))
    found = canary.run(long=False, seed=1, plant=mistake).violations
    assert any(told in one for one in found), found


@pytest.mark.parametrize("secret", [scene.PASSWORD, scene.PHONE])
def test_a_secret_is_known_in_base64_at_any_offset(secret):
    for before in range(4):
        coded = base64.b64encode(b"\0" * before + secret.encode() + b"\0abc")
        name = "password" if secret == scene.PASSWORD else "phone"
        assert canary.leaks("x", b"AUTH PLAIN " + coded, [name])
