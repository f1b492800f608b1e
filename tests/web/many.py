"""An office of sixty units and four forms each, straight into the record: what a large matrix looks like and counts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from intake.db.models import MessageRow, OutboxRow, SubmissionRow
from intake.model import CellState, Disposition, LetterKind, OutboxState
from intake.roster import Roster, parse_roster
from parsers.codec import to_json
from parsers.forms import FieldReading, Problem, ProblemCode
from scheduler.app import App, open_app
from scheduler.web.accounts import Accounts
from scheduler.web.application import make_application
from scheduler.web.serving import serving
from tests.builders import office
from tests.rig.inprocess import Office
from tests.web.conftest import NAME, PASSWORD, Client, Served

CAMPAIGN = "safety-month-2025"  # of config.example.toml
FORMS = ("registration", "liaison", "summary", "case")
GONE = "已撤并的某某管委会"
STATES = (CellState.ACCEPTED, CellState.CORRECTION, CellState.REVIEW, CellState.NO_INTENT)
_TOWNS = "青白黑红黄绿蓝紫金银"
_PLACES = ("石", "沙", "水", "山", "林", "桥")


def roster() -> Roster:
    """Sixty invented units in two groups; one with a name that is long."""
    names = [f"{color}{place}镇人民政府" for place in _PLACES for color in _TOWNS]
    names[7] = "泉州台商投资区城市管理和综合行政执法局（生态环境保护综合执法大队）"
    rows = "".join(
        f"{name},{'乡镇' if at % 3 else '成员单位'},林小满,u{at}@u.example.com,0595-2739{at:04}\r\n"
        for at, name in enumerate(names)
    )
    return parse_roster(f"单位名称,分组,联系人,邮箱,电话\r\n{rows}".encode("utf-8-sig"), "roster.csv")


def message(session: Session, number: int, at: datetime, sender: str, **more: object) -> MessageRow:
    """A mail that was filed."""
    values: dict[str, object] = {
        "sha256": f"{number:064x}",
        "size_bytes": 1_000,
        "arrived_at": at,
        "archived_at": at,
        "folder": "INBOX",
        "state": "filed",
        "from_address": sender,
        "subject": f"报送材料{number}",
        "sender_kind": "person",
        "disposition": Disposition.ACCEPTED,
    }
    row = MessageRow(**(values | more))
    session.add(row)
    session.flush()
    return row


def submission(session: Session, mail: MessageRow, unit: str | None, form: str, state: str, **more: object) -> None:
    """One form of a mail; `values` are its fields."""
    values = more.pop("values", {"unit": unit or "", "name": "林小满", "mobile": "13900000001"})
    problems = [Problem(ProblemCode.MISSING, "mobile")] if state == CellState.CORRECTION else []
    fields = [FieldReading(key, text, text, key, "table 1, R2C2", "right") for key, text in values.items()]
    given: dict[str, object] = {
        "message_id": mail.id,
        "ordinal": 1,
        "campaign": CAMPAIGN,
        "form": form,
        "unit": unit,
        "state": state,
        "trust": "roster",
        "fields": to_json(tuple(fields)),
        "problems": to_json(tuple(problems)),
        "notes": [],
        "attachment": "附件2.docx",
        "source": "2",
        "arrived_at": mail.arrived_at,
    }
    session.add(SubmissionRow(**(given | more)))


def letter(session: Session, number: int, unit: str | None, at: datetime, *forms: str, **more: object) -> None:
    """A letter to a unit; a reminder that was sent unless `more` says something else."""
    values: dict[str, object] = {
        "key": f"key {number}",
        "kind": LetterKind.REMINDER,
        "campaign": CAMPAIGN,
        "unit": unit,
        "to_address": "u@u.example.com",
        "subject": f"【报送提醒】{number}",
        "header_message_id": f"<letter {number}>",
        "reference": f"2024-{number:04}",
        "raw": b"",
        "forms": list(forms),
        "state": OutboxState.SENT,
        "created_at": at,
        "not_before": at,
        "sent_at": at,
    }
    session.add(OutboxRow(**(values | more)))


def fill(app: App) -> None:
    """Let the units send in a fixed pattern, from 28 May on, and one that is not on the roster any more."""
    number = 0
    with app.bench.sessions.begin() as session:
        for at, unit in enumerate(app.bench.roster.units):
            for place, form in enumerate(FORMS):
                if (at + place) % 5 == 4 or place > at % 5:
                    continue
                number += 1
                arrived = office.START + timedelta(hours=3 * at, minutes=number)
                mail = message(session, number, arrived, unit.addresses[0])
                state = STATES[(at + 2 * place) % 4 if (at + place) % 3 == 0 else 0]
                submission(session, mail, unit.name, form, state)
        mail = message(session, number + 1, office.START + timedelta(days=1), "old@old.example.com")
        submission(session, mail, GONE, "liaison", CellState.ACCEPTED)


@contextmanager
def served(folder: Path, now: datetime, units: Roster, fill_: Callable[[App], None] = fill) -> Iterator[Served]:
    """The desk of such an office at a moment, logged in."""
    with Office(folder / "data", now) as office_:
        settings = office_.settings
        with open_app(settings, office_.clock, roster=units) as app:
            Accounts(settings.storage.data_dir).put(NAME, PASSWORD)
            fill_(app)
            application = make_application(app)
            client = Client(application)
            client.log_in()
            with serving(application, port=0) as port:
                yield Served(app, f"http://127.0.0.1:{port}", client)
