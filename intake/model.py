"""The words of the house: identifiers, states and the values that stages hand to one another. No I/O, no clock.

Glossary (one word per thing):
*campaign* the notice (通知) · *form* one thing collected (表) · *collection* a form with its deadline and audience ·
*unit* 单位, named by its roster name · *roster* 名册 · *submission* one filled form of one unit from one mail, and its
*version* · *assessment* what a mail amounts to · *problem* one thing to mend · *draft* a letter before it is bytes ·
*outbox* the only door out · *acknowledgement* 回执 · *correction request* 补正 · *reminder step* 催报 · *held* 待人工 ·
*shunted* set aside after a bug · *part* a MIME part, named by its path such as ``2.1`` · *arrived_at* INTERNALDATE.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from parsers.forms import DocumentReading, FieldReading, Problem

UnitName = NewType("UnitName", str)  # canonical roster name
FormId = NewType("FormId", str)
Sha256 = NewType("Sha256", str)  # 64 lower-case hex digits of the raw mail
PartPath = NewType("PartPath", str)  # "1", "2.1"; "3/1.2" = part 1.2 of the message attached as part 3


# --- a mail, unpacked ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MailHead:
    """The decoded header of a mail. Strings are clean: no control characters, no surrogates, capped lengths.

    `from_address` is lower-cased and empty unless the From header holds exactly one well-formed address. `subject` is
    at most 500 characters. `date` is the Date header (shown only; lateness is judged by INTERNALDATE). `signals` holds
    the headers that tell machines from people, lower-case names, in order (see `triage`).
    """

    message_id: str
    from_address: str
    from_name: str
    to_addresses: tuple[str, ...]
    subject: str
    date: datetime | None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: str = ""
    signals: tuple[tuple[str, str], ...] = ()
    damaged: bool = False  # some header could not be decoded without loss

    def signal(self, name: str) -> str:
        """Return the first value of the signal header `name` (lower case), or ""."""
        return next((value for key, value in self.signals if key == name), "")


# A picture in the text of a mail: a photographed page is larger than this, a logo in a signature smaller (a guess).
PHOTOGRAPH_BYTES = 40_000


class PartRole(StrEnum):
    BODY = "body"  # text the sender wrote (or that of a forwarded message: see `Part.enclosing`)
    ATTACHMENT = "attachment"
    INLINE = "inline"  # a picture of the HTML body: signature logos, mostly
    REPORT = "report"  # message/delivery-status and the like
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the MIME tree. `enclosing` is the path of the attached message it lies in ("" for the mail itself)."""

    path: PartPath
    name: str
    type: str
    role: PartRole
    size_bytes: int
    sha256: str
    enclosing: PartPath = PartPath("")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a bounce says of our own letter. `action` is failed, delayed, delivered …; `original_id` a Message-ID or ""."""

    recipient: str
    action: str
    status: str
    diagnostic: str
    original_id: str


@dataclass(frozen=True, slots=True)
class CloudLink:
    """A 超大附件: a link where a file should be. Never followed."""

    name: str
    url_host: str


@dataclass(frozen=True, slots=True)
class PartReading:
    """The reading of one part (for bodies: role BODY, document name "")."""

    path: PartPath
    role: PartRole
    document: DocumentReading
    enclosing: PartPath = PartPath("")


@dataclass(frozen=True, slots=True)
class MailReading:
    """A mail, unpacked and read: all that the later stages know of it.

    `own_text` is what the sender wrote (quoted originals cut off), `quoted_text` the rest; both ≤ 20,000 characters.
    `defects` are English remarks on the MIME structure (too deep, too many parts, cut short).
    """

    head: MailHead
    parts: tuple[Part, ...] = ()
    documents: tuple[PartReading, ...] = ()
    own_text: str = ""
    quoted_text: str = ""
    reports: tuple[DeliveryReport, ...] = ()
    cloud_links: tuple[CloudLink, ...] = ()
    defects: tuple[str, ...] = ()


# --- triage ----------------------------------------------------------------------------------------------------------


class SenderKind(StrEnum):
    PERSON = "person"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    READ_RECEIPT = "read_receipt"
    LIST = "list"  # newsletters, mailing lists
    CALENDAR = "calendar"  # invitations
    OWN = "own"  # our own mail come back
    SYSTEM = "system"  # no-reply senders, OA systems: a form in it is still a form, an answer is useless


@dataclass(frozen=True, slots=True)
class Triage:
    """Who sent it and may it be answered. Headers decide only about answering, never about processing.

    `why` is an English remark naming the evidence, for the log and `inspect`.
    """

    kind: SenderKind
    answerable: bool
    why: str


# --- assessment ------------------------------------------------------------------------------------------------------


class Disposition(StrEnum):
    ACCEPTED = "accepted"  # every submission complete and plausible
    CORRECTION = "correction"  # the sender must mend something
    REVIEW = "review"  # a person of the office must look
    IGNORED = "ignored"  # no submission


class Trust(StrEnum):
    """How well we know that the sender may speak for the unit, strongest first."""

    ROSTER = "roster"  # the address stands on the roster for this unit
    CONFIRMED = "confirmed"  # an accepted submission of this unit came from it before
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Submission:
    """One filled form as assessed. `unit` is the roster name or None; `attachment` the sender's file name or None (body).

    `source` is the part it was read from. `problems` are all that stand in it (form-wide ones have field None);
    `review` says that a person must look, for the reasons in `problems` or `notes`.
    """

    form: FormId
    unit: UnitName | None
    fields: tuple[FieldReading, ...]
    problems: tuple[Problem, ...]
    attachment: str | None
    source: PartPath
    review: bool = False
    trust: Trust = Trust.UNKNOWN
    notes: tuple[str, ...] = ()

    def value(self, key: str) -> str | bool | None:
        """Return the value of field `key`, or None."""
        return next((reading.value for reading in self.fields if reading.key == key), None)


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A fault of a file or of the mail rather than of a form: `file` is the name shown to people ("" = the mail)."""

    problem: Problem
    file: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a mail amounts to. `reasons` are Chinese sentences for the clerk, the weightiest first."""

    disposition: Disposition
    reasons: tuple[str, ...]
    submissions: tuple[Submission, ...] = ()
    file_problems: tuple[FileProblem, ...] = ()
    no_intent: tuple[tuple[UnitName, FormId], ...] = ()  # 无意向 / 零报告 said in words


# --- state of a campaign ---------------------------------------------------------------------------------------------


class CellState(StrEnum):
    """The state of one unit × form. The Chinese words for it stand in `texts`."""

    NOT_SUBMITTED = "not_submitted"
    CORRECTION = "correction"
    REVIEW = "review"
    ACCEPTED = "accepted"
    NO_INTENT = "no_intent"
    EXEMPT = "exempt"


class DecisionKind(StrEnum):
    """What a person decides about a mail or one of its submissions."""

    ACCEPT = "accept"  # as it stands, whatever was doubtful
    VALUES = "values"  # these fields hold something else
    ASSIGN = "assign"  # it is another unit's
    DISMISS = "dismiss"  # no submission at all
    RETURN = "return"  # back to the sender, who is to correct it


class NoteKind(StrEnum):
    """What a person notes of a unit beside all mails."""

    CALL = "call"  # telephoned
    EXEMPT = "exempt"  # need not send the form
    PAPER = "paper"  # handed in on paper


@dataclass(frozen=True, slots=True)
class StoredSubmission:
    """One row of the record, for summaries and answers. `fields` is in the form's order; `arrived_at` aware, UTC.

    `ordinal` is its place among the submissions of its mail. `by_hand`: what a person did to it, a Chinese sentence each.
    A paper copy has no mail: its `message_id` and `id` are the negative number of its note.
    """

    id: int
    message_id: int
    form: FormId
    unit: UnitName | None
    version: int
    state: CellState
    current: bool
    fields: tuple[FieldReading, ...]
    problems: tuple[Problem, ...]
    attachment: str | None
    arrived_at: datetime
    late: bool
    from_address: str
    notes: tuple[str, ...] = ()
    ordinal: int = 0
    by_hand: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One unit × form of the matrix: its state and the current submissions behind it (several people = several).

    `pending`: of a newer mail, what is to be mended. Where a form is in force all the same, the state is CORRECTION and
    `submissions` are the accepted ones. `by_hand` says who excused the unit from the form, and when.
    """

    unit: UnitName
    form: FormId
    state: CellState
    submissions: tuple[StoredSubmission, ...] = ()
    owed: bool = True  # false: the form is not asked of this unit
    late: bool = False
    arrived_at: datetime | None = None
    by_hand: str = ""
    pending: tuple[StoredSubmission, ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignState:
    """The matrix of one campaign. A (unit, form) that is not in `cells` has not submitted."""

    campaign: str
    cells: dict[tuple[UnitName, FormId], Cell] = field(default_factory=dict)

    def cell(self, unit: UnitName, form: FormId) -> Cell:
        """Return the cell of `unit` and `form`; nothing received counts as NOT_SUBMITTED."""
        return self.cells.get((unit, form)) or Cell(unit, form, CellState.NOT_SUBMITTED)


# --- letters ---------------------------------------------------------------------------------------------------------


class LetterKind(StrEnum):
    """What a letter is; also its template's name (intake/templates/<kind>.txt.j2) and the first word of its key."""

    ACKNOWLEDGEMENT = "acknowledgement"  # 收件回执
    CORRECTION = "correction"  # 补正
    UNREADABLE = "unreadable"  # 请重新发送
    UPDATE = "update"  # 更新回执
    RECEIVED = "received"  # 中性回执: 已收到，转工作人员
    QUESTION = "question"  # 咨询来件已转
    REMINDER = "reminder"  # 催报
    DIGEST = "digest"  # 日报, to the clerk
    ALARM = "alarm"  # 系统异常, to the administrator
    TEST = "test"  # 测试信, to the clerk, because a person wants to see one arrive


# Letters to the office itself: never held, not even after a restore; nobody who wrote to us gets them.
TO_THE_OFFICE = frozenset({LetterKind.DIGEST, LetterKind.ALARM, LetterKind.TEST})


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter before it is bytes. `key` is the business key: a second draft under it is the same letter, not another.

    Subject and body both come from the template of its kind. `context` is what the template needs: plain strings,
    numbers, lists and dictionaries; days and instants as ISO 8601 strings. `forms` are those it speaks of. `cause` is
    the database id of the incoming message, if one caused it. After `expires_at` it is useless and is not sent any
    more.
    """

    kind: LetterKind
    key: str
    to_address: str
    context: dict[str, object]
    unit: UnitName | None = None
    forms: tuple[FormId, ...] = ()
    cause: int | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReminderRecord:
    """One reminder that went out, or still may: to which unit, of which forms, on which day (Asia/Shanghai)."""

    unit: UnitName
    forms: tuple[FormId, ...]
    on: date


class OutboxState(StrEnum):
    """queued → sending → sent | queued (later) | failed | uncertain; held → queued | cancelled; queued → expired."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
