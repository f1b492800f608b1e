"""Who did what: the audit in words, found by person and day. Stage after: the page 操作记录 and `intake audit`.

In: the `App`, whom and when. Out: `Line`s, newest first. The audit holds counts, numbers and names of fields, no values;
details that nobody has put into words here are left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from intake.db.models import AuditRow
from intake.model import DecisionKind, NoteKind
from intake.words import DECISION_KIND_WORDS, NOTE_KIND_WORDS, SHANGHAI
from scheduler.app import App

PAGE = 100
# By the code of the action; tests/unit/scheduler/test_audit.py finds every code that is used.
ACTION_WORDS: Mapping[str, str] = {
    **{str(kind): words for kind, words in DECISION_KIND_WORDS.items()},
    **{f"note {kind}": words for kind, words in NOTE_KIND_WORDS.items()},
    DecisionKind.DISMISS.value: "标为“不是报送”",
    f"note {NoteKind.CALL}": "标记已电话催办",
    f"note {NoteKind.EXEMPT}": "登记免报",
    "note undone": "撤销登记",
    "undo": "撤销处理",
    "reprocess": "重新识别",
    "set aside": "作废对旧识别结果的处理",
    "release": "放行",
    "cancel": "取消发信",
    "skip": "跳过本次提醒",
    "resend": "重发",
    "pause": "暂停全部发送",
    "resume": "恢复发送",
    "end_hold": "解除为免重复回信的暂停",
    "export": "导出",
    "roster": "更换名册",
    "roster short": "名册里的单位少了许多",
    "unit gone": "名册中已没有，但已有报送",
    "form gone": "配置中已没有，但已有报送",
    "campaign gone": "配置中这次收集的编号已改，但已有报送",
    "add_day": "添加工作日历的日子",
    "remove_day": "删去工作日历的日子",
    "send_mode": "改变发信方式",
    "test_letter": "发测试信",
    "confirm_clock": "确认本机时间正确",
}
_THINGS = {"mail": "第{}号来信", "letter": "第{}号去信"}
_NUMBERED = re.compile(r"(mail|letter) (\d{1,10})")
_WHOLE = {"outbox": "发件箱", "all": "全部待放行的信", "sending": "发信方式", "roster": "名册", "clock": "本机时间"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that somebody did. `kind` and `number` name what it was done to ("mail", "letter", "unit" by `name`)."""

    at: datetime
    who: str
    words: str
    subject: str
    details: tuple[str, ...]
    kind: str = ""
    number: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of lines, how many there are in all, and everybody who ever did something."""

    lines: tuple[Line, ...]
    total: int
    people: tuple[str, ...]


def find(app: App, *, who: str = "", day: date | None = None, page: int = 0, size: int = PAGE) -> Found:
    """Given a person ("" for all) and a day in Shanghai (None for any), return a page (from 0) of what was done."""
    wanted = []
    if who:
        wanted.append(AuditRow.who == who)
    if day is not None:
        begins = datetime.combine(day, time(), SHANGHAI)
        wanted += [AuditRow.at >= begins, AuditRow.at < begins + timedelta(days=1)]
    with app.bench.reading() as record:
        total = record.scalar(select(func.count()).select_from(AuditRow).where(*wanted)) or 0
        people = tuple(record.scalars(select(AuditRow.who).distinct().order_by(AuditRow.who)))
        rows = record.scalars(
            select(AuditRow).where(*wanted).order_by(AuditRow.id.desc()).limit(size).offset(page * size)
        ).all()
    return Found(tuple(_line(app, row) for row in rows), total, people)


def day_typed(text: str) -> date | None:
    """Given a day as typed (2025-05-28), return it; None if it is none of this time."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if 2000 <= day.year < 3000 else None  # what lies outside can't be asked of a database


def _line(app: App, row: AuditRow) -> Line:
    words = ACTION_WORDS.get(row.action, row.action)
    details = tuple(_details(app, row.details))
    if row.subject.startswith("unit "):
        name = row.subject.removeprefix("unit ")
        return Line(row.at, row.who, words, name, details, "unit", None, name)
    one = _NUMBERED.fullmatch(row.subject)
    subject = _NUMBERED.sub(lambda found: _THINGS[found[1]].format(found[2]), row.subject).replace(", ", "、")
    subject = subject.removeprefix("day ").removeprefix("form ").removeprefix("campaign ")
    subject = _WHOLE.get(subject, subject)
    if one is None:
        return Line(row.at, row.who, words, subject, details)
    return Line(row.at, row.who, words, subject, details, one[1], int(one[2]))


def _details(app: App, details: Mapping[str, object]) -> Iterator[str]:
    """Yield what is told beside an action; a detail that is empty is none."""
    campaign = app.settings.campaign
    titles = {str(one.id): one.form.title for one in campaign.collections}
    labels = {spec.key: spec.label for one in campaign.collections for spec in one.form.fields}
    for key, value in details.items():
        match key, value:
            case "fields", [_, *_] as keys:
                yield f"栏目：{'、'.join(labels.get(str(one), str(one)) for one in keys)}"
            case "form", str() as form:
                yield f"《{titles.get(form, form)}》"
            case "unit", str() as unit:
                yield f"单位：{unit}"
            case "kind", str() as kind:
                yield f"原来的处理：{ACTION_WORDS.get(kind, kind)}"
            case "note", int() as number:
                yield f"登记编号{number}"
            case "letter", int() as number:
                yield f"新写第{number}号去信"
            case "letters", [_, *_] as numbers:
                yield f"写信：{_numbers(numbers)}"
            case "letters", int() as count:
                yield f"{count} 封"
            case "stopped", [_, *_] as numbers:
                yield f"取消还没发出的：{_numbers(numbers)}"
            case "gone", [_, *_] as numbers:
                yield f"已经发出收不回的：{_numbers(numbers)}"
            case "again", [_, *_] as numbers:
                yield f"因此重新识别的来信：{_numbers(numbers)}"
            case _:
                continue


def _numbers(numbers: Sequence[object]) -> str:
    return "、".join(f"第{one}号" for one in numbers)
