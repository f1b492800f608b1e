"""A real Dovecot (2.3, Debian package dovecot-imapd) on loopback, with TLS, STARTTLS and Chinese folders.

The second opinion on everything that the embedded server says: it was written by others. Runs without root rights
(as root it drops to an unprivileged account, because imap-login refuses root and userdb refuses uid 0).
"""

import getpass
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from intake.imap_wire import encoded_folder_name
from tests.servers.certificates import OPENSSL, Certificate, make_certificate
from tests.servers.mailboxes import ADDRESS, CODE

DOVECOT = shutil.which("dovecot", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
MISSING = "" if DOVECOT and OPENSSL else "dovecot-imapd and openssl are not installed"
_UNPRIVILEGED = "games"  # an account of every Debian that owns nothing

_CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox 已发送 {{
    special_use = \\Sent
    auto = create
  }}
  mailbox 垃圾邮件 {{
    special_use = \\Junk
    auto = create
  }}
  mailbox 报名/第二批 {{
    auto = create
  }}
}}
"""


_FOLDERS = ("INBOX", "已发送", "垃圾邮件", "报名/第二批")


@dataclass(frozen=True)
class Dovecot:
    """A running server. `port` speaks plain text and STARTTLS, `tls_port` TLS."""

    port: int
    tls_port: int
    certificate: Certificate

    @contextmanager
    def clerk(self, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Yield a plain imaplib connection with `folder` open for writing: the clerk's mail program."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        try:
            client.login(ADDRESS, CODE)
            client.select(_quoted(folder))
            yield client
        finally:
            client.logout()

    def deliver(self, raw: bytes, internal_at: datetime, *, folder: str = "INBOX", flags: str = "()") -> None:
        """Put a mail into a folder, its bytes as they are (imaplib's own `append` rewrites line ends)."""
        with self.clerk() as client:
            client.literal = raw
            date = imaplib.Time2Internaldate(internal_at)
            status, answer = client._simple_command("APPEND", _quoted(folder), flags, date)
            assert status == "OK", answer

    def empty(self) -> None:
        """Delete all mails of all folders."""
        for folder in _FOLDERS:
            with self.clerk(folder) as client:
                client.uid("STORE", "1:*", "+FLAGS", "(\\Deleted)")
                client.expunge()

    def served(self, folder: str = "INBOX") -> dict[int, bytes]:
        """Return UID → bytes of all mails of a folder, as a client that is not ours sees them."""
        with self.clerk(folder) as client:
            uids = client.uid("SEARCH", "ALL")[1][0].split()
            return {int(uid): client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1][0][1] for uid in uids}

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """Return the FLAGS answers of all mails of a folder, in order."""
        with self.clerk(folder) as client:
            return [imaplib.ParseFlags(item) for item in client.fetch("1:*", "(FLAGS)")[1]]


@contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """Yield a running Dovecot with an empty mailbox; everything is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    process = None
    try:
        user = _UNPRIVILEGED if os.geteuid() == 0 else getpass.getuser()
        account = pwd.getpwnam(user)
        certificate = make_certificate(folder, "IP:127.0.0.1", "DNS:localhost")
        port, tls_port = _free_ports()
        values = {"folder": folder, "user": user, "group": grp.getgrgid(account.pw_gid).gr_name}
        (folder / "dovecot.conf").write_text(_CONFIG.format(port=port, tls_port=tls_port, **values), encoding="utf-8")
        (folder / "passwd").write_text(f"{ADDRESS}:{{PLAIN}}{CODE}::::::\n")
        for name in ("run", "state", "mail"):
            (folder / name).mkdir()
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid)
        rights = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        with (folder / "output.txt").open("wb") as output:
            process = subprocess.Popen(
                [DOVECOT, "-F", "-c", str(folder / "dovecot.conf")], stdout=output, stderr=output, cwd=folder, **rights
            )
        _wait_for(port, process, folder)
        yield Dovecot(port, tls_port, certificate)
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def _quoted(folder: str) -> str:
    return f'"{encoded_folder_name(folder).decode()}"'


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                if connection.recv(4) == b"* OK":
                    return
        except OSError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.05)
    texts = [
        path.read_text(errors="replace") for path in (folder / "output.txt", folder / "dovecot.log") if path.exists()
    ]
    raise RuntimeError("dovecot did not start:\n" + "\n".join(texts))
