"""Delivery reports of a bounce (RFC 3464): which recipient of which letter, and what became of it.

In: the leaves of a multipart/report. Out: `DeliveryReport`s. What plain-text bounces say is the business of `bounce`.
"""

import re
from collections.abc import Iterator, Sequence

from intake.addresses import is_address
from intake.headers import Block, header_text, split_header
from intake.model import DeliveryReport
from intake.structure import Leaf, Tree

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_HEADER_TYPES = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_EMPTY_LINE = re.compile(rb"(?:\r?\n)[ \t]*(?:\r?\n)+")
_BLOCKS = 100
_REPORTS = 50


def delivery_reports(tree: Tree) -> tuple[DeliveryReport, ...]:
    """Given the tree of a mail, return what its own delivery-status parts say, one entry a recipient.

    Those of an attached message are none of it: a person who forwards a bounce has bounced nothing.
    """
    original = _original_id(tree)
    found = [
        report
        for leaf in tree.leaves
        if leaf.type in STATUS_TYPES and not leaf.enclosing
        for report in _of_status(_field_groups(leaf), original)
    ]
    return tuple(dict.fromkeys(found))[:_REPORTS]


def _field_groups(leaf: Leaf) -> list[Block]:
    data = leaf.payload().data
    return [split_header(group + b"\r\n") for group in _EMPTY_LINE.split(data.strip(b"\r\n"), _BLOCKS)[:_BLOCKS]]


def _of_status(groups: Sequence[Block], original: str) -> Iterator[DeliveryReport]:
    """The first group tells of the message, each other one of a recipient; some servers write them as one."""
    for group in groups:
        recipient = _address(group.first("final-recipient")) or _address(group.first("original-recipient"))
        action = header_text(group.first("action"), limit=40).text.lower()
        if not recipient and not action:
            continue
        yield DeliveryReport(
            recipient=recipient,
            action=action.partition(" ")[0],
            status=header_text(group.first("status"), limit=20).text.partition(" ")[0],
            diagnostic=_value(group.first("diagnostic-code"))[:500],
            original_id=original,
        )


def _value(value: bytes) -> str:
    """The part behind the type: ``smtp; 550 user unknown`` → ``550 user unknown``."""
    text = header_text(value).text
    return text.partition(";")[2].strip() if ";" in text else text


def _address(value: bytes) -> str:
    text = _value(value).strip("<> ").lower()
    return text if is_address(text) else ""


def _original_id(tree: Tree) -> str:
    """Return the Message-ID of the letter that came back, or ""."""
    blocks = list(tree.messages.values()) + [
        split_header(leaf.payload().data) for leaf in tree.leaves if leaf.type in _HEADER_TYPES
    ]
    for block in blocks:
        match = re.search(r"<[^<>\s]{1,996}>", header_text(block.first("message-id")).text)
        if match is not None:
            return match[0]
    return ""
