"""A person's name out of the text of one cell.

In: text. Out: `Name`: the name in its normal form (王五, 阿布都·买买提), or the fault. Must not: shorten or complete a
name, take two people for one, take a function, a unit or a shifted value for a person.

Characters: U+3400-9FFF, U+F900-FAFF and U+20000-3FFFF: `[\\u4e00-\\u9fff]` rejected 张䶮 (facts/documents.md §5). The dots
of transliterated names (· • ‧ ∙ ・ and more) all become U+00B7.
"""

import re
from dataclasses import dataclass

from parsers.lexicon import (
    COMPOUND_SURNAMES,
    HONORIFICS,
    LABEL_TAILS,
    NOT_A_NAME,
    POSITIONS,
    RARER_SURNAMES,
    SURNAMES,
    UNIT_TAILS,
)
from parsers.text import fold, narrow

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_DOTS = re.compile(f"(?<=[{_HAN}])\\s*[\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65\u25cf\u25aa.\u02d9]\\s*(?=[{_HAN}])")
_HAN_NAME = re.compile(f"[{_HAN}]{{2,6}}|[{_HAN}]+(?:\u00b7[{_HAN}]+)+")
_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z.'\-]+(?: [A-Za-z.'\-]+){1,4}")
_JOINTS = re.compile(f"[/\u3001,;|&+\n]|(?<=[{_HAN}]{{2}})[和与及](?=[{_HAN}]{{2}})")  # 林和平 is one person
_REMARK = re.compile("[(\\[\u3010][^()\\[\\]\u3010\u3011]*[)\\]\u3011]")
_PREFIX = re.compile("^(?:姓名|联系人|联络员|联络人|经办人)\\s*:\\s*")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd\ufffd]")
_MASK = re.compile("[*\u00d7xX]{1,3}$|某")
_NAME_LIMIT = 20  # characters: the longest transliterated names of the household register have 15
_TITLES_BEFORE = sorted((word for word in {*HONORIFICS, *POSITIONS} if len(word) > 1), key=len, reverse=True)
_FAMILIAR = "小老"  # 小林, 老陈: how colleagues are called, and no surnames of the register
_CALLED_BY = "局处总厅"  # 李局: how a head is called; nobody is given such a name
_SURE = 1.0  # a surname in front and two or three characters
_UNIT_TAIL = re.compile(f"(?:{'|'.join(sorted(UNIT_TAILS, key=len, reverse=True))})$")
_OFFICE_TAIL = re.compile("[室站委科办局所队处部厅院会组]$")
# 高工, 常委, 党办, 班长 in brackets begin like a surname and are none; names that end so are rare.
_ROLE_TAIL = re.compile(f"{_OFFICE_TAIL.pattern.removesuffix('$')}|[工长员任师委族籍角]$")
_LABEL_TAIL = re.compile(f"(?:{'|'.join(LABEL_TAILS)}|方式|情况)$")


@dataclass(frozen=True, slots=True)
class Name:
    """`text` is the name or "" ; `fault` an English remark; `several` says that more than one person stands there.

    `likeness` 0 to 1 tells how much it looks like a Chinese name; `note` keeps what was trimmed (a title, a remark).
    """

    text: str
    likeness: float
    fault: str = ""
    several: bool = False
    note: str = ""


def find_name(text: str) -> Name:
    """Given the text of a name's cell, return the name in it."""
    plain = narrow(text).strip().rstrip("\u3002.,;:\u3001")
    plain = _PREFIX.sub("", plain)
    if _PRIVATE.search(plain):
        return Name("", 0.3, fault="a character that is in no font but the sender's")
    remarks = " ".join(found.strip("()[]\u3010\u3011 ") for found in _REMARK.findall(plain))
    bare = _REMARK.sub(" ", plain).strip() or plain.strip("()[]\u3010\u3011 ")
    if any(character.isdigit() for character in bare) or "@" in bare:
        return Name("", -0.8, fault="digits in a name")
    bare = _DOTS.sub("\u00b7", bare)
    people = [piece.strip() for piece in _JOINTS.split(bare) if piece.strip()]
    if len(people) > 1:
        good = sum(_one(piece).text != "" for piece in people)
        return Name(bare if good > 1 else "", 0.4 if good > 1 else -0.3, fault="several names", several=good > 1)
    found = _spaced(bare)
    if found.text and any(map(_is_name, re.split("[^\\w\u00b7]+", remarks))):
        return Name("", 0.4, fault="several names", several=True)  # 王五（赵六）: 主/副
    if not remarks or not found.text:
        return found
    return Name(found.text, found.likeness, found.fault, found.several, f"{found.note} {remarks}".strip())


def has_surname(name: str) -> bool:
    """Given a name as `find_name` returns it, return whether it may be one: a surname in front, a dotted or a Latin name."""
    known = name[:1] in SURNAMES or name[:1] in RARER_SURNAMES or name[:2] in COMPOUND_SURNAMES
    return known or "\u00b7" in name or bool(_LATIN_NAME.fullmatch(name))


def _is_name(remark: str) -> bool:
    """Return whether a remark beside a name is somebody's name: not 高工, 党办, 副镇长, 汉族."""
    found = _one(remark)
    return found.likeness >= _SURE and not found.note and found.text == remark and not _ROLE_TAIL.search(remark)


def _spaced(bare: str) -> Name:
    """Given a text without separators but blanks, return the name: 王 五 is one, 张三 李四 are two, 王五 主任 is one."""
    parts = bare.split()
    if len(parts) < 2 or _LATIN_NAME.fullmatch(bare):
        return _one(bare.strip())
    titles = [part for part in parts if part in HONORIFICS or part in POSITIONS]
    rest = [part for part in parts if part not in titles]
    if titles and rest:
        found = _spaced(" ".join(rest))
        return Name(found.text, found.likeness, found.fault, found.several, " ".join(titles))
    joined = "".join(parts)
    lengths = [len(part) for part in parts]
    one = len(joined) <= 3 or all(length == 1 for length in lengths) or parts[0] in COMPOUND_SURNAMES or lengths[0] == 1
    if one and len(joined) <= 4:
        return _one(joined)
    if all(_one(part).text for part in parts):
        return Name(bare, 0.4, fault="several names", several=True)
    return Name("", -0.3, fault="not a name")


def _one(text: str) -> Name:
    if _MASK.search(text):
        return Name("", 0.1, fault="masked")
    if _LATIN_NAME.fullmatch(text):
        return Name(text, 0.2)
    title = next((word for word in sorted(HONORIFICS, key=len, reverse=True) if text.endswith(word)), "")
    if title and len(text) - len(title) >= 2 and text not in POSITIONS:
        inner = _one(text.removesuffix(title).strip())
        if _OFFICE_TAIL.search(text.removesuffix(title)):
            return Name("", -0.8, fault="a function")  # 办公室主任, 安监站站长
        return Name(inner.text, inner.likeness, inner.fault, inner.several, title)
    before = next((word for word in _TITLES_BEFORE if text.startswith(word)), "")
    if before and len(text) - len(before) >= 2 and _likeness(text.removeprefix(before)) >= _SURE:
        inner = _one(text.removeprefix(before))
        return Name(inner.text, inner.likeness, inner.fault, inner.several, before)  # 科长李军
    if title and len(text) - len(title) == 1:
        return Name("", 0.0, fault="surname and title only")
    if len(text) == 2 and text[0] in SURNAMES and text[1] in _CALLED_BY:
        return Name("", 0.0, fault="surname and title only")
    if len(text) == 2 and text[0] in _FAMILIAR and text[1] in SURNAMES:
        return Name("", 0.0, fault="surname only")
    if not _HAN_NAME.fullmatch(text) or len(text) > _NAME_LIMIT:
        return Name("", -0.6, fault="not a name")
    likeness = _likeness(text)
    if likeness < 0:
        return Name("", likeness, fault="not a name")
    return Name(text, likeness)


def _likeness(text: str) -> float:
    if fold(text) in NOT_A_NAME or text in POSITIONS or _LABEL_TAIL.search(text):
        return -0.8
    if "\u00b7" in text:
        return 0.9
    surname = text[0] in SURNAMES or text[:2] in COMPOUND_SURNAMES
    if len(text) > 3 and _UNIT_TAIL.search(text) and not text.startswith(tuple(COMPOUND_SURNAMES)):
        return -0.8
    if len(text) < 4 and not surname and _OFFICE_TAIL.search(text):
        return -0.5  # 资规局, 安监站, 工会
    if len(text) > 4:
        return 0.0 if surname else -0.5
    if text[:2] in COMPOUND_SURNAMES and len(text) > 2:
        return 1.0
    if len(text) == 4:
        return 0.4 if surname else 0.05
    return 1.0 if surname else 0.4
