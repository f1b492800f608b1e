"""Part "clock": our clock is set wrong and right again, the machine sleeps or is off, under three time zones (I8, I18).

In: long or short, a seed. Out: an `Outcome`. One office lives through the week of a deadline: once with a right clock,
then with something done to its clock or to itself. True time is the servers'. What units got in the disturbed week must be
what they got in the undisturbed one, on the same Shanghai days; while the clock is more than ten minutes off nothing goes
to a unit, and one notice at most to the administrator; the pause ends in the round after the clock is right.
"""

import email
import os
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path

from scheduler.clock import SteppedClock
from tests.builders import office
from tests.rig.checker import subject_of, violations
from tests.rig.crash import filled, script
from tests.rig.inprocess import Office, a_round, shared_worker
from tests.rig.report import Outcome

ZONES = ("Asia/Shanghai", "UTC", "America/St_Johns")
LIMIT = timedelta(minutes=10)  # I18, written here again: the checker shares no code
_STONE, _SAND, _ = office.UNITS
_HOURS = (8, 9, 11, 13, 15, 17)
_DISTURBED_EVERY = timedelta(minutes=20)
_REFERENCE = re.compile("\u3014[^\u3015]*\u3015")
_CLOCK_ALARM = "本机时间不准"


def _at(day: int, hour: int, minute: int = 0, month: int = 5) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=office.SHANGHAI)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """From `begins` to `ends` (true time) the clock is off by `by`; or the machine is asleep or off.

    `same`: nothing a unit gets may change by it. `told`: the administrator must hear of the clock, else he must not.
    `timed`, `copies`: what the provider shows of its own clock, all week (see `Office`).
    """

    name: str
    begins: datetime
    ends: datetime
    by: timedelta = timedelta()
    how: str = "set"  # set | asleep | suspended (the steady clock stands) | off | boot (with the wrong clock)
    same: bool = True
    told: bool = True
    timed: bool = True
    copies: timedelta | None = timedelta()


_YEAR = timedelta(days=365)
DISTURBANCES = (
    Disturbance("a day fast", _at(28, 11, 30), _at(28, 15), timedelta(days=1)),
    Disturbance("a day slow", _at(29, 11, 30), _at(29, 15), timedelta(days=-1)),
    Disturbance("the year 2200", _at(28, 12), _at(28, 14), 175 * _YEAR),
    Disturbance("two hours fast at the reminder's time", _at(29, 7), _at(29, 10), timedelta(hours=2)),
    Disturbance("booted a day slow", _at(29, 8, 30), _at(29, 12), timedelta(days=-1), how="boot"),
    Disturbance("a year fast", _at(28, 11, 30), _at(28, 15), _YEAR),
    Disturbance("a year slow", _at(28, 11, 30), _at(28, 15), -_YEAR),
    Disturbance("five minutes fast", _at(28, 11, 30), _at(30, 16), timedelta(minutes=5), told=False),
    Disturbance("eleven minutes slow", _at(28, 11, 30), _at(28, 15), timedelta(minutes=-11)),
    Disturbance("fast overnight", _at(28, 18), _at(29, 10), timedelta(days=1)),
    Disturbance("fast through a reminder's day", _at(29, 7), _at(29, 23), timedelta(days=3), same=False),
    Disturbance("asleep over the weekend", _at(30, 17, 5), _at(3, 8, month=6), how="asleep", told=False),
    Disturbance("suspended over the weekend", _at(30, 17, 5), _at(3, 8, month=6), how="suspended"),
    Disturbance(
        "copies with a wrong date", _at(28, 9), _at(28, 9), same=False, timed=False, copies=timedelta(hours=-52)
    ),
    Disturbance(
        "suspended where nothing tells the time",
        *(_at(30, 17, 5), _at(3, 8, month=6)),
        how="suspended",
        told=False,
        timed=False,
        copies=None,
    ),
    Disturbance("off at the reminder's time", _at(29, 7), _at(29, 12, 30), how="off", told=False),
    Disturbance("off for a day", _at(29, 7), _at(30, 7), how="off", same=False, told=False),
)
_SHORT = 5  # the first of them
_SHORT_UNTIL = _at(30, 18)
_UNTIL = _at(4, 18, month=6)

Letter = tuple[str, str, str]  # day in Shanghai, recipient, subject without its reference


class Week:
    """One office, one week, one disturbance or none."""

    def __init__(self, data: Path, template: Path, disturbance: Disturbance | None, until: datetime) -> None:
        self.found: list[str] = []
        self._until = until
        self._disturbance = disturbance
        self._mails, self._truth = script()
        whole, values = filled(_STONE, mobile="13900000077")
        self._mails.append(office.mail(office.UNITS[_STONE], "更正", attachment=whole, number=9))
        self._truth[sha256(self._mails[-1]).hexdigest()] = values
        provider = disturbance or Disturbance("none", _at(28, 8), _at(28, 8))
        self.office = Office(data, _at(28, 8), template=template, timed=provider.timed, copies=provider.copies)

    def play(self) -> list[Letter]:
        """Live through it and return what units got."""
        senders = [office.UNITS[_STONE], office.UNITS[_SAND], "someone@example.net", office.UNITS[_STONE]]
        arrivals = dict(
            zip(
                (_at(28, 10), _at(29, 13, 30), _at(28, 12, 10), _at(29, 13, 40)),
                zip(self._mails, senders, strict=True),
                strict=True,
            )
        )
        with self.office as world:
            self._app = world.open()
            looked = {
                moment - timedelta(minutes=5) for moment in arrivals
            }  # a daemon polls: a mail has just come when seen
            for moment in sorted({*self._moments(), *arrivals, *looked}):
                world.pass_time(moment - world.truth)
                if moment in arrivals:
                    raw, sender = arrivals[moment]
                    world.deliver(raw, sender, machine=sender == "someone@example.net")
                self._disturb(moment)
                if self._is_awake(moment):
                    a_round(self._app)
            for _ in range(3):
                world.pass_time(timedelta(minutes=45))
                a_round(self._app)
            self._look()
            return sorted(
                (f"{at.astimezone(office.SHANGHAI):%m-%d}", one.recipients[0], _subject(one.raw))
                for at, one in world.letters()
            )

    def _moments(self) -> Iterator[datetime]:
        day = _at(28, 0)
        while day < self._until:
            yield from (day.replace(hour=hour) for hour in _HOURS)
            day += timedelta(days=1)
        if self._disturbance is not None:
            moment = self._disturbance.begins
            every = _DISTURBED_EVERY
            if self._disturbance.ends - moment > timedelta(hours=5):
                every = (self._disturbance.ends - moment) / 15
            while moment < self._disturbance.ends:
                yield moment
                moment += every
            yield self._disturbance.ends

    def _is_awake(self, moment: datetime) -> bool:
        one = self._disturbance
        return one is None or one.how in ("set", "boot") or not one.begins <= moment < one.ends

    def _disturb(self, moment: datetime) -> None:
        world, one = self.office, self._disturbance
        if one is None or moment not in (one.begins, one.ends):
            return
        begins = moment == one.begins
        match one.how:
            case "set":
                world.clock.set_to(world.truth + one.by if begins else world.truth)
            case "boot" if begins:
                world.close_app()
                world.clock = SteppedClock(world.truth + one.by)
                for number in (
                    51,
                    52,
                ):  # two mails have come since: a person's words, which get no answer by themselves
                    raw = office.mail(
                        "someone@example.net", "自动回复", text="外出。\n", number=number, Auto_Submitted="auto-replied"
                    )
                    world.deliver(raw, "someone@example.net", machine=True)
                self._app = world.open()
            case "boot":
                world.clock.set_to(world.truth)
            case "off" if begins:
                world.close_app()
            case "off":
                world.clock = SteppedClock(world.truth)
                self._app = world.open()
            case "suspended" if not begins:
                slept = SteppedClock(one.begins)
                slept.set_to(world.truth)
                world.clock = slept
                object.__setattr__(self._app, "clock", _Suspended(world, one))

    def _look(self) -> None:
        world, one = self.office, self._disturbance
        self.found += violations(world.history(self._truth), world.data)
        for at, letter in world.sent:
            if _CLOCK_ALARM in subject_of(letter.raw):
                continue  # the one letter that may be dated wrong: it says so
            dated = parsedate_to_datetime(str(email.message_from_bytes(letter.raw)["Date"]))
            if not -timedelta(days=1) < dated - at < LIMIT:
                self.found.append(f"I18: a letter of {at:%m-%d %H:%M} is dated {dated:%Y-%m-%d %H:%M}")
        alarms = [at for at, letter in world.to_clerk() if _CLOCK_ALARM in subject_of(letter.raw)]
        for row in world.rows("SELECT tick, message FROM heartbeats WHERE failures > 0"):
            self.found.append(f"recovery: {row['tick']} still fails: {row['message']}")
        if one is None:
            return
        if one.told and not alarms:
            self.found.append("I18: the administrator was told nothing of the clock")
        if not one.told and alarms:
            self.found.append("I18: a false alarm of the clock")
        if abs(one.by) > LIMIT:
            wrong = [letter for at, letter in world.sent if one.begins <= at < one.ends]
            to_units = [letter for letter in wrong if letter.recipients != (office.CLERK,)]
            if to_units:
                self.found.append(f"I18: {len(to_units)} letters went to units while the clock was wrong")
            if len(wrong) > 1:
                self.found.append(f"I18: {len(wrong)} letters went out while the clock was wrong")


class _Suspended:
    """The clock of a guest that was suspended: it shows true time again, the steady one has lost the time asleep."""

    def __init__(self, world: Office, one: Disturbance) -> None:
        self._world, self._asleep_s = world, (one.ends - one.begins).total_seconds()
        self._old = world.clock

    def now(self) -> datetime:
        return self._world.truth

    def sleep(self, seconds: float) -> None:
        pass

    def steady(self) -> object:
        run = SteppedClock(_at(28, 8)).steady()
        return run._replace(seconds=(self._world.truth - _at(28, 8)).total_seconds() - self._asleep_s)


def _subject(raw: bytes) -> str:
    return _REFERENCE.sub("", subject_of(raw)).strip()


@contextmanager
def zone(name: str) -> Iterator[None]:
    """While inside, this process believes to be there."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def drawn(seed: int, number: int) -> Iterator[Disturbance]:
    """Clocks that are wrong for some hours of the first two days, by a minute to forty years."""
    draw = random.Random(seed)
    for index in range(number):
        begins = _at(28, 9) + timedelta(minutes=draw.randrange(5, 1400))
        by = timedelta(minutes=draw.choice((-1, 1)) * int(10 ** draw.uniform(1.1, 7.3)))
        ends = begins + timedelta(minutes=draw.randrange(30, 240))
        yield Disturbance(f"drawn {seed}/{index}", begins, ends, by, same=ends < _at(29, 16))


def run(*, long: bool, seed: int, only: str = "") -> Outcome:
    """Run the part; `only` by the name of one disturbance."""
    if not hasattr(time, "tzset"):
        return Outcome("clock", 0, 0, (), 0.0, skipped="needs tzset (POSIX)")
    started = time.monotonic()
    found: list[str] = []
    runs = letters = 0
    until = _UNTIL if long else _SHORT_UNTIL
    chosen = [*DISTURBANCES, *drawn(seed, 20)] if long else list(DISTURBANCES[:_SHORT])
    if only:
        chosen = [one for one in DISTURBANCES if one.name == only]
    with tempfile.TemporaryDirectory(dir=_fast_directory()) as name, shared_worker():
        template = Path(name) / "template"
        with Office(template, _at(28, 8)) as office_:
            office_.open()
            office_.close_app()
        expected: list[Letter] = []
        zones = ZONES if long else ZONES[1:]
        cases: list[tuple[Disturbance | None, str]] = [(None, ZONES[0])]
        cases += [(one, zones[number % len(zones)]) for number, one in enumerate(chosen)]
        if long and not only:
            cases += [(None, one) for one in ZONES[1:]]
        for disturbance, place in cases:
            with zone(place):
                week = Week(Path(name) / "week", template, disturbance, until)
                got = week.play()
            shutil.rmtree(Path(name) / "week")
            runs += 1
            letters += len(got)
            label = f"{disturbance.name if disturbance else 'undisturbed'} in {place}"
            found += [f"{label}: {one}" for one in week.found]
            if runs == 1:
                expected = got
            elif disturbance is None or disturbance.same:
                found += [f"{label}: {one}" for one in _differences(expected, got)]
    remark = f"{letters} letters, {len(expected)} in the undisturbed week"
    return Outcome("clock", runs, runs - 1, tuple(found), time.monotonic() - started, remark)


def _differences(expected: list[Letter], got: list[Letter]) -> Iterator[str]:
    missing, more = Counter(expected) - Counter(got), Counter(got) - Counter(expected)
    yield from (f"I8: nobody sent {one}" for one in missing.elements())
    yield from (f"I8: sent at another time or too often: {one}" for one in more.elements())


def _fast_directory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a fresh directory below it
