"""Rosters of invented towns, districts and counties, with the near twins that real ones have.

In: a seed. Out: `Drawn`: the roster as the clerk keeps it, how people shorten each unit's name, and units of the same
place that are *not* on it. 东园镇 stands beside 东园镇中心小学 and 东园派出所, 财政局 beside 财政国库支付中心, 第一实验小学
beside 第二实验小学; which of them are on the roster is drawn, so that one roster's unit is another roster's stranger.
"""

from dataclasses import dataclass
from random import Random

from intake.model import UnitName
from intake.roster import Roster, Unit

_FIRST = "东西南北上下大新洛青白海石黄龙云张林高螺"
_SECOND = "园阳坂沙湾溪山河塘桥埔田洋湖港店岭"
_CITIES = ("临州", "晋南", "望江", "宁阳")
_CORES = ("云台", "洛水", "惠南", "河东", "海沧", "桃城")
_AREAS = ("投资区", "高新区", "经济开发区", "")
_BRANDS = ("恒达", "金鹭", "顺丰源", "华泰", "宏远", "瑞祥")

# Full name after the region, and how people shorten it.
_BUREAUS: dict[str, tuple[str, ...]] = {
    "财政局": (),
    "审计局": (),
    "统计局": (),
    "司法局": (),
    "信访局": (),
    "气象局": (),
    "民政局": (),
    "教育文体旅游局": ("教育局", "教文体旅局", "文旅局", "教育文体局"),
    "民生保障局": ("民生局",),
    "自然资源和规划建设局": ("自然资源局", "资规局", "规划建设局", "规划局"),
    "交通与住房建设局": ("交通局", "住建局", "住房建设局", "交通住建局"),
    "农业农村与水务局": ("农业农村局", "农水局", "农业局", "水务局"),
    "市场监督管理局": ("市场监管局", "市监局"),
    "综合执法与应急管理局": ("应急管理局", "应急局", "执法应急局", "综合执法局"),
    "生态环境局": ("环境局", "环保局"),
    "卫生健康局": ("卫健局", "卫生局"),
    "科技经济发展局": ("科经局", "经发局", "经济发展局"),
    "行政审批局": ("审批局",),
    "烟草专卖局": ("烟草局",),
    "人力资源和社会保障局": ("人社局", "人力资源局"),
    "退役军人事务局": ("退役军人局",),
    "发展和改革局": ("发改局",),
    "消防救援大队": ("消防大队",),
    "人民法院": ("法院",),
    "人民检察院": ("检察院",),
    "妇女联合会": ("妇联",),
    "总工会": ("工会",),
    "公路事业发展中心": ("公路中心", "公路发展中心"),
    "土地房屋征收中心": ("征收中心",),
    "行政服务中心": (),
    "疾病预防控制中心": ("疾控中心",),
    "财政国库支付中心": ("国库支付中心",),
    "教师进修学校": ("进修学校",),
    "医院": (),
    "中医院": (),
    "妇幼保健院": ("妇保院",),
    "第一实验小学": ("一实小", "实验一小"),
    "第二实验小学": ("二实小", "实验二小"),
    "第三实验小学": ("三实小",),
    "实验幼儿园": (),
    "第一中学": ("一中",),
    "第二中学": ("二中",),
    "第五中学": ("五中",),
    "水务投资经营有限公司": ("水务公司", "水投公司"),
    "城市建设发展有限公司": ("城建公司",),
}
_IN_TOWN: dict[str, tuple[str, ...]] = {
    "{town}中心小学": ("{stem}中心小学", "{town}中心校"),
    "{town}第二中心小学": ("{stem}第二中心小学",),
    "{stem}中学": (),
    "{stem}第二中学": (),
    "{stem}派出所": (),
    "{stem}供电所": (),
    "{town}卫生院": ("{stem}卫生院",),
    "{town}中心幼儿园": ("{stem}中心幼儿园",),
    "{town}{village}村民委员会": ("{town}{village}村", "{village}村", "{village}村委会"),
    "{town}{stem}村民委员会": ("{town}{stem}村", "{stem}村", "{stem}村委会"),
    "{town}{other}社区居民委员会": ("{town}{other}社区", "{other}社区", "{other}社区居委会"),
    "{stem}小学": (),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A body of the region: its full name and how people shorten it; `town` is where it stands, "" for the region's own."""

    name: str
    shorts: tuple[str, ...] = ()
    town: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A roster, the places on it in its order, and places of the same region that are not on it."""

    roster: Roster
    region: str
    city: str
    short_region: str
    places: tuple[Place, ...]
    strangers: tuple[Place, ...]

    def owners(self, short: str) -> frozenset[str]:
        """Return the units of the roster that are called so, by their full or short names."""
        return frozenset(place.name for place in self.places if short == place.name or short in place.shorts)


def draw_roster(seed: str) -> Drawn:
    """Given a seed, return a roster: the same for the same seed."""
    draw = Random(f"units/{seed}")
    city = draw.choice(_CITIES)
    core = draw.choice([one for one in _CORES if one != city])
    region, short = _region(draw, city, core)
    everybody = [*_towns(draw), *_own(draw, region, city, core)]
    places = [one for one in everybody if draw.random() < _share(one)]
    units = tuple(_unit(one, draw, order) for order, one in enumerate(places, start=1))
    known = draw.random() < 0.7  # many an office leaves its region out of the configuration
    strangers = tuple(one for one in everybody if one not in places)
    return Drawn(Roster(units, region if known else ""), region, city, short, tuple(places), strangers)


def _region(draw: Random, city: str, core: str) -> tuple[str, str]:
    """Return the region's name as units bear it, and the short one."""
    area = draw.choice(_AREAS)
    if area:
        return f"{city}{core}{area}", f"{core}区"
    suffix = draw.choice("区县市")
    return (f"{city}市{core}区", f"{core}区") if suffix == "区" else (f"{core}{suffix}", f"{core}{suffix}")


def _towns(draw: Random) -> list[Place]:
    stems: dict[str, None] = {}
    while len(stems) < 5:
        stems[f"{draw.choice(_FIRST)}{draw.choice(_SECOND)}"] = None
    first = next(iter(stems))
    stems[f"{draw.choice(_FIRST.replace(first[0], ''))}{first[1]}"] = None  # 洛阳, 螺阳
    places: list[Place] = []
    for stem in stems:
        kind = draw.choice(["镇", "镇", "镇", "乡", "街道"])
        town = f"{stem}{kind}"
        full = f"{town}办事处" if kind == "街道" else f"{town}人民政府"
        places.append(Place(full, (town, f"{town}党委", stem), stem))
        villages = {"village": f"{draw.choice(_FIRST)}{draw.choice(_SECOND)}", "other": f"{draw.choice(_FIRST)}林"}
        for name, shorts in _IN_TOWN.items():
            if draw.random() < 0.5:
                words = {"town": town, "stem": stem, **villages}
                places.append(Place(name.format(**words), tuple(one.format(**words) for one in shorts), stem))
    return places


def _own(draw: Random, region: str, city: str, core: str) -> list[Place]:
    places = [Place(f"{region}{name}", (name, *shorts)) for name, shorts in _BUREAUS.items()]
    if not region.startswith(city):
        return [*places, Place(f"{region}公安局", ("公安局",)), Place(f"国家税务总局{region}税务局", ("税务局",))]
    below = region.removeprefix(f"{city}市").removeprefix(city)
    return [
        *places,
        Place(f"{city}市公安局{below}分局", ("公安分局", f"公安局{core}分局")),
        Place(f"{city}市公安局{below}分局交通警察大队", ("交警大队",)),
        Place(f"国家税务总局{region}税务局", ("税务局",)),
        Place(f"国网东山省电力有限公司{region}供电公司", ("供电公司",)),
        Place(f"中国电信股份有限公司{region}分公司", ("电信公司", "电信分公司")),
        *(Place(f"{city}{brand}箱包有限公司", (f"{brand}箱包", f"{brand}公司")) for brand in draw.sample(_BRANDS, 2)),
    ]


def _share(place: Place) -> float:
    """Return how likely a place is on the roster: nearly all governments and bureaus, half of the schools and villages."""
    return 0.85 if place.name.endswith(("局", "政府", "办事处", "大队", "院", "会")) and "村" not in place.name else 0.5


def _unit(place: Place, draw: Random, order: int) -> Unit:
    aliases = tuple(one for one in place.shorts if len(one) > 2 and draw.random() < 0.3)
    return Unit(UnitName(place.name), aliases, order=order)
