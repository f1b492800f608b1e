"""What a database server refuses comes out in words by its SQLSTATE; what is a bug of ours stays one."""

import sys

import pytest
from sqlalchemy.exc import DataError, InternalError, OperationalError, ProgrammingError

from intake.db.address import parse, shown
from intake.db.engine import open_engine
from intake.db.postgres import Hold
from intake.db.trouble import DatabaseBusyError, explain, unreachable
from intake.errors import OfficeError


class Refusal(Exception):
    def __init__(self, sqlstate: str | None, words: str = "told by the server: 13900000001") -> None:
        super().__init__(words)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("kind", "sqlstate", "words", "passes"),
    [
        (OperationalError, "57P01", "连接不上", True),  # admin_shutdown
        (OperationalError, "08006", "连接不上", True),
        (OperationalError, "40P01", "稍后自动重试", True),  # deadlock_detected
        (OperationalError, "55P03", "稍后自动重试", True),  # lock_not_available
        (OperationalError, "53300", "连接太多", True),
        (OperationalError, "53100", "磁盘已满", False),
        (InternalError, "25006", "只读", False),  # read_only_sql_transaction
        (ProgrammingError, "42501", "OWNER TO", False),  # insufficient_privilege
        (InternalError, "XX001", "pg_dump", False),  # data_corrupted
        (OperationalError, "58030", "pg_dump", False),  # io_error
    ],
)
def test_what_a_server_refuses_is_told_in_words_that_quote_nothing(kind, sqlstate, words, passes):
    told = explain(kind("INSERT", {}, Refusal(sqlstate)))
    assert words in str(told)
    assert "139" not in str(told)
    assert isinstance(told, DatabaseBusyError) is passes


@pytest.mark.parametrize(
    ("kind", "sqlstate"),
    [
        (ProgrammingError, "42P01"),  # undefined_table
        (DataError, "22001"),  # string_data_right_truncation
        (OperationalError, "54000"),  # program_limit_exceeded: one mail's value, it must be counted against that mail
    ],
)
def test_a_bug_of_ours_is_not_taken_for_a_server_that_is_away(kind, sqlstate):
    assert explain(kind("INSERT", {}, Refusal(sqlstate))) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('FATAL:  password authentication failed for user "x"', "PGPASSWORD"),
        ('FATAL:  用户 "x" Password 认证失败', "PGPASSWORD"),
        ("fe_sendauth: no password supplied", "PGPASSWORD"),
        ('FATAL:  database "x" does not exist', "CREATE DATABASE"),
        ('FATAL:  数据库 "x" 不存在', "CREATE DATABASE"),
        ("connection refused", "是否启动"),
    ],
)
def test_a_connection_that_does_not_come_about_is_told_by_what_the_server_says(said, words):
    told = unreachable(OperationalError(None, None, Refusal(None, said)), "postgresql+psycopg://host/x")
    assert words in str(told)
    assert said not in str(told)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://user:hunter2@host:5432/x?password=hunter2",
        "postgresql+psycopg://user:hunter2@/x?host=host&passfile=hunter2",
    ],
)
def test_of_an_address_only_host_and_database_are_shown(url):
    assert "hunter2" not in shown(url)
    assert "user" not in shown(url)
    assert "host" in shown(url)


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://u:hunter2@h/x",
        "postgresql+psycopg2://u:hunter2@h/x",
        "hunter2",
        "postgresql+psycopg://u:hunter2@h:hunter2/x",
    ],
)
def test_an_address_of_no_use_is_refused_without_quoting_it(url):
    with pytest.raises(OfficeError, match="数据库地址无法使用") as raised:
        parse(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("use", [open_engine, Hold])
def test_without_psycopg_the_office_is_told_what_to_install(monkeypatch, use):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(OfficeError, match=r"requirements-postgresql\.txt"):
        use("postgresql+psycopg://host/x")
