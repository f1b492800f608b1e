"""Fields of a Word paragraph: which of their text is instruction, which is result, and what check boxes show.

In: `w:fldChar` elements and instruction text in reading order. Out: whether the text that follows is seen, and the signs
that fields draw themselves (FORMCHECKBOX, FORMDROPDOWN, the EQ overlay □+√ by which older forms are ticked). Must not:
evaluate any other instruction. Standard: ECMA-376 part 1 §17.16.
"""

import re
from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from parsers.document import EMPTY_BOX, TICKED
from parsers.readers.wordlook import W, is_on

_VAL = f"{W}val"
_BOXES = frozenset("\u25a1\u2610\u25a2\u25fb\u25cb\u3007\u25ef\u53e3")  # box, ring, and the character 口 used as a box
_RINGS = frozenset("\u25cb\u3007\u25ef")
_TICKS = frozenset("\u221a\u2713\u2714\u2228\u2227\u00d7\u2715\u2717\u2611vVxX")
_OVERLAY = re.compile(r"^\s*eq\b.{0,40}?\\o[^(\uff08]{0,20}[(\uff08](.{1,200})[)\uff09]\s*$", re.IGNORECASE | re.DOTALL)
_SHIFT = re.compile(r"\\[a-z]{1,2}\d{0,3}", re.IGNORECASE)
_INSTRUCTION_CHARACTERS = 1_000


@dataclass(slots=True)
class _Field:
    instruction: str = ""
    instructing: bool = True
    drawn: bool = False  # it has shown its sign already


@dataclass(slots=True)
class Fields:
    """The fields that are open at a point of a paragraph, the innermost last."""

    stack: list[_Field] = field(default_factory=list)

    @property
    def instructing(self) -> bool:
        """Whether text at this point belongs to an instruction, or to the empty result of a drawn check box."""
        return any(entry.instructing or entry.drawn for entry in self.stack)

    def instruct(self, text: str) -> None:
        """Take a piece of instruction text; outside any field it means nothing."""
        if self.stack and len(self.stack[-1].instruction) < _INSTRUCTION_CHARACTERS:
            self.stack[-1].instruction += text

    def mark(self, character: Element) -> str:
        """Given a `w:fldChar`, return the sign that is seen at its place, mostly "": it is shown, whatever is open."""
        kind = character.get(f"{W}fldCharType")
        if kind == "begin":
            shown = None if self.instructing else _form_sign(character)
            self.stack.append(_Field(drawn=shown is not None))
            return shown or ""
        if kind == "separate" and self.stack:
            self.stack[-1].instructing = False
        elif kind == "end" and self.stack:
            closed = self.stack.pop()
            if closed.instructing and not closed.drawn and not self.instructing:
                return overlay(closed.instruction)
        return ""


def overlay(instruction: str) -> str:
    """Given a field instruction without result, return what an EQ overlay draws: ``eq \\o\\ac(□,√)`` is a ticked box."""
    match = _OVERLAY.match(instruction)
    if not match:
        return ""
    parts = [_SHIFT.sub("", part).strip(" ()\uff08\uff09") for part in re.split("[,;\uff0c\uff1b]", match.group(1))]
    texts = [part for part in parts if part]
    frames = [part for part in texts if part in _BOXES]
    inner = [part for part in texts if part not in _BOXES]
    if not inner:
        return EMPTY_BOX if frames else ""
    if any(part in _TICKS for part in inner):
        return TICKED
    word = "".join(inner)
    if any(part in _RINGS for part in frames):
        if word.isascii() and word.isdigit() and 1 <= int(word) <= 20:
            return chr(0x2460 + int(word) - 1)
        return TICKED + word  # 是 with a ring around it: the chosen one
    return word


def extension_sign(element: Element) -> str:
    """Given a `symEx` (an emoji that Word writes by its code), return its character."""
    codes = [value for name, value in element.attrib.items() if str(name).endswith("char")]
    try:
        code = int(str(codes[0]), 16) if codes else 0
    except ValueError:
        code = 0
    return chr(code) if 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""


def _form_sign(character: Element) -> str | None:
    """Given the beginning of a legacy form field, return its tick or its chosen entry, None for other fields."""
    box = character.find(f"{W}ffData/{W}checkBox")
    if box is not None:
        state = box.find(f"{W}checked")
        state = box.find(f"{W}default") if state is None else state
        return TICKED if state is not None and is_on(state) else EMPTY_BOX
    choices = character.find(f"{W}ffData/{W}ddList")
    if choices is None:
        return None
    entries = [entry.get(_VAL, "") for entry in choices.iterfind(f"{W}listEntry")]
    chosen = choices.find(f"{W}result")
    chosen = choices.find(f"{W}default") if chosen is None else chosen
    number = "0" if chosen is None else chosen.get(_VAL, "0")
    return entries[int(number)] if number.isdecimal() and int(number[:4]) < len(entries) else ""
