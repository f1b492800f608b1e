"""The roster as the clerk keeps it: a .xlsx or .csv with a row a unit → units, or every mistake in it at once.

In: the bytes of the file. Out: `Unit`s in their order and warnings (Chinese). Raises OfficeError that lists every
mistake with its row. Stage after: `roster`, which matches names with them. Must not: leave out a row silently; a unit
that is not on the roster is never asked.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from intake.config_schema import is_mail_address
from intake.config_words import near
from intake.errors import OfficeError
from intake.model import FormId, UnitName
from intake.roster_names import is_generic, keys_of
from intake.roster_sheet import Row, read_sheet
from intake.settings import Campaign
from parsers.text import fold, narrow


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit. `order` counts from 1 and is the order of every list (行政序列). `owes` None: what the campaign asks."""

    name: UnitName
    aliases: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    group: str = ""
    order: int = 0
    addresses: tuple[str, ...] = ()
    contact_name: str = ""
    phone: str = ""
    owes: frozenset[FormId] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases, *self.former_names)


_SEVERAL = re.compile("[;\uff1b,\uff0c\u3001\n|]+")  # ； ， 、
_SEVERAL_ADDRESSES = re.compile("[;\uff1b,\uff0c\u3001|/\\s]+")
_NO_UNIT = re.compile("(?:合计|总计|小计|共计|注[:\uff1a]|说明[:\uff1a]|备注[:\uff1a]|[一二三四五六七八九十]+\u3001)")
_NOTHING = frozenset({"无", "免报", "/", "-", "不报"})
_ID = re.compile("[a-z][a-z0-9_]*")


@dataclass(slots=True)
class _Gathering:
    """The reading of one file: mistakes and warnings gather here until all rows are seen."""

    mistakes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_units(data: bytes, file_name: str, campaign: Campaign | None) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """Given a roster file, return its units in order and warnings. Raise OfficeError listing every mistake."""
    rows, mistakes = read_sheet(data, file_name)
    gathering = _Gathering(list(mistakes))
    units: list[tuple[Row, Unit]] = []
    for row in rows:
        unit = _unit(row, campaign, gathering)
        if unit is not None:
            units.append((row, unit))
    gathering.mistakes.extend(_name_mistakes(units))
    ordered = _ordered(units, gathering)
    if campaign is not None and rows:  # without a unit every group is missing: that is told in one sentence
        gathering.mistakes.extend(_campaign_mistakes(ordered, campaign, file_name))
    if not rows and not gathering.mistakes:
        gathering.mistakes.append(f"{file_name}：标题行下面一个单位也没有。请把应报单位逐行填入。")
    if gathering.mistakes:
        raise OfficeError(gathering.mistakes)
    gathering.warnings.extend(_address_warnings(ordered))
    return ordered, tuple(gathering.warnings)


def own_address_warnings(units: Iterable[Unit], mailbox: str) -> tuple[str, ...]:
    """Given units and the address of the mailbox that collects, return a warning if it stands as a unit's own."""
    names = [one.name for one in units if mailbox.casefold() in {address.casefold() for address in one.addresses}]
    if not names:
        return ()
    return (
        f"{'、'.join(names)} 的邮箱写成了本程序的收件邮箱 {mailbox}：发给单位的信会回到本程序，单位收不到。请改成单位自己的邮箱。",
    )


def splits(name: str) -> bool:
    """Return whether a name would be read as several in a cell that holds several."""
    return len([part for part in _SEVERAL.split(name) if part.strip()]) > 1


def _unit(row: Row, campaign: Campaign | None, gathering: _Gathering) -> Unit | None:
    """Given a row, return its unit, or None (and say why) if it has no name."""
    name = _one_line(row.get("name"))
    if not fold(name):
        gathering.mistakes.append(f"{row.place}：没有单位名称。请补上，或删去这一行。")
        return None
    if _NO_UNIT.match(name):
        gathering.mistakes.append(
            f"{row.place}：“{name}”像是小标题、合计或说明，不是单位。请删去这一行（分组请另用“分组”一列）。"
        )
        return None
    aliases = _names(row, "aliases", name, gathering)
    return Unit(
        name=UnitName(name),
        aliases=aliases,
        former_names=tuple(one for one in _names(row, "former_names", name, gathering) if one not in aliases),
        group=_one_line(row.get("group")),
        addresses=_addresses(row, gathering),
        contact_name=_one_line(row.get("contact_name")),
        phone=narrow(_one_line(row.get("phone"))),
        owes=_owes(row, campaign, gathering),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _names(row: Row, key: str, name: str, gathering: _Gathering) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for one in map(_one_line, _SEVERAL.split(row.get(key))):
        if not fold(one) or fold(one) == fold(name):
            continue
        if is_generic(fold(one)):
            gathering.mistakes.append(f"{row.place}：“{one}”太笼统，许多单位都这样叫，会认错单位。请删去或写具体些。")
        names.setdefault(keys_of(one)[0], one)
    return tuple(names.values())


def _addresses(row: Row, gathering: _Gathering) -> tuple[str, ...]:
    addresses: dict[str, str] = {}
    for one in _SEVERAL_ADDRESSES.split(narrow(row.get("contact_email"))):
        if not one or one in _NOTHING:
            continue
        if is_mail_address(one):
            addresses.setdefault(one.casefold(), one)
        else:
            gathering.mistakes.append(
                f"{row.place}：“{one}”不是完整的邮箱地址。请改成 name@126.com 的样子；几个地址之间用分号隔开。"
            )
    return tuple(addresses.values())


def _owes(row: Row, campaign: Campaign | None, gathering: _Gathering) -> frozenset[FormId] | None:
    """Given a row, return the forms that its 应报项 names; None if nothing is said."""
    told = [one for one in map(_one_line, _SEVERAL.split(row.get("owes"))) if one]
    if not told:
        return None
    known = _form_names(campaign)
    owed: set[FormId] = set()
    for one in told:
        if one in _NOTHING:
            continue
        form = known.get(fold(one)) if campaign else FormId(one) if _ID.fullmatch(one) else None
        if form is not None:
            owed.add(form)
        else:
            ids = "、".join(dict.fromkeys(known.values())) or "配置中表的 id"
            gathering.mistakes.append(
                f"{row.place}：应报项“{one}”不是通知里的表。{near(one, tuple(known))}请写表的 id（{ids}）或全名，免报请写“无”。"
            )
    return frozenset(owed)


def _form_names(campaign: Campaign | None) -> Mapping[str, FormId]:
    """Return the form ids by every name that people may write for them."""
    names: dict[str, FormId] = {}
    for collection in campaign.collections if campaign else ():
        form = collection.form
        for name in (form.id, form.title, *form.titles, collection.letter_label):
            if fold(name):
                names.setdefault(fold(name), collection.id)
    return names


def _name_mistakes(units: Iterable[tuple[Row, Unit]]) -> Iterator[str]:
    """Yield names that belong to two units: nobody could tell afterwards who is meant."""
    owners: dict[str, tuple[Row, Unit]] = {}
    for row, unit in units:
        key = keys_of(unit.name)[0]
        if key in owners:
            yield f"{row.place}：单位“{unit.name}”与{owners[key][0].short_place}重复。请删去一行，或写全称加以区分。"
        owners.setdefault(key, (row, unit))
    for row, unit in units:
        for name in unit.names[1:]:
            other_row, other = owners.setdefault(keys_of(name)[0], (row, unit))
            if other_row is not row:
                yield (
                    f"{row.place}：“{unit.name}”的简称或曾用名“{name}”也是{other_row.short_place}“{other.name}”的名称，"
                    "来件会分不清是哪一家。请只留在一家。"
                )


def _ordered(units: list[tuple[Row, Unit]], gathering: _Gathering) -> tuple[Unit, ...]:
    """Return the units in order: by 序号 where every row has its own, else as the rows stand."""
    numbers = [row.get("order").strip() for row, _ in units]
    given = [number for number in numbers if number]
    if given:
        for row, number in zip((row for row, _ in units), numbers, strict=True):
            if not narrow(number).isdecimal():
                gathering.mistakes.append(
                    f"{row.place}：序号“{number}”不是数字。请填写整数；不需要序号时请删去整列，按行的先后排列。"
                )
        if len(set(given)) < len(given):
            gathering.warnings.append("名册的序号有重复（可能各组分别编号），已改按行的先后排列。")
        elif not gathering.mistakes:
            units = sorted(units, key=lambda pair: int(narrow(pair[0].get("order").strip())))
    return tuple(replace(unit, order=number) for number, (_, unit) in enumerate(units, start=1))


def _campaign_mistakes(units: tuple[Unit, ...], campaign: Campaign, file_name: str) -> Iterator[str]:
    """Yield groups and units that an audience names and the roster has not: nobody would be asked."""
    groups = tuple(dict.fromkeys(unit.group for unit in units if unit.group))
    names = {keys_of(name)[0] for unit in units for name in unit.names}
    for collection in campaign.collections:
        for group in sorted(collection.audience.groups - set(groups)):
            yield (
                f"{file_name}：表“{collection.form.title}”只要分组“{group}”报（配置中的 groups），但名册里没有这个分组。"
                f"{near(group, groups)}名册里的分组有：{'、'.join(groups) or '（没有“分组”一列）'}。请改正其中一处。"
            )
        for unit in sorted(collection.audience.units):
            if keys_of(unit)[0] not in names:
                yield (
                    f"{file_name}：表“{collection.form.title}”要单位“{unit}”报（配置中的 units），但名册里没有这个单位。"
                    f"{near(unit, tuple(one.name for one in units))}请改正其中一处。"
                )


def _address_warnings(units: tuple[Unit, ...]) -> Iterator[str]:
    owners: dict[str, list[str]] = {}
    for unit in units:
        for address in unit.addresses:
            owners.setdefault(address.casefold(), []).append(unit.name)
    for address, names in owners.items():
        if len(names) > 1:
            yield f"邮箱 {address} 由 {'、'.join(names)} 共用：来件不能只凭邮箱认单位。如属笔误请改正。"
    silent = [unit.name for unit in units if not unit.addresses]
    if silent:
        yield f"{len(silent)} 个单位没有邮箱，不能发信催报，只能打电话：{'、'.join(silent)}。"
