"""The alarms and all-clears in the outbox: which are written, which give way to newer ones, which may be over. The shell of
`alarms`.

In: the `App`, an open session. Out: letters to the office. Of one cause at most one letter waits, the newest: after a
stop, or a day without a server, the clerk reads how it is, not how it was. Of one cause one alarm an hour
(facts/reliability.md §3.2): what comes and goes every few minutes would drown all else; what outlasts the hour is told.
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import deliver, restored
from intake.caps import HOUR
from intake.db import changes, condition, heartbeats
from intake.db.models import HeartbeatRow, OutboxRow
from intake.letters import post
from intake.model import Draft, LetterKind, OutboxState
from intake.outbox_desk import withdraw_alarms
from intake.pipeline import STRANGERS
from intake.standing import units_in_order
from scheduler import alarms
from scheduler.app import App

_CLOCKS_MAY_STEP = timedelta(minutes=10)
_ROSTER = "roster"  # the rows of `heartbeats` that hold which units, forms and campaigns are known to be gone
_FORMS = "forms"
_CAMPAIGN = "campaign"
_UNITS = "units"  # the row of `heartbeats` that holds how many units the roster in force has
_SHOWN = 10


def tell_troubles(app: App, session: Session, now: datetime) -> None:
    """Write what is to be told of the ticks, of mails that are too large, of a record that was lost."""
    heartbeats.forget_trouble(
        session, STRANGERS, since_before=now - HOUR
    )  # a flood that goes on is a new one each hour
    for beat in session.scalars(select(HeartbeatRow)).all():
        _tell_trouble(app, session, beat, now)
    _tell_too_large(app, session, now)
    _tell_lost_record(app, session, now)
    if not app.gone_told.is_set():
        _tell_gone_units(app, session, now)
        _tell_short_roster(app, session, now)
        _tell_gone_forms(app, session, now)
        _tell_gone_campaign(app, session, now)


def may_be_over(app: App, session: Session) -> bool:
    """Return whether an alarm waits that another process wrote, and this one has not looked yet whether it is still true."""
    if app.alarms_hold.is_set():
        return False
    waits = select(OutboxRow.id).where(
        OutboxRow.kind == LetterKind.ALARM,
        OutboxRow.state == OutboxState.QUEUED,
        OutboxRow.created_at < app.opened_at,
    )
    return session.scalar(waits.limit(1)) is not None


def must_wait(app: App, session: Session) -> bool:
    """Return whether alarms wait because one of them says that nothing can be sent: once it can go, it is no longer true.

    Another letter has to show first that the server takes letters again; then the all-clear, which says from when to when
    it was, takes its place. If nothing else waits the alarm goes, or nobody would ever ask the server.
    """
    beat = heartbeats.last_heartbeat(session, deliver.TICK)
    if beat.failed_at is None:
        return False
    trouble = alarms.Trouble(beat.tick, beat.failed_at, "", permanent=beat.permanent)
    raised = [alarms.alarm_key(trouble, address) for address in app.settings.clerk.addresses]
    queued = select(OutboxRow.id).where(OutboxRow.state == OutboxState.QUEUED)
    if session.scalar(queued.where(OutboxRow.key.in_(raised)).limit(1)) is None:
        return False
    if not beat.failures:
        return True  # it is over: the next look puts the all-clear in its place
    others = queued.where(OutboxRow.kind != LetterKind.ALARM)
    return deliver.refuses_all(session) and session.scalar(others.limit(1)) is not None


def _tell_trouble(app: App, session: Session, beat: HeartbeatRow, now: datetime) -> None:
    """Write the alarm of a tick that fails, or the all-clear of one that failed long enough to be told."""
    if beat.failed_at is None:
        return
    clerk = app.settings.clerk
    trouble = alarms.Trouble(beat.tick, beat.failed_at, beat.message, permanent=beat.permanent)
    if beat.failures:
        _raise(app, session, trouble, now)
        return
    raised = [alarms.alarm_key(trouble, address) for address in clerk.addresses]
    if session.scalar(select(OutboxRow.id).where(OutboxRow.key.in_(raised)).limit(1)) is not None:
        _post(app, session, trouble, alarms.all_clear_drafts(trouble, clerk, beat.ok_at or now), now)


def _tell_too_large(app: App, session: Session, now: datetime) -> None:
    """Write an alarm whenever a mail that is too large is seen for the first time; its end is a clerk's own doing."""
    seen_at = condition.too_large(session, app.settings.mailbox.address).seen_at
    if seen_at is not None:
        _raise(app, session, alarms.Trouble("oversize", seen_at, "", permanent=True), now)


def _tell_lost_record(app: App, session: Session, now: datetime) -> None:
    """Write an alarm of a record that was begun in the place of a lost one, or that did not send what went out, once.

    Its end is a person's own doing.
    """
    why = restored.held(session)
    if why is not None and why.strange:
        _raise(app, session, alarms.Trouble("elsewhere", why.since, why.strange, permanent=True), now)
    if why is not None and why.lost:
        _raise(app, session, alarms.Trouble("held", why.since, f"登记里什么也没有，而{why.lost}", permanent=True), now)


def _tell_gone_units(app: App, session: Session, now: datetime) -> None:
    """Write an alarm, and a line of the audit each, for units that have sent something and that the roster in force lacks.

    A roster comes into force by being saved, and a row that was deleted by mistake takes its unit out of every count.
    """
    units = units_in_order(app.bench.roster, app.bench.ledgers.read(session))
    news = _newly_gone(session, _ROSTER, [str(name) for name, unit in units.items() if unit is None])
    if not news:
        return
    for name in news:
        changes.note(session, who="程序", action="unit gone", subject=f"unit {name}", now=now)
    shown = "、".join(news[:_SHOWN]) + (f"等 {len(news)} 个单位" if len(news) > _SHOWN else "")
    message = f"名册中已没有{shown}，但{'它' if len(news) == 1 else '它们'}已有报送"
    _raise_at_once(app, session, alarms.Trouble(_ROSTER, now, message, permanent=True), now)


def _tell_short_roster(app: App, session: Session, now: datetime) -> None:
    """Write an alarm if the roster in force has fewer units than the one before, by two and a tenth at least.

    A file that was cut in the middle while it was written is a roster like any other; who is not in it is never missed.
    """
    beat, there = heartbeats.heartbeat(session, _UNITS), len(app.bench.roster.units)
    before = int((beat.details or {}).get("count", there))
    if there != before or not beat.details:
        beat.details = {"count": there}
    if before - there < max(2, before // 10):
        return
    changes.note(session, who="程序", action="roster short", subject="roster", now=now)
    message = f"名册原有 {before} 个单位，现在只有 {there} 个"
    _raise_at_once(app, session, alarms.Trouble(_UNITS, now, message, permanent=True), now)


def _tell_gone_forms(app: App, session: Session, now: datetime) -> None:
    """Write an alarm for forms that units have sent and that the notice in config.toml has no more.

    The id of a form that somebody "put in order" takes all that has been sent of it out of every count, and 0 of 76 looks
    like a first day.
    """
    campaign = app.settings.campaign
    known = {str(one.id) for one in campaign.collections}
    sent = Counter(str(one.form) for one in app.bench.ledgers.read(session).submissions)
    news = _newly_gone(session, _FORMS, [form for form in sorted(sent) if form not in known])
    if not news:
        return
    for form in news:
        changes.note(session, who="程序", action="form gone", subject=f"form {form}", now=now)
    told = "；".join(f"配置中已没有 id 为 {form} 的表，但已收到 {sent[form]} 份" for form in news)
    _raise_at_once(app, session, alarms.Trouble(_FORMS, now, told, permanent=True), now)


def _tell_gone_campaign(app: App, session: Session, now: datetime) -> None:
    """Write an alarm if what has been sent since the campaign began was sent under another id of it."""
    campaign = app.settings.campaign
    sent = condition.sent_under_other_ids(session, campaign)
    news = _newly_gone(session, _CAMPAIGN, list(sent))
    if not news:
        return
    for name in news:
        changes.note(session, who="程序", action="campaign gone", subject=f"campaign {name}", now=now)
    told = "；".join(f"以 id {name} 收到过 {sent[name]} 份" for name in news)
    message = f"配置中这次收集的 id 现在是 {campaign.id}，而从 {campaign.starts_on:%Y-%m-%d} 起{told}"
    _raise_at_once(app, session, alarms.Trouble(_CAMPAIGN, now, message, permanent=True), now)


def _newly_gone(session: Session, name: str, gone: list[str]) -> list[str]:
    """Return what of `gone` was not told yet. Each is told once; what is known already stands in the record."""
    beat = heartbeats.heartbeat(session, name)
    known = (beat.details or {}).get("gone", [])
    if gone != known:
        beat.details = {"gone": gone}
    return [one for one in gone if one not in known]


def _raise_at_once(app: App, session: Session, trouble: alarms.Trouble, now: datetime) -> None:
    _post(app, session, trouble, alarms.alarm_drafts(trouble, app.settings.clerk, now), now)


def _raise(app: App, session: Session, trouble: alarms.Trouble, now: datetime) -> None:
    """Write the alarm, unless one of the same cause was written in the last hour: then it is written when that is over."""
    raised = session.scalar(
        select(OutboxRow.id)
        .where(
            OutboxRow.key.startswith(alarms.cause_of(trouble.tick), autoescape=True),
            OutboxRow.key.contains(":raised:", autoescape=True),
            OutboxRow.created_at > now - HOUR,
            OutboxRow.created_at <= now + _CLOCKS_MAY_STEP,  # later ones are of a clock that was fast
        )
        .limit(1)
    )
    if raised is None:
        _raise_at_once(app, session, trouble, now)


def _post(app: App, session: Session, trouble: alarms.Trouble, drafts: tuple[Draft, ...], now: datetime) -> None:
    for draft in drafts:
        if post(session, draft, stationery=app.bench.stationery, now=now):
            withdraw_alarms(session, alarms.cause_of(trouble.tick), draft.to_address, but=draft.key)
