"""The units that are asked, and which of them a name means.

In: units (from `roster_file`) and texts as people write them. Out: `UnitMatch`, sure or not, with its rivals. Stage
before: `read` gave the texts; stage after: `identify` and `assess` weigh them. Pure. Must not: guess — what is not
certain goes to a person with the candidates, and a unit of another region is nobody of ours.

Order of evidence (facts/documents.md §5): the name itself, a short or former name; the same without our region and the
office within the unit; an abbreviation (in-order subsequence) that fits one unit of the whole roster; then, never
certain, names within names and typing errors. Home of rapidfuzz.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rapidfuzz.distance import OSA, LCSseq

from intake.model import UnitName
from intake.roster_file import Unit, read_units
from intake.roster_names import (
    Region,
    is_generic,
    keys_of,
    part_below_region,
    proper,
    region_of,
    shared_region,
    shortens_plainly,
    speaks_of_another_region,
    township_names,
    without_office,
    without_surroundings,
)
from intake.roster_search import Searcher
from intake.settings import Campaign

__all__ = ["How", "Likeness", "Roster", "Unit", "UnitMatch", "parse_roster"]

_LONGEST = 100  # characters: what is longer is a text that may name units, not a name
# The figures below: `python -m tests.units --rosters 20 --thresholds`, seed 1, 27,308 writings: wrong, asked and right.
_FEW = 5  # the right unit is among the candidates of 4,158 of 6,290 questions; 3: 4,114, 8: 4,190
# Characters that an abbreviation has at least. 2: one wrong more and 156 right more; 4: none less and 225 right less.
_ABBREVIATION = 3
# Characters of a name that may have two typing errors; a typing error is a question in any case. The right unit is
# offered 4,158 times; from 4 characters on: 4,242, with more false candidates; from 10 on: 4,139.
_LONG = 8
_FAR = 99
_WHOLE = 0.98  # share of the shorter name that must stand in the longer one, in order. 0.7: 29 wrong more; 0.8: 0; 1.0: the same


class How(StrEnum):
    """How a name led to a unit, the surest first."""

    EXACT = "exact"  # the roster's own name
    ALIAS = "alias"
    FORMER = "former"
    NORMAL = "normal"  # the same but for our region, joining words, an office within the unit
    SUBSEQUENCE = "subsequence"  # an abbreviation, or a name within a name
    TYPO = "typo"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class UnitMatch:
    """Whom a text means. Not `certain`: a person must look. `rivals` are the other units (or all) that it might mean."""

    unit: Unit | None
    how: How
    certain: bool = False
    rivals: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One unit with the keys of its names: `keys` as written, `names` proper and derived."""

    unit: Unit
    keys: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def compared(self) -> tuple[str, ...]:
        """The names that a mistyped one is compared with."""
        return (*self.names, self.keys[0])


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a name is to a unit's: `distance` in typing errors, `shared` of its `length` characters stand there in order."""

    unit: Unit
    distance: int
    shared: int
    length: int


@dataclass(frozen=True)
class Roster:
    """The units in their order. `region` is the name that they share; found out from their names if it is not given.

    `warnings` are Chinese sentences about what is allowed but looks odd in the file.
    """

    units: tuple[Unit, ...]
    region: str = ""
    warnings: tuple[str, ...] = ()
    _region: Region = field(init=False, repr=False, compare=False)
    _entries: tuple[_Entry, ...] = field(init=False, repr=False, compare=False)
    _known: dict[str, tuple[tuple[Unit, ...], How]] = field(init=False, repr=False, compare=False)
    _proper: dict[str, tuple[Unit, ...]] = field(init=False, repr=False, compare=False)
    _searcher: Searcher = field(init=False, repr=False, compare=False)
    _called_now: dict[str, UnitName] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        region = region_of(self.region or shared_region(tuple(unit.name for unit in self.units)))
        entries = tuple(_entry(unit, region) for unit in self.units)
        object.__setattr__(self, "_region", region)
        object.__setattr__(self, "_entries", entries)
        object.__setattr__(self, "_known", _known_names(self.units))
        object.__setattr__(self, "_proper", _owners((name, entry.unit) for entry in entries for name in entry.names))
        called_now = {
            name: unit.name for unit in self.units for name in unit.names
        }  # roster_file: a name is one unit's
        object.__setattr__(self, "_called_now", called_now)
        object.__setattr__(self, "_searcher", Searcher({entry.unit: entry.names for entry in entries}, region))

    def unit(self, name: str) -> Unit:
        """Return the unit of that roster name. Raise KeyError if there is none."""
        for unit in self.units:
            if unit.name == name:
                return unit
        raise KeyError(name)

    def name_of_the_day(self, name: str) -> UnitName:
        """Given a name that a unit was recorded under, return what it is called now: offices are renamed and merged.

        A name that is nobody's any more is returned as it is: what was sent under it stays that unit's.
        """
        return self._called_now.get(name, UnitName(name))

    @property
    def groups(self) -> frozenset[str]:
        return frozenset(unit.group for unit in self.units if unit.group)

    def by_address(self, address: str) -> tuple[Unit, ...]:
        """Given a mail address, return the units that have it: several if offices share one."""
        wanted = address.strip().casefold()
        return tuple(unit for unit in self.units if wanted in {one.casefold() for one in unit.addresses})

    def find_in(self, text: str) -> tuple[Unit, ...]:
        """Given a longer text (a subject, a file name, a line), return the units that it names, longest name first."""
        return self._searcher.find(text)

    def nearest(self, text: str, *, limit: int = 3) -> tuple[Likeness, ...]:
        """Given a name, return the units whose names are most like it, the likest first. For people: it decides nothing."""
        name = proper(keys_of(text)[1], self._region)
        found = [
            Likeness(
                entry.unit,
                *min((OSA.distance(name, one), -LCSseq.similarity(name, one)) for one in entry.compared),
                len(name),
            )
            for entry in self._entries
        ]
        found = [replace(one, shared=-one.shared) for one in found]
        return tuple(sorted(found, key=lambda one: (one.distance, -one.shared))[:limit]) if name else ()

    def match(self, text: str) -> UnitMatch:
        """Given what somebody wrote as the name of the unit, return which one it is."""
        whole, key = keys_of(text)
        if whole in self._known:
            return _decided(*self._known[whole], certain=True)
        bare = without_surroundings(text)
        if bare != text:
            return self.match(bare)
        if key in self._known:
            return self._without_remark(text, _decided(*self._known[key], certain=True))
        if not key or len(key) > _LONGEST:
            return UnitMatch(None, How.NONE, rivals=_few(self.find_in(text)))
        name = proper(key, self._region)
        found = self._as_proper(name) or self._as_abbreviation(key, name)
        return self._doubted(found or self._as_something_like(text, key, name), key)

    def _without_remark(self, text: str, match: UnitMatch) -> UnitMatch:
        """Given a match for what stands before a bracket, return it uncertain if the bracket names another: 甲局（乙局）.

        白沙镇（党政办） is the township's own office, whoever else has one of that name.
        """
        towns = township_names(keys_of(match.unit.name)[0]) if match.unit else frozenset()
        if match.certain and not towns.isdisjoint(without_office(proper(keys_of(text)[0], self._region))):
            return match
        others = tuple(unit for unit in self.find_in(text) if unit != match.unit)
        return replace(match, certain=False, rivals=_few(others)) if match.unit and others else match

    def _as_proper(self, name: str) -> UnitMatch | None:
        for candidate in (name, *without_office(name)):
            if len(candidate) > 1 and candidate in self._proper and not is_generic(candidate):
                return _decided(self._proper[candidate], How.NORMAL, certain=True)
        return None

    def _as_abbreviation(self, key: str, name: str) -> UnitMatch | None:
        """Given a name, return the unit that it abbreviates: certain only where no other unit could be meant."""
        if len(name) < 2 or is_generic(name):
            return None
        entries = [
            entry for entry in self._near(key) if any(_within(name, full) for full in (*entry.names, *entry.keys))
        ]
        sure = [entry.unit for entry in entries if self._abbreviates_surely(name, entry)]
        if len(sure) == 1:
            return UnitMatch(sure[0], How.SUBSEQUENCE, certain=True)
        units = tuple(sure or (entry.unit for entry in entries))
        return _decided(units, How.SUBSEQUENCE, certain=False) if units else None

    def _abbreviates_surely(self, name: str, entry: _Entry) -> bool:
        """Given a name that stands within a unit's in order, return whether it can be nothing else.

        It ends as the unit's does (局 is no 处), and does not mean the body above the unit: 公安局 may be the city's, of
        which only 台商投资区分局 is on the roster.
        """
        if len(name) < _ABBREVIATION or not any(
            _within(name, full) and shortens_plainly(name, full) for full in entry.names
        ):
            return False
        above, below = part_below_region(entry.keys[0], self._region)
        return not _within_or_same(name, above) or _within_or_same(name, below)

    def _as_something_like(self, text: str, key: str, name: str) -> UnitMatch:
        """Given a name that nothing explains, return the unit it may be meant for: never certain."""
        named = self.find_in(text)
        if len(named) > 1:
            return UnitMatch(None, How.NONE, rivals=_few(named))
        near = self._near(key)
        if any(entry.unit in named and name.startswith(entry.names) for entry in near):
            return UnitMatch(named[0], How.SUBSEQUENCE)
        wider = tuple(entry.unit for entry in near if any(_expands(name, one) for one in entry.names))
        if wider:
            return _decided(wider, How.SUBSEQUENCE, certain=False)
        mistyped = _nearest(name, near)
        if mistyped and (len(name) > 3 or name[-1] in "镇乡"):
            return _decided(mistyped, How.TYPO, certain=False)
        # Three characters are too few for a guess (民政局, 财政局), and 惠安财政局 is somebody else's: candidates at most.
        mistyped = mistyped if len(mistyped) == 1 else ()
        tails = (entry.unit for entry in near if any(name.endswith(one) for one in entry.names if len(one) > 2))
        return UnitMatch(None, How.NONE, rivals=_few((*mistyped, *tails)))

    def _near(self, key: str) -> list[_Entry]:
        """Given a key, return the units that it may mean as far as regions go."""
        return [entry for entry in self._entries if not speaks_of_another_region(key, self._region, entry.keys)]

    def _doubted(self, match: UnitMatch, key: str) -> UnitMatch:
        """Given a match, return it uncertain if the text names another unit in full."""
        if match.unit is None or not match.certain:
            return match
        own = keys_of(match.unit.name)[0]
        others = tuple(entry.unit for entry in self._entries if entry.keys[0] in key and entry.keys[0] not in own)
        return replace(match, certain=False, rivals=_few(others)) if others else match


def parse_roster(data: bytes, file_name: str, *, region: str = "", campaign: Campaign | None = None) -> Roster:
    """Given a roster file (.xlsx or .csv), return the roster. Raise OfficeError listing every mistake in it.

    `region` is the office's (found out from the names if not given). With a `campaign`, its groups and units must stand
    on the roster, and 应报项 may name forms by their titles; without one, they are taken for form ids as they stand.
    """
    units, warnings = read_units(data, file_name, campaign)
    return Roster(units, region, warnings)


def _entry(unit: Unit, region: Region) -> _Entry:
    keys = tuple(dict.fromkeys(key for name in unit.names for key in keys_of(name) if key))
    names = dict.fromkeys(proper(key, region) for key in keys)
    for name in tuple(names):
        names.update(dict.fromkeys(township_names(name)))
    return _Entry(unit, keys or ("",), tuple(name for name in names if name))


def _known_names(units: tuple[Unit, ...]) -> dict[str, tuple[tuple[Unit, ...], How]]:
    """Return for every name as written whose it is and how it is known; a name in force goes before a former one."""
    known: dict[str, tuple[tuple[Unit, ...], How]] = {}
    for position in (0, 1):  # with what stands in brackets before without
        for how in (How.EXACT, How.ALIAS, How.FORMER):
            owners = _owners((keys_of(name)[position], unit) for unit in units for name in _names(unit, how))
            for key, units_of_key in owners.items():
                known.setdefault(key, (units_of_key, how))
    known.pop("", None)
    return known


def _names(unit: Unit, how: How) -> tuple[str, ...]:
    return {How.EXACT: (unit.name,), How.ALIAS: unit.aliases, How.FORMER: unit.former_names}[how]


def _owners(pairs: Iterable[tuple[str, Unit]]) -> dict[str, tuple[Unit, ...]]:
    owners: dict[str, dict[Unit, None]] = {}
    for key, unit in pairs:
        owners.setdefault(key, {})[unit] = None
    return {key: tuple(units) for key, units in owners.items()}


def _decided(units: tuple[Unit, ...], how: How, *, certain: bool) -> UnitMatch:
    distinct = tuple(dict.fromkeys(units))
    if len(distinct) == 1:
        return UnitMatch(distinct[0], how, certain)
    return UnitMatch(None, How.NONE, rivals=_few(distinct))


def _within(short: str, long: str) -> bool:
    """Return whether the characters of `short` stand in `long` in order, and `long` has more."""
    return len(short) < len(long) and LCSseq.similarity(short, long) >= _WHOLE * len(short)


def _within_or_same(short: str, long: str) -> bool:
    return short == long or _within(short, long)


def _expands(name: str, short: str) -> bool:
    """Return whether `name` may be what `short` abbreviates: 住房和城乡建设局, 住建局."""
    return len(short) > 2 and name[0] == short[0] and name[-1] == short[-1] and _within(short, name)


def _nearest(name: str, entries: list[_Entry]) -> tuple[Unit, ...]:
    """Given a name, return the units whose names differ from it by the fewest typing errors."""
    distances = [(min(_distance(name, one) for one in entry.compared), entry.unit) for entry in entries]
    best = min((distance for distance, _ in distances), default=_FAR)
    return tuple(unit for distance, unit in distances if distance == best < _FAR)


def _distance(name: str, other: str) -> int:
    """Return how many characters differ, or _FAR if it is more than typing errors: 局 for 处 is none."""
    if min(len(name), len(other)) < 3 or abs(len(name) - len(other)) > 1 or name[-1] != other[-1]:
        return _FAR
    distance = OSA.distance(name, other)
    return distance if distance <= (1 if len(name) < _LONG else 2) else _FAR


def _few(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Given candidates, return them for a person to choose from; so many that nobody is meant are none."""
    distinct = tuple(dict.fromkeys(units))
    return distinct if len(distinct) <= _FEW else ()
