"""What an SMTP server's words mean: outcomes of one attempt, the class of a refusal, how long it stops the queue.

In: a code and the raw bytes of an answer. Out: values that `outbox` settles a letter with and `deliver` pauses by. Pure.
It does not talk to a server. Basis: NetEase's own table of refusals (facts/mail.md §1.2). Its letters ("MI:SFQ") keep
their meaning while the digits in front of them changed over the years, and a 5xx there can mean "tomorrow": so the
letters are asked first, then the words, the enhanced status (RFC 3463) and the digits (RFC 5321 §4.2) last.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_ANSWER_LIMIT = 500  # characters kept of a server's answer: the longest of NetEase's with its help link has about 200


class Phase(StrEnum):
    """How far an attempt got. From CONTENT on the server may have the letter, whatever happens to its answer."""

    CONNECT = "connect"  # TCP, implicit TLS and the greeting
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the command; refused or lost here, nothing was handed over
    CONTENT = "content"  # the letter, the final dot and the wait for its answer


# The letter had not been offered yet: what fails here is no fault of its own and would fail for every other one too.
BEFORE_THE_LETTER = frozenset({Phase.CONNECT, Phase.EHLO, Phase.TLS, Phase.AUTH})


class AnswerClass(StrEnum):
    """What is to be done about a refusal."""

    RECONNECT = "reconnect"  # enough mails for this connection: a new one, same letter
    RETRY_SOON = "retry_soon"  # minutes, same letter
    WAIT_QUARTER_HOUR = "wait_quarter_hour"  # the whole queue: the provider counts by 15 minutes
    WAIT_THEN_REWORD = "wait_then_reword"  # taken for spam, once more after a while, then the clerk
    STOP_UNTIL_TOMORROW = "stop_until_tomorrow"  # the whole queue: the day's quota is used up
    HOLD_FOR_CLERK = "hold_for_clerk"  # the same bytes must not be sent again before a person has looked
    BAD_RECIPIENT = "bad_recipient"  # this address does not work: telephone
    BAD_LETTER = "bad_letter"  # this letter will never be taken (too large, forbidden attachment)
    CONFIGURATION = "configuration"  # nothing will be taken until the office has mended something
    IP_BLOCKED = "ip_blocked"  # our network address or login is shut out: hours, and somebody must know


_OF_THE_ACCOUNT = frozenset({AnswerClass.CONFIGURATION, AnswerClass.IP_BLOCKED})  # said of us, so of every letter


@dataclass(frozen=True, slots=True)
class Sent:
    """The server answered 250 to the final dot. `queue_id` is its own name for the letter, or ""."""

    queue_id: str
    answer: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server said no: it certainly does not have the letter. `alone`: it is known to concern this letter only."""

    answer_class: AnswerClass
    code: int
    answer: str
    phase: Phase
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection failed without an answer. In phase CONTENT the server may or may not have the letter."""

    phase: Phase
    detail: str


Outcome = Sent | Refused | Lost


def decode_answer(answer: bytes) -> str:
    """Given the raw bytes of an answer, return it as one clean line of at most 500 characters.

    NetEase sends raw GBK ("550 用户无权登陆"); UTF-8 is asked first because its bytes often pass for GB18030, never the
    other way round.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            text = answer.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = answer.decode("ascii", "backslashreplace")
    visible = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return " ".join(visible.split())[:_ANSWER_LIMIT]


# NetEase's letters → what to do with a temporary (4xx) and with a permanent (5xx) answer. MI:STC means the day's quota
# under any digit; MI:SFQ was 554 "tomorrow" in the older tables and is 451 "15 minutes" in the newer ones.
_BY_LETTERS: dict[str, tuple[AnswerClass, AnswerClass]] = {
    "MI:DMC": (AnswerClass.RECONNECT, AnswerClass.RECONNECT),
    "RP:DRC": (AnswerClass.RECONNECT, AnswerClass.RECONNECT),
    "HL:REP": (AnswerClass.RETRY_SOON, AnswerClass.IP_BLOCKED),
    "HL:ICC": (AnswerClass.RETRY_SOON, AnswerClass.IP_BLOCKED),
    "HL:IFC": (AnswerClass.RETRY_SOON, AnswerClass.IP_BLOCKED),
    "HL:MEP": (AnswerClass.RETRY_SOON, AnswerClass.IP_BLOCKED),
    "MI:CEL": (AnswerClass.RETRY_SOON, AnswerClass.RETRY_SOON),
    "MI:CCL": (AnswerClass.RETRY_SOON, AnswerClass.RETRY_SOON),
    "RP:CEL": (AnswerClass.RETRY_SOON, AnswerClass.RETRY_SOON),
    "RP:CCL": (AnswerClass.RETRY_SOON, AnswerClass.RETRY_SOON),
    "RP:QRC": (AnswerClass.RETRY_SOON, AnswerClass.STOP_UNTIL_TOMORROW),
    "MI:SFQ": (AnswerClass.WAIT_QUARTER_HOUR, AnswerClass.STOP_UNTIL_TOMORROW),
    "MI:STC": (AnswerClass.STOP_UNTIL_TOMORROW, AnswerClass.STOP_UNTIL_TOMORROW),
    "RP:TRC": (AnswerClass.STOP_UNTIL_TOMORROW, AnswerClass.STOP_UNTIL_TOMORROW),
    "DT:SPM": (AnswerClass.WAIT_THEN_REWORD, AnswerClass.HOLD_FOR_CLERK),
    "RP:RCL": (AnswerClass.BAD_LETTER, AnswerClass.BAD_LETTER),
    "DT:SUM": (AnswerClass.CONFIGURATION, AnswerClass.CONFIGURATION),
    "MI:NHD": (AnswerClass.CONFIGURATION, AnswerClass.CONFIGURATION),
    "MI:IMF": (AnswerClass.CONFIGURATION, AnswerClass.CONFIGURATION),
    "RP:FRL": (AnswerClass.CONFIGURATION, AnswerClass.CONFIGURATION),
    "HL:IHU": (AnswerClass.IP_BLOCKED, AnswerClass.IP_BLOCKED),
    "HL:IPB": (AnswerClass.IP_BLOCKED, AnswerClass.IP_BLOCKED),
    "MI:SPB": (AnswerClass.IP_BLOCKED, AnswerClass.IP_BLOCKED),
    "DT:RBL": (AnswerClass.IP_BLOCKED, AnswerClass.IP_BLOCKED),
    "WM:BLI": (AnswerClass.IP_BLOCKED, AnswerClass.IP_BLOCKED),
    "WM:BLU": (AnswerClass.IP_BLOCKED, AnswerClass.IP_BLOCKED),
}
_LETTERS = re.compile(r"\b(?:HL|MI|RP|DT|WM):[A-Z]{3}\b")

_FULL = r"over ?quota|mailbox (?:is )?full|mailbox size|storage allocation"
# Words, for NetEase's answers without letters and for QQ, Tencent and Aliyun; the first that fits counts. Again
# (temporary, permanent): "451 user unknown, try later" is believed and tried again.
_BY_WORDS: tuple[tuple[re.Pattern[str], AnswerClass, AnswerClass], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), temporary, permanent)
    for pattern, temporary, permanent in (
        (
            r"ip is rejected|auth(?:entication)? error limit exceed|\bip\b.*\b(?:black|block|reject|den)",
            AnswerClass.IP_BLOCKED,
            AnswerClass.IP_BLOCKED,
        ),
        (
            (
                r"fail(?:ed)? authentication|authentication (?:is required|required|fail)|auth first|login fail"
                r"|has no permission|无权|must equal authorized|same as authorization|authorization code|授权码"
            ),
            AnswerClass.CONFIGURATION,
            AnswerClass.CONFIGURATION,
        ),
        (
            r"frequen|too (?:many|fast|often)|频繁",
            AnswerClass.WAIT_QUARTER_HOUR,
            AnswerClass.WAIT_QUARTER_HOUR,
        ),
        (
            _FULL,
            AnswerClass.RETRY_SOON,
            AnswerClass.HOLD_FOR_CLERK,
        ),
        (
            r"illegal attachment|size exceed|exceeds? .*size|too (?:large|big)|too much mail data",
            AnswerClass.RETRY_SOON,
            AnswerClass.BAD_LETTER,
        ),
        (
            (
                r"(?:user|mailbox|recipient|account|address) (?:is |was )?(?:not found|unknown|suspended|disabled"
                r"|unavailable|in blacklist|does ?n[o']t exist|does not exist|not exist|inactive)"
                r"|(?:invalid|unknown|no such) (?:user|recipient|mailbox)|mailbox name not allowed"
                r"|(?:用户|账号|帐号|邮箱|收件人)(?:名)?不存在"
            ),
            AnswerClass.RETRY_SOON,
            AnswerClass.BAD_RECIPIENT,
        ),
        (
            r"spam|content (?:denied|reject)|suspected|垃圾",
            AnswerClass.WAIT_THEN_REWORD,
            AnswerClass.HOLD_FOR_CLERK,
        ),
    )
)
_LINK = re.compile(r"https?://\S+")  # NetEase's help link holds "spam" and "ip=" whatever the matter is
# RFC 3463 §3.2, §3.3: bad mailbox, bad system, moved, mailbox disabled. 5.2.2 (full) is not among them: it passes.
_BAD_ADDRESS_STATUS = re.compile(r"\b5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")
_LOGIN_CODES = frozenset({454, 525, 526, 530, 534, 535, 538})  # RFC 4954 §6, RFC 7504; 526 is Aliyun's


def classify(code: int, answer: bytes, phase: Phase = Phase.CONTENT) -> AnswerClass:
    """Given the code and the raw text of a refusal, return what to do about it.

    `phase` decides only what neither letters nor words tell: an unknown 5xx before MAIL is ours to mend, later a person
    has to look at it. An address is called bad only when the answer says so: the units behind it are telephoned.
    """
    text = decode_answer(answer)
    temporary = code < 500
    for letters in _LETTERS.findall(text):
        if letters in _BY_LETTERS:
            return _BY_LETTERS[letters][0 if temporary else 1]
    if code in _LOGIN_CODES:
        return AnswerClass.IP_BLOCKED if "error limit exceed" in text.lower() else AnswerClass.CONFIGURATION
    words = _LINK.sub("", text)
    for pattern, for_now, for_good in _BY_WORDS:
        if pattern.search(words):
            return for_now if temporary else for_good
    if temporary:
        return AnswerClass.RETRY_SOON
    if _BAD_ADDRESS_STATUS.search(text):
        return AnswerClass.BAD_RECIPIENT
    if code == 552:
        return AnswerClass.BAD_LETTER
    if phase in BEFORE_THE_LETTER or phase is Phase.MAIL:
        return AnswerClass.CONFIGURATION
    return AnswerClass.HOLD_FOR_CLERK


@dataclass(frozen=True, slots=True)
class PauseUntil:
    """The whole queue rests until `when`. `reason` is a Chinese sentence for the office.

    `alarming`: it will not pass by itself, or costs the rest of the day: somebody has to know at once.
    """

    when: datetime
    reason: str
    alarming: bool = False


_QUARTER_HOUR = timedelta(minutes=15)
_FIRST_PAUSE = timedelta(minutes=5)  # a refused login is never repeated quickly: NetEase bans the address (facts §1.1)
_LONGEST_PAUSE = timedelta(hours=4)
_FIRST_RECONNECT = timedelta(minutes=1)
_LONGEST_RECONNECT = timedelta(minutes=15)  # an office's line is back without anybody telling us


def pause_after(outcome: Outcome, *, failures: int, now: datetime) -> PauseUntil | None:
    """Given an outcome, return how long it stops the whole queue, or None if it concerns its letter alone.

    `failures` counts the pauses since the last letter that was sent: they grow.
    """
    match outcome:
        case Sent():
            return None
        case Lost():
            # Also after a loss in mid-letter: a server that falls silent there would make every letter uncertain.
            return PauseUntil(now + _doubled(_FIRST_RECONNECT, failures, _LONGEST_RECONNECT), explain(outcome))
        case Refused(alone=True):
            return None
        case Refused(answer_class=AnswerClass.WAIT_QUARTER_HOUR):
            return PauseUntil(now + _QUARTER_HOUR, explain(outcome))
        case Refused(answer_class=AnswerClass.STOP_UNTIL_TOMORROW):
            return PauseUntil(tomorrow(now), explain(outcome), alarming=True)
        case Refused(answer_class=AnswerClass.IP_BLOCKED):
            return PauseUntil(now + _LONGEST_PAUSE, explain(outcome), alarming=True)
        case Refused(answer_class=AnswerClass.CONFIGURATION):
            return PauseUntil(now + _doubled(_FIRST_PAUSE, failures, _LONGEST_PAUSE), explain(outcome), alarming=True)
        case Refused(phase=phase) if phase in BEFORE_THE_LETTER:
            return PauseUntil(now + _doubled(_FIRST_PAUSE, failures, _LONGEST_PAUSE), explain(outcome))
        case Refused(code=421):  # perhaps only of this letter: whatever comes next must not wait for hours
            return PauseUntil(now + _doubled(_FIRST_PAUSE, failures, _LONGEST_RECONNECT), explain(outcome))
        case Refused():
            return None


def may_be_its_own(outcome: Outcome) -> bool:
    """Return whether a refusal that stops the queue came when the server knew to whom the letter goes, or what it says.

    Before, it can't have been for the letter's sake.
    """
    if not isinstance(outcome, Refused) or outcome.phase in BEFORE_THE_LETTER or outcome.phase is Phase.MAIL:
        return False
    return outcome.code == 421 or outcome.answer_class in _OF_THE_ACCOUNT


def as_its_own(refused: Refused) -> Refused:
    """Given a refusal that others disprove, return it as its letter's own: what would last for all waits for a person."""
    lasts = refused.answer_class in _OF_THE_ACCOUNT
    return replace(refused, answer_class=AnswerClass.HOLD_FOR_CLERK if lasts else refused.answer_class, alone=True)


def tomorrow(now: datetime) -> datetime:
    """Return the first moment after `now` when a provider's daily count has surely begun anew: 0:05 in China."""
    day = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    return datetime.combine(day, time(0, 5), SHANGHAI)


def _doubled(first: timedelta, failures: int, longest: timedelta) -> timedelta:
    return min(first * (1 << min(failures, 10)), longest)


# For people: what happened, what it means, what to do.
_SENTENCES: dict[AnswerClass, str] = {
    AnswerClass.RECONNECT: "发信服务器要求分批发送，稍后自动重试",
    AnswerClass.RETRY_SOON: "发信服务器暂时繁忙，稍后自动重试",
    AnswerClass.WAIT_QUARTER_HOUR: "发信过快，已被服务商限制，十五分钟后自动继续，无需处理",
    AnswerClass.WAIT_THEN_REWORD: "信件疑被服务商判为垃圾邮件，稍后再试一次，仍不成功的将留待人工处理",
    AnswerClass.STOP_UNTIL_TOMORROW: "今日发信数量已达服务商上限，次日零时后自动继续；请勿手工重复发送",
    AnswerClass.HOLD_FOR_CLERK: "信件被拒收，原样重发无益，已留待人工处理：请核对内容后放行、取消或电话联系",
    AnswerClass.BAD_RECIPIENT: "收件地址不存在或已停用，信件未能送达，请电话联系该单位",
    AnswerClass.BAD_LETTER: "信件因大小或附件类型被拒收，不再重发，请电话联系该单位",
    AnswerClass.CONFIGURATION: "发信被服务商拒绝，所有信件暂停发送。请登录网页邮箱，检查授权码是否有效、SMTP 服务是否开启，"
    "并核对 config.toml 中的邮箱地址与登录名是否一致",
    AnswerClass.IP_BLOCKED: "本机网络地址或账号被服务商暂时禁止发信，数小时后自动再试。若持续出现，请联系服务商客服",
}
_LOST_SENTENCES: dict[Phase, str] = {
    Phase.CONNECT: "连接不上发信服务器，稍后自动重试。请检查网络；若持续出现，请核对服务器地址和端口",
    Phase.TLS: "与发信服务器的加密连接没有建立（证书无效或被拦截），没有发送密码和信件。请检查网络环境和电脑时间",
    Phase.CONTENT: "信件发出后没有等到服务器确认，可能已经发出。系统将到“已发送”文件夹核对，核对前不会重发",
}
_LOST_ELSEWHERE = "与发信服务器的连接中途断开，信件没有发出，稍后自动重试"


def explain(outcome: Outcome) -> str:
    """Given an outcome, return a Chinese sentence for the office ("" if the letter was sent)."""
    match outcome:
        case Sent():
            return ""
        case Lost(phase=phase):
            return _LOST_SENTENCES.get(phase, _LOST_ELSEWHERE)
        case Refused(answer_class=answer_class):
            return _SENTENCES[answer_class]


# For a letter: what a recipient's server said, without one word of its own, which may name persons and numbers.
_SAID_OF_A_RECIPIENT: dict[AnswerClass, str] = {
    AnswerClass.BAD_RECIPIENT: "收件地址不存在或已停用",
    AnswerClass.BAD_LETTER: "信件过大或附件类型不被接受",
    AnswerClass.WAIT_THEN_REWORD: "信件被当作垃圾邮件",
    AnswerClass.CONFIGURATION: "对方服务器不接受本邮箱的信",
    AnswerClass.IP_BLOCKED: "对方服务器不接受本邮箱的信",
}
_IS_FULL = re.compile(_FULL + "|邮箱(?:已|空间)?满|空间不足", re.IGNORECASE)
_CODE = re.compile(r"(?<![A-Za-z0-9.@-])[45][0-9]{2}(?=[ -]|$)")
_STATUS = re.compile(r"(?<![A-Za-z0-9.])[45]\.[0-9]{1,2}\.[0-9]{1,2}(?![A-Za-z0-9.])")
_NO_REASON = "对方服务器拒收"


def bounce_words(answer: str) -> str:
    """Given why an address bounced, in its server's words, return the code and our own words for it: "550，收件地址不存在…".

    Nothing of `answer` itself but the code: it is copied into letters, and servers quote addresses, names and numbers.
    """
    code, status = _CODE.search(answer), _STATUS.search(answer)
    number = int(code[0]) if code else 100 * int(status[0][0]) if status else 500
    if _IS_FULL.search(answer) or (status and status[0].endswith(".2.2")):
        words = "收件邮箱已满"
    else:
        found = classify(number, answer.encode())
        words = "多次投递未成功" if number < 500 else _SAID_OF_A_RECIPIENT.get(found, _NO_REASON)
    told = code or status
    return f"{told[0]}，{words}" if told else words
