"""Chinese words for what is wrong with a form, a field, a file: for the sender and for the clerk. Pure tables.

In: problems of `parsers.forms`, failures of `parsers.document`. Out: half sentences without a closing mark, so that a
letter, a table and the terminal can set them into their own punctuation. The other words of the house are in `words`.

One fault has two wordings: what the sender is told names what to do, what the clerk is told names what happened. A
file that only lacks a program on our side is never put as the unit's fault (facts/documents.md §6 no. 7).
"""

import re
from collections.abc import Iterable, Mapping

from intake.words import KIND_WORDS
from parsers.document import FailureCode, Note, NoteCode
from parsers.engines import Engine
from parsers.forms import (
    EXAMPLE_ONLY,
    RELABELLED,
    RUN_ON,
    UNLABELLED,
    UNREGISTERED,
    Doubt,
    FieldType,
    Problem,
    ProblemCode,
)
from parsers.looks import DETAIL as LOOKS_DIFFER
from parsers.looks import UNPROVED_ADDRESS
from parsers.remarks import may_change_a_value

_SOME_FILE = "不明格式的文件"

_FAILURES_TO_SENDER: Mapping[FailureCode, str] = {
    FailureCode.ENCRYPTED: "设有打开密码",
    FailureCode.DAMAGED: "文件已损坏或未传完整",
    FailureCode.EMPTY: "文件没有内容（0字节）",
    FailureCode.UNSUPPORTED: "此类文件（{kind}）系统不能读取",
    FailureCode.NEEDS_ENGINE: "{kind}已收到，由工作人员人工读取，无须重发",
    FailureCode.UNRECOGNIZED: "{kind}已收到，由工作人员人工读取，无须重发",
    FailureCode.TOO_LARGE: "文件或压缩包超出读取限制，由工作人员人工读取，无须重发",
    FailureCode.LOCK_FILE: "是打开文档时产生的临时文件（文件名以~$开头），不是文档本身",
    FailureCode.REFUSED: "文件构造异常，由工作人员人工读取",
    FailureCode.TIMEOUT: "文件已收到，由工作人员人工读取，无须重发",
    FailureCode.CRASHED: "文件已收到，由工作人员人工读取，无须重发",
}
_FAILURES_TO_CLERK: Mapping[FailureCode, str] = {
    FailureCode.ENCRYPTED: "设有打开密码，需对方重发",
    FailureCode.DAMAGED: "文件已损坏或不完整，需对方重发",
    FailureCode.EMPTY: "文件是空的，需对方重发",
    FailureCode.UNSUPPORTED: "为{kind}，系统不能读取",
    FailureCode.NEEDS_ENGINE: "为{kind}，{engine}，请人工查看（不是对方的问题）",
    FailureCode.UNRECOGNIZED: "为{kind}，图像中没有认出表格，请人工查看",
    FailureCode.TOO_LARGE: "超出读取限制（大小、格数或层数），请人工查看",
    FailureCode.LOCK_FILE: "是打开文档时产生的临时文件，不是文档本身",
    FailureCode.REFUSED: "文件构造异常，出于安全没有打开，请在隔离的电脑上查看",
    FailureCode.TIMEOUT: "读取超时，已中止，请人工查看",
    FailureCode.CRASHED: "读取时程序出错，请人工查看，并把日志交给维护人员",
}


# Which program reads what, and how the office gets it; once it is there the files that waited are read again.
ENGINE_WORDS: Mapping[str, str] = {
    Engine.OFFICE: "LibreOffice（读旧版Word、WPS、RTF、ODF）",
    Engine.ARCHIVE: "解压程序（读RAR、7z）",
    Engine.PDF: "PDF组件（读PDF）",
    Engine.OCR: "图像识别组件（读扫描件、照片）",
}
ENGINE_HELP: Mapping[str, str] = {
    Engine.OFFICE: "安装LibreOffice（Debian：apt install libreoffice-writer-nogui libreoffice-calc-nogui；Windows：官网安装包）",
    Engine.ARCHIVE: "安装libarchive-tools和unar（Debian：apt install libarchive-tools unar）",
    Engine.PDF: "重新安装本程序的依赖（pip install -r requirements.txt）",
    Engine.OCR: "安装图像识别组件（pip install -r requirements-ocr.txt）",
}
_NO_READER = "系统没有读取此类文件的程序"


def failure_text(code: FailureCode, kind: str = "", *, engine: str = "", clerk: bool = False) -> str:
    """Given why a file could not be read and its sniffed kind, return the words for the sender, or for the clerk.

    `engine` is the program that is missing, if that is the reason: the clerk is told how to get it.
    """
    table = _FAILURES_TO_CLERK if clerk else _FAILURES_TO_SENDER
    hint = f"本机未装读取程序：{ENGINE_HELP[engine]}，装好后自动重新读取" if engine in ENGINE_HELP else _NO_READER
    return table[code].format(kind=KIND_WORDS.get(kind, _SOME_FILE), engine=hint)


_NUMBER_TYPES = (FieldType.MOBILE, FieldType.PHONE)
_NUMBER_LABEL = re.compile("手机|电话|传真|联系方式|号码|座机")
_MAIL_LABEL = re.compile("邮箱|邮件|e-?mail", re.IGNORECASE)
_MOBILE_BEGINNING = re.compile(r"(?:\+?86[ -]?)?1[3-9]")
_GIVEN_LIMIT = 40  # characters of the faulty text that are repeated


def problem_text(problem: Problem, label: str, field_type: FieldType | None = None) -> str:
    """Given a problem and the label people know its field by, return a Chinese half sentence without a closing mark.

    `field_type` makes the wording of an impossible value exact; without it the label is looked at.
    """
    name = f"“{label}”" if label else ""
    given = problem.given.strip().replace("\n", " ")
    given = given if len(given) <= _GIVEN_LIMIT else given[:_GIVEN_LIMIT] + "…"
    match problem.code:
        case ProblemCode.MISSING if given:
            return f"{name}填写为“{given}”，此项必须填写"
        case ProblemCode.MISSING:
            return f"{name or '必填内容'}未填写"
        case ProblemCode.INVALID if given:
            wrong = _DETAILS.get(problem.detail) or _what_is_wrong(given, label, field_type)
            return f"{name}填写为“{given}”，{wrong}"
        case ProblemCode.INVALID:
            return f"{name}填写有误，请核对"
        case ProblemCode.AMBIGUOUS if not label and problem.detail in _REMARKED:
            return _REMARKED[Doubt(problem.detail)]
        case ProblemCode.AMBIGUOUS if label and problem.detail == UNLABELLED:
            return f"“{given}”没有写在栏目里，可能是{name}，需要核实"
        case ProblemCode.AMBIGUOUS if label and problem.detail == RUN_ON:
            return f"{name}填写为“{given}”，其中像是还有别的栏目的内容，需要核实"
        case ProblemCode.AMBIGUOUS if label and problem.detail == UNREGISTERED:
            return f"{name}填写为“{given}”，其中有号码或邮箱在表中别处没有登记，需要核实"
        case ProblemCode.AMBIGUOUS if label and problem.detail.startswith(RELABELLED):
            return _relabelled(name, given, problem.detail.partition(": ")[2])
        case ProblemCode.AMBIGUOUS if label:
            return f"{name}填写为“{given}”，不能确定所指，需要核实" if given else f"{name}不能确定，需要核实"
        case ProblemCode.UNREADABLE if label and problem.detail == UNPROVED_ADDRESS:
            return f"{name}由图像识别为“{given}”，字母和数字容易混淆，请对照原件核实"
        case ProblemCode.UNREADABLE if label and problem.detail.startswith(LOOKS_DIFFER) and not given:
            return f"{name}在图像上未见内容或无法辨认，请对照原件核实"
        case ProblemCode.UNREADABLE if label and problem.detail.startswith(LOOKS_DIFFER):
            return f"{name}由图像识别为“{given}”，两遍识别不一致，请对照原件核实"
        case ProblemCode.UNREADABLE if label:
            return f"{name}有字符无法辨认，请重新填写"
        case ProblemCode.UNKNOWN_UNIT if given:
            return f"单位名称“{given}”未能与参加单位名册对应"
        case ProblemCode.CONFLICT if label:
            return f"{name}在两份材料中不一致"
        case _:
            return _GENERAL[problem.code]


def _relabelled(name: str, given: str, written: str) -> str:
    """“性别”一栏的名称被写成“手机”: what stands there was read by its place on the office's form."""
    changed = f"被写成“{written[:_GIVEN_LIMIT]}”" if written else "是空的"
    filled = f"填写为“{given}”，" if given else ""
    return f"{name}{filled}但来件中该栏的名称{changed}，需要核实"


_GENERAL: Mapping[ProblemCode, str] = {
    ProblemCode.MISSING: "必填内容未填写",
    ProblemCode.INVALID: "填写有误，请核对",
    ProblemCode.AMBIGUOUS: "内容有多种读法，需要核实",
    ProblemCode.UNREADABLE: "内容无法辨认",
    ProblemCode.UNKNOWN_UNIT: "未能判明报送单位",
    ProblemCode.NO_ATTACHMENT: "来件提到附件或表名，但未见附件",
    ProblemCode.EMPTY: "为空白表，未见填报内容",
    ProblemCode.ENCRYPTED: "设有打开密码",
    ProblemCode.DAMAGED: "文件已损坏或不完整",
    ProblemCode.UNSUPPORTED: "此类文件系统不能读取",
    ProblemCode.NEEDS_ENGINE: "文件已收到，需由工作人员人工读取",
    ProblemCode.TOO_LARGE: "文件或压缩包超出读取限制",
    ProblemCode.CLOUD_LINK: "属于网盘或“超大附件”链接，不是邮件附件",
    ProblemCode.CONFLICT: "两份材料内容不一致，需要核实",
    ProblemCode.QUESTION: "来信需要人工答复",
    ProblemCode.NOT_APPLICABLE: "单位答复“无”，请确认是否同意免报",
    ProblemCode.UNTRUSTED_SENDER: "发件邮箱与原报送邮箱不同，更新待核实后生效",
    ProblemCode.RETURNED: "经工作人员核对，需要补正",
}


# `Problem.detail` of `parsers.fields` → words; a detail that is missing here is worded by the type of its field.
_DETAILS: Mapping[str, str] = {
    "the office's own address": "是收件邮箱，请填写本单位的邮箱",
    "a landline number": "是固定电话，请填写手机号码",
    "too many digits": "号码位数不对",
    "no number": "不是号码",
    "short number": "是内部短号，请填写完整号码",
    "domain looks misspelt": "邮箱后缀可能有误",
    "refers to another cell": "请写明具体内容",
    "not a unit": "不是单位名称",
}


def _what_is_wrong(given: str, label: str, field_type: FieldType | None) -> str:
    if field_type is FieldType.EMAIL or (field_type is None and _MAIL_LABEL.search(label)):
        return "格式不完整"
    if field_type in _NUMBER_TYPES or (field_type is None and _NUMBER_LABEL.search(label)):
        digits = sum(character.isdigit() for character in given)
        mobile = field_type is FieldType.MOBILE or "手机" in label or _MOBILE_BEGINNING.match(given)
        if digits == 0:
            return "不是号码"
        return "号码位数不对" if mobile and digits != 11 else "号码格式不对"
    if field_type is FieldType.PERSON:
        return "不像姓名，请核对"
    return "请核对"


def file_text(problem: Problem, *, clerk: bool = False) -> str:
    """Given the problem of a file or of the mail, return its words for the sender, or for the clerk.

    Where a file failed `Problem.detail` is the reader's own code, the kind of file and the missing engine, such as
    ``"needs_engine:doc:office"`` (`failure_detail`): it is more exact than the problem's code.
    """
    failure, kind, engine = (*problem.detail.split(":"), "", "")[:3]
    if failure in set(FailureCode):
        return failure_text(FailureCode(failure), kind, engine=engine, clerk=clerk)
    if clerk and problem.code is ProblemCode.AMBIGUOUS and problem.detail in _DOUBTS:
        named = f"“{_quoted(problem.given)}”" if problem.given else ""
        if problem.detail in (Doubt.HIDDEN_ROWS, Doubt.FILTERED_ROWS):
            named = _rows(problem.given)
        return _DOUBTS[Doubt(problem.detail)].format(named)
    if clerk and problem.code is ProblemCode.NOT_APPLICABLE and problem.given:
        return f"单位答复“{_quoted(problem.given)}”，请确认是否同意免报"
    if problem.code is ProblemCode.RETURNED and problem.given:
        return f"经工作人员核对：{problem.given}"
    if problem.detail == EXAMPLE_ONLY:
        return "中只有填写示例一处有内容，正式表格为空白，请填写在正式表格中"
    if problem.detail in _REMARKED and not clerk:
        return _REMARKED[Doubt(problem.detail)]
    return _GENERAL[problem.code] if clerk else _TO_SENDER.get(problem.code, _GENERAL[problem.code])


def foreign_kind(problem: Problem) -> str:
    """Given the problem of a file, return what people call its kind if no program here will ever read it, else ""."""
    failure, kind, engine = (*problem.detail.split(":"), "", "")[:3]
    return KIND_WORDS.get(kind, "") if failure == FailureCode.NEEDS_ENGINE and not engine else ""


def failure_detail(code: FailureCode, kind: str, engine: str = "") -> str:
    """Return what `Problem.detail` holds of a file that failed."""
    return f"{code}:{kind}:{engine}".rstrip(":")


# What makes a whole form doubtful, for the clerk: what was seen, and what to do.
_DOUBTS: Mapping[Doubt, str] = {
    Doubt.EXAMPLE: "表格上方写有“示例”字样，请核实是否为单位的填报内容",
    Doubt.OTHER_TITLE: "表格标题{}不是本次表样，请核实是否为本次报送",
    Doubt.OTHER_BLANK: "用的不是本次通知的表样{}，缺少本次要填的栏目，请对照原件核实",
    Doubt.NO_LABELS: "标题是本次表样，但表中栏目都对不上，请查看原件",
    Doubt.NOTHING_READ: "标题是本次表样，但没有读出填报内容，请查看原件",
    Doubt.UNEXPLAINED: "栏目内未见内容，另有文字不知属于哪一栏，请查看原件",
    Doubt.ROLES: "表中有几种身份的人员{}，请核实登记的是哪一位",
    Doubt.UNRULED: "页面上没有格线，各栏内容可能串位，请对照原件核实",
    Doubt.CLIPPED: "文件过长，只读了前面一部分，请查看原件",
    Doubt.SEVERAL: "同一文件中有本单位的几份表，请核实以哪一份为准",
    Doubt.COMMENTED: "文件中有批注{}，可能改动表中内容，请打开原件核实后再采用",
    Doubt.CORRECTED: "表外文字{}可能改动表中内容，请打开原件核实后再采用",
    Doubt.SPOKEN_AGAINST: "来信的文字{}与所附表格不一致或要求作废，请核实以哪个为准",
    Doubt.WORDS_LEFT: "回信里另有文字{}，不能确定是不是要更改登记内容，请核实",
    Doubt.ANSWERED_TWICE: "填写为“否”，却又填有内容{}，前后不一致，请核实",
    Doubt.OVERTAKEN: "另一邮箱晚些时候以本单位名义发来的一份先读到，已经受理，请核实以哪一份为准",
    Doubt.UNCALCULATED: "表中有没算出结果的公式{}，该处内容没有读到，请打开原件核实",
    Doubt.STROKE: "文件上有删除线，未能判明划去的是哪项内容，需要对照原件核实",
    Doubt.HIDDEN_ROWS: "工作表中有隐藏的行{}，其中的内容没有读，请打开原件核实",
    Doubt.FILTERED_ROWS: "该行在原件中被筛选隐藏{}，内容已读入，请核实是否报送",
}
# What is said of a document's remarks without quoting them: a letter goes to who mailed the file, not to who remarked.
# Who wrote the letter is asked what he means, instead of hearing his own words again.
_REMARKED: Mapping[Doubt, str] = {
    Doubt.COMMENTED: "文件中有批注，可能改动表中内容，需要对照原件核实",
    Doubt.STROKE: "文件上有删除线，未能判明划去的是哪项内容，需要对照原件核实",
    Doubt.HIDDEN_ROWS: "工作表中有隐藏的行，其中的内容没有读入，需要核实",
    Doubt.FILTERED_ROWS: "该行在文件中被筛选隐藏，需要核实是否报送",
    Doubt.SPOKEN_AGAINST: "来信的文字与所附表格不一致或要求作废，请写明以哪个为准",
    Doubt.WORDS_LEFT: "来信除填报内容外另有文字，不能确定是不是要更改登记内容",
}
_COMMENTS_QUOTED, _COMMENT_LIMIT = 3, 120
_COUNT = re.compile(r"\+\d+\??")  # stands for the rest of very many comments


def comment_words(notes: Iterable[Note], *, told: bool) -> tuple[str, ...]:
    """Given what a reader noted of a document, return the remark about its comments; () if it has none.

    `told`: those that may change a value are quoted by the problem already.
    """
    found = [note.detail for note in notes if note.code is NoteCode.COMMENT]
    said = [text for text in found if not (told and may_change_a_value(text))]
    if not said:
        return ()
    quoted = "；".join(f"“{_quoted(text)}”" for text in said[:_COMMENTS_QUOTED] if not _COUNT.fullmatch(text))
    more = len(said) > _COMMENTS_QUOTED
    return (f"文件中有批注：{quoted}{'等，其余请看原件' if more else ''}",)


def _rows(given: str) -> str:
    """Given sheet and rows such as ``"名单!3-4,7"``, return them in brackets: （“名单”第3-4、7行）."""
    sheet, found, rows = given.rpartition("!")
    return f"（“{sheet}”第{_quoted(rows.replace(',', '、'))}行）" if found else ""


def _quoted(text: str) -> str:
    return text if len(text) <= _COMMENT_LIMIT else text[:_COMMENT_LIMIT] + "…"


_TO_SENDER: Mapping[ProblemCode, str] = {
    ProblemCode.NOT_APPLICABLE: "仍须报送，请按通知填报",  # only who was not excused is told
    ProblemCode.NO_ATTACHMENT: "来件中未见附件，正文也未读到完整的表格内容",
    ProblemCode.EMPTY: "为空白表，未见填报内容",
    ProblemCode.CLOUD_LINK: "属于网盘或“超大附件”链接，不是邮件附件，链接到期即失效",
}
