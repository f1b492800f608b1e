"""Where the record may not know what went out already, nothing goes to anybody until a person says so.

That is so after a restore, and where a record that was begun anew finds letters of ours in the Sent folder, or the mark
that units were written to: then it is a record that was lost (a disk that is not mounted, a data_dir mistyped), and every
unit would be answered a second time. And where letters that bear our key's signature lie in the Sent folder that this record
did not send: then it is older than what went out (an old copy of the database put back by hand), or another program sends
from the same mailbox with a copy of the same data.

In: an open session, what the Sent folder shows, whether the mark is there. Out: rows changed within the caller's
transaction. A letter's Message-ID is a function of what it is for (`compose.new_message_id`), so that a letter that is
written a second time after a restore is found in the provider's Sent folder under its name: then it is sent, and is never
sent again. What is not found there waits for the clerk. Letters to the office itself are not held.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from intake.compose import mark_prefix, own_reference
from intake.db.heartbeats import heartbeat, last_heartbeat
from intake.db.models import OutboxRow, SightingRow
from intake.model import TO_THE_OFFICE, LetterKind, OutboxState
from intake.witness import SentFolder, SentHeader

PHASE = "restored"  # OutboxRow.phase of a held letter that the Sent folder has not been asked about
_ENTRY = "restored"  # the row of `heartbeats` that holds the fact
_BEGUN = "begun"  # the row of `heartbeats` that says that the Sent folder was asked whether this record is the first
_ELSEWHERE = "elsewhere"  # the row of `heartbeats` that holds which letters of another life a person knows of
# what it holds: the newest such letter that a person knows of; that all those of the next look are known; since when it
# can't be asked
_UNTIL, _ANEW, _FAILING = "until", "anew", "failing_since"
_GIVES_UP_AFTER = timedelta(hours=1)  # a Sent folder that can't be read for so long is waited for no more
_NOT_THERE = "已核对：“已发送”里没有这封信，很可能没有发出过"
# the key that a letter's name is made with was lost with the record: the same letter would bear another name
_NO_TELLING = "登记是新建的，无法自动判断这封信是不是已经发过：请到邮箱“已发送”里看一眼再决定"
# a provider that files no copies, or only if the mailbox is set so: then nothing is there, whatever was sent
_NO_COPIES = (
    "核对不出：“已发送”里找不到本程序发过的信，看不出这封信是不是已经发过。放行可能会重复，请先向收信的单位问一声"
)
_PROOFS = 5  # so many of the newest letters known to be sent are looked for before the folder's silence counts


@dataclass(frozen=True, slots=True)
class Held:
    """Since when new letters wait for a person, and why.

    `past`: so many letters of ours that a new record knows nothing of; `marked`: it lies beside the mark of letters.
    `elsewhere`: so many letters of ours that a record did not send; `older`: nor the newest that its directory tells of.
    """

    since: datetime
    past: int = 0
    marked: bool = False
    elsewhere: int = 0
    older: bool = False

    @property
    def lost(self) -> str:
        """What shows that this record stands in the place of one that was lost, in words; "" after a restore."""
        if self.past:
            return f"邮箱“已发送”里有本程序已经发出的 {self.past} 封信"
        return "按这份配置已经给各单位发过信（配置文件旁有 .sent 标记）" if self.marked else ""

    @property
    def strange(self) -> str:
        """What shows that letters went out that this record did not send, and why that may be, in words; else ""."""
        if self.elsewhere:
            return (
                f"邮箱“已发送”里有本程序的 {self.elsewhere} 封信，这份登记里却没有发过：多半是放回了旧的数据库文件，"
                "或者另一台电脑上也在运行同一份数据"
            )
        if self.older:
            return "登记比已经发出的信旧（最后发出的一封，登记里没有发过）：多半是放回了旧的数据库文件"
        return ""


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
    _take_as_known(session)
    why = Held(now, past, marked)
    if why.lost and not is_on_hold(session):
        hold(session, why)
    return why if why.lost else None


def look(session: Session, now: datetime, sent: SentFolder, *, signing_key: bytes) -> Held | None:
    """Given the Sent folder, hold everything if letters of ours lie there that this record did not send. Return why, or None.

    Not for those that a person knows of: what lay there when the record began, and at the first look after a hold was
    ended. The folder must have been listed before `session` began: a letter that leaves meanwhile is known by then.
    """
    beat = heartbeat(session, _ELSEWHERE)
    kept = {name: one for name, one in (beat.details or {}).items() if name != _FAILING}
    beat.details = kept
    if is_on_hold(session):
        return None
    found = _of_another_life(session, sent, signing_key)
    if kept.get(_ANEW):
        newest = max((one.at for one in found), default=None)
        beat.details = {_UNTIL: kept.get(_UNTIL) if newest is None else newest.isoformat()}
        return None
    until = kept.get(_UNTIL)
    news = [one for one in found if until is None or one.at > datetime.fromisoformat(until)]
    if not news:
        return None
    why = Held(now, elsewhere=len(news))
    hold(session, why, in_flight=True)
    return why


def _of_another_life(session: Session, sent: SentFolder, signing_key: bytes) -> list[SentHeader]:
    """Return the letters signed with our key that lie in the Sent folder and that this record has never handed over."""
    signed = [one for one in sent.headers if own_reference(one.mark, key=signing_key) is not None]
    if not signed:
        return []
    rows = session.execute(select(OutboxRow.header_message_id, OutboxRow.claimed_at, OutboxRow.sent_at))
    known = {mark_prefix("", name) for name, claimed_at, sent_at in rows if claimed_at or sent_at}
    return [one for one in signed if f".{one.mark.strip().split('.')[1]}." not in known]


def _take_as_known(session: Session) -> None:
    """Let the next look take for known whatever lies in the Sent folder."""
    beat = heartbeat(session, _ELSEWHERE)
    beat.details = {**(beat.details or {}), _ANEW: True}


def note_unanswered(session: Session, now: datetime) -> None:
    """Keep since when the Sent folder can't be read."""
    beat = heartbeat(session, _ELSEWHERE)
    beat.details = {_FAILING: now.isoformat(), **(beat.details or {})}


def waits_in_vain(session: Session, now: datetime) -> bool:
    """Return whether the Sent folder could not be read for an hour: then no letter waits for it any more."""
    since = (last_heartbeat(session, _ELSEWHERE).details or {}).get(_FAILING)
    return since is not None and not timedelta() <= now - datetime.fromisoformat(str(since)) < _GIVES_UP_AFTER


def hold(session: Session, why: Held, *, in_flight: bool = False) -> int:
    """Given a database that does not know all that went out, hold everything. Return how many letters that is.

    `in_flight`: the one that is being sent goes on; what is known of it is right.
    """
    heartbeat(session, _ENTRY).details = {
        "since": why.since.isoformat(),
        "past": why.past,
        "marked": why.marked,
        "elsewhere": why.elsewhere,
        "older": why.older,
    }
    waiting = [OutboxState.QUEUED, OutboxState.UNCERTAIN] + ([] if in_flight else [OutboxState.SENDING])
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
        datetime.fromisoformat(str(details["since"])),
        int(details.get("past", 0)),
        bool(details.get("marked", False)),
        int(details.get("elsewhere", 0)),
        bool(details.get("older", False)),
    )


def end_hold(session: Session) -> bool:
    """Let new letters go again. Return whether they were held. What lies in the Sent folder is known to a person by now."""
    row = heartbeat(session, _ENTRY)
    held, row.details = bool(row.details), None
    if held:
        _take_as_known(session)
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

    Of what is not there the clerk is told that it was likely not sent only if the folder is shown to file our letters. While
    all is held the others that wait are looked for as well: another program may still be sending them.
    """
    asked = [*_UNASKED] if not is_on_hold(session) else [_UNASKED[0], or_(_UNASKED[1], OutboxRow.claimed_at.is_(None))]
    rows = session.scalars(select(OutboxRow).where(*asked).order_by(OutboxRow.id).with_for_update()).all()
    copies = {row.id: copy for row in rows if (copy := witness.named(row.header_message_id)) is not None}
    why = held(session)
    if why is not None and why.lost:
        absent = _NO_TELLING
    else:
        absent = _NOT_THERE if copies or _files_copies(session, witness, signing_key) else _NO_COPIES
    for row in rows:
        unasked, row.phase = row.phase == PHASE, ""
        if row.id not in copies:
            row.answer = absent if unasked else row.answer
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
