"""The watch: once a minute, is the service well, and does anybody outside have to hear of it? A tick apart from the others.

In: the `App`. Out: the finding on its `Board` (for /healthz), an alarm or all-clear to the group robot, a ping to the
dead man's switch; what was told, in the watch's own heartbeat. It is not run by `guard.guarded`, which rests after a
failure and needs the record: a record that can't be read is just what has to be told. It runs in a thread of its own,
so a robot that hangs delays no mail. It never raises, and it logs outcomes and host names, never URLs.

    facts and what was told (one transaction, written before anything is said) → `health`, `telling` → `channel`
"""

import logging
import shutil
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from intake import halt, restored
from intake.bugs import frames
from intake.db import condition, heartbeats
from intake.settings import Secret
from scheduler import first_letter, telling
from scheduler.app import App
from scheduler.channel import Call, Outcome, host_of, ping_address
from scheduler.health import Beat, Facts, Health, Queue, TooLarge, judge, unreadable

log = logging.getLogger(__name__)

TICK = "watch"  # the name of its heartbeat
_AWAKE, _TOLD = "awake_since", "told"  # what its details hold
_RECORD = "record"  # the one cause that the record itself can't remember


def examine(app: App) -> Health:
    """Return how the service does, as the record says it now; nothing is written, nothing told.

    For a command: the service itself may have stopped days ago, and then nothing of it is excused.
    """
    now, disk = app.clock.now(), _disk(app)
    try:
        with app.bench.sessions() as session:
            return judge(_facts(app, session, now, disk), app.settings, now)
    except SQLAlchemyError:
        return unreadable(now, now)


def judged(app: App, session: Session, now: datetime) -> Health:
    """Given an open session of the running service, return how it does; if it was asleep till now, nothing is late yet."""
    facts = _facts(app, session, now, _disk(app))
    beat = facts.beat(TICK)
    awake = telling.awake_since(facts.awake_since, beat.ok_at if beat else None, now)
    return judge(replace(facts, awake_since=awake), app.settings, now)


def held_letters(app: App, session: Session, now: datetime) -> restored.Held | None:
    """Return since when and why letters to units are held, None if they are not; in a record beside a mark they will be."""
    found = restored.held(session)
    if found is None and restored.is_unproved(session) and first_letter.is_marked(app.settings):
        return restored.Held(now, marked=True)  # not begun yet
    return found


def watch(app: App, *, just_ran: bool = False) -> None:
    """Look, put the finding up, and tell whoever is to be told.

    `just_ran`: every tick has run right before, so what fails fails now, however long nothing ran before (`run --once`).
    """
    with app.running.tick():
        if app.running.stopping.is_set():
            return
        try:
            _watch(app, app.clock.now(), just_ran=just_ran)
        except Exception as error:  # noqa: BLE001 - the last frame of its thread: a bug here must neither spread nor hide
            log.error("action=watch.bug\n%s", frames(error))


def _watch(app: App, now: datetime, *, just_ran: bool) -> None:
    remember = _remember
    try:
        health, news = _look(app, now, just_ran=just_ran)
    except SQLAlchemyError as error:
        health, news = _look_without_record(app, now)
        remember = _remember_without_record
        log.warning("action=watch.unreadable error=%s", type(error).__name__)
    app.board.post(health)
    if news.text and (webhook := app.settings.health.webhook_url) is not None:
        outcome = _call(app, "webhook", webhook, news.text)
        remember(app, news.kept if outcome is Outcome.REFUSED else news.gone)
    _ping(app, health, now)


def _look(app: App, now: datetime, *, just_ran: bool) -> tuple[Health, telling.News]:
    """Read, judge, and write down what is about to be told: two looks, or a crash, must not tell it twice."""
    board, disk = app.board, _disk(app)  # asked before the record is locked: a disk may take its time
    with app.bench.sessions.begin() as session:
        row = heartbeats.heartbeat(session, TICK)
        session.refresh(row, with_for_update=True)  # PostgreSQL: two daemons tell nothing twice; SQLite has one writer
        details = dict(row.details or {})
        since = telling.awake_since(_instant(details.get(_AWAKE)), row.ok_at, now)
        row.ok_at = now
        row.details = details | {_AWAKE: since.isoformat()}
        session.flush()
        facts = _facts(app, session, now, disk)
        health = judge(replace(facts, awake_since=None) if just_ran else facts, app.settings, now)
        told = telling.from_json(details.get(_TOLD))
        if board.record_told is not None:
            told[_RECORD] = board.record_told
        news = _news(app, health, told, now)
        row.details = row.details | {_TOLD: telling.to_json(news.gone)}
    board.unreadable_since = None
    board.record_told = None  # from now on the record remembers it
    return health, news


def _look_without_record(app: App, now: datetime) -> tuple[Health, telling.News]:
    board = app.board
    board.unreadable_since = board.unreadable_since or now
    health = unreadable(board.unreadable_since, now)
    told = {} if board.record_told is None else {_RECORD: board.record_told}
    return health, _news(app, health, told, now)


def _news(app: App, health: Health, told: telling.Memory, now: datetime) -> telling.News:
    if app.settings.health.webhook_url is None:
        return telling.News("", told, told)
    return telling.news(health, told, now, name=app.settings.office.short_name)


def _remember(app: App, told: telling.Memory) -> None:
    """Write down what has been told. If it can't be, `_look` has written what was about to be: nothing is told twice."""
    try:
        with app.bench.sessions.begin() as session:
            row = heartbeats.heartbeat(session, TICK)
            row.details = (row.details or {}) | {_TOLD: telling.to_json(told)}
    except SQLAlchemyError as error:
        log.warning("action=watch.unwritten error=%s", type(error).__name__)


def _remember_without_record(app: App, told: telling.Memory) -> None:
    app.board.record_told = told.get(_RECORD)


def _ping(app: App, health: Health, now: datetime) -> None:
    """Let the dead man's switch hear of each round that was well, and of a bad state. Forgotten at a restart: harmless."""
    url = app.settings.health.ping_url
    due = None if url is None else telling.ping_due(health, app.board.pinged, now)
    if url is None or due is None:
        return
    if _call(app, "ping", ping_address(url, due.value), None) is Outcome.TAKEN:
        app.board.pinged = telling.after_ping(due, health, now)


def _call(app: App, channel: str, url: Secret, text: str | None) -> Outcome:
    call = Call(url, text)
    with app.running.wakeable(call.cancel):
        outcome = call.run().outcome
    level = logging.INFO if outcome is Outcome.TAKEN else logging.WARNING
    log.log(level, "action=watch.told channel=%s host=%s outcome=%s", channel, host_of(url), outcome)
    return outcome


def _disk(app: App) -> tuple[int | None, int]:
    """Return the bytes that are free for the data, and all; None if the directory can't be read."""
    try:
        usage = shutil.disk_usage(app.settings.storage.data_dir)
    except OSError:
        return None, 0
    return usage.free, usage.total


def _facts(app: App, session: Session, now: datetime, disk: tuple[int | None, int]) -> Facts:
    rows = condition.all_beats(session)
    beats = tuple(Beat(row.tick, row.ok_at, row.failed_at, row.failures, row.permanent) for row in rows)
    halted, held = halt.in_force(session), held_letters(app, session, now)
    large = condition.too_large(session, app.settings.mailbox.address)
    awake = next((_instant((row.details or {}).get(_AWAKE)) for row in rows if row.tick == TICK), None)
    return Facts(
        beats=beats,
        unread=_queue(condition.unread_messages(session)),
        unsent=_queue(condition.unsent_letters(session, now)),
        too_large=TooLarge(large.count, large.folders, large.largest_bytes, large.since),
        undelivered=condition.undelivered(session, now),
        awake_since=awake,
        disk_free_bytes=disk[0],
        disk_bytes=disk[1],
        halted_since=None if halted is None else halted.since,
        held_since=None if held is None else held.since,
        lost="" if held is None else held.lost,
        strange="" if held is None else held.strange,
        clock=next((row.message for row in rows if row.tick == "clock"), ""),
        shut=app.board.shut,
    )


def _queue(waiting: condition.Waiting) -> Queue:
    return Queue(waiting.count, waiting.since, waiting.moved_at)


def _instant(text: object) -> datetime | None:
    """Given what the details hold, return the instant; None if it is none."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
