"""Mails as raw bytes, CRLF and all: ordinary ones as web mails write them, and broken or hostile ones.

An `Entity` is a header and a body; `mail` puts the fields of a message in front. Nothing here uses the standard
library's email package: what is tested must not be built by what it replaces.
"""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import quote

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True)
class Entity:
    """Header lines without line ends, and the body as it stands in the mail."""

    headers: tuple[bytes, ...]
    body: bytes

    def __bytes__(self):
        return b"".join(line + b"\r\n" for line in self.headers) + b"\r\n" + self.body


def field(name, value):
    """One header field; text is written as UTF-8."""
    return name.encode() + b": " + (value.encode() if isinstance(value, str) else value)


def encoded(data, encoding):
    """The bytes of a part under a Content-Transfer-Encoding."""
    if encoding == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return binascii.b2a_qp(data, istext=False)
    if encoding == "x-uuencode":
        lines = [binascii.b2a_uu(data[start : start + 45]).replace(b"\n", b"\r\n") for start in range(0, len(data), 45)]
        return b"begin 644 file\r\n" + b"".join(lines) + b"`\r\nend\r\n"
    return data


def part(content_type, data, *, encoding="base64", disposition=None, extra=()):
    """A leaf; `content_type` and `disposition` are whole values."""
    headers = []
    if content_type is not None:
        headers.append(field("Content-Type", content_type))
    if encoding:
        headers.append(field("Content-Transfer-Encoding", encoding))
    if disposition is not None:
        headers.append(field("Content-Disposition", disposition))
    return Entity((*headers, *extra), encoded(data, encoding))


def text(words, *, charset="utf-8", kind="plain", encoding="base64", label=None, parameters=""):
    """A text part; `label` overrides the charset that is declared."""
    declared = f"text/{kind}; charset={label or charset}{parameters}"
    return part(declared, words.encode(charset), encoding=encoding)


def html(words, *, charset="utf-8", **more):
    return text(words, charset=charset, kind="html", **more)


def word(value, charset="utf-8", how="B"):
    """One RFC 2047 encoded word of text or bytes."""
    data = value if isinstance(value, bytes) else value.encode(charset)
    if how == "B":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={byte:02X}' for byte in data)}?="


def attachment(name, data, *, content_type=DOCX, encoding="base64", charset="gb18030"):
    """A file as NetEase and QQ attach it: the name as an encoded word, in quotes, in both fields."""
    encoded_name = word(name, charset) if name is not None else None
    shown = f'; name="{encoded_name}"' if name is not None else ""
    disposition = "attachment" + (f'; filename="{encoded_name}"' if name is not None else "")
    return part(content_type + shown, data, encoding=encoding, disposition=disposition)


def rfc2231(name, charset="utf-8"):
    """A Content-Disposition with the name in RFC 2231 form."""
    return f"attachment; filename*={charset}''{quote(name.encode(charset))}"


def picture(content_id, data, *, name="logo.png"):
    return part(
        f'image/png; name="{name}"',
        data,
        disposition=f'inline; filename="{name}"',
        extra=(field("Content-ID", f"<{content_id}>"),),
    )


def multipart(kind, *parts, boundary=None, closed=True, preamble=b"", epilogue=b"", parameters=""):
    """A multipart; the boundary is made from its depth so that nested ones differ."""
    if boundary is None:
        boundary = f"----=_Part_{sum(len(bytes(one)) for one in parts) + len(parts)}"
    mark = b"--" + boundary.encode()
    body = preamble + b"".join(mark + b"\r\n" + bytes(one) + b"\r\n" for one in parts)
    if closed:
        body += mark + b"--\r\n" + epilogue
    return Entity((field("Content-Type", f'multipart/{kind};\r\n\tboundary="{boundary}"{parameters}'),), body)


def attached(message, *, encoding="", content_type="message/rfc822", name=None):
    """A mail attached to a mail; `message` is raw bytes."""
    shown = f'; name="{name}"' if name else ""
    return part(content_type + shown, message, encoding=encoding, disposition="attachment")


def mail(
    entity,
    *,
    subject="联络员反馈表",
    sender="李青 <li@unit.example.com>",
    to="office@example.org",
    date="Wed, 28 May 2025 08:35:41 +0800",
    message_id="<1@unit.example.com>",
    extra=(),
    first=(),
):
    """A message around an entity. `first` and `extra` are header lines before and behind the ordinary fields."""
    fields = [
        ("From", sender),
        ("To", to),
        ("Subject", subject),
        ("Date", date),
        ("Message-ID", message_id),
    ]
    lines = [field(name, value) for name, value in fields if value is not None]
    return bytes(Entity((*first, *lines, field("MIME-Version", "1.0"), *extra, *entity.headers), entity.body))


def web_mail(words="见附件", *attachments, charset="gb18030", **more):
    """The usual mail: text and HTML as alternatives, then files."""
    alternative = multipart("alternative", text(words, charset=charset), html(f"<div>{words}</div>", charset=charset))
    return mail(multipart("mixed", alternative, *attachments) if attachments else alternative, **more)


def nested_multiparts(depth):
    """Multiparts in multiparts, each with a boundary of its own."""
    lines = [b'Content-Type: multipart/mixed; boundary="b0"\r\n\r\n']
    lines += [
        f'--b{level}\r\nContent-Type: multipart/mixed; boundary="b{level + 1}"\r\n\r\n'.encode()
        for level in range(depth)
    ]
    return b"From: a@example.com\r\nSubject: deep\r\n" + b"".join(lines) + b"--b%d\r\n\r\nbottom\r\n" % depth


def nested_messages(depth):
    """Mails attached to mails."""
    raw = mail(text("innermost"))
    for _ in range(depth):
        raw = mail(attached(raw))
    return raw


def bounce(
    recipient="dead@unit.example.com", *, action="failed", status="5.1.1", original=b"", original_type="message/rfc822"
):
    """A multipart/report as Postfix and Coremail write it."""
    fields = (
        b"Reporting-MTA: dns; mail.example.net\r\n\r\n"
        + f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n".encode()
        + b"Diagnostic-Code: smtp; 550 User not found\r\n"
    )
    parts = [text("Undelivered"), part("message/delivery-status", fields, encoding="")]
    if original:
        parts.append(part(original_type, original, encoding=""))
    report = multipart("report", *parts, parameters="; report-type=delivery-status")
    return mail(report, sender="Mail Delivery System <mailer-daemon@mail.example.net>", subject="Undelivered")
