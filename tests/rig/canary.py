"""Part "canary" (invariant I12): secrets and a telephone number that must be seen nowhere outside, through faults.

In: long or not, a seed. Out: an `Outcome`. An office whose password, webhook token, ping URL, telephone number and sender
are canaries lives through faults that do their best to bring them to light: servers that repeat the password in their
refusal, bugs whose messages quote a form, a robot that answers with its own URL. After each fault everything that leaves
the process is looked through, the log at level DEBUG first, for each canary in each form it may take. Short: each fault
once; long: drawn threes of faults, again and again. Nothing found is worth nothing unless the canaries were there: that
they were is checked as well.
"""

import base64
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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.exc import IntegrityError, OperationalError

from intake import imap_connect, pipeline
from intake.config import load
from intake.db import heartbeats
from intake.errors import IntakeError
from intake.settings import Secret, Settings, Watching
from scheduler import healthz, jobs, watching
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.faults import Answer, Drop, Rule, Stage
from scheduler.demo.habits import Habits
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk import status
from scheduler.desk.run import ConfigWatch
from scheduler.health import Health, State, Symptom
from tests.builders import office, site
from tests.rig.report import Outcome
from tests.servers.robot import Robot

ADDRESS = "a27398830@126.com"
PASSWORD = "CANARYxpassw0rd"
TOKEN = "canary-t0ken-webhook"
PING = "canary-p1ng-uuid"
PHONE = "13700007391"
SENDER = "canary.sender7@example.net"
SECRETS: Mapping[str, str] = {"password": PASSWORD, "webhook token": TOKEN, "ping URL": PING}
PERSONAL: Mapping[str, str] = {"phone": PHONE, "sender": SENDER}
STONE, SAND, _ = office.UNITS
_LONG_CASES = 40
# Memory, where the system offers it: what a power loss leaves is no concern here, and a commit costs nothing.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a fresh directory below it
# What the embedded servers log of themselves: they play the other side, and a server knows what it is told.
_OTHER_SIDE = ("mail.", "asyncio", "scheduler.demo")

Fault = Callable[["Stage_"], None]


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


@dataclass
class Stage_:  # noqa: N801 - `Stage` is the sink's
    """Everything a fault can take hold of, and everything that left the process since it did."""

    app: App
    clock: SteppedClock
    imap: DemoMailbox
    sink: SmtpSink
    robot: Robot
    folder: Path
    undo: ExitStack
    port: int  # of /healthz
    number: int = 0
    errors: list[IntakeError] = field(default_factory=list)

    def patch(self, owner: Any, name: str, value: object) -> None:
        """Exchange an attribute until the fault is over."""
        before = getattr(owner, name)
        setattr(owner, name, value)
        self.undo.callback(setattr, owner, name, before)

    def post(self, *, attachment: bytes | None, unit: str = STONE, sender: str = SENDER) -> None:
        """Put a mail into the mailbox that is full of canaries."""
        self.number += 1
        raw = office.mail(
            sender,
            f"联络员表 {PHONE}",
            text=f"请查收。联系电话{PHONE}，邮箱{SENDER}。\n",
            attachment=attachment,
            name=f"附件2 {PHONE} {unit}.docx",
            number=self.number,
        )
        self.imap.deliver("INBOX", raw, self.clock.now())

    def form(self, **changes: object) -> bytes:
        """Return a filled form with the canary's number."""
        self.number += 1
        return office.liaison(STONE, **({"mobile": PHONE, "email": SENDER, "address": f"路{self.number}号"} | changes))


# --- the faults ------------------------------------------------------------------------------------------------------


def nothing(stage: Stage_) -> None:
    """A day like any other."""
    stage.post(attachment=stage.form(), sender=office.UNITS[STONE])


def login_refused(stage: Stage_) -> None:
    """The mailbox refuses the login and repeats the command, password and all."""
    stage.imap.habits = Habits(login_answer=f'LOGIN bad password: "{PASSWORD}" for {ADDRESS}'.encode())


def login_unanswered(stage: Stage_) -> None:
    """The mailbox hangs up at the login."""
    stage.imap.habits = Habits(greeting=f"* BYE {PASSWORD} is not welcome".encode())


def smtp_login_refused(stage: Stage_) -> None:
    """The sending server repeats the password, in base64 as it came."""
    coded = base64.b64encode(f"\0{ADDRESS}\0{PASSWORD}".encode()).decode()
    stage.sink.script(Rule(Stage.AUTH, Answer(f"535 Error: AUTH PLAIN {coded} {PASSWORD} failed".encode()), times=3))
    nothing(stage)


def broken_forms(stage: Stage_) -> None:
    """Forms that are cut, faulty, empty, and one whose values are no text for a database."""
    whole = stage.form()
    stage.post(attachment=whole[: len(whole) // 2])
    stage.post(attachment=stage.form(mobile=PHONE[:-1]), sender=office.UNITS[STONE])
    stage.post(attachment=b"")
    stage.post(attachment=stage.form(name="林\u202e小满", position="=HYPERLINK()"))


def recipient_refused(stage: Stage_) -> None:
    """The sending server refuses an address and quotes it, then a letter and quotes that."""
    stage.sink.script(
        Rule(Stage.RCPT, Answer(f"550 User not found: {SENDER}".encode()), times=1),
        Rule(Stage.CONTENT, Answer(f"554 DT:SPM {PHONE} {SENDER}".encode()), times=1),
        Rule(Stage.CONTENT, Drop(keep=False), times=1),
    )
    for _ in range(3):
        nothing(stage)
    stage.post(attachment=stage.form(mobile=""))


def bug_in_a_mail(stage: Stage_) -> None:
    """A bug of ours whose message quotes the form."""

    def assess(*_arguments: object, **_options: object) -> object:
        raise KeyError(f"{PHONE} of {SENDER}, {PASSWORD}, {TOKEN}")

    stage.patch(pipeline, "assess", assess)
    nothing(stage)


def bug_in_a_tick(stage: Stage_) -> None:
    """A bug in a tick, and a database that quotes a statement's values."""

    def due(_app: App) -> object:
        raise IntegrityError(f"INSERT {PHONE}", {"mobile": PHONE, "to": SENDER}, ValueError(PASSWORD))

    stage.patch(jobs, "due_reminders", due)


def bug_in_the_watch(stage: Stage_) -> None:
    """A bug in the watch itself, once."""
    real, calls = watching.judge, []

    def judge(*arguments: Any) -> Health:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError(f"{TOKEN} {PING} {PHONE}")
        return real(*arguments)

    stage.patch(watching, "judge", judge)


def record_lost(stage: Stage_) -> None:
    """A record that can't be read, with values in the error."""

    def all_beats(*_arguments: object) -> object:
        raise OperationalError(f"SELECT {PHONE}", {"x": SENDER}, sqlite3.OperationalError(f"locked by {PASSWORD}"))

    stage.patch(watching.condition, "all_beats", all_beats)


def robot_refuses(stage: Stage_) -> None:
    """A robot that answers with its own URL, and something to tell it."""
    stage.robot.status, stage.robot.answer = 500, f"no hook {stage.robot.url(f'/hook?key={TOKEN}')} {TOKEN}".encode()
    login_refused(stage)


def robot_redirects(stage: Stage_) -> None:
    """A robot that sends the token elsewhere."""
    stage.robot.status, stage.robot.headers = 302, {"Location": f"http://127.0.0.1:1/{TOKEN}/{PING}"}
    login_refused(stage)


def robot_gone(stage: Stage_) -> None:
    """Nobody listens there any more, and a URL that is none."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    health = Watching(
        webhook_url=Secret(f"http://127.0.0.1:{port}/hook?key={TOKEN}"), ping_url=Secret(f"http://127.0.0.1:1/{PING} x")
    )
    settings = replace(stage.app.settings, health=health)
    before = stage.app.bench
    object.__setattr__(stage.app, "bench", replace(before, settings=settings))  # frozen: as a reload would
    stage.undo.callback(object.__setattr__, stage.app, "bench", before)
    login_refused(stage)


def config_spoiled(stage: Stage_) -> None:
    """The configuration is saved with mistakes around its secrets, while the program runs."""
    path = site.site(stage.folder, imap_port=stage.imap.port, smtp_port=stage.sink.port, password=PASSWORD)
    watch = ConfigWatch(path, load(path, environment={}, need_password=True), dry_run=False)
    text = path.read_text(encoding="utf-8")
    for line in (
        f'webhook_url = "http://alarm.example.com/hook?key={TOKEN}"',
        f'ping_ur = "https://alarm.example.com/{PING}"',
        f'webhook_url = "https://alarm.example.com/hook?key={TOKEN}',
    ):
        path.write_text(text.replace("[health]\n", f"[health]\n{line}\n"), encoding="utf-8")
        path.touch()
        error = jobs.guarded(stage.app, "config", lambda _app: watch.changed())
        stage.errors += [error] if error is not None else []
    (stage.folder / "code.txt").write_text(f"{PASSWORD}\n{PASSWORD}\n")
    path.write_text(text + "\n", encoding="utf-8")
    error = jobs.guarded(stage.app, "config", lambda _app: watch.changed())
    stage.errors += [error] if error is not None else []


FAULTS: tuple[Fault, ...] = (
    nothing,
    login_refused,
    login_unanswered,
    smtp_login_refused,
    broken_forms,
    recipient_refused,
    bug_in_a_mail,
    bug_in_a_tick,
    bug_in_the_watch,
    record_lost,
    robot_refuses,
    robot_redirects,
    robot_gone,
    config_spoiled,
)


# --- planted leaks: each kind of check is seen to find one -----------------------------------------------------------


class _Unmasked(str):
    """A server's words that resist their masking."""

    __slots__ = ()

    def replace(self, *_arguments: Any) -> "_Unmasked":  # type: ignore[override]
        return self


def _talkative(facts: Any, settings: Settings, now: Any) -> Health:
    return Health(now, (Symptom("fetch", State.BAD, f"收信停了：{SENDER} {PHONE}", "x", "x"),))


def plant(stage: Stage_, mistake: str) -> None:
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

            stage.patch(watching, "_call", call)
        case "bug":  # a bug's message is logged, not only its place
            stage.patch(pipeline, "frames", repr)
        case "exception":  # a server's refusal is passed on as it came
            words = imap_connect.refusal
            stage.patch(imap_connect, "refusal", lambda line: _Unmasked(words(line)))
        case "webhook":  # what was found quotes what was met
            stage.patch(watching, "judge", _talkative)
        case "healthz":
            told = healthz.answer
            stage.patch(healthz, "answer", lambda board: (told(board)[0], told(board)[1] | {"webhook": TOKEN}))
        case "status":
            stage.patch(status, "_health_json", lambda _health: {"sender": SENDER})
        case "printed":
            stage.patch(watching, "examine", lambda _app: print(PASSWORD, file=sys.stderr) or Health(stage.clock.now()))
        case "shown":
            stage.patch(Secret, "__repr__", lambda secret: f"Secret({secret.reveal()})")
        case _:
            raise ValueError(f"no such mistake: {mistake}")


# --- the run ---------------------------------------------------------------------------------------------------------


def run(*, long: bool, seed: int, plant: str = "") -> Outcome:
    """Run the part. `plant` puts a known leak into the program: it must be seen."""
    started = time.monotonic()
    draw = random.Random(seed)
    cases = [(fault,) for fault in FAULTS]
    if long:
        cases += [tuple(draw.sample(FAULTS, 3)) for _ in range(_LONG_CASES)]
    with tempfile.TemporaryDirectory(dir=_MEMORY) as name, _office(Path(name)) as stage:
        found = [text for case in cases for text in _play(stage, case, plant)]
        found += [] if plant else _were_there(stage)
        alarms = sum(1 for one in stage.robot.asked if one.method == "POST")
    faults = sum(len(case) for case in cases)
    remark = f"{len(stage.sink.delivered)} letters, {alarms} alarms"
    return Outcome("canary", len(cases), faults, tuple(dict.fromkeys(found)), time.monotonic() - started, remark)


@contextmanager
def _office(folder: Path) -> Iterator[Stage_]:
    clock = SteppedClock(office.START)
    with (
        DemoMailbox(ADDRESS, PASSWORD) as imap,
        SmtpSink(login=ADDRESS, password=PASSWORD) as sink,
        Robot() as robot,
        ExitStack() as doors,
    ):
        given = office.settings(folder / "data", imap_port=imap.port, smtp_port=sink.port)
        health = Watching(webhook_url=Secret(robot.url(f"/hook?key={TOKEN}")), ping_url=Secret(robot.url(f"/{PING}")))
        lifted = {"per_day": 9_999, "per_quarter_hour": 9_999, "per_address_hour": 9_999, "per_address_day": 9_999}
        settings = replace(
            given,
            mailbox=replace(given.mailbox, password=Secret(PASSWORD)),
            sending=replace(given.sending, **lifted),
            clerk=replace(given.clerk, addresses=(office.CLERK,)),
            health=health,
        )
        with open_app(settings, clock, roster=office.roster()) as app:
            jobs.recover(app)
            port = doors.enter_context(healthz.serving(0, app.board))
            yield Stage_(app, clock, imap, sink, robot, folder, ExitStack(), port)


def _play(stage: Stage_, faults: tuple[Fault, ...], mistake: str) -> list[str]:
    """Live through faults: three rounds and looks with them, then one without. Return what came to light."""
    ear, printed = _Ear(), io.StringIO()
    stage.errors, asked = [], len(stage.robot.asked)
    found: list[str] = []
    with _listening(ear), redirect_stdout(printed), redirect_stderr(printed), ExitStack() as undo:
        stage.undo = undo
        plant(stage, mistake)
        for fault in faults:
            fault(stage)
        for _ in range(3):
            found += _round(stage)
    stage.imap.habits = Habits()
    stage.robot.status, stage.robot.answer, stage.robot.headers = 200, b"{}", {}
    with _listening(ear), redirect_stdout(printed), redirect_stderr(printed):
        found += _round(stage)  # the all-clear is a text as well
    found += leaks("the log", "\n".join(ear.heard).encode())
    found += leaks("what was printed", printed.getvalue().encode())
    for one in stage.robot.asked[asked:]:
        found += leaks("a message to the robot", one.body + json.dumps(one.headers).encode())
    for error in stage.errors:
        text = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        found += leaks("the text of an exception", text.encode(), SECRETS)
    called = "+".join(fault.__name__ for fault in faults)
    return [f"{text} ({called})" for text in found]


def _round(stage: Stage_) -> list[str]:
    """Run every tick and the watch, as the daemon does, and look at what people and a supervisor see."""
    with stage.app.bench.sessions.begin() as session:
        heartbeats.end_rests(session)
    for name, tick in jobs.TICKS.items():
        error = jobs.guarded(stage.app, name, tick)
        stage.errors += [error] if error is not None else []
    for _ in range(2):  # what is only seconds old is not told yet
        stage.clock.sleep(60)
        watching.watch(stage.app)
    for _ in range(6):  # the hour in which nothing is told twice goes by, without a gap in which it might have slept
        stage.clock.sleep(540)
        with stage.app.bench.sessions.begin() as session:
            heartbeats.note_tick(session, watching.TICK, now=stage.clock.now())
    found = leaks("/healthz", _ask(stage.port))
    found += leaks("what the record says of a tick or a letter", _said(stage), SECRETS)
    found += leaks("what the program shows of itself", repr(stage.app).encode() + repr(stage.app.settings).encode())
    told = status._health_json(watching.examine(stage.app))
    return found + leaks("status --json", json.dumps(told, ensure_ascii=False).encode())


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


def _said(stage: Stage_) -> bytes:
    with closing(sqlite3.connect(stage.folder / "data" / "intake.sqlite")) as database:
        beats = database.execute("SELECT * FROM heartbeats").fetchall()
        return repr((beats, database.execute("SELECT answer FROM outbox").fetchall())).encode()


def _were_there(stage: Stage_) -> list[str]:
    """Return what shows that nothing was found because nothing was there."""
    with closing(sqlite3.connect(stage.folder / "data" / "intake.sqlite")) as database:
        fields = repr(database.execute("SELECT fields FROM submissions").fetchall())
        senders = repr(database.execute("SELECT from_address FROM messages").fetchall())
    texts = [json.loads(one.body)["text"] for one in stage.robot.asked if one.method == "POST"]
    whole = {
        "the phone never came into the record": PHONE in fields,
        "the sender never came into the record": SENDER in senders,
        "no letter went out": bool(stage.sink.delivered),
        "the robot never heard an alarm": any("系统异常" in text for text in texts),
        "the robot never heard an all-clear": any("已恢复正常" in text for text in texts),
        "the switch never heard a ping": any(one.path == f"/{PING}" for one in stage.robot.asked),
        "the switch never heard a failure": any(one.path == f"/{PING}/fail" for one in stage.robot.asked),
    }
    return [f"canary: {text}" for text, well in whole.items() if not well]
