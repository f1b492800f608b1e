"""Chinese words for how a mail was read: kinds of evidence, readings of a table, what was not taken. Pure tables.

In: the codes of `parsers.traces`, `triage` and the readers. Out: half sentences for the clerk. What is not known is shown as
it stands.
"""

from collections.abc import Mapping
from enum import StrEnum

from intake.authentication import Grounds as ProofGrounds
from intake.model import Disposition
from intake.places import place_words
from intake.roster import How
from parsers.document import NoteCode
from parsers.traces import Grounds, Rejected, Why


class Sureness(StrEnum):
    """How sure a value is, by what is known about it: no estimate."""

    CERTAIN = "certain"  # written as text, read in one way, no problem with it or with its form
    TWO_LOOKS = "two_looks"  # read off a picture; two looks agree
    OTHER_COPY = "other_copy"  # from another copy, or an earlier mail
    INFERRED = "inferred"  # not written in the form: told by file name, subject, sender …
    OTHER_READING = "other_reading"  # can be read in another way: a person looks
    FORM_IN_DOUBT = "form_in_doubt"  # nothing is wrong with the value, but a person looks at the form
    TO_CHECK = "to_check"  # a person looks
    TO_MEND = "to_mend"  # the sender is to give it, or give it anew
    BY_HAND = "by_hand"  # a person of the office typed it
    EMPTY = "empty"  # nothing is given, and nothing has to be


SURENESS_WORDS: Mapping[Sureness, str] = {
    Sureness.CERTAIN: "确定",
    Sureness.TWO_LOOKS: "看图识字，两遍一致",
    Sureness.OTHER_COPY: "取自另一份",
    Sureness.INFERRED: "据旁证",
    Sureness.OTHER_READING: "有另一读法",
    Sureness.FORM_IN_DOUBT: "整表待核实",
    Sureness.TO_CHECK: "待核实",
    Sureness.TO_MEND: "须对方补正",
    Sureness.BY_HAND: "人工填写",
    Sureness.EMPTY: "未填",
}

DECISION_WORDS: Mapping[Disposition, str] = {
    Disposition.ACCEPTED: "各项齐全，没有疑点，所以受理",
    Disposition.CORRECTION: "没有须人工判断的地方，但有内容要对方补正",
    Disposition.REVIEW: "有须人工判断的地方，先不登记",
    Disposition.IGNORED: "没有报送内容，不作处理",
}

# `Triage.why` → what was seen; a name of a header field stands for itself.
TRIAGE_WORDS: Mapping[str, str] = {
    "own address in From": "发件人是本邮箱",
    "sent to itself with our marks": "自己发给自己，带本系统标记",
    "delivery status report": "含投递状态报告",
    "X-Failed-Recipients": "邮件头有投递失败的收件人",
    "mail daemon and the words of a bounce": "由邮件系统发出，文字是退信",
    "mail daemon": "由邮件系统发出",
    "the words of a bounce": "主题和正文都是退信的文字，没有附件",
    "disposition notification": "含已读回执",
    "subject of a read receipt": "主题是已读回执",
    "calendar part": "含会议邀请",
    "list header": "邮件头有群发标记",
    "sender address takes no replies": "发件地址是系统地址",
    "null return path": "退信地址为空",
    "no sign of a machine": "没有自动发出的迹象",
    "no single From address": "没有自动发出的迹象，但发件人地址不止一个或无效",
    "its last lines say that a system sent it": "没有自动发出的邮件头，但末尾写明由系统发出",
    "Auto-Submitted with a form or file": "邮件头标明自动发出，但带有表格或文件",
    "Auto-Submitted": "邮件头标明自动回复",
    "Precedence": "邮件头标明自动回复或群发",
    "subject of an automatic reply": "主题是自动回复",
    "bare document": "单独的文件，不是邮件",
}

AUTHENTICATION_WORDS: Mapping[ProofGrounds, str] = {
    ProofGrounds.MAILBOX: "已证实：服务商验证了这个邮箱（SPF）",
    ProofGrounds.DOMAIN: "已证实到域名：来自该单位的邮件服务器（SPF），是其中哪个邮箱未能证实",
    ProofGrounds.SIGNED: "已证实：带有该域名的有效签名（DKIM）",
    ProofGrounds.NO_RESULTS: "未证实：没有本邮箱服务商的验证结果",
    ProofGrounds.UNREADABLE: "未证实：验证结果或发件地址读不准",
    ProofGrounds.UNCHECKED: "未证实：服务商没有得出结论",
    ProofGrounds.OTHER_MAILBOX: "未证实：由同一服务商的另一个邮箱发出（可能是别名）",
    ProofGrounds.FOREIGN: "未证实：由别的域名的服务器发出，更正已受理的内容须人工核实",
    ProofGrounds.FAILED: "已否定：该域名不认可发出来件的服务器（SPF），不答复发件地址，须人工核实",
}

HOW_WORDS: Mapping[How, str] = {
    How.EXACT: "与名册全称相同",
    How.ALIAS: "是名册上的简称",
    How.FORMER: "是名册上的曾用名",
    How.NORMAL: "去掉地名、内设机构后与名册相同",
    How.SUBSEQUENCE: "是名册全称的缩写",
    How.TYPO: "与名册只差错别字",
    How.NONE: "名册上没有",
}

GROUNDS_WORDS: Mapping[Grounds, str] = {
    Grounds.PLAIN: "每个栏目右边就是内容，没有剩下的文字，不必比较别的读法",
    Grounds.SCORE: "比较了几种读法，取得分最高的",
    Grounds.LINES: "按“栏目：内容”逐行读",
}

WHOLE_DOCUMENT = "文章只登记单位和标题，内容由工作人员看"
PIECE_ALONE = "是补正的答复还是落款，补充哪一份表，要看它回复的是哪封信：这里不查登记，不能判明"
PIECE_BESIDE_A_FORM = "同一邮件里已有这张表：这几行不登记，一般是落款；与表不同而写明更正或写有“姓名”的，交人工核实"

_MODES: Mapping[str, str] = {
    "beside": "内容在栏目右边",
    "below": "内容在栏目下面",
    "header": "第一行是表头，一行一人",
    "columns": "第一列是表头，一列一人",
}
_MODE_REMARKS: Mapping[str, str] = {"labels": "职务名也当内容", "loose": "越过空格"}

NOTE_WORDS: Mapping[NoteCode, str] = {
    NoteCode.TRACKED_CHANGES: "有修订痕迹：按接受修订后的文字读，删去的不算",
    NoteCode.HIDDEN_TEXT: "有隐藏文字：没有读",
    NoteCode.HIDDEN_SHEET: "有隐藏的工作表：没有读",
    NoteCode.HIDDEN_ROWS: "有隐藏的行：没有读，转人工核实",
    NoteCode.FILTERED_ROWS: "有被筛选隐藏的行：已读，转人工核实",
    NoteCode.STRUCK_TEXT: "有划去的文字：不算",
    NoteCode.MACROS: "含宏：没有运行",
    NoteCode.EMBEDDED_FILE: "嵌有别的文件：没有读",
    NoteCode.CLIPPED: "文件过长：只读了前面",
    NoteCode.UNCERTAIN_ENCODING: "文字编码没有写明，按内容推断",
    NoteCode.UNKNOWN_SYMBOL: "有不认识的符号",
    NoteCode.FORMULA_WITHOUT_VALUE: "有没算出结果的公式",
    NoteCode.SECOND_BEST_READER: "缺更好的读取程序，用了次好的",
    NoteCode.OCR: "由图像识别读出",
    NoteCode.COVERED_TEXT: "有页面上看不见的文字：不算",
    NoteCode.COMMENT: "有批注：不算表内内容",
    NoteCode.PAGES_LEFT_OUT: "页数过多：后面的没有读",
}


def mode_words(mode: str) -> str:
    """Given the mode of a reading, such as ``"beside loose"``, return it in Chinese."""
    first, _, rest = mode.partition(" ")
    words = _MODES.get(first, first)
    return f"{words}（{_MODE_REMARKS.get(rest, rest)}）" if rest else words


def rejected_words(one: Rejected, best: float | None) -> str:
    """Given a text that was not taken, and the score of the reading that was, return a half sentence about it."""
    where = place_words(one.place)
    match one.why:
        case Why.READING:
            lead = (
                "" if one.score is None or best is None else f"，{one.score:.1f}分，比采用的低{best - one.score:.1f}分"
            )
            return f"若读作“{mode_words(one.by)}”（{where}{lead}），则是“{one.text}”"
        case Why.LABEL:
            return f"栏目“{one.by}”（{where}）另写“{one.text}”"
        case Why.NUMBER:
            return f"同一格还有号码“{one.text}”，没有采用"
        case Why.REMARK:
            return f"旁边的“{one.text}”不算在内"
        case Why.STRUCK:
            return f"划去的“{one.text}”不算"
        case Why.HINT:
            return f"“{one.text}”是表样的提示，不算"
        case Why.NOTHING:
            return f"“{one.text}”按未填处理"
