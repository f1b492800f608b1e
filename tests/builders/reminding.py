"""A small campaign, roster and office for tests of deadlines, reminders and summaries. All of it invented."""

from datetime import date, time

from intake.model import CampaignState, Cell, CellState, FormId, UnitName
from intake.roster import Roster, Unit
from intake.settings import Audience, Campaign, Collection, Sending, SendMode
from parsers.forms import FieldSpec, FieldType, FormKind, FormSpec

LIAISON = FormSpec(
    "liaison",
    "联络员反馈表",
    FormKind.TABLE,
    (
        FieldSpec("name", "姓名", FieldType.PERSON, required=True),
        FieldSpec("position", "职务", FieldType.POSITION, required=True),
        FieldSpec("mobile", "手机", FieldType.MOBILE, required=True),
        FieldSpec("unit", "单位名称", FieldType.UNIT, required=True),
        FieldSpec("address", "通信地址", FieldType.ADDRESS),
    ),
)
REGISTRATION = FormSpec(
    "registration",
    "意向报名表",
    FormKind.TABLE,
    (
        FieldSpec("unit", "单位", FieldType.UNIT, required=True),
        FieldSpec("has_program", "是否提供节目", FieldType.YESNO, required=True),
        FieldSpec("contact_phone", "联系方式", FieldType.PHONE, required=True),
    ),
)
SUMMARY = FormSpec(
    "summary",
    "活动总结",
    FormKind.DOCUMENT,
    (FieldSpec("unit", "单位", FieldType.UNIT), FieldSpec("title", "标题", FieldType.TITLE)),
)
CASE = FormSpec(
    "case",
    "典型案例",
    FormKind.DOCUMENT,
    (FieldSpec("unit", "单位", FieldType.UNIT), FieldSpec("title", "标题", FieldType.TITLE)),
)

SENDING = Sending(SendMode.AUTO, 200, 30, 3, 5, 20, 0.0, time(8, 30), time(17, 30))


def collection(
    deadline: date | None,
    *,
    form: FormSpec = LIAISON,
    cutoff: time = time(23, 59, 59),
    strict: bool = False,
    voluntary: bool = False,
    audience: Audience | None = None,
    letter_label: str = "附件2",
) -> Collection:
    """Return a collection of `form`."""
    return Collection(form, deadline, cutoff, strict, voluntary, audience or Audience(), letter_label)


def campaign(*collections: Collection, published_on: date) -> Campaign:
    """Return a campaign of these collections."""
    return Campaign(
        "month-2025", "“安全生产月”活动", "安全生产月", "示安委办〔2025〕1号", published_on, published_on, collections
    )


def unit(name: str = "青石镇人民政府", *addresses: str, **more: object) -> Unit:
    """Return a unit of the roster; without `addresses` it has one (`addresses=()` in `more` for none)."""
    values: dict[str, object] = {
        "aliases": (),
        "former_names": (),
        "group": "乡镇",
        "order": 1,
        "addresses": addresses or (f"{name.encode().hex()[:12]}@example.com",),
        "contact_name": "林小满",
        "phone": "0595-27390001",
        "owes": None,
    }
    return Unit(name=name, **(values | more))  # type: ignore[arg-type]


def roster(*units: Unit) -> Roster:
    """Return a roster of these units, in this order."""
    return Roster(units)


def state(*cells: tuple[Unit, Collection, CellState]) -> CampaignState:
    """Return the state in which these cells stand thus and all others have not submitted."""
    return CampaignState(
        "month-2025",
        {
            (UnitName(one.name), asked.id): Cell(UnitName(one.name), FormId(asked.id), kind)
            for one, asked, kind in cells
        },
    )
