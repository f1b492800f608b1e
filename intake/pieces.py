"""The pieces of a mail sorted by what they are worth: filled forms, blank ones, other texts, files that failed.

Stage before: `read` (every document of the mail is read). Stage after: `prose` and `assess`. In: a `MailReading` and the
campaign's forms. Out: `Sorted`. Pure. It does not ask who sent it and decides nothing about units.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from intake.model import MailReading, PartPath, PartRole, SenderKind
from parsers.document import FailureCode
from parsers.forms import DocumentReading, Doubt, FieldReading, FieldType, FormReading, FormSpec, ProblemCode
from parsers.sniff import IMAGES, Kind
from parsers.text import narrow

SCANS = IMAGES | {Kind.PDF, Kind.OFD}  # what a signed and stamped page comes as
# Tried by `python -m tests.understanding --thresholds _LOGO_BYTES --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_LOGO_BYTES = 8_000  # tried 4000 and 16000: no difference, compared in none of these mails
_NUMBER = re.compile(r"\d{7}")
_LOGO_NAME = re.compile(
    r"(?:^|/)(?:image\d{3}|logo|insertpic_?|catch[0-9a-f(]|signature)[^/]*\.\w{3,4}$", re.IGNORECASE
)
# What packers and mail programs add by themselves: macOS resource forks, Windows thumbnails, signatures, cards.
_LITTER = re.compile(
    r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store|Thumbs\.db$|desktop\.ini$)|\.(?:p7s|p7m|asc|vcf|ics)$", re.IGNORECASE
)
# The last line of every letter of ours (facts/users.md §3), in every template.
_OUR_LAST_LINE = "本邮件由系统自动发送"
_LITTER_KINDS = frozenset({Kind.CONTACT, Kind.CALENDAR})
# Marks that people add to the name of a copy: 表 - 副本.docx, 表盖章.pdf. Numbers stay: 附件1 and 附件2 are two things.
_COPY_MARK = re.compile("[ _-]*(?:副本|复件|copy|盖章版?|扫描件?|签字版?|电子版|word版|pdf版)$", re.IGNORECASE)
_COPY_REMARK = re.compile("[(\uff08][^()\uff08\uff09]{0,4}(?:盖章|扫描|签字|电子版)[^()\uff08\uff09]{0,4}[)\uff09]")


def value_key(value: str | bool | None) -> str:  # noqa: FBT001 - a field's value, not a switch
    """Given a value, return the key by which two copies of it are compared: letters and digits only."""
    if value is None:
        return ""
    return "".join(
        character for character in unicodedata.normalize("NFKC", str(value)).casefold() if character.isalnum()
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """One document of the mail: a part, or a member of an archive (then `document.name` shows the way in)."""

    path: PartPath
    role: PartRole
    enclosing: PartPath
    document: DocumentReading
    size_bytes: int = 0

    @property
    def is_body(self) -> bool:
        return self.role is PartRole.BODY

    @property
    def file_name(self) -> str:
        """The name without the way into an archive."""
        return re.split(r"[/\\]", self.document.name)[-1]

    @property
    def is_scan(self) -> bool:
        """Whether it is, or may be, the picture of a page: what stands on it is seen, not written."""
        document = self.document
        unseen = document.failure is not None and document.failure.code is FailureCode.UNRECOGNIZED
        return document.scanned or unseen or document.kind in SCANS

    @property
    def stem(self) -> str:
        """The key by which two files are copies of each other: 附件2.docx and 附件2盖章.pdf are."""
        stem = _COPY_REMARK.sub("", self.file_name.rpartition(".")[0] or self.file_name)
        return value_key(_COPY_MARK.sub("", stem))


@dataclass(frozen=True, slots=True)
class Filled:
    """One filled form and where it stood. `partial`: a body that has only some of the form's labels."""

    piece: Piece
    spec: FormSpec
    reading: FormReading
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Sorted:
    """All pieces of a mail. `plain` are files that could be read and hold no form; `litter` has no meaning at all.

    `photographs` are large pictures in the text on which no form was made out: nothing, unless there is nothing else.
    """

    filled: tuple[Filled, ...] = ()
    partial: tuple[Filled, ...] = ()
    blanks: tuple[Piece, ...] = ()
    plain: tuple[Piece, ...] = ()
    failed: tuple[Piece, ...] = ()
    bodies: tuple[Piece, ...] = ()
    litter: tuple[Piece, ...] = ()
    photographs: tuple[Piece, ...] = ()


def sort_out(reading: MailReading, forms: tuple[FormSpec, ...], sender: SenderKind) -> Sorted:
    """Given a mail, return its pieces sorted. A body is the sender's own text, or the original of a forward (`bodies`).

    Of an automatic reply only its own attached files count: what it encloses or quotes is the letter that it answers.
    """
    specs = {spec.id: spec for spec in forms}
    pieces = list(_pieces(reading))
    if sender is SenderKind.AUTO_REPLY:
        pieces = [piece for piece in pieces if not piece.is_body and not piece.enclosing]
    litter = [piece for piece in pieces if _is_litter(piece)]
    if all(piece.is_body or piece in litter for piece in pieces):
        litter = [piece for piece in litter if not _may_be_all_there_is(piece)]
    pieces = [piece for piece in pieces if piece not in litter]
    photographs = [piece for piece in pieces if piece.role is PartRole.INLINE and not piece.document.forms]
    pieces = [piece for piece in pieces if piece not in photographs]
    files = [piece for piece in pieces if not piece.is_body]
    bodies = [piece for piece in pieces if piece.is_body]
    found = [*_filled(files, specs), *_filled(bodies, specs)]
    return Sorted(
        filled=tuple(one for one in found if not one.partial),
        partial=tuple(one for one in found if one.partial),
        blanks=tuple(piece for piece in files if _only_blank(piece, specs)),
        plain=tuple(piece for piece in files if _is_plain(piece)),
        failed=tuple(piece for piece in pieces if _failed(piece)),
        bodies=tuple(bodies),
        litter=tuple(litter),
        photographs=tuple(photographs),
    )


def is_given(field: FieldReading) -> bool:
    """Return whether something stands in a field, good or bad; 无 in a required field is nothing."""
    return field.value is not None or (field.problem is not None and field.problem.code is not ProblemCode.MISSING)


def is_empty(reading: FormReading, spec: FormSpec) -> bool:
    """Return whether nothing is filled in but, at most, the unit's name: the office's own template.

    Not a text under the form's heading that lost its table (姓名李建国性别男…手机139…): nobody's template has a number.
    """
    unread = any(problem.detail == Doubt.NOTHING_READ for problem in reading.problems)
    if unread and any(_NUMBER.search(narrow(left.text)) for left in reading.leftovers):
        return False
    units = {field.key for field in spec.fields if field.type is FieldType.UNIT}
    return reading.blank or not any(is_given(field) and field.key not in units for field in reading.fields)


def _pieces(reading: MailReading) -> Iterator[Piece]:
    sizes = {part.path: part.size_bytes for part in reading.parts}
    for part in reading.documents:
        for document in _leaves(part.document):
            yield Piece(part.path, part.role, part.enclosing, document, sizes.get(part.path, 0))


def _leaves(document: DocumentReading) -> Iterator[DocumentReading]:
    """Yield a document, or the members of an archive; an archive that failed (password, budget) counts as well."""
    if not document.members or document.failure is not None or document.forms:
        yield document
    for member in document.members:
        yield from _leaves(member)


def _is_litter(piece: Piece) -> bool:
    if piece.is_body:
        return False
    if _LITTER.search(piece.document.name) or piece.document.kind in _LITTER_KINDS:
        return True
    if piece.document.kind in IMAGES:
        small = 0 < piece.size_bytes < _LOGO_BYTES and not piece.document.forms
        return small or bool(_LOGO_NAME.search(piece.document.name))
    return False


def _may_be_all_there_is(piece: Piece) -> bool:
    """A small picture that was attached as the only file is no logo, whatever its size: somebody meant to send it."""
    return (
        piece.role is PartRole.ATTACHMENT
        and piece.document.kind in IMAGES
        and not _LITTER.search(piece.document.name)
        and not _LOGO_NAME.search(piece.document.name)
    )


def _filled(pieces: Iterable[Piece], specs: dict[str, FormSpec]) -> Iterator[Filled]:
    for piece in pieces:
        if piece.is_body and _holds_our_letter(piece.document):
            continue
        for form in piece.document.forms:
            spec = specs.get(form.form)
            if spec is None:
                continue
            partial = piece.is_body and _lacks_labels(form, spec) and not _is_part_of_form(form, piece.document, spec)
            # A line with nothing but the unit's name may be the answer to our question for it.
            if any(is_given(field) for field in form.fields) if partial else not is_empty(form, spec):
                yield Filled(piece, spec, form, partial)


def _holds_our_letter(document: DocumentReading) -> bool:
    """A letter of ours that some mail program quoted without a mark: its values are our own echo, nobody's form."""
    return any(_OUR_LAST_LINE in line for line in (*document.head, *document.tail))


def _lacks_labels(form: FormReading, spec: FormSpec) -> bool:
    return any(field.required and form.field(field.key) is None for field in spec.fields)


def _is_part_of_form(form: FormReading, document: DocumentReading, spec: FormSpec) -> bool:
    """A table is a form whatever label it lacks; so is a second person among the lines of a whole form."""
    return form.place.startswith("table ") or any(
        other.form == form.form and other.place == form.place and not _lacks_labels(other, spec)
        for other in document.forms
    )


def _only_blank(piece: Piece, specs: dict[str, FormSpec]) -> bool:
    forms = [form for form in piece.document.forms if form.form in specs]
    return bool(forms) and all(is_empty(form, specs[form.form]) for form in forms)


def _is_plain(piece: Piece) -> bool:
    return not piece.document.forms and piece.document.failure is None and not piece.document.members


def _failed(piece: Piece) -> bool:
    failure = piece.document.failure
    if failure is None:
        return False
    # An empty text part is normal beside an attachment; a body that stopped the worker is not.
    return not piece.is_body or failure.code in {FailureCode.TIMEOUT, FailureCode.CRASHED, FailureCode.TOO_LARGE}
