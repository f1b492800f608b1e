"""Two offices with this program write to each other, and a unit's mailbox sends every letter back: nothing may go on.

In: nothing. Out: what does not hold. Two data directories, two mailboxes, two sinks that hand letters over; a letter
comes as it was sent, or over a way that takes every header which tells a machine, or as a forwarding rule makes it new.
What counts are the letters that the servers took: none may answer a letter of the other office, and what a rule sends
back may cause some, never more with every day.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

from intake.roster import parse_roster
from scheduler import jobs
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from tests.builders import office

_HERE, _THERE = "a27398830@126.com", "neighbor@office.example.net"
_OPENS = office.START + timedelta(days=1)  # both remind on this day
_ROUNDS = 4
_STEP = timedelta(minutes=40)
_RETURNED_LETTERS = 4  # by a rule that returns all: one for each subject that it makes

Way = Callable[[bytes, int], bytes]


def unchanged(raw: bytes, _number: int) -> bytes:
    return raw


def stripped(raw: bytes, _number: int) -> bytes:
    """Only what every mail has: no Auto-Submitted, no mark, no thread."""
    kept = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b"\0 ").split(b"\r\n")
    lines = [line for line in lines if line.partition(b":")[0].decode().lower() in kept]
    return b"\r\n".join(lines).replace(b"\0", b"\r\n") + b"\r\n\r\n" + body


def forwarded(raw: bytes, number: int) -> bytes:
    """A new mail of the mailbox that has the rule: its own From and Message-ID, the letter's words as its text."""
    letter = message_from_bytes(raw)
    plain = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
    text = plain.get_payload(decode=True)
    assert isinstance(text, bytes)
    subject = str(message_from_bytes(stripped(raw, 0))["Subject"])
    made = office.mail(_THERE, "x", text=text.decode(), number=number)
    return made.replace(b"Subject: x", b"Subject: Fwd: " + subject.replace("\n", "\r\n").encode(), 1)


@dataclass
class Office:
    """One office: its address, servers, program."""

    address: str
    clock: SteppedClock
    imap: DemoMailbox
    sink: SmtpSink = field(init=False)
    app: App = field(init=False)
    waits: list[bytes] = field(default_factory=list)


def violations(*, long: bool) -> Iterator[str]:
    """Yield what does not hold, of every way and both rosters; the short form takes the hardest way."""
    for way in (unchanged, stripped) if long else (stripped,):
        for known in (True, False) if long else (True,):
            yield from two_offices(way, known=known)
    yield from returned()


def two_offices(way: Way, *, known: bool) -> Iterator[str]:
    """Let two offices write to each other; `known`: each has the other's address on its roster."""
    name = f"two offices ({way.__name__}, {'on' if known else 'not on'} the rosters)"
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        clock = SteppedClock(_OPENS)
        offices = [
            _open(stack, Path(folder) / str(number), address, clock) for number, address in enumerate((_HERE, _THERE))
        ]
        for one, other in (offices, offices[::-1]):
            roster = _roster(other.address) if known else office.roster()
            one.app = stack.enter_context(_app(one, Path(folder) / one.address, clock, roster))
            person = office.mail(other.address, "请问", text="请问怎么报？\n", number=1)
            one.imap.deliver(INBOX, person, clock.now())
        for _ in range(_ROUNDS):
            for one, other in (offices, offices[::-1]):
                yield from (f"{name}: {text}" for text in _round(one))
                for number, raw in enumerate(one.waits):
                    other.imap.deliver(INBOX, way(raw, number), clock.now())
                one.waits.clear()
            clock.sleep(_STEP.total_seconds())
        for one, other in (offices, offices[::-1]):
            yield from (f"{name}: {text}" for text in _answers(one, other, reminded=known))


def returned() -> Iterator[str]:
    """A unit's mailbox forwards every letter to us as a new mail."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        clock = SteppedClock(_OPENS)
        one = _open(stack, Path(folder), _HERE, clock)
        one.app = stack.enter_context(_app(one, Path(folder) / "data", clock, _roster(_THERE)))
        one.imap.deliver(INBOX, office.mail(_THERE, "请问", text="请问怎么报？\n", number=1), clock.now())
        number = 1
        for _ in range(6):
            yield from _round(one)
            for raw in one.waits:
                number += 1
                one.imap.deliver(INBOX, forwarded(raw, number), clock.now())
            one.waits.clear()
            clock.sleep(_STEP.total_seconds())
        sent = [letter for letter in one.sink.delivered if letter.recipients == (_THERE,)]
        if not 0 < len(sent) <= _RETURNED_LETTERS:
            yield f"a forwarding rule: {len(sent)} letters to one address in a day"


def _open(stack: ExitStack, folder: Path, address: str, clock: SteppedClock) -> Office:
    folder.mkdir(exist_ok=True)
    one = Office(address, clock, stack.enter_context(DemoMailbox(address, office.PASSWORD)))

    def take(letter: Delivered) -> None:
        one.imap.deliver(SENT, letter.raw, clock.now())
        if letter.recipients[0] in (_HERE, _THERE):
            one.waits.append(letter.raw)

    one.sink = stack.enter_context(SmtpSink(login=address, password=office.PASSWORD, on_mail=take))
    return one


def _app(one: Office, data: Path, clock: SteppedClock, roster: object):
    settings = office.settings(data, imap_port=one.imap.port, smtp_port=one.sink.port)
    settings = replace(settings, mailbox=replace(settings.mailbox, address=one.address, login=one.address))
    return open_app(settings, clock, roster=roster)


def _roster(address: str):
    given = office.roster_bytes().decode("utf-8-sig").replace(next(iter(office.UNITS.values())), address)
    return parse_roster(given.encode("utf-8-sig"), "roster.csv")


def _round(one: Office) -> Iterator[str]:
    error = jobs.one_round(one.app)
    if error is not None:
        yield f"the program stopped: {error}"


def _answers(one: Office, other: Office, *, reminded: bool) -> Iterator[str]:
    """Of the letters between the two: the person's question has its answer, a unit its reminder, nothing more."""
    theirs = {str(message_from_bytes(letter.raw)["Message-ID"]) for letter in other.sink.delivered}
    between = [message_from_bytes(letter.raw) for letter in one.sink.delivered if letter.recipients == (other.address,)]
    for letter in between:
        if str(letter["In-Reply-To"]).strip() in theirs:
            yield f"{one.address} answered a letter of the other office"
    expected = 2 if reminded else 1
    if len(between) > expected or (not reminded and not between):
        yield f"{one.address} wrote {len(between)} letters, {expected} were due"
