"""What is said to the sender of one mail: at most one letter, or nothing. Pure.

Stage before: `assess`. Stage after: `letters` (words, bytes, outbox). In: the assessment and what the record knows.
Out: drafts; subject and body are the templates' work.

Rules: never to machines, never for mail that is older than the campaign; an answer goes to From and nowhere else. A From
that is refuted is never answered: the unit's own address on the roster gets a neutral word instead, and hears as well of
a form that somebody else has replaced (`neutral`). Two forms of one mail share one letter of the weightier kind. A form
that came once more without a change is registered only. Where a person must look, the sender gets one neutral line a
thread. The business key of an answer is the mail itself, not the kind of answer, so that no replay ever answers it twice;
the neutral line has a key of its own, because the receipt that follows once a person or a better reader has settled the
matter is wanted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from intake import phrases
from intake.audience import asked_of
from intake.authentication import Verdict, authentication
from intake.dossier import Known
from intake.drafting import Incoming, answer_to
from intake.echo import Echo, Entry, is_unchanged, reply_line, shown
from intake.fault_words import file_text
from intake.model import (
    Assessment,
    CellState,
    Disposition,
    Draft,
    FileProblem,
    FormId,
    LetterKind,
    MailReading,
    PartRole,
    SenderKind,
    StoredSubmission,
    Submission,
    Triage,
    Trust,
    UnitName,
)
from intake.neutral import may_mend, neutral, told_to_the_unit, unit_letter
from intake.roster import Roster
from intake.settings import Campaign, Collection
from intake.triage import is_absence
from parsers.forms import ProblemCode

SHANGHAI = ZoneInfo("Asia/Shanghai")


def answers(
    assessment: Assessment,
    reading: MailReading,
    triage: Triage,
    *,
    incoming: Incoming,
    campaign: Campaign,
    roster: Roster,
    known: Known,
    late_after: Mapping[FormId, datetime],
) -> tuple[Draft, ...]:
    """Given what a mail amounts to, return the letter to its sender, or nothing.

    `late_after` maps a form to the last instant in time. `known.current` must not yet hold this mail's submissions.
    """
    if not may_be_answered(reading, triage, campaign, incoming.arrived_at):
        return ()
    if is_absence(reading):
        return ()  # the clerk sees it; to answer a machine that hides its headers would begin a loop
    proof = authentication(reading.head)
    if proof.refuted:
        return told_to_the_unit(assessment, reading, incoming, campaign, roster)
    match assessment.disposition:
        case Disposition.IGNORED:
            return ()
        case Disposition.REVIEW if not assessment.submissions and phrases.is_absence_note(reading.own_text):
            return ()
        case Disposition.REVIEW:
            address = reading.head.from_address
            familiar = bool(roster.by_address(address)) or address in known.confirmed_addresses
            familiar = familiar or proof.verdict is Verdict.PROVED
            mends = may_mend(reading, known)
            if _was_told_to_wait(reading, known):
                return ()
            return (neutral(assessment, reading, incoming, campaign, familiar=familiar, mends=mends),)
        case _ if _was_told_of_the_file(assessment, reading, known):
            return ()
        case _:
            desk = _Desk(assessment, reading, incoming, campaign, roster, known, late_after)
            return desk.answer()


def _was_told_to_wait(reading: MailReading, known: Known) -> bool:
    """Return whether a mail that brings nothing new but words comes within a day after its sender was told that a person looks.

    A machine that hides its marks answers that letter, too, and each time with the one before for its thread: nothing but
    the address is the same then (seen: eight kinds of bots were written to until the cap). A person has been told.
    """
    words_only = not _brings_a_file(reading, known) and not any(one.document.forms for one in reading.documents)
    return words_only and not known.told.isdisjoint({LetterKind.RECEIVED, LetterKind.QUESTION})


def _was_told_of_the_file(assessment: Assessment, reading: MailReading, known: Known) -> bool:
    """Return whether all that can be said of a mail is that a file of it can't be read, and that was said a day ago at most."""
    forms = any(one.fields for one in assessment.submissions)
    only_files = bool(assessment.file_problems) and not (forms or assessment.no_intent)
    attached = any(part.role is PartRole.ATTACHMENT for part in reading.parts)
    told = not known.told.isdisjoint({LetterKind.UNREADABLE, LetterKind.CORRECTION})
    return only_files and attached and told and not _brings_a_file(reading, known)


def _brings_a_file(reading: MailReading, known: Known) -> bool:
    """Return whether a file is attached that its sender has not sent within the day before."""
    return any(part.role is PartRole.ATTACHMENT and part.sha256 not in known.files for part in reading.parts)


def may_be_answered(reading: MailReading, triage: Triage, campaign: Campaign, arrived_at: datetime) -> bool:
    """Return whether a mail may be answered at all: a person, one well-formed From, not before the campaign."""
    began = arrived_at >= campaign.begins_at
    return triage.answerable and triage.kind is SenderKind.PERSON and bool(reading.head.from_address) and began


@dataclass(frozen=True, slots=True)
class _Desk:
    """One mail with everything that its answer depends on."""

    assessment: Assessment
    reading: MailReading
    incoming: Incoming
    campaign: Campaign
    roster: Roster
    known: Known
    late_after: Mapping[FormId, datetime]

    def answer(self) -> tuple[Draft, ...]:
        groups = self._groups()
        files = self.assessment.file_problems
        declined = self._newly_declined()
        faulty = any(one.problems for group in groups.values() for one in group)
        if not groups and not files and not declined:
            return ()
        if (
            not faulty
            and not files
            and not declined
            and all(self._is_known(key, group) for key, group in groups.items())
        ):
            return ()
        entries = [self._entry(unit, form, group) for (unit, form), group in groups.items()]
        entries += [self._entry(unit, form, ()) for unit, form in declined]
        return (self._draft(self._kind(entries, files, faulty=faulty), entries, files), *self._told_to_the_replaced())

    def _groups(self) -> dict[tuple[UnitName | None, FormId], tuple[Submission, ...]]:
        """The submissions by unit and form; those without any value only give their cell a state (`faults`)."""
        groups: dict[tuple[UnitName | None, FormId], tuple[Submission, ...]] = {}
        for one in self.assessment.submissions:
            if one.fields:
                groups[one.unit, one.form] = (*groups.get((one.unit, one.form), ()), one)
        return groups

    def _newly_declined(self) -> list[tuple[UnitName, FormId]]:
        return [
            (unit, form)
            for unit, form in self.assessment.no_intent
            if not any(old.state is CellState.NO_INTENT for old in self._before(unit, form))
        ]

    def _before(self, unit: UnitName | None, form: FormId) -> tuple[StoredSubmission, ...]:
        return self.known.before(self.incoming.arrived_at, unit, form)

    def _former(self, unit: UnitName | None, form: FormId) -> tuple[StoredSubmission, ...]:
        """The accepted version that is replaced. What is collected at any time replaces nothing."""
        if self.campaign.collection(form).deadline is None or unit is None:
            return ()
        return self.known.accepted_before(self.incoming.arrived_at, unit, form)

    def _is_known(self, key: tuple[UnitName | None, FormId], group: tuple[Submission, ...]) -> bool:
        """Return whether the sender needs no word: nothing is new, or a newer version is in force already."""
        unit, form = key
        if is_unchanged(group, self._former(unit, form), self.campaign.collection(form)):
            return True
        return unit is not None and any(
            one.state is CellState.ACCEPTED
            and (one.unit, one.form) == key
            and one.arrived_at > self.incoming.arrived_at
            and self.campaign.collection(form).deadline is not None
            for one in self.known.current
        )

    def _entry(self, unit: UnitName | None, form: FormId, group: tuple[Submission, ...]) -> Entry:
        """Of two units in one mail, the numbers of the one whose address it is are no secret to it."""
        former = self._former(unit, form) if group else ()
        echo = Echo(
            self.campaign,
            self.reading,
            masked=self._masked(group),
            knows_former=self._knows(former),
            arrived_at=self.incoming.arrived_at,
            late_after=self.late_after,
        )
        return {**echo.entry(form, group, former), "unit": unit or ""}

    def _knows(self, former: tuple[StoredSubmission, ...]) -> bool:
        """Return whether what is replaced is the sender's own, or of the unit whose address on the roster they have."""
        address = self.reading.head.from_address
        units = {unit.name for unit in self.roster.by_address(address)}
        return all(old.from_address == address or old.unit in units for old in former)

    def _told_to_the_replaced(self) -> tuple[Draft, ...]:
        """Return the word to the roster's address of each unit whose form in force somebody else has just replaced.

        A person let it pass (`identify.less_trusted`); who hears of it first, if it was a mistake or a fraud, is the unit
        (facts/reliability.md §3.2). Nothing of the new form is repeated.
        """
        titles: dict[UnitName, list[str]] = {}
        for (unit, form), group in self._groups().items():
            former = self._former(unit, form)
            changed = not is_unchanged(group, former, self.campaign.collection(form))
            if unit and changed and not self._knows(former) and not any(one.problems for one in group):
                titles.setdefault(unit, []).append(self.campaign.collection(form).form.title)
        return tuple(
            unit_letter(unit.addresses[0], UnitName(unit.name), self.incoming, self.campaign, replaced=titles[name])
            for name in titles
            for unit in self.roster.units
            if unit.name == name and unit.addresses
        )

    def _masked(self, submissions: tuple[Submission, ...]) -> bool:
        if authentication(self.reading.head).verdict is Verdict.PROVED:
            return False  # the echo goes where the words came from
        return any(one.trust is Trust.UNKNOWN for one in submissions)

    def _kind(self, entries: list[Entry], files: tuple[FileProblem, ...], *, faulty: bool) -> LetterKind:
        if files and not entries and all(one.problem.code is not ProblemCode.EMPTY for one in files):
            return LetterKind.UNREADABLE
        if files or faulty:
            return LetterKind.CORRECTION
        changed = any(entry["replaced_at"] is not None and not entry["unchanged"] for entry in entries)
        return LetterKind.UPDATE if changed else LetterKind.ACKNOWLEDGEMENT

    def _draft(self, kind: LetterKind, entries: list[Entry], files: tuple[FileProblem, ...]) -> Draft:
        submissions, declined = self.assessment.submissions, self.assessment.no_intent
        units = list(dict.fromkeys([*(one.unit for one in submissions if one.unit), *(unit for unit, _ in declined)]))
        forms = tuple(dict.fromkeys([*(one.form for one in submissions), *(form for _, form in declined)]))
        until = self._until(forms if entries else ())
        context: dict[str, object] = {
            "unit": "、".join(units),
            "received_at": self.incoming.arrived_at.isoformat(),
            "forms": entries,
            "files": [
                {"file": shown(one.file), "code": str(one.problem.code), "text": file_text(one.problem)}
                for one in files
            ],
            "reply_line": reply_line(submissions, self.campaign),
            "reply_until": None if until is None else until.isoformat(),
            "deadline_passed": until is None and self._has_deadline(forms if entries else ()),
            "still_owed": self._still_owed(units[0], forms) if len(units) == 1 else [],
            "masked": self._masked(submissions),
        }
        return answer_to(
            kind,
            f"answer:{self.campaign.id}:{self.incoming.sha256[:32]}",
            context,
            self.reading,
            self.incoming,
            unit=units[0] if len(units) == 1 else None,
            forms=forms,
        )

    def _collections(self, forms: tuple[FormId, ...]) -> list[Collection]:
        """The collections that a request is about: those whose forms want mending; unknown forms may be any."""
        wanting = {one.form for one in self.assessment.submissions if one.problems}
        chosen = wanting or set(forms)
        return [
            one for one in self.campaign.collections if one.deadline is not None and (one.id in chosen or not chosen)
        ]

    def _until(self, forms: tuple[FormId, ...]) -> datetime | None:
        """Return the nearest last instant that is still ahead, as it is printed in the notice."""
        collections = self._collections(forms)
        instants = [_last_instant(one.deadline, one.cutoff) for one in collections if one.deadline is not None]
        return min((instant for instant in instants if instant > self.incoming.now), default=None)

    def _has_deadline(self, forms: tuple[FormId, ...]) -> bool:
        return bool(self._collections(forms))

    def _still_owed(self, name: UnitName, forms: tuple[FormId, ...]) -> list[Entry]:
        """What is asked of the unit and has not come in any shape yet, and what has come and is still to be mended."""
        unit = next((one for one in self.roster.units if one.name == name), None)
        if unit is None:
            return []
        current = [one for one in self.known.current if one.unit == name and one.form not in forms]
        changing = {form for unit_name, form in self.known.pending if unit_name == name and form not in forms}
        mending = {one.form for one in current if one.state is CellState.CORRECTION} | changing
        given = {one.form for one in current if one.form not in mending} | set(forms)
        owed = [
            one
            for one in self.campaign.collections
            if one.id in mending
            or (
                not one.voluntary
                and one.id not in given
                and asked_of(one, unit)
                and (name, one.id) not in self.known.excused
            )
        ]
        return [
            {
                "title": one.form.title,
                "deadline": one.deadline.isoformat(),
                "overdue": _last_instant(one.deadline, one.cutoff) <= self.incoming.now,
                "mending": one.id in mending,
                "in_force": one.id in changing,
            }
            for one in owed
            if one.deadline is not None
        ]


def _last_instant(day: date, cutoff: time) -> datetime:
    """Return the deadline as the notice prints it; whether a mail is late is a milder question (`late_after`)."""
    return datetime.combine(day, cutoff, SHANGHAI)
