"""A mailbox, caps, a database and letters for tests of what goes out. All names and addresses are invented."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from intake import outbox
from intake.answers import Phase
from intake.compose import compose, new_message_id
from intake.db.engine import open_engine, session_factory
from intake.db.models import Base, OutboxRow
from intake.model import LetterKind, OutboxState
from intake.settings import Mailbox, Provider, Secret, Security, Sending, SendMode
from intake.smtp import Deadlines, SmtpSession
from scheduler.demo.sink import HOST, SmtpSink

ADDRESS = "office@example.com"
PASSWORD = "CANARYCODE123456"
KEY = b"a key for tests"
NOW = datetime(2025, 5, 28, 2, 0, tzinfo=UTC)  # 10:00 in China, a Wednesday
CERTIFICATE = Path(__file__).parents[1] / "data" / "loopback.pem"  # self-signed for 127.0.0.1, until 2125

# Short enough for a test, long enough for a busy machine.
QUICK = Deadlines(connect_s=5, command_s=5, content_s=5, final_s=5, quit_s=1)


def mailbox(port: int, *, security: Security = Security.NONE, password: str = PASSWORD, **changes) -> Mailbox:
    provider = Provider("loopback", HOST, 1, HOST, port, True, True, "已发送", ())
    return Mailbox(
        address=changes.get("address", ADDRESS),
        login=changes.get("login", ADDRESS),
        password=Secret(password),
        display_name="示例区安委办",
        provider=provider,
        imap_security=Security.NONE,
        smtp_security=security,
        folders=("INBOX",),
        ca_file=changes.get("ca_file"),
    )


def sink(**changes) -> SmtpSink:
    return SmtpSink(login=ADDRESS, password=PASSWORD, **changes)


def smtp(server: SmtpSink, deadlines: Deadlines = QUICK, **changes) -> SmtpSession:
    return SmtpSession(mailbox(server.port, **changes), deadlines)


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def sending(**changes) -> Sending:
    values = {
        "mode": SendMode.AUTO,
        "per_day": 200,
        "per_quarter_hour": 100,
        "per_address_hour": 50,
        "per_address_day": 100,
        "strangers_per_hour": 100,
        "pause_s": 0.0,
        "office_opens": time(8, 30),
        "office_closes": time(17, 30),
    }
    return Sending(**{**values, **changes})


def raw_letter(number: int = 1, *, to_address: str = "unit@example.org", **changes) -> bytes:
    reference = f"2025-{number:04d}"
    values = {
        "subject": f"【收件回执】示例镇《示例表》已收到〔{reference}〕",
        "body": "贵单位来件已收到。\n\n此件由系统自动发出。\n",
        "kind": LetterKind.ACKNOWLEDGEMENT,
        "to_address": to_address,
        "sender_address": ADDRESS,
        "sender_name": "示例区安委办",
        "message_id": new_message_id(f"k{number}", address=ADDRESS, key=KEY),
        "reference": reference,
        "key": KEY,
        "now": NOW,
    }
    return compose(**{**values, **changes})


def new_letter(number: int = 1, *, kind: LetterKind = LetterKind.ACKNOWLEDGEMENT, **changes) -> outbox.NewLetter:
    reference = f"2025-{number:04d}"
    to_address = changes.get("to_address", "unit@example.org")
    values = {
        "key": f"{kind}:{number}",
        "kind": kind,
        "campaign": "demo",
        "to_address": to_address,
        "subject": f"〔{reference}〕",
        "header_message_id": new_message_id(f"k{number}", address=ADDRESS, key=KEY),
        "reference": reference,
        "raw": raw_letter(number, to_address=to_address, kind=kind),
        "not_before": NOW,
    }
    return outbox.NewLetter(**{**values, **changes})


@contextmanager
def database(folder: Path) -> Iterator[sessionmaker[Session]]:
    engine = open_engine(f"sqlite:///{folder / 'record.sqlite'}")
    Base.metadata.create_all(engine)
    try:
        yield session_factory(engine)
    finally:
        engine.dispose()


def put(sessions: sessionmaker[Session], *letters: outbox.NewLetter, state: OutboxState = OutboxState.QUEUED) -> None:
    for letter in letters:
        with sessions.begin() as session:
            assert outbox.enqueue(session, letter, state=state, now=NOW)


def rows(sessions: sessionmaker[Session]) -> list[OutboxRow]:
    with sessions() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def states(sessions: sessionmaker[Session]) -> list[str]:
    return [row.state for row in rows(sessions)]


def nothing(_phase: Phase) -> None:
    """A phase callback that does not care."""


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
