"""Who sends what and when: a dozen invented units in the weeks of the notice. Pure: values in, raw mails out.

Scenes are told in the order of time; each makes one raw mail as a unit's mail program would. Bounces and automatic
replies are not scenes: they answer what the program sends, and `stage` makes them when it does (see `Habit`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from intake.blanks import docx_document, docx_form
from intake.model import CellState, FormId
from intake.settings import Campaign
from parsers.forms import FormSpec

SHANGHAI = ZoneInfo("Asia/Shanghai")
DOCX = "vnd.openxmlformats-officedocument.wordprocessingml.document"


class Habit(StrEnum):
    """What a unit's mailbox does with a letter from us."""

    READS = "reads"
    AUTO_REPLIES = "auto_replies"
    BOUNCES = "bounces"


@dataclass(frozen=True, slots=True)
class Player:
    """One invented unit: a row of the demo's roster, and how its mailbox behaves."""

    name: str
    short: str
    group: str
    contact: str
    address: str
    phone: str
    habit: Habit = Habit.READS


PLAYERS: tuple[Player, ...] = (
    Player("青石镇人民政府", "青石镇", "乡镇", "林小满", "qingshi@qs.example.com", "0595-27390001"),
    Player("白沙镇人民政府", "白沙镇", "乡镇", "陈立冬", "baisha@bs.example.com", "0595-27390002"),
    Player("海湾镇人民政府", "海湾镇", "乡镇", "黄秋分", "haiwan@hw.example.com", "0595-27390003"),
    Player("泉州台商投资区教育文体局", "教育局;教体局", "成员单位", "吴谷雨", "jiaoyu@qu.example.org", "0595-27390004"),
    Player("泉州台商投资区财政审计局", "财政局", "成员单位", "郑白露", "caizheng@qu.example.org", "0595-27390005"),
    Player("泉州台商投资区卫生健康局", "卫健局", "成员单位", "许霜降", "weijian@qu.example.org", "0595-27390006"),
    Player("泉州台商投资区交通建设局", "交建局", "成员单位", "蔡惊蛰", "jiaojian@qu.example.org", "0595-27390007"),
    Player("泉州台商投资区农业水务局", "农水局", "成员单位", "杨清明", "nongshui@qu.example.org", "0595-27390008"),
    Player("泉州台商投资区市场监管局", "市监局", "成员单位", "苏小暑", "shijian@qu.example.org", "0595-27390009"),
    Player(
        "泉州台商投资区气象服务中心",
        "气象中心",
        "成员单位",
        "何处暑",
        "qixiang@qx.example.net",
        "0595-27390010",
        Habit.BOUNCES,
    ),
    Player(
        "泉州台商投资区消防救援大队",
        "消防大队",
        "成员单位",
        "罗寒露",
        "xiaofang@xf.example.net",
        "0595-27390011",
        Habit.AUTO_REPLIES,
    ),
    Player("泉州台商投资区供电服务公司", "供电公司", "成员单位", "邱大雪", "gongdian@gd.example.net", "0595-27390012"),
)

ROSTER_HEADINGS = ("序号", "单位名称", "简称", "分组", "联系人", "邮箱", "电话")


def roster_csv() -> bytes:
    """Return the demo's roster as the .csv file (UTF-8 with BOM, as Excel writes it) that a clerk would keep."""
    rows = [ROSTER_HEADINGS]
    for number, player in enumerate(PLAYERS, start=1):
        rows.append(
            (str(number), player.name, player.short, player.group, player.contact, player.address, player.phone)
        )
    return "\r\n".join(",".join(row) for row in rows).encode("utf-8-sig")


@dataclass(frozen=True, slots=True)
class Scene:
    """One mail that a unit sends. `make` gives its raw bytes, knowing the Message-ID of our newest letter to it."""

    at: datetime
    sender: str
    address: str
    caption: str
    make: Callable[["Answered"], bytes]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a sender sees of us: our address and the newest letter that it got (Message-ID and subject, or "")."""

    mailbox: str
    message_id: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """The making of one mail: what its author typed, and what was attached."""

    at: datetime
    sender: Player
    subject: str
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply: bool = False
    charset: str = "utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, answered: Answered) -> bytes:
        """Return the raw mail, CRLF, as it lies in the mailbox."""
        message = EmailMessage(policy=SMTP)
        message["From"] = f"{self.sender.contact} <{self.sender.address}>"
        message["To"] = answered.mailbox
        message["Subject"] = f"回复：{answered.subject}" if self.reply else self.subject
        message["Date"] = format_datetime(self.at)
        message["Message-ID"] = f"<{self.at:%m%d%H%M%S}.{self.sender.address}>"
        if self.reply and answered.message_id:
            message["In-Reply-To"] = answered.message_id
        for name, value in self.headers.items():
            message[name] = value
        message.set_content(self.text or "请查收。\n", charset=self.charset)
        if self.html:
            message.add_alternative(self.html, subtype="html", charset=self.charset)
        for attachment in self.attachments:
            subtype = DOCX if attachment.name.endswith(".docx") else "octet-stream"
            message.add_attachment(attachment.data, maintype="application", subtype=subtype, filename=attachment.name)
        return message.as_bytes()


def scenes(campaign: Campaign) -> tuple[Scene, ...]:
    """Given the campaign of the example configuration, return the scenes in order of time."""
    told = [*_first_days(campaign), *_eve_of_the_deadline(campaign), *_deadline_and_after(campaign), *_june()]
    return tuple(sorted(told, key=lambda scene: scene.at))


def _first_days(campaign: Campaign) -> list[Scene]:
    town, school, money = _cast("青石镇"), _cast("教育局"), _cast("财政局")
    sands = _cast("白沙镇")
    forms_of_money = (
        _registration(campaign, money, "郑白露", "13900000005", "快板《安全记心上》，3人，约6分钟"),
        _liaison(campaign, money, "郑白露", "13900000005", gender="女"),
    )
    list_headers = {"List-Id": "<digest.list.example.org>", "List-Unsubscribe": "<mailto:leave@list.example.org>"}
    digest = Player("", "", "", "安全资讯", "digest@list.example.org", "")
    return [
        _scene(
            "附件2填写完整",
            _mail(town, 5, 27, 17, 20, "报送联络员反馈表", _liaison(campaign, town, "林小满", "13900000001")),
        ),
        _scene(
            "附件2漏填手机", _mail(school, 5, 28, 9, 5, "教育局联络员反馈表", _liaison(campaign, school, "吴谷雨", ""))
        ),
        _scene("一封邮件里附件1、附件2两张表", _mail(money, 5, 28, 10, 15, "财政局报送附件1、附件2", *forms_of_money)),
        _scene("直接回复补正通知，只写手机号", _reply(school, 5, 28, 10, 40, "手机：13900000004\n")),
        _scene("没有附件，表格贴在正文里（GB18030编码）", _table_in_body(campaign, sands, _at(5, 28, 15, 30))),
        _scene(
            "订阅的资讯，不是报送",
            replace(_mail(digest, 5, 28, 16, 0, "一周安全资讯"), text="本周要闻。\n", headers=list_headers),
        ),
    ]


def _eve_of_the_deadline(campaign: Campaign) -> list[Scene]:
    town, health, roads, market = _cast("青石镇"), _cast("卫健局"), _cast("交建局"), _cast("市监局")
    whole = _liaison(campaign, health, "许霜降", "13900000006")
    broken = Attachment(whole.name, whole.data[: len(whole.data) // 3])
    stranger = Player("东山县某某镇人民政府", "某某镇", "", "冯夏至", "fxz@ds.example.com", "0596-5550001")
    return [
        _scene("附件2损坏，打不开", _mail(health, 5, 29, 9, 30, "卫健局联络员表", broken)),
        _scene("重新发送的附件2", _mail(health, 5, 29, 11, 10, "重发：卫健局联络员表", whole)),
        _scene(
            "更正：换了手机号，以此为准",
            _mail(town, 5, 29, 14, 5, "更正联络员反馈表，以此为准", _liaison(campaign, town, "林小满", "13900000101")),
        ),
        _scene(
            "名册里没有的单位",
            _mail(stranger, 5, 29, 16, 0, "报送联络员表", _liaison(campaign, stranger, "冯夏至", "13900000099")),
        ),
        _scene(
            "收到提醒后报送",
            _mail(roads, 5, 29, 16, 40, "交建局联络员", _liaison(campaign, roads, "蔡惊蛰", "13900000007")),
        ),
        _scene(
            "收到提醒后报送",
            _mail(market, 5, 29, 17, 5, "市监局联络员反馈表", _liaison(campaign, market, "苏小暑", "13900000009")),
        ),
    ]


def _deadline_and_after(campaign: Campaign) -> list[Scene]:
    market, bay, fire, water = _cast("市监局"), _cast("海湾镇"), _cast("消防大队"), _cast("农水局")
    bay_file = _liaison(campaign, bay, "黄秋分", "13900000003", gender="女")
    no_intent = replace(
        _mail(market, 5, 30, 8, 50, "关于咨询日活动"), text="我单位无意向联合举办“安全宣传咨询日”活动。\n"
    )
    return [
        _scene("正文里说无意向", no_intent),
        _scene("截止当日报送", _mail(bay, 5, 30, 10, 20, "海湾镇附件2", bay_file)),
        _scene(
            "截止当日报送",
            _mail(fire, 5, 30, 16, 10, "消防大队联络员", _liaison(campaign, fire, "罗寒露", "13900000011")),
        ),
        _scene(
            "迟到的附件2",
            _mail(water, 6, 4, 10, 30, "补报联络员反馈表", _liaison(campaign, water, "杨清明", "13900000008")),
        ),
    ]


# When each unit sends its 活动总结 (day and hour in June; the slow one in July is told apart below).
_REPORTS = {
    "青石镇": (20, 9),
    "教育局": (23, 10),
    "财政局": (24, 15),
    "卫健局": (25, 9),
    "交建局": (25, 16),
    "白沙镇": (26, 15),
    "市监局": (27, 10),
    "海湾镇": (27, 15),
    "消防大队": (27, 16),
}


def _june() -> list[Scene]:
    """Summaries and one typical case; 供电公司 never writes at all: the letters to it tell how reminders go."""
    water = _cast("农水局")
    title = "某水闸临时用电不规范典型案例"
    lines = (
        "2025年6月，检查组在某水闸发现临时用电线路未架空、未设漏电保护，当场责令停用，次日复查已整改到位。",
        "该案例提醒各单位：临时用电须经验收合格后使用，并明确专人每日巡查。",
        water.name,
    )
    case = Attachment("典型案例（农水局）.docx", docx_document(title, lines))
    scenes = [_scene("报送典型案例", _mail(water, 6, 11, 10, 30, "报送典型案例", case))]
    for name, (day, hour) in _REPORTS.items():
        scenes.append(_scene("报送活动总结", _report(_cast(name), 6, day, hour)))
    scenes.append(_scene("逾期报送活动总结", _report(water, 7, 1, 10)))
    return scenes


def _ending() -> dict[tuple[str, str], CellState]:
    """Return the state that the story leads to; what is not named has not been submitted."""
    ending = {(player.name, "liaison"): CellState.ACCEPTED for player in PLAYERS}
    for silent in ("气象中心", "供电公司"):
        del ending[_cast(silent).name, "liaison"]
    ending |= {(_cast(name).name, "summary"): CellState.ACCEPTED for name in (*_REPORTS, "农水局")}
    ending[_cast("财政局").name, "registration"] = CellState.ACCEPTED
    ending[_cast("市监局").name, "registration"] = CellState.NO_INTENT
    ending[_cast("农水局").name, "case"] = CellState.ACCEPTED
    return ending


def _report(player: Player, month: int, day: int, hour: int) -> "Mail":
    name = _short(player)
    title = f"{name}2025年“安全生产月”活动总结"
    lines = (
        f"{name}认真落实“安全生产月”活动部署，围绕主题组织宣讲、演练和隐患排查，现将有关情况总结如下。",
        "一、加强组织领导。成立活动领导小组，制订方案，分解任务，逐项落实责任人和完成时限。",
        "二、开展宣传教育。举办咨询日活动两场，发放宣传材料一千余份，组织观看警示教育片三场。",
        "三、排查治理隐患。检查企业四十六家次，发现隐患八十三处，已整改七十九处，其余限期整改。",
        player.name,
        "2025年6月",
    )
    return _mail(player, month, day, hour, 20, f"报送{title}", Attachment(f"{title}.docx", docx_document(title, lines)))


# --- props -----------------------------------------------------------------------------------------------------------


def _cast(short: str) -> Player:
    return next(player for player in PLAYERS if _short(player) == short)


def _short(player: Player) -> str:
    return player.short.split(";")[0]


def _at(month: int, day: int, hour: int, minute: int) -> datetime:
    return datetime(2025, month, day, hour, minute, 12, tzinfo=SHANGHAI)


def _scene(caption: str, mail: "Mail") -> Scene:
    player = mail.sender
    return Scene(mail.at, _short(player) or player.contact, player.address, caption, mail)


def _mail(
    player: Player, month: int, day: int, hour: int, minute: int, subject: str, *attached: "Attachment"
) -> "Mail":
    return Mail(_at(month, day, hour, minute), player, subject, attachments=attached)


def _reply(player: Player, month: int, day: int, hour: int, minute: int, text: str) -> "Mail":
    return Mail(_at(month, day, hour, minute), player, "", text=text, reply=True)


def _officer(player: Player, name: str, mobile: str) -> dict[str, object]:
    return {
        "name": name,
        "gender": "男",
        "position": "安全办主任",
        "office_phone": player.phone,
        "mobile": mobile,
        "email": player.address,
        "unit": player.name,
        "address": "泉州台商投资区示例路1号",
    }


def _form(campaign: Campaign, form: str) -> FormSpec:
    return campaign.collection(FormId(form)).form


def _liaison(campaign: Campaign, player: Player, name: str, mobile: str, **more: str) -> "Attachment":
    values = _officer(player, name, mobile) | more
    return Attachment(f"附件2（{_short(player)}）.docx", docx_form(_form(campaign, "liaison"), values))


def _registration(campaign: Campaign, player: Player, name: str, phone: str, program: str) -> "Attachment":
    values = {
        "unit": player.name,
        "has_program": True,
        "program_summary": program,
        "contact_name": name,
        "contact_phone": phone,
    }
    return Attachment("附件1.docx", docx_form(_form(campaign, "registration"), values))


def _table_in_body(campaign: Campaign, player: Player, at: datetime) -> "Mail":
    values = _officer(player, "陈立冬", "139 0000 0002")
    fields = [(spec.label, str(values.get(spec.key, ""))) for spec in _form(campaign, "liaison").fields]
    rows = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in fields)
    text = "\n".join(f"{label}\t{value}" for label, value in fields)
    html = f"<div>联络员反馈表如下：</div><table border=1>{rows}</table>"
    return Mail(at, player, "联络员反馈表", text=f"联络员反馈表如下：\n{text}\n", html=html, charset="gb18030")


# How the story must end; `intake demo` compares it with the record and says so if it does not.
ENDING: Mapping[tuple[str, str], CellState] = _ending()
