"""Units named within longer texts: subjects, file names, headings, signatures.

In: the units and a text. Out: the units it names. A name that another word swallows (惠安县财政局, 洛阳镇中心小学, an
address in 张坂镇) names nobody of ours. Missing a name costs a question, a wrong one a wrong unit: what stands before
and after a name must allow it. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from intake.roster_file import Unit
from intake.roster_names import Region, is_generic, keys_of, speaks_of_another_region
from parsers.text import fold

_SPREAD = re.compile("(?<!\\S)[\u3400-\u9fff](?:[ \u3000]+[\u3400-\u9fff](?!\\S))+")  # 财 政 局
# Where one statement ends and another begins; brackets too: 反馈表（财政局）.docx.
_SEPARATORS = re.compile(
    "[\\s,;:|/\\\\()\\[\\]\uff0c\uff1b\uff1a\u3001\u3002\uff08\uff09\u3010\u3011\u300a\u300b\u201c\u201d_+-]+"
)
# What may stand right before a name: words of reporting, the end of a form's name, a day. Anything else may be the
# beginning of a longer name: 石狮市场监管局.
_BEFORE = re.compile(
    "(?:[局委办部会院队站处所司镇乡府心社团行联道][和与及]|[送于致由是为向请给报的表结案例件位员单料年月日度号转发]|单位名称|来自|[^\u3400-\u9fff])$"
)
_OUR_HEAD = re.compile("(?:[我本全各]|^|[送于致由和与及是为向请给报的])区$")
# What may stand right after a bare place name: 张坂2025年总结, but not 张坂工业园 or 张坂村.
_AFTER_BARE = re.compile(
    "(?:关于|报送|上报|反馈|联络员|报名|安全|活动|典型|案例|总结|填报|意向|咨询|的|[^\u3400-\u9fff]|$)"
)
# After a place's name: an address, or somebody else within the place.
_OTHERS = re.compile(
    "[\u3400-\u9fff]{0,8}?(?:小学|中学|学校|学院|幼儿园|医院|卫生院|卫生所|公司|社区|居委会|村委会|村民委员会|工业区|工业园|派出所|"
    "监管所|税务所|供电所|司法所|财政所|税务分局|信用社|供销社|合作社|银行|支行|大厦|大楼|敬老院|养老院|文化站|加油站|车站|商会|协会|"
    "[水电工鞋]厂|[厂村]$|(?<![道公铁])路|街(?!道)|大道|[巷弄])"
)
# After an organization's name: a body of its own within it (财政局工会), not the words of a report about its work.
_BODIES = re.compile(
    "(?:(?!关于|报送|上报|反馈|联络|报名|安全|活动|典型|案例|总结|填报|的)[\u3400-\u9fff]){0,6}?"
    "(?:工会|大队|中队|支队|中心(?!组|工作|任务)|公司|企业|幼儿园|学校|医院|协会|商会|派出所|监管所)"
)
_AREA_END = re.compile(
    "[\u3400-\u9fff]{2,6}?(?:经济技术|经济|高新技术产业|高新)?(?:开发|投资|工业园|示范|保税|管理|高新)区$"
)
_ENDS = frozenset("局委办部会院队站处所司镇乡府心社团行联")  # how organizations' names end
_PLACE_ENDS = frozenset("镇乡府道处")
_LOOKED_AT = 2_000  # characters of a text; subjects, headings and file names are shorter
_OFTEN = 4  # a name that stands there more often says nothing new, and a hostile text shall not cost minutes


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    name: str
    unit: Unit


class Searcher:
    """Looks for the names of one roster."""

    def __init__(self, proper: Mapping[Unit, tuple[str, ...]], region: Region) -> None:
        """Given the units with their proper names (without the region), prepare to look for them."""
        units = tuple(proper)
        self._region = region
        self._keys = {unit: tuple(key for name in unit.names for key in keys_of(name)) for unit in units}
        written = {(keys_of(name)[0], unit) for unit in units for name in unit.names}
        derived = {(name, unit) for unit, names in proper.items() for name in names if len(name) > 2}
        derived = {(name, unit) for name, unit in derived if name[-1] in _ENDS and not is_generic(name)} - written
        # Longest first; then by the roster, so that the order never depends on hashes.
        order = {unit: number for number, unit in enumerate(units)}
        pairs = (pair for pair in written | derived if len(pair[0]) > 1)
        self._names = sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0], order[pair[1]]))

    def find(self, text: str) -> tuple[Unit, ...]:
        """Given a text, return the units that it names, longest name first."""
        found: dict[Unit, int] = {}
        for piece in _SEPARATORS.split(_SPREAD.sub(lambda spread: "".join(spread[0].split()), text[:_LOOKED_AT])):
            for one in self._in_piece(fold(piece)):
                found[one.unit] = max(found.get(one.unit, 0), one.end - one.start)
        return tuple(sorted(found, key=lambda unit: -found[unit]))

    def _in_piece(self, piece: str) -> list[_Found]:
        places = [
            _Found(start, start + len(name), name, unit)
            for name, unit in self._names
            for start in islice(_places(name, piece), _OFTEN)
        ]
        free = [one for one in places if self._stands_free(one, piece)]
        free += [one for one in places if one not in free and _is_child(one, free)]
        kept: list[_Found] = []
        for one in sorted(free, key=lambda one: one.start - one.end):  # longest first, else as in the roster
            if not _swallowed(one, kept if self._follows_us(one, piece) else places):
                kept.append(one)
        return [one for one in _without_parents(kept) if one.name[-1] not in _ENDS or not _BODIES.match(piece, one.end)]

    def _follows_us(self, here: _Found, piece: str) -> bool:
        """Return whether our region stands right before it."""
        return any(ours.end() == here.start for ours in self._region.own.finditer(piece))

    def _stands_free(self, here: _Found, piece: str) -> bool:
        name, before, after = piece[here.start : here.end], piece[: here.start], piece[here.end :]
        if (name[-1] in _PLACE_ENDS or name[-1] not in _ENDS) and _OTHERS.match(after):
            return False
        if (len(name) == 2 or name[-1] not in _ENDS) and not _AFTER_BARE.match(after):
            return False
        if self._follows_us(here, piece):
            return True
        if before.endswith(tuple("省市县区")) and not _OUR_HEAD.search(before):
            region = _AREA_END.search(before)
            return not speaks_of_another_region(
                (region[0] if region else before[-3:]) + name, self._region, self._keys[here.unit]
            )
        if self._region.named_in(name) or not before:
            return True
        core = self._region.core
        return bool(_BEFORE.search(before) or _OUR_HEAD.search(before) or (len(core) > 1 and before.endswith(core)))


def _places(name: str, piece: str) -> Iterator[int]:
    start = piece.find(name)
    while start >= 0:
        yield start
        start = piece.find(name, start + 1)


def _swallowed(here: _Found, found: Iterable[_Found]) -> bool:
    """Return whether a longer name covers this place, be it that of a unit of ours or, as it stands there, another's."""
    return any(
        other.start < here.end and here.start < other.end and other.end - other.start > here.end - here.start
        for other in found
    )


def _is_child(here: _Found, found: Iterable[_Found]) -> bool:
    """Return whether the body above it stands right before it: 公安局分局 + 交警大队."""
    return any(one.end == here.start and here.unit.name.startswith(one.unit.name) for one in found)


def _without_parents(found: list[_Found]) -> list[_Found]:
    """Given names in one piece, return them without those of the body above: 公安局分局 right before its 交警大队."""
    return [
        one
        for one in found
        if not any(
            other.start == one.end and other.unit != one.unit and other.unit.name.startswith(one.unit.name)
            for other in found
        )
    ]
