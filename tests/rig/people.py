"""Mails that people send and that look a little like machines', made from a seed: the counter-check of `machines`.

All must be processed; those with a form must bring it. `sender` is who may be answered: nobody where an answer has no
single address, the office system takes none, or the provider's checks refute From.
"""

import random
from collections.abc import Callable, Sequence
from functools import cache

from tests.builders import mail as build
from tests.builders import office
from tests.builders.mail import Entity, attached, field, html, multipart, text
from tests.rig.machines import FORM_TEXT, TRAP, Drawn, Ours, Posted, checked, netease_bounce, report

Maker = Callable[[Drawn], Posted]


@cache
def _form(unit: str) -> bytes:
    return office.liaison(unit)


def _with_form(one: Drawn, words: str, *more: Entity) -> Entity:
    name = one.one("附件2.docx", "退信重发-联络员表.docx", "自动回复.docx", "联络员反馈表.docx")
    return multipart("mixed", one.body(words), build.attachment(name, _form(one.unit)), *more)


def _posted(one: Drawn, kind: str, entity: Entity, subject: str, *, answered: bool = True, **more: object) -> Posted:
    sender = one.unit_address
    given = {"sender": f"林小满 <{sender}>", **more}
    raw = one.send(entity, subject=subject, **given)
    replies = one.ours if b"In-Reply-To: " + one.ours.message_id.encode() in raw else None
    return Posted(kind, raw, sender if answered else "", machine=False, replies=replies, has_form=True)


def about_bounces(one: Drawn) -> Posted:
    subject = one.one(
        "关于退信的说明",
        "上次邮件被退回，现重新报送",
        "退信后重发：联络员反馈表",
        "回复: 系统退信",
        "投递失败，重新发送",
    )
    words = one.one(
        "上次报送被退信，退信原因: 550 user unknown，现重新报送，请查收。", "之前的邮件无法送达，现重发。", "见附件"
    )
    return _posted(one, "about bounces", _with_form(one, words), subject)


def about_automatic_replies(one: Drawn) -> Posted:
    subject = one.one(
        "自动回复功能的总结及联络员表", "关于自动回复设置情况", "回复: 自动回复: 报送提醒", "自动回复: 联络员反馈表"
    )
    words = one.one("我单位已设置自动回复，现报送联络员反馈表。", "我下周出差，今天先报送，请查收。", "请查收。")
    return _posted(one, "about automatic replies", _with_form(one, words), subject)


def forwarded_bounce(one: Drawn) -> Posted:
    inner = one.draw.choice([report, netease_bounce])(one)
    entity = _with_form(one, "转上次的退信，现重新报送，请查收。", attached(inner))
    return _posted(one, "forwarded bounce", entity, one.one("转发: 系统退信", "Fw: Undelivered Mail", "转发：退信"))


def office_system(one: Drawn) -> Posted:
    """A form that an office system sends: it takes no answer, but the form counts."""
    how = one.draw.randrange(4)
    senders = (f"OA <noreply@{one.domain}>", f"OA <oa.noreply@{one.domain}>")
    more: dict[str, object] = {"sender": one.draw.choice(senders)} if how in (0, 1) else {}
    words = "您有一份来文。\n" + ("此邮件由系统自动发送，请勿回复。\n" if how == 2 else "")
    if how == 3:
        more["extra"] = (b"Auto-Submitted: auto-generated",)
        more["message_id"] = f"<oa{one.number}@{one.domain}>"
    one.ours = Ours("<none@example.org>", "", "", "", "", b"")  # it answers nothing
    return _posted(one, "office system", _with_form(one, words), "公文交换：联络员反馈表", answered=False, **more)


def through_a_list(one: Drawn) -> Posted:
    extra = (one.draw.choice([b"List-Id: <jiguan.qs.example.com>", b"Precedence: bulk"]),)
    return _posted(one, "through a list", _with_form(one, "见附件"), "联络员反馈表", answered=False, extra=extra)


def wishes_no_answers(one: Drawn) -> Posted:
    extra = (one.draw.choice([b"X-Auto-Response-Suppress: All", b"Auto-Submitted: no", b"X-Loop: x"]),)
    return _posted(
        one, "wishes no answers", _with_form(one, "见附件"), one.one("已读悉，反馈如下", "联络员表"), extra=extra
    )


def trapped(one: Drawn) -> Posted:
    """Reply-To, Return-Path and receipts ask for an answer elsewhere."""
    extra = (field("Reply-To", TRAP), field("Disposition-Notification-To", TRAP), field("Sender", TRAP))
    return _posted(one, "reply-to trap", _with_form(one, "见附件"), "联络员表", extra=extra)


def commented_from(one: Drawn) -> Posted:
    sender = one.one(
        f"{one.unit_address} (林小满)",
        f"(办公室 {TRAP}) 林小满 <{one.unit_address}>",
        f'"林小满, 办公室" <{one.unit_address.upper()}>',
        f"<{one.unit_address}>",
    )
    return _posted(one, "From with comments", _with_form(one, "见附件"), "联络员表", sender=sender)


def several_from(one: Drawn) -> Posted:
    sender = one.one(
        f"{one.unit_address}, {TRAP}",
        f"{one.unit_address} <{TRAP}>",
        f"林小满 <{one.unit_address}> <{TRAP}>",
        f"{one.unit_address}\r\nFrom: {TRAP}",
        f"group: {one.unit_address}, {TRAP};",
        "",
    )
    return _posted(one, "several From", _with_form(one, "见附件"), "联络员表", sender=sender, answered=False)


def checked_by_the_provider(one: Drawn) -> Posted:
    proved = one.draw.random() < 0.5
    results = f"spf={'pass' if proved else one.one('fail', 'softfail')} smtp.mail={one.unit_address}; dkim=none"
    entity = _with_form(one, "见附件")
    return _posted(one, f"spf {'pass' if proved else 'fail'}", entity, "联络员表", answered=proved, **checked(results))


def private_mailbox(one: Drawn) -> Posted:
    results = one.one(
        f"spf=pass smtp.mail={one.stranger}; dkim=none",
        "spf=none; dkim=none",
        "spf=softfail smtp.mail=x@y.example; dkim=none",
    )
    entity = _with_form(one, "见附件")
    raw = one.send(entity, sender=f"林小满 <{one.stranger}>", subject="联络员表", **checked(results))
    return Posted("private mailbox", raw, "" if "softfail" in results else one.stranger, machine=False, has_form=True)


def speaks_of_us(one: Drawn) -> Posted:
    """No form, but something for a person: a machine's words within a person's question."""
    words = one.one(
        "贵办系统自动发送的邮件收到了，请问联络员可以报两个人吗？",
        "我们邮箱设置了自动回复，是不是影响报送？请告知。",
        "上次的退信是什么原因？我们单位邮箱换了吗？",
    )
    quoted = "\n\n------------------ 原始邮件 ------------------\n" + FORM_TEXT.format(unit=one.unit)
    entity = one.draw.choice([text(words), html(f"<p>{words}</p>"), text(words + quoted)])
    subject = one.one("咨询", f"回复：{one.ours.subject}", "关于系统自动回复的问题")
    raw = one.send(entity, sender=f"林小满 <{one.unit_address}>", subject=subject)
    return Posted("speaks of us", raw, one.unit_address, machine=False)


PEOPLE: tuple[Maker, ...] = (
    about_bounces,
    about_automatic_replies,
    forwarded_bounce,
    office_system,
    through_a_list,
    wishes_no_answers,
    trapped,
    commented_from,
    several_from,
    checked_by_the_provider,
    private_mailbox,
    speaks_of_us,
)


def person(draw: random.Random, letters: Sequence[Ours], units: Sequence[tuple[str, str]]) -> Posted:
    """Given a generator and what it is made with, return one person's mail."""
    return draw.choice(PEOPLE)(Drawn(draw, letters, units))
