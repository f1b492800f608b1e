"""Small values for judging mails: an invented campaign and roster, and readings of mails as the worker gives them."""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from intake.model import (
    CellState,
    FormId,
    MailHead,
    MailReading,
    Part,
    PartPath,
    PartReading,
    PartRole,
    SenderKind,
    StoredSubmission,
    Triage,
    UnitName,
)
from intake.roster import Roster, Unit
from intake.settings import Audience, Campaign, Collection
from parsers.document import Failure, FailureCode
from parsers.forms import (
    DocumentReading,
    FieldReading,
    FieldSpec,
    FieldType,
    FormKind,
    FormReading,
    FormSpec,
    Problem,
    ProblemCode,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
ARRIVED = datetime(2025, 5, 29, 10, 42, tzinfo=SHANGHAI)
BEFORE = datetime(2025, 5, 28, 9, 0, tzinfo=SHANGHAI)

ENTRY = FormSpec(
    "entry",
    "“平安行”活动意向报名表",
    FormKind.TABLE,
    (
        FieldSpec("unit", "单位", FieldType.UNIT, required=True),
        FieldSpec("has_show", "是否提供节目", FieldType.YESNO, required=True),
        FieldSpec("show", "节目概况", FieldType.TEXT, required_when="has_show"),
        FieldSpec("contact", "联系人", FieldType.PERSON, required=True),
        FieldSpec("phone", "联系方式", FieldType.PHONE, ("手机",), required=True),
    ),
    ("意向报名表", "报名表"),
)
OFFICER = FormSpec(
    "officer",
    "“平安行”活动联络员反馈表",
    FormKind.TABLE,
    (
        FieldSpec("name", "姓名", FieldType.PERSON, required=True),
        FieldSpec("position", "职务", FieldType.POSITION, required=True),
        FieldSpec("mobile", "手机", FieldType.MOBILE, required=True),
        FieldSpec("email", "电子邮箱", FieldType.EMAIL),
        FieldSpec("unit", "单位名称", FieldType.UNIT, required=True),
        FieldSpec("address", "通信地址", FieldType.ADDRESS),
    ),
    ("联络员反馈表", "联络员表"),
)
_TEXT_FIELDS = (
    FieldSpec("unit", "单位", FieldType.UNIT, required=True),
    FieldSpec("title", "标题", FieldType.TITLE, required=True),
)
REPORT = FormSpec("report", "“平安行”活动总结", FormKind.DOCUMENT, _TEXT_FIELDS, ("活动总结", "总结"))
CASE = FormSpec("case", "典型案例", FormKind.DOCUMENT, _TEXT_FIELDS, ("案例",))


def _collection(form: FormSpec, deadline: date | None, label: str, *, voluntary: bool = False) -> Collection:
    return Collection(form, deadline, time(23, 59, 59), False, voluntary, Audience(), label)


CAMPAIGN = Campaign(
    id="road",
    name="关于开展“平安行”活动的通知",
    short_name="平安行",
    document_number="示安办〔2025〕8号",
    published_on=date(2025, 5, 26),
    starts_on=date(2025, 5, 26),
    collections=(
        _collection(ENTRY, date(2025, 5, 30), "附件1", voluntary=True),
        _collection(OFFICER, date(2025, 5, 30), "附件2"),
        _collection(REPORT, date(2025, 6, 28), ""),
        _collection(CASE, None, "", voluntary=True),
    ),
)
LATE_AFTER = {
    FormId("entry"): datetime(2025, 5, 30, 23, 59, 59, tzinfo=SHANGHAI),
    FormId("officer"): datetime(2025, 5, 30, 23, 59, 59, tzinfo=SHANGHAI),
    FormId("report"): datetime(2025, 6, 30, 23, 59, 59, tzinfo=SHANGHAI),
}

STONE = UnitName("青石镇人民政府")
SAND = UnitName("白沙镇人民政府")
SCHOOLS = UnitName("示范区教育文体局")
STONE_ADDRESS, SAND_ADDRESS, STRANGER = "qingshi@qs.example.com", "baisha@bs.example.com", "someone@mail.example.net"


def _unit(name: str, aliases: tuple[str, ...], order: int, addresses: tuple[str, ...]) -> Unit:
    return Unit(
        name=name,
        aliases=aliases,
        former_names=(),
        group="乡镇",
        order=order,
        addresses=addresses,
        contact_name="林小满",
        phone="0595-27390001",
        owes=None,
    )


ROSTER = Roster(
    (
        _unit(STONE, ("青石镇",), 1, (STONE_ADDRESS,)),
        _unit(SAND, ("白沙镇",), 2, (SAND_ADDRESS,)),
        _unit(SCHOOLS, ("教育局",), 3, ("jiaoyu@qu.example.org",)),
    )
)

PERSON = Triage(SenderKind.PERSON, answerable=True, why="no sign of a machine")


def machine(kind: SenderKind) -> Triage:
    return Triage(kind, answerable=False, why="test")


# --- forms -----------------------------------------------------------------------------------------------------------

_OFFICER_VALUES: dict[str, str | bool | None] = {
    "name": "林小满",
    "position": "安全办主任",
    "mobile": "13900000001",
    "email": "lin@qs.example.com",
    "unit": STONE,
    "address": "示例路1号",
}
_ENTRY_VALUES: dict[str, str | bool | None] = {
    "unit": STONE,
    "has_show": False,
    "show": None,
    "contact": "林小满",
    "phone": "13900000001",
}


def fields(
    spec: FormSpec, values: dict[str, str | bool | None], problems: dict[str, Problem]
) -> tuple[FieldReading, ...]:
    found = []
    for number, field in enumerate(spec.fields, start=1):
        if field.key not in values and field.key not in problems:
            continue
        value, problem = values.get(field.key), problems.get(field.key)
        if problem is not None:
            value = None
        raw = problem.given if problem is not None else "" if value is None else str(value)
        found.append(FieldReading(field.key, raw, value, field.label, f"table 1, R{number}C2", "right", problem))
    return tuple(found)


def _form(spec: FormSpec, defaults: dict[str, str | bool | None], changes: dict[str, object]) -> FormReading:
    values = dict(defaults)
    problems = {}
    for key, change in changes.items():
        if isinstance(change, Problem):
            problems[key] = replace(change, field=key)
        else:
            values[key] = change  # type: ignore[assignment]
    blank = all(value is None for value in values.values()) and not problems
    return FormReading(spec.id, spec.title, fields(spec, values, problems), "table 1", blank=blank)


def officer(**changes: object) -> FormReading:
    """A filled 联络员反馈表 of 青石镇; a change may be a value, None (left empty) or a Problem."""
    return _form(OFFICER, _OFFICER_VALUES, changes)


def entry(**changes: object) -> FormReading:
    """A filled 意向报名表 of 青石镇."""
    return _form(ENTRY, _ENTRY_VALUES, changes)


def blank(spec: FormSpec) -> FormReading:
    """The office's own template."""
    return _form(spec, {field.key: None for field in spec.fields}, {})


def lines(spec: FormSpec, **values: object) -> FormReading:
    """Some labelled lines of a mail's text: only these labels stand there."""
    return replace(_form(spec, {}, values), place="lines")


def invalid(given: str) -> Problem:
    return Problem(ProblemCode.INVALID, given=given)


# --- documents and mails ---------------------------------------------------------------------------------------------


def file(
    name: str, *forms: FormReading, kind: str = "", failure: FailureCode | None = None, **more: object
) -> DocumentReading:
    """The reading of an attached file; its kind is its ending unless said otherwise."""
    ending = kind or {"jpg": "jpeg"}.get(name.rpartition(".")[2], name.rpartition(".")[2])
    characters = more.pop("characters", 0 if failure else 120)
    return DocumentReading(
        name,
        ending,
        forms=forms,
        failure=None if failure is None else Failure(failure),
        characters=characters,  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def prose(name: str, *head: str, tail: tuple[str, ...] = (), characters: int = 600) -> DocumentReading:
    """The reading of a free text."""
    return file(name, head=(*head, "活动期间，全镇上下认真部署，各项工作有序开展。"), tail=tail, characters=characters)


def mail(
    *files: DocumentReading,
    text: str = "",
    body: tuple[FormReading, ...] = (),
    subject: str = "材料",
    sender: str = STONE_ADDRESS,
    sender_name: str = "林小满",
    enclosing: str = "",
    inline: tuple[int, ...] = (),
    reading: dict[str, object] | None = None,
    **head: object,
) -> MailReading:
    """A mail with attached files and a text; `body` are forms read in the text, `inline` sizes of pasted pictures."""
    parts = [
        Part(
            PartPath(str(number)),
            one.name,
            "application/octet-stream",
            PartRole.ATTACHMENT,
            20_000,
            "0" * 64,
            PartPath(enclosing),
        )
        for number, one in enumerate(files, start=2)
    ]
    parts += [
        Part(PartPath(f"9.{number}"), f"image{number}.jpg", "image/jpeg", PartRole.INLINE, size, "0" * 64)
        for number, size in enumerate(inline, start=1)
    ]
    text_lines = tuple(line for line in text.splitlines() if line.strip())
    document = DocumentReading(
        "", "text", forms=body, head=text_lines[:40], tail=text_lines[-20:], characters=len(text)
    )
    documents = [PartReading(PartPath("1"), PartRole.BODY, document)]
    documents += [
        PartReading(PartPath(str(number)), PartRole.ATTACHMENT, one, PartPath(enclosing))
        for number, one in enumerate(files, start=2)
    ]
    documents += [
        PartReading(PartPath(f"9.{number}"), PartRole.INLINE, file(f"image{number}.jpg", failure=failure))
        for number, failure in enumerate((FailureCode.UNRECOGNIZED,) * len(inline), start=1)
    ]
    values: dict[str, object] = {
        "message_id": "<1@mail.example.com>",
        "from_address": sender,
        "from_name": sender_name,
        "to_addresses": ("office@example.com",),
        "subject": subject,
        "date": None,
    }
    return MailReading(
        MailHead(**{**values, **head}),  # type: ignore[arg-type]
        parts=tuple(parts),
        documents=tuple(documents),
        own_text=text,
        **(reading or {}),  # type: ignore[arg-type]
    )


def stored(
    form: FormReading,
    *,
    id: int = 1,  # noqa: A002 - the field's name
    message_id: int = 7,
    unit: UnitName | None = STONE,
    state: CellState = CellState.ACCEPTED,
    sender: str = STONE_ADDRESS,
    arrived_at: datetime = BEFORE,
    problems: tuple[Problem, ...] = (),
) -> StoredSubmission:
    """A submission in force, as the record has it."""
    own = tuple(field.problem for field in form.fields if field.problem is not None)
    return StoredSubmission(
        id=id,
        message_id=message_id,
        form=FormId(form.form),
        unit=unit,
        version=1,
        state=state,
        current=True,
        fields=form.fields,
        problems=(*own, *problems),
        attachment="附件2.docx",
        arrived_at=arrived_at,
        late=False,
        from_address=sender,
    )
