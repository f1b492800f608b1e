"""The kept ledger is never older than the record, and never holds what was taken back."""

from datetime import timedelta

import pytest

from intake import decide
from intake.cases import look
from intake.db import queries
from intake.db.models import SubmissionRow
from tests.builders import office
from tests.rig.inprocess import Office, a_round

TOWN, SANDS, _ = office.UNITS


@pytest.fixture
def app(tmp_path):
    with Office(tmp_path / "data", office.START, clerk=False) as office_:
        opened = office_.open()
        raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN), number=1)
        office_.deliver(raw, office.UNITS[TOWN])
        office_.pass_time(timedelta(minutes=5))
        a_round(opened)
        yield opened


def states(app, session) -> list[str]:
    ledger = app.bench.ledgers.read(session)
    return [ledger.state.cell(unit, "liaison").state for unit in office.UNITS]


def another(app) -> SubmissionRow:
    with app.bench.sessions() as session:
        row = session.query(SubmissionRow).one()
        held = {one.name: getattr(row, one.name) for one in SubmissionRow.__table__.columns if one.name != "id"}
    return SubmissionRow(**held | {"unit": SANDS, "ordinal": 2})


def test_what_is_kept_is_used_until_something_is_written(app, monkeypatch):
    with app.bench.reading() as session:
        first = app.bench.ledgers.read(session)
        monkeypatch.setattr(queries, "load_ledger", lambda *_arguments, **_options: pytest.fail("worked out again"))
        assert app.bench.ledgers.read(session) is first


def test_a_new_submission_is_seen_at_once_and_one_that_was_taken_back_is_not(app):
    with app.bench.reading() as session:
        assert states(app, session) == ["accepted", "not_submitted", "not_submitted"]
    session = app.bench.sessions()
    session.add(another(app))
    session.flush()
    assert states(app, session) == ["accepted", "accepted", "not_submitted"], "its own rows are seen"
    with app.bench.reading() as other:
        assert states(app, other) == ["accepted", "not_submitted", "not_submitted"], "nobody else sees them"
    session.rollback()
    session.close()
    with app.bench.reading() as session:
        assert states(app, session) == ["accepted", "not_submitted", "not_submitted"]
    row = another(app)
    row.state = "correction"
    with app.bench.sessions.begin() as session:
        session.add(row)
    with app.bench.reading() as session:
        assert states(app, session) == ["accepted", "correction", "not_submitted"], "the number was used before"


def test_a_decision_and_its_undoing_are_seen_at_once(app):
    def act(action) -> None:
        with app.bench.sessions() as session:
            case = look(session, app.bench, session.query(queries.MessageRow.id).scalar())
        action(app.bench, case.message_id, who="clerk", now=app.clock.now(), token=case.token)

    act(decide.dismiss)
    with app.bench.reading() as session:
        assert states(app, session)[0] == "not_submitted"
    act(decide.undo)
    with app.bench.reading() as session:
        assert states(app, session)[0] == "accepted"
