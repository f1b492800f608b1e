"""What the second channel is told of the service's health, and when: an alarm once a cause and hour, one all-clear. Pure.

In: the `Health` of this moment, what was told before, now. Out: `News`: what to say, and what is to be remembered if it
went (or may have gone) and if it surely did not. The record keeps it, so that a restart tells nothing twice.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.health import TITLES, Health, State, Symptom

HOUR = timedelta(hours=1)
_RETRY = timedelta(minutes=5)
# Between two looks longer than this the machine was off, asleep, or the program stopped: the ticks run every minute.
GAP = timedelta(minutes=10)
_MARK = "\u3010邮件收表\u3011"  # the keyword that the robots of DingTalk and Feishu are set to look for
_TEXT_BYTES = 2_000  # WeCom takes 2,048 bytes of text


@dataclass(frozen=True, slots=True)
class Told:
    """What one cause has been told. `open`: an alarm without its all-clear. Not before `quiet_until` is it told again."""

    open: bool
    quiet_until: datetime


Memory = Mapping[str, Told]


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told now. `text` "" if nothing is; `gone` and `kept`: the memory if it went, if it did not."""

    text: str
    gone: Memory
    kept: Memory


def news(health: Health, told: Memory, now: datetime, *, name: str) -> News:
    """Given the health and what was told before, return what is due. `name` says whose service it is: 区安办."""
    alarms = [one for one in health.symptoms if one.state is State.BAD and _may_be_told(told.get(one.cause), now)]
    present = {one.cause for one in health.symptoms}
    # A record that can't be read hides the other causes: they are not over because nothing is seen of them.
    over = [] if "record" in present else [cause for cause, one in told.items() if one.open and cause not in present]
    base = {cause: one for cause, one in told.items() if one.open or now < one.quiet_until <= now + HOUR}
    gone, kept = dict(base), dict(base)
    for alarm in alarms:
        before = told.get(alarm.cause)
        gone[alarm.cause] = Told(open=True, quiet_until=now + HOUR)
        kept[alarm.cause] = Told(open=before is not None and before.open, quiet_until=now + _RETRY)
    for cause in over:
        gone[cause] = Told(open=False, quiet_until=told[cause].quiet_until)
    return News(_text(alarms, over, name), gone, kept)


def _may_be_told(told: Told | None, now: datetime) -> bool:
    # Further ahead than an hour: the clock was set back since, and the alarm must not wait for it to catch up.
    return told is None or not now < told.quiet_until <= now + HOUR


def _text(alarms: list[Symptom], over: list[str], name: str) -> str:
    lines = []
    if alarms:
        lines.append(f"{_MARK}{name}：系统异常，请处理。")
        lines += [f"{number}. {one.sentence}" for number, one in enumerate(alarms, start=1)]
    if over:
        names = "、".join(TITLES.get(cause, cause) for cause in over)
        lines.append(f"{'' if alarms else f'{_MARK}{name}：'}{names}已恢复正常。")
    return "\n".join(lines).encode()[:_TEXT_BYTES].decode(errors="ignore")


# --- the dead man's switch -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pinged:
    """What the dead man's switch last heard: of a round that was well, or that something is bad, and when."""

    round_at: datetime | None = None
    failed_at: datetime | None = None


class Ping(StrEnum):
    """What it is to hear now."""

    WELL = ""
    FAIL = "/fail"


def ping_due(health: Health, pinged: Pinged, now: datetime) -> Ping | None:
    """Given what was heard before, return what is due: each round that was well once, a bad state at once and hourly."""
    if health.state is State.BAD:
        again = pinged.failed_at is None or not timedelta() <= now - pinged.failed_at < HOUR
        return Ping.FAIL if again else None
    if health.round_at is None or health.round_at == pinged.round_at:
        return None
    return Ping.WELL


def after_ping(ping: Ping, health: Health, now: datetime) -> Pinged:
    """Return what has been heard once a ping went."""
    return Pinged(round_at=health.round_at) if ping is Ping.WELL else Pinged(failed_at=now)


# --- the record's shape ----------------------------------------------------------------------------------------------


def awake_since(before: datetime | None, last_look: datetime | None, now: datetime) -> datetime:
    """Given since when it was awake and when it last looked, return since when it is: now, after a gap or a step back."""
    if before is None or last_look is None or before > now or last_look > now or now - last_look > GAP:
        return now
    return before


def to_json(told: Memory) -> dict[str, object]:
    """Given a memory, return it as the record keeps it."""
    return {cause: [one.open, one.quiet_until.isoformat()] for cause, one in told.items()}


def from_json(kept: object) -> dict[str, Told]:
    """Given what the record kept, return the memory; what is not one is forgotten."""
    found: dict[str, Told] = {}
    for cause, one in kept.items() if isinstance(kept, Mapping) else ():
        match one:
            case [bool(is_open), str(text)]:
                with suppress(ValueError):
                    found[str(cause)] = Told(is_open, datetime.fromisoformat(text))
    return found
