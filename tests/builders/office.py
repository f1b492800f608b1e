"""An invented office for whole-way tests: settings on loopback servers, a roster, filled forms, mails."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from intake.blanks import docx_form
from intake.config import example_path, load
from intake.model import FormId
from intake.roster import parse_roster
from intake.settings import Secret, Security, SendMode, Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 5, 28, 9, 0, tzinfo=SHANGHAI)
PASSWORD = "loopback-code"
CLERK = "clerk@office.example.com"

UNITS = {
    "青石镇人民政府": "qingshi@qs.example.com",
    "白沙镇人民政府": "baisha@bs.example.com",
    "泉州台商投资区教育文体局": "jiaoyu@qu.example.org",
}
SHORT = dict(zip(UNITS, ("青石镇", "白沙镇", "教体局"), strict=True))
_ROSTER = "单位名称,简称,分组,联系人,邮箱,电话\r\n" + "".join(
    f"{name},{SHORT[name]},成员单位,林小满,{address},0595-2739000{number}\r\n"
    for number, (name, address) in enumerate(UNITS.items())
)


def roster_bytes() -> bytes:
    """The roster as the .csv file that a clerk keeps."""
    return _ROSTER.encode("utf-8-sig")


def roster():
    return parse_roster(roster_bytes(), "roster.csv")


def settings(data_dir: Path, *, imap_port: int, smtp_port: int, mode: SendMode = SendMode.AUTO) -> Settings:
    """The example's notice on loopback, without pauses, the digest switched off."""
    example = load(example_path(), environment={}, need_password=False)
    return on_loopback(example, data_dir, imap_port=imap_port, smtp_port=smtp_port, mode=mode)


def on_loopback(
    given: Settings, data_dir: Path, *, imap_port: int, smtp_port: int, mode: SendMode = SendMode.AUTO
) -> Settings:
    """Settings of any campaign on loopback servers and a data directory of its own."""
    provider = replace(
        given.mailbox.provider, imap_host="127.0.0.1", imap_port=imap_port, smtp_host="127.0.0.1", smtp_port=smtp_port
    )
    mailbox = replace(
        given.mailbox,
        provider=provider,
        password=Secret(PASSWORD),
        imap_security=Security.NONE,
        smtp_security=Security.NONE,
    )
    return replace(
        given,
        mailbox=mailbox,
        sending=replace(given.sending, mode=mode, pause_s=0.0),
        clerk=replace(given.clerk, addresses=()),
        storage=replace(
            given.storage,
            data_dir=data_dir,
            database_url=f"sqlite:///{data_dir}/intake.sqlite",
            backup_dir=data_dir / "backups",
        ),
    )


def liaison(unit: str, **changes: object) -> bytes:
    """A filled 附件2 of `unit` as .docx; `changes` override fields ("" leaves one empty)."""
    values: dict[str, object] = {
        "name": "林小满",
        "gender": "女",
        "position": "安全办主任",
        "office_phone": "0595-27390001",
        "mobile": "13900000001",
        "email": UNITS.get(unit, "someone@example.com"),
        "unit": unit,
        "address": "示例路1号",
    }
    form = load(example_path(), environment={}, need_password=False).campaign.collection(FormId("liaison")).form
    return docx_form(form, values | changes)


def mail(
    sender: str,
    subject: str,
    *,
    text: str = "请查收。\n",
    attachment: bytes | None = None,
    name: str = "附件2.docx",
    number: int = 1,
    **headers: str,
) -> bytes:
    """A mail as a unit sends it, CRLF."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"林小满 <{sender}>"
    message["To"] = "a27398830@126.com"
    message["Subject"] = subject
    message["Date"] = format_datetime(START + timedelta(minutes=number))
    message["Message-ID"] = f"<{number}.{sender}>"
    for header, value in headers.items():
        message[header.replace("_", "-")] = value
    message.set_content(text)
    if attachment is not None:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
