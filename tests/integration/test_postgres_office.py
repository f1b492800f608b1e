"""An office whose record lies on a real PostgreSQL: the whole way, one daemon a database, a server that goes away, backups."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from intake import letters
from intake.db import queries
from intake.db.models import MessageRow, OutboxRow, SubmissionRow
from intake.db.postgres import Hold
from intake.db.trouble import DatabaseBusyError
from intake.errors import OfficeError
from intake.model import LetterKind
from scheduler import alarms, backups, daemon, guard, jobs, papers, recovery, watching
from scheduler.daemon import Daemon, single_instance
from scheduler.demo.mailstore import INBOX
from scheduler.desk.verify import verify
from scheduler.health import State
from tests.builders import office
from tests.builders.postgres import GUARDED_PASSWORD, Site

pytestmark = pytest.mark.integration

TOWN, SANDS, SCHOOLS = office.UNITS


@pytest.fixture
def name(postgres):
    with postgres.database() as made:
        yield made


@pytest.fixture
def url(postgres, name):
    return postgres.url(name)


@pytest.fixture
def site(tmp_path, url):
    with ExitStack() as stack:
        yield Site(tmp_path, url, stack)


@pytest.fixture
def app(site):
    with site.open() as opened:
        recovery.recover(opened)
        yield opened


def rows(app, table):
    with app.bench.sessions() as session:
        return session.scalars(select(table).order_by(table.id)).all()


# --- the whole way ---------------------------------------------------------------------------------------------------


def test_the_whole_way_of_mails_and_deadlines(site, app, tmp_path):
    site.write(TOWN, 1)
    site.write(SANDS, 2, mobile="")
    machine = office.mail("x@mail.example.net", "自动回复", text="外出。\n", number=3, Auto_Submitted="auto-replied")
    site.imap.deliver(INBOX, machine, site.clock.now())
    assert jobs.one_round(app) is None
    assert [row.disposition for row in rows(app, MessageRow)] == ["accepted", "correction", "ignored"]
    assert site.answered() == [office.UNITS[TOWN], office.UNITS[SANDS]]

    site.clock.advance_to(office.START + timedelta(days=1, hours=1))
    assert jobs.one_round(app) is None
    reminded = {row.unit for row in rows(app, OutboxRow) if row.kind == LetterKind.REMINDER}
    assert SCHOOLS in reminded
    assert site.answered().count(office.UNITS[SCHOOLS]) == 1

    reply = office.mail(office.UNITS[SANDS], "Re: 附件2", text="手机：13900000005\n", number=4)
    site.imap.deliver(INBOX, reply, site.clock.now())
    site.clock.sleep(600)
    assert jobs.one_round(app) is None
    assert [row.state for row in rows(app, SubmissionRow)] == ["accepted", "correction", "accepted"]

    papers.write_summary(app, tmp_path / "summary.xlsx")
    texts = {str(cell.value) for sheet in load_workbook(tmp_path / "summary.xlsx") for row in sheet for cell in row}
    assert {"13900000001", "13900000005"} <= texts
    checks = list(verify(app, deep=True))
    assert [one for one in checks if one.ok is False] == []
    assert [one.ok for one in checks if one.what in {"重新识别", "重新登记"}] == [True, True]
    sent = len(site.sink.delivered)
    for _ in range(3):
        site.clock.sleep(600)
        assert jobs.one_round(app) is None
    assert len(site.sink.delivered) == sent


def test_a_mail_with_a_monstrous_head_is_filed_as_any_other(site, app):
    """An index of PostgreSQL takes 2,704 bytes: a refused row would come back with every tick."""
    draw = random.Random(7)
    odd = "".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(900))
    raw = office.mail(office.UNITS[TOWN], "附件2", attachment=office.liaison(TOWN))
    head, _, rest = raw.partition(b"Message-ID: ")
    strange = f"Message-ID: <{odd}@x.example>\r\nIn-Reply-To: <{odd}>\r\n".encode() + rest.partition(b"\r\n")[2]
    strange = strange.replace(b"Subject: ", b"Subject: =?utf-8?q?a=00b?= ")
    site.imap.deliver(INBOX, head + strange, site.clock.now())
    site.write(SANDS, 2)
    assert jobs.one_round(app) is None
    assert [row.state for row in rows(app, MessageRow)] == ["filed", "filed"]


def test_two_ticks_that_write_letters_at_once_give_them_two_references(app):
    barrier = threading.Barrier(6)
    trouble = alarms.Trouble("fetch", office.START, "x", permanent=True)

    def write(number):
        clerk = replace(app.settings.clerk, addresses=(f"u{number}@example.com",))
        (draft,) = alarms.alarm_drafts(trouble, clerk, office.START)
        barrier.wait(10)
        with app.bench.sessions.begin() as session:
            return letters.post(session, draft, stationery=app.bench.stationery, now=office.START)

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(write, range(6))) == [True] * 6
    assert len({row.reference for row in rows(app, OutboxRow)}) == 6


# --- one daemon a database -------------------------------------------------------------------------------------------


def test_a_second_daemon_with_a_data_directory_of_its_own_is_refused_in_words(url, tmp_path):
    with single_instance(tmp_path / "one", url):
        with (
            pytest.raises(OfficeError, match=r"正在使用数据库.*另一台电脑") as raised,
            single_instance(tmp_path / "two", url),
        ):
            pass
        assert "office@" not in str(raised.value)
    with single_instance(tmp_path / "two", url):
        pass


def test_the_one_that_is_refused_is_told_from_where_the_other_is_connected(postgres, name, tmp_path):
    url = postgres.tcp_url(name)
    with (
        single_instance(tmp_path / "one", url),
        pytest.raises(OfficeError, match=r"从 127\.0\.0\.1 连接"),
        single_instance(tmp_path / "two", url),
    ):
        pass


def test_two_offices_in_two_databases_of_a_server_do_not_see_each_other(postgres, url, tmp_path):
    with (
        postgres.database() as other,
        single_instance(tmp_path / "a", url),
        single_instance(tmp_path / "b", postgres.url(other)),
    ):
        pass


def test_a_hold_whose_connection_was_cut_is_taken_up_again(postgres, name, url):
    hold, other = Hold(url), Hold(url)
    hold.keep()
    assert postgres.cut(name) == 1
    hold.keep()
    with pytest.raises(OfficeError, match="正在使用"):
        other.keep()
    hold.release()
    other.keep()
    other.release()


def test_a_session_of_our_own_that_a_cut_line_left_behind_is_ended(url):
    hold = Hold(url)
    hold.keep()
    left_behind = hold._connection  # the server has not noticed that it is gone
    hold._connection = None
    hold.keep()
    hold.release()
    left_behind.invalidate()
    left_behind.close()


def test_a_stop_does_not_wait_for_a_hold_that_is_just_being_taken_up(url, monkeypatch):
    hold, entered, goes_on = Hold(url), threading.Event(), threading.Event()
    real = hold._take

    def slow():
        entered.set()
        assert goes_on.wait(30)
        real()

    monkeypatch.setattr(hold, "_take", slow)
    with ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(hold.keep)
        assert entered.wait(10)
        hold.release()
        goes_on.set()
        under_way.result(30)
    other = Hold(url)
    other.keep()
    other.release()


def test_a_daemon_that_lost_the_database_to_another_ends_and_says_why(postgres, name, url, site, tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "_ALONE_S", 0.2)
    roster = tmp_path / "roster.csv"
    roster.write_bytes(office.roster_bytes())
    runs = Daemon(replace(site.settings, roster_file=roster), site.clock, reload=lambda: None)
    started = threading.Event()
    monkeypatch.setattr(recovery, "recover", lambda _app: started.set())
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(runs.run)
        assert started.wait(30)
        other = Hold(url)
        for _ in range(100):
            postgres.cut(name)
            try:
                other.keep()
            except OfficeError:
                continue
            break
        try:
            with pytest.raises(OfficeError, match="两个程序同时运行会重复回信"):
                ended.result(30)
        finally:
            runs.stop()
            other.release()


def test_a_daemon_whose_configuration_names_another_database_holds_that_one(postgres, url, site, tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "_CONFIG_S", 0.2)
    opened = threading.Semaphore(0)
    monkeypatch.setattr(recovery, "recover", lambda _app: opened.release())
    roster = tmp_path / "roster.csv"
    roster.write_bytes(office.roster_bytes())
    with postgres.database() as other:
        first = replace(site.settings, roster_file=roster)
        second = replace(first, storage=replace(first.storage, database_url=postgres.url(other)))
        changes = iter((second,))
        runs = Daemon(first, site.clock, reload=lambda: next(changes, None))
        with ThreadPoolExecutor(1) as threads:
            ended = threads.submit(runs.run)
            assert opened.acquire(timeout=30)
            assert opened.acquire(timeout=30)
            try:
                with single_instance(tmp_path / "two", url):
                    pass
                with (
                    pytest.raises(OfficeError, match="正在使用"),
                    single_instance(tmp_path / "two", postgres.url(other)),
                ):
                    pass
            finally:
                runs.stop()
            ended.result(30)


# --- a server that goes away -----------------------------------------------------------------------------------------


def test_a_tick_whose_connection_is_cut_in_the_middle_says_so_rests_and_goes_on(postgres, name, site, app, monkeypatch):
    site.write(TOWN, 1)
    real = queries.file_message

    def cut(session, *arguments, **options):
        real(session, *arguments, **options)
        session.flush()
        postgres.cut(name)

    jobs.fetch(app)
    with monkeypatch.context() as patched:
        patched.setattr(queries, "file_message", cut)
        error = guard.guarded(app, "process", jobs.process)
    assert isinstance(error, DatabaseBusyError)
    assert "连接不上数据库服务器" in str(error)
    assert [(row.state, row.attempts) for row in rows(app, MessageRow)] == [("archived", 0)], "no fault of the mail"
    guard.guarded(app, "process", jobs.process)
    assert rows(app, MessageRow)[0].state == "archived", "it rests"
    site.clock.sleep(600)
    assert jobs.one_round(app) is None
    assert rows(app, MessageRow)[0].state == "filed"
    assert site.answered() == [office.UNITS[TOWN]]


def test_while_the_server_is_down_every_tick_fails_in_words_and_after_it_all_go_on(postgres, site, app, caplog):
    site.write(TOWN, 1)
    watching.watch(app)
    postgres.stop()
    try:
        assert "连接不上数据库服务器" in str(jobs.one_round(app))
        watching.watch(app)
        assert app.board.latest()[0].state is not State.OK
    finally:
        postgres.start()
    site.clock.sleep(600)
    assert jobs.one_round(app) is None
    assert site.answered() == [office.UNITS[TOWN]]
    told = [one.getMessage() for one in caplog.records if "unrecorded" in one.getMessage()]
    assert told
    assert not any("\n" in one for one in told), "a night without the server must not fill the log"


def test_connections_that_a_restart_cut_are_replaced_unnoticed(postgres, site, app):
    site.write(TOWN, 1)
    postgres.stop()
    postgres.start()
    assert jobs.one_round(app) is None
    assert site.answered() == [office.UNITS[TOWN]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url.replace("office@", f"guarded:wrong-{GUARDED_PASSWORD}@"), "拒绝登录"),
        (lambda url: url.replace("office@", f"nobody-here:{GUARDED_PASSWORD}@"), "拒绝登录"),
        (
            lambda url: url.replace("/record", "/elsewhere").replace("office@", f"guarded:{GUARDED_PASSWORD}@"),
            "没有这个数据库",
        ),
        (lambda url: url.replace("?host=", f"?password={GUARDED_PASSWORD}&host=/nowhere"), "连接不上数据库服务器"),
        (lambda _url: f"postgresql+psycopg://guarded:{GUARDED_PASSWORD}@127.0.0.1:9/x", "是否启动"),
        (lambda _url: f"postgresql+psycopg://guarded:{GUARDED_PASSWORD}:x@host:y/x", "数据库地址无法使用"),
        (lambda _url: f"mysql+pymysql://guarded:{GUARDED_PASSWORD}@host/x", r"postgresql\+psycopg"),
    ],
)
def test_a_database_that_cannot_be_had_is_refused_in_words_that_show_no_password(site, url, change, words, caplog):
    caplog.set_level("DEBUG")
    changed = change(url)
    assert GUARDED_PASSWORD in changed
    site.settings = replace(site.settings, storage=replace(site.settings.storage, database_url=changed))
    for opened in (site.open, lambda: single_instance(site.settings.storage.data_dir, changed)):
        with pytest.raises(OfficeError, match=words) as raised, opened():
            pass
        assert GUARDED_PASSWORD not in str(raised.value) + caplog.text


def test_a_user_who_may_not_make_tables_is_told_what_the_administrator_has_to_do(postgres, site, url):
    site.settings = replace(
        site.settings,
        storage=replace(site.settings.storage, database_url=url.replace("office@", f"guarded:{GUARDED_PASSWORD}@")),
    )
    with pytest.raises(OfficeError, match=r"没有所需的权限.*OWNER") as raised, site.open():
        pass
    assert GUARDED_PASSWORD not in str(raised.value)


# --- backups and the way back ----------------------------------------------------------------------------------------


def test_nothing_says_that_the_database_is_backed_up_and_nothing_alarms_that_it_is_not(site, app):
    site.write(TOWN, 1)
    for _ in range(8):
        site.clock.sleep(12 * 3600)
        assert jobs.one_round(app) is None
        watching.watch(app)
        assert app.board.latest()[0].state is State.OK
    mirrored = list((site.settings.storage.backup_dir / "archive").rglob("*.eml"))
    assert len(mirrored) == 1, "mails and key are ours to copy"
    backup = next(one for one in verify(app) if one.what == "备份")
    assert (backup.ok, "pg_dump" in backup.words) == (None, True)
    digest = [one for one in rows(app, OutboxRow) if one.kind == LetterKind.DIGEST][-1]
    body = message_from_bytes(digest.raw, policy=default).get_body(("plain",)).get_content()
    assert "数据库由管理员用 pg_dump 备份" in body
    assert "已校验" not in body


def test_an_empty_database_beside_an_archive_full_of_mails_is_not_begun_anew(postgres, site):
    site.write(TOWN, 1)
    with site.open() as app:
        jobs.one_round(app)
    with postgres.database() as empty:
        site.settings = replace(site.settings, storage=replace(site.settings.storage, database_url=postgres.url(empty)))
        with pytest.raises(OfficeError, match=r"数据库是空的.*--from-archive"), site.open():
            pass
        done = backups.put_back(site.settings, None, site.clock.now())
        assert done.source is None
        with site.open(begin_anew=True) as app:
            backups.hold(app)
            assert backups.adopt_orphans(app) == 1
            site.clock.sleep(600)
            assert jobs.one_round(app) is None
            assert [row.state for row in rows(app, MessageRow)] == ["filed"]
        assert site.answered() == [office.UNITS[TOWN]], "answered a second time"
        with pytest.raises(OfficeError, match="已有数据表"):
            backups.put_back(site.settings, None, site.clock.now())


def test_no_copy_is_put_in_the_place_of_a_servers_database(site, tmp_path):
    with pytest.raises(OfficeError, match=r"pg_restore.*--hold"):
        backups.put_back(site.settings, tmp_path / "copy.sqlite", site.clock.now())
