"""A large office's record, written straight into the tables: 500 units, 10 forms, 20,000 mails after some weeks.

In: a data directory. Out: an open App on it. The rows are what the program would have written (submissions hold real
field readings of the example's liaison form), but no archive lies beside them: pages that read originals are not for it.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import insert

from intake.db.models import MessageRow, OutboxRow, SightingRow, SubmissionRow
from intake.model import FormId
from intake.roster import Roster, parse_roster
from intake.settings import Settings
from parsers.codec import to_json
from parsers.forms import FieldReading
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from tests.builders import office

_WORDS = ("安全", "应急", "交通", "水务", "教育", "财政", "民政", "农业", "林业", "文旅")
_NOW = office.START + timedelta(days=20)


def settings(folder: Path, forms: int) -> Settings:
    """The example's campaign on loopback with so many forms: copies of the liaison form beside its own four."""
    given = office.settings(folder, imap_port=1, smtp_port=1)
    liaison = given.campaign.collection(FormId("liaison"))
    copies = tuple(
        replace(
            liaison,
            form=replace(liaison.form, id=f"liaison_{n}", title=f"第{n}批联络员反馈表"),
            letter_label=f"附件{n}",
        )
        for n in range(3, forms - 1)
    )
    return replace(given, campaign=replace(given.campaign, collections=(*given.campaign.collections, *copies)))


def roster(units: int) -> Roster:
    """So many units with telephone numbers and addresses."""
    rows = "".join(
        f"{_WORDS[n % 10]}第{n:03d}管理服务中心,{('乡镇', '成员单位')[n % 2]},林小满,unit{n}@example.com,0595-2739{n:04d}\r\n"
        for n in range(units)
    )
    return parse_roster(("单位名称,分组,联系人,邮箱,电话\r\n" + rows).encode("utf-8-sig"), "roster.csv")


def _fields(number: int, unit: str) -> list[object]:
    values = {"name": "林小满", "gender": "女", "position": "安全办主任", "mobile": f"139{number:08d}", "unit": unit}
    return to_json(  # type: ignore[no-any-return]
        tuple(FieldReading(key, value, value, key, "表1·行2·列2", "right") for key, value in values.items())
    )


@contextmanager
def large_office(folder: Path, *, units: int = 500, forms: int = 10, mails: int = 20_000) -> Iterator[App]:
    """Given an empty folder, yield an App whose record holds so much."""
    draw, made, held = random.Random(1), settings(folder, forms), roster(units)
    with open_app(made, SteppedClock(_NOW), roster=held) as app:
        messages, sightings, submissions, letters = [], [], [], []
        ids = [one.form.id for one in made.campaign.collections]
        for number in range(1, mails + 1):
            unit = held.units[draw.randrange(units)]
            at = office.START + timedelta(minutes=number)
            kind = draw.choices(["accepted", "correction", "review", "ignored"], [30, 6, 1, 63])[0]
            state = {"accepted": "filed", "correction": "filed", "review": "held", "ignored": "ignored"}[kind]
            messages.append(
                {
                    "id": number,
                    "sha256": sha256(str(number).encode()).hexdigest(),
                    "size_bytes": 50_000,
                    "arrived_at": at,
                    "archived_at": at,
                    "folder": "INBOX",
                    "state": state,
                    "processed_at": at,
                    "header_message_id": f"<{number}@example.com>",
                    "from_address": unit.addresses[0],
                    "from_name": "林小满",
                    "subject": f"{unit.name}报送联络员反馈表（{number}）",
                    "sender_kind": "person",
                    "disposition": kind,
                    "reasons": ["报送内容完整"],
                    "review_open": kind == "review",
                }
            )
            sightings.append(
                {
                    "account": "a27398830@126.com",
                    "folder": "INBOX",
                    "uid_validity": 1,
                    "uid": number,
                    "state": "archived",
                    "size_bytes": 50_000,
                    "internal_at": at,
                    "seen_at": at,
                    "message_id": number,
                }
            )
            if kind != "ignored":
                submissions.append(
                    {
                        "message_id": number,
                        "ordinal": 1,
                        "campaign": made.campaign.id,
                        "form": draw.choice(ids),
                        "unit": None if kind == "review" else unit.name,
                        "state": kind,
                        "trust": "roster",
                        "fields": _fields(number, unit.name),
                        "problems": [],
                        "notes": [],
                        "attachment": "附件2.docx",
                        "source": "attachment",
                        "arrived_at": at,
                    }
                )
                letters.append(
                    {
                        "key": f"acknowledgement:{number}",
                        "kind": "acknowledgement" if kind == "accepted" else "correction",
                        "campaign": made.campaign.id,
                        "unit": unit.name,
                        "to_address": unit.addresses[0],
                        "subject": f"【收件回执】{unit.name}",
                        "header_message_id": f"<out{number}@example.com>",
                        "reference": f"2025-{number:05d}",
                        "raw": b"Subject: x\r\n\r\nx\r\n",
                        "cause_id": number,
                        "forms": [ids[0]],
                        "state": "sent" if number % 40 else "held",
                        "created_at": at,
                        "not_before": at,
                        "sent_at": at,
                    }
                )
        with app.bench.sessions.begin() as session:
            for table, rows in (
                (MessageRow, messages),
                (SightingRow, sightings),
                (SubmissionRow, submissions),
                (OutboxRow, letters),
            ):
                session.execute(insert(table), rows)
        yield app
