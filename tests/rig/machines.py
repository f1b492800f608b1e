"""Mails that machines send, made from a seed: bounces, notes of absence, lists, receipts, invitations, our own come back.

In: a random generator and letters of ours. Out: `Posted` mails as raw bytes. Wording and headers are those of public
corpora and of providers' pages (facts/mail.md §4); names, addresses and letters are invented. On top of many lies what
attackers and relays add: marks of our letters, Reply-To traps, results of checks that nobody made. Some carry no header
that tells a machine; those are told by their words alone.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.builders import mail as build
from tests.builders.mail import Entity, attached, field, html, mail, multipart, part, text, word

OWN = "a27398830@126.com"
TRAP = "victim@trap.example.org"
FORM_TEXT = "姓名：林小满\n职务：安全办主任\n手机：13900000001\n单位名称：{unit}\n"


@dataclass(frozen=True, slots=True)
class Ours:
    """A letter of ours that went out."""

    message_id: str
    subject: str
    to_address: str
    unit: str
    mark: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """A mail, of which kind it is, and who alone may be answered ("": nobody). `replies`: the letter that it answers."""

    kind: str
    raw: bytes
    sender: str
    machine: bool = True
    replies: Ours | None = None
    has_form: bool = False


class Drawn:
    """What one mail is made with."""

    def __init__(self, draw: random.Random, letters: Sequence[Ours], units: Sequence[tuple[str, str]]) -> None:
        self.draw = draw
        self.ours = draw.choice(letters)
        self.unit, self.unit_address = draw.choice(units)
        self.stranger = f"user{draw.randrange(10**6)}@{draw.choice(['mail.example.net', 'example.org', 'qq.com'])}"
        self.domain = draw.choice(["mx.example.net", "mail.example.com", "163.com", "qq.com", "qs.example.com"])
        self.charset = draw.choice(["utf-8", "gb18030", "gbk"])
        self.number = draw.randrange(10**9)

    def one(self, *options: str) -> str:
        return self.draw.choice(options)

    def maybe(self, *lines: bytes) -> tuple[bytes, ...]:
        return tuple(line for line in lines if self.draw.random() < 0.5)

    def words(self, value: str) -> str:
        return word(value, self.charset, self.draw.choice("BQ"))

    def person(self) -> str:
        """Somebody's own address: of the roster more often than not, for theirs are the mailboxes we write to."""
        return self.unit_address if self.draw.random() < 0.7 else self.stranger

    def body(self, words: str) -> Entity:
        """A text as plain text, as HTML, or as both."""
        how = self.draw.randrange(3)
        page = "<div>" + words.replace("\n", "<br>") + "</div>"
        if how == 0:
            return text(words, charset=self.charset)
        if how == 1:
            return html(page, charset=self.charset)
        return multipart("alternative", text(words, charset=self.charset), html(page, charset=self.charset))

    def send(
        self, entity: Entity, *, sender: str, subject: str, extra: tuple[bytes, ...] = (), **more: object
    ) -> bytes:
        threaded = self.maybe(field("In-Reply-To", self.ours.message_id), field("References", self.ours.message_id))
        options = {"to": OWN, "message_id": f"<{self.number}@{self.domain}>", **more}
        return mail(entity, sender=sender, subject=self.words(subject), extra=(*extra, *threaded), **options)


Maker = Callable[[Drawn], bytes]

# --- bounces ---------------------------------------------------------------------------------------------------------


def _daemon(one: Drawn) -> str:
    name = one.one("Mail Delivery System", "Mail Delivery Subsystem", "Postmaster", "")
    return f"{name} <{one.one('MAILER-DAEMON', 'mailer-daemon', 'postmaster', 'Postmaster')}@{one.domain}>".strip()


def _status(one: Drawn) -> Entity:
    action, code = one.draw.choice(
        [("failed", "5.1.1"), ("Failed", "5.2.2"), ("failed", "4.4.7"), ("delayed", "4.4.1"), ("relayed", "2.0.0")]
    )
    lines = [
        f"Reporting-MTA: dns; {one.domain}",
        "",
        f"{one.one('Final-Recipient', 'Original-Recipient')}: rfc822;{one.ours.to_address}",
        f"Action: {action}",
        f"Status: {code}",
        f"Diagnostic-Code: smtp; {one.one('550 User not found', '552 mailbox full', '554 DT:SPM')}",
    ]
    return part("message/delivery-status", "\r\n".join(lines).encode(), encoding="")


def report(one: Drawn) -> bytes:
    """RFC 3464, with the letter, with its headers or without; the parameter or the right type left out."""
    head = one.ours.raw.partition(b"\r\n\r\n")[0]
    returned = one.draw.choice(
        [(), (part("message/rfc822", one.ours.raw, encoding=""),), (part("text/rfc822-headers", head, encoding=""),)]
    )
    told = one.body("This is the mail system. Your message could not be delivered.\n邮件无法送达。\n")
    kind, parameters = one.draw.choice(
        [("report", "; report-type=delivery-status"), ("report", ""), ("mixed", ""), ("report", "; report-type=x")]
    )
    entity = multipart(kind, told, _status(one), *returned, parameters=parameters)
    sender = _daemon(one) if one.draw.random() < 0.7 else one.person()
    subject = one.one(
        "Undelivered Mail Returned to Sender", "系统退信", "Returned mail: see transcript", "邮件投递延迟"
    )
    return one.send(entity, sender=sender, subject=subject, extra=one.maybe(b"Auto-Submitted: auto-replied"))


def netease_bounce(one: Drawn) -> bytes:
    page = (
        f"抱歉,您的邮件被退回来了……<br>原邮件信息<br>主题：{one.ours.subject}<br>收件人：{one.ours.to_address}<br>"
        f"退信原因：{one.one('收件人不存在', '对方邮箱已满', '连接超时')}<br>英文说明:550 User not found"
        f'<a href="http://mail.163.com/x?BouncedRcpt={one.ours.to_address}&BounceReason=x">x</a>'
        "<br>This message is generated by Coremail."
    )
    subject = one.one("系统退信", "系统退信/The email is returned", f"系统退信：{one.ours.subject}")
    sender = f"Postmaster@{one.one('163.com', '126.com', 'mail.example.com')}"
    return one.send(html(page, charset=one.draw.choice(["gb2312", "gbk", "utf-8"])), sender=sender, subject=subject)


def qq_bounce(one: Drawn) -> bytes:
    page = (
        f"<p>您好，</p>抱歉，您的邮件被退回来了。<br>您发送给 {one.ours.to_address} 的邮件无法送达<br>"
        "退信原因：收件人邮件地址不存在。550 Mailbox not found"
    )
    subject = one.one("来自qq.com的退信", "来自exmail的退信", "退信通知")
    return one.send(html(page), sender=f"PostMaster@{one.one('qq.com', 'exmail.qq.com')}", subject=subject)


def exchange_bounce(one: Drawn) -> bytes:
    words = (
        f"{one.one('未能向以下收件人或组传递邮件:', 'Delivery has failed to these recipients or groups:')}\n"
        f"{one.ours.to_address}\n你输入的电子邮件地址找不到。\n{one.one('诊断信息', 'Diagnostic information')}:\n"
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found\n"
    )
    subject = one.one("未送达: ", "无法送达: ", "Undeliverable: ", "邮件传递失败: ") + one.ours.subject
    sender = one.one("Microsoft Outlook <MicrosoftExchange329e71ec@", "postmaster <postmaster@") + one.domain + ">"
    extra = one.maybe(b"X-MS-Exchange-Message-Is-Ndr:", b"Auto-Submitted: auto-replied")
    return one.send(one.body(words), sender=sender, subject=subject, extra=extra)


def gateway_bounce(one: Drawn) -> bytes:
    """From an address like any other: only the words tell."""
    words = f"您的邮件无法送达。收件人：{one.ours.to_address}\n退信原因: 550 user unknown\n"
    subject = one.one("邮件投递失败通知", "邮件投递失败", "退信通知", "拒收通知")
    sender = f"{one.one('gateway', 'mail-admin', 'antispam', 'mailgw')}@{one.domain}"
    return one.send(one.body(words), sender=sender, subject=subject)


# --- notes of absence ------------------------------------------------------------------------------------------------

SIGNATURE = "林小满\n青石镇人民政府安全办\n电话：0595-27390001\n手机：13900000001\n地址：示例路1号"
_AWAY = (
    "您好，我最近正在休假中，无法亲自回复您的邮件。我将在假期结束后，尽快给您回复。",
    "您好，您的邮件已收到，我会尽快给您回复。（这是来自QQ邮箱的自动回复邮件）",
    "您发给我的信件已经收到。\nThis is an automatic reply, confirming that your e-mail was received. Thank you.",
    "本人因公外出学习，5月28日至6月3日不在单位，急事请致电0595-27390001，返岗后处理来件。",
    "我正在出差，邮件可能无法及时回复，敬请谅解。",
    "我在休产假，工作由同事吴谷雨接替，联系电话0595-27390004，邮箱 wu@example.org。",
    "I am out of the office until Tuesday and will reply when I return.",
    "系统自动回复：来信收悉，本邮箱每日16时查收。",
    "您好，本人5月28日至6月3日参加区委党校培训，培训期间不能及时查看邮件，敬请谅解。\n急事请联系办公室吴谷雨。\n\n"
    + SIGNATURE,
    "我已调离原工作岗位，此邮箱不再使用，来信请发至 wu@example.org。（自动回复）",
    "Thank you for your message. I am on annual leave with no access to e-mail. For urgent matters call +86 595 2739 0004.",
)


def absence(one: Drawn) -> bytes:
    """With headers, with the subject of a mail program's answer, or with both."""
    how = one.draw.randrange(3)
    marks = (
        b"Auto-Submitted: auto-replied",
        b"Auto-Submitted: auto-generated",
        b"X-Autoreply: yes",
        b"Precedence: auto_reply",
    )
    extra = (one.draw.choice(marks),) if how else ()
    prefix = one.one("自动回复: ", "自动回复：", "自动答复: ", "[自动回复]", "【某某邮箱】自动回复: ", "自動回覆: ")
    prefix = one.one(prefix, "Automatic reply: ", "Out of Office: ", "AutoReply: ", "外出自动回复：")
    subject = one.ours.subject if how == 2 else prefix + one.ours.subject
    return one.send(_with_logo(one, one.draw.choice(_AWAY)), sender=one.person(), subject=subject, extra=extra)


def bare_absence(one: Drawn) -> bytes:
    """A mail program that hides itself: no header, and a person's subject."""
    subject = one.one("Re: ", "回复：", "回复: ", "答复: ") + one.ours.subject
    return one.send(one.body(one.draw.choice(_AWAY)), sender=one.person(), subject=subject)


def quoting_absence(one: Drawn) -> bytes:
    """Our letter is repeated below, with the labels and values of a form."""
    quoted = "\n\n------------------ 原始邮件 ------------------\n发件人: 区安办\n" + FORM_TEXT.format(unit=one.unit)
    subject = one.one("自动回复: ", "自动答复：", "Automatic reply: ") + one.ours.subject
    extra = one.maybe(b"Auto-Submitted: auto-generated", b"X-Auto-Response-Suppress: All")
    return one.send(one.body(one.draw.choice(_AWAY) + quoted), sender=one.person(), subject=subject, extra=extra)


def _with_logo(one: Drawn, words: str) -> Entity:
    if one.draw.random() < 0.7:
        return one.body(words)
    return multipart("related", html(f"<div>{words}</div><img src='cid:logo'>"), build.picture("logo", b"\x89PNG" * 20))


# --- lists, receipts, invitations, systems ---------------------------------------------------------------------------


def newsletter(one: Drawn) -> bytes:
    marks = (
        b"List-Unsubscribe: <mailto:leave@list.example.org>",
        b"List-Id: <news.list.example.org>",
        b"Precedence: bulk",
    )
    entity = one.body("安全生产月活动优惠，请按通知报送。\n退订请点击。\n")
    if one.draw.random() < 0.3:
        entity = multipart("mixed", entity, build.attachment("产品手册.txt", b"x", content_type="text/plain"))
    sender = one.one("news@list.example.org", one.stranger)
    return one.send(entity, sender=sender, subject="安全生产月资讯", extra=(one.draw.choice(marks),))


def receipt(one: Drawn) -> bytes:
    if one.draw.random() < 0.5:
        told = part(
            "message/disposition-notification",
            b"Disposition: automatic-action/MDN-sent-automatically; displayed",
            encoding="",
        )
        kind = one.one("; report-type=disposition-notification", "")
        return one.send(multipart("report", text("已阅读"), told, parameters=kind), sender=one.person(), subject="已读")
    subject = one.one("已读: ", "已读回执：", "Read: ", "阅读回执: ") + one.ours.subject
    return one.send(one.body("您的邮件已于5月29日10:00阅读。\n"), sender=one.person(), subject=subject)


def invitation(one: Drawn) -> bytes:
    event = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    kind = one.one("text/calendar; method=REQUEST", "text/calendar; method=REPLY; charset=utf-8")
    entity = multipart(one.one("alternative", "mixed"), one.body("请参加安全生产月会议。\n"), part(kind, event))
    return one.send(
        entity, sender=one.person(), subject=one.one("会议邀请：安全生产月", "接受: 会议", "邀请: 安全生产月部署会")
    )


def no_reply(one: Drawn) -> bytes:
    local = one.one("noreply", "no-reply", "donotreply", "oa.noreply", "notification", "notify", "mailer")
    return one.send(
        one.body("您有一条待办事项，请登录系统查看。\n"), sender=f"OA <{local}@{one.domain}>", subject="待办提醒"
    )


def footer(one: Drawn) -> bytes:
    """An office system under a person's address: its last line says what it is."""
    line = one.one(
        "此邮件由系统自动发送，请勿直接回复。",
        "本邮件由系统自动发出，请勿回复！",
        "（本邮件为系统自动发送）",
        "系统邮件，请勿回复",
    )
    return one.send(
        one.body(f"您有一份公文待签收，请登录办公系统查看。\n\n{line}\n"), sender=one.person(), subject="公文签收提醒"
    )


def null_path(one: Drawn) -> bytes:
    words = one.body("您的来信已收到。\n")
    if one.draw.random() < 0.5:
        return one.send(words, sender=one.person(), subject="通知", first=(b"Return-Path: <>",))
    return one.send(words, sender=one.person(), subject="通知", **checked("spf=none smtp.mail=; dkim=none"))


def checked(results: str) -> dict[str, tuple[bytes, ...]]:
    """The trace fields that NetEase writes, as options of `mail`: the checks and the id by which they are believed."""
    received = b"Received: from x (unknown [192.0.2.1])\r\n\tby gzga-mx-1 (Coremail) with SMTP id _____wAx.1;\r\n\tWed, 28 May 2025 08:35:44 +0800 (CST)"
    trace = (b"X-CM-TRANSID: _____wAx.1", field("Authentication-Results", f"gzga-mx-1; {results}"))
    return {"first": (received, *trace)}


# --- our own ---------------------------------------------------------------------------------------------------------


def own_back(one: Drawn) -> bytes:
    """A letter of ours as a forwarding rule or a list sends it back, whole or as an attachment of itself."""
    if one.draw.random() < 0.5:
        trace = b"Received: from x by relay.example.net; Wed, 28 May 2025 08:35:44 +0800\r\nX-Loop: relay\r\n"
        return (trace if one.draw.random() < 0.5 else b"") + one.ours.raw
    return one.send(attached(one.ours.raw), sender=f"区安办 <{OWN}>", subject=f"转发：{one.ours.subject}")


def another_office(one: Drawn) -> bytes:
    """A letter of the same program in another office, on a way that took all headers which tell it."""
    head, _, content = one.ours.raw.partition(b"\r\n\r\n")
    entity = Entity((b"Content-Type:" + head.split(b"\r\nContent-Type:")[1],), content)
    return one.send(entity, sender=f"邻区安办 <{one.person()}>", subject=one.ours.subject)


MACHINES: tuple[Maker, ...] = (
    report,
    report,  # the form with most variants
    netease_bounce,
    qq_bounce,
    exchange_bounce,
    gateway_bounce,
    absence,
    absence,
    bare_absence,
    quoting_absence,
    newsletter,
    receipt,
    invitation,
    no_reply,
    footer,
    null_path,
    own_back,
    another_office,
)


def machine(draw: random.Random, letters: Sequence[Ours], units: Sequence[tuple[str, str]]) -> Posted:
    """Given a generator and what it is made with, return one machine's mail."""
    one = Drawn(draw, letters, units)
    make = draw.choice(MACHINES)
    raw = make(one)
    forged = one.maybe(
        b"Reply-To: " + TRAP.encode(),
        b"X-Intake-Id: " + one.ours.mark.encode(),
        b"Disposition-Notification-To: " + TRAP.encode(),
        b"Authentication-Results: gzga-mx-1; spf=pass smtp.mail=" + TRAP.encode(),
    )
    raw = raw if draw.random() < 0.5 else b"".join(line + b"\r\n" for line in forged) + raw
    answers = b"In-Reply-To: " + one.ours.message_id.encode() in raw
    return Posted(make.__name__, raw, "", replies=one.ours if answers else None)
