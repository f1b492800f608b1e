"""The world outside of the demo: the units' mails come in here, our letters go out here, and some come back.

In: scenes, and letters from the SMTP sink. Out: mails in the embedded mailbox, Sent copies as the provider files them, and
every mail of both directions as an .eml file to open.
"""

from datetime import datetime
from email import message_from_bytes
from email.header import Header
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP, default
from email.utils import format_datetime
from pathlib import Path

from scheduler.clock import SteppedClock
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered
from scheduler.demo.story import PLAYERS, SHANGHAI, Answered, Habit, Scene


class PostOffice:
    """Called from the story's thread (`deliver`) and from the sink's (`take`), never from both at once."""

    def __init__(self, address: str, folder: Path, mailbox: DemoMailbox, clock: SteppedClock) -> None:
        """Given the office's address, its mailbox and a folder, make the folders for the mails."""
        self._address = address
        self._mailbox = mailbox
        self._clock = clock
        self._received = folder / "收到的邮件"
        self._sent = folder / "发出的邮件"
        for made in (self._received, self._sent):
            made.mkdir()
        self._players = {player.address: player for player in PLAYERS}
        self._newest: dict[str, Answered] = {}
        self._caused = False
        self.received = 0
        self.sent = 0

    def deliver(self, scene: Scene) -> None:
        """Put a scene's mail into the inbox, with the server's time of arrival."""
        raw = scene.make(self._newest.get(scene.address, Answered(self._address)))
        self._put(raw, scene.at, scene.sender)

    def take(self, letter: Delivered) -> None:
        """Take a letter from the SMTP server: file the Sent copy as the provider does, then do as its reader would."""
        now = self._clock.now().astimezone(SHANGHAI)
        self.sent += 1
        recipient = letter.recipients[0]
        (self._sent / f"{self.sent:03d} {now:%m%d-%H%M} {recipient.split('@')[0]}.eml").write_bytes(letter.raw)
        self._mailbox.deliver("已发送", letter.raw, now)
        head = message_from_bytes(letter.raw, policy=default)
        self._newest[recipient] = Answered(self._address, str(head["Message-ID"]), str(head["Subject"]))
        player = self._players.get(recipient)
        if player is None or player.habit is Habit.READS:
            return
        if player.habit is Habit.BOUNCES:
            self._put(_bounce(self._address, recipient, head, now), now, "退信")
        elif head["Auto-Submitted"] == "auto-generated":
            self._put(_automatic_reply(self._address, player.contact, recipient, head, now), now, "自动回复")
        self._caused = True

    def caused_mail(self) -> bool:
        """Return whether letters have caused mail since the last question."""
        caused, self._caused = self._caused, False
        return caused

    def _put(self, raw: bytes, at: datetime, who: str) -> None:
        self.received += 1
        (self._received / f"{self.received:03d} {at:%m%d-%H%M} {who}.eml").write_bytes(raw)
        self._mailbox.deliver("INBOX", raw, at)


def _bounce(mailbox: str, recipient: str, letter: Message, now: datetime) -> bytes:
    """Return a delivery status notification (RFC 3464) about `letter`."""
    report: Message = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["From"] = "Postmaster <postmaster@mail.example.net>"
    report["To"] = mailbox
    report["Subject"] = Header("系统退信/The email is returned", "utf-8").encode()
    report["Date"] = format_datetime(now)
    report["Message-ID"] = f"<bounce.{now:%m%d%H%M%S}@mail.example.net>"
    report["Auto-Submitted"] = "auto-replied"
    words = f"抱歉，您的邮件被退回来了。收件人：{recipient}，退信原因：收件人邮箱不存在。\n"
    report.attach(MIMEText(words, "plain", "utf-8"))
    status = MIMEBase("message", "delivery-status")
    failed = {
        "Final-Recipient": f"rfc822; {recipient}",
        "Action": "failed",
        "Status": "5.1.1",
        "Diagnostic-Code": "smtp; 550 User not found",
    }
    status.set_payload([_fields({"Reporting-MTA": "dns; mail.example.net"}), _fields(failed)])
    report.attach(status)
    original = MIMEBase("text", "rfc822-headers")
    original.set_payload(f"Message-ID: {letter['Message-ID']}\n")
    report.attach(original)
    return report.as_bytes(policy=SMTP)


def _fields(values: dict[str, str]) -> Message:
    message = Message()
    for name, value in values.items():
        message[name] = value
    return message


def _automatic_reply(mailbox: str, contact: str, address: str, letter: Message, now: datetime) -> bytes:
    """Return what a mail program answers by itself while its owner is away."""
    reply = EmailMessage(policy=SMTP)
    reply["From"] = f"{contact} <{address}>"
    reply["To"] = mailbox
    reply["Subject"] = f"自动回复: {letter['Subject']}"
    reply["Date"] = format_datetime(now)
    reply["Message-ID"] = f"<auto.{now:%m%d%H%M%S}.{address}>"
    reply["In-Reply-To"] = str(letter["Message-ID"])
    reply["Auto-Submitted"] = "auto-replied"
    reply.set_content("我今日外出培训，邮件已收到，回来后尽快处理。\n")
    return reply.as_bytes()
