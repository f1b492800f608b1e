"""The URL that says where the record lies: what kind of database it names, and how it may be shown.

In: a URL as it stands in `[storage] database_url`. Out: its parts, or an OfficeError that quotes nothing of it: a mistake
in it may well be in the password.
"""

from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from intake.errors import OfficeError

_SERVERS = ("postgresql+psycopg", "postgresql")  # the second is the first since SQLAlchemy 2.1
_KINDS = "数据库地址无法使用。请检查 [storage] database_url：可以是 sqlite:///文件，或 postgresql+psycopg://用户名@主机/库名。"


def parse(url: str) -> URL:
    """Given a URL, return it taken apart. Raise OfficeError if it names no database that the record can lie in."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # their messages quote pieces of it
        raise OfficeError(_KINDS) from error
    if parsed.get_backend_name() != "sqlite" and parsed.drivername not in _SERVERS:
        raise OfficeError(_KINDS)
    return parsed


def is_on_server(url: str) -> bool:
    """Return whether a URL names a database on a server: its copies and its checks are that server's."""
    return parse(url).get_backend_name() != "sqlite"


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite URL; None for other databases and for one in memory."""
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def shown(url: str) -> str:
    """Return a URL as it may be shown: without what stands before the host or behind the question mark."""
    parsed = parse(url)
    host = parsed.host or parsed.query.get("host") or ""
    port = "" if parsed.port is None else f":{parsed.port}"
    return f"{parsed.drivername}://{host}{port}/{parsed.database or ''}"
