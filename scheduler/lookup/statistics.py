"""统计: what the record holds of a campaign, brought to `figures` and put into rows. Stage after: the page and `intake stats`.

In: the `App`. Out: `Numbers` with words beside them. Must not: name a unit or a person.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from intake.db.models import MessageRow, OutboxRow
from intake.model import Disposition, FormId, LetterKind, OutboxState, SenderKind
from intake.roster import Roster
from intake.settings import Collection
from intake.words import DISPOSITION_WORDS, SENDER_WORDS, SHANGHAI
from scheduler.app import App
from scheduler.figures import (
    Arrivals,
    Day,
    Fates,
    Mending,
    Nudge,
    Received,
    Timeliness,
    arrivals,
    fates,
    mending,
    timeliness,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One form with its numbers."""

    collection: Collection
    times: Timeliness
    mending: Mending


@dataclass(frozen=True, slots=True)
class Numbers:
    """The campaign in numbers. `fates` are (words, mails, what is to be said of it); `listed` the days with something."""

    rows: tuple[Row, ...]
    fates: tuple[tuple[str, int, str], ...]
    total: int
    daily: Arrivals
    listed: tuple[Day, ...]
    names: dict[FormId, str]
    reminders: int


def numbers(app: App) -> Numbers:
    """Given the App, return the numbers of its campaign at this moment."""
    campaign, roster = app.settings.campaign, app.bench.roster
    today = app.clock.now().astimezone(SHANGHAI).date()
    with app.bench.reading() as record:
        ledger = app.bench.ledgers.read(record)
        received = _received(record)
        nudges = _nudges(record, campaign.id, roster)
    times = timeliness(campaign, roster, ledger, nudges)
    mended = mending(campaign, ledger, app.calendar)
    found = fates(received, campaign.starts_on)
    daily = arrivals(campaign, received, nudges, today)
    return Numbers(
        rows=tuple(Row(*three) for three in zip(campaign.collections, times, mended, strict=True)),
        fates=tuple(_fate_rows(found)),
        total=found.total,
        daily=daily,
        listed=tuple(one for one in daily.days if one.forms or one.others or one.reminders or one.deadlines),
        names={one.id: one.letter_label or one.form.title for one in campaign.collections},
        reminders=len(nudges),
    )


def days_words(days: float | None) -> str:
    """Given a number of working days, return it in words: 当天, 1 个工作日, 1.5 个工作日."""
    if days is None:
        return "—"
    if days == 0:
        return "当天"
    return f"{days:g} 个工作日"


def _fate_rows(found: Fates) -> list[tuple[str, int, str]]:
    """Return words, number and what is to be said of it; every mail is in one row."""
    ignored = "，".join(f"{_sender_words(kind)} {number}" for kind, number in found.ignored)
    return [
        (DISPOSITION_WORDS[Disposition.ACCEPTED], found.accepted, "材料完整，已登记"),
        (DISPOSITION_WORDS[Disposition.CORRECTION], found.correction, "有缺漏或读不出，须由对方补正"),
        (DISPOSITION_WORDS[Disposition.REVIEW], found.review, "含已经人工处理的"),
        (DISPOSITION_WORDS[Disposition.IGNORED], found.nothing, ignored),
        *([("等待处理", found.waiting, "已存档，尚未识别")] if found.waiting else []),
        *([("处理出错，已搁置", found.shunted, "原件已存档，待人工处理")] if found.shunted else []),
    ]


def _sender_words(kind: str) -> str:
    return SENDER_WORDS[SenderKind(kind)] if kind in (*SenderKind,) else "其他"


def _received(record: Session) -> list[Received]:
    """Return the mails, counted by the hour (of UTC, as the record has it; Shanghai is whole hours away)."""
    hour = func.substr(cast(MessageRow.arrived_at, String), 1, len("2025-05-29 10"))
    kinds = (MessageRow.state, MessageRow.disposition, MessageRow.sender_kind)
    rows = record.execute(select(hour, *kinds, func.count()).group_by(hour, *kinds))
    return [Received(datetime.fromisoformat(f"{at}:00+00:00"), *row) for at, *row in rows]


def _nudges(record: Session, campaign: str, roster: Roster) -> list[Nudge]:
    """Return the reminders that were sent, each under its unit's name of the day; one whose fate is unknown is not counted."""
    rows = record.execute(
        select(OutboxRow.unit, OutboxRow.forms, OutboxRow.sent_at).where(
            OutboxRow.campaign == campaign,
            OutboxRow.kind == LetterKind.REMINDER,
            OutboxRow.state == OutboxState.SENT,
            OutboxRow.sent_at.is_not(None),
        )
    )
    return [
        Nudge(roster.name_of_the_day(unit or ""), tuple(FormId(one) for one in forms), sent_at)
        for unit, forms, sent_at in rows
    ]
