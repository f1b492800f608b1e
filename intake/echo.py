"""What a letter repeats of a submission: plain dictionaries for the templates, masked where the sender is not known. Pure.

Stage before: `assess`. Stage after: `reply` puts the entries into a letter. Numbers and addresses of mail are repeated
in full only to addresses on the roster, confirmed before or proved (`authentication`); to others as 139****5678, and
free text not at all, because a From address can be forged and an echo would carry a stranger's words to it
(facts/reliability.md §3.2).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from intake.fault_words import file_text, problem_text
from intake.merge import differences
from intake.model import FormId, MailReading, StoredSubmission, Submission
from intake.settings import Campaign, Collection
from intake.words import masked
from parsers.forms import DocumentReading, FieldReading, FieldSpec, FieldType, FormKind, Problem, ProblemCode
from parsers.text import clean, fold

SHANGHAI = ZoneInfo("Asia/Shanghai")
Entry = dict[str, object]

_LIMIT = 40  # characters of a name or a file name that a letter repeats
_TEXT_LIMIT = 80  # characters of an address or a summary, to a known sender
_LABEL_EDGE = " \u3000:\uff1a*"  # 手机： is named 手机
_HAN_BLANK = re.compile("(?<=[\u3400-\u9fff])\\s+(?=[\u3400-\u9fff])|\n")
_WITHHELD = "（已登记）"
_BLANK = "（空）"
_REPEATED_TO_ANYBODY = frozenset(
    {FieldType.UNIT, FieldType.PERSON, FieldType.GENDER, FieldType.POSITION, FieldType.YESNO, FieldType.TITLE}
)
_NUMBERS = frozenset({FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL})
# What the sender may mend by a line of text; the rest of the codes is not asked for.
ASKED_FOR = frozenset({ProblemCode.MISSING, ProblemCode.INVALID, ProblemCode.UNREADABLE})


@dataclass(frozen=True, slots=True)
class Echo:
    """How the entries of one unit are made: for which campaign and mail, and whether masked.

    `knows_former`: what is replaced is the reader's own, or their unit's; others are not shown a word of it.
    """

    campaign: Campaign
    reading: MailReading
    masked: bool
    knows_former: bool
    arrived_at: datetime
    late_after: Mapping[FormId, datetime]

    def entry(self, form: FormId, submissions: tuple[Submission, ...], former: tuple[StoredSubmission, ...]) -> Entry:
        """Given all submissions of one form and what they replace, return what a letter says of the form."""
        collection = self.campaign.collection(form)
        document = self._document(submissions[0]) if submissions else None
        problems = [problem for one in submissions for problem in self._problems(one, collection)]
        limit = self.late_after.get(form)
        names = dict.fromkeys(one.attachment for one in submissions if one.attachment)
        return {
            "form": form,
            "title": collection.form.title,
            "label": collection.letter_label,
            "unit": "、".join(dict.fromkeys(one.unit for one in submissions if one.unit)),
            "deadline": None if collection.deadline is None else collection.deadline.isoformat(),
            "late": limit is not None and self.arrived_at > limit,
            "attachment": "、".join(shown(name) for name in names),
            "people": self._people(submissions, collection),
            "masked": self.masked,
            "document": self._document_entry(submissions, collection, document),
            "from_scan": document is not None and document.scanned,
            "no_intent": not submissions,
            "problems": problems,
            "accepted": not problems,
            "replaced_at": max((old.arrived_at for old in former), default=self.arrived_at).isoformat()
            if former
            else None,
            "changes": self._changes(submissions, former, collection),
            "unchanged": is_unchanged(submissions, former, collection),
        }

    def value(self, spec: FieldSpec, value: str | bool | None) -> str:  # noqa: FBT001 - a field's value, not a switch
        """Return a value as the letter shows it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "是" if value else "否"
        if not self.masked:
            return shown(value, _TEXT_LIMIT)
        if spec.type in _NUMBERS:
            return shown(masked(value))
        return shown(masked(value)) if spec.type in _REPEATED_TO_ANYBODY else _WITHHELD

    def _people(self, submissions: Iterable[Submission], collection: Collection) -> list[list[Entry]]:
        if collection.form.kind is FormKind.DOCUMENT:
            return []
        return [rows for one in submissions if (rows := self._rows(one.fields, collection))]

    def _rows(self, fields: Iterable[FieldReading], collection: Collection) -> list[Entry]:
        values = {field.key: field.value for field in fields}
        return [
            {"label": spec.label, "value": self.value(spec, values[spec.key])}
            for spec in collection.form.fields
            if values.get(spec.key) is not None
        ]

    def _problems(self, submission: Submission, collection: Collection) -> list[Entry]:
        specs = {spec.key: spec for spec in collection.form.fields}
        labels = own_labels(submission, collection)
        found: list[Entry] = []
        for problem in submission.problems:
            spec = specs.get(problem.field or "")
            told = self._shown_problem(problem)
            label = "" if spec is None else labels[spec.key]
            text = file_text(told) if spec is None else problem_text(told, label, spec.type)
            found.append({"label": label, "code": str(problem.code), "given": told.given, "text": text})
        return found

    def _shown_problem(self, problem: Problem) -> Problem:
        if problem.code is ProblemCode.RETURNED:
            return problem  # the office's own words, whole
        given = shown(masked(problem.given) if self.masked else problem.given)
        return replace(problem, given=given)

    def _changes(
        self, submissions: tuple[Submission, ...], former: tuple[StoredSubmission, ...], collection: Collection
    ) -> list[Entry]:
        """Return before → after, where one person's or unit's form replaces one; else nothing (all is listed anyway)."""
        if len(submissions) != 1 or len(former) != 1 or collection.form.kind is FormKind.DOCUMENT:
            return []
        if not self.knows_former:
            return []
        old = {field.key: field.value for field in former[0].fields}
        new = {field.key: field.value for field in submissions[0].fields}
        specs = {spec.key: spec for spec in collection.form.fields}
        return [
            {
                "label": specs[key].label,
                "before": self.value(specs[key], old.get(key)) or _BLANK,
                "after": self.value(specs[key], new.get(key)) or _BLANK,
            }
            for key in differences(former[0].fields, submissions[0].fields)
            if key in specs
        ]

    def _document(self, submission: Submission) -> DocumentReading | None:
        """Return the document that a submission was read from."""
        for part in self.reading.documents:
            if part.path == submission.source:
                return _named(part.document, submission.attachment) or part.document
        return None

    def _document_entry(
        self, submissions: tuple[Submission, ...], collection: Collection, document: DocumentReading | None
    ) -> Entry | None:
        if collection.form.kind is not FormKind.DOCUMENT or not submissions:
            return None
        keys = [spec.key for spec in collection.form.fields if spec.type is FieldType.TITLE]
        titles = [str(one.value(key)) for one in submissions for key in keys if one.value(key) is not None]
        return {
            "title": "、".join(shown(title, _TEXT_LIMIT) for title in titles),
            "characters": 0 if document is None else document.characters,
            "pictures": 0 if document is None else document.pictures,
        }


def is_unchanged(
    submissions: tuple[Submission, ...], former: tuple[StoredSubmission, ...], collection: Collection
) -> bool:
    """Return whether a form came once more just as it is registered. Of free documents that is never said."""
    if collection.form.kind is FormKind.DOCUMENT or not former or len(submissions) != len(former):
        return False
    rest = list(former)
    for one in submissions:
        same = next((old for old in rest if not differences(old.fields, one.fields)), None)
        if same is None:
            return False
        rest.remove(same)
    return True


def reply_line(submissions: Iterable[Submission], campaign: Campaign) -> str:
    """Return the line that the sender is asked to write: 手机：…；电子邮箱：…. Of several people each is named."""
    faulty = [one for one in submissions if any(problem.code in ASKED_FOR for problem in one.problems)]
    labels: list[str] = []
    for one in faulty:
        collection = campaign.collection(one.form)
        specs = {spec.key: spec for spec in collection.form.fields}
        names = own_labels(one, collection)
        if sum(other.form == one.form for other in faulty) > 1:
            labels += [names[key] for key, spec in specs.items() if spec.type is FieldType.PERSON]
        asked = {problem.field for problem in one.problems if problem.code in ASKED_FOR}
        labels += [names[key] for key in specs if key in asked]
    return "；".join(f"{label}：…" for label in dict.fromkeys(labels))


def own_labels(submission: Submission, collection: Collection) -> dict[str, str]:
    """Return by key the words a field is asked for by: those of the unit's own form if the notice knows them, else ours.

    Only the notice's label and its aliases are repeated: an answer under them finds its field again, and a letter never
    carries a stranger's words. A word that stands for two fields of the form (电话 over both) names neither.
    """
    # a form sets 手　机 to the width of 电子邮箱; in a letter that is 手机
    written = {field.key: _HAN_BLANK.sub("", clean(field.label)).strip(_LABEL_EDGE) for field in submission.fields}
    counts = Counter(fold(label) for label in written.values())
    return {
        spec.key: label
        if counts[fold(label := written.get(spec.key, ""))] == 1
        and fold(label) in {fold(name) for name in (spec.label, *spec.aliases)}
        else spec.label
        for spec in collection.form.fields
    }


def shown(text: str, limit: int = _LIMIT) -> str:
    """Given a sender's text, return it as one short line that no mail program makes a link of."""
    line = " ".join(text.split()).replace("://", "：//").replace("www.", "www．")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _named(document: DocumentReading, name: str | None) -> DocumentReading | None:
    if document.name == name:
        return document
    return next((found for member in document.members if (found := _named(member, name)) is not None), None)
