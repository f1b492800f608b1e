"""Part "world": one seed drives clock, servers, clerk, crashes; the invariants are looked at after each step.

In: how many seeds, how many steps each. Out: an `Outcome`. A step is drawn: mail arrives, time passes, a round of all
ticks runs under a fault of a server or of the disk, the process ends at a commit, the provider numbers the mails anew,
the clerk moves, deletes, releases, cancels, decides what waits for a person and edits the roster, the clock is set. After
each step the checker looks at what must hold at any time; at the end the faults stop, rounds run until nothing waits, and
it looks at what must hold at rest. A failing seed is named: `python -m tests.rig world --seed S`.
"""

import multiprocessing
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as clock_time
from hashlib import sha256
from pathlib import Path

from intake import decide, outbox_desk
from intake.cases import RefusedError, look
from intake.db.models import MessageRow
from scheduler import guard, jobs, recovery
from scheduler.app import App
from scheduler.clock import SteppedClock
from scheduler.demo.faults import Answer, Drop, Rule, Stage
from scheduler.demo.habits import Habits
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from tests.builders import office
from tests.replay.play import Stop, StoppedHere, opened, stopping
from tests.rig import rosters
from tests.rig.checker import History, ServerMail, SinkLetter, head_of, subject_of, violations
from tests.rig.clerk import STRANGER
from tests.rig.crash import ADDRESS, fast_directory, filled
from tests.rig.faulty_disk import ERRNO, Fault, FaultyDisk
from tests.rig.inprocess import shared_worker
from tests.rig.reminding import hasty_reminders, needless_reminders
from tests.rig.report import Outcome

_UNITS = list(office.UNITS)
_JUNK = "垃圾邮件"
_SETTLING_ROUNDS = 60
_RENUMBERED_AT = 100  # the step before which the provider numbers all mails anew, once in a world
# people fill forms in turn: a value of one form in another is seen
_PEOPLE = ("林小满", "陈晓岚", "王安然", "赵思远", "黄明月")
_READINGS: dict[object, object] = {}  # what the worker has read, for all worlds of a process

IMAP_FAULTS = (
    Habits(bye_after_commands=3),
    Habits(bye_after_commands=7),
    Habits(login_answer=b"LOGIN Login error or password error"),
    Habits(cut_after_bytes=700),
    Habits(cut_after_bytes=3_000),
    Habits(nil_bodies=True),
    Habits(size_error=7),
    Habits(size_error=-7),
    Habits(untagged_noise=True),
)
SMTP_FAULTS = (
    Rule(Stage.CONNECT, Drop()),
    Rule(Stage.CONNECT, Answer(b"421 try again later")),
    Rule(Stage.AUTH, Answer(b"535 Error: authentication failed")),
    Rule(Stage.RCPT, Answer(b"550 User not found")),
    Rule(Stage.DATA, Answer(b"451 MI:SFQ 163 smtp5")),
    Rule(Stage.CONTENT, Answer(b"554 DT:SPM 163 smtp7")),
    Rule(Stage.CONTENT, Answer(b"550 MI:STC 163 smtp7")),
    Rule(Stage.CONTENT, Drop(keep=True)),
    Rule(Stage.CONTENT, Drop(keep=False)),
    Rule(Stage.QUIT, Drop()),
)


class World:
    """One office, its servers and all that befalls them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._draw = random.Random(seed)
        self._folder = folder
        self._clock = SteppedClock(office.START)
        self._off = timedelta()
        self._numbers = 0
        self._losses = 0
        self._mails: list[ServerMail] = []
        self._truth: dict[str, dict[str, str]] = {}
        self._came: dict[str, datetime] = {}  # when each mail came that the server has never refused to give
        self._left: list[tuple[datetime, Delivered]] = []
        self._roster = rosters.edition(0)
        self._imap = DemoMailbox(ADDRESS, office.PASSWORD)
        self._sink = SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self._file, now=self._true_now)

    def play(self, steps: int) -> list[str]:
        """Live through so many steps and return what did not hold, the first time that something does not."""
        actions: list[tuple[Callable[[], None], int]] = [
            (self._arrive, 6),
            (self._pass_time, 4),
            (self._round, 6),
            (self._round_with_imap_fault, 3),
            (self._round_with_smtp_fault, 4),
            (self._morning, 1),
            (self._crash, 4),
            (self._reopen, 1),
            (self._move, 1),
            (self._delete, 1),
            (self._release, 1),
            (self._cancel, 1),
            (self._decide, 2),
            (self._set_clock, 1),
            (self._edit_roster, 1),
            (self._round_with_disk_fault, 2),
        ]
        chosen = self._draw.choices([one for one, _ in actions], [weight for _, weight in actions], k=steps)
        with self._imap, self._sink:
            made = office.settings(self._folder, imap_port=self._imap.port, smtp_port=self._sink.port)
            caps = replace(made.sending, per_day=400, per_quarter_hour=100, per_address_day=200, per_address_hour=100)
            self._settings = replace(made, sending=caps)
            self._app: App | None = None
            self._open()
            try:
                for number, action in enumerate(chosen):
                    if number == _RENUMBERED_AT:
                        self._renumber()
                    action()
                    found = self._look(at_rest=False)
                    if found:
                        return [f"step {number}, {action.__name__}: {one}" for one in found]
                return self._come_to_rest()
            finally:
                self._close()

    # --- what happens ------------------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        self._numbers += 1
        number = self._numbers
        kinds = {"whole": 6, "lacking": 4, "machine": 2, "again": 1, "completing": 4, "foreign": 2}
        kind = self._draw.choices(list(kinds), list(kinds.values()))[0]
        if kind == "again" and self._mails:
            former = self._draw.choice(self._mails)
            self._put(former.raw, former.sender, machine=former.machine, folder=INBOX, answered=former.answered)
            return
        if kind == "machine":
            raw = office.mail(
                "someone@example.net", "自动回复: 报送", text="外出。\n", number=number, Auto_Submitted="auto-replied"
            )
            self._put(raw, "someone@example.net", machine=True, folder=INBOX)
            return
        unit = self._draw.choice(_UNITS)
        mobile = f"139{number % 50:08d}"
        if kind == "completing":
            self._complete(unit, mobile)
            return
        attachment, values = filled(unit, name=_PEOPLE[number % 5], mobile="" if kind == "lacking" else mobile)
        # a stranger in a unit's name: what replaces the unit's own form waits for the clerk
        sender = STRANGER if kind == "foreign" else office.UNITS[unit]
        raw = office.mail(sender, "联络员表", attachment=attachment, number=number)
        self._truth[sha256(raw).hexdigest()] = dict(values)
        self._put(raw, sender, machine=False, folder=self._draw.choices([INBOX, _JUNK], [9, 1])[0])

    def _complete(self, unit: str, mobile: str) -> None:
        """A unit answers one of our letters in words. They change the form that the letter was about, or a person looks."""
        truth = {mail.message_id: self._truth.get(sha256(mail.raw).hexdigest()) for mail in self._mails}
        letters = [
            (one.raw, head, form)
            for _, one in self._left
            if one.recipients == (office.UNITS[unit],)
            and (form := truth.get(str((head := head_of(one.raw))["In-Reply-To"]))) is not None
        ]
        if not letters:
            return
        letter, head, form = self._draw.choice(letters)
        reply = {"In-Reply-To": str(head["Message-ID"]), "References": str(head["Message-ID"])}
        words = f"手机：{mobile}\n"
        raw = office.mail(office.UNITS[unit], f"回复：{subject_of(letter)}", text=words, number=self._numbers, **reply)
        self._truth[sha256(raw).hexdigest()] = form | {"mobile": mobile}
        self._put(raw, office.UNITS[unit], machine=False, folder=INBOX, answered=False)

    def _put(self, raw: bytes, sender: str, *, machine: bool, folder: str, answered: bool = True) -> None:
        uid = self._imap.deliver(folder, raw, self._true_now())
        self._came.setdefault(sha256(raw).hexdigest(), self._true_now())
        self._mails.append(ServerMail(folder, 1, uid, raw, sender, machine=machine, answered=answered and not machine))

    def _pass_time(self) -> None:
        self._clock.sleep(60 * self._draw.choice([2, 15, 60, 300, 600, 1_440, 4_320]))

    def _round(self) -> None:
        self._clock.sleep(60)
        self._tick_all(None)

    def _round_with_imap_fault(self) -> None:
        self._imap.habits = self._draw.choice(IMAP_FAULTS)
        if self._imap.habits.nil_bodies or self._imap.habits.size_error:
            self._came.clear()  # what a server does not give in an hour of polls holds no reminder back
        self._round()
        self._imap.habits = Habits()

    def _morning(self) -> None:
        """A mail comes at six; the first round of the day, when reminders are due, meets a server in trouble."""
        local = self._true_now().astimezone(office.SHANGHAI)
        dawn = datetime.combine(local.date() + timedelta(days=1), clock_time(6), office.SHANGHAI)
        self._clock.sleep((dawn - self._true_now()).total_seconds())
        self._arrive()
        self._clock.sleep(timedelta(hours=2, minutes=40).total_seconds())
        self._round_with_imap_fault()

    def _round_with_smtp_fault(self) -> None:
        rule = self._draw.choice(SMTP_FAULTS)
        self._losses += isinstance(rule.action, Drop)
        self._sink.script(replace(rule, times=self._draw.randint(1, 3)))
        self._round()

    def _crash(self) -> None:
        """The process ends before or after a commit; what is open is gone, what is committed stays."""
        self._losses += 1
        self._clock.sleep(60)
        with suppress(StoppedHere):
            self._tick_all(Stop(commit=self._draw.randint(1, 14), before=self._draw.random() < 0.5))
        self._reopen()

    def _reopen(self) -> None:
        self._close()
        self._open()

    def _move(self) -> None:
        """The clerk puts a mail into another folder: the same mail under another UID."""
        there = [one for one in self._mails if self._imap.mailbox.find(one.folder, one.uid) is not None]
        if there:
            mail = self._draw.choice(there)
            to = _JUNK if mail.folder == INBOX else INBOX
            uid = self._imap.mailbox.move(mail.folder, mail.uid, to)
            self._forget_unless_seen(mail)
            self._mails.append(replace(mail, folder=to, uid=uid))

    def _renumber(self) -> None:
        """The provider rebuilds the mailbox: every mail that is still there has another UID, and is listed once more."""
        for mail in [one for one in self._mails if self._imap.mailbox.find(one.folder, one.uid) is not None]:
            uid = self._imap.mailbox.move(mail.folder, mail.uid, mail.folder)
            self._forget_unless_seen(mail)
            self._mails.append(replace(mail, uid=uid))

    def _delete(self) -> None:
        there = [one for one in self._mails if self._imap.mailbox.find(one.folder, one.uid) is not None]
        if there:
            mail = self._draw.choice(there)
            self._imap.mailbox.remove(mail.folder, mail.uid)
            self._forget_unless_seen(mail)

    def _forget_unless_seen(self, mail: ServerMail) -> None:
        """A mail that went before any poll listed it was never ours to keep; one that was refused then neither."""
        with closing(sqlite3.connect(self._folder / "intake.sqlite")) as database:
            seen = database.execute(
                "SELECT 1 FROM sightings WHERE folder = ? AND uid = ? AND message_id IS NOT NULL",
                (mail.folder, mail.uid),
            ).fetchone()
        if seen is None:
            self._mails.remove(mail)

    def _release(self) -> None:
        with self._opened().bench.sessions.begin() as session:
            outbox_desk.release(session, self._clock.now())

    def _cancel(self) -> None:
        """The clerk cancels a letter that is held or has failed; what he cancels he answers himself."""
        with closing(sqlite3.connect(self._folder / "intake.sqlite")) as database:
            rows = database.execute("SELECT id, cause_id FROM outbox WHERE state IN ('held', 'failed')").fetchall()
        if rows:
            number, cause = self._draw.choice(rows)
            with self._opened().bench.sessions.begin() as session:
                outbox_desk.cancel(session, [number])
                message = session.get(MessageRow, cause) if cause else None
            digest = "" if message is None else message.sha256
            self._mails = [
                replace(one, answered=False) if sha256(one.raw).hexdigest() == digest else one for one in self._mails
            ]

    def _decide(self) -> None:
        """The clerk passes, dismisses or assigns a mail that waits for a person, or takes back what was decided last."""
        with closing(sqlite3.connect(self._folder / "intake.sqlite")) as database:
            waiting = [row[0] for row in database.execute("SELECT id FROM messages WHERE review_open ORDER BY id")]
            decided = [
                row[0]
                for row in database.execute(
                    "SELECT DISTINCT m.id FROM messages m JOIN decisions d USING (sha256) ORDER BY m.id"
                )
            ]
        acts: list[Callable[..., object]] = [decide.accept, decide.dismiss, decide.assign]
        act = self._draw.choice(acts) if waiting and self._draw.random() < 0.8 else decide.undo
        numbers = decided if act is decide.undo else waiting
        if not numbers:
            return
        number, bench = self._draw.choice(numbers), self._opened().bench
        about = (1, self._draw.choice(bench.roster.units).name) if act is decide.assign else ()
        with bench.sessions() as session:
            token = look(session, bench, number).token
        with suppress(RefusedError):
            act(bench, number, *about, who="王芳", now=self._clock.now(), token=token)

    def _set_clock(self) -> None:
        """The host's clock is set, forwards or backwards; it stays within what is no wrong clock for the program."""
        true = self._true_now()
        self._off = timedelta(minutes=self._draw.choice([-9, -3, 0, 3, 9]))
        self._clock.set_to(true + self._off)

    def _true_now(self) -> datetime:
        """The servers' time, from which our clock may be some minutes off."""
        return self._clock.now() - self._off

    def _edit_roster(self) -> None:
        """The clerk edits the roster; the program takes it up as it does a new configuration, by opening anew."""
        self._roster = rosters.edition(self._draw.randrange(rosters.COUNT))
        self._reopen()

    def _round_with_disk_fault(self) -> None:
        """One call of the archive or one statement of the record fails; the 250 of a letter may go unrecorded by it."""
        where = self._draw.choice(["archive", "record"])
        error, nth = self._draw.choice(list(ERRNO)), self._draw.randint(1, 120 if where == "record" else 12)
        disk = FaultyDisk(self._folder, Fault(where, error, nth, late=where == "record" and self._draw.random() < 0.3))
        with disk.installed():
            self._round()
        self._losses += where == "record" and bool(disk.failed)

    # --- the process -------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._context = opened(self._settings, self._clock, self._roster, _READINGS)
        self._app = self._context.__enter__()
        recovery.recover(self._app)

    def _close(self) -> None:
        if self._app is not None:
            self._context.__exit__(None, None, None)
        self._app = None

    def _opened(self) -> App:
        assert self._app is not None
        return self._app

    def _tick_all(self, stop: Stop | None) -> None:
        app = self._opened()
        with stopping(app, stop, hand_over=True):
            for name, tick in jobs.TICKS.items():
                guard.guarded(app, name, tick)
        if stop is not None:
            raise StoppedHere

    def _file(self, letter: Delivered) -> None:
        self._imap.deliver(SENT, letter.raw, self._true_now())
        self._left.append((self._true_now(), letter))

    # --- what must hold ----------------------------------------------------------------------------------------------

    def _look(self, *, at_rest: bool) -> list[str]:
        letters = [SinkLetter(one.recipients, one.raw) for one in self._sink.delivered]
        history = History(
            self._mails, letters, rosters.ADDRESSES, self._truth, losses=self._losses, at_rest=at_rest, copies=True
        )
        found = violations(history, self._folder)
        left = {str(head_of(one.raw)["Message-ID"]): at for at, one in self._left}
        found += needless_reminders(self._folder, left)
        found += hasty_reminders(self._folder, self._came, left)
        with closing(sqlite3.connect(self._folder / "intake.sqlite")) as database:
            beats = database.execute("SELECT tick, message FROM heartbeats WHERE message LIKE '程序出错%'").fetchall()
        return found + [f"a bug in {tick}: {message}" for tick, message in beats]

    def _come_to_rest(self) -> list[str]:
        self._imap.habits = Habits()
        self._sink.clear_script()
        for _ in range(_SETTLING_ROUNDS):
            self._clock.sleep(3 * 3600)
            self._tick_all(None)
            if not self._waits():
                break
        return [f"at rest: {one}" for one in self._look(at_rest=True)]

    def _waits(self) -> bool:
        with closing(sqlite3.connect(self._folder / "intake.sqlite")) as database:
            letters = database.execute("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')").fetchone()[0]
            mails = database.execute("SELECT count(*) FROM messages WHERE state = 'archived'").fetchone()[0]
            seen = {tuple(row) for row in database.execute("SELECT folder, uid FROM sightings")}
        return bool(letters or mails) or any((one.folder, one.uid) not in seen for one in self._mails)


def live(seed: int, steps: int) -> list[str]:
    """Live one world and return what did not hold."""
    with tempfile.TemporaryDirectory(dir=fast_directory()) as name, shared_worker():
        return [f"seed {seed}: {one}" for one in World(seed, Path(name)).play(steps)]


def run(*, seeds: int, steps: int, seed: int, processes: int = 1) -> Outcome:
    """Run the part: worlds `seed`, `seed` + 1, …."""
    started = time.monotonic()
    numbers = range(seed, seed + seeds)
    if processes == 1:
        results = [live(one, steps) for one in numbers]
    else:
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            results = list(pool.map(live, numbers, [steps] * seeds, chunksize=4))
    found = tuple(text for texts in results for text in texts)
    return Outcome("world", seeds, seeds * steps, found, time.monotonic() - started, f"{steps} steps each")
