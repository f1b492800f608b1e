"""A case read the whole way as a mail, and what came of every field: right, asked, or silently wrong.

In: `generate.Case`. Out: `Verdict`. The mail goes through `intake.pipeline.examine_mail` with the handlers of the real
worker, but in this process (`Here`): "accepted" is a verdict of intake, not of the parser.

*right*: a stored value that is among the right ones, or a question where nothing may be stored. *asked*: a question where
a value was plain enough. *silent*: an accepted form with another value, or without one that stands there, or a form that
nobody sent, or a sent form that is passed over. *beside*: the same in a form that goes back to its sender for another
field: nobody is asked about this one. A mail in review counts as asked about: a person looks at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from intake.model import Assessment, Disposition, Submission
from intake.pipeline import examine_mail
from intake.settings import Settings
from intake.unpack import HANDLERS
from parsers.engines import NO_ENGINES
from parsers.forms import FieldType
from parsers.frames import JsonObject
from parsers.isolate import Answered, Worker
from parsers.parse import parse_blank
from tests.builders import mail
from tests.builders.forms import same
from tests.understanding import page
from tests.understanding.faults import Value, Want
from tests.understanding.generate import ROSTER, SETTINGS, Case, Entry, Filled
from tests.understanding.layouts import blocks
from tests.understanding.page import Ink

_EITHER = frozenset(Disposition)
_OPEN = frozenset({Disposition.CORRECTION, Disposition.REVIEW})
_SUFFIXES = {"docx_wps": "docx", "tabs": "txt"}


class Here:
    """The worker without its process: the same handlers, called directly."""

    def call(self, operation: str, header: JsonObject, payload: bytes, **_clock: float) -> Answered:
        return Answered(HANDLERS[operation](header, payload, NO_ENGINES))


HERE = cast("Worker", Here())


@dataclass(slots=True)
class Verdict:
    """What came of the fields of one mail; `silent`, `beside` and `lost` hold a line for each."""

    disposition: Disposition
    fields: int = 0
    right: int = 0
    asked: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    fitting: bool = True  # the mail came out as a careful clerk would put it

    @property
    def wrong(self) -> bool:
        return bool(self.silent or self.lost)


def raw_mail(case: Case) -> bytes:
    """Given a case, return its mail."""
    label = case.declared or case.charset
    if case.container == "body_html":
        entity = mail.part(f"text/html; charset={label}", _file(case))
    elif case.container == "body_text":
        entity = mail.part(f"text/plain; charset={label}", _file(case))
    else:
        files = [_attached(one, name) for one, name in ((case, case.file), (case.also, "表二")) if one is not None]
        entity = mail.multipart("mixed", mail.text(case.text), *files)
    return mail.mail(entity, subject=mail.word(case.subject), sender=case.sender, to="a27398830@126.com")


def _file(case: Case) -> bytes:
    hidden = blocks(case.hidden) if case.hidden is not None else ()
    return page.render(case.container, blocks(case), charset=case.charset, declared=case.declared, hidden=hidden)


def _attached(case: Case, name: str) -> mail.Entity:
    suffix = _SUFFIXES.get(case.container, case.container)
    return mail.attachment(f"{name}.{suffix}", _file(case), content_type="application/octet-stream")


def judge(case: Case, *, blank: bool = False) -> Verdict:
    """Given a case, read its mail and return what came of it. `blank`: the office has given its own form of that layout."""
    examined = examine_mail(raw_mail(case), worker=HERE, settings=settings_of(case, blank=blank), roster=ROSTER)
    return compare(case, examined.assessment)


def settings_of(case: Case, *, blank: bool) -> Settings:
    """Given a case, return what the office has set; `blank`: with its own form of that layout."""
    return _with_blank(case) if blank else SETTINGS


def _with_blank(case: Case) -> Settings:
    """The office's form has the layout of the first one in the mail and the notice's own labels; a text has no table."""
    sheet = case.sheets[0]
    entries = tuple(Entry(spec.key, spec.label, Ink()) for spec in sheet.form.fields)
    office = replace(sheet, title=sheet.form.title, people=(entries,), decor=())
    empty = replace(case, sheets=(office,), moves=(), also=None, hidden=None, charset="utf-8", declared="")
    template = parse_blank(_file(empty), name="表", form=sheet.form.id, forms=SETTINGS.campaign.forms)
    if template.blank is None or not template.blank.tables or template.missing or template.filled:
        return SETTINGS
    collections = tuple(
        replace(one, form=replace(one.form, blank=template.blank)) if one.form.id == sheet.form.id else one
        for one in SETTINGS.campaign.collections
    )
    return replace(SETTINGS, campaign=replace(SETTINGS.campaign, collections=collections))


def compare(case: Case, assessment: Assessment) -> Verdict:
    """Given a case and what the program made of its mail, return what came of every field."""
    verdict = Verdict(assessment.disposition, fitting=assessment.disposition in careful(case))
    left = list(assessment.submissions)
    for sheet in case.sheets:
        for wants in sheet.wants:
            verdict.fields += len(wants)
            found = _best(left, sheet, wants)
            if found is None:
                _missing(verdict, sheet, wants)
                continue
            left.remove(found)
            _fields(verdict, found, sheet, wants)
    for extra in left:
        if _open(extra) or verdict.disposition is Disposition.REVIEW:
            continue
        repeats = any(
            extra.form == sheet.form.id and not _differing(extra, wants)
            for sheet in case.sheets
            for wants in sheet.wants
        )
        if not repeats:
            values = {reading.key: reading.value for reading in extra.fields if reading.value is not None}
            lines = verdict.silent if verdict.disposition is Disposition.ACCEPTED else verdict.beside
            lines.append(f"a form nobody sent: {extra.form} {values}")
    return verdict


def careful(case: Case) -> frozenset[Disposition]:
    """Given a case, return how a careful clerk may put it: open where a field must be asked, else accepted if all is plain.

    Where a field may be asked without need (a name that is seldom seen) both are right.
    """
    wants = [want for sheet in case.sheets for person in sheet.wants for want in person.values()]
    if any(not want.values for want in wants):
        return _OPEN
    if all(want.plain for want in wants) and all(sheet.unit for sheet in case.sheets):
        return frozenset({Disposition.ACCEPTED})
    return _EITHER


def _best(left: Sequence[Submission], sheet: Filled, wants: dict[str, Want]) -> Submission | None:
    own = [one for one in left if one.form == sheet.form.id]
    return max(own, key=lambda one: -len(_differing(one, wants)), default=None)


def _differing(found: Submission, wants: dict[str, Want]) -> list[str]:
    return [key for key, want in wants.items() if not _fits(found.value(key), want)]


def _fits(got: Value, want: Want) -> bool:
    return any(same(got, value) for value in want.values)


def _open(found: Submission) -> bool:
    """Whether a person or the sender is asked about the form as a whole."""
    return found.review or found.unit is None or any(problem.field is None for problem in found.problems)


def _missing(verdict: Verdict, sheet: Filled, wants: dict[str, Want]) -> None:
    if verdict.disposition in {Disposition.ACCEPTED, Disposition.IGNORED}:
        verdict.lost.append(f"{sheet.form.id}: the whole form")
        return
    for key, want in wants.items():
        if want.values:
            verdict.asked.append(f"{key}: the form was not read")
        else:
            verdict.right += 1


def _fields(verdict: Verdict, found: Submission, sheet: Filled, wants: dict[str, Want]) -> None:
    told = {problem.field for problem in found.problems}
    looked = _open(found) or verdict.disposition is Disposition.REVIEW
    accepted = verdict.disposition is Disposition.ACCEPTED
    units = {spec.key for spec in sheet.form.fields if spec.type is FieldType.UNIT}
    for key, want in wants.items():
        got: Value = found.value(key)
        good = _fits(got, want) if key not in units else _unit_fits(found, sheet, got, want)
        line = f"{key} {got!r}, right {want.values!r}"
        if looked or key in told:
            if want.values:
                verdict.asked.append(line)
            else:
                verdict.right += 1
        elif good:
            verdict.right += 1
        elif not accepted:
            verdict.beside.append(line)
        elif got is None:
            verdict.lost.append(line)
        else:
            verdict.silent.append(line)


def _unit_fits(found: Submission, sheet: Filled, got: Value, want: Want) -> bool:
    """A unit is right if the roster's name is; what stands in the field may be the sender's own words, or missing."""
    return bool(want.values) and found.unit == sheet.unit and (got is None or _fits(got, want))
