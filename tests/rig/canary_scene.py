"""The office of part "canary" and the faults that do their best to bring its secrets to light.

In: a running `Scene`. Out: each fault takes hold of servers, settings or functions; what it exchanges is put back when
`undo` closes. `canary` plays them and looks at what leaves the process.
"""

import base64
import socket
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError, OperationalError

from intake import pipeline
from intake.config import load
from intake.errors import IntakeError
from intake.settings import Secret, Watching
from scheduler import guard, jobs, watching
from scheduler.app import App
from scheduler.clock import SteppedClock
from scheduler.demo.faults import Answer, Drop, Rule, Stage
from scheduler.demo.habits import Habits
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.run import ConfigWatch
from scheduler.health import Health
from tests.builders import office, site
from tests.servers.robot import Robot

ADDRESS = "a27398830@126.com"
PASSWORD = "CANARYxpassw0rd"
TOKEN = "canary-t0ken-webhook"
PING = "canary-p1ng-uuid"
PHONE = "13700007391"
SENDER = "canary.sender7@example.net"
SUBJECT = f"联络员表 {PHONE}"
SECRETS: Mapping[str, str] = {"password": PASSWORD, "webhook token": TOKEN, "ping URL": PING}
PERSONAL: Mapping[str, str] = {"phone": PHONE, "sender": SENDER}
STONE, SAND, _ = office.UNITS


@dataclass
class Scene:
    """Everything a fault can take hold of, and everything that left the process since it did."""

    app: App
    clock: SteppedClock
    imap: DemoMailbox
    sink: SmtpSink
    robot: Robot
    folder: Path
    undo: ExitStack
    port: int  # of /healthz
    desk: FlaskClient
    shown: set[str] = field(default_factory=set)  # pages of the desk that were there, personal canaries on them
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
            SUBJECT,
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


Fault = Callable[[Scene], None]


# --- the faults ------------------------------------------------------------------------------------------------------


def nothing(scene: Scene) -> None:
    """A day like any other."""
    scene.post(attachment=scene.form(), sender=office.UNITS[STONE])


def login_refused(scene: Scene) -> None:
    """The mailbox refuses the login and repeats the command, password and all."""
    scene.imap.habits = Habits(login_answer=f'LOGIN bad password: "{PASSWORD}" for {ADDRESS}'.encode())


def login_unanswered(scene: Scene) -> None:
    """The mailbox hangs up at the login."""
    scene.imap.habits = Habits(greeting=f"* BYE {PASSWORD} is not welcome".encode())


def smtp_login_refused(scene: Scene) -> None:
    """The sending server repeats the password, in base64 as it came."""
    coded = base64.b64encode(f"\0{ADDRESS}\0{PASSWORD}".encode()).decode()
    scene.sink.script(Rule(Stage.AUTH, Answer(f"535 Error: AUTH PLAIN {coded} {PASSWORD} failed".encode()), times=3))
    nothing(scene)


def broken_forms(scene: Scene) -> None:
    """Forms that are cut, faulty, empty, and one whose values are no text for a database."""
    whole = scene.form()
    scene.post(attachment=whole[: len(whole) // 2])
    scene.post(attachment=scene.form(mobile=PHONE[:-1]), sender=office.UNITS[STONE])
    scene.post(attachment=b"")
    scene.post(attachment=scene.form(name="林\u202e小满", position="=HYPERLINK()"))


def recipient_refused(scene: Scene) -> None:
    """The sending server refuses an address and quotes it, then a letter and quotes that."""
    scene.sink.script(
        Rule(Stage.RCPT, Answer(f"550 User not found: {SENDER}".encode()), times=1),
        Rule(Stage.CONTENT, Answer(f"554 DT:SPM {PHONE} {SENDER}".encode()), times=1),
        Rule(Stage.CONTENT, Drop(keep=False), times=1),
    )
    for _ in range(3):
        nothing(scene)
    scene.post(attachment=scene.form(mobile=""))


def bug_in_a_mail(scene: Scene) -> None:
    """A bug of ours whose message quotes the form."""

    def assess(*_arguments: object, **_options: object) -> object:
        raise KeyError(f"{PHONE} of {SENDER}, {PASSWORD}, {TOKEN}")

    scene.patch(pipeline, "assess", assess)
    nothing(scene)


def bug_in_a_tick(scene: Scene) -> None:
    """A bug in a tick, and a database that quotes a statement's values."""

    def due(_app: App) -> object:
        raise IntegrityError(f"INSERT {PHONE}", {"mobile": PHONE, "to": SENDER}, ValueError(PASSWORD))

    scene.patch(jobs, "due_reminders", due)


def bug_in_the_watch(scene: Scene) -> None:
    """A bug in the watch itself, once."""
    real, calls = watching.judge, []

    def judge(*arguments: Any) -> Health:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError(f"{TOKEN} {PING} {PHONE}")
        return real(*arguments)

    scene.patch(watching, "judge", judge)


def record_lost(scene: Scene) -> None:
    """A record that can't be read, with values in the error."""

    def all_beats(*_arguments: object) -> object:
        raise OperationalError(f"SELECT {PHONE}", {"x": SENDER}, sqlite3.OperationalError(f"locked by {PASSWORD}"))

    scene.patch(watching.condition, "all_beats", all_beats)


def robot_refuses(scene: Scene) -> None:
    """A robot that answers with its own URL, and something to tell it."""
    scene.robot.status, scene.robot.answer = 500, f"no hook {scene.robot.url(f'/hook?key={TOKEN}')} {TOKEN}".encode()
    login_refused(scene)


def robot_redirects(scene: Scene) -> None:
    """A robot that sends the token elsewhere."""
    scene.robot.status, scene.robot.headers = 302, {"Location": f"http://127.0.0.1:1/{TOKEN}/{PING}"}
    login_refused(scene)


def robot_gone(scene: Scene) -> None:
    """Nobody listens there any more, and a URL that is none."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    health = Watching(
        webhook_url=Secret(f"http://127.0.0.1:{port}/hook?key={TOKEN}"), ping_url=Secret(f"http://127.0.0.1:1/{PING} x")
    )
    settings = replace(scene.app.settings, health=health)
    before = scene.app.bench
    object.__setattr__(scene.app, "bench", replace(before, settings=settings))  # frozen: as a reload would
    scene.undo.callback(object.__setattr__, scene.app, "bench", before)
    login_refused(scene)


def config_spoiled(scene: Scene) -> None:
    """The configuration is saved with mistakes around its secrets, while the program runs."""
    path = site.site(scene.folder, imap_port=scene.imap.port, smtp_port=scene.sink.port, password=PASSWORD)
    watch = ConfigWatch(path, load(path, environment={}, need_password=True), dry_run=False)
    text = path.read_text(encoding="utf-8")
    for line in (
        f'webhook_url = "http://alarm.example.com/hook?key={TOKEN}"',
        f'ping_ur = "https://alarm.example.com/{PING}"',
        f'webhook_url = "https://alarm.example.com/hook?key={TOKEN}',
    ):
        path.write_text(text.replace("[health]\n", f"[health]\n{line}\n"), encoding="utf-8")
        path.touch()
        error = guard.guarded(scene.app, "config", lambda _app: watch.changed())
        scene.errors += [error] if error is not None else []
    (scene.folder / "code.txt").write_text(f"{PASSWORD}\n{PASSWORD}\n")
    path.write_text(text + "\n", encoding="utf-8")
    error = guard.guarded(scene.app, "config", lambda _app: watch.changed())
    scene.errors += [error] if error is not None else []


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
