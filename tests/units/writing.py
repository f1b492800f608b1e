"""Names as people write them: what stands in a form's unit field, and in subjects, headings and file names.

In: a drawn roster. Out: `Written`, each with the unit that is meant, or None where nobody of the roster is (then only a
question is right). What is drawn wrong so that it is exactly another unit's name is no test of anything and left out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tests.units.rosters import Drawn, Place

# Typing by sound, and what recognition of scans takes for one another.
_HOMOPHONES = ("阳杨洋羊", "园圆元源", "坂板阪", "沙砂", "溪西", "河何合", "湖胡糊", "田甜", "桥乔", "山三", "东冬", "财才材", "政正证", "育玉",
               "管馆", "理里", "监坚", "应英", "急级", "镇阵", "洛落", "税水", "住驻", "建健件", "农浓", "业叶", "卫位", "康糠", "司思", "法发",
               "计记", "交胶", "通同", "自字", "资姿", "小晓", "中终", "信新心", "村存", "象像向", "审沈", "统同", "消销", "工公")  # fmt: skip
_LOOKALIKES = ("土士", "未末", "己已", "大太", "人入", "干千", "财则", "管营", "理埋", "监盐", "局居", "政攻", "镇填", "坂扳", "司可",
               "白自百", "青清", "石右", "民氏", "业亚", "卫工", "田由", "西酉", "区凶", "市巿", "第弟", "校较", "小少", "东车", "云去")  # fmt: skip
_FORMER = ("安监局", "环保局", "国土局", "工商局", "卫计局", "地税局", "国税局", "城管局", "质监局", "食药监局")
_ROOMS = ("办公室", "综合科", "安监股", "党办", "人事股", "安全生产科", "规划财务科")
_TOWN_ROOMS = ("党政办", "安办", "应急办", "党政综合办公室", "综合执法队", "平安办", "安监站", "经发办")
_REMARKS = (
    "（盖章）",
    "（公章）",
    "(章)",
    "（代）",
    "（牵头）",
    "【盖章】",
    "（联系人：林小满）",
    "（请核对）",
    " （加盖公章）",
)
_ABROAD = ("惠东县", "石桥市", "安陵区", "南泉经济技术开发区", "石桥", "安陵")
# Bodies of their own within a unit or a town: they are not the unit.
_BELOW = ("工会", "机关服务中心", "下属企业", "幼儿园", "物业公司")
_BELOW_TOWN = (
    "小学",
    "财政所",
    "司法所",
    "敬老院",
    "文化站",
    "供销社",
    "工业园",
    "水厂",
    "商会",
    "信用社",
    "加油站",
    "税务分局",
    "卫生所",
    "自来水公司",
    "宏兴鞋业有限公司",
)
_PHRASES = ("关于报送{}安全生产月活动总结的函", "{}联络员反馈表.docx", "附件2联络员反馈表（{}）.docx", "{}2025年安全生产月活动总结", "报送{}反馈表", "{}-附件2.doc", "{} 林小满",
            "【{}】联络员反馈表", "来自{}的报名表")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A text, the unit that it means, and whether it is a longer text (for `find_in`) or a name (for `match`)."""

    kind: str
    text: str
    unit: str | None
    longer: bool = False


def names(drawn: Drawn, seed: str) -> Iterator[Written]:
    """Given a roster, yield one or more writings of every class for each of its units, and of strangers."""
    draw = Random(f"writing/{seed}")
    for place in drawn.places:
        for kind, write in _OF_A_UNIT.items():
            text = write(place, drawn, draw)
            if text:
                yield from _told(kind, text, place.name, drawn)
        for below in (one for one in _below(place, draw) if not drawn.owners(one)):
            yield from _told("a body within a unit", below, None, drawn)
        yield from _told("two units", f"{place.name}、{draw.choice(drawn.places).name}", None, drawn)
    for place in drawn.strangers:
        for text in (place.name, _local(place, drawn), *place.shorts):
            if not drawn.owners(text):
                yield from _told("a place that is not on the roster", text, None, drawn)
    for place in draw.sample([one for one in drawn.places if drawn.city not in _local(one, drawn)], 8):
        yield from _told("another region's", _abroad(place, drawn, draw), None, drawn)
    for text in (one for one in draw.sample(_FORMER, 3) if not drawn.owners(one)):
        yield from _told("a former name", text, None, drawn)


def phrases(drawn: Drawn, seed: str) -> Iterator[Written]:
    """Given a roster, yield longer texts that name one of its units, and such as name a stranger."""
    draw = Random(f"phrases/{seed}")
    for place in drawn.places:
        for text in (place.name, _local(place, drawn), _region_short(place, drawn, draw)):
            yield Written("text: a unit", draw.choice(_PHRASES).format(text), place.name, longer=True)
        for text in (one for one in _below(place, draw) if not drawn.owners(one)):
            yield Written("text: a body within a unit", draw.choice(_PHRASES).format(text), None, longer=True)
    for place in drawn.strangers:
        for text in (place.name, _local(place, drawn)):
            if not drawn.owners(text):
                yield Written("text: not on the roster", draw.choice(_PHRASES).format(text), None, longer=True)
    for place in draw.sample([one for one in drawn.places if drawn.city not in _local(one, drawn)], 8):
        text = _abroad(place, drawn, draw)
        yield Written("text: another region's", draw.choice(_PHRASES).format(text), None, longer=True)


def _told(kind: str, text: str, unit: str | None, drawn: Drawn) -> Iterator[Written]:
    """A short name of several is nobody's; a writing that is exactly another unit's name is left out."""
    owners = drawn.owners(text)
    if unit is None or not owners or unit in owners:
        yield Written(kind, text, unit if len(owners) < 2 else None)


def _full(place: Place, _drawn: Drawn, _draw: Random) -> str:
    return place.name


def _local(place: Place, drawn: Drawn) -> str:
    """Without the region in front, and of what stands above it."""
    return place.name.replace(drawn.region, "")


def _without_region(place: Place, drawn: Drawn, _draw: Random) -> str:
    return _local(place, drawn) if drawn.region in place.name else ""


def _region_short(place: Place, drawn: Drawn, draw: Random) -> str:
    mark = drawn.region[-1]
    return f"{draw.choice([drawn.short_region, mark, f'我{mark}'])}{_local(place, drawn)}"


def _region_long(place: Place, drawn: Drawn, draw: Random) -> str:
    if place.town:
        return f"{drawn.region}{place.name}"
    if not place.name.startswith(drawn.region):
        return ""
    above = "东山省" if drawn.region.startswith(drawn.city) else f"东山省{drawn.city}市"
    return f"{above}{place.name}"


def _short(place: Place, drawn: Drawn, draw: Random) -> str:
    named = [one for one in place.shorts if len(drawn.owners(one)) == 1]
    return draw.choice(named) if named else ""


def _region_and_short(place: Place, drawn: Drawn, draw: Random) -> str:
    short = _short(place, drawn, draw)
    return f"{draw.choice([drawn.short_region, drawn.region])}{short}" if short else ""


def _room(place: Place, drawn: Drawn, draw: Random) -> str:
    if place.name.endswith(("人民政府", "办事处")):
        return f"{draw.choice([place.name, place.shorts[0]])}{draw.choice(_TOWN_ROOMS)}"
    return f"{_local(place, drawn)}{draw.choice(_ROOMS)}" if place.name.endswith("局") else ""


def _party(place: Place, drawn: Drawn, draw: Random) -> str:
    if place.name.endswith(("人民政府", "办事处")):
        town = place.shorts[0]
        return draw.choice([f"中共{town}委员会", f"{town}党委", f"{town}党工委", f"{town}党委政府"])
    return f"{_local(place, drawn)}{draw.choice(['党组', '党委', '党支部'])}" if place.name.endswith("局") else ""


def _remark(place: Place, drawn: Drawn, draw: Random) -> str:
    return f"{draw.choice([place.name, _local(place, drawn)])}{draw.choice(_REMARKS)}"


def _stamp(place: Place, drawn: Drawn, draw: Random) -> str:
    name = draw.choice([place.name, _local(place, drawn)])
    return draw.choice(
        [f"{name}\n2025年5月29日", f"{name} 盖章", f"单位：{name}", f"★{name}★", f"{name}。", f"{name}填报"]
    )


def _spread(place: Place, drawn: Drawn, draw: Random) -> str:
    return draw.choice([" ", "\u3000"]).join(_local(place, drawn))


def _missing(place: Place, drawn: Drawn, draw: Random) -> str:
    name = _some_name(place, drawn, draw)
    cut = draw.randrange(len(name))
    return name[:cut] + name[cut + 1 :]


def _doubled(place: Place, drawn: Drawn, draw: Random) -> str:
    name = _some_name(place, drawn, draw)
    at = draw.randrange(len(name))
    return name[: at + 1] + name[at:]


def _swapped(place: Place, drawn: Drawn, draw: Random) -> str:
    name = _some_name(place, drawn, draw)
    at = draw.randrange(len(name) - 1)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _by(groups: tuple[str, ...]) -> Callable[[Place, Drawn, Random], str]:
    def write(place: Place, drawn: Drawn, draw: Random) -> str:
        name = _some_name(place, drawn, draw)
        wrong = [
            name[:at] + other + name[at + 1 :]
            for at, character in enumerate(name)
            for group in groups
            if character in group
            for other in group
            if other != character
        ]
        return draw.choice(wrong) if wrong else ""

    return write


def _some_name(place: Place, drawn: Drawn, draw: Random) -> str:
    return draw.choice([place.name, _local(place, drawn), _short(place, drawn, draw) or place.name])


def _number(place: Place, drawn: Drawn, _draw: Random) -> str:
    written = _local(place, drawn).replace("第一", "第1").replace("第二", "第2").replace("第三", "第3")
    return written if written != _local(place, drawn) else ""


def _below(place: Place, draw: Random) -> tuple[str, ...]:
    """Bodies of their own that bear a unit's name in theirs."""
    if place.name.endswith(("人民政府", "办事处")):
        town, stem = place.shorts[0], place.shorts[-1]
        return tuple(f"{draw.choice([town, stem])}{one}" for one in draw.sample(_BELOW_TOWN, 2))
    return (f"{place.name}{draw.choice(_BELOW)}",) if place.name.endswith("局") else ()


def _abroad(place: Place, drawn: Drawn, draw: Random) -> str:
    return f"{draw.choice(_ABROAD)}{_local(place, drawn)}"


_OF_A_UNIT: Mapping[str, Callable[[Place, Drawn, Random], str]] = {
    "as on the roster": _full,
    "without the region": _without_region,
    "the region shorter": _region_short,
    "the region longer": _region_long,
    "a short name": _short,
    "region and short name": _region_and_short,
    "an office behind": _room,
    "its party committee": _party,
    "a remark in brackets": _remark,
    "as on a seal or a line": _stamp,
    "spread": _spread,
    "第1 for 第一": _number,
    "a character missing": _missing,
    "a character doubled": _doubled,
    "two characters swapped": _swapped,
    "a homophone": _by(_HOMOPHONES),
    "a lookalike": _by(_LOOKALIKES),
}
