"""What the 汇总表 is made of, and the shape its sheets take on the way to paper. Values only: no row is laid out here.

In: campaign, roster, ledger, the reminders that went out, the messages that wait. Out: `Matter`, which answers what every
sheet asks of it (which units, what is missing, what is past), and `Table` with its columns and entries, which
`summary_tables` fills and `summary` writes. Must not: know a workbook.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from intake.ledger import Ledger
from intake.model import FormId, ReminderRecord, UnitName
from intake.roster import Roster, Unit
from intake.settings import Campaign, Collection
from intake.standing import Mark, Standing, mark_of, units_in_order

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Tone(StrEnum):
    """How a cell is coloured. The words say the same: a printout may be black and white."""

    PLAIN = "plain"
    GOOD = "good"
    MEND = "mend"
    REVIEW = "review"
    WAITING = "waiting"
    OVERDUE = "overdue"
    NEUTRAL = "neutral"
    FAINT = "faint"


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell. Only counts and row numbers are numbers; everything that somebody wrote is text."""

    value: str | int
    tone: Tone = Tone.PLAIN
    picture: bytes = b""  # a JPEG that lies over the cell


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `centered` for short entries of one kind, `width_limit` in digits: beyond it the text wraps."""

    heading: str
    centered: bool = False
    width_limit: int = 22


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: `name` on its tab, `title` and `subtitle` above, `totals` (or none) between them and the columns."""

    name: str
    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    totals: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits for a person. Subject and sender stand in the workbook because it is the clerk's own."""

    id: int
    received_at: datetime
    sender: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Matter:
    """Everything the workbook is made of. `reminders` are those that went out, `waiting` what a person must look at."""

    campaign: Campaign
    roster: Roster
    ledger: Ledger
    late_after: Mapping[FormId, datetime]
    reminders: tuple[ReminderRecord, ...]
    generated_at: datetime
    waiting: tuple[Waiting, ...] = ()

    def units(self) -> list[tuple[UnitName, Unit | None]]:
        """Return the units in roster order, then those that sent something and are not on the roster any more."""
        return list(units_in_order(self.roster, self.ledger).items())

    def mark(self, name: UnitName, unit: Unit | None, collection: Collection) -> Mark:
        """Return how a unit stands with a form."""
        limit_at, cell = self.late_after.get(collection.id), self.ledger.state.cell(name, collection.id)
        return mark_of(cell, unit, collection, limit_at=limit_at, now=self.generated_at)

    def is_missing(self, unit: Unit, collection: Collection) -> bool:
        """Return whether the unit owes the form, has a deadline for it, and nothing at all has come."""
        standing = self.mark(UnitName(unit.name), unit, collection).standing
        return standing in (Standing.MISSING, Standing.OVERDUE)

    def is_past(self, collection: Collection) -> bool:
        """Return whether the form's time is over."""
        limit_at = self.late_after.get(collection.id)
        return limit_at is not None and self.generated_at > limit_at

    def subtitle(self, number: int, counted: str) -> str:
        """Return the line below a title: which notice, when, how many rows."""
        local = self.generated_at.astimezone(SHANGHAI)
        at = f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"
        return f"{self.campaign.name}　{self.campaign.document_number}　截至{at}　共{number}{counted}"
