"""Answers that are chosen, not written: 是/否, 男/女, by box, tick, underline, strike-out, or in words.

In: the text of a cell (ticks of any origin are U+2611, empty boxes U+2610) and the cell's underlined and struck pieces, or
the cells of a row over which options and marks are spread.
Out: `Answer`, `Spread`. Unknown is a third state: it is asked back, never defaulted to 否 (facts/documents.md §4.2 no. 8).
Must not: read a sentence whose parts contradict each other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from parsers.document import EMPTY_BOX, TICKED, Cell
from parsers.text import narrow

# Every mark that people type for "this one", and every box that they leave empty.
_TICKS = "\u2611\u221a\u2713\u2714\u2705\u25a0\u25cf\u25c9\u2612\u25a3\u25c6\u2b1b\u2b24\U0001f5f9\U0001f5f8"
_BOXES = "\u2610\u25a1\u25cb\u25ef\u25a2\u2b1c\u25c7\u2b55\u25fb\u25fd"
_CROSSES = "\u00d7\u2715\u2716\u2717\u2718\u274c\u2573"
_BRACKETED_TICK = re.compile(f"[(\\[\u3010]\\s*[{_TICKS}xXvV]\\s*[)\\]\u3011]|[{_BOXES}]\\s*[\u221a\u2713\u2714]")
# A tick between the box behind the first option and the second option, \u662f\u25a1 \u221a\u5426\u25a1: it may be meant for either.
_STRADDLING = re.compile(
    f"[^{_BOXES}{_TICKS}{_CROSSES}]*\\w *[{_BOXES}](?: +[\u221a\u2713\u2714] *|[\u221a\u2713\u2714])(?=\\w)"
)
_BRACKETED_BOX = re.compile("\\(\\s*\\)|\\[\\s*\\]|\u3010\\s*\u3011")
_BRACKETED_CROSS = re.compile(f"[(\\[\u3010]\\s*[{_CROSSES}]\\s*[)\\]\u3011]")
_GAPS = (" ", "\n")  # the second parts more: a mark belongs to the option on its own line
_MARKS = TICKED + EMPTY_BOX + "\u00d7"

_YES = ("可以提供", "能够提供", "是", "有", "提供", "能", "可以", "可", "参加", "同意", "需要", "yes", "y")
_NO = (
    "不能提供",
    "不提供",
    "没有",
    "不是",
    "不能",
    "不可以",
    "不可",
    "不参加",
    "不同意",
    "不需要",
    "否",
    "无",
    "不",
    "no",
    "n",
)
_UNSURE = re.compile(
    "不一定|不好说|待定|未定|视情况|看情况|可能|也许|暂不确定|不确定|未确定|尚未确定|待确认|再定|[?\uff1f]"
)
_ECHO = re.compile("现场|是否|能否|可否|有无|有没有")
# A negation counts where it begins what is said, or stands before the verb: 安全无小事 is the name of a sketch.
_NEGATION = re.compile(
    "(?:^|(?<=[暂现均都也并]))(?:我[单位局镇乡办院队会公司中心]{0,3}|本[单位局镇乡办院队会公司中心]{0,3})?(?:暂|均|都|现)?(?:不|没|无|未|否)"
    "|(?:不|没有?|无法?|未)(?:再|能|拟|打算|计划|准备|安排|单独|另行|便|想)?(?:提供|节目|参加|表演|参演|报送)"
)
_AGREEMENT = re.compile("提供|有节目|有[一二两三\\d]个|可以|^能|是的|^是|参加|出节目|报送节目|选送")
_QUOTED = re.compile("\u300a[^\u300b]*\u300b|\u201c[^\u201d]*\u201d")
_ENUMERATION = re.compile("[,;\u3001]")
_CLAUSES = re.compile("[,;.\u3002!\n]|但|不过|然而")


class Answer(StrEnum):
    FIRST = "first"  # 是, 男
    SECOND = "second"  # 否, 女
    NONE = "none"  # nothing chosen
    BOTH = "both"  # two chosen, or words that contradict each other
    UNKNOWN = "unknown"  # something is written and it is neither


@dataclass(frozen=True, slots=True)
class Options:
    """Two options and all words for each; longer words are tried first."""

    first: tuple[str, ...]
    second: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """`cell` holds the option that is chosen, or the first text of those where none is clear; `raw` is what counts.

    `doubt` is an English remark if marks stand there and it is not clear whose they are.
    """

    raw: str
    cell: Cell
    doubt: str = ""


YES_NO = Options(_YES, _NO)
GENDERS = Options(("男性", "男", "先生", "male"), ("女性", "女", "女士", "female"))


def chosen(
    text: str, options: Options, *, underlined: tuple[str, ...] = (), struck: tuple[str, ...] = (), words: bool = False
) -> Answer:
    """Given the text of an answer, return which option is chosen.

    `underlined` and `struck` are the marked pieces of the cell (struck ones don't stand in `text`). With `words`,
    sentences are understood as well (可以提供 / 不提供).
    """
    if _STRADDLING.match(narrow(text)):
        return Answer.BOTH
    plain = _unified(text)
    tokens = _tokens(plain, options)
    if tokens is None:
        return _in_words(plain, options) if words else Answer.UNKNOWN
    answers = {
        _by_marks(tokens, options),
        _by_underline(tokens, underlined, options),
        _by_strike(tokens, struck, options),
    }
    answers.discard(None)
    if len(answers) == 1:
        return answers.pop() or Answer.NONE
    if answers:
        return Answer.BOTH
    named = [token for token in tokens if isinstance(token, Answer)]
    if len(set(named)) == 2 and _ENUMERATION.search(plain):
        return Answer.BOTH  # 男，女: nobody prints options so
    if len(set(named)) == 2 or not named:
        return Answer.NONE  # 是/否, as it was printed
    twice = any(left == right == Answer.SECOND for left, right in pairwise(tokens))
    return Answer.BOTH if twice else named[0]  # 不是不提供; but 否，不提供 and 能提供 say one thing


def spread_choice(cells: Sequence[Cell], options: Options) -> Spread | None:
    """Given the cells behind a label, from left to right, return the choice that is spread over them, if one is.

    现场是否提供节目 | 是 | (empty) | 否 | √: the first option is not the answer because it stands first. An empty cell beside
    options is an unmarked box if marks stand in cells of their own.
    """
    filled = [cell for cell in cells if cell.text.strip()]
    if len(filled) < 2:
        return None
    told = {id(cell): _named(cell.text, options) for cell in cells}
    names = [found for found in told.values() if found]
    both = {answer for found in names for answer in found}
    unknown = any(found is None for found in told.values())
    if any(len(found) > 1 for found in names) or len(both) < (2 if unknown else 1) or len(names) > 2:
        return None  # three answers are those of three people
    answer = Answer.BOTH if unknown else _by_cells(cells, told, options)
    if answer in (Answer.FIRST, Answer.SECOND):
        for cell in filled:
            if told[id(cell)] == frozenset({answer}) and chosen(cell.text, options) is answer:
                return Spread(cell.text, cell)
    doubt = "" if answer is Answer.NONE else "a choice over several cells"
    return Spread("\n".join(cell.text.strip() for cell in filled), filled[0], doubt)


def names_option(text: str, options: Options, *, marks: bool) -> bool:
    """Given a text, return whether it is nothing but options; with `marks`, nothing but options and marks."""
    tokens = _tokens(_unified(text), options) or []
    return any(isinstance(token, Answer) or (marks and token in _MARKS) for token in tokens)


def _by_cells(cells: Sequence[Cell], told: dict[int, frozenset[Answer] | None], options: Options) -> Answer:
    marks = [cell for cell in cells if not told[id(cell)]]
    names = len(cells) - len(marks)
    apart = any(cell.text.strip() for cell in marks)
    shown = list(cells)
    while apart and len(marks) > names and shown and not shown[-1].text.strip():
        marks.remove(shown.pop())  # empty cells to the edge of the table
    if apart and len(marks) != names:
        return Answer.BOTH
    texts = (cell.text.strip() or (EMPTY_BOX if apart else "") for cell in shown)
    underlined = tuple(piece for cell in cells for piece in cell.underlined)
    struck = tuple(piece for cell in cells for piece in cell.struck)
    return chosen(" ".join(text for text in texts if text), options, underlined=underlined, struck=struck)


def _named(text: str, options: Options) -> frozenset[Answer] | None:
    """Return the options that a text names; None if anything but options and marks stands in it."""
    tokens = _tokens(_unified(text), options)
    return None if tokens is None else frozenset(token for token in tokens if isinstance(token, Answer))


def _unified(text: str) -> str:
    plain = narrow(text).strip()
    plain = _BRACKETED_TICK.sub(TICKED, plain)
    plain = _BRACKETED_CROSS.sub("\u00d7", plain)
    plain = _BRACKETED_BOX.sub(EMPTY_BOX, plain)
    plain = re.sub(f"[{_TICKS}]", TICKED, plain)
    plain = re.sub(f"[{_CROSSES}]", "\u00d7", plain)
    return re.sub(f"[{_BOXES}]", EMPTY_BOX, plain)


def _tokens(plain: str, options: Options) -> list[Answer | str] | None:
    """Given a unified text, return marks, blanks (" " or "\\n") and options in order; None if anything else stands in it."""
    spelled = [(word, Answer.FIRST) for word in options.first] + [(word, Answer.SECOND) for word in options.second]
    spelled.sort(key=lambda pair: -len(pair[0]))
    lowered = plain.lower()
    tokens: list[Answer | str] = []
    at = 0
    while at < len(plain):
        character = plain[at]
        if character in _MARKS:
            tokens.append(character)
        elif character.isspace() or character in "/|,;.\u3001\u3002()_-\\:*":
            if tokens and tokens[-1] not in _GAPS:
                tokens.append(" ")
            if tokens and character == "\n":
                tokens[-1] = character
        else:
            found = next(((word, answer) for word, answer in spelled if lowered.startswith(word, at)), None)
            if found is None:
                return None
            tokens.append(found[1])
            at += len(found[0])
            continue
        at += 1
    while tokens and tokens[-1] in _GAPS:
        tokens.pop()
    return tokens


def _by_marks(tokens: list[Answer | str], options: Options) -> Answer | None:
    """Return what the marks say; None if there are none."""
    solid = [token for token in tokens if not token.isspace()]
    marks = [token for token in solid if not isinstance(token, Answer)]
    names = [token for token in solid if isinstance(token, Answer)]
    if not marks:
        return None
    if not names:
        return _lone_mark(marks) if options is YES_NO else _unnamed_mark(marks)
    marked = _pairs(tokens, solid, names)
    if marked is None:
        return Answer.BOTH if TICKED in marks else Answer.NONE
    ticked = {name for name, mark in marked if mark == TICKED}
    if len(ticked) == 1:
        return ticked.pop()
    if ticked:
        return Answer.BOTH
    crossed = {name for name, mark in marked if mark == "\u00d7"}
    if len(crossed) == 1 and len(set(names)) == 2:
        return Answer.SECOND if Answer.FIRST in crossed else Answer.FIRST
    return Answer.BOTH if crossed else Answer.NONE


def _lone_mark(marks: list[Answer | str]) -> Answer:
    if marks == [TICKED]:
        return Answer.FIRST
    if marks == ["\u00d7"]:
        return Answer.SECOND
    return Answer.UNKNOWN if TICKED in marks else Answer.NONE


def _unnamed_mark(marks: list[Answer | str]) -> Answer:
    """A tick says yes to a question; of two options that are not named beside it (性别：\u221a) it says nothing."""
    return Answer.UNKNOWN if set(marks) - {EMPTY_BOX} else Answer.NONE


def _pairs(
    tokens: list[Answer | str], solid: list[Answer | str], names: list[Answer]
) -> list[tuple[Answer, Answer | str]] | None:
    """Given tokens, return which mark belongs to which option, or None if that can't be told."""
    shape = "".join("O" if isinstance(token, Answer) else "M" for token in solid)
    marks = [token for token in solid if not isinstance(token, Answer)]
    if shape in {"MO", "OM"} or (len(names) == 2 and shape in {"MOMO", "OMOM", "OMMO", "MOOM"}):
        return list(zip(names, marks, strict=True))
    if shape == "MOO":
        return [(names[0], marks[0])]
    if shape == "OOM":
        return [(names[1], marks[0])]
    if shape == "OMO":
        at = next(number for number, token in enumerate(tokens) if token in set(_MARKS))
        before, after = (_GAPS.index(gap) if (gap := tokens[at + step]) in _GAPS else -1 for step in (-1, 1))
        if before != after:
            return [(names[1] if before > after else names[0], marks[0])]
    return None


def _by_underline(tokens: list[Answer | str], underlined: tuple[str, ...], options: Options) -> Answer | None:
    if not underlined or len({token for token in tokens if isinstance(token, Answer)}) < 2:
        return None
    named = _named_in(underlined, options)
    return named.pop() if len(named) == 1 else None


def _by_strike(tokens: list[Answer | str], struck: tuple[str, ...], options: Options) -> Answer | None:
    left = {token for token in tokens if isinstance(token, Answer)}
    gone = _named_in(struck, options)
    if len(gone) != 1:
        return Answer.NONE if len(gone) == 2 and not left else None
    other = Answer.SECOND if Answer.FIRST in gone else Answer.FIRST
    return other if left == {other} else None


def _named_in(pieces: tuple[str, ...], options: Options) -> set[Answer]:
    found: set[Answer] = set()
    for piece in pieces:
        tokens = _tokens(_unified(piece), options)
        found.update(token for token in tokens or () if isinstance(token, Answer))
    return found


def _in_words(plain: str, options: Options) -> Answer:
    """Given a sentence, return what it says; parts that contradict each other say nothing."""
    if _UNSURE.search(plain):
        return Answer.UNKNOWN
    said: set[Answer] = set()
    for clause in _CLAUSES.split(_ECHO.sub("", _QUOTED.sub("", plain))):
        tokens = _tokens(clause.strip(), options)
        negations = len(_NEGATION.findall(clause.strip()))
        if tokens is not None:
            said.update(token for token in tokens if isinstance(token, Answer))
        elif negations or _AGREEMENT.search(clause.strip()):
            said.add((Answer.FIRST, Answer.SECOND, Answer.UNKNOWN)[min(negations, 2)])
        elif TICKED in clause or "\u00d7" in clause:
            said.add(Answer.UNKNOWN)
    if len(said) == 1:
        return said.pop()
    return Answer.BOTH if said else Answer.UNKNOWN
