"""The roster as a sheet that the office takes away, corrects and gives back. Pure; `summary` writes it.

In: the units in force, the campaign. Out: a `Table` that `roster_file` reads as the same units. It has no 序号: the order of
the rows is the order of the units, and whoever inserts a row need not number all others anew.
"""

from collections.abc import Sequence

from intake.roster_file import Unit, splits
from intake.settings import Campaign
from intake.summary_matter import Column, Entry, Table

_COLUMNS = (
    Column("单位名称", width_limit=40),
    Column("简称", width_limit=30),
    Column("曾用名", width_limit=30),
    Column("分组", centered=True),
    Column("联系人", centered=True),
    Column("邮箱", width_limit=34),
    Column("电话", width_limit=24),
    Column("应报项", width_limit=30),
)
_HINT = "一行一个单位，行的先后就是各表中的先后。几个简称、邮箱之间用分号隔开；单位改名时把旧名写进“曾用名”。"


def roster_table(units: Sequence[Unit], campaign: Campaign) -> Table:
    """Given units in order, return the sheet of them."""
    return Table("名册", "现用名册", _HINT, _COLUMNS, tuple(_row(unit, campaign) for unit in units))


def _row(unit: Unit, campaign: Campaign) -> tuple[Entry, ...]:
    return tuple(
        Entry(text)
        for text in (
            unit.name,
            "；".join(unit.aliases),
            "；".join(unit.former_names),
            unit.group,
            unit.contact_name,
            "；".join(unit.addresses),
            unit.phone,
            _owes(unit, campaign),
        )
    )


def _owes(unit: Unit, campaign: Campaign) -> str:
    """Return 应报项 as people write it; a title in which a separator stands would be read as two, so the id is written."""
    if unit.owes is None:
        return ""
    forms = [one for one in campaign.collections if one.id in unit.owes]
    names = [one.form.id if splits(one.form.title) else one.form.title for one in forms]
    return "；".join(names) or "无"
