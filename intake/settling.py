"""What a sender is told because a person has decided, written into the outbox or stopped there.

In: an open session, the message, the case as it counts now, the mail's reading (made before the transaction began). Out:
drafts by `reply`, as if the mail had been so on arrival; letters posted and stopped. Stage before: `decide`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.policy import default as modern_policy

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import outbox_desk, reply
from intake.authentication import authentication
from intake.cases import message
from intake.correspondence import Mail, known_for
from intake.db import by_hand, queries
from intake.db.models import MessageRow, OutboxRow, PartRow, SubmissionRow
from intake.decisions import Decision
from intake.drafting import Incoming
from intake.errors import OfficeError
from intake.identify import less_trusted, trust_of
from intake.letters import post
from intake.merge import says_the_same
from intake.model import (
    Assessment,
    CellState,
    DecisionKind,
    Disposition,
    Draft,
    FileProblem,
    LetterKind,
    MailReading,
    OutboxState,
    PartPath,
    PartReading,
    PartRole,
    Sha256,
    StoredSubmission,
    Submission,
    UnitName,
)
from intake.pipeline import Workbench, own_addresses
from intake.read import unpack_mail
from intake.triage import triage
from parsers.codec import from_json
from parsers.forms import DocumentReading, Problem, ProblemCode
from parsers.isolate import WorkerUnavailable

_STOPPABLE = (OutboxState.HELD, OutboxState.QUEUED, OutboxState.FAILED)
_KEYS_TRIED = 100  # how often the answer to one mail is stopped and written anew


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that a decision causes, or stops. `key` is its business key, `body` its plain text."""

    id: int
    key: str
    kind: LetterKind
    to_address: str
    subject: str
    body: str
    state: OutboxState


def reading_of(bench: Workbench, message_id: int, *, answers: bool) -> MailReading | None:
    """Return the mail as it was read: its head anew from the archive, its documents as they are stored.

    `answers`: it is wanted for the one answer to the mail; None if that has gone out already, so that nobody waits for the
    worker (it may be looking at a scan). Raise OfficeError if no worker can be started.
    """
    with bench.reading() as session:
        sha256 = message(session, message_id).sha256
        if answers and _has_gone(session, _free_key(session, _answer_key(bench, sha256))):
            return None
        rows = session.scalars(select(PartRow).where(PartRow.message_id == message_id).order_by(PartRow.id)).all()
        documents = tuple(
            PartReading(PartPath(row.path), PartRole(row.role), from_json(DocumentReading, row.reading))
            for row in rows
            if row.reading is not None
        )
    raw = bench.archive.read(Sha256(sha256))
    try:
        return unpack_mail(bench.worker, raw, documents)
    except WorkerUnavailable as error:
        raise OfficeError(
            "读取程序起不来，暂时不能办理。没有改动。请重启程序，或运行 intake check 查看原因。"
        ) from error


def drafts_for(
    session: Session,
    bench: Workbench,
    row: MessageRow,
    decision: Decision,
    case: by_hand.Judged,
    reading: MailReading,
    now: datetime,
) -> tuple[Draft, ...]:
    """Return what its sender is told: of what is sent back at once; of the rest when nothing waits any more.

    A refuted sender is told nothing, and neither is the unit whose name was used: it was told when the mail came.
    """
    if authentication(reading.head).refuted:
        return ()
    drafts: tuple[Draft, ...] = ()
    if decision.kind is DecisionKind.RETURN:
        chosen = [one for one in case.now if one.ordinal == decision.ordinal]
        number = sum(one.kind == DecisionKind.RETURN for one in by_hand.decision_rows(session, row.sha256))
        key = f"return:{bench.settings.campaign.id}:{row.sha256[:32]}:{number}"
        asked = _answer(session, bench, row, chosen, reading, now, note=decision.note)
        drafts = tuple(replace(one, key=key) for one in asked)
    if not row.review_open:
        last = {one.ordinal: one.kind for one in case.decisions}
        rest = [one for one in case.now if last.get(one.ordinal) is not DecisionKind.RETURN]
        answer = _answer(session, bench, row, rest, reading, now) if rest else ()
        drafts += tuple(replace(one, key=_free_key(session, one.key)) for one in answer)
    return drafts


def _answer(
    session: Session,
    bench: Workbench,
    row: MessageRow,
    submissions: Iterable[StoredSubmission],
    reading: MailReading,
    now: datetime,
    *,
    note: str = "",
) -> tuple[Draft, ...]:
    """Return the answer that these submissions would have got on arrival, had they been what they are now.

    `note`: why what was read nothing of is to be sent again.
    """
    settings, roster = bench.settings, bench.roster
    campaign = settings.campaign
    ledger = queries.load_ledger(session, campaign, roster, bench.late_after, without=row.id)
    known = known_for(session, Mail(row.id, row.arrived_at, reading), ledger, campaign, roster, without=row.id)
    sources = dict(
        session.execute(
            select(SubmissionRow.ordinal, SubmissionRow.source).where(SubmissionRow.message_id == row.id)
        ).all()
    )
    told = [replace(one, unit=one.unit and UnitName(roster.name_of_the_day(one.unit))) for one in submissions]
    filled = tuple(
        Submission(
            form=one.form,
            unit=one.unit,
            fields=one.fields,
            problems=one.problems,
            attachment=one.attachment,
            source=PartPath(sources[one.ordinal]),
            trust=trust_of(reading.head.from_address, one.unit, roster=roster, confirmed=known.confirmed_addresses),
            notes=one.notes,
        )
        for one in told
        if one.state is not CellState.NO_INTENT
    )
    files = _sent_again(reading, filled, note) if note else ()
    faulty = bool(files) or any(one.problems for one in filled)
    assessment = Assessment(
        Disposition.CORRECTION if faulty else Disposition.ACCEPTED,
        (),
        submissions=filled,
        file_problems=files,
        no_intent=tuple((one.unit, one.form) for one in told if one.state is CellState.NO_INTENT and one.unit),
    )
    return reply.answers(
        assessment,
        reading,
        triage(reading.head, reading, own_addresses=own_addresses(settings)),
        incoming=Incoming(row.id, row.sha256, row.arrived_at, now),
        campaign=campaign,
        roster=roster,
        known=known,
        late_after=bench.late_after,
    )


def may_not_replace(
    session: Session, bench: Workbench, row: MessageRow, one: StoredSubmission, unit: UnitName, reading: MailReading
) -> bool:
    """Return whether a form, if it is this unit's, would replace one that its sender may not replace unseen.

    The same rule as when a mail is judged (`assess`): who says whose a form is has not yet said that it is to count.
    """
    campaign, roster = bench.settings.campaign, bench.roster
    if campaign.collection(one.form).deadline is None:
        return False
    ledger = queries.load_ledger(session, campaign, roster, bench.late_after, without=row.id)
    known = known_for(session, Mail(row.id, row.arrived_at, reading), ledger, campaign, roster, without=row.id)
    former = known.stood(row.arrived_at, unit, one.form)
    if says_the_same(campaign.collection(one.form).form, one.fields, former):
        return False
    address, confirmed = reading.head.from_address, known.confirmed_addresses
    trust = trust_of(address, unit, roster=roster, confirmed=confirmed)
    proof = authentication(reading.head)
    return less_trusted(trust, address, former, proof=proof, roster=roster, confirmed=confirmed)


def _sent_again(reading: MailReading, filled: tuple[Submission, ...], note: str) -> tuple[FileProblem, ...]:
    """Return what is to be sent again because nothing was read of it."""
    if any(one.fields for one in filled):
        return ()
    names = [one.attachment for one in filled if one.attachment]
    names = names or [part.name for part in reading.parts if part.role is PartRole.ATTACHMENT and part.name]
    problem = Problem(ProblemCode.RETURNED, given=note)
    return tuple(FileProblem(problem, name) for name in dict.fromkeys(names)) or (FileProblem(problem),)


def _answer_key(bench: Workbench, sha256: str) -> str:
    """Return the business key of the answer to a mail, as `reply` makes it (a test holds the two together)."""
    return f"answer:{bench.settings.campaign.id}:{sha256[:32]}"


def _has_gone(session: Session, key: str) -> bool:
    state = session.scalar(select(OutboxRow.state).where(OutboxRow.key == key))
    return state is not None and state not in _STOPPABLE


def _free_key(session: Session, key: str) -> str:
    """Return the business key of the answer to a mail, another one if the letters under it were stopped, never sent."""
    candidates = [key, *(f"{key}:{number}" for number in range(2, _KEYS_TRIED))]
    states = dict(session.execute(select(OutboxRow.key, OutboxRow.state).where(OutboxRow.key.in_(candidates))).all())
    return next((one for one in candidates if states.get(one) != OutboxState.CANCELLED), key)


def posted(session: Session, bench: Workbench, draft: Draft, now: datetime) -> Letter | None:
    """Given a draft, put the letter into the outbox and return it; None if it lies there already."""
    if not post(session, draft, stationery=bench.stationery, now=now):
        return None
    row = session.scalars(select(OutboxRow).where(OutboxRow.key == draft.key)).one()
    return _letter(row)


def _letter(row: OutboxRow) -> Letter:
    body = message_from_bytes(row.raw, policy=modern_policy).get_body(("plain",))
    text = "" if body is None else str(body.get_content())
    return Letter(row.id, row.key, LetterKind(row.kind), row.to_address, row.subject, text, OutboxState(row.state))


def stop_letters(session: Session, keys: Iterable[str]) -> tuple[tuple[Letter, ...], tuple[Letter, ...]]:
    """Stop what has not gone out. Return what was stopped, and what can't be."""
    rows = session.scalars(select(OutboxRow).where(OutboxRow.key.in_(list(keys))).order_by(OutboxRow.id)).all()
    waiting = [row.id for row in rows if row.state in _STOPPABLE]
    outbox_desk.cancel(session, waiting)
    for row in rows:
        session.refresh(row)
    stopped = tuple(_letter(row) for row in rows if row.id in waiting and row.state == OutboxState.CANCELLED)
    return stopped, tuple(_letter(row) for row in rows if row.state != OutboxState.CANCELLED)


def stop_overtaken(
    session: Session, row: MessageRow, decision: Decision, before: by_hand.Judged
) -> tuple[tuple[Letter, ...], dict[str, str]]:
    """Stop the letters about a mail that wait to go out and are true no more. Return them, and by key the state they had.

    The answer that would repeat a value which was just changed, the request to mend what has just been mended, the word
    that a person looks when a person has looked.
    """
    returned = {
        one.id
        for one in before.decisions
        if one.kind is DecisionKind.RETURN and decision.ordinal in (None, one.ordinal)
    }
    keys = {
        key for one in by_hand.decision_rows(session, row.sha256) if one.id in returned for key in one.values["letters"]
    }
    waiting = session.scalars(
        select(OutboxRow).where(OutboxRow.cause_id == row.id, OutboxRow.state.in_(_STOPPABLE)).order_by(OutboxRow.id)
    ).all()
    neutral = (LetterKind.RECEIVED, LetterKind.QUESTION)
    overtaken = {
        one.key: one.state
        for one in waiting
        if one.key in keys or not (one.key.startswith("return:") or (row.review_open and one.kind in neutral))
    }
    stopped, _ = stop_letters(session, overtaken)
    return stopped, {key: overtaken[key] for key in overtaken if key in {one.key for one in stopped}}


def let_go_again(session: Session, states: dict[str, str]) -> tuple[Letter, ...]:
    """Given the letters that a decision had stopped, by key, let them wait again as they did: it was undone."""
    rows = session.scalars(
        select(OutboxRow).where(OutboxRow.key.in_(states), OutboxRow.state == OutboxState.CANCELLED)
    ).all()
    for row in rows:
        row.state = states[row.key]
    return tuple(_letter(row) for row in rows)
