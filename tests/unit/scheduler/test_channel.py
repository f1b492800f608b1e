"""One HTTP call: the form its host takes, over at its deadline, verified, never redirected, silent about its URL."""

import json
import ssl
import threading
import time

import pytest

from intake.settings import Secret
from scheduler import channel
from scheduler.channel import Call, Outcome, ping_address, robot_name, webhook_body
from tests.servers.certificates import OPENSSL, make_certificate
from tests.servers.robot import Deaf, Robot, wait_until

TOKEN = "tokentoken123"


def call(robot, text="异常", **options):
    return Call(Secret(robot.url()), text, **options).run()


@pytest.mark.parametrize(
    ("url", "name", "body"),
    [
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", "企业微信群机器人", {"msgtype": "text", "text": {"content": "异常"}}),
        ("https://oapi.dingtalk.com/robot/send?access_token=k", "钉钉群机器人", {"msgtype": "text", "text": {"content": "异常"}}),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/k", "飞书群机器人", {"msg_type": "text", "content": {"text": "异常"}}),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/k", "飞书群机器人", {"msg_type": "text", "content": {"text": "异常"}}),
        ("https://alarm.example.com/k", "Webhook", {"text": "异常"}),
    ],
)  # fmt: skip
def test_each_host_gets_the_form_it_takes(url, name, body):
    assert json.loads(webhook_body(Secret(url), "异常")) == body
    assert robot_name(Secret(url)) == name


def test_a_message_arrives_as_json():
    with Robot() as robot:
        assert call(robot).outcome is Outcome.TAKEN
        (asked,) = robot.asked
    assert (asked.method, asked.path) == ("POST", f"/hook?key={TOKEN}")
    assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(asked.body) == {"text": "异常"}


def test_a_ping_is_a_get_and_a_failure_has_its_suffix():
    with Robot() as robot:
        base = Secret(robot.url("/uuid-1/?a=b"))
        Call(base, None).run()
        Call(ping_address(base, "/fail"), None).run()
        Call(ping_address(base, ""), None).run()
    assert [(one.method, one.path) for one in robot.asked] == [
        ("GET", "/uuid-1/?a=b"),
        ("GET", "/uuid-1/fail?a=b"),
        ("GET", "/uuid-1/?a=b"),
    ]


@pytest.mark.parametrize("host", ["qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b'{"errcode":0,"errmsg":"ok"}', {"qyapi.weixin.qq.com", "oapi.dingtalk.com"}),
        (b'{"code":0,"msg":"success","data":{}}', {"open.feishu.cn"}),
        (b'{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}', {"open.feishu.cn"}),
        (b'{"errcode":310000,"errmsg":"keywords not in content"}', set()),
        (b'{"code":19001,"msg":"param invalid"}', set()),
        (b"<html>gateway</html>", set()),
        (b"[0]", set()),
        (b"", set()),
    ],
)
def test_a_robot_says_in_its_json_whether_it_took_it(monkeypatch, host, answer, outcome):
    with Robot(answer=answer) as robot:
        monkeypatch.setattr(channel, "host_of", lambda _url: host)
        monkeypatch.setenv("no_proxy", "*")
        reply = call(robot)
    assert (reply.outcome is Outcome.TAKEN) == (host in outcome)


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_what_a_server_refuses_is_refused_and_its_words_are_kept(status):
    with Robot(status=status, answer="没有\n\x1b[31m这个".encode()) as robot:
        reply = call(robot)
    assert reply.outcome is Outcome.REFUSED
    assert reply.words == f"服务器回答 {status}：没有 [31m这个"


def test_a_redirect_is_not_followed():
    with Robot() as other, Robot(status=302, headers={"Location": other.url()}) as robot:
        reply = call(robot)
        assert other.asked == []
    assert reply.outcome is Outcome.REFUSED
    assert "不跟随" in reply.words
    assert TOKEN not in reply.words


def test_an_answer_that_repeats_the_url_is_shown_without_its_token():
    secret = Secret("https://127.0.0.1/robot/Abc%31234/x?key=tokentoken123&sign=geheim99")
    shown = Call(secret, "x")._shown(
        f"no such hook {secret.reveal()} Abc%31234 Abc1234 geheim99 tokentoken123".encode()
    )
    for piece in ("Abc", "geheim99", "tokentoken123"):
        assert piece not in shown
    assert "no such hook" in shown


def test_only_so_much_of_an_answer_is_read():
    with Robot(answer=b"x" * 5_000, announced=10**10) as robot:
        reply = call(robot, seconds=5)
    assert reply.outcome is Outcome.TAKEN, "it does not wait for the rest"
    assert len(reply.words) < 300


def test_loopback_is_reached_without_the_proxy_of_the_environment(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with Robot() as robot:
        assert call(robot).outcome is Outcome.TAKEN


def test_another_host_is_reached_by_the_proxy_of_the_environment(monkeypatch):
    with Robot() as robot:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{robot.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        Call(Secret(f"http://alarm.example.com/hook?key={TOKEN}"), "x").run()
        assert [one.path for one in robot.asked] == [f"http://alarm.example.com/hook?key={TOKEN}"]


@pytest.mark.parametrize("options", [{"hang": True}, {"trickle_s": 0.05, "answer": b"x" * 400}])
def test_it_is_over_at_its_deadline_however_busily_the_server_trickles(options):
    with Robot(**options) as robot:
        began = time.monotonic()
        reply = call(robot, seconds=0.5)
        assert time.monotonic() - began < 2
        assert reply.outcome is Outcome.UNKNOWN
        wait_until(lambda: all(thread.name != "channel" for thread in threading.enumerate()))


def test_a_handshake_that_is_never_answered_is_cut_and_leaves_no_thread_behind():
    with Deaf() as deaf:
        began = time.monotonic()
        reply = Call(Secret(f"https://127.0.0.1:{deaf.port}/hook"), "x", seconds=0.5).run()
        assert time.monotonic() - began < 2
        assert reply.outcome is Outcome.UNKNOWN
        wait_until(lambda: all(thread.name != "channel" for thread in threading.enumerate()))


def test_another_thread_ends_it_at_once():
    with Robot(hang=True) as robot:
        one = Call(Secret(robot.url()), "x")
        began = time.monotonic()
        threading.Timer(0.3, one.cancel).start()
        assert one.run().outcome is Outcome.UNKNOWN
        assert time.monotonic() - began < 3


def test_a_port_where_nobody_listens_is_surely_not_reached():
    with Robot() as robot:
        url = robot.url()
    reply = Call(Secret(url), "x").run()
    assert (reply.outcome, TOKEN in reply.words) == (Outcome.REFUSED, False)


def test_an_error_of_the_library_never_shows_the_url():
    reply = Call(Secret(f"http://127.0.0.1:1/a b?key={TOKEN}"), "x").run()  # http.client's InvalidURL quotes it
    assert (reply.outcome, TOKEN in reply.words) == (Outcome.REFUSED, False)


@pytest.mark.skipif(OPENSSL is None, reason="needs openssl")
def test_a_certificate_that_nobody_vouches_for_gets_no_token(tmp_path):
    made = make_certificate(tmp_path, "IP:127.0.0.1")
    with Robot(tls=made.server_context()) as robot:
        reply = call(robot)
        assert robot.asked == []
    assert reply.outcome is Outcome.REFUSED
    assert "证书" in reply.words


@pytest.mark.skipif(OPENSSL is None, reason="needs openssl")
def test_a_verified_server_is_spoken_to(tmp_path):
    made = make_certificate(tmp_path, "IP:127.0.0.1")
    with Robot(tls=made.server_context()) as robot:
        assert call(robot, tls=ssl.create_default_context(cafile=made.certificate)).outcome is Outcome.TAKEN
