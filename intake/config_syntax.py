"""Reading config.toml as TOML, and telling in Chinese why it is none.

In: the bytes of the file. Out: its tables and its text, or OfficeError with the line and the likely cause. tomllib stops
at the first error, so there is one at a time. Must not: look into what the tables mean.

Standards: TOML 1.0, UTF-8 with or without a byte order mark (Windows' 记事本 writes one).
"""

import re
import tomllib
from collections.abc import Mapping

from intake.errors import OfficeError

# tomllib's messages (CPython 3.11–3.14, Lib/tomllib/_parser.py), by how they begin.
_CAUSES: Mapping[str, str] = {
    "Invalid statement": "这一行既不是“[节名]”，也不是“键 = 值”。",
    "Expected newline or end of document": "这一行的值后面还有多余的内容，多半是引号没有成对，或值没有用引号括起来。",
    "Expected '=' after a key": "这一行缺少等号“=”；如果是说明文字，行首要加 #。",
    "Expected ']": "方括号没有成对：节名要写成 [节名]，表和栏要写成 [[节名]]。",
    "Invalid initial character for a key": "键的第一个字符不对：键要用英文字母，说明文字的行首要加 #。",
    "Unclosed array": "方括号“[”没有对应的“]”，或者列表中间少了英文逗号。",
    "Unclosed inline table": "花括号“{”没有对应的“}”。",
    "Unterminated string": "引号没有成对。",
    "Illegal character": "引号没有在本行内成对，或者混入了看不见的控制字符。",
    "Found invalid character": "引号没有成对，或者混入了看不见的控制字符。",
    "Unescaped": '双引号里不能单独写反斜杠“\\"。路径请用 / 分隔，例如 "名册/roster.xlsx"。',
    "Invalid hex value": '双引号里不能写“\\u”“\\x”。路径请用 / 分隔，例如 "名册/roster.xlsx"。',
    "Escaped character is not": "“\\u”后面的编码不对。",
    "Invalid value": "等号后面的值不对：文字要用英文双引号括起来，是否写 true 或 false。",
    "Invalid date or datetime": "这一天或这个时刻不存在，请核对。",
    "Cannot declare": "同一节写了两次，请合并为一节（表和栏要用 [[…]] 双方括号）。",
    "Cannot overwrite a value": "同一项写了两次，请删去一个。",
    "Cannot redefine": "同一节写了两次，请合并为一节。",
    "Cannot mutate": "同一项写了两次，请删去一个。",
    "Duplicate inline table key": "同一项写了两次，请删去一个。",
}
_PLACE = re.compile(r"\(at line (\d+), column \d+\)$")

# Likely causes that the line itself shows, before the parser's view of it.
_LINE_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile("=\\s*[\u201c\u201d\u2018\u2019\uff02]|[\u201c\u201d\uff02]\\s*$"),
        '用了中文引号。请改成英文双引号 "。',
    ),
    (re.compile("^[^\"'#=]*\uff1d"), "用了全角等号“＝”。请改成英文等号 =。"),
    (re.compile("^\\s*[\u3010\uff3b]"), "用了中文方括号。请改成英文方括号 [ ]。"),
    (re.compile("[\"'\\]]\\s*[\uff0c\u3001]"), "列表里用了中文逗号或顿号。请改成英文逗号 ,。"),
    (re.compile(r"=\s*\d{1,2}[:\uff1a]\d{2}\s*(#.*)?$"), '时刻要加引号，例如 "17:30"。'),
    (re.compile(r"=\s*\d{4}[-./]\d{1,2}[-./]\d{1,2}"), "日期要写成 2025-05-30：用减号，月和日都写两位。"),
    (re.compile(r"=\s*0\d"), '以 0 开头的号码要加引号，例如 "0595"。'),
    (re.compile("=\\s*[^\\s\"'\\[{#0-9+\\-tfin]"), "文字要用英文双引号括起来。"),
    (re.compile(r"=\s*(#.*)?$"), "等号后面没有值。不需要这一项时请整行删除。"),
)


def parse_toml(data: bytes, file: str) -> tuple[dict[str, object], str]:
    """Given the bytes of the configuration, return its tables and its text. Raise OfficeError if it is not TOML."""
    text = _text(data, file)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise OfficeError(f"{file}{_explanation(str(error), text)}") from error
    except RecursionError as error:
        raise OfficeError(f"{file}：方括号或花括号嵌套过深，不是正常的配置文件。") from error


def _text(data: bytes, file: str) -> str:
    if not data.strip():
        raise OfficeError(
            f"{file} 是空的，可能是保存时中断了。请从备份恢复，或从 config.example.toml 重新复制一份填写。"
        )
    try:
        # \r\n is a line end in TOML; tomllib 3.11 wants \n only within strings of several lines.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise OfficeError(
            f"{file} 第 {line} 行有不是 UTF-8 编码的文字。请用记事本打开，“另存为”时把编码选为 UTF-8。"
        ) from error


def _explanation(message: str, text: str) -> str:
    cause = next((words for start, words in _CAUSES.items() if message.startswith(start)), "写法不对。")
    place = _PLACE.search(message)
    if place is None:
        return f"：写到文件末尾就断了（{cause.rstrip('。')}）。可能没有保存完整，请补全最后几行。"
    number = int(place[1])
    line = text.split("\n")[number - 1]
    sign = next((words for pattern, words in _LINE_SIGNS if pattern.search(line)), "")
    return f" 第 {number} 行：{sign or cause}请改正这一行后再试。"
