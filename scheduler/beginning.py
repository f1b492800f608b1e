"""The first steps of a new office: what is done, what comes next. One list for the desk's 总览 and `intake status`.

In: the App, an open session, the ledger. Out: steps in words, each with its state read from facts; `[]` of them to do means
that the office has begun, and nobody is told any more. Must not: write, ask a person for what a fact tells.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from intake.db import beginnings, heartbeats
from intake.ledger import Ledger
from intake.settings import SendMode
from intake.words import moment_words
from scheduler.app import App
from scheduler.watching import held_letters


@dataclass(frozen=True, slots=True)
class Facts:
    """What the steps are told by. `trouble` is what fetching failed of since `fetched_at`, "" if it did not."""

    fetched_at: datetime | None
    trouble: str
    units: int
    with_address: int
    mails: int
    forms: int
    sent: int
    held: int
    mode: SendMode


@dataclass(frozen=True, slots=True)
class Step:
    """`state` says how it stands, `hint` what to do ("" where nothing is), `page` where on the desk: an endpoint, or ""."""

    title: str
    done: bool
    state: str
    hint: str = ""
    page: str = ""


def first_steps(app: App, session: Session, ledger: Ledger) -> tuple[Step, ...]:
    """Given an open session and the ledger, return the steps of this office, done or not, in their order.

    None while all letters to units are held after a restore or a loss of the record: it is no new office, and who followed
    the step that bids release the letters that wait would answer every unit twice.
    """
    if held_letters(app, session, app.clock.now()) is not None:
        return ()
    fetch, begun = heartbeats.last_heartbeat(session, "fetch"), beginnings.begun(session)
    units = app.bench.roster.units
    return steps(
        Facts(
            fetch.ok_at,
            (fetch.message or "").rstrip("。"),
            len(units),
            sum(bool(unit.addresses) for unit in units),
            begun.mails,
            len(ledger.submissions),
            begun.sent,
            begun.held,
            app.settings.sending.mode,
        )
    )


def steps(facts: Facts) -> tuple[Step, ...]:
    """Given the facts, return the steps."""
    return (_mailbox(facts), _roster(facts), _mail(facts), _form(facts), _letter(facts), _automatic(facts))


def to_do(found: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps that are not done yet."""
    return tuple(one for one in found if not one.done)


def _mailbox(facts: Facts) -> Step:
    title, hint = "连通邮箱", "请执行 intake check，按提示核对邮箱地址和授权码。"
    if facts.fetched_at is None:
        return Step(title, False, f"收信失败：{facts.trouble}" if facts.trouble else "还没有收过信", hint)
    state = f"已连通，最近收信{moment_words(facts.fetched_at)}"
    return Step(title, True, f"{state}；此后失败：{facts.trouble}" if facts.trouble else state)


def _roster(facts: Facts) -> Step:
    if not facts.units:
        hint = "请把单位名册（Excel或CSV）放好，并在 config.toml 里写明文件名。"
        return Step("备好名册", False, "名册上还没有单位", hint)
    without = facts.units - facts.with_address
    state = f"名册上有 {facts.units} 家单位"
    return Step(
        "备好名册", True, f"{state}，其中 {without} 家没有邮箱，收不到催报" if without else f"{state}，都有邮箱"
    )


def _mail(facts: Facts) -> Step:
    if facts.mails:
        return Step("收到第一封来信", True, f"已收到 {facts.mails} 封", page="mails.listing")
    hint = "可以用自己的邮箱发一份填好的表到收件邮箱试一试，几分钟后应能看到。"
    return Step("收到第一封来信", False, "还没有来信", hint, "mails.listing")


def _form(facts: Facts) -> Step:
    if facts.forms:
        return Step("读出第一份表", True, f"本次通知已读出 {facts.forms} 份", page="progress.show")
    hint = "请等第一份表到来，对照原件看读得对不对。"
    return Step("读出第一份表", False, "本次通知还没有读出表", hint, "mails.listing")


def _letter(facts: Facts) -> Step:
    waiting = f"发件箱有 {facts.held} 封待放行"
    if facts.sent:
        return Step(
            "发出第一封信", True, f"已发出 {facts.sent} 封{f'，{waiting}' if facts.held else ''}", page="outbox.listing"
        )
    if facts.held:
        hint = "请打开看过内容，没有问题的点“放行”。"
        return Step("发出第一封信", False, f"{waiting}，还没有发出过", hint, "outbox.listing")
    return Step("发出第一封信", False, "还没有要发的信", "收到表以后，回执会先在发件箱里。")


def _automatic(facts: Facts) -> Step:
    if facts.mode is SendMode.AUTO:
        return Step("改为自动发送", True, "回执和催报自动发送")
    hint = "观察一两天没有问题，请到网页“设置”里改为自动发送，或执行 intake sending auto。"
    return Step("改为自动发送", False, "现在每封信都要人放行", hint, page="preferences.show")
