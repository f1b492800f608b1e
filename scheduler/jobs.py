"""The ticks: fetch, process, remind, deliver, housekeep. Each is short, idempotent, and safe to repeat after a crash.

In: the `App`. Out: the record moved along. Each tick reads the clock once and passes `now` down. What goes wrong is
written into the tick's heartbeat, with the time until which it rests, and told to the administrator once.
"""

import hashlib
import hmac
import logging
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from intake import outbox, restored
from intake.bugs import frames
from intake.caps import HOUR
from intake.db import backlog, heartbeats, queries
from intake.db.models import HeartbeatRow, OutboxRow
from intake.db.record import SqlRecord
from intake.db.trouble import DatabaseBusyError, told
from intake.deliver import deliver_batch
from intake.errors import IntakeError, ServerError, TransientServerError
from intake.fetch import back_off, poll
from intake.imap_session import ImapSession
from intake.letters import post
from intake.model import OutboxState, ReminderRecord, UnitName
from intake.pipeline import STRANGERS, process_message
from intake.settings import SendMode, Settings
from intake.smtp import SmtpSession
from intake.summary import build_summary
from intake.summary_matter import Waiting
from intake.witness import SentFolder, SentHeader
from scheduler import alarms, backups, digest, timekeeping
from scheduler.app import App
from scheduler.reminders import Due, due
from scheduler.watching import judged

log = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")
_NEWEST_SENT_AFTER_RESTORE = 5_000  # some two months at the cap of 80 a day: a backup is rarely older
_NEWEST_SENT = 200  # headers of the Sent folder that are looked at for letters of uncertain fate

Tick = Callable[[App], None]


# --- fetch -----------------------------------------------------------------------------------------------------------


def fetch(app: App) -> None:
    """List the mailbox and archive what is new; ask the Sent folder about letters of uncertain fate."""
    now = app.clock.now()
    with app.bench.sessions() as session:
        uncertain = outbox.has_uncertain(session) or restored.has_unasked(session)
    imap = ImapSession(app.settings.mailbox, app.settings.polling)
    with app.running.wakeable(imap.interrupt), imap:
        report = poll(imap, app.bench.archive, SqlRecord(app.bench.sessions, now=now), suspects=app.suspects)
        if uncertain or timekeeping.wants_copy(app):
            _ask_sent_folder(app, imap, now)
    if report.archived:
        timekeeping.note_mails(app, now)
    if not report.left and not report.failures and not app.adopted.is_set():
        backups.adopt_orphans(app)  # the server shows them no more: the file alone knows of them
        app.adopted.set()
    log.info("action=fetch.done archived=%d left=%d", report.archived, report.left)
    for folder, error in report.failures:
        if folder in app.settings.mailbox.folders:
            raise error  # the others have been fetched; one healthy folder must not make all look well


def _ask_sent_folder(app: App, imap: ImapSession, now: datetime) -> None:
    """Decide the letters of uncertain fate by what the provider has filed as sent."""
    with app.bench.sessions() as session:
        depth = _NEWEST_SENT_AFTER_RESTORE if restored.has_unasked(session) else _NEWEST_SENT
    try:
        newest = imap.sent_headers(depth)
    except ServerError as error:
        log.warning("action=deliver.no_witness error=%s", type(error).__name__)
        witness = None
    else:
        headers = [SentHeader(one.message_id, one.intake_id, one.subject, one.internal_at or now) for one in newest]
        oldest = min((header.at for header in headers), default=None) if len(newest) == depth else None
        witness = SentFolder(headers, read_at=now, covers_from=oldest)
        timekeeping.note_copies(app, witness)
    with app.bench.sessions.begin() as session:
        decided = outbox.resolve_uncertain(session, now, witness)
        if witness is not None:
            decided += restored.resolve(session, witness)
    log.info("action=deliver.resolved letters=%d", decided)


# --- process ---------------------------------------------------------------------------------------------------------


def process(app: App) -> None:
    """Bring every archived message to its end, oldest first; before that put back what an engine that is new here may read."""
    if timekeeping.doubt(app) is not None:
        return  # the answers would bear a wrong date, and speak of one
    with app.bench.sessions.begin() as session:
        woken = backlog.wake(session, app.services.present())
    if woken:
        log.info("action=process.woken messages=%d", woken)
    with app.bench.sessions() as session:
        waiting = queries.pending_messages(session)
    for message_id in waiting:
        if app.running.stopping.is_set():
            return
        process_message(app.bench, message_id, now=app.clock.now())
    app.bench.worker.rest()


# --- remind ----------------------------------------------------------------------------------------------------------


def remind(app: App) -> None:
    """Write the reminders that are due into the outbox; their keys make a repetition harmless."""
    now = app.clock.now()
    if timekeeping.doubt(app) is not None:
        return  # what is due by a wrong clock is not due
    found = due_reminders(app)
    if not found.drafts:
        return
    with app.bench.sessions.begin() as session:
        written = sum(post(session, draft, stationery=app.bench.stationery, now=now) for draft in found.drafts)
    log.info("action=remind.written letters=%d", written)


def due_reminders(app: App) -> Due:
    """Return what is due now, without writing anything."""
    with app.bench.sessions() as session:
        ledger = queries.load_ledger(session, app.settings.campaign, app.bench.late_after)
        return due(
            app.settings.campaign,
            app.bench.roster,
            ledger.state,
            _reminder_records(_that_may_go(queries.reminder_rows(session, app.settings.campaign), app.clock.now())),
            app.calendar,
            app.settings.sending,
            app.clock.now(),
            queries.bad_addresses(session),
            queries.last_mail_by_unit(session, ledger, app.bench.roster, now=app.clock.now()),
        )


def _that_may_go(rows: tuple[OutboxRow, ...], now: datetime) -> tuple[OutboxRow, ...]:
    """Leave out what nobody released in time: a held reminder whose day is over was not sent and never will be.

    And what was written for a later day by a clock that was fast, and still waits for it: today has its own reminder.
    """
    today = now.astimezone(SHANGHAI).date()

    def may_go(row: OutboxRow) -> bool:
        waits = row.state in (OutboxState.HELD, OutboxState.QUEUED)
        if waits and row.created_at.astimezone(SHANGHAI).date() > today:
            return False
        return row.state != OutboxState.HELD or row.expires_at is None or row.expires_at > now

    return tuple(row for row in rows if may_go(row))


def _that_went(rows: tuple[OutboxRow, ...]) -> tuple[OutboxRow, ...]:
    return tuple(row for row in rows if row.state == OutboxState.SENT)


def _reminder_records(rows: tuple[OutboxRow, ...]) -> tuple[ReminderRecord, ...]:
    return tuple(
        ReminderRecord(UnitName(row.unit or ""), tuple(row.forms), row.created_at.astimezone(SHANGHAI).date())
        for row in rows
    )


# --- deliver ---------------------------------------------------------------------------------------------------------


def deliver(app: App) -> None:
    """Send what is due in the outbox; nothing while our clock is wrong, which a letter's own 250 may show."""
    smtp = SmtpSession(app.settings.mailbox)
    with app.running.wakeable(smtp.abort):
        batch = deliver_batch(
            app.bench.sessions,
            lambda: smtp,
            app.settings.sending,
            now=app.clock.now,
            sleep=app.clock.sleep,
            stopping=app.running.stopping.is_set,
            may_go=lambda: timekeeping.may_send(app),
            on_sent=lambda letter, outcome: timekeeping.note_letter(app, letter, outcome.answer),
        )
    if batch.sent or batch.unsent:
        log.info("action=deliver.done sent=%d unsent=%d", batch.sent, batch.unsent)


# --- housekeep -------------------------------------------------------------------------------------------------------


def housekeep(app: App) -> None:
    """Write the alarms and all-clears of the other ticks, and the digest when its hour has come."""
    now = app.clock.now()
    clock_is_right = timekeeping.doubt(app) is None
    with app.bench.sessions.begin() as session:
        heartbeats.forget_trouble(session, STRANGERS, since_before=now - HOUR)  # one alarm an hour
        for beat in session.scalars(select(HeartbeatRow)).all():
            _tell_trouble(app, session, beat, now)
        due = app.settings.clerk.addresses and digest.is_time(app.settings.clerk, app.calendar, now)
        if due and clock_is_right:
            _write_digest(app, session, now)


def _tell_trouble(app: App, session: Session, beat: HeartbeatRow, now: datetime) -> None:
    """Write the alarm of a tick that fails, or the all-clear of one that failed long enough to be told."""
    if beat.failed_at is None:
        return
    clerk = app.settings.clerk
    trouble = alarms.Trouble(beat.tick, beat.failed_at, beat.message, permanent=beat.permanent)
    if beat.failures:
        drafts = alarms.alarm_drafts(trouble, clerk, now)
    else:
        raised = [alarms.alarm_key(trouble, address) for address in clerk.addresses]
        told = session.scalar(select(OutboxRow.id).where(OutboxRow.key.in_(raised)).limit(1)) is not None
        drafts = alarms.all_clear_drafts(trouble, clerk) if told else ()
    for draft in drafts:
        post(session, draft, stationery=app.bench.stationery, now=now)


def _waiting(session: Session) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(
            row.id,
            row.arrived_at,
            f"{row.from_name} {row.from_address}".strip() or "（发件人不明）",
            row.subject or "（无主题）",
            "；".join(row.reasons[:2]),
        )
        for row in queries.open_reviews(session)
    )


def _write_digest(app: App, session: Session, now: datetime) -> None:
    campaign = app.settings.campaign
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    fetched = heartbeats.heartbeat(session, "fetch")
    counted = queries.counts(session)["outbox"]
    ledger = queries.load_ledger(session, campaign, app.bench.late_after)
    usage = shutil.disk_usage(app.settings.storage.data_dir)
    drafts = digest.digest_drafts(
        campaign=campaign,
        roster=app.bench.roster,
        ledger=ledger,
        reminders=_reminder_records(_that_went(queries.reminder_rows(session, campaign))),
        bad_addresses=queries.bad_addresses(session),
        waiting=_waiting(session),
        traffic=queries.traffic(session, since=midnight - timedelta(days=1), ledger=ledger),
        health=digest.Health(
            last_poll_at=fetched.ok_at,
            last_error=fetched.message,
            last_backup_at=backups.last_backup_at(heartbeats.heartbeat(session, "backup").details),
            disk_free_percent=round(100 * usage.free / usage.total),
            held=counted.get(OutboxState.HELD, 0),
            uncertain=counted.get(OutboxState.UNCERTAIN, 0),
            troubles=judged(app, session, now).sentences,
        ),
        clerk=app.settings.clerk,
        calendar=app.calendar,
        now=now,
    )
    for draft in drafts:
        post(session, draft, stationery=app.bench.stationery, now=now)


# --- running the ticks -----------------------------------------------------------------------------------------------

# In the order of a mail's way. `deliver` writes its own heartbeat, because its pauses come with the letters' states;
# `backup` too, because a look that finds nothing due is no backup.
TICKS: Mapping[str, Tick] = {
    "fetch": fetch,
    "process": process,
    "remind": remind,
    "housekeep": housekeep,
    "deliver": deliver,
    "backup": backups.back_up_nightly,
}
_OWN_HEARTBEAT = {"deliver", "backup"}
_WORDS = {
    "fetch": "收信",
    "process": "识别",
    "remind": "催报",
    "deliver": "发信",
    "housekeep": "日常维护",
    "backup": "备份",
}

# Rests after a bug or a full disk: they do not mend themselves, and the log should stay readable.
_FIRST_REST = timedelta(minutes=1)
_LONGEST_REST = timedelta(minutes=30)


def guarded(app: App, name: str, tick: Tick) -> IntakeError | None:
    """Run one tick unless it rests; write down how it went. Return what the office or a server did wrong, if anything.

    A tick that meets a bug of ours is logged with its traceback and rests as well: the others go on.
    """
    with app.running.tick():
        try:
            with told():  # a full disk or a held lock is no bug of ours
                if app.running.stopping.is_set() or _rests(app, name):
                    return None
                tick(app)
                if name not in _OWN_HEARTBEAT:
                    with app.bench.sessions.begin() as session:
                        heartbeats.note_tick(session, name, now=app.clock.now())
        except IntakeError as error:
            return None if app.running.stopping.is_set() else _note_failure(app, name, error)
        except Exception as error:  # noqa: BLE001 - the last frame of its thread: a bug must neither end the process nor hide
            if not app.running.stopping.is_set():
                log.error("action=%s.bug\n%s", name, frames(error))
                _note_failure(app, name, error)
        return None


def _rests(app: App, name: str) -> bool:
    with app.bench.sessions() as session:
        beat = session.get(HeartbeatRow, name)
        return beat is not None and heartbeats.rests_until(beat, app.clock.now()) is not None


def _note_failure(app: App, name: str, error: Exception) -> IntakeError | None:
    """Write a failure into the tick's heartbeat. A record that can't be written is itself only logged."""
    now = app.clock.now()
    told = error if isinstance(error, IntakeError) else None
    permanent = not isinstance(error, TransientServerError | DatabaseBusyError)
    message = str(error) if told is not None else f"程序出错（{type(error).__name__}），详见日志"
    try:
        with app.bench.sessions.begin() as session:
            failures = heartbeats.heartbeat(session, name).failures
            # a configuration is looked at as soon as it is saved again
            paused_until = None if name == "config" else now + _rest_after(error, failures)
            heartbeats.note_tick_failure(
                session, name, now=now, message=message, paused_until=paused_until, permanent=permanent
            )
        level = logging.INFO if failures else logging.WARNING
        log.log(level, "action=%s.failed error=%s permanent=%s", name, type(error).__name__, permanent)
    except SQLAlchemyError as unrecorded:
        log.error("action=%s.unrecorded\n%s", name, frames(unrecorded))
    return told


def _rest_after(error: Exception, failures: int) -> timedelta:
    if isinstance(error, ServerError):
        return back_off(error, failures + 1, jitter=random.random())  # noqa: S311 - spreads load, guards nothing
    return min(_FIRST_REST * (1 << min(failures, 10)), _LONGEST_REST)


def recover(app: App) -> None:
    """At start: half-written files go, letters that were being sent are uncertain until the Sent folder has spoken."""
    app.bench.archive.clean_up()
    with app.bench.sessions.begin() as session:
        letters = outbox.recover(session, app.clock.now())
        outbox.resolve_uncertain(session, app.clock.now(), None)  # what was never handed over goes out at once
        known = heartbeats.heartbeat(session, "config")
        access = {"mailbox": _fingerprint(app)}
        if known.details != access:
            known.details = access
            heartbeats.end_rests(session)  # a new password or server may have mended what the ticks rest for
    if letters:
        log.warning("action=recover.uncertain letters=%d", letters)


def _fingerprint(app: App) -> str:
    """Return a keyed hash of what the servers are reached with: it changes with the password and tells nothing of it."""
    mailbox = app.settings.mailbox
    provider = mailbox.provider
    parts = (mailbox.login, mailbox.password.reveal(), provider.imap_host, provider.smtp_host)
    ports = f"{provider.imap_port} {provider.smtp_port}"
    return hmac.new(app.bench.stationery.signing_key, "\n".join((*parts, ports)).encode(), hashlib.sha256).hexdigest()


def one_round(app: App, *, on_step: Callable[[str], None] = lambda _words: None) -> IntakeError | None:
    """Run every tick once, in the order of a mail's way. Return the first thing a server or the office did wrong."""
    first: IntakeError | None = None
    for name, tick in TICKS.items():
        on_step(_WORDS[name])
        error = guarded(app, name, tick)
        first = first or error
    return first or timekeeping.trouble(app)


# --- for the commands ------------------------------------------------------------------------------------------------


def for_run(settings: Settings, *, dry_run: bool) -> Settings:
    """Given settings, return them as `run` uses them: a dry run holds every letter, those to the office too.

    Nor does it tell a robot or a dead man's switch that a service is running.
    """
    if not dry_run:
        return settings
    sending = replace(settings.sending, mode=SendMode.HOLD)
    health = replace(settings.health, webhook_url=None, ping_url=None)
    return replace(settings, sending=sending, clerk=replace(settings.clerk, addresses=()), health=health)


def write_summary(app: App, path: Path) -> None:
    """Write the 汇总表 of this moment."""
    with app.bench.sessions() as session:
        ledger = queries.load_ledger(session, app.settings.campaign, app.bench.late_after)
        reminders = _reminder_records(_that_went(queries.reminder_rows(session, app.settings.campaign)))
        waiting = _waiting(session)
    build_summary(
        path,
        campaign=app.settings.campaign,
        roster=app.bench.roster,
        ledger=ledger,
        late_after=app.bench.late_after,
        reminders=reminders,
        generated_at=app.clock.now(),
        waiting=waiting,
    )


def begin_replay(app: App) -> tuple[int, ...]:
    """Put every archived message back to be read again. Return their ids in order of arrival."""
    with app.bench.sessions.begin() as session:
        queries.reset_messages(session)
    with app.bench.sessions() as session:
        return queries.pending_messages(session)
