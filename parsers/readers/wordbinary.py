"""Word 97–2003 files (.doc, .wps of that content) → `Document`, on a machine without LibreOffice: the second-best reader.

In: bytes that `sniff` called such a file. Out: blocks as a person sees them on the page, by `docstreams` (layers of the
file) → `docpieces` (text in order) → `docsprms` (formatting) → `docwalk` (blocks; `docgrid`: tables, `docforms`: form
fields). Whatever it does not know is a ReadFailure NEEDS_ENGINE: the file waits for LibreOffice, and no value is guessed.
Not read: footnotes, comments, footers, text boxes of headers, numbers that Word makes up. Must not: raise anything but
ReadFailure. Standard: MS-DOC.
"""

from collections.abc import Iterator

from parsers.document import Block, Budget, Document, FailureCode, Note, NoteCode, ReadFailure
from parsers.engines import Engine
from parsers.readers.border import reads
from parsers.readers.docpieces import Text
from parsers.readers.docsprms import Styles
from parsers.readers.docstreams import File, opened, plex, unpack
from parsers.readers.docwalk import Range, Walker

READER = "wordbinary/2"

_HEADERS, _ANCHORS, _BOXES = 11, 40, 56  # PlcfHdd, PlcSpaMom, PlcftxbxTxt in FibRgFcLcb97
_FOOTNOTE_SEPARATORS, _A_SECTION = 6, 6
_OF_PAGES = (0, 1, 4)  # of the six stories of a section: headers of even, odd and first pages; the others are footers


def read(data: bytes, budget: Budget) -> Document:
    """Given a Word 97–2003 file, return what a person would see in it.

    Raise ReadFailure: NEEDS_ENGINE for all that this reader does not know, DAMAGED, ENCRYPTED, EMPTY, TOO_LARGE.
    """
    with reads("a Word 97 file"):
        return _read(data, budget)


def _read(data: bytes, budget: Budget) -> Document:
    file = opened(data)
    text = Text(file, budget.text_characters)
    stories = _stories(file.lengths)
    walker = Walker(text, Styles(file), file.data, _boxes(file, stories), budget)
    blocks = (*_headers(file, stories[2], walker), *walker.blocks(stories[0]), *_unanchored(walker))
    notes = [*walker.notes]
    if file.embedded and not any(note.code is NoteCode.EMBEDDED_FILE for note in notes):
        notes.append(Note(NoteCode.EMBEDDED_FILE, "object"))
    if file.macros:
        notes.append(Note(NoteCode.MACROS))
    if not blocks and not walker.pictures and not notes:
        raise ReadFailure(FailureCode.EMPTY, "no text and no picture")
    return Document(blocks, READER, (Note(NoteCode.SECOND_BEST_READER, Engine.OFFICE), *notes), walker.pictures)


def _stories(lengths: tuple[int, ...]) -> list[Range]:
    """Given the lengths of the stories, return their ranges; they lie one behind the other."""
    found: list[Range] = []
    for length in lengths:
        start = found[-1][1] if found else 0
        found.append((start, start + length))
    return found


def _headers(file: File, story: Range, walker: Walker) -> Iterator[Block]:
    """Yield the blocks of the page headers: some units put 附件2 or their name there. An empty one repeats the last."""
    seen: set[int] = set()
    for number, (begin, end, _) in enumerate(plex(file.part(_HEADERS), 0)):
        section_part = (number - _FOOTNOTE_SEPARATORS) % _A_SECTION
        if number < _FOOTNOTE_SEPARATORS or section_part not in _OF_PAGES or begin == end:
            continue
        if story[0] + end > story[1]:
            raise ReadFailure(FailureCode.DAMAGED, "a header beyond its story")
        prefix = f"header {len(seen) + 1}, " if seen else "header, "
        blocks = tuple(walker.blocks((story[0] + begin, story[0] + end), prefix))
        if blocks:
            seen.add(number)
            yield from blocks


def _boxes(file: File, stories: list[Range]) -> dict[int, Range]:
    """Return the ranges of the text boxes by the position of their anchor; boxes without one count down from -1."""
    main, story = stories[0], stories[6]
    anchors: dict[int, int] = {}
    for begin, _, shape in plex(file.part(_ANCHORS), 26):
        if begin < main[1]:
            anchors[unpack("I", shape, 0)[0]] = begin
    found: dict[int, Range] = {}
    listed = list(plex(file.part(_BOXES), 22))
    for number, (begin, end, box) in enumerate(listed):
        if story[0] + begin >= story[1] or begin == end:
            continue
        if story[0] + end > story[1]:
            raise ReadFailure(FailureCode.DAMAGED, "a text box beyond its story")
        anchor = anchors.get(unpack("I", box, 14)[0], -1 - number)
        found[-1 - number if anchor in found else anchor] = (story[0] + begin, story[0] + end)
    if story[0] < story[1] and not found:
        found[-1] = story
    return found


def _unanchored(walker: Walker) -> Iterator[Block]:
    """Yield the blocks of text boxes whose place is not known: boxes in groups of shapes, mostly."""
    for number, box in enumerate(list(walker.boxes.values())):
        yield from walker.blocks(box, f"loose text box {number + 1}, ")
