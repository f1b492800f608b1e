"""What a bounce says of our own letters: whom it did not reach, and whether for good. Pure.

In: the reading of a mail. Out: `DeliveryReport`s. Stage before: `read`; what follows for an address is decided by the
record, which believes a bounce only about addresses it has written to. Two sources: the machine-readable report
(RFC 3464, taken apart by `mime`), and the text of those who send none: NetEase's 系统退信, Tencent's 退信, gateways.
When the text does not say clearly who is meant, nobody is.
"""

import re
from dataclasses import replace
from urllib.parse import unquote

from intake.model import DeliveryReport, MailReading
from intake.triage import is_bounce

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z0-9-]{2,63}"
_ANY_ADDRESS = re.compile(_ADDRESS)
# Words in front of the address that a bounce is about. NetEase: 收件人：… and, in its link, BouncedRcpt=…; Tencent:
# 无法发送到 …; Coremail: 您发送给 … 的邮件; Postfix: <…>: host … said.
_LINK = re.compile(r"BouncedRcpt=([^&\s\"'<>]{3,300})", re.IGNORECASE)
_LABELLED = re.compile(
    r"(?:收件人(?:的?(?:邮件)?地址)?|收信人|无法发送到|无法投递[到至]?|无法送达|发送给|投递给|投递到|"
    r"final-recipient\s*:\s*rfc822|original-recipient\s*:\s*rfc822|delivered to|deliver(?:ed)? your message to)"
    r"[\s:;\uff1a\uff08(<\"“]{0,10}(" + _ADDRESS + ")",
    re.IGNORECASE,
)
_POSTFIX = re.compile(r"^\s*<(" + _ADDRESS + r")>(?: \([^)]{0,200}\))?:", re.MULTILINE)
_REASON = re.compile(
    r"(?:英文说明|退信原因|失败原因|错误信息|diagnostic-code|remote server returned|said)\s*[:\uff1a]\s*([^\n]{1,300})",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE_LINE = re.compile(r"^[^\n]{0,200}\b5\d\d[ -][^\n]{1,200}", re.MULTILINE)
# A mail that is merely late says so in its subject, or that the server goes on trying.
_DELAYED = re.compile(
    r"投递延迟|邮件延迟|继续尝试|继续重试|仍在尝试|delayed|still trying|will (?:be retried|keep trying|continue to try)|"
    r"not yet been delivered|no need to resend|do not need to resend",
    re.IGNORECASE,
)
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_BY_CLASS = {"2": "delivered", "4": "delayed", "5": "failed"}  # RFC 3463 §2: class of the status
_TEXT_CHARACTERS = 20_000
_DIAGNOSTIC_CHARACTERS = 300


def bounces(reading: MailReading) -> tuple[DeliveryReport, ...]:
    """Given a mail, return what it reports, one value a recipient; nothing if it is no bounce or names nobody.

    `action` "failed" means for good, "delayed" that the server goes on trying: no failure. Recipients are lower-case.
    """
    if not is_bounce(reading.head, reading):
        return ()
    reports = [cleaned for report in reading.reports if (cleaned := _cleaned(report)).recipient]
    if not reports:
        reports = _from_text(reading)
    found: dict[tuple[str, str], DeliveryReport] = {}
    for report in reports:
        found.setdefault((report.recipient, report.action), report)
    return tuple(found.values())


def _cleaned(report: DeliveryReport) -> DeliveryReport:
    """Bring a report's fields into one form: ``rfc822; <A@example.com>`` → ``a@example.com``, ``Failed`` → ``failed``."""
    recipient = _ANY_ADDRESS.search(report.recipient.rpartition(";")[2])
    action = report.action.strip().lower()
    status = _STATUS.search(report.status)
    if action not in _ACTIONS:
        action = _BY_CLASS.get(status[1][0], "") if status else ""
    return replace(
        report,
        recipient=recipient[0].lower() if recipient else "",
        action=action,
        status=status[1] if status else "",
        diagnostic=report.diagnostic.strip()[:_DIAGNOSTIC_CHARACTERS],
    )


def _from_text(reading: MailReading) -> list[DeliveryReport]:
    head = reading.head
    text = f"{reading.own_text}\n{reading.quoted_text}"[:_TEXT_CHARACTERS]
    recipients = _recipients(text, without={head.from_address, *head.to_addresses})
    delayed = _DELAYED.search(head.subject) or _DELAYED.search(text)
    status = _STATUS.search(text)
    return [
        DeliveryReport(
            recipient=recipient,
            action="delayed" if delayed else "failed",
            status=status[1] if status else "",
            diagnostic=_diagnostic(text),
            original_id=head.in_reply_to or next(iter(head.references[-1:]), ""),
        )
        for recipient in sorted(recipients)
    ]


def _recipients(text: str, *, without: set[str]) -> set[str]:
    """Return the addresses that the text names as not reached; without such words the only one there is, or none."""
    named = {unquote(match[1]).lower() for match in _LINK.finditer(text)}
    named = {address for address in named if _ANY_ADDRESS.fullmatch(address)}
    named |= {match[1].lower() for pattern in (_LABELLED, _POSTFIX) for match in pattern.finditer(text)}
    if named - without:
        return named - without
    mentioned = {match[0].lower() for match in _ANY_ADDRESS.finditer(text)} - without
    return mentioned if len(mentioned) == 1 else set()


def _diagnostic(text: str) -> str:
    match = _REASON.search(text) or _CODE_LINE.search(text)
    if match is None:
        return ""
    return (match[1] if match.re is _REASON else match[0]).strip()[:_DIAGNOSTIC_CHARACTERS]
