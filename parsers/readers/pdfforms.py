"""Form fields and annotations of a page → glyphs at their places: what a person typed into a PDF form stands nowhere else.

In: an open page. Out: `Overlay`: values of fields as if printed in their rectangles (ticks as characters), text boxes that were
added with a comment tool, lines through text, and how many stamps, signatures and pen strokes there are; and what
comments say that no page shows. Hidden ones are left out. Must not: run the scripts of a form, or trust that its tree has an end.
Standard: ISO 32000-1 §12.5 (annotations), §12.7 (interactive forms).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import dict_value, list_value, resolve1
from pdfminer.psparser import PSLiteral

from parsers.document import EMPTY_BOX, TICKED
from parsers.readers.comments import LONGEST
from parsers.readers.pdfink import Glyph, Rule, placed
from parsers.readers.ruled import Rectangle
from parsers.remarks import takes_back
from parsers.text import clean, decode

_ANNOTATIONS, _PARENTS, _CHARACTERS, _LINES = 2_000, 32, 10_000, 200
_HIDDEN = 0b10 | 0b100000  # flags Hidden and NoView, table 165
_PASSWORD, _PUSH_BUTTON = 1 << 13, 1 << 16  # field flags, tables 226 and 228
_SIZE = 10.0  # points, where the appearance does not say
_INHERITED = ("FT", "V", "Ff", "Opt")
# Kinds whose text is no comment: links, fields, the window of another one's comment, text that is printed on the page.
_NO_COMMENTS = frozenset({"Link", "Widget", "Popup", "FreeText"})
_LAST = 1 << 30  # drawn after everything on the page


@dataclass(slots=True)
class Overlay:
    """What lies upon a page. `fields` counts its form fields, `pictures` stamps, signatures and drawings.

    `rules` holds the `strokes` (through text) and the lines under it.
    """

    glyphs: list[Glyph] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    strokes: list[Rule] = field(default_factory=list)
    fields: int = 0
    pictures: int = 0
    files: list[str] = field(default_factory=list)


def overlay_of(page: PDFPage) -> Overlay:
    """Given a page (turned upright), return what its annotations show."""
    overlay = Overlay()
    for kind, one in _annotations(page):
        box = _box(page, one)
        if box is None:
            continue
        if kind == "Widget":
            _add_field(overlay, one, box)
        elif kind == "FreeText":
            _add_text(overlay, _text(one.get("Contents")), box)
        elif kind == "StrikeOut":
            across = Rule(True, (box[1] + box[3]) / 2, box[0], box[2])
            overlay.strokes.extend(list(_through(page, one, struck=True)) or [across])
        elif kind in {"Underline", "Squiggly"}:
            overlay.rules.extend(_through(page, one, struck=False))
        elif kind in {"Stamp", "Ink", "Line", "PolyLine"}:
            overlay.pictures += 1
        elif kind == "FileAttachment":
            overlay.files.append(clean(_text(dict_value(one.get("FS")).get("F")), limit=100))
    overlay.rules.extend(overlay.strokes)
    return overlay


def comments_on(page: PDFPage) -> Iterator[str]:
    """Given a page, yield what its comments say: sticky notes and the texts behind marks, stamps and drawings.

    Of the texts printed on the page those that take something back: with such a tool forms are filled in, too, but where
    it says beside the table that the mobile is another one by now, no cell shows it.
    """
    for kind, one in _annotations(page):
        if kind not in _NO_COMMENTS:
            yield _beginning(one.get("Contents"))
        elif kind == "FreeText" and takes_back(text := _beginning(one.get("Contents"))):
            yield text


def undrawn_text(page: PDFPage) -> Iterator[str]:
    """Given a page that is looked at as a picture, yield the texts upon it that pdfium has no appearance to draw for."""
    for kind, one in _annotations(page):
        if kind == "FreeText" and not dict_value(one.get("AP", {})).get("N"):
            yield _beginning(one.get("Contents"))


def is_struck(page: PDFPage) -> bool:
    """Given a page, return whether something on it is struck out with a comment tool."""
    return any(kind == "StrikeOut" for kind, _ in _annotations(page))


def stroke_missed(overlay: Overlay, glyphs: Sequence[Glyph]) -> bool:
    """Given what lies upon a page and its glyphs with their marks, return whether a stroke struck out none of them."""
    struck = [glyph for glyph in glyphs if glyph.struck]
    return not all(
        any(
            stroke.start <= (glyph.left + glyph.right) / 2 <= stroke.end
            and abs(glyph.baseline - stroke.at) < glyph.size
            for glyph in struck
        )
        for stroke in overlay.strokes
    )


def _annotations(page: PDFPage) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield kind and dictionary of the annotations that a viewer shows."""
    annotations = resolve1(page.annots)
    for entry in list(annotations)[:_ANNOTATIONS] if isinstance(annotations, list) else ():
        one = dict_value(entry)
        if not _number(one.get("F")) & _HIDDEN:
            yield _name(one.get("Subtype")), one


def _add_field(overlay: Overlay, widget: Mapping[str, Any], box: Rectangle) -> None:
    properties = _inherited(widget)
    kind, flags = _name(properties.get("FT")), _number(properties.get("Ff"))
    if kind == "Btn":
        if flags & _PUSH_BUTTON:
            return
        overlay.fields += 1
        ticked = _is_ticked(widget, properties)
        height = box[3] - box[1]
        side = min(height, box[2] - box[0])
        mark = TICKED if ticked else EMPTY_BOX
        baseline = (box[1] + box[3]) / 2 + 0.35 * side
        overlay.glyphs.append(Glyph(mark, box[0], box[0] + side, baseline, side, order=_LAST))
    elif kind == "Tx" and not flags & _PASSWORD:
        overlay.fields += 1
        _add_text(overlay, _text(properties.get("V")), box)
    elif kind == "Ch":
        overlay.fields += 1
        _add_text(overlay, _chosen(properties), box)
    elif kind == "Sig":
        overlay.pictures += resolve1(properties.get("V")) is not None


def _is_ticked(widget: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    """The widget's own state counts; where it has none, the field's value if it names this widget's state."""
    state = _name(widget.get("AS"))
    if state:
        return state != "Off"
    value = _name(properties.get("V"))
    own = set(dict_value(dict_value(widget.get("AP")).get("N"))) - {"Off"}
    return bool(value) and value != "Off" and (not own or value in own)


def _chosen(properties: Mapping[str, Any]) -> str:
    """A choice is stored by its export value; the person saw the display text."""
    shown = {}
    for option in list_value(properties.get("Opt", []))[:_LINES]:
        pair = resolve1(option)
        if isinstance(pair, list) and len(pair) == 2:
            shown[_text(pair[0])] = _text(pair[1])
    value = resolve1(properties.get("V"))
    values = [_text(one) for one in value[:_LINES]] if isinstance(value, list) else [_text(value)]
    return "\n".join(shown.get(one, one) for one in values)


def _add_text(overlay: Overlay, text: str, box: Rectangle) -> None:
    """Print text into a rectangle: each of its lines is one piece."""
    lines = [line for line in clean(text, limit=_CHARACTERS).split("\n") if line.strip()][:_LINES]
    if not lines:
        return
    left, top, right, bottom = box
    step = (bottom - top) / len(lines)
    size = max(min(_SIZE, 0.9 * step), 2.5)
    for number, line in enumerate(lines):
        baseline = top + (number + 0.5) * step + 0.35 * size
        width = sum(size if ord(character) > 0x2E7F else 0.5 * size for character in line)
        overlay.glyphs.append(Glyph(line, left, min(right, left + width), baseline, size, order=_LAST + number))


def _through(page: PDFPage, annotation: Mapping[str, Any], *, struck: bool) -> Iterator[Rule]:
    """Yield the lines of a text-markup annotation: each four points are one marked piece of a line."""
    numbers = [resolve1(value) for value in list_value(annotation.get("QuadPoints", []))[: 8 * _LINES]]
    points = [float(value) for value in numbers if isinstance(value, int | float)]
    for start in range(0, len(points) - 7, 8):
        xs, ys = points[start : start + 8 : 2], points[start + 1 : start + 8 : 2]
        left, top, right, bottom = placed(page, (min(xs), min(ys), max(xs), max(ys)))
        yield Rule(True, top + (0.55 if struck else 0.92) * (bottom - top), left, right)


# --- objects ---------------------------------------------------------------------------------------------------------


def _inherited(widget: Mapping[str, Any]) -> dict[str, Any]:
    """Return the field's properties, those of its parents included."""
    found: dict[str, Any] = {}
    node: Mapping[str, Any] = widget
    for _ in range(_PARENTS):
        for key in _INHERITED:
            if key in node:
                found.setdefault(key, node[key])
        if node.get("Parent") is None:
            break
        node = dict_value(node["Parent"])
    return found


def _box(page: PDFPage, annotation: Mapping[str, Any]) -> Rectangle | None:
    numbers = [resolve1(value) for value in list_value(annotation.get("Rect", []))[:5]]
    if len(numbers) != 4 or not all(isinstance(number, int | float) for number in numbers):
        return None
    x0, y0, x1, y1 = (float(number) for number in numbers)
    return placed(page, (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))


def _name(value: object) -> str:
    found = resolve1(value)
    if isinstance(found, PSLiteral):
        return found.name if isinstance(found.name, str) else decode(found.name).text
    return _text(found)


def _text(value: object) -> str:
    found = resolve1(value)
    if isinstance(found, PSLiteral):
        return _name(found)
    if hasattr(found, "get_data"):
        found = cast("Any", found).get_data()
    return decode(found).text if isinstance(found, bytes) else ""


def _beginning(value: object) -> str:
    """Return as much of a text as is looked at: thousands of annotations may share one of megabytes."""
    found = resolve1(value)
    return decode(found[: 2 * LONGEST + 4]).text if isinstance(found, bytes) else ""


def _number(value: object) -> int:
    found = resolve1(value)
    return found if isinstance(found, int) else 0
