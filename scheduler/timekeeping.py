"""What the record keeps of the servers' clocks, and whether letters may go: the shell around `skew`.

In: the `App`; the newest letter that was sent, the mails just fetched, the headers of the Sent folder. Out: what speaks
against our clock, or None; a heartbeat "clock" while it is wrong, from which alarm and all-clear are made. The evidence lies in
that row as well, so that a restart does not forget it.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.db import heartbeats
from intake.db.models import HeartbeatRow, OutboxRow, SightingRow
from intake.errors import OfficeError
from intake.letters import post
from intake.witness import SentFolder
from scheduler import alarms, skew
from scheduler.app import App
from scheduler.clock import Steady
from scheduler.skew import Doubt, Evidence, Reading

log = logging.getLogger(__name__)

TICK = "clock"
LAST_LOOK = "last look"  # the row of `heartbeats` that a process hands on to the next
_KEPT_MAILS = 3
_COPY_COMES_S = 600
_STEP_WAITS_S = 3600  # the notice of a step can't be sent: then the others go as if nothing had been


def doubt(app: App) -> Doubt | None:
    """Return what speaks against our clock, None if no letter need be held back; keep the heartbeat accordingly."""
    with app.bench.sessions.begin() as session:
        beat = heartbeats.heartbeat(session, TICK)
        now = _reading(app)
        kept = beat.details or {}
        mails = [_evidence(one) for one in kept.get("mails", ())]
        exact = _evidence(kept["exact"]) if kept.get("exact") else None
        confirmed = _reading_of(kept["confirmed"]) if kept.get("confirmed") else None
        found = skew.doubt(exact, mails, now, confirmed=confirmed)
        if found is None and "stepped" in kept:
            beat.details = {name: one for name, one in kept.items() if name != "stepped"}  # answered
        if found is not None and not found.proved:
            found = found if _may_still_be_answered(app, beat, now) else None
        if found is not None:
            _tell(session, beat, found, now)
        elif beat.failures:
            heartbeats.note_tick(session, TICK, now=now.wall)
            log.warning("action=clock.right")
    return found


def _may_still_be_answered(app: App, beat: HeartbeatRow, now: Reading) -> bool:
    """Return whether a step is waited on: it needs an administrator whose notice asks the server, and an hour at most."""
    kept = dict(beat.details or {})
    since = kept.setdefault("stepped", {"run": now.run, "steady_s": now.steady_s})
    beat.details = kept
    return bool(app.settings.clerk.addresses) and (
        since["run"] == now.run and now.steady_s - since["steady_s"] < _STEP_WAITS_S
    )


def _tell(session: Session, beat: HeartbeatRow, found: Doubt, now: Reading) -> None:
    message = skew.words(found)
    if not beat.failures:
        heartbeats.note_tick_failure(
            session, TICK, now=now.wall, message=message, paused_until=None, permanent=found.proved
        )
        log.warning("action=clock.doubt seconds=%d proved=%s", found.by.total_seconds(), found.proved)
    elif (beat.message, beat.permanent) != (message, found.proved):
        beat.message, beat.permanent = message, found.proved


def letters_that_may_go(app: App) -> frozenset[str] | None:
    """Return the business keys of the only letters that may go, None if all may.

    While our clock is doubted that is the office's notice of it, once. Of a step its 250 tells whether the others may; of a
    clock that is known to be wrong nobody would be told before it is right again.
    """
    found = doubt(app)
    with app.bench.sessions.begin() as session:
        beat = heartbeats.heartbeat(session, TICK)
        kept = beat.details or {}
        if found is None:
            waits = kept.get("stepped") and kept.get("untimed")  # one letter after a step: its copy answers, then more
            return frozenset() if waits else None
        trouble = alarms.Trouble(TICK, beat.failed_at or app.clock.now(), beat.message, permanent=True)
        drafts = alarms.alarm_drafts(trouble, app.settings.clerk, app.clock.now())
        for draft in drafts:
            post(session, draft, stationery=app.bench.stationery, now=app.clock.now())
        return frozenset(draft.key for draft in drafts)


def trouble(app: App) -> OfficeError | None:
    """Return what is wrong with our clock in words, None if nothing is known to be."""
    found = doubt(app)
    return None if found is None or not found.proved else OfficeError(f"{skew.words(found)}。")


def note_letter(app: App, letter: int, answer: str) -> None:
    """Keep the time in the 250 that a letter has just got; without one, remember to ask for its copy."""
    now = _reading(app)
    server_at = skew.time_of_answer(answer)
    with app.bench.sessions.begin() as session:
        beat = heartbeats.heartbeat(session, TICK)
        if server_at is None:
            beat.details = {**(beat.details or {}), "untimed": {**_reading_as_json(now), "letter": letter}}
        else:
            _measured(beat, Evidence(server_at, now))


def _measured(beat: HeartbeatRow, exact: Evidence) -> None:
    """Keep what a server has told. It supersedes the bounds seen before, not what shows the time as well as it does.

    A provider that dates every copy wrong would else raise the same doubt again with the next letter.
    """
    kept = beat.details or {}
    said = {"confirmed": kept["confirmed"]} if kept.get("confirmed") else {}
    mails = [one for one in kept.get("mails", ()) if one.get("fresh")]
    beat.details = {"exact": _as_json(exact), "mails": mails, **said}


def confirm(app: App) -> None:
    """Keep that a person, who looked at another clock, calls ours right. It holds until ours is set or the machine restarts."""
    with app.bench.sessions.begin() as session:
        beat = heartbeats.heartbeat(session, TICK)
        beat.details = {**(beat.details or {}), "confirmed": _reading_as_json(_reading(app))}


def note_mails(app: App, polled_at: datetime) -> None:
    """Keep the dates of the mails that the poll begun at `polled_at` brought, the newest of this process.

    They are bounds of the server's clock, and more where the poll before this one, which got everything, is minutes ago.
    """
    since_s = app.last_read.seconds_since_everything(app.clock.steady())
    fresh = since_s is not None and since_s <= skew.LIMIT.total_seconds()
    with app.bench.sessions.begin() as session:
        dates = session.scalars(
            select(SightingRow.internal_at)
            .where(SightingRow.seen_at == polled_at, SightingRow.internal_at.is_not(None))
            .order_by(SightingRow.id.desc())
            .limit(_KEPT_MAILS)
        ).all()
        if not dates:
            return
        now = _reading(app)
        seen = [_as_json(Evidence(date, now, fresh)) for date in reversed(dates) if date is not None]
        beat = heartbeats.heartbeat(session, TICK)
        kept = beat.details or {}
        beat.details = {**kept, "mails": [*kept.get("mails", ()), *seen][-_KEPT_MAILS:]}


def last_look(app: App) -> Steady | None:
    """Return when the last poll of whatever process read the whole mailbox, None if it did not.

    Single rounds are processes of their own: without it no mail of theirs would be known to have just come, and a doubt that
    a wrongly dated copy raised would not end by itself.
    """
    with app.bench.sessions() as session:
        kept = heartbeats.last_heartbeat(session, LAST_LOOK).details or {}
    return Steady(kept["run"], kept["steady_s"]) if kept else None


def keep_last_look(app: App) -> None:
    """Keep for the next process when this one last read the whole mailbox."""
    looked = app.last_read.everything_at()
    with app.bench.sessions.begin() as session:
        kept = {} if looked is None else {"run": looked.run, "steady_s": looked.seconds}
        heartbeats.heartbeat(session, LAST_LOOK).details = kept


def wants_copy(app: App) -> bool:
    """Return whether the Sent folder has to tell when the newest letter went: its server's 250 had no time."""
    with app.bench.sessions() as session:
        beat = session.get(HeartbeatRow, TICK)
        return beat is not None and bool((beat.details or {}).get("untimed"))


def note_copies(app: App, sent: SentFolder) -> None:
    """Take the time of the newest letter from its copy in the Sent folder."""
    with app.bench.sessions.begin() as session:
        beat = heartbeats.heartbeat(session, TICK)
        kept = dict(beat.details or {})
        untimed = kept.pop("untimed", None)
        row = None if untimed is None else session.get(OutboxRow, untimed["letter"])
        if untimed is None or row is None:
            return
        copy = sent.copy_of(row.reference, row.header_message_id, since=row.created_at)
        if copy is not None:
            _measured(beat, Evidence(copy.at, _reading_of(untimed)))
            return
        now, then = _reading(app), _reading_of(untimed)
        if now.run != then.run or now.steady_s - then.steady_s > _COPY_COMES_S:
            beat.details = kept  # this provider files none: it is not asked for ever


def _reading(app: App) -> Reading:
    steady = app.clock.steady()
    return Reading(app.clock.now(), steady.run, steady.seconds)


def _as_json(evidence: Evidence) -> dict[str, Any]:
    server_at = evidence.server_at.astimezone(UTC).isoformat()
    return {"server_at": server_at, "fresh": evidence.fresh, **_reading_as_json(evidence.ours)}


def _reading_as_json(reading: Reading) -> dict[str, Any]:
    return {"wall": reading.wall.astimezone(UTC).isoformat(), "run": reading.run, "steady_s": reading.steady_s}


def _evidence(kept: dict[str, Any]) -> Evidence:
    return Evidence(datetime.fromisoformat(kept["server_at"]), _reading_of(kept), bool(kept.get("fresh")))


def _reading_of(kept: dict[str, Any]) -> Reading:
    return Reading(datetime.fromisoformat(kept["wall"]), kept["run"], kept["steady_s"])
