"""Who wrote a mail, as far as the provider's own checks tell: proved, unproved or refuted for the From address. Pure.

In: the head of a mail. Out: `Authentication`. Stage before: `head` hands on the one Authentication-Results that our own
provider wrote (`VERIFIED_RESULTS`); after: `triage` (null return path), `assess` (trust), `reply` (where an answer goes).
It must not look anything up: NetEase writes spf and dkim and no dmarc, so that alignment is ours to compute, by a small
rule for domain suffixes instead of the public suffix list. What cannot be read without doubt proves nothing: parts of
the field (smtp.mail) are the sender's own words.

Standards: RFC 8601 §2 (results), RFC 7489 §3.1 (relaxed alignment). Evidence: facts/reliability.md §3.3.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from intake.head import VERIFIED_RESULTS
from intake.model import MailHead


class Verdict(StrEnum):
    """What is known of the From address."""

    PROVED = "proved"
    UNPROVED = "unproved"
    REFUTED = "refuted"  # the domain's owner says that such a mail is not from there


class Grounds(StrEnum):
    """Why. The Chinese words stand in `explain_words`."""

    MAILBOX = "mailbox"  # SPF, at a provider that lets nobody send under another mailbox's name
    DOMAIN = "domain"  # SPF of the same organization: the domain is proved, not the mailbox
    SIGNED = "signed"  # DKIM of the same organization
    NO_RESULTS = "no_results"
    UNREADABLE = "unreadable"
    UNCHECKED = "unchecked"  # none, neutral, temporary errors
    OTHER_MAILBOX = "other_mailbox"  # of the same provider: an alias, or another customer
    FOREIGN = "foreign"  # SPF passed, for another organization than the one in From
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Authentication:
    """What the provider's checks say of From. `envelope` is the SMTP sender, "" for the null path, None if not told."""

    verdict: Verdict
    grounds: Grounds
    envelope: str | None = None

    @property
    def refuted(self) -> bool:
        return self.verdict is Verdict.REFUTED

    @property
    def disowned(self) -> bool:
        """Whether the mail surely came by others than those who stand in From (they may have been asked to)."""
        return self.refuted or self.grounds is Grounds.FOREIGN


# Providers of mailboxes for everybody: there the domain says nothing of who writes. They refuse a sender other than the
# login (facts/mail.md §1.2: 553, 554 DT:SUM), so that SPF with the very mailbox of From proves it [inference].
_EVERYBODYS = frozenset(
    {
        *("qq.com", "vip.qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "188.com", "vip.163.com"),
        *("vip.126.com", "139.com", "189.cn", "wo.cn", "sina.com", "sina.cn", "vip.sina.com", "sohu.com", "tom.com"),
        *("aliyun.com", "21cn.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "gmail.com", "icloud.com"),
    }
)
# Names under which one provider gives one mailbox.
_SAME_PROVIDER = (
    frozenset({"qq.com", "foxmail.com"}),
    frozenset({"163.com", "126.com", "yeah.net", "188.com"}),
    frozenset({"sina.com", "sina.cn"}),
    frozenset({"outlook.com", "hotmail.com", "live.com", "msn.com"}),
)
# Second labels of country domains below which everybody registers (gov.cn, com.cn, co.uk), and the provinces of .cn.
_REGISTRIES = re.compile("ac|co|com|edu|go|gov|mil|ne|net|or|org")
_PROVINCES = re.compile(
    "ah|bj|cq|fj|gd|gs|gx|gz|ha|hb|he|hi|hk|hl|hn|jl|js|jx|ln|mo|nm|nx|qh|sc|sd|sh|sn|sx|tj|tw|xj|xz|yn|zj"
)

# One result: ``spf=pass smtp.mail=a@example.com``. Nothing in quotes, nothing in comments: NetEase writes none, and a
# local part may hold anything in quotes, results too.
_VALUE = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@<>-]*"
_RESULT = re.compile(rf"([a-z]+)=([a-z]+)((?:\s+[a-z]+\.[a-z]+={_VALUE})*)")
_PROPERTY = re.compile(rf"([a-z]+\.[a-z]+)=({_VALUE})")
_FAILURES = frozenset({"fail", "softfail", "hardfail"})
_NO_SIGNATURE = "none"


@dataclass(frozen=True, slots=True)
class _Result:
    method: str
    word: str
    properties: dict[str, str]


def authentication(head: MailHead) -> Authentication:
    """Given the head of a mail, return what our provider's checks say of its From address."""
    text = head.signal(VERIFIED_RESULTS)
    if not text:
        return Authentication(Verdict.UNPROVED, Grounds.NO_RESULTS)
    results = _results(text)
    if results is None or not head.from_address:
        return Authentication(Verdict.UNPROVED, Grounds.UNREADABLE)
    spf = next((one for one in results if one.method == "spf"), None)
    envelope = None if spf is None else _envelope(spf)
    domain = head.from_address.rpartition("@")[2]
    if any(_aligned_signature(one, domain) for one in results):
        return Authentication(Verdict.PROVED, Grounds.SIGNED, envelope)
    if spf is None or spf.word not in {"pass", *_FAILURES}:
        return Authentication(Verdict.UNPROVED, Grounds.UNCHECKED, envelope)
    if spf.word in _FAILURES:
        return Authentication(Verdict.REFUTED, Grounds.FAILED, envelope)
    if not envelope:
        return Authentication(Verdict.UNPROVED, Grounds.UNCHECKED, envelope)
    return _by_envelope(head.from_address, envelope)


def organization(domain: str) -> str:
    """Given a domain in lower case, return the one that its owner registered: ``mail.qs.gov.cn`` → ``qs.gov.cn``."""
    labels = domain.split(".")
    country, second = labels[-1], labels[-2] if len(labels) > 1 else ""
    shared = len(country) == 2 and (_REGISTRIES.fullmatch(second) or (country == "cn" and _PROVINCES.fullmatch(second)))
    return ".".join(labels[-3 if shared else -2 :])


def _by_envelope(sender: str, envelope: str) -> Authentication:
    """SPF passed: whom does it pass for?"""
    ours, theirs = sender.rpartition("@")[2], envelope.rpartition("@")[2]
    alike = organization(ours) == organization(theirs)
    if ours in _EVERYBODYS:
        if envelope == sender:
            return Authentication(Verdict.PROVED, Grounds.MAILBOX, envelope)
        if alike or any({organization(ours), organization(theirs)} <= names for names in _SAME_PROVIDER):
            return Authentication(Verdict.UNPROVED, Grounds.OTHER_MAILBOX, envelope)
    elif alike:
        return Authentication(Verdict.PROVED, Grounds.DOMAIN, envelope)
    return Authentication(Verdict.UNPROVED, Grounds.FOREIGN, envelope)


def _results(text: str) -> tuple[_Result, ...] | None:
    """Return the results of a field, None if it holds anything that is not plainly one, or results that exclude others."""
    found = tuple(_parsed(text))
    if None in found:
        return None
    results = tuple(one for one in found if one is not None)
    signatures = [one.word for one in results if one.method == "dkim"]
    twice = sum(one.method == "spf" for one in results) > 1 or (_NO_SIGNATURE in signatures and len(signatures) > 1)
    return None if twice else results


def _parsed(text: str) -> Iterator[_Result | None]:
    for piece in text.split(";")[1:]:
        if not piece.strip():
            continue
        match = _RESULT.fullmatch(piece.strip())
        pairs = [] if match is None else _PROPERTY.findall(match[3])
        known = dict(pairs)
        readable = match is not None and len(known) == len(pairs)
        yield _Result(match[1], match[2], known) if match is not None and readable else None


def _envelope(spf: _Result) -> str | None:
    """Return smtp.mail in lower case, None where it is missing or more than one address."""
    value = next((spf.properties[name] for name in ("smtp.mail", "smtp.mailfrom") if name in spf.properties), None)
    if value is None:
        return None
    address = value.removeprefix("<").removesuffix(">").lower()
    return None if address and address.count("@") != 1 else address


def _aligned_signature(result: _Result, domain: str) -> bool:
    identity = result.properties.get("header.i") or result.properties.get("header.d", "")
    signer = identity.lower().rpartition("@")[2]
    return (
        result.method == "dkim"
        and result.word == "pass"
        and bool(signer)
        and organization(signer) == organization(domain)
    )
