"""Text with its looks: what several containers have in common between markup and `document` values.

In: pieces of text, each with its `Look`. Out: the text a person reads, and which of it is underlined or struck out
(是/否 is often answered by that alone). Must not: know any file format.
"""

from dataclasses import dataclass, field

from parsers.text import clean

_LONGEST = 4  # code points that NFC makes of one, at most 3: a text must not lose its end to its own length
_MARKED = 200  # marked pieces of one line that are kept; a form has one or two


@dataclass(frozen=True, slots=True)
class Look:
    """What of a piece's properties decides what a person sees. `font` is the font of its Latin letters.

    `white`: its color is white; `ground`: what lies behind it is white, False if something else is or may be (see
    `paper`); None where nothing was said.
    """

    hidden: bool = False
    struck: bool = False
    underlined: bool = False
    font: str = ""
    white: bool | None = None
    ground: bool | None = None


PLAIN = Look()


@dataclass(slots=True)
class Line:
    """The text of one paragraph while it is being read."""

    pieces: list[tuple[str, Look]] = field(default_factory=list)

    def add(self, text: str, look: Look) -> None:
        """Append a visible piece."""
        self.pieces.append((text, look))

    def text(self) -> str:
        """Return the text that is not struck out, cleaned, without blanks at its ends."""
        return _tidy("".join(text for text, look in self.pieces if not look.struck))

    def underlined(self, whole: str) -> tuple[str, ...]:
        """Return the underlined pieces of the line's text `whole`; neighboring pieces count as one."""
        marked = self._runs([look.underlined and not look.struck for _, look in self.pieces])
        return tuple(piece for piece in marked if piece in whole)

    def struck(self) -> tuple[str, ...]:
        """Return the pieces that are struck out; neighboring pieces count as one."""
        return tuple(self._runs([look.struck for _, look in self.pieces]))

    def _runs(self, marks: list[bool]) -> list[str]:
        if not any(marks):
            return []
        found = [""]
        for (text, _), marked in zip(self.pieces, marks, strict=True):
            if marked:
                found[-1] += text
            elif found[-1]:
                found.append("")
        return [piece for piece in map(_tidy, found[:_MARKED]) if piece]


def _tidy(text: str) -> str:
    return clean(text, limit=_LONGEST * len(text)).strip()
