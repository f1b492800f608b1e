"""待核实: the clerk's worklist, and what is done about one mail of it. One item a screen: the original left, what was read right.

In: requests. Out: pages. What an action means, and whether it may be, is told by `intake.decide`; what is shown of one
item is gathered by `reviewing`. Whatever mails somebody is shown before it is done, and is done only if that is still what
would be mailed.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from intake import decide
from intake.cases import Case, OvertakenError, RefusedError, look
from intake.db import worklist
from intake.decide import Outcome
from intake.decisions import typed_values
from intake.model import OutboxState
from intake.settling import Letter
from intake.words import again_words
from parsers.forms import FieldType, ProblemCode
from parsers.text import clean
from scheduler.web.context import desk, who
from scheduler.web.doors import page
from scheduler.web.numbers import number_in
from scheduler.web.pages import reviewing
from scheduler.web.pages.reviewing import Typed

pages = Blueprint("review", __name__)

ACTIONS = ("accept", "save", "assign", "dismiss", "return", "reprocess", "undo")
_ASKED = frozenset({"dismiss", "return", "undo"})  # asked for once, even where nothing is mailed
_DONE = {
    "accept": "已通过",
    "save": "已改值",
    "assign": "已归属单位",
    "dismiss": "已标为“不是报送”",
    "return": "已退回补正",
    "undo": "已撤销上一步",
}
_WAS = "was."
_FIELD = "field."
_REFERENCE = re.compile(
    "(?<=[\\u3014\\u53f7])\\d{4}-\\d{4,}"
)  # as in "2025-0009"; the signs before it stand in our templates
_MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter: how many mails it leaves."""

    form: str
    words: str
    count: int


# --- looking ----------------------------------------------------------------------------------------------------------


@pages.get("/review")
@page
def listing() -> ResponseReturnValue:
    """List what waits, the oldest first."""
    here = desk()
    campaign = here.app.settings.campaign
    with here.app.bench.reading() as record:
        found = worklist.waiting(record, campaign.id)
    titles = {str(one.id): one.form.title for one in campaign.collections}
    chosen = request.args.get("form", "")
    choices = [
        Choice(form, words, sum(reviewing.has_form(one, form) for one in found))
        for form, words in [*titles.items(), (reviewing.NO_FORM, "未识别出表")]
    ]
    listed = [one for one in found if not chosen or reviewing.has_form(one, chosen)]
    return render_template(
        "review.html",
        mails=listed[:_MOST_LISTED],
        left_out=len(listed[_MOST_LISTED:]),
        total=len(found),
        titles=titles,
        chosen=chosen,
        choices=[one for one in choices if one.count or one.form == chosen],
    )


@pages.get("/review/<int:number>")
@page
def show(number: int) -> ResponseReturnValue:
    """Show one mail beside what was read in it."""
    return _item(number, number_in(request.args.get("n")), request.args.get("form", ""), Typed())


def _item(
    number: int,
    ordinal: int | None,
    form: str,
    typed: Typed,
    refused: Iterable[str] = (),
    *,
    overtaken: bool = False,
) -> ResponseReturnValue:
    """Show an item with what was typed; `overtaken`: what is kept now is not what the person saw who typed it."""
    shown = reviewing.gather(desk(), number, ordinal=ordinal, form=form, typed=typed)
    refused = tuple(refused)
    return render_template(
        "review_item.html", item=shown, refused=refused, overtaken=overtaken, excuse=_excuse(shown)
    ), 409 if refused else 200


def _excuse(shown: reviewing.Shown) -> tuple[int, str] | None:
    """Return the unit's place on the roster and the form where the unit answers 无, so that excusing it is one step away."""
    item = reviewing.chosen(shown.case, shown.ordinal)
    now = None if item is None or not shown.case.open else item.now
    if now is None or all(one.code is not ProblemCode.NOT_APPLICABLE for one in now.problems):
        return None
    return next(((unit.order, now.form) for unit in desk().app.bench.roster.units if unit.name == now.unit), None)


# --- deciding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What was sent: the button, the item and the state that the page showed, what was typed. `shown`: of the letters seen."""

    action: str
    number: int
    ordinal: int | None
    case: str
    form: str
    typed: Typed
    shown: str
    was: Mapping[str, str]  # by field key, what stood in it when the page was shown; "" the unit


@pages.post("/review/<int:number>")
@page
def act(number: int) -> ResponseReturnValue:
    """Do what a button says; where it mails somebody, or can't be taken lightly, show that first and ask."""
    wish = _wish(number)
    try:
        return _carried_out(wish)
    except OvertakenError as error:
        refused = (*error.problems, "您填的内容还留在下面，没有保存；与现在登记的不同的栏目，写着“现在登记的是”。")
        return _item(number, wish.ordinal, wish.form, _touched(wish), refused, overtaken=True)
    except RefusedError as refused:
        return _item(number, wish.ordinal, wish.form, wish.typed, refused.problems)


def _wish(number: int) -> Wish:
    given = request.form
    action = given.get("do", "")
    if action not in ACTIONS:
        abort(400)
    fields = {name.removeprefix(_FIELD): _text(given[name]) for name in given if name.startswith(_FIELD)}
    typed = Typed(fields, given.get("unit"), _text(given.get("note", "")))
    ordinal = number_in(given.get("ordinal"))
    was = {name.removeprefix(_WAS): _text(given[name]) for name in given if name.startswith(_WAS)}
    return Wish(
        action, number, ordinal, given.get("case", ""), given.get("form", ""), typed, given.get("shown", ""), was
    )


def _touched(wish: Wish) -> Typed:
    """Return what this person typed himself: the rest of his page is old, and kept by him would undo what another kept."""
    fields = {
        key: text
        for key, text in wish.typed.fields.items()
        if key not in wish.was or _without_ends(text) != _without_ends(wish.was[key])
    }
    return replace(wish.typed, fields=fields, unit=None if wish.typed.unit == wish.was.get("") else wish.typed.unit)


def _text(sent: str) -> str:
    """Return what was typed: browsers end lines by CR LF."""
    return clean(sent.replace("\r\n", "\n"))


def _carried_out(wish: Wish) -> ResponseReturnValue:
    here = desk()
    with here.app.bench.reading() as record:
        case = look(record, here.app.bench, wish.number)
        before = reviewing.queue_of(worklist.waiting(record, here.app.settings.campaign.id), wish.form)
    if case.token != wish.case:
        raise OvertakenError
    changed = _changed(case, wish)
    other_unit = _other_unit(case, wish)
    _refuse_what_would_be_lost(case, wish, changed, other_unit=other_unit)
    wish = replace(wish, typed=replace(wish.typed, fields=changed))
    if wish.action == "save" and (faults := _faults(case, wish)):
        typed = replace(wish.typed, faults=faults)
        return _item(wish.number, wish.ordinal, wish.form, typed, ["有的内容不对，没有改动。请看栏目下面红色的说明。"])
    if wish.action == "reprocess":
        decide.reprocess(here.app.bench, wish.number, who=who(), now=here.app.clock.now(), token=wish.case)
        flash("已放回重新识别，一两分钟后有结果；仍需核实的，会回到这里。")
        return redirect(_onward(before, wish.number, wish.form), 303)
    preview = _do(wish, dry=True)
    if (preview.letters or wish.action in _ASKED) and wish.shown != _seal(preview):
        return render_template(
            "review_confirm.html",
            wish=wish,
            case=case,
            outcome=preview,
            seal=_seal(preview),
            changed=_words_of(case, wish),
            title=_title(case, wish),
            again=bool(wish.shown),
            last=reviewing.last_done(here, case),
            held=any(one.state is OutboxState.HELD for one in preview.letters),
        )
    outcome = _do(wish, dry=False)
    stays = outcome.open or wish.action == "undo" or (wish.action == "save" and other_unit)
    flash(_told(wish, outcome, other_unit=other_unit and wish.action == "save"))
    if stays:
        return redirect(url_for("review.show", number=wish.number, form=wish.form or None), 303)
    return redirect(_onward(before, wish.number, wish.form), 303)


def _do(wish: Wish, *, dry: bool) -> Outcome:
    here = desk()
    bench, now, name = here.app.bench, here.app.clock.now(), who()
    number, ordinal, token = wish.number, wish.ordinal, wish.case
    match wish.action:
        case "accept":
            return decide.accept(bench, number, ordinal=ordinal, who=name, now=now, token=token, dry=dry)
        case "save" if ordinal is not None:
            return decide.change_values(
                bench, number, ordinal, wish.typed.fields, who=name, now=now, token=token, dry=dry
            )
        case "assign" if ordinal is not None:
            unit = wish.typed.unit or ""
            if not unit:
                raise RefusedError("请先在“归属单位”里选一个单位。")
            return decide.assign(bench, number, ordinal, unit, who=name, now=now, token=token, dry=dry)
        case "dismiss":
            return decide.dismiss(bench, number, note=wish.typed.note, who=name, now=now, token=token, dry=dry)
        case "return":
            return decide.return_for_correction(
                bench, number, ordinal, note=wish.typed.note, who=name, now=now, token=token, dry=dry
            )
        case "undo":
            return decide.undo(bench, number, who=name, now=now, token=token, dry=dry)
        case _:
            raise RefusedError("这封来件没有识别出表，不能这样处理。")


def _changed(case: Case, wish: Wish) -> dict[str, str]:
    """Return the fields in which something else was typed than the page showed."""
    item = reviewing.chosen(case, wish.ordinal)
    spec = reviewing.spec_of(desk(), item)
    if item is None or spec is None:
        return {}
    readings = {one.key: one for one in reviewing.counted(item).fields}
    found = {}
    for one in spec.fields:
        if one.key not in wish.typed.fields or one.type is FieldType.UNIT:
            continue
        kept = reviewing.text_of(readings.get(one.key))
        if one.type is FieldType.YESNO and kept not in (reviewing.YES, reviewing.NO):
            kept = ""
        typed = wish.typed.fields[one.key]
        if _without_ends(typed) != _without_ends(kept):
            found[one.key] = typed
    return found


def _without_ends(text: str) -> str:
    """Browsers drop the first line break of a text, and nobody sees blanks at an end."""
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).strip()


def _other_unit(case: Case, wish: Wish) -> bool:
    item = reviewing.chosen(case, wish.ordinal)
    return bool(item and wish.typed.unit and wish.typed.unit != reviewing.counted(item).unit)


def _refuse_what_would_be_lost(case: Case, wish: Wish, changed: dict[str, str], *, other_unit: bool) -> None:
    """Nothing that was typed is dropped silently: another button than the one that keeps it is refused."""
    if changed and wish.action != "save":
        labels = "、".join(f"“{one}”" for one in _labels(case, wish, changed))
        raise RefusedError(f"{labels}改了还没有保存，没有执行。请先点“保存改值”；不想改的，请点“放弃改动”。")
    if other_unit and wish.action not in ("save", "assign"):
        raise RefusedError("选了别的单位还没有保存，没有执行。请先点“归属单位”；不想改的，请点“放弃改动”。")
    if wish.action == "save" and not changed:
        raise RefusedError("没有改动任何一栏。内容无误的，请点“通过”。")


def _labels(case: Case, wish: Wish, keys: Iterable[str]) -> list[str]:
    spec = reviewing.spec_of(desk(), reviewing.chosen(case, wish.ordinal))
    known = {} if spec is None else {one.key: one.label for one in spec.fields}
    return [known.get(one, one) for one in keys]


def _faults(case: Case, wish: Wish) -> dict[str, str]:
    """Return by field what is wrong with what was typed, a sentence each."""
    here = desk()
    spec = reviewing.spec_of(here, reviewing.chosen(case, wish.ordinal))
    if spec is None:
        return {}
    found = {}
    for key, text in wish.typed.fields.items():
        _, faults = typed_values(spec, {key: text}, area_code=here.app.settings.office.area_code)
        if faults:
            found[key] = "；".join(faults)
    return found


# --- words ------------------------------------------------------------------------------------------------------------


def _seal(outcome: Outcome) -> str:
    """Return what tells whether the same letters would go out as were shown (whoever confirms has read these).

    But for their reference numbers: another letter that was written meanwhile moves these on.
    """
    letters = [
        (one.kind.value, one.to_address, *(_REFERENCE.sub("", text) for text in (one.subject, one.body)))
        for one in outcome.letters
    ]
    stopped = [[one.id for one in group] for group in (outcome.stopped, outcome.gone)]
    return hashlib.sha256(repr(("seen", letters, stopped)).encode()).hexdigest()[:16]


def _words_of(case: Case, wish: Wish) -> list[tuple[str, str]]:
    """Return label and new text of what is changed, for the question."""
    if wish.action == "assign":
        return [("归属单位", wish.typed.unit or "")]
    return list(zip(_labels(case, wish, wish.typed.fields), wish.typed.fields.values(), strict=True))


def _title(case: Case, wish: Wish) -> str:
    spec = reviewing.spec_of(desk(), reviewing.chosen(case, wish.ordinal))
    return "" if spec is None else spec.title


def _told(wish: Wish, outcome: Outcome, *, other_unit: bool) -> str:
    told = f"第 {wish.number} 号来件{_DONE[wish.action]}。"
    told += _letters_told(outcome.letters)
    if outcome.stopped:
        told += f"有 {len(outcome.stopped)} 封还没发出的信已取消。"
    if outcome.gone:
        told += f"有 {len(outcome.gone)} 封信已经发出，收不回来，请电话说明。"
    if outcome.again:
        told += again_words(outcome.again)
    if other_unit:
        told += "归属单位还没有保存，请再选一次并点“归属单位”。"
    if outcome.open and wish.action != "undo":
        doubts = "；".join(one[:200] for one in outcome.doubts)
        told += f"这一件还要核实{f'：{doubts}' if doubts else ''}。"
    if outcome.open or wish.action == "undo":
        return told
    link = url_for("review.show", number=wish.number)
    return Markup('{} <a href="{}">回到这一件（可以撤销）</a>').format(told, link)


def _letters_told(letters: tuple[Letter, ...]) -> str:
    if not letters:
        return ""
    held = sum(one.state is OutboxState.HELD for one in letters)
    if held:
        return f"{len(letters)} 封信已写好，在“发件箱”等您放行。"
    return f"{len(letters)} 封信一两分钟内发出。"


def _onward(before: tuple[int, ...], number: int, form: str) -> str:
    """Return the address of the next item that waits still, else that of the list."""
    here = desk()
    with here.app.bench.reading() as record:
        left = reviewing.queue_of(worklist.waiting(record, here.app.settings.campaign.id), form)
    later = before[before.index(number) + 1 :] if number in before else ()
    following = next((one for one in (*later, *left) if one in left and one != number), None)
    if following is None:
        return url_for("review.listing", form=form or None)
    return url_for("review.show", number=following, form=form or None)
