"""An invented district's roster, of the kinds of units that real ones have: townships, bureaus, bodies run from above."""

from intake.model import UnitName
from intake.roster import Roster, Unit

REGION = "临州云台投资区"
NAMES: dict[str, tuple[str, ...]] = {
    "白沙镇人民政府": ("白沙镇", "白沙"),
    "海湾镇人民政府": ("海湾镇",),
    "青石回族乡人民政府": ("青石乡",),
    f"{REGION}党政办公室": ("党政办", "区党政办"),
    f"{REGION}财政局": ("财政局", "区财政局"),
    f"{REGION}教育文体旅游局": (),
    f"{REGION}民生保障局": ("民生局",),
    f"{REGION}自然资源和规划建设局": ("资规局",),
    f"{REGION}交通与住房建设局": ("住建局",),
    f"{REGION}农业农村与水务局": (),
    f"{REGION}市场监督管理局": (),
    f"{REGION}综合执法与应急管理局": ("应急管理局",),
    f"{REGION}气象局": (),
    f"{REGION}总工会": ("总工会", "工会"),
    f"临州市公安局{REGION[2:]}分局": ("公安分局",),
    f"临州市公安局{REGION[2:]}分局交通警察大队": ("交警大队",),
    f"国家税务总局{REGION}税务局": (),
    f"国网东山省电力有限公司{REGION}供电公司": ("供电公司",),
    f"中国移动通信集团东山有限公司{REGION}分公司": ("移动分公司",),
    "临州海事局云台海事处": (),
    f"{REGION}水务投资经营有限公司": ("水务公司",),
}


def unit(name: str, *aliases: str, **more: object) -> Unit:
    return Unit(UnitName(name), aliases, **more)  # type: ignore[arg-type]


def district() -> Roster:
    units = tuple(unit(name, *aliases, order=order) for order, (name, aliases) in enumerate(NAMES.items(), start=1))
    return Roster(units, REGION)
