"""What senders write into a cell instead of a plain value, each with its truth.

In: the plain value and a source of chance. Out: `Fault`: the ink, and which stored values are right. An empty set of right
values means that nobody may store anything without asking. Sources: facts/documents.md §5, facts/users.md §2.
Must not: know layouts or what the program makes of it.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.understanding.page import Ink

Value = str | bool | None


@dataclass(frozen=True, slots=True)
class Want:
    """The values of a field that may be stored without asking. `plain` says that asking would be over-careful."""

    values: tuple[Value, ...] = ()
    plain: bool = False


ASK = Want()
NOTHING = Want((None,), plain=True)


def plain(value: Value) -> Want:
    return Want((value,), plain=True)


def maybe(*values: Value) -> Want:
    """One of these, or ask."""
    return Want(values)


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to write a value: `ink` and `want`. `needs`: "", or "marks", "tracking", "numbers": what shows it."""

    ink: Ink
    want: Want
    needs: str = ""


Make = Callable[[str, random.Random], Fault]


def _says(change: Callable[[str], str], want: Callable[[str], Want] = plain) -> Make:
    return lambda value, _draw: Fault(Ink(change(value)), want(value))


def _ask(change: Callable[[str], str]) -> Make:
    return _says(change, lambda _value: ASK)


def _wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if one.isdigit() or one == "-" else one for one in text)


def _other_mobile(draw: random.Random) -> str:
    return f"15{draw.randrange(10)}0596{draw.randrange(10_000):04d}"


def _two(sign: str, *, sure: bool) -> Make:
    def make(value: str, draw: random.Random) -> Fault:
        other = _other_mobile(draw)
        both = f"{value}/{other}"
        return Fault(Ink(f"{value}{sign}{other}"), maybe(both) if sure else ASK)

    return make


def _replaced(**ink: str) -> Make:
    """An old number, struck out, deleted or hidden, before the one that counts."""

    def make(value: str, draw: random.Random) -> Fault:
        needs = "marks" if "struck" in ink else "tracking"
        return Fault(Ink(value, **{name: _other_mobile(draw) for name in ink}), maybe(value), needs)

    return make


MOBILE: Mapping[str, Make] = {
    "blanks": _says(lambda v: f"{v[:3]} {v[3:7]} {v[7:]}"),
    "dashes": _says(lambda v: f"{v[:3]}-{v[3:7]}-{v[7:]}"),
    "long dashes": _says(lambda v: f"{v[:3]}—{v[3:7]}—{v[7:]}"),
    "+86": _says(lambda v: f"+86 {v}"),
    "86": _says(lambda v: f"86{v}"),
    "0086": _says(lambda v: f"0086-{v}"),
    "full width": _says(_wide),
    "invisible marks": _says(lambda v: f"\u202d{v}\u202c"),
    "wrapped": _says(lambda v: f"{v[:7]}\n{v[7:]}"),
    "10 digits": _ask(lambda v: v[:-1]),
    "12 digits": _ask(lambda v: v + "7"),
    "10 digits grouped": _ask(lambda v: f"{v[:3]} {v[3:7]} {v[7:10]}"),
    "12 digits grouped": _ask(lambda v: f"{v[:3]}-{v[3:7]}-{v[7:]}5"),
    "two with a comma": _two("、", sure=True),
    "two with a slash": _two("/", sure=True),
    "two with a line": _two("\n", sure=True),
    "two with a blank": _two(" ", sure=False),
    "two glued": _two("", sure=False),
    "landline": _ask(lambda v: f"0595-2739{v[-4:]}"),
    "local landline": _ask(lambda v: f"2739{v[-4:]}"),
    "landline beside": _says(lambda v: f"{v}（办公0595-27391122）", maybe),
    "out of use": _ask(lambda v: f"{v}（停用）"),
    "out of use in words": _ask(lambda v: f"{v}已不用"),
    "same as wechat": _says(lambda v: f"{v}（微信同号）"),
    "short number": _says(lambda v: f"{v}（短号：66{v[-4:]}）", lambda v: maybe(v, f"{v}/66{v[-4:]}")),
    "masked": _ask(lambda v: f"{v[:3]}****{v[7:]}"),
    "scientific": _ask(lambda v: f"{v[0]}.{v[1:6]}E+10"),
    "letter O": _ask(lambda v: v.replace("0", "O", 1)),
    "letter l": _ask(lambda v: v.replace("1", "l", 1)),
    "none": _ask(lambda _v: "无"),
    "stroke": _ask(lambda _v: "/"),
    "ditto": _ask(lambda _v: "同上"),
    "hint": _ask(lambda _v: "（请填写11位手机号）"),
    "hint beside": _says(lambda v: f"{v}（11位手机号）"),
    "example": _ask(lambda _v: "例：13900001111"),
    "owner in brackets": _says(lambda v: f"{v}（办公室）", maybe),
    "another's": _says(lambda v: f"{v}（李秘书）", lambda _v: ASK),
    "number cell": lambda v, _d: Fault(Ink(v, number="General"), plain(v), "numbers"),
    "float cell": lambda v, _d: Fault(Ink(v, number="float"), plain(v), "numbers"),
    "struck old": _replaced(struck=""),
    "tracked old": _replaced(deleted=""),
    "hidden old": _replaced(hidden=""),
    "struck": lambda v, _d: Fault(Ink("", struck=v), ASK, "marks"),
}
PHONE: Mapping[str, Make] = {
    "local": _says(lambda v: v.partition("-")[2], lambda v: maybe(v, v.partition("-")[2])),
    "blank": _says(lambda v: v.replace("-", " ")),
    "brackets": _says(lambda v: f"({v[:4]}){v[5:]}"),
    "wide brackets": _says(lambda v: f"（{v[:4]}）{v[5:]}"),
    "full width": _says(_wide),
    "long dash": _says(lambda v: v.replace("-", "——")),
    "glued": _says(lambda v: v.replace("-", "")),
    "+86": _says(lambda v: f"+86-{v[1:]}"),
    "extension": _says(lambda v: f"{v}转801", lambda v: plain(f"{v}-801")),
    "extension dash": _says(lambda v: f"{v}-801", lambda v: plain(f"{v}-801")),
    "two short": _says(lambda v: f"{v}、27391188", lambda v: maybe(f"{v}/27391188")),
    "last digits": _says(lambda v: f"{v}/88", lambda _v: ASK),
    "cut": _ask(lambda v: v[:-1]),
    "long": _ask(lambda v: v + "8"),
    "out of use": _ask(lambda v: f"{v}（已停机）"),
    "none": _says(lambda _v: "无", lambda _v: NOTHING),
    "stroke": _says(lambda _v: "—", lambda _v: NOTHING),
    "same as mobile": _ask(lambda _v: "同手机"),
    "lost zero": lambda v, _d: Fault(Ink(v.replace("-", "")[1:], number="General"), maybe(v), "numbers"),
    "zero by format": lambda v, _d: Fault(Ink(v.replace("-", "")[1:], number="0000-00000000"), maybe(v), "numbers"),
    "struck": lambda v, _d: Fault(Ink("", struck=v), maybe(None), "marks"),
}
EMAIL: Mapping[str, Make] = {
    "wide at": _says(lambda v: v.replace("@", "＠")),
    "chinese dot": _says(lambda v: v.replace(".com", "。com")),
    "blanks": _says(lambda v: v.replace("@", " @ "), maybe),
    "blank in domain": _says(lambda v: v.replace(".com", ". com"), maybe),
    "wrapped": _says(lambda v: v.replace("@", "@\n"), maybe),
    "label": _says(lambda v: f"邮箱：{v}"),
    "mailto": _says(lambda v: f"mailto:{v}"),
    "full stop": _says(lambda v: f"{v}。"),
    "no domain": _ask(lambda v: v.partition("@")[0]),
    "no user": _ask(lambda v: "@" + v.partition("@")[2]),
    "no dot": _ask(lambda v: v.partition("@")[0] + "@example"),
    "hash": _ask(lambda v: v.replace("@", "#")),
    "con": _ask(lambda v: v.removesuffix("com") + "con"),
    "comma": _ask(lambda v: v.replace(".com", ",com")),
    "qq number": _ask(lambda v: "5550" + v[4:8].rjust(5, "3")),
    "two": _says(lambda v: f"{v}、b{v}", lambda v: maybe(f"{v}/b{v}")),
    "two with a blank": _says(lambda v: f"{v} b{v}", lambda v: maybe(f"{v}/b{v}")),
    "out of use": _ask(lambda v: f"{v}（已停用）"),
    "Chinese within": _ask(lambda v: v.replace("@", "点@")),
    "none": _says(lambda _v: "无", lambda _v: NOTHING),
    "example": _says(lambda _v: "例：abc@example.net", lambda _v: maybe(None)),
    "struck": lambda v, _d: Fault(Ink("", struck=v), maybe(None), "marks"),
    "struck old": lambda v, _d: Fault(Ink(v, struck="old@example.net"), maybe(v), "marks"),
}
PERSON: Mapping[str, Make] = {
    "blank": lambda v, _d: Fault(Ink(f"{v[0]} {v[1:]}" if len(v) == 2 else v), plain(v)),
    "wide blank": lambda v, _d: Fault(Ink(f"{v[0]}　{v[1:]}" if len(v) == 2 else v), plain(v)),
    "blanks": _says(" ".join),
    "comrade": _says(lambda v: f"{v}同志"),
    "title behind": _says(lambda v: f"{v}科长", maybe),
    "title before": _says(lambda v: f"科长{v}", maybe),
    "title with a blank": _says(lambda v: f"{v} 主任", maybe),
    "surname and title": _ask(lambda v: f"{v[0]}科长"),
    "surname and director": _ask(lambda v: f"{v[0]}主任"),
    "two with a comma": _ask(lambda v: f"{v}、李小满"),
    "two with a blank": _ask(lambda v: f"{v} 李小满"),
    "two with a line": _ask(lambda v: f"{v}\n李小满"),
    "two with and": _ask(lambda v: f"{v}和李小满"),
    "two with roles": _ask(lambda v: f"{v}（主）李小满（备）"),
    "moved away": _ask(lambda v: f"{v}（已调离）"),
    "retired": _ask(lambda v: f"{v}（已退休）"),
    "deputy": _ask(lambda v: f"{v}（由李小满代）"),
    "gender in brackets": _says(lambda v: f"{v}（女）"),
    "minority": lambda _v, _d: Fault(Ink("阿布都·买买提"), plain("阿布都·买买提")),
    "minority bullet": lambda _v, _d: Fault(Ink("古丽•艾山"), plain("古丽·艾山")),
    "minority katakana": lambda _v, _d: Fault(Ink("古丽・艾山"), plain("古丽·艾山")),
    "rare": lambda _v, _d: Fault(Ink("张䶮"), plain("张䶮")),
    "masked": _ask(lambda v: f"{v[0]}某某"),
    "starred": _ask(lambda v: f"{v[0]}**"),
    "none": _ask(lambda _v: "无"),
    "pending": _ask(lambda _v: "待定"),
    "ditto": _ask(lambda _v: "同上"),
    "hint": _ask(lambda _v: "（请填写）"),
    "number behind": _says(lambda v: f"{v} 13900001111", maybe),
    "struck": lambda v, _d: Fault(Ink("", struck=v), ASK, "marks"),
    "struck old": lambda v, _d: Fault(Ink(v, struck="李小满"), maybe(v), "marks"),
    "tracked old": lambda v, _d: Fault(Ink(v, deleted="李小满"), maybe(v), "tracking"),
}
UNIT: Mapping[str, Make] = {
    "seal": _says(lambda v: f"{v}（盖章）"),
    "none": lambda _v, _d: Fault(Ink("无"), maybe(None)),
    "stranger": _ask(lambda _v: "惠安县水利局"),
    "two": _ask(lambda v: f"{v}、海湾镇人民政府" if not v.startswith("海湾") else f"{v}、白沙镇人民政府"),
    "department": lambda v, _d: Fault(Ink(f"{v}安全办"), maybe(v, f"{v}安全办")),
}
POSITION: Mapping[str, Make] = {
    "liaison": lambda _v, _d: Fault(Ink("联络员"), plain("联络员")),
    "ditto": _ask(lambda _v: "同上"),
    "hint": _ask(lambda _v: "（请填写）"),
    "none": _ask(lambda _v: "/"),
    "two": _says(lambda v: f"{v}、四级主任科员", lambda v: plain(f"{v}、四级主任科员")),
    "struck old": lambda v, _d: Fault(Ink(v, struck="镇长"), maybe(v), "marks"),
}
ADDRESS: Mapping[str, Make] = {
    "hint": lambda _v, _d: Fault(Ink("请填写详细地址"), NOTHING),
    "ditto": _ask(lambda _v: "同上"),
    "none": lambda _v, _d: Fault(Ink("无"), NOTHING),
    "wrapped": _says(lambda v: f"{v[:5]}\n{v[5:]}"),
}


def _ticks(yes: str, no: str, first: Value, second: Value, none: Want) -> Mapping[str, Make]:
    """All ways to choose one of two printed options."""

    def sign(form: str) -> Make:
        def make(value: str, _draw: random.Random) -> Fault:
            hit = value == yes
            on, off = form.split("|")
            text = f"{on if hit else off}{yes} {off if hit else on}{no}"
            return Fault(Ink(text), plain(first if hit else second))

        return make

    def behind(form: str) -> Make:
        def make(value: str, _draw: random.Random) -> Fault:
            hit = value == yes
            on, off = form.split("|")
            return Fault(Ink(f"{yes}{on if hit else off} {no}{off if hit else on}"), plain(first if hit else second))

        return make

    def chosen(value: str) -> Value:
        return first if value == yes else second

    return {
        "☑ before": sign("☑|□"),
        "√ before": sign("√|"),
        "■ before": sign("■|□"),
        "☒ before": sign("☒|☐"),
        "● before": sign("●|○"),
        "√ behind": behind("√|"),
        "(√) behind": behind("（√）|（ ）"),
        "[x] behind": behind("[x]|[ ]"),
        "☑ behind": behind("☑|□"),
        "both ticked": _ask(lambda _v: f"☑{yes} ☑{no}"),
        "both √": _ask(lambda _v: f"√{yes} √{no}"),
        "none ticked": _says(lambda _v: f"□{yes} □{no}", lambda _v: none),
        "none chosen": _says(lambda _v: f"{yes}/{no}", lambda _v: none),
        "no mark": _says(lambda _v: f"{yes}（ ） {no}（ ）", lambda _v: none),
        "both words": _ask(lambda _v: f"{yes}，{no}"),
        "question": _ask(lambda v: f"{v}？"),
        "underlined": lambda v, _d: Fault(Ink(f"{yes}  {no}", underlined=v), maybe(chosen(v)), "marks"),
        "other struck": lambda v, _d: Fault(Ink(v, struck=no if v == yes else yes), maybe(chosen(v)), "marks"),
        "lone tick": lambda _v, _d: Fault(Ink("√"), maybe(first if none is not NOTHING else None)),
    }


GENDER = _ticks("男", "女", "男", "女", NOTHING)
YESNO: Mapping[str, Make] = {
    **_ticks("是", "否", True, False, ASK),
    "sentence": lambda v, _d: Fault(
        Ink("可以提供，拟出小品一个" if v == "是" else "我单位不提供节目"), plain(v == "是")
    ),
    "have": lambda v, _d: Fault(Ink("有" if v == "是" else "没有"), plain(v == "是")),
    "unsure": _ask(lambda _v: "视情况而定"),
    "pending": _ask(lambda _v: "待定"),
    "contradiction": _ask(lambda _v: "是，但不提供"),
    "double negation": _ask(lambda _v: "不是不提供"),
    "empty": _ask(lambda _v: ""),
    "stroke": _ask(lambda _v: "/"),
}
KINDS: Mapping[str, Mapping[str, Make]] = {
    "mobile": MOBILE,
    "phone": PHONE,
    "email": EMAIL,
    "person": PERSON,
    "unit": UNIT,
    "position": POSITION,
    "address": ADDRESS,
    "gender": GENDER,
    "yesno": YESNO,
}
