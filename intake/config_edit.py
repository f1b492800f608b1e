"""Changes of config.toml by a page or a command: one value, one day. Home of tomlkit; comments and order stay.

In: the path, and what is to change. Out: the file with that change and no other, or OfficeError and the file as it was.
The new text is read by the program's own loader first, and must say exactly what the old one said but for the change:
where tomlkit would lose or move a comment (it counts the comment above a table to the table before) lines are written
and taken away instead, and the comparison tells whether that was right. Must not: read or write a password; touch the
example that comes with the program.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Array

from intake.config import example_path, read_config, understand
from intake.config_lines import Lines
from intake.errors import OfficeError
from intake.settings import CalendarDay, SendMode
from intake.whole_files import replace_whole

Edit = Callable[[str], str]

_BOM = "\ufeff"
# The commented example of a day in config.example.toml: people look for their days below it.
_EXAMPLE_DAY = re.compile(r"(?m)^#[ \t]*\[\[calendar\.day\]\][^\n]*\n(?:#[ \t]*(?:date|kind|name)[^\n]*\n)*")
_KINDS = {True: "workday", False: "holiday"}
_BY_HAND = "请用记事本打开 config.toml 手工改这一处，改完执行 intake check。"


@dataclass(frozen=True, slots=True)
class Declared:
    """What config.toml says now of the things that can be changed here. `fingerprint` names its content."""

    fingerprint: str
    mode: SendMode
    days: tuple[CalendarDay, ...]
    roster: str
    asks_password: bool  # ``password = "prompt"``: a running daemon can't read it again


def declared(path: Path) -> Declared:
    """Given the path of config.toml, return what it says. Raise OfficeError that lists its mistakes."""
    content = read_config(path)
    settings = understand(content, path, environment={}, need_password=False)
    data = tomllib.loads(_text(content))
    days = tuple(sorted(settings.calendar, key=lambda one: one.day))
    mailbox = data.get("mailbox", {})
    asks = isinstance(mailbox, Mapping) and "password" in mailbox
    return Declared(fingerprint(content), settings.sending.mode, days, str(data["roster"]["file"]), asks)


def fingerprint(content: bytes) -> str:
    """Return what names a content: a page hands it back, so that a change in between is noticed."""
    return hashlib.sha256(content).hexdigest()


def change(path: Path, edit: Edit, *, seen: str = "") -> None:
    """Given the path of config.toml and an edit, carry it out. `seen`: the fingerprint that the person saw ("": any).

    Raise OfficeError, with nothing written, if the file has changed since, or would not be valid any more.
    """
    refuse_example(path)
    content = read_config(path)
    if seen and fingerprint(content) != seen:
        raise OfficeError(
            "没有执行：config.toml 在您查看期间被改动了（可能有人同时在改）。请回到“设置”看过最新情况再操作。"
        )
    understand(content, path, environment={}, need_password=False)  # its mistakes are told before we add to it
    head, ends = (_BOM if content.startswith(_BOM.encode()) else ""), ("\r\n" if b"\r\n" in content else "\n")
    edited = edit(_text(content))
    changed = (head + edited.replace("\n", ends)).encode()
    understand(changed, path, environment={}, need_password=False)
    replace_whole(path, changed, what="配置文件")


def refuse_example(path: Path) -> None:
    """Raise OfficeError if that is the example that comes with the program: it is no office's to change."""
    if path.resolve() == example_path().resolve():
        raise OfficeError("现在用的是程序自带的示例配置，只能看，不能改。请先复制成自己的 config.toml。")


def _text(content: bytes) -> str:
    """Return the text as `config_syntax` takes it: no mark of the byte order, \\n for every line end."""
    return content.decode("utf-8-sig").replace("\r\n", "\n")


# --- the edits: text → text ------------------------------------------------------------------------------------------


def with_mode(mode: SendMode) -> Edit:
    """Return the edit that sets [sending] mode."""
    return lambda text: _with_value(text, "sending", "mode", mode.value)


def with_roster(file: str) -> Edit:
    """Return the edit that sets [roster] file."""
    return lambda text: _with_value(text, "roster", "file", file)


def with_day(day: CalendarDay) -> Edit:
    """Return the edit that adds a [[calendar.day]]. It raises OfficeError if that date is declared already."""

    def edit(text: str) -> str:
        days = _days(text)
        found = next((one for one in days if _date_of(one) == day.day), None)
        if found is not None:
            words = "放假" if found.get("kind") == "holiday" else "上班"
            raise OfficeError(f"{day.day} 已经声明为{words}，没有改动。要改，请先删去这一天再添加。")
        entry: dict[str, object] = {"date": day.day, "kind": _KINDS[day.working]}
        if day.name:
            entry["name"] = day.name
        wanted = _copy(text)
        wanted.setdefault("calendar", {}).setdefault("day", []).append(entry)
        return _first_that_says(
            wanted, (_added_to_list, _added_after_last, _added_below_example, _added_at_end), text, day
        )

    return edit


def without_day(day: date) -> Edit:
    """Return the edit that takes a [[calendar.day]] away. It raises OfficeError if that date is not declared."""

    def edit(text: str) -> str:
        days = _days(text)
        position = next((number for number, one in enumerate(days) if _date_of(one) == day), None)
        if position is None:
            raise OfficeError(f"config.toml 里没有声明 {day}，没有改动。国务院公布的放假和调休不用、也不能在这里删。")
        remaining = [one for number, one in enumerate(days) if number != position]
        candidate = _without_lines(text, position) if _list(text) is None else _without_item(text, position)
        if _days(candidate) != remaining or _besides_days(candidate) != _besides_days(text):
            raise OfficeError(f"config.toml 里 {day} 这一天的写法特殊，程序不敢改动。{_BY_HAND}")
        return candidate

    return edit


# --- single values ---------------------------------------------------------------------------------------------------


def _with_value(text: str, table: str, key: str, value: str) -> str:
    wanted = _copy(text)
    wanted.setdefault(table, {})[key] = value
    document: Any = tomlkit.parse(text)  # Any: its items are dictionaries, tables, values by turns
    if key in document.get(table, {}):
        document[table][key] = value
        candidate = tomlkit.dumps(document)
    else:
        candidate = _added_to_table(text, table, f"{key} = {_quoted(value)}")
    if tomllib.loads(candidate) != wanted:
        raise OfficeError(f"config.toml 里 [{table}] {key} 的写法特殊，程序不敢改动。{_BY_HAND}")
    return candidate


def _added_to_table(text: str, table: str, line: str) -> str:
    """Write the line right below the head of its table: at its end stand the comments of the next one."""
    lines = text.split("\n")
    place = Lines(text).find((table,))
    if place is None or not re.match(rf"[ \t]*\[[ \t]*{table}[ \t]*\]", lines[place - 1]):
        return f"{text.rstrip()}\n\n[{table}]\n{line}\n"
    return "\n".join([*lines[:place], line, *lines[place:]])


def _quoted(value: str) -> str:
    return tomlkit.item(value).as_string()


# --- days ------------------------------------------------------------------------------------------------------------


def _first_that_says(
    wanted: dict[str, Any], ways: tuple[Callable[[str, CalendarDay], str | None], ...], text: str, day: CalendarDay
) -> str:
    """Return the text of the first way of adding the day that says what is wanted."""
    for way in ways:
        candidate = way(text, day)
        try:
            if candidate is not None and tomllib.loads(candidate) == wanted:
                return candidate
        except tomllib.TOMLDecodeError:
            continue  # this file is written so that the line would stand within something else
    raise OfficeError(f"config.toml 里工作日历的写法特殊，程序不敢改动。{_BY_HAND}")


def _lines_of(day: CalendarDay) -> list[str]:
    name = [f"name = {_quoted(day.name)}"] if day.name else []
    return ["[[calendar.day]]", f"date = {day.day.isoformat()}", f'kind = "{_KINDS[day.working]}"', *name]


def _added_to_list(text: str, day: CalendarDay) -> str | None:
    """The days are one list, ``day = [{…}, …]``."""
    document: Any = tomlkit.parse(text)
    if _list(text) is None:
        return None
    entry = tomlkit.inline_table()
    entry["date"] = day.day
    entry["kind"] = _KINDS[day.working]
    if day.name:
        entry["name"] = day.name
    document["calendar"]["day"].append(entry)
    return tomlkit.dumps(document)


def _added_after_last(text: str, day: CalendarDay) -> str | None:
    days = _days(text)
    if not days:
        return None
    end = _last_line(text, len(days) - 1)
    lines = text.split("\n")
    return "\n".join([*lines[:end], "", *_lines_of(day), *lines[end:]])


def _added_below_example(text: str, day: CalendarDay) -> str | None:
    found = _EXAMPLE_DAY.search(text)
    if found is None:
        return None
    return text[: found.end()] + "\n".join(["", *_lines_of(day), ""]) + text[found.end() :]


def _added_at_end(text: str, day: CalendarDay) -> str:
    return f"{text.rstrip()}\n\n" + "\n".join([*_lines_of(day), ""])


def _without_lines(text: str, position: int) -> str:
    """Take away the lines of one [[calendar.day]], from its head to its last key; what stands below stays."""
    lines = text.split("\n")
    head, end = Lines(text).find(("calendar", "day", position)), _last_line(text, position)
    if head is None:
        return text
    before, after = lines[: head - 1], lines[end:]
    if before and not before[-1].strip() and after and not after[0].strip():
        after = after[1:]  # one empty line of the two that meet
    return "\n".join([*before, *after])


def _without_item(text: str, position: int) -> str:
    document: Any = tomlkit.parse(text)
    del document["calendar"]["day"][position]
    return tomlkit.dumps(document)


def _last_line(text: str, position: int) -> int:
    """Return the number of the last line of one [[calendar.day]]; its values are a line each, or the result won't do."""
    places = Lines(text)
    path = ("calendar", "day", position)
    return max(places.find((*path, key)) or 0 for key in ("date", "kind", "name"))


def _list(text: str) -> Array | None:
    document: Any = tomlkit.parse(text)
    days = document.get("calendar", {}).get("day")
    return days if isinstance(days, Array) else None


def _days(text: str) -> list[dict[str, Any]]:
    return list(tomllib.loads(text).get("calendar", {}).get("day", []))


def _besides_days(text: str) -> dict[str, Any]:
    """Return what the text says but for the days; a [calendar] without any says nothing."""
    data = _copy(text)
    if isinstance(data.get("calendar"), dict):
        data["calendar"].pop("day", None)
        if not data["calendar"]:
            del data["calendar"]
    return data


def _copy(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _date_of(one: Mapping[str, object]) -> date | None:
    """Return the date of a day as the loader understands it: quoted, and with one-digit months, too."""
    given = one.get("date")
    if isinstance(given, date):
        return given
    parts = str(given).strip().split("-")
    return date(*map(int, parts)) if len(parts) == 3 and all(part.isdecimal() for part in parts) else None
