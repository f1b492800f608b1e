"""Whether the words of a mail speak against the form that it brings: 最后一位应该是5, 王建国已调走，请更换. Pure.

Stage before: `merge` (the forms of the mail are known). Stage after: `beside`, which doubts such forms: which of the two
counts stands in words, and a form must never be accepted with a value that its sender takes back. In: the text that the
sender wrote, the values of his forms. Out: the words, or yes and no. Must not: choose a value. What says that the file is
right (以附件为准, 现重新报送) is no contradiction, nor is politeness (如有误请告知).
"""

import re
from collections.abc import Collection, Iterator

from intake.pieces import value_key
from parsers.names import find_name
from parsers.remarks import is_void

# 。；！？ and line ends; a sentence keeps its commas.
_SENTENCE_END = re.compile("[\u3002\uff1b;\uff01!?\uff1f\n]+")
_CLAUSE_END = re.compile("[\uff0c,\u3001]")
# 如有误请告知, 若号码变更再报: what would be done, not what is.
_CONDITION = re.compile("(?:如果?|若|倘若?|万一|是否|有无|假如|一旦)[^\uff0c,\u3002\uff1b;\n]{0,16}")
_TAKING_BACK = re.compile(
    "作废|撤回|撤销|(?:不要|请勿|切勿|不予|先不|先别|暂不|勿)(?:登记|采用|采纳|使用)|不作数|稍后重发|重新发一份给"
    "|忽略(?:所附|附件|附表|此表|本表|该表)|^(?:这是|此为)?(?:一封)?测试(?:一下|邮件|件)?$"
)
_WITHDRAWING = re.compile("作废|撤回|撤销|不作数")
_FORMER_FORM = re.compile("之前|以前|此前|先前|上次|前次|上一|前一|前面|前表|原表|旧表|前件|原件|昨[天日]|刚才")
# Not the unit's last word: a draft, sent for information, or before its leader has agreed. Not 尚未盖章: the values stand.
_NOT_FINAL = re.compile(
    "(?<!不是)(?<!非)(?:初稿|草稿|征求意见稿|未定稿|讨论稿|送审稿)|(?:仅|只|附件|附表|此表|该表)[供作](?:[^\u3002\uff0c,]{0,4})参考"
    "|暂报|最终(?:以(?!此|本|该|附)|(?!以))[^\u3002\uff0c,]{0,12}为准|可能(?:还)?(?:会)?有(?:所)?(?:变动|变化|调整|改动)"
    "|先(?:报|发|交|送)[^\u3002\uff0c,]{0,4}一[稿版]"
    "|(?:尚|还|暂)?未(?:经|获|通过)?[^\u3002\uff0c,]{0,8}?(?:审定|审核|审批|审签|审议|定稿|批准)"
    "|待[^\u3002\uff0c,]{0,12}(?:审定|审核|审批|审签|审议|定稿|批准|同意|研究)[^\u3002\uff0c,]{0,4}(?:再|另行|正式)[^\u3002\uff0c,]{0,4}[报送发]"
    "|正式(?:稿|件|表|版)?[^\u3002\uff0c,]{0,4}(?:稍后|随后|另行?|后续|后补)"
)
_TITLE = re.compile("《[^》]*》")  # 《…方案（征求意见稿）》 is a paper that is spoken of
_APPROVED = re.compile("已[经由]?[^\u3002\uff0c,]{0,8}?(?:审定|审核|审批|审签|审议|定稿|批准)")
_FILE = "(?:附件|附表|附上|随附|此表|本表|该表|新表|表格|此件|本邮件附|邮件附)"
_FILE_IS_RIGHT = re.compile(
    f"以(?:此|这|本|附件|附表|新表|最后|最新|后)[^\u3002\uff0c:\uff1a]{{0,8}}为准(?!\\s*[:\uff1a])|见{_FILE}"
    "|已(?:经)?(?:改|更正|修改|更新|订正)|(?:更正|修改|更新|改正|订正|调整)(?:后|过)|(?:重新|再次)(?:报送|发送|上报|提交|填报|填写|发)"
    f"|再(?:报|发)一[次份遍]|{_FILE}[^\u3002\uff0c]{{0,6}}为准"
)
# The earlier version, not this one, is what is spoken about.
_EARLIER = re.compile("之前|以前|此前|先前|上次|前次|上一|前一|早上|昨[天日]|前[天日]|原来|原(?!因)|旧")
_IS_INSTEAD = re.compile(
    "应该?[是为作]|应当[是为]|应改[为成]|(?:更|修|变|订)?改[为成]|更正[为成]|变更为|更换[为成]|换[为成]"
    "|(?:改|换|(?:变更|调整|更换)为?)由|(?<![理自事缘])由(?=(?![我本贵你各])[^\u3002\uff0c,]{2,12}?(?:担任|接任|接替))"
    "|现由(?=(?![我本贵你各])[^\u3002\uff0c,]{2,12}?(?<![办局科股室处站心])负责)"
    "|正确的?(?:号码|手机|电话|邮箱|名字|姓名|写法)?[是为:\uff1a]"
)
_WRONG = re.compile(
    "[发传附寄交报]错|写错|填错|打错|输错|错字|错别字|误写|笔误|手误|写成了?|有误|不对|不正确|漏填|漏写|少写|多写"
)
_PLEASE_CHANGE = re.compile(
    "(?:请|麻烦|烦请|烦|劳驾|帮忙?|协助)[^\u3002\uff0c,]{0,8}?(?:更换|更改|修改|改(?!进)|换|删|更正|改正|替换|补上|加上|填上|补填|补充上)"
)
_CHANGED = re.compile(
    "更换|换[了成为号人]|新(?:的)?(?:联[络系]员?人?|人选|同志)|新任|新(?:的)?(?:号码|手机|电话|邮箱|座机)|为准|正确|改用|启用"
)
_OUT_OF_USE = re.compile(
    "停机|停用|空号|打不通|不通|不要[再]?[用打拨联]|别[用打拨]|勿[打拨用联]|不再(?:使?用)|不用了(?!解)|注销|欠费"
)
_REGISTER = re.compile("请[^\u3002\uff0c,]{0,10}?(?:登记|录入|填[写成为])")
# Whom to ask stands in every letter: 联系人李明，电话139…，请登记 says nothing of the form's own person.
_CONTACT = re.compile("联系|联络人|经办|填[报表]人|咨询|致电|来电")
# The person that the form is about: 联络员请登记为王某, 联络员：王某. Not 联系人, who signs every letter.
_THE_PERSON_IS = re.compile(
    "(?:联[络系]员|联系人|姓名|名字|人选)[^\u3002\uff0c,]{0,10}?(?:登记|录入|填写?|改|换|变更|调整|更正)[为成由]"
    "|登记(?:联络员|姓名)[为是:\uff1a]|^(?:联络员|姓名)[ \u3000]*[:\uff1a]"
)
# 联络员王某, 联络员（王某，139…）, 联络员手机：139…: by the form's own word for its person, in whatever sentence.
_THE_PERSON = re.compile("联[络系]员[ \u3000]*(?:同志|[(\uff08:\uff1a是为“])?[ \u3000]*")
_HAN = re.compile("[\u4e00-\u9fff\u3400-\u4dbf]")
_BEHIND_A_NAME = re.compile("同志|先生|女士|主任|的?(?:座机|手机|电话|邮箱|号码|传真)")
_HAN_RUN = re.compile("[\u4e00-\u9fff\u3400-\u4dbf]{2,4}")
_LONGEST_NAME = 4
_SURELY_A_NAME = 1.0  # `parsers.names`: a surname in front and one or two characters behind it
_REACHED_BY = re.compile("座机|手机|电话|邮箱|号码|传真")
_GONE = re.compile(
    "调走|调离|调任|调动|调到|离职|退休|辞职|去世|离岗|转岗|借调|不再(?:担任|负责|从事)|不(?:是|任|负责)|休(?:产假|假)|已换|换人"
)
_NUMBER = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}|(?<![0-9])[0-9][0-9 \u3000-]{5,18}[0-9](?![0-9])")
# Tried by `python -m tests.understanding --thresholds _SHORTEST_VALUE --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
# _SHORTEST_VALUE: tried 1 and 4: no difference, a bound, not a tuned value.
_SHORTEST_VALUE = 2  # characters of a value that is looked for in a sentence: a name


def speaks_against(text: str, values: Collection[str], *, people: Collection[str] = ()) -> bool:
    """Given the sender's own words and the values of the forms beside them, return whether they take a form back.

    Also true if they give another value for it, call one wrong, or say that a number is out of use or one of the `people`
    (names that are among the values) is gone.
    """
    return bool(words_against(text, values, people=people))


def words_against(text: str, values: Collection[str], *, people: Collection[str] = ()) -> str:
    """Given the same, return the sentence that speaks against a form, as it stands; "" if none does."""
    said = _CONDITION.sub("", text)
    known, names = _keys(values), _keys(people)
    file_is_right = bool(_FILE_IS_RIGHT.search(said))
    against = (
        sentence for sentence in _sentences(said) if _against(sentence, known, names, file_is_right=file_is_right)
    )
    return words_taking_back(text) or next(against, "")


def words_taking_back(text: str) -> str:
    """Given words of the sender, return the sentence that takes a form back or calls it not final, whatever stands in it.

    What was a draft once and is settled now (前次报的是初稿，现重新报送; 初稿已经领导审定) is final. "" if there is none.
    """
    said = _CONDITION.sub("", text)
    right_here = bool(_FILE_IS_RIGHT.search(said))
    return next((one for one in _sentences(said) if _is_taken_back(one, right_here) or _is_not_final(one)), "")


def words_voiding(text: str) -> str:
    """Given words that somebody else wrote, return the sentence by which they take back the very form that lies there.

    The letter that came with a form which is forwarded, or the whole notice: only 此表作废 is of the form, and nothing of
    what was asked, promised or announced.
    """
    return next((one for one in _sentences(_CONDITION.sub("", text)) if is_void(one)), "")


def _sentences(said: str) -> Iterator[str]:
    return (sentence.strip() for sentence in _SENTENCE_END.split(said) if sentence.strip())


def _is_taken_back(sentence: str, right_here: bool) -> bool:  # noqa: FBT001 - of the whole text
    """前表作废，以此为准 takes back another form than the one that lies here."""
    return any(
        _TAKING_BACK.search(one) and not (right_here and _WITHDRAWING.search(one) and _FORMER_FORM.search(one))
        for one in _CLAUSE_END.split(sentence)
    )


def numbers_in(text: str) -> tuple[str, ...]:
    """Return the telephone numbers and the addresses of mail that stand in a text, as they are written."""
    return tuple(_NUMBER.findall(text))


def withdraws(text: str) -> bool:
    """Given words that come without a form, return whether they only take back what was sent before.

    前表作废，以附件为准 announces another.
    """
    said = _CONDITION.sub("", text)
    return bool(_WITHDRAWING.search(said)) and not _FILE_IS_RIGHT.search(said)


def _is_not_final(sentence: str) -> bool:
    found = _NOT_FINAL.search(_TITLE.sub("", sentence))
    if found is None or (_EARLIER.search(sentence) and _FILE_IS_RIGHT.search(sentence)):
        return False
    return not _APPROVED.search(sentence) or bool(re.search("未|待", sentence))


def _keys(values: Collection[str]) -> frozenset[str]:
    return frozenset(key for value in values if len(key := value_key(value)) >= _SHORTEST_VALUE)


def _against(sentence: str, known: Collection[str], names: Collection[str], *, file_is_right: bool) -> bool:
    if _registers_another_number(sentence, known) or _gives_another_person(sentence, names):
        return True
    if _speaks_of_another(sentence, known, names):
        return True
    right_here = bool(_FILE_IS_RIGHT.search(sentence))
    instead = list(_IS_INSTEAD.finditer(sentence))
    if instead:
        if _another_number(sentence[instead[0].end() :], known):
            return True  # 现改为李某，手机139…，以此为准: "this" is the letter
        # 联络员由王某改为李某, and 李某 is what the form says; 姓名应为李某，职务主任 is not answered by its 主任
        given = (_CLAUSE_END.split(sentence[one.end() :], maxsplit=1)[0] for one in instead)
        told = [one for one in given if value_key(one)]  # 联络员变更为： the lines below say to whom
        return not right_here and not all(_names(one, known) for one in told)
    if right_here:
        return False
    if _WRONG.search(sentence) and not file_is_right:
        return True
    about_earlier = bool(_EARLIER.search(sentence))
    if _PLEASE_CHANGE.search(sentence) and not (about_earlier and file_is_right):
        return True
    if _CHANGED.search(sentence) and _another_number(sentence, known):
        return True
    if _OUT_OF_USE.search(sentence) and _REACHED_BY.search(sentence):
        return not about_earlier
    return bool(_GONE.search(sentence)) and _names(_before_successor(sentence), names)


def _registers_another_number(sentence: str, known: Collection[str]) -> bool:
    """附件里的手机号已经不用了，请登记139…: the number is to be taken, and no form of the mail has it."""
    if not _REGISTER.search(sentence):
        return False
    clauses = [one for one in _CLAUSE_END.split(sentence) if _REGISTER.search(one)]
    told = clauses if _CONTACT.search(sentence) else [sentence]
    return any(_another_number(one, known) for one in told)


def _gives_another_person(sentence: str, names: Collection[str]) -> bool:
    """联络员请登记为王某, though the form names another: also beside 见附件, which may be the old file."""
    for found in _THE_PERSON_IS.finditer(sentence):
        given = _CLAUSE_END.split(sentence[found.end() :], maxsplit=1)[0].split()
        name = find_name(given[0]) if given else None
        if name is not None and name.text and name.likeness >= _SURELY_A_NAME and value_key(name.text) not in names:
            return bool(names)
    return False


def _speaks_of_another(sentence: str, known: Collection[str], names: Collection[str]) -> bool:
    """Return whether the person of the form is named beside it as somebody else, or with a number that it has not.

    A name ends where no word goes on: 联络员方面如有调整 is nobody's.
    """
    for found in _THE_PERSON.finditer(sentence) if names else ():
        rest = sentence[found.end() :]
        if _REACHED_BY.match(rest):
            return _another_number(rest, known)
        run = _HAN_RUN.match(rest)
        for length in range(min(_LONGEST_NAME, len(run.group())) if run else 0, 1, -1):
            name, behind = find_name(rest[:length]), rest[length:]
            # 联络员任务，联络员查收。: two characters are a name only where something says so
            told = length > 2 or found.group().strip()[-1] != "员" or numbers_in(behind) or _BEHIND_A_NAME.match(behind)
            if told and name.text and name.likeness >= _SURELY_A_NAME and _ends_here(behind):
                return value_key(name.text) not in names or _another_number(behind.split("\n")[0], known)
    return False


def _ends_here(behind: str) -> bool:
    """Return whether a name may end before this: no word of its own goes on there."""
    return not _HAN.match(behind) or bool(_BEHIND_A_NAME.match(behind))


def _names(text: str, known: Collection[str]) -> bool:
    """Return whether a value of the forms stands in a text."""
    key = value_key(text)
    return any(value in key for value in known)


def _another_number(sentence: str, known: Collection[str]) -> bool:
    """Return whether a number or an address stands in a sentence that no form of the mail has."""
    return any(not any(_same(value_key(found), value) for value in known) for found in numbers_in(sentence))


def _same(first: str, second: str) -> bool:
    return first in second or second in first


def _before_successor(sentence: str) -> str:
    """原联络员王某调离，现由李某担任: who takes over is not the one who is gone."""
    return re.split("现由|改由|由|现为|现联络员|现联系人|接任|接替", sentence)[0]
