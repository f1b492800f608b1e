"""The ticks: fetch, process, remind, deliver, housekeep. Each is short, idempotent, and safe to repeat after a crash.

In: the `App`. Out: the record moved along. Each tick reads the clock once and passes `now` down. What goes wrong is
written into the tick's heartbeat, with the time until which it rests, and told to the administrator once.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from intake import outbox, outbox_desk, overtaken, restored
from intake.db import backlog, heartbeats, last_mails, lists, queries
from intake.db.models import OutboxRow
from intake.db.record import SqlRecord
from intake.deliver import deliver_batch
from intake.errors import IntakeError, OfficeError, PermanentServerError, ServerError
from intake.fetch import poll
from intake.imap_session import ImapSession
from intake.letters import post
from intake.model import TO_THE_OFFICE, CellState, LetterKind, OutboxState
from intake.pipeline import process_message
from intake.smtp import SmtpSession
from intake.witness import SentFolder, SentHeader
from scheduler import alarm_letters, backups, digest, first_letter, last_letter, timekeeping
from scheduler.app import App
from scheduler.guard import Tick, guarded
from scheduler.papers import reminder_records, write_digest
from scheduler.reminders import Due, due

log = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")
_NEWEST_SENT_AFTER_RESTORE = 5_000  # some two months at the cap of 80 a day: a backup is rarely older
_DIGEST_WAITS = timedelta(hours=1)
_DIGEST_AT_LAST = time(23, 30)  # an hour set late; the digest expires at midnight
# headers of the Sent folder that are looked at for letters of uncertain fate, and of another life
_NEWEST_SENT = 200

# --- fetch -----------------------------------------------------------------------------------------------------------


def fetch(app: App) -> None:
    """List the mailbox and archive what is new; ask the Sent folder about letters of uncertain fate.

    A record in which nothing stands yet first asks there whether it is the first. Before the first letter of this process
    leaves, and before those that new mails cause, the folder tells whether anybody else sends with our key (`restored`).
    """
    now, began = app.clock.now(), app.clock.steady()
    with app.bench.reading() as session:
        asks = (
            outbox.has_uncertain(session)
            or restored.has_unasked(session)
            or restored.is_on_hold(session)
            or outbox.has_due_to_units(session, now)
        )
        unproved = restored.is_unproved(session)
        asks_first = not app.looked.is_set() and not restored.waits_in_vain(session, now)
    imap = ImapSession(app.settings.mailbox, app.settings.polling)
    with app.running.wakeable(imap.interrupt), imap:
        if unproved:
            _look_for_a_past(app, imap, now)
        if asks_first:
            _ask_sent_folder(app, imap, now)
        report = poll(imap, app.bench.archive, SqlRecord(app.bench.sessions, now=now), suspects=app.suspects)
        in_time = imap.seconds_left > 0  # one interrupted in its last folder reports nothing left, and has not read it
        if not asks_first and (asks or report.archived or not app.looked.is_set() or timekeeping.wants_copy(app)):
            _ask_sent_folder(app, imap, now)
    if report.archived:
        app.last_read.resume(timekeeping.last_look(app))
        timekeeping.note_mails(app, now)  # before this poll is noted: what it found came since the last
    failed = [error for folder, error in report.failures if folder in app.settings.mailbox.folders]
    ended_well = in_time and not (report.cut_short or failed)
    is_whole = ended_well and not (report.left or report.failures)
    if ended_well:
        app.last_read.note(now, began, whole=is_whole)
        timekeeping.keep_last_look(app)
    if is_whole and not app.adopted.is_set():
        adopted = backups.adopt_orphans(app)  # the server shows them no more: the file alone knows of them
        if adopted:
            log.warning("action=archive.adopted messages=%d", adopted)
        app.adopted.set()
    log.info("action=fetch.done archived=%d left=%d", report.archived, report.left)
    if failed:
        raise failed[0]  # the others have been fetched; one healthy folder must not make all look well


def _look_for_a_past(app: App, imap: ImapSession, now: datetime) -> None:
    """Begin the record; on hold, if the Sent folder or the mark tells of letters that the program wrote for this campaign."""
    began = app.settings.campaign.begins_at
    try:
        headers = [one for one in _sent_headers(imap, _NEWEST_SENT, now) if one.at >= began]
    except PermanentServerError:
        headers = []  # no such folder: nobody can tell
    with app.bench.sessions.begin() as session:
        marked = first_letter.is_marked(app.settings)
        why = restored.begin(session, now, SentFolder(headers, read_at=now), marked=marked)
    if why is not None:
        log.error(
            "action=record.lost letters=%d marked=%s: a new record beside letters of ours: all is held",
            why.past,
            marked,
        )


def _ask_sent_folder(app: App, imap: ImapSession, now: datetime) -> None:
    """Decide the letters of uncertain fate by what the provider has filed as sent; hold all if this record did not send it."""
    with app.bench.reading() as session:
        depth = _NEWEST_SENT_AFTER_RESTORE if restored.has_unasked(session) else _NEWEST_SENT
    try:
        headers = _sent_headers(imap, depth, now)
    except ServerError as error:
        log.warning("action=deliver.no_witness error=%s", type(error).__name__)
        witness, nobody_can_tell = None, isinstance(error, PermanentServerError)
    else:
        oldest = min((header.at for header in headers), default=None) if len(headers) == depth else None
        witness = SentFolder(headers, read_at=now, covers_from=oldest)
        timekeeping.note_copies(app, witness)
    why, key = None, app.bench.stationery.signing_key
    with app.bench.sessions.begin() as session:
        decided = outbox.resolve_uncertain(session, now, witness)
        if witness is not None:
            decided += restored.resolve(session, witness, signing_key=key)
            why = restored.look(session, now, witness, signing_key=key)
        elif not nobody_can_tell:
            restored.note_unanswered(session, now)
            nobody_can_tell = restored.waits_in_vain(session, now)
    if witness is not None or nobody_can_tell:
        app.looked.set()
    log.info("action=deliver.resolved letters=%d", decided)
    if why is not None:
        log.error(
            "action=record.elsewhere letters=%d: sent with our key, not by this record: all is held", why.elsewhere
        )


def _sent_headers(imap: ImapSession, depth: int, now: datetime) -> list[SentHeader]:
    found = imap.sent_headers(depth)
    return [SentHeader(one.message_id, one.intake_id, one.subject, one.internal_at or now) for one in found]


# --- process ---------------------------------------------------------------------------------------------------------


def process(app: App) -> None:
    """Bring every archived message to its end, oldest first; before that put back what an engine that is new here may read."""
    if timekeeping.doubt(app) is not None:
        return  # the answers would bear a wrong date, and speak of one
    with app.bench.sessions.begin() as session:
        woken = backlog.wake(session, app.services.present())
    if woken:
        log.info("action=process.woken messages=%d", woken)
    _process_all(app)
    app.bench.worker.rest()


def _process_all(app: App) -> None:
    """Give every archived message its turns until it comes to its end: slow documents keep no other mail waiting.

    Neither does a mail whose original is lost or damaged. Raise OfficeError for it when all others have had their turns.
    """
    bench, ended = app.bench, set[int]()
    unread: OfficeError | None = None
    while waiting := _turns(app, ended):
        for message_id in waiting:
            if app.running.stopping.is_set():
                return
            try:
                process_message(bench, message_id, now=app.clock.now(), one_turn=True)
            except OfficeError as error:
                unread = error
                ended.add(message_id)
                continue
            if message_id in bench.begun:
                break  # its turn is over: whatever came meanwhile goes first
            ended.add(message_id)
    if unread is not None:
        raise unread


def _turns(app: App, ended: set[int]) -> list[int]:
    """The messages that wait, but for those that ended in this tick; who has had the least time is first."""
    with app.bench.reading() as session:
        waiting = queries.pending_messages(session)
    begun = app.bench.begun
    return sorted(
        (one for one in waiting if one not in ended), key=lambda one: begun[one].spent_s if one in begun else 0.0
    )


# --- remind ----------------------------------------------------------------------------------------------------------


def remind(app: App) -> None:
    """Write the reminders that are due into the outbox; their keys make a repetition harmless.

    None while it is not known what has come: it is due as long as its step lasts, and is written then.
    """
    now = app.clock.now()
    if timekeeping.doubt(app) is not None:
        return  # what is due by a wrong clock is not due
    with app.bench.sessions() as session:
        if not _knows_what_came(app, session):
            return
    found = due_reminders(app)
    if not found.drafts:
        return
    with app.bench.sessions.begin() as session:
        written = sum(post(session, draft, stationery=app.bench.stationery, now=now) for draft in found.drafts)
    log.info("action=remind.written letters=%d", written)


def _knows_what_came(app: App, session: Session) -> bool:
    """Return whether a letter may say that nothing has come: the mailbox was read a short time ago, all that was in it too.

    A unit whose form lies unread would be told of it, and of its receipt a second later. The first look into the mailbox
    also tells whether this record is the first (`restored`): in one that was lost, its units have been reminded already.
    """
    return app.last_read.is_recent(app.clock.now(), app.settings.polling) and not lists.waits_to_be_read(session)


def due_reminders(app: App) -> Due:
    """Return what is due now, without writing anything."""
    with app.bench.reading() as session:
        ledger = app.bench.ledgers.read(session)
        rows = queries.reminder_rows(session, app.settings.campaign)
        return due(
            app.settings.campaign,
            app.bench.roster,
            ledger.state,
            reminder_records(_that_may_go(rows, app.clock.now()), app.bench.roster),
            app.calendar,
            app.settings.sending,
            app.clock.now(),
            queries.bad_addresses(session),
            last_mails.last_mail_by_unit(session, ledger, app.bench.roster),
            last_mails.suspended(session, app.bench.roster),
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


# --- deliver ---------------------------------------------------------------------------------------------------------


def deliver(app: App) -> None:
    """Send what is due in the outbox; nothing while our clock is wrong, which a letter's own 250 may show.

    What goes to units waits until the Sent folder has told whether this record is up to date, and the only one (`fetch`).
    A reminder that was written stays there while it is not known what has come since: what comes may still withdraw it.
    A question whose answer has come while it waited is withdrawn.
    So does an alarm of the process before this one, until this one has looked, and one that says that nothing can be sent.
    """
    _withdraw_what_came(app)
    _withdraw_what_was_answered(app)
    smtp = SmtpSession(app.settings.mailbox)
    with app.running.wakeable(smtp.abort):
        batch = deliver_batch(
            app.bench.sessions,
            lambda: smtp,
            app.settings.sending,
            now=app.clock.now,
            sleep=app.clock.sleep,
            stopping=app.running.stopping.is_set,
            only=lambda: timekeeping.letters_that_may_go(app),
            postponed=lambda session: _postponed(app, session),
            on_sent=lambda letter, outcome: _note_sent(app, letter, outcome.answer),
        )
    if batch.sent or batch.unsent:
        log.info("action=deliver.done sent=%d unsent=%d", batch.sent, batch.unsent)


def _withdraw_what_came(app: App) -> None:
    """Stop the reminders of forms that are there by now.

    Filing a mail stops those that wait at that moment: not one whose fate was uncertain then and that waits again since, nor
    one that was written while a clerk decided.
    """
    with app.bench.sessions() as session:
        if not outbox_desk.listed(session, [OutboxState.QUEUED], kind=LetterKind.REMINDER):
            return
    with app.bench.sessions.begin() as session:
        cells = app.bench.ledgers.read(session).state.cells
        there = {key for key, cell in cells.items() if cell.state in (CellState.ACCEPTED, CellState.NO_INTENT)}
        stopped = outbox_desk.withdraw_reminders(session, there, called_now=app.bench.roster.name_of_the_day)
    if stopped:
        log.info("action=deliver.withdrawn reminders=%d", stopped)


def _withdraw_what_was_answered(app: App) -> None:
    """Stop the questions that wait, held or queued, about what a later mail has brought complete.

    Not before the Sent folder was asked: in a record that was lost they have gone out already, and that is to be noted.
    """
    bench = app.bench
    asked = bench.ledgers.read, bench.settings.campaign, bench.roster
    if not app.looked.is_set():
        return
    with bench.reading() as session:
        if not overtaken.needless_questions(session, *asked):
            return
    with bench.sessions.begin() as session:
        stopped = overtaken.withdraw_questions(session, *asked)
    if stopped:
        log.info("action=deliver.withdrawn questions=%d", stopped)


def _note_sent(app: App, letter: int, answer: str) -> None:
    timekeeping.note_letter(app, letter, answer)
    with app.bench.reading() as session:
        newest = session.get_one(OutboxRow, letter).header_message_id
    last_letter.note(app.settings.storage.data_dir, newest)
    if not app.marked.is_set():
        with app.bench.reading() as session:
            wrote_to_units = outbox.has_written_to_units(session)
        if wrote_to_units:
            first_letter.mark(app.settings)
            app.marked.set()


def _postponed(app: App, session: Session) -> tuple[LetterKind, ...]:
    waiting = set() if app.looked.is_set() else set(LetterKind) - TO_THE_OFFICE
    if not _knows_what_came(app, session):
        waiting.add(LetterKind.REMINDER)
    if alarm_letters.may_be_over(app, session) or alarm_letters.must_wait(app, session):
        waiting.add(LetterKind.ALARM)
    return tuple(waiting)


# --- housekeep -------------------------------------------------------------------------------------------------------


def housekeep(app: App) -> None:
    """Write the alarms and all-clears of the other ticks, and the digest when its hour has come."""
    now = app.clock.now()
    has_looked = app.tried >= {"fetch", "process"}
    clock_is_right = timekeeping.doubt(app) is None
    with app.bench.sessions.begin() as session:
        alarm_letters.tell_troubles(app, session, now)
        due = app.settings.clerk.addresses and digest.is_time(app.settings.clerk, app.calendar, now)
        if due and clock_is_right:
            knows = _knows_what_came(app, session)
            if knows or not _digest_can_wait(app, session, now):
                write_digest(app, session, now, is_complete=knows)
    app.gone_told.set()
    if has_looked:
        app.alarms_hold.set()


def _digest_can_wait(app: App, session: Session, now: datetime) -> bool:
    """Return whether the digest may still wait for the first look into the mailbox: its counts would be yesterday's.

    An hour of this process, or of a mailbox that can't be read (single rounds: each is a process of its own), and not
    beyond its day: it is the heartbeat that people notice.
    """
    if now - app.opened_at >= _DIGEST_WAITS or now.astimezone(SHANGHAI).time() >= _DIGEST_AT_LAST:
        return False
    beat = heartbeats.last_heartbeat(session, "fetch")
    fails = "fetch" in app.tried and beat.failures > 0 and beat.failed_at is not None
    return not (fails and beat.failed_at is not None and now - beat.failed_at >= _DIGEST_WAITS)


# --- running the ticks -----------------------------------------------------------------------------------------------

# In the order of a mail's way.
TICKS: Mapping[str, Tick] = {
    "fetch": fetch,
    "process": process,
    "remind": remind,
    "housekeep": housekeep,
    "deliver": deliver,
    "backup": backups.back_up_nightly,
}
_WORDS = {
    "fetch": "收信",
    "process": "识别",
    "remind": "催报",
    "deliver": "发信",
    "housekeep": "日常维护",
    "backup": "备份",
}


def one_round(app: App, *, on_step: Callable[[str], None] = lambda _words: None) -> IntakeError | None:
    """Run every tick once, in the order of a mail's way. Return the first thing a server or the office did wrong."""
    first: IntakeError | None = None
    for name, tick in TICKS.items():
        on_step(_WORDS[name])
        error = guarded(app, name, tick)
        first = first or error
    return first or timekeeping.trouble(app)
