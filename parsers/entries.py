"""A line of text cut into label and value: 姓名：张三　手机：139….

In: one line (or the text of one cell), the label index. Out: `Entry` values in reading order. A colon belongs to the longest label
that ends before it and begins at a natural boundary: the line's start, a mark (；，、/), a blank, or the change from
digits to Chinese characters. Must not: cut the value of a free-text field at something that only looks like a label
(小品《安全》，时长：8分钟), read prose.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.forms import FieldType
from parsers.labels import LABEL_LIMIT, LabelIndex, LabelMatch
from parsers.text import fold

_COLON = re.compile("[:\uff1a]")
_BOUNDARY = re.compile(
    "(?<=[;\uff1b,\uff0c\u3001|/\\\\\t\u3002 \u3000\n)\uff09\u2460-\u2473])(?=[^\\s;\uff1b,\uff0c\u3001|/\\\\])"
    # 12号　电子邮箱：…: the word that counts belongs to the number; 日期, 号码, 科室, 级别, 单位 begin a label
    "|(?<=[0-9A-Za-z_\uff3f])(?=[\u4e00-\u9fff])"
    "(?!号(?!码)|楼|室|层|栋|幢|座|单元|路|弄|巷|里|村|街|区|年|月|日(?!期)|届|级(?!别)|组(?!别)|科(?!室|别)|队)"
)
_STRONG_BOUNDARY = re.compile("(?:^|[;\uff1b,\uff0c\u3001|\t\u3002\n]|[ \u3000]{2}|[_\uff3f]{2})\\s*$")
_WIDE_BLANK = re.compile("(?<=\\S\\S)(?:[ \u3000]{2,}|\t\\s*)(?=\\S\\S)")
_ONE_BLANK = re.compile("[ \u3000](?=\\S)")  # 性别： 男: behind several nothing may have been filled in
# （1）姓名：…（2）性别：… and ①姓名：…②性别：…: of a line that begins so, the mark belongs to the label behind it.
_NUMBERED = re.compile("\\s*(?:[(\uff08]\\s*[0-9一二三四五六七八九十]{1,2}\\s*[)\uff09]|[\u2460-\u2473])")
_NUMBERED_END = re.compile(_NUMBERED.pattern + "\\s*$")
_STROKE_BETWEEN = re.compile("(?<=\\S)\\s+[/\\\\]$")  # 性别：女 / 手机：…; 传真：/ 手机：… says that there is none
_EXAMPLE = re.compile("(?:^|(?<=[\\s(\uff08]))(?:例|例如|如|示例)\\s*$")
_WIDE_END = re.compile("(?:[ \u3000]{2,}|\t)$")
_WITHIN_NUMBER = re.compile(r"[/\\-]\d")  # 27391234/88，手机：… has no label 88，手机
_GENERIC = re.compile("[\u4e00-\u9fff]{2,10}")
_EDGES = " \t\n\u3000;\uff1b,\uff0c\u3001|"
_PROSE = frozenset({FieldType.TEXT, FieldType.TITLE})  # only labels of ours end such a value
_FREE = _PROSE | {FieldType.ADDRESS}  # 地址：…路1号 邮编：362100 ends at a label that all the world knows
_DASHED = re.compile("\\s*(?:[\u2014\u2013\\-=\uff1d>\u3011\\]]+|\u2192)\\s*")
_CHANGED = re.compile("\\s*(?:更正|更改|变更|修改|修正|改|应)(?:为|成|是)[:\uff1a]?\\s*")  # 手机号码改为139…
_BRACKETED_LABEL = re.compile("^\\s*[\u3010\\[]([^\u3010\u3011\\[\\]]{1,20})[\u3011\\]]\\s*[:\uff1a]?\\s*(\\S.*)$")
# Tried by `python -m tests.understanding --thresholds SPELLED_CHARACTERS --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
# SPELLED_CHARACTERS: tried 2: same; 8: right -1, lost +1.
SPELLED_CHARACTERS = 4  # 通迅地址 without a colon is a label misspelt, a shorter text may be anything
_COLONS_LIMIT = 60  # of one line; more is no form


@dataclass(frozen=True, slots=True)
class Entry:
    """One label and what stands behind it up to the next label. `match` is None for a label of nobody's form here.

    `generic` says that the label was recognised by its shape only. `start` and `stop` bound the whole entry in the line.
    """

    label: str
    match: LabelMatch | None
    raw: str
    start: int
    stop: int
    generic: bool = False


def entries(line: str, index: LabelIndex) -> tuple[Entry, ...]:
    """Given a line, return its entries; () if no label with a colon stands in it."""
    heads = _heads(line, index)
    found: list[Entry] = []
    numbered = _NUMBERED.match(line) is not None
    for number, (start, colon, match, generic) in enumerate(heads):
        stop = heads[number + 1][0] if number + 1 < len(heads) else len(line)
        raw = line[colon + 1 : stop].strip(_EDGES)
        if stop < len(line):
            raw = _STROKE_BETWEEN.sub("", _NUMBERED_END.sub("", raw) if numbered else raw).strip(_EDGES)
        if stop == len(line) and match is not None and {index.type_of(name) for name in match.fields} <= _PROSE:
            raw = line[colon + 1 :].strip()  # a text may go on in the next line: its comma stays
        found.append(Entry(line[start:colon].strip(_EDGES), match, raw, start, stop, generic))
    return tuple(found)


def begins_text(found: tuple[Entry, ...], index: LabelIndex) -> bool:
    """Given the entries of a line, return whether the first is a free text: what it says is never a note of the form."""
    match = found[0].match if found else None
    return match is not None and {index.type_of(name) for name in match.fields} <= _PROSE


def unwrapped(text: str, index: LabelIndex) -> str:
    """Given a cell's text, return it with a label that wraps (性 over 别：女) on one line."""
    head = _COLON.search(text)
    if head is None or "\n" not in text[: head.start()] or head.start() > 2 * LABEL_LIMIT:
        return text
    label = text[: head.start()]
    if index.match_exactly(label) is None:
        return text
    return label.replace("\n", "") + text[head.start() :]


def bare_entry(line: str, index: LabelIndex) -> Entry | None:
    """Given a line without a colon, return its entry if it begins with a label and a blank, a dash or digits follow."""
    bracketed = _BRACKETED_LABEL.match(line)
    if bracketed:
        match = index.match_exactly(bracketed.group(1))
        return Entry(bracketed.group(1), match, bracketed.group(2).strip(), 0, len(line)) if match else None
    for stop, value_at in _bare_cuts(line):
        head = line[:stop]
        match = index.match_exactly(head) or (index.match(head) if len(fold(head)) >= SPELLED_CHARACTERS else None)
        if match is not None or index.is_personal(head):
            return Entry(line[:stop].strip(), match, line[value_at:].strip(_EDGES), 0, len(line))
    return None


def _bare_cuts(line: str) -> Iterator[tuple[int, int]]:
    """Yield (end of label, start of value), the longest label first."""
    cuts = [
        (found.start(), found.end()) for found in re.finditer("[ \t\u3000]+", line[: 2 * LABEL_LIMIT]) if found.start()
    ]
    dashed = _DASHED.search(line, 2) if len(line) > 3 else None
    if dashed and dashed.start() <= LABEL_LIMIT:
        cuts.append((dashed.start(), dashed.end()))
    changed = _CHANGED.search(line, 2, 2 * LABEL_LIMIT)
    if changed:
        cuts.append((changed.start(), changed.end()))
    digits = re.search("(?<=[\u4e00-\u9fff])(?=[0-9A-Za-z])", line[: LABEL_LIMIT + 1])
    if digits:
        cuts.append((digits.start(), digits.start()))
    yield from sorted(((stop, at) for stop, at in cuts if line[at:].strip(_EDGES)), reverse=True)


def _heads(line: str, index: LabelIndex) -> list[tuple[int, int, LabelMatch | None, bool]]:
    """Return (start of label, place of its colon, match, generic) for every label of the line."""
    heads: list[tuple[int, int, LabelMatch | None, bool]] = []
    floor = 0
    free = prose = False  # within the value of a free-text field
    for number, colon in enumerate(_COLON.finditer(line)):
        if number >= _COLONS_LIMIT:
            break
        if _EXAMPLE.search(line, floor, colon.start()):
            continue  # 电子邮箱　例：abc@example.net is the template's hint
        found = _label_before(line, floor, colon.start(), index)
        if found is None and not free:
            found = _generic_before(line, floor, colon.start())
        if found is None or (prose and found[1] is None and not _ends_text(line, found[0], colon.start(), index)):
            continue
        start, match, generic = found
        heads.append((start, colon.start(), match, generic))
        floor = colon.end() + bool(_ONE_BLANK.match(line, colon.end()))
        types = {index.type_of(name) for name in match.fields} if match is not None else set()
        free, prose = bool(types) and types <= _FREE, bool(types) and types <= _PROSE
    return heads


def _ends_text(line: str, start: int, colon: int, index: LabelIndex) -> bool:
    """Return whether a label that no form of ours has ends a free text: 身份证号码 does, 备注 behind a wide blank does.

    So does there a label one slip away from one of ours: 节目概况：无　　联络号姓名：…
    """
    label = line[start:colon]
    if index.is_personal(label):
        return True
    return bool(_WIDE_END.search(line[:start])) and (index.is_foreign(label) or index.is_near(label))


def _starts(line: str, floor: int, colon: int) -> list[int]:
    """Return where a label that ends at `colon` may begin, the earliest first.

    No label has a wide blank between words: 传真：27391234/88　　信箱：… is cut at the blank, 姓　　名：… is not.
    """
    low = max(floor, colon - 2 * LABEL_LIMIT)
    starts = [floor] if low == floor else []
    starts.extend(found.start() for found in _BOUNDARY.finditer(line, low, colon) if found.start() > floor)
    wide = max((found.end() for found in _WIDE_BLANK.finditer(line, low, colon)), default=low)
    return [start for start in starts if start >= wide and not (start and _WITHIN_NUMBER.match(line, start - 1))]


def _label_before(line: str, floor: int, colon: int, index: LabelIndex) -> tuple[int, LabelMatch | None, bool] | None:
    for start in _starts(line, floor, colon):
        text = _CHANGED.sub("", line[start:colon])
        match = index.match(text) if start == floor == 0 else index.match_exactly(text)
        if match is not None:
            return start, match, False
        inside = start == floor > 0  # right behind a colon stands a value, unless it is a label to the letter
        if index.is_foreign(text) if inside else index.looks_like_label(text):
            return start, None, False
    return None


def _generic_before(line: str, floor: int, colon: int) -> tuple[int, LabelMatch | None, bool] | None:
    for start in _starts(line, floor, colon):
        text = line[start:colon].strip()
        if start == floor > 0:
            continue
        if _GENERIC.fullmatch(text) and _STRONG_BOUNDARY.search(line[floor:start]):
            return start, None, True
    return None
