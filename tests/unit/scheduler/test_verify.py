"""`intake verify` says that all holds on a whole record, and sees each breach that is put into it."""

import base64
import json
import os
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import text

from intake import summary
from intake.db import audit, heartbeats
from intake.db.models import MessageRow, OutboxRow
from intake.settings import Secret, Watching
from scheduler import backups, jobs
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk import secret_search
from scheduler.desk import verify as command
from scheduler.desk.verify import verify
from tests.builders import office

ADDRESS = "a27398830@126.com"
TOWN, SANDS, _ = office.UNITS


@pytest.fixture(scope="module")
def a_day(tmp_path_factory):
    """The settings of an office after a day: a form accepted, one to be mended, a machine's mail, a backup."""
    data = tmp_path_factory.mktemp("day") / "data"
    with (
        DemoMailbox(ADDRESS, office.PASSWORD) as imap,
        SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink,
    ):
        machine = {"text": "外出。\n", "Auto_Submitted": "auto-replied"}
        for number, raw in enumerate(
            (
                office.mail(office.UNITS[TOWN], "附件2", attachment=office.liaison(TOWN), number=1),
                office.mail(office.UNITS[SANDS], "附件2", attachment=office.liaison(SANDS, mobile=""), number=2),
                office.mail("someone@example.net", "自动回复: 报送", number=3, **machine),
            ),
            start=1,
        ):
            imap.deliver(INBOX, raw, office.START + timedelta(minutes=number))
        settings = office.settings(data, imap_port=imap.port, smtp_port=sink.port)
        clock = SteppedClock(office.START + timedelta(days=1))
        with open_app(settings, clock, roster=office.roster()) as opened:
            assert jobs.one_round(opened) is None
            backups.back_up(opened, clock.now())
        yield settings


@pytest.fixture
def app(a_day, tmp_path):
    shutil.copytree(a_day.storage.data_dir, tmp_path / "data")
    settings = office.settings(
        tmp_path / "data", imap_port=a_day.mailbox.provider.imap_port, smtp_port=a_day.mailbox.provider.smtp_port
    )
    with open_app(settings, SteppedClock(office.START + timedelta(days=1)), roster=office.roster()) as opened:
        yield opened


def broken(app, **options):
    return {one.rule for one in verify(app, **options) if not one.ok}


def change(app, statement, **values):
    with app.bench.sessions.begin() as session:
        session.execute(text(statement), values)


def test_a_whole_record_holds_all_promises_also_when_it_is_read_again(app):
    assert broken(app, deep=True) == set()


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("I1", "UPDATE sightings SET message_id = NULL WHERE id = 1"),
        ("I2", "UPDATE outbox SET cause_id = 1, to_address = 'qingshi@qs.example.com', kind = 'acknowledgement'"),
        ("I3", "UPDATE messages SET sender_kind = 'auto_reply' WHERE id = 1"),
        ("I4", "UPDATE outbox SET to_address = 'stranger@example.net' WHERE id = 1"),
        ("I5", "UPDATE submissions SET state = 'accepted'"),
        ("I8", "UPDATE outbox SET kind = 'reminder', unit = 'x', to_address = 'qingshi@qs.example.com'"),
        ("I9", "UPDATE messages SET state = 'archived', archived_at = '2025-05-01 00:00:00' WHERE id = 1"),
        ("I9", "UPDATE messages SET state = 'eaten' WHERE id = 1"),
        ("I10", "UPDATE messages SET attempts = 9 WHERE id = 1"),
    ],
)
def test_a_breach_in_the_record_is_seen(app, rule, statement):
    change(app, statement)
    found = [one for one in verify(app) if one.ok is False]
    assert rule in {one.rule for one in found}
    assert not [one.words for one in found if re.search("[a-z]{3,}", one.words)], "told in Chinese"


def test_every_breach_that_there_is_has_words_for_people():
    source = Path(audit.__file__).read_text(encoding="utf-8")
    told = re.findall(r'(?:_if_any|Breach)\(\s*"I\d+",\s*"([^"]+)"', source)
    assert len(told) == len(command._FOUND)
    assert set(told) == set(command._FOUND)


STRANGERS = """
    INSERT INTO submissions
        (message_id, ordinal, campaign, form, unit, state, trust, fields, problems, notes, attachment, source, arrived_at)
    SELECT 3, 1, campaign, form, unit, 'accepted', :trust, replace(fields, :was, :given), '[]', '[]', '', '1',
        '2025-05-30 00:00:00'
    FROM submissions WHERE message_id = 1
"""


def put_behind(app, *, trust="unknown", was="13900000001", given="13900000009"):
    """A form by another mail behind the unit's own, accepted as if nobody had to look."""
    change(app, STRANGERS, trust=trust, was=was, given=given)


def test_a_stranger_s_form_that_replaced_the_unit_s_own_unseen_is_a_breach(app):
    put_behind(app)
    assert broken(app) == {"I7"}


def test_a_form_of_a_confirmed_address_one_that_says_the_same_and_one_that_was_decided_is_no_breach(app):
    confirming = """
        INSERT INTO submissions
            (message_id, ordinal, campaign, form, unit, state, trust, fields, problems, notes, source, arrived_at)
        SELECT 3, 2, campaign, 'case', unit, :state, 'unknown', '[]', '[]', '[]', '2', '2025-05-30 00:00:00'
        FROM submissions WHERE message_id = 1
    """
    put_behind(app, trust="confirmed")
    change(app, confirming, state="accepted")
    assert broken(app) == set()
    change(app, "UPDATE submissions SET state = 'review' WHERE form = 'case'")  # a person took back what confirmed him
    assert broken(app) == {"I7"}
    change(app, "DELETE FROM submissions WHERE message_id = 3")
    put_behind(app, given="１３９ 0000 0001")
    assert broken(app) == set()
    change(app, "DELETE FROM submissions WHERE message_id = 3")
    put_behind(app)
    change(
        app,
        """INSERT INTO decisions (sha256, ordinal, kind, "values", note, who, at)
        SELECT sha256, 1, 'accept', :seen, '', '王芳', '2025-05-30 00:00:00' FROM messages WHERE id = 3""",
        seen=json.dumps({"seen": {}, "fields": {}}),
    )
    assert "I7" not in broken(app)


def test_a_missing_and_a_changed_original_are_seen(app):
    with app.bench.sessions() as session:
        first, second, _ = session.query(MessageRow).all()
    app.bench.archive.path(first.sha256).unlink()
    app.bench.archive.path(second.sha256).write_bytes(b"changed")
    (archive,) = [one for one in verify(app) if one.what == "存档原件"]
    assert (archive.ok, archive.words[:5]) == (False, "2 封原件")


def test_a_length_that_is_not_that_of_the_original_is_seen(app):
    change(app, "UPDATE messages SET size_bytes = size_bytes + 1 WHERE id = 2")
    change(app, "UPDATE sightings SET size_bytes = size_bytes + 1 WHERE message_id = 2")
    (found,) = [one for one in verify(app) if not one.ok]
    assert (found.what, "编号 2" in found.words) == ("原件大小", True)


def test_a_length_that_the_server_never_announced_is_seen(app):
    change(app, "UPDATE sightings SET size_bytes = size_bytes + 1 WHERE message_id = 2")
    assert broken(app) == {"I1"}
    change(app, "UPDATE sightings SET state = 'mismatch' WHERE message_id = 2")
    assert broken(app) == set(), "the server itself tells another length: that is marked"


def test_an_original_without_a_row_is_seen_and_named(app):
    sha256 = app.bench.archive.store([b"From: a@example.com\r\n\r\nx"], arrived_at=office.START)
    (found,) = [one for one in verify(app) if not one.ok]
    assert (found.what, sha256[:12] in found.words) == ("未登记的原件", True)


def test_a_mail_that_comes_while_verify_looks_is_no_breach(app, monkeypatch):
    real = audit.recorded

    def recorded(session):
        app.bench.archive.store([b"From: a@example.com\r\n\r\nx"], arrived_at=office.START)
        return real(session)

    monkeypatch.setattr(audit, "recorded", recorded)
    assert broken(app) == set()


def test_a_value_that_another_reading_would_not_give_is_seen_by_the_deep_look(app):
    change(app, "UPDATE parts SET reading = replace(reading, '13900000001', '13900000002') WHERE reading IS NOT NULL")
    assert broken(app) == set()
    assert broken(app, deep=True) == {"I5"}


def test_a_submission_that_another_reading_would_not_give_is_told_by_the_deep_look(app):
    change(app, "UPDATE submissions SET fields = replace(fields, '13900000001', '13900000002')")
    assert broken(app) == set()
    (told,) = [one for one in verify(app, deep=True) if one.rule == "I6" and one.what == "重新登记"]
    assert told.ok is None
    assert "编号 1" in told.words


# --- secrets (I12) ---------------------------------------------------------------------------------------------------

HOOK = "https://oapi.example.com/robot/send?access_token=canary-t0ken"
PING = "https://hc.example.org/canary-p1ng-uuid"


def with_urls(app, **storage):
    settings = app.settings
    settings = replace(
        settings,
        health=Watching(webhook_url=Secret(HOOK), ping_url=Secret(PING)),
        storage=replace(settings.storage, **storage),
    )
    return replace(app, bench=replace(app.bench, settings=settings))


def secrets(app):
    with patch("scheduler.desk.verify._workbook", lambda _app: iter(())):  # most of a look's time
        return {one.what: one for one in verify(app) if one.rule == "I12"}


@pytest.mark.parametrize("place", ["notes.txt", "logs/deep/intake.log", "backups/trouble.txt", "replaced.txt"])
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("授权码", office.PASSWORD),
        ("授权码", base64.b64encode(f"\0{ADDRESS}\0{office.PASSWORD}".encode()).decode()),
        ("授权码", base64.b64encode(office.PASSWORD.encode()).decode()),
        ("告警和报平安的网址", HOOK),
        ("告警和报平安的网址", PING),
        ("告警和报平安的网址", "POST /robot/send?access_token=canary-t0ken HTTP/1.1"),
    ],
)
def test_a_secret_in_any_file_is_seen_and_the_file_named(app, place, what, words):
    app = with_urls(app)
    assert all(one.ok for one in secrets(app).values())
    path = app.settings.storage.data_dir / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"x {words} x")
    assert {name for name, one in secrets(app).items() if one.ok is False} == {what}
    assert str(path) in secrets(app)[what].words
    assert words not in secrets(app)[what].words


def test_a_secret_in_the_name_of_a_file_is_seen_also_of_a_backup(app):
    backup = app.settings.storage.backup_dir / f"nightly-{office.PASSWORD}.sqlite"
    shutil.copy(next(app.settings.storage.backup_dir.glob("*.sqlite")), backup)
    assert secrets(app)["授权码"].ok is False


def test_a_secret_in_the_record_is_seen_wherever_the_record_lies(app, tmp_path):
    app = with_urls(app)
    change(app, "UPDATE heartbeats SET message = :words WHERE tick = 'fetch'", words=f"LOGIN {office.PASSWORD} {PING}")
    assert {name for name, one in secrets(app).items() if one.ok is False} == {"授权码", "告警和报平安的网址"}
    (tmp_path / "empty").mkdir()
    elsewhere = replace(app.settings, storage=replace(app.settings.storage, data_dir=tmp_path / "empty"))
    assert {path.parent for path in secret_search.password_spilled(elsewhere).holding} == {tmp_path / "data"}


def test_a_secret_across_two_pieces_of_a_large_file_is_seen(app):
    path = app.settings.storage.data_dir / "large.log"
    path.write_bytes(b"." * (2**20 - 5) + office.PASSWORD.encode() + b"." * 2**20)
    assert secrets(app)["授权码"].ok is False


def test_where_the_office_put_its_secrets_and_what_people_sent_is_no_leak(app, tmp_path):
    """A data directory beside the configuration; a mail that quotes the password; a copy of the record that had it."""
    app = with_urls(app, backup_dir=tmp_path / "elsewhere")
    data, elsewhere = app.settings.storage.data_dir, app.settings.storage.backup_dir
    (data / "config.toml").write_text(f'[mailbox]\npassword_file = "code.txt"\n[health]\nwebhook_url = "{HOOK}"\n')
    (data / "code.txt").write_text(f"{office.PASSWORD}\n")
    app = replace(app, bench=replace(app.bench, settings=replace(app.settings, source=data / "config.toml")))
    spoken = [
        *(folder / "archive" / "ab" / "x.eml" for folder in (data, elsewhere)),
        *(data / "backups" / "nightly-1.sqlite", elsewhere / "nightly-1.sqlite", data / "replaced-1" / "intake.sqlite"),
    ]
    for path in spoken:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{office.PASSWORD} {HOOK}")
    assert {name: one.ok for name, one in secrets(app).items()} == {"授权码": True, "告警和报平安的网址": True}
    for path in (data / "code.txt.bak", elsewhere / "trouble.txt"):
        path.write_text(office.PASSWORD)
        assert secrets(app)["授权码"].ok is False
        path.unlink()


def test_a_password_that_is_not_known_or_too_short_is_not_looked_for_and_that_is_said(app):
    for password, words in (("", "读不到"), ("390000", "太短")):
        mailbox = replace(app.settings.mailbox, password=Secret(password))
        one = replace(app, bench=replace(app.bench, settings=replace(app.settings, mailbox=mailbox)))
        assert (secrets(one)["授权码"].ok, words in secrets(one)["授权码"].words) == (None, True)


def test_a_file_that_can_not_be_read_is_told_and_no_promise_is_made_of_it(app, monkeypatch):
    shut, real = app.settings.storage.data_dir / "shut.log", Path.open

    def refuse(path, *arguments, **options):
        if path == shut:
            raise PermissionError(13, "x")
        return real(path, *arguments, **options)

    shut.touch()
    monkeypatch.setattr(Path, "open", refuse)
    assert (secrets(app)["授权码"].ok, "shut.log" in secrets(app)["授权码"].words) == (None, True)


def test_a_formula_in_the_workbook_is_seen(app, monkeypatch):
    monkeypatch.setattr("scheduler.desk.verify.formula_cells", lambda _path: ("汇总!B2",))
    assert broken(app) == {"I15"}


def contents(app):
    (found,) = [one for one in verify(app) if one.what == "汇总表的内容"]
    return found


def test_a_value_that_the_workbook_does_not_show_as_it_is_registered_is_seen_and_the_unit_named(app, monkeypatch):
    assert contents(app).ok
    put = summary._put
    monkeypatch.setattr(
        summary,
        "_put",
        lambda sheet, row, column, value, *look, **more: put(sheet, row, column, as_a_number(value), *look, **more),
    )
    found = contents(app)
    assert found.ok is False
    assert TOWN in found.words


def as_a_number(value):
    """As a spreadsheet takes "0595-…" or a mobile that somebody pastes."""
    return int(value) if isinstance(value, str) and value.isdigit() else value


@pytest.mark.parametrize("odd", ["_x0041_路1号", "=1+1路1号", "示例路1号\n二楼", "示例路" * 12_000, "_x005F_路1号"])
def test_odd_values_are_found_in_the_workbook_as_they_are_shown_there(app, odd):
    change(
        app,
        "UPDATE submissions SET fields = replace(fields, '示例路1号', :odd)",
        odd=json.dumps(odd, ensure_ascii=False)[1:-1],
    )
    assert contents(app).ok


def test_while_mails_are_being_filed_the_contents_are_not_judged(app, monkeypatch):
    monkeypatch.setattr(command, "_ledger", lambda _app: object())
    assert contents(app).ok is None


def test_an_old_backup_and_none_at_all_are_told(app):
    app.clock.sleep(3 * 86400)
    assert broken(app) == {"I6"}
    for path in app.settings.storage.backup_dir.glob("*.sqlite"):
        path.unlink()
    assert broken(app) == {"I6"}


def test_after_the_restore_of_the_first_backup_ever_there_is_one(app):
    """The copy was made before the heartbeat that tells of it."""
    with app.bench.sessions.begin() as session:
        heartbeats.heartbeat(session, "backup").details = None
    made = (app.clock.now() - timedelta(hours=2)).timestamp()
    for path in app.settings.storage.backup_dir.glob("*.sqlite"):
        os.utime(path, (made, made))
    assert broken(app) == set()


def test_letters_to_the_clerk_and_reminders_are_no_breach(app):
    app.clock.advance_to(office.START + timedelta(days=1, hours=2))
    assert jobs.one_round(app) is None
    with app.bench.sessions() as session:
        kinds = {row.kind for row in session.query(OutboxRow)}
    assert "reminder" in kinds
    assert broken(app) == set()


# --- a reminder of what had been sent (I8) ------------------------------------------------------------------------------

REMINDED = (
    "UPDATE outbox SET kind = 'reminder', key = 'reminder:x', cause_id = NULL, state = 'sent',"
    " unit = (SELECT unit FROM submissions WHERE id = 1), claimed_at = :at, sent_at = :at WHERE id = 1"
)


def remind_after(app, minutes):
    """Let the letter to the town be a reminder of the form it had sent, claimed so long after that was registered."""
    with app.bench.sessions() as session:
        at = session.query(MessageRow).filter_by(id=1).one().processed_at + timedelta(minutes=minutes)
    change(app, REMINDED, at=at.strftime("%Y-%m-%d %H:%M:%S.000000"))


def test_a_reminder_after_the_form_had_been_registered_is_seen_and_numbered(app):
    remind_after(app, 11)
    (found,) = [one for one in verify(app) if not one.ok]
    assert (found.rule, "编号 1" in found.words) == ("I8", True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE submissions SET state = 'review' WHERE id = 1",
        "UPDATE messages SET state = 'held' WHERE id = 1",
        "UPDATE submissions SET unit = 'a name it had before' WHERE id = 1",
        "UPDATE submissions SET campaign = 'of the year before' WHERE id = 1",
        """UPDATE outbox SET forms = '["registration"]' WHERE id = 1""",
        "UPDATE outbox SET state = 'cancelled' WHERE id = 1",
        "UPDATE outbox SET key = 'again:x' WHERE id = 1",
        "INSERT INTO audit (at, who, action, subject, details) VALUES ('2025-05-27', 'x', 'release', 'letter 1', '{}')",
        (
            "INSERT INTO audit (at, who, action, subject, details)"
            " VALUES ('2025-05-27', 'x', 'release', 'letter 12, letter 1, letter 13', '{}')"
        ),
        (
            "INSERT INTO audit (at, who, action, subject, details)"
            " SELECT claimed_at, 'x', 'release', substr('letter ' || hex(zeroblob(200)), 1, 300), '{}' FROM outbox"
        ),
        (
            'INSERT INTO decisions (sha256, kind, "values", note, who, at, undone_at)'
            " SELECT sha256, 'dismiss', '{}', '', 'x', '2025-05-27', '2025-05-28' FROM messages WHERE id = 1"
        ),
        "UPDATE messages SET processed_at = '2026-01-01 00:00:00.000000' WHERE id = 1",
    ],
)
def test_a_reminder_that_may_have_been_right_is_not_called_wrong(app, statement):
    remind_after(app, 60)
    assert "I8" in broken(app)
    change(app, statement)
    assert "I8" not in broken(app)


def test_a_reminder_that_was_on_its_way_while_the_form_came_is_not_called_wrong(app):
    remind_after(app, 9)
    assert "I8" not in broken(app)


# --- what must not grow (I11) -------------------------------------------------------------------------------------------


def test_a_write_ahead_log_that_is_never_emptied_is_seen(app, monkeypatch):
    monkeypatch.setattr(command, "_MOST_BYTES", 1000)
    assert "I11" not in broken(app), "as long as the database at most"
    with app.bench.sessions.begin() as session:  # a reader that never ends keeps the log from being emptied
        size = (app.settings.storage.data_dir / "intake.sqlite").stat().st_size
        session.execute(text("UPDATE heartbeats SET message = :long WHERE tick = 'fetch'"), {"long": "x" * 2 * size})
    assert broken(app) == {"I11"}


@pytest.mark.parametrize(
    "place", ["archive/x.tmp", ".table.xlsx.ab12.tmp", "backups/nightly-20250530.tmp", "intake.restoring"]
)
def test_what_was_left_unfinished_is_seen_once_it_fills_the_disk(app, monkeypatch, place):
    path = app.settings.storage.data_dir / place
    path.write_bytes(b"x" * 2000)
    now = app.clock.now().timestamp()
    os.utime(path, (now - 7200, now - 7200))
    assert broken(app) == set(), "a little of it harms nobody"
    monkeypatch.setattr(command, "_MOST_BYTES", 1000)
    (found,) = [one for one in verify(app) if one.what == "没有写完而留下的文件"]
    assert (found.ok, path.name in found.words) == (False, True)
    os.utime(path, (now - 60, now - 60))
    (found,) = [one for one in verify(app) if one.what == "没有写完而留下的文件"]
    assert found.ok, "it is being written"


def test_what_is_printed_for_programs_is_one_object_a_line(app, capsys, monkeypatch):
    from contextlib import contextmanager  # noqa: PLC0415
    from types import SimpleNamespace  # noqa: PLC0415

    @contextmanager
    def opened(_arguments):
        yield app

    monkeypatch.setattr(command, "_app", opened)
    assert command.run(SimpleNamespace(deep=False, json=True)) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(one) == {"rule", "what", "ok", "words"} and one["ok"] for one in lines)
