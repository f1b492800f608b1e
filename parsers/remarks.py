"""What stands on a form without being a label or a value: notes, hints, samples, sign-offs, words that take a value back.

In: one text. Out: yes or no, or the text without the hint. The campaign's forms hold no template text, so cues must do
(facts/documents.md §4.2: hints such as 例:abc@163.com were stored as values). Punctuation is matched after `narrow`.
Must not: look at fields or positions.
"""

import re

from parsers.lexicon import ROLE_HEADINGS, SAMPLE_MARKS
from parsers.text import fold, narrow

_NOTE = re.compile(
    "\\s*[(\\[\u3010]?\\s*(?:\u203b|\\*?\\s*(?:填[写表报]说明|填[写表报]要求|填[写表报]须知|注意事项|温馨提示|特别提醒|特别说明"
    "|备\\s*注|附\\s*注|注\\s*意|说\\s*明|提\\s*示|注)\\s*\\d?\\s*[:.\u3001](?=\\s*\\S{4})|(?:本表|此表|该表|以上表格|表格)(?!\\s*:|演|达|彰|态|现|述))"
)
_NOTE_BARE = re.compile("\\s*(?:填[写表报]说明|填[写表报]要求|填[写表报]须知|注意事项|温馨提示)\\s*:?\\s*$")
_NOTE_INSIDE = re.compile(
    "请[^\u3002]{0,12}?于.{1,24}?前|(?:发送|报送|反馈|传真|邮寄|回复|回传|上报)(?:至|到)|此表(?!演|达|彰|态|现)|本表(?!演|达|彰|态|现)|(?:一式|各)[一二两三四五]份|此件.{0,4}公开"
    "|填报单位和|电子[版档].{0,12}(?:发|报)|逾期.{0,8}(?:视为|不予)"
)
_NOTE_ENDS_OPEN = re.compile("(?:至|到|邮箱|地址|电话|:|,|\u3001|于)\\s*$")

_HINT = re.compile(
    "(?:请|需|须|必须|务必|此处|在此|此栏|本栏|由)?(?:如实|准确|简要|简单|详细|统一|具体|完整)?(?:填写|填报|填入|输入|选择|注明|勾选|打勾|打钩"
    "|写明|列明|简述|简介|描述|手写|签名|签字|盖章|加盖).*"
    "|请.{0,8}(?:填|写|输|选|勾|打|划|注明|提供|附|粘贴|如实|按|用|简).*"
    "|(?:此处|在此|点击|单击|轻触|双击|单击或点击|点击或点按).*"
    "|click or tap .*|(?:必填|选填|可不填|可空|不填|可选|待填|待填写|必填项|选填项|非必填)"
    "|(?:例|例如|示例|样例|范例|格式|如)[:,].*|(?:例如|示例|样例|范例).+"
    "|\\d{1,2}位(?:数字|手机|号码|数|有效).*|(?:区号|区号\\+|含区号|带区号|加区号).*|(?:限|不超过|不少于)?\\d+字(?:以内|以下|左右|内)?.*"
    "|(?:(?:单位|部门)?(?:盖章|公章|签章|签字|签名|印章|章)(?:处)?)|(?:与|同)身份证.*(?:一致|相同).*|.{0,6}全称|(?:打|划)\u221a.*|有则填.*|(?:如)?没?无?有.{0,6}(?:不填|空着|留空|填.*无).*",
    re.IGNORECASE | re.DOTALL,
)
_SAMPLE_CUE = re.compile("\\s*[(\\[\u3010]?\\s*(?:例|示例|样例|范例|例如)\\s*[):,\\]\u3011]")
_SAMPLE_INSIDE = re.compile("例|样|范|格式|形如|如[:\\d]")  # 例：…, 格式：…, 如0595-…; not 如打不通请打…
# 填写示例： above a table, 联络员反馈表（填写示例）. 样表 and 样式 are what an office calls the form itself: they are no cue.
_SAMPLE_HEADING = re.compile(
    "(?:.{0,40}[(\\[\u3010])?(?:附|以下|下面|下表)?[:为是]?(?:填[写报表])?(?:示例|样例|范例|示范|举例)(?:如下|所示|表|供参考)?[)\\]\u3011]?[:.]?"
)
# （续表）, 续上表, 接上页, 反馈表（续2）: the table below goes on with the one above.
_CONTINUED = "(?:续(?:[上前]?[表页])?|接[上前][表页])\\d{0,2}"
_CONTINUATION = re.compile(f"[(\\[\u3010]?{_CONTINUED}[)\\]\u3011]?[:.]?|.{{0,40}}[(\\[\u3010]{_CONTINUED}[)\\]\u3011]")
_ROLE_ONLY = re.compile(
    "(?:\\d{1,2}[.,:\u3001)]?|[一二三四五六七八九十]{1,2}[\u3001.,])?"
    f"(?:原|现|新|旧|前任|上任)?(?:{'|'.join(ROLE_HEADINGS)})(?:信息|情况|资料)?"
)
_BRACKETED = re.compile(
    "\\([^()]{0,80}\\)|\uff08[^\uff08\uff09]{0,80}\uff09|\\[[^\\[\\]]{0,80}\\]|\u3010[^\u3010\u3011]{0,80}\u3011"
)
_SEAL = re.compile(
    "[(\\[\u3010]\\s*(?:单位|部门|加盖|此处)*\\s*(?:公章|盖章|印章|签章|章|签字盖章|签字|签名)\\s*[)\\]\u3011]"
)
_RULE = re.compile("[_\u2014\u2500\\-=.\u2026\u3002*~#\\s\u25a0\u25cb]{3,}$")

_SIGN_OFF = re.compile(
    "\\s*(?:--+\\s*$|-{3,}|_{3,}|\u2014{2,}|此致|敬礼|顺颂|顺祝|祝好|祝您|祝[你工商]|致[敬礼]|谢谢|感谢"
    "|多谢|best regards|regards|thanks"
    "|发自我的|来自我的|sent from|-+\\s*(?:原始邮件|original message|转发)|from:|发件人\\s*:)",
    re.IGNORECASE,
)
_COVER = re.compile("附件|查收|附上|随附|见附|已填|填好|审阅|请收|汇总|收悉")


def is_note(text: str) -> bool:
    """Given a line or a cell, return whether it is a note to the reader (注：…, 请于…前, 此表…), never a value."""
    plain = narrow(text).strip()
    return bool(_NOTE.match(plain) or _NOTE_BARE.match(plain) or _NOTE_INSIDE.search(plain))


def note_goes_on(text: str) -> bool:
    """Given a line that is a note, return whether its sentence is unfinished, so that the next line belongs to it."""
    return bool(_NOTE_ENDS_OPEN.search(narrow(text)))


def is_hint(text: str) -> bool:
    """Given what stands in a value's place, return whether it is the template's own hint: （请填写）, 例：…, 11位手机号."""
    plain = narrow(text).strip()
    if not plain or len(plain) > 120:
        return False
    inner = plain
    while len(inner) > 2 and inner[0] + inner[-1] in {"()", "[]", "\u3010\u3011"} and not set("()") & set(inner[1:-1]):
        inner = inner[1:-1].strip()
    return bool(_HINT.fullmatch(inner) or _SAMPLE_CUE.match(plain))


def without_hints(text: str) -> str:
    """Given a value, return it without bracketed hints and without the remark for the seal."""
    if not any(mark in text for mark in "(\uff08[\u3010"):
        return text
    kept = _SEAL.sub("", text)
    return _BRACKETED.sub(lambda found: "" if is_hint(found.group()) else found.group(), kept).strip()


def hints_in(text: str) -> tuple[str, ...]:
    """Given a value, return the bracketed hints and the remark for the seal that `without_hints` takes out of it."""
    found = [*_SEAL.findall(text), *(hint for hint in _BRACKETED.findall(_SEAL.sub("", text)) if is_hint(hint))]
    return tuple(found)


def without_samples(text: str) -> str:
    """Given a value, return it without bracketed samples of the template (例：0595-27390000), or "" if it is one itself.

    Other hints stay: （请打139…） reads like one of the template's, and may be what the sender wants to say.
    """
    if is_hint(text) and _SAMPLE_INSIDE.search(narrow(text)):
        return ""
    return _BRACKETED.sub(
        lambda found: "" if is_hint(found.group()) and _SAMPLE_INSIDE.search(narrow(found.group())) else found.group(),
        text,
    )


def is_sample_mark(text: str) -> bool:
    """Given the first cell of a row, return whether it marks an example row."""
    return fold(text).strip("()\u3010\u3011:") in SAMPLE_MARKS


def is_sample(text: str) -> bool:
    """Given a cell of a list, return whether it makes its row an example: 例, 例：张三, （示例）李四."""
    return is_sample_mark(text) or bool(_SAMPLE_CUE.match(narrow(text)))


def is_sample_heading(text: str) -> bool:
    """Given a line above a table, return whether it calls the table an example: 填写示例：, …反馈表（示例）."""
    return bool(_SAMPLE_HEADING.fullmatch(re.sub(r"\s+", "", narrow(text))))


def is_continuation(text: str) -> bool:
    """Given a line above a table, return whether it says that the table goes on with the one before: （续表）, 接上页."""
    return bool(_CONTINUATION.fullmatch(re.sub(r"\s+", "", narrow(text))))


def is_role(text: str) -> bool:
    """Given a text, return whether it is nothing but somebody's role over a group: 分管领导, 联络员信息, 现联络员."""
    return bool(_ROLE_ONLY.fullmatch(fold(text)))


def is_rule(text: str) -> bool:
    """Given a text, return whether it is only a line of dashes, dots or underscores."""
    return bool(_RULE.match(text.strip()))


def is_sign_off(text: str) -> bool:
    """Given a line of a mail, return whether what follows is a signature or a quoted mail."""
    return bool(_SIGN_OFF.match(narrow(text)))


def is_covering(text: str) -> bool:
    """Given a line of a mail, return whether it speaks of an attachment: what follows is no answer but a signature."""
    return bool(_COVER.search(text))


# --- what takes a value back -----------------------------------------------------------------------------------------

# Words that take back what stands elsewhere, correct it or leave it open. 整改, 交换, 已核实, 请用正楷 and the like do not.
_TAKES_BACK = re.compile(
    "更正|更换|更改|更新为|变更|变动|有变|修改|改[为成用由到]|(?<!整)改(?:一下|了|过来)|[已须需请要应]改(?!革)|(?<![交转变])换(?!行|届)|替换|停用|停机|停止使用"
    "|空号|销号|注销|作废|失效|无效|撤[回销]|不作数|不算数|以[^\u3002;]{1,24}?为准|应(?:该|当)?[为是]|正确的|写错|填错|打错|有误|(?<![没无不])错"
    "|调[离走任出往]|离[职任岗]|退休|辞职|卸任|病休|去世|接[替任手]|不再|已不|不用了?此|(?:[勿别]|不要)用(?!简称|缩写|繁体|红笔|铅笔)|不是(?!必)|并非"
    "|请(?:直接)?(?:联系|找)|请(?:使?用|打|拨)(?!全称|全名|简称|正楷|黑|蓝|钢笔|签字笔|中文|汉字|阿拉伯|半角|宋体|仿宋|a4)|另有|删|取消|待[定核补查]|待确认|未[定核]|暂[定缺]"
    "|(?<!已)核实|重新?[报填发]|现[为任改由]|已由|改任|新(?:号|手机|电话|邮箱|单位|联系人)|旧(?:号|手机|电话|邮箱|单位|联系人)|原(?:号|手机|电话|邮箱|联系人)"
    "|不对(?![外称应])|不符(?!合)|不一致|不正确|打不通|(?:号码?|已)过期|轮岗|借调|挂职|已辞|不(?:参加|参与|报名?)了|再定|没定|暂不|(?:后续|以后|今后|下[月周]起?|明年)由"
    "|应[男女]|(?<!至)少了?一?[位个人]|多[了出]一|(?<![勿要得能可有遗])漏(?!斗)|(?:另|再)加(?!页|行|纸|附)|加[上个]|补[上一]|^改$",
    re.IGNORECASE,
)
# Of the template to whoever fills it in: 请勿修改表格格式, 核实后填写.
_TO_THE_WRITER = re.compile(
    "(?:勿|不得|不要|禁止|不能|不可)[^,;\u3002\n]{0,6}?(?:删除?|[修更]改|改动|变更)|核实(?:无误)?后,?再?(?:如实)?填"
)
_BETWEEN_HAN = re.compile("(?<=[\u4e00-\u9fff])\\s+(?=[\u4e00-\u9fff])")
_DATE = re.compile("\\d{4}[-./\u5e74]\\d{1,2}[-./\u6708]\\d{1,2}|\\d{1,2}:\\d{2}(?::\\d{2})?")
_DIGITS = re.compile("\\d(?:[ \\-\u2010-\u2015]?\\d){4}|[\u3007\u96f6\u5e7a一二三四五六七八九]{5}")
_OPEN = re.compile("[@?]")
_VOID = re.compile("(?:本|此|该|以上)(?:表|件|内容)[^\u3002;,]{0,4}(?:作废|不作数|停用|撤[回销])|^[(\\[]?作废")


def takes_back(text: str) -> bool:
    """Given what somebody remarked, return whether it takes a value back, corrects it or leaves it open: 换了, 应为, 待定."""
    return bool(_TAKES_BACK.search(_TO_THE_WRITER.sub("", _BETWEEN_HAN.sub("", narrow(text)))))


def is_void(text: str) -> bool:
    """Given a sentence on a form, return whether it takes the whole form back: 本表作废. Not 涂改无效 and 逾期作废."""
    return bool(_VOID.search(narrow(text)))


def may_change_a_value(text: str) -> bool:
    """Given a comment on a form, return whether what it says may be meant instead of a value.

    It takes something back, asks something, or holds a number or an address of mail. 请填写全称 and 已阅 do not.
    """
    plain = narrow(text)
    return takes_back(text) or bool(_OPEN.search(plain) or _DIGITS.search(_DATE.sub(" ", plain)))
