"""Pieces of text and where they stand → lines, and the text of a cell. Without pixels.

In: pieces as one look read them. Out: their text in reading order, gaps as blanks and tabulators, a word that only the width
of its cell broke in one. Must not: judge what a piece says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parsers.ocr.engine import Recognized
from parsers.readers.ruled import Rectangle

_PADDING = 0.5  # heights of a character that a cell leaves blank beside its text, both sides together
# What stays together at the end of a line: letters and digits, and a character with the closing marks behind it.
_WORD = re.compile("[0-9A-Za-z@._]+-?")
_CLOSED = re.compile("[\u300a\u201c\uff08]?.[\u300b\u201d\uff09\uff0c\u3002\u3001\uff1b\uff1a,.;:)]*")
_BLANK, _WIDE = 0.7, 2.0  # gaps within a line that are a blank, a tabulator

Home = tuple[int, int]  # number of the table, number of the cell in it


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of one line of text: where, and what it says. `home` is its cell, None outside tables."""

    place: Rectangle
    home: Home | None
    seen: Recognized


def text_of(pieces: Sequence[Piece], cell: Rectangle, character: float) -> str:
    """Return the text of a cell's pieces in reading order, a line each; a line that only the cell's width ended goes on."""
    text, room = "", 0.0
    for numbers in in_lines([piece.place for piece in pieces], character):
        line = in_one_line([pieces[number] for number in numbers], character)
        if not line:
            continue
        joint = "" if not text or text.endswith("-") or _first_word(line) * character > room else "\n"
        places = [pieces[number].place for number in numbers]
        room = (
            (cell[2] - cell[0]) - (max(one[2] for one in places) - min(one[0] for one in places)) - _PADDING * character
        )
        text += joint + line
    return text


def _first_word(line: str) -> float:
    """Return the width of what had to fit into the line above, in heights of a character."""
    word = _WORD.match(line)
    if word:
        return max(1.0, 0.5 * len(word.group()))
    closed = _CLOSED.match(line)
    return float(len(closed.group())) if closed else 1.0


def in_one_line(pieces: Sequence[Piece], character: float) -> str:
    """Return the text of one line, its gaps as blanks or tabulators."""
    text, end = "", 0.0
    for piece in pieces:
        if not piece.seen.text:
            continue
        gap = piece.place[0] - end
        if text:
            text += "\t" if gap > _WIDE * character else " " if gap > _BLANK * character else ""
        text, end = text + piece.seen.text, piece.place[2]
    return text


def in_lines(places: Sequence[Rectangle], character: float) -> list[list[int]]:
    """Given places, return their numbers by lines from top to bottom, each from left to right."""
    lines: list[list[int]] = []
    middle = 0.0
    for number in sorted(range(len(places)), key=lambda number: places[number][1] + places[number][3]):
        own = (places[number][1] + places[number][3]) / 2
        if lines and own - middle < 0.55 * character:
            lines[-1].append(number)
        else:
            lines.append([number])
            middle = own
    return [sorted(line, key=lambda number: places[number][0]) for line in lines]
