"""Bytes → `DocumentReading`: the page that calls sniff → container or reader → extract in order.

Stage before: `worker` (or a test) hands over one attachment or one body. In: bytes or text, the name its sender gave, the
campaign's forms, the engines. Out: one `DocumentReading`, whatever the bytes: what cannot be read is a `Failure` with a
code that leads to true words for the sender (a password is not "damaged"; a program we lack is not the sender's fault).
Must not: raise, log, touch a file, believe a name or a declared type before the content, believe one look at a picture.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from parsers import archives, containers
from parsers.dispatch import Opened, open_document, with_pictures
from parsers.document import (
    DEFAULT_BUDGET,
    Budget,
    Document,
    Failure,
    FailureCode,
    Grid,
    NoteCode,
    Paragraph,
    ReadFailure,
)
from parsers.engines import NO_ENGINES, Engines
from parsers.extract import Extraction, extract
from parsers.forms import DocumentReading, Doubt, FormReading, FormSpec, Leftover, Problem, ProblemCode
from parsers.headings import titles_of
from parsers.looks import agreed
from parsers.readers import markup, plain
from parsers.remarks import may_change_a_value
from parsers.sniff import Kind, sniff
from parsers.template import Template, find_blank

_HEAD_LINES, _TAIL_LINES, _LINE_CHARACTERS = 40, 20, 200
# Tried by `python -m tests.understanding --thresholds parse --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
# _PROSE_CHARACTERS: tried 750 and 3000: no difference, compared in none of these mails.
_PROSE_CHARACTERS = 1_500  # a longer text under a form's heading is a paper about it, not the form
_SUSPECT_LEFTOVERS = 40  # tried 20 and 80: no difference, compared in none of these mails
# A document with fewer characters than this and a picture in it may be nothing but the photo of the form; a report with
# photos has more.
_PASTED_CHARACTERS = 400  # tried 200 and 800: no difference, compared in none of these mails
# _NOTHING_BUT_PICTURES: tried 10 and 40: no difference, compared in none of these mails.
_NOTHING_BUT_PICTURES = 20  # characters: a caption, a page number
_PAGE_LINE = re.compile(r"page \d+, line")
_SHEET_ROW = re.compile(r"^(.*)![A-Z]+(\d+)$", re.DOTALL)
_UNSEEN = {NoteCode.HIDDEN_ROWS: Doubt.HIDDEN_ROWS, NoteCode.FILTERED_ROWS: Doubt.FILTERED_ROWS}
_WORDS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\\W_\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Seen:
    """A document as `extract` saw it (`hint` and `body` are what it was told) and what came of it, for `explain`."""

    document: Document
    reading: DocumentReading
    hint: str
    body: bool


Watch = Callable[[Seen], None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a caller wants to know, the same for a document and for the members of an archive."""

    forms: tuple[FormSpec, ...]
    area_code: str
    budget: Budget
    engines: Engines = NO_ENGINES
    watch: Watch | None = None


def parse_document(
    data: bytes,
    *,
    name: str,
    declared_type: str,
    forms: tuple[FormSpec, ...],
    area_code: str = "",
    budget: Budget = DEFAULT_BUDGET,
    engines: Engines = NO_ENGINES,
    watch: Watch | None = None,
) -> DocumentReading:
    """Given the bytes of an attachment, return what was read. Never raises.

    `engines` are the programs outside the worker; without them the kinds that need one are told as NEEDS_ENGINE. `watch` is
    shown every document that was opened, in the order of the leaves of the reading.
    """
    asked = _Asked(forms, area_code, budget, engines, watch)
    return _guarded(lambda: _document(data, name, declared_type, asked, 0), name)


def parse_blank(
    data: bytes,
    *,
    name: str,
    form: str,
    forms: tuple[FormSpec, ...],
    budget: Budget = DEFAULT_BUDGET,
    engines: Engines = NO_ENGINES,
) -> Template:
    """Given the office's own file and the id of the form that is meant, return that form's blank. Never raises."""
    try:
        kind = sniff(data, name, "")
        if len(data) > budget.attachment_bytes:
            return Template(failure=Failure(FailureCode.TOO_LARGE, f"{len(data)} bytes"))
        if containers.holds_others(kind):
            return Template(failure=Failure(FailureCode.UNSUPPORTED, kind.value))
        document = open_document(data, kind, budget, engines).document
        if document.second_look:  # a label that is misread would be looked for in every form that comes
            return Template(failure=Failure(FailureCode.UNRECOGNIZED, "read off a picture"))
        return find_blank(document, form, forms, hint=name)
    except ReadFailure as failure:
        return Template(failure=failure.failure)
    except Exception as error:  # noqa: BLE001 - see _guarded
        return Template(failure=Failure(FailureCode.CRASHED, _where(error)))


def parse_text(
    text: str,
    *,
    forms: tuple[FormSpec, ...],
    area_code: str = "",
    budget: Budget = DEFAULT_BUDGET,
    watch: Watch | None = None,
) -> DocumentReading:
    """Given the plain text of a mail, return what was read. Never raises. `watch` is as in `parse_document`."""
    asked = _Asked(forms, area_code, budget, watch=watch)
    return _guarded(lambda: _body(plain.read(text, budget), "text", asked), "")


def parse_html(
    text: str,
    *,
    forms: tuple[FormSpec, ...],
    area_code: str = "",
    budget: Budget = DEFAULT_BUDGET,
    watch: Watch | None = None,
) -> DocumentReading:
    """Given the HTML text of a mail, return what was read. Never raises. `watch` is as in `parse_document`."""
    asked = _Asked(forms, area_code, budget, watch=watch)
    return _guarded(lambda: _body(markup.read(text, budget), "html", asked), "")


def _guarded(read: Callable[[], DocumentReading], name: str) -> DocumentReading:
    try:
        return read()
    except ReadFailure as failure:
        return DocumentReading(name, "", failure=failure.failure)
    except Exception as error:  # noqa: BLE001 - whatever a library makes of hostile bytes, the mail goes its way
        return DocumentReading(name, "", failure=Failure(FailureCode.CRASHED, _where(error)))


def _where(error: BaseException) -> str:
    """Class and place of an error, without its text: that may hold what stands in the document."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _document(data: bytes, name: str, declared_type: str, asked: _Asked, depth: int) -> DocumentReading:
    """Given one file, at `depth` archives deep, return its reading; failures keep the kind."""
    if len(data) > asked.budget.attachment_bytes:
        return DocumentReading(name, "", failure=Failure(FailureCode.TOO_LARGE, f"{len(data)} bytes"))
    kind = sniff(data, name, declared_type)
    try:
        if containers.holds_others(kind):
            return _container(data, name, kind, asked, depth)
        opened = open_document(data, kind, asked.budget, asked.engines)
        return _reading(opened, name, kind, asked)
    except ReadFailure as failure:
        return DocumentReading(name, kind.value, failure=failure.failure)
    except Exception as error:  # noqa: BLE001 - see _guarded; here the kind is known and is told
        return DocumentReading(name, kind.value, failure=Failure(FailureCode.CRASHED, _where(error)))


def _container(data: bytes, name: str, kind: Kind, asked: _Asked, depth: int) -> DocumentReading:
    """Given an archive or a mail, return the readings of its members; a member that fails does not hide the others."""
    members = containers.members(data, kind, asked.budget, asked.engines, name=name.rpartition("/")[2], depth=depth)
    if not members:
        return DocumentReading(name, kind.value, failure=Failure(FailureCode.EMPTY, "no file in it"))
    within = replace(asked, budget=archives.remaining(asked.budget, members))
    readings = tuple(_document(member.data, f"{name}/{member.name}", "", within, depth + 1) for member in members)
    return DocumentReading(name, kind.value, members=readings)


def _body(document: Document, kind: str, asked: _Asked) -> DocumentReading:
    found = _extracted(document, "", asked, body=True)
    reading = _described(document, "", kind, found)
    _show(asked, document, reading, body=True)
    return reading


def _show(asked: _Asked, document: Document, reading: DocumentReading, *, body: bool = False) -> None:
    if asked.watch is not None:
        asked.watch(Seen(document, reading, _hint(reading.name), body))


def _reading(opened: Opened, name: str, kind: Kind, asked: _Asked) -> DocumentReading:
    """Given a document as it was opened, return what was read: of its text, else of the pictures pasted into it."""
    document = opened.document
    found = _extracted(document, name, asked)
    characters = _characters(document)
    if not found.forms and document.pictures and opened.package and characters < _PASTED_CHARACTERS:
        document, found = _with_pictures(opened, found, name, asked, characters)
    forms = found.forms or _suspects(document, asked.forms, characters)
    if kind is Kind.PDF or document.second_look:
        forms = tuple(map(_unruled, forms))
    remarks, doubts = tuple(_remarked(document)), tuple(_doubts(document))
    if remarks or doubts:
        forms = tuple(
            form if form.blank else replace(form, problems=(*remarks, *form.problems, *doubts)) for form in forms
        )
    forms = tuple(_with_unseen_rows(_uncalculated(form, document), document) for form in forms)
    reading = _described(document, name, kind.value, replace(found, forms=forms))
    bare = document.pictures > 0 and characters < _NOTHING_BUT_PICTURES
    _show(asked, document, reading)
    if not forms and (reading.scanned or bare):  # silence about a scan would be a form lost
        return replace(reading, failure=Failure(FailureCode.UNRECOGNIZED, "no form made out on the picture"))
    return reading


def _remarked(document: Document) -> Iterator[Problem]:
    """Yield a problem if a comment may change a value: the mobile in the cell was the old one, the comment had the new."""
    said = [note.detail for note in document.notes if note.code is NoteCode.COMMENT and may_change_a_value(note.detail)]
    if said:
        yield Problem(ProblemCode.AMBIGUOUS, given=" / ".join(said), detail=Doubt.COMMENTED)


def _doubts(document: Document) -> Iterator[Problem]:
    for note in document.notes:
        if note.code in _DOUBTS:
            yield _DOUBTS[note.code](note.detail)
        elif note.code is NoteCode.STRUCK_TEXT and note.detail:
            yield Problem(ProblemCode.AMBIGUOUS, detail=Doubt.STROKE)


def _uncalculated(form: FormReading, document: Document) -> FormReading:
    """A form on a sheet with a formula that shows nothing here may lack what its sender sees: 传真 =0595-27391102."""
    sheets = _sheets(form)
    found = [note.detail.rpartition("!") for note in document.notes if note.code is NoteCode.FORMULA_WITHOUT_VALUE]
    cells = [cell for sheet, _, cell in found if sheet in sheets]
    if form.blank or not cells:
        return form
    given = "\u3001".join(cells)
    doubt = Problem(ProblemCode.AMBIGUOUS, given=given, detail=Doubt.UNCALCULATED)
    return replace(form, problems=(*form.problems, doubt))


def _with_unseen_rows(form: FormReading, document: Document) -> FormReading:
    """What stands in hidden rows may be part of a form on their sheet; one in a row that a filter hides was read unseen."""
    if form.blank:
        return form
    rows = {match for field in form.fields if field.value is not None for match in _SHEET_ROW.findall(field.place)}
    doubts = [
        Problem(ProblemCode.AMBIGUOUS, given=note.detail, detail=_UNSEEN[note.code])
        for note in document.notes
        if (note.code is NoteCode.HIDDEN_ROWS and note.detail.rpartition("!")[0] in _sheets(form))
        or (note.code is NoteCode.FILTERED_ROWS and not rows.isdisjoint(_rows(note.detail)))
    ]
    return replace(form, problems=(*form.problems, *doubts))


def _sheets(form: FormReading) -> set[str]:
    return {form.place, *(field.place.rpartition("!")[0] for field in form.fields)}


def _rows(detail: str) -> Iterator[tuple[str, str]]:
    """Given sheet and rows such as ``"Sheet1!3-4,7"``, yield each row with its sheet."""
    sheet, _, ranges = detail.rpartition("!")
    for one in ranges.split(","):
        first, _, last = one.partition("-")
        yield from ((sheet, str(row)) for row in range(int(first), int(last or first) + 1))


def _incomplete(_detail: str) -> Problem:
    return Problem(ProblemCode.AMBIGUOUS, detail=Doubt.CLIPPED)


# Notes that make every form of a document doubtful.
_DOUBTS: dict[NoteCode, Callable[[str], Problem]] = {
    NoteCode.SECOND_BEST_READER: lambda engine: Problem(ProblemCode.NEEDS_ENGINE, detail=engine),
    NoteCode.CLIPPED: _incomplete,
    NoteCode.PAGES_LEFT_OUT: _incomplete,
}


def _unruled(form: FormReading) -> FormReading:
    """A form read off a page outside ruled tables is shown to a person.

    Columns without lines between them run together there: 22 % of the fields of borderless sheets printed by Calc came
    out wrong with nothing to tell it, a value cut off by its neighbor among them. Nor does it help if each label stands in
    a line of its own with its value behind a colon: 13 of 280 such values were cut off by the next cell, or went on in it.
    """
    if form.blank or not _PAGE_LINE.match(form.place):
        return form
    return replace(form, problems=(*form.problems, Problem(ProblemCode.AMBIGUOUS, detail=Doubt.UNRULED)))


def _with_pictures(
    opened: Opened, found: Extraction, name: str, asked: _Asked, characters: int
) -> tuple[Document, Extraction]:
    """Look for the form on the pictures pasted into a short document; where there is none the text stays what counts."""
    try:
        looked = with_pictures(opened, asked.budget, asked.engines)
    except ReadFailure:
        if characters < _NOTHING_BUT_PICTURES:
            raise
        return opened.document, found
    again = _extracted(looked, name, asked)
    if again.forms or characters < _NOTHING_BUT_PICTURES:
        return looked, again
    return opened.document, found


def _extracted(document: Document, name: str, asked: _Asked, *, body: bool = False) -> Extraction:
    """Given a document, return what `extract` finds in it; of a scan only what two looks agree on is sure."""
    hint = _hint(name)
    found = extract(document, asked.forms, area_code=asked.area_code, hint=hint, body=body)
    if not document.second_look:
        return found
    again = replace(document, blocks=document.second_look, second_look=())
    second = extract(again, asked.forms, area_code=asked.area_code, hint=hint, body=body)
    return replace(found, forms=agreed(found.forms, second.forms, document.blocks, asked.forms))


def _hint(name: str) -> str:
    """The name of the file itself, without the way into an archive."""
    return name.rpartition("/")[2]


def _described(document: Document, name: str, kind: str, found: Extraction) -> DocumentReading:
    outside = [line[:_LINE_CHARACTERS] for line in found.outside]
    return DocumentReading(
        name,
        kind,
        document.reader,
        found.forms,
        notes=document.notes,
        head=tuple(outside[:_HEAD_LINES]),
        tail=tuple(outside[-_TAIL_LINES:]),
        characters=_characters(document),
        pictures=document.pictures,
        scanned=bool(document.second_look),
        laid=document.laid,
    )


def _suspects(document: Document, forms: tuple[FormSpec, ...], characters: int) -> tuple[FormReading, ...]:
    """A short document under the heading of one of our forms in which nothing was read is shown, never passed over.

    Silent emptiness is the commonest failure of readers (facts/documents.md §6 no. 3).
    """
    if characters > _PROSE_CHARACTERS:
        return ()
    titles = titles_of(forms)
    by_id = {form.id: form for form in forms}
    lines = list(document.lines())
    for number, line in enumerate(lines[:6]):
        form = titles.heading(line) or titles.heading(line + (lines[number + 1] if number + 1 < len(lines) else ""))
        if form is None or form not in titles.tables:
            continue
        left = tuple(Leftover(text, "") for text in lines[number + 1 :][:_SUSPECT_LEFTOVERS])
        if not left and not document.pictures:
            return ()
        problem = Problem(ProblemCode.AMBIGUOUS, detail=Doubt.NOTHING_READ)
        return (FormReading(by_id[form].id, line, (), "document", problems=(problem,), leftovers=left),)
    return ()


def _characters(document: Document) -> int:
    """Count CJK characters and words of other scripts, those in grids included."""
    return sum(_count(block) for block in document.blocks)


def _count(block: Paragraph | Grid) -> int:
    if isinstance(block, Paragraph):
        return len(_WORDS.findall(block.text))
    return sum(len(_WORDS.findall(cell.text)) + sum(_count(grid) for grid in cell.nested) for cell in block.cells)
