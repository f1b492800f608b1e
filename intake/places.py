"""Where a value stood and how it was read, in the words of a person: 表1第2行第2列, 右边一格. Pure.

In: `FieldReading.place` and `FieldReading.rule` as the readers and `parsers` write them (English, they are stored). Out:
Chinese for the desk. What is not known is shown as it stands. Must not: lose the name of a file or a sheet.
"""

import re
from collections.abc import Mapping

_RULES: Mapping[str, str] = {
    "right": "栏目右边一格",
    "below": "栏目下面一格",
    "in_cell": "与栏目同一格",
    "header": "表头下面",
    "columns": "表头右边",
    "line": "“栏目：内容”一行",
    "line_below": "栏目下一行",
    "double": "一格两项，拆开",
    "ditto": "“同上”，取上一行",
    "merged": "取自另一份",
    "alone": "回信只写了所问的一项",
    "loose": "没有栏目，待核实",
    "title": "标题行",
    "blank": "按表样的位置",
    "file_name": "文件名",
    "subject": "邮件主题",
    "signature": "落款",
    "letter": "所回复的信件",
    "sender": "发件邮箱",
    "form_field": "表单域",
    "by_hand": "人工改值",
    "paper": "纸质件",
}

_PARTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^body$"), "邮件正文"),
    (re.compile(r"^lines$"), "正文几行"),
    (re.compile(r"^file name$"), "文件名"),
    (re.compile(r"^title$"), "标题"),
    (re.compile(r"^subject$"), "邮件主题"),
    (re.compile(r"^signature$"), "落款或发件人名称"),
    (re.compile(r"^letter$"), "所回复的信件"),
    (re.compile(r"^sender$"), "发件邮箱"),
    (re.compile(r"^(?:whole )?document$"), "全文"),
    (re.compile(r"^page (\d+), "), r"第\1页"),
    (re.compile(r"table (\d+)(?:, (?=R\d))?"), r"表\1"),
    (re.compile(r"R(\d+)C(\d+)"), r"第\1行第\2列"),
    (re.compile(r"^row (\d+), C(\d+)"), r"第\1行第\2列"),
    (re.compile(r", box [\d,-]+$"), ""),  # pixels of a scan: a person is shown the box itself
    (re.compile(r"line (\d+)"), r"第\1行"),
    (re.compile(r"^para (\d+)"), r"第\1段"),
    (re.compile(r"!([A-Z]{1,3}\d+)$"), r"工作表 \1"),
)
_WITHIN = (
    (re.compile(r"^header(?: (\d+))?, "), "页眉"),
    (re.compile(r"^(?:loose )?text box (\d+), "), "文本框"),
)
_PEOPLE: Mapping[str, str] = {"by hand": "经办人填写", "paper": "纸质件"}  # who and when stand behind the colon
_MESSAGE = re.compile(r"message (\d+)")


def place_words(place: str) -> str:
    """Given a place such as ``"table 1, R2C2"`` or ``"反馈表.pdf: page 1, table 1, R2C2"``, return 表1第2行第2列."""
    head, sep, rest = place.partition(": ")
    if head in _PEOPLE:
        return f"{_PEOPLE[head]}（{rest}）"
    if sep:
        message = _MESSAGE.fullmatch(head)
        whence = f"第{message[1]}号来件" if message else "邮件正文" if head == "body" else f"“{head}”"
        return f"{whence}，{place_words(rest)}"
    for pattern, words in _WITHIN:
        within = pattern.match(place)
        if within:
            return f"{words}{within[1] or ''}{place_words(place[within.end() :])}"
    for pattern, words in _PARTS:
        place = pattern.sub(words, place)
    return place


def rule_words(rule: str) -> str:
    """Given the rule by which label and value were joined, return it in Chinese."""
    return _RULES.get(rule, rule)
