"""Who may come in: names, Origin, token, login and its throttle, the headers; and that nothing is open by default."""

import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.web.accounts import Accounts, Throttle
from scheduler.web.application import make_application
from scheduler.web.ended import EndedSessions
from tests.web.conftest import NAME, PASSWORD, Client

PAGES = [
    "/",
    "/review",
    "/review/3",
    "/review/3/original",
    "/progress",
    "/units/1",
    "/units/1/paper?form=liaison",
    "/notes/1/undo",
    "/statistics",
    "/audit",
    "/outbox",
    "/outbox/1",
    "/export",
    "/mails",
    "/mails/1",
    "/mails/1/original",
    "/mails/1/parts/2",
    "/preferences",
    "/preferences/sending?mode=auto",
    "/preferences/letters",
    "/preferences/trial?to=0",
]


def stranger(served) -> Client:
    return Client(make_application(served.app))


def test_a_page_of_whoever_is_not_logged_in_is_the_login(served):
    for page in PAGES:
        answer = stranger(served).get(page)
        assert (answer.status_code, answer.location) == (302, "/login")
        assert "青石镇" not in answer.text


def test_whoever_knows_the_password_sees_the_overview(served):
    assert "青石镇" not in served.client.get("/").text
    assert "联络员反馈表" in served.client.get("/").text


@pytest.mark.parametrize(("name", "password"), [(NAME, "wrong horse 9"), ("别人", PASSWORD), (NAME, ""), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(served, name, password):
    client = stranger(served)
    answer = client.log_in(name, password)
    assert answer.status_code == 403
    assert "用户名或密码不对" in answer.text
    assert client.get("/").location == "/login"


def test_after_five_failures_even_the_right_password_waits(served):
    client = stranger(served)
    for _ in range(5):
        client.log_in(password="wrong horse 9")
    assert client.log_in().status_code == 429
    served.app.clock.sleep(16 * 60)
    assert client.log_in().status_code == 302


def a_try(client: Client, address: str, typed: str = "wrong horse 9") -> int:
    return client.post("/login", {"name": NAME, "password": typed}, environ_base={"REMOTE_ADDR": address}).status_code


def test_who_guesses_from_one_address_keeps_nobody_out_at_another(served):
    client = stranger(served)
    assert [a_try(client, "192.168.1.66") for _ in range(7)] == [403] * 5 + [429] * 2
    assert a_try(client, "192.168.1.66", PASSWORD) == 429
    forwarded = {"X-Forwarded-For": "192.168.1.9"}
    told = client.post(
        "/login", {"name": "x", "password": "x"}, headers=forwarded, environ_base={"REMOTE_ADDR": "192.168.1.66"}
    )
    assert told.status_code == 429
    assert "以后才能再试" in told.text
    assert a_try(client, "192.168.1.5", PASSWORD) == 302


def test_many_addresses_together_are_slowed_but_not_those_somebody_logged_in_from():
    throttle, now = Throttle(), datetime(2026, 6, 1, tzinfo=UTC)
    throttle.succeeded("192.168.1.5")
    tried = 0
    for number in range(20_000):
        address = f"10.0.{number // 250}.{number % 250}"
        if throttle.wait_until(address, now) is None:
            throttle.failed(address, now)
            tried += 1
    assert tried == 300
    assert throttle.wait_until("192.168.1.7", now) == now + timedelta(minutes=15)
    assert throttle.wait_until("192.168.1.5", now) is None
    assert throttle.wait_until("192.168.1.7", now + timedelta(minutes=16)) is None


def test_one_address_alone_never_brakes_the_others():
    throttle, now = Throttle(), datetime(2026, 6, 1, tzinfo=UTC)
    for _ in range(3_600):  # a day, a try each 24 s
        now += timedelta(seconds=24)
        if throttle.wait_until("192.168.1.66", now) is None:
            throttle.failed("192.168.1.66", now)
    assert throttle.wait_until("192.168.1.66", now) is not None
    assert throttle.wait_until("192.168.1.5", now) is None


def test_the_throttle_forgets_the_oldest_address_and_takes_a_network_of_ipv6_for_one():
    throttle, now = Throttle(), datetime(2026, 6, 1, tzinfo=UTC)
    for last in range(5):
        throttle.failed(f"2001:db8::{last:x}", now)
    assert throttle.wait_until("2001:db8::ff", now) is not None
    assert throttle.wait_until("2001:db8:0:1::1", now) is None
    for number in range(1_000):
        throttle.failed(f"10.0.{number // 250}.{number % 250}", now)
    later = now + timedelta(seconds=1)
    assert throttle.wait_until("2001:db8::ff", later) == throttle.wait_until(
        "10.9.9.9", later
    )  # only the brake on all is left


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.evil.example.com", "192.168.1.20", ""])
def test_another_host_name_is_answered_by_nothing_of_ours(served, host):
    answer = served.client.raw.get("/login", base_url="http://127.0.0.1", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert "<form" not in answer.text


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null", "http://127.0.0.1:1", ""])
def test_what_changes_something_comes_from_our_own_page(served, origin):
    headers = {"Origin": origin} if origin else {}
    answer = served.client.raw.post("/logout", base_url="http://127.0.0.1", headers=headers)
    assert answer.status_code == 403
    assert served.client.get("/").status_code == 200


def test_what_changes_something_bears_the_sessions_token(served):
    assert served.client.post("/logout", {"token": "another"}).status_code == 403
    assert served.client.get("/").status_code == 200
    assert served.client.post("/logout").status_code == 302
    assert served.client.get("/").location == "/login"


def cookie_of(client: Client) -> str:
    held = client.raw.get_cookie("intake_desk", domain="127.0.0.1")
    assert held is not None
    return held.value


def test_a_copied_cookie_is_worth_nothing_after_the_logout_not_even_after_a_restart(served):
    other = stranger(served)
    other.log_in()
    copied = cookie_of(served.client)
    served.client.post("/logout")
    for again in (served.client, stranger(served)):  # the same program; another one of the same data directory
        again.raw.set_cookie("intake_desk", copied, domain="127.0.0.1")
        assert again.get("/").location == "/login"
    assert other.get("/").status_code == 200  # the same account in another browser goes on


def test_a_guest_of_the_demo_keeps_a_session_whose_token_goes_on(served):
    guest = Client(make_application(served.app, guest="体验"))
    assert guest.get("/").status_code == 200
    token = re.search('name="token" value="([^"]*)"', guest.get("/outbox/pause").text)[1]
    guest.get("/progress")  # another page in between
    assert guest.post("/outbox/pause", {"token": token}).status_code == 303


def test_ended_sessions_are_few_go_when_they_would_have_expired_and_survive_what_the_disk_does(tmp_path):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    ended = EndedSessions(tmp_path)
    ended.add("early", now, now + timedelta(hours=8))
    ended.add("later", now + timedelta(hours=9), now + timedelta(hours=17))
    assert "early" not in ended
    assert "later" in EndedSessions(tmp_path)
    for number in range(1_000):
        ended.add(f"one {number}", now, now + timedelta(hours=8))
    assert "later" not in ended
    assert "one 0" in ended
    (tmp_path / "desk-ended.json").write_bytes(b"[1")
    assert "one 0" not in EndedSessions(tmp_path)
    assert (tmp_path / "desk-ended.json").stat().st_mode & 0o077 == 0


def test_no_get_changes_anything(served):
    application = make_application(served.app)
    changing = [rule for rule in application.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert changing
    assert all("GET" not in (rule.methods or ()) for rule in changing)


def test_a_new_password_ends_the_sessions_of_the_old_one(served):
    Accounts(served.app.settings.storage.data_dir).put(NAME, "another horse 9")
    assert served.client.get("/").location == "/login"


def test_a_session_ends_when_nobody_used_it_for_a_working_day(served):
    served.app.clock.sleep(7 * 3600)
    assert served.client.get("/").status_code == 200
    served.app.clock.sleep(9 * 3600)
    assert served.client.get("/").location == "/login"


def test_every_answer_bears_the_safety_headers(served):
    for path in ("/", "/login", "/static/desk.css", "/nothing"):
        headers = served.client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_the_cookie_is_for_our_server_and_our_pages_alone(served):
    cookie = stranger(served).log_in().headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_the_file_of_the_passwords_is_ours_alone_and_holds_none(served):
    path = served.app.settings.storage.data_dir / "desk-users.json"
    assert path.stat().st_mode & 0o077 == 0
    assert PASSWORD not in path.read_text(encoding="utf-8")


def test_a_page_leaves_compressed_where_the_browser_takes_that(served):
    plain = served.client.get("/progress")
    assert "Content-Encoding" not in plain.headers
    packed = served.client.get("/progress", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_length == len(packed.data) < len(plain.data) / 2
    assert gzip.decompress(packed.data).decode() == plain.text


def test_what_is_saved_as_a_file_leaves_as_it_is(served):
    plain, asked = (
        served.client.get("/mails/1/original", headers=headers) for headers in ({}, {"Accept-Encoding": "gzip"})
    )
    assert "Content-Encoding" not in asked.headers
    assert asked.data == plain.data
