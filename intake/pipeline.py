"""What happens to a mail, top to bottom: the page to show a newcomer.

Stage before: `fetch` has archived the raw bytes and written a row `archived`. Stage after: `deliver` sends what lies in
the outbox. Here, for one message: archived bytes → reading (in the worker) → triage → assessment → drafts → one
transaction that files the message, its submissions and its letters together, or nothing at all.

`examine_mail` is the part without a record: `intake inspect` uses it alone.
"""

import hashlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from intake import outbox_desk, reply
from intake.archive import Archive
from intake.assess import assess
from intake.authentication import authentication
from intake.bounce import bounces
from intake.bugs import frames
from intake.caps import HOUR, answers_to_strangers
from intake.correspondence import Mail, known_for
from intake.db import by_hand, heartbeats, queries
from intake.db.engine import ReadingSession
from intake.db.ledgers import Ledgers
from intake.db.models import MessageRow
from intake.db.trouble import explain
from intake.dossier import Known
from intake.drafting import Incoming
from intake.errors import OfficeError
from intake.junk import as_junk, is_junk_folder
from intake.letters import Stationery, post
from intake.model import (
    Assessment,
    Disposition,
    Draft,
    FormId,
    MailHead,
    MailReading,
    Part,
    PartRole,
    SenderKind,
    Sha256,
    Triage,
)
from intake.read import Begun, read_document, read_mail, read_turn, with_words_below
from intake.roster import Roster
from intake.settings import Settings
from intake.triage import triage
from parsers.isolate import Worker, WorkerUnavailable

log = logging.getLogger(__name__)

STRANGERS = "strangers"  # the heartbeat that says that answers to strangers are held
_WAITS_NOW = "重新识别后转为待核实"  # what the outbox shows of an answer that was stopped
_BEGUN_AT_MOST = 8  # mails half read that are remembered: each may hold some megabytes


@dataclass(frozen=True, slots=True)
class Workbench:
    """Everything that a message needs on its way, opened once (scheduler/app.py).

    `late_after` maps a form to the last instant that is in time; `stopping` is set when the process has to end: what is
    being read then is not filed, because a worker that is closed under it looks like a document that can't be read.
    """

    settings: Settings
    roster: Roster
    stationery: Stationery
    archive: Archive
    worker: Worker
    sessions: sessionmaker[Session]
    late_after: Mapping[FormId, datetime]
    reading: sessionmaker[ReadingSession]
    ledgers: Ledgers
    stopping: threading.Event = field(default_factory=threading.Event)
    owed: set[int] = field(default_factory=set, repr=False)  # messages whose last try is still to be taken back
    begun: dict[int, Begun] = field(default_factory=dict, repr=False)  # messages half read, whose next turn is to come


@dataclass(frozen=True, slots=True)
class Examined:
    """A mail as it was read, who sent it, and what it amounts to."""

    reading: MailReading
    triage: Triage
    assessment: Assessment


def process_message(bench: Workbench, message_id: int, *, now: datetime, one_turn: bool = False) -> Disposition | None:
    """Given the id of an archived message, bring it to its end, or `one_turn` further, and return what it amounts to.

    Return None if it did not come to an end: it no longer waits, its turn is over (then it stands in `bench.begun` and is
    given another one), the process is stopping, or a bug stopped it (then the failure is counted, and after three tries
    the message is set aside for a person).
    """
    with bench.sessions.begin() as session:
        if message_id in bench.owed:
            queries.give_back(session, message_id)
        pending = queries.begin_attempt(session, message_id, now=now)
    bench.owed.discard(message_id)
    if pending is None:
        return None
    try:
        return _process(bench, pending, now, one_turn=one_turn)
    except (OfficeError, WorkerUnavailable):
        _give_back(bench, pending.id)  # the archive or the disk: the message is not at fault, the tick rests
        raise
    except Exception as error:  # a bug of ours must not stop the other mails: counted, kept, then shunted
        if explain(error) is not None:
            _give_back(bench, pending.id)  # the record's disk or a lock: no fault of the message either
            raise
        _count_failure(bench, pending.id, error, now)
        return None


def _process(bench: Workbench, pending: queries.Pending, now: datetime, *, one_turn: bool) -> Disposition | None:
    settings = bench.settings

    # 1. the archived bytes, unpacked and read in the worker; no transaction is open meanwhile
    reading = _read(bench, pending, one_turn=one_turn and len(bench.begun) < _BEGUN_AT_MOST)
    if isinstance(reading, Begun):  # slow documents: its turn is over, the other mails come first
        bench.begun[pending.id] = reading
        _give_back(bench, pending.id)
        return None
    for former in _half_read_before(bench, pending.id, reading.head.from_address):
        process_message(
            bench, former, now=now
        )  # of one sender the former is filed first: an answer is read by its place

    # 2. what the record knows; an answer below our own quoted letter is found by that letter
    with bench.reading() as session:
        ledger = bench.ledgers.read(session)
        mail = Mail(pending.id, pending.arrived_at, reading)
        known = known_for(session, mail, ledger, settings.campaign, bench.roster)
    reading = with_words_below(
        bench.worker,
        reading,
        known.answered_text,
        settings.campaign.forms,
        area_code=settings.office.area_code,
    )

    # 3. person or machine, and what it amounts to
    sender = triage(reading.head, reading, own_addresses=own_addresses(settings))
    assessment = assess(
        reading,
        sender,
        campaign=settings.campaign,
        roster=bench.roster,
        known=known,
        arrived_at=pending.arrived_at,
        own_addresses=own_addresses(settings),
    )
    if is_junk_folder(pending.folder, settings.mailbox):
        address = reading.head.from_address
        known_sender = bool(bench.roster.by_address(address)) or address in known.confirmed_addresses
        known_sender = known_sender and not authentication(reading.head).disowned
        assessment = as_junk(assessment, known_sender=known_sender)

    # 4. the message, its submissions and its letters: together or not at all
    examined = Examined(reading, sender, assessment)
    if bench.stopping.is_set():
        _give_back(bench, pending.id)
        return None
    with bench.sessions.begin() as session:
        _file(session, bench, pending, examined, known, now)
    log.info("action=process.filed message=%d disposition=%s", pending.id, assessment.disposition)
    return assessment.disposition


def _half_read_before(bench: Workbench, message_id: int, address: str) -> list[int]:
    """The mails of the same sender that were archived before and have not had their last turn, oldest first."""
    begun = bench.begun.items()
    return sorted(one for one, half in begun if one < message_id and half.unpacked.head.from_address == address)


def _read(bench: Workbench, pending: queries.Pending, *, one_turn: bool) -> MailReading | Begun:
    """Give a mail its turn, the first or the next; or all that it needs."""
    raw = bench.archive.read(Sha256(pending.sha256))
    begun = bench.begun.pop(pending.id, None)
    forms, area_code = bench.settings.campaign.forms, bench.settings.office.area_code
    reading = read_turn(bench.worker, raw, forms, area_code=area_code, begun=begun)
    while isinstance(reading, Begun) and not one_turn:
        reading = read_turn(bench.worker, raw, forms, area_code=area_code, begun=reading)
    return reading


def _file(
    session: Session, bench: Workbench, pending: queries.Pending, examined: Examined, known: Known, now: datetime
) -> None:
    reading, sender, assessment = examined.reading, examined.triage, examined.assessment
    settings = bench.settings
    queries.file_message(
        session,
        pending.id,
        reading=reading,
        triage=sender,
        assessment=assessment,
        campaign=settings.campaign,
        now=now,
    )
    case = by_hand.settle(session, session.get_one(MessageRow, pending.id), settings.campaign, bench.roster)
    if sender.kind is SenderKind.BOUNCE and not authentication(reading.head).refuted:
        queries.note_bounces(session, bounces(reading), message_id=pending.id, now=now)
    if sender.kind is SenderKind.PERSON and not authentication(reading.head).disowned:
        queries.forgive_address(session, reading.head.from_address)
    # who has sent is not reminded: a reminder that still waits would say that nothing has come
    given = {(one.unit, one.form) for one in assessment.submissions if one.unit is not None}
    outbox_desk.withdraw_reminders(session, {*given, *assessment.no_intent}, called_now=bench.roster.name_of_the_day)
    if case.decisions:
        return  # read again: what a person has in hand is answered by what they decide (`decide`)
    waits = assessment.disposition is Disposition.REVIEW
    if waits and outbox_desk.take_back_answer(session, pending.id, why=_WAITS_NOW):
        return  # read again: its sender has had an answer, and the clerk sees it now
    drafts = reply.answers(
        assessment,
        reading,
        sender,
        incoming=Incoming(pending.id, pending.sha256, pending.arrived_at, now),
        campaign=settings.campaign,
        roster=bench.roster,
        known=known,
        late_after=bench.late_after,
    )
    for draft in drafts:
        flood = _is_flood(session, bench, draft, now)
        if post(session, draft, stationery=bench.stationery, now=now, held=flood) and flood:
            heartbeats.note_tick_failure(session, STRANGERS, now=now, message="", paused_until=None, permanent=True)


def _is_flood(session: Session, bench: Workbench, draft: Draft, now: datetime) -> bool:
    """The circuit breaker: return whether an answer is one too many to addresses that nobody knows.

    Who has been confirmed within the hour is a stranger still: each of a hundred forged forms confirms the address that
    it names.
    """
    roster, sending = bench.roster, bench.settings.sending
    if roster.by_address(draft.to_address):
        return False
    confirmed = queries.confirmed_senders(session, bench.settings.campaign, roster, before=now - HOUR)

    def is_known(address: str) -> bool:
        return bool(roster.by_address(address)) or address in confirmed

    if is_known(draft.to_address):
        return False
    return answers_to_strangers(session, now, is_known=is_known) >= sending.strangers_per_hour


def _give_back(bench: Workbench, message_id: int) -> None:
    """Take back a try, now or, where the record can't be written, before the next one: a full disk shunts no mail."""
    bench.owed.add(message_id)
    try:
        with bench.sessions.begin() as session:
            queries.give_back(session, message_id)
    except DBAPIError as error:
        log.warning("action=process.not_given_back message=%d error=%s", message_id, type(error).__name__)
    else:
        bench.owed.discard(message_id)


def _count_failure(bench: Workbench, message_id: int, error: Exception, now: datetime) -> None:
    where = frames(error)
    log.error("action=process.bug message=%d\n%s", message_id, where)
    with bench.sessions.begin() as session:
        shunted = queries.note_failure(session, message_id, error=where, now=now)
    if shunted:
        log.error("action=process.shunted message=%d", message_id)


# --- without a record ------------------------------------------------------------------------------------------------


def examine_mail(raw: bytes, *, worker: Worker, settings: Settings, roster: Roster) -> Examined:
    """Given a raw mail, return what the program would make of it, knowing nothing of other mails."""
    reading = read_mail(worker, raw, settings.campaign.forms, area_code=settings.office.area_code)
    sender = triage(reading.head, reading, own_addresses=own_addresses(settings))
    return _examined(reading, sender, settings, roster)


def examine_document(data: bytes, name: str, *, worker: Worker, settings: Settings, roster: Roster) -> Examined:
    """Given a bare file, return what the program would make of it as the only attachment of a person's mail."""
    document = read_document(worker, data, name, settings.campaign.forms, area_code=settings.office.area_code)
    part = Part(document.path, name, "", PartRole.ATTACHMENT, len(data), hashlib.sha256(data).hexdigest())
    head = MailHead(message_id="", from_address="", from_name="", to_addresses=(), subject="", date=None)
    reading = MailReading(head, parts=(part,), documents=(document,))
    return _examined(reading, Triage(SenderKind.PERSON, answerable=True, why="bare document"), settings, roster)


def _examined(reading: MailReading, sender: Triage, settings: Settings, roster: Roster) -> Examined:
    arrived_at = reading.head.date or datetime.max.replace(tzinfo=UTC)
    assessment = assess(
        reading,
        sender,
        campaign=settings.campaign,
        roster=roster,
        arrived_at=arrived_at,
        own_addresses=own_addresses(settings),
    )
    return Examined(reading, sender, assessment)


def own_addresses(settings: Settings) -> frozenset[str]:
    """Return the addresses that are the office's own, in lower case: mail from them is our own come back."""
    return frozenset({settings.mailbox.address.lower(), settings.mailbox.login.lower()})
