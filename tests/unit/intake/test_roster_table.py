"""The roster that the office takes away is the roster that it gives back."""

from dataclasses import replace

from intake.config import example_path, load
from intake.model import FormId
from intake.roster_file import read_units
from intake.roster_table import roster_table
from intake.summary import formula_cells, write_tables
from tests.builders.office import START
from tests.builders.rosters import district, unit

CAMPAIGN = load(example_path(), environment={}, need_password=False).campaign
UNITS = tuple(replace(one, group="成员单位") for one in district().units)


def there_and_back(units, tmp_path, campaign=CAMPAIGN):
    path = tmp_path / "名册.xlsx"
    write_tables(path, (roster_table(units, campaign),), title="名册", generated_at=START)
    assert not formula_cells(path)
    return read_units(path.read_bytes(), path.name, campaign)[0]


def test_it_is_read_as_the_same_units_in_the_same_order(tmp_path):
    assert there_and_back(UNITS, tmp_path) == UNITS


def test_every_column_comes_back(tmp_path):
    whole = unit(
        "=青石镇",
        "青石",
        "青石镇政府",
        former_names=("青石乡人民政府",),
        group="成员单位",
        order=1,
        addresses=("a@example.com", "b@example.org"),
        contact_name="林小满",
        phone="0595-27390001、13900000001",
        owes=frozenset({FormId("liaison"), FormId("registration")}),
    )
    excused = unit("白沙镇", group="成员单位", order=2, owes=frozenset())
    assert there_and_back((whole, excused), tmp_path) == (whole, excused)


def test_a_form_whose_title_holds_a_separator_is_named_by_its_id(tmp_path):
    liaison = CAMPAIGN.collection(FormId("liaison"))
    titled = replace(liaison, form=replace(liaison.form, title="联络员、通讯员反馈表"))
    campaign = replace(CAMPAIGN, collections=(titled,))
    owing = (unit("白沙镇", order=1, owes=frozenset({FormId("liaison")})),)
    assert there_and_back(owing, tmp_path, campaign) == owing
