"""The wording of what is wrong with config.toml: the parsers' English never reaches the office.

In: an error of tomllib or of pydantic, and the text it concerns. Out: `Mistake`s, each saying where, what and what to
do. Must not: show a password, show English, drop a mistake.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from intake.config_lines import Lines, Path
from intake.config_schema import OFFICE_ERROR, ConfigTable


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: `path` says where in the file, `text` what is wrong and what to do (Chinese, whole sentences)."""

    path: Path
    text: str


def sentences(mistakes: Sequence[Mistake], data: object, lines: Lines, file: str) -> list[str]:
    """Given mistakes and the file they stand in, return one sentence each, in the order of the file."""
    placed = [(lines.find(mistake.path), mistake) for mistake in mistakes]
    placed.sort(key=lambda pair: pair[0] or 0)
    return [
        f"{file}{f' 第 {line} 行' if line else ''}，{_where(mistake.path, data)}：{mistake.text}"
        for line, mistake in placed
    ]


def near(word: str, known: Sequence[str]) -> str:
    """Given a word that is not known, return a hint at the nearest known one, or ""."""
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"是不是想写“{found[0]}”？" if found else ""


def pydantic_mistakes(errors: Sequence[ErrorDetails]) -> Iterator[Mistake]:
    """Given pydantic's errors over `ConfigTable`, yield them in our words."""
    # A misspelt key is also a missing one: telling both would send people looking twice.
    misspelt = {
        (*error["loc"][:-1], _nearest(str(error["loc"][-1]), _keys_at(error["loc"][:-1])))
        for error in errors
        if error["type"] == "extra_forbidden"
    }
    for error in errors:
        path = error["loc"]
        if error["type"] == "missing" and path in misspelt:
            continue
        if error["type"] == "too_short" and isinstance(error["input"], list | tuple) and error["input"]:
            continue  # pydantic counts the items that passed; the others are told one by one
        yield Mistake(path, _wording(error))


def _wording(error: ErrorDetails) -> str:
    """Given one error of pydantic, return what is wrong and what to do."""
    context = error.get("ctx", {})
    path, given = error["loc"], error["input"]
    match error["type"]:
        case kind if kind == OFFICE_ERROR:
            return str(context["sentence"])
        case "missing" if _table_at(path) is not None:
            return "缺少这一节（也可能文件没有保存完整）。请对照 config.example.toml 补上。"
        case "missing":
            return "没有填写，这一项是必填的。请补上，写法见 config.example.toml。"
        case "extra_forbidden":
            return _unknown_key(path)
        case "literal_error" if path == ("mailbox", "password"):
            return (
                "密码（授权码）不能直接写在配置里：配置会被复制、打印、发给别人，密码也就泄露了。请把它单独存成一个文件，"
                '改写成 password_file = "文件名"；或写 password = "prompt"，启动时再输入。'
            )
        case "enum" | "literal_error":
            choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            return f"{_shown(given)} 不是可选的值。{_nearest_hint(given, choices)}可以写：{'、'.join(choices)}。"
        case "string_pattern_mismatch":
            return f"{_shown(given)} 的写法不对。{_PATTERNS.get(str(path[-1]), '请对照 config.example.toml。')}"
        case "too_short" | "string_too_short":
            return "是空的。请填写；不需要这一项时请整行删除。"
        case "string_too_long" | "too_long":
            return f"太长，最多 {context.get('max_length')} 个字。"
        case "greater_than_equal":
            return f"不能小于 {context.get('ge'):g}（现在是 {_shown(given)}）。"
        case "less_than_equal":
            return f"不能大于 {context.get('le'):g}（现在是 {_shown(given)}）。"
        case kind:
            return f"{_shown(given)} {_KINDS.get(kind, '不符合要求。请对照 config.example.toml 中的写法。')}"


# The types that pydantic tells apart, as people would write them in TOML.
_KINDS: Mapping[str, str] = {
    "string_type": '不是文字。请用英文双引号括起来，例如 "0595"。',
    "int_type": "不是整数。请写不带引号的整数，例如 80。",
    "float_type": "不是数字。请写不带引号的数字，例如 5。",
    "finite_number": "不是普通的数字。请写例如 5。",
    "bool_type": "不对，这一项只能写 true（是）或 false（否），小写、不带引号。",
    "tuple_type": '不是列表。请用方括号，例如 ["成员单位", "乡镇"]；表和栏要用 [[…]] 双方括号开头。',
    "model_type": "不是一节。请用方括号写成单独一节，写法见 config.example.toml。",
}

# What the patterns of config_schema want, by key.
_PATTERNS: Mapping[str, str] = {
    "area_code": '请写成以 0 开头的区号，例如 "0595"。',
    "password_env": "请写环境变量的名字（字母、数字、下划线），不是密码本身。",
    "id": "只能用小写字母、数字和下划线，以字母开头。",
    "key": "只能用小写字母、数字和下划线，以字母开头。",
    "required_when": "请写本表中另一栏的 key。",
}

# Keys that hold or are likely to hold a secret: what stands there is never repeated.
_SECRET = re.compile(r"pass|secret|auth|code|token|mima", re.IGNORECASE)


def _unknown_key(path: Path) -> str:
    key, known = str(path[-1]), _keys_at(path[:-1])
    hint = near(key, known)
    secret = "（如果这是密码或授权码，请立即从配置里删去，改用 password_file。）" if _SECRET.search(key) else ""
    return f"没有这一项。{hint}{secret}这里可以写的有：{'、'.join(known)}。"


def _shown(given: object) -> str:
    """Given a value from the file, return it as people wrote it, or its kind if it is long."""
    match given:
        case bool():
            return "true" if given else "false"
        case str():
            return f"“{given[:40]}{'…' if len(given) > 40 else ''}”"
        case int() | float():
            return f"{given:g}"
        case list() | tuple():
            return "这个列表"
        case dict():
            return "这一节"
        case _:
            return f"“{given}”"


def _nearest(word: str, known: Sequence[str]) -> str:
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), "")


def _nearest_hint(given: object, choices: Sequence[str]) -> str:
    return near(given, choices) if isinstance(given, str) else ""


def _where(path: Path, data: object) -> str:
    """Given a path, return it as people see it in the file: ``[[campaign.form]] 第 2 个（liaison）的 deadline``."""
    table: type[BaseModel] = ConfigTable
    told: list[str] = []
    dotted, rest = "", "最外层"  # what is said when nothing of the path has been told yet
    for name, number in _steps(path):
        data = data.get(name) if isinstance(data, Mapping) else None
        inner = _table_below(table, name)
        if inner is None:
            head = "，".join(told) if told else rest
            item = "" if number is None else f" 第 {number + 1} 项"
            return f"{head}{'' if head.endswith('）') else ' '}的 {name}{item}"
        dotted = f"{dotted}.{name}" if dotted else name
        rest = f"[[{dotted}]]" if get_origin(table.model_fields[name].annotation) is tuple else f"[{dotted}]"
        table = inner
        if number is not None:
            data = data[number] if isinstance(data, list) and number < len(data) else None
            called = _called(data)
            told.append(f"{rest} 第 {number + 1} 个" + (f"（{called}）" if called else ""))
            rest = ""
    return "，".join([*told, rest] if rest else told)


def _steps(path: Path) -> Iterator[tuple[str, int | None]]:
    """Yield (name, number in its array or None) for each name of a path."""
    for position, part in enumerate(path):
        if isinstance(part, str):
            following = path[position + 1] if position + 1 < len(path) else None
            yield part, following if isinstance(following, int) else None


def _called(table: object) -> str:
    """Given a table of an array, return the name by which people know it, or ""."""
    if not isinstance(table, Mapping):
        return ""
    return next((str(table[key]) for key in ("id", "key", "date") if key in table), "")


def _keys_at(path: Path) -> tuple[str, ...]:
    table = _table_at(path)
    return tuple(table.model_fields) if table else ()


def _table_at(path: Path) -> type[BaseModel] | None:
    table: type[BaseModel] | None = ConfigTable
    for name, _ in _steps(path):
        table = _table_below(table, name) if table else None
    return table


def _table_below(table: type[BaseModel], name: str) -> type[BaseModel] | None:
    """Given a table and a key of it, return the table that stands there (alone or in an array), or None."""
    field = table.model_fields.get(name)
    return None if field is None else _table_in(field.annotation)


def _table_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _table_in(part))), None)
