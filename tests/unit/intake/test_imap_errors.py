"""Every failure of a mailbox is told in words that name the cause and the remedy."""

import imaplib
import socket
import ssl

import pytest
from imap_tools import MailboxFolderSelectError, MailboxLoginError

from intake.errors import PermanentServerError, TransientServerError
from intake.imap_errors import FolderMissingError, LoginRefusedError, LoginUnansweredError, Step, explain

SERVER = "imap.example.com:993"
REFUSED = MailboxFolderSelectError(("NO", [b"x"]), "OK")
FAILURES = [
    REFUSED,
    MailboxLoginError(("NO", [b"x"]), "OK"),
    imaplib.IMAP4.error("BAD"),
    imaplib.IMAP4.abort("socket error: EOF"),
    TimeoutError("timed out"),
    ConnectionResetError(104, "Connection reset by peer"),
    ConnectionRefusedError(111, "Connection refused"),
    socket.gaierror(-2, "Name or service not known"),
    ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
    ssl.SSLCertVerificationError(1, "certificate verify failed"),
    ValueError("nonsense"),
    TypeError("nonsense"),
]


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("answer", ["", "System busy", "系统繁忙"])
def test_every_failure_has_a_sentence_that_says_what_to_do(step, error, answer):
    explained = explain(step, error, server=SERVER, answer=answer, folder="报名", folders=("INBOX",))
    assert explained.message.endswith("。")
    assert any(word in explained.message for word in ("请", "自动", "会隔"))


@pytest.mark.parametrize("step", Step)
def test_an_unsafe_login_is_explained_wherever_it_is_said(step):
    explained = explain(
        step, REFUSED, server=SERVER, answer="SELECT Unsafe Login. Please contact kefu@188.com for help"
    )
    assert isinstance(explained, PermanentServerError)
    assert "IMAP ID" in explained.message
    assert "kefu@188.com" in explained.answer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), LoginUnansweredError),
        (imaplib.IMAP4.abort("EOF"), LoginUnansweredError),
        (ConnectionResetError(), LoginUnansweredError),
        (imaplib.IMAP4.error("LOGIN command error: BAD"), LoginRefusedError),
        (MailboxLoginError(("NO", [b"x"]), "OK"), LoginRefusedError),
    ],
)
def test_whatever_goes_wrong_at_login_rests_long(error, kind):
    assert type(explain(Step.LOGIN, error, server=SERVER)) is kind


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ssl.SSLCertVerificationError(1, "x"), PermanentServerError, "证书没有通过验证"),
        (ssl.SSLError(1, "x"), TransientServerError, "993"),
        (socket.gaierror(-2, "x"), TransientServerError, "域名解析失败"),
        (ConnectionRefusedError(111, "x"), TransientServerError, "拒绝连接"),
        (TimeoutError(), TransientServerError, "规定时间"),
        (ConnectionResetError(104, "Connection reset by peer"), TransientServerError, "连接中断"),
        (imaplib.IMAP4.error(b"220 smtp"), TransientServerError, "没有按 IMAP 规定应答"),
    ],
)
def test_a_connection_that_fails_names_the_cause(error, kind, words):
    explained = explain(Step.CONNECT, error, server=SERVER)
    assert type(explained) is kind
    assert words in explained.message
    assert SERVER in explained.message


def test_a_certificate_is_never_a_passing_fault_and_says_that_nothing_was_sent():
    explained = explain(Step.CONNECT, ssl.SSLCertVerificationError(1, "x"), server=SERVER)
    assert isinstance(explained, PermanentServerError)
    assert "没有发送账号和授权码" in explained.message


def test_a_folder_that_is_not_listed_is_missing_and_one_that_is_listed_is_refused():
    missing = explain(Step.EXAMINE, REFUSED, server=SERVER, folder="报名", folders=("INBOX", "已发送"))
    assert isinstance(missing, FolderMissingError)
    assert "INBOX、已发送" in missing.message
    refused = explain(Step.EXAMINE, REFUSED, server=SERVER, folder="已发送", folders=("INBOX", "已发送"))
    assert type(refused) is PermanentServerError
    inbox = explain(Step.EXAMINE, REFUSED, server=SERVER, folder="INBOX", folders=("Inbox",))
    assert type(inbox) is PermanentServerError
