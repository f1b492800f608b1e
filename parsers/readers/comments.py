"""Remarks that hang on a document without standing in it: what Word, Excel and PDF readers call comments → notes.

In: the texts of comments, one by one, in the order of the file; for Office packages the parts that hold them. Out: `Note`s
with the code COMMENT, one line each, within bounds. A comment is no text of the document: it never becomes a value, but
it may say that a value no longer holds (the mobile in the cell is the old one), and then a person has to see it (`parse`).
Must not: give a comment to a block, skip one silently. Standards: ECMA-376 part 1 §17.13.4 and §18.7, MS-XLSX §2.1.36
(threaded comments).
"""

from collections.abc import Iterable, Iterator

from lxml.etree import _Element as Element

from parsers.archives import Package
from parsers.document import Note, NoteCode
from parsers.readers import opc
from parsers.readers.sheetstyles import S
from parsers.readers.wordlook import W
from parsers.remarks import may_change_a_value
from parsers.text import clean

LONGEST = 10_000  # characters of one comment that are looked at
_CHARACTERS = 200_000  # of all comments of a document that are looked at
_KEPT, _SHOWN, _STEP = 20, 200, 90
_CUT = "\u2026"
_UNREAD = "?"  # in the note that counts the rest: not all of it was looked at; `may_change_a_value` doubts a question
_THREADED = "{http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments}"
# Of a threaded comment Excel writes an old one, too, by an author "tc=" and an id. For programs that know no threads it says
# in the user's language that changes will be lost; behind this link, in every language, follows what was said.
_STAND_IN_AUTHOR, _STAND_IN_LINK = "tc=", "linkid=870924"
_SPOKEN = {f"{W}t": "", f"{W}p": "\n", f"{W}br": "\n", f"{W}cr": "\n", f"{W}tab": " ", f"{W}noBreakHyphen": "-"}


class Comments:
    """Gathers the comments of one document."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}  # an ordered set
        self._left = _CHARACTERS
        self._unread = 0

    def add(self, text: str) -> None:
        """Keep one comment; a blank one is none."""
        if self._left <= 0:
            self._unread += 1
            return
        self._unread += len(text) > LONGEST
        line = " ".join(clean(text[:LONGEST]).split())
        self._left -= len(line)
        if line:
            self._lines.setdefault(line)

    def notes(self) -> tuple[Note, ...]:
        """Return a note for each comment, those first that may change a value, and one that counts the rest: ``"+5"``."""
        lines = sorted(self._lines, key=lambda line: not may_change_a_value(line))
        notes = [Note(NoteCode.COMMENT, _excerpt(line)) for line in lines[:_KEPT]]
        rest = len(lines) - len(notes) + self._unread
        if rest:
            notes.append(Note(NoteCode.COMMENT, f"+{rest}{_UNREAD if self._unread else ''}"))
        return tuple(notes)


def comment_notes(texts: Iterable[str]) -> tuple[Note, ...]:
    """Given the texts of a document's comments, return their notes."""
    comments = Comments()
    for text in texts:
        comments.add(text)
    return comments.notes()


def _excerpt(line: str) -> str:
    """Return at most 200 characters of a comment: the beginning, or the first piece that may change a value."""
    if len(line) <= _SHOWN:
        return line
    beginning = line[: _SHOWN - 1] + _CUT
    if may_change_a_value(beginning) or not may_change_a_value(line):
        return beginning
    pieces = (_CUT + line[start : start + _SHOWN - 2] + _CUT for start in range(0, len(line), _STEP))
    # Longer than a step no cue is; were one cut all the same, the comment must not pass for a harmless one.
    return next((piece for piece in pieces if may_change_a_value(piece)), beginning + _UNREAD)[-_SHOWN:]


# --- Word ------------------------------------------------------------------------------------------------------------


def of_word(package: Package, links: Iterable[opc.Relationship]) -> Iterator[str]:
    """Given a Word package and the relationships of its main part, yield the texts of its comments, replies included."""
    for root in _parts(package, links, "/comments"):
        for comment in root.iter(f"{W}comment"):
            yield "".join(_SPOKEN[node.tag] + (node.text or "") for node in comment.iter(*_SPOKEN))


# --- Excel -----------------------------------------------------------------------------------------------------------


def of_sheet(package: Package, sheet: str) -> tuple[str, ...]:
    """Given the part of a visible sheet, return the texts of the comments on its cells, threaded ones each once."""
    links = opc.relationships(package, sheet)
    threads = [
        text.text or "" for root in _parts(package, links, "/threadedComment") for text in root.iter(f"{_THREADED}text")
    ]
    plain = [
        text
        for root in _parts(package, links, "/comments")
        for author, text in _authored(root)
        if not (threads and author.startswith(_STAND_IN_AUTHOR))
    ]
    return (*threads, *plain)


def _authored(root: Element) -> Iterator[tuple[str, str]]:
    """Yield author and text of the comments of a sheet; Excel and WPS write the author's name before the text."""
    authors = [(author.text or "").strip() for author in root.iterfind(f"{S}authors/{S}author")]
    for comment in root.iter(f"{S}comment"):
        number = comment.get("authorId", "")
        author = authors[int(number)] if number.isdecimal() and int(number[:9]) < len(authors) else ""
        text = "".join(piece.text or "" for piece in comment.iter(f"{S}t"))
        _, found, said = text.partition(_STAND_IN_LINK)
        text = (said if found else text).strip()
        for colon in (":", "\uff1a") if author else ():
            text = text.removeprefix(author + colon)
        yield author, text


def _parts(package: Package, links: Iterable[opc.Relationship], kind: str) -> Iterator[Element]:
    """Yield the roots of the parts to which relationships of a kind lead."""
    for target in dict.fromkeys(link.target for link in links if link.kind.endswith(kind)):
        if package.has(target):
            yield opc.parse(opc.part(package, target))
