"""`verify --deep` reads every mail again in a copy: what people decided is in it, nothing of the office changes."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from intake import decide
from intake.db.models import Base
from intake.model import CellState
from scheduler.desk.rereading import reread
from tests.rig.clerk import LIAISON, SANDS, SCHOOLS, STRANGER, TOWN


@pytest.fixture
def busy(desk):
    """An office with a change, a form mended in words, a stranger's form assigned and passed, a value given by hand."""
    desk.receives_form(TOWN)
    desk.receives_form(TOWN, mobile="13900000005")
    desk.receives_form(SANDS, mobile="")
    desk.receives("baisha@bs.example.com", "Re: 需补正", text="手机：13900000006\n")
    assigned = desk.receives_form("某某管理处", sender=STRANGER, mobile="13900000007")
    desk.acts(decide.assign, assigned, 1, SCHOOLS)
    given = desk.receives_form(SANDS, mobile="13900000008", address="")
    desk.acts(decide.change_values, given, 1, {"手机": "139 0000 0009"})
    assert {desk.cell(unit, LIAISON).state for unit in (TOWN, SANDS, SCHOOLS)} == {CellState.ACCEPTED}
    return desk


def everything(desk) -> dict[str, list[object]]:
    with desk.bench.sessions() as session:
        return {one.name: list(session.execute(one.select())) for one in Base.metadata.sorted_tables}


def files(desk) -> set[str]:
    return {str(one) for one in desk.app.settings.storage.data_dir.rglob("*")}


def test_the_same_comes_of_every_mail_and_nothing_of_the_office_changes(busy):
    rows, there, sent = everything(busy), files(busy), busy.subjects()
    found = reread(busy.app)
    assert found.mails == 6
    assert (found.readings, found.submissions) == ((), ())
    assert (everything(busy), files(busy)) == (rows, there)
    busy.goes_on(timedelta(minutes=1))
    assert busy.subjects() == sent, "no letter went out because of it"


@pytest.mark.parametrize(
    ("statement", "readings", "submissions"),
    [
        ("UPDATE submissions SET fields = replace(fields, '13900000005', '13900000015')", (), (2,)),
        ("UPDATE submissions SET unit = '白沙街道办事处' WHERE message_id = 1", (), (1,)),
        ("DELETE FROM submissions WHERE message_id = 1", (), (1,)),
        (
            "UPDATE parts SET reading = replace(reading, '13900000005', '13900000015') WHERE reading IS NOT NULL",
            (2,),
            (),
        ),
        ("DELETE FROM decisions", (), ()),  # what was read is kept apart from what a person decided
    ],
)
def test_what_another_reading_would_not_give_is_seen(busy, statement, readings, submissions):
    with busy.bench.sessions.begin() as session:
        assert session.execute(text(statement)).rowcount > 0  # type: ignore[attr-defined]
    found = reread(busy.app)
    assert (found.readings, found.submissions) == (readings, submissions)
