"""Every kind of letter as this office's templates write it, of one invented unit: what a person looks at after changing one.

In: the `App`'s settings and templates. Out: words, or what is wrong with a template, in words. The drafts come from the very
functions that write real letters (`reply`, `reminders`, `digest`, `alarms`), the words from `letters`; values are invented.
Must not: touch the record, the outbox, the roster; show a real unit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from intake.dossier import Known
from intake.drafting import Incoming
from intake.errors import OfficeError
from intake.ledger import keep_ledger
from intake.letters import wording
from intake.model import (
    Assessment,
    CampaignState,
    CellState,
    Disposition,
    Draft,
    FileProblem,
    LetterKind,
    MailHead,
    MailReading,
    PartPath,
    SenderKind,
    StoredSubmission,
    Submission,
    Triage,
    Trust,
    UnitName,
)
from intake.reply import answers
from intake.roster import Roster, Unit
from intake.settings import Clerk, Collection
from intake.summary_matter import Waiting
from intake.words import KIND_NAMES
from parsers.forms import FieldReading, FieldSpec, FieldType, FormKind, Problem, ProblemCode
from scheduler import alarms, digest, trial_letter
from scheduler.app import App
from scheduler.reminders import Step, due

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNIT = UnitName("示例镇人民政府")
REFERENCE = "2025-0000"
_ADDRESS, _CLERK = "shili@example.com", "clerk@example.com"
_LOOKED_AT = 30  # days after a deadline: the last step comes some working days after it
_DAY = timedelta(days=1)
_SAMPLES: dict[FieldType, str | bool] = {
    FieldType.UNIT: UNIT,
    FieldType.PERSON: "王某某",
    FieldType.GENDER: "男",
    FieldType.POSITION: "办公室主任",
    FieldType.MOBILE: "13900000000",
    FieldType.PHONE: "0000-20000000",
    FieldType.EMAIL: _ADDRESS,
    FieldType.YESNO: True,
    FieldType.ADDRESS: "示例路1号",
    FieldType.TITLE: "示例镇工作情况",
    FieldType.TEXT: "示例内容",
}
STEP_WORDS: dict[str, str] = {
    Step.THREE_DAYS: "期限前三个工作日",
    Step.ONE_DAY: "期限前一个工作日",
    Step.DAY: "期限当日",
    Step.OVERDUE: "逾期",
    Step.SOFT: "自愿报送的表",
}


@dataclass(frozen=True, slots=True)
class Specimen:
    """One letter. `mistake`: what is wrong with its template; `absent`: why there is none; `title`: which of its kind it is."""

    kind: LetterKind
    title: str
    subject: str = ""
    body: str = ""
    mistake: str = ""
    absent: str = ""


def specimens(app: App, kinds: frozenset[LetterKind] = frozenset(LetterKind)) -> tuple[Specimen, ...]:
    """Given the App, return a specimen of every letter of these kinds that its campaign can give rise to."""
    office = _Office(app)
    found: list[Specimen] = []
    for kind in LetterKind:
        if kind not in kinds:
            continue
        drafts = [(title, draft) for title, draft in office.drafts(kind) if draft.kind is kind]
        found += [_written(app, kind, title, draft) for title, draft in drafts]
        if not drafts:
            found.append(Specimen(kind, KIND_NAMES[kind], absent="本次通知的表用不到这种信，没有样张。"))
    return tuple(found)


def _written(app: App, kind: LetterKind, title: str, draft: Draft) -> Specimen:
    try:
        letter = wording(draft, app.bench.stationery, REFERENCE)
    except OfficeError as error:
        return Specimen(kind, title, mistake="".join(error.problems))
    except Exception as error:  # noqa: BLE001 - what an office writes into a template can raise anything
        words = f"信件模板 {kind}.txt.j2 有误（{type(error).__name__}），多半是计算或格式写得不对。请改正，或删去自己的一份。"
        return Specimen(kind, title, mistake=words)
    return Specimen(kind, title, letter.subject, letter.body)


class _Office:
    """The invented unit, its form and its mail, in this office's campaign."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._campaign = app.settings.campaign
        self._unit = Unit(
            UNIT,
            order=1,
            addresses=(_ADDRESS,),
            contact_name="王某某",
            phone="0000-20000000",
            owes=frozenset(one.id for one in self._campaign.collections),
        )
        self._roster = Roster((self._unit,), app.settings.office.region)
        self._form = self._chosen_form()
        day = self._form.deadline or self._campaign.starts_on + 3 * _DAY
        start = max(self._campaign.starts_on, day - _DAY)
        self._now = datetime(start.year, start.month, start.day, 10, 42, tzinfo=SHANGHAI)

    def _chosen_form(self) -> Collection:
        """Return a form with a table and a deadline, if there is one, and rather one that is owed."""
        return min(
            self._campaign.collections,
            key=lambda one: (one.form.kind is not FormKind.TABLE, one.deadline is None, one.voluntary),
        )

    def drafts(self, kind: LetterKind) -> Iterator[tuple[str, Draft]]:
        """Yield title and draft of each letter of a kind."""
        name = KIND_NAMES[kind]
        match kind:
            case LetterKind.REMINDER:
                yield from self._reminders()
            case LetterKind.DIGEST:
                yield name, self._digest()
            case LetterKind.ALARM:
                yield from self._alarms()
            case LetterKind.TEST:
                yield name, trial_letter.draft(_with_address(self._app.settings.clerk), _CLERK, self._now)
            case _:
                yield from ((name, draft) for draft in self._answers(kind))

    # --- answers to a mail

    def _answers(self, kind: LetterKind) -> tuple[Draft, ...]:
        """Return what is said to the sender of a mail that calls for a letter of that kind."""
        whole = self._submission()
        known = Known()
        match kind:
            case LetterKind.UPDATE:
                known = Known(current=(self._former(whole),))
                judged = Assessment(Disposition.ACCEPTED, (), (whole,))
            case LetterKind.CORRECTION:
                judged = Assessment(Disposition.CORRECTION, (), (self._faulty(whole),))
            case LetterKind.UNREADABLE:
                judged = Assessment(Disposition.CORRECTION, (), file_problems=(self._file(ProblemCode.ENCRYPTED),))
            case LetterKind.RECEIVED:
                judged = Assessment(Disposition.REVIEW, (), file_problems=(self._file(ProblemCode.UNREADABLE),))
            case LetterKind.QUESTION:
                asked = FileProblem(Problem(ProblemCode.QUESTION))
                judged = Assessment(Disposition.REVIEW, (), file_problems=(asked,))
            case _:
                judged = Assessment(Disposition.ACCEPTED, (), (whole,))
        head = MailHead("<1@example.com>", _ADDRESS, "王某某", (), f"报送{self._form.form.title}", None)
        return answers(
            judged,
            MailReading(head),
            Triage(SenderKind.PERSON, answerable=True, why=""),
            incoming=Incoming(0, "0" * 64, self._now, self._now),
            campaign=self._campaign,
            roster=self._roster,
            known=known,
            late_after=self._app.bench.late_after,
        )

    def _submission(self) -> Submission:
        fields = tuple(_reading(spec, _SAMPLES[spec.type]) for spec in self._form.form.fields)
        return Submission(
            self._form.id,
            UNIT,
            fields,
            (),
            f"{self._form.letter_label or '报表'}.docx",
            PartPath("2"),
            trust=Trust.ROSTER,
        )

    def _faulty(self, whole: Submission) -> Submission:
        """Return the submission with a field empty and, if there is a number or an address, that one wrong."""
        specs = [spec for spec in self._form.form.fields if spec.type is not FieldType.UNIT]
        checked = [spec for spec in specs if spec.type in (FieldType.EMAIL, FieldType.MOBILE, FieldType.PHONE)]
        wrong = {
            spec.key: Problem(ProblemCode.INVALID, spec.key, "abc@126" if spec.type is FieldType.EMAIL else "139")
            for spec in checked[-1:]
        }
        empty = {
            spec.key: Problem(ProblemCode.MISSING, spec.key)
            for spec in specs
            if spec.required and spec.key not in wrong
        }
        problems = dict(list(empty.items())[:1]) | wrong
        fields = tuple(
            _reading(spec, None) if spec.key in problems else one
            for spec, one in zip(self._form.form.fields, whole.fields, strict=True)
        )
        return Submission(
            whole.form, UNIT, fields, tuple(problems.values()), whole.attachment, whole.source, trust=Trust.ROSTER
        )

    def _former(self, whole: Submission) -> StoredSubmission:
        """Return the version that the submission replaces: another number, or another text."""
        specs = self._form.form.fields
        differing = next((one for one in specs if one.type is FieldType.MOBILE), specs[-1])
        fields = tuple(
            _reading(spec, "13900000009" if spec.type is FieldType.MOBILE else "原来的内容")
            if spec is differing
            else one
            for spec, one in zip(specs, whole.fields, strict=True)
        )
        return StoredSubmission(
            1,
            1,
            whole.form,
            UNIT,
            1,
            CellState.ACCEPTED,
            True,
            fields,
            (),
            whole.attachment,
            self._now - _DAY,
            False,
            _ADDRESS,
        )

    def _file(self, code: ProblemCode) -> FileProblem:
        return FileProblem(Problem(code), f"{self._form.letter_label or '报表'}.docx")

    # --- letters of our own motion

    def _reminders(self) -> Iterator[tuple[str, Draft]]:
        """Yield the reminder of each step: the first day on which it would go to a unit that has sent nothing."""
        deadlines = [one.deadline for one in self._campaign.collections if one.deadline is not None]
        if not deadlines:
            return
        seen: set[str] = set()
        day, last = self._campaign.published_on, max(deadlines) + _LOOKED_AT * _DAY
        while day <= last:
            for draft in self._due(day):
                steps = _steps(draft)
                if not seen.issuperset(steps):
                    seen.update(steps)
                    words = "、".join(STEP_WORDS[one] for one in STEP_WORDS if one in steps)
                    yield f"{KIND_NAMES[LetterKind.REMINDER]}（{words}）", draft
            day += _DAY

    def _due(self, day: date) -> tuple[Draft, ...]:
        app = self._app
        now = datetime.combine(day, app.settings.sending.office_opens, SHANGHAI)
        state = CampaignState(self._campaign.id)
        return due(self._campaign, self._roster, state, (), app.calendar, app.settings.sending, now, (), {}, {}).drafts

    def _digest(self) -> Draft:
        app, clerk = self._app, self._app.settings.clerk
        waiting = Waiting(1, self._now, f"王某某 {_ADDRESS}", "报送材料", "单位名称无法与名册对应")
        drafts = digest.digest_drafts(
            campaign=self._campaign,
            roster=self._roster,
            ledger=keep_ledger(self._campaign.id, (), late_after={}),
            late_after={},
            reminders=(),
            bad_addresses={_ADDRESS: "550 User not found"},
            waiting=(waiting,),
            uncollected=(),
            suspended={},
            since=self._now,
            traffic={"mails": 1, "ignored": 0, "sent": 1, "bounced": 1},
            health=digest.Health(self._now, "", self._now, 70, held=1, uncertain=0),
            clerk=_with_address(clerk),
            calendar=app.calendar,
            now=self._now,
        )
        return drafts[0]

    def _alarms(self) -> Iterator[tuple[str, Draft]]:
        clerk, name = _with_address(self._app.settings.clerk), KIND_NAMES[LetterKind.ALARM]
        trouble = alarms.Trouble("fetch", self._now, "（示例）邮箱登录被拒绝", permanent=True)
        yield f"{name}（出事）", alarms.alarm_drafts(trouble, clerk, self._now)[0]
        yield f"{name}（恢复）", alarms.all_clear_drafts(trouble, clerk, self._now)[0]


def _with_address(clerk: Clerk) -> Clerk:
    """Return the clerk with one invented address: the words are the same for all."""
    return replace(clerk, addresses=(_CLERK,))


def _reading(spec: FieldSpec, value: str | bool | None) -> FieldReading:  # noqa: FBT001 - a field's value, not a switch
    return FieldReading(spec.key, "" if value is None else str(value), value, spec.label, "", "right")


def _steps(draft: Draft) -> set[str]:
    items = draft.context["items"]
    return {str(one["step"]) for one in items} if isinstance(items, list) else set()
