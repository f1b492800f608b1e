"""The shape of config.toml: which tables and keys there are, of what type, with what defaults.

In: the tables that tomllib gave. Out: checked tables (`ConfigTable`), or pydantic's errors, which `config_words` turns
into Chinese. What concerns two tables at once is checked in `config_checks`; files and passwords in `config`.

Standards: TOML 1.0; RFC 5321 §4.1.2 for mail addresses (dot-string local parts and ASCII domains only: nothing else
is met in offices, and a typing error passes for much else).
"""

import re
from datetime import date, datetime, time
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from intake.settings import Security, SendMode
from parsers.forms import FieldType, FormKind

OFFICE_ERROR = "office"  # type of the errors whose message is already a Chinese sentence

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
)
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:\uff1a]([0-5][0-9])(?:[:\uff1a]([0-5][0-9]))?")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LAST_MOMENT = time(23, 59, 59)


def is_mail_address(text: str) -> bool:
    """Given text, return whether it is one mail address that can be written to, such as ``"bgs@example.com"``."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def _refuse(sentence: str) -> PydanticCustomError:
    # Braces would be taken for placeholders of the template.
    return PydanticCustomError(OFFICE_ERROR, "{sentence}", {"sentence": sentence})


def _address(value: object) -> object:
    if isinstance(value, str) and not is_mail_address(value):
        raise _refuse(f"“{value}”不是完整的邮箱地址。请写成 name@126.com 的样子，不要有空格和全角字符。")
    return value


def _day(value: object) -> object:
    """Given 2025-05-30 as a TOML date or in quotation marks, return the date."""
    found = _DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        year, month, day = (int(part) for part in found.groups())
        try:
            return date(year, month, day)
        except ValueError:
            raise _refuse(f"“{value}”这一天不存在。请核对年月日。") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _refuse(f"“{value}”不是日期。请写成 2025-05-30 的样子（年-月-日）。")
    return value


def _time_of_day(value: object) -> object:
    """Given ``"17:30"``, ``"24:00"`` or a TOML time, return the time of day; 24:00 is the last second of the day."""
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str):
        if value.strip() in {"24:00", "24:00:00"}:
            return LAST_MOMENT
        found = _TIME.fullmatch(value.strip())
        if found:
            hour, minute, second = (int(part) for part in found.groups("0"))
            return time(hour, minute, second)
    raise _refuse(f'“{value}”不是时刻。请写成 "17:30" 的样子（24 小时制，带引号）。')


def _one_line(value: object) -> object:
    if isinstance(value, str) and any(character in value for character in "\r\n\t"):
        raise _refuse("不能有换行或制表符，请写成一行。")
    return value


def _web_address(value: object) -> object:
    """Given the URL of a webhook, return it. What is refused is never repeated: it holds a token."""
    if not isinstance(value, str):
        return value
    url = value.strip()
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > 2000:
        raise _refuse("网址里有空格、换行、中文或全角字符，或者太长。请从服务的页面上整个复制过来。")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise _refuse("不是完整的网址。请从服务的页面上整个复制过来。") from None
    if not host or "@" in parts.netloc or parts.fragment:
        raise _refuse("不是完整的网址。请从服务的页面上整个复制过来，以 https:// 开头。")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise _refuse("网址要以 https:// 开头：它等于一把钥匙，不能在网上明文传送。（http 只许用于本机 127.0.0.1）")
    return url


Words = Annotated[str, BeforeValidator(_one_line), StringConstraints(strip_whitespace=True, max_length=200)]
Name = Annotated[Words, StringConstraints(min_length=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
CampaignId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Address = Annotated[str, BeforeValidator(_address)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
Day = Annotated[date, BeforeValidator(_day)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]


def _host(value: object) -> object:
    """Given where to listen, return it if it is an IP address of this machine; a name would need a name server."""
    try:
        ip_address(str(value))
    except ValueError:
        raise _refuse(
            f"“{value}”不是 IP 地址。只在本机用写 127.0.0.1；要让别的电脑访问，写这台电脑的内网 IP。"
        ) from None
    return value


HostAddress = Annotated[str, BeforeValidator(_host)]
Port = Annotated[int, Field(ge=1, le=65535)]
Cap = Annotated[int, Field(ge=1, le=100_000)]


class Table(BaseModel):
    """Strict: a number in quotation marks or a misspelt key is a mistake to tell, not to guess at."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class OfficeTable(Table):
    name: Name
    short_name: Name
    contact_name: Name
    contact_phone: Name
    area_code: Annotated[str, StringConstraints(pattern=r"^0[0-9]{2,3}$")]
    region: Words = ""


class MailboxTable(Table):
    address: Address
    provider: Name
    login: Words = ""
    display_name: Words = ""
    password: Literal["prompt"] | None = None
    password_file: Name | None = None
    password_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    folders: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)] = ("INBOX",)
    imap_host: Name | None = None
    imap_port: Port | None = None
    imap_security: Annotated[Security, Field(strict=False)] = Security.TLS
    smtp_host: Name | None = None
    smtp_port: Port | None = None
    smtp_security: Annotated[Security, Field(strict=False)] = Security.TLS
    ca_file: Name | None = None


class ClerkTable(Table):
    addresses: Annotated[tuple[Address, ...], Field(min_length=1, strict=False)]
    digest_at: TimeOfDay = time(9)


class RosterTable(Table):
    file: Name


class SendingTable(Table):
    # Defaults of the caps: facts/mail.md §4.2 (3 an hour, 10 a day to one address); a free enterprise mailbox of
    # NetEase was cut off at 100 mails a day (§1.2), hence 80. The provider publishes no figures.
    mode: Annotated[SendMode, Field(strict=False)] = SendMode.HOLD
    per_day: Cap = 80
    per_quarter_hour: Cap = 20
    per_address_hour: Cap = 3
    per_address_day: Cap = 10
    strangers_per_hour: Cap = 20  # facts/reliability.md §3.2, a guess there as well
    pause_s: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 5.0
    office_opens: TimeOfDay = time(8, 30)
    office_closes: TimeOfDay = time(17, 30)


class StorageTable(Table):
    data_dir: Name = "data"
    database_url: Words = ""
    backup_dir: Name | None = None
    template_dir: Name | None = None


class PollingTable(Table):
    # A poll every two minutes is far from the "every 5 s will be banned" of facts/mail.md §2.3 no. 20; 70 MB is above
    # NetEase's APPENDLIMIT of 71,680,000 bytes (§1.1), so nothing that the mailbox takes is too large for us.
    interval_s: Annotated[int, Field(ge=10, le=3600)] = 120
    command_timeout_s: Annotated[float, Field(ge=1, le=600, allow_inf_nan=False)] = 60.0
    poll_deadline_s: Annotated[float, Field(ge=1, le=7200, allow_inf_nan=False)] = 600.0
    large_mail_mb: Annotated[int, Field(ge=1, le=100)] = 8
    maximum_mail_mb: Annotated[int, Field(ge=1, le=500)] = 70


class HealthTable(Table):
    port: Port | None = None
    webhook_url: WebAddress | None = None
    ping_url: WebAddress | None = None


class DeskTable(Table):
    port: Port | None = None
    host: HostAddress = "127.0.0.1"
    names: Annotated[tuple[Name, ...], Field(strict=False)] = ()


class CalendarDayTable(Table):
    date: Day
    kind: Literal["holiday", "workday"]
    name: Words = ""


class CalendarTable(Table):
    day: Annotated[tuple[CalendarDayTable, ...], Field(strict=False)] = ()


class FieldTable(Table):
    key: Identifier
    label: Name
    type: Annotated[FieldType, Field(strict=False)]
    aliases: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    required: bool = False
    required_when: Identifier | None = None


class FormTable(Table):
    id: Identifier
    title: Name
    titles: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    letter_label: Words = ""
    blank: Name | None = None
    kind: Annotated[FormKind, Field(strict=False)] = FormKind.TABLE
    deadline: Day | None = None
    cutoff: TimeOfDay = LAST_MOMENT
    strict: bool = False
    voluntary: bool = False
    groups: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    units: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    field: Annotated[tuple[FieldTable, ...], Field(min_length=1, strict=False)]


class CampaignTable(Table):
    id: CampaignId
    name: Name
    short_name: Name
    document_number: Words = ""
    published_on: Day
    starts_on: Day | None = None
    form: Annotated[tuple[FormTable, ...], Field(min_length=1, strict=False)]


class ConfigTable(Table):
    """config.toml whole."""

    office: OfficeTable
    mailbox: MailboxTable
    clerk: ClerkTable
    roster: RosterTable
    sending: SendingTable = SendingTable()
    storage: StorageTable = StorageTable()
    polling: PollingTable = PollingTable()
    health: HealthTable = HealthTable()
    desk: DeskTable = DeskTable()
    calendar: CalendarTable = CalendarTable()
    campaign: CampaignTable
