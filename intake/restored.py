"""Where the record may not know what went out already, nothing goes to anybody until a person says so.

That is so after a restore, and where a record that was begun anew finds letters of ours in the Sent folder, or the mark
that units were written to: then it is a record that was lost (a disk that is not mounted, a data_dir mistyped), and every
unit would be answered a second time.

In: an open session, what the Sent folder shows, whether the mark is there. Out: rows changed within the caller's
transaction. A letter's Message-ID is a function of what it is for (`compose.new_message_id`), so that a letter that is
written a second time after a restore is found in the provider's Sent folder under its name: then it is sent, and is never
sent again. What is not found there waits for the clerk. Letters to the office itself are not held.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.compose import own_reference
from intake.db.heartbeats import heartbeat, last_heartbeat
from intake.db.models import OutboxRow, SightingRow
from intake.model import TO_THE_OFFICE, LetterKind, OutboxState
from intake.witness import SentFolder

PHASE = "restored"  # OutboxRow.phase of a held letter that the Sent folder has not been asked about
_ENTRY = "restored"  # the row of `heartbeats` that holds the fact
_BEGUN = "begun"  # the row of `heartbeats` that says that the Sent folder was asked whether this record is the first
_NOT_THERE = "恢复后核对：“已发送”里没有这封信，很可能没有发出过"
# the key that a letter's name is made with was lost with the record: the same letter would bear another name
_NO_TELLING = "登记是新建的，无法自动判断这封信是不是已经发过：请到邮箱“已发送”里看一眼再决定"
# a provider that files no copies, or only if the mailbox is set so: then nothing is there, whatever was sent
_NO_COPIES = (
    "恢复后核对不出：“已发送”里找不到本程序发过的信，看不出这封信是不是已经发过。放行可能会重复，请先向收信的单位问一声"
)
_PROOFS = 5  # so many of the newest letters known to be sent are looked for before the folder's silence counts


@dataclass(frozen=True, slots=True)
class Held:
    """Since when new letters wait for a person, and why.

    `past`: so many letters of ours that a new record knows nothing of; `marked`: it lies beside the mark of letters.
    """

    since: datetime
    past: int = 0
    marked: bool = False

    @property
    def lost(self) -> str:
        """What shows that this record stands in the place of one that was lost, in words; "" after a restore."""
        if self.past:
            return f"邮箱“已发送”里有本程序已经发出的 {self.past} 封信"
        return "按这份配置已经给各单位发过信（配置文件旁有 .sent 标记）" if self.marked else ""


def is_unproved(session: Session) -> bool:
    """Return whether this record may be a new one in the place of one that was lost: nothing in it, nobody asked yet."""
    return not last_heartbeat(session, _BEGUN).details and session.scalar(select(SightingRow.id).limit(1)) is None


def begin(session: Session, now: datetime, sent: SentFolder, *, marked: bool) -> Held | None:
    """Given the Sent folder, begin the record: on hold, if letters of ours lie there that it does not know, or if `marked`.

    Its own may: a clerk was told by letter that the mailbox can't be reached. Return why it is on hold, None if it is not.
    """
    names = session.scalars(select(OutboxRow.header_message_id))
    known = [copy for name in names if (copy := sent.named(name)) is not None]
    past = sum(bool(one.mark.strip()) and one not in known for one in sent.headers)
    heartbeat(session, _BEGUN).details = {"since": now.isoformat(), "past": past}
    why = Held(now, past, marked)
    if why.lost and not is_on_hold(session):
        hold(session, why)
    return why if why.lost else None


def hold(session: Session, why: Held) -> int:
    """Given a database that does not know all that went out, hold everything. Return how many letters that is."""
    heartbeat(session, _ENTRY).details = {"since": why.since.isoformat(), "past": why.past, "marked": why.marked}
    waiting = [OutboxState.QUEUED, OutboxState.SENDING, OutboxState.UNCERTAIN]
    held = session.scalars(
        update(OutboxRow)
        .where(OutboxRow.state.in_(waiting))
        .values(state=OutboxState.HELD, phase=PHASE, attempt=0)
        .returning(OutboxRow.id)
    ).all()
    return len(held)


def is_on_hold(session: Session) -> bool:
    """Return whether the office still has to say that letters may go."""
    return bool(last_heartbeat(session, _ENTRY).details)


def held(session: Session) -> Held | None:
    """Return since when and why letters are held, None if they are not."""
    details = last_heartbeat(session, _ENTRY).details
    if not details:
        return None
    return Held(
        datetime.fromisoformat(str(details["since"])), int(details.get("past", 0)), bool(details.get("marked", False))
    )


def end_hold(session: Session) -> bool:
    """Let new letters go again. Return whether they were held."""
    row = heartbeat(session, _ENTRY)
    held, row.details = bool(row.details), None
    return held


def is_held_back(session: Session, kind: LetterKind) -> bool:
    """Return whether a new letter of that kind has to wait."""
    return kind not in TO_THE_OFFICE and is_on_hold(session)


def has_unasked(session: Session) -> bool:
    """Return whether the Sent folder has to be asked about any letter."""
    return session.scalar(select(OutboxRow.id).where(*_UNASKED).limit(1)) is not None


_UNASKED = (OutboxRow.state == OutboxState.HELD, OutboxRow.phase == PHASE)


def resolve(session: Session, witness: SentFolder, *, signing_key: bytes) -> int:
    """Given what the Sent folder shows, mark as sent what is there. Return how many letters that is.

    Of what is not there the clerk is told that it was likely not sent only if the folder is shown to file our letters.
    """
    rows = session.scalars(select(OutboxRow).where(*_UNASKED).order_by(OutboxRow.id).with_for_update()).all()
    copies = {row.id: copy for row in rows if (copy := witness.named(row.header_message_id)) is not None}
    why = held(session)
    if why is not None and why.lost:
        absent = _NO_TELLING
    else:
        absent = _NOT_THERE if copies or _files_copies(session, witness, signing_key) else _NO_COPIES
    for row in rows:
        row.phase = ""
        if row.id not in copies:
            row.answer = absent
        else:
            row.state, row.sent_at = OutboxState.SENT, copies[row.id].at
    session.flush()
    return len(copies)


def _files_copies(session: Session, witness: SentFolder, signing_key: bytes) -> bool:
    """Return whether the folder shows one of the newest letters that are known to be sent, by its name.

    Where none is known (built anew from the archive), any of ours that was named with the present key: with another key,
    what was sent bears a name that is not looked for.
    """
    newest = select(OutboxRow).where(OutboxRow.state == OutboxState.SENT).order_by(OutboxRow.sent_at.desc())
    known = session.scalars(newest.limit(_PROOFS)).all()
    if known:
        return any(witness.named(row.header_message_id) is not None for row in known)
    return any(own_reference(one.mark, key=signing_key) is not None for one in witness.headers)
