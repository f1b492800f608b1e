"""Bounces of our letters: the unit's address is marked, reminders to it stop, the clerk is told to telephone.

In: a seed. Out: what does not hold. One office reminds twelve units; five letters come back for good in five ways, two are
only late, and some bounces lie: about an address that we never wrote to, about another unit than the letter's, with a
From that its domain refutes. On the next day all are reminded again but those five, and the digest names them. A mail
from a marked address forgives it, unless it is forged.
"""

import random
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, time, timedelta
from email import message_from_bytes
from pathlib import Path

from intake.roster import parse_roster
from scheduler import jobs
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import mail as build
from tests.builders import office
from tests.rig.machines import OWN, Drawn, Ours, checked, exchange_bounce, netease_bounce, qq_bounce

_NAMES = [
    "青石镇",
    "白沙镇",
    "海湾镇",
    "松林镇",
    "云岭镇",
    "东溪镇",
    "南屿镇",
    "西坪镇",
    "北渡镇",
    "石桥镇",
    "梅园镇",
    "竹溪镇",
]
_ADDRESSES = {name: f"unit{number}@u{number}.example.com" for number, name in enumerate(_NAMES, start=1)}
_GONE, _LATE, _OTHERS = _NAMES[:5], _NAMES[5:7], _NAMES[7:]
_FIRST, _SECOND = office.START + timedelta(days=1, hours=1), office.START + timedelta(days=2, hours=1)
_NOBODY = "never@written.example.net"


def violations(*, seed: int) -> Iterator[str]:
    """Yield what does not hold."""
    with (
        tempfile.TemporaryDirectory() as name,
        DemoMailbox(OWN, office.PASSWORD) as imap,
        SmtpSink(login=OWN, password=office.PASSWORD) as sink,
    ):
        data = Path(name) / "data"
        settings = office.settings(data, imap_port=imap.port, smtp_port=sink.port)
        clerk = replace(settings.clerk, addresses=(office.CLERK,), digest_at=time(9))
        clock = SteppedClock(_FIRST)
        with open_app(replace(settings, clerk=clerk), clock, roster=_roster()) as app:
            yield from _round(app)
            letters = {one.recipients[0]: _ours(one.raw, one.recipients[0]) for one in sink.delivered}
            missing = [unit for unit in _NAMES if _ADDRESSES[unit] not in letters]
            if missing:
                yield f"the rig is blind: {missing} were not reminded"
                return
            for raw in _bounces({unit: letters[_ADDRESSES[unit]] for unit in _NAMES}, random.Random(seed)):
                imap.deliver(INBOX, raw, clock.now())
            before = len(sink.delivered)
            yield from _round(app)
            answered = {one.recipients[0] for one in sink.delivered[before:]} - {_ADDRESSES[_OTHERS[3]], office.CLERK}
            if answered:
                yield f"I3: a bounce was answered: {sorted(answered)}"
            yield from _marked(data, _GONE)
            clock.advance_to(_SECOND)
            before = len(sink.delivered)
            yield from _round(app)
            yield from _next_day([(one.recipients[0], one.raw) for one in sink.delivered[before:]])
            yield from _forgiven(app, imap, data, clock.now())


def _roster():
    lines = [f"{name}人民政府,{name},成员单位,林小满,{_ADDRESSES[name]},0595-27390001\r\n" for name in _NAMES]
    text = "单位名称,简称,分组,联系人,邮箱,电话\r\n" + "".join(lines)
    return parse_roster(text.encode("utf-8-sig"), "roster.csv")


def _round(app: App) -> Iterator[str]:
    error = jobs.one_round(app)
    if error is not None:
        yield f"the program stopped: {error}"


def _ours(raw: bytes, to_address: str) -> Ours:
    head = message_from_bytes(raw)
    return Ours(str(head["Message-ID"]).strip(), "【报送提醒】", to_address, "", str(head["X-Intake-Id"]), raw)


def _bounces(letters: dict[str, Ours], draw: random.Random) -> Iterator[bytes]:
    gone = [letters[unit] for unit in _GONE]
    yield _report(gone[0])
    yield _report(gone[1], original_type="text/rfc822-headers")
    for letter, make in zip(gone[2:], (netease_bounce, qq_bounce, exchange_bounce), strict=True):
        one = Drawn(draw, (letter,), ((letter.unit, letter.to_address),))
        yield make(one)
    late = [letters[unit] for unit in _LATE]
    yield _report(late[0], action="delayed", status="4.4.1")
    words = f"您的邮件投递延迟，服务器仍在尝试。收件人：{late[1].to_address}\n450 4.2.0 greylisted\n"
    yield build.mail(
        build.text(words), subject=build.word("邮件投递延迟"), sender=f"postmaster@{OWN.partition('@')[2]}", to=OWN
    )
    others = [letters[unit] for unit in _OTHERS]
    yield _report(others[0], recipient=others[1].to_address)  # our letter, somebody else
    yield _report(others[0], recipient=_NOBODY)
    forged = build.bounce(
        others[2].to_address, original=b"Message-ID: <x@example.net>\r\n\r\n", original_type="text/rfc822-headers"
    )
    yield _with_trace(forged, "spf=fail smtp.mail=mailer-daemon@mail.example.net; dkim=none")
    inner = build.bounce(others[3].to_address)  # forwarded by a person: told to us, not bounced to us
    entity = build.multipart("mixed", build.text("这是我们收到的退信，请看。"), build.attached(inner))
    yield build.mail(
        entity, subject="Fw: bounce", sender=others[3].to_address, to=OWN, message_id="<forwarded@example.com>"
    )


def _report(letter: Ours, *, recipient: str = "", original_type: str = "message/rfc822", **more: str) -> bytes:
    original = letter.raw if original_type == "message/rfc822" else letter.raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    return build.bounce(recipient or letter.to_address, original=original, original_type=original_type, **more)


def _with_trace(raw: bytes, results: str) -> bytes:
    return b"".join(line + b"\r\n" for line in checked(results)["first"]) + raw


def _marked(data: Path, units: Sequence[str]) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{data / 'intake.sqlite'}?mode=ro", uri=True)) as database:
        marked = {row[0] for row in database.execute("SELECT address FROM bad_addresses")}
    expected = {_ADDRESSES[unit] for unit in units}
    yield from (f"a bounce for good did not mark {one}" for one in sorted(expected - marked))
    yield from (f"{one} is marked, but nothing to it came back" for one in sorted(marked - expected))


def _next_day(letters: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    reached = {address for address, _ in letters}
    yield from (f"I8: {unit} was reminded at an address that bounced" for unit in _GONE if _ADDRESSES[unit] in reached)
    yield from (
        f"I8: {unit} was not reminded any more, though nothing came back for good"
        for unit in _LATE + _OTHERS
        if _ADDRESSES[unit] not in reached and unit != _OTHERS[3]  # it has just written
    )
    digest = next((raw for address, raw in letters if address == office.CLERK), b"")
    part = next((one for one in message_from_bytes(digest).walk() if one.get_content_type() == "text/plain"), None)
    payload = None if part is None else part.get_payload(decode=True)
    told = payload.decode() if isinstance(payload, bytes) else ""
    lines = [line for line in told.splitlines() if "电话联系" in line]
    yield from (
        f"the clerk was not told to telephone {unit}"
        for unit in _GONE
        if not any(f"{unit}人民政府" in line and _ADDRESSES[unit] in line for line in lines)
    )
    if len(lines) > len(_GONE):
        yield f"the clerk was told to telephone {len(lines)} units, {len(_GONE)} bounced"


def _forgiven(app: App, imap: DemoMailbox, data: Path, now: datetime) -> Iterator[str]:
    """Who writes is reached again, but not by a mail that its domain refutes."""
    first, second = _GONE[:2]
    for number, (unit, word) in enumerate(((first, "pass"), (second, "fail")), start=50):
        raw = office.mail(_ADDRESSES[unit], "请问", text="请问怎么报？\n", number=number)
        imap.deliver(INBOX, _with_trace(raw, f"spf={word} smtp.mail={_ADDRESSES[unit]}; dkim=none"), now)
    yield from _round(app)
    yield from _marked(data, _GONE[1:])
