"""Content controls and alternatives of Word markup: which of several contents a person sees.

In: a `w:sdt` or `mc:AlternateContent`. Out: what stands in place of its content, or the branch to read. Must not: walk.
Standard: ECMA-376 part 1 §17.5.2 (content controls), part 3 §9.3 (alternate content), MS-DOCX §2.6 (w14:checkbox).
"""

import re
from dataclasses import dataclass

from lxml.etree import _Element as Element

from parsers.document import EMPTY_BOX, TICKED
from parsers.readers.wordlook import W, is_on

SYMBOL_EXTENSION = "{http://schemas.microsoft.com/office/word/2015/wordml/symex}symEx"

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_T, _TBL, _TR = f"{W}t", f"{W}tbl", f"{W}tr"
# Words of the hints that Word and WPS themselves put into empty content controls.
_USUAL_HINT = re.compile("单击|点击|轻触|选择|输入|Click|Tap|Choose|Enter", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StandIn:
    """What a person sees instead of a control's content: a tick, or "" for a hint.

    `doubtful`: marked as a hint, but not in the usual words; a program may have filled it in and left the mark.
    """

    text: str
    doubtful: bool = False


def stand_in(control: Element) -> StandIn | None:
    """Given a `w:sdt`, return what stands for its content, or None if that is its content itself."""
    properties = control.find(f"{W}sdtPr")
    if properties is None:
        return None
    box = properties.find(f"{_W14}checkbox")
    if box is not None:
        checked = box.find(f"{_W14}checked")
        on = checked is not None and checked.get(f"{_W14}val", "1").lower() not in ("0", "false", "off")
        return StandIn(TICKED if on else EMPTY_BOX)
    hint = properties.find(f"{W}showingPlcHdr")
    if hint is None or not is_on(hint) or next(control.iter(_TBL, _TR), None) is not None:
        return None
    text = "".join(piece.text or "" for piece in control.iter(_T))
    return StandIn("", doubtful=bool(text.strip()) and not _USUAL_HINT.search(text))


def branch(alternate: Element) -> Element | None:
    """Given an mc:AlternateContent, return the branch to read: the first choice, unless it is empty or an emoji's."""
    choice = alternate.find(f"{_MC}Choice")
    if choice is not None and len(choice) and choice.find(f".//{SYMBOL_EXTENSION}") is None:
        return choice
    fallback = alternate.find(f"{_MC}Fallback")
    return choice if fallback is None else fallback
