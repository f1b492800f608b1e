"""Part "hostile": each hostile file and each hostile mail through the daemon's ticks, a good mail right behind it.

In: whether all inputs or a drawn dozen, a seed. Out: an `Outcome`. What must hold: every input has its own row, which ends
in a named state and not in a bug; the good mail behind it is accepted and answered in time; the daemon stays below 150 MB
and no child above 1 GB; whatever was sent by then, each letter has one recipient, on the roster or the sender; the 汇总表
opens and calculates nothing. What is looked at is looked at here, by the standard library: rows by SQL, the workbook as
the zip of XML that it is.
"""

import hashlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from scheduler.demo.mailstore import INBOX
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from tests.builders import office
from tests.builders.hostile import CASES
from tests.builders.hostile_texts import wide_row
from tests.rig.crash import ADDRESS, SAND, STONE, filled
from tests.rig.report import Outcome
from tests.rig.ticking import SUMMARY

DELAY_S = 60.0  # from the arrival of the good mail behind to its answer (facts/reliability.md §4)
_DAEMON_BYTES = 150 * 2**20
_CHILD_BYTES = 2**30
_NAMED = {"filed", "held", "ignored"}
_SENDER = "someone@example.net"
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# What a spreadsheet calculates, runs or fetches by itself (ECMA-376 part 1, §18.3.1.40, §18.14); a name may hold a formula,
# but print titles are names too.
_LIVE_PARTS = ("xl/externalLinks/", "xl/vbaProject", "xl/macrosheets/", "xl/connections", "xl/queryTables/")

Mail = Callable[[int], bytes]


def _with_file(name: str, data: bytes, number: int) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"<{_SENDER}>"
    message["To"] = ADDRESS
    message["Subject"] = "联络员表"
    message["Message-ID"] = f"<hostile.{number}@example.net>"
    message.set_content("请查收。\n")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def _raw(head: bytes, body: bytes = b"x\r\n") -> Mail:
    def make(number: int) -> bytes:
        fixed = b"From: <%s>\r\nTo: <%s>\r\nMessage-ID: <hostile.%d@example.net>\r\n" % (
            _SENDER.encode(),
            ADDRESS.encode(),
            number,
        )
        return fixed + head + b"\r\n" + body

    return make


def _nested(depth: int) -> Mail:
    body = b"".join(
        b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (one, one + 1) for one in range(depth)
    )
    return _raw(b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b0"\r\n', body)


def _enclosed(depth: int) -> Mail:
    body = b"".join(b"Content-Type: message/rfc822\r\n\r\n" for _ in range(depth)) + b"Subject: x\r\n\r\nx\r\n"
    return _raw(b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n", body)


def _parts(number: int) -> Mail:
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * number + b"--b--\r\n"
    return _raw(b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n', body)


def _slow(documents: int) -> Mail:
    """Rows that LibreOffice lays out for minutes, several to a mail: each is given its time, the good mail waits for one."""

    def make(number: int) -> bytes:
        message = message_from_bytes(_with_file("0.rtf", wide_row(30_000), number), policy=SMTP)
        for one in range(1, documents):
            row = wide_row(30_000 + one)
            message.add_attachment(row, maintype="application", subtype="octet-stream", filename=f"{one}.rtf")  # type: ignore[attr-defined]
        return message.as_bytes()

    return make


def _values(**changes: str) -> Mail:
    """A form whose values are weapons against whoever shows them: it is text to us, and must be text to everybody."""

    def make(number: int) -> bytes:
        attachment, _ = filled(
            SAND, **changes
        )  # not the unit of the good mail, whose form would take its place at once
        return office.mail(office.UNITS[SAND], "联络员表", attachment=attachment, number=9_000 + number)

    return make


_MANY = b", ".join(b"<a%d@example.net>" % one for one in range(20_000))
# MIME torture and injections: the mail itself is the weapon (facts/reliability.md §0.2, §3.1).
MAILS: tuple[tuple[str, Mail], ...] = (
    ("3,000 nested multiparts", _nested(3_000)),
    ("300 enclosed messages", _enclosed(300)),
    ("20,000 parts", _parts(20_000)),
    ("20,000 brackets in To", _raw(b"Cc: " + b"(" * 20_000 + b"\r\nSubject: x\r\n")),
    ("20,000 addresses in Cc", _raw(b"Cc: " + _MANY + b"\r\nSubject: x\r\n")),
    ("200 KB of encoded words", _raw(b"Subject: " + b"=?utf-8?q?a?= " * 14_000 + b"\r\n")),
    ("an encoded word without end", _raw(b"Subject: =?utf-8?b?" + b"QUFB" * 60_000 + b"\r\n")),
    (
        "264 KB of parameters",
        _raw(b"Content-Type: text/plain" + b"".join(b"; a%d=b" % one for one in range(30_000)) + b"\r\n"),
    ),
    ("a header of 5 MB", _raw(b"X-Long: " + b"y" * 5_000_000 + b"\r\nSubject: x\r\n")),
    ("100,000 header fields", _raw(b"X: y\r\n" * 100_000)),
    ("100,000 references", _raw(b"References: " + b" ".join(b"<%d@x>" % one for one in range(100_000)) + b"\r\n")),
    ("no header at all", lambda number: b"\r\n\r\nx%d" % number),
    ("nothing but zero bytes", lambda number: bytes(10_000 + number)),
    ("a line feed in the subject", _raw(b"Subject: =?utf-8?q?a=0ABcc:_evil@example.net?=\r\n")),
    (
        "a line feed in the sender's name",
        _raw(b"Reply-To: =?utf-8?q?a=0D=0ATo:_x?= <evil@example.net>\r\nSubject: x\r\n"),
    ),
    ("lone surrogates in UTF-8", _raw(b"Subject: \xed\xa0\x80\xed\xb0\x80\r\n", b"\xed\xa0\x80\r\n")),
    ("bidi and control characters", _raw("Subject: \u202e\u0007\u200b\ufeff附件2\r\n".encode())),
    ("an unknown charset", _raw(b"Content-Type: text/plain; charset=x-nothing\r\n", b"\xff\xfe\r\n")),
    ("base64 that is none", _raw(b"Content-Transfer-Encoding: base64\r\n", b"====" * 100_000)),
    ("a body of one 10 MB line", _raw(b"Subject: x\r\n", b"a" * 10_000_000)),
    ("20,000 digits", _raw("Subject: 手机\r\n".encode(), ("手机：" + "1" * 20_000 + "\r\n").encode())),
    ("a hundred thousand @", _raw(b"Subject: x\r\n", "电子邮箱：".encode() + b"a@" * 100_000)),
    ("a file named ../../etc/passwd", lambda number: _with_file("../../etc/passwd", b"x", number)),
    ("a file named CON.docx", lambda number: _with_file("CON.docx", b"PK\x03\x04", number)),
    ("a file name of 10,000 characters", lambda number: _with_file("长" * 10_000 + ".docx", b"PK\x03\x04", number)),
    ("three rows of 30,000 cells, each in a file of its own", _slow(3)),
    ("a formula as a name", _values(name="=cmd|'/c calc'!A1")),
    # a name like the one above is sent back; a position is taken as it is written
    ("a formula as a position", _values(position="=cmd|'/c calc'!A1")),
    ("a formula as an address", _values(address='@SUM(1+1)*HYPERLINK("http://127.0.0.1:9/","海江大道1号")')),
    ("tags as a position", _values(position="<script>alert(1)</script>")),
    ("a template as a position", _values(position="{{ 7*7 }}{% raw %}")),
    ("control characters as an address", _values(address="海江\u0007大道\u202e1号")),
    ("30,000 characters as an address", _values(address="海江大道" * 7_500)),
)


def inputs() -> list[tuple[str, Mail]]:
    """Return everything hostile, by name: files as attachments, then mails."""
    files = [(case.id, _file(case)) for case in CASES]
    return [*files, *MAILS]


def _file(case: object) -> Mail:
    return lambda number: _with_file(case.name, case.make(), number)  # type: ignore[attr-defined]


def run(*, long: bool, seed: int, plant: str = "", number: int = 12, names: Collection[str] = ()) -> Outcome:
    """Run the part, on the inputs of these `names` if any. `plant` puts a known mistake into the program: it must be seen."""
    started = time.monotonic()
    chosen = [one for one in inputs() if not names or one[0] in names]
    if not long and not names:
        chosen = random.Random(seed).sample(chosen, number)
    found: list[str] = []
    slowest = ("", 0.0)
    if not Path("/proc/self/statm").exists():
        return Outcome("hostile", 0, 0, (), 0.0, skipped="memory is read from /proc (Linux)")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with _office(data, plant) as bench:
            for name, make in chosen:
                took, wrong = bench.meet(name, make)
                found += wrong
                slowest = max(slowest, (name, took), key=lambda one: one[1])
            found += bench.afterwards()
    memory = f"daemon at most {bench.most_bytes // 2**20} MB, a child {bench.most_of_a_child // 2**20} MB"
    remark = f"{memory}; the longest wait, behind {slowest[0]}: {slowest[1]:.0f} s"
    return Outcome("hostile", len(chosen), len(chosen), tuple(found), time.monotonic() - started, remark)


class _Answers:
    """When the servers' office took which answer: monotonic seconds by the Message-ID that it answers."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def take(self, letter: Delivered) -> None:
        answered = message_from_bytes(letter.raw)["In-Reply-To"]
        if answered:
            self.at.setdefault(str(answered), time.monotonic())


class _Bench:
    """The servers, and the daemon as a process of its own (`ticking`), so that its memory is its own."""

    def __init__(
        self, daemon: "subprocess.Popen[str]", imap: DemoMailbox, sink: SmtpSink, answers: _Answers, data: Path
    ) -> None:
        self._daemon, self._imap, self._sink, self._answers, self._data = daemon, imap, sink, answers, data
        self._now = office.START + timedelta(hours=1)
        self._number = 0
        told = self._say({"data": str(data), "imap": imap.port, "smtp": sink.port})
        self.most_bytes, self.most_of_a_child = told["bytes"], told["most"]

    def meet(self, name: str, make: Mail) -> tuple[float, list[str]]:
        """Let one hostile mail and a good one come; return how long the good one waited, and what did not hold."""
        self._number += 1
        bad = make(self._number)
        attachment, values = filled(STONE, mobile=f"139{self._number:08d}")
        good = office.mail(office.UNITS[STONE], "联络员表", attachment=attachment, number=self._number)
        for raw in (bad, good):
            self._imap.deliver(INBOX, raw, self._now)
        arrived = time.monotonic()
        self._now += timedelta(hours=1)
        told = self._say({})
        self.most_bytes = max(self.most_bytes, told["bytes"])
        self.most_of_a_child = max(self.most_of_a_child, told["most"])
        found = [*told["errors"], *self._state(bad, good, str(values["mobile"]))]
        found += [f"I15: {one}" for one in calculated((self._data / SUMMARY).read_bytes())]
        answered = self._answers.at.get(f"<{self._number}.{office.UNITS[STONE]}>")
        waited = (answered or time.monotonic()) - arrived
        if answered is None:
            found.append("the good mail behind it was not answered")
        elif waited > DELAY_S:
            found.append(f"I10: the good mail behind it was answered after {waited:.0f} s")
        if told["bytes"] > _DAEMON_BYTES:
            found.append(f"I11: the daemon holds {told['bytes'] // 2**20} MB")
        if told["most"] > _CHILD_BYTES:
            found.append(f"I11: a child held {told['most'] // 2**20} MB")
        return waited, [f"{name}: {one}" for one in found]

    def _say(self, order: dict[str, object]) -> dict[str, Any]:
        assert self._daemon.stdin is not None
        assert self._daemon.stdout is not None
        self._daemon.stdin.write(json.dumps({"now": self._now.isoformat(), **order}) + "\n")
        self._daemon.stdin.flush()
        return dict(json.loads(self._daemon.stdout.readline()))

    def _state(self, bad: bytes, good: bytes, mobile: str) -> Iterator[str]:
        with closing(sqlite3.connect(self._data / "intake.sqlite")) as database:
            rows = {
                of: database.execute("SELECT state, error FROM messages WHERE sha256 = ?", (_sha256(raw),)).fetchone()
                for of, raw in (("it", bad), ("the good mail", good))
            }
            newest = database.execute(
                "SELECT fields, state FROM submissions WHERE state = 'accepted' ORDER BY id DESC LIMIT 1"
            ).fetchone()
            beats = database.execute("SELECT tick, message FROM heartbeats WHERE failures > 0").fetchall()
        yield from (f"I1: {of} has no row" for of, row in rows.items() if row is None)
        ended = {of: row for of, row in rows.items() if row is not None}
        yield from (
            f"{of} ended in {state}: {error[-200:]}" for of, (state, error) in ended.items() if state not in _NAMED
        )
        yield from (f"the tick {tick} failed: {message}" for tick, message in beats)
        if newest is None or mobile not in newest[0]:
            yield "the good mail behind it was not accepted"

    def afterwards(self) -> Iterator[str]:
        """Yield what does not hold of the letters and of the directory."""
        allowed = {*office.UNITS.values(), _SENDER}
        for letter in self._sink.delivered:
            head = message_from_bytes(letter.raw)
            if len(letter.recipients) != 1 or letter.recipients[0] not in allowed:
                yield f"I4: a letter went to {letter.recipients}"
            if head["Bcc"] or head["Cc"] or head["Reply-To"] or len(head.get_all("To", [])) != 1:
                yield f"I4: a header was injected into a letter to {letter.recipients}"
        stray = [one.name for one in self._data.rglob("*") if one.is_file() and not _is_ours(one)]
        yield from (f"I14: the file {name} was written" for name in stray)


def calculated(data: bytes) -> Iterator[str]:
    """Given a workbook, yield what a spreadsheet would calculate, run or fetch in it, and whether it has no words at all."""
    with zipfile.ZipFile(BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    yield from (f"the part {name}" for name in parts if name.startswith(_LIVE_PARTS))
    yield from (f"a link out of {name}" for name, content in parts.items() if b'TargetMode="External"' in content)
    trees = {name: ET.fromstring(content) for name, content in parts.items() if name.endswith(".xml")}  # noqa: S314 - the program's own file
    for name, tree in trees.items():
        for cell in tree.iter(f"{_SHEET}c"):
            if cell.find(f"{_SHEET}f") is not None:
                yield f"the cell {cell.get('r')} of {name} is a formula"
    words = "".join("".join(tree.itertext()) for name, tree in trees.items() if name.startswith("xl/"))
    if not all(unit in words for unit in office.UNITS):
        yield "the workbook does not tell of all units"


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _is_ours(path: Path) -> bool:
    names = {
        "signing.key",
        "last-sent",
        SUMMARY,
        "intake.sqlite",
        "intake.sqlite-wal",
        "intake.sqlite-shm",
        "intake.sqlite.open",
    }
    return path.name in names or path.suffix == ".eml" or path.parent.name == "backups"


@contextmanager
def _office(data: Path, plant: str) -> Iterator[_Bench]:
    answers = _Answers()
    with (
        DemoMailbox(ADDRESS, office.PASSWORD) as imap,
        SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=answers.take) as sink,
        subprocess.Popen(
            [sys.executable, "-m", "tests.rig.ticking", plant],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        ) as daemon,
    ):
        yield _Bench(daemon, imap, sink, answers, data)
