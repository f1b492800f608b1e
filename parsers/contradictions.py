"""What on a document contradicts a form that was read without a problem: a sentence beside it, or two of its own answers.

Stage before: `extract` has joined labels and values. In: a form's reading, its specification, the lines outside forms.
Out: problems of the form as a whole: a person looks. Must not: change a value, look at comments (`parse` does).
"""

import re
from collections.abc import Iterable, Iterator

from parsers.fields import is_nothing
from parsers.forms import Doubt, FormReading, FormSpec, Problem, ProblemCode
from parsers.remarks import is_void, takes_back
from parsers.text import narrow

_SHORTEST_DETAIL = 4  # characters; fewer beside a no, 暂无 or 不报, say no once more
_SAYS_NO = re.compile("无|暂?不|没有?|暂无|未|否|暂缺")
# What fields of a form hold: 手机, 电话, 号码, 邮箱, 联系人, 联络员, 姓名, 职务 ....
_KINDS = re.compile("手机|电话|号码?|邮箱|传真|座机|联系(?:人|方式)|联络(?:员|人)|姓名|职务|地址|单位名称|节目")
_NUMBER = re.compile(r"\d{7,}")
# All that stands in the column 备注 of a list: 已调离, 不再担任, 已更换.
_ROW_REMARK = re.compile(
    "(?:此人|本人|该同志)?(?:于?[0-9年月日.]{0,10})?(?:已|现|拟|将)?(?:于?[0-9年月日.]{0,10})?(?:调[离走任出往动]|离[职任岗]|退休|辞职|去世|不再[担负从]\\w{0,8}|更换|变更|换人|作废|取消|停用)[了.]?"
)
# The office's own lines speak of what may happen: 如有变更，请及时…, 若联络员调离.
_IN_CASE = re.compile(
    "如(?:果|有|遇|因|需|遗|.{0,8}(?:有变|变更|变动|调整))|若|凡|请.{0,6}于.{1,24}前|发送?至|填[写表报]说明|务必|不得"
)


def contradictions(reading: FormReading, form: FormSpec, lines: Iterable[str]) -> Iterator[Problem]:
    """Given a filled form and what stands around it, yield what is said against it; nothing for a blank form."""
    if reading.blank:
        return
    yield from _answered_twice(reading, form)
    values = "\n".join(re.sub(r"\D", "", field.raw) for field in reading.fields)
    for line in (*lines, *(left.text for left in reading.leftovers)):
        if _corrects(line, values):
            yield Problem(ProblemCode.AMBIGUOUS, given=line, detail=Doubt.CORRECTED)
            return


def _corrects(line: str, values: str) -> bool:
    """Return whether a line takes back what a field holds: 备注：6月起手机改为…."""
    plain = narrow(line)
    if not takes_back(line) or _IN_CASE.search(plain):
        return False
    if is_void(plain) or _ROW_REMARK.fullmatch(plain.strip()):
        return True
    return bool(_KINDS.search(plain)) or any(number not in values for number in _NUMBER.findall(plain))


def _answered_twice(reading: FormReading, form: FormSpec) -> Iterator[Problem]:
    """A no to a question whose details are given all the same: one of the two is a slip of the pen."""
    for spec in form.fields:
        question = reading.field(spec.required_when) if spec.required_when else None
        details = reading.field(spec.key)
        if question is None or question.value is not False or details is None or details.value is None:
            continue
        said = str(details.value).strip()
        if len(said) < _SHORTEST_DETAIL or is_nothing(said) or _SAYS_NO.match(narrow(said)):
            continue
        yield Problem(ProblemCode.AMBIGUOUS, given=said, detail=Doubt.ANSWERED_TWICE)
