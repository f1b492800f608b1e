"""All that lies on the desk when one mail is judged: the mail, the campaign, the roster, and what the record knows.

`Known` is the record's part, given by `pipeline`; its defaults are "nothing known", which is what `inspect` works with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from intake.identify import MailClues
from intake.model import CellState, FormId, MailReading, StoredSubmission, Triage, UnitName
from intake.pieces import Sorted
from intake.roster import Roster
from intake.settings import Campaign, Collection
from parsers.forms import FormSpec

_LOSSES = ("cut at", "too many parts", "too deep", "stopped")  # `MailReading.defects` that mean something was not read


@dataclass(frozen=True, slots=True)
class Known:
    """What the record knows that bears on one mail.

    `confirmed_addresses`: address → units of which an accepted submission came from it. `current`: the submissions in
    force, of all units. The `answered…` values are set when the mail replies to a letter of ours *and* comes from the
    address that the letter went to: the submissions it spoke of (for a reminder: none), its unit, its forms, its text.
    """

    confirmed_addresses: Mapping[str, frozenset[UnitName]] = field(default_factory=dict)
    current: tuple[StoredSubmission, ...] = ()
    answered: tuple[StoredSubmission, ...] = ()
    answered_unit: UnitName | None = None
    answered_forms: tuple[FormId, ...] = ()
    answered_text: str = ""

    def before(self, arrived_at: datetime, unit: UnitName | None, form: FormId) -> tuple[StoredSubmission, ...]:
        """Return the submissions in force of one unit × form that arrived before, or in the second of, `arrived_at`.

        INTERNALDATE has whole seconds, and mails are judged in their order: of one second's mails the later knows the
        earlier.
        """
        return tuple(
            one for one in self.current if one.unit == unit and one.form == form and one.arrived_at <= arrived_at
        )

    def accepted_before(
        self, arrived_at: datetime, unit: UnitName | None, form: FormId
    ) -> tuple[StoredSubmission, ...]:
        """Return those of `before` that are accepted: what a new version would replace."""
        return tuple(one for one in self.before(arrived_at, unit, form) if one.state is CellState.ACCEPTED)

    def open_from(self, address: str, arrived_at: datetime) -> tuple[StoredSubmission, ...]:
        """Return the submissions from `address` that wait to be mended."""
        return tuple(
            one
            for one in self.current
            if one.state is CellState.CORRECTION and one.from_address == address and one.arrived_at <= arrived_at
        )


@dataclass(frozen=True, slots=True)
class Dossier:
    """One mail and everything by which it is judged."""

    reading: MailReading
    triage: Triage
    campaign: Campaign
    roster: Roster
    known: Known
    arrived_at: datetime
    sorted: Sorted
    clues: MailClues
    own_addresses: frozenset[str] = frozenset()  # the office's, in lower case

    @property
    def is_cut(self) -> bool:
        """Whether `mime` met a limit: an attachment may be missing, so its absence says nothing."""
        return any(sign in defect for defect in self.reading.defects for sign in _LOSSES)

    def spec(self, form: str) -> FormSpec:
        """Return the specification of a form of the campaign."""
        return self.campaign.collection(FormId(form)).form

    @property
    def voluntary(self) -> tuple[Collection, ...]:
        """The collections that may be answered by 无意向: voluntary ones, and those collected at any time."""
        return tuple(one for one in self.campaign.collections if one.voluntary or one.deadline is None)
