"""What the clerk does about one mail: pass it, change values, say whose it is, dismiss it, send it back, undo, read anew.

In: the `Workbench`, the number of a message, who decides, `now`, and the `token` of the state that the person saw. Out:
one transaction that writes the decision, what it means for the queue, the letters it causes and the audit row, or nothing.
The commands and the pages call the same functions; with `dry` they tell what would be mailed and keep nothing.

Must not: parse a mail while a transaction is open; send anything (`deliver` comes for the letters).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from intake import outbox_desk
from intake.cases import RefusedError, note_words, seen_message, signature, token_of, unit_named
from intake.db import by_hand, changes, leaning, queries
from intake.db.models import MessageRow
from intake.decisions import Decision, Given, problem_words, seen_in, typed_values
from intake.model import CellState, DecisionKind, MailReading, UnitName
from intake.pipeline import Workbench
from intake.settings import Campaign
from intake.settling import (
    Letter,
    drafts_for,
    let_go_again,
    may_not_replace,
    posted,
    reading_of,
    stop_letters,
    stop_overtaken,
)
from parsers.forms import ProblemCode
from parsers.text import clean

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action did. `open`: the mail waits for a person (still, or again), because of `doubts` among others.

    `letters` were written (or, after `undo`, wait again), `stopped` will not go out, `gone` are out already and can't be
    called back (`undo`). `again` are other mails of the sender that may lean on this one and are judged anew. `token` is that
    of the new state.
    """

    open: bool
    doubts: tuple[str, ...]
    token: str
    letters: tuple[Letter, ...] = ()
    stopped: tuple[Letter, ...] = ()
    gone: tuple[Letter, ...] = ()
    again: tuple[int, ...] = ()


# --- the actions ------------------------------------------------------------------------------------------------------


def accept(
    bench: Workbench,
    message_id: int,
    *,
    ordinal: int | None = None,
    who: str,
    now: datetime,
    token: str,
    dry: bool = False,
) -> Outcome:
    """Given a submission, or a mail as a whole (all of it that waits for a person), let it pass as it stands.

    Raise RefusedError, where nothing of a form was read, or its unit is not known; OvertakenError.
    """
    plan = _Plan(DecisionKind.ACCEPT, ordinal)
    return _carry_out(bench, message_id, plan, who=who, now=now, token=token, dry=dry)


def change_values(
    bench: Workbench,
    message_id: int,
    ordinal: int,
    typed: Mapping[str, str],
    *,
    who: str,
    now: datetime,
    token: str,
    dry: bool = False,
) -> Outcome:
    """Given fields (by key or label) and what they are to hold, change them. Raise RefusedError with a sentence for each
    that is faulty: nothing is changed then.
    """
    plan = _Plan(DecisionKind.VALUES, ordinal, typed=tuple(typed.items()))
    return _carry_out(bench, message_id, plan, who=who, now=now, token=token, dry=dry)


def assign(
    bench: Workbench,
    message_id: int,
    ordinal: int,
    unit: str,
    *,
    who: str,
    now: datetime,
    token: str,
    dry: bool = False,
) -> Outcome:
    """Given a submission and a unit by its name on the roster, say that it is that unit's."""
    plan = _Plan(DecisionKind.ASSIGN, ordinal, unit=unit_named(bench, unit))
    return _carry_out(bench, message_id, plan, who=who, now=now, token=token, dry=dry)


def dismiss(
    bench: Workbench, message_id: int, *, note: str = "", who: str, now: datetime, token: str, dry: bool = False
) -> Outcome:
    """Given a mail, say that nothing in it is a submission, or that it has been dealt with otherwise."""
    plan = _Plan(DecisionKind.DISMISS, None, note=note)
    return _carry_out(bench, message_id, plan, who=who, now=now, token=token, dry=dry)


def return_for_correction(
    bench: Workbench,
    message_id: int,
    ordinal: int | None,
    *,
    note: str = "",
    who: str,
    now: datetime,
    token: str,
    dry: bool = False,
) -> Outcome:
    """Given a submission, ask its sender to correct it; `note` says what, beside the problems that it has.

    `ordinal` None: a mail in which no form was read at all, to be sent again. Raise RefusedError if the sender can't be
    answered, or nothing is named that is to be corrected.
    """
    plan = _Plan(DecisionKind.RETURN, ordinal, note=note)
    return _carry_out(bench, message_id, plan, who=who, now=now, token=token, dry=dry)


def preview_return(
    bench: Workbench, message_id: int, ordinal: int | None, *, note: str = "", who: str, now: datetime, token: str
) -> tuple[str, str, str]:
    """Return recipient, subject and body of the letter that `return_for_correction` would write. Raise as that does."""
    letter = return_for_correction(
        bench, message_id, ordinal, note=note, who=who, now=now, token=token, dry=True
    ).letters[0]
    return letter.to_address, letter.subject, letter.body


def undo(bench: Workbench, message_id: int, *, who: str, now: datetime, token: str, dry: bool = False) -> Outcome:
    """Take back the last decision about a mail that stands. Its letters are stopped if they have not gone out.

    Raise RefusedError if there is none, OvertakenError.
    """
    who = signature(who)
    with bench.sessions() as session, session.begin() as transaction:
        row = seen_message(session, message_id, token)
        standing = [one for one in by_hand.decision_rows(session, row.sha256) if one.undone_at is None]
        if not standing:
            raise RefusedError("这封来件没有可以撤销的人工处理。")
        last, campaign = standing[-1], bench.settings.campaign
        before = by_hand.judged(session, row, campaign, bench.roster)
        last.undone_at, last.undone_by = now, who
        stopped, gone = stop_letters(session, last.values["letters"])
        waiting = () if gone else let_go_again(session, last.values.get("stopped", {}))
        session.flush()
        case = by_hand.settle(session, row, campaign, bench.roster)
        again = leaning.put_back(session, row, before, case, campaign, bench.roster)
        changes.note(
            session,
            who=who,
            action="undo",
            subject=f"mail {row.id}",
            now=now,
            decision=last.id,
            kind=last.kind,
            stopped=[one.id for one in stopped],
            gone=[one.id for one in gone],
            again=list(again),
        )
        session.flush()
        outcome = Outcome(
            row.review_open,
            case.doubts,
            token_of(session, row),
            letters=waiting,
            stopped=stopped,
            gone=gone,
            again=again,
        )
        if dry:
            transaction.rollback()
    _log("undo", message_id, outcome, dry=dry)
    return outcome


def reprocess(bench: Workbench, message_id: int, *, who: str, now: datetime, token: str) -> None:
    """Have a mail read again from the archive, at the next round of the `process` tick.

    Decisions about it are kept, and count if the program reads the same as then. Raise OvertakenError.
    """
    who = signature(who)
    with bench.sessions.begin() as session:
        row = seen_message(session, message_id, token)
        queries.reset_messages(session, [row.id])
        changes.note(session, who=who, action="reprocess", subject=f"mail {row.id}", now=now, sha256=row.sha256)
    log.info("action=decide.reprocess message=%d", message_id)


# --- one decision -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    kind: DecisionKind
    ordinal: int | None
    typed: tuple[tuple[str, str], ...] = ()
    unit: UnitName | None = None
    note: str = ""


def _carry_out(
    bench: Workbench, message_id: int, plan: _Plan, *, who: str, now: datetime, token: str, dry: bool
) -> Outcome:
    who = signature(who)
    answers = plan.kind not in (DecisionKind.RETURN, DecisionKind.ASSIGN)  # these look at the mail itself, too
    reading = None if plan.kind is DecisionKind.DISMISS else reading_of(bench, message_id, answers=answers)
    with bench.sessions() as session, session.begin() as transaction:
        row = seen_message(session, message_id, token)
        campaign, roster = bench.settings.campaign, bench.roster
        before = by_hand.judged(session, row, campaign, roster)
        if not before.fits:
            _set_aside(session, row, who, now)
            before = by_hand.judged(session, row, campaign, roster)
        _refuse_what_cannot_be(plan, before, campaign)
        _refuse_what_is_done(plan, before, row)
        decision = _decision(session, bench, row, plan, before, reading, who=who, now=now)
        kept = by_hand.decision_row(decision, row.sha256)
        session.add(kept)
        session.flush()
        after = by_hand.settle(session, row, campaign, roster)
        again = leaning.put_back(session, row, before, after, campaign, roster)
        outbox_desk.withdraw_reminders(
            session,
            {(roster.name_of_the_day(one.unit), one.form) for one in after.now if one.unit is not None},
            called_now=roster.name_of_the_day,
        )
        stopped, former = stop_overtaken(session, row, decision, before)
        drafts = () if reading is None else drafts_for(session, bench, row, decision, after, reading, now)
        letters = tuple(filter(None, (posted(session, bench, one, now) for one in drafts)))
        if plan.kind is DecisionKind.RETURN and not any(one.key.startswith("return:") for one in letters):
            raise RefusedError("发件人不能回信（系统发件、地址无效、未通过验证，或在通知之前来件），请电话联系单位。")
        kept.values = {**kept.values, "letters": [one.key for one in letters], "stopped": former}
        changes.note(
            session,
            who=who,
            action=plan.kind,
            subject=f"mail {row.id}",
            now=now,
            sha256=row.sha256,
            ordinal=plan.ordinal,
            fields=[one.key for one in decision.given],
            unit=plan.unit,
            letters=[one.id for one in letters],
            stopped=[one.id for one in stopped],
            again=list(again),
        )
        session.flush()
        outcome = Outcome(
            row.review_open,
            _open_doubts(after, campaign),
            token_of(session, row),
            letters=letters,
            stopped=stopped,
            again=again,
        )
        if dry:
            transaction.rollback()
    _log(plan.kind, message_id, outcome, dry=dry)
    return outcome


def _decision(
    session: Session,
    bench: Workbench,
    row: MessageRow,
    plan: _Plan,
    before: by_hand.Judged,
    reading: MailReading | None,
    *,
    who: str,
    now: datetime,
) -> Decision:
    return Decision(
        id=0,
        kind=plan.kind,
        ordinal=plan.ordinal,
        who=who,
        at=now,
        seen=seen_in(one for one in before.read if plan.ordinal in (None, one.ordinal)),
        unit=plan.unit,
        given=_given(bench, plan, before),
        note=note_words(plan.note),
        distrusted=reading is not None and _is_distrusted(session, bench, row, plan, before, reading),
    )


def _refuse_what_cannot_be(plan: _Plan, case: by_hand.Judged, campaign: Campaign) -> None:
    if any(one.kind is DecisionKind.DISMISS for one in case.decisions):
        raise RefusedError("这封来件已标为“不是报送”，请先撤销，再作别的处理。")
    if plan.kind is DecisionKind.DISMISS:
        return
    whole_return = plan.kind is DecisionKind.RETURN and plan.ordinal is None
    if whole_return and case.read:
        raise RefusedError("请指明退回哪一份表。")
    if not case.read and not whole_return:
        raise RefusedError("这封来件没有识别出表，只能标为“不是报送”（或已另行处理）；内容要登记的，请作为纸质件补录。")
    chosen = [one for one in case.now if plan.ordinal in (None, one.ordinal)]
    known = by_hand.forms_of(campaign)
    if any(one.form not in known for one in chosen):
        raise RefusedError("这份表已不在本次通知之内，不能处理。")
    if not chosen and not whole_return:
        raise RefusedError(f"这封来件没有第{plan.ordinal}份表。")
    if plan.kind is DecisionKind.ACCEPT:
        waiting = [one for one in chosen if plan.ordinal is not None or one.state is CellState.REVIEW]
        if any(one.unit is None for one in waiting):
            raise RefusedError("单位还没有对应上名册，请先用“归属单位”指定，再通过。")
        if any(one.state is not CellState.NO_INTENT and all(f.value is None for f in one.fields) for one in waiting):
            raise RefusedError("表中没有读出内容，不能通过。请先改值，或作为纸质件补录后标为“不是报送”。")
    elif any(one.state is CellState.NO_INTENT for one in chosen) and plan.kind is not DecisionKind.ASSIGN:
        raise RefusedError("这一份是“无意向”，没有可以改值或退回的内容；不对的，请标为“不是报送”。")
    told = {problem.code for one in chosen for problem in one.problems} - {ProblemCode.NOT_APPLICABLE}
    if plan.kind is DecisionKind.RETURN and not plan.note and not told:
        raise RefusedError("请写明要单位补正什么。")


def _refuse_what_is_done(plan: _Plan, case: by_hand.Judged, row: MessageRow) -> None:
    """Accepting what counts already would change nothing but stop a letter that waits, a second sending perhaps."""
    chosen = [one for one in case.now if plan.ordinal in (None, one.ordinal)]
    done = all(one.state in (CellState.ACCEPTED, CellState.NO_INTENT) for one in chosen)
    if plan.kind is DecisionKind.ACCEPT and done and not row.review_open:
        raise RefusedError("这封来件已经受理，不用再通过，没有改动。")
    waits = row.review_open or any(one.state is CellState.REVIEW for one in chosen)
    if plan.kind is DecisionKind.ACCEPT and plan.ordinal is None and not waits:
        raise RefusedError("这封来件在等单位补正，没有等您核实的表，没有改动。要照现在的内容登记，请写明通过第几份表。")


def _is_distrusted(
    session: Session, bench: Workbench, row: MessageRow, plan: _Plan, case: by_hand.Judged, reading: MailReading
) -> bool:
    if plan.kind is not DecisionKind.ASSIGN or plan.unit is None:
        return False
    chosen = next(one for one in case.now if one.ordinal == plan.ordinal)
    return may_not_replace(session, bench, row, chosen, plan.unit, reading)


def _given(bench: Workbench, plan: _Plan, case: by_hand.Judged) -> tuple[Given, ...]:
    if plan.kind is not DecisionKind.VALUES:
        return ()
    spec = next(bench.settings.campaign.collection(one.form).form for one in case.read if one.ordinal == plan.ordinal)
    typed = {key: clean(text) for key, text in plan.typed}
    given, faults = typed_values(spec, typed, area_code=bench.settings.office.area_code)
    if faults:
        raise RefusedError([f"{fault}。没有改动。" for fault in faults])
    if not given:
        raise RefusedError("请写明要改哪一栏。")
    return given


def _set_aside(session: Session, row: MessageRow, who: str, now: datetime) -> None:
    """Who decides anew about a mail that is read otherwise now, undoes what was decided about the other reading."""
    standing = [one for one in by_hand.decision_rows(session, row.sha256) if one.undone_at is None]
    for one in standing:
        one.undone_at, one.undone_by = now, who
        stop_letters(session, one.values["letters"])
    changes.note(
        session, who=who, action="set aside", subject=f"mail {row.id}", now=now, decisions=[one.id for one in standing]
    )
    session.flush()


def _open_doubts(case: by_hand.Judged, campaign: Campaign) -> tuple[str, ...]:
    """Return why a mail waits for a person: the mail's own doubts, and what makes its forms wait that are assigned."""
    forms = by_hand.forms_of(campaign)
    waiting = [one for one in case.now if one.state is CellState.REVIEW and one.unit is not None and one.by_hand]
    told = [words for one in waiting if one.form in forms for words in problem_words(one.problems, forms[one.form])]
    return tuple(dict.fromkeys((*case.doubts, *told)))


def _log(action: str, message_id: int, outcome: Outcome, *, dry: bool) -> None:
    if not dry:
        log.info(
            "action=decide.%s message=%d open=%s letters=%d", action, message_id, outcome.open, len(outcome.letters)
        )
