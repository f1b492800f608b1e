"""What a new roster would change, unit by unit, for the person who is about to put it in force. Pure.

In: the units as they are and as they would be, the names under which the record holds forms. Out: `RosterChanges`. A unit
is the same if the new roster knows its name, as name, short name or former name, letter for letter: that is how the record
finds what it has sent (`Roster.name_of_the_day`), so a name that is only written otherwise is a unit gone and another come.
Must not: decide anything; a likeness is a question to the person.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from intake.model import FormId, UnitName
from intake.roster import Roster, Unit

# Units that go × units that come whose names are compared: 500 × 500 took 31 s, and are two different rosters anyway.
_MOST_PAIRS = 10_000
Recorded = Mapping[str, frozenset[FormId]]  # a name that rows bear → the forms that came under it


@dataclass(frozen=True, slots=True)
class Gone:
    """A unit that would not be asked any more. `sent`: how many forms have come from it; `like`: new units it may be."""

    unit: Unit
    sent: int
    like: tuple[UnitName, ...] = ()


@dataclass(frozen=True, slots=True)
class Renamed:
    """A unit that goes on under another name; its former one stands with it."""

    before: UnitName
    after: UnitName


@dataclass(frozen=True, slots=True)
class Altered:
    """One column of one unit that would hold something else: `what` is its heading; "" for nothing."""

    unit: UnitName
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Adrift:
    """Forms that came under a name that would be nobody's (`after` ""), or another unit's than now."""

    name: str
    forms: int
    before: UnitName
    after: str


@dataclass(frozen=True, slots=True)
class RosterChanges:
    """All differences. `moved`: so many of the units that stay would have to be moved to get the new order. `by_name`: names
    of units that go and come were compared; with too many of both only addresses and numbers were.
    """

    added: tuple[Unit, ...] = ()
    gone: tuple[Gone, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    altered: tuple[Altered, ...] = ()
    adrift: tuple[Adrift, ...] = ()
    moved: int = 0
    by_name: bool = True
    unchanged: int = 0

    @property
    def is_none(self) -> bool:
        return not (self.added or self.gone or self.renamed or self.altered or self.adrift or self.moved)


def compare(
    before: Sequence[Unit],
    after: Sequence[Unit],
    *,
    recorded: Recorded,
    titles: Mapping[FormId, str],
    region: str = "",
) -> RosterChanges:
    """Given two rosters' units in order, return what changes from one to the other. `titles`: what people call the forms."""
    owners = _owners(after)
    kept = {old.name: owners[old.name] for old in before if old.name in owners}
    heirs = set(kept.values())
    added = tuple(unit for unit in after if unit.name not in heirs)
    unit_of = {unit.name: unit for unit in after}
    altered: list[Altered] = []
    for old in before:
        if old.name in kept:
            altered.extend(_altered(old, unit_of[kept[old.name]], titles))
    renamed = tuple(Renamed(old, new) for old, new in kept.items() if old != new)
    touched = {one.before for one in renamed} | {one.unit for one in altered}
    left = [old for old in before if old.name not in kept]
    by_name = len(left) * len(added) <= _MOST_PAIRS
    order = {unit.name: place for place, unit in enumerate(after)}
    return RosterChanges(
        added=added,
        gone=_gone(left, added, recorded, region, by_name=by_name),
        renamed=renamed,
        altered=tuple(altered),
        adrift=tuple(_adrift(_owners(before), owners, kept, recorded)),
        moved=_moved([order[kept[old.name]] for old in before if old.name in kept]),
        by_name=by_name,
        unchanged=sum(old not in touched and new not in touched for old, new in kept.items()),
    )


def _owners(units: Iterable[Unit]) -> dict[str, UnitName]:
    """Return whose each name is, as `Roster.name_of_the_day` has it."""
    return {name: unit.name for unit in units for name in unit.names}


def _gone(
    left: Sequence[Unit], added: Sequence[Unit], recorded: Recorded, region: str, *, by_name: bool
) -> tuple[Gone, ...]:
    """Return the units that go, each with the new ones that a name leads to, or an address or a number of the old one."""
    newcomers = Roster(tuple(added) if by_name and left else (), region)
    reached: dict[str, list[UnitName]] = {}
    for unit in added:
        for key in _ways_to(unit):
            reached.setdefault(key, []).append(unit.name)
    found: list[Gone] = []
    for old in left:
        match = newcomers.match(old.name)
        named = [unit.name for unit in ([match.unit] if match.unit else match.rivals)]
        known = [name for key in _ways_to(old) for name in reached.get(key, ())]
        sent = len(frozenset[FormId]().union(*(recorded.get(name, frozenset()) for name in old.names)))
        found.append(Gone(old, sent, tuple(dict.fromkeys((*named, *known)))))
    return tuple(found)


def _ways_to(unit: Unit) -> tuple[str, ...]:
    return (*(one.casefold() for one in unit.addresses), *([unit.phone] if unit.phone else []))


def _altered(old: Unit, new: Unit, titles: Mapping[FormId, str]) -> Iterable[Altered]:
    """Yield the columns that differ; the former name that a renaming adds is told by the renaming."""
    told = {old.name} if old.name != new.name else set()
    pairs = (
        ("简称", _several(set(old.aliases)), _several(set(new.aliases) - told)),
        ("曾用名", _several(set(old.former_names)), _several(set(new.former_names) - told)),
        ("分组", old.group, new.group),
        ("联系人", old.contact_name, new.contact_name),
        ("邮箱", "；".join(old.addresses), "；".join(new.addresses)),
        ("电话", old.phone, new.phone),
        ("应报项", _owes(old, titles), _owes(new, titles)),
    )
    return (Altered(new.name, what, one, other) for what, one, other in pairs if one != other)


def _several(names: set[str]) -> str:
    return "；".join(sorted(names))


def _owes(unit: Unit, titles: Mapping[FormId, str]) -> str:
    if unit.owes is None:
        return "按通知"
    return "；".join(titles.get(form, form) for form in sorted(unit.owes)) or "免报"


def _adrift(
    before: Mapping[str, UnitName], after: Mapping[str, UnitName], kept: Mapping[UnitName, UnitName], recorded: Recorded
) -> Iterable[Adrift]:
    """Yield the names whose forms would leave a unit that stays; those of a unit that goes are told with it."""
    for name, forms in recorded.items():
        owner = before.get(name)
        if owner is None or not forms:
            continue
        heir = kept.get(owner, UnitName(""))
        now = after.get(name, UnitName(""))
        if now != heir:
            yield Adrift(name, len(forms), owner, now)


def _moved(places: Sequence[int]) -> int:
    """Given the new places of units in their old order, return how many have to be moved: all but the longest run in order."""
    tails: list[int] = []
    for place in places:
        at = bisect_right(tails, place)  # two that become one stand at one place
        tails[at : at + 1] = [place]
    return len(places) - len(tails)
