"""Person or machine: who sent a mail, and may it be answered. Pure.

In: the head and the reading of a mail, the office's own addresses. Out: `Triage`. Stage before: `read`; after:
`assess`. It decides about answering only, never about processing: a form that an OA system sends is still a form.

Header fields are what a stranger wrote. They can only talk us out of an answer, never make a stranger's mail our own:
that takes one of our addresses in From. X-Auto-Response-Suppress is a wish about answers and says nothing about the
mail (Exchange puts it on people's mail too). Standards: RFC 3834 §2 and §5, RFC 3464, RFC 8098, RFC 2369, RFC 2919.
"""

import re

from intake import phrases
from intake.authentication import authentication
from intake.model import MailHead, MailReading, PartRole, SenderKind, Triage

# Local parts that send bounces (RFC 2142, RFC 3834 §2); the display names are those of sendmail, Postfix and Exim.
_DAEMONS = frozenset({"mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mdaemon", "postmaster"})
_DAEMON_NAMES = ("mail delivery s", "mailer-daemon")
# Exchange bounces from a mailbox of its own: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@…
_EXCHANGE = re.compile(r"microsoftexchange[0-9a-f]{8,40}")
_EXCHANGE_MARK = "x-ms-exchange-message-is-ndr"
# Subjects of bounces: NetEase, Tencent, Coremail gateways; sendmail, Postfix, qmail, Exim, Exchange.
_BOUNCE_SUBJECT = re.compile(
    r"退信|退回|投递失败|发送失败|无法送达|未能送达|无法投递|未送达|拒收|投递延迟|传递失败|"
    r"undeliver|delivery (?:status )?(?:notification|failure|failed|delayed|incomplete)|delivery has failed|"
    r"mail delivery|returned (?:mail|to sender)|failure notice|not delivered|delayed mail|could not send",
    re.IGNORECASE,
)
_BOUNCE_TEXT = re.compile(
    r"邮件被退回|退信原因|无法发送到|系统退信|邮件无法送达|未能向以下收件人|无法传递(?:邮件|到)|"
    # who was written to says 您; a person who tells of his own trouble says 我
    r"您(?:发给|发往|发送给?|发出|的邮件)[^\u3002\n]{0,80}?(?:无法送达|发送失败|未能(?:成功)?投递|投递失败|被?退回|拒收)|"
    r"delivery has failed to these recipients|couldn't be delivered|"
    r"could not be delivered|wasn't able to deliver|was not able to deliver|permanent (?:fatal )?error|"
    r"delivery to the following recipient|address(?:es)? failed|user (?:unknown|not found)|undeliverable",
    re.IGNORECASE,
)
# Subjects of automatic replies. Tencent puts a brand in front and the original subject behind: only near the start,
# and only as a prefix, because a mail about automatic replies (关于自动回复的总结) is a mail.
_AUTO_SUBJECT = re.compile(
    r".{0,12}?(?:自动回复|自动答复|自動回覆|自動回復|外出自动|休假自动|auto[- ]?reply|automatic reply|"
    r"out of (?:the )?office(?: auto-?reply)?|vacation reply)\s*(?:[:\uff1a\]\u3011]|\Z)",
    re.IGNORECASE,
)
_ANSWER_SUBJECT = re.compile(r"\s*(?:re|fw|fwd|回复|答复|转发|回覆|轉發)\s*[:\uff1a]", re.IGNORECASE)
_RECEIPT_SUBJECT = re.compile(
    r"\s*(?:已读回执|已读|未读|阅读回执|read receipt|read|not read|return receipt[^:]{0,20})\s*[:\uff1a]", re.IGNORECASE
)
# no-reply in its spellings, alone or as a piece of the local part; senders that only notify.
_NO_REPLY = re.compile(r"(?:.*[-_.+])?(?:no|not|non|do[-_.]?not)[-_.]?reply(?:[-_.+].*)?", re.IGNORECASE)
_NOTIFIERS = frozenset({"notification", "notifications", "notify", "autosend", "robot", "mailer", "bounce", "bounces"})
# The last lines of office systems that send under a person's address, and of this very program in another office.
_SYSTEM_LINE = re.compile(
    r"[\s(\uff08*\[\u3010-]*(?:(?:此|本|该)?(?:邮件|信件|消息|通知|回执)(?:由|为|是|系)[^，。\n]{0,20}?系统自动(?:发送|发出|生成|推送)|"
    r"(?:此|本)?[为是系]?系统(?:自动)?(?:邮件|发送|发出|生成)[，。；\s]*(?:请勿|请不要|无需|无须)|"
    r"(?:请勿|请不要)(?:直接)?回复(?:此|本|该)(?:邮件|信)|"
    r"this (?:is an automat(?:ed|ically generated)|(?:e-?)?mail (?:was|is) (?:sent )?automatically))",
    re.IGNORECASE,
)
_LAST_LINES = 4
_SENTENCE_END = re.compile("(?<=[\u3002\uff01!])|(?=[(\uff08\u3010])")
_AUTO_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponse")
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post", "list-help", "mailing-list")


def triage(head: MailHead, reading: MailReading, *, own_addresses: frozenset[str]) -> Triage:
    """Given a mail and the office's own addresses (lower case), return who sent it and whether it may be answered.

    Only mail of a person with one well-formed From address may be.
    """
    kind, why = _kind(head, reading, own_addresses)
    if kind is SenderKind.PERSON and not head.from_address:
        return Triage(kind, answerable=False, why="no single From address")
    if kind is SenderKind.PERSON and _says_system(head, reading):
        # It may be our own letter below an answer, not known for a quotation: still a person's mail, and read as one.
        return Triage(kind, answerable=False, why="its last lines say that a system sent it")
    return Triage(kind, answerable=kind is SenderKind.PERSON, why=why)


def is_bounce(head: MailHead, reading: MailReading) -> str:
    """Return why the mail is a delivery report, "" if it is none. A bounce that a person forwards is a person's mail."""
    if reading.reports or _own_part(reading, "message/delivery-status") or _report_type(head) == "delivery-status":
        return "delivery status report"
    if head.signal("x-failed-recipients"):
        return "X-Failed-Recipients"
    if any(name == _EXCHANGE_MARK for name, _ in head.signals):
        return "mail daemon"
    local = head.from_address.partition("@")[0]
    daemon = local in _DAEMONS or head.from_name.lower().startswith(_DAEMON_NAMES) or _null_return_path(head)
    by_subject = _BOUNCE_SUBJECT.search(head.subject[:60]) is not None and not _ANSWER_SUBJECT.match(head.subject)
    by_text = _BOUNCE_TEXT.search(reading.own_text[:2_000]) is not None
    if daemon and (by_subject or by_text):
        return "mail daemon and the words of a bounce"
    if local in _DAEMONS - {"postmaster"} or _EXCHANGE.fullmatch(local):
        return "mail daemon"
    # Gateways send bounces from odd addresses: then subject and text must both say so, with nothing attached.
    if by_subject and by_text and not _has_attachment(reading) and not _has_form(reading):
        return "the words of a bounce"
    return ""


def _kind(head: MailHead, reading: MailReading, own_addresses: frozenset[str]) -> tuple[SenderKind, str]:
    if own := _own(head, own_addresses):
        return SenderKind.OWN, own
    if bounce := is_bounce(head, reading):
        return SenderKind.BOUNCE, bounce
    bare = not _has_attachment(reading) and not _has_form(reading)
    if _own_part(reading, "message/disposition-notification") or _report_type(head) == "disposition-notification":
        return SenderKind.READ_RECEIPT, "disposition notification"
    if bare and _RECEIPT_SUBJECT.match(head.subject):
        return SenderKind.READ_RECEIPT, "subject of a read receipt"
    if bare and any(part.role is PartRole.CALENDAR and not part.enclosing for part in reading.parts):
        return SenderKind.CALENDAR, "calendar part"
    if automatic := _automatic(head, reading, bare=bare):
        return automatic
    if any(head.signal(name) for name in _LIST_HEADERS) or _precedence(head) in {"bulk", "list", "junk"}:
        return SenderKind.LIST, "list header"
    local = head.from_address.partition("@")[0]
    if _NO_REPLY.fullmatch(local) or local in _NOTIFIERS or local == "postmaster":
        return SenderKind.SYSTEM, "sender address takes no replies"
    if _null_return_path(head):
        return SenderKind.SYSTEM, "null return path"
    return SenderKind.PERSON, "no sign of a machine"


def _own(head: MailHead, own_addresses: frozenset[str]) -> str:
    if head.from_address and head.from_address in own_addresses:
        return "own address in From"
    # An address of ours that the settings don't know: it writes to itself, with the marks of our letters.
    to_itself = bool(head.from_address) and head.to_addresses == (head.from_address,)
    if to_itself and (head.signal("x-intake-id") or _auto_submitted(head) not in {"", "no"}):
        return "sent to itself with our marks"
    return ""


def is_absence(reading: MailReading) -> bool:
    """Return whether an answer only says that its writer is away, whatever its headers: nobody may be answered, and the
    numbers below it are a signature.
    """
    head = reading.head
    answers = (
        head.in_reply_to or head.references or _ANSWER_SUBJECT.match(head.subject) or _AUTO_SUBJECT.match(head.subject)
    )
    return bool(answers) and not _has_attachment(reading) and phrases.is_absence_note(reading.own_text)


def _automatic(head: MailHead, reading: MailReading, *, bare: bool) -> tuple[SenderKind, str] | None:
    """Return the kind of an automatic mail, None if nothing says that it is one."""
    prefixed = _AUTO_SUBJECT.match(head.subject) is not None and not _ANSWER_SUBJECT.match(head.subject)
    word = _auto_submitted(head)
    if word not in {"", "no"}:
        # Exchange calls its absence notes auto-generated, too. What answers nothing and brings a form is an OA system.
        answers = bool(head.in_reply_to or head.references or prefixed)
        if word == "auto-generated" and not bare and not answers:
            return SenderKind.SYSTEM, "Auto-Submitted with a form or file"
        return SenderKind.AUTO_REPLY, "Auto-Submitted"
    for name in _AUTO_HEADERS:
        if head.signal(name).strip().lower() not in {"", "no"}:
            return SenderKind.AUTO_REPLY, name
    if _precedence(head) in {"auto_reply", "auto-reply"}:
        return SenderKind.AUTO_REPLY, "Precedence"
    if prefixed and (bare or is_absence(reading)):
        return SenderKind.AUTO_REPLY, "subject of an automatic reply"
    return None


def _says_system(head: MailHead, reading: MailReading) -> bool:
    """Return whether the mail's last lines say that a system sent it. In answers and forwards it may be the other's line."""
    lines = [line for line in reading.own_text.splitlines() if line.strip()][-_LAST_LINES:]
    sentences = [sentence for line in lines for sentence in _SENTENCE_END.split(line)]
    return not _ANSWER_SUBJECT.match(head.subject) and any(_SYSTEM_LINE.match(one) for one in sentences)


def _auto_submitted(head: MailHead) -> str:
    """Return the keyword of Auto-Submitted in lower case, without parameters and comments (RFC 3834 §5)."""
    return re.split(r"[;(\s]", head.signal("auto-submitted").strip().lower(), maxsplit=1)[0]


def _precedence(head: MailHead) -> str:
    return head.signal("precedence").strip().lower()


def _report_type(head: MailHead) -> str:
    """Return the report-type of a multipart/report, as `head` writes it: ``multipart/report; report-type=…``."""
    kind, _, parameter = head.signal("content-type").lower().partition(";")
    return parameter.strip().removeprefix("report-type=") if kind.strip() == "multipart/report" else ""


def _null_return_path(head: MailHead) -> bool:
    """NetEase hands on no Return-Path: the envelope sender stands in the results of its checks."""
    named = any(name == "return-path" and value.replace(" ", "") == "<>" for name, value in head.signals)
    return named or authentication(head).envelope == ""


def _own_part(reading: MailReading, kind: str) -> bool:
    return any(part.type == kind and not part.enclosing for part in reading.parts)


def _has_attachment(reading: MailReading) -> bool:
    return any(part.role is PartRole.ATTACHMENT and not part.enclosing for part in reading.parts)


def _has_form(reading: MailReading) -> bool:
    """Return whether a filled form stands in the mail itself (not in a message that it encloses)."""
    documents = (part.document for part in reading.documents if not part.enclosing)
    return any(not form.blank for document in documents for form in document.forms)
