"""Numbers of a stranger's making, in paths, addresses and forms: longer than any of ours they are no page, never a failure."""

import re

import pytest

LONG = ["2147483648", "9223372036854775807", "9223372036854775808", "99999999999999999999999"]


@pytest.mark.parametrize("number", LONG)
def test_no_route_takes_a_number_that_the_record_can_not_hold(served, number):
    rules = [rule.rule for rule in served.client.raw.application.url_map.iter_rules() if "<int" in rule.rule]
    assert len(rules) > 10
    for rule in rules:
        path = re.sub(r"<[^>]*>", number, rule)
        for answer in (served.client.get(path), served.client.post(path)):
            assert answer.status_code in (404, 405), (rule, answer.status_code)


@pytest.mark.parametrize("number", [*LONG, "-1", "1.5", "\u0661", "\u00b2", "\u6c49", ""])
def test_no_address_and_no_form_fails_over_a_number(served, number):
    for path in ("/outbox", "/mails", "/audit", "/outbox?tab=sent"):
        sign = "&" if "?" in path else "?"
        assert served.client.get(f"{path}{sign}page={number}").status_code == 200
    assert served.client.get(f"/review/3?n={number}").status_code == 200
    assert served.client.get(f"/outbox/confirm?do=release&id={number}").status_code == 409
    assert served.client.get(f"/preferences/trial?to={number}").status_code == 404
    assert served.client.post("/outbox/do", {"do": "release", "letter": f"{number}:held"}).status_code == 409
    assert served.client.post("/review/3", {"do": "accept", "ordinal": number}).status_code in (303, 409)


def test_a_letter_beside_one_that_is_no_number_is_not_done_either(served):
    shown = served.client.get("/outbox/confirm?do=resend&id=1").text
    letter = re.search(r'name="letter" value="(\d+:\w+)"', shown)
    assert letter
    refused = served.client.post("/outbox/do", {"do": "resend", "letter": [letter[1], f"{LONG[-1]}:held"]})
    assert refused.status_code == 409


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-01", "99999999-01-01"])
def test_no_day_of_a_strangers_making_is_a_failure(served, day):
    assert served.client.get(f"/audit?day={day}").status_code == 200
    for path in ("/export", "/statistics"):
        assert served.client.get(f"{path}?day={day}&on={day}&from={day}&to={day}").status_code == 200


@pytest.mark.parametrize("instant", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_no_instant_of_a_strangers_making_is_a_failure(served, instant):
    typed = {"address": served.app.settings.clerk.addresses[0], "asked_at": instant}
    assert served.client.post("/preferences/trial", typed).status_code in (400, 409)
