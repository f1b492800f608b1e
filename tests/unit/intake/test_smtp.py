import logging
import socket
import threading
import time

import pytest

from intake.answers import AnswerClass, Lost, Phase, Refused, Sent
from intake.errors import OfficeError, PermanentServerError, TransientServerError
from intake.settings import Security
from intake.smtp import SmtpSession
from scheduler.demo.faults import Answer, Drop, Late, Rule, Stage, Trickle
from tests.builders import mailing
from tests.builders.mailing import (
    ADDRESS,
    CERTIFICATE,
    PASSWORD,
    QUICK,
    mailbox,
    nothing,
    raw_letter,
    server_context,
    smtp,
)

# Below the five seconds of QUICK, above what a busy machine needs for a loopback answer.
SHORT = mailing.Deadlines(connect_s=1, command_s=1, content_s=1, final_s=1, quit_s=0.5)


@pytest.fixture
def server():
    with mailing.sink() as running:
        yield running


@pytest.fixture
def session(server):
    with smtp(server) as ready:
        yield ready


def send(session, number=1, to_address="unit@example.org", on_phase=nothing):
    return session.send(raw_letter(number, to_address=to_address), to_address, on_phase=on_phase)


def test_a_letter_arrives_byte_for_byte_with_one_recipient(server, session):
    outcome = send(session)
    assert outcome == Sent("smtp11,D8CowAB000001", "Mail OK queued as smtp11,D8CowAB000001")
    (letter,) = server.delivered
    assert letter.raw == raw_letter(1)
    assert (letter.login, letter.sender, letter.recipients) == (ADDRESS, ADDRESS, ("unit@example.org",))


def test_a_batch_goes_over_one_connection_with_one_login(server, session):
    assert [type(send(session, number)) for number in range(1, 6)] == [Sent] * 5
    assert server.reached(Stage.CONNECT) == 1
    assert server.reached(Stage.AUTH) == 1
    session.close()
    assert server.reached(Stage.QUIT) == 1


def test_dots_at_line_starts_survive(server, session):
    raw = b"From: office@example.com\r\nTo: a@example.org\r\n\r\n.\r\n..two\r\n.one\r\na.b\r\nno end"
    assert isinstance(session.send(raw, "a@example.org", on_phase=nothing), Sent)
    assert server.delivered[0].raw == raw + b"\r\n"


def test_the_record_knows_of_the_letter_before_its_first_byte_leaves(server, session):
    seen = []

    def on_phase(phase):
        seen.append((phase, server.reached(Stage.DATA), server.reached(Stage.CONTENT)))

    send(session, on_phase=on_phase)
    assert seen == [(Phase.MAIL, 0, 0), (Phase.CONTENT, 1, 0)]


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.CONTENT])
def test_nothing_is_handed_over_if_the_record_cannot_be_written(server, session, phase):
    def on_phase(reached):
        if reached is phase:
            raise LookupError("locked")

    with pytest.raises(LookupError):
        send(session, on_phase=on_phase)
    assert isinstance(send(session, 2), Sent)
    assert len(server.delivered) == 1
    assert server.reached(Stage.CONNECT) == 2


@pytest.mark.parametrize(
    ("stage", "phase"),
    [
        (Stage.MAIL, Phase.MAIL),
        (Stage.RCPT, Phase.RCPT),
        (Stage.DATA, Phase.DATA),
        (Stage.CONTENT, Phase.CONTENT),
    ],
)
def test_a_refusal_says_in_which_phase_and_the_next_letter_goes_over_the_same_connection(server, session, stage, phase):
    server.script(Rule(stage, Answer(b"554 DT:SPM 192.0.2.1 http://mail.163.com/help")))
    assert send(session) == Refused(AnswerClass.HOLD_FOR_CLERK, 554, "DT:SPM 192.0.2.1 http://mail.163.com/help", phase)
    assert isinstance(send(session, 2), Sent)
    assert server.reached(Stage.CONNECT) == 1
    assert [one.raw for one in server.delivered] == [raw_letter(2)]


@pytest.mark.parametrize(
    ("stage", "phase"), [(Stage.CONNECT, Phase.CONNECT), (Stage.EHLO, Phase.EHLO), (Stage.AUTH, Phase.AUTH)]
)
def test_a_refusal_before_the_letter_gives_the_connection_up(server, session, stage, phase):
    server.script(Rule(stage, Answer(b"450-first line\r\n450 second line")))
    assert send(session) == Refused(AnswerClass.RETRY_SOON, 450, "first line second line", phase)
    assert isinstance(send(session, 2), Sent)
    assert server.reached(Stage.CONNECT) == 2


@pytest.mark.parametrize(
    ("stage", "phase"),
    [
        (Stage.CONNECT, Phase.CONNECT),
        (Stage.EHLO, Phase.EHLO),
        (Stage.AUTH, Phase.AUTH),
        (Stage.MAIL, Phase.MAIL),
        (Stage.RCPT, Phase.RCPT),
        (Stage.DATA, Phase.DATA),
        (Stage.CONTENT, Phase.CONTENT),
    ],
)
@pytest.mark.parametrize("answer", [None, b"hello?", b"25", b"999 x", b"\xff\xfe"])
def test_a_lost_connection_or_garbage_says_how_far_the_letter_got(server, session, stage, phase, answer):
    server.script(Rule(stage, Drop() if answer is None else Answer(answer)))
    outcome = send(session)
    assert isinstance(outcome, Lost)
    assert outcome.phase is phase
    assert server.delivered == ()
    assert isinstance(send(session, 2), Sent)


def test_a_lost_250_is_told_from_a_refusal(server, session):
    server.script(Rule(Stage.CONTENT, Drop(keep=True)))
    assert send(session).phase is Phase.CONTENT
    assert len(server.delivered) == 1  # it has the letter, and we can't know


def test_a_200_for_the_final_dot_that_is_a_question_is_no_yes(server, session):
    server.script(Rule(Stage.CONTENT, Answer(b"354 go on")))
    assert send(session) == Lost(Phase.CONTENT, "unexpected answer 354")


def test_gbk_answers_can_be_read(server, session):
    server.script(Rule(Stage.AUTH, Answer(b"550 " + "用户无权登陆".encode("gb18030"))))
    assert send(session) == Refused(AnswerClass.CONFIGURATION, 550, "用户无权登陆", Phase.AUTH)


def test_a_drop_at_quit_is_nobodys_concern(server):
    server.script(Rule(Stage.QUIT, Drop()))
    with smtp(server) as session:
        assert isinstance(send(session), Sent)


# --- reconnecting ----------------------------------------------------------------------------------------------------


def test_a_worn_out_connection_is_replaced_and_the_letter_goes_once(server, session):
    server.script(Rule(Stage.MAIL, Answer(b"451 MI:DMC too many mails in this connection"), nth=3))
    assert [type(send(session, number)) for number in (1, 2, 3, 4)] == [Sent] * 4
    assert server.reached(Stage.CONNECT) == 2
    assert [one.raw for one in server.delivered] == [raw_letter(number) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("action", [Drop(), Answer(b"421 closing for idleness")])
def test_a_connection_that_died_between_two_letters_is_replaced(server, session, action):
    server.script(Rule(Stage.MAIL, action, nth=2))
    assert [type(send(session, number)) for number in (1, 2)] == [Sent] * 2
    assert server.reached(Stage.CONNECT) == 2


def test_a_new_connection_is_tried_once_only(server, session):
    send(session)
    server.script(Rule(Stage.MAIL, Answer(b"451 MI:DMC"), times=None))
    assert send(session, 2) == Refused(AnswerClass.RECONNECT, 451, "MI:DMC", Phase.MAIL)
    assert server.reached(Stage.CONNECT) == 2


def test_a_letter_that_may_have_arrived_is_never_repeated_on_a_new_connection(server, session):
    send(session)
    server.script(Rule(Stage.CONTENT, Drop(keep=True)))
    assert isinstance(send(session, 2), Lost)
    assert len(server.delivered) == 2
    assert server.reached(Stage.CONNECT) == 1


def test_an_answer_that_nobody_asked_for_does_not_shift_the_others(server, session):
    server.script(Rule(Stage.RCPT, Answer(b"250 ok\r\n250 once more")))
    outcome = send(session)
    assert outcome == Lost(Phase.DATA, "SMTPServerDisconnected: an answer that nobody asked for")
    assert server.delivered == ()


# --- waiting ---------------------------------------------------------------------------------------------------------


def test_the_final_answer_has_a_deadline_of_its_own(server):
    patient = mailing.Deadlines(connect_s=5, command_s=0.3, content_s=0.3, final_s=5)
    server.script(Rule(Stage.CONTENT, Late(0.6)))
    with smtp(server, patient) as session:
        assert isinstance(send(session), Sent)


@pytest.mark.parametrize(
    ("stage", "phase"),
    [(Stage.CONNECT, Phase.CONNECT), (Stage.MAIL, Phase.MAIL), (Stage.CONTENT, Phase.CONTENT)],
)
@pytest.mark.parametrize("action", [Late(3), Trickle(0.3)])
def test_a_server_that_is_silent_or_trickles_does_not_hold_us(server, stage, phase, action):
    server.script(Rule(stage, action))
    with smtp(server, SHORT) as session:
        before = time.monotonic()
        outcome = send(session)
        assert time.monotonic() - before < 2.5
    assert isinstance(outcome, Lost)
    assert outcome.phase is phase
    assert "TimeoutError" in outcome.detail


def test_a_server_that_does_not_read_does_not_hold_us():
    """It accepts, greets and answers, and then leaves the letter lying in its socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_deaf, args=(listening,))
        thread.start()
        with SmtpSession(mailbox(listening.getsockname()[1]), SHORT) as session:
            outcome = session.send(b"x" * 20_000_000, "a@example.org", on_phase=nothing)
        thread.join()
    assert isinstance(outcome, Lost)
    assert outcome.phase is Phase.CONTENT


def _deaf(listening):
    connection, _ = listening.accept()
    with connection, connection.makefile("rwb") as stream:
        for answer in (b"220 x", b"250-x\r\n250 AUTH PLAIN", b"235 ok", b"250 ok", b"250 ok", b"354 go"):
            stream.write(answer + b"\r\n")
            stream.flush()
            if answer != b"354 go":
                stream.readline()
        time.sleep(1.5)


@pytest.mark.parametrize("stream", [b"220-" + b"x" * 10_000, b"220-x\r\n" * 200])
def test_an_endless_answer_ends(stream):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def flood():
            connection, _ = listening.accept()
            with connection:
                connection.sendall(stream)
                connection.recv(100)

        thread = threading.Thread(target=flood)
        thread.start()
        with SmtpSession(mailbox(listening.getsockname()[1]), QUICK) as session:
            outcome = send(session)
        thread.join()
    assert isinstance(outcome, Lost)
    assert "without end" in outcome.detail


@pytest.mark.parametrize("security", [Security.NONE, Security.TLS])
def test_a_process_that_has_to_stop_does_not_wait_for_the_answer(security):
    tls = server_context() if security is Security.TLS else None
    with mailing.sink(tls=tls) as server, smtp(server, security=security, ca_file=CERTIFICATE) as session:
        server.script(Rule(Stage.CONTENT, Late(3)))
        timer = threading.Timer(0.3, session.abort)
        timer.start()
        before = time.monotonic()
        outcome = send(session)
        assert time.monotonic() - before < 2
        assert isinstance(outcome, Lost)
        assert outcome.phase is Phase.CONTENT
        assert send(session, 2) == Lost(Phase.CONNECT, "aborted")


def test_nobody_listening_is_lost_at_the_connection():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with SmtpSession(mailbox(port), QUICK) as session:
        outcome = send(session)
    assert isinstance(outcome, Lost)
    assert outcome.phase is Phase.CONNECT


# --- logging in ------------------------------------------------------------------------------------------------------


def test_a_refused_password_is_tried_once_and_told_in_chinese(server):
    with smtp(server, password="wrong") as session:
        assert send(session) == Refused(AnswerClass.CONFIGURATION, 535, "Error: authentication failed", Phase.AUTH)
        assert server.reached(Stage.AUTH) == 1
        with pytest.raises(PermanentServerError, match="授权码") as error:
            session.open()
    assert error.value.answer == "535 Error: authentication failed"


def test_a_server_out_of_reach_is_a_transient_error():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with SmtpSession(mailbox(port), QUICK) as session, pytest.raises(TransientServerError, match="连接不上"):
        session.open()


def test_an_opened_session_is_used_for_the_first_letter(server, session):
    session.open()
    assert isinstance(send(session), Sent)
    assert server.reached(Stage.CONNECT) == 1


PLAIN = b"AUTH PLAIN AG9mZmljZUBleGFtcGxlLmNvbQBDQU5BUllDT0RFMTIzNDU2"
LOGIN = [b"AUTH LOGIN", b"b2ZmaWNlQGV4YW1wbGUuY29t", b"Q0FOQVJZQ09ERTEyMzQ1Ng=="]


@pytest.mark.parametrize(
    ("offer", "commands"),
    [
        (b"250-x\r\n250 AUTH LOGIN PLAIN", [PLAIN]),
        (b"250-x\r\n250 AUTH=PLAIN", [PLAIN]),
        (b"250-x\r\n250 AUTH XOAUTH2 LOGIN", LOGIN),
        (b"250-x\r\n250 auth login", LOGIN),
    ],
)
def test_the_login_is_one_the_server_offers(offer, commands):
    answers = [offer, b"235 ok"] if commands == [PLAIN] else [offer, b"334 VXNlcg==", b"334 UGFzcw==", b"235 ok"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        heard = []
        thread = threading.Thread(target=_talk, args=(listening, answers, heard))
        thread.start()
        with SmtpSession(mailbox(listening.getsockname()[1]), QUICK) as session:
            outcome = send(session)
        thread.join()
    assert heard[1:] == [*commands, b"MAIL FROM:<office@example.com>"]
    assert outcome == Lost(Phase.MAIL, "SMTPServerDisconnected: closed by the server")


def _talk(listening, answers, heard):
    """Greet, give `answers` one a command, hear one command more and hang up."""
    connection, _ = listening.accept()
    with connection, connection.makefile("rwb") as stream:
        for answer in (b"220 x", *answers):
            stream.write(answer + b"\r\n")
            stream.flush()
            heard.append(stream.readline().strip())


def test_a_server_that_offers_no_login_is_a_matter_of_configuration(server, session):
    server.script(Rule(Stage.EHLO, Answer(b"250 mail")))
    outcome = send(session)
    assert (outcome.answer_class, outcome.phase) == (AnswerClass.CONFIGURATION, Phase.AUTH)
    assert server.reached(Stage.AUTH) == 0


def test_the_password_is_in_no_answer_log_or_exception(server, caplog):
    caplog.set_level(logging.DEBUG, logger="intake")
    secret = "CANARYCODE123456"
    quoted = b"500 unknown: AUTH PLAIN AG9mZmljZUBleGFtcGxlLmNvbQBDQU5BUllDT0RFMTIzNDU2 " + secret.encode()
    server.script(Rule(Stage.AUTH, Answer(quoted)))
    with smtp(server) as session:
        with pytest.raises(PermanentServerError) as error:
            session.open()
        assert secret not in repr(session)
    told = f"{error.value} {error.value.answer} {error.value.__cause__!r} {caplog.text}"
    assert secret not in told
    assert "AG9mZmljZUBleGFtcGxlLmNvbQBDQU5BUllDT0RFMTIzNDU2" not in told
    assert "****" in error.value.answer
    assert secret == PASSWORD


def test_the_envelope_of_another_address_is_refused_by_the_provider(server):
    with smtp(server, address="somebody@example.com") as session:
        outcome = send(session)
    assert outcome == Refused(AnswerClass.CONFIGURATION, 553, "Mail from must equal authorized user", Phase.MAIL)


# --- TLS -------------------------------------------------------------------------------------------------------------


def test_a_letter_goes_over_verified_tls():
    with (
        mailing.sink(tls=server_context()) as server,
        smtp(server, security=Security.TLS, ca_file=CERTIFICATE) as session,
    ):
        assert isinstance(send(session), Sent)
        assert isinstance(send(session, 2), Sent)


def test_a_certificate_that_is_not_trusted_ends_it_before_the_password():
    with mailing.sink(tls=server_context()) as server, smtp(server, security=Security.TLS) as session:
        outcome = send(session)
        assert server.reached(Stage.AUTH) == 0
    assert isinstance(outcome, Lost)
    assert outcome.phase is Phase.TLS
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail


def test_starttls_that_is_refused_ends_it_before_the_password(server):
    with smtp(server, security=Security.STARTTLS) as session:
        outcome = send(session)
    assert (type(outcome), outcome.phase) == (Refused, Phase.TLS)
    assert server.reached(Stage.AUTH) == 0


@pytest.mark.parametrize("injected", [b"", b"250 believe me\r\n"])
def test_starttls_is_verified_and_what_came_in_the_clear_is_not_believed(injected):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        commands = []
        thread = threading.Thread(target=_starttls, args=(listening, injected, commands))
        thread.start()
        box = mailbox(listening.getsockname()[1], security=Security.STARTTLS, ca_file=CERTIFICATE)
        with SmtpSession(box, QUICK) as session:
            outcome = send(session)
        thread.join()
    if injected:
        assert outcome == Lost(Phase.TLS, "SMTPServerDisconnected: plain text after STARTTLS")
        assert [line.split()[0].upper() for line in commands] == [b"EHLO", b"STARTTLS"]
    else:
        assert outcome == Lost(Phase.AUTH, "SMTPServerDisconnected: closed by the server")
        assert [line.split()[0].upper() for line in commands] == [b"EHLO", b"STARTTLS", b"EHLO", b"AUTH"]


def _starttls(listening, injected, commands):
    """aiosmtpd's own STARTTLS is not used: a few lines show better what comes over the line."""
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"220 x\r\n")
        commands.append(connection.recv(1000))
        connection.sendall(b"250-x\r\n250 STARTTLS\r\n")
        commands.append(connection.recv(1000))
        connection.sendall(b"220 go\r\n" + injected)
        if injected:
            connection.recv(1000)
            return
        with server_context().wrap_socket(connection, server_side=True) as secure:
            commands.append(secure.recv(1000))
            secure.sendall(b"250-x\r\n250 AUTH PLAIN\r\n")
            commands.append(secure.recv(1000))


def test_an_unencrypted_session_beyond_this_machine_is_refused():
    box = mailbox(25)
    object.__setattr__(box.provider, "smtp_host", "smtp.example.com")
    with pytest.raises(OfficeError, match="明文"):
        SmtpSession(box)
