"""How a session with the office's mailbox begins: verified connection, LOGIN, ID (imap-tools is at home here).

In: `settings.Mailbox` and a `Deadline`. Out: imap-tools' mailbox on our client, logged in and identified, no folder
open. Also `explained`, which turns every failure of a step into a `ServerError`. Stage after: `imap_session`.

LOGIN without an initial folder and ID (RFC 2971) right after it: NetEase refuses SELECT and EXAMINE to a client that
has not identified itself ("Unsafe Login"), on every connection anew. The password is revealed in one line only.
"""

import imaplib
import ipaddress
import logging
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from imap_tools import BaseMailBox, ImapToolsError

from intake.errors import OfficeError, TransientServerError
from intake.imap_client import Client, Deadline
from intake.imap_errors import Step, explain
from intake.imap_wire import refusal
from intake.settings import Mailbox, Secret, Security

log = logging.getLogger(__name__)

# The four families: imap-tools, imaplib (error and abort), sockets and TLS; ValueError and TypeError are what imaplib
# raises on answers that are no IMAP (a literal size of 5,000 digits, a capability line that is a literal).
FAILURES = (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError, TypeError)


class RemoteMailbox(BaseMailBox):
    """imap-tools' mailbox on our own client. `in_step` is false once the two sides may disagree about what was said."""

    client: Client

    def __init__(self, client: Client, deadline: Deadline, server: str, password: Secret) -> None:
        self._ready = client
        self._password = password
        self.deadline = deadline
        self.server = server
        self.in_step = True
        super().__init__()

    def _get_mailbox_client(self) -> Client:
        return self._ready

    @contextmanager
    def explained(self, step: Step, *, folder: str = "", folders: Sequence[str] = ()) -> Iterator[None]:
        """Run one step of the session; what fails in it is raised as a ServerError."""
        try:
            yield
        except FAILURES as error:
            refused = isinstance(error, ImapToolsError | imaplib.IMAP4.error)
            self.in_step = self.in_step and refused and not isinstance(error, imaplib.IMAP4.abort)
            if self.deadline.cancelled:
                raise TransientServerError("收件已按要求中止；还没收的来件仍在邮箱里，下一轮会继续。") from error
            answer = _masked(refusal(self.client.last_line), self._password)
            told = explain(step, error, server=self.server, answer=answer, folder=folder, folders=folders)
            raise told from _cause(error, self._password)


def connect(mailbox: Mailbox, deadline: Deadline) -> RemoteMailbox:
    """Given the mailbox's settings, return it connected, logged in and identified; no socket stays open on failure.

    Raise OfficeError if the settings can't or must not be used, ServerError if the server does not let us in.
    """
    _check_credentials(mailbox)
    _refuse_plain_text(mailbox)
    context = _tls_context(mailbox)
    provider = mailbox.provider
    server = f"{provider.imap_host}:{provider.imap_port}"
    try:
        client = Client(provider.imap_host, provider.imap_port, mailbox.imap_security, context, deadline)
    except FAILURES as error:
        answer = _masked(_greeting(error), mailbox.password)
        raise explain(Step.CONNECT, error, server=server, answer=answer) from _cause(error, mailbox.password)
    box = RemoteMailbox(client, deadline, server, mailbox.password)
    try:
        _log_in(box, mailbox)
        _identify(box, mailbox)
    except BaseException:
        client.shutdown()
        raise
    return box


def _check_credentials(mailbox: Mailbox) -> None:
    """Refuse what LOGIN can't carry; a line break in it would even be a second command."""
    for name, value in (("登录名", mailbox.login), ("授权码", mailbox.password.reveal())):
        if not value or not value.isascii() or not value.isprintable():
            raise OfficeError(
                f"邮箱{name}为空，或含有中文、全角字符、换行，无法登录邮箱。请重新填写（授权码请从网页邮箱直接复制）。"
            )


def _refuse_plain_text(mailbox: Mailbox) -> None:
    host = mailbox.provider.imap_host
    if mailbox.imap_security is not Security.NONE or host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise OfficeError(
            f"邮箱服务器 {host} 被设为不加密连接，授权码会被旁人看到，所以没有连接。请把 imap_security 改为 tls 或 starttls。"
        )


def _tls_context(mailbox: Mailbox) -> ssl.SSLContext:
    """Return a context that verifies chain and host name (imaplib's default on Python 3.11 verifies nothing).

    On loopback without TLS it is never used: then the system's authorities, 20 ms of reading, stay unread.
    """
    if mailbox.imap_security is Security.NONE:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=None if mailbox.ca_file is None else str(mailbox.ca_file))
    except OSError as error:  # ssl.SSLError is one
        raise OfficeError(f"证书文件 ca_file 不能使用：{mailbox.ca_file}。请检查路径，文件应为 PEM 格式。") from error


def _greeting(error: BaseException) -> str:
    """Return what a server says that refuses at the door (``* BYE too many connections``): imaplib passes the line on."""
    said = error.args[0] if error.args else b""
    return refusal(said) if isinstance(said, bytes) else ""


def _masked(answer: str, password: Secret) -> str:
    """Return a server's words without the password, which some repeat whenever they refuse something."""
    return answer.replace(password.reveal(), "****")


def _cause(error: BaseException, password: Secret) -> BaseException | None:
    """Return an error as another's cause, unless it repeats the password: imaplib quotes the server's line."""
    secret = password.reveal()
    return None if {secret in str(error), repr(secret)[1:-1] in str(error)} != {False} else error


def _log_in(box: RemoteMailbox, mailbox: Mailbox) -> None:
    try:
        box.login(mailbox.login, mailbox.password.reveal(), initial_folder=None)
    except FAILURES as error:
        # `from None` and the masking: some servers repeat the command in their refusal, password and all, and imaplib
        # quotes them in the exception.
        answer = _masked(refusal(box.client.last_line), mailbox.password)
        raise explain(Step.LOGIN, error, server=box.server, answer=answer) from None
    with box.explained(Step.IDENTIFY):
        status, data = box.client.capability()  # those known so far are from before the login
        if status == "OK" and isinstance(data[-1], bytes):
            box.client.capabilities = tuple(data[-1].decode("ascii", "replace").upper().split())


def _identify(box: RemoteMailbox, mailbox: Mailbox) -> None:
    """Send ID if the provider asks for it or the server offers it. Tencent hangs up on commands it does not offer."""
    if not mailbox.provider.send_id and "ID" not in box.client.capabilities:
        return
    pairs = ["name", "form-intake", "vendor", "form-intake"]  # true, and any value will do (RFC 2971 §3.3)
    if mailbox.address.isascii() and mailbox.address.isprintable() and not set(mailbox.address) & set('"\\'):
        pairs += ["support-email", mailbox.address]
    with box.explained(Step.IDENTIFY):
        try:
            status = box.client.identify(" ".join(f'"{text}"' for text in pairs))
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            status = "BAD"
    if status != "OK":
        log.warning("action=imap.id_refused status=%s", status)  # EXAMINE will tell whether it matters
