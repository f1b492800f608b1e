"""Text at the border: bytes → text, dirty text → clean text, text → the key by which texts are compared.

In: bytes of unknown encoding, or text of unknown origin. Out: `Decoded`, cleaned text, keys. Every text that comes from
outside passes `clean` once; everything that is compared is compared by `fold`; everything that is stored passes
`narrow`. Must not: raise on any input, drop a character that a person would see (but for the cap), guess silently.

Standards: UAX #15 (normalization, stream-safe text), UTS #51 (variation selectors), GB 18030, RFC 2047/2046 charset
names as mail programs really write them (facts/mail.md §2).
"""

import re
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator
from dataclasses import dataclass

# Line ends of every origin. U+000B is Word's line break, U+0085/2028/2029 come with pasted web text.
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")

# What nobody sees: C0/C1 controls but \t and \n, lone surrogates, non-characters, category Cf (Windows and WeChat put
# U+202D/U+202C around copied phone numbers), and the two emoji variation selectors (a box typed on a phone is
# U+2611 U+FE0F). tests/unit/parsers/test_text.py compares the list with the Unicode database.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe0e\ufe0f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)

# Any character that could be a combining mark: only such a text needs the slow look at runs of marks.
_MARKS_POSSIBLE = re.compile(
    "[\u0300-\u1fff\u20d0-\u20ff\u2c00-\u2fff\u302a-\u302f\u3099\u309a\ua000-\uabff\ufb1e\ufe20-\ufe2f"
    "\U00010000-\U0001ffff]"
)
_MARKS_LIMIT = 30  # UAX #15 stream-safe text: no more non-starters in a row; 100,000 of them cost NFC 30 s (measured)

# Remarks beside a label, after NFKC: ( ) [ ] 【 】. 〔 〕 stay, they belong to document numbers.
_OPENING = "([\u3010"
_CLOSING = ")]\u3011"
_LABEL_EDGE = ":*\u203b"  # colon and the star or ※ of "required", on either side, after NFKC

# ASCII written wide, and every blank of one character's width: digits, letters and punctuation only; ① ½ ㎡ … stay.
_NARROW = {0xFF01 + offset: 0x21 + offset for offset in range(94)}
_NARROW.update(dict.fromkeys((0x3000, 0xA0, 0x202F, 0x205F, *range(0x2000, 0x200B)), 0x20))

# Radicals that PDF fonts give instead of the character (U+2F00-2FD5: NFKC knows them; the supplement: it does not).
_RADICALS = str.maketrans(
    "⺠⺟⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
    "民母西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
)
_RADICALS.update({code: ord(unicodedata.normalize("NFKC", chr(code))) for code in range(0x2F00, 0x2FD6)})

# Charset names → codecs. Text labelled gb2312 is really GBK or GB18030 (喆 堃 镕 are outside GB2312), hence one codec.
# Only these: Python would also take "punycode" or "unicode_escape" for a charset.
_CODECS = {
    **dict.fromkeys(("gb2312", "gb_2312", "gb_2312-80", "gb2312-80", "x-gbk", "gbk", "cp936", "ms936"), "gb18030"),
    **dict.fromkeys(("windows-936", "gb18030", "gb-18030", "euc-cn", "euccn", "chinese", "csgb2312"), "gb18030"),
    **dict.fromkeys(("utf-8", "utf8", "utf_8", "unicode-1-1-utf-8", "x-unicode20utf8"), "utf-8"),
    **dict.fromkeys(("big5", "big-5", "cp950", "x-x-big5"), "cp950"),
    **dict.fromkeys(("big5-hkscs", "big5hkscs"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("utf-16", "utf16", "unicode", "ucs-2"), "utf-16"),
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "hz-gb-2312": "hz",
    "iso-2022-jp": "iso2022_jp_2",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
}
_WESTERN = "cp1252"  # decodes nearly anything, so as a label it says nothing
_SEVEN_BIT = frozenset({"hz", "iso2022_jp_2"})  # their bytes are ASCII, the text is not
_SAMPLE = 20_000  # characters looked at to judge a reading
_CJK = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Bytes read as text.

    `certain` is False when the label and the bytes disagree or two readings are possible; `damaged` means that bytes
    were lost and stand as U+FFFD: such a value is never stored, it is asked for again.
    """

    text: str
    encoding: str
    certain: bool
    damaged: bool = False


def clean(text: str, *, limit: int = 100_000) -> str:
    """Given text from outside, return it as NFC without invisible characters, with \\n as the only line end.

    At most `limit` characters are kept. Cleaning twice changes nothing.
    """
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text[: 2 * limit]))
    if text.isascii():
        return text[:limit]
    return unicodedata.normalize("NFC", _stream_safe(text))[:limit]


def fold(text: str) -> str:
    """Given a label, a name or a title, return the key under which it is compared; folding twice changes nothing.

    NFKC and casefold, no white space, no bracketed remarks, no colon or star at the ends: ``"* 单 位（盖章）："`` and
    ``"单位"`` are one. A text that is nothing but a remark keeps it: ``"（一）"``.
    """
    key = _compatible(_compatible(text.translate(_RADICALS)).casefold())
    key = "".join(_INVISIBLE.sub("", key).split())
    key = unicodedata.normalize("NFKC", _stream_safe(key))
    return _without_remarks(key).strip(_LABEL_EDGE) or key.strip(_LABEL_EDGE)


def narrow(text: str) -> str:
    """Given text to be stored, return it with full-width ASCII, wide blanks and PDF radicals made ordinary.

    Not NFKC: that would turn ① into 1, ½ into 1⁄2 and ㎡ into m2 (facts/documents.md §5).
    """
    return text.translate(_NARROW).translate(_RADICALS)


def decode(data: bytes, declared: str = "") -> Decoded:
    """Given bytes and the charset somebody declared for them, return the text and how sure that is. Never raises.

    Order: byte order mark; the declared charset, strictly; UTF-8, strictly; GB 18030, strictly; at last the best of
    them with replacement characters. UTF-8 goes first because its bytes often pass as GB 18030, into wrong characters.
    """
    label = _CODECS.get(declared.strip(" \t\r\n\"'").lower(), "")
    marked = _by_mark(data)
    if marked is not None:
        return marked
    if data.isascii() and b"\0" not in data and label not in _SEVEN_BIT:
        return Decoded(data.decode("ascii"), "ascii", certain=True)
    if b"\0" in data and label not in {"utf-16", "utf-16-le", "utf-16-be"}:
        wide = _without_mark(data)
        if wide is not None:
            return wide
    if label and label != _WESTERN:
        return _labelled(data, label)
    return _unlabelled(data, western=label == _WESTERN)


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", _stream_safe(text))


def _stream_safe(text: str) -> str:
    """Given text, return it with runs of combining marks cut to `_MARKS_LIMIT`, so that NFC takes linear time."""
    if not _MARKS_POSSIBLE.search(text):
        return text
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MARKS_LIMIT:
            kept.append(character)
    return "".join(kept)


def _without_remarks(key: str) -> str:
    """Given a key, return it without bracketed parts; brackets without a partner stay as they are."""
    opened: list[int] = []
    removed: list[tuple[int, int]] = []
    for position, character in enumerate(key):
        if character in _OPENING:
            opened.append(position)
        elif character in _CLOSING:
            if opened and _OPENING.index(key[opened[-1]]) == _CLOSING.index(character):
                start = opened.pop()
                while removed and removed[-1][0] > start:
                    removed.pop()
                removed.append((start, position + 1))
            else:
                opened.clear()  # crossed brackets are no remark
    return "".join(_outside(key, removed))


def _outside(key: str, removed: list[tuple[int, int]]) -> Iterator[str]:
    end = 0
    for start, stop in removed:
        yield key[end:start]
        end = stop
    yield key[end:]


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:  # also "UTF-16 stream does not start with BOM"
        return None


def _by_mark(data: bytes) -> Decoded | None:
    marks = (
        (BOM_UTF8, "utf-8"),
        (BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark is its beginning
        (BOM_UTF32_BE, "utf-32-be"),
        (BOM_UTF16_LE, "utf-16-le"),
        (BOM_UTF16_BE, "utf-16-be"),
    )
    for mark, encoding in marks:
        if data.startswith(mark):
            body = data[len(mark) :]
            text = _strict(body, encoding)
            if text is not None:
                return Decoded(text, encoding, certain=True)
            return Decoded(body.decode(encoding, "replace"), encoding, certain=False, damaged=True)
    return None


def _without_mark(data: bytes) -> Decoded | None:
    """Given bytes with NULs, return them as UTF-16 without a mark if that gives Chinese or ASCII, else None."""
    readings = [(_strict(data, encoding), encoding) for encoding in ("utf-16-le", "utf-16-be")]
    good = [(_oddness(text), text, encoding) for text, encoding in readings if text is not None]
    if not good:
        return None
    oddness, text, encoding = min(good)
    return Decoded(text, encoding, certain=False) if oddness < 0.2 else None


def _oddness(text: str) -> float:
    """Given decoded text, return the share of characters that neither ASCII nor GB 2312 has: high for wrong readings."""
    sample = text[:_SAMPLE]
    strange = sum(1 for character in sample if not _ordinary(character))
    return strange / len(sample) if sample else 0.0


def _ordinary(character: str) -> bool:
    if character < "\x80":
        return character >= " " or character in "\t\r\n"
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _plausible(text: str, *, allowance: int) -> bool:
    """Given text decoded as GB 18030, return whether it is what people write: rare characters are rare in it.

    `allowance` is the number of rare ones that prove nothing in a short text.
    """
    others = [character for character in text[:_SAMPLE] if character >= "\x80"]
    strange = sum(1 for character in others if not _ordinary(character))
    return not _PRIVATE.search(text) and strange <= max(allowance, len(others) // 10)


def _labelled(data: bytes, label: str) -> Decoded:
    text = _strict(data, label)
    if text is None:
        rest = _unlabelled(data, western=False)
        if rest.damaged and label not in {"utf-8", "gb18030"}:
            return Decoded(data.decode(label, "replace"), label, certain=False, damaged=True)
        return Decoded(rest.text, rest.encoding, certain=False, damaged=rest.damaged)
    if label == "utf-8":
        return Decoded(text, label, certain=True)
    other = _strict(data, "utf-8")
    if other is not None and _CJK.search(other) and label not in _SEVEN_BIT:
        # Chinese in valid UTF-8 under another label: GB 18030 bytes practically never form it by chance.
        return Decoded(other, "utf-8", certain=False)
    certain = _plausible(text, allowance=8) if label == "gb18030" else "\0" not in text
    return Decoded(text, label, certain=certain)


def _unlabelled(data: bytes, *, western: bool) -> Decoded:
    text = _strict(data, "utf-8")
    chinese = _strict(data, "gb18030")
    if text is not None:
        if chinese is not None and not _CJK.search(text) and _oddness(chinese) == 0.0:
            # "目录" in GBK is also valid UTF-8 ("Ŀ¼"): two readings, the Chinese one is the likelier.
            return Decoded(chinese, "gb18030", certain=False)
        return Decoded(text, "utf-8", certain=not western)
    plausible = chinese is not None and _plausible(chinese, allowance=0)
    if chinese is not None and (plausible or not western):
        return Decoded(chinese, "gb18030", certain=plausible and not western)
    if western:
        return Decoded(data.decode(_WESTERN, "replace"), _WESTERN, certain=False)
    candidates = [(data.decode(encoding, "replace"), encoding) for encoding in ("utf-8", "gb18030")]
    best, encoding = min(candidates, key=lambda pair: pair[0].count("\ufffd"))
    return Decoded(best, encoding, certain=False, damaged=True)
