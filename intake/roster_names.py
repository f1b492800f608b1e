"""What the name of a unit is made of: the region it belongs to, the name proper, an office within the unit.

In: names as people write them. Out: keys for comparing, and whether a name speaks of another region. `roster` decides
with them who is meant. Pure string work on tables of Chinese words. Must not: know a roster.

Facts: facts/documents.md §5. Without a look at foreign region words, names compared without their prefixes make
惠安县应急管理局, 泉州市应急管理局 and 泉州市教育局 ours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.text import fold

_HAN = "[\u3400-\u9fff]"
_BRACKETS = dict.fromkeys(map(ord, "()[]\uff08\uff09\uff3b\uff3d\u3010\u3011"))

# Special areas are no administrative 区; their word ends the region's own name.
_AREAS = "经济技术开发区|高新技术产业开发区|经济开发区|工业园区|投资区|高新区|开发区|示范区|保税区|管理区|实验区|合作区|新区|园区"
_AREA_BEFORE = re.compile(f"(?P<place>{_HAN}{{2,}}?)(?:{_AREAS})$")
_AREA_NAME = re.compile(f"(?P<place>{_HAN}+?)(?P<area>{_AREAS})")
_PLAIN_NAME = re.compile(
    f"(?:{_HAN}{{2,3}}省)?(?:(?P<city>{_HAN}{{2,4}})市)?(?P<core>{_HAN}{{1,8}}?)(?P<suffix>[市县区])"
)
_SHARED = re.compile(f"{_HAN}{{2,10}}?(?:{_AREAS}|[市县区])")  # how the names of a roster may begin

# 省 市 县 区 that belong to another word: 市场监管局, 城市建设公司, 区域. Not those of 市政府 and 市民政局.
_WORD_AFTER = "(?!场|容|域|间|块|政(?!府|协|法)|民(?!政|宗|族|生))"
_REGION_MARK = re.compile(f"[省市县区]{_WORD_AFTER}")
_WORD_BEFORE = ("城市", "都市", "社区", "小区", "校区", "厂区", "片区", "辖区", "分区", "景区", "林区", "库区", "地区")
_OUR = "我本全各"  # 我区, 本区

_SHARE = (
    1 / 3
)  # of the names must begin with the region. 1/2: 235 right less and 2 wrong more; 1/10: the same (tests.units)

_PARTY = re.compile("^(?:中国共产党|中共)")
_JOINERS = re.compile(r"[和与及暨]|\W")
_NOT_THE_REGION = "(?!协会|商会|企业|会馆|学校|小学|中学)"  # 台商协会 is an association of 台商

# Offices within a unit: who writes as one of them writes for the unit.
_OFFICE = re.compile(
    "办公室|党政办公室|党政办|党政综合办公室|党政综合办|党办|综合办公室|综合办|秘书科|人秘科|安办|安委办|安委会办公室|安委会|"
    "安全生产委员会办公室|安全生产委员会|应急办|应急管理办公室|党委|党组|党工委|党总支|党支部|机关党委|机关|"
    f"{_HAN}{{2,8}}[科股]"
)
# A township's organs and offices. Its schools, clinics, villages and firms are others (facts/documents.md §5).
_TOWNSHIP = re.compile(f"(?P<stem>{_HAN}{{2,}}?(?:镇|乡|街道))(?:人民政府|政府|办事处|党委|党工委|委员会)?")
_TOWNSHIP_OFFICE = re.compile(
    "(?:(?:党委|党政)?(?:人民)?政府|办事处|党委|党工委|委员会)?(?:人大|人大主席团|安监办|安监所|安监站|应急所|应急站|应急管理所|"
    "应急管理站|安全生产监督管理站|综治办|平安办|平安建设办公室|党建办|宣传办|经发办|经济发展办公室|社会事务办|"
    f"社会事务办公室|综合执法队|综合执法大队|{_OFFICE.pattern})?"
)
# 某某回族乡 is called 某某乡. Peoples that have ethnic townships.
_PEOPLES = "(?:回|满|畲|苗|壮|侗|瑶|藏|彝|白|黎|傣|佤|水|羌|土|各|土家|蒙古|布依|朝鲜|哈尼|傈僳|仡佬|拉祜|纳西|锡伯|维吾尔|哈萨克)"
_ETHNIC = re.compile(f"{_PEOPLES}族(?=[乡镇])")

# What many organizations are called: alone it names none of them.
_GENERIC = re.compile(
    "(?:人民|政府|管理|工作|事业|发展|服务|中心|局|委员会|委|办公室|办|分|公司|有限|集团|股份|责任|大队|支队|中队|处|站|所|部|院)+"
)


# Bodies with a name of their own, of which a place has many: what is left out of their names may be what tells them apart.
_OF_MANY = re.compile(
    f"{_HAN}*(?:小学|中学|学校|中专|学院|幼儿园|医院|卫生院|保健院|[^事务]所|站|村|社区|村民委员会|村委会|居民委员会|居委会)"
)
_TOWN_WORD = re.compile(f"(?<={_HAN}{{2}})(?:镇|乡|街道)(?={_HAN}{{2}})")
_TOWN_END = re.compile(f"(?:{_PEOPLES}族)?(?:镇|乡|街道)$")
_VILLAGE = re.compile("(?:村民委员会|村委会|村委|村)$")
_COMMUNITY = re.compile("(?:社区)?(?:居民委员会|居委会|居委)$|社区$")
_FIRM_WORDS = re.compile("股份|有限|责任|集团|总(?=公司)|分(?=公司)")
_ORDINAL = re.compile("第[一二三四五六七八九十]+")
_DIGITS = str.maketrans("123456789", "一二三四五六七八九")
_NUMBERED = re.compile("第([1-9])(?![0-9])")  # 第1实验小学

# What stands around a name in a form: a label, a stamp's place, a day.
_AROUND = re.compile(
    "^(?:(?:填报|报送|申报|所在|工作)?单位(?:名称)?|部门)[:\uff1a]\\s*|[★*。.,，;；]+$|^[★*]+|"
    "\\s*(?:盖章|公章|签章|填报|代章)$|\\s*[12][0-9]{3}\\s*年\\s*[0-9]{1,2}\\s*月(?:\\s*[0-9]{1,2}\\s*日)?$"
)


@dataclass(frozen=True, slots=True)
class Region:
    """The region that the units share, taken apart: 泉州 (city), 台商 (core), 区 (suffix); all empty if none is known.

    `own` finds the ways in which it is written before a name: 泉州台商投资区, 台商区, 福建省泉州市台商投资区管委会.
    """

    name: str = ""
    city: str = ""
    core: str = ""
    suffix: str = ""
    own: re.Pattern[str] = re.compile("(?!)")

    def named_in(self, key: str) -> bool:
        """Return whether the key names the region or its core: 台商分局."""
        return self.own.search(key) is not None or (len(self.core) > 1 and self.core in key)

    def names_only_the_city(self, key: str) -> bool:
        """Return whether the key speaks of the city above and not of our region: 泉州市财政局, 泉州海事局."""
        return bool(self.city) and self.city in key and not self.named_in(key)


def region_of(name: str) -> Region:
    """Given the region's full name ("" if it is not known), return its parts."""
    key = fold(name)
    if found := _AREA_NAME.fullmatch(key):
        place, area = found["place"], found["area"]
        # A city's name has two characters nearly always; what follows it is the area's own name.
        city, core = (place[:-2], place[-2:]) if len(place) >= 4 else ("", place)
        return Region(
            key, city, core, "区", _own_pattern(city, {f"{core}{area}", f"{core}区", f"{core[0]}{area[0]}区"})
        )
    if found := _PLAIN_NAME.fullmatch(key):
        city, core, suffix = found["city"] or "", found["core"], found["suffix"]
        return Region(key, city, core, suffix, _own_pattern(city, {f"{core}{suffix}"}))
    return Region()


def shared_region(names: tuple[str, ...]) -> str:
    """Given the names of a roster, return the region with which a third of them begin, or ""."""
    prefixes = [found[0] for name in names if (found := _SHARED.match(fold(name)))]
    best = max(dict.fromkeys(prefixes), key=prefixes.count, default="")
    return best if prefixes.count(best) >= max(3, len(names) * _SHARE) else ""


def _own_pattern(city: str, shorts: set[str]) -> re.Pattern[str]:
    province = f"(?:{_HAN}{{2,3}}省)?"
    above = f"(?:{province}{city}市?)?" if city else province
    names = "|".join(sorted(shorts, key=lambda short: (-len(short), short)))
    return re.compile(f"{above}(?:{names})(?:管委会|管理委员会)?(?={_HAN})")


def keys_of(text: str) -> tuple[str, str]:
    """Given a name, return its key with what stands in brackets, and that without: 实验小学（东校区）, 财政局（盖章）."""
    return _numbered(fold(text.translate(_BRACKETS))), _numbered(fold(text))


def _numbered(key: str) -> str:
    return _NUMBERED.sub(lambda found: f"第{found[1].translate(_DIGITS)}", key)


def without_surroundings(text: str) -> str:
    """Given what stands in a unit field, return the name without a label before it and a stamp's or day's words after it."""
    for _ in range(3):
        shorter = _AROUND.sub("", text.strip())
        if shorter == text:
            break
        text = shorter
    return text


def shortens_plainly(short: str, full: str) -> bool:
    """Given a proper name that stands within another in order, return whether nothing that tells bodies apart is left out.

    A bureau is alone of its kind in a place, so 教育局 is 教育文体旅游局. Of schools, clinics, villages and firms there
    are many: 洛湖小学 isn't 洛湖镇中心小学, 第二中学 isn't 东店第二中学, 恒达公司 may be 恒达箱包 or 恒达鞋业. Without this
    rule 45 of 707 names of places that are not on the roster were taken for one that is (`python -m tests.units`).
    """
    if _ORDINAL.findall(short) != _ORDINAL.findall(full):
        return False
    if town := _TOWNSHIP.fullmatch(full):
        return short.startswith(_TOWN_END.sub("", town["stem"]))  # 石镇党委 may be 石坂镇 or 石岭镇
    if full.endswith("公司"):
        return _FIRM_WORDS.sub("", short)[-4:] == _FIRM_WORDS.sub("", full)[-4:]
    if _OF_MANY.fullmatch(full):
        return _bare(short) in {_bare(full), _bare(_below_town(full))}
    return short[-1] == full[-1]  # 局 is no 处


def _bare(name: str) -> str:
    """Return a name of school, clinic or village without words that it may go without: 洛湖镇中心小学 → 洛湖中心小学."""
    name = _TOWN_WORD.sub("", name)
    if (found := _VILLAGE.search(name)) and found.start() > 1:
        return f"{name[: found.start()]}村"
    if (found := _COMMUNITY.search(name)) and found.start() > 1:
        return f"{name[: found.start()]}社区"
    return name


def _below_town(name: str) -> str:
    """Return the village's own name: 石山镇海林社区 → 海林社区; of schools and clinics the town's is part of the name."""
    found = _TOWN_WORD.search(name)
    return name[found.end() :] if found and name.endswith(("村", "社区", "委员会", "委会")) else name


def proper(key: str, region: Region) -> str:
    """Given a key, return what is left without our region and joining words: 区农业农村和水务局 → 农业农村水务局.

    Words of other regions stay: 惠安县财政局 never becomes 财政局.
    """
    name = region.own.sub("", _PARTY.sub("", key))
    if region.suffix:
        name = re.sub(f"^[{_OUR}]?{region.suffix}{_WORD_AFTER}(?={_HAN}{{2}})", "", name)
    if len(region.core) > 1:
        city = f"(?:{region.city}市?)?" if region.city else ""
        shorter = re.sub(f"{city}{region.core}{_NOT_THE_REGION}", "", name)
        name = shorter if len(shorter) >= 3 else name
    if region.city:
        name = re.sub(f"^(?:{_HAN}{{2,3}}省)?{region.city}市?(?={_HAN}{{2,6}}(?:镇|乡|街道))", "", name)
    return _JOINERS.sub("", name) or name


def part_below_region(key: str, region: Region) -> tuple[str, str]:
    """Given a key with our region inside, return what stands before and after it: (国家税务总局, 税务局); else ("", "")."""
    found = region.own.search(key)
    return (key[: found.start()], key[found.end() :]) if found and found.start() else ("", "")


def township_names(key: str) -> frozenset[str]:
    """Given the key of a township, return what it is called for short, without its kind of people: 百崎乡; else nothing."""
    found = _TOWNSHIP.fullmatch(key)
    return frozenset({found["stem"], _ETHNIC.sub("", found["stem"])}) if found else frozenset()


def without_office(name: str) -> Iterator[str]:
    """Given a proper name, yield what it may be without an office at its end, longest first: 财政局办公室 → 财政局."""
    for end in range(len(name) - 1, 1, -1):
        if _OFFICE.fullmatch(name, end) or (name[end - 1] in "镇乡道" and _TOWNSHIP_OFFICE.fullmatch(name, end)):
            yield name[:end]


def is_generic(name: str) -> bool:
    """Return whether a proper name says only what many are called: 管理局, 分公司."""
    return _GENERIC.fullmatch(name) is not None


def speaks_of_another_region(key: str, region: Region, names: tuple[str, ...]) -> bool:
    """Given a key and the keys of the unit it might be, return whether it names a region that is neither ours nor theirs.

    The two characters before 省 市 县 区 tell: they stand in one of the unit's names (泉州市 in 泉州市公安局台商投资区分局),
    or in the region's name in that order (台商区), or the name is another region's. So is one of the city alone.
    """
    rest = region.own.sub("#", key)
    for found in _REGION_MARK.finditer(rest):
        if (area := _AREA_BEFORE.search(rest[: found.end()])) and not _in_order(area["place"][-2:], region.name):
            return True  # 南泉经济技术开发区, though ours is an 开发区 too
        word = rest[max(0, found.start() - 2) : found.end()]
        if word.endswith(_WORD_BEFORE) or _is_ours(word, region) or any(word in name for name in names):
            continue
        return True
    return region.names_only_the_city(key) and any(region.named_in(name) for name in names)


def _is_ours(word: str, region: Region) -> bool:
    if len(word.lstrip(f"#{_OUR}")) == 1:
        return not region.suffix or word[-1] == region.suffix
    return _in_order(word, region.name)


def _in_order(word: str, name: str) -> bool:
    remaining = iter(name)
    return all(character in remaining for character in word)
