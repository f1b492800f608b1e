"""A session identifies itself, reads without leaving a trace, and no server can hold it."""

import imaplib
import logging
import socket
import threading
import time
import traceback
from dataclasses import replace

import pytest

from intake.errors import OfficeError, PermanentServerError, ServerError, TransientServerError
from intake.imap_errors import FolderMissingError, LoginRefusedError, LoginUnansweredError, Step
from intake.imap_session import ImapSession, VanishedError
from intake.settings import Secret, Security
from scheduler.demo.habits import Habits
from scheduler.demo.imap_protocol import Connection, RefusedError
from scheduler.demo.mailstore import MailStore
from scheduler.demo.server import DemoMailbox
from tests.servers.certificates import OPENSSL, make_certificate
from tests.servers.mailboxes import ADDRESS, CODE, NOON, POLLING, mailbox_at

QUICK = replace(POLLING, command_timeout_s=0.4, poll_deadline_s=0.8)
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


@pytest.fixture
def server():
    with DemoMailbox(ADDRESS, CODE) as running:
        yield running


def session(server, polling=POLLING, **settings):
    return ImapSession(mailbox_at(server.port, **settings), polling)


def wait_until_no_connection(server):
    for _ in range(200):
        if not server.connections:
            return
        time.sleep(0.01)
    pytest.fail("a connection was left open")


# --- beginning -------------------------------------------------------------------------------------------------------


def test_it_identifies_itself_after_login_and_before_any_folder_is_opened(server):
    with session(server) as imap:
        imap.examine("INBOX")
    names = [command.partition(" ")[0] for command in server.commands]
    assert names == ["CAPABILITY", "LOGIN", "CAPABILITY", "ID", "LIST", "EXAMINE", "LOGOUT"]
    assert f'"support-email" "{ADDRESS}"' in server.commands[3]


def test_every_connection_identifies_itself(server):
    for _ in range(2):
        with session(server) as imap:
            assert imap.examine("INBOX") == 1


def test_a_server_that_offers_id_gets_it_though_the_profile_does_not_ask(server):
    with session(server, provider="generic") as imap:
        assert imap.examine("INBOX") == 1
        assert {"ID", "UIDPLUS"} <= imap.capabilities


def test_without_id_the_refusal_is_explained(server, monkeypatch):
    monkeypatch.setattr("intake.imap_connect._identify", lambda *_: None)
    with session(server) as imap, pytest.raises(PermanentServerError, match="客户端标识"):
        imap.examine("INBOX")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"LOGIN Login error or password error", "授权码不正确或已失效"),
        (b"LOGIN Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy.", "没有说明原因"),
        ("LOGIN 用户无权登陆".encode("gb18030"), "没有开启 IMAP 服务"),
        ("LOGIN 登录太频繁".encode("gb18030"), "登录太频繁"),
        (b"LOGIN something new", "请核对邮箱地址和授权码"),
    ],
)  # fmt: skip
def test_a_refused_login_names_the_cause_and_what_to_do(server, answer, expected):
    server.habits = Habits(login_answer=answer)
    with pytest.raises(LoginRefusedError) as caught, session(server):
        pass
    assert expected in caught.value.message
    assert caught.value.answer.startswith("LOGIN")
    assert "\ufffd" not in str(caught.value)
    assert server.logins == 1, "a refused login is never tried again at once"
    wait_until_no_connection(server)


def test_a_wrong_code_is_refused_and_stands_in_no_message_log_or_traceback(server, caplog):
    caplog.set_level(logging.DEBUG)
    secret = 'canary "quoted\\ code'
    server.habits = Habits(login_answer=b'LOGIN bad password: "' + secret.encode() + b'"')
    with pytest.raises(LoginRefusedError) as caught, session(server, password=secret):
        pass
    text = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(caught.value)
    assert "canary" not in text
    assert "****" in text


def test_a_server_that_repeats_the_code_in_its_greeting_is_not_quoted(server, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "canary'quoted\\code"
    server.habits = Habits(greeting=b"* BYE " + secret.encode() + b" is not welcome")
    with pytest.raises(ServerError) as caught, session(server, password=secret):
        pass
    text = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(vars(caught.value))
    assert "canary" not in text
    assert "****" in text


def test_a_server_that_repeats_the_code_after_the_login_is_not_quoted(server):
    secret = "canary'quoted\\code"
    with session(server) as opened:
        box = opened._box
        box._password = Secret(secret)
        box.client.last_line = b"A1 NO " + secret.encode() + b" may not do that"
        with pytest.raises(ServerError) as caught, box.explained(Step.EXAMINE):
            raise imaplib.IMAP4.error(f"EXAMINE command error: {box.client.last_line!r}")
    text = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "canary" not in text
    assert "****" in text


def test_an_unanswered_login_is_told_apart_from_a_dead_network(server):
    server.habits = Habits(stall_on="LOGIN")
    with pytest.raises(LoginUnansweredError, match="没有回答"), session(server, QUICK):
        pass


@pytest.mark.parametrize("password", ["", "授权码", "code\r\nA1 DELETE INBOX", "ＡＢＣＤ"])
def test_a_code_that_login_cannot_carry_is_refused_before_connecting(server, password):
    with pytest.raises(OfficeError, match="授权码为空"), session(server, password=password):
        pass
    assert server.commands == ()


def test_codes_with_quotes_and_backslashes_are_carried():
    with DemoMailbox(ADDRESS, 'a"b\\c d') as running, session(running, password='a"b\\c d') as imap:
        assert imap.examine("INBOX") == 1


def test_plain_text_to_another_machine_is_refused(server):
    mailbox = mailbox_at(server.port, host="imap.example.com")
    with pytest.raises(OfficeError, match="不加密"), ImapSession(mailbox, POLLING):
        pass


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_plain_text_on_loopback_is_allowed(server, host):
    with session(server, host=host) as imap:
        assert imap.folders()


def test_a_server_that_refuses_at_the_door_is_quoted():
    with DemoMailbox(ADDRESS, CODE, habits=Habits(greeting=b"* BYE too many connections")) as running:
        with pytest.raises(TransientServerError) as caught, session(running):
            pass
        assert caught.value.answer == "too many connections"
        wait_until_no_connection(running)


@pytest.mark.parametrize("greeting", [b"220 smtp.example.com ESMTP", b"HTTP/1.1 400 Bad Request", b"* PREAUTH hello"])
def test_what_is_no_imap_server_to_log_in_to_is_an_error_of_the_server(greeting):
    with DemoMailbox(ADDRESS, CODE, habits=Habits(greeting=greeting)) as running:
        with pytest.raises((TransientServerError, LoginRefusedError)), session(running, QUICK):
            pass
        assert running.logins == 0
        wait_until_no_connection(running)


def test_nobody_listening_is_a_passing_fault():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(TransientServerError, match="拒绝连接"), ImapSession(mailbox_at(port), POLLING):
        pass


def test_an_unknown_host_is_a_passing_fault(monkeypatch):
    def fail(*_arguments, **_keywords):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(TransientServerError, match="域名解析失败"), ImapSession(mailbox_at(1), POLLING):
        pass


# --- encryption ------------------------------------------------------------------------------------------------------


@needs_openssl
def test_a_trusted_certificate_is_accepted(tmp_path):
    made = make_certificate(tmp_path, "IP:127.0.0.1")
    with (
        DemoMailbox(ADDRESS, CODE, tls=made.server_context()) as running,
        session(running, security=Security.TLS, ca_file=made.certificate) as imap,
    ):
        assert imap.examine("INBOX") == 1


@needs_openssl
def test_an_unknown_authority_gets_no_credentials(tmp_path):
    made = make_certificate(tmp_path, "IP:127.0.0.1")
    with DemoMailbox(ADDRESS, CODE, tls=made.server_context()) as running:
        with pytest.raises(PermanentServerError, match="证书没有通过验证"), session(running, security=Security.TLS):
            pass
        assert running.logins == 0


@needs_openssl
def test_a_certificate_of_another_host_gets_no_credentials(tmp_path):
    made = make_certificate(tmp_path, "DNS:imap.example.com")
    with DemoMailbox(ADDRESS, CODE, tls=made.server_context()) as running:
        settings = {"security": Security.TLS, "ca_file": made.certificate}
        with pytest.raises(PermanentServerError, match="证书没有通过验证"), session(running, **settings):
            pass
        assert running.logins == 0


def test_tls_to_a_server_without_it_is_never_given_up(server):
    with pytest.raises(TransientServerError, match="加密连接失败"), session(server, security=Security.TLS):
        pass
    assert server.logins == 0


def test_starttls_is_never_optional(server):
    with pytest.raises(TransientServerError), session(server, security=Security.STARTTLS):
        pass
    assert server.logins == 0


def test_a_polite_no_to_starttls_gets_no_credentials_either(server, monkeypatch):
    real = Connection._handler

    def handler(self, name):
        if name == b"STARTTLS":
            raise RefusedError(b"NO", b"TLS not available")
        return real(self, name)

    monkeypatch.setattr(Connection, "_handler", handler)
    with pytest.raises(TransientServerError), session(server, security=Security.STARTTLS):
        pass
    assert server.logins == 0


@pytest.mark.parametrize("said", [b"4294967296", b"9" * 19, b"9" * 5_000])
def test_a_uidvalidity_beyond_32_bits_is_none(server, monkeypatch, said):
    monkeypatch.setattr(server, "shown", lambda data: data.replace(b"[UIDVALIDITY 1]", b"[UIDVALIDITY %s]" % said))
    with session(server) as imap:
        with pytest.raises(PermanentServerError, match="UIDVALIDITY"):
            imap.examine("INBOX")
        assert imap.usable


def test_a_missing_certificate_file_is_the_offices_to_mend(server, tmp_path):
    with (
        pytest.raises(OfficeError, match="ca_file"),
        session(server, security=Security.TLS, ca_file=tmp_path / "no.pem"),
    ):
        pass


# --- reading ---------------------------------------------------------------------------------------------------------


def test_folders_come_with_their_names_and_uses(server):
    with session(server) as imap:
        assert {folder.name for folder in imap.folders()} >= {"INBOX", "已发送", "病毒文件夹"}
        assert imap.sent_folder() == "已发送"


def test_a_missing_folder_is_named_with_those_that_are_there(server):
    with session(server) as imap:
        with pytest.raises(FolderMissingError) as caught:
            imap.examine("报名")
        assert "“报名”" in caught.value.message
        assert "INBOX、草稿箱、已发送" in caught.value.message
        assert imap.usable
        assert imap.examine("INBOX") == 1, "the session goes on"


def test_a_mail_is_listed_described_and_read_to_the_byte(server):
    raw = b"Subject: \xd3\xc3\xbb\xa7\n\nLF only, no end"
    uid = server.deliver("INBOX", raw, NOON)
    with session(server) as imap:
        imap.examine("INBOX")
        assert imap.uids() == (uid,)
        mail = imap.describe(uid)
        assert mail is not None
        assert (mail.size_bytes, mail.internal_at) == (len(raw), NOON)
        assert b"".join(imap.chunks(uid, mail.size_bytes)) == raw


@pytest.mark.parametrize("size", [100_000, 100_001, 2**18, 2**18 + 1, 2**19, 3 * 2**18 - 1])
def test_large_mails_come_in_pieces(server, size):
    raw = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    uid = server.deliver("INBOX", raw, NOON)
    with session(server) as imap:
        imap.examine("INBOX")
        pieces = list(imap.chunks(uid, size))
    assert b"".join(pieces) == raw
    assert max(map(len, pieces)) <= max(2**18, POLLING.large_mail_bytes)


def test_a_server_without_partial_fetch_still_gives_large_mails(server):
    server.habits = Habits(partial_fetch=False)
    raw = b"x" * 700_000
    uid = server.deliver("INBOX", raw, NOON)
    with session(server) as imap:
        imap.examine("INBOX")
        assert b"".join(imap.chunks(uid, len(raw))) == raw


def test_noise_of_other_clients_confuses_nothing(server):
    server.habits = Habits(untagged_noise=True)
    raws = [b"mail %d" % number for number in range(5)]
    uids = [server.deliver("INBOX", raw, NOON) for raw in raws]
    with session(server) as imap:
        imap.examine("INBOX")
        described = imap.describe_all(uids)
        assert sorted(described) == uids
        assert [b"".join(imap.chunks(uid, described[uid].size_bytes)) for uid in uids] == raws


def test_a_mail_without_a_body_has_vanished(server):
    kept, gone = server.deliver("INBOX", b"1", NOON), server.deliver("INBOX", b"2", NOON)
    with session(server) as imap:
        imap.examine("INBOX")
        server.mailbox.remove("INBOX", gone)
        assert imap.uids() == (kept, gone), "the view of this session is older"
        with pytest.raises(VanishedError):
            list(imap.chunks(gone, 1))
        imap.refresh()
        assert imap.uids() == (kept,)


def test_a_uid_that_never_was_is_described_as_nothing(server):
    with session(server) as imap:
        imap.examine("INBOX")
        assert imap.describe(4711) is None
        with pytest.raises(VanishedError):
            list(imap.chunks(4711, 10))


def test_a_monstrous_literal_is_refused_before_it_is_read(server):
    uid = server.deliver("INBOX", b"small", NOON)
    server.habits = Habits(announced_error=3_900_000_000)
    with session(server) as imap:
        imap.examine("INBOX")
        began = time.monotonic()
        with pytest.raises(TransientServerError):
            list(imap.chunks(uid, 5))
        assert time.monotonic() - began < 2, "not even waited for"
        assert not imap.usable


def test_an_empty_list_where_mails_are_said_to_be_is_an_error(server, monkeypatch):
    server.deliver("INBOX", b"1", NOON)
    monkeypatch.setattr("scheduler.demo.imap_protocol.Connection._matching", lambda *_: set())
    with session(server) as imap:
        imap.examine("INBOX")
        with pytest.raises(TransientServerError, match="却一封也没有列出"):
            imap.uids()


def test_a_huge_folder_is_listed_by_ranges_below_the_line_limit():
    store = MailStore()
    uids = tuple(store.deliver("INBOX", b"x", NOON) for _ in range(100_000))
    with DemoMailbox(ADDRESS, CODE, mailbox=store) as running, session(running) as imap:
        imap.examine("INBOX")
        assert imap.uids() == uids
        searches = [command for command in running.commands if "SEARCH" in command]
    assert len(searches) == 3
    assert not any("ALL" in command or "CHARSET" in command for command in searches)


def test_descending_requests_are_sent_ascending(server):
    uids = [server.deliver("INBOX", b"x", NOON) for _ in range(3)]
    with session(server) as imap:
        imap.examine("INBOX")
        imap.describe_all(uids[::-1])
    assert f"UID FETCH {uids[0]},{uids[1]},{uids[2]} (UID RFC822.SIZE INTERNALDATE)" in server.commands


def test_reading_leaves_no_flag_and_no_trace(server):
    uid = server.deliver("INBOX", b"Subject: x\r\n\r\n" + b"x" * 150_000, NOON, flags=["\\Deleted"])
    server.deliver("已发送", b"Subject: y\r\n\r\n", NOON)
    with session(server) as imap:
        imap.examine("INBOX")
        list(imap.chunks(uid, imap.describe(uid).size_bytes))
        imap.refresh()
        imap.sent_headers(5)
    assert server.mailbox.find("INBOX", uid).flags == {"\\Deleted"}
    words = {word for command in server.commands for word in command.split()}
    assert not words & {"SELECT", "STORE", "EXPUNGE", "CLOSE", "APPEND", "COPY", "MOVE", "DELETE", "CREATE"}


def test_the_newest_sent_mails_are_told_newest_first(server):
    for number in range(4):
        server.deliver(
            "已发送", b"Message-ID: <%d@x>\r\nX-Intake-Id: m%d\r\nSubject: s\r\n\r\nbody" % (number, number), NOON
        )
    with session(server) as imap:
        assert [(mail.message_id, mail.intake_id) for mail in imap.sent_headers(2)] == [
            ("<3@x>", "m3"),
            ("<2@x>", "m2"),
        ]
        assert len(imap.sent_headers(100)) == 4
        assert imap.sent_headers(0) == ()


def test_no_sent_folder_is_an_error_and_not_silence():
    with (
        DemoMailbox(ADDRESS, CODE, mailbox=MailStore({"INBOX": ""})) as running,
        session(running) as imap,
        pytest.raises(PermanentServerError, match="已发送"),
    ):
        imap.sent_headers(5)


def test_the_sent_folder_is_found_by_name_where_no_use_is_told():
    store = MailStore({"INBOX": "", "Sent Messages": ""})
    with DemoMailbox(ADDRESS, CODE, mailbox=store) as running, session(running, provider="qq") as imap:
        assert imap.sent_folder() == "Sent Messages"


# --- time ------------------------------------------------------------------------------------------------------------


def duration(action):
    began = time.monotonic()
    with pytest.raises(TransientServerError):
        action()
    return time.monotonic() - began


@pytest.mark.parametrize("command", ["GREETING", "CAPABILITY", "ID", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH"])
def test_a_server_that_falls_silent_is_given_up_in_time(server, command):
    server.deliver("INBOX", b"x", NOON)
    server.habits = Habits(stall_on=command)

    def run():
        with session(server, QUICK) as imap:
            imap.examine("INBOX")
            imap.describe_all(imap.uids())

    assert duration(run) < 1.0
    wait_until_no_connection(server)


def test_a_server_that_trickles_cannot_outrun_the_deadline(server):
    """A byte every 0.1 s: each read succeeds at once, the greeting alone would take 4 seconds."""
    server.habits = Habits(trickle_s=0.1)

    def run():
        with session(server, QUICK) as imap:
            imap.examine("INBOX")

    assert duration(run) < 1.2


@needs_openssl
def test_a_server_that_trickles_inside_tls_cannot_either(tmp_path):
    made = make_certificate(tmp_path, "IP:127.0.0.1")
    with DemoMailbox(ADDRESS, CODE, tls=made.server_context(), habits=Habits(trickle_s=0.1)) as running:

        def run():
            with session(running, QUICK, security=Security.TLS, ca_file=made.certificate) as imap:
                imap.examine("INBOX")

        assert duration(run) < 1.2


def test_a_handshake_that_never_comes_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mailbox = mailbox_at(silent.getsockname()[1], security=Security.TLS)

        def run():
            with ImapSession(mailbox, QUICK):
                pass

        assert duration(run) < 1.0


def test_the_whole_session_ends_though_every_command_is_in_time(server):
    server.habits = Habits(trickle_s=0.0005)
    polling = replace(POLLING, command_timeout_s=5, poll_deadline_s=0.6)

    def run():
        with session(server, polling) as imap:
            while True:
                imap.examine("INBOX")

    assert 0.4 < duration(run) < 1.2


def test_it_can_be_interrupted_from_another_thread(server):
    server.habits = Habits(stall_on="UID SEARCH")
    with session(server) as imap:
        imap.examine("INBOX")
        threading.Timer(0.1, imap.interrupt).start()
        began = time.monotonic()
        with pytest.raises(TransientServerError, match="中止"):
            imap.uids()
        assert time.monotonic() - began < 1.0
        assert imap.interrupted
        assert not imap.usable
    wait_until_no_connection(server)


def test_an_interrupt_before_the_start_ends_it_at_once(server):
    imap = session(server)
    imap.interrupt()
    with pytest.raises(TransientServerError), imap:
        pass


def test_a_goodbye_in_mid_session_is_a_passing_fault(server):
    server.habits = Habits(bye_after_commands=5)
    with session(server) as imap, pytest.raises(TransientServerError) as caught:
        imap.examine("INBOX")
    assert "logging out" in caught.value.answer
    wait_until_no_connection(server)


def test_a_failing_farewell_does_not_hide_the_first_error(server):
    def run():
        with session(server, QUICK):
            server.habits = Habits(stall_on="LOGOUT")
            raise KeyError

    with pytest.raises(KeyError):
        run()
    wait_until_no_connection(server)


def test_a_session_that_is_not_open_is_a_bug_of_the_caller():
    with pytest.raises(RuntimeError, match="not open"):
        ImapSession(mailbox_at(1), POLLING).folders()
