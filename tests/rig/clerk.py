"""An office in this process and its clerk: mails come in and are read, the clerk decides, the record is looked at."""

from dataclasses import replace
from datetime import timedelta

from openpyxl import load_workbook

from intake.cases import look
from intake.db import audit, queries
from intake.db.models import MessageRow, OutboxRow
from intake.model import FormId, LetterKind, UnitName
from intake.own_letter import read_own
from scheduler import jobs
from scheduler.papers import write_digest, write_summary
from tests.builders import office
from tests.rig.checker import subject_of
from tests.rig.inprocess import Office, a_round

TOWN, SANDS, SCHOOLS = (UnitName(name) for name in office.UNITS)
LIAISON, SUMMARY = FormId("liaison"), FormId("summary")
STRANGER = "somebody@mail.example.net"


class Desk:
    """An office and its clerk."""

    def __init__(self, place: Office, app) -> None:
        self.place, self.app, self.bench = place, app, app.bench
        self.number = 0

    @property
    def now(self):
        return self.app.clock.now()

    def receives(
        self, sender: str, subject: str = "联络员表", *, unsent: bool = False, trace: tuple[bytes, ...] = (), **mail
    ) -> int:
        """Let a mail come in and be read; return its number. `unsent`: the answer waits in the outbox."""
        self.number += 1
        raw = b"".join(line + b"\r\n" for line in trace) + office.mail(sender, subject, number=self.number, **mail)
        self.place.deliver(raw, sender)
        if unsent:
            jobs.fetch(self.app)
            jobs.process(self.app)
        else:
            self.goes_on()
        with self.bench.sessions() as session:
            return session.query(MessageRow).order_by(MessageRow.id.desc()).first().id

    def receives_form(self, unit: str, sender: str | None = None, *, unsent: bool = False, **changes) -> int:
        attachment = office.liaison(unit, **changes)
        return self.receives(sender or office.UNITS[unit], attachment=attachment, unsent=unsent)

    def goes_on(self, by: timedelta = timedelta(minutes=10)) -> None:
        a_round(self.app)
        self.place.pass_time(by)

    def case(self, message_id: int):
        with self.bench.sessions() as session:
            return look(session, self.bench, message_id)

    def acts(self, action, message_id: int, *arguments, who="王芳", token=None, **options):
        token = token or self.case(message_id).token
        return action(self.bench, message_id, *arguments, who=who, now=self.now, token=token, **options)

    def ledger(self):
        with self.bench.sessions() as session:
            return queries.load_ledger(session, self.app.settings.campaign, self.bench.roster, self.bench.late_after)

    def cell(self, unit=TOWN, form=LIAISON):
        return self.ledger().state.cell(unit, form)

    def value(self, key: str, unit=TOWN):
        (one,) = self.cell(unit).submissions
        return next((field for field in one.fields if field.key == key), None)

    def is_open(self, message_id: int) -> bool:
        with self.bench.sessions() as session:
            return session.get_one(MessageRow, message_id).review_open

    def rows(self, table):
        with self.bench.sessions() as session:
            return session.query(table).order_by(table.id).all()

    def subjects(self) -> list[str]:
        return [subject_of(letter.raw) for _, letter in self.place.letters()]

    def breaches(self) -> list:
        with self.bench.sessions() as session:
            found = audit.breaches(
                session, allowed=[*office.UNITS.values(), office.CLERK], rolling=["case"], now=self.now
            )
            return list(found)

    def digest(self) -> str:
        """Return the words of the 日报 that would be written at this moment; nothing of it is kept."""
        clerk = replace(self.app.settings.clerk, addresses=(office.CLERK,))
        app = replace(self.app, bench=replace(self.bench, settings=replace(self.app.settings, clerk=clerk)))
        with self.bench.sessions() as session:
            write_digest(app, session, self.now)
            row = session.query(OutboxRow).filter_by(kind=LetterKind.DIGEST).one()
            words = read_own(row.raw).text
            session.rollback()
        return words

    def sheet(self, tmp_path, name: str) -> str:
        path = tmp_path / "summary.xlsx"
        write_summary(self.app, path)
        book = load_workbook(path)
        sheet = next(one for one in book.worksheets if name in one.title)
        return "\n".join("|".join(str(cell.value or "") for cell in row) for row in sheet.iter_rows())
