"""All that lies on the desk when one mail is judged: the mail, the campaign, the roster, and what the record knows. Pure.

Stage before: `read` and `triage`. Stage after: `assess`, which asks `lay_open` first; `explain` asks it again.
`Known` is the record's part, given by `pipeline`; its defaults are "nothing known", which is what `inspect` works with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from intake import reasons
from intake.authentication import Authentication, authentication
from intake.identify import MailClues, mail_clues
from intake.ledger import Version, in_force_at
from intake.model import CellState, FormId, LetterKind, MailReading, StoredSubmission, Triage, UnitName
from intake.pieces import Sorted, sort_out
from intake.prose import signature_lines
from intake.roster import Roster
from intake.settings import Campaign, Collection
from parsers.forms import FormSpec

# Tried by `python -m tests.understanding --thresholds _SIGNATURE_LINES --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_SIGNATURE_LINES = 8  # of the mail's own text, from below; tried 4: right -4, asked +4; 16: same
_LOSSES = ("cut at", "too many parts", "too deep", "stopped")  # `MailReading.defects` that mean something was not read


@dataclass(frozen=True, slots=True)
class Known:
    """What the record knows that bears on one mail.

    `confirmed_addresses`: address → units of which an accepted submission came from it. `current`: the submissions in
    force, of all units; `versions`: all there are, by unit and form. `excused`: which unit need not send what, because a
    person said so. `pending`: of which a newer form than the one in force waits to be mended. The `answered…` values are
    set when the mail replies to a letter of ours *and* comes from the address that the letter went to: the submissions it
    spoke of (for a reminder: none), its unit, its forms, its text. `answers_unread`: that letter was about a mail of which no
    form was read, such as the word that a person looks. `overtaken`: numbers of those of them since which the
    unit has sent something newer of that form, good or faulty. `told`: what letters went to this very address about mails
    of its own that came within a day before; `files`: what it sent in them, by hash. `copy_of`: the number of the mail
    that came before and is this one, 0 if none.
    """

    confirmed_addresses: Mapping[str, frozenset[UnitName]] = field(default_factory=dict)
    current: tuple[StoredSubmission, ...] = ()
    versions: Mapping[tuple[UnitName, FormId], tuple[Version, ...]] = field(default_factory=dict, repr=False)
    answered: tuple[StoredSubmission, ...] = ()
    answered_unit: UnitName | None = None
    answered_forms: tuple[FormId, ...] = ()
    answered_text: str = ""
    answers_unread: bool = False
    overtaken: frozenset[int] = frozenset()
    excused: frozenset[tuple[UnitName, FormId]] = frozenset()
    pending: frozenset[tuple[UnitName, FormId]] = frozenset()
    told: frozenset[LetterKind] = frozenset()
    files: frozenset[str] = frozenset()
    copy_of: int = 0

    def before(self, arrived_at: datetime, unit: UnitName | None, form: FormId) -> tuple[StoredSubmission, ...]:
        """Return the submissions in force of one unit × form that arrived before, or in the second of, `arrived_at`.

        INTERNALDATE has whole seconds, and mails are judged in their order: of one second's mails the later knows the
        earlier.
        """
        return tuple(
            one for one in self.current if one.unit == unit and one.form == form and one.arrived_at <= arrived_at
        )

    def stood(self, arrived_at: datetime, unit: UnitName | None, form: FormId) -> tuple[StoredSubmission, ...]:
        """Return what was in force of one unit × form when a mail arrived, by which its sender's standing is judged.

        What is found late, or read once more, would else be the first of all beside a newer version, and confirm its sender.
        """
        if unit is None:
            return ()
        return self.before(arrived_at, unit, form) or in_force_at(self.versions.get((unit, form), ()), arrived_at)

    def accepted_before(
        self, arrived_at: datetime, unit: UnitName | None, form: FormId
    ) -> tuple[StoredSubmission, ...]:
        """Return those of `before` that are accepted: what a new version would replace."""
        return tuple(one for one in self.before(arrived_at, unit, form) if one.state is CellState.ACCEPTED)

    def open_from(self, address: str, arrived_at: datetime) -> tuple[StoredSubmission, ...]:
        """Return the submissions from `address` that wait to be mended; none if it is "": two who are nobody are not one."""
        if not address:
            return ()
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

    @property
    def proof(self) -> Authentication:
        """What the provider's checks say of the From address."""
        return authentication(self.reading.head)

    @property
    def nameless(self) -> bool:
        """Whether the mail names nobody as its sender: no From, ``<>``, a group, two addresses. Sender and Reply-To don't
        count (RFC 3834 §4): anybody may speak in a unit's name then. A bare document, which has no head, is not meant.
        """
        return not self.reading.head.from_address and not self.triage.answerable

    @property
    def disbelieved(self) -> str:
        """Why a person must say who speaks here, a sentence for the clerk; "" if the sender may speak for himself."""
        if self.proof.refuted:
            return reasons.REFUTED
        # Whoever writes under our own address proves as little as one who names none: it may be forged, or the clerk's.
        own = self.reading.head.from_address in self.own_addresses
        return reasons.OWN_ADDRESS if own else reasons.NAMELESS if self.nameless else ""

    def spec(self, form: str) -> FormSpec:
        """Return the specification of a form of the campaign."""
        return self.campaign.collection(FormId(form)).form

    @property
    def voluntary(self) -> tuple[Collection, ...]:
        """The collections that may be answered by 无意向: voluntary ones, and those collected at any time."""
        return tuple(one for one in self.campaign.collections if one.voluntary or one.deadline is None)


def lay_open(
    reading: MailReading, triage: Triage, campaign: Campaign, roster: Roster, known: Known, arrived_at: datetime
) -> Dossier:
    """Given a mail and what it is judged by, return all of it sorted, with what the mail as a whole says about the unit."""
    lines = [line for line in reading.own_text.splitlines() if line.strip()]
    clues = mail_clues(
        reading.head,
        signature_lines(lines[-_SIGNATURE_LINES:]),
        roster=roster,
        confirmed=known.confirmed_addresses,
        answered_unit=known.answered_unit,
    )
    pieces = sort_out(reading, campaign.forms, triage.kind)
    return Dossier(reading, triage, campaign, roster, known, arrived_at, pieces, clues)
