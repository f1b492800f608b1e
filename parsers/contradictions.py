"""What on a document contradicts a form that was read without a problem: a sentence beside it, or two of its own answers.

Stage before: `extract` has joined labels and values. In: a form's reading, its specification, the lines outside forms.
Out: problems of the form as a whole: a person looks. Must not: change a value, look at comments (`parse` does).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, takewhile

from parsers.blank import same_text
from parsers.fields import is_nothing
from parsers.forms import Doubt, FieldType, FormReading, FormSpec, Problem, ProblemCode
from parsers.names import find_name
from parsers.phones import NumberKind, find_numbers
from parsers.remarks import is_sign_off, is_void, takes_back
from parsers.roles import is_other_person
from parsers.text import fold, narrow

_SHORTEST_DETAIL = 4  # characters; fewer beside a no, 暂无 or 不报, say no once more
_SAYS_NO = re.compile("无|暂?不|没有?|暂无|未|否|暂缺")
# What fields of a form hold: 手机, 电话, 号码, 邮箱, 联系人, 联络员, 姓名, 职务 ....
_KINDS = re.compile("手机|电话|号码?|邮箱|传真|座机|联系(?:人|方式)|联络(?:员|人)|姓名|职务|地址|单位名称|节目")
_NUMBER = re.compile(r"\d{7,}")
_LABEL_AND_NUMBER = re.compile("\\s*(?:([^\\d:()+]{1,12}?)(?::|\\s))?\\s*([\\d\\s+()-]{8,24})\\s*")
# Who signs below a form.
_SIGNER = re.compile("(?:填[写表报]|制表|经办|审核|联系|负责|报送|签发|签[字名])人?")
_SIGNER_LABEL = 6  # characters of such a label: 填表人姓名; the form's own title has more
# All that stands in the column 备注 of a list: 已调离, 不再担任, 已更换.
_ROW_REMARK = re.compile(
    "(?:此人|本人|该同志)?(?:于?[0-9年月日.]{0,10})?(?:已|现|拟|将)?(?:于?[0-9年月日.]{0,10})?(?:调[离走任出往动]|离[职任岗]|退休|辞职|去世|不再[担负从]\\w{0,8}|更换|变更|换人|作废|取消|停用)[了.]?"
)
# The office's own lines speak of what may happen: 如有变更，请及时…, 若联络员调离.
_IN_CASE = re.compile(
    "如(?:果|有|遇|因|需|遗|.{0,8}(?:有变|变更|变动|调整))|若|凡|请.{0,6}于.{1,24}前|发送?至|填[写表报]说明|务必|不得"
)


def contradictions(
    readings: Sequence[FormReading], forms: Mapping[str, FormSpec], lines: Sequence[str], footers: Sequence[str] = ()
) -> Iterator[tuple[Problem, ...]]:
    """Given the forms of a document, the lines around them and at the foot of its pages, yield what is said against each.

    Against a blank form nothing is. What the office itself wrote around its own blank form is not heard.
    """
    registered = "\n".join(_digits(reading) for reading in readings)
    unsigned = (*takewhile(lambda line: not is_sign_off(line), lines), *footers)  # a signature has its own 手机：
    for reading in readings:
        form = forms[reading.form]
        said = [*lines, *footers, *(one.text for one in reading.leftovers)]
        heard = [line for line in said if not _is_printed(line, form)]
        around = [line for line in unsigned if not _is_printed(line, form)]
        yield () if reading.blank else tuple(_against(reading, form, heard, around, registered))


def _against(
    reading: FormReading, form: FormSpec, said: Sequence[str], around: Sequence[str], registered: str
) -> Iterator[Problem]:
    yield from _answered_twice(reading, form)
    values = _digits(reading)
    line = next((one for one in said if _corrects(one, values)), None) or _loose_number(around, form, registered)
    if line is not None:
        yield Problem(ProblemCode.AMBIGUOUS, given=line, detail=Doubt.CORRECTED)


def _digits(reading: FormReading) -> str:
    return "\n".join(re.sub(r"\D", "", field.raw) for field in reading.fields)


def _is_printed(line: str, form: FormSpec) -> bool:
    return form.blank is not None and any(same_text(line, one) for one in form.blank.around)


def _loose_number(lines: Sequence[str], form: FormSpec, registered: str) -> str | None:
    """Return the line that is nothing but a number of which no form of the document knows: 13900000002, 手机：13900000002.

    Not under a label that stands in every letterhead and signature (电话, 传真, 联系电话), nor below who signs.
    """
    mobiles = [spec for spec in form.fields if spec.type is FieldType.MOBILE]
    labels = {fold(one) for spec in mobiles for one in (spec.label, *spec.aliases) if fold(spec.label) in fold(one)}
    for before, line in pairwise(("", *lines)):
        parted = _LABEL_AND_NUMBER.fullmatch(narrow(line))
        if parted is None or (parted.group(1) and fold(parted.group(1)) not in labels):
            continue
        numbers = find_numbers(parted.group(2)).numbers
        kinds = {NumberKind.MOBILE} if parted.group(1) else {NumberKind.MOBILE, NumberKind.LANDLINE}
        known = [re.sub(r"\D", "", one.text) in registered for one in numbers if one.kind in kinds]
        if False in known and not _signs(before):
            return line
    return None


def _signs(line: str) -> bool:
    """Return whether a line names who signs below the form: 填表人：张三, or a bare name."""
    label = re.split("[:\\s]", narrow(line).strip(), maxsplit=1)[0]
    told = len(label) <= _SIGNER_LABEL and (is_other_person(label) or _SIGNER.match(label) is not None)
    return told or bool(find_name(line).text)


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
