"""What a short Chinese mail says in words: a question, thanks, 见附件, 无意向. Pure; tables of cues, no grammar.

In: the text that the sender wrote (quoted originals cut off). Out: yes or no. A cue is believed only where a wrong
answer costs little: a question or a plain text goes to a person, never to the waste basket. Sources of the cues:
facts/users.md §2 ("formats and mistakes to expect") and general knowledge of office mail.
"""

import re
from collections.abc import Collection, Iterator

from parsers.names import find_name
from parsers.text import narrow

# Punctuation that the code matches stands as escapes: 。 ； ！ ？ ， 、 ： …
_SENTENCE_END = re.compile("[\u3002\uff1b\uff01!\n;]+|(?<=[?\uff1f])")
_QUESTION_MARKS = ("?", "\uff1f")
_PUNCTUATION = re.compile("[\\s\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\u2014\u2018-\u201d\u2026!-/:-@~]+")

# 咨询 alone is no cue: 咨询日 is the name of an event of this kind of notice.
_ASKING = re.compile(
    "请问|请教|想问|问一下|问下|想咨询|咨询一下|咨询下|想了解|想确认|不知道|不清楚|不明白"
    "|怎么填|如何填|怎样填|麻烦告知|盼复"
)
_ASKING_ENDS = ("吗", "呢", "么", "没", "否")
_ASKING_NO = re.compile("[是可能当妥与准对有需]否$")
_TROUBLE = re.compile(
    "打不开|下载不了|(?:无法|不能)(?:下载|打开)|打开不了|找不到|没有?收到通知|没有?收到附件|没看到附件|未收到附件|看不到附件|模板有误|表格有误"
)
# Questions that a receipt answers by itself; 能否、可否 in them are politeness.
_POLITE_QUESTION = re.compile(
    "收到了?[吗没么否]|是否收|收悉|查收|妥否|当否|可否$|是否可以$|有误|符合要求|这样填|能打开|齐全"
)

_ATTACHMENT = re.compile("附件|附上|随附|随信|附后|附表|见附|表已填|已填好|填好的表|查收|查阅|审阅|审核|过目|接收|请收")
# What is still to come was not forgotten: 附件2明天报, 已经在弄了.
_PROMISE = re.compile(
    "(?:明[天日早]|后[天日]|稍后|尽快|尽早|马上|近日|下周|[这本]周|过[几两]天)[^\u3002\n]{0,6}(?:报|交|发|补|寄)|在弄|正在(?:填|准备|办)"
)
_ALREADY_SENT = re.compile(
    "(?:已经?|昨[天日]|之前|前[天日]|上周|早已).{0,12}?(?:报送|上报|报过|发送|发过|发了|寄|交过|交了|报了)"
    "|已经?[于用通从由在].{0,40}?(?:报送|上报|发送|发出|发过|寄)"  # 已于11月29日用（另一邮箱）发送: as a reminder asks to be told
    "|^(?!.*附)[^请]{0,8}已报(?:$|请|谢)"
)

_NO_INTENT = re.compile(
    "(?:无|没有|暂无|没)(?:参加|报名|联合举办|举办|参与)?的?意[向愿]"
    "|不(?:参加|参与|报名|举办|联合举办)|零报[告送]|放弃报名|无(?:此|该|相关)项?(?:内容|情况|节目)"
)
_UNDECIDED = re.compile(
    "不是没|不是无|并非|并不是|待研究|研究后|考虑后|再报|再定|再反馈|未定|未确定|不能确定|另行|稍后"
)
# The reply that a reminder asks for (如无此项内容，请回复“无”), and what people write instead of the bare word.
_BARE_NONE = re.compile(
    "(?:(?:尊敬的)?(?:领导|老师|同志)?(?:您好|你好|好))?(?:经核实|经查|经核查)?"
    "(?:[我本](?:单位|街道|办事处|中心|公司|学校|社区|[局镇乡办委校村])|我[单位局镇乡办中心]{1,2})?"
    "(?:(?:无|没有|暂无|不涉及)(?:(?:[此该这]|相关|上述)[项类]?(?:内容|情况|工作|业务|事项|材料)?)?"
    "(?:(?:不|无需|无须|不需|不用)(?:再)?(?:报送|上报))?"
    "|(?:无需|无须|不需|不用)(?:报送|上报)|零报[告送])"
    "(?:特此(?:说明|报告|回复|告知))?(?:谢谢|感谢)?"
)
_GREETING = re.compile("(?:尊敬的)?(?:各位)?(?:领导|老师|同志)?(?:您好|你好|好)?")
_NONE_LENGTH = 60  # characters of such an answer with its signature; a bound, not a tuned value

_COURTESY = re.compile(
    "(?:经?(?:核对|确认)|(?:以上)?(?:信息|内容))?无误|已?收[到悉]|已收|知悉"
    "|好的|好|谢谢|感谢|多谢|辛苦了?|明白|了解|嗯|ok|okay|thanks|thank you"
    "|您好|你好|领导|同志|老师|祝(?:好|[您你])?|顺祝商祺|工作顺利|此致|敬礼",
    re.IGNORECASE,
)
# Tried by `python -m tests.understanding --thresholds phrases --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
# _COURTESY_REST: tried 12 and 48: no difference, compared in none of these mails.
_COURTESY_REST = 24  # characters that may be left over: a name, a unit, "发自我的iPhone"
_MEANINGFUL = re.compile("[报表补发送改换更正延期推前后不没未无请帮问需要]")
# A number with its label, and what the name and the office beside it may take: 青石镇安监办王五 手机139….
_SIGNED_NUMBER = re.compile(
    r"(?:(?:联系|办公)?(?:电话|手机|方式)|手机号码?|座机|传真|邮箱|tel|mobile|e?-?mail)?[ :]*"
    r"(?:[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+|(?<!\d)\d[\d -]{5,18}\d(?!\d))",
    re.IGNORECASE,
)
_SURELY_A_NAME = 1.0  # `parsers.names`: a surname in front and one or two characters behind it
_SIGNED_LENGTH = 16  # characters; a bound, not a tuned value
_GIVES_NUMBER = re.compile("实际|其实|应[该当]?[是为]|[改换]|错|少|多|漏|正确|新|旧|原|[是为]\\s*$|区号|停")
_CLIENT_LINE = re.compile("^(?:发自|来自|sent from|get outlook|从我的|获取).{0,40}$", re.IGNORECASE)

# Two different ones in a stranger's mail that names no form: an advertisement. One alone may stand in any letter.
_ADVERTISING = re.compile(
    "发票|代开|退订|优惠|促销|特价|折扣|贷款|中奖|领奖|点击(?:链接|下方|此处|查看)|加微信|微信号|扫码|报价|培训班|招生|招商"
    "|推广|营销|会员|免费试用|办证|咨询热线|订购热线|欢迎来电|主营|长期供应|厂家直销|包邮|unsubscribe",
    re.IGNORECASE,
)

_CORRECTING = re.compile("更正|改为|更改为|变更为|应为|写错|填错|有误|有变|换成|换为|更新为")


# The whole of an answer is one value (139…; 不好意思，写错了，手机号是139…): every word of it has to be one of these.
# In front of the value what says that it is the right one, behind it only courtesy: 139…写错了 means the opposite.
_LONE_LIMIT = 200  # characters; a bound, not a tuned value
_LONE_GAP = re.compile(r"[\s,.:;!~()\[\]\u3001\u3002\u2014\u2018-\u201d|*_\ufeff]+")
_LONE_COURTESY = re.compile(
    "(?:您|你|领导|老师|同志)好|尊敬的|领导|老师|同志|好的|收到|抱歉|不好意思|对不起|(?:非常)?感谢|多?谢谢?[您你]?|辛苦了?"
    "|麻烦(?:了|[您你]了)|(?:麻烦|烦请|劳烦|请)[您你]?帮?忙?(?:补|补充|补录|登记)(?:一?下)了?"
    "|祝好|顺祝商祺|工作顺利|此致|敬礼|请(?:查收|登记|知悉|悉知)|thanks|thank you",
    re.IGNORECASE,
)
_LONE_MISTAKE = re.compile(
    "(?:之前|刚才|刚刚|上次|前面)?(?:(?:写|填|打|输)(?:错|漏)|漏(?:写|填)|忘(?:记)?(?:写|填)?)(?:了|(?=[\\s,;\u3002]))"
    "|(?:少|多|漏)(?:写|填|打|输)?了?[一1][位个](?:数字?)?"
)
_LONE_RIGHT = re.compile(
    "(?:现)?(?:补充|补正|更正|修改|改正)(?:如下|为)?|如下|正确的?|应该?[是为]|应当[是为]|(?:请)?改[为成]|更改为|号码|号|是|为"
)
# What stands around the lines that complete or correct a form, and adds nothing to them.
_COVER = (
    "如(?:果)?(?:还|另|仍)?有(?:其他|任何|什么)?(?:问题|疑问|不妥|不妥之处|不清楚的?)[^\u3002;!\n]{0,12}|(?:收到|收悉)后?请?(?:回复|告知)|给您添麻烦了?|(?:请|敬请)谅解"
    "|(?:已)?(?:收到|收悉)(?:贵[办局]|您)?的?(?:补正|更正|邮件)?(?:的?通知|来信)|按(?:照)?(?:贵[办局]|您|通知)?的?要求|回复(?:贵[办局]|您)"
    "|(?:因|由于)?(?:人员|工作|岗位)(?:变动|调整|变化)|(?:信息|内容|资料|(?:联络员)?(?:反馈|信息|登记)?表(?:格|中|里|上)?|表|报表|附件(?:中|里|的)?)"
    "|(?:刚刚?|刚才|之前|上次)(?:报|发|交)?的?|(?:漏填|漏写|忘填|没有?填写?|未填写?|填漏|忘记填写?)了?"
    "|(?:有|需|要|已|做|作|进行)?(?:更正|变更|更改|更新|更换|修改|改正|调整|补正|补充|补上|补填|补报|报送|填报)"
    f"|{_LONE_COURTESY.pattern}"
    "|有变|有误|予以|现将?|我[单位局镇乡办]+|把|将|的|了|请(?:您|予)?|一下|谢谢|特此(?:说明|函告|告知|更正)?|以此为准|以下|上述|[0-9]+[.\u3001]"
)
_OFFICE_OF = re.compile("[\u4e00-\u9fff]{0,10}(?:办公?室?|室|科|股|站|所|中心|局|组|部|会|公司)")
_SIGNED_ON = re.compile(r"\d{4}[年./-]\d{1,2}[月./-]\d{1,2}日?")

_ABSENCE = re.compile(
    "自动(?:回复|答复)|(?:正在|现在|目前|本人|我)[^\u3002\n]{0,6}(?:休假|出差|外出|年假|产假|不在(?:办公室|单位|岗))"
    "|(?:回来|返岗|返回|上班|假期结束)后[^\u3002\n]{0,8}(?:回复|处理|答复|联系)"
    "|(?:不能|无法)及时(?:查看|查收|回复|处理)|(?:此|该|本)邮箱(?:已|将)?(?:于.{0,12})?(?:停用|停止使用|不再使用)"
    "|邮件[^\u3002\n]{0,60}被[^\u3002\n]{0,6}隔离|不是机器人|工单号"
    "|out of (?:the )?office|automatic (?:reply|response)|auto-?reply|on (?:annual |sick |maternity )?(?:leave|vacation)\\b",
    re.IGNORECASE,
)
# _ABSENCE_LENGTH: tried 60 and 120: no difference, compared in none of these mails. A note with a signature below it has
# some 150 (tests/rig/machines.py).
_ABSENCE_LENGTH = 240  # characters; who writes more has something to say


def asks(text: str) -> bool:
    """Given the text of a mail without a form, return whether somebody waits for an answer."""
    return any(_is_question(sentence) for sentence in _sentences(text)) or bool(_TROUBLE.search(text))


def asks_beside_a_form(text: str) -> bool:
    """Given the text of a mail with a form, return whether it asks what a receipt does not answer.

    Stricter than `asks`: 请问…？ counts, 是否收到？ and 如缺项请告知 do not.
    """
    return any(
        _is_question(sentence) and not _POLITE_QUESTION.search(sentence.rstrip("?\uff1f"))
        for sentence in _sentences(text)
    )


def speaks_of_attachment(text: str) -> bool:
    """Return whether the text announces a file (见附件, 请查收, 表已填好)."""
    return bool(_ATTACHMENT.search(text))


def promises(text: str) -> bool:
    """Return whether the text says that something will be sent: what it speaks of is not missing from the mail."""
    return bool(_PROMISE.search(text))


def says_already_sent(text: str) -> bool:
    """Return whether the text says that the form was sent before."""
    return bool(_ALREADY_SENT.search(_PUNCTUATION.sub("", text)))


def says_no_intent(text: str) -> bool:
    """Return whether the text says 无意向 / 不参加 / 零报告; never for a question, never for 不是没有意向 or 再报."""
    bare = _PUNCTUATION.sub("", text)
    return bool(_NO_INTENT.search(bare)) and not _UNDECIDED.search(bare) and not asks(text)


def says_bare_none(text: str) -> bool:
    """Return whether the text is just 无, as a reminder asks it to be answered."""
    lines = [line for line in text.splitlines() if line.strip() and not _CLIENT_LINE.match(line.strip())]
    bare = [line for line in (_PUNCTUATION.sub("", one) for one in lines) if not _GREETING.fullmatch(line)]
    if not bare or len("".join(lines)) > _NONE_LENGTH or asks(text):
        return False
    return bool(_BARE_NONE.fullmatch(bare[0])) and not _UNDECIDED.search("".join(bare[1:]))


def is_courtesy(text: str) -> bool:
    """Return whether the text is nothing but thanks or 收到: a careful clerk reads it and puts it away.

    A number in a signature (王五 139…) says nothing, one in a sentence does: 收到。办公电话少了区号，实际是0595-….
    """
    lines = [line.strip() for line in text.splitlines()]
    if any(_tells_a_number(line) for line in lines):
        return False
    joined = _PUNCTUATION.sub("", "".join(line for line in lines if line and not _CLIENT_LINE.match(line)))
    rest, found = _COURTESY.subn("", joined)
    return found > 0 and len(rest) <= _COURTESY_REST and not _MEANINGFUL.search(rest) and not asks(text)


def says_more_than_thanks(text: str, *, signed: Collection[str]) -> bool:
    """Given an answer that begins as thanks, return whether a word of it is neither thanks nor below them.

    Below them stand a name, a unit (out of `signed`, or an office of one), a number with its label, a date.
    """
    plain = "\n".join(_COURTESY.sub(" ", _SIGNED_NUMBER.sub(" ", line)) for line in narrow(text).splitlines())
    words = [_PUNCTUATION.sub("", word) for word in plain.split()]
    names = [word for word in words if word and find_name(word).likeness >= _SURELY_A_NAME]
    return bool(beside_a_correction(plain, words=("回执",), signed=[*signed, *names]))


def _tells_a_number(line: str) -> bool:
    """Return whether a number stands in a line among more words than whose it is."""
    plain = narrow(line)
    rest = _SIGNED_NUMBER.sub("", _COURTESY.sub("", plain))
    return bool(_SIGNED_NUMBER.search(plain)) and (
        len(_PUNCTUATION.sub("", rest)) > _SIGNED_LENGTH or bool(_GIVES_NUMBER.search(rest))
    )


def is_absence_note(text: str) -> bool:
    """Return whether a short text only says that its writer is away: a mail program wrote it, whatever its headers."""
    return len(text) <= _ABSENCE_LENGTH and bool(_ABSENCE.search(text))


def corrects(text: str) -> bool:
    """Return whether the text says that something is to be changed (更正, 改为, 应为)."""
    return bool(_CORRECTING.search(text))


def lone_value(text: str, value: re.Pattern[str], *, labels: Collection[str], signed: Collection[str]) -> str:
    """Given the sender's own text, return the one value that is all it says, or "".

    `value` matches what a value looks like after `narrow`; `labels` are the names of the field that was asked for. Beside
    it stand only words that give it as the right one, courtesy, and below it the mail program's line, a date, or words
    out of `signed` (the writer, the unit). Any other word, also another number, and it is no such answer.
    """
    plain = narrow(text).strip()
    if len(plain) > _LONE_LIMIT or any(mark in plain for mark in _QUESTION_MARKS):
        return ""
    names = "|".join(re.escape(narrow(label)) for label in sorted(labels, key=len, reverse=True) if label)
    words = [_LONE_COURTESY, _LONE_RIGHT, *([re.compile(names, re.IGNORECASE)] if names else [])]
    at, mistaken = 0, False
    while at < len(plain):
        found = value.match(plain, at)
        if found:
            return "" if mistaken or not _only_signed(plain[found.end() :], signed) else found.group()
        gap, mistake = _LONE_GAP.match(plain, at), _LONE_MISTAKE.match(plain, at)
        step = gap or mistake or max((one.match(plain, at) for one in words), key=_length)
        if not step:
            return ""
        at, mistaken = step.end(), step is mistake  # 写错了139…: is it the wrong one?
    return ""


def beside_a_correction(text: str, *, words: Collection[str], signed: Collection[str]) -> str:
    """Given a text without the lines that give new values, return the first words that are more than a cover of these.

    Courtesy, words that bid to correct, `words` (the form's labels, the new values), a date, the mail program's line and
    words out of `signed` (the writer, the unit) are none: 您好，手机号有变，现更正如下. "" if nothing else is said.
    """
    names = {_PUNCTUATION.sub("", narrow(one)) for one in signed}
    known = sorted((narrow(one) for one in words if one), key=len, reverse=True)
    cover = re.compile("|".join([*map(re.escape, known), _COVER]), re.IGNORECASE)
    for line in narrow(text).splitlines():
        if _CLIENT_LINE.match(line.strip()):
            continue
        plain = f"{line} "
        for words_that_add_nothing in (_LONE_MISTAKE, cover, _LONE_RIGHT):
            plain = words_that_add_nothing.sub(" ", plain)
        left = [word for word in _LONE_GAP.sub(" ", plain).split() if not _SIGNED_ON.fullmatch(word)]
        if not all(_signs(_PUNCTUATION.sub("", word), names) for word in left):
            return line.strip()
    return ""


def _signs(word: str, names: Collection[str]) -> bool:
    """Return whether a word is one of the names below a letter, or an office of such a unit: 青石镇安监办."""
    return not word or any(
        word == name or (word.startswith(name) and bool(_OFFICE_OF.fullmatch(word[len(name) :])))
        for name in names
        if name
    )


def _length(found: re.Match[str] | None) -> int:
    return found.end() - found.start() if found else 0


def _only_signed(rest: str, signed: Collection[str]) -> bool:
    """Return whether nothing but courtesy and a signature stands behind a value."""
    names = {_PUNCTUATION.sub("", narrow(one)) for one in signed}
    return all(
        not (bare := _PUNCTUATION.sub("", word)) or bare in names or _SIGNED_ON.fullmatch(word)
        for line in rest.splitlines()
        if not _CLIENT_LINE.match(line.strip())
        for word in _LONE_COURTESY.sub(" ", line).split()
    )


def is_advertising(text: str) -> bool:
    """Return whether the text has at least two different signs of an advertisement."""
    return len({found.casefold() for found in _ADVERTISING.findall(text)}) >= 2


def is_bare(text: str) -> bool:
    """Return whether the text holds no word at all (blank, or only the mail program's own line)."""
    return not any(_PUNCTUATION.sub("", line) and not _CLIENT_LINE.match(line.strip()) for line in text.splitlines())


def _sentences(text: str) -> Iterator[str]:
    return (sentence.strip() for sentence in _SENTENCE_END.split(text) if sentence and sentence.strip())


def _is_question(sentence: str) -> bool:
    if sentence.endswith(_QUESTION_MARKS):
        return True
    if sentence.endswith("否") and not _ASKING_NO.search(sentence):
        return bool(_ASKING.search(sentence))  # 现场是否提供节目　否 is a form's answer
    return bool(_ASKING.search(sentence)) or (sentence.endswith(_ASKING_ENDS) and len(sentence) > 2)
