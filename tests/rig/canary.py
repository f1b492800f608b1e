"""Part "canary" (invariant I12): secrets and a telephone number that must be seen nowhere outside, through faults.

In: long or not, a seed. Out: an `Outcome`. An office whose password, webhook token, ping URL, telephone number and sender
are canaries lives through faults that do their best to bring them to light: servers that repeat the password in their
refusal, bugs whose messages quote a form, a robot that answers with its own URL. After each fault everything that leaves
the process is looked through, the log at level DEBUG first, for each canary in each form it may take. Short: each fault
once; long: drawn threes of faults, again and again. Nothing found is worth nothing unless the canaries were there: that
they were is checked as well.

Personal data may stand where they are for people to see: in a form's echo to its unit, in the subject of a mail that the
digest names, on the desk's pages, in the record and the archive. Secrets may stand nowhere.
"""

import base64
import email
import email.policy
import io
import json
import logging
import os
import random
import socket
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from intake import imap_connect, pipeline
from intake.db import backups as copies
from intake.db import heartbeats
from intake.model import Draft
from intake.settings import Secret, Settings, Watching
from scheduler import alarms, backups, digest, guard, healthz, jobs, recovery, watching
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.habits import Habits
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from scheduler.desk import status
from scheduler.health import Health, State, Symptom
from scheduler.web.application import make_application
from scheduler.web.pages import overview
from tests.builders import office
from tests.rig.canary_scene import (
    ADDRESS,
    FAULTS,
    PASSWORD,
    PERSONAL,
    PHONE,
    PING,
    SECRETS,
    SENDER,
    SUBJECT,
    TOKEN,
    Fault,
    Scene,
)
from tests.rig.report import Outcome
from tests.servers.robot import Robot

_LONG_CASES = 40
# Memory, where the system offers it: what a power loss leaves is no concern here, and a commit costs nothing.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a fresh directory below it
# What the embedded servers log of themselves: they play the other side, and a server knows what it is told.
_OTHER_SIDE = ("mail.", "asyncio", "scheduler.demo")
# The desk's pages that show the most, one by one: who is let in without an account is their guest.
_GUEST = "章某某"
_PAGES = (
    *("/", "/progress", "/review", "/mails", "/mails/1", "/outbox", "/outbox/1", "/units/1", "/audit", "/statistics"),
    *("/preferences", "/preferences/letters", "/export"),
)


def shapes(canary: str) -> Iterator[bytes]:
    """Yield the forms in which a canary can stand somewhere: as it is, in a URL, in JSON, in base64 at any offset."""
    yield canary.encode()
    yield quote(canary, safe="").encode()
    yield canary.encode("utf-16-le")
    yield canary[::-1].encode()
    for offset in range(3):
        # the first and last characters of base64 depend on the neighbors; what is in between does not
        coded = base64.b64encode(b"\0" * offset + canary.encode()).rstrip(b"=")
        yield coded[4 if offset else 0 : -2]


_SHAPES = {name: tuple(shapes(canary)) for name, canary in (SECRETS | PERSONAL).items()}


def leaks(where: str, data: bytes, names: Iterable[str] = tuple(_SHAPES)) -> list[str]:
    """Return a sentence for each canary that stands in `data`."""
    return [f"I12: the {name} stands in {where}" for name in names if any(shape in data for shape in _SHAPES[name])]


class _Ear(logging.Handler):
    """Hears every record of the process at DEBUG, with its traceback and its arguments."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(_OTHER_SIDE):
            self.heard.append(f"{record.name} {self.format(record)} {record.args!r}")


# --- planted leaks: each kind of check is seen to find one -----------------------------------------------------------


class _Unmasked(str):
    """A server's words that resist their masking."""

    __slots__ = ()

    def replace(self, *_arguments: Any) -> "_Unmasked":
        return self


def _talkative(facts: Any, settings: Settings, now: Any) -> Health:
    return Health(now, (Symptom("fetch", State.BAD, f"收信停了：{SENDER} {PHONE}", "x", "x"),))


def plant(scene: Scene, mistake: str) -> None:
    """Put a known leak into the program."""
    match mistake:
        case "":
            pass
        case "log":  # the outcome of a call is logged with its URL
            real = watching._call
            log = logging.getLogger("scheduler.watching")

            def call(app: App, channel: str, url: Secret, text: str | None) -> object:
                log.debug("calling %s", url.reveal())
                return real(app, channel, url, text)

            scene.patch(watching, "_call", call)
        case "bug":  # a bug's message is logged, not only its place
            scene.patch(pipeline, "frames", repr)
        case "exception":  # a server's refusal is passed on as it came
            words = imap_connect.refusal
            scene.patch(imap_connect, "refusal", lambda line: _Unmasked(words(line)))
        case "webhook":  # what was found quotes what was met
            scene.patch(watching, "judge", _talkative)
        case "healthz":
            told = healthz.answer
            scene.patch(healthz, "answer", lambda board: (told(board)[0], told(board)[1] | {"webhook": TOKEN}))
        case "status":
            scene.patch(status, "_health_json", lambda _health: {"sender": SENDER})
        case "printed":
            scene.patch(watching, "examine", lambda _app: print(PASSWORD, file=sys.stderr) or Health(scene.clock.now()))
        case "alarm":  # a letter says whose form it was
            written = alarms.alarm_drafts

            def alarm_drafts(*arguments: Any) -> tuple[Draft, ...]:
                answer = {"answer": f"{SENDER} {PHONE}"}
                return tuple(replace(one, context={**one.context, **answer}) for one in written(*arguments))

            scene.patch(alarms, "alarm_drafts", alarm_drafts)
        case "digest" | "digest personal":  # a trouble is told with what was met
            words = f"{TOKEN} {PASSWORD}" if mistake == "digest" else f"{SENDER} {PHONE}"
            daily = digest.digest_drafts

            def digest_drafts(*, health: digest.Health, **given: Any) -> tuple[Draft, ...]:
                return daily(health=replace(health, troubles=(words,)), **given)

            scene.patch(digest, "digest_drafts", digest_drafts)
        case "backup":  # a copy is named after what it holds
            copied = copies.back_up_sqlite
            scene.patch(copies, "back_up_sqlite", lambda engine, to: copied(engine, to.with_name(f"{PHONE}.sqlite")))
        case "file":  # what was tried is put down in a file
            kept = backups.back_up

            def back_up(app: App, now: datetime) -> Path | None:
                app.settings.storage.backup_dir.mkdir(exist_ok=True)
                (app.settings.storage.backup_dir / "trouble.txt").write_text(f"LOGIN {PASSWORD}")
                return kept(app, now)

            scene.patch(backups, "back_up", back_up)
        case "page":
            drawn = overview.render_template
            scene.patch(overview, "render_template", lambda *given, **more: drawn(*given, **more) + quote(TOKEN))
        case "shown":
            scene.patch(Secret, "__repr__", lambda secret: f"Secret({secret.reveal()})")
        case _:
            raise ValueError(f"no such mistake: {mistake}")


# --- the run ---------------------------------------------------------------------------------------------------------


def run(*, long: bool, seed: int, plant: str = "") -> Outcome:
    """Run the part. `plant` puts a known leak into the program: it must be seen."""
    started = time.monotonic()
    draw = random.Random(seed)
    cases: list[tuple[Fault, ...]] = [(fault,) for fault in FAULTS]
    if long:
        cases += [tuple(draw.sample(FAULTS, 3)) for _ in range(_LONG_CASES)]
    with tempfile.TemporaryDirectory(dir=_MEMORY) as name, _office(Path(name)) as scene:
        found = [text for case in cases for text in _play(scene, case, plant)]
        found += [] if plant else _were_there(scene)
        alarms = sum(1 for one in scene.robot.asked if one.method == "POST")
    faults = sum(len(case) for case in cases)
    remark = f"{len(scene.sink.delivered)} letters, {alarms} alarms"
    return Outcome("canary", len(cases), faults, tuple(dict.fromkeys(found)), time.monotonic() - started, remark)


@contextmanager
def _office(folder: Path) -> Iterator[Scene]:
    clock = SteppedClock(office.START)
    with (
        DemoMailbox(ADDRESS, PASSWORD) as imap,
        SmtpSink(login=ADDRESS, password=PASSWORD) as sink,
        Robot() as robot,
        ExitStack() as doors,
    ):
        given = office.settings(folder / "data", imap_port=imap.port, smtp_port=sink.port)
        health = Watching(webhook_url=Secret(robot.url(f"/hook?key={TOKEN}")), ping_url=Secret(robot.url(f"/{PING}")))
        settings = replace(
            given,
            mailbox=replace(given.mailbox, password=Secret(PASSWORD)),
            sending=replace(
                given.sending, per_day=9_999, per_quarter_hour=9_999, per_address_hour=9_999, per_address_day=9_999
            ),
            clerk=replace(given.clerk, addresses=(office.CLERK,)),
            health=health,
        )
        with open_app(settings, clock, roster=office.roster()) as app:
            recovery.recover(app)
            port = doors.enter_context(healthz.serving(0, app.board))
            desk = make_application(app, guest=_GUEST).test_client()
            yield Scene(app, clock, imap, sink, robot, folder, ExitStack(), port, desk)


def _play(scene: Scene, faults: tuple[Fault, ...], mistake: str) -> list[str]:
    """Live through faults: three rounds and looks with them, then one without. Return what came to light."""
    ear, printed = _Ear(), io.StringIO()
    scene.errors, asked, sent = [], len(scene.robot.asked), len(scene.sink.delivered)
    found: list[str] = []
    with _listening(ear), redirect_stdout(printed), redirect_stderr(printed), ExitStack() as undo:
        scene.undo = undo
        plant(scene, mistake)
        for fault in faults:
            fault(scene)
        for _ in range(3):
            found += _round(scene)
        found += _pages(scene)
    scene.imap.habits = Habits()
    scene.robot.status, scene.robot.answer, scene.robot.headers = 200, b"{}", {}
    with _listening(ear), redirect_stdout(printed), redirect_stderr(printed):
        found += _round(scene)  # the all-clear is a text as well
    found += leaks("the log", "\n".join(ear.heard).encode())
    found += leaks("what was printed", printed.getvalue().encode())
    for one in scene.robot.asked[asked:]:
        found += leaks("a message to the robot", one.body + json.dumps(one.headers).encode())
    for error in scene.errors:
        text = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        found += leaks("the text of an exception", text.encode(), SECRETS)
    for letter in scene.sink.delivered[sent:]:
        found += _letter(letter)
    found += _files(scene.folder / "data")
    called = "+".join(fault.__name__ for fault in faults)
    return [f"{text} ({called})" for text in found]


def _round(scene: Scene) -> list[str]:
    """Run every tick and the watch, as the daemon does, and look at what people and a supervisor see."""
    with scene.app.bench.sessions.begin() as session:
        heartbeats.end_rests(session)
    for name, tick in jobs.TICKS.items():
        error = guard.guarded(scene.app, name, tick)
        scene.errors += [error] if error is not None else []
    for _ in range(2):  # what is only seconds old is not told yet
        scene.clock.sleep(60)
        watching.watch(scene.app)
    for _ in range(6):  # the hour in which nothing is told twice goes by, without a gap in which it might have slept
        scene.clock.sleep(540)
        with scene.app.bench.sessions.begin() as session:
            heartbeats.note_tick(session, watching.TICK, now=scene.clock.now())
    found = leaks("/healthz", _ask(scene.port))
    found += leaks("what the record says of a tick or a letter", _said(scene), SECRETS)
    found += leaks("what the program shows of itself", repr(scene.app).encode() + repr(scene.app.settings).encode())
    told = status._health_json(watching.examine(scene.app))
    return found + leaks("status --json", json.dumps(told, ensure_ascii=False).encode())


def _pages(scene: Scene) -> list[str]:
    """Look at the desk's pages: what persons wrote is there to be seen, secrets are not."""
    found: list[str] = []
    for path in _PAGES:
        answer = scene.desk.get(path, base_url="http://127.0.0.1", buffered=True)
        scene.shown |= {path} if answer.status_code == 200 else set()
        scene.shown |= {name for name, canary in PERSONAL.items() if canary in answer.text}
        found += leaks("a page of the desk", answer.data + str(answer.headers).encode(), SECRETS)
    return found


def _letter(letter: Delivered) -> list[str]:
    """Look at a letter as its reader sees it and as it went. The digest names mails by sender and subject, not more."""
    told = _told(letter.raw)
    found = leaks("a letter", told.encode(), SECRETS) + leaks("a letter as it went", letter.raw, SECRETS)
    if letter.recipients == (office.CLERK,):
        told = told.replace(f"{SENDER}\u201c{SUBJECT}\u201d", "")
        found += leaks("a letter to the clerk", told.encode(), PERSONAL)
    return found


def _told(raw: bytes) -> str:
    """Return the head and the texts of a letter, decoded."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    texts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in message.items()), *texts])


def _files(folder: Path) -> list[str]:
    """Look at the names of all files, and at what stands in them: record, backups and archive are for persons' data only."""
    found: list[str] = []
    for path in folder.rglob("*"):
        found += leaks("the name of a file", path.relative_to(folder).as_posix().encode())
        found += leaks("a file", path.read_bytes(), SECRETS) if path.is_file() else []
    return found


def _ask(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(4096), b""))


@contextmanager
def _listening(ear: _Ear) -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(ear)
        root.setLevel(level)


def _said(scene: Scene) -> bytes:
    with closing(sqlite3.connect(scene.folder / "data" / "intake.sqlite")) as database:
        beats = database.execute("SELECT * FROM heartbeats").fetchall()
        return repr((beats, database.execute("SELECT answer FROM outbox").fetchall())).encode()


def _were_there(scene: Scene) -> list[str]:
    """Return what shows that nothing was found because nothing was there."""
    with closing(sqlite3.connect(scene.folder / "data" / "intake.sqlite")) as database:
        fields = repr(database.execute("SELECT fields FROM submissions").fetchall())
        senders = repr(database.execute("SELECT from_address FROM messages").fetchall())
    clerk = [_told(one.raw) for one in scene.sink.delivered if one.recipients == (office.CLERK,)]
    texts = [json.loads(one.body)["text"] for one in scene.robot.asked if one.method == "POST"]
    whole = {
        "the phone never came into the record": PHONE in fields,
        "the sender never came into the record": SENDER in senders,
        "no letter went out": bool(scene.sink.delivered),
        "no digest named a mail": any(SUBJECT in one for one in clerk),
        "no alarm went to the clerk": any("系统异常" in one for one in clerk),
        "no backup was made": any((scene.folder / "data" / "backups").glob("*.sqlite")),
        "a page was never shown, or none with what persons wrote": scene.shown == {*PERSONAL, *_PAGES},
        "the robot never heard an alarm": any("系统异常" in text for text in texts),
        "the robot never heard an all-clear": any("已恢复正常" in text for text in texts),
        "the switch never heard a ping": any(one.path == f"/{PING}" for one in scene.robot.asked),
        "the switch never heard a failure": any(one.path == f"/{PING}/fail" for one in scene.robot.asked),
    }
    return [f"canary: {text}" for text, well in whole.items() if not well]
