import smtplib
import socket
import time
import warnings

import pytest

from scheduler.demo.faults import Answer, Drop, Late, Rule, Stage, Trickle
from tests.builders.mailing import ADDRESS, PASSWORD, sink

LETTER = b"From: office@example.com\r\nTo: a@example.org\r\n\r\n.dot\r\n"


@pytest.fixture
def server():
    with sink() as running:
        yield running


@pytest.fixture
def client(server):
    connection = smtplib.SMTP("127.0.0.1", server.port, local_hostname="x", timeout=5)
    connection.ehlo()
    yield connection
    connection.close()


def log_in(client):
    client.login(ADDRESS, PASSWORD)
    return client


def test_a_letter_is_kept_with_its_envelope_and_the_answer_names_a_queue_id(server, client):
    log_in(client).mail(ADDRESS)
    client.rcpt("a@example.org")
    assert client.data(LETTER) == (250, b"Mail OK queued as smtp11,D8CowAB000001")
    (letter,) = server.delivered
    assert (letter.login, letter.sender, letter.recipients, letter.raw) == (
        ADDRESS,
        ADDRESS,
        ("a@example.org",),
        LETTER,
    )


def test_it_offers_what_netease_offers(client):
    assert set(client.esmtp_features) == {"pipelining", "auth", "8bitmime"}


def test_it_refuses_as_netease_does(client):
    assert client.mail(ADDRESS) == (553, b"authentication is required")
    with pytest.raises(smtplib.SMTPAuthenticationError) as error:
        client.login(ADDRESS, "wrong")
    assert error.value.smtp_code == 535
    log_in(client)
    assert client.mail("other@example.com") == (553, b"Mail from must equal authorized user")
    client.mail(ADDRESS)
    client.rcpt("a@example.org")
    assert client.data(LETTER.replace(b"office@", b"other@"))[0] == 554


def test_a_rule_holds_once_at_the_nth_time_or_so_many_times(server, client):
    log_in(client)
    server.script(Rule(Stage.MAIL, Answer(b"451 a"), nth=2), Rule(Stage.MAIL, Answer(b"452 b"), times=2))
    codes = []
    for _ in range(4):
        codes.append(client.mail(ADDRESS)[0])
        client.rset()
    assert codes == [452, 451, 452, 250]
    assert server.reached(Stage.MAIL) == 4


def test_a_rule_can_be_meant_for_one_recipient(server, client):
    log_in(client).mail(ADDRESS)
    server.script(Rule(Stage.RCPT, Answer(b"550 User not found"), recipient="b@example.org", times=None))
    assert [client.rcpt(f"{who}@example.org")[0] for who in "abab"] == [250, 550, 250, 550]


def test_answers_can_be_any_bytes(server, client):
    server.script(Rule(Stage.AUTH, Answer(b"550 " + "用户无权登陆".encode("gb18030"))))
    assert client.docmd("AUTH", "PLAIN AAAA") == (550, "用户无权登陆".encode("gb18030"))


@pytest.mark.parametrize("keep", [False, True])
def test_a_connection_can_be_dropped_before_or_after_the_letter_is_kept(server, client, keep):
    log_in(client).mail(ADDRESS)
    client.rcpt("a@example.org")
    server.script(Rule(Stage.CONTENT, Drop(keep=keep)))
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        client.data(LETTER)
    assert len(server.delivered) == int(keep)


@pytest.mark.parametrize("action", [Late(0.3), Trickle(0.01)])
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.CONTENT])
def test_answers_can_be_late_or_trickled_and_are_whole(server, client, action, stage):
    server.script(Rule(stage, action))
    before = time.monotonic()
    log_in(client).mail(ADDRESS)
    client.rcpt("a@example.org")
    assert client.data(LETTER)[0] == 250
    assert time.monotonic() - before > 0.1


def test_the_greeting_can_be_replaced(server):
    server.script(Rule(Stage.CONNECT, Answer(b"421 HL:ICC")))
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        assert connection.recv(100) == b"421 HL:ICC\r\n"
        assert connection.recv(100) == b""


def test_a_letter_is_shown_to_its_owner_before_it_is_answered():
    seen = []
    with (
        sink(on_mail=seen.append) as server,
        smtplib.SMTP("127.0.0.1", server.port, local_hostname="x", timeout=5) as client,
    ):
        log_in(client).sendmail(ADDRESS, ["a@example.org"], LETTER)
        assert [one.raw for one in seen] == [LETTER]


def test_a_bug_of_the_owner_is_an_answer_and_does_not_end_the_server():
    def fails(_letter):
        raise ValueError("a bug")

    with sink(on_mail=fails) as server, smtplib.SMTP("127.0.0.1", server.port, local_hostname="x", timeout=5) as client:
        with pytest.raises(smtplib.SMTPDataError) as error:
            log_in(client).sendmail(ADDRESS, ["a@example.org"], LETTER)
        assert error.value.smtp_code == 451
        assert server.delivered == ()


def test_a_port_that_is_taken_is_told_at_once(server):
    with pytest.raises(OSError, match=str(server.port)):
        sink(port=server.port).start()


def test_it_warns_of_nothing_and_logs_no_warning(caplog):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with sink() as server:
            idle = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            with smtplib.SMTP("127.0.0.1", server.port, local_hostname="x", timeout=5) as client:
                log_in(client).sendmail(ADDRESS, ["a@example.org"], LETTER)
        idle.close()
    assert [str(one.message) for one in caught] == []
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


def test_it_listens_on_loopback_only(server):
    assert server.port > 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"
