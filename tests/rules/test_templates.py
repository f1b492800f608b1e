"""Every template renders with every kind of context it can get, and sounds like an office."""

import itertools
import re

import pytest

from intake.model import LetterKind
from intake.texts import Texts

OFFICE = {
    "office": {
        "name": "示范区安全生产委员会办公室",
        "short_name": "区安办",
        "contact_name": "周立春",
        "contact_phone": "0595-27390000",
    },
    "campaign": {
        "name": "关于开展“平安行”活动的通知",
        "short_name": "平安行",
        "document_number": "示安办〔2025〕8号",
        "mailbox": "office@example.com",
    },
    "reference": "2025-0042",
}
TIME = "2025-05-29T02:42:00+00:00"
UNTIL = "2025-05-30T23:59:59+08:00"
TEXTS = Texts()
LAST_LINE = "本邮件由系统自动发送，可直接回复，回复由工作人员处理。"

_PEOPLE = [[{"label": "姓名", "value": "林小满"}, {"label": "手机", "value": "13900000001"}]]
_FORM = {
    "form": "officer",
    "title": "联络员反馈表",
    "label": "附件2",
    "unit": "青石镇人民政府",
    "deadline": "2025-05-30",
    "late": False,
    "attachment": "附件2.docx",
    "people": _PEOPLE,
    "document": None,
    "from_scan": False,
    "no_intent": False,
    "problems": [],
    "accepted": True,
    "replaced_at": None,
    "changes": [],
    "unchanged": False,
}
_DOCUMENT = {
    **_FORM,
    "form": "report",
    "title": "活动总结",
    "people": [],
    "document": {"title": "青石镇活动总结", "characters": 1850, "pictures": 2},
}
_DECLINED = {**_FORM, "form": "entry", "title": "意向报名表", "people": [], "no_intent": True, "unchanged": False}
_MISSING = {"label": "手机", "code": "missing", "given": "", "text": "“手机”未填写"}
_WRONG = {"label": "电子邮箱", "code": "invalid", "given": "abc@126", "text": "“电子邮箱”填写为“abc@126”，格式不完整"}
_RETURNED = {"label": "", "code": "returned", "given": "", "text": "经工作人员核对，需要补正：联络员的职务请写全称"}
_FAULTY = {**_FORM, "problems": [_MISSING, _WRONG], "accepted": False}
_FORMS = {
    "one": [_FORM],
    "late scan": [{**_FORM, "late": True, "from_scan": True}],
    "text": [_DOCUMENT],
    "text from a body": [
        {**_DOCUMENT, "attachment": "", "document": {"title": "总结", "characters": 800, "pictures": 0}}
    ],
    "two units": [_FORM, {**_FORM, "unit": "白沙镇人民政府"}],
    "two units, one of them known": [{**_FORM, "masked": False}, {**_FORM, "unit": "白沙镇人民政府"}],
    "mixed": [{**_FORM, "people": _PEOPLE * 2}, _DOCUMENT, _DECLINED],
    "declined": [_DECLINED],
    "rolling": [{**_DOCUMENT, "deadline": None}],
}
_OWED = [
    {"title": "活动总结", "deadline": "2025-06-28", "overdue": False, "mending": True, "in_force": False},
    {"title": "典型案例", "deadline": "2025-06-28", "overdue": False, "mending": True, "in_force": True},
    {"title": "联络员反馈表", "deadline": "2025-05-30", "overdue": True, "mending": False, "in_force": False},
]
_FILES = [
    {"file": "附件1.docx", "code": "encrypted", "text": "设有打开密码"},
    {"file": "附件2.rar", "code": "unsupported", "text": "此类文件（RAR压缩包）系统不能读取"},
]
_NO_FILE = [{"file": "", "code": "no_attachment", "text": "来件中未见附件，正文也未读到完整的表格内容"}]
_BLANK_FILE = [{"file": "附件2.docx", "code": "empty", "text": "为空白表，未见填报内容"}]


def _answer(forms, files=(), *, until=UNTIL, passed=False, masked=False, line="", owed=()):
    return {
        "received_at": TIME,
        "forms": [{"masked": masked, **form} for form in forms],
        "files": list(files),
        "reply_line": line,
        "reply_until": until,
        "deadline_passed": passed,
        "still_owed": list(owed),
        "masked": masked,
    }


def _acknowledgements():
    for forms, until, masked, owed in itertools.product(_FORMS.values(), (UNTIL, None), (False, True), ([], _OWED)):
        yield _answer(forms, until=until, passed=until is None, masked=masked, owed=owed)


def _updates():
    changes = [{"label": "手机", "before": "13900000001", "after": "13900000009"}]
    replaced = {**_FORM, "replaced_at": TIME}
    for changed in (
        [{**replaced, "changes": changes}],
        [{**replaced, "people": _PEOPLE * 2}],
        [{**_DOCUMENT, "replaced_at": TIME}],
        [
            {**replaced, "changes": changes},
            {**replaced, "title": "意向报名表", "unchanged": True},
            _DOCUMENT,
            _DECLINED,
        ],
    ):
        for masked in (False, True):
            yield _answer(changed, masked=masked, owed=_OWED)


def _corrections():
    for forms, files in (
        ([_FAULTY], ()),
        ([{**_FAULTY, "problems": [_MISSING]}], ()),
        ([_FAULTY, _FORM, _DOCUMENT], _FILES),
        ([_FORM], _FILES),
        ([_FORM, _DECLINED], _FILES),
        ([], _BLANK_FILE),
        ([_FAULTY, {**_FAULTY, "title": "意向报名表"}], _NO_FILE),
        ([{**_FAULTY, "problems": [_RETURNED]}], ()),
        ([{**_FAULTY, "problems": [_RETURNED], "replaced_at": TIME}, _FORM], ()),
        ([{**_FAULTY, "problems": [_MISSING, _RETURNED]}], _FILES),
    ):
        for until in (UNTIL, None):
            asked = [one for form in forms for one in form["problems"] if one["code"] != "returned"]
            line = "手机：…；电子邮箱：…" if asked else ""
            yield _answer(forms, files, until=until, passed=until is None, line=line)


def _reminders():
    def item(step, deadline, left, *, certain=True, title="联络员反馈表", cutoff=""):
        return {
            "form": "officer",
            "title": title,
            "label": "附件2",
            "deadline": deadline,
            "step": step,
            "working_days_left": left,
            "certain": certain,
            "cutoff": cutoff,
        }

    cases = (
        ("2025-05-27T09:00:00+08:00", [item("three_days", "2025-05-30", 3)]),
        ("2025-05-29T09:00:00+08:00", [item("one_day", "2025-05-30", 1)]),
        ("2025-05-30T09:00:00+08:00", [item("day", "2025-05-30", 0)]),
        ("2025-05-30T09:00:00+08:00", [item("day", "2025-05-30", 0, cutoff="12:00")]),
        ("2025-06-27T09:00:00+08:00", [item("day", "2025-06-28", 0, certain=False)]),
        ("2025-06-03T09:00:00+08:00", [item("overdue", "2025-05-30", 0)]),
        ("2025-05-28T09:00:00+08:00", [item("soft", "2025-05-30", 2)]),
        (
            "2025-05-29T09:00:00+08:00",
            [
                item("overdue", "2025-05-20", 0, title="方案"),
                item("one_day", "2025-05-30", 1),
                item("soft", "2025-05-30", 1, title="意向报名表"),
            ],
        ),
    )
    for now_at, items in cases:
        yield {"items": items, "now_at": now_at, "overdue_until": "2025-06-03T17:30:00+08:00"}


def _digests():
    form = {
        "title": "联络员反馈表",
        "label": "附件2",
        "voluntary": False,
        "owed": 32,
        "reported": 21,
        "counts": [{"words": "应报", "number": 32}, {"words": "已报", "number": 21}, {"words": "未报", "number": 11}],
        "deadline": "2025-05-30",
        "working_days_left": 1,
    }
    todo = {"id": 17, "received_at": TIME, "from": "a@b.example.com", "subject": "联络员", "reason": "未能判明报送单位"}
    missing = {"unit": "青石镇人民政府", "phone": "0595-27390001", "contact": "林小满", "forms": ["活动总结"]}
    nobody = {**missing, "phone": "", "contact": ""}  # the roster names neither
    system = {
        "last_poll_at": TIME,
        "last_error": "",
        "last_backup_at": TIME,
        "is_on_server": False,
        "disk_free_percent": 71,
        "calendar_until": "2026-12-31",
        "held": 0,
        "refused": 0,
        "uncertain": 0,
        "troubles": [],
    }
    quiet = {"mails": 0, "updates": 0, "ignored": 0, "sent": 0, "bounced": 0}
    mending = {"title": "联络员反馈表", "id": 12, "received_at": TIME, "in_force": True}
    full = {
        "day": "2025-05-29",
        "forms": [
            form,
            {**form, "owed": 0, "voluntary": True, "deadline": None},
            {**form, "deadline": "2025-05-01"},
        ],
        "todo": [todo, todo],
        "missing": [
            {**missing, "uncollected": True, "waiting": [8], "reminded": 2, "last_reminded_at": "2025-05-28"},
            {**missing, "uncollected": False, "waiting": [8, 9], "reminded": 2, "last_reminded_at": "2025-05-28"},
            {**missing, "uncollected": False, "waiting": [], "reminded": 0, "last_reminded_at": None},
            {**nobody, "uncollected": False, "waiting": [], "reminded": 0, "last_reminded_at": None},
            {
                **nobody,
                "phone": "0595-27390001",
                "uncollected": True,
                "waiting": [],
                "reminded": 0,
                "last_reminded_at": None,
            },
        ],
        "mending": [
            {
                "unit": "青石镇人民政府",
                "phone": "0595-27390001",
                "contact": "林小满",
                "forms": [mending, {**mending, "title": "活动总结", "in_force": False}],
            },
            {"unit": "白沙镇人民政府", "phone": "", "contact": "", "forms": [mending]},
        ],
        "today": {**quiet, "mails": 6},
        "bounced": [
            {"unit": "青石镇人民政府", "address": "qingshi@qs.example.com", "reason": "550，收件地址不存在或已停用"}
        ],
        "system": {
            **system,
            "held": 3,
            "refused": 2,
            "troubles": ["已有 40 分钟没有成功收信。来件都在邮箱里。请检查网络。"],
        },
    }
    yield full
    started = {**system, "last_poll_at": None, "last_error": "登录被拒绝", "last_backup_at": None, "is_on_server": True}
    yield {
        **full,
        "forms": [],
        "todo": [],
        "missing": [],
        "mending": [],
        "today": quiet,
        "bounced": [],
        "system": started,
    }


def _alarms():
    alarm = {
        "title": "收信中断",
        "since": TIME,
        "effect": "来件不会丢失",
        "advice": "检查授权码",
        "answer": "LOGIN failed",
    }
    yield {**alarm, "recovered": False}
    yield {**alarm, "effect": "", "advice": "", "answer": "", "recovered": False}
    yield {**alarm, "recovered": True, "until": TIME}
    yield {**alarm, "recovered": True, "until": ""}


CONTEXTS = {
    LetterKind.ACKNOWLEDGEMENT: _acknowledgements,
    LetterKind.UPDATE: _updates,
    LetterKind.CORRECTION: _corrections,
    LetterKind.UNREADABLE: lambda: (
        _answer([], files, until=until, passed=until is None)
        for files in (_FILES, _FILES[:1], _NO_FILE, [*_FILES, *_NO_FILE])
        for until in (UNTIL, None)
    ),
    LetterKind.RECEIVED: lambda: (
        {
            "received_at": TIME,
            "files": files,
            "subject_line": subject,
            "pending_update": pending,
            "mends": False,
            "withdraws": False,
            "none_of": [],
            "foreign_kinds": kinds,
            "unverified": unverified,
            "replaced": replaced,
        }
        for files in ([], ["附件2.doc", "照片.jpg"])
        for subject in ("", "报送附件2")
        for pending in (False, True)
        for kinds in ([], ["OFD版式文件", "图片"])
        for unverified, replaced in (
            (False, []),
            (True, []),
            (False, ["联络员反馈表"]),
            (False, ["联络员反馈表", "活动总结"]),
        )
    ),
    LetterKind.QUESTION: lambda: (
        {"received_at": TIME, "mends": mends, "withdraws": withdraws, "corrects": corrects, "none_of": none_of}
        for mends, withdraws, corrects in itertools.product((False, True), repeat=3)
        for none_of in ([], ["联络员反馈表"])
    ),
    LetterKind.REMINDER: _reminders,
    LetterKind.DIGEST: _digests,
    LetterKind.ALARM: _alarms,
    LetterKind.TEST: lambda: [{"asked_at": TIME}],
}
CASES = [
    (kind, unit, context) for kind, make in CONTEXTS.items() for context in make() for unit in ("青石镇人民政府", "")
]


def test_every_kind_of_letter_has_contexts_here():
    assert set(CONTEXTS) == set(LetterKind)


@pytest.mark.parametrize(("kind", "unit", "context"), CASES, ids=lambda value: str(value)[:20])
def test_a_letter_sounds_like_an_office(kind, unit, context):
    letter = TEXTS.letter(kind, {**OFFICE, "unit": unit, **context})
    whole = f"{letter.subject}\n{letter.body}"
    lines = letter.body.rstrip("\n").split("\n")
    assert letter.subject.startswith("【")
    assert "〔2025-0042〕" in letter.subject
    assert lines[-1] == LAST_LINE
    assert lines[-2] == OFFICE["office"]["name"]
    assert not re.search(
        "[!！]|亲|您好呀|None|True|False|\\{|\\}|[。，；：] *[。，；：]|[。，；：] |《》|“”|（）|undefined", whole
    )
    assert all(line == line.rstrip() for line in lines)
    assert "\n\n\n" not in letter.body
    assert not re.search("[,;?](?![^\n]*example)", re.sub("[ -~]+@[ -~]+|LOGIN failed", "", whole))


@pytest.mark.parametrize("kind", [kind for kind in LetterKind if kind is not LetterKind.DIGEST])
def test_the_common_letters_fit_a_screen(kind):
    # facts/users.md §3: at most fifteen lines. The longest of a mail with several forms and files may have some more.
    letters = [TEXTS.letter(kind, {**OFFICE, "unit": "青石镇人民政府", **context}) for context in CONTEXTS[kind]()]
    lengths = sorted(len(letter.body.splitlines()) for letter in letters)
    assert lengths[len(lengths) // 2] <= 15
    assert lengths[-1] <= 24


def test_who_is_asked_to_mend_something_is_told_how_to_answer():
    for context in _corrections():
        body = TEXTS.letter(LetterKind.CORRECTION, {**OFFICE, "unit": "青石镇人民政府", **context}).body
        returned = any(one is _RETURNED for form in context["forms"] for one in form["problems"])
        if any(not form["accepted"] for form in context["forms"]):
            until = "于5月30日[^，。]{1,12}前" if context["reply_until"] else "尽快"
            assert re.search(f"请{until}直接回复本邮件", body)
        assert ("附上改好的文件" in body) is returned
        assert ("不必重发全表" in body) is (bool(context["reply_line"]) and not returned)
        assert ("写明“手机：…；电子邮箱：…”" in body) is bool(context["reply_line"])


def test_letters_to_units_name_a_person_to_call():
    for kind in set(LetterKind) - {LetterKind.DIGEST, LetterKind.ALARM, LetterKind.TEST}:
        for context in CONTEXTS[kind]():
            body = TEXTS.letter(kind, {**OFFICE, "unit": "青石镇人民政府", **context}).body
            assert "周立春" in body
            assert "0595-27390000" in body


def test_a_voluntary_form_is_never_called_missing():
    (context,) = (one for one in _reminders() if [item["step"] for item in one["items"]] == ["soft"])
    body = TEXTS.letter(LetterKind.REMINDER, {**OFFICE, "unit": "青石镇人民政府", **context}).body
    assert "尚未收到" not in body
    assert "无意向的无须回复" in body
