"""Submissions of one mail and decisions about them, on the invented campaign of `judging`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from intake.decisions import Decision, Given, seen_in
from intake.model import CellState, DecisionKind, FormId, StoredSubmission, UnitName
from parsers.forms import FieldReading, Problem
from tests.builders.judging import CAMPAIGN, STONE

FORMS = {one.id: one.form for one in CAMPAIGN.collections}
MAIL = 7
AT = datetime(2025, 5, 29, 3, 0, tzinfo=UTC)  # 11:00 in Shanghai
GOOD = {"name": "林小满", "position": "主任", "mobile": "13900000001"}


def officer(
    ordinal: int,
    *,
    state: CellState = CellState.ACCEPTED,
    unit: UnitName | None = STONE,
    form: str = "officer",
    problems: tuple[Problem, ...] = (),
    values: Mapping[str, str | bool | None] = GOOD,
    notes: tuple[str, ...] = (),
    arrived_at: datetime = AT,
    mail: int = MAIL,
) -> StoredSubmission:
    """A liaison form of a mail, as the program read it."""
    return StoredSubmission(
        id=100 * mail + ordinal,
        message_id=mail,
        form=FormId(form),
        unit=unit,
        version=0,
        state=state,
        current=False,
        fields=tuple(
            FieldReading(key, str(value), value, key, f"table 1, R{row}C2", "right")
            for row, (key, value) in enumerate(values.items(), start=1)
        ),
        problems=problems,
        attachment="附件2.docx",
        arrived_at=arrived_at,
        late=False,
        from_address="a@example.com",
        notes=notes,
        ordinal=ordinal,
    )


def decision(
    number: int,
    kind: DecisionKind,
    seen: Iterable[StoredSubmission],
    *,
    ordinal: int | None = 1,
    unit: UnitName | None = None,
    given: tuple[Given, ...] = (),
    note: str = "",
) -> Decision:
    """What 王芳 decided at 11:00, seeing these submissions."""
    return Decision(number, kind, ordinal, "王芳", AT, seen_in(seen), unit, given, note)
