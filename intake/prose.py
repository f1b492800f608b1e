"""Free documents (活动总结, 典型案例): which of them a text is, and its title. Pure.

Stage before: `pieces`. Stage after: `assess`. In: a readable piece without a form, the campaign's forms. Out: the form
and the title's field. Prose is never searched for labels: 联系人： stands in every signature (facts/documents.md §6
no. 17). Which unit it is from is asked elsewhere (`identify`).
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from intake.model import FormId
from intake.pieces import Piece, value_key
from intake.settings import Campaign
from parsers.forms import (
    DocumentReading,
    Doubt,
    FieldReading,
    FieldType,
    FormKind,
    FormReading,
    FormSpec,
    Problem,
    ProblemCode,
)
from parsers.headings import titles_of
from parsers.remarks import is_covering
from parsers.text import fold, narrow

# Tried by `python -m tests.understanding --thresholds prose --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
# _MINIMUM_CHARACTERS: tried 30 and 120: no difference, compared in none of these mails.
_MINIMUM_CHARACTERS = 60  # a real summary has some hundreds; a covering line ("现将总结报送，请查收") has thirty
_SENTENCE_MINIMUM = 20  # characters of the one sentence that a very short case consists of
# _BODY_MINIMUM: tried 150 and 600: no difference, a bound, not a tuned value.
_BODY_MINIMUM = 300  # in the text of a mail it must be a text, not a covering letter
# _TITLE_LINES: tried 3 and 12: no difference, a bound, not a tuned value.
_TITLE_LINES = 6  # a heading stands among the first lines, after 附件3 and the like
_TITLE_LIMIT = 60  # characters
# A heading that names the thing without being it: the notice, a plan, our own sample.
_NOT_THE_THING = re.compile("通知|方案|计划|意见$|预案|模板|样式|格式|要求")
# 一、… 1. …(一) begin a section; 。；：， end a sentence. A heading does neither.
_SECTION = re.compile(
    "^(?:[一二三四五六七八九十]+\u3001|\\d+[.\u3001\uff0e]|[(\uff08][一二三四五六七八九十\\d]+[)\uff09])"
)
_SENTENCE = re.compile("[\u3002\uff1b;]|[\uff0c,\uff1a:]$")
_ATTACHMENT_LINE = re.compile("^附件\\s*\\d*[:\uff1a]?$")
_DATE_LINE = re.compile("^[(\uff08]?\\d{4}\\s*[年.\\-/].{0,12}$")
_LABELLED_TITLE = re.compile("^(?:标题|题目|题名|案例名称|案例标题|名称)[:\uff1a]\\s*(\\S.*)$")
_UNFINISHED = re.compile("(?:关于|的)$")  # a heading that goes on in the next line
_SIGNATURE_LIMIT = 40  # tried 20 and 80: no difference, a bound, not a tuned value
# Lines that name somebody else: an address (东园镇某路), those a paper goes to (各乡镇, 抄送), those that were inspected.
_ELSEWHERE = re.compile("地址|抄送|抄报|主送|路\\d|号楼|\\d号|转发|检查|各")
_YEAR = re.compile(
    '(?<![0-9])20[0-9]{2}(?=\\s*(?:\u5e74|\u5ea6|[\u201c"\u3400-\u9fff]))'
)  # 2024\u5e74, no date with points
_LABELLED_UNIT = re.compile("^(?:报送|填报|上报|所在)?单位(?:名称)?[:\uff1a]\\s*(\\S.*)$")


def forms_named(text: str, campaign: Campaign) -> tuple[str, ...]:
    """Given a file name, a heading or a subject, return the forms that it names, the longest phrase first.

    Phrases of a form are its title, its `titles` and what letters call it (附件2).
    """
    key, marked = value_key(text), fold(text)
    found: list[tuple[int, str]] = []
    for collection in campaign.collections:
        phrases = {value_key(phrase) for phrase in (collection.form.title, *collection.form.titles)}
        lengths = [len(phrase) for phrase in phrases if phrase and phrase in key]
        label = fold(collection.letter_label)
        if label and re.search(re.escape(label) + r"(?!\d)", marked):
            lengths.append(len(label))
        if lengths:
            found.append((max(lengths), collection.form.id))
    return tuple(form for _, form in sorted(found, key=lambda pair: -pair[0]))


def titled_for_now(reading: FormReading, spec: FormSpec, campaign: Campaign, *, beside: tuple[str, ...]) -> FormReading:
    """Given a form as it was read, return it doubted if its title is that of another year, or of another subject.

    `beside` are the file's name and the mail's subject: where they have the campaign's own name a free title is ours. A
    form that is collected at any time (a case of 2023) is of no year. The subject of a table is seen by `parsers.extract`.
    """
    keys = {one.key for one in spec.fields if one.type is FieldType.TITLE}
    title = next((str(one.value) for one in reading.fields if one.key in keys and one.value), reading.title)
    titles = titles_of(campaign.forms)
    collection = campaign.collection(FormId(spec.id))
    other = collection.deadline is not None and _of_another_year(title, campaign)
    if spec.kind is FormKind.DOCUMENT and titles.has_subject(spec.title) and not any(map(titles.has_subject, beside)):
        other = other or titles.is_other_occasion(title)
    if reading.blank or not other:
        return reading
    doubt = Problem(ProblemCode.AMBIGUOUS, given=title, detail=Doubt.OTHER_TITLE)
    return replace(reading, problems=(*reading.problems, doubt))


def _of_another_year(title: str, campaign: Campaign) -> bool:
    """Return whether a title names years, and none of them is one in which the campaign runs."""
    dates = [campaign.published_on, campaign.starts_on, *(one.deadline for one in campaign.collections if one.deadline)]
    named = {int(year) for year in _YEAR.findall(narrow(title))}
    return bool(named) and not named & {day.year for day in dates}


def document_form(piece: Piece, campaign: Campaign, *, subject: str, alone: bool) -> FormSpec | None:
    """Given a readable piece without a form, return the free document that it is, or None.

    The heading decides, then the file name, then (if the mail has no other such file: `alone`) the subject.
    """
    document = piece.document
    if document.characters < _BODY_MINIMUM and (piece.is_body or not _is_text(document)):
        return None
    wanted = {spec.id: spec for spec in campaign.forms if spec.kind is FormKind.DOCUMENT}
    heading = _heading(document, wanted.values())
    if _NOT_THE_THING.search(heading) and not _names_it(heading, wanted.values()):
        return None
    sources = [heading] if piece.is_body else [heading, piece.file_name]
    for text in [*sources, *([subject] if alone else [])]:
        if _NOT_THE_THING.search(text):
            continue
        for form in forms_named(text, campaign):
            if form in wanted:
                return wanted[form]
    return None


def _is_text(document: DocumentReading) -> bool:
    """Return whether a file holds a text of its own: long enough, or a heading with a sentence that is no covering line."""
    if document.characters >= _MINIMUM_CHARACTERS:
        return True
    if not _plausible(document.head):
        return False
    return any(
        len(line) >= _SENTENCE_MINIMUM and _SENTENCE.search(line) and not is_covering(line) for line in document.head
    )


def title_reading(piece: Piece, spec: FormSpec, *, readable: bool = True) -> FieldReading | None:
    """Given a piece that is the free document `spec`, return the reading of its title; None if the form has no title.

    Where no heading can be told (or the file could not be read) the file's name without its ending stands for it.
    """
    key = next((field.key for field in spec.fields if field.type is FieldType.TITLE), None)
    if key is None:
        return None
    title = _title(piece.document, spec) if readable else ""
    if title:
        lines = (number for number, line in enumerate(piece.document.head, start=1) if _stands_in(line.strip(), title))
        return FieldReading(key, title, title, "", f"line {next(lines, 1)}", "title")
    stem = piece.file_name.rpartition(".")[0] or piece.file_name
    return FieldReading(key, stem, stem or None, "", "file name", "file_name")


def heading_text(piece: Piece, spec: FormSpec) -> str:
    """Return the heading, for finding the unit in it."""
    return _title(piece.document, spec)


def signature_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Given the last lines of a text (落款) or its head, return those that may name the unit: short, no sentences.

    Lines of an address are left out: 东园镇某路 names a place, not the sender.
    """
    kept = []
    for line in lines:
        stripped = line.strip()
        labelled = _LABELLED_UNIT.match(stripped)
        if labelled:
            kept.append(labelled.group(1))
        elif (
            2 <= len(stripped) <= _SIGNATURE_LIMIT
            and not _SENTENCE.search(stripped)
            and not _ELSEWHERE.search(stripped)
        ):
            kept.append(stripped)
    return tuple(kept)


def labelled_units(lines: Iterable[str]) -> tuple[str, ...]:
    """Return what stands after 单位： in lines of the head of a document."""
    return tuple(found.group(1) for line in lines if (found := _LABELLED_UNIT.match(line.strip())))


def _stands_in(line: str, title: str) -> bool:
    return bool(line) and (title in line or line in title)


def _names_it(heading: str, specs: Iterable[FormSpec]) -> bool:
    """A heading that ends in one of the phrases is that thing, whatever else it names: …工作方案活动总结."""
    key = value_key(heading)
    return any(key.endswith(value_key(phrase)) for spec in specs for phrase in (spec.title, *spec.titles))


def _heading(document: DocumentReading, specs: Iterable[FormSpec]) -> str:
    for spec in specs:
        title = _title(document, spec)
        if title and any(value_key(phrase) in value_key(title) for phrase in (spec.title, *spec.titles)):
            return title
    return next(iter(_plausible(document.head)), "")


def _title(document: DocumentReading, spec: FormSpec) -> str:
    """Return the heading of a free document: the line with one of its phrases, else the first that looks like one.

    A line that is nothing but the phrase (典型案例) gives way to the special heading below it.
    """
    candidates = _plausible(document.head)
    phrases = [value_key(phrase) for phrase in (spec.title, *spec.titles)]
    bare = [line for line in candidates if value_key(line) in phrases]
    special = [line for line in candidates if line not in bare and any(phrase in value_key(line) for phrase in phrases)]
    if special:
        return special[0]
    if bare:
        below = candidates[candidates.index(bare[0]) + 1 :]
        return below[0] if below and len(below[0]) > 4 and not _looks_like_unit(below[0]) else bare[0]
    return candidates[0] if candidates else ""


_UNIT_ENDING = re.compile(
    "(?:局|政府|委员会|办公室|中心|公司|大队|支队|分局|法院|检察院|党委|工委|管委会|医院|学校|小学|中学)$"
)


def _looks_like_unit(line: str) -> bool:
    return bool(_UNIT_ENDING.search(line)) and len(line) <= _SIGNATURE_LIMIT


def _plausible(head: tuple[str, ...]) -> list[str]:
    """Return the first lines that look like headings, those that go on in the next line joined."""
    lines = [line.strip() for line in head[:_TITLE_LINES]]
    found: list[str] = []
    unfinished = ""
    for line in lines:
        labelled = _LABELLED_TITLE.match(line)
        if labelled:
            return [labelled.group(1).strip()]
        if not line or _ATTACHMENT_LINE.match(line) or _DATE_LINE.match(line):
            continue
        if _SECTION.match(line) or _SENTENCE.search(line) or len(line) > _TITLE_LIMIT:
            break
        if _UNFINISHED.search(line):
            unfinished += line
            continue
        if _looks_like_unit(line) and not unfinished:
            continue
        found.append(unfinished + line)
        unfinished = ""
    return found
