"""The office's settings as frozen values, as `config` hands them to everybody else. No I/O, no defaults from outside.

Times of day are Asia/Shanghai; `timedelta`s and `_s` are durations; file paths are absolute.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from intake.model import FormId
from parsers.forms import FormSpec

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Office:
    """Who signs the letters. `area_code` completes local landline numbers (for example "0595")."""

    name: str
    short_name: str
    contact_name: str
    contact_phone: str
    area_code: str
    region: str  # "泉州台商投资区": the prefix that units of this office share


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider's profile (facts/mail.md §1). `send_id`: the ID command is due before every SELECT.

    `files_sent_copies`: the provider itself files SMTP-sent mail in the Sent folder, so that it is a witness.
    """

    name: str
    imap_host: str
    imap_port: int
    smtp_host: str
    smtp_port: int
    send_id: bool
    files_sent_copies: bool
    sent_folder: str  # decoded name used when no folder has the special use \Sent
    extra_folders: tuple[str, ...]  # decoded names of junk-like folders where forms can land


class Security(StrEnum):
    TLS = "tls"  # implicit TLS, verified
    STARTTLS = "starttls"  # upgraded and verified, never optional
    NONE = "none"  # loopback only: refused for any other host


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of the notice. `password` is the 授权码; its repr is hidden. `ca_file` for a private authority."""

    address: str
    login: str
    password: "Secret"
    display_name: str
    provider: Provider
    imap_security: Security
    smtp_security: Security
    folders: tuple[str, ...]  # decoded names to watch, INBOX first
    ca_file: Path | None = None


class Secret:
    """A string that does not show itself in logs, tracebacks or printed configuration."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself: only for the login command."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class SendMode(StrEnum):
    HOLD = "hold"  # letters wait for the clerk's release
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Sending:
    """Caps on what goes out (facts/mail.md §4.2; figures are the office's, the provider publishes none)."""

    mode: SendMode
    per_day: int  # all letters
    per_quarter_hour: int  # all letters; NetEase counts by 15 minutes (451 MI:SFQ)
    per_address_hour: int  # to one address
    per_address_day: int
    strangers_per_hour: int  # answers to addresses neither on the roster nor confirmed; more wait for the clerk
    pause_s: float  # between two letters of one batch
    office_opens: time
    office_closes: time


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who gets the 日报 and the alarms."""

    addresses: tuple[str, ...]
    digest_at: time


@dataclass(frozen=True, slots=True)
class Storage:
    """Where things lie. `database_url` is any SQLAlchemy URL; the default is an SQLite file in `data_dir`."""

    data_dir: Path
    database_url: str
    backup_dir: Path
    template_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Polling:
    """Rhythm of fetching. `poll_deadline_s` bounds a whole poll, `command_timeout_s` one IMAP command."""

    interval_s: int
    command_timeout_s: float
    poll_deadline_s: float
    large_mail_bytes: int  # above: streamed in chunks
    maximum_mail_bytes: int  # above: listed as oversize, not fetched; the clerk is told


@dataclass(frozen=True, slots=True)
class Watching:
    """How somebody outside hears how the program does; each way is off if it is None.

    `port`: /healthz on 127.0.0.1. `webhook_url`: a group robot that gets the alarms. `ping_url`: a dead man's switch
    (healthchecks.io) that is called while all is well. Whoever knows one of the URLs can use it: both are secrets.
    """

    port: int | None = None
    webhook_url: Secret | None = None
    ping_url: Secret | None = None


@dataclass(frozen=True, slots=True)
class DeskDoor:
    """Where the clerk's desk is served; not at all if `port` is None. `names`: Host names besides those of this machine."""

    port: int | None = None
    host: str = "127.0.0.1"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day that the office itself declares: overrides the decreed calendar."""

    day: date
    working: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Of whom a form is asked: everybody, or the units of `groups` and those named in `units`."""

    everybody: bool = True
    groups: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Collection:
    """One form with its deadline and audience. `deadline` None: rolling, no reminders.

    `cutoff` is the last moment of the named day that is in time. `strict`: a deadline on a rest day is not carried to
    the next working day. `voluntary`: one soft note instead of reminders, and nobody is overdue.
    """

    form: FormSpec
    deadline: date | None
    cutoff: time
    strict: bool
    voluntary: bool
    audience: Audience
    letter_label: str  # "附件2" or "": what people call it in letters
    blank_file: Path | None = None  # the office's own blank form; `blank_file.with_blanks` reads it into `form`

    @property
    def id(self) -> FormId:
        return FormId(self.form.id)


@dataclass(frozen=True, slots=True)
class Campaign:
    """One notice. Mail that arrived before `starts_on` is archived, neither registered nor answered."""

    id: str
    name: str
    short_name: str
    document_number: str
    published_on: date
    starts_on: date
    collections: tuple[Collection, ...]

    @property
    def begins_at(self) -> datetime:
        """The first instant of the first day, in Beijing."""
        return datetime.combine(self.starts_on, time(), SHANGHAI)

    def collection(self, form: FormId) -> Collection:
        """Return the collection of `form`. Raise KeyError if the campaign does not ask it."""
        for collection in self.collections:
            if collection.form.id == form:
                return collection
        raise KeyError(form)

    @property
    def forms(self) -> tuple[FormSpec, ...]:
        return tuple(collection.form for collection in self.collections)


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. `roster_file` is read by `roster` and is part of a reload."""

    source: Path
    office: Office
    mailbox: Mailbox
    sending: Sending
    clerk: Clerk
    storage: Storage
    polling: Polling
    roster_file: Path
    campaign: Campaign
    calendar: tuple[CalendarDay, ...] = ()
    health: Watching = Watching()
    desk: DeskDoor = DeskDoor()
