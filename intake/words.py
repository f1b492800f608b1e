"""Chinese words for the values of the house: states, kinds of files, days and instants. Pure tables.

In: values of `model`. Out: words without a closing mark, so that a letter, a table and the terminal can set them into
their own punctuation. What is wrong with a form or a file is worded in `fault_words`; `texts` hands both on together with
the letters. The pure stages take the words from here, because this module reaches no file.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from intake.model import CellState, DecisionKind, Disposition, LetterKind, NoteKind, OutboxState, SenderKind

SHANGHAI = ZoneInfo("Asia/Shanghai")

STATE_WORDS: Mapping[CellState, str] = {
    CellState.NOT_SUBMITTED: "未报",
    CellState.CORRECTION: "待补正",
    CellState.REVIEW: "待核实",
    CellState.ACCEPTED: "已受理",
    CellState.NO_INTENT: "无意向",
    CellState.EXEMPT: "免报",
}

DISPOSITION_WORDS: Mapping[Disposition, str] = {
    Disposition.ACCEPTED: "受理",
    Disposition.CORRECTION: "请补正",
    Disposition.REVIEW: "待人工核实",
    Disposition.IGNORED: "不是报送",
}

DECISION_KIND_WORDS: Mapping[DecisionKind, str] = {
    DecisionKind.ACCEPT: "通过",
    DecisionKind.VALUES: "改值",
    DecisionKind.ASSIGN: "归属单位",
    DecisionKind.DISMISS: "不是报送",
    DecisionKind.RETURN: "退回补正",
}

NOTE_KIND_WORDS: Mapping[NoteKind, str] = {
    NoteKind.CALL: "已电话催办",
    NoteKind.EXEMPT: "免报",
    NoteKind.PAPER: "补录纸质件",
}

OUTBOX_WORDS: Mapping[OutboxState, str] = {
    OutboxState.HELD: "待放行",
    OutboxState.QUEUED: "排队",
    OutboxState.SENDING: "发送中",
    OutboxState.SENT: "已发送",
    OutboxState.FAILED: "发送失败",
    OutboxState.UNCERTAIN: "去向不明",
    OutboxState.CANCELLED: "已取消",
    OutboxState.EXPIRED: "已过期未发",
}

KIND_NAMES: Mapping[LetterKind, str] = {
    LetterKind.ACKNOWLEDGEMENT: "收件回执",
    LetterKind.CORRECTION: "补正通知",
    LetterKind.UNREADABLE: "重发通知",
    LetterKind.UPDATE: "更新回执",
    LetterKind.RECEIVED: "待核实告知",
    LetterKind.QUESTION: "咨询告知",
    LetterKind.REMINDER: "报送提醒",
    LetterKind.DIGEST: "日报",
    LetterKind.ALARM: "系统告警",
    LetterKind.TEST: "测试信",
}

SENDER_WORDS: Mapping[SenderKind, str] = {
    SenderKind.PERSON: "人工来件",
    SenderKind.AUTO_REPLY: "自动回复",
    SenderKind.BOUNCE: "退信",
    SenderKind.READ_RECEIPT: "已读回执",
    SenderKind.LIST: "订阅邮件或群发邮件",
    SenderKind.CALENDAR: "会议邀请",
    SenderKind.OWN: "本邮箱自己发出的邮件",
    SenderKind.SYSTEM: "系统自动发出的邮件",
}

# Kinds as `parsers.sniff` names them. A kind that is missing here is shown as plain "文件".
KIND_WORDS: Mapping[str, str] = {
    "docx": "Word文档",
    "docm": "Word文档（含宏）",
    "dotx": "Word模板",
    "flat_opc": "Word文档（XML格式）",
    "word_xml": "Word文档（2003 XML格式）",
    "doc": "Word文档（97-2003格式）",
    "wps": "WPS文档",
    "works": "Works文档",
    "rtf": "RTF文档",
    "odt": "ODT文档",
    "xlsx": "Excel表格",
    "xlsm": "Excel表格（含宏）",
    "xlsb": "Excel表格（二进制格式）",
    "excel_xml": "Excel表格（2003 XML格式）",
    "xls": "Excel表格（97-2003格式）",
    "ods": "ODS表格",
    "csv": "CSV表格",
    "pptx": "PPT演示文稿",
    "ppt": "PPT演示文稿",
    "pdf": "PDF文件",
    "ofd": "OFD版式文件",
    "ceb": "CEB版式文件",
    "uof": "UOF文档（中文办公软件标准格式）",
    "iwork": "苹果Pages/Numbers文稿",
    "html": "网页",
    "mht": "网页",
    "xml": "XML文件",
    "text": "文本",
    "zip": "ZIP压缩包",
    "rar": "RAR压缩包",
    "seven_zip": "7z压缩包",
    "gzip": "GZ压缩包",
    "tar": "TAR压缩包",
    "msg": "Outlook邮件",
    "eml": "邮件",
    "tnef": "Outlook附件包（winmail.dat）",
    "calendar": "日程",
    "contact": "名片",
    "png": "图片",
    "jpeg": "图片",
    "gif": "图片",
    "bmp": "图片",
    "tiff": "图片",
    "webp": "图片",
    "heic": "HEIC图片（苹果手机照片）",
    "media": "音频或视频",
    "program": "程序文件",
    "encrypted_ooxml": "加密的Office文档",
    "encrypted_doc": "加密的Word文档",
    "encrypted_xls": "加密的Excel表格",
    "lock_file": "临时文件",
    "volume": "分卷压缩包，须不分卷重发",
}

_WEEKDAYS = "一二三四五六日"


def day_words(day: date) -> str:
    """Return a day as people read it: 5月30日（周五）."""
    return f"{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"


def moment_words(instant: datetime) -> str:
    """Return an aware instant as people read it, in Shanghai: 5月29日10:42."""
    local = instant.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def full_moment_words(instant: datetime) -> str:
    """Return an aware instant with its year, for who compares clocks, in Shanghai: 2025年5月29日（周四）10:42:07."""
    local = instant.astimezone(SHANGHAI)
    return f"{local.year}年{day_words(local.date())}{local:%H:%M:%S}"


def until_words(until: date | datetime) -> str:
    """Return the last day or instant in time: 5月30日（周五）, 5月30日（周五）12:00; the end of a day is 24:00."""
    if not isinstance(until, datetime):
        return day_words(until)
    local = until.astimezone(SHANGHAI)
    clock = "24:00" if (local.hour, local.minute) == (23, 59) else f"{local:%H:%M}"
    return day_words(local.date()) + clock


_ADDRESS = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]{0,63}@([A-Za-z0-9.-]{1,253})")
# Digits that are surely no telephone number: our reference (letters.next_reference) as it stands in our letters, and a
# whole date. A clerk looks for a mail by the one and the other.
_NO_NUMBER = (
    r"(?:(?<=\u3014)|(?<=编号)|(?<=编号[:\uff1a]))20\d\d-\d{4,6}(?![\d-])"
    r"|(?<![\d-])20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\d-])"
)
_NUMBER = re.compile(rf"(?P<no_number>{_NO_NUMBER})|\d(?:[ -]?\d){{5,24}}")


def again_words(numbers: Iterable[int]) -> str:
    """Given the mails that are judged anew because what they may lean on is gone, say so to the clerk."""
    named = "、".join(str(one) for one in numbers)
    return f"同一发件人的第 {named} 号来件可能是凭这一件登记的，现在重新识别；需要核实的，一两分钟后列入“待核实”。"


def masked(text: str) -> str:
    """Given a text, return it with telephone numbers as 139****5678 and mail addresses as a***@126.com."""
    return _NUMBER.sub(_mask_number, _ADDRESS.sub(r"\1***@\2", text))


def _mask_number(found: re.Match[str]) -> str:
    if found["no_number"] is not None:
        return found.group()
    digits = [character for character in found.group() if character.isdigit()]
    tail = 4 if len(digits) > 7 else 2
    return "".join(digits[:3]) + "****" + "".join(digits[-tail:])
