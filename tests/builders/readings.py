"""Mail readings made in code, for tests of the stages behind `read`."""

from intake.model import MailHead, MailReading, Part, PartPath, PartReading, PartRole
from parsers.forms import DocumentReading, FieldReading, FormReading


def head(**values) -> MailHead:
    """Return a person's mail head; `signals` may be a dictionary."""
    defaults = {
        "message_id": "<1@unit.example.com>",
        "from_address": "li@unit.example.com",
        "from_name": "李工",
        "to_addresses": ("office@mail.example.com",),
        "subject": "报送反馈表",
        "date": None,
    }
    signals = values.pop("signals", {})
    return MailHead(**{**defaults, **values}, signals=tuple(signals.items()))


def reading(mail_head=None, **values) -> MailReading:
    """Return a mail reading; the head is a person's if none is given."""
    return MailReading(head=head() if mail_head is None else mail_head, **values)


def part(path="2", *, type="application/octet-stream", role=PartRole.ATTACHMENT, name="a.docx", enclosing="") -> Part:  # noqa: A002
    """Return one part."""
    return Part(PartPath(path), name, type, role, 100, "0" * 64, PartPath(enclosing))


def body_with_form(*, blank=False, enclosing="") -> PartReading:
    """Return the reading of a body in which a form stands."""
    field = FieldReading("mobile", "13900000000", "13900000000", "手机", "line 1", "line")
    form = FormReading("liaison", "反馈表", (field,), "lines", blank=blank)
    return PartReading(PartPath("1"), PartRole.BODY, DocumentReading("", "text", forms=(form,)), PartPath(enclosing))
