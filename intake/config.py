"""The office's configuration: config.toml → `settings.Settings`, or every mistake in it at once, in Chinese.

In: a path, the environment, and a way to ask for the password. Out: frozen settings; file paths in them are absolute,
relative ones count from the folder of config.toml. Raises OfficeError only. It reads the configuration and the password
file and nothing else: the roster is read by `roster`, which also checks that the campaign's groups stand in it.

The way of a file: `config_syntax` (TOML) → `config_schema` (pydantic) and `config_checks` (between values) →
`config_words` with `config_lines` (wording, place) → here `Settings`.
"""

import dataclasses
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from intake.config_checks import find_mistakes
from intake.config_lines import Lines
from intake.config_schema import CampaignTable, ConfigTable, FormTable, MailboxTable
from intake.config_syntax import parse_toml
from intake.config_words import Mistake, pydantic_mistakes, sentences
from intake.errors import OfficeError, system_words
from intake.providers import PROVIDERS
from intake.settings import (
    Audience,
    CalendarDay,
    Campaign,
    Clerk,
    Collection,
    DeskDoor,
    Mailbox,
    Office,
    Polling,
    Secret,
    Sending,
    Settings,
    Storage,
    Watching,
)
from parsers.forms import FieldSpec, FormSpec

AskPassword = Callable[[str], str]  # the address → what was typed

_MEGABYTE = 2**20
# An authorization code of a mailbox (16 letters at NetEase and QQ) written where a file's or a variable's name belongs.
_LOOKS_LIKE_A_CODE = re.compile(r"[A-Za-z0-9]{16}")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_URL = re.compile(r"[a-z][a-z0-9]*(\+[a-z0-9]+)?://.*")
# A password with an "@" or "/" of its own as well, and one behind the question mark.
_URL_PASSWORD = re.compile(r"[a-z0-9+]+://([^/@:]*:.*@.*|.*[?&](password|passwd|sslpassword)=.*)", re.IGNORECASE)
_SQLITE_FILE = re.compile(r"(sqlite(?:\+\w+)?:///)(?![/?]|:memory:)([^?]+)(.*)")


def load(
    path: Path,
    *,
    environment: Mapping[str, str],
    need_password: bool = True,
    ask_password: AskPassword | None = None,
) -> Settings:
    """Given the path of config.toml, return the settings.

    `need_password` False is for commands that open no mailbox (inspect, export, demo): the password may then be out of
    reach and is empty. `ask_password` is called for ``password = "prompt"``, with the address. Raise OfficeError that
    lists every mistake, each with its line.
    """
    return understand(
        read_config(path), path, environment=environment, need_password=need_password, ask_password=ask_password
    )


def understand(
    content: bytes,
    path: Path,
    *,
    environment: Mapping[str, str],
    need_password: bool = True,
    ask_password: AskPassword | None = None,
) -> Settings:
    """Given what stands, or is to stand, in the config.toml at `path`, return the settings; see `load`."""
    data, text = parse_toml(content, path.name)
    folder = path.resolve().parent
    mistakes = list(find_mistakes(data))
    table: ConfigTable | None = None
    try:
        table = ConfigTable.model_validate(data)
    except ValidationError as error:
        mistakes.extend(pydantic_mistakes(error.errors(include_url=False)))
    mistakes.extend(_storage_mistakes(data))
    mistakes.extend(_password_mistakes(data, folder, environment, need_password=need_password))
    if mistakes or table is None:
        raise OfficeError(sentences(mistakes, data, Lines(text), path.name))
    password = Secret("")
    if need_password:
        password = _password(table.mailbox, folder, environment, ask_password, path.name)
    return _settings(table, path.resolve(), password)


def example_path() -> Path:
    """Return the example configuration: of the wheel, or of the source tree."""
    here = Path(__file__).resolve().parent
    packaged = here / "config.example.toml"
    return packaged if packaged.exists() else here.parent / "config.example.toml"


def read_config(path: Path) -> bytes:
    """Given the path of config.toml, return what stands in it. Raise OfficeError if it can't be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise OfficeError(
            f"找不到配置文件：{path}。请把 config.example.toml 复制成 {path.name} 再填写，或用 --config 指明位置。"
        ) from error
    except OSError as error:
        raise OfficeError(f"配置文件读不出来：{path}（{system_words(error)}）。请检查路径和读取权限。") from error


# --- storage and password: what the file system and the environment have to say --------------------------------------


def _storage_mistakes(data: Mapping[str, object]) -> Iterator[Mistake]:
    storage = data.get("storage")
    for key in ("data_dir", "backup_dir", "template_dir"):
        value = storage.get(key) if isinstance(storage, Mapping) else None
        if os.name == "posix" and isinstance(value, str) and _DRIVE.match(value):
            # it would become a folder of that name beside config.toml, on the very disk that a backup is to leave
            yield Mistake(("storage", key), f"“{value}”是 Windows 的写法，本机没有盘符。请写成 /mnt/… 这样的路径。")
    url = storage.get("database_url") if isinstance(storage, Mapping) else None
    if not isinstance(url, str) or not url:
        return
    place = ("storage", "database_url")
    if not _URL.fullmatch(url):
        yield Mistake(place, '不是数据库地址。请整行删除（默认用 SQLite），或写成 "postgresql+psycopg://主机/库名"。')
    elif _URL_PASSWORD.fullmatch(url):
        yield Mistake(
            place, "数据库密码不能写在配置里。请从地址中删去密码，改放在 ~/.pgpass 或环境变量 PGPASSWORD 中。"
        )


def _password_mistakes(
    data: Mapping[str, object], folder: Path, environment: Mapping[str, str], *, need_password: bool
) -> Iterator[Mistake]:
    mailbox = data.get("mailbox")
    if not isinstance(mailbox, Mapping):
        return
    ways = [key for key in ("password", "password_file", "password_env") if key in mailbox]
    if len(ways) > 1:
        yield Mistake(("mailbox", ways[1]), f"密码的来源写了 {len(ways)} 种（{'、'.join(ways)}）。请只留一种。")
    if not need_password:
        return
    if not ways:
        yield Mistake(
            ("mailbox",),
            '没有写授权码在哪里。请写 password_file = "文件名"（授权码单独存成这个文件），'
            '或 password_env = "环境变量名"，或 password = "prompt"。',
        )
    name = mailbox.get("password_file")
    if isinstance(name, str) and name:
        yield from _password_file_mistakes(folder / name, _code_or(name))
    name = mailbox.get("password_env")
    if isinstance(name, str) and name and not environment.get(name):
        yield Mistake(
            ("mailbox", "password_env"),
            f"环境变量 {_code_or(name)} 没有设置或是空的。请在启动程序的地方设置它，或改用 password_file。",
        )


def _code_or(name: str) -> str:
    """Given what stands where a name belongs, return it, unless it looks like the code itself."""
    return "（这里像是授权码本身，请写存放它的文件或变量的名字）" if _LOOKS_LIKE_A_CODE.fullmatch(name) else f"“{name}”"


def _password_file_mistakes(path: Path, shown: str) -> Iterator[Mistake]:
    place = ("mailbox", "password_file")
    try:
        about = path.stat()
        content = path.read_bytes() if stat.S_ISREG(about.st_mode) and about.st_size <= 1024 else None
    except FileNotFoundError:
        yield Mistake(
            place, f"找不到密码文件 {shown}。请新建它，里面只写授权码一行；位置从 config.toml 所在文件夹算起。"
        )
        return
    except OSError as error:
        yield Mistake(place, f"密码文件 {shown} 读不出来（{system_words(error)}）。请检查它的读取权限。")
        return
    if os.name == "posix" and about.st_mode & 0o077:
        # Windows has no such bits; there the folder's own rights protect the file.
        yield Mistake(
            place,
            f"密码文件 {shown} 别的用户也能读（权限是 {stat.S_IMODE(about.st_mode):04o}）。"
            f"请执行 chmod 600 {path.name}，只让运行程序的用户读写。",
        )
    if content is None:
        yield Mistake(place, f"{shown} 不是密码文件：里面应当只有授权码一行。")
    elif not _first_line(content):
        yield Mistake(place, f"密码文件 {shown} 里没有可用的授权码：应当只有一行，只含英文字母、数字和符号。")


def _first_line(content: bytes) -> str:
    """Given a password file, return its one line, or "" if it holds anything else."""
    try:
        lines = content.decode("utf-8-sig").strip().splitlines()
    except UnicodeDecodeError:
        return ""
    return lines[0].strip() if len(lines) == 1 and lines[0].isascii() else ""


def _password(
    mailbox: MailboxTable,
    folder: Path,
    environment: Mapping[str, str],
    ask_password: AskPassword | None,
    file: str,
) -> Secret:
    """Given a mailbox whose password can be had, return it. Raise OfficeError if nobody can be asked."""
    if mailbox.password_file is not None:
        return Secret(_first_line((folder / mailbox.password_file).read_bytes()))
    if mailbox.password_env is not None:
        return Secret(environment[mailbox.password_env].strip())
    typed = ask_password(mailbox.address).strip() if ask_password else ""
    if not typed:
        raise OfficeError(
            f'{file}，[mailbox] 的 password：写了 "prompt"，但没有输入授权码，或者程序在后台运行、没有地方输入。'
            "请重新输入；长期运行请改用 password_file。"
        )
    return Secret(typed)


# --- checked tables → settings ---------------------------------------------------------------------------------------


def _settings(table: ConfigTable, source: Path, password: Secret) -> Settings:
    folder = source.parent
    sending, polling, storage = table.sending, table.polling, table.storage
    data_dir = (folder / storage.data_dir).resolve()
    return Settings(
        source=source,
        office=Office(**table.office.model_dump()),
        mailbox=_mailbox(table.mailbox, folder, password, default_name=table.office.name),
        sending=Sending(**sending.model_dump()),
        clerk=Clerk(**table.clerk.model_dump()),
        storage=Storage(
            data_dir=data_dir,
            database_url=_database_url(storage.database_url, folder, data_dir),
            backup_dir=(folder / storage.backup_dir).resolve() if storage.backup_dir else data_dir / "backups",
            template_dir=(folder / storage.template_dir).resolve() if storage.template_dir else None,
        ),
        polling=Polling(
            interval_s=polling.interval_s,
            command_timeout_s=polling.command_timeout_s,
            poll_deadline_s=polling.poll_deadline_s,
            large_mail_bytes=polling.large_mail_mb * _MEGABYTE,
            maximum_mail_bytes=polling.maximum_mail_mb * _MEGABYTE,
        ),
        roster_file=(folder / table.roster.file).resolve(),
        campaign=_campaign(table.campaign, folder),
        calendar=tuple(
            CalendarDay(day=day.date, working=day.kind == "workday", name=day.name) for day in table.calendar.day
        ),
        desk=DeskDoor(table.desk.port, table.desk.host, table.desk.names),
        health=Watching(
            port=table.health.port,
            webhook_url=Secret(table.health.webhook_url) if table.health.webhook_url else None,
            ping_url=Secret(table.health.ping_url) if table.health.ping_url else None,
        ),
    )


def _mailbox(table: MailboxTable, folder: Path, password: Secret, *, default_name: str) -> Mailbox:
    profile = PROVIDERS[table.provider]
    provider = dataclasses.replace(
        profile,
        imap_host=table.imap_host or profile.imap_host,
        imap_port=table.imap_port or profile.imap_port,
        smtp_host=table.smtp_host or profile.smtp_host,
        smtp_port=table.smtp_port or profile.smtp_port,
    )
    return Mailbox(
        address=table.address,
        login=table.login or table.address,
        password=password,
        display_name=table.display_name or default_name,
        provider=provider,
        imap_security=table.imap_security,
        smtp_security=table.smtp_security,
        folders=tuple(sorted(table.folders, key=lambda name: name.upper() != "INBOX")),  # INBOX first
        ca_file=(folder / table.ca_file).resolve() if table.ca_file else None,
    )


def _database_url(url: str, folder: Path, data_dir: Path) -> str:
    """Given the URL from the file ("" for the default), return it with the path of an SQLite file made absolute."""
    if not url:
        return f"sqlite:///{(data_dir / 'intake.db').as_posix()}"
    found = _SQLITE_FILE.fullmatch(url)
    return f"{found[1]}{(folder / found[2]).resolve().as_posix()}{found[3]}" if found else url


def _campaign(table: CampaignTable, folder: Path) -> Campaign:
    return Campaign(
        id=table.id,
        name=table.name,
        short_name=table.short_name,
        document_number=table.document_number,
        published_on=table.published_on,
        starts_on=table.starts_on or table.published_on,
        collections=tuple(_collection(form, folder) for form in table.form),
    )


def _collection(table: FormTable, folder: Path) -> Collection:
    return Collection(
        form=FormSpec(
            id=table.id,
            title=table.title,
            kind=table.kind,
            fields=tuple(FieldSpec(**field.model_dump()) for field in table.field),
            titles=table.titles,
        ),
        deadline=table.deadline,
        cutoff=table.cutoff,
        strict=table.strict,
        voluntary=table.voluntary,
        audience=Audience(
            everybody=not table.groups and not table.units,
            groups=frozenset(table.groups),
            units=frozenset(table.units),
        ),
        letter_label=table.letter_label,
        blank_file=(folder / table.blank).resolve() if table.blank else None,
    )
