"""What an IMAP server does wrongly over time: mails that go, mailboxes rebuilt, farewells, silence, trickling, bad certificates.

In: a `Bay`. Out: a scene a fault; each leaves the server in order, and after one undisturbed poll all must be there.
"""

import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

from intake.answers import Phase
from intake.errors import ServerError
from intake.imap_session import ImapSession
from intake.settings import Mailbox, Security
from intake.smtp import SmtpSession
from scheduler.demo.habits import Habits
from scheduler.demo.mailstore import INBOX
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import mailing
from tests.rig.wire_bay import IMPATIENT, JUNK, Bay
from tests.servers.mailboxes import ADDRESS, CODE, POLLING, mailbox_at
from tests.servers.proxy import CuttingProxy, Side

Scene = Callable[[Bay], Iterator[str]]
_COMMANDS = 20  # a poll of the bay has about fifteen
_STALLS = ("GREETING", "LOGIN", "CAPABILITY", "ID", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT")
_SLACK_S = 6.0  # for a busy machine
_DATA = Path(__file__).parents[1] / "data"


def scenes() -> Iterator[tuple[str, Scene]]:
    """Yield all scenes with their names."""
    for number in range(1, _COMMANDS):
        yield f"BYE after {number} commands", partial(_told, habits=Habits(bye_after_commands=number))
        yield f"a mail goes at command {number}", partial(_at_command, number=number, act=_remove)
        yield f"a mail is moved at command {number}", partial(_at_command, number=number, act=_move)
        yield f"the mailbox is rebuilt at command {number}", partial(_at_command, number=number, act=_rebuild)
        yield f"UIDVALIDITY and mails change at command {number}", partial(_at_command, number=number, act=_renumber)
    for command in _STALLS:
        yield f"silence at {command}", partial(_in_time, habits=Habits(stall_on=command))
    yield "a trickle", partial(_in_time, habits=Habits(trickle_s=0.01))
    yield "noise", partial(_told, habits=Habits(untagged_noise=True))
    yield "no partial FETCH", partial(_told, habits=Habits(partial_fetch=False))
    yield "a mailbox rebuilt under the same UIDVALIDITY", partial(_between_polls, act=_rebuild)
    yield "the newest UID given out again", partial(_between_polls, act=_restore)
    yield "another UIDVALIDITY, other mails", partial(_between_polls, act=_renumber)
    yield "another UIDVALIDITY, the same mails", _same_mails


def _settle(bay: Bay) -> Iterator[str]:
    told = bay.poll()
    if told:
        yield f"the undisturbed poll failed: {told}"
    yield from bay.looks(at_rest=True)


def _disturbed(bay: Bay) -> Iterator[str]:
    told = bay.poll(polling=IMPATIENT)
    if told not in ("", "server"):
        yield told
    yield from bay.looks(at_rest=False)


def _told(bay: Bay, *, habits: Habits) -> Iterator[str]:
    bay.server.habits = habits
    yield from _disturbed(bay)
    bay.server.habits = Habits()
    yield from _settle(bay)


def _in_time(bay: Bay, *, habits: Habits) -> Iterator[str]:
    started = time.monotonic()
    yield from _told(bay, habits=habits)
    took = time.monotonic() - started
    if took > IMPATIENT.poll_deadline_s + _SLACK_S:
        yield f"I17: a poll with a deadline of {IMPATIENT.poll_deadline_s} s took {took:.1f} s"


def _at_command(bay: Bay, *, number: int, act: Callable[[Bay], None]) -> Iterator[str]:
    """Let something happen on the server when the n-th command of a poll arrives, before it is answered."""
    come = 0

    def meanwhile(_command: str) -> None:
        nonlocal come
        come += 1
        if come == number:
            act(bay)

    bay.server.meanwhile = meanwhile
    yield from _disturbed(bay)
    bay.server.meanwhile = None
    yield from _settle(bay)


def _between_polls(bay: Bay, *, act: Callable[[Bay], None]) -> Iterator[str]:
    yield from _settle(bay)
    act(bay)
    yield from _settle(bay)
    yield from _settle(bay)


def _same_mails(bay: Bay) -> Iterator[str]:
    yield from _settle(bay)
    before = bay.messages()
    bay.server.uid_validity = 2
    yield from _settle(bay)
    if bay.messages() != before:
        yield "I1: the same mails under another UIDVALIDITY count as others"


def _newest(bay: Bay) -> int:
    return bay.server.mailbox.mails(INBOX)[-1].uid


def _remove(bay: Bay) -> None:
    mail = bay.server.mailbox.mails(INBOX)[-1]
    bay.former.add(mail.raw)  # it may have been fetched
    bay.server.mailbox.remove(INBOX, mail.uid)


def _move(bay: Bay) -> None:
    mail = bay.server.mailbox.mails(INBOX)[-1]
    bay.former.add(mail.raw)
    bay.server.mailbox.move(INBOX, mail.uid, JUNK)


def _rebuild(bay: Bay) -> None:
    for number, mail in enumerate(bay.server.mailbox.mails(INBOX)):
        bay.put(INBOX, mail.uid, b"Subject: another\r\n\r\nrebuilt %d\r\n" % number)


def _restore(bay: Bay) -> None:
    bay.put(INBOX, _newest(bay), b"Subject: came after the restore\r\n\r\n")


def _renumber(bay: Bay) -> None:
    _rebuild(bay)
    bay.server.uid_validity = 2


# --- no credentials to a server that is not the one -------------------------------------------------------------------


def certificates() -> Iterator[tuple[str, list[str]]]:
    """Yield what is shown to a client with verified TLS, and what of I12 does not hold: no secret may have been sent."""
    ours, late, others = (_DATA / f"{name}.pem" for name in ("loopback", "expired", "otherhost"))
    for name, shown, trusted in (
        ("an expired certificate", late, late),
        ("a certificate of another host", others, others),
        ("an unknown authority", ours, None),
        ("no TLS at all", None, ours),
    ):
        yield f"IMAP: {name}", [*_imap_secrets(shown, trusted, Security.TLS)]
        yield f"SMTP: {name}", [*_smtp_secrets(shown, trusted, Security.TLS)]
    yield "IMAP: no STARTTLS", [*_imap_secrets(None, ours, Security.STARTTLS)]
    yield "SMTP: no STARTTLS", [*_smtp_secrets(None, ours, Security.STARTTLS)]


def _context(shown: Path | None) -> SSLContext | None:
    if shown is None:
        return None
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown)
    return context


def _imap_secrets(shown: Path | None, trusted: Path | None, security: Security) -> Iterator[str]:
    with DemoMailbox(ADDRESS, CODE, tls=_context(shown)) as server, CuttingProxy(server.port) as proxy:
        mailbox = mailbox_at(proxy.port, security=security, ca_file=trusted)
        try:
            with ImapSession(mailbox, replace(POLLING, command_timeout_s=8.0)):
                yield "I12: a session came about"
        except ServerError:
            pass
        yield from _said(proxy, mailbox, server.logins)


def _smtp_secrets(shown: Path | None, trusted: Path | None, security: Security) -> Iterator[str]:
    with (
        SmtpSink(login=mailing.ADDRESS, password=mailing.PASSWORD, tls=_context(shown)) as sink,
        CuttingProxy(sink.port) as proxy,
    ):
        mailbox = mailing.mailbox(proxy.port, security=security, ca_file=trusted)
        with SmtpSession(mailbox, replace(mailing.QUICK, connect_s=8, command_s=8)) as smtp:
            outcome = smtp.send(mailing.raw_letter(), "unit@example.org", on_phase=mailing.nothing)
        if getattr(outcome, "phase", None) not in (Phase.TLS, Phase.CONNECT):
            yield f"I12: the session ended with {outcome}"
        yield from _said(proxy, mailbox, len(sink.delivered))


def _said(proxy: CuttingProxy, mailbox: Mailbox, logins: int) -> Iterator[str]:
    said = b"".join(one[Side.CLIENT] for one in proxy.passed)
    secret = mailbox.password.reveal().encode()
    login = mailbox.login.encode()
    if not proxy.passed:
        yield "I12: nobody connected: the look is blind"
    if logins or any(one in said for one in (secret, b64encode(secret), b64encode(b"\0" + login + b"\0" + secret))):
        yield "I12: the password was sent"
