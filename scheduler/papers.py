"""What the office is handed: the 汇总表 of this moment, and once a working day the 日报.

In: the `App`, which is read. Out: a workbook at a path; letters in the outbox. What stands in them is computed by
`intake.summary` and `digest`, which know no record; here it is gathered for both from the same places.
"""

import shutil
from contextlib import nullcontext
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake import deliver, outbox_desk
from intake.db import heartbeats, last_mails, queries
from intake.db.models import OutboxRow
from intake.ledger import Ledger
from intake.letters import post
from intake.model import OutboxState, ReminderRecord, UnitName
from intake.roster import Roster
from intake.roster_table import roster_table
from intake.summary import build_summary, write_tables
from intake.summary_matter import Matter, Waiting
from intake.summary_tables import missing
from scheduler import backups, digest
from scheduler.app import App
from scheduler.watching import judged

SHANGHAI = ZoneInfo("Asia/Shanghai")
_INCOMPLETE = "本日报生成时还没有读完邮箱里的新来件，以上数字可能不含最近的来件。"


def write_summary(app: App, path: Path) -> None:
    """Write the 汇总表 of this moment."""
    with app.bench.reading() as session:
        ledger = app.bench.ledgers.read(session)
        reminders = reminders_that_went(app, session)
        waiting = waiting_for_a_person(session)
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


def write_missing(app: App, path: Path) -> int:
    """Write who has not sent what, and whom to call, as of this moment. Return how many units that is."""
    matter = present_matter(app)
    table = missing(matter)
    write_tables(path, (table,), title=matter.campaign.name, generated_at=matter.generated_at)
    return len(table.rows)


def write_roster(app: App, path: Path) -> int:
    """Write the roster in force, to be corrected and given back. Return how many units that is."""
    units, campaign = app.bench.roster.units, app.settings.campaign
    write_tables(path, (roster_table(units, campaign),), title=campaign.name, generated_at=app.clock.now())
    return len(units)


def present_matter(app: App, record: Session | None = None, ledger: Ledger | None = None) -> Matter:
    """Return what the papers of this moment are made of, but for the mails that wait.

    `record`, `ledger`: if it is open, and read, already.
    """
    bench = app.bench
    with nullcontext(record) if record is not None else bench.reading() as session:
        ledger = ledger or bench.ledgers.read(session)
        reminders = reminders_that_went(app, session)
    return Matter(app.settings.campaign, bench.roster, ledger, bench.late_after, reminders, app.clock.now())


def write_digest(app: App, session: Session, now: datetime, *, is_complete: bool = True) -> None:
    """Put the digest of this day into the outbox, unless it lies there: gathering for it reads the whole record.

    `is_complete`: all that lay in the mailbox has been read; if not, the digest says so.
    """
    campaign = app.settings.campaign
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    since = midnight - timedelta(days=1)
    keys = digest.keys(campaign, app.settings.clerk, midnight.date())
    if session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.key.in_(keys))) == len(set(keys)):
        return
    fetched = heartbeats.heartbeat(session, "fetch")
    counted = queries.counts(session)["outbox"]
    ledger = app.bench.ledgers.read(session)
    usage = shutil.disk_usage(app.settings.storage.data_dir)
    drafts = digest.digest_drafts(
        campaign=campaign,
        roster=app.bench.roster,
        ledger=ledger,
        late_after=app.bench.late_after,
        reminders=reminders_that_went(app, session),
        bad_addresses=queries.bad_addresses(session),
        waiting=waiting_for_a_person(session),
        uncollected=last_mails.uncollected(session, app.bench.roster),
        suspended=last_mails.suspended(session, app.bench.roster),
        since=since,
        traffic=queries.traffic(session, since=since),
        health=digest.Health(
            last_poll_at=fetched.ok_at,
            last_error=fetched.message,
            last_backup_at=backups.newest_at(
                app.settings.storage, heartbeats.heartbeat(session, "backup").details, now
            ),
            disk_free_percent=round(100 * usage.free / usage.total),
            held=counted.get(OutboxState.HELD, 0),
            refused=outbox_desk.count_refused(session),
            uncertain=counted.get(OutboxState.UNCERTAIN, 0),
            troubles=(() if is_complete else (_INCOMPLETE,)) + _troubles(app, session, now),
            is_on_server=app.engine.dialect.name != "sqlite",
        ),
        clerk=app.settings.clerk,
        calendar=app.calendar,
        now=now,
    )
    for draft in drafts:
        post(session, draft, stationery=app.bench.stationery, now=now)


def _troubles(app: App, session: Session, now: datetime) -> tuple[str, ...]:
    """Return what is not in order, but not that the server takes no letter: who reads it in a letter knows better.

    The all-clear tells from when to when it was so.
    """
    mute = deliver.refuses_all(session)
    symptoms = judged(app, session, now).symptoms
    return tuple(one.sentence for one in symptoms if not (mute and one.cause == deliver.TICK))


def waiting_for_a_person(session: Session) -> tuple[Waiting, ...]:
    """Return the mails that a person has to look at, in order of arrival."""
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


def reminders_that_went(app: App, session: Session) -> tuple[ReminderRecord, ...]:
    """Return the reminders that units have got."""
    rows = queries.reminder_rows(session, app.settings.campaign)
    return reminder_records(tuple(row for row in rows if row.state == OutboxState.SENT), app.bench.roster)


def reminder_records(rows: tuple[OutboxRow, ...], roster: Roster) -> tuple[ReminderRecord, ...]:
    """Given rows of reminders, return what there was, each under its unit's name of the day.

    A unit that was renamed without its 曾用名 is another one by the roster; that it was reminded is known by its address.
    """
    return tuple(
        ReminderRecord(_reminded(row, roster), tuple(row.forms), row.created_at.astimezone(SHANGHAI).date())
        for row in rows
    )


def _reminded(row: OutboxRow, roster: Roster) -> UnitName:
    name = roster.name_of_the_day(row.unit or "")
    if any(unit.name == name for unit in roster.units):
        return name
    heirs = roster.by_address(row.to_address)
    return UnitName(heirs[0].name) if len(heirs) == 1 else name
